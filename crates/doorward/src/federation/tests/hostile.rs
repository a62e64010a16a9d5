//! A hostile provider, with an issuer for each fault: every attack on what a client is told, and every module of the OpenID
//! conformance suite's basic plan for relying parties.

use std::{collections::BTreeMap, fmt::Write, sync::Arc};

use axum::http::Method;
use serde_json::Value;
use tokio::{sync::Semaphore, task::JoinSet};

use super::*;
use crate::testing::{Engine, parts::Part};

/// What is no fault to us, and why.
const AS_WE_SEE_IT: [(&str, &str); 1] = [(
    "email-other-in-userinfo",
    "the signed token tells an address and vouches for it, so nobody is asked for another one",
)];

/// What one fault came to.
struct Ended {
    name: String,
    wrong: Vec<String>,
}

/// The provider, and a Doorward that knows each of its issuers as a provider of its own.
struct Stage {
    app: TestApp,
    hostile: Part,
    faults: Vec<Value>,
}

impl Stage {
    async fn set(engine: Engine) -> Self {
        let hostile =
            Part::start("hostile.mjs", &json!({ "client": { "client_id": "doorward", "client_secret": "a secret" } }));
        let Value::Array(faults) = Part::start("hostile.mjs", &Value::from("--list")).told.clone() else {
            panic!("no list")
        };
        let mut told = String::new();
        for (number, fault) in faults.iter().enumerate() {
            writeln!(told, "{}", lines(&hostile, number, fault)).unwrap();
        }
        Self { app: app_with(engine, &told, |_| {}).await, hostile, faults }
    }

    /// How often each endpoint of a fault was asked.
    async fn seen(&self, name: &str) -> Value {
        let at = format!("{}/_seen/{name}", self.hostile.text("origin"));
        self.hostile.ask(Method::GET, &at, &Value::Null).await.json()
    }

    /// Comes in by one fault as often as it takes, and says what is not as it must be.
    async fn tries(&self, number: usize) -> Ended {
        let fault = &self.faults[number];
        let name = fault["name"].as_str().unwrap().to_owned();
        let mut wrong = Vec::new();
        let (logins, mut refused) = (fault["logins"].as_u64().unwrap(), 0);
        for login in 1..=logins {
            let expected = if login == logins { &fault["expect"] } else { &fault["first"] };
            let (answer, is_in) = comes(&self.app, number).await;
            refused += usize::from(!is_in);
            let fits = match expected.as_str().unwrap() {
                "success" => is_in,
                _ if AS_WE_SEE_IT.iter().any(|(known, _)| *known == name) => is_in,
                "unverified" => !is_in && answer.code().starts_with("provider_address_"),
                _ => !is_in && !answer.code().starts_with("provider_address_") && answer.status >= 400,
            };
            if !fits {
                wrong.push(format!("login {login} is to be {expected}: {} {}", answer.status, answer.code()));
            }
        }
        let written = self.written(number).await;
        if written.len() != refused {
            wrong.push(format!("{refused} refused and {written:?} written"));
        }
        let seen = self.seen(&name).await;
        for (endpoint, most) in fault["max"].as_object().into_iter().flatten() {
            if seen[endpoint].as_u64() > most.as_u64() {
                wrong.push(format!("{endpoint} was asked {} times", seen[endpoint]));
            }
        }
        Ended { name, wrong }
    }

    /// What the log says of those who were refused by way of a fault.
    async fn written(&self, number: usize) -> Vec<String> {
        let beginning = format!("f{number}: ");
        let all = events(&self.app, Action::Login).await;
        all.into_iter().filter_map(|event| event.detail?.strip_prefix(&beginning).map(str::to_owned)).collect()
    }
}

/// What an operator would write about the provider of one fault.
fn lines(hostile: &Part, number: usize, fault: &Value) -> String {
    let (origin, tenant, domain) = (hostile.text("origin"), hostile.text("tenant"), hostile.text("domain"));
    let name = fault["name"].as_str().unwrap();
    let at = format!("{origin}/{name}");
    let another = "33333333-3333-4333-8333-333333333333";
    let own = match fault["kind"].as_str().unwrap() {
        "oidc" => format!("kind = \"openid\"\nissuer = \"{at}\""),
        "google" => format!("kind = \"google-workspace\"\nissuer = \"{at}\"\ndomains = [\"{domain}\"]"),
        "entra" => format!("kind = \"entra\"\nissuer = \"{at}\"\ntenants = [\"{tenant}\", \"{another}\"]"),
        "oauth2" => {
            let shape = if name == "oauth2-id-number" { "number" } else { "text" };
            format!(
                "kind = \"oauth2\"\nissuer = \"{at}\"\nauthorization_endpoint = \"{at}/authorize\"\n\
                 token_endpoint = \"{at}/token\"\nuserinfo_endpoint = \"{at}/userinfo\"\nsubject_shape = \"{shape}\"\n\
                 email_verified_field = \"email_verified\""
            )
        }
        other => panic!("no kind {other}"),
    };
    format!("[providers.f{number}]\n{own}\nclient_id = \"doorward\"\nclient_secret = \"a secret\"")
}

