//! Which key signs at a moment, when the next is due, and when one is over.

use std::time::Duration;

use doorward_core::Timestamp;
use doorward_verify::{Algorithm, KeySet};
use serde_json::{Value, json};

use super::settings::Settings;
use crate::base::lifetime::LEEWAY;

/// The longest that a token may live which has to verify until its end.
pub(crate) const LONGEST_LIFE: Duration = Duration::from_secs(900);

/// How long somebody may keep the published key set, in seconds.
pub(super) const KEPT_SECS: u64 = 300;

/// What we sign with.
pub(super) const SIGNED: [Algorithm; 2] = [Algorithm::EdDsa, Algorithm::Es256];

/// A key as it rests.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Stored {
    pub(super) kid: String,
    pub(super) algorithm: Algorithm,
    /// Its place among the keys of its algorithm; the next one has the next number.
    pub(super) generation: i64,
    pub(super) public: Vec<u8>,
    pub(super) sealed: Vec<u8>,
    pub(super) created_at: Timestamp,
    pub(super) signs_from: Timestamp,
    /// When it leaves the key set; known once there is a next one.
    pub(super) ends_at: Option<Timestamp>,
}

/// A key as an operator sees it.
#[derive(Clone, Debug)]
pub struct SigningKey {
    /// Its name, which tokens bear in their header.
    pub kid: String,
    /// `EdDSA` or `ES256`.
    pub algorithm: &'static str,
    /// `signs`, `will sign`, or `verifies` what it has signed before.
    pub does: &'static str,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on it signs.
    pub signs_from: Timestamp,
    /// When it leaves the key set, if that is known.
    pub ends_at: Option<Timestamp>,
}

/// The key that signs: the newest in force. When none is, because a clock was set back, the oldest: it has been known longest.
pub(super) fn signer(keys: &[Stored], algorithm: Algorithm, now: Timestamp) -> Option<&Stored> {
    let of_kind = || keys.iter().filter(|key| key.algorithm == algorithm);
    let newest = of_kind().filter(|key| key.signs_from <= now).max_by_key(|key| key.generation);
    newest.or_else(|| of_kind().min_by_key(|key| key.generation))
}

/// The key that was made last.
pub(super) fn newest(keys: &[Stored], algorithm: Algorithm) -> Option<&Stored> {
    keys.iter().filter(|key| key.algorithm == algorithm).max_by_key(|key| key.generation)
}

/// From when on the successor of the newest key signs, if it is to be made now.
pub(super) fn due(newest: &Stored, settings: &Settings, now: Timestamp) -> Option<Timestamp> {
    let planned = newest.signs_from.after(settings.rotate_every);
    let earliest = now.after(settings.publish_ahead);
    (planned <= earliest).then_some(earliest)
}

/// When a key leaves the set whose successor signs from `then`: another node's clock may be behind, and it signs for that much
/// longer; and whoever verifies may give a token as much leeway.
pub(super) fn end(then: Timestamp) -> Timestamp {
    then.after(LONGEST_LIFE).after(LEEWAY).after(LEEWAY)
}

/// What each key does now.
pub(super) fn described(keys: &[Stored], now: Timestamp) -> Vec<SigningKey> {
    let described = |key: &Stored| SigningKey {
        kid: key.kid.clone(),
        algorithm: key.algorithm.name(),
        does: match signer(keys, key.algorithm, now) {
            Some(signer) if signer.generation == key.generation => "signs",
            Some(signer) if signer.generation < key.generation => "will sign",
            _ => "verifies",
        },
        created_at: key.created_at,
        signs_from: key.signs_from,
        ends_at: key.ends_at,
    };
    keys.iter().map(described).collect()
}

/// The key set as it is published (RFC 7517 section 5). It is made of keys that can only verify.
pub(super) fn document(set: &KeySet) -> Value {
    let member = |(kid, key): (&str, &doorward_verify::PublicKey)| {
        let mut jwk = key.to_jwk();
        jwk["kid"] = kid.into();
        jwk["use"] = "sig".into();
        jwk["alg"] = key.algorithm().name().into();
        jwk
    };
    json!({ "keys": set.iter().map(member).collect::<Vec<_>>() })
}
