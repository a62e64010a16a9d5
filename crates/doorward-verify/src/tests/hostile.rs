//! Whatever bytes come.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{NOW, at, claims, forged, header, signed, verifier, verify};
use crate::{
    KeySet, PublicKey,
    jws::{Claims, Unverified},
};

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map(any::<String>(), inner, 0..4).prop_map(|map| json!(map)),
        ]
    })
}

/// A text that has something of the form of a token.
fn any_token() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[A-Za-z0-9_.=-]{0,200}",
        "[A-Za-z0-9_-]{0,80}\\.[A-Za-z0-9_-]{0,80}\\.[A-Za-z0-9_-]{0,90}",
        (any::<Vec<u8>>(), any::<Vec<u8>>()).prop_map(|(header, payload)| forged(header, payload)),
        (any_json(), any_json()).prop_map(|(header, payload)| forged(header.to_string(), payload.to_string())),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Promise: `verify/no-panic`
    #[test]
    fn no_text_is_taken_and_none_panics(text in any_token()) {
        prop_assert!(verify(&text).is_err());
        if let Ok(token) = Unverified::parse(&text) {
            let _ = token.header();
        }
    }

    /// Promise: `verify/no-panic`
    #[test]
    fn no_bytes_of_claims_panic(bytes: Vec<u8>, claims in any_json()) {
        prop_assert!(verify(&forged(header().to_string(), &bytes)).is_err());
        prop_assert!(verify(&forged(header().to_string(), claims.to_string())).is_err());
        let _ = Claims::parse(&bytes);
        let is_object = claims.is_object();
        prop_assert_eq!(Claims::parse(claims.to_string().as_bytes()).is_ok(), is_object);
    }

    /// Every claim with every value: it is the right one's type or it is refused.
    ///
    /// Promise: `verify/typed-claims`
    #[test]
    fn a_claim_of_any_other_value_is_refused_or_said(name in 0_usize..14, value in any_json()) {
        const NAMES: [&str; 14] = ["iss", "aud", "sub", "client_id", "jti", "scope", "fam", "tenant", "permissions", "exp", "iat",
            "nbf", "auth_time", "cnf"];
        let mut claims = claims();
        claims[NAMES[name]] = value.clone();
        if let Ok(token) = verify(&signed(&claims)) {
            let said = match NAMES[name] {
                "sub" => json!(token.subject),
                "client_id" => json!(token.client),
                "jti" => json!(token.id),
                "scope" => json!(token.scope),
                "fam" => json!(token.family),
                "tenant" => json!(token.tenant),
                "permissions" => json!(token.permissions),
                "auth_time" => json!(token.authenticated_at),
                "nbf" => json!(value.as_u64().filter(|nbf| *nbf <= NOW + 6)),
                other => panic!("{other} was taken as {value}"),
            };
            prop_assert_eq!(said, value);
        }
    }

    /// One other letter anywhere makes another text, which nobody signed.
    ///
    /// Promise: `verify/one-spelling`
    #[test]
    fn a_changed_letter_is_noticed(place: prop::sample::Index, letter in "[A-Za-z0-9_.=+/ -]") {
        let token = signed(&claims());
        let place = place.index(token.len());
        let changed = format!("{}{letter}{}", &token[..place], &token[place + 1..]);
        prop_assert_eq!(verify(&changed).is_ok(), changed == token);
    }

    /// Promise: `verify/no-panic`
    #[test]
    fn no_key_set_panics(text: String, value in any_json(), n: Vec<u8>, moment: u64) {
        let _ = KeySet::parse(&text);
        let _ = KeySet::parse(&json!({ "keys": [value.clone()] }).to_string());
        for kty in ["RSA", "OKP", "EC"] {
            let (crv, bytes) = (if kty == "OKP" { "Ed25519" } else { "P-256" }, super::base64(&n));
            let jwk = json!({ "kty": kty, "crv": crv, "n": bytes, "e": bytes, "x": bytes, "y": bytes, "alg": value });
            if let Some(key) = PublicKey::from_jwk(&jwk) {
                let _ = key.verifies(b"message", &n);
            }
        }
        let _ = verifier().verify(&signed(&claims()), at(moment >> 1));
    }
}
