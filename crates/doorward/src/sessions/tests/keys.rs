//! Signing keys come and go; people stay logged in.

use doorward_core::{SystemEntropy, Timestamp};

use super::*;

const LEAD: Duration = Duration::from_secs(300);
const LIFETIME: Duration = Duration::from_secs(28_800);

/// Adds a key to the file and puts the file's keys in force on these nodes.
fn rotate(app: &TestApp, nodes: &[&TestApp]) {
    app.key_file().rotate(app.now(), LEAD, LIFETIME, &SystemEntropy).unwrap();
    reload(app, nodes);
}

fn reload(app: &TestApp, nodes: &[&TestApp]) {
    nodes.iter().for_each(|node| node.doorward.replace_keys(app.key_file().load().unwrap()));
}

/// The id of the key that signed a cookie.
fn key_of(person: &Actor) -> u32 {
    u32::from_be_bytes(decoded(person.session_cookie().unwrap())[..4].try_into().unwrap())
}

on_every_engine! {
    /// Promise: `sessions/keys-rotate`
    async fn a_rotation_logs_nobody_out_on_any_node(app: TestApp) {
        app.account(ANN).await;
        let other = app.another().await;
        let mut before = app.logged_in(ANN).await;
        assert_eq!(key_of(&before), 1);
        // The other node learns of the new key a little later; the lead is there for that.
        rotate(&app, &[&app]);
        let mut during = app.logged_in(ANN).await;
        assert_eq!(key_of(&during), 1, "the new key does not sign yet");
        assert!(at(&other, &during).is_signed_in().await, "so a node that does not have it understands everybody");
        reload(&app, &[&other]);
        app.wait(LEAD);
        let mut after = app.logged_in(ANN).await;
        assert_eq!(key_of(&after), 2);
        for person in [&mut before, &mut during, &mut after] {
            assert!(person.is_signed_in().await && at(&other, person).is_signed_in().await);
            assert_eq!(person.post("/auth/account/profile", &[("display_name", "Ann")]).await.status, 200, "forms too");
        }
        before.post("/auth/reauthenticate", &[("password", PASSWORD)]).await;
        assert_eq!(key_of(&before), 2, "a renewal signs with the new key");
    }

    /// Promise: `sessions/keys-rotate`
    async fn rotations_under_way_refuse_nobody(app: TestApp) {
        app.account(ANN).await;
        let mut people = Vec::new();
        for _ in 0..3 {
            people.push(app.logged_in(ANN).await);
            rotate(&app, &[&app]);
            app.wait(LEAD);
        }
        let asking: Vec<_> = people.into_iter().map(|mut person| {
            tokio::spawn(async move {
                for _ in 0..60 {
                    assert_eq!(person.get("/auth/session").await.status, 200);
                    let token = person.csrf_token().await;
                    assert_eq!(person.post_with(&token, "/auth/account/profile", &[("display_name", "Ann")]).await.status, 200);
                }
            })
        }).collect();
        for _ in 0..20 {
            rotate(&app, &[&app]);
            tokio::task::yield_now().await;
        }
        for person in asking {
            person.await.unwrap();
        }
    }

    /// Promise: `sessions/keys-rotate`
    async fn a_form_that_is_open_during_a_rotation_still_works(app: TestApp) {
        app.account(ANN).await;
        let mut ann = app.visitor();
        let token = ann.form_token().await;
        rotate(&app, &[&app]);
        app.wait(LEAD);
        assert_eq!(ann.post_with(&token, "/auth/login", &[("email", ANN), ("password", PASSWORD)]).await.status, 200);
        let token = ann.csrf_token().await;
        rotate(&app, &[&app]);
        app.wait(LEAD);
        assert_eq!(ann.post_with(&token, "/auth/account/profile", &[("display_name", "Ann")]).await.status, 200);
    }

    /// Promise: `sessions/keys-rotate`
    async fn the_cookies_of_a_removed_key_are_dead(app: TestApp) {
        let mut ann = app.person(ANN).await;
        let stolen = ann.session_cookie().unwrap().to_owned();
        app.key_file().replace_all(app.now(), &SystemEntropy).unwrap();
        assert!(ann.is_signed_in().await, "until the node reads the file");
        reload(&app, &[&app]);
        assert!(!ann.is_signed_in().await);
        assert_eq!(app.count("sessions").await, 1, "the session was not ended, only its cookie is worth nothing");
        let mut back = app.logged_in(ANN).await;
        assert!(back.is_signed_in().await);
        assert_eq!(with_cookie(&app, &stolen).get("/auth/session").await.status, 401);
    }

    /// Promise: `sessions/keys-rotate`
    async fn a_key_goes_when_no_session_can_depend_on_it(app: TestApp) {
        let mut ann = app.person(ANN).await;
        rotate(&app, &[&app]);
        app.wait(LEAD);
        let mut late = app.logged_in(ANN).await;
        for _ in 0..16 {
            app.wait(29 * MINUTE);
            rotate(&app, &[&app]);
            assert!(ann.is_signed_in().await && late.is_signed_in().await);
        }
        app.wait(LIFETIME + LEAD + Duration::from_secs(1));
        rotate(&app, &[&app]);
        let text = std::fs::read_to_string(app.key_file().path()).unwrap();
        let keys: Vec<_> = text.lines().filter(|line| !line.starts_with('#')).collect();
        assert_eq!(keys.len(), 2, "the one that signs, and the one that will");
    }

    /// Promise: `sessions/keys-rotate`
    async fn another_key_id_in_a_cookie_does_not_make_it_genuine(app: TestApp) {
        let ann = app.person(ANN).await;
        rotate(&app, &[&app]);
        app.wait(LEAD);
        let genuine = decoded(ann.session_cookie().unwrap());
        for id in [0_u32, 2, 3, u32::MAX] {
            let forged = [&id.to_be_bytes()[..], &genuine[4..]].concat();
            let forged = URL_SAFE_NO_PAD.encode(forged);
            assert_eq!(with_cookie(&app, &forged).get("/auth/session").await.status, 401, "key {id}");
        }
        assert!(at(&app, &ann).is_signed_in().await);
    }

    /// Promise: `sessions/keys-rotate`
    async fn a_clock_before_every_key_still_signs(app: TestApp) {
        app.account(ANN).await;
        let years = Duration::from_secs(app.now().since(Timestamp::from_secs(1_000_000_000)).as_secs());
        app.clock.set_back(years);
        let mut ann = app.logged_in(ANN).await;
        assert!(ann.is_signed_in().await);
    }
}
