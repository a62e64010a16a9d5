//! What a stranger can tell from the answers: nothing.

use super::*;
use crate::testing::crowd::{EVERYBODY, everybody, same_to_the_byte};

/// Those at whom nobody has failed yet.
fn unhindered() -> Vec<&'static str> {
    EVERYBODY.into_iter().filter(|email| !email.starts_with("hindered")).collect()
}

/// Guesses once at each address and returns what the stranger is answered.
async fn guess(app: &TestApp, accept: &str, emails: &[&'static str], password: &str) -> Vec<(&'static str, Answer)> {
    let mut stranger = app.visitor();
    let token = stranger.form_token().await;
    stranger.set_header("accept", accept);
    let mut answers = Vec::new();
    for email in emails {
        let form = [("email", *email), ("password", password)];
        answers.push((*email, stranger.clone().post_with(&token, "/auth/login", &form).await));
    }
    answers
}

on_every_engine! {
    /// Promise: `login/uniform`
    async fn a_wrong_password_and_no_account_look_the_same(app: TestApp) {
        everybody(&app).await;
        let before = app.letters().await.len();
        for accept in ["application/json", "text/html"] {
            let answers = guess(&app, accept, &unhindered(), WRONG).await;
            assert_eq!(answers[0].1.status, 401);
            same_to_the_byte(&answers);
        }
        assert_eq!(app.letters().await.len(), before, "nobody is written to about a guess");
    }

    /// Promise: `login/uniform`
    async fn the_right_password_opens_nothing_that_is_closed(app: TestApp) {
        everybody(&app).await;
        let answers = guess(&app, "application/json", &unhindered(), PASSWORD).await;
        let (inside, outside): (Vec<_>, Vec<_>) = answers.into_iter().partition(|(_, answer)| answer.status == 200);
        assert_eq!(inside.iter().map(|(email, _)| *email).collect::<Vec<_>>(), ["resident@example.com"]);
        assert_eq!(outside[0].1.status, 401);
        same_to_the_byte(&outside);
    }

    /// Promise: `login/uniform`, `attempts/says-nothing`
    async fn a_throttle_looks_the_same_for_everybody(app: TestApp) {
        everybody(&app).await;
        for accept in ["application/json", "text/html"] {
            for _ in 0..6 {
                guess(&app, accept, &unhindered(), WRONG).await;
            }
            for password in [WRONG, PASSWORD] {
                let answers = guess(&app, accept, &EVERYBODY, password).await;
                assert_eq!(answers[0].1.status, 429);
                same_to_the_byte(&answers);
            }
        }
    }

    /// Promise: `login/uniform`, `attempts/says-nothing`
    async fn a_hard_stop_looks_the_same_for_everybody(app: TestApp) {
        let mut app = app;
        (app.settings.attempts.hard_stop, app.settings.attempts.longest_wait) = (10, Duration::from_secs(30));
        let app = app.another().await;
        everybody(&app).await;
        for _ in 0..10 {
            let answers = guess(&app, "application/json", &unhindered(), WRONG).await;
            assert!(answers.iter().all(|(_, answer)| answer.status == 401));
            app.wait(Duration::from_secs(30));
        }
        app.wait(Duration::from_secs(86_400 * 30));
        for accept in ["application/json", "text/html"] {
            let answers = guess(&app, accept, &unhindered(), PASSWORD).await;
            assert_eq!(answers[0].1.status, 429, "waiting does not help");
            same_to_the_byte(&answers);
        }
    }
}
