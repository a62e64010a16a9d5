//! Sealing what was handed out, with a key of its own for each row.

use doorward_core::{Timestamp, keyed};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, Zeroizing};

use super::{Handed, KeptRow};
use crate::{
    base::sealed::{open, seal},
    context::Context,
    federation::store::Sealed,
};

/// What is under the seal.
#[derive(Deserialize, Serialize)]
struct Inside {
    access: String,
    refresh: Option<String>,
    expires_at: Option<i64>,
    scopes: Vec<String>,
}

impl Drop for Inside {
    fn drop(&mut self) {
        self.access.zeroize();
        self.refresh.zeroize();
    }
}

/// Seals it for the account, provider and identity of this row, and no other, under the master key that is in force.
pub(super) fn sealed(cx: &Context, row: &KeptRow, handed: &Handed, now: Timestamp) -> Sealed {
    let inside = Inside {
        access: handed.access.to_string(),
        refresh: handed.refresh.as_ref().map(|text| text.to_string()),
        expires_at: handed.expires_at.map(Timestamp::as_secs),
        scopes: handed.scopes.clone(),
    };
    let bytes = Zeroizing::new(serde_json::to_vec(&inside).expect("texts and numbers are JSON"));
    let about = about(row);
    Sealed(seal(&key(&cx.keys().seed(SEEDS, now), &about), &about, &bytes, cx.entropy.as_ref()))
}

/// Opens it where any master key that is kept has sealed it for this very row.
pub(super) fn opened(cx: &Context, row: &KeptRow) -> Option<Handed> {
    let about = about(row);
    cx.keys().seeds(SEEDS).iter().find_map(|seed| {
        let plain = open(&key(seed, &about), &about, &row.sealed.0)?;
        let inside: Inside = serde_json::from_slice(&plain).ok()?;
        Some(Handed {
            access: Zeroizing::new(inside.access.clone()),
            refresh: inside.refresh.clone().map(Zeroizing::new),
            expires_at: inside.expires_at.map(Timestamp::from_secs),
            scopes: inside.scopes.clone(),
        })
    })
}

/// A key of the row's own, so that a nonce at random is never the same twice however many rows there are.
fn key(seed: &[u8; 32], about: &[u8]) -> Zeroizing<[u8; 32]> {
    Zeroizing::new(keyed(seed, &[about]))
}

/// What it belongs to, each part with its length before it.
fn about(row: &KeptRow) -> Vec<u8> {
    let account = row.account.to_string();
    let parts = [account.as_str(), row.provider.as_str(), &row.identity.issuer, &row.identity.subject];
    parts.iter().flat_map(|part| [&(part.len() as u64).to_be_bytes()[..], part.as_bytes()].concat()).collect()
}

/// The use for which seeds are derived from the master keys.
const SEEDS: &str = "doorward/provider-tokens";
