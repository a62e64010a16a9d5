//! What makes a device a known one, and what does not.

use doorward_core::{Clock, Key, KeyRing, Secret, Timestamp};

use super::*;

const NEW: &str = "a quite different passphrase";
const OTHER: &str = "ann@other.example";
const YEAR: Duration = Duration::from_secs(365 * 86_400);

/// Whether the throttle knows this browser: strangers have used up all guesses for Ann, and it still gets in.
async fn is_known(app: &TestApp, browser: &Actor) -> bool {
    is_known_by(app, browser, PASSWORD).await
}

async fn is_known_by(app: &TestApp, browser: &Actor, password: &str) -> bool {
    while guess(app, ANN, WRONG).await == 401 {}
    let status = log_in(&mut browser.clone(), ANN, password).await.status;
    assert!(matches!(status, 200 | 429), "{status}");
    status == 200
}

async fn marked(app: &TestApp, email: &str) -> Actor {
    let mut browser = app.logged_in(email).await;
    browser.post("/auth/logout", &[]).await;
    assert!(browser.cookies.contains_key("dev-device"));
    browser
}

fn ring(ids: &[u32], app: &TestApp) -> KeyRing {
    let key = |id: &u32| Key {
        id: *id,
        signs_from: Timestamp::from_secs(app.clock.now().as_secs() - 100 + i64::from(*id)),
        secret: Secret::new((0..32).map(|n| n + u8::try_from(*id).unwrap()).collect::<Vec<_>>()),
    };
    KeyRing::new(ids.iter().map(key).collect()).unwrap()
}

