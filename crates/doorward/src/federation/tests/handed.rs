//! What a provider hands out besides, where a setting keeps it.

use axum::http::{Method, Request};
use doorward_core::AccountId;
use serde_json::Value;

use super::*;
use crate::{ProviderTokenError, testing::Engine};

const KEPT: &str = "keep_tokens = true\nscopes = [\"offline_access\"]";

async fn keeping(engine: Engine) -> World {
    let bob = json!({ "sub": "bob", "login": "bob", "password": "password", "email": "bob@example.com", "email_verified": true });
    World::changed(engine, &[ann(), bob], KEPT, |_| {}).await
}

async fn account_of(person: &mut Actor) -> AccountId {
    person.get("/auth/session").await.json()["account"]["id"].as_str().unwrap().parse().unwrap()
}

async fn token(world: &World, account: AccountId) -> Option<String> {
    world.app.doorward.provider_token(account, "id").await.unwrap().map(crate::ProviderToken::reveal)
}

/// Whom the provider knows by this token.
async fn known_by(world: &World, token: &str) -> Value {
    let at = format!("{}/me", world.provider.text("issuer"));
    let request =
        Request::get(&at).header("authorization", format!("Bearer {token}")).body(Default::default()).unwrap();
    world.app.visitor().exchange(request).await.json()
}

async fn change(world: &World, sql: &'static str) {
    let mut tx = world.app.db().begin(operate::Durability::Full).await.unwrap();
    tx.batch(sql).await.unwrap();
    tx.commit().await.unwrap();
}

