//! What is taken, and everything that is not. Rows such as J-05 are those of the list of attacks.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ed25519_dalek::{Signer, SigningKey};
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use serde_json::{Value, json};

use crate::{AccessToken, Algorithm, KeySet, PublicKey, Refused, Verifier, jws};

mod algorithms;
mod claims;
mod form;
mod headers;
mod hostile;
mod keys;
mod wycheproof;

const NOW: u64 = 1_800_000_000;
const ISSUER: &str = "https://app.example.com/auth";
const AUDIENCE: &str = "https://api.example.com";

/// The issuer's EdDSA key, `k1`.
fn key() -> SigningKey {
    SigningKey::from_bytes(&[7; 32])
}

fn public() -> PublicKey {
    PublicKey::ed25519(key().verifying_key().as_bytes()).unwrap()
}

fn keys() -> KeySet {
    let mut keys = KeySet::default();
    assert!(keys.insert("k1", public()));
    keys
}

fn verifier() -> Verifier {
    Verifier::new(ISSUER, AUDIENCE, keys())
}

fn at(secs: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(secs)
}

fn claims() -> Value {
    json!({
        "iss": ISSUER, "sub": "somebody", "aud": AUDIENCE, "exp": NOW + 300, "iat": NOW, "jti": "one",
        "client_id": "client-app", "scope": "invoices:read", "tenant": "acme", "permissions": ["invoices:read"],
    })
}

/// The claims with some of them replaced; `null` takes one away.
fn claims_with(others: &Value) -> Value {
    let mut claims = claims();
    for (name, value) in others.as_object().unwrap() {
        match value {
            Value::Null => claims.as_object_mut().unwrap().remove(name),
            value => claims.as_object_mut().unwrap().insert(name.clone(), value.clone()),
        };
    }
    claims
}

fn header() -> Value {
    json!({ "typ": "at+jwt", "alg": "EdDSA", "kid": "k1" })
}

fn base64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// A token whose first two parts are these texts, signed by the issuer's key whatever they say.
fn forged(header: impl AsRef<[u8]>, payload: impl AsRef<[u8]>) -> String {
    let text = format!("{}.{}", base64(header), base64(payload));
    let signature = key().sign(text.as_bytes()).to_bytes();
    format!("{text}.{}", base64(signature))
}

fn with_header(header: &Value) -> String {
    forged(header.to_string(), claims().to_string())
}

fn with_claims(others: &Value) -> String {
    signed(&claims_with(others))
}

fn signed(claims: &Value) -> String {
    jws::compact(("at+jwt", Algorithm::EdDsa, "k1"), claims, |message| key().sign(message).to_bytes().to_vec()).unwrap()
}

fn verify(token: &str) -> Result<AccessToken, Refused> {
    verifier().verify(token, at(NOW + 1))
}

/// An ECDSA key and its public half.
struct Elliptic(EcdsaKeyPair, PublicKey);

impl Elliptic {
    fn p256() -> Self {
        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new()).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref(), &SystemRandom::new());
        let pair = pair.unwrap();
        let public = PublicKey::p256(pair.public_key().as_ref().try_into().unwrap()).unwrap();
        Self(pair, public)
    }

    fn p384() -> Self {
        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P384_SHA384_FIXED_SIGNING, &SystemRandom::new()).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P384_SHA384_FIXED_SIGNING, document.as_ref(), &SystemRandom::new());
        let pair = pair.unwrap();
        let (x, y) = pair.public_key().as_ref()[1..].split_at(48);
        let jwk = json!({ "kty": "EC", "crv": "P-384", "x": base64(x), "y": base64(y) });
        let public = PublicKey::from_jwk(&jwk).unwrap();
        Self(pair, public)
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.0.sign(&SystemRandom::new(), message).unwrap().as_ref().to_vec()
    }

    fn verifier(&self) -> Verifier {
        let mut keys = KeySet::default();
        assert!(keys.insert("k1", self.1.clone()));
        Verifier::new(ISSUER, AUDIENCE, keys)
    }
}

/// The RSA key of RFC 7520 section 3.3, as JSON.
fn rsa() -> Value {
    let groups: Value = serde_json::from_str(include_str!("../testdata/json_web_signature_test.json")).unwrap();
    let groups = groups["testGroups"].as_array().unwrap();
    groups.iter().find(|group| group["comment"] == "rfc7520").unwrap()["public"].clone()
}

/// Promise: `verify/signed`
#[test]
fn what_a_key_of_the_set_has_signed_is_taken() {
    let token = verify(&signed(&claims())).unwrap();
    assert!(token.permits("acme", "invoices:read"));
    assert!(!token.permits("acme", "invoices:write") && !token.permits("other", "invoices:read"));
    assert!(!token.is_of_client() && token.has_scope("invoices:read") && !token.has_scope("invoices"));
    let elliptic = Elliptic::p256();
    let token = jws::compact(("at+jwt", Algorithm::Es256, "k1"), &claims(), |message| elliptic.sign(message)).unwrap();
    assert!(elliptic.verifier().verify(&token, at(NOW)).is_ok());
    assert_eq!(verify(&token), Err(Refused::OtherAlgorithm));
}

/// Row J-20: a key that was taken out of the set verifies nothing from that moment, and a new one everything.
///
/// Promise: `verify/signed`
#[test]
fn a_key_is_in_force_as_long_as_it_is_in_the_set() {
    let verifier = verifier();
    let token = signed(&claims());
    assert!(verifier.verify(&token, at(NOW)).is_ok());
    verifier.replace_keys(KeySet::default());
    assert_eq!(verifier.verify(&token, at(NOW)), Err(Refused::UnknownKey));
    let mut other = KeySet::default();
    assert!(other.insert("k1", Elliptic::p256().1));
    verifier.replace_keys(other);
    assert_eq!(verifier.verify(&token, at(NOW)), Err(Refused::OtherAlgorithm));
    verifier.replace_keys(keys());
    assert!(verifier.verify(&token, at(NOW)).is_ok());
}
