//! Verifies access tokens (RFC 9068 section 4).
//!
//! - `verify/signed`: A token is taken only with the signature of a key of the set, by that key's own algorithm.
//! - `verify/kinds-apart`: A token of another kind, such as an ID token, is no access token.
//! - `verify/meant-for-us`: A token of another issuer or for another audience is refused.
//! - `verify/expires`: A token ends at its moment, one from the future has not begun, and none lives longer than 15 minutes.
//! - `verify/holder`: A token that is bound to a key is nothing without it.
//! - `verify/revoked`: A token is revoked by its name or its family's, whatever its signature looks like.
//! - `verify/no-panic`: Whatever bytes come, the answer is a refusal.

use std::{
    collections::HashSet,
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use crate::{
    AccessToken, Algorithm, KeySet, Refused,
    claims::{Claims, Expected},
    jws::Unverified,
};

/// Verifies access tokens of one issuer for one audience, or for a few.
#[derive(Debug)]
pub struct Verifier {
    issuer: String,
    /// Never empty: a token that is for nobody named here is refused.
    audiences: Vec<String>,
    keys: RwLock<Arc<KeySet>>,
    revoked: RwLock<Arc<HashSet<String>>>,
    leeway: Duration,
}

impl Verifier {
    /// Verifies tokens of `issuer`, compared byte by byte, for `audience`, with the keys of its set.
    pub fn new(issuer: impl Into<String>, audience: impl Into<String>, keys: impl Into<Arc<KeySet>>) -> Self {
        Self {
            issuer: issuer.into(),
            audiences: vec![audience.into()],
            keys: RwLock::new(keys.into()),
            revoked: RwLock::default(),
            leeway: Duration::from_secs(5),
        }
    }

    /// Takes tokens for this audience too. A token still names one and no list; [`AccessToken::audience`] says which.
    #[must_use]
    pub fn also_for(mut self, audience: impl Into<String>) -> Self {
        self.audiences.push(audience.into());
        self
    }

    /// How far the clocks of issuer and verifier may differ, in whole seconds: 5 unless this says otherwise, and 60 at most.
    #[must_use]
    pub fn leeway(mut self, leeway: Duration) -> Self {
        self.leeway = leeway.min(Duration::from_secs(60));
        self
    }

    /// Puts another set of keys in force; a key that is not in it verifies nothing any more.
    pub fn replace_keys(&self, keys: KeySet) {
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(keys);
    }

    /// Refuses from now on tokens with these names, and those of families with these names, and no longer those that were
    /// named before: the list of the issuer, which holds what was revoked and is not over yet.
    pub fn revoke(&self, names: impl IntoIterator<Item = String>) {
        let names = Arc::new(names.into_iter().collect());
        *self.revoked.write().unwrap_or_else(PoisonError::into_inner) = names;
    }

    /// What the token says, if it is one of ours, for us, signed, not over, and good for whoever bears it
    /// (`Authorization: Bearer`). One that is bound to a key is refused: taken without the proof it would be worth as much to
    /// a thief (RFC 9449 section 7.2).
    pub fn verify(&self, token: &str, now: SystemTime) -> Result<AccessToken, Refused> {
        let token = self.verify_without_proof(token, now)?;
        if token.key_thumbprint.is_none() { Ok(token) } else { Err(Refused::OtherHolder) }
    }

    /// The same for a token that is bound to the key of this thumbprint (`Authorization: DPoP`). That the sender has this key
    /// must have been proved before, by a DPoP proof for this request and this token (RFC 9449 section 4.3).
    pub fn verify_bound(&self, token: &str, thumbprint: &str, now: SystemTime) -> Result<AccessToken, Refused> {
        let token = self.verify_without_proof(token, now)?;
        if token.key_thumbprint.as_deref() == Some(thumbprint) { Ok(token) } else { Err(Refused::OtherHolder) }
    }

    /// The same for a token whose holder is not asked: to tell what it says, or for who compares
    /// [`AccessToken::key_thumbprint`] themselves. Nobody is let in by this alone.
    pub fn verify_without_proof(&self, token: &str, now: SystemTime) -> Result<AccessToken, Refused> {
        let unverified = Unverified::parse(token).map_err(|_| Refused::Malformed)?;
        let keys = Arc::clone(&self.keys.read().unwrap_or_else(PoisonError::into_inner));
        let payload = signed(&unverified, &keys)?;
        let expected = Expected { issuer: &self.issuer, audiences: &self.audiences };
        let claims = Claims::read(payload, expected).ok_or(Refused::Claims)?;
        self.judge(&claims, now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs())?;
        if self.is_revoked(&claims.token) { Err(Refused::Revoked) } else { Ok(claims.token) }
    }

    fn judge(&self, claims: &Claims, now: u64) -> Result<(), Refused> {
        let (begins, ends) = (claims.token.issued_at, claims.token.expires_at);
        if !claims.is_of_issuer {
            return Err(Refused::OtherIssuer);
        }
        if !claims.is_for_audience {
            return Err(Refused::OtherAudience);
        }
        // What ends before it begins, or lives longer than any token of ours may, was not made by an issuer in its senses.
        if ends <= begins || ends - begins > LONGEST {
            return Err(Refused::Claims);
        }
        if now >= ends.saturating_add(self.leeway.as_secs()) {
            return Err(Refused::Expired);
        }
        let begins = begins.max(claims.not_before.unwrap_or_default());
        if begins > now.saturating_add(self.leeway.as_secs()) { Err(Refused::NotYet) } else { Ok(()) }
    }

    fn is_revoked(&self, token: &AccessToken) -> bool {
        let revoked = Arc::clone(&self.revoked.read().unwrap_or_else(PoisonError::into_inner));
        let is_named = |name: &String| revoked.contains(name);
        is_named(&token.id) || token.family.as_ref().is_some_and(is_named)
    }
}

/// The longest life of an access token, in seconds.
const LONGEST: u64 = 15 * 60;

/// The kind of an access token, in both legal forms (RFC 9068 section 4).
const KINDS: [&str; 2] = ["at+jwt", "application/at+jwt"];

/// What an issuer signs access tokens with.
const ALGORITHMS: [Algorithm; 2] = [Algorithm::EdDsa, Algorithm::Es256];

/// The payload, after the kind, the key, its algorithm and its signature were found right.
fn signed<'u>(unverified: &'u Unverified<'_>, keys: &KeySet) -> Result<&'u [u8], Refused> {
    let header = unverified.header().map_err(|_| Refused::Malformed)?;
    let typ = header.typ.as_deref().unwrap_or_default();
    // Media types have no case (RFC 2045 section 5.1).
    if !KINDS.iter().any(|kind| kind.eq_ignore_ascii_case(typ)) {
        return Err(Refused::OtherKind);
    }
    if header.jwk.is_some() {
        return Err(Refused::Malformed);
    }
    let key = header.kid.as_deref().and_then(|name| keys.find(name)).ok_or(Refused::UnknownKey)?;
    if !ALGORITHMS.contains(&key.algorithm()) || header.alg != key.algorithm().name() {
        return Err(Refused::OtherAlgorithm);
    }
    unverified.verified(key).ok_or(Refused::Forged)
}
