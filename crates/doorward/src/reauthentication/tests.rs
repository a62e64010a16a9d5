//! What proving oneself once more promises, over HTTP, on every engine.

use std::time::Duration;

use doorward_core::{EmailAddress, Purpose, Timestamp, password::Guess};

use super::{flow, is_recent};
use crate::{
    error::Refusal,
    guard::Visit,
    on_every_engine, operate,
    sessions::{self, DeviceLabel, Live, Presented},
    testing::{Actor, Answer, PASSWORD, TestApp},
};

const ANN: &str = "ann@example.com";
const BOB: &str = "bob@example.com";
const NEW: &str = "a quite different passphrase";

async fn prove(person: &mut Actor, password: &str) -> Answer {
    person.post("/auth/reauthenticate", &[("password", password)]).await
}

/// Does what needs a recent proof.
async fn guarded(person: &mut Actor) -> Answer {
    person.post("/auth/email/change", &[("email", "new@example.com")]).await
}

async fn is_recent_for(app: &TestApp, person: &mut Actor) -> bool {
    person.get("/auth/session").await.json()["session"]["proof_expires_at"].as_i64().unwrap() > app.now().as_secs()
}

/// The live session of `person`, as a request holds it that has passed its guard.
async fn live(app: &TestApp, person: &Actor) -> Live {
    let cx = app.doorward.context();
    let cookie = person.session_cookie().unwrap();
    assert!(cx.keys().open::<40>(Purpose::Session, cookie).is_some());
    sessions::check(cx, Presented::open(&cx.keys(), cookie).unwrap()).await.unwrap().live().unwrap()
}

fn visit() -> Visit {
    Visit { address: [127, 0, 0, 1].into(), device: DeviceLabel::of(""), device_mark: None }
}

async fn refusal(app: &TestApp, live: &Live, password: &str) -> String {
    let cx = app.doorward.context();
    match flow::prove(cx, live, Guess::new(password).unwrap(), &visit()).await {
        Ok(_) => "proved".to_owned(),
        Err(Refusal::Denied(denied)) => format!("{denied:?}"),
        Err(Refusal::Fault(fault)) => panic!("{fault}"),
    }
}

