//! A tenant's provider and the accounts of others.

use super::*;
use crate::{
    operate::Action,
    testing::{
        PASSWORD,
        crowd::{About, meeting},
        providers::{ann, reasons},
    },
};

on_every_engine! {
    /// Promise: `connections/own-provider`
    async fn people_of_a_tenant_come_in_by_its_provider(app: TestApp) {
        let acme = Acme::set_up(app.engine(), &[kim()]).await;
        let (mut person, answer) = acme.comes(KIM).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(address_of(&mut person).await.as_deref(), Some(KIM));
        let (mut again, _) = acme.comes(KIM).await;
        assert_eq!(address_of(&mut again).await.as_deref(), Some(KIM));
        assert_eq!((acme.app().count("identities").await, acme.app().count("accounts").await), (1, 2));
        let listed = again.get("/auth/account/identities").await.json();
        assert_eq!(listed["identities"][0]["provider"], acme.name.as_str());
        assert!(listed["providers"].as_array().unwrap().contains(&json!(acme.name)), "{listed}");
    }

    /// Promise: `federation/kept-apart`
    async fn somebody_of_the_same_issuer_and_subject_is_somebody_else(app: TestApp) {
        // The same provider, for everybody and as acme's own, with the same people: what acme's says is what everybody's says.
        let both = json!({ "sub": "lee-1", "email": "lee@acme.example", "email_verified": true });
        let acme = Acme::set_up(app.engine(), &[ann(), both]).await;
        for (login, code) in [("ann@example.com", "address_of_others"), ("lee@acme.example", "address_taken")] {
            let (mut known, answer) = acme.world.comes(login).await;
            assert_eq!(answer.status, 200, "{}", answer.text());
            let (mut person, answer) = acme.comes(login).await;
            assert_eq!(answer.code(), code, "{login}");
            assert_eq!(address_of(&mut person).await, None, "{login}");
            assert_eq!(address_of(&mut known).await.as_deref(), Some(login), "and nothing has changed for them");
        }
        assert_eq!(acme.app().count("identities").await, 2);
        let reasons = reasons(acme.app(), Action::Login).await;
        assert_eq!(reasons, [format!("{}: address_taken", acme.name), format!("{}: address_of_others", acme.name)]);
    }

    /// Promise: `federation/kept-apart`
    async fn nor_does_everybodys_provider_lead_to_what_a_tenants_has_made(app: TestApp) {
        let acme = Acme::set_up(app.engine(), &[kim()]).await;
        let (_, answer) = acme.comes(KIM).await;
        assert_eq!(answer.status, 200);
        let (mut person, answer) = acme.world.comes(KIM).await;
        assert_eq!((answer.code(), address_of(&mut person).await), ("address_taken".to_owned(), None));
    }

    /// Promise: `federation/kept-apart`
    async fn two_tenants_with_one_provider_have_no_person_in_common(app: TestApp) {
        let mut acme = Acme::set_up(app.engine(), &[kim()]).await;
        let owner = acme.app().account("eve@example.com").await;
        let other = acme.app().tenant("other", owner).await;
        verify(acme.app(), other, "other.example").await;
        let mut eve = acme.app().logged_in("eve@example.com").await;
        let (theirs, redirect_uri) = added(&mut eve, "other").await;
        let own = acme.app().doorward.context().providers.redirect_uri(&acme.name.parse().unwrap());
        acme.allow(&[&own, &redirect_uri]).await;
        let issuer = acme.world.provider.text("issuer").to_owned();
        assert_eq!(write(&mut eve, &format!("/auth/tenants/other/connections/{theirs}"), &issuer).await.status, 200);
        assert_eq!(acme.comes(KIM).await.1.status, 200);
        // Eve's provider says that it is kim, with the subject that acme's has and whatever address.
        let own = std::mem::replace(&mut acme.name, theirs.clone());
        for (email, code) in [(KIM, "address_of_others"), (OLA, "address_of_others"), ("eve@example.com", "address_of_others")] {
            let claims = json!([{ "sub": "kim-1", "login": "x", "email": email, "email_verified": true }]);
            acme.world.provider.desk(Method::PUT, "/accounts", &claims).await;
            let (mut person, answer) = acme.comes("x").await;
            assert_eq!((answer.code().as_str(), address_of(&mut person).await), (code, None), "{email}");
        }
        // With an address of its own domain it is somebody of its own.
        let claims = json!([{ "sub": "kim-1", "login": "x", "email": "kim@other.example", "email_verified": true }]);
        acme.world.provider.desk(Method::PUT, "/accounts", &claims).await;
        let (mut person, _) = acme.comes("x").await;
        assert_eq!(address_of(&mut person).await.as_deref(), Some("kim@other.example"));
        // Nor does one of them finish what was begun with the other.
        let mut kim = acme.app().visitor();
        let url = begin(&mut kim, &format!("/auth/providers/{own}"), &[]).await;
        let callback = acme.world.walk(&url, "x").await.replace(&own, &theirs);
        assert_eq!(come_back(&mut kim, &callback).await.code(), "provider_login_stale");
    }

    /// Promise: `federation/kept-apart`
    async fn an_account_of_another_address_is_not_linked(app: TestApp) {
        let acme = Acme::set_up(app.engine(), &[kim()]).await;
        let mut sam = acme.app().person("sam@example.com").await;
        let answer = acme.links(&mut sam, KIM).await;
        assert_eq!(answer.code(), "address_of_others");
        // Somebody of acme, who had an account before, proves it and links.
        let mut kim = acme.app().person(KIM).await;
        assert_eq!(acme.comes(KIM).await.1.code(), "address_taken");
        assert_eq!(acme.links(&mut kim, KIM).await.status, 200);
        let (mut person, _) = acme.comes(KIM).await;
        assert_eq!(address_of(&mut person).await.as_deref(), Some(KIM));
        assert_eq!(acme.app().count("identities").await, 1);
    }

    /// Promise: `federation/kept-apart`
    async fn a_domain_that_was_lost_leads_nobody_in_any_more(app: TestApp) {
        let acme = Acme::set_up(app.engine(), &[kim()]).await;
        let (mut kim, _) = acme.comes(KIM).await;
        let domain = name("acme.example");
        assert!(operate::withdraw_domain(&acme.app().doorward, acme.tenant, &domain).await.unwrap());
        assert_eq!(acme.comes(KIM).await.1.code(), "address_of_others");
        // Neither to prove that it is still them, nor to keep as the only way in.
        let path = format!("/auth/providers/{}/reauthenticate", acme.name);
        let url = begin(&mut kim, &path, &[]).await;
        let callback = acme.world.walk(&url, KIM).await;
        assert_eq!(come_back(&mut kim, &callback).await.code(), "address_of_others");
        // Whoever has it next has another provider, and not these people.
        let owner = acme.app().account("eve@example.com").await;
        let other = acme.app().tenant("other", owner).await;
        verify(acme.app(), other, "acme.example").await;
        assert_eq!(acme.comes(KIM).await.1.code(), "address_of_others");
        verify_again(&acme, other).await;
        assert_eq!(acme.comes(KIM).await.1.status, 200);
    }

    /// What the provider answers is not believed any more when the tenant has given it up, or written something else about it, while
    /// it was asked.
    ///
    /// Promise: `connections/removed`
    async fn a_provider_that_goes_while_somebody_comes_lets_nobody_in(app: TestApp) {
        for rewritten in [true, false] {
            let acme = Acme::set_up(app.engine(), &[kim()]).await;
            let mut person = acme.app().visitor();
            let url = begin(&mut person, &format!("/auth/providers/{}", acme.name), &[]).await;
            let callback = acme.world.walk(&url, KIM).await;
            let (path, issuer) = (format!("{LIST}/{}", acme.name), acme.world.provider.text("issuer").to_owned());
            let (mut ola, mut comer) = (acme.ola.clone(), person.clone());
            let coming = async move { come_back(&mut comer, &callback).await };
            let changing = async move {
                match rewritten {
                    true => write(&mut ola, &path, &issuer).await,
                    false => ola.delete(&path).await,
                }
            };
            let both: [std::pin::Pin<Box<dyn Future<Output = Answer> + Send>>; 2] = [Box::pin(coming), Box::pin(changing)];
            let (_, answers) = meeting(acme.app(), About::SigningIn, both).await;
            let mut codes: Vec<_> = answers.iter().map(said).collect();
            codes.sort();
            assert_eq!(codes, [no(200, ""), no(400, "provider_login_stale")], "{rewritten}");
            assert_eq!((acme.app().count("identities").await, acme.app().count("accounts").await), (0, 1), "{rewritten}");
        }
    }

    /// Promise: `federation/kept-apart`
    async fn an_address_that_the_provider_does_not_vouch_for_makes_no_account(app: TestApp) {
        let claims = json!({ "sub": "kim-1", "login": "x", "email": KIM, "email_verified": false });
        let acme = Acme::set_up(app.engine(), &[claims]).await;
        assert_eq!(acme.comes("x").await.1.code(), "provider_address_unverified");
        assert_eq!(acme.app().count("accounts").await, 1);
        let mut kim = acme.app().visitor();
        let form = [("email", KIM), ("password", PASSWORD)];
        assert_eq!(kim.post("/auth/login", &form).await.status, 401);
    }

    async fn sign_up_is_what_the_operator_says(app: TestApp) {
        let mut acme = Acme::changed(app.engine(), &[kim()], |settings| settings.signup.open = false).await;
        assert_eq!(acme.write().await.status, 200);
        assert_eq!(acme.comes(KIM).await.1.code(), "signup_closed");
        let mut acme = Acme::changed(app.engine(), &[kim()], |settings| {
            settings.signup.open = false;
            settings.connections.sign_up = true;
        })
        .await;
        assert_eq!(acme.write().await.status, 200);
        assert_eq!(acme.comes(KIM).await.1.status, 200);
    }
}

/// Moves the domain back to acme.
async fn verify_again(acme: &Acme, other: TenantId) {
    let domain = name("acme.example");
    assert!(operate::withdraw_domain(&acme.app().doorward, other, &domain).await.unwrap());
    operate::verify_domain(&acme.app().doorward, acme.tenant, &domain).await.unwrap();
}
