//! Apple. Its secret is a token that we sign with a key of ours for minutes, and its answer comes as a form of its own site
//! (developer.apple.com, "Sign in with Apple REST API").

use base64::{Engine, engine::general_purpose::STANDARD};
use doorward_core::Timestamp;
use doorward_verify::{
    Algorithm,
    jws::{self, Claims},
};
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair},
};
use serde_json::{Value, json};

use super::{super::settings::Written, Kind, Mistake, Way};

pub(super) struct Apple;

impl Kind for Apple {
    fn name(&self) -> &'static str {
        "apple"
    }

    fn label(&self) -> &'static str {
        "Apple"
    }

    fn mark(&self) -> &'static str {
        include_str!("apple.svg")
    }

    fn keys(&self) -> &'static [&'static str] {
        &["team_id", "key_id", "key"]
    }

    fn makes_its_secret(&self) -> bool {
        true
    }

    fn way(&self, written: &Written) -> Result<Way, Mistake> {
        for (key, text) in [("team_id", &written.team_id), ("key_id", &written.key_id)] {
            if text.is_empty() {
                return Err(Mistake(key, "there is none", "Write it as Apple's developer pages show it."));
            }
        }
        if pair(written).is_none() {
            let cure = "Name the file AuthKey_….p8 that Apple gave you with `key_file`.";
            return Err(Mistake("key", "it is no private key for ES256", cure));
        }
        Ok(Way::of_issuer(written.issuer_or(ISSUER)))
    }

    fn scopes(&self) -> &'static [&'static str] {
        &["email", "name"]
    }

    fn parameters(&self, _: &Written) -> Vec<(&'static str, String)> {
        // Apple tells an address in no other way.
        vec![("response_mode", "form_post".to_owned())]
    }

    fn secret(&self, written: &Written, now: Timestamp) -> Option<String> {
        let pair = pair(written)?;
        let claims = json!({
            "iss": written.team_id,
            "sub": written.client_id,
            "aud": written.issuer_or(ISSUER),
            "iat": now.as_secs(),
            "exp": now.as_secs() + LIFETIME,
        });
        let sign = |signed: &[u8]| pair.sign(&SystemRandom::new(), signed).map(|it| it.as_ref().to_vec());
        jws::compact(("JWT", Algorithm::Es256, &written.key_id), &claims, |signed| sign(signed).unwrap_or_default())
            .ok()
    }

    /// A flag, or the same as a text.
    fn vouches(&self, claims: &Claims) -> bool {
        let verified = claims.get("email_verified");
        verified == Some(&Value::Bool(true)) || verified.and_then(Value::as_str) == Some("true")
    }
}

/// The key in the file that Apple gives: PKCS #8 in PEM.
fn pair(written: &Written) -> Option<EcdsaKeyPair> {
    let text = written.key.get()?.expose_text()?;
    let inner: String = text.lines().filter(|line| !line.starts_with("-----")).map(str::trim).collect();
    let bytes = zeroize::Zeroizing::new(STANDARD.decode(inner).ok()?);
    EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &bytes, &SystemRandom::new()).ok()
}

const ISSUER: &str = "https://appleid.apple.com";
/// How long a secret is good, in seconds; it is made for one request.
const LIFETIME: i64 = 300;
