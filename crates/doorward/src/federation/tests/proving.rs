//! Proving by a provider that it is still the same person, for people without a password.

use super::*;

async fn proof(world: &World, person: &mut Actor, login: &str) -> (String, Answer) {
    let url = begin(person, "/auth/providers/id/reauthenticate", &[("return_to", "/auth/password/change")]).await;
    let callback = world.walk(&url, login).await;
    (url, come_back(person, &callback).await)
}

on_every_engine! {
    /// Promise: `federation/proved-anew`
    async fn somebody_without_a_password_proves_that_it_is_them(app: TestApp) {
        let world = World::with(app.engine(), &[ann()]).await;
        let (mut ann, _) = world.comes(ANN).await;
        // The provider's clock is not ours to move, so the proof is made older.
        let mut tx = world.app.db().begin(operate::Durability::Full).await.unwrap();
        tx.execute("UPDATE sessions SET proved_at = proved_at - 360000000", &[]).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(ann.post("/auth/password/change", &[("new_password", PASSWORD)]).await.code(), "reauthentication_required");
        let page = ann.clone().in_browser().get("/auth/reauthenticate").await.text();
        assert!(page.contains("Continue with Example ID") && !page.contains("type=\"password\""), "{page}");
        let before = ann.session_cookie().unwrap().to_owned();
        world.app.wait(Duration::from_secs(5));
        let (url, answer) = proof(&world, &mut ann, ANN).await;
        assert!(url.contains("prompt=login") && url.contains("max_age=0"), "{url}");
        assert_eq!((answer.status, &answer.json()["reauthenticated"]), (200, &true.into()), "{}", answer.text());
        assert_ne!(ann.session_cookie().unwrap(), before, "the session has a new secret");
        let who = ann.get("/auth/session").await.json();
        assert_eq!(who["session"]["proved_at"], world.app.now().as_secs());
        let event = events(&world.app, Action::Reauthentication).await.remove(0);
        assert_eq!((event.result.as_str(), event.factors.as_deref(), event.detail.as_deref()), ("success", Some("provider"), Some("id")));
        assert_eq!(ann.post("/auth/password/change", &[("new_password", PASSWORD)]).await.status, 200);
    }

    /// Promise: `federation/proved-anew`
    async fn somebody_else_at_the_provider_proves_nothing(app: TestApp) {
        let bob = json!({ "sub": "bob", "login": "bob", "password": "password", "email": "bob@example.com", "email_verified": true });
        let world = World::with(app.engine(), &[ann(), bob]).await;
        world.comes("bob").await;
        let (mut ann, _) = world.comes(ANN).await;
        let before = ann.session_cookie().unwrap().to_owned();
        let (_, answer) = proof(&world, &mut ann, "bob").await;
        assert_eq!((answer.status, answer.code().as_str()), (403, "wrong_account"));
        assert_eq!(ann.session_cookie().unwrap(), before);
        assert_eq!(reasons(&world.app, Action::Reauthentication).await, ["id: wrong_account"]);
    }

    /// A provider that answers without asking, because somebody is logged in there, proves nothing about who sits there now.
    ///
    /// Promise: `federation/proved-anew`
    async fn an_old_proof_of_the_provider_is_none(app: TestApp) {
        let world = World::with(app.engine(), &[ann()]).await;
        let (mut ann, _) = world.comes(ANN).await;
        // The provider's clock goes by the hour behind ours: what it calls new is old here.
        world.app.wait(Duration::from_secs(120));
        let url = begin(&mut ann, "/auth/providers/id/reauthenticate", &[]).await;
        let callback = world.walk(&url, ANN).await;
        let answer = come_back(&mut ann, &callback).await;
        assert_eq!((answer.status, answer.code().as_str()), (403, "not_proved"));
        assert_eq!(reasons(&world.app, Action::Reauthentication).await, ["id: not_proved_anew"]);
    }

    async fn whoever_has_a_password_and_no_provider_is_asked_for_it_as_before(app: TestApp) {
        let world = World::with(app.engine(), &[ann()]).await;
        let bob = world.app.person("bob@example.com").await;
        let page = bob.in_browser().get("/auth/reauthenticate").await.text();
        assert!(page.contains("type=\"password\"") && !page.contains("Example ID"), "{page}");
    }

    async fn a_session_is_no_proof_at_the_provider(app: TestApp) {
        let world = World::with(app.engine(), &[ann()]).await;
        assert_eq!(world.app.visitor().post("/auth/providers/id/reauthenticate", &[]).await.code(), "not_signed_in");
        assert_eq!(world.app.count("provider_flows").await, 0);
    }
}
