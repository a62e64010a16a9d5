//! What a client says under its signature, good and bad.

use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;

use super::*;

fn signer(id: &str, key: &TestKey) -> Registration {
    Registration { authentication: "private_key_jwt".to_owned(), keys: key.set(), ..service(id) }
}

async fn says(program: &Actor, assertion: &str) -> String {
    asked(program, "", &[("client_assertion", assertion), JWT_BEARER]).await
}

on_every_engine! {
    /// Promise: `clients/own-secret`
    async fn a_client_is_believed_with_a_key_of_its_own(app: TestApp) {
        let program = program(&app).await;
        for (id, key) in [("edwards", TestKey::new("one")), ("curve", TestKey::p256("one"))] {
            registered(&app, &signer(id, &key)).await;
            let endpoint = format!("{}/auth/oauth/token", app.origin());
            let issuer = format!("{}/auth", app.origin());
            for audience in [json!(issuer), json!(endpoint), json!([issuer]), json!([endpoint])] {
                let good = key.assertion(&app, id, |claims| claims["aud"] = audience.clone());
                assert_eq!(says(&program, &good).await, id, "{audience}");
            }
            let named = [("client_id", id), ("client_assertion", &key.assertion(&app, id, |_| {})), JWT_BEARER];
            assert_eq!(asked(&program, "", &named).await, id);
            let typed = json!({ "alg": key.algorithm(), "kid": "one", "typ": "client-authentication+jwt" });
            let payload = |assertion: &str| {
                String::from_utf8(URL_SAFE_NO_PAD.decode(assertion.split('.').nth(1).unwrap()).unwrap()).unwrap()
            };
            let good = payload(&key.assertion(&app, id, |_| {}));
            assert_eq!(says(&program, &key.signed(&typed, &good)).await, id);
            let untyped = json!({ "alg": key.algorithm(), "kid": "one" });
            let good = payload(&key.assertion(&app, id, |_| {}));
            assert_eq!(says(&program, &key.signed(&untyped, &good)).await, id);
            // Ed25519 by its own name (RFC 9864), which is no name of another key.
            let by_its_name = json!({ "alg": "Ed25519", "kid": "one" });
            let good = payload(&key.assertion(&app, id, |_| {}));
            let expected = if key.algorithm() == "EdDSA" { id } else { UNPROVED };
            assert_eq!(says(&program, &key.signed(&by_its_name, &good)).await, expected);
        }
    }

    /// Promise: `clients/assertion-once`
    async fn an_assertion_works_once_on_whatever_node(app: TestApp) {
        let other = app.another().await;
        let (here, there) = (program(&app).await, program(&other).await);
        let key = TestKey::new("one");
        registered(&app, &signer("signer", &key)).await;
        let assertion = key.assertion(&app, "signer", |_| {});
        assert_eq!(says(&here, &assertion).await, "signer");
        for program in [&here, &there] {
            assert_eq!(says(program, &assertion).await, UNPROVED);
        }
        // The same name in another assertion is the same assertion.
        let named = |claims: &mut serde_json::Map<String, Value>| claims["jti"] = json!("twice");
        assert_eq!(says(&there, &key.assertion(&app, "signer", named)).await, "signer");
        assert_eq!(says(&here, &key.assertion(&app, "signer", named)).await, UNPROVED);
        let racing = key.assertion(&app, "signer", |_| {});
        let tries = (0..8).map(|number| {
            let (program, racing) = (if number % 2 == 0 { here.clone() } else { there.clone() }, racing.clone());
            tokio::spawn(async move { says(&program, &racing).await })
        });
        let mut won = 0;
        for one in tries.collect::<Vec<_>>() {
            won += usize::from(one.await.unwrap() == "signer");
        }
        assert_eq!(won, 1, "of eight at once");
    }

    /// Promise: `clients/assertion-once`
    async fn an_assertion_ends_and_what_is_remembered_of_it_does_later(app: TestApp) {
        let program = program(&app).await;
        let key = TestKey::new("one");
        registered(&app, &signer("signer", &key)).await;
        let kept = key.assertion(&app, "signer", |claims| claims["exp"] = json!(app.now().as_secs() + 300));
        app.wait(Duration::from_secs(359));
        assert_eq!(says(&program, &kept).await, "signer", "a minute is forgiven");
        let late = key.assertion(&app, "signer", |claims| claims["exp"] = json!(app.now().as_secs() - 60));
        assert_eq!(says(&program, &late).await, UNPROVED);
        crate::features::purge(app.doorward.context()).await.unwrap();
        assert_eq!(app.count("client_assertions").await, 1);
        app.clock.set_back(Duration::from_secs(359));
        assert_eq!(says(&program, &kept).await, UNPROVED, "a clock that is set back revives nothing");
        app.wait(Duration::from_secs(86_400 + 361));
        crate::features::purge(app.doorward.context()).await.unwrap();
        assert_eq!(app.count("client_assertions").await, 0);
        assert_eq!(says(&program, &kept).await, UNPROVED);
    }

    /// Promise: `clients/assertion-once`
    async fn an_assertion_that_is_not_quite_right_is_none(app: TestApp) {
        let program = program(&app).await;
        let (key, others) = (TestKey::new("one"), TestKey::new("one"));
        registered(&app, &signer("signer", &key)).await;
        registered(&app, &signer("other", &others)).await;
        let now = app.now().as_secs();
        let issuer = format!("{}/auth", app.origin());
        let wrong: Vec<(&str, Value)> = vec![
            ("exp", json!(now - 60)), ("exp", json!(now + 361)), ("exp", json!(now + 86_400)), ("exp", Value::Null), ("exp", json!("60")),
            ("exp", json!(now as f64 + 60.5)), ("exp", json!(-1)), ("exp", json!(u64::MAX)),
            ("nbf", json!(now + 61)), ("iat", json!(now + 61)), ("iat", json!("now")), ("nbf", Value::Null),
            ("jti", json!("")), ("jti", Value::Null), ("jti", json!(7)), ("jti", json!("x".repeat(257))),
            ("iss", json!("other")), ("iss", Value::Null), ("iss", json!(issuer)), ("iss", json!(["signer"])),
            ("sub", json!("other")), ("sub", json!("nobody-at-all")), ("sub", Value::Null), ("sub", json!("Signer")),
            ("aud", json!("https://elsewhere.example/auth")), ("aud", json!(format!("{issuer}/"))), ("aud", json!(app.origin())),
            ("aud", json!([issuer, "https://elsewhere.example"])), ("aud", json!([])), ("aud", json!([[issuer]])), ("aud", Value::Null),
            ("aud", json!({ "": issuer })), ("aud", json!("signer")), ("aud", json!(format!("{issuer}/oauth/par"))),
        ];
        for (name, value) in wrong {
            let assertion = key.assertion(&app, "signer", |claims| _ = claims.insert(name.to_owned(), value.clone()));
            assert_eq!(says(&program, &assertion).await, UNPROVED, "{name} = {value}");
        }
        app.wait(Duration::from_secs(60));
        for name in ["exp", "jti", "iss", "sub", "aud"] {
            let without = key.assertion(&app, "signer", |claims| _ = claims.remove(name));
            assert_eq!(says(&program, &without).await, UNPROVED, "without {name}");
        }
        assert_eq!(says(&program, &others.assertion(&app, "signer", |_| {})).await, UNPROVED, "the key of another client");
        let good = key.assertion(&app, "signer", |_| {});
        assert_eq!(asked(&program, "", &[("client_id", "other"), ("client_assertion", &good), JWT_BEARER]).await, AMBIGUOUS);
        assert_eq!(asked(&program, "", &[("client_assertion", &good)]).await, UNPROVED, "without its kind");
        let saml = ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:saml2-bearer");
        assert_eq!(asked(&program, "", &[("client_assertion", &good), saml]).await, UNPROVED);
        assert_eq!(says(&program, &good).await, "signer", "none of that has spent it");
    }

    /// Promise: `clients/assertion-once`
    async fn a_header_names_a_key_of_the_client_and_nothing_else(app: TestApp) {
        let program = program(&app).await;
        let key = TestKey::new("one");
        registered(&app, &signer("signer", &key)).await;
        let payload = |assertion: &str| {
            String::from_utf8(URL_SAFE_NO_PAD.decode(assertion.split('.').nth(1).unwrap()).unwrap()).unwrap()
        };
        let good = || payload(&key.assertion(&app, "signer", |_| {}));
        let own = TestKey::new("own");
        for header in [
            json!({ "alg": "EdDSA" }), json!({ "alg": "EdDSA", "kid": "two" }), json!({ "alg": "EdDSA", "kid": "" }),
            json!({ "alg": "ES256", "kid": "one" }), json!({ "alg": "none", "kid": "one" }), json!({ "alg": "eddsa", "kid": "one" }),
            json!({ "alg": "EdDSA", "kid": "one", "typ": "at+jwt" }), json!({ "alg": "EdDSA", "kid": "one", "typ": "dpop+jwt" }),
            json!({ "alg": "EdDSA", "kid": "one", "jwk": own.jwk() }),
            json!({ "alg": "EdDSA", "kid": "one", "jku": "https://evil.example" }),
            json!({ "alg": "EdDSA", "kid": "one", "crit": ["exp"] }), json!({ "alg": "EdDSA", "kid": "one", "b64": false }),
            json!({ "alg": "EdDSA", "kid": "one", "x5u": "https://evil.example" }), json!({ "alg": "EdDSA", "kid": 1 }),
        ] {
            assert_eq!(says(&program, &key.signed(&header, &good())).await, UNPROVED, "{header}");
        }
        let brought = json!({ "alg": "EdDSA", "kid": "own", "jwk": own.jwk() });
        assert_eq!(says(&program, &own.signed(&brought, &good())).await, UNPROVED);
        // CVE-2015-9235 and its kin: what everybody knows of the key as a secret of HMAC.
        let text = format!("{}.{}", URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256","kid":"one"}"#), URL_SAFE_NO_PAD.encode(good()));
        for public in [key.set().into_bytes(), URL_SAFE_NO_PAD.decode(key.jwk()["x"].as_str().unwrap()).unwrap()] {
            let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &public), text.as_bytes());
            assert_eq!(says(&program, &format!("{text}.{}", URL_SAFE_NO_PAD.encode(tag))).await, UNPROVED);
        }
        let whole = key.assertion(&app, "signer", |_| {});
        let twice = key.signed(&json!({ "alg": "EdDSA", "kid": "one" }), &good().replacen('{', "{\"sub\":\"signer\",", 1));
        let unsigned = format!("{}.", whole.rsplit_once('.').unwrap().0);
        let long = "x".repeat(9000);
        for broken in [&whole[1..], &whole[..whole.len() - 2], &format!("{whole}="), &unsigned, &twice, "", "a.b.c", "...", &long] {
            assert_eq!(says(&program, broken).await, UNPROVED, "{broken}");
        }
        assert_eq!(says(&program, &whole).await, "signer");
    }
}
