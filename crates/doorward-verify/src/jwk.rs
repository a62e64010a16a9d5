//! Keys in JSON, and sets of them (RFC 7517).
//!
//! - `verify/strict-keys`: A key that is not for signatures, is for another algorithm than its kind, or comes with its private
//!   half is left out.
//! - `verify/one-name`: Two keys of one name are no set, and a key without a name is never found.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value, json};

use crate::{Algorithm, PublicKey, json, keys::Kind, rsa};

impl PublicKey {
    /// Reads a key in JSON (RFC 7517). `None` for what is no public key of [`Algorithm::ALL`], what is not for signatures, and
    /// an RSA key below 2048 bits. The algorithm of an RSA key should be said; RS256 is meant when it is not.
    pub fn from_jwk(jwk: &Value) -> Option<Self> {
        let jwk = jwk.as_object()?;
        let says = |name: &str| jwk.get(name).map(Value::as_str);
        let use_fits = jwk.get("use").is_none_or(|value| value == "sig");
        let ops_fit =
            jwk.get("key_ops").is_none_or(|ops| ops.as_array().is_some_and(|ops| ops.iter().any(|op| op == "verify")));
        // A key that brings its private half is nobody's any more.
        let secret = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"].iter().any(|name| jwk.contains_key(*name));
        if !use_fits || !ops_fit || secret {
            return None;
        }
        let key = match (says("kty")??, says("crv").flatten()) {
            ("OKP", Some("Ed25519")) => Self::ed25519(&fixed(jwk, "x")?)?,
            ("EC", Some("P-256")) => Self(Kind::P256(point::<32, 65>(jwk)?)),
            ("EC", Some("P-384")) => Self(Kind::P384(Box::new(point::<48, 97>(jwk)?))),
            ("RSA", None) => {
                let (n, e) = (bytes(jwk, "n")?, bytes(jwk, "e")?);
                let pss = jwk.get("alg").is_some_and(|alg| alg == Algorithm::Ps256.name());
                rsa::is_sound(&n, &e).then_some(Self(Kind::Rsa { n, e, pss }))?
            }
            _ => return None,
        };
        let said = jwk.get("alg").map(|alg| alg.as_str().and_then(Algorithm::named));
        said.is_none_or(|said| said == Some(key.algorithm())).then_some(key)
    }

    /// The key in JSON, without a name.
    pub fn to_jwk(&self) -> Value {
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        match &self.0 {
            Kind::Ed(key) => json!({ "kty": "OKP", "crv": "Ed25519", "x": text(key.as_bytes()) }),
            Kind::P256(point) => {
                json!({ "kty": "EC", "crv": "P-256", "x": text(&point[1..33]), "y": text(&point[33..]) })
            }
            Kind::P384(point) => {
                json!({ "kty": "EC", "crv": "P-384", "x": text(&point[1..49]), "y": text(&point[49..]) })
            }
            Kind::Rsa { n, e, .. } => json!({ "kty": "RSA", "n": text(n), "e": text(e) }),
        }
    }

    /// The thumbprint (RFC 7638): SHA-256 of the required members in the order of their names, in base64url.
    pub fn thumbprint(&self) -> String {
        let jwk = self.to_jwk();
        let names: &[&str] = match &self.0 {
            Kind::Ed(_) => &["crv", "kty", "x"],
            Kind::P256(_) | Kind::P384(_) => &["crv", "kty", "x", "y"],
            Kind::Rsa { .. } => &["e", "kty", "n"],
        };
        // Names and values are letters of base64url and hyphens: nothing is escaped.
        let members: Vec<_> = names.iter().map(|name| format!("\"{name}\":{}", jwk[*name])).collect();
        let canonical = format!("{{{}}}", members.join(","));
        URL_SAFE_NO_PAD.encode(ring::digest::digest(&ring::digest::SHA256, canonical.as_bytes()))
    }
}

fn bytes(jwk: &Map<String, Value>, name: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(jwk.get(name)?.as_str()?).ok()
}

fn fixed<const N: usize>(jwk: &Map<String, Value>, name: &str) -> Option<[u8; N]> {
    bytes(jwk, name)?.try_into().ok()
}

/// The uncompressed point of `x` and `y`, of `HALF` bytes each.
fn point<const HALF: usize, const WHOLE: usize>(jwk: &Map<String, Value>) -> Option<[u8; WHOLE]> {
    let (x, y): ([u8; HALF], [u8; HALF]) = (fixed(jwk, "x")?, fixed(jwk, "y")?);
    [&[4], x.as_slice(), y.as_slice()].concat().try_into().ok()
}

/// The keys of an issuer, by name.
#[derive(Clone, Debug, Default)]
pub struct KeySet(Vec<(String, PublicKey)>);

/// How many keys a set may have; an issuer has two or three, and a client's few.
const MAX_KEYS: usize = 64;

impl KeySet {
    /// Reads a JSON Web Key Set. Keys without a name and keys of kinds that we do not know are left out (RFC 7517 section 5);
    /// two keys of one name, more than 64 keys, or what is no set, are `None`.
    pub fn parse(text: &str) -> Option<Self> {
        let set = json::read(text.as_bytes())?;
        let all = set.get("keys")?.as_array().filter(|all| all.len() <= MAX_KEYS)?;
        let mut keys = Self::default();
        for jwk in all {
            let name = jwk.get("kid").and_then(Value::as_str).filter(|name| !name.is_empty());
            let (Some(name), Some(key)) = (name, PublicKey::from_jwk(jwk)) else { continue };
            if !keys.insert(name, key) {
                return None;
            }
        }
        Some(keys)
    }

    /// Adds a key; `false` when the name is taken or empty, and nothing is changed.
    pub fn insert(&mut self, name: &str, key: PublicKey) -> bool {
        let free = !name.is_empty() && self.find(name).is_none();
        if free {
            self.0.push((name.to_owned(), key));
        }
        free
    }

    /// The key of this name.
    pub fn find(&self, name: &str) -> Option<&PublicKey> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, key)| key)
    }

    /// All of them with their names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &PublicKey)> {
        self.0.iter().map(|(name, key)| (name.as_str(), key))
    }
}
