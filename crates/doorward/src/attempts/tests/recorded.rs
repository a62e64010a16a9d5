//! What the audit log tells of the throttle: the moment in which a delay begins.

use super::*;

/// What the log says of delays, oldest first: action, actor and target.
async fn delays(app: &TestApp) -> Vec<(String, String, Option<String>)> {
    let mut found = operate::search(app.db(), &Filter::default(), None, 1000).await.unwrap();
    found.retain(|event| event.action.starts_with("attempts."));
    assert!(found.iter().all(|event| event.result == "denied" && event.address.as_deref() == Some("127.0.0.1")));
    found.into_iter().rev().map(|event| (event.action, event.actor, event.target)).collect()
}

fn told(action: &str, actor: &str, target: Option<&str>) -> (String, String, Option<String>) {
    (action.to_owned(), actor.to_owned(), target.map(str::to_owned))
}

on_every_engine! {
    /// Promise: `attempts/recorded`
    async fn a_delay_is_recorded_when_it_begins_and_what_it_refuses_is_not(app: TestApp) {
        let ann = format!("account:{}", app.account(ANN).await);
        for _ in 0..5 {
            assert_eq!(guess(&app, ANN, WRONG).await, 401);
        }
        assert!(delays(&app).await.is_empty(), "five failures cost nothing");
        assert_eq!(guess(&app, ANN, WRONG).await, 401);
        let first = told("attempts.delayed", "anonymous", Some(&ann));
        assert_eq!(delays(&app).await, std::slice::from_ref(&first));
        let written = app.count("audit_events").await;
        for _ in 0..20 {
            assert_eq!(guess(&app, ANN, PASSWORD).await, 429);
        }
        assert_eq!(app.count("audit_events").await, written, "a flood fills nothing");
        app.wait(Duration::from_secs(30));
        assert_eq!(guess(&app, ANN, WRONG).await, 401);
        assert_eq!(guess(&app, ANN, WRONG).await, 429);
        assert_eq!(delays(&app).await, [first.clone(), first], "the next delay is another one");
    }

    /// Promise: `attempts/recorded`
    async fn a_delay_that_a_right_guess_ends_has_not_begun(app: TestApp) {
        app.account(ANN).await;
        for _ in 0..5 {
            assert_eq!(guess(&app, ANN, WRONG).await, 401);
        }
        assert_eq!(guess(&app, ANN, PASSWORD).await, 200);
        assert!(delays(&app).await.is_empty());
    }

    /// Promise: `attempts/recorded`
    async fn the_stop_is_recorded_once(app: TestApp) {
        let mut app = app;
        let ann = format!("account:{}", app.account(ANN).await);
        app.settings.attempts.hard_stop = 10;
        let app = app.another().await;
        for _ in 0..30 {
            guess(&app, ANN, WRONG).await;
            app.wait(Duration::from_secs(3600));
        }
        let found = delays(&app).await;
        assert_eq!(found.len(), 5);
        assert!(found[..4].iter().all(|delay| *delay == told("attempts.delayed", "anonymous", Some(&ann))), "{found:?}");
        assert_eq!(found[4], told("attempts.stopped", "anonymous", Some(&ann)));
    }

    /// Promise: `attempts/recorded`
    async fn a_delayed_address_is_recorded_without_an_account(app: TestApp) {
        let mut app = app;
        app.account(ANN).await;
        app.settings.attempts.free_per_address = 5;
        let app = app.another().await;
        for n in 0..5 {
            assert_eq!(guess(&app, &format!("person{n}@example.com"), WRONG).await, 401);
        }
        for _ in 0..3 {
            guess(&app, ANN, WRONG).await;
        }
        assert_eq!(delays(&app).await, [told("attempts.address_delayed", "anonymous", None)]);
    }

    /// Promise: `attempts/recorded`
    async fn a_delay_at_a_proof_or_a_link_is_recorded_as_well(app: TestApp) {
        let account = format!("account:{}", app.account(ANN).await);
        let mut ann = app.logged_in(ANN).await;
        for _ in 0..8 {
            ann.post("/auth/reauthenticate", &[("password", WRONG)]).await;
        }
        let mut found = vec![told("attempts.delayed", &account, Some(&account))];
        assert_eq!(delays(&app).await, found);
        let mut visitor = app.visitor();
        visitor.post("/auth/signup", &[("email", "new@example.com"), ("password", PASSWORD)]).await;
        let token = app.token_for("new@example.com").await;
        for _ in 0..8 {
            visitor.post("/auth/email/verify", &[("token", &token), ("password", WRONG)]).await;
        }
        found.push(told("attempts.delayed", "anonymous", None));
        assert_eq!(delays(&app).await, found);
    }
}
