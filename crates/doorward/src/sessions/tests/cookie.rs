//! The cookie: what it says, what it is worth to a thief of the database, and what a planted one becomes.

use doorward_core::{Purpose, Session, Token};

use super::*;

fn session_cookie(answer: &Answer) -> String {
    let cookies = answer.set_cookies();
    let ours: Vec<_> = cookies.iter().filter(|cookie| cookie.contains("-session=")).collect();
    assert_eq!(ours.len(), 1, "{cookies:?}");
    ours[0].clone()
}

on_every_engine! {
    /// Promise: `sessions/opaque-cookie`
    async fn the_cookie_is_kept_from_scripts_other_sites_and_other_hosts(app: TestApp) {
        let mut app = app;
        app.account(ANN).await;
        let over_http = session_cookie(&log_in(&mut app.visitor(), ANN).await);
        app.settings.site.public_url = "https://id.example.com".to_owned();
        let over_https = session_cookie(&log_in(&mut app.another().await.visitor(), ANN).await);
        for (cookie, name, rest) in [
            (over_https, "__Host-session", "Path=/; Max-Age=28800; HttpOnly; SameSite=Lax; Secure"),
            (over_http, "dev-session", "Path=/; Max-Age=28800; HttpOnly; SameSite=Lax"),
        ] {
            let (pair, attributes) = cookie.split_once("; ").unwrap();
            assert_eq!((pair.split_once('=').unwrap().0, attributes), (name, rest));
            assert!(cookie.len() < 4096);
        }
    }

    /// Promise: `sessions/opaque-cookie`
    async fn the_cookie_tells_nothing(app: TestApp) {
        let account = app.account(ANN).await.to_string();
        let (one, two) = (app.logged_in(ANN).await, app.logged_in(ANN).await);
        let (one, two) = (decoded(one.session_cookie().unwrap()), decoded(two.session_cookie().unwrap()));
        for text in [ANN.to_owned(), account.clone(), account.replace('-', "")] {
            assert!(!one.windows(text.len()).any(|part| part == text.as_bytes()), "{text}");
        }
        // Key id, secret, name, signature: of two sessions of one person the secrets have nothing in common.
        assert_eq!((one.len(), two.len()), (76, 76));
        let alike = one[4..36].iter().zip(&two[4..36]).filter(|(a, b)| a == b).count();
        assert!(alike < 8, "{alike} of 32 bytes are alike");
    }

    /// Promise: `sessions/new-id-at-login`
    async fn a_planted_session_is_worth_nothing_after_the_login(app: TestApp) {
        app.account(ANN).await;
        let mut mallory = app.person("mallory@evil.example").await;
        let (planted, known_token) = (mallory.session_cookie().unwrap().to_owned(), mallory.csrf_token().await);
        let mut ann = with_cookie(&app, &planted);
        let answer = log_in(&mut ann, ANN).await;
        assert_eq!(answer.status, 200);
        assert_ne!(ann.session_cookie().unwrap(), planted);
        assert_eq!(ann.get("/auth/session").await.json()["account"]["email"], ANN);
        assert_eq!(mallory.get("/auth/session").await.status, 401, "the planted session has ended");
        let answer = ann.post_with(&known_token, "/auth/account/profile", &[("display_name", "Mallory")]).await;
        assert_eq!((answer.status, answer.code().as_str()), (403, "csrf_token_invalid"));
        assert_ne!(ann.csrf_token().await, known_token);
    }

    /// Promise: `sessions/new-id-at-login`
    async fn a_login_ends_the_session_that_the_browser_had(app: TestApp) {
        let mut ann = app.person(ANN).await;
        let (before, token) = (ann.session_cookie().unwrap().to_owned(), ann.csrf_token().await);
        assert_eq!(log_in(&mut ann, ANN).await.status, 200);
        assert_eq!(with_cookie(&app, &before).get("/auth/session").await.status, 401);
        assert_eq!(app.count("sessions").await, 1);
        assert_ne!(ann.csrf_token().await, token);
    }

    /// Promise: `sessions/new-id-at-login`
    async fn a_login_that_fails_ends_nothing(app: TestApp) {
        let mut ann = app.person(ANN).await;
        let token = ann.form_token().await;
        let answer = ann.post_with(&token, "/auth/login", &[("email", ANN), ("password", "not the password")]).await;
        assert_eq!(answer.status, 401);
        assert!(answer.set_cookies().is_empty());
        assert!(ann.is_signed_in().await);
    }

    /// Promise: `sessions/new-id-at-login`
    async fn a_renewal_makes_the_id_before_worthless(app: TestApp) {
        let mut ann = app.person(ANN).await;
        let (before, name) = (ann.session_cookie().unwrap().to_owned(), name_of(&mut ann).await);
        app.wait(MINUTE);
        let answer = ann.post("/auth/reauthenticate", &[("password", PASSWORD)]).await;
        assert_eq!(answer.status, 200);
        let after = ann.session_cookie().unwrap().to_owned();
        assert_ne!(decoded(&before)[4..36], decoded(&after)[4..36], "other 256 bits");
        assert_eq!(with_cookie(&app, &before).get("/auth/session").await.status, 401);
        assert_eq!(name_of(&mut ann).await, name, "who ends it by its name still ends it");
        assert!(session_cookie(&answer).contains("Max-Age=28740"), "a renewal does not make it live longer");
        assert_eq!(app.count("sessions").await, 1);
    }

    /// Promise: `sessions/digest-at-rest`
    async fn the_database_holds_nothing_that_logs_anybody_in(app: TestApp) {
        let ann = app.person(ANN).await;
        let cookie = ann.session_cookie().unwrap().to_owned();
        let secret: [u8; 32] = decoded(&cookie)[4..36].try_into().unwrap();
        let rows = app.db().list("SELECT id, digest FROM sessions", &[], |row| Ok((row.get::<i64>(0)?, row.get::<Vec<u8>>(1)?)));
        let (id, digest) = rows.await.unwrap().pop().unwrap();
        assert_ne!(digest, secret);
        assert_eq!(digest, Token::<Session>::from_bytes(secret).digest().as_bytes());
        // Even with the signing keys, what the database holds makes no cookie that works; the secret would.
        let forge = |secret: &[u8]| {
            let payload = [secret, &id.to_be_bytes()].concat();
            app.doorward.context().keys().seal(Purpose::Session, &payload, app.now())
        };
        let digest_of_digest = Token::<Session>::from_bytes(digest.clone().try_into().unwrap()).digest();
        for stolen in [&*digest, &[0; 32], digest_of_digest.as_bytes()] {
            assert_eq!(with_cookie(&app, &forge(stolen)).get("/auth/session").await.status, 401);
        }
        assert_eq!(with_cookie(&app, &forge(&secret)).get("/auth/session").await.status, 200);
    }

    /// Promise: `sessions/digest-at-rest`
    async fn the_right_secret_under_another_name_is_no_session(app: TestApp) {
        let ann = app.person(ANN).await;
        let bob = app.person(BOB).await;
        let (of_ann, of_bob) = (decoded(ann.session_cookie().unwrap()), decoded(bob.session_cookie().unwrap()));
        let crossed = [&of_ann[4..36], &of_bob[36..44]].concat();
        let cookie = app.doorward.context().keys().seal(Purpose::Session, &crossed, app.now());
        assert_eq!(with_cookie(&app, &cookie).get("/auth/session").await.status, 401);
    }
}