on_every_engine! {
    /// Promise: `attempts/known-device`
    async fn a_mark_of_ours_is_one(app: TestApp) {
        app.account(ANN).await;
        let browser = marked(&app, ANN).await;
        assert!(is_known(&app, &browser).await);
    }

    /// Promise: `attempts/known-device`
    async fn a_mark_of_another_account_is_none(app: TestApp) {
        app.account(ANN).await;
        app.account("mallory@example.com").await;
        assert!(!is_known(&app, &marked(&app, "mallory@example.com").await).await);
    }

    /// Promise: `attempts/known-device`
    async fn a_forged_mark_is_none(app: TestApp) {
        app.account(ANN).await;
        let mut browser = marked(&app, ANN).await;
        let genuine = browser.cookies["dev-device"].clone();
        let session = app.logged_in(ANN).await.session_cookie().unwrap().to_owned();
        let mut form = app.visitor();
        form.form_token().await;
        let mut forged = vec![String::new(), "A".repeat(genuine.len()), session, form.cookies["dev-form"].clone()];
        for at in [0, 6, 20, 40, genuine.len() - 2] {
            let mut text = genuine.clone().into_bytes();
            text[at] = if text[at] == b'A' { b'B' } else { b'A' };
            forged.push(String::from_utf8(text).unwrap());
        }
        forged.push(format!("{genuine}="));
        forged.push(format!("{genuine}; dev-device={genuine}"));
        for mark in forged {
            browser.cookies.insert("dev-device".to_owned(), mark.clone());
            assert!(!is_known(&app, &browser).await, "{mark}");
        }
        browser.cookies.insert("dev-device".to_owned(), genuine);
        assert!(is_known(&app, &browser).await);
    }

    /// Promise: `attempts/known-device`
    async fn a_mark_outlives_a_rotation_and_not_the_removal_of_its_key(app: TestApp) {
        app.account(ANN).await;
        app.doorward.replace_keys(ring(&[1], &app));
        let browser = marked(&app, ANN).await;
        app.doorward.replace_keys(ring(&[1, 2], &app));
        assert!(is_known(&app, &browser).await);
        app.doorward.replace_keys(ring(&[2], &app));
        assert!(!is_known(&app, &browser).await);
    }

    /// Promise: `attempts/known-device`
    async fn a_mark_is_good_for_a_year(app: TestApp) {
        app.account(ANN).await;
        let browser = marked(&app, ANN).await;
        app.wait(YEAR - Duration::from_secs(1));
        assert!(is_known(&app, &browser).await);
        app.wait(Duration::from_secs(1));
        assert!(!is_known(&app, &browser).await);
    }

    /// Promise: `attempts/known-device`
    async fn a_mark_that_this_clock_cannot_have_made_is_none(app: TestApp) {
        app.account(ANN).await;
        let browser = marked(&app, ANN).await;
        app.clock.set_back(Duration::from_secs(60));
        assert!(is_known(&app, &browser).await);
        app.clock.set_back(Duration::from_secs(1));
        assert!(!is_known(&app, &browser).await);
    }

    /// Promise: `attempts/known-device`
    async fn a_reset_forgets_all_marks_but_the_one_it_makes(app: TestApp) {
        app.account(ANN).await;
        let thief = marked(&app, ANN).await;
        let mut ann = marked(&app, ANN).await;
        ann.post("/auth/password/forgot", &[("email", ANN)]).await;
        let token = app.token_for(ANN).await;
        let answer = ann.post("/auth/password/reset", &[("token", &token), ("new_password", NEW)]).await;
        assert_eq!(answer.status, 200);
        assert!(!is_known_by(&app, &thief, NEW).await);
        assert!(is_known_by(&app, &ann, NEW).await);
    }

    /// Promise: `attempts/known-device`
    async fn a_change_of_password_forgets_all_marks_but_the_one_it_makes(app: TestApp) {
        app.account(ANN).await;
        let thief = marked(&app, ANN).await;
        let mut ann = app.logged_in(ANN).await;
        assert_eq!(ann.post("/auth/password/change", &[("new_password", NEW)]).await.status, 200);
        assert!(!is_known_by(&app, &thief, NEW).await);
        assert!(is_known_by(&app, &ann, NEW).await);
    }

    /// Promise: `attempts/known-device`
    async fn a_confirmed_address_knows_the_browser_it_was_confirmed_in(app: TestApp) {
        let mut browser = app.person(OTHER).await;
        browser.post("/auth/email/change", &[("email", ANN)]).await;
        let token = app.token_for(ANN).await;
        while guess(&app, ANN, WRONG).await == 401 {}
        assert_eq!(browser.post("/auth/email/confirm", &[("token", &token)]).await.status, 200);
        assert_eq!(guess(&app, ANN, WRONG).await, 401, "what strangers failed before is forgotten");
        browser.post("/auth/logout", &[]).await;
        assert!(is_known(&app, &browser).await);
    }

    /// Promise: `attempts/known-device`
    async fn ending_sessions_forgets_no_mark(app: TestApp) {
        app.account(ANN).await;
        let browser = marked(&app, ANN).await;
        app.logged_in(ANN).await.post("/auth/logout/everywhere", &[]).await;
        assert!(is_known(&app, &browser).await, "a stranger must not lock out who has logged out everywhere");
    }

    /// Promise: `attempts/paid-before`
    async fn guesses_from_a_known_device_are_throttled_as_well(app: TestApp) {
        app.account(ANN).await;
        let mut thief = marked(&app, ANN).await;
        for _ in 0..6 {
            assert_eq!(log_in(&mut thief, ANN, WRONG).await.status, 401);
        }
        let answer = log_in(&mut thief, ANN, PASSWORD).await;
        assert_eq!((answer.status, answer.header("retry-after")), (429, "30"));
        assert_eq!(guess(&app, ANN, PASSWORD).await, 200, "which leaves everybody else alone");
        assert_eq!(log_in(&mut thief, ANN, PASSWORD).await.status, 429, "and is not forgiven by a login elsewhere");
    }

    /// Promise: `attempts/paid-before`
    async fn a_collection_of_marks_buys_no_further_guesses(app: TestApp) {
        app.account(ANN).await;
        let mut collection = Vec::new();
        for _ in 0..4 {
            collection.push(marked(&app, ANN).await);
        }
        let mut right = 0;
        for thief in &mut collection {
            for _ in 0..6 {
                right += usize::from(log_in(thief, ANN, WRONG).await.status == 401);
            }
        }
        assert_eq!((right, evaluated(&app).await), (6, 6));
    }
}
