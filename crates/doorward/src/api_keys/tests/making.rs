//! Making keys.

use std::{future::Future, pin::Pin};

use doorward_core::{ApiKey, Handled};
use serde_json::json;

use super::*;
use crate::{
    on_every_engine,
    operate::{self, Registration},
    testing::{
        Engine, PASSWORD,
        crowd::{About, at_once, meeting, post_as},
        programs::texts,
    },
};

on_every_engine! {
    /// Promise: `api_keys/shown-once`
    async fn a_key_is_shown_to_whoever_makes_it_once(app: TestApp) {
        let mut all = Acme::of(&app).await;
        let answer = make(&mut all.cem, "members:read tenant:read", &[]).await;
        assert_eq!((answer.status, answer.header("cache-control")), (200, "no-store"), "{}", answer.text());
        let answer = answer.json();
        let key = text(&answer, "key").to_owned();
        assert!(key.starts_with("dwk_") && key.len() == 74, "{key}");
        assert_eq!(answer["scopes"], json!(["members:read", "tenant:read"]));
        let page = all.cem.clone().in_browser().post(KEYS, &[("name", "Nightly <b>"), ("scope_tenant:read", "on")]).await;
        assert_eq!(page.status, 200, "{}", page.text());
        let (_, rest) = page.text().split_once("value=\"dwk_").map(|(a, b)| (a.to_owned(), b.to_owned())).expect("the page shows it");
        let other = format!("dwk_{}", rest.split('"').next().unwrap());
        assert!(page.text().contains("Copy it now") && page.text().contains("Nightly &#60;b&#62;"), "{}", page.text());
        for look in [all.cem.clone(), all.cem.clone().in_browser()] {
            let shown = look.clone().get(KEYS).await;
            assert_eq!(shown.status, 200);
            assert!(shown.text().contains("The builder") && !shown.text().contains("dwk_"), "{}", shown.text());
        }
        for key in [&key, &other] {
            let parsed = Handled::<ApiKey>::parse(key).expect("it is a key");
            let found = "SELECT COUNT(*) FROM api_keys WHERE handle = $1 AND digest = $2";
            let found = app.db().find(found, &[&parsed.handle(), &parsed.token().digest()], |row| row.get::<i64>(0)).await.unwrap();
            assert_eq!(found, Some(1), "its digest is stored");
        }
    }

    /// Promise: `api_keys/no-wider`
    async fn nobody_makes_a_key_that_may_more_than_they(app: TestApp) {
        let mut all = Acme::of(&app).await;
        for (scopes, refusal) in [
            ("members:manage", no(403, "scope_not_yours")), ("tenant:read members:manage", no(403, "scope_not_yours")),
            ("api_keys:manage", no(403, "scope_not_yours")), ("", no(422, "scope_missing")), ("  ", no(422, "scope_missing")),
            ("*", no(422, "unknown_permission")), ("members:*", no(422, "unknown_permission")), ("openid", no(422, "unknown_permission")),
            ("offline_access tenant:read", no(422, "unknown_permission")), ("accounts:read", no(422, "unknown_permission")),
            ("TENANT:READ", no(422, "unknown_permission")), ("tenant:read\ttenant:read", no(422, "unknown_permission")),
        ] {
            assert_eq!(said(&make(&mut all.cem, scopes, &[]).await), refusal, "{scopes}");
        }
        for ticked in ["scope_members:manage", "scope_tenant:read members:manage", "scope_"] {
            let answer = all.cem.post(KEYS, &[("name", "x"), (ticked, "on")]).await;
            assert!(answer.status == 403 || answer.status == 422, "{ticked}: {}", answer.text());
        }
        assert_eq!(said(&all.cem.post(KEYS, &[("name", "x"), ("scope_tenant:read", "yes")]).await), no(422, "unknown_permission"));
        assert_eq!(said(&make(&mut all.cem, "tenant:read", &[("kind", "service")]).await), no(403, "forbidden"));
        assert_eq!(said(&make(&mut all.bob, "tenant:delete", &[("kind", "service")]).await), no(403, "scope_not_yours"));
        assert_eq!(said(&make(&mut all.bob, "tenant:read", &[("kind", "root")]).await), no(422, "kind_invalid"));
        assert_eq!(said(&make(&mut all.dan, "tenant:read", &[]).await), no(404, "no_such_tenant"));
        assert_eq!(said(&make(&mut app.visitor(), "tenant:read", &[]).await), no(401, "not_signed_in"));
        assert_eq!(app.count("api_keys").await, 0);
        // Whoever is demoted between the guard and the act makes none.
        let token = all.bob.csrf_token().await;
        let form = [("name", "x"), ("scopes", "members:manage")];
        let make = post_as(&all.bob, &token, KEYS, &form);
        let bob = all.ids[1];
        let db = app.db().clone();
        let demote = async move {
            // An operator's act would be held back by the same meeting.
            db.change("UPDATE memberships SET roles = 'member' WHERE account = $1", &[&bob]).await.unwrap();
        };
        assert_eq!(said(&after(&app, make, demote).await), no(403, "scope_not_yours"));
        assert_eq!(app.count("api_keys").await, 0);
    }

    /// Promise: `api_keys/own`
    async fn nothing_else_can_be_said_of_a_key(app: TestApp) {
        let mut all = Acme::of(&app).await;
        let ann = all.ids[0].to_string();
        for (field, value) in [
            ("account", ann.as_str()), ("made_by", &ann), ("owner", &ann), ("id", "01890a5d-ac96-774b-bcce-b302099a8057"), ("key", "dwk_x"),
            ("digest", "x"), ("handle", "x"), ("expires_at", "99999999999"), ("scope", "tenant:delete"), ("permissions", "tenant:delete"),
            ("role_owner", "on"), ("last_used_at", "1"), ("slug", "other"),
        ] {
            assert_eq!(said(&make(&mut all.cem, "tenant:read", &[(field, value)]).await), no(422, "unknown_field"), "{field}");
        }
        assert_eq!(make(&mut all.cem, "tenant:read", &[("tenant", "other")]).await.status, 400, "the path has said which");
        let smuggled = json!({ "name": "x", "scopes": "tenant:read", "account": ann });
        assert_eq!(said(&all.cem.post_json(KEYS, &smuggled).await), no(422, "unknown_field"));
        assert_eq!(app.count("api_keys").await, 0);
    }

    /// Promise: `api_keys/expires`
    async fn a_key_ends(app: TestApp) {
        let mut all = Acme::of(&app).await;
        for days in ["0", "-1", "366", "1e1", "+5", "1.5", "99999999999", " 7", "x"] {
            let answer = make(&mut all.cem, "tenant:read", &[("lifetime_days", days)]).await;
            assert_eq!(said(&answer), no(422, "lifetime_invalid"), "{days}");
        }
        for (name, refusal) in [("", "name_invalid"), ("\u{202e}\u{7}", "name_invalid")] {
            let answer = all.cem.post(KEYS, &[("name", name), ("scopes", "tenant:read")]).await;
            assert_eq!(said(&answer), no(422, refusal), "{name:?}");
        }
        for (typed, days) in [("", 90), ("1", 1), ("365", 365)] {
            let answer = make(&mut all.cem, "tenant:read", &[("lifetime_days", typed)]).await.json();
            assert_eq!(answer["expires_at"], app.now().after(DAY * days).as_secs(), "{typed}");
        }
        let stingy = TestApp::with(app.engine(), |settings| settings.api_keys.longest = 30 * DAY).await;
        let mut others = Acme::of(&stingy).await;
        assert_eq!(said(&make(&mut others.cem, "tenant:read", &[("lifetime_days", "31")]).await), no(422, "lifetime_invalid"));
        let answer = make(&mut others.cem, "tenant:read", &[]).await.json();
        assert_eq!(answer["expires_at"], stingy.now().after(30 * DAY).as_secs(), "the usual span is cut");
    }

    /// Promise: `api_keys/proved`
    async fn a_key_wants_a_recent_proof_and_its_maker_is_told(app: TestApp) {
        let mut all = Acme::of(&app).await;
        app.wait(10 * MINUTE);
        assert_eq!(said(&make(&mut all.cem, "tenant:read", &[]).await), no(403, "reauthentication_required"));
        let mut browser = all.cem.clone().in_browser();
        let answer = browser.post(KEYS, &[("name", "x"), ("scopes", "tenant:read")]).await;
        assert_eq!((answer.status, answer.header("location")), (303, "/auth/reauthenticate?return_to=%2Fauth%2Ftenants%2Facme%2Fapi-keys"));
        let page = browser.get(KEYS).await.text();
        let way = "/auth/reauthenticate?return_to=/auth/tenants/acme/api-keys";
        assert!(!page.contains("name=\"lifetime_days\"") && page.contains(way), "{page}");
        assert_eq!(app.count("api_keys").await, 0);
        all.cem.post("/auth/reauthenticate", &[("password", PASSWORD)]).await;
        made(&mut all.cem, "tenant:read", &[]).await;
        let letter = app.letters_to(CEM).await.pop().unwrap();
        assert_eq!(letter.subject, "A new API key was made with your account");
        assert!(letter.text.contains("/auth/tenants/acme/api-keys") && !letter.text.contains("dwk_"), "{}", letter.text);
    }

    /// Promise: `api_keys/proved`
    async fn whoever_resets_the_password_meets_no_key_that_was_made_with_the_old_one(app: TestApp) {
        let mut all = Acme::of(&app).await;
        let token = all.cem.csrf_token().await;
        let make = post_as(&all.cem, &token, KEYS, &[("name", "x"), ("scopes", "tenant:read")]);
        app.visitor().post("/auth/password/forgot", &[("email", CEM)]).await;
        let (link, mut owner) = (app.token_for(CEM).await, app.visitor());
        let reset = async move {
            let form = [("token", link.as_str()), ("new_password", "nine dry otters under a bridge")];
            assert_eq!(owner.post("/auth/password/reset", &form).await.status, 200);
        };
        assert_eq!(said(&after(&app, make, reset).await), no(401, "not_signed_in"));
        assert_eq!(app.count("api_keys").await, 0);
    }

    /// Promise: `api_keys/limits`
    async fn of_many_at_once_no_more_get_a_key_than_may(app: TestApp) {
        let mut all = Acme::of(&app).await;
        let token = all.cem.csrf_token().await;
        let many = (0..50).map(|_| post_as(&all.cem, &token, KEYS, &[("name", "x"), ("scopes", "tenant:read")]));
        let answers = at_once(many).await;
        let most = app.settings.api_keys.per_account as usize;
        assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), most);
        assert!(answers.iter().all(|answer| answer.status == 200 || said(answer) == no(409, "too_many_api_keys")));
        assert_eq!(app.count("api_keys").await, most as i64);
        assert_eq!(said(&make(&mut all.cem, "tenant:read", &[]).await), no(409, "too_many_api_keys"));
        assert_eq!(make(&mut all.bob, "tenant:read", &[]).await.status, 200, "another's limit is their own");
        app.wait(91 * DAY);
        let again = app.logged_in(CEM).await.post(KEYS, &[("name", "x"), ("scopes", "tenant:read")]).await;
        assert_eq!(again.status, 200, "those that ended do not count");
    }

    async fn no_client_has_the_name_of_a_key(app: TestApp) {
        for id in ["key-", "key-a", "key-0123456789abcdefghijklmno"] {
            let written = Registration {
                id: id.to_owned(), name: "x".to_owned(), authentication: "secret".to_owned(), grants: texts(&["client_credentials"]),
                ..Registration::default()
            };
            assert!(operate::register_client(&app.doorward, &written).await.is_err(), "{id}");
        }
        assert_eq!(app.count("clients").await, 0);
    }
}

