//! What a client says of itself under its signature (RFC 7523 section 3), as strictly as RFC 9700 section 2.5 asks.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use doorward_core::{ClientId, Timestamp};
use doorward_verify::{
    Algorithm,
    jws::{Claims, Unverified},
};
use sha2::{Digest, Sha256};

use super::rules::Client;
use crate::base::db::{Bind, Value};

/// An assertion that was found right, and may have been spent.
pub(super) struct Asserted {
    /// What is remembered of it.
    pub(super) digest: AssertionDigest,
    /// Until when.
    pub(super) expires_at: Timestamp,
}

/// Stands for an assertion that was spent: neither its name nor its client can be read from it.
pub(super) struct AssertionDigest([u8; 32]);

impl Bind for AssertionDigest {
    fn value(&self) -> Value<'_> {
        Value::bytes(&self.0)
    }
}

/// Whose assertion it says it is. It is not believed: that only tells which keys to try.
pub(super) fn says_it_is(assertion: &str) -> Option<ClientId> {
    Unverified::parse(assertion).ok()?;
    let payload = URL_SAFE_NO_PAD.decode(assertion.split('.').nth(1)?).ok()?;
    Claims::parse(&payload).ok()?.text("sub").ok()??.parse().ok()
}

/// Judges an assertion: signed by a key of the client, by that key's algorithm, about the client itself, for one of these
/// audiences, and for a few minutes.
pub(super) fn judge(assertion: &str, client: &Client, audiences: &[&str], now: Timestamp) -> Option<Asserted> {
    let unverified = Unverified::parse(assertion).ok()?;
    let header = unverified.header().ok()?;
    let typ = header.typ.as_deref().map(str::to_ascii_lowercase);
    let is_assertion = typ.is_none_or(|typ| TYPES.contains(&typ.trim_start_matches("application/")));
    // A key that comes along would be whoever's.
    if !is_assertion || header.jwk.is_some() {
        return None;
    }
    let algorithm = Algorithm::named(&header.alg)?;
    let key = client.key_set.find(header.kid.as_deref()?)?.with_algorithm(algorithm);
    if key.algorithm() != algorithm {
        return None;
    }
    let claims = Claims::parse(unverified.verified(&key)?).ok()?;
    let says = |name| claims.text(name).ok().flatten();
    let is_about_itself = says("iss") == Some(client.id.as_str()) && says("sub") == Some(client.id.as_str());
    let is_for_us = audience(&claims).is_some_and(|audience| audiences.contains(&audience));
    let name = says("jti").filter(|jti| (1..=LONGEST_NAME).contains(&jti.len()))?;
    let expires_at = in_time(&claims, now)?;
    (is_about_itself && is_for_us).then(|| Asserted { digest: digest(&client.id, name), expires_at })
}

/// The one audience: a text, or a list of one.
fn audience(claims: &Claims) -> Option<&str> {
    let audience = claims.get("aud")?;
    match audience.as_array().map(Vec::as_slice) {
        None => audience.as_str(),
        Some([one]) => one.as_str(),
        Some(_) => None,
    }
}

/// Until when the assertion can be taken, unless it cannot be now.
fn in_time(claims: &Claims, now: Timestamp) -> Option<Timestamp> {
    let now = u64::try_from(now.as_secs()).ok()?;
    let ends = claims.moment("exp").ok()??;
    let begun = ["iat", "nbf"].iter().all(|name| {
        claims.moment(name).is_ok_and(|moment| moment.is_none_or(|moment| moment <= now.saturating_add(LEEWAY)))
    });
    let ends_late = ends.saturating_add(LEEWAY);
    let works = now < ends_late && ends <= now.saturating_add(LONGEST + LEEWAY);
    (begun && works).then(|| Timestamp::from_secs(i64::try_from(ends_late).unwrap_or(i64::MAX)))
}

fn digest(client: &ClientId, name: &str) -> AssertionDigest {
    let hash = Sha256::new().chain_update("doorward/client-assertion\0").chain_update(client.as_str());
    AssertionDigest(hash.chain_update([0]).chain_update(name).finalize().into())
}

/// Kinds of tokens that are no others: none said, the usual word, and the one that says more.
const TYPES: [&str; 2] = ["jwt", "client-authentication+jwt"];
/// The longest that an assertion may have to live, in seconds.
const LONGEST: u64 = 5 * 60;
/// How far the clock of a client may be off, in seconds.
const LEEWAY: u64 = 60;
const LONGEST_NAME: usize = 256;