on_every_engine! {
    /// Promise: `federation/own-session`
    async fn without_the_setting_nothing_is_kept(app: TestApp) {
        let world = World::with(app.engine(), &[ann()]).await;
        let (mut ann, _) = world.comes(ANN).await;
        assert_eq!(world.app.count("provider_tokens").await, 0);
        assert!(token(&world, account_of(&mut ann).await).await.is_none());
    }

    /// Promise: `federation/tokens-sealed`, `federation/tokens-renewed`
    async fn a_kept_token_works_and_is_sealed_and_no_browser_gets_it(app: TestApp) {
        let world = keeping(app.engine()).await;
        let (mut ann, answer) = world.comes(ANN).await;
        let account = account_of(&mut ann).await;
        let token = token(&world, account).await.unwrap();
        assert_eq!(known_by(&world, &token).await["sub"], "ann-1");
        let rows: Vec<Vec<u8>> = world.app.db().list("SELECT sealed FROM provider_tokens", &[], |row| row.get(0)).await.unwrap();
        assert_eq!(rows.len(), 1);
        let shown = [
            answer.text(), ann.get("/auth/account/identities").await.text(), ann.get("/auth/session").await.text(),
            ann.clone().in_browser().get("/auth/account").await.text(), String::from_utf8_lossy(&rows[0]).into_owned(),
        ];
        for text in shown {
            assert!(!text.contains(&token) && !text.contains("access\""), "{text}");
        }
        assert!(world.app.doorward.provider_token(account, "google").await.unwrap().is_none());
        operate::disable(&world.app.doorward, account).await.unwrap();
        assert!(world.app.doorward.provider_token(account, "id").await.unwrap().is_none(), "a disabled account is not acted for");
    }

    /// Somebody who can write into the database gives themselves the row of somebody else.
    ///
    /// Promise: `federation/tokens-sealed`
    async fn a_stolen_row_opens_for_nobody_else(app: TestApp) {
        let world = keeping(app.engine()).await;
        let (mut ann, _) = world.comes(ANN).await;
        let (mut bob, _) = world.comes("bob").await;
        let (ann, bob) = (account_of(&mut ann).await, account_of(&mut bob).await);
        let before = token(&world, bob).await.unwrap();
        assert_ne!(Some(before), token(&world, ann).await);
        // What is under Ann's seal, in Bob's row.
        change(&world, "UPDATE provider_tokens SET sealed = (SELECT of_ann.sealed FROM provider_tokens of_ann
            WHERE of_ann.subject = 'ann-1') WHERE subject = 'bob'").await;
        assert!(token(&world, ann).await.is_some() && token(&world, bob).await.is_none());
        // Ann's row, for Bob's account.
        change(&world, "DELETE FROM provider_tokens").await;
        let (mut again, _) = world.comes(ANN).await;
        assert!(token(&world, account_of(&mut again).await).await.is_some());
        let mut tx = world.app.db().begin(operate::Durability::Full).await.unwrap();
        tx.execute("UPDATE provider_tokens SET account = $1", &[&bob]).await.unwrap();
        tx.commit().await.unwrap();
        assert!(token(&world, bob).await.is_none(), "it was sealed for Ann");
        for sql in ["UPDATE provider_tokens SET subject = 'bob'", "UPDATE provider_tokens SET issuer = 'https://else.example'"] {
            change(&world, "DELETE FROM provider_tokens").await;
            world.comes(ANN).await;
            assert!(token(&world, ann).await.is_some());
            change(&world, sql).await;
            assert!(token(&world, ann).await.is_none(), "{sql}");
        }
    }

    /// Promise: `federation/tokens-end`
    async fn kept_tokens_go_with_what_they_belong_to(app: TestApp) {
        let world = keeping(app.engine()).await;
        let kept = async || world.app.count("provider_tokens").await;
        let (mut ann, _) = world.comes(ANN).await;
        let account = account_of(&mut ann).await;
        assert_eq!(kept().await, 1);
        assert_eq!(ann.post("/auth/password/change", &[("new_password", PASSWORD)]).await.status, 200);
        let form = [("issuer", world.provider.text("issuer")), ("subject", "ann-1".to_owned())];
        let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
        assert_eq!(ann.post("/auth/account/identities/unlink", &form).await.json()["unlinked"], true);
        assert_eq!(kept().await, 0, "unlinked");
        let url = begin(&mut ann, "/auth/account/identities/link", &[("provider", "id")]).await;
        let callback = world.walk(&url, ANN).await;
        assert_eq!(come_back(&mut ann, &callback).await.json()["linked"], true);
        assert_eq!(kept().await, 1, "linked");
        operate::delete(&world.app.doorward, account).await.unwrap();
        assert_eq!(kept().await, 0, "the account is gone");
        world.comes("bob").await;
        assert_eq!(kept().await, 1);
        change(&world, "UPDATE provider_tokens SET provider = 'before'").await;
        crate::features::purge(world.app.doorward.context()).await.unwrap();
        assert_eq!(kept().await, 0, "the settings keep nothing of such a provider");
    }

    /// A reset takes away the ways in by which another address is vouched for, and what was kept of them.
    ///
    /// Promise: `federation/tokens-end`
    async fn a_reset_drops_what_whoever_had_the_account_has_linked(app: TestApp) {
        let world = keeping(app.engine()).await;
        let mut cy = world.app.person("cy@example.com").await;
        let url = begin(&mut cy, "/auth/account/identities/link", &[("provider", "id")]).await;
        let callback = world.walk(&url, ANN).await;
        assert_eq!(come_back(&mut cy, &callback).await.json()["linked"], true);
        assert_eq!(world.app.count("provider_tokens").await, 1);
        world.app.visitor().post("/auth/password/forgot", &[("email", "cy@example.com")]).await;
        let token = world.app.token_for("cy@example.com").await;
        let form = [("token", token.as_str()), ("new_password", "another password altogether")];
        let answer = world.app.visitor().post("/auth/password/reset", &form).await;
        assert!(answer.status < 400, "{}", answer.text());
        assert_eq!((world.app.count("identities").await, world.app.count("provider_tokens").await), (0, 0));
    }

    /// Promise: `federation/tokens-renewed`
    async fn a_token_that_is_over_is_renewed_by_one(app: TestApp) {
        let world = keeping(app.engine()).await;
        let (mut ann, _) = world.comes(ANN).await;
        let account = account_of(&mut ann).await;
        let first = token(&world, account).await.unwrap();
        assert_eq!((token(&world, account).await.as_ref(), world.seen("POST /token").await), (Some(&first), 1), "nobody is asked");
        world.app.wait(Duration::from_secs(3600));
        let world = std::sync::Arc::new(world);
        let asking = (0..10).map(|_| {
            let world = std::sync::Arc::clone(&world);
            tokio::spawn(async move { token(&world, account).await.unwrap() })
        });
        let mut all = Vec::new();
        for one in asking.collect::<Vec<_>>() {
            all.push(one.await.unwrap());
        }
        assert!(all.iter().all(|one| *one == all[0] && *one != first), "{}", all.len());
        assert_eq!(world.seen("POST /token").await, 2, "one has asked");
        assert_eq!(known_by(&world, &all[0]).await["sub"], "ann-1");
        world.app.wait(Duration::from_secs(3600));
        assert_ne!(token(&world, account).await.unwrap(), all[0], "and again, with what came instead");
    }

    /// Promise: `federation/tokens-renewed`
    async fn where_the_provider_gives_no_other_one_its_person_has_to_come_again(app: TestApp) {
        let world = keeping(app.engine()).await;
        let (mut ann, _) = world.comes(ANN).await;
        let account = account_of(&mut ann).await;
        world.app.wait(Duration::from_secs(3600));
        world.provider.desk(Method::PUT, "/client", &json!({ "client_secret": "another" })).await;
        let refused = world.app.doorward.provider_token(account, "id").await.map(drop);
        assert!(matches!(refused, Err(ProviderTokenError::Unavailable)), "{refused:?}");
        assert_eq!(world.app.count("provider_tokens").await, 1, "what is wrong on our side ends nothing");
        world.provider.desk(Method::PUT, "/client", &json!({ "client_secret": "a secret of the provider's" })).await;
        world.provider.desk(Method::PUT, "/accounts", &json!([])).await;
        let refused = world.app.doorward.provider_token(account, "id").await.map(drop);
        assert!(matches!(refused, Err(ProviderTokenError::Over)), "{refused:?}");
        assert_eq!(world.app.count("provider_tokens").await, 0);
        assert!(token(&world, account).await.is_none());
    }

    /// Promise: `federation/tokens-sealed`
    async fn what_is_kept_is_worth_nothing_without_its_master_key(app: TestApp) {
        let world = keeping(app.engine()).await;
        let (mut ann, _) = world.comes(ANN).await;
        let account = account_of(&mut ann).await;
        assert!(token(&world, account).await.is_some());
        world.app.doorward.replace_keys(other_keys());
        assert!(token(&world, account).await.is_none());
    }
}

/// A ring without any key of before.
fn other_keys() -> doorward_core::KeyRing {
    let secret = doorward_core::Secret::new((0..32).collect());
    let key = doorward_core::Key { id: 77, signs_from: doorward_core::Timestamp::from_secs(0), secret };
    doorward_core::KeyRing::new(vec![key]).unwrap()
}
