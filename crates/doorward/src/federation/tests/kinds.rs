//! Providers of other kinds, each with a counterpart of its own.

use axum::http::Method;
use serde_json::Value;

use super::*;
use crate::testing::{Engine, parts::Part};

/// Comes in by the provider `name` of an app, walking the forms of its counterpart.
async fn comes(app: &TestApp, part: &Part, name: &str, login: &str) -> (Actor, Answer) {
    let mut person = app.visitor();
    let url = begin(&mut person, &format!("/auth/providers/{name}"), &[]).await;
    let walk = json!({ "url": url, "login": login, "password": "password" });
    let walked = part.desk(Method::POST, "/walk", &walk).await;
    let callback = walked.json()["callback"].as_str().unwrap_or_else(|| panic!("{}", walked.text())).to_owned();
    let answer = come_back(&mut person, &callback).await;
    (person, answer)
}

fn mail(address: &str, primary: bool, verified: bool) -> Value {
    json!({ "email": address, "primary": primary, "verified": verified, "visibility": null })
}

async fn github(engine: Engine) -> (TestApp, Part) {
    let accounts = json!([
        { "login": "octo", "id": 583_231, "name": null, "email": null,
          "emails": [mail("old@example.com", false, true), mail("octo@example.com", true, true)] },
        { "login": "liar", "id": 7, "name": "A Liar", "email": "victim@example.com", "emails": [mail("liar@example.com", true, true)] },
        { "login": "unsure", "id": 8, "emails": [mail("unsure@example.com", true, false), mail("other@example.com", false, true)] },
    ]);
    let client = json!({
        "client_id": "doorward", "client_secret": "a secret", "name": "Doorward", "accepts_unverified": true,
        "redirect_uri": "http://localhost:4400/auth/providers/github/callback",
    });
    let part = Part::start("github.mjs", &json!({ "client": client, "accounts": accounts }));
    let (origin, api) = (part.text("origin"), part.text("api"));
    let told = format!(
        "[providers.github]\nkind = \"github\"\nissuer = \"{origin}\"\napi = \"{api}\"\nclient_id = \"doorward\"\n\
         client_secret = \"a secret\"\n[providers.other]\nkind = \"github\"\nissuer = \"{origin}\"\napi = \"{api}\"\n\
         client_id = \"doorward\"\nclient_secret = \"a secret\"\n"
    );
    (app_with(engine, &told, |_| {}).await, part)
}

/// Apple, with a service of ours.
async fn apple(engine: Engine, key: Option<&str>) -> (TestApp, Part) {
    let accounts = json!([
        { "login": "ann", "sub": "001.ann", "email": "ann@example.com", "email_verified": "true", "name": { "firstName": "Ann" } },
        { "login": "hidden", "sub": "002.hid", "email": "x@privaterelay.appleid.com", "email_verified": true, "is_private_email": "true" },
        { "login": "unsure", "sub": "003.uns", "email": "unsure@example.com", "email_verified": "false" },
    ]);
    let client = json!({
        "client_id": "com.example.web", "team_id": "TEAM", "key_id": "KEY",
        "redirect_uri": "http://localhost:4400/auth/providers/apple/callback",
    });
    let part = Part::start("apple.mjs", &json!({ "client": client, "accounts": accounts }));
    let (origin, own) = (part.text("origin"), part.text("key"));
    let told = format!(
        "[providers.apple]\nkind = \"apple\"\nissuer = \"{origin}\"\nclient_id = \"com.example.web\"\nteam_id = \"TEAM\"\n\
         key_id = \"KEY\"\nkey = \"\"\"\n{}\"\"\"\n",
        key.unwrap_or(&own)
    );
    (app_with(engine, &told, |_| {}).await, part)
}

