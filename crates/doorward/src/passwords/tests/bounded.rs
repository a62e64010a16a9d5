//! What a flood of logins costs, and whom it does not disturb.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use doorward_core::password::{Hasher, Parameters, Peppers};
use prometheus_client::metrics::gauge::Gauge;

use super::*;
use crate::{
    passwords::Pool,
    testing::crowd::{FullPool, at_once, post_as},
};

fn pool(threads: usize) -> (Arc<Pool>, Gauge<i64, std::sync::atomic::AtomicI64>) {
    let waiting = Gauge::default();
    let hasher = || Hasher::new(Parameters::new(12_288, 3).unwrap(), Arc::new(Peppers::none())).unwrap();
    (Arc::new(Pool::start((0..threads).map(|_| hasher()).collect(), waiting.clone()).unwrap()), waiting)
}

/// Holds the only thread of `pool` until the sender is dropped.
async fn hold(pool: &Arc<Pool>) -> (std::sync::mpsc::Sender<()>, tokio::task::JoinHandle<bool>) {
    let (held, hold) = std::sync::mpsc::channel::<()>();
    let (entered, inside) = tokio::sync::oneshot::channel();
    let pool = Arc::clone(pool);
    let holder = tokio::spawn(async move {
        let job = pool.run(move |_| {
            let _ = entered.send(());
            let _ = hold.recv();
        });
        job.await.is_ok()
    });
    inside.await.unwrap();
    (held, holder)
}

on_every_engine! {
    /// Promise: `passwords/bounded`
    async fn a_full_pool_refuses_with_a_time_to_come_back(app: TestApp) {
        let mut bob = app.person("bob@example.com").await;
        account_with(&app, ANN, PASSWORD).await;
        app.visitor().post("/auth/signup", &[("email", "new@example.com"), ("password", PASSWORD)]).await;
        app.visitor().post("/auth/password/forgot", &[("email", ANN)]).await;
        let (signup, reset) = (app.token_for("new@example.com").await, app.token_for(ANN).await);
        let full = FullPool::of(&app).await;
        let requests: [(&str, &[(&str, &str)]); 5] = [
            ("/auth/login", &[("email", ANN), ("password", PASSWORD)]),
            ("/auth/login", &[("email", "nobody@example.com"), ("password", PASSWORD)]),
            ("/auth/signup", &[("email", "another@example.com"), ("password", PASSWORD)]),
            ("/auth/email/verify", &[("token", &signup), ("password", PASSWORD)]),
            ("/auth/password/reset", &[("token", &reset), ("new_password", "a quite different passphrase")]),
        ];
        for (path, form) in requests {
            for accept in ["application/json", "text/html"] {
                let mut visitor = app.visitor();
                let token = visitor.form_token().await;
                visitor.set_header("accept", accept);
                let answer = visitor.post_with(&token, path, form).await;
                assert_eq!((answer.status, answer.header("retry-after")), (503, "2"), "{path}");
                assert!(answer.text().contains("Too many people are logging in"), "{}", answer.text());
            }
        }
        assert_eq!(bob.post("/auth/reauthenticate", &[("password", PASSWORD)]).await.code(), "busy");
        assert_eq!(bob.post("/auth/password/change", &[("new_password", PASSWORD)]).await.code(), "busy");
        // What needs no hash does not notice.
        assert!(bob.is_signed_in().await);
        assert_eq!(bob.get("/auth/account").await.status, 200);
        assert_eq!(app.visitor().post("/auth/password/forgot", &[("email", ANN)]).await.status, 202);
        assert_eq!(bob.post("/auth/logout", &[]).await.status, 200);
        let refused = app.doorward.metrics();
        assert!(refused.contains("doorward_hashing_refused_total 12"), "{refused}");
        full.empty().await;
        assert_eq!(log_in(&app, ANN, PASSWORD).await, 200);
        let form = [("token", reset.as_str()), ("new_password", "a quite different passphrase")];
        assert_eq!(app.visitor().post("/auth/password/reset", &form).await.status, 200, "the link was not spent");
    }

    /// Promise: `passwords/bounded`
    async fn three_hundred_logins_at_once_disturb_no_session(app: TestApp) {
        let mut app = app;
        app.settings.passwords.threads = 1;
        let app = app.another().await;
        let ann = app.person(ANN).await;
        let mut visitor = app.visitor();
        let token = visitor.form_token().await;
        let over = Arc::new(AtomicBool::new(false));
        let checks = {
            let (mut ann, over) = (ann.clone(), Arc::clone(&over));
            tokio::spawn(async move {
                let mut checks = 0;
                while !over.load(Ordering::Relaxed) {
                    assert!(ann.is_signed_in().await);
                    checks += 1;
                }
                checks
            })
        };
        let flood = (0..300).map(|n| {
            let email = if n % 3 == 0 { ANN.to_owned() } else { format!("user{n}@example.com") };
            post_as(&visitor, &token, "/auth/login", &[("email", &email), ("password", "not the password")])
        });
        let answers = at_once(flood).await;
        over.store(true, Ordering::Relaxed);
        assert!(checks.await.unwrap() > 0);
        for answer in &answers {
            assert!(matches!(answer.status, 401 | 429 | 503), "{}", answer.text());
            assert!(answer.status != 503 || answer.code() == "busy", "{}", answer.text());
            assert_eq!(answer.status == 401, answer.header("retry-after").is_empty());
        }
        assert!(answers.iter().any(|answer| answer.status == 401), "those that fit were served");
        assert!(app.doorward.metrics().contains("doorward_faults_total 0"));
        assert!(app.doorward.metrics().contains("doorward_hashing_waiting 0"));
        assert_eq!(ann.clone().post("/auth/reauthenticate", &[("password", PASSWORD)]).await.status, 200);
    }

    /// Promise: `passwords/refusals-take-turns`
    async fn a_refusal_in_a_flood_leaves_after_those_who_are_logged_in_were_answered(app: TestApp) {
        let mut bob = app.person("bob@example.com").await;
        let mut visitor = app.visitor();
        let token = visitor.form_token().await;
        let full = FullPool::of(&app).await;
        app.doorward.context().turns.fill();
        let form = [("email", ANN), ("password", "not the password")];
        let refused = tokio::spawn(async move { visitor.post_with(&token, "/auth/login", &form).await });
        while !app.doorward.metrics().contains("doorward_hashing_refused_total 1") {
            tokio::task::yield_now().await;
        }
        assert!(bob.is_signed_in().await);
        assert!(!refused.is_finished());
        let refused = refused.await.unwrap();
        assert_eq!((refused.status, refused.header("retry-after")), (503, "2"));
        full.empty().await;
    }

    /// Promise: `passwords/same-cost`
    async fn every_guess_takes_one_place_in_the_pool(app: TestApp) {
        account_with(&app, ANN, PASSWORD).await;
        let disabled = app.account("disabled@example.com").await;
        operate::disable(&app.doorward, disabled).await.unwrap();
        let full = FullPool::of(&app).await;
        for email in [ANN, "disabled@example.com", "nobody@example.com"] {
            assert_eq!(log_in(&app, email, "not the password").await, 503, "{email} is answered without a hash");
        }
        full.empty().await;
        for email in [ANN, "disabled@example.com", "nobody@example.com"] {
            assert_eq!(log_in(&app, email, "not the password").await, 401);
        }
    }
}

