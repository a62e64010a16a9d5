//! How keys end.

use super::*;
use crate::{
    on_every_engine, operate,
    testing::{PASSWORD, TestApp},
};

const NEW: &str = "nine dry otters under a bridge";

/// Makes sure that a key and what came of it are refused.
async fn is_dead(app: &TestApp, all: &Acme, key: &str, given: &str) {
    assert_eq!(error(app, key, &[]).await, "invalid_grant");
    assert_eq!(all.holds(app, given).await, None);
}

on_every_engine! {
    /// Promise: `api_keys/taken-back`
    async fn a_key_that_was_taken_back_and_its_tokens_are_refused_at_once(app: TestApp) {
        let mut all = Acme::of(&app).await;
        let other = app.another().await;
        for as_form in [true, false] {
            let key = made(&mut all.cem, "tenant:read", &[]).await;
            let (given, at) = (token(&app, &key.key).await, format!("{KEYS}/{}", key.id));
            token(&other, &key.key).await;
            let answer = if as_form { all.cem.post(&format!("{at}/revoke"), &[]).await } else { all.cem.delete(&at).await };
            assert_eq!(answer.json(), serde_json::json!({ "revoked": true }));
            is_dead(&app, &all, &key.key, &given).await;
            is_dead(&other, &all, &key.key, &given).await;
            let named = bare(&app).get("/auth/oauth/revoked").await.json();
            assert!(named["revoked"].as_array().unwrap().contains(&key.id.as_str().into()), "whoever verifies by themselves learns it");
            assert_eq!(said(&all.cem.delete(&at).await), no(404, "no_such_api_key"), "once");
        }
        assert_eq!(events(&app, "api_key.revoked").await.len(), 2);
    }

    /// Promise: `api_keys/own`
    async fn nobody_sees_or_takes_back_what_is_not_theirs(app: TestApp) {
        let mut all = Acme::of(&app).await;
        let own = made(&mut all.bob, "tenant:read", &[]).await;
        later(&app);
        let service = made(&mut all.bob, "tenant:read", &[("kind", "service")]).await;
        let form = [("name", "x"), ("scopes", "tenant:read")];
        let foreign = all.dan.post("/auth/tenants/other/api-keys", &form).await.json();
        let foreign = text(&foreign, "id").to_owned();
        let ids = |answer: &Answer| {
            let keys = answer.json()["api_keys"].as_array().unwrap().clone();
            keys.iter().map(|key| text(key, "id").to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(ids(&all.cem.get(KEYS).await), Vec::<String>::new());
        assert_eq!(ids(&all.bob.get(KEYS).await), [service.id.clone(), own.id.clone()]);
        assert_eq!(ids(&all.ann.get(KEYS).await), std::slice::from_ref(&service.id), "an owner sees no personal key of others");
        assert_eq!(said(&all.dan.get(KEYS).await), no(404, "no_such_tenant"));
        let paths = |id: &str| [format!("{KEYS}/{id}"), format!("/auth/tenants/other/api-keys/{id}")];
        for (id, [here, there]) in [&own.id, &service.id, &foreign].map(|id| (id, paths(id))) {
            assert_eq!(said(&all.cem.delete(&here).await), no(404, "no_such_api_key"), "{id}");
            assert_eq!(said(&all.cem.delete(&there).await), no(404, "no_such_tenant"), "{id}");
            assert_eq!(said(&all.dan.delete(&here).await), no(404, "no_such_tenant"), "{id}");
            assert_eq!(said(&app.visitor().delete(&here).await), no(401, "not_signed_in"), "{id}");
        }
        assert_eq!(said(&all.dan.delete(&paths(&own.id)[1]).await), no(404, "no_such_api_key"));
        assert_eq!(said(&all.dan.delete(&paths(&service.id)[1]).await), no(404, "no_such_api_key"));
        assert_eq!(said(&all.ann.delete(&paths(&own.id)[0]).await), no(404, "no_such_api_key"));
        assert_eq!(said(&all.ann.delete(&paths(&foreign)[0]).await), no(404, "no_such_api_key"));
        for nothing in ["x", "01890a5d-ac96-774b-bcce-b302099a8057", "%00"] {
            assert_eq!(all.bob.delete(&format!("{KEYS}/{nothing}")).await.status, 404, "{nothing}");
        }
        assert_eq!(app.count("api_keys").await, 3);
        assert_eq!(all.ann.delete(&paths(&service.id)[0]).await.status, 200);
        // Whoever manages services no more sees and takes back none of theirs, those that they have made themselves included.
        let service = made(&mut all.bob, "tenant:read", &[("kind", "service")]).await;
        operate::set_roles(&app.doorward, all.acme, all.ids[1], vec!["member".parse().unwrap()]).await.unwrap();
        assert_eq!(ids(&all.bob.get(KEYS).await), [own.id]);
        assert_eq!(said(&all.bob.delete(&paths(&service.id)[0]).await), no(404, "no_such_api_key"));
    }

    /// Promise: `api_keys/whoever-has-it`
    async fn whoever_has_a_key_takes_it_back(app: TestApp) {
        let mut all = Acme::of(&app).await;
        let key = made(&mut all.cem, "tenant:read", &[]).await;
        let given = token(&app, &key.key).await;
        let known = doorward_core::Handled::<doorward_core::ApiKey>::parse(&key.key).unwrap();
        let wrong = doorward_core::Handled::new(known.handle(), doorward_core::Token::from_bytes([7; 32]));
        let wrong = doorward_core::Handled::<doorward_core::ApiKey>::reveal(wrong);
        for text in [&wrong, &key.key[..73]] {
            send(&app, "/auth/oauth/revoke", &[("token", text)]).await;
            token(&app, &key.key).await;
        }
        let answer = send(&app, "/auth/oauth/revoke", &[("token", &key.key)]).await;
        assert_eq!((answer.status, answer.text().as_str()), (200, "{}"));
        is_dead(&app, &all, &key.key, &given).await;
        assert_eq!(send(&app, "/auth/oauth/revoke", &[("token", &key.key)]).await.status, 200, "it is taken back already");
        let told = events(&app, "api_key.revoked").await;
        let about = format!("api_key:{} success", key.id);
        assert!(told.len() == 1 && told[0].starts_with("client:key-") && told[0].ends_with(&about), "{told:?}");
    }

    /// Promise: `api_keys/ends`
    async fn a_personal_key_ends_with_the_membership(app: TestApp) {
        let mut all = Acme::of(&app).await;
        let key = made(&mut all.cem, "tenant:read", &[]).await.key;
        let given = token(&app, &key).await;
        assert_eq!(all.cem.post("/auth/tenants/acme/leave", &[]).await.status, 200);
        is_dead(&app, &all, &key, &given).await;
        app.member(all.acme, all.ids[2], "member").await;
        is_dead(&app, &all, &key, &given).await;
        let key = made(&mut all.bob, "tenant:read", &[]).await.key;
        let given = token(&app, &key).await;
        assert_eq!(all.ann.delete(&format!("/auth/tenants/acme/members/{}", all.ids[1])).await.status, 200);
        app.member(all.acme, all.ids[1], "owner").await;
        is_dead(&app, &all, &key, &given).await;
        assert_eq!(app.count("api_keys").await, 0);
    }

    /// Promise: `api_keys/ends`
    async fn a_personal_key_ends_when_its_person_is_kept_out(app: TestApp) {
        let mut all = Acme::of(&app).await;
        let key = made(&mut all.cem, "tenant:read", &[]).await.key;
        let given = token(&app, &key).await;
        operate::disable(&app.doorward, all.ids[2]).await.unwrap();
        is_dead(&app, &all, &key, &given).await;
        operate::enable(&app.doorward, all.ids[2]).await.unwrap();
        is_dead(&app, &all, &key, &given).await;
        let key = made(&mut all.bob, "tenant:read", &[]).await.key;
        let given = token(&app, &key).await;
        // However the account came to be disabled: the row of the key alone opens nothing.
        let mut tx = app.db().begin(operate::Durability::Full).await.unwrap();
        tx.execute("UPDATE accounts SET disabled_at = 1 WHERE id = $1", &[&all.ids[1]]).await.unwrap();
        tx.commit().await.unwrap();
        is_dead(&app, &all, &key, &given).await;
        operate::delete(&app.doorward, all.ids[1]).await.unwrap();
        assert_eq!(app.count("api_keys").await, 0);
    }

    /// Promise: `api_keys/ends`
    async fn a_reset_ends_the_keys_and_a_logout_does_not(app: TestApp) {
        let mut all = Acme::of(&app).await;
        let service = made(&mut all.bob, "tenant:read", &[("kind", "service")]).await.key;
        let key = made(&mut all.bob, "tenant:read", &[]).await.key;
        assert_eq!(all.bob.post("/auth/password/change", &[("new_password", NEW)]).await.status, 200);
        token(&app, &key).await;
        assert_eq!(all.bob.post("/auth/logout/everywhere", &[]).await.status, 200);
        let given = token(&app, &key).await;
        let mut owner = app.visitor();
        owner.post("/auth/password/forgot", &[("email", BOB)]).await;
        let link = app.token_for(BOB).await;
        assert_eq!(owner.post("/auth/password/reset", &[("token", &link), ("new_password", PASSWORD)]).await.status, 200);
        is_dead(&app, &all, &key, &given).await;
        token(&app, &service).await;
    }

    /// Promise: `api_keys/ends`
    async fn with_a_tenant_go_its_keys(app: TestApp) {
        let mut all = Acme::of(&app).await;
        let keys = [made(&mut all.cem, "tenant:read", &[]).await.key, made(&mut all.bob, "tenant:read", &[("kind", "service")]).await.key];
        let given = token(&app, &keys[1]).await;
        let asks = all.dan.post("/auth/tenants/other/api-keys", &[("name", "x"), ("scopes", "tenant:read")]).await.json();
        operate::delete_tenant(&app.doorward, all.acme).await.unwrap();
        for key in &keys {
            assert_eq!(error(&app, key, &[]).await, "invalid_grant");
        }
        let other = operate::tenant(&app.doorward, "other").await.unwrap().unwrap().id;
        all.asks = tokio::sync::OnceCell::from(Program::registered(&app, crate::operate::Registration {
            id: "other-service".to_owned(), name: "x".to_owned(), authentication: "secret".to_owned(),
            grants: vec!["client_credentials".to_owned()], tenant: Some(other), ..Default::default()
        }).await);
        assert_eq!(all.holds(&app, &given).await, None);
        token(&app, text(&asks, "key")).await;
        assert_eq!(app.count("api_keys").await, 1);
    }

    /// Promise: `api_keys/expires`
    async fn a_key_that_is_over_gets_nothing(app: TestApp) {
        let mut all = Acme::of(&app).await;
        let day = made(&mut all.cem, "tenant:read", &[("lifetime_days", "1")]).await;
        later(&app);
        let year = made(&mut all.cem, "tenant:read", &[("lifetime_days", "365")]).await;
        app.wait(DAY - MINUTE);
        let answer = exchange(&app, &day.key, &[]).await.json();
        assert_eq!(answer["expires_in"], 60, "a token does not outlive its key");
        app.wait(MINUTE);
        assert_eq!(error(&app, &day.key, &[]).await, "invalid_grant");
        assert_eq!(error(&app, &day.key, &[]).await, "invalid_grant");
        assert_eq!(events(&app, "api_key.refused").await, [format!("anonymous api_key:{} denied", day.id)], "once a minute");
        app.wait(2 * MINUTE);
        assert_eq!(error(&app, &day.key, &[]).await, "invalid_grant");
        assert_eq!(events(&app, "api_key.refused").await.len(), 2);
        let mut cem = app.logged_in(CEM).await;
        let listed = cem.get(KEYS).await.json();
        assert_eq!([&listed["api_keys"][0]["expired"], &listed["api_keys"][1]["expired"]], [false, true]);
        token(&app, &year.key).await;
        // A clock that is set back makes no key live longer than any may.
        app.clock.set_back(3 * DAY);
        assert_eq!(error(&app, &year.key, &[]).await, "invalid_grant");
        app.wait(3 * DAY);
        token(&app, &year.key).await;
        app.wait(32 * DAY);
        crate::features::purge(app.doorward.context()).await.unwrap();
        assert_eq!(app.count("api_keys").await, 1, "a month after its end nobody sees a key any more");
    }

    /// Promise: `api_keys/recorded`
    async fn what_happens_to_a_key_is_in_the_log_of_its_tenant(app: TestApp) {
        let mut all = Acme::of(&app).await;
        let key = made(&mut all.cem, "tenant:read", &[]).await;
        let cem = all.ids[2];
        assert_eq!(all.cem.delete(&format!("{KEYS}/{}", key.id)).await.status, 200);
        let told = format!("account:{cem} api_key:{} success", key.id);
        assert_eq!(events(&app, "api_key.created").await, std::slice::from_ref(&told));
        assert_eq!(events(&app, "api_key.revoked").await, [told]);
        let seen = all.ann.get("/auth/tenants/acme/audit?action=api_key.created").await.json();
        assert_eq!(seen["events"].as_array().unwrap().len(), 1);
        assert!(app.audit_lines().iter().all(|line| !line.contains("dwk_") && !line.contains(&key.key[4..20])));
    }
}