/// Comes in by Apple, whose answer is a form that the person's browser sends from Apple's site.
async fn comes_by_form(app: &TestApp, part: &Part, login: &str) -> (Actor, Answer) {
    let mut person = app.visitor();
    let url = begin(&mut person, "/auth/providers/apple", &[]).await;
    let walk = json!({ "url": url, "login": login, "password": "password" });
    let walked = part.desk(Method::POST, "/walk", &walk).await.json();
    let fields: Vec<_> = walked["form"].as_object().unwrap_or_else(|| panic!("{walked}")).iter().collect();
    let pairs = fields.iter().map(|(name, value)| (name.as_str(), value.as_str().unwrap()));
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    let mut form = app.visitor().in_browser();
    form.set_header("origin", &part.text("origin"));
    form.set_header("sec-fetch-site", "cross-site");
    let path = "/auth/providers/apple/callback";
    let landed = form.send(Method::POST, path, &body, Some("application/x-www-form-urlencoded")).await;
    assert_eq!(landed.status, 303, "{}", landed.text());
    let answer = come_back(&mut person, &format!("http://localhost:4400{}", landed.header("location"))).await;
    (person, answer)
}

on_every_engine! {
    /// Promise: `federation/vouched`, `federation/by-identity`
    async fn somebody_comes_in_by_github(app: TestApp) {
        let (app, part) = github(app.engine()).await;
        let (mut octo, answer) = comes(&app, &part, "github", "octo").await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let who = octo.get("/auth/session").await.json();
        let account = &who["account"];
        assert_eq!((&account["email"], &account["name"]), (&"octo@example.com".into(), &"octo".into()), "the primary one, and the login");
        let list = octo.get("/auth/account/identities").await.json();
        assert_eq!((&list["identities"][0]["subject"], &list["identities"][0]["issuer"]), (&"583231".into(), &part.text("origin").into()));
        let (mut liar, _) = comes(&app, &part, "github", "liar").await;
        assert_eq!(liar.get("/auth/session").await.json()["account"]["email"], "liar@example.com", "not what the profile shows");
        let (_, answer) = comes(&app, &part, "github", "unsure").await;
        assert_eq!(answer.code(), "provider_address_unverified", "{}", answer.text());
        assert!(!octo.clone().in_browser().get("/auth/reauthenticate").await.text().contains("Continue with"), "it proves nobody anew");
        assert_eq!(octo.post("/auth/providers/github/reauthenticate", &[]).await.status, 404);
    }

    /// O-03, O-11: GitHub says nowhere whose answer it is; each provider has a way back of its own.
    ///
    /// Promise: `federation/bound`, `federation/one-issuer`
    async fn an_answer_on_the_way_back_of_another_provider_is_none(app: TestApp) {
        let (app, part) = github(app.engine()).await;
        let mut octo = app.visitor();
        let url = begin(&mut octo, "/auth/providers/github", &[]).await;
        let walked = part.desk(Method::POST, "/walk", &json!({ "url": url, "login": "octo", "password": "password" })).await;
        let callback = callback_of(walked.json()["callback"].as_str().unwrap());
        let elsewhere = callback.replace("/providers/github/", "/providers/other/");
        assert_eq!(octo.clone().get(&elsewhere).await.code(), "provider_login_stale");
        assert_eq!(reasons(&app, Action::Login).await, ["other: state_of_other_provider"]);
        let seen = part.desk(Method::GET, "/seen", &Value::Null).await.json();
        assert!(seen["POST /login/oauth/access_token"].is_null(), "no code was shown to anybody: {seen}");
        assert_eq!(octo.get(&callback).await.status, 200, "the right one still counts");
    }

    /// The way to GitHub has no nonce, which OAuth does not know, and a challenge like every other.
    ///
    /// Promise: `federation/secrets-unseen`
    async fn plain_oauth_is_asked_with_a_challenge_too(app: TestApp) {
        let (app, _part) = github(app.engine()).await;
        let url = begin(&mut app.visitor(), "/auth/providers/github", &[]).await;
        assert!(url.contains("code_challenge_method=S256") && !url.contains("nonce"), "{url}");
        assert!(url.contains("scope=read%3Auser+user%3Aemail"), "{url}");
    }

    /// Promise: `federation/own-session`, `federation/id-token`
    async fn somebody_comes_in_by_a_provider_of_other_makers(app: TestApp) {
        let client = json!({
            "client_id": "doorward", "client_secret": "a-secret", "token_endpoint_auth_method": "client_secret_post",
            "redirect_uris": ["http://localhost:4400/auth/providers/glewlwyd/callback"],
        });
        let accounts = json!([{ "login": "ann", "password": "password", "name": "Ann", "email": ANN, "email_verified": true }]);
        let part = Part::start("glewlwyd.mjs", &json!({ "client": client, "accounts": accounts }));
        let told = format!(
            "[providers.glewlwyd]\nkind = \"openid\"\nissuer = \"{}\"\nclient_id = \"doorward\"\nclient_secret = \"a-secret\"\n",
            part.text("issuer")
        );
        let app = app_with(app.engine(), &told, |_| {}).await;
        let (mut ann, answer) = comes(&app, &part, "glewlwyd", "ann").await;
        assert_eq!(answer.status, 200, "{} {:?}", answer.text(), reasons(&app, Action::Login).await);
        assert_eq!(ann.get("/auth/session").await.json()["account"]["email"], ANN);
        assert_eq!(comes(&app, &part, "glewlwyd", "ann").await.1.status, 200);
        assert_eq!(app.count("accounts").await, 1);
    }

    /// Promise: `federation/vouched`, `federation/by-identity`
    async fn somebody_comes_in_by_apple(app: TestApp) {
        let (app, part) = apple(app.engine(), None).await;
        for (login, email) in [("ann", "ann@example.com"), ("hidden", "x@privaterelay.appleid.com"), ("ann", "ann@example.com")] {
            let (mut person, answer) = comes_by_form(&app, &part, login).await;
            assert_eq!(answer.status, 200, "{login}: {}", answer.text());
            assert_eq!(person.get("/auth/session").await.json()["account"]["email"], email);
        }
        assert_eq!(app.count("accounts").await, 2);
        let (_, answer) = comes_by_form(&app, &part, "unsure").await;
        assert_eq!(answer.code(), "provider_address_unverified", "{}", answer.text());
        let said = part.desk(Method::POST, "/secret", &Value::Null).await.json();
        let lifetime = said["claims"]["exp"].as_i64().unwrap() - said["claims"]["iat"].as_i64().unwrap();
        assert_eq!((&said["header"]["kid"], lifetime), (&json!("KEY"), 300), "a secret of minutes: {said}");
        let tried = operate::try_provider(&app.doorward, "apple").await.unwrap().unwrap();
        assert!(tried.works(), "{:?}", tried.checks);
    }

    /// Promise: `federation/fails-closed`
    async fn apple_knows_no_secret_of_another_key(app: TestApp) {
        let (_, other) = apple(app.engine(), None).await;
        let (app, part) = apple(app.engine(), Some(&other.text("key"))).await;
        let (mut person, answer) = comes_by_form(&app, &part, "ann").await;
        assert_eq!((answer.status, answer.code().as_str()), (502, "provider_answer_refused"), "{}", answer.text());
        assert!(!person.is_signed_in().await);
        let tried = operate::try_provider(&app.doorward, "apple").await.unwrap().unwrap();
        assert!(!tried.works());
    }
}

/// Promise: `federation/id-token`
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_of_the_four_algorithms_is_taken() {
    for algorithm in ["RS256", "PS256", "ES256", "EdDSA"] {
        let client = json!({
            "client_id": "doorward", "client_secret": "a secret", "id_token_signed_response_alg": algorithm,
            "redirect_uris": ["http://localhost:4400/auth/providers/id/callback"],
        });
        let argument = json!({ "alg": algorithm, "client": client, "accounts": [ann()], "claims_in": "id_token" });
        let part = Part::start("provider.mjs", &argument);
        let told = format!(
            "[providers.id]\nkind = \"openid\"\nissuer = \"{}\"\nclient_id = \"doorward\"\nclient_secret = \"a secret\"\n",
            part.text("issuer")
        );
        let app = app_with(Engine::Sqlite, &told, |_| {}).await;
        let (_, answer) = comes(&app, &part, "id", ANN).await;
        assert_eq!(answer.status, 200, "{algorithm}: {:?}", reasons(&app, Action::Login).await);
    }
}
