//! A tenant that demands its own provider.

use doorward_core::AccountId;

use super::joining::account_of;
use super::*;
use crate::testing::programs;

const REQUIRED: (u16, &str) = (403, "tenant_provider_required");

impl Acme {
    async fn demands(&mut self, only_own: &str) -> Answer {
        self.ola.post("/auth/tenants/acme/sign-in", &[("only_own", only_own)]).await
    }

    async fn names(&mut self, account: AccountId, may: &str) -> Answer {
        self.ola.post(&format!("/auth/tenants/acme/members/{account}/break-glass"), &[("may", may)]).await
    }

    /// Demands its provider, with ola named for the day when it does not work.
    async fn demanding(engine: Engine) -> Self {
        let mut acme = Self::set_up(engine, &[kim()]).await;
        assert_eq!(acme.ola.post(&format!("{LIST}/{}/joining", acme.name), &[("role", "member")]).await.status, 200);
        let ola = account_of(acme.app(), OLA).await.unwrap();
        assert_eq!(acme.names(ola, "on").await.status, 200);
        assert_eq!(acme.demands("on").await.status, 200);
        acme
    }
}

async fn asks(person: &mut Actor) -> (u16, String) {
    let (status, code) = person.asks("acme", "tenant:read").await;
    (status, code)
}

