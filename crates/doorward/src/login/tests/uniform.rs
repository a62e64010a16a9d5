//! What a stranger can tell from the answers: nothing.

use doorward_core::password::PasswordHash;

use super::*;
use crate::testing::crowd::seen;

/// One address of each kind that there is, the first of somebody who was never here.
const EVERYBODY: [&str; 6] = [
    "nobody@example.com",
    "ann@example.com",
    "waiting@example.com",
    "disabled@example.com",
    "imported@example.com",
    "gone@example.com",
];

async fn people(app: &TestApp) {
    app.account(ANN).await;
    app.visitor().post("/auth/signup", &[("email", "waiting@example.com"), ("password", PASSWORD)]).await;
    let disabled = app.account("disabled@example.com").await;
    operate::disable(&app.doorward, disabled).await.unwrap();
    let imported = EmailAddress::parse("imported@example.com").unwrap();
    let hash = PasswordHash::imported("$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW").unwrap();
    operate::import_hash(&app.doorward, &imported, &hash).await.unwrap();
    let gone = app.account("gone@example.com").await;
    operate::delete(&app.doorward, gone).await.unwrap();
}

/// Guesses once at each address and returns what the stranger sees of each.
async fn guess(app: &TestApp, accept: &str, password: &str) -> Vec<(u16, Vec<(String, String)>, String)> {
    let mut stranger = app.visitor();
    let token = stranger.form_token().await;
    stranger.set_header("accept", accept);
    let mut answers = Vec::new();
    for email in EVERYBODY {
        let form = [("email", email), ("password", password)];
        answers.push(seen(&stranger.clone().post_with(&token, "/auth/login", &form).await, email));
    }
    answers
}

on_every_engine! {
    /// Promise: `login/uniform`
    async fn a_wrong_password_and_no_account_look_the_same(app: TestApp) {
        people(&app).await;
        for accept in ["application/json", "text/html"] {
            let answers = guess(&app, accept, WRONG).await;
            assert_eq!(answers[0].0, 401);
            assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:#?}");
        }
        let letters = app.letters().await;
        assert!(letters.iter().all(|letter| letter.to == "waiting@example.com"), "nobody is written to about a guess");
    }

    /// Promise: `login/uniform`
    async fn the_right_password_opens_nothing_that_is_closed(app: TestApp) {
        people(&app).await;
        let answers = guess(&app, "application/json", PASSWORD).await;
        let statuses: Vec<_> = answers.iter().map(|answer| answer.0).collect();
        assert_eq!(statuses, [401, 200, 401, 401, 401, 401]);
        assert!(answers.iter().filter(|answer| answer.0 == 401).all(|answer| *answer == answers[0]), "{answers:#?}");
    }

    /// Promise: `login/uniform`, `attempts/says-nothing`
    async fn a_throttle_looks_the_same_for_everybody(app: TestApp) {
        people(&app).await;
        for accept in ["application/json", "text/html"] {
            for _ in 0..6 {
                guess(&app, accept, WRONG).await;
            }
            for password in [WRONG, PASSWORD] {
                let answers = guess(&app, accept, password).await;
                assert_eq!(answers[0].0, 429);
                assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:#?}");
            }
        }
    }

    /// Promise: `login/uniform`, `attempts/says-nothing`
    async fn a_hard_stop_looks_the_same_for_everybody(app: TestApp) {
        let mut app = app;
        (app.settings.attempts.hard_stop, app.settings.attempts.longest_wait) = (10, Duration::from_secs(30));
        let app = app.another().await;
        people(&app).await;
        for _ in 0..10 {
            assert!(guess(&app, "application/json", WRONG).await.iter().all(|answer| answer.0 == 401));
            app.wait(Duration::from_secs(30));
        }
        app.wait(Duration::from_secs(86_400 * 30));
        for accept in ["application/json", "text/html"] {
            let answers = guess(&app, accept, PASSWORD).await;
            assert_eq!(answers[0].0, 429, "waiting does not help");
            assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:#?}");
        }
    }
}
