//! Linking a provider to an account, and taking it away.

use super::*;

const BOB: &str = "bob@example.com";

/// Links the account of this session; what the last step was answered.
async fn link(world: &World, person: &mut Actor, login: &str) -> Answer {
    let url = begin(person, "/auth/account/identities/link", &[("provider", "id")]).await;
    let callback = world.walk(&url, login).await;
    come_back(person, &callback).await
}

async fn unlink(world: &World, person: &mut Actor, subject: &str) -> Answer {
    let issuer = world.provider.text("issuer");
    person.post("/auth/account/identities/unlink", &[("issuer", &issuer), ("subject", subject)]).await
}

on_every_engine! {
    /// Promise: `federation/linked-by-its-person`
    async fn somebody_links_a_provider_and_comes_in_by_it(app: TestApp) {
        let world = World::with(app.engine(), &[ann()]).await;
        let mut bob = world.app.person(BOB).await;
        let before = bob.get("/auth/session").await.json();
        assert_eq!(link(&world, &mut bob, ANN).await.json()["linked"], true);
        assert_eq!(bob.get("/auth/session").await.json()["session"]["id"], before["session"]["id"], "the session is the same");
        assert_eq!(world.app.subjects_to(BOB).await.last().unwrap(), "A new way to log in to your account");
        let (mut again, _) = world.comes(ANN).await;
        assert_eq!(again.get("/auth/session").await.json()["account"]["id"], before["account"]["id"]);
        let list = bob.get("/auth/account/identities").await.json();
        let linked = &list["identities"][0];
        assert_eq!((&linked["subject"], &linked["address"]), (&"ann-1".into(), &ANN.into()));
        assert_eq!(list["has_password"], true);
        let event = events(&world.app, Action::IdentityLinked).await.remove(0);
        assert_eq!((event.result.as_str(), event.detail.as_deref()), ("success", Some("id")));
        assert_eq!(event.actor, format!("account:{}", before["account"]["id"].as_str().unwrap()));
        let page = bob.in_browser().get("/auth/account/identities").await.text();
        assert!(page.contains("Example ID") && page.contains(ANN) && page.contains("Unlink"), "{page}");
    }

    /// O-27.
    ///
    /// Promise: `federation/linked-by-its-person`
    async fn nobody_links_without_a_recent_proof_or_in_another_session(app: TestApp) {
        let world = World::with(app.engine(), &[ann()]).await;
        let mut bob = world.app.person(BOB).await;
        let url = begin(&mut bob, "/auth/account/identities/link", &[("provider", "id")]).await;
        let callback = world.walk(&url, ANN).await;
        // The session that began it has ended, and another person is logged in there.
        let mut cy = bob.clone();
        cy.cookies = world.app.person("cy@example.com").await.cookies;
        cy.cookies.insert("dev-provider".to_owned(), bob.cookies["dev-provider"].clone());
        let answer = come_back(&mut cy, &callback).await;
        assert_eq!((answer.status, answer.code().as_str()), (401, "not_signed_in"));
        assert_eq!(reasons(&world.app, Action::IdentityLinked).await, ["id: session_ended"]);
        let url = begin(&mut bob, "/auth/account/identities/link", &[("provider", "id")]).await;
        let callback = world.walk(&url, ANN).await;
        bob.post("/auth/logout", &[]).await;
        assert_eq!(come_back(&mut bob, &callback).await.code(), "not_signed_in");
        assert_eq!((world.app.count("identities").await, world.app.count("sessions").await), (0, 1));
        let mut bob = world.app.logged_in(BOB).await;
        world.app.wait(Duration::from_secs(300));
        let answer = bob.post("/auth/account/identities/link", &[("provider", "id")]).await;
        assert_eq!(answer.code(), "reauthentication_required");
        assert_eq!(bob.get("/auth/account/identities").await.code(), "reauthentication_required");
    }

    /// Promise: `federation/linked-by-its-person`
    async fn an_identity_leads_into_one_account(app: TestApp) {
        let world = World::with(app.engine(), &[ann()]).await;
        world.comes(ANN).await;
        let mut bob = world.app.person(BOB).await;
        let answer = link(&world, &mut bob, ANN).await;
        assert_eq!((answer.status, answer.code().as_str()), (409, "identity_taken"));
        assert_eq!(reasons(&world.app, Action::IdentityLinked).await, ["id: identity_of_another"]);
        let (mut ann, _) = world.comes(ANN).await;
        assert_eq!(ann.get("/auth/session").await.json()["account"]["email"], ANN);
        assert_eq!(link(&world, &mut ann, ANN).await.json()["linked"], true, "what is so already is no mistake");
        assert_eq!(world.app.count("identities").await, 1);
    }

    /// O-29.
    ///
    /// Promise: `federation/last-way-in`
    async fn the_last_way_in_stays(app: TestApp) {
        let world = World::with(app.engine(), &[ann()]).await;
        let (mut ann, _) = world.comes(ANN).await;
        let answer = unlink(&world, &mut ann, "ann-1").await;
        assert_eq!((answer.status, answer.code().as_str()), (409, "last_way_in"));
        assert_eq!(events(&world.app, Action::IdentityUnlinked).await[0].result, "denied");
        assert_eq!(ann.post("/auth/password/change", &[("new_password", PASSWORD)]).await.status, 200, "who has just come in sets one");
        assert_eq!(unlink(&world, &mut ann, "ann-1").await.json()["unlinked"], true);
        assert_eq!(world.app.subjects_to(ANN).await.last().unwrap(), "A way to log in to your account was removed");
        assert_eq!(world.comes(ANN).await.1.code(), "address_taken");
        assert_eq!(world.app.logged_in(ANN).await.get("/auth/session").await.status, 200);
    }

    async fn nobody_unlinks_what_is_another_accounts(app: TestApp) {
        let world = World::with(app.engine(), &[ann()]).await;
        world.comes(ANN).await;
        let mut bob = world.app.person(BOB).await;
        assert_eq!(unlink(&world, &mut bob, "ann-1").await.code(), "identity_unknown");
        assert_eq!(unlink(&world, &mut bob, "nobody").await.code(), "identity_unknown");
        assert_eq!(world.app.count("identities").await, 1);
        world.app.wait(Duration::from_secs(300));
        assert_eq!(unlink(&world, &mut bob, "ann-1").await.code(), "reauthentication_required");
    }

    /// A provider that was taken out of the settings lets nobody in, so it is no way in that would be left.
    ///
    /// Promise: `federation/last-way-in`
    async fn a_provider_of_the_past_is_no_way_in(app: TestApp) {
        let world = World::with(app.engine(), &[ann()]).await;
        let (mut ann, _) = world.comes(ANN).await;
        let account = ann.get("/auth/session").await.json()["account"]["id"].as_str().unwrap().to_owned();
        let sql = "INSERT INTO identities (issuer, subject, account, provider, created_at, used_at)
            VALUES ('https://old.example', 'x', $1, 'old', 0, 0)";
        let mut tx = world.app.db().begin(operate::Durability::Full).await.unwrap();
        tx.execute(sql, &[&account]).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(unlink(&world, &mut ann, "ann-1").await.code(), "last_way_in");
        let form = [("issuer", "https://old.example"), ("subject", "x")];
        assert_eq!(ann.post("/auth/account/identities/unlink", &form).await.json()["unlinked"], true);
        let page = ann.in_browser().get("/auth/account").await.text();
        assert!(page.contains("You have none.") || page.contains("Ways to log in"), "{page}");
    }
}
