//! Sessions that end because somebody has logged out at the provider of a tenant.

use super::*;
use crate::testing::parts::Part;

/// The name of a provider of a tenant, at the honest issuer of this part, where whoever comes is kim of that domain.
async fn wired(part: &Part, by: &mut Actor, tenant: &str, domain: &str) -> String {
    let (name, _) = added(by, tenant).await;
    let issuer = format!("{}/honest", part.text("origin"));
    assert_eq!(write(by, &format!("/auth/tenants/{tenant}/connections/{name}"), &issuer).await.status, 200);
    is(part, domain).await;
    name
}

/// Whoever comes from now on is kim of this domain, with the same subject as ever.
async fn is(part: &Part, domain: &str) {
    let at = format!("{}/_claims/honest", part.text("origin"));
    let claims = json!({ "sub": "kim-1", "email": format!("kim@{domain}") });
    part.ask(Method::PUT, &at, &claims).await;
}

async fn comes(app: &TestApp, name: &str) -> Actor {
    let mut person = app.visitor();
    let url = begin(&mut person, &format!("/auth/providers/{name}"), &[]).await;
    let asked = axum::http::Request::get(&url).body(Default::default()).unwrap();
    let callback = person.exchange(asked).await.header("location").to_owned();
    let answer = come_back(&mut person, &callback).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    person
}

/// Kim logs out at the issuer, which tells this provider of ours: how many sessions end.
async fn logs_out(part: &Part, app: &TestApp, name: &str) -> Value {
    let at = format!("{}/_logout/right?sub=kim-1", part.text("origin"));
    let made = part.ask(Method::GET, &at, &Value::Null).await.json();
    let form = [("logout_token", made["logout_token"].as_str().unwrap())];
    app.visitor().post(&format!("/auth/providers/{name}/backchannel-logout"), &form).await.json()["ended"].clone()
}

/// Somebody else of acme comes: their session and account.
async fn account_by(app: &TestApp, part: &Part, name: &str) -> (Actor, doorward_core::AccountId) {
    let at = format!("{}/_claims/honest", part.text("origin"));
    part.ask(Method::PUT, &at, &json!({ "sub": "max-1", "email": "max@acme.example" })).await;
    let person = comes(app, name).await;
    (person, super::joining::account_of(app, "max@acme.example").await.unwrap())
}

on_every_engine! {
    /// Promise: `connections/logged-out-there`
    async fn who_logs_out_at_a_tenants_provider_is_logged_out_of_what_they_opened_by_it(app: TestApp) {
        let client = json!({ "client_id": "doorward", "client_secret": SECRET });
        let part = Part::start("hostile.mjs", &json!({ "client": client }));
        let mut acme = Acme::with(app.engine(), &[]).await;
        let app = &acme.world.app;
        let owner = app.account("eve@example.com").await;
        let other = app.tenant("other", owner).await;
        verify(app, other, "other.example").await;
        let mut eve = app.logged_in("eve@example.com").await;
        let own = wired(&part, &mut acme.ola, "acme", "acme.example").await;
        let mut kim = comes(app, &own).await;
        let theirs = wired(&part, &mut eve, "other", "other.example").await;
        let mut other_kim = comes(app, &theirs).await;
        // The same issuer and subject; each tenant's provider speaks of its own people.
        assert_eq!(logs_out(&part, app, &theirs).await, 1);
        assert!(kim.is_signed_in().await && !other_kim.is_signed_in().await);
        assert_eq!(logs_out(&part, app, &theirs).await, 0);
        assert_eq!(logs_out(&part, app, &own).await, 1);
        assert!(!kim.is_signed_in().await);
    }

    /// Promise: `connections/removed`
    async fn with_a_provider_end_the_sessions_that_it_has_opened(app: TestApp) {
        let client = json!({ "client_id": "doorward", "client_secret": SECRET });
        let part = Part::start("hostile.mjs", &json!({ "client": client }));
        let mut acme = Acme::with(app.engine(), &[]).await;
        let app = &acme.world.app;
        let own = wired(&part, &mut acme.ola, "acme", "acme.example").await;
        let mut kim = comes(app, &own).await;
        assert_eq!(kim.post("/auth/password/change", &[("new_password", crate::testing::PASSWORD)]).await.status, 200);
        let mut by_password = app.logged_in(KIM).await;
        assert_eq!(acme.ola.delete(&format!("{LIST}/{own}")).await.status, 200);
        assert_eq!(logs_out(&part, app, &own).await, Value::Null, "it has no say any more");
        assert!(!kim.is_signed_in().await && by_password.is_signed_in().await && acme.ola.is_signed_in().await);
        assert_eq!((app.count("provider_sessions").await, app.count("identities").await), (0, 0));
        let sql = "SELECT actor || ' ' || detail FROM audit_events WHERE action = 'session.revoked'";
        let ended: Vec<String> = app.db().list(sql, &[], |row| row.get(0)).await.unwrap();
        assert_eq!(ended, [format!("doorward {own}")]);
        // But for the one of whoever removes it.
        let own = wired(&part, &mut acme.ola, "acme", "acme.example").await;
        let mut max = account_by(app, &part, &own).await;
        app.member(acme.tenant, max.1, "owner").await;
        let mut elsewhere = comes(app, &own).await;
        assert_eq!(max.0.delete(&format!("{LIST}/{own}")).await.status, 200);
        assert!(max.0.is_signed_in().await && !elsewhere.is_signed_in().await);
    }
}