on_every_engine! {
    /// Promise: `connections/required`
    async fn a_session_that_was_opened_otherwise_gives_no_access(app: TestApp) {
        let acme = Acme::demanding(app.engine()).await;
        let (mut kim, _) = acme.comes(KIM).await;
        assert_eq!((asks(&mut kim).await.0, kim.get("/auth/tenants/acme").await.status), (200, 200));
        // The same person by a password, and another member.
        let account = account_of(acme.app(), KIM).await.unwrap();
        let pat = acme.app().account("pat@example.com").await;
        acme.app().member(acme.tenant, pat, "admin").await;
        let mut pat = acme.app().logged_in("pat@example.com").await;
        let required = no(REQUIRED.0, REQUIRED.1);
        assert_eq!(asks(&mut pat).await, required);
        for path in ["", "/members", "/audit", "/settings", "/api-keys"] {
            assert_eq!(said(&pat.get(&format!("/auth/tenants/acme{path}")).await), required, "{path}");
        }
        let many = pat.post_json("/auth/check", &json!({ "questions": [
            { "tenant": "acme", "permission": "tenant:read" }, { "tenant": "acme", "permission": "no:such" },
        ] })).await.json();
        assert_eq!((&many["answers"][0]["code"], &many["answers"][1]["code"]), (&json!(REQUIRED.1), &json!("unknown_permission")));
        assert_eq!(said(&pat.post("/auth/tenants/acme/members/x/remove", &[]).await), required);
        assert_eq!(said(&pat.get("/auth/verify?tenant=acme&permission=tenant:read").await).0, 403);
        // A stranger learns nothing of it, and the owner who wrote it needs it as well.
        let mut sam = acme.app().person("sam@example.com").await;
        assert_eq!(said(&sam.get("/auth/tenants/acme").await), no(404, "no_such_tenant"));
        assert_eq!(said(&sam.get("/auth/tenants/acme/enter").await), no(404, "no_such_tenant"));
        assert_eq!(asks(&mut acme.ola.clone()).await, required);
        // Other tenants are not concerned, and a session ends with its login.
        acme.app().tenant("other", account).await;
        assert_eq!(kim.asks("other", "tenant:read").await.0, 200);
        assert_eq!(kim.post("/auth/logout", &[]).await.status, 200);
        let mut again = acme.app().visitor();
        again.cookies = kim.cookies.clone();
        assert_eq!(asks(&mut again).await.0, 401);
    }

    /// Promise: `connections/required`
    async fn people_are_led_on_to_the_provider(app: TestApp) {
        let acme = Acme::demanding(app.engine()).await;
        let kim = acme.app().account(KIM).await;
        acme.app().member(acme.tenant, kim, "member").await;
        let mut kim = acme.app().logged_in(KIM).await.in_browser();
        let led = kim.get("/auth/tenants/acme").await;
        assert_eq!((led.status, led.header("location")), (303, "/auth/tenants/acme/enter"));
        let page = kim.get("/auth/tenants/acme/enter").await.text();
        assert!(page.contains("by its own login only") && page.contains("Log in with Acme ID"), "{page}");
        assert!(page.contains(&format!("/auth/providers/{}", acme.name)) && !page.contains("Come in without it"), "{page}");
    }

    /// Promise: `connections/break-glass`
    async fn an_owner_who_was_named_breaks_the_glass_and_everybody_is_told(app: TestApp) {
        let acme = Acme::demanding(app.engine()).await;
        let (max, ola) = (acme.app().account("max@example.com").await, account_of(acme.app(), OLA).await.unwrap());
        acme.app().member(acme.tenant, max, "owner").await;
        let (named, mut max) = (max, acme.app().logged_in("max@example.com").await);
        // Who was not named does not come in, and neither does who has not proved themselves just now.
        assert_eq!(said(&max.post("/auth/tenants/acme/enter", &[]).await), no(403, "break_glass_not_yours"));
        assert_eq!(asks(&mut max).await.1, REQUIRED.1);
        acme.app().letters().await;
        let mut person = acme.ola.clone();
        assert_eq!(asks(&mut person).await.1, REQUIRED.1, "to be named is not to be in");
        assert_eq!(person.post("/auth/tenants/acme/enter", &[]).await.json(), json!({ "entered": true }));
        assert_eq!(asks(&mut person).await.0, 200);
        let sql = "SELECT actor || ' ' || result FROM audit_events WHERE action = 'tenant.glass_broken' AND tenant = $1 ORDER BY id";
        let events: Vec<String> = acme.app().db().list(sql, &[&acme.tenant], |row| row.get(0)).await.unwrap();
        assert_eq!((events.len(), events[1].as_str()), (2, format!("account:{ola} success").as_str()));
        for owner in [OLA, "max@example.com"] {
            let subjects = acme.app().subjects_to(owner).await;
            assert_eq!(subjects.iter().filter(|subject| subject.contains("without its provider")).count(), 1, "{owner} {subjects:?}");
        }
        // Each session for itself, each time.
        let mut other = acme.app().logged_in(OLA).await;
        assert_eq!(asks(&mut other).await.1, REQUIRED.1);
        assert_eq!(other.post("/auth/tenants/acme/enter", &[]).await.status, 200);
        let events: Vec<String> = acme.app().db().list(sql, &[&acme.tenant], |row| row.get(0)).await.unwrap();
        assert_eq!(events.len(), 3);
        // Whoever is no owner any more has no glass to break.
        let path = format!("/auth/tenants/acme/members/{named}/break-glass");
        assert_eq!(person.post(&path, &[("may", "on")]).await.status, 200);
        operate::set_roles(&acme.app().doorward, acme.tenant, ola, vec!["admin".parse().unwrap()]).await.unwrap();
        let mut demoted = acme.app().logged_in(OLA).await;
        assert_eq!(said(&demoted.post("/auth/tenants/acme/enter", &[]).await), no(403, "break_glass_not_yours"));
    }

    /// Promise: `connections/nobody-locked-out`
    async fn a_tenant_demands_its_provider_only_while_somebody_can_do_without(app: TestApp) {
        let mut acme = Acme::with(app.engine(), &[kim()]).await;
        let ola = account_of(acme.app(), OLA).await.unwrap();
        assert_eq!(said(&acme.demands("on").await), no(409, "no_provider_left"));
        assert_eq!(acme.write().await.status, 200);
        assert_eq!(said(&acme.demands("on").await), no(409, "break_glass_missing"));
        let kim = acme.app().account(KIM).await;
        acme.app().member(acme.tenant, kim, "admin").await;
        assert_eq!(said(&acme.names(kim, "on").await), no(404, "no_such_owner"), "only owners");
        assert_eq!(acme.names(ola, "on").await.status, 200);
        assert_eq!(acme.demands("on").await.status, 200);
        assert_eq!(acme.ola.post("/auth/tenants/acme/enter", &[]).await.status, 200);
        assert_eq!(said(&acme.names(ola, "").await), no(409, "break_glass_missing"));
        let path = format!("{LIST}/{}", acme.name);
        assert_eq!(said(&acme.ola.delete(&path).await), no(409, "no_provider_left"));
        let listed = acme.ola.get(LIST).await.json();
        assert_eq!((&listed["only_own"], &listed["break_glass"]), (&json!(true), &json!([ola.to_string()])));
        assert_eq!(acme.demands("").await.status, 200);
        assert_eq!(acme.ola.delete(&path).await.status, 200);
        // And an operator sets it free.
        acme.app().db().change("UPDATE tenants SET own_sign_in = 1", &[]).await.unwrap();
        let mut pat = acme.app().logged_in(KIM).await;
        assert_eq!(asks(&mut pat).await.1, REQUIRED.1);
        operate::free_sign_in(&acme.app().doorward, acme.tenant).await.unwrap();
        assert_eq!(asks(&mut pat).await.0, 200);
    }

    /// Promise: `connections/break-glass`
    async fn a_glass_that_is_taken_back_lets_nobody_stay(app: TestApp) {
        let mut acme = Acme::demanding(app.engine()).await;
        let max = acme.app().account("max@example.com").await;
        acme.app().member(acme.tenant, max, "owner").await;
        assert_eq!(acme.ola.post("/auth/tenants/acme/enter", &[]).await.status, 200);
        assert_eq!(acme.names(max, "on").await.status, 200);
        let mut thief = acme.app().logged_in("max@example.com").await;
        assert_eq!(thief.post("/auth/tenants/acme/enter", &[]).await.status, 200);
        assert_eq!(asks(&mut thief).await.0, 200);
        assert_eq!(acme.names(max, "").await.status, 200);
        assert_eq!(asks(&mut thief).await, no(REQUIRED.0, REQUIRED.1));
        // And with the role goes the glass, for good.
        assert_eq!(acme.names(max, "on").await.status, 200);
        assert_eq!(asks(&mut thief).await.0, 200);
        let roles = |role: &str| vec![role.parse().unwrap()];
        operate::set_roles(&acme.app().doorward, acme.tenant, max, roles("admin")).await.unwrap();
        assert_eq!(asks(&mut thief).await, no(REQUIRED.0, REQUIRED.1));
        operate::set_roles(&acme.app().doorward, acme.tenant, max, roles("owner")).await.unwrap();
        assert_eq!(asks(&mut thief).await, no(REQUIRED.0, REQUIRED.1));
        assert_eq!(said(&thief.post("/auth/tenants/acme/enter", &[]).await), no(403, "break_glass_not_yours"));
    }

    /// Promise: `connections/nobody-locked-out`
    async fn the_last_owner_who_can_do_without_stays_one(app: TestApp) {
        let mut acme = Acme::demanding(app.engine()).await;
        let (ola, max) = (account_of(acme.app(), OLA).await.unwrap(), acme.app().account("max@example.com").await);
        acme.app().member(acme.tenant, max, "owner").await;
        assert_eq!(acme.ola.post("/auth/tenants/acme/enter", &[]).await.status, 200);
        let last = no(409, "break_glass_missing");
        let one = format!("/auth/tenants/acme/members/{ola}");
        assert_eq!(said(&acme.ola.post(&format!("{one}/roles"), &[("roles", "admin")]).await), last);
        assert_eq!(said(&acme.ola.post("/auth/tenants/acme/leave", &[]).await), last);
        assert!(operate::remove_member(&acme.app().doorward, acme.tenant, ola).await.is_err());
        assert_eq!(operate::delete(&acme.app().doorward, ola).await.unwrap(), operate::Deletion::OwnsTenants(vec![acme.tenant]));
        // One who is kept out is nobody who could.
        assert_eq!(acme.names(max, "on").await.status, 200);
        operate::disable(&acme.app().doorward, max).await.unwrap();
        assert_eq!(said(&acme.ola.post("/auth/tenants/acme/leave", &[]).await), last);
        operate::enable(&acme.app().doorward, max).await.unwrap();
        assert_eq!(acme.ola.post("/auth/tenants/acme/leave", &[]).await.status, 200);
    }

    /// Promise: `connections/nobody-locked-out`
    async fn a_provider_that_leads_nobody_in_is_none_that_is_demanded(app: TestApp) {
        let mut acme = Acme::set_up(app.engine(), &[kim()]).await;
        let ola = account_of(acme.app(), OLA).await.unwrap();
        assert_eq!(acme.names(ola, "on").await.status, 200);
        let domain = name("acme.example");
        assert!(operate::withdraw_domain(&acme.app().doorward, acme.tenant, &domain).await.unwrap());
        assert_eq!(said(&acme.demands("on").await), no(409, "no_provider_left"));
        operate::verify_domain(&acme.app().doorward, acme.tenant, &domain).await.unwrap();
        assert_eq!(acme.demands("on").await.status, 200);
    }

    /// Promise: `connections/required`
    async fn a_client_gets_no_token_for_a_tenant_that_the_session_did_not_come_into(app: TestApp) {
        let acme = Acme::demanding(app.engine()).await;
        let (mut kim, _) = acme.comes(KIM).await;
        let pat = acme.app().account("pat@example.com").await;
        acme.app().member(acme.tenant, pat, "member").await;
        let mut by_password = acme.app().logged_in("pat@example.com").await;
        let web = programs::Program::web(acme.app()).await;
        let wanted = [("scope", "members:read"), ("tenant", "acme")];
        let told = web.ask(&mut by_password, &wanted).await;
        let way = told.json()["redirect_to"].as_str().unwrap().to_owned();
        assert_eq!(programs::parameter(&way, "error").as_deref(), Some("access_denied"), "{way}");
        let decided = web.decided(&mut by_password, "allow", &wanted).await;
        assert!(!decided.text().contains("code="), "{}", decided.text());
        web.code(&mut kim, &wanted).await;
    }
}
