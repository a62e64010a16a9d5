//! From an address to the provider of its domain.

use super::*;
use crate::testing::providers::begin;

async fn find(acme: &Acme, email: &str) -> Answer {
    let mut visitor = acme.app().visitor();
    let token = visitor.form_token().await;
    visitor.post_with(&token, "/auth/login/organisation", &[("email", email)]).await
}

/// Where an address leads: the provider's own address, or the code of a refusal.
async fn leads_to(acme: &Acme, email: &str) -> String {
    let answer = find(acme, email).await;
    let to = answer.json()["redirect_to"].as_str().map(|to| to.split('?').next().unwrap_or_default().to_owned());
    to.unwrap_or_else(|| answer.code())
}

on_every_engine! {
    /// Promise: `federation/found-by-domain`
    async fn an_address_leads_to_the_provider_of_its_domain_and_says_nothing_of_accounts(app: TestApp) {
        let acme = Acme::set_up(app.engine(), &[kim()]).await;
        acme.app().account("lee@acme.example").await;
        let mut visitor = acme.app().visitor();
        let url = begin(&mut visitor, "/auth/login/organisation", &[("email", "KIM@ACME.example")]).await;
        let callback = acme.world.walk(&url, KIM).await;
        assert_eq!(come_back(&mut visitor, &callback).await.status, 200);
        assert_eq!(address_of(&mut visitor).await.as_deref(), Some(KIM));
        // Of somebody who has come, somebody with a password, and nobody, the same is said.
        let there = leads_to(&acme, KIM).await;
        assert!(there.starts_with(&acme.world.provider.text("issuer")), "{there}");
        for email in ["lee@acme.example", "nobody@acme.example"] {
            assert_eq!(leads_to(&acme, email).await, there, "{email}");
        }
        for email in [OLA, "nobody@example.com", "kim@sub.acme.example", "kim@xacme.example", "kim@example"] {
            assert!(["no_provider_of_domain", "email_invalid"].contains(&leads_to(&acme, email).await.as_str()), "{email}");
        }
        let [known, unknown] = [find(&acme, OLA).await, find(&acme, "nobody@example.com").await];
        assert_eq!((known.status, known.text()), (unknown.status, unknown.text()));
    }

    /// Promise: `connections/of-the-living`
    async fn what_is_not_set_up_not_allowed_or_of_a_closed_tenant_leads_nowhere(app: TestApp) {
        let mut acme = Acme::with(app.engine(), &[kim()]).await;
        let path = format!("/auth/providers/{}", acme.name);
        let gone = async |acme: &Acme, app: &TestApp, why: &str| {
            let mut visitor = app.visitor();
            let token = visitor.form_token().await;
            let found = visitor.post_with(&token, "/auth/login/organisation", &[("email", KIM)]).await;
            assert_eq!(found.code(), "no_provider_of_domain", "{why}");
            let begun = visitor.post_with(&token, &format!("/auth/providers/{}", acme.name), &[]).await;
            assert_eq!(said(&begun), no(404, "no_such_provider"), "{why}");
        };
        let link = "Log in through your organisation";
        gone(&acme, acme.app(), "nothing is written yet").await;
        assert!(!acme.app().visitor().in_browser().get("/auth/login").await.text().contains(link));
        assert_eq!(acme.write().await.status, 200);
        assert!(acme.app().visitor().in_browser().get("/auth/login").await.text().contains(link));
        // On the way while the tenant is closed, and back.
        let mut visitor = acme.app().visitor();
        let url = begin(&mut visitor, &path, &[]).await;
        let callback = acme.world.walk(&url, KIM).await;
        operate::suspend_tenant(&acme.app().doorward, acme.tenant).await.unwrap();
        gone(&acme, acme.app(), "the tenant is suspended").await;
        assert_eq!(said(&come_back(&mut visitor, &callback).await), no(404, "no_such_provider"));
        operate::resume_tenant(&acme.app().doorward, acme.tenant).await.unwrap();
        operate::close_tenant(&acme.app().doorward, acme.tenant).await.unwrap();
        gone(&acme, acme.app(), "the tenant waits to be deleted").await;
        operate::restore_tenant(&acme.app().doorward, acme.tenant).await.unwrap();
        let strict = acme.app().another_with(|settings| settings.connections.allowed = false).await;
        gone(&acme, &strict, "the operator does not allow it").await;
        assert!(!strict.visitor().in_browser().get("/auth/login").await.text().contains(link));
        let mut ola = strict.logged_in(OLA).await;
        assert_eq!(said(&ola.post(LIST, &[("kind", "openid"), ("label", "Other")]).await), no(403, "connections_not_allowed"));
        assert_eq!(acme.comes(KIM).await.1.status, 200, "and with all that taken back it leads there");
    }

    /// Promise: `federation/found-by-domain`
    async fn without_a_script_a_form_leads_there(app: TestApp) {
        let acme = Acme::set_up(app.engine(), &[kim()]).await;
        let mut visitor = acme.app().visitor().in_browser();
        let page = visitor.get("/auth/login/organisation").await.text();
        assert!(page.contains("Email address at work") && page.contains("action=\"/auth/login/organisation\""), "{page}");
        let token = visitor.form_token().await;
        let onward = visitor.post_with(&token, "/auth/login/organisation", &[("email", KIM)]).await.text();
        assert!(onward.contains("On to Acme ID") && onward.contains(&acme.world.provider.text("issuer")), "{onward}");
        let page = visitor.post_with(&token, "/auth/login/organisation", &[("email", "kim@nowhere.example")]).await.text();
        assert!(page.contains("No organisation with this domain") && page.contains("kim@nowhere.example"), "{page}");
    }
}
