//! Trying a provider before anybody needs it.

use std::{collections::BTreeMap, fmt::Write};

use axum::http::Method;
use serde_json::Value;

use super::*;
use crate::{
    operate::{Found, Trial},
    testing::{Engine, parts::Part},
};

const SECRET: &str = "a secret between two and nobody else";

/// What is tried, and what came of it.
fn found(trial: &Trial) -> BTreeMap<&'static str, Found> {
    trial.checks.iter().map(|check| (check.name, check.found)).collect()
}

/// The sentence of a check.
fn says<'t>(trial: &'t Trial, name: &str) -> &'t str {
    let check = trial.checks.iter().find(|check| check.name == name);
    check.map_or_else(|| panic!("no {name} in {:?}", trial.checks), |check| &check.says)
}

async fn tried(app: &TestApp, name: &str) -> Trial {
    operate::try_provider(&app.doorward, name).await.unwrap().unwrap()
}

/// A hostile provider, and a Doorward that knows each of these faults of it as a provider of its own, by its place in the list.
async fn hostile(engine: Engine, faults: &[String]) -> (TestApp, Part) {
    let client = json!({ "client_id": "doorward", "client_secret": SECRET });
    let part = Part::start("hostile.mjs", &json!({ "client": client }));
    let mut told = String::new();
    for (number, fault) in faults.iter().enumerate() {
        let issuer = format!("{}/{fault}", part.text("origin"));
        let own = format!("kind = \"openid\"\nissuer = \"{issuer}\"\nclient_id = \"doorward\"");
        writeln!(told, "[providers.f{number}]\n{own}\nclient_secret = \"{SECRET}\"").unwrap();
    }
    (app_with(engine, &told, |_| {}).await, part)
}

/// Promise: `federation/tried-first`
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_fault_of_a_description_is_found_and_explained() {
    let Value::Array(list) = Part::start("hostile.mjs", &Value::from("--list")).told.clone() else { panic!("no list") };
    let of = |what: &str| {
        list.iter().filter(|one| one["at"] == what).map(|one| one["name"].as_str().unwrap().to_owned()).collect()
    };
    let mut faults: Vec<String> = of("discovery");
    assert!(faults.len() >= 25, "{faults:?}");
    let keys =
        ["none", "for-encryption", "500", "hang", "slow", "huge", "redirect", "html", "empty", "array", "cut", "drop"];
    faults.extend(keys.iter().map(|name| format!("jwks-{name}")));
    let (app, _part) = hostile(Engine::Sqlite, &faults).await;
    let trials = faults.iter().enumerate().map(|(number, _)| {
        let doorward = app.doorward.clone();
        tokio::spawn(async move { operate::try_provider(&doorward, &format!("f{number}")).await.unwrap().unwrap() })
    });
    let mut missed = Vec::new();
    for (fault, trial) in faults.iter().zip(trials.collect::<Vec<_>>()) {
        let trial = trial.await.unwrap();
        let wrong: Vec<_> = trial.checks.iter().filter(|check| check.found == Found::Bad).collect();
        let is_told = wrong.iter().all(|check| check.says.len() > 40 && check.says.ends_with(['.', '?']));
        if trial.works() || wrong.is_empty() || !is_told || format!("{trial:?}").contains(SECRET) {
            missed.push(format!("{fault}: {:?}", trial.checks));
        }
    }
    assert!(missed.is_empty(), "{missed:#?}");
}

