//! Rows of the list of attacks that no other test here holds.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::{ANN, EVERYTHING, ann, text};
use crate::{
    on_every_engine, operate,
    testing::{
        TestApp,
        programs::{Program, part},
    },
    tokens::store::{self, Rotation},
};

/// Whether an access token is short, has a name and an audience, and says nothing of a person but who they are to us.
fn is_as_it_should_be(app: &TestApp, token: &str) {
    let claims = part(token, 1);
    let number = |name: &str| claims[name].as_i64().unwrap();
    assert!((60..=600).contains(&(number("exp") - number("iat"))), "{claims}");
    assert_eq!(claims["aud"], app.origin());
    assert!(claims["jti"].as_str().is_some_and(|name| name.len() == 22), "{claims}");
    for name in claims.as_object().unwrap().keys() {
        let known = [
            "iss",
            "sub",
            "aud",
            "exp",
            "iat",
            "jti",
            "client_id",
            "scope",
            "tenant",
            "permissions",
            "fam",
            "auth_time",
            "cnf",
        ];
        assert!(known.contains(&name.as_str()), "{name}");
    }
    let said = claims.to_string().to_lowercase();
    for private in ["ann", "@", "acme", "127.0.0.1"] {
        assert!(!said.contains(private), "{private}: {said}");
    }
}

