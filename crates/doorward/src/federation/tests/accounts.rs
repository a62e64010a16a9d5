//! Whose account it is: known by issuer and subject, never by an address.

use super::*;

fn named(sub: &str, email: &str, verified: bool) -> serde_json::Value {
    json!({ "sub": sub, "login": sub, "password": "password", "email": email, "email_verified": verified })
}

on_every_engine! {
    /// Promise: `federation/never-merged`
    async fn an_address_that_has_an_account_is_not_handed_over(app: TestApp) {
        let world = World::with(app.engine(), &[ann()]).await;
        world.app.account(ANN).await;
        let (mut stranger, answer) = world.comes(ANN).await;
        assert_eq!((answer.status, answer.code().as_str()), (409, "address_taken"));
        assert!(!stranger.is_signed_in().await);
        assert_eq!(reasons(&world.app, Action::Login).await, ["id: address_taken"]);
        assert_eq!(world.app.count("identities").await, 0);
        let answer = world.app.visitor().post("/auth/login", &[("email", ANN), ("password", PASSWORD)]).await;
        assert_eq!(answer.status, 200, "it is as it was");
    }

    /// Promise: `federation/by-identity`
    async fn another_subject_with_the_same_address_is_somebody_else(app: TestApp) {
        let world = World::with(app.engine(), &[named("one", ANN, true), named("two", ANN, true)]).await;
        assert_eq!(world.comes("one").await.1.status, 200);
        assert_eq!(world.comes("two").await.1.code(), "address_taken");
        assert_eq!(world.app.count("accounts").await, 1);
    }

    /// Promise: `federation/by-identity`
    async fn whoever_changes_their_address_there_is_still_the_same_here(app: TestApp) {
        let world = World::with(app.engine(), &[named("one", ANN, true)]).await;
        world.comes("one").await;
        let accounts = json!([named("one", "ann@other.example", true), named("two", ANN, true)]);
        world.provider.desk(axum::http::Method::PUT, "/accounts", &accounts).await;
        let (mut ann, _) = world.comes("one").await;
        assert_eq!(ann.get("/auth/session").await.json()["account"]["email"], ANN, "the account keeps its own address");
        assert_eq!(world.comes("two").await.1.code(), "address_taken", "and whoever has it there now is not its person");
    }

    /// Promise: `federation/vouched`
    async fn an_address_that_nobody_vouches_for_is_none(app: TestApp) {
        let accounts = [named("unverified", "un@example.com", false),
            json!({ "sub": "silent", "login": "silent", "password": "password", "email": "si@example.com" }),
            json!({ "sub": "text", "login": "text", "password": "password", "email": "te@example.com", "email_verified": "true" }),
            json!({ "sub": "none", "login": "none", "password": "password" }), named("malformed", "not an address", true)];
        let world = World::with(app.engine(), &accounts).await;
        for (login, code) in [("unverified", "provider_address_unverified"), ("silent", "provider_address_unverified"),
            ("text", "provider_address_unverified"), ("none", "provider_address_missing"), ("malformed", "provider_address_missing")] {
            let (mut person, answer) = world.comes(login).await;
            assert_eq!((answer.status, answer.code().as_str()), (403, code), "{login}");
            assert!(!person.is_signed_in().await, "{login}");
        }
        assert_eq!((world.app.count("accounts").await, reasons(&world.app, Action::Login).await.len()), (0, 5));
    }

    /// O-23, O-24: an account that was prepared for somebody else does not exist before they have confirmed it, and dies when they
    /// come another way.
    ///
    /// Promise: `federation/no-squatters`
    async fn what_strangers_began_with_the_address_dies(app: TestApp) {
        let world = World::with(app.engine(), &[ann()]).await;
        let mut mallory = world.app.visitor();
        assert_eq!(mallory.post("/auth/signup", &[("email", ANN), ("password", PASSWORD)]).await.status, 202);
        let link = world.app.token_for(ANN).await;
        let (mut ann, answer) = world.comes(ANN).await;
        assert_eq!(answer.status, 200);
        assert_eq!(world.app.count("signups").await, 0);
        let form = [("token", link.as_str()), ("password", PASSWORD)];
        assert_eq!(mallory.post("/auth/email/verify", &form).await.code(), "link_spent");
        assert_eq!(mallory.post("/auth/login", &[("email", ANN), ("password", PASSWORD)]).await.status, 401);
        assert!(ann.is_signed_in().await && !mallory.is_signed_in().await);
    }

    /// O-24: whoever had the account for a while keeps no way into it by a provider of theirs.
    ///
    /// Promise: `federation/no-squatters`
    async fn a_reset_ends_the_ways_in_that_somebody_else_has_made(app: TestApp) {
        let world = World::with(app.engine(), &[named("mallory", "mallory@example.com", true), named("ann", ANN, true)]).await;
        let mut mallory = world.app.person(ANN).await;
        for login in ["mallory", "ann"] {
            let url = begin(&mut mallory, "/auth/account/identities/link", &[("provider", "id")]).await;
            let callback = world.walk(&url, login).await;
            assert_eq!(come_back(&mut mallory, &callback).await.status, 200, "{login}");
        }
        world.app.visitor().post("/auth/password/forgot", &[("email", ANN)]).await;
        let token = world.app.token_for(ANN).await;
        let form = [("token", token.as_str()), ("new_password", "a quite different passphrase")];
        assert_eq!(world.app.visitor().post("/auth/password/reset", &form).await.status, 200);
        assert!(!mallory.is_signed_in().await);
        let (mut mallory, _) = world.comes("mallory").await;
        assert_eq!(mallory.get("/auth/session").await.json()["account"]["email"], "mallory@example.com", "an account of their own");
        let (mut ann, _) = world.comes("ann").await;
        assert_eq!(ann.get("/auth/session").await.json()["account"]["email"], ANN, "by the same mailbox she still comes in");
        assert_eq!(events(&world.app, Action::IdentityUnlinked).await.len(), 1);
    }

    async fn where_sign_up_is_closed_nobody_gets_an_account_unless_the_provider_may(app: TestApp) {
        let cases = [("", false, "signup_closed"), ("sign_up = false", true, "signup_closed"), ("sign_up = true", false, "")];
        for (lines, open, code) in cases {
            let world = World::changed(app.engine(), &[ann()], lines, |settings| settings.signup.open = open).await;
            let (_, answer) = world.comes(ANN).await;
            assert_eq!(answer.code(), code, "{lines} {open}: {}", answer.text());
            assert_eq!(world.app.count("accounts").await, i64::from(code.is_empty()));
        }
    }

    /// Promise: `federation/limits`
    async fn only_people_of_the_domains_that_are_listed_come_in(app: TestApp) {
        let accounts = [named("one", "ann@corp.com", true), named("two", "ann@exploitcorp.com", true),
            named("three", "ann@sub.corp.com", true), named("four", "ann@corp.com.evil.example", true),
            named("five", "bob@corp.com", false)];
        let world = World::changed(app.engine(), &accounts, "domains = [\"Corp.com\"]", |_| {}).await;
        for login in ["two", "three", "four", "five"] {
            assert_eq!(world.comes(login).await.1.code(), "provider_account_not_allowed", "{login}");
        }
        assert_eq!(world.comes("one").await.1.status, 200);
        assert_eq!(reasons(&world.app, Action::Login).await, vec!["id: domain_not_allowed"; 4]);
    }

    /// C-10.
    ///
    /// Promise: `federation/by-identity`
    async fn twenty_who_come_first_at_once_make_one_account(app: TestApp) {
        let world = World::with(app.engine(), &[ann()]).await;
        let mut coming = Vec::new();
        for _ in 0..20 {
            let mut browser = world.app.visitor();
            let url = begin(&mut browser, "/auth/providers/id", &[]).await;
            let callback = world.walk(&url, ANN).await;
            coming.push(async move { come_back(&mut browser, &callback).await });
        }
        let answers: Vec<Answer> = at_once(coming).await;
        let statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
        assert_eq!(statuses, [200; 20], "{}", answers.iter().map(Answer::text).collect::<String>());
        assert_eq!((world.app.count("accounts").await, world.app.count("identities").await), (1, 1));
        assert_eq!((world.app.count("sessions").await, events(&world.app, Action::SignupCompleted).await.len()), (20, 1));
    }

    async fn with_the_account_goes_what_the_provider_had_to_do_with_it(app: TestApp) {
        let world = World::with(app.engine(), &[ann()]).await;
        let (mut ann, _) = world.comes(ANN).await;
        let account = ann.get("/auth/session").await.json()["account"]["id"].as_str().unwrap().parse().unwrap();
        operate::delete(&world.app.doorward, account).await.unwrap();
        assert_eq!(world.app.count("identities").await, 0);
        let (mut again, _) = world.comes(ANN).await;
        assert_ne!(again.get("/auth/session").await.json()["account"]["id"], account.to_string(), "it is a new account");
    }
}
