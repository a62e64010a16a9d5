//! Providers that say that somebody has logged out there.

use axum::http::Method;
use serde_json::Value;

use super::*;
use crate::testing::{Engine, parts::Part};

/// A hostile provider with its honest issuer, and one of somebody else beside it.
async fn honest(engine: Engine) -> (TestApp, Part) {
    let client = json!({ "client_id": "doorward", "client_secret": "a secret" });
    let part = Part::start("hostile.mjs", &json!({ "client": client }));
    let own = |name: &str, fault: &str| {
        let issuer = format!("{}/{fault}", part.text("origin"));
        format!(
            "[providers.{name}]\nkind = \"openid\"\nissuer = \"{issuer}\"\nclient_id = \"doorward\"\nclient_secret = \"a secret\"\n"
        )
    };
    let told = [own("id", "honest"), own("other", "lean")].concat();
    (app_with(engine, &told, |_| {}).await, part)
}

/// Comes in by it; the provider asks nobody.
async fn comes(app: &TestApp) -> Actor {
    let mut person = app.visitor();
    let url = begin(&mut person, "/auth/providers/id", &[]).await;
    let asked = axum::http::Request::get(&url).body(Default::default()).unwrap();
    let callback = person.exchange(asked).await.header("location").to_owned();
    let answer = come_back(&mut person, &callback).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    person
}

/// A logout token of the honest issuer, of this variant.
async fn token(part: &Part, variant: &str, about: &str) -> Value {
    let at = format!("{}/_logout/{variant}?{about}", part.text("origin"));
    part.ask(Method::GET, &at, &Value::Null).await.json()
}

async fn send(app: &TestApp, provider: &str, token: &str) -> Answer {
    app.visitor().post(&format!("/auth/providers/{provider}/backchannel-logout"), &[("logout_token", token)]).await
}

const PERSON: &str = "sub=person-of-honest";