/// Comes in by one fault from a fresh browser: the last answer, and whether somebody is in.
async fn comes(app: &TestApp, number: usize) -> (Answer, bool) {
    let mut browser = app.visitor();
    let sent = browser.post(&format!("/auth/providers/f{number}"), &[]).await;
    let Some(url) = sent.json()["redirect_to"].as_str().map(str::to_owned) else { return (sent, false) };
    let asked = axum::http::Request::get(&url).body(Default::default()).unwrap();
    let leads = browser.exchange(asked).await;
    let callback = leads.header("location").to_owned();
    assert!(callback.starts_with("http"), "{url}: {}", leads.status);
    // The issuer of the mix-up sends the browser on once more.
    let callback = match callback.contains("/auth/providers/") && callback.starts_with("http://localhost:4400/") {
        true => callback,
        false => {
            let asked = axum::http::Request::get(&callback).body(Default::default()).unwrap();
            browser.exchange(asked).await.header("location").to_owned()
        }
    };
    let answer = come_back(&mut browser, &callback).await;
    let is_in = answer.set_cookies().iter().any(|cookie| cookie.starts_with("dev-session="));
    assert_eq!(is_in, browser.is_signed_in().await);
    (answer, is_in)
}

async fn every_fault(engine: Engine) {
    let stage = Arc::new(Stage::set(engine).await);
    let (room, mut trying) = (Arc::new(Semaphore::new(24)), JoinSet::new());
    for number in 0..stage.faults.len() {
        let (stage, room) = (Arc::clone(&stage), Arc::clone(&room));
        trying.spawn(async move {
            let _place = room.acquire_owned().await.unwrap();
            stage.tries(number).await
        });
    }
    let mut wrong = BTreeMap::new();
    while let Some(ended) = trying.join_next().await {
        let Ended { name, wrong: of_this } = ended.unwrap();
        if !of_this.is_empty() {
            wrong.insert(name, of_this);
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(stage.faults.len() > 200, "all of them were tried");
    // Whoever brought no state back has left a way open, which nobody can go any more.
    stage.app.wait(Duration::from_secs(600));
    crate::features::purge(stage.app.doorward.context()).await.unwrap();
    assert_eq!(stage.app.count("provider_flows").await, 0);
}

/// O-01 to O-32, as far as a provider can do them.
///
/// Promise: `federation/fails-closed`, `federation/id-token`, `federation/one-issuer`, `federation/limits`, `federation/vouched`
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_fault_of_a_hostile_provider_ends_without_a_session_on_sqlite() {
    every_fault(Engine::Sqlite).await;
}

/// Promise: `federation/fails-closed`, `federation/id-token`, `federation/one-issuer`, `federation/limits`, `federation/vouched`
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_fault_of_a_hostile_provider_ends_without_a_session_on_postgres() {
    every_fault(Engine::Postgres).await;
}

/// O-17.
///
/// Promise: `federation/keys-once-a-minute`
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unknown_keys_are_fetched_once_a_minute() {
    let stage = Stage::set(Engine::Sqlite).await;
    let number = stage.faults.iter().position(|fault| fault["name"] == "kid-flood").unwrap();
    for minute in 0..3_u64 {
        for _ in 0..4 {
            assert!(!comes(&stage.app, number).await.1);
        }
        // Once to begin with, and once more in each minute.
        assert_eq!(stage.seen("kid-flood").await["jwks"], minute + 2);
        stage.app.wait(Duration::from_secs(60));
    }
    assert!(stage.written(number).await.iter().all(|why| why == "id_token_key"));
}

/// A provider that does not answer is told to people at once for a while, and then asked again.
///
/// Promise: `federation/fails-closed`
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_provider_that_fails_is_left_alone_for_a_moment() {
    let stage = Stage::set(Engine::Sqlite).await;
    let number = stage.faults.iter().position(|fault| fault["name"] == "discovery-500").unwrap();
    for _ in 0..5 {
        let (answer, _) = comes(&stage.app, number).await;
        assert_eq!((answer.status, answer.code().as_str()), (503, "provider_unavailable"));
        assert!(!answer.header("retry-after").is_empty());
    }
    assert_eq!(stage.seen("discovery-500").await["discovery"], 1);
    assert_eq!(stage.app.count("provider_flows").await, 0, "nobody was sent on a way");
    stage.app.wait(Duration::from_secs(10));
    comes(&stage.app, number).await;
    assert_eq!(stage.seen("discovery-500").await["discovery"], 2);
    let mut person = stage.app.visitor().in_browser();
    let answer = person.post(&format!("/auth/providers/f{number}"), &[]).await;
    assert_eq!(answer.status, 303);
    let page = person.get(answer.header("location")).await;
    assert!(page.text().contains("Try again in a moment"), "{}", page.text());
}
