//! JSON Web Signatures in their compact form (RFC 7515), as strictly as RFC 8725 asks: what is not needed is refused.
//!
//! - `verify/one-spelling`: What is signed has one spelling: three canonical parts, flat headers, no name twice.
//! - `verify/own-algorithm`: A signature counts only by the algorithm of the key, which the header names as well.
//! - `verify/nothing-fetched`: What a token says about where its key is to be found is refused.
//! - `verify/limited`: A token beyond 8 KiB is not read, and one that would be is not written.

use std::borrow::Cow;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{
    Deserialize, Serialize,
    de::{Deserializer, Error as _},
};
use serde_json::{Map, Value};

use crate::{
    Algorithm, PublicKey,
    json::{self, Text},
};

/// The longest token that is read or written, in bytes.
pub const MAX_LENGTH: usize = 8 * 1024;

/// A token that was taken apart and not believed: what it says is worth nothing before [`Unverified::verified`].
pub struct Unverified<'t> {
    signed: &'t [u8],
    signature: Vec<u8>,
    payload: Vec<u8>,
    header: Vec<u8>,
}

/// What the header of a token says.
#[derive(Debug)]
pub struct Header<'h> {
    /// The kind of token.
    pub typ: Option<Cow<'h, str>>,
    /// The algorithm's name.
    pub alg: Cow<'h, str>,
    /// The key's name.
    pub kid: Option<Cow<'h, str>>,
    /// The key itself, which only a proof of possession brings along (RFC 9449); anything else that has one is to be refused.
    pub jwk: Option<Value>,
}

/// It is no token that could be verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed;

impl<'t> Unverified<'t> {
    /// Takes a token apart: three parts in canonical base64url, of which the first two are JSON objects.
    pub fn parse(text: &'t str) -> Result<Self, Malformed> {
        let token = Self::of_any_payload(text)?;
        if is_object(&token.payload) { Ok(token) } else { Err(Malformed) }
    }

    /// The same for any payload that is not empty.
    pub(crate) fn of_any_payload(text: &'t str) -> Result<Self, Malformed> {
        if text.len() > MAX_LENGTH {
            return Err(Malformed);
        }
        // Dots are looked for from both ends: whatever lies between them besides the payload is no letter of base64url.
        let (signed, signature) = text.rsplit_once('.').ok_or(Malformed)?;
        let (header, payload) = signed.split_once('.').ok_or(Malformed)?;
        let [header, payload, signature] = [part(header)?, part(payload)?, part(signature)?];
        let token = Self { signed: signed.as_bytes(), signature, payload, header };
        if is_object(&token.header) { Ok(token) } else { Err(Malformed) }
    }

    /// Reads the header. Every name but `typ`, `alg`, `kid` and `jwk` is refused, whoever understands it: each asks for
    /// something that is not done here (`crit`, `b64`, `zip`) or says where a key is to be found (`jku`, `x5u`, `x5c`).
    pub fn header(&self) -> Result<Header<'_>, Malformed> {
        let raw: RawHeader<'_> = serde_json::from_slice(&self.header).map_err(|_| Malformed)?;
        // The names of the header itself are looked at above; those within a key only here.
        if raw.jwk.is_some() && !json::is_unambiguous(&self.header) {
            return Err(Malformed);
        }
        Ok(Header { typ: raw.typ, alg: raw.alg, kid: raw.kid, jwk: raw.jwk })
    }

    /// The payload, if the header names the algorithm of the key and the key has signed both.
    pub fn verified(&self, key: &PublicKey) -> Option<&[u8]> {
        let header = self.header().ok()?;
        let is_meant = Algorithm::named(&header.alg) == Some(key.algorithm());
        let is_signed = is_meant && key.verifies(self.signed, &self.signature);
        is_signed.then_some(self.payload.as_slice())
    }
}

/// Writes a token; `sign` signs its first two parts.
///
/// A token that nobody would read, because it is too long, is an error.
pub fn compact(
    (typ, algorithm, kid): (&str, Algorithm, &str),
    claims: &impl Serialize,
    sign: impl FnOnce(&[u8]) -> Vec<u8>,
) -> Result<String, serde_json::Error> {
    #[derive(Serialize)]
    struct Written<'w> {
        typ: &'w str,
        alg: &'w str,
        kid: &'w str,
    }
    let header = serde_json::to_vec(&Written { typ, alg: algorithm.name(), kid })?;
    let mut text = URL_SAFE_NO_PAD.encode(header);
    text.push('.');
    URL_SAFE_NO_PAD.encode_string(serde_json::to_vec(claims)?, &mut text);
    let signature = sign(text.as_bytes());
    text.push('.');
    URL_SAFE_NO_PAD.encode_string(signature, &mut text);
    let fits = text.len() <= MAX_LENGTH;
    fits.then_some(text).ok_or_else(|| serde::ser::Error::custom(format!("a token beyond {MAX_LENGTH} bytes")))
}

/// Claims by their names, each name once, as JSON values; for tokens whose claims are not known beforehand.
pub struct Claims(Map<String, Value>);

impl Claims {
    /// Reads a payload.
    pub fn parse(payload: &[u8]) -> Result<Self, Malformed> {
        match json::read(payload) {
            Some(Value::Object(claims)) => Ok(Self(claims)),
            _ => Err(Malformed),
        }
    }

    /// A claim.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// A claim that must be a text; `None` when it is absent, `Err` when it is something else.
    pub fn text(&self, name: &str) -> Result<Option<&str>, Malformed> {
        self.get(name).map(|value| value.as_str().ok_or(Malformed)).transpose()
    }

    /// A claim that must be a moment in whole seconds since the epoch (RFC 7519 section 2), not before it.
    pub fn moment(&self, name: &str) -> Result<Option<u64>, Malformed> {
        self.get(name).map(|value| value.as_u64().ok_or(Malformed)).transpose()
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawHeader<'h> {
    #[serde(borrow, default, deserialize_with = "text")]
    typ: Option<Cow<'h, str>>,
    #[serde(borrow)]
    alg: Cow<'h, str>,
    #[serde(borrow, default, deserialize_with = "text")]
    kid: Option<Cow<'h, str>>,
    #[serde(default, deserialize_with = "present")]
    jwk: Option<Value>,
}

/// A text that is there; serde itself takes `null` for one that is absent.
fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Cow<'de, str>>, D::Error> {
    Text::deserialize(deserializer).map(|Text(text)| Some(text))
}

fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::Object(jwk) => Ok(Some(Value::Object(jwk))),
        _ => Err(D::Error::custom("no key")),
    }
}

/// Decodes a part; stray bits at its end, padding, and letters of another alphabet are refused.
fn part(text: &str) -> Result<Vec<u8>, Malformed> {
    if text.is_empty() {
        return Err(Malformed);
    }
    URL_SAFE_NO_PAD.decode(text).map_err(|_| Malformed)
}

/// Whether it can be an object and nothing else: serde would take an array for one.
fn is_object(json: &[u8]) -> bool {
    json.iter().find(|byte| !b" \t\n\r".contains(byte)) == Some(&b'{')
}