on_every_engine! {
    /// Row J-27: a token of each grant, also where the settings let it live as long as they can.
    ///
    /// Promise: `tokens/short-lived`
    async fn no_access_token_says_more_or_lives_longer_than_needed(app: TestApp) {
        let mut ann = ann(&app).await;
        let acme = operate::tenant(&app.doorward, "acme").await.unwrap().unwrap().id;
        let longest = app.another_with(|settings| settings.tokens.access_lifetime = Duration::from_secs(600)).await;
        let (web, service) = (Program::web(&app).await, Program::service(&app, acme).await);
        let given = web.tokens(&app, &mut ann, &[EVERYTHING]).await;
        let mut refresh = text(&given, "refresh_token").to_owned();
        is_as_it_should_be(&app, text(&given, "access_token"));
        for node in [&app, &longest] {
            let renewed = web.refresh(node, &refresh).await.json();
            refresh = text(&renewed, "refresh_token").to_owned();
            is_as_it_should_be(&app, text(&renewed, "access_token"));
            let own = service.post(node, "/auth/oauth/token", &[("grant_type", "client_credentials")]).await.json();
            is_as_it_should_be(&app, text(&own, "access_token"));
        }
    }

    /// Row J-23: a hundred tokens at once, of two nodes, each with a name of its own.
    ///
    /// Promise: `tokens/short-lived`
    async fn no_two_tokens_have_one_name(app: TestApp) {
        let mut ann = ann(&app).await;
        let acme = operate::tenant(&app.doorward, "acme").await.unwrap().unwrap().id;
        let (service, web) = (Program::service(&app, acme).await, Program::web(&app).await);
        let first = text(&web.tokens(&app, &mut ann, &[EVERYTHING]).await, "refresh_token").to_owned();
        let nodes = [Arc::new(app.another().await), Arc::new(app.another().await)];
        let mut tasks = JoinSet::new();
        for number in 0..50 {
            let (node, service, web, first) = (nodes[number % 2].clone(), service.clone(), web.clone(), first.clone());
            tasks.spawn(async move {
                let own = service.post(&node, "/auth/oauth/token", &[("grant_type", "client_credentials")]).await.json();
                // The same refresh token, and not the same access token.
                [own, web.refresh(&node, &first).await.json()]
            });
        }
        let tokens = tasks.join_all().await.concat();
        let names: BTreeSet<_> = tokens.iter().map(|given| part(text(given, "access_token"), 1)["jti"].to_string()).collect();
        assert_eq!(names.len(), 100);
    }

    /// Row R-06: a renewal names a tenant, a person or a client in fields that mean nothing there.
    ///
    /// Promise: `tokens/bound`
    async fn nothing_that_is_said_moves_a_token_into_another_tenant(app: TestApp) {
        let mut owner = ann(&app).await;
        let web = Program::web(&app).await;
        let account = owner.get("/auth/session").await.json()["account"]["id"].as_str().unwrap().to_owned();
        let beta = app.tenant("beta", account.parse().unwrap()).await;
        let given = web.tokens(&app, &mut owner, &[EVERYTHING, ("tenant", "acme")]).await;
        let acme = part(text(&given, "access_token"), 1)["tenant"].clone();
        let mut refresh = text(&given, "refresh_token").to_owned();
        for name in ["tenant", "tenant_id", "choice", "organization", "audience", "sub", "username"] {
            for value in [beta.to_string(), "beta".to_owned()] {
                let form = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str()), (name, &value)];
                let renewed = web.post(&app, "/auth/oauth/token", &form).await.json();
                let claims = part(text(&renewed, "access_token"), 1);
                assert_eq!((&claims["tenant"], &claims["sub"]), (&acme, &json!(account)), "{name}");
                refresh = text(&renewed, "refresh_token").to_owned();
            }
        }
    }

    /// Row R-09: how many rows a statement has changed is what decides. Who comes too late has changed none, and is told so.
    ///
    /// Promise: `tokens/rotated`
    async fn who_changes_no_row_has_rotated_nothing(app: TestApp) {
        let mut ann = ann(&app).await;
        let web = Program::web(&app).await;
        let given = web.tokens(&app, &mut ann, &[EVERYTHING]).await;
        let parsed = |token: &str| doorward_core::Handled::<doorward_core::Refresh>::parse(token).unwrap();
        let first = parsed(text(&given, "refresh_token"));
        let second = parsed(&web.renewed(&app, text(&given, "refresh_token")).await.unwrap());
        let now = app.now();
        let generation = async || {
            app.db().list("SELECT generation FROM refresh_families", &[], |row| row.get::<i64>(0)).await.unwrap()
        };
        let rotated = async |old: &doorward_core::Handled<doorward_core::Refresh>| {
            let (old_digest, new) = (old.token().digest(), first.token().digest());
            let rotation = Rotation {
                handle: old.handle(), old: &old_digest, new: &new, now, access_until: now, idle_until: now,
            };
            store::rotate(app.db(), &rotation).await.unwrap()
        };
        assert!(!rotated(&first).await, "it was replaced already");
        assert_eq!(generation().await, [1], "and nothing was written");
        let family = store::find(app.db(), second.handle()).await.unwrap().unwrap();
        let mut tx = app.db().begin(crate::base::db::Durability::Full).await.unwrap();
        assert!(store::end(&mut tx, family.id).await.unwrap());
        assert!(!store::end(&mut tx, family.id).await.unwrap(), "it is ended once");
        tx.commit().await.unwrap();
        assert!(!rotated(&second).await, "there is no family any more");
        assert!(generation().await.is_empty());
    }

    /// Row R-09: renewals that meet the end of their family. Whichever comes first, nothing that they bring works afterwards.
    ///
    /// Promise: `tokens/ends-with`
    async fn a_renewal_that_meets_the_end_brings_nothing_back(app: TestApp) {
        let web = Program::web(&app).await;
        ann(&app).await;
        let app = Arc::new(app);
        for round in 0..8 {
            let mut person = app.logged_in(ANN).await;
            let given = web.tokens(&app, &mut person, &[EVERYTHING]).await;
            let mut tasks = JoinSet::new();
            for number in 0..6 {
                let (app, web, token) = (app.clone(), web.clone(), text(&given, "refresh_token").to_owned());
                tasks.spawn(async move {
                    tokio::time::sleep(Duration::from_millis(number * (round % 4))).await;
                    web.refresh(&app, &token).await.json()
                });
            }
            tokio::time::sleep(Duration::from_millis(round)).await;
            assert_eq!(person.post("/auth/logout/everywhere", &[]).await.status, 200);
            let brought = tasks.join_all().await;
            for answer in brought.iter().filter(|answer| answer["error"] == Value::Null) {
                assert_eq!(web.renewed(&app, text(answer, "refresh_token")).await, Err("invalid_grant".to_owned()));
                assert_eq!(web.introspect(&app, text(answer, "access_token")).await, json!({ "active": false }));
            }
            assert_eq!(app.count("refresh_families").await, 0);
        }
    }
}