type Task = Pin<Box<dyn Future<Output = Option<Answer>> + Send>>;

/// The answer to somebody who was let in, and whose act becomes true after `other` is done.
async fn after(
    app: &TestApp,
    act: impl Future<Output = Answer> + Send + 'static,
    other: impl Future<Output = ()> + Send + 'static,
) -> Answer {
    let act: Task = Box::pin(async { Some(act.await) });
    let other: Task = Box::pin(async {
        // The act waits where the meeting holds it.
        tokio::time::sleep(Duration::from_millis(300)).await;
        other.await;
        None
    });
    let (met, answers) = meeting(app, About::Acting, [act, other]).await;
    assert_eq!(met, 1);
    answers.into_iter().flatten().next().expect("the act was answered")
}

/// Promise: `api_keys/limits`
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_services_of_a_tenant_have_so_many_keys() {
    let app = TestApp::with(Engine::Sqlite, |settings| settings.api_keys.per_tenant = 2).await;
    let mut all = Acme::of(&app).await;
    let service = [("kind", "service")];
    made(&mut all.bob, "tenant:read", &service).await;
    let one = made(&mut all.ann, "tenant:read", &service).await;
    assert_eq!(said(&make(&mut all.ann, "tenant:read", &service).await), no(409, "too_many_api_keys"));
    made(&mut all.ann, "tenant:read", &[]).await;
    assert_eq!(all.bob.delete(&format!("{KEYS}/{}", one.id)).await.status, 200);
    made(&mut all.ann, "tenant:read", &service).await;
}

/// Promise: `api_keys/audience`
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_is_for_an_audience_that_the_settings_name() {
    let named = texts(&["https://api.example.com", "https://files.example.com"]);
    let app = TestApp::with(Engine::Sqlite, |settings| settings.api_keys.resources = named).await;
    let mut all = Acme::of(&app).await;
    let origin = app.origin();
    for resource in ["https://else.example.com", "https://api.example.com/", origin.as_str()] {
        assert_eq!(
            said(&make(&mut all.cem, "tenant:read", &[("resource", resource)]).await),
            no(422, "resource_invalid"),
            "{resource}"
        );
    }
    for (typed, resource) in
        [("", "https://api.example.com"), ("https://files.example.com", "https://files.example.com")]
    {
        let key = made(&mut all.cem, "tenant:read", &[("resource", typed)]).await;
        let claims = crate::testing::programs::part(&token(&app, &key.key).await, 1);
        assert_eq!(claims["aud"], resource);
        assert_eq!(error(&app, &key.key, &[("resource", "https://else.example.com")]).await, "invalid_target");
    }
}
