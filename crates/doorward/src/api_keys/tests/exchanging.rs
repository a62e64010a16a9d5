//! Exchanging keys for access tokens.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use doorward_core::{ApiKey, Handled, Refresh, Token};
use doorward_verify::{Algorithm, PublicKey};
use ed25519_dalek::{Signer, SigningKey};
use serde_json::json;

use super::*;
use crate::{
    on_every_engine, operate,
    testing::{Engine, programs::part},
    tokens,
};

/// Whether a token of the site says that a client acts for itself, and whose it is.
async fn read(app: &TestApp, text: &str) -> doorward_verify::AccessToken {
    tokens::read(app.doorward.context(), text, &[app.origin()]).await.unwrap().expect("it is ours")
}

on_every_engine! {
    /// Row J-27.
    ///
    /// Promise: `api_keys/of-the-moment`
    async fn a_key_is_exchanged_for_a_short_token(app: TestApp) {
        let mut all = Acme::of(&app).await;
        let key = made(&mut all.cem, "members:read tenant:read", &[]).await;
        let answer = exchange(&app, &key.key, &[]).await;
        assert_eq!((answer.status, answer.header("cache-control")), (200, "no-store"), "{}", answer.text());
        let answer = answer.json();
        let kinds = ["token_type", "issued_token_type", "scope"].map(|name| text(&answer, name));
        assert_eq!(kinds, ["Bearer", "urn:ietf:params:oauth:token-type:access_token", "members:read tenant:read"]);
        assert_eq!((&answer["expires_in"], &answer["refresh_token"]), (&json!(300), &Value::Null));
        let given = text(&answer, "access_token");
        let claims = part(given, 1);
        assert_eq!((&claims["sub"], &claims["tenant"]), (&json!(all.ids[2].to_string()), &json!(all.acme.to_string())));
        assert_eq!((&claims["permissions"], &claims["aud"]), (&json!(["members:read", "tenant:read"]), &json!(app.origin())));
        assert_eq!((&claims["fam"], &claims["auth_time"]), (&json!(key.id), &Value::Null));
        assert!(text(&claims, "client_id").starts_with("key-") && text(&claims, "client_id").len() == 29, "{claims}");
        assert!(!read(&app, given).await.is_of_client());
        assert_eq!(all.holds(&app, given).await.as_deref(), Some("members:read tenant:read"));
        let narrow = exchange(&app, &key.key, &[("scope", "tenant:read"), ("resource", &app.origin())]).await.json();
        assert_eq!(part(text(&narrow, "access_token"), 1)["permissions"], json!(["tenant:read"]));
    }

    /// Promise: `api_keys/service`
    async fn a_key_of_a_service_acts_for_no_person(app: TestApp) {
        let mut all = Acme::of(&app).await;
        let key = made(&mut all.bob, "members:manage tenant:read", &[("kind", "service")]).await;
        let given = token(&app, &key.key).await;
        let said = read(&app, &given).await;
        assert!(said.is_of_client() && said.permits(&all.acme.to_string(), "members:manage"), "{said:?}");
        assert_eq!(all.holds(&app, &given).await.as_deref(), Some("members:manage tenant:read"));
        operate::remove_member(&app.doorward, all.acme, all.ids[1]).await.unwrap();
        assert_eq!(all.holds(&app, &given).await.as_deref(), Some("members:manage tenant:read"));
        token(&app, &key.key).await;
        operate::delete(&app.doorward, all.ids[1]).await.unwrap();
        token(&app, &key.key).await;
        let listed = all.ann.get(KEYS).await.json();
        assert_eq!((&listed["api_keys"][0]["made_by"], &listed["api_keys"][0]["kind"]), (&Value::Null, &json!("service")));
        operate::suspend_tenant(&app.doorward, all.acme).await.unwrap();
        assert_eq!(error(&app, &key.key, &[]).await, "invalid_grant");
        assert_eq!(all.holds(&app, &given).await, None);
        operate::resume_tenant(&app.doorward, all.acme).await.unwrap();
        token(&app, &key.key).await;
    }

    /// Row J-19.
    ///
    /// Promise: `api_keys/of-the-moment`
    async fn a_demotion_holds_at_once(app: TestApp) {
        let mut all = Acme::of(&app).await;
        let key = made(&mut all.bob, "members:manage members:read", &[]).await;
        let given = token(&app, &key.key).await;
        assert_eq!(all.holds(&app, &given).await.as_deref(), Some("members:manage members:read"));
        let be = async |role: &str| operate::set_roles(&app.doorward, all.acme, all.ids[1], vec![role.parse().unwrap()]).await.unwrap();
        be("member").await;
        assert_eq!(all.holds(&app, &given).await.as_deref(), Some("members:read"));
        let now = exchange(&app, &key.key, &[]).await.json();
        assert_eq!(text(&now, "scope"), "members:read");
        let all_asked = exchange(&app, &key.key, &[("scope", "members:manage")]).await.json();
        assert_eq!(text(&all_asked, "scope"), "");
        be("owner").await;
        let now = exchange(&app, &key.key, &[]).await.json();
        assert_eq!(text(&now, "scope"), "members:manage members:read", "and never more than the key's scopes");
    }

    /// Promise: `api_keys/recognised`
    async fn what_is_no_key_is_refused_before_anything_is_looked_up(app: TestApp) {
        let mut all = Acme::of(&app).await;
        let key = made(&mut all.cem, "tenant:read", &[]).await.key;
        let mut bytes = URL_SAFE_NO_PAD.decode(&key[4..]).unwrap();
        bytes[20] ^= 1;
        let other = |prefix: &str| format!("{prefix}{}", &key[4..]);
        let none = [
            format!("dwk_{}", URL_SAFE_NO_PAD.encode(&bytes)), other("dwr_"), other("DWK_"), other(""), other("dwk-"), key[..73].to_owned(),
            format!("{key}="), format!("{key}A"), format!(" {key}"), key.to_lowercase(), String::new(), "dwk_".to_owned(),
        ];
        let known = Handled::<ApiKey>::parse(&key).unwrap();
        let wrong = Handled::<ApiKey>::new(known.handle(), Token::from_bytes([7; 32])).reveal();
        let nobodys = Handled::<ApiKey>::mint(&doorward_core::SystemEntropy).reveal();
        let answers = [&none[0], &none[1], &wrong, &nobodys];
        let mut said = Vec::new();
        for text in answers {
            let answer = exchange(&app, text, &[]).await;
            said.push((answer.status, answer.text()));
        }
        assert_eq!(said[0].0, 400);
        assert!(said.iter().all(|one| *one == said[0]), "whoever has none learns nothing: {said:?}");
        assert_eq!(events(&app, "api_key.refused").await.len(), 1, "the wrong secret, and nothing that is no key");
        let mut tx = app.db().begin(operate::Durability::Full).await.unwrap();
        tx.batch("ALTER TABLE api_keys RENAME TO elsewhere").await.unwrap();
        tx.commit().await.unwrap();
        for text in &none {
            assert_eq!(error(&app, text, &[]).await, "invalid_grant", "{text}");
        }
        assert_eq!(exchange(&app, &key, &[]).await.status, 503);
        assert_eq!(error(&app, &key, &[]).await, "temporarily_unavailable");
    }

    /// Promise: `oauth/exchange`
    async fn nothing_that_is_said_is_ignored(app: TestApp) {
        let mut all = Acme::of(&app).await;
        let key = made(&mut all.cem, "tenant:read", &[]).await.key;
        let id = all.service(&app).await.id.clone();
        for (field, value, refusal) in [
            ("subject_token_type", "", "invalid_request"),
            ("subject_token_type", "urn:ietf:params:oauth:token-type:access_token", "invalid_request"),
            ("requested_token_type", "urn:ietf:params:oauth:token-type:refresh_token", "invalid_request"),
            ("actor_token", "x", "invalid_request"),
            ("audience", "x", "invalid_target"), ("client_id", &id, "invalid_request"), ("client_secret", "x", "invalid_request"),
            ("client_assertion", "x", "invalid_request"), ("resource", "https://else.example.com", "invalid_target"),
            ("scope", "members:read", "invalid_scope"), ("scope", "openid", "invalid_scope"), ("scope", "\"", "invalid_scope"),
            ("grant_type", "token-exchange", "invalid_client"),
        ] {
            assert_eq!(error(&app, &key, &[(field, value)]).await, refusal, "{field} {value}");
        }
        let form = [
            ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"), ("subject_token", key.as_str()),
            ("subject_token_type", "urn:doorward:params:oauth:token-type:api-key"),
        ];
        let answer = all.service(&app).await.post(&app, "/auth/oauth/token", &form).await.json();
        assert_eq!(text(&answer, "error"), "invalid_request", "with a client's header");
        assert_eq!(exchange(&app, &key, &[("requested_token_type", "urn:ietf:params:oauth:token-type:access_token")]).await.status, 200);
    }

    /// Promise: `api_keys/kinds-apart`
    async fn a_key_is_nothing_else_and_nothing_else_is_a_key(app: TestApp) {
        let mut all = Acme::of(&app).await;
        let key = made(&mut all.cem, "members:read tenant:read", &[]).await.key;
        let given = token(&app, &key).await;
        let native = Program::native(&app).await;
        assert_eq!(native.renewed(&app, &key).await, Err("invalid_grant".to_owned()));
        assert_eq!(all.holds(&app, &key).await, None);
        let mut thief = app.visitor();
        thief.cookies.insert("dev-session".to_owned(), key.clone());
        assert!(!thief.is_signed_in().await);
        let mut bearer = app.visitor();
        for text in [&key, &given] {
            bearer.set_header("authorization", &format!("Bearer {text}"));
            assert_eq!(said(&bearer.get(KEYS).await), no(401, "not_signed_in"));
        }
        for path in ["/auth/password/reset", "/auth/email/verify"] {
            assert!(app.visitor().get(&format!("{path}?token={key}")).await.status >= 400, "{path}");
        }
        let refresh = Handled::<Refresh>::mint(&doorward_core::SystemEntropy).reveal();
        let session = all.cem.session_cookie().unwrap().to_owned();
        for text in [given.as_str(), &refresh, &session, &all.service(&app).await.secret.clone().unwrap()] {
            assert_eq!(error(&app, text, &[]).await, "invalid_grant", "{text}");
        }
        let name = text(&part(&given, 1), "client_id").to_owned();
        let form = [("grant_type", "client_credentials"), ("client_id", name.as_str()), ("client_secret", &key)];
        assert_eq!(text(&send(&app, "/auth/oauth/token", &form).await.json(), "error"), "invalid_client");
        assert_eq!(all.holds(&app, &given).await.as_deref(), Some("members:read tenant:read"), "nothing of that has harmed it");
    }

    /// Promise: `api_keys/last-use`
    async fn the_last_use_is_known_to_the_minute(app: TestApp) {
        let mut all = Acme::of(&app).await;
        let key = made(&mut all.cem, "tenant:read", &[]).await.key;
        let mut used = Vec::new();
        let started = app.now();
        for wait in [0, 0, 30, 31, 3600] {
            app.wait(Duration::from_secs(wait));
            if used.is_empty() {
                assert_eq!(all.cem.get(KEYS).await.json()["api_keys"][0]["last_used_at"], Value::Null);
            }
            token(&app, &key).await;
            all.cem = app.logged_in(CEM).await;
            let at = all.cem.get(KEYS).await.json()["api_keys"][0]["last_used_at"].as_i64().unwrap();
            used.push(at - started.as_secs());
        }
        assert_eq!(used, [0, 0, 0, 61, 3661]);
        assert_eq!(error(&app, &key, &[("resource", "https://else.example.com")]).await, "invalid_target");
        app.wait(MINUTE);
        let used = all.cem.get(KEYS).await.json()["api_keys"][0]["last_used_at"].as_i64().unwrap();
        assert_eq!(used - started.as_secs(), 3661, "a refusal is no use");
    }

    /// Promise: `api_keys/kinds-apart`
    async fn a_token_is_bound_to_the_key_that_was_proved(app: TestApp) {
        let mut all = Acme::of(&app).await;
        let key = made(&mut all.cem, "tenant:read", &[]).await.key;
        let signing = SigningKey::from_bytes(&[3; 32]);
        let public = PublicKey::ed25519(signing.verifying_key().as_bytes()).unwrap();
        let header = json!({ "typ": "dpop+jwt", "alg": Algorithm::EdDsa.name(), "jwk": public.to_jwk() });
        let url = format!("{}/auth/oauth/token", app.origin());
        let claims = json!({ "htm": "POST", "htu": url, "iat": app.now().as_secs(), "jti": "proof-0001" });
        let message = [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string())).join(".");
        let proof = format!("{message}.{}", URL_SAFE_NO_PAD.encode(signing.sign(message.as_bytes()).to_bytes()));
        let form = format!(
            "grant_type=urn:ietf:params:oauth:grant-type:token-exchange&subject_token={key}\
            &subject_token_type=urn:doorward:params:oauth:token-type:api-key"
        );
        let mut sender = bare(&app);
        sender.set_header("dpop", &proof);
        let answer = sender.send(Method::POST, "/auth/oauth/token", &form, Some(FORM)).await.json();
        assert_eq!(text(&answer, "token_type"), "DPoP");
        assert_eq!(part(text(&answer, "access_token"), 1)["cnf"]["jkt"], public.thumbprint());
        let again = sender.send(Method::POST, "/auth/oauth/token", &form, Some(FORM)).await.json();
        assert_eq!(text(&again, "error"), "invalid_dpop_proof", "no proof is taken twice");
    }
}

/// Promise: `api_keys/limits`
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_is_exchanged_so_often_in_an_hour() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let app = TestApp::with(engine, |settings| settings.api_keys.tokens_per_hour = 3).await;
        let mut all = Acme::of(&app).await;
        let (key, other) =
            (made(&mut all.cem, "tenant:read", &[]).await.key, made(&mut all.cem, "tenant:read", &[]).await.key);
        let mut tries = Vec::new();
        for _ in 0..10 {
            tries.push(exchange(&app, &key, &[]));
        }
        let mut answers = Vec::new();
        for one in tries {
            answers.push(one.await);
        }
        assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 3);
        let refused = answers.last().unwrap();
        assert_eq!((refused.status, text(&refused.json(), "error")), (429, "temporarily_unavailable"));
        assert_eq!(refused.header("retry-after"), "3600");
        token(&app, &other).await;
        assert_eq!(events(&app, "api_key.refused").await.len(), 1, "once a minute");
        app.wait(61 * MINUTE);
        token(&app, &key).await;
    }
}
