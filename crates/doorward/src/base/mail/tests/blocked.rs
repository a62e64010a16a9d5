//! What becomes of letters while the way out is blocked, on every engine.

use std::time::Duration;

use crate::{
    base::mail::outbox,
    on_every_engine,
    testing::{
        PASSWORD, TestApp,
        crowd::{post_as, seen},
    },
};

const ANN: &str = "ann@example.com";
const DAY: Duration = Duration::from_secs(86_400);

/// Puts a file where the folder of letters is to be, so that none can be put down.
fn block(app: &TestApp) {
    std::fs::write(app.folder().join("mailbox"), "in the way").unwrap();
}

fn unblock(app: &TestApp) {
    std::fs::remove_file(app.folder().join("mailbox")).unwrap();
}

async fn forgot(app: &TestApp, email: &str) {
    assert_eq!(app.visitor().post("/auth/password/forgot", &[("email", email)]).await.status, 202);
}

/// Every order: what it is about, how often it was tried, and in how many seconds it is due.
async fn orders(app: &TestApp) -> Vec<(String, i64, i64)> {
    let sql = "SELECT kind, attempts, due_at FROM outbox ORDER BY id";
    let orders = app.db().list(sql, &[], |row| Ok((row.get(0)?, row.get(1)?, row.get::<i64>(2)?))).await.unwrap();
    let now = app.now().as_micros();
    orders.into_iter().map(|(kind, tries, due)| (kind, tries, (due - now) / 1_000_000)).collect()
}

on_every_engine! {
    /// Promise: `mail/never-waits`
    async fn the_answer_is_the_same_while_no_letter_gets_out(app: TestApp) {
        app.account(ANN).await;
        let mut visitor = app.visitor();
        let token = visitor.form_token().await;
        let mut answers = Vec::new();
        for blocked in [false, true] {
            if blocked {
                app.letters().await;
                std::fs::remove_dir_all(app.folder().join("mailbox")).unwrap();
                block(&app);
            }
            for email in [ANN, "nobody@example.com"] {
                for (path, form) in [
                    ("/auth/password/forgot", vec![("email", email)]),
                    ("/auth/signup", vec![("email", email), ("password", PASSWORD)]),
                ] {
                    answers.push((path, seen(&post_as(&visitor, &token, path, &form).await, email)));
                    app.doorward.deliver_letters().await.unwrap();
                }
            }
        }
        for (path, answer) in &answers {
            let (_, first) = answers.iter().find(|(other, _)| other == path).unwrap();
            assert_eq!((answer, answer.0), (first, 202));
        }
    }

    /// Promise: `mail/tries-again`
    async fn an_order_is_tried_again_with_growing_pauses(app: TestApp) {
        app.account(ANN).await;
        block(&app);
        forgot(&app, ANN).await;
        for (tries, pause) in (1..).zip([10, 40, 90, 160, 250, 360, 490, 640, 810, 1000]) {
            assert_eq!(app.doorward.deliver_letters().await.unwrap(), 1);
            assert_eq!(orders(&app).await, [("password_reset".to_owned(), tries, pause)]);
            assert_eq!(app.doorward.deliver_letters().await.unwrap(), 0, "not before it is due");
            app.wait(Duration::from_secs(pause.unsigned_abs()));
        }
        unblock(&app);
        let token = app.token_for(ANN).await;
        assert_eq!(app.count("outbox").await, 0);
        let form = [("token", token.as_str()), ("new_password", "a quite different passphrase")];
        assert_eq!(app.visitor().post("/auth/password/reset", &form).await.status, 200, "the link is a fresh one");
        let metrics = app.doorward.metrics();
        assert!(metrics.contains("doorward_letters_total{result=\"postponed\"} 10"), "{metrics}");
    }

    /// Promise: `mail/tries-again`
    async fn a_letter_that_is_tried_again_counts_once(app: TestApp) {
        app.account(ANN).await;
        block(&app);
        forgot(&app, ANN).await;
        for _ in 0..5 {
            app.doorward.deliver_letters().await.unwrap();
            app.wait(Duration::from_secs(250));
        }
        unblock(&app);
        assert_eq!(app.letters_to(ANN).await.len(), 1, "an outage of minutes loses no letter");
        for letters in [2, 3] {
            for _ in 0..4 {
                forgot(&app, ANN).await;
            }
            assert_eq!(app.letters_to(ANN).await.len(), letters, "and it was the first of three");
            app.wait(Duration::from_secs(1800));
        }
    }

    /// Promise: `mail/tries-again`
    async fn letters_leave_in_the_order_in_which_they_were_asked_for(app: TestApp) {
        for person in ["ann", "bob", "cid"] {
            app.account(&format!("{person}@example.com")).await;
        }
        block(&app);
        for person in ["cid", "ann", "bob"] {
            forgot(&app, &format!("{person}@example.com")).await;
        }
        assert_eq!(app.doorward.deliver_letters().await.unwrap(), 3, "one that fails does not stop the others");
        unblock(&app);
        app.wait(Duration::from_secs(10));
        let to: Vec<_> = app.letters().await.into_iter().map(|letter| letter.to).collect();
        assert_eq!(to, ["cid@example.com", "ann@example.com", "bob@example.com"]);
    }

    /// Promise: `mail/tries-again`
    async fn after_a_day_a_letter_is_given_up(app: TestApp) {
        app.account(ANN).await;
        block(&app);
        forgot(&app, ANN).await;
        app.wait(DAY);
        assert_eq!(app.doorward.deliver_letters().await.unwrap(), 1);
        assert_eq!(app.count("outbox").await, 1, "not a moment earlier");
        app.wait(Duration::from_secs(10));
        assert_eq!(app.doorward.deliver_letters().await.unwrap(), 1);
        assert_eq!(app.count("outbox").await, 0);
        assert!(app.doorward.metrics().contains("doorward_letters_total{result=\"given_up\"} 1"));
        unblock(&app);
        assert!(app.letters_to(ANN).await.is_empty());
    }

    /// The server may stop between taking an order and sending its letter.
    async fn an_order_whose_worker_died_is_taken_up_again(app: TestApp) {
        app.account(ANN).await;
        forgot(&app, ANN).await;
        let (now, lease) = (app.now(), app.now().after(Duration::from_secs(60)));
        let taken = outbox::claim(app.db(), now, lease).await.unwrap();
        assert!(taken.is_some());
        assert_eq!(app.another().await.doorward.deliver_letters().await.unwrap(), 0, "another node leaves it alone");
        app.wait(Duration::from_secs(60));
        assert_eq!(app.letters_to(ANN).await.len(), 1);
    }

    /// Promise: `mail/no-secrets`
    async fn an_order_holds_no_link_and_no_password(app: TestApp) {
        app.account(ANN).await;
        app.logged_in(ANN).await;
        forgot(&app, ANN).await;
        app.visitor().post("/auth/signup", &[("email", "bob@example.com"), ("password", PASSWORD)]).await;
        let sql = "SELECT kind, reference, recipient FROM outbox ORDER BY id";
        let text = |row: &crate::base::db::Row<'_>| Ok((row.get::<String>(0)?, row.get::<String>(1)?, row.get::<String>(2)?));
        let orders = app.db().list(sql, &[], text).await.unwrap();
        assert_eq!(orders.len(), 3);
        assert!(orders.iter().all(|(_, reference, _)| !reference.contains(PASSWORD) && reference.len() < 64));
        let before = app.letters().await;
        for letter in before.iter().filter_map(crate::testing::TestLetter::token) {
            assert!(orders.iter().all(|(_, reference, _)| !reference.contains(&letter)));
        }
    }
}