on_every_engine! {
    /// Promise: `federation/tried-first`
    async fn a_provider_that_works_is_told_so_and_nobody_is_logged_in(app: TestApp) {
        let world = World::with(app.engine(), &[ann()]).await;
        let trial = tried(&world.app, "id").await;
        assert!(trial.checks.iter().all(|check| check.found == Found::Good), "{:?}", trial.checks);
        assert_eq!(trial.redirect_uri, "http://localhost:4400/auth/providers/id/callback");
        let names = ["description", "issuer", "endpoints", "algorithms", "proof", "clock", "keys", "request", "secret"];
        assert_eq!(trial.checks.iter().map(|check| check.name).collect::<Vec<_>>(), names);
        assert!(!format!("{trial:?}").contains("a secret of the provider's"));
        for table in ["sessions", "identities", "provider_flows", "accounts"] {
            assert_eq!(world.app.count(table).await, 0, "{table}");
        }
        let event = events(&world.app, Action::ProviderTried).await.remove(0);
        assert_eq!((event.actor.as_str(), event.detail.as_deref(), event.result.as_str()), ("operator", Some("id"), "success"));
        assert_eq!(world.comes(ANN).await.1.status, 200, "and somebody comes in by it");
        assert!(operate::try_provider(&world.app.doorward, "google").await.unwrap().is_none());
    }

    /// Promise: `federation/tried-first`
    async fn what_is_wrong_on_our_side_is_found_before_anybody_comes(app: TestApp) {
        let world = World::with(app.engine(), &[ann()]).await;
        let change = async |members: Value| world.provider.desk(Method::PUT, "/client", &members).await;
        change(json!({ "redirect_uris": ["http://localhost:9/elsewhere"] })).await;
        let trial = tried(&world.app, "id").await;
        assert_eq!(found(&trial)["request"], Found::Bad);
        assert!(says(&trial, "request").contains("Register http://localhost:4400/auth/providers/id/callback there"), "{trial:?}");
        change(json!({ "redirect_uris": ["http://localhost:4400/auth/providers/id/callback"], "client_secret": "another" })).await;
        let trial = tried(&world.app, "id").await;
        let (request, secret) = (found(&trial)["request"], found(&trial)["secret"]);
        assert_eq!((request, secret, trial.works()), (Found::Good, Found::Bad, false), "{trial:?}");
        assert!(says(&trial, "secret").contains("invalid_client"), "{trial:?}");
        change(json!({ "client_secret": "a secret of the provider's" })).await;
        assert!(tried(&world.app, "id").await.works());
        world.app.wait(Duration::from_secs(300));
        let trial = tried(&world.app, "id").await;
        assert_eq!(found(&trial)["clock"], Found::Bad);
        assert!(says(&trial, "clock").contains("seconds ahead of its own"), "{trial:?}");
    }

    /// Promise: `federation/tried-first`
    async fn each_fault_is_told_where_it_is(app: TestApp) {
        let expected = [
            ("discovery-issuer-mismatch", "issuer", "write exactly this as `issuer`"),
            ("discovery-issuer-absent", "issuer", "does not say who it is"),
            ("discovery-no-token-endpoint", "endpoints", "`token_endpoint` is missing"),
            ("discovery-token-file", "endpoints", "`token_endpoint` is no https address"),
            ("discovery-authorization-script", "endpoints", "`authorization_endpoint` is no https address"),
            ("discovery-500", "description", "it answers 500"),
            ("discovery-redirect-home", "description", "redirects are not followed"),
            ("discovery-html", "description", "is no object of JSON"),
            ("discovery-huge", "description", "larger than 256 KiB"),
            ("jwks-none", "keys", "no key that signs with one of RS256"),
            ("jwks-for-encryption", "keys", "no key that signs"),
            ("jwks-500", "keys", "it answers 500"),
            ("jwks-link-local", "endpoints", "`jwks_uri` is no https address"),
        ];
        let faults: Vec<String> = expected.iter().map(|(fault, ..)| (*fault).to_owned()).collect();
        let (app, _part) = hostile(app.engine(), &faults).await;
        for (number, (fault, check, words)) in expected.iter().enumerate() {
            let trial = tried(&app, &format!("f{number}")).await;
            assert_eq!(found(&trial)[check], Found::Bad, "{fault}: {trial:?}");
            assert!(says(&trial, check).contains(words), "{fault}: {trial:?}");
            let before_keys = ["keys", "request", "secret"].map(|later| found(&trial)[later]);
            assert_eq!(*check == "keys", before_keys[2] == Found::Good, "{fault}: what needs the description is not tried without it");
        }
    }

    /// Promise: `federation/tried-first`
    async fn a_provider_without_openid_is_tried_too(app: TestApp) {
        let client = json!({
            "client_id": "doorward", "client_secret": SECRET, "name": "Doorward",
            "redirect_uri": "http://localhost:4400/auth/providers/github/callback",
        });
        let part = Part::start("github.mjs", &json!({ "client": client, "accounts": [] }));
        let (origin, api) = (part.text("origin"), part.text("api"));
        let lines = |name: &str, secret: &str| {
            let at = format!("kind = \"github\"\nissuer = \"{origin}\"\napi = \"{api}\"\nclient_id = \"doorward\"");
            format!("[providers.{name}]\n{at}\nclient_secret = \"{secret}\"\n")
        };
        let app = app_with(app.engine(), &[lines("github", SECRET), lines("wrong", "another")].concat(), |_| {}).await;
        let trial = tried(&app, "github").await;
        assert_eq!((trial.works(), found(&trial)["request"], found(&trial)["secret"]), (true, Found::Good, Found::Good), "{trial:?}");
        let trial = tried(&app, "wrong").await;
        assert_eq!(found(&trial)["secret"], Found::Bad, "{trial:?}");
    }

    /// Promise: `federation/tried-first`, `admin/audited`
    async fn an_operator_tries_a_provider_in_the_console(app: TestApp) {
        let world = World::with(app.engine(), &[ann()]).await;
        let account = world.app.account("root@example.com").await;
        operate::grant_operator(&world.app.doorward, account, vec!["admin".parse().unwrap()]).await.unwrap();
        let mut root = world.app.logged_in("root@example.com").await;
        let list = root.get("/auth/admin/providers").await.json();
        assert_eq!((&list["providers"][0]["name"], &list["providers"][0]["kind"]), (&"id".into(), &"openid".into()));
        assert_eq!(list["providers"][0]["redirect_uri"], "http://localhost:4400/auth/providers/id/callback");
        let answer = root.post("/auth/admin/providers/id/try", &[]).await;
        assert_eq!((answer.status, &answer.json()["works"]), (200, &true.into()), "{}", answer.text());
        assert_eq!(root.post("/auth/admin/providers/google/try", &[]).await.code(), "no_such_provider");
        let event = events(&world.app, Action::ProviderTried).await.remove(0);
        assert_eq!((event.actor, event.detail.as_deref()), (format!("operator:{account}"), Some("id")));
        world.provider.desk(Method::PUT, "/client", &json!({ "client_secret": "another" })).await;
        let mut browser = root.clone().in_browser();
        let token = root.csrf_token().await;
        let page = browser.post_with(&token, "/auth/admin/providers/id/try", &[]).await;
        assert_eq!(page.status, 200, "{}", page.text());
        for words in ["nobody can come in", "It does not take", "Try it", "Example ID"] {
            assert!(page.text().contains(words), "{words}: {}", page.text());
        }
        assert!(!page.text().contains("a secret of the provider"), "{}", page.text());
        let without = browser.post_with("", "/auth/admin/providers/id/try", &[]).await;
        assert_eq!(without.status, 403, "a form of another site tries nothing");
        assert_eq!(events(&world.app, Action::ProviderTried).await.len(), 2);
    }

    async fn an_operator_tries_so_often_in_an_hour(app: TestApp) {
        let (app, _part) = hostile(app.engine(), &["discovery-drop".to_owned()]).await;
        let account = app.account("root@example.com").await;
        operate::grant_operator(&app.doorward, account, vec!["admin".parse().unwrap()]).await.unwrap();
        let mut root = app.logged_in("root@example.com").await;
        for _ in 0..60 {
            assert_eq!(root.post("/auth/admin/providers/f0/try", &[]).await.status, 200);
        }
        let answer = root.post("/auth/admin/providers/f0/try", &[]).await;
        assert_eq!((answer.status, events(&app, Action::ProviderTried).await.len()), (429, 60));
    }
}
