//! The defence itself as a weapon: somebody fails on purpose, to lock somebody else out.

use super::*;

const NEW: &str = "a quite different passphrase";

/// An application in which a hundred failures fit into one session.
async fn hurried(app: &mut TestApp) -> TestApp {
    app.settings.attempts.longest_wait = Duration::from_secs(30);
    app.settings.sessions.idle = Duration::from_secs(7200);
    app.another().await
}

/// Burns every guess that there is.
async fn burn(app: &TestApp, email: &str) -> Answer {
    for _ in 0..100 {
        assert_eq!(guess(app, email, WRONG).await, 401);
        app.wait(Duration::from_secs(30));
    }
    log_in(&mut app.visitor(), email, WRONG).await
}

async fn reset(app: &TestApp, browser: &mut Actor) {
    browser.post("/auth/password/forgot", &[("email", ANN)]).await;
    let token = app.token_for(ANN).await;
    let form_token = browser.form_token().await;
    let form = [("token", token.as_str()), ("new_password", NEW)];
    assert_eq!(browser.post_with(&form_token, "/auth/password/reset", &form).await.status, 200);
}

on_every_engine! {
    /// Promise: `attempts/no-lockout-by-strangers`, `attempts/says-nothing`
    async fn a_stranger_who_burns_all_guesses_locks_nobody_out(app: TestApp) {
        let mut app = app;
        let app = hurried(&mut app).await;
        let mut laptop = app.person(ANN).await;
        let mut phone = app.logged_in(ANN).await;
        phone.post("/auth/logout", &[]).await;
        let known = burn(&app, ANN).await;
        let unknown = burn(&app, "nobody@example.com").await;
        assert_eq!((known.status, known.text(), known.header("retry-after")), (429, unknown.text(), unknown.header("retry-after")));

        assert!(laptop.is_signed_in().await, "a live session goes on");
        let answer = laptop.post("/auth/reauthenticate", &[("password", PASSWORD)]).await;
        assert_eq!(answer.status, 200, "and can prove itself: {}", answer.text());
        assert_eq!(log_in(&mut phone, ANN, PASSWORD).await.status, 200, "a known device logs in");
        assert_eq!(guess(&app, ANN, PASSWORD).await, 429, "which does not help the stranger");

        let mut cafe = app.visitor();
        reset(&app, &mut cafe).await;
        assert_eq!(guess(&app, ANN, NEW).await, 200, "a reset helps everywhere");
    }

    /// Promise: `attempts/no-lockout-by-strangers`, `password_reset/way-out`
    async fn a_stranger_who_goes_on_failing_does_not_outrun_a_reset(app: TestApp) {
        app.account(ANN).await;
        let mut ann = app.visitor();
        reset(&app, &mut ann).await;
        for _ in 0..7 {
            guess(&app, ANN, WRONG).await;
        }
        assert_eq!(guess(&app, ANN, NEW).await, 429, "the stranger was faster");
        assert_eq!(log_in(&mut ann, ANN, NEW).await.status, 200, "but not in the browser of the reset");
    }

    /// Promise: `attempts/no-lockout-by-strangers`
    async fn a_neighbour_behind_the_same_address_does_not_stop_a_known_device(app: TestApp) {
        let mut app = app;
        app.settings.attempts.free_per_address = 5;
        let app = app.another().await;
        let mut ann = app.person(ANN).await;
        ann.post("/auth/logout", &[]).await;
        for n in 0..7 {
            guess(&app, &format!("user{n}@example.com"), WRONG).await;
        }
        assert_eq!(guess(&app, ANN, PASSWORD).await, 429);
        assert_eq!(log_in(&mut ann, ANN, PASSWORD).await.status, 200);
    }

    /// Promise: `password_reset/way-out`
    async fn an_owner_who_has_forgotten_the_password_gets_in_on_the_known_device(app: TestApp) {
        let mut ann = app.person(ANN).await;
        ann.post("/auth/logout", &[]).await;
        for _ in 0..6 {
            assert_eq!(log_in(&mut ann, ANN, WRONG).await.status, 401);
        }
        assert_eq!(log_in(&mut ann, ANN, PASSWORD).await.status, 429);
        // On the phone, so that the laptop's mark stays what it was.
        reset(&app, &mut app.visitor()).await;
        assert_eq!(log_in(&mut ann, ANN, NEW).await.status, 200);
    }

    async fn a_changed_password_pardons_too(app: TestApp) {
        let mut ann = app.person(ANN).await;
        for _ in 0..7 {
            guess(&app, ANN, WRONG).await;
        }
        assert_eq!(ann.post("/auth/password/change", &[("new_password", NEW)]).await.status, 200);
        assert_eq!(guess(&app, ANN, NEW).await, 200);
    }
}