/// Promise: `passwords/bounded`
#[tokio::test]
async fn no_more_run_at_once_than_there_are_threads() {
    let (pool, waiting) = pool(2);
    let (inside, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let jobs = (0..12).map(|_| {
        let (pool, inside, most) = (Arc::clone(&pool), Arc::clone(&inside), Arc::clone(&most));
        async move {
            let work = move |_: &mut Hasher| {
                most.fetch_max(inside.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                std::thread::yield_now();
                inside.fetch_sub(1, Ordering::SeqCst);
            };
            pool.run(work).await.is_ok()
        }
    });
    assert!(at_once(jobs).await.into_iter().all(|done| done));
    assert!((1..=2).contains(&most.load(Ordering::SeqCst)));
    assert_eq!(waiting.get(), 0);
}

/// Promise: `passwords/bounded`
#[tokio::test]
async fn work_that_nobody_waits_for_any_more_is_skipped() {
    let (pool, waiting) = pool(1);
    let (held, holder) = hold(&pool).await;
    let ran = Arc::new(AtomicBool::new(false));
    let gone = {
        let (pool, ran) = (Arc::clone(&pool), Arc::clone(&ran));
        tokio::spawn(async move { pool.run(move |_| ran.store(true, Ordering::SeqCst)).await.is_ok() })
    };
    while waiting.get() < 2 {
        tokio::task::yield_now().await;
    }
    gone.abort();
    assert!(gone.await.unwrap_err().is_cancelled());
    drop(held);
    assert!(holder.await.unwrap());
    assert_eq!(pool.run(|_| 7).await.ok(), Some(7));
    assert!(!ran.load(Ordering::SeqCst));
    assert_eq!(waiting.get(), 0);
}

/// A library that panics at one person's input must not cost everybody else a thread.
#[tokio::test]
async fn a_panic_costs_its_own_answer_only() {
    let (pool, waiting) = pool(1);
    for _ in 0..3 {
        assert!(pool.run(|_| -> u8 { panic!("as a hostile hash might make it") }).await.is_err());
    }
    assert_eq!(pool.run(|_| 7).await.ok(), Some(7));
    assert_eq!(waiting.get(), 0);
}

/// Promise: `passwords/bounded`
#[tokio::test]
async fn the_queue_is_as_long_as_a_second_of_work() {
    let (pool, waiting) = pool(1);
    // Slow hashes shorten the queue: with half a second each, two fit, which is the least.
    for _ in 0..40 {
        let busy = pool.run(|_| std::thread::sleep(std::time::Duration::from_millis(2))).await;
        assert!(busy.is_ok());
    }
    let (held, holder) = hold(&pool).await;
    let mut under_way = tokio::task::JoinSet::new();
    for _ in 0..1500 {
        let pool = Arc::clone(&pool);
        under_way.spawn(async move { pool.run(|_| ()).await.is_ok() });
    }
    assert!(!under_way.join_next().await.unwrap().unwrap());
    assert!(waiting.get() <= 1500);
    while waiting.get() < under_way.len() as i64 + 1 {
        assert!(!under_way.join_next().await.unwrap().unwrap(), "whoever does not fit is refused at once");
    }
    let fits = waiting.get();
    assert!((2..=1024).contains(&fits), "{fits}");
    drop(held);
    assert!(holder.await.unwrap());
    while let Some(served) = under_way.join_next().await {
        assert!(served.unwrap());
    }
    assert_eq!(waiting.get(), 0);
}
