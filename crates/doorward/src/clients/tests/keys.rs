//! Keys that clients of these tests sign with: real ones, made by the library that the server does not sign with.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair},
};
use serde_json::{Map, Value, json};

use crate::testing::TestApp;

/// The field that says what kind of assertion comes along.
pub(crate) const JWT_BEARER: (&str, &str) =
    ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");

/// A key pair with a name.
pub(crate) struct TestKey {
    name: &'static str,
    pair: Pair,
}

enum Pair {
    Ed(Ed25519KeyPair),
    P256(EcdsaKeyPair),
}

impl TestKey {
    /// A new Ed25519 key.
    pub(crate) fn new(name: &'static str) -> Self {
        let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        Self { name, pair: Pair::Ed(Ed25519KeyPair::from_pkcs8(document.as_ref()).unwrap()) }
    }

    /// A new key on P-256.
    pub(super) fn p256(name: &'static str) -> Self {
        let (random, kind) = (SystemRandom::new(), &ECDSA_P256_SHA256_FIXED_SIGNING);
        let document = EcdsaKeyPair::generate_pkcs8(kind, &random).unwrap();
        Self { name, pair: Pair::P256(EcdsaKeyPair::from_pkcs8(kind, document.as_ref(), &random).unwrap()) }
    }

    pub(super) fn algorithm(&self) -> &'static str {
        match self.pair {
            Pair::Ed(_) => "EdDSA",
            Pair::P256(_) => "ES256",
        }
    }

    /// The public half.
    pub(super) fn jwk(&self) -> Value {
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        match &self.pair {
            Pair::Ed(pair) => {
                json!({ "kty": "OKP", "crv": "Ed25519", "kid": self.name, "x": text(pair.public_key().as_ref()) })
            }
            Pair::P256(pair) => {
                let point = pair.public_key().as_ref();
                json!({ "kty": "EC", "crv": "P-256", "kid": self.name, "x": text(&point[1..33]), "y": text(&point[33..]) })
            }
        }
    }

    /// A set of this key alone.
    pub(crate) fn set(&self) -> String {
        json!({ "keys": [self.jwk()] }).to_string()
    }

    /// A good assertion of a client, its claims changed.
    pub(crate) fn assertion(
        &self,
        app: &TestApp,
        client: &str,
        change: impl FnOnce(&mut Map<String, Value>),
    ) -> String {
        let now = app.now().as_secs();
        let mut random = [0; 12];
        doorward_core::Entropy::fill(&doorward_core::SystemEntropy, &mut random);
        let claims = json!({
            "iss": client, "sub": client, "aud": format!("{}/auth", app.origin()), "iat": now, "exp": now + 60,
            "jti": URL_SAFE_NO_PAD.encode(random),
        });
        let Value::Object(mut claims) = claims else { unreachable!("it was just written") };
        change(&mut claims);
        self.signed(
            &json!({ "alg": self.algorithm(), "kid": self.name, "typ": "JWT" }),
            &Value::Object(claims).to_string(),
        )
    }

    /// Signs whatever it is given.
    pub(super) fn signed(&self, header: &Value, payload: &str) -> String {
        let text = format!("{}.{}", URL_SAFE_NO_PAD.encode(header.to_string()), URL_SAFE_NO_PAD.encode(payload));
        let signature = match &self.pair {
            Pair::Ed(pair) => pair.sign(text.as_bytes()).as_ref().to_vec(),
            Pair::P256(pair) => pair.sign(&SystemRandom::new(), text.as_bytes()).unwrap().as_ref().to_vec(),
        };
        format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}