on_every_engine! {
    /// Promise: `reauthentication/recent`
    async fn a_proof_is_good_for_five_minutes(app: TestApp) {
        let mut ann = app.person(ANN).await;
        app.wait(Duration::from_secs(299));
        assert!(is_recent_for(&app, &mut ann).await);
        assert_eq!(guarded(&mut ann).await.status, 202);
        app.wait(Duration::from_secs(1));
        assert!(!is_recent_for(&app, &mut ann).await);
        let answer = guarded(&mut ann).await;
        assert_eq!((answer.status, answer.code().as_str()), (403, "reauthentication_required"));
        let password = ann.post("/auth/password/change", &[("new_password", NEW)]).await;
        assert_eq!(password.code(), "reauthentication_required");
        assert_eq!(prove(&mut ann, PASSWORD).await.status, 200);
        app.wait(Duration::from_secs(299));
        assert_eq!(guarded(&mut ann).await.status, 202);
        app.wait(Duration::from_secs(1));
        assert_eq!(guarded(&mut ann).await.status, 403);
    }

    /// Promise: `reauthentication/recent`
    async fn using_the_session_does_not_renew_the_proof(app: TestApp) {
        let mut ann = app.person(ANN).await;
        for _ in 0..5 {
            app.wait(Duration::from_secs(60));
            assert!(ann.is_signed_in().await);
            ann.post("/auth/account/profile", &[("display_name", "Ann")]).await;
        }
        assert_eq!(guarded(&mut ann).await.status, 403);
    }

    /// Promise: `reauthentication/recent`
    async fn a_clock_that_was_set_back_makes_no_proof_last(app: TestApp) {
        let cx = app.doorward.context();
        let now = app.now();
        let at = |secs: i64| Timestamp::from_secs(now.as_secs() + secs);
        assert!(is_recent(cx, at(0)) && is_recent(cx, at(-299)) && is_recent(cx, at(60)));
        assert!(!is_recent(cx, at(-300)) && !is_recent(cx, at(61)) && !is_recent(cx, at(86_400)));
        let mut ann = app.person(ANN).await;
        app.clock.set_back(Duration::from_secs(61));
        assert_ne!(guarded(&mut ann).await.status, 202);
        app.wait(Duration::from_secs(1));
        assert_eq!(guarded(&mut ann).await.status, 202, "a minute of disagreement is forgiven");
    }

    /// Promise: `reauthentication/recent`
    async fn another_devices_proof_is_its_own(app: TestApp) {
        let mut ann = app.person(ANN).await;
        app.wait(Duration::from_secs(400));
        let mut phone = app.logged_in(ANN).await;
        assert!(is_recent_for(&app, &mut phone).await);
        assert_eq!(guarded(&mut ann).await.status, 403);
    }

    /// Promise: `reauthentication/new-id`
    async fn id_and_token_are_new_and_the_old_ones_dead(app: TestApp) {
        let mut ann = app.person(ANN).await;
        app.wait(Duration::from_secs(1000));
        let old = ann.get("/auth/session").await.json();
        let mut before = ann.clone();
        let done = prove(&mut ann, PASSWORD).await;
        assert_eq!(done.json()["reauthenticated"], true);
        let new = ann.get("/auth/session").await.json();
        assert_ne!(before.session_cookie(), ann.session_cookie());
        assert_ne!(new["csrf_token"], old["csrf_token"]);
        assert_eq!(new["csrf_token"], done.json()["csrf_token"]);
        assert_eq!(new["session"]["expires_at"], old["session"]["expires_at"], "the session does not live longer for it");
        assert_eq!(new["session"]["proved_at"], app.now().as_secs());
        assert!(!before.is_signed_in().await, "the old cookie is dead");
        let stale = ann.post_with(old["csrf_token"].as_str().unwrap(), "/auth/email/change", &[("email", BOB)]).await;
        assert_eq!(stale.code(), "csrf_token_invalid");
        assert_eq!(app.count("sessions").await, 1);
    }

    /// Promise: `reauthentication/new-id`
    async fn other_devices_stay_logged_in(app: TestApp) {
        let mut ann = app.person(ANN).await;
        let mut phone = app.logged_in(ANN).await;
        prove(&mut ann, PASSWORD).await;
        assert!(phone.is_signed_in().await);
    }

    /// Promise: `reauthentication/new-id`
    async fn of_ten_proofs_at_once_one_session_comes_out(app: TestApp) {
        let mut ann = app.person(ANN).await;
        let csrf = ann.csrf_token().await;
        let racers: Vec<_> = (0..10)
            .map(|_| {
                let (mut racer, csrf) = (ann.clone(), csrf.clone());
                tokio::spawn(async move {
                    let answer = racer.post_with(&csrf, "/auth/reauthenticate", &[("password", PASSWORD)]).await;
                    (answer.status, racer)
                })
            })
            .collect();
        let mut winners = Vec::new();
        for racer in racers {
            match racer.await.unwrap() {
                (200, winner) => winners.push(winner),
                // Paid for before it is made: ten at once are more than the throttle lets through, too.
                (401 | 429, _) => {}
                (other, _) => panic!("a racer was answered {other}"),
            }
        }
        assert_eq!((winners.len(), app.count("sessions").await), (1, 1));
        assert!(winners[0].is_signed_in().await);
    }

    /// Promise: `reauthentication/throttled`
    async fn wrong_passwords_here_and_at_the_login_page_add_up(app: TestApp) {
        let mut ann = app.person(ANN).await;
        // Without its mark this browser counts like any other.
        ann.cookies.remove("dev-device");
        for _ in 0..3 {
            let answer = prove(&mut ann, "not the password").await;
            assert_eq!((answer.status, answer.code().as_str()), (403, "wrong_password"));
        }
        let mut stranger = app.visitor();
        for _ in 0..3 {
            stranger.post("/auth/login", &[("email", ANN), ("password", "not the password")]).await;
        }
        let answer = prove(&mut ann, PASSWORD).await;
        assert_eq!((answer.status, answer.code().as_str(), answer.header("retry-after")), (429, "too_many_attempts", "30"));
        assert!(ann.is_signed_in().await, "the session itself stays");
        app.wait(Duration::from_secs(30));
        assert_eq!(prove(&mut ann, PASSWORD).await.status, 200);
        assert_eq!(stranger.post("/auth/login", &[("email", ANN), ("password", PASSWORD)]).await.status, 200, "and was forgiven");
    }

    /// Promise: `reauthentication/throttled`
    async fn a_known_device_is_throttled_too(app: TestApp) {
        let mut ann = app.person(ANN).await;
        for _ in 0..6 {
            assert_eq!(prove(&mut ann, "not the password").await.status, 403);
        }
        assert_eq!(prove(&mut ann, PASSWORD).await.status, 429);
        let events = app.db().list(
            "SELECT result FROM audit_events WHERE action = 'reauthentication' ORDER BY id", &[], |row| row.get::<String>(0));
        assert_eq!(events.await.unwrap(), ["denied"; 6]);
    }

    /// Promise: `reauthentication/recent`
    async fn the_password_of_somebody_else_proves_nothing(app: TestApp) {
        let mut ann = app.person(ANN).await;
        let mut bob = app.person(BOB).await;
        bob.post("/auth/password/change", &[("new_password", NEW)]).await;
        app.wait(Duration::from_secs(400));
        for guess in [NEW, "", ANN, &PASSWORD.to_uppercase(), &format!("{PASSWORD} "), &format!("{PASSWORD}\0")] {
            assert_eq!(prove(&mut ann, guess).await.code(), "wrong_password", "{guess:?}");
            app.wait(Duration::from_secs(3600));
            ann = app.logged_in(ANN).await;
            app.wait(Duration::from_secs(400));
        }
        assert_eq!(guarded(&mut ann).await.status, 403);
    }

    /// Promise: `reauthentication/recent`
    async fn a_request_that_was_under_way_proves_nothing_for_a_disabled_account(app: TestApp) {
        let id = app.account(ANN).await;
        let ann = app.logged_in(ANN).await;
        let held = live(&app, &ann).await;
        operate::disable(&app.doorward, id).await.unwrap();
        assert_eq!(refusal(&app, &held, PASSWORD).await, "WrongPassword", "the password of a disabled account is never right");
        operate::enable(&app.doorward, id).await.unwrap();
        assert_eq!(refusal(&app, &held, PASSWORD).await, "SessionEnded", "enabling brings no session back");
        assert_eq!(app.count("sessions").await, 0);
        assert_eq!(ann.clone().get("/auth/reauthenticate").await.status, 401);
    }

    /// Promise: `reauthentication/recent`
    async fn a_request_that_was_under_way_proves_nothing_after_a_reset(app: TestApp) {
        let ann = app.person(ANN).await;
        let held = live(&app, &ann).await;
        let mut visitor = app.visitor();
        visitor.post("/auth/password/forgot", &[("email", ANN)]).await;
        let token = app.token_for(ANN).await;
        visitor.post("/auth/password/reset", &[("token", &token), ("new_password", NEW)]).await;
        assert_eq!(refusal(&app, &held, PASSWORD).await, "WrongPassword");
        assert_eq!(refusal(&app, &held, NEW).await, "SessionEnded");
        assert_eq!(app.count("sessions").await, 0);
    }

    /// Promise: `reauthentication/recent`
    async fn a_deleted_account_proves_nothing(app: TestApp) {
        let ann = app.person(ANN).await;
        let held = live(&app, &ann).await;
        let id = app.doorward.account_of(&EmailAddress::parse(ANN).unwrap()).await.unwrap().unwrap();
        operate::delete(&app.doorward, id).await.unwrap();
        assert_eq!(refusal(&app, &held, PASSWORD).await, "SessionEnded");
    }

    async fn nobody_is_asked_who_is_not_logged_in(app: TestApp) {
        app.account(ANN).await;
        let mut visitor = app.visitor();
        assert_eq!(visitor.get("/auth/reauthenticate").await.status, 401);
        assert_eq!(prove(&mut visitor, PASSWORD).await.code(), "not_signed_in");
        assert_eq!(visitor.session_cookie(), None);
        let page = visitor.in_browser().get("/auth/reauthenticate").await;
        assert_eq!((page.status, page.header("location")), (303, "/auth/login?return_to=%2Fauth%2Freauthenticate"));
    }

    async fn the_form_says_whose_password_it_wants(app: TestApp) {
        let mut ann = app.person(ANN).await;
        let json = ann.get("/auth/reauthenticate").await.json();
        assert_eq!(json["csrf_token"], ann.csrf_token().await);
        let mut ann = ann.in_browser();
        let page = ann.get("/auth/reauthenticate?return_to=/auth/account").await.text();
        assert!(page.contains("<strong>ann@example.com</strong>") && page.contains("autocomplete=\"current-password\""));
        assert!(page.contains("<input type=\"hidden\" name=\"return_to\" value=\"/auth/account\">"));
    }

    async fn people_come_back_to_where_they_were(app: TestApp) {
        let mut ann = app.person(ANN).await.in_browser();
        app.wait(Duration::from_secs(400));
        let sent = guarded(&mut ann).await;
        assert_eq!((sent.status, sent.header("location")), (303, "/auth/reauthenticate?return_to=%2Fauth%2Femail%2Fchange"));
        let wrong = ann.post("/auth/reauthenticate", &[("password", "wrong <one>"), ("return_to", "/auth/account")]).await;
        assert_eq!(wrong.status, 403);
        assert!(wrong.text().contains("This is not the password of this account.") && !wrong.text().contains("wrong "));
        assert!(wrong.text().contains("name=\"return_to\" value=\"/auth/account\""), "the form keeps the way back");
        let done = ann.post("/auth/reauthenticate", &[("password", PASSWORD), ("return_to", "/shop?item=1")]).await;
        assert_eq!((done.status, done.header("location")), (303, "/shop?item=1"));
        let away = ann.post("/auth/reauthenticate", &[("password", PASSWORD), ("return_to", "//evil.example")]).await;
        assert_eq!((away.status, away.header("location")), (303, "/auth/account"));
    }

    async fn an_endless_password_is_refused_before_it_is_hashed(app: TestApp) {
        let mut ann = app.person(ANN).await;
        let answer = prove(&mut ann, &"x".repeat(10_000)).await;
        assert_eq!((answer.status, answer.code().as_str()), (422, "password_too_long"));
    }

    async fn an_old_hash_is_renewed_on_the_way(app: TestApp) {
        let hash = doorward_core::password::PasswordHash::stored("$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW");
        app.account(ANN).await;
        let mut ann = app.logged_in(ANN).await;
        let id = app.doorward.account_of(&EmailAddress::parse(ANN).unwrap()).await.unwrap().unwrap();
        let mut tx = app.db().begin(operate::Durability::Full).await.unwrap();
        crate::passwords::put(&mut tx, id, &hash, app.now()).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(prove(&mut ann, "U*U").await.status, 200);
        let stored = app.db().list("SELECT hash FROM passwords", &[], |row| row.get::<String>(0)).await.unwrap();
        assert!(stored[0].starts_with("$argon2id$"), "{}", stored[0]);
        assert_eq!(prove(&mut ann, "U*U").await.status, 200);
    }
}
