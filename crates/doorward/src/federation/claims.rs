//! What an ID token says, checked as OpenID Connect Core section 3.1.3.7 asks, and a little more strictly: a moment is a whole number,
//! a name stands once, a token is for us alone. Each no has a word of its own for the log.
//!
//! It is not left to the library, which takes an issuer that is no address (Google's may be none) or a name that is no text for a
//! reason to read nothing at all, and leaves `azp`, `nbf` and names that stand twice to its callers. It verifies the signature.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use doorward_core::{Timestamp, same_text};
use doorward_verify::jws::Claims;
use serde_json::Value;

use super::rules::{Reason, is_subject};
use crate::base::lifetime::LEEWAY;

/// What the claims must be about.
pub(super) struct Expected<'e> {
    pub(super) issuer: &'e str,
    pub(super) client_id: &'e str,
    pub(super) nonce: &'e str,
    pub(super) now: Timestamp,
}

/// Takes the claims out of an ID token; the algorithm is one of the few that are taken.
pub(super) fn read(token: &str) -> Result<Claims, Reason> {
    read_as(token, Sort::Id)
}

/// What sort of token it is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sort {
    /// An ID token.
    Id,
    /// A logout token, which may say so in its type (Back-Channel Logout section 2.4).
    Logout,
}

/// The same of a token of this sort.
pub(super) fn read_as(token: &str, sort: Sort) -> Result<Claims, Reason> {
    let header = header(token, sort)?;
    if !ALGORITHMS.contains(&header.algorithm.as_str()) {
        return Err(Reason::Algorithm);
    }
    part(token, 1)
}

/// What the header of an ID token says.
pub(super) struct Header {
    pub(super) algorithm: String,
    /// The name of the key.
    pub(super) kid: Option<String>,
}

/// Reads the header. It is that of a plain JWT: of another type, or with a demand that has to be understood (RFC 7515 section
/// 4.1.11), it is refused. Keys that it brings along or points to are not looked at.
pub(super) fn header(token: &str, sort: Sort) -> Result<Header, Reason> {
    let header = part(token, 0)?;
    let text = |name: &str| header.text(name).map(|text| text.map(str::to_owned)).map_err(|_| Reason::IdTokenMalformed);
    let is_plain = text("typ")?.is_none_or(|kind| {
        let kind = kind.to_ascii_lowercase();
        match kind.trim_start_matches("application/") {
            "jwt" => true,
            kind => kind == "logout+jwt" && sort == Sort::Logout,
        }
    });
    if !is_plain || header.get("crit").is_some() || header.get("cty").is_some() {
        return Err(Reason::IdTokenMalformed);
    }
    Ok(Header { algorithm: text("alg")?.unwrap_or_default(), kid: text("kid")? })
}

/// One part of a token of three, as an object in which each name stands once.
fn part(token: &str, at: usize) -> Result<Claims, Reason> {
    let parts: Vec<&str> = token.split('.').collect();
    let bytes = if parts.len() == 3 { URL_SAFE_NO_PAD.decode(parts[at]).ok() } else { None };
    bytes.and_then(|bytes| Claims::parse(&bytes).ok()).ok_or(Reason::IdTokenMalformed)
}

/// Checks the claims as OpenID Connect Core section 3.1.3.7 says, apart from the signature.
pub(super) fn check(claims: &Claims, expected: &Expected<'_>) -> Result<(), Reason> {
    let text = |name| claims.get(name).and_then(Value::as_str);
    if text("iss") != Some(expected.issuer) {
        return Err(Reason::Issuer);
    }
    if !text("sub").is_some_and(is_subject) {
        return Err(Reason::Subject);
    }
    let for_us = match claims.get("aud") {
        Some(Value::String(one)) => one == expected.client_id,
        Some(Value::Array(all)) => all.len() == 1 && all[0].as_str() == Some(expected.client_id),
        _ => false,
    };
    if !for_us {
        return Err(Reason::Audience);
    }
    if claims.get("azp").is_some_and(|party| party.as_str() != Some(expected.client_id)) {
        return Err(Reason::AuthorizedParty);
    }
    check_moments(claims, expected.now)?;
    let nonce = text("nonce").ok_or(Reason::Nonce)?;
    same_text(nonce, expected.nonce).then_some(()).ok_or(Reason::Nonce)
}

fn check_moments(claims: &Claims, now: Timestamp) -> Result<(), Reason> {
    let moment = |name, no| claims.moment(name).map_err(|_| no);
    let at = |secs: u64| Timestamp::from_secs(i64::try_from(secs).unwrap_or(i64::MAX));
    let expires = moment("exp", Reason::Expired)?.map(at).ok_or(Reason::Expired)?;
    if expires <= now.before(LEEWAY) {
        return Err(Reason::Expired);
    }
    let issued = moment("iat", Reason::IssuedAt)?.map(at).ok_or(Reason::IssuedAt)?;
    let begins = moment("nbf", Reason::IssuedAt)?.map(at);
    moment("auth_time", Reason::IdTokenMalformed)?;
    // It is the answer to a request of this moment, so it is made now.
    let is_fresh = issued <= now.after(LEEWAY) && now.since(issued) <= OLDEST;
    let has_begun = begins.is_none_or(|begins| begins <= now.after(LEEWAY));
    (is_fresh && has_begun).then_some(()).ok_or(Reason::IssuedAt)
}

/// When the person has proved themselves, where the claims say so.
pub(super) fn proved_at(claims: &Claims) -> Option<Timestamp> {
    let secs = claims.moment("auth_time").ok()??;
    Some(Timestamp::from_secs(i64::try_from(secs).ok()?))
}

/// Whether an issuer is written as an address, as every one must be but Google's.
pub(super) fn is_url(issuer: &str) -> bool {
    issuer.contains("://")
}

/// The algorithms that are taken (RFC 7518, RFC 8037): all are of a key that only the provider has.
pub(super) const ALGORITHMS: [&str; 4] = ["RS256", "PS256", "ES256", "EdDSA"];
/// How old a token may be that was just made, as far as clocks agree.
const OLDEST: std::time::Duration = std::time::Duration::from_secs(600);