on_every_engine! {
    /// Every variant of the hostile provider, each with a token of its own.
    ///
    /// Promise: `federation/logout-token`
    async fn a_logout_token_is_believed_after_every_check(app: TestApp) {
        let (app, part) = honest(app.engine()).await;
        let Value::Array(variants) = Part::start("hostile.mjs", &Value::from("--logouts")).told.clone() else { panic!("no list") };
        assert!(variants.len() >= 18, "{variants:?}");
        for variant in variants {
            let name = variant["name"].as_str().unwrap();
            let mut person = comes(&app).await;
            let made = token(&part, name, PERSON).await;
            let answer = send(&app, "id", made["logout_token"].as_str().unwrap()).await;
            let lives = person.is_signed_in().await;
            match variant["expect"].as_str().unwrap() {
                "success" => assert_eq!((answer.status, lives), (200, false), "{name}: {}", answer.text()),
                "either" => assert_eq!(answer.status == 200, !lives, "{name}: {}", answer.text()),
                _ => {
                    let said = (answer.status, answer.json()["error"].clone(), lives);
                    assert_eq!(said, (400, "invalid_request".into(), true), "{name}: {}", answer.text());
                }
            }
            assert_eq!(answer.header("cache-control"), "no-store", "{name}");
        }
    }

    /// Promise: `federation/logout-token`
    async fn a_logout_token_counts_once_and_for_its_own_provider(app: TestApp) {
        let (app, part) = honest(app.engine()).await;
        let mut person = comes(&app).await;
        let made = token(&part, "right", &format!("{PERSON}&jti=the-same")).await;
        let text = made["logout_token"].as_str().unwrap().to_owned();
        assert_eq!(send(&app, "other", &text).await.status, 400, "another issuer's");
        assert_eq!(send(&app, "google", &text).await.status, 404);
        assert!(person.is_signed_in().await);
        assert_eq!(send(&app, "id", &text).await.json()["ended"], 1);
        assert!(!person.is_signed_in().await);
        let mut again = comes(&app).await;
        assert_eq!(send(&app, "id", &text).await.status, 400, "it was taken before");
        assert!(again.is_signed_in().await, "who has logged in since stays");
        for text in ["", "nothing", "a.b.c"] {
            assert!([400, 422].contains(&send(&app, "id", text).await.status), "{text}");
        }
        let late = token(&part, "right", PERSON).await;
        app.wait(Duration::from_secs(700));
        assert_eq!(send(&app, "id", late["logout_token"].as_str().unwrap()).await.status, 400, "it is old");
        crate::features::purge(app.doorward.context()).await.unwrap();
        app.wait(Duration::from_secs(700));
        crate::features::purge(app.doorward.context()).await.unwrap();
        assert_eq!(app.count("provider_logouts").await, 0);
    }

    /// Promise: `federation/logged-out-there`
    async fn only_the_sessions_that_were_opened_by_it_end(app: TestApp) {
        let (app, part) = honest(app.engine()).await;
        let (mut first, mut second) = (comes(&app).await, comes(&app).await);
        assert_eq!(first.post("/auth/password/change", &[("new_password", PASSWORD)]).await.status, 200);
        assert!(!second.is_signed_in().await, "as ever");
        let mut second = comes(&app).await;
        let email = first.get("/auth/session").await.json()["account"]["email"].as_str().unwrap().to_owned();
        let mut by_password = app.logged_in(&email).await;
        let mut stranger = app.person("bob@example.com").await;
        let nobody = token(&part, "right", "sub=somebody-else").await;
        assert_eq!(send(&app, "id", nobody["logout_token"].as_str().unwrap()).await.json()["ended"], 0);
        let elsewhere = token(&part, "right", &format!("{PERSON}&sid=another-session")).await;
        assert_eq!(send(&app, "id", elsewhere["logout_token"].as_str().unwrap()).await.json()["ended"], 0, "of another session there");
        assert!(first.is_signed_in().await && second.is_signed_in().await);
        let made = token(&part, "right", PERSON).await;
        assert_eq!(send(&app, "id", made["logout_token"].as_str().unwrap()).await.json()["ended"], 2);
        assert!(!first.is_signed_in().await && !second.is_signed_in().await);
        assert!(by_password.is_signed_in().await && stranger.is_signed_in().await);
        let ended = events(&app, Action::SessionRevoked).await;
        assert_eq!((ended.len(), ended[0].detail.as_deref(), ended[0].actor.as_str()), (2, Some("id"), "anonymous"));
        assert_eq!(app.count("provider_sessions").await, 0, "nothing is left to be known of them");
    }

    /// A real provider, which sends it because somebody has logged out at its own page.
    ///
    /// Promise: `federation/logged-out-there`
    async fn a_real_provider_logs_somebody_out_here(app: TestApp) {
        let world = World::with(app.engine(), &[ann()]).await;
        let at = format!("http://{}/auth/providers/id/backchannel-logout", world.app.address);
        world.provider.desk(Method::PUT, "/client", &json!({ "backchannel_logout_uri": at })).await;
        let mut ann = world.app.visitor();
        let url = begin(&mut ann, "/auth/providers/id", &[]).await;
        let walk = json!({ "url": url, "login": ANN, "password": "password" });
        let walked = world.provider.desk(Method::POST, "/walk", &walk).await.json();
        assert_eq!(come_back(&mut ann, walked["callback"].as_str().unwrap()).await.status, 200);
        let (mut elsewhere, _) = world.comes(ANN).await;
        assert!(ann.is_signed_in().await);
        let cookies = json!({ "cookies": walked["cookies"] });
        assert_eq!(world.provider.desk(Method::POST, "/logout", &cookies).await.status, 200);
        for _ in 0..200 {
            if !ann.is_signed_in().await {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert!(!ann.is_signed_in().await, "logged out there, so logged out here");
        assert!(elsewhere.is_signed_in().await, "another browser has another session there");
    }
}
