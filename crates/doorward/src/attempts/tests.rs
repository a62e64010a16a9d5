//! What the throttle promises, over HTTP, on every engine.

mod devices;
mod recorded;
mod strangers;

use std::time::Duration;

use crate::{
    on_every_engine,
    operate::{self, Action, Filter},
    testing::{
        Actor, Answer, PASSWORD, TestApp,
        crowd::{About, FullPool, meeting, only, post_as},
    },
};

const ANN: &str = "ann@example.com";
const WRONG: &str = "not the password";

async fn log_in(person: &mut Actor, email: &str, password: &str) -> Answer {
    let token = person.form_token().await;
    person.post_with(&token, "/auth/login", &[("email", email), ("password", password)]).await
}

/// One guess from a browser that nobody knows.
async fn guess(app: &TestApp, email: &str, password: &str) -> u16 {
    log_in(&mut app.visitor(), email, password).await.status
}

/// How many guesses were evaluated and found wrong.
async fn evaluated(app: &TestApp) -> usize {
    let filter = Filter { action: Some(Action::Login), ..Filter::default() };
    let events = operate::search(app.db(), &filter, None, 1000).await.unwrap();
    events.iter().filter(|event| event.result == "denied").count()
}

on_every_engine! {
    /// Promise: `attempts/paid-before`
    async fn of_two_hundred_guesses_at_once_six_are_evaluated(app: TestApp) {
        let mut phone = app.person(ANN).await;
        phone.post("/auth/logout", &[]).await;
        let other_node = app.another().await;
        for (email, so_far) in [(ANN, 0), ("nobody@example.com", 6)] {
            let mut guesses = Vec::new();
            for n in 0..200 {
                let mut attacker = if n % 2 == 0 { app.visitor() } else { other_node.visitor() };
                let token = attacker.form_token().await;
                attacker.set_header("x-forwarded-for", &format!("203.0.113.{n}, 2001:db8:{n:x}::1"));
                attacker.set_header("forwarded", &format!("for=203.0.113.{n}"));
                attacker.set_header("x-real-ip", &format!("203.0.113.{n}"));
                guesses.push(post_as(&attacker, &token, "/auth/login", &[("email", email), ("password", &format!("guess number {n}"))]));
            }
            let (met, answers) = meeting(&app, About::Guessing, guesses).await;
            assert!(met > 0, "some of one node are about to pay while those of the other are paying");
            only(&[401, 429], &answers);
            let wrong = answers.iter().filter(|answer| answer.status == 401).count();
            assert_eq!(evaluated(&app).await, so_far + wrong);
            assert!((1..=6).contains(&wrong), "{wrong} guesses were evaluated");
            // Who was told to come back later, for want of room, finds what the others have left, and no more.
            while guess(&app, email, WRONG).await == 401 {}
            assert_eq!(evaluated(&app).await, so_far + 6);
        }
        assert_eq!(guess(&app, ANN, PASSWORD).await, 429, "the attacker does not get in with the right one either");
        assert_eq!(log_in(&mut phone, ANN, PASSWORD).await.status, 200, "its owner does, where she has been before");
        app.wait(Duration::from_secs(30));
        assert_eq!(guess(&app, ANN, PASSWORD).await, 200);
    }

    /// Promise: `attempts/paid-before`
    async fn the_account_is_throttled_wherever_the_guesses_come_from(app: TestApp) {
        let mut app = app;
        app.account(ANN).await;
        app.settings.site.trusted_proxies = vec!["127.0.0.0/8".to_owned()];
        let app = app.another().await;
        let mut guesses = Vec::new();
        for n in 0..100 {
            let mut bot = app.visitor();
            let token = bot.form_token().await;
            bot.set_header("x-forwarded-for", &format!("203.0.113.{n}"));
            guesses.push(post_as(&bot, &token, "/auth/login", &[("email", ANN), ("password", WRONG)]));
        }
        let (met, answers) = meeting(&app, About::Guessing, guesses).await;
        assert_eq!(met, 100);
        only(&[401, 429], &answers);
        while guess(&app, ANN, WRONG).await == 401 {}
        assert_eq!(evaluated(&app).await, 6);
        let addresses = app.db().list("SELECT address FROM audit_events WHERE action = 'login'", &[], |row| row.get::<String>(0));
        assert!(addresses.await.unwrap().iter().all(|address| address.starts_with("203.0.113.")));
    }

    /// Promise: `attempts/paid-before`
    async fn an_address_that_sprays_is_throttled_over_all_accounts(app: TestApp) {
        let mut app = app;
        app.account(ANN).await;
        app.settings.attempts.free_per_address = 20;
        let app = app.another().await;
        let mut attacker = app.visitor();
        let token = attacker.form_token().await;
        let guesses = (0..60).map(|n| {
            let email = if n == 30 { ANN.to_owned() } else { format!("user{n}@example.com") };
            post_as(&attacker, &token, "/auth/login", &[("email", &email), ("password", WRONG)])
        });
        let (met, answers) = meeting(&app, About::Guessing, guesses).await;
        assert_eq!(met, 60);
        only(&[401, 429], &answers);
        assert!(evaluated(&app).await <= 21);
        let mut further = 0;
        while guess(&app, &format!("further{further}@example.com"), WRONG).await == 401 {
            further += 1;
        }
        assert_eq!(evaluated(&app).await, 21);
        assert_eq!(guess(&app, "fresh@example.com", WRONG).await, 429);
        // A refusal for the address is not paid by the account as well.
        app.wait(Duration::from_secs(30));
        for _ in 0..6 {
            guess(&app, "fresh@example.com", WRONG).await;
        }
        assert_eq!(evaluated(&app).await, 22, "the address waits longer with each failure");
    }

    /// Promise: `attempts/growing-wait`
    async fn each_failure_beyond_five_doubles_the_wait_up_to_an_hour(app: TestApp) {
        app.account(ANN).await;
        for _ in 0..5 {
            assert_eq!(guess(&app, ANN, WRONG).await, 401);
        }
        for wait in [30, 60, 120, 240, 480, 960, 1920, 3600, 3600] {
            assert_eq!(guess(&app, ANN, WRONG).await, 401, "before {wait}");
            let answer = log_in(&mut app.visitor(), ANN, PASSWORD).await;
            assert_eq!((answer.status, answer.code().as_str()), (429, "too_many_attempts"));
            assert_eq!(answer.header("retry-after"), wait.to_string());
            assert_eq!(answer.json()["retry_after_secs"], wait);
            app.wait(Duration::from_secs(wait - 1));
            assert_eq!(guess(&app, ANN, PASSWORD).await, 429, "a second before {wait}");
            app.wait(Duration::from_secs(1));
        }
        assert_eq!(guess(&app, ANN, PASSWORD).await, 200, "waiting has helped");
        for _ in 0..5 {
            assert_eq!(guess(&app, ANN, WRONG).await, 401);
        }
        assert_eq!(guess(&app, ANN, PASSWORD).await, 200, "and the success began the count anew");
    }

    /// Promise: `attempts/growing-wait`
    async fn after_a_hundred_failures_only_a_reset_helps(app: TestApp) {
        let mut app = app;
        app.settings.attempts.longest_wait = Duration::from_secs(30);
        let app = app.another().await;
        app.account(ANN).await;
        for _ in 0..100 {
            assert_eq!(guess(&app, ANN, WRONG).await, 401);
            app.wait(Duration::from_secs(30));
        }
        app.wait(Duration::from_secs(400 * 86_400));
        crate::features::purge(app.doorward.context()).await.unwrap();
        assert_eq!(guess(&app, ANN, PASSWORD).await, 429, "no time is long enough");
        app.visitor().post("/auth/password/forgot", &[("email", ANN)]).await;
        let token = app.token_for(ANN).await;
        let form = [("token", token.as_str()), ("new_password", "a quite different passphrase")];
        assert_eq!(app.visitor().post("/auth/password/reset", &form).await.status, 200);
        assert_eq!(guess(&app, ANN, "a quite different passphrase").await, 200);
    }

    async fn a_count_that_nobody_touches_is_cleared_away(app: TestApp) {
        for _ in 0..5 {
            guess(&app, ANN, WRONG).await;
        }
        app.wait(Duration::from_secs(91 * 86_400));
        crate::features::purge(app.doorward.context()).await.unwrap();
        assert_eq!(app.count("throttles").await, 0);
    }

    /// Promise: `attempts/no-washing`
    async fn an_attacker_with_an_account_cannot_wash_the_address(app: TestApp) {
        let mut app = app;
        app.settings.attempts.free_per_address = 20;
        let app = app.another().await;
        app.account("mallory@example.com").await;
        for round in 0..10 {
            for n in 0..4 {
                guess(&app, &format!("victim{round}-{n}@example.com"), WRONG).await;
            }
            guess(&app, "mallory@example.com", PASSWORD).await;
        }
        assert_eq!(evaluated(&app).await, 21, "as many as without an account");
    }

    /// Promise: `attempts/no-washing`
    async fn successes_of_many_behind_one_address_cost_it_nothing(app: TestApp) {
        let mut app = app;
        app.settings.attempts.free_per_address = 5;
        let app = app.another().await;
        app.account(ANN).await;
        app.account("bob@example.com").await;
        for n in 0..5 {
            assert_eq!(guess(&app, &format!("typo{n}@example.com"), WRONG).await, 401);
        }
        for _ in 0..10 {
            assert_eq!(guess(&app, ANN, PASSWORD).await, 200, "a success puts up no block, not even where a failure would");
            assert_eq!(guess(&app, "bob@example.com", PASSWORD).await, 200);
        }
        assert_eq!(guess(&app, "typo6@example.com", WRONG).await, 401);
        assert_eq!(guess(&app, ANN, PASSWORD).await, 429);
    }

    /// A company's address never rests for an hour, and must not collect the failures of weeks.
    async fn failures_of_an_address_are_forgotten_an_hour_after_the_first(app: TestApp) {
        let mut app = app;
        app.settings.attempts.free_per_address = 10;
        let app = app.another().await;
        for n in 0..50 {
            assert_eq!(guess(&app, &format!("typo{n}@example.com"), WRONG).await, 401, "typo {n}");
            app.wait(Duration::from_secs(361));
        }
    }

    /// Promise: `attempts/unmade-is-free`
    async fn what_was_not_evaluated_costs_nothing(app: TestApp) {
        let mut app = app;
        app.settings.attempts.free_per_address = 5;
        let app = app.another().await;
        app.account(ANN).await;
        for _ in 0..5 {
            assert_eq!(guess(&app, ANN, WRONG).await, 401);
        }
        let full = FullPool::of(&app).await;
        for email in [ANN, "nobody@example.com", ANN, ANN, "nobody@example.com", "nobody@example.com"] {
            let answer = log_in(&mut app.visitor(), email, PASSWORD).await;
            assert_eq!((answer.status, answer.code().as_str()), (503, "busy"));
        }
        full.empty().await;
        assert_eq!(evaluated(&app).await, 5);
        assert_eq!(guess(&app, ANN, WRONG).await, 401, "the sixth is free as it was before");
        assert_eq!(guess(&app, ANN, PASSWORD).await, 429, "and the five before the flood still count");
    }

    async fn the_table_does_not_list_who_was_attacked(app: TestApp) {
        guess(&app, ANN, WRONG).await;
        let keys = app.db().list("SELECT key FROM throttles", &[], |row| row.get::<Vec<u8>>(0)).await.unwrap();
        assert_eq!(keys.len(), 2);
        assert!(keys.iter().all(|key| key.len() == 32));
    }

    async fn throttled_guesses_are_counted_for_the_operator(app: TestApp) {
        for _ in 0..8 {
            guess(&app, ANN, WRONG).await;
        }
        let metrics = app.doorward.metrics();
        assert!(metrics.contains("doorward_throttled_total 2"), "{metrics}");
        assert!(metrics.contains("doorward_logins_total{result=\"throttled\"} 2"), "{metrics}");
        assert!(metrics.contains("doorward_logins_total{result=\"denied\"} 6"), "{metrics}");
    }
}
