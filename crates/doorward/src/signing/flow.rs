//! Signing, and the life of the keys that sign.

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use doorward_core::Timestamp;
use doorward_verify::{Algorithm, KeySet, jws};
use serde::Serialize;

use super::{
    kept::Keys,
    pair::{self, Fresh, Sealing},
    rules::{self, SIGNED, SigningKey, Stored},
    store,
};
use crate::{
    audit::{self, Action, By},
    base::db::{Durability, Transaction},
    context::Context,
    error::Fault,
};

/// Signs claims as a token of the kind `typ`. Not to be called while a transaction is open: see [`signer`].
pub(crate) async fn sign(
    cx: &Context,
    typ: &str,
    algorithm: Algorithm,
    claims: &impl Serialize,
) -> Result<String, Fault> {
    signer(cx, algorithm).await?.sign(typ, claims)
}

/// The key that signs at this moment.
pub(crate) struct Signer {
    keys: Arc<Keys>,
    algorithm: Algorithm,
    since: Timestamp,
}

/// Finds the key that signs at this moment. Not to be called while a transaction is open: the first token of an algorithm makes
/// its key, which writes.
pub(crate) async fn signer(cx: &Context, algorithm: Algorithm) -> Result<Signer, Fault> {
    let since = cx.clock.now();
    Ok(Signer { keys: keys_with(cx, algorithm, since).await?, algorithm, since })
}

impl Signer {
    /// Signs claims as a token of the kind `typ`.
    pub(crate) fn sign(&self, typ: &str, claims: &impl Serialize) -> Result<String, Fault> {
        let signer = self.keys.signer(self.algorithm, self.since);
        let (kid, pair) = signer.ok_or_else(|| Fault::new("signing", "the first key is not there"))?;
        let mut failed = None;
        let signed = jws::compact((typ, self.algorithm, kid), claims, |message| {
            pair.sign(message).unwrap_or_else(|fault| {
                failed = Some(fault);
                Vec::new()
            })
        });
        match failed {
            Some(fault) => Err(fault),
            None => signed.map_err(|cause| Fault::new("writing a token", cause)),
        }
    }
}

/// Everything that verifies at this moment.
pub(crate) async fn key_set(cx: &Context) -> Result<Arc<KeySet>, Fault> {
    // Whoever asks before anything was signed learns the key that will sign.
    Ok(Arc::clone(&keys_with(cx, Algorithm::EdDsa, cx.clock.now()).await?.set))
}

/// What there is, for an operator.
pub(crate) async fn list(cx: &Context) -> Result<Vec<SigningKey>, Fault> {
    let now = cx.clock.now();
    Ok(rules::described(&store::all(&cx.db, now).await?, now))
}

/// Publishes the successor of each key now, to sign when everybody can know it. One that is published already stays the only
/// one. The first key signs at once.
pub(crate) async fn rotate(cx: &Context, by: By) -> Result<Vec<SigningKey>, Fault> {
    let now = cx.clock.now();
    let keys = store::all(&cx.db, now).await?;
    if keys.is_empty() {
        add(cx, by, Place::first(Algorithm::EdDsa, now)).await?;
    }
    for newest in SIGNED.iter().filter_map(|algorithm| rules::newest(&keys, *algorithm)) {
        if newest.signs_from <= now {
            add(cx, by, Place::after(newest, now.after(cx.settings.signing.publish_ahead))).await?;
        }
    }
    list(cx).await
}

/// Replaces all keys at once: new ones sign from now on, and what any other has signed verifies no more.
pub(crate) async fn replace(cx: &Context, by: By) -> Result<Vec<SigningKey>, Fault> {
    for _ in 0..TRIES {
        if try_replace(cx, by).await? {
            return list(cx).await;
        }
    }
    Err(Fault::new("replacing signing keys", "others make new ones all the time"))
}

/// Makes the successors that are due, and seals again what an older master key has sealed.
pub(crate) async fn keep(cx: &Context) -> Result<(), Fault> {
    let now = cx.clock.now();
    let keys = keys(cx, now).await?;
    for key in keys.rows() {
        seal_again(cx, key).await?;
    }
    for newest in SIGNED.iter().filter_map(|algorithm| rules::newest(keys.rows(), *algorithm)) {
        if let Some(signs_from) = rules::due(newest, &cx.settings.signing, now) {
            add(cx, By::DOORWARD, Place::after(newest, signs_from)).await?;
        }
    }
    Ok(())
}

/// Removes keys that are over.
pub(crate) async fn purge(cx: &Context, tx: &mut Transaction) -> Result<u64, Fault> {
    store::purge(tx, cx.clock.now()).await
}

async fn keys(cx: &Context, now: Timestamp) -> Result<Arc<Keys>, Fault> {
    let rows = store::all(&cx.db, now).await?;
    cx.signing.opened(cx.keys(), rows)
}

/// All keys, with one of this algorithm among them.
async fn keys_with(cx: &Context, algorithm: Algorithm, now: Timestamp) -> Result<Arc<Keys>, Fault> {
    let found = keys(cx, now).await?;
    if found.signer(algorithm, now).is_some() {
        return Ok(found);
    }
    add(cx, By::DOORWARD, Place::first(algorithm, now)).await?;
    keys(cx, now).await
}

/// Where a new key comes: after which, and from when on it signs.
pub(super) struct Place {
    algorithm: Algorithm,
    generation: i64,
    signs_from: Timestamp,
}

impl Place {
    pub(super) fn first(algorithm: Algorithm, now: Timestamp) -> Self {
        Self { algorithm, generation: 1, signs_from: now }
    }

    pub(super) fn after(newest: &Stored, signs_from: Timestamp) -> Self {
        Self { algorithm: newest.algorithm, generation: newest.generation + 1, signs_from }
    }
}

/// Makes a key, unless another node has made it at the same moment; then that one is as good.
pub(super) async fn add(cx: &Context, by: By, place: Place) -> Result<(), Fault> {
    let key = fresh(cx, &place)?;
    let mut tx = cx.db.begin(Durability::Full).await?;
    if insert(&mut tx, &key, rules::end(key.signs_from)).await? {
        audit::append(cx, &mut tx, by.did(Action::SigningRotated)).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// Puts a key after the one before it, which is over at `ends_at`; `false` when that is not the newest any more. A number that
/// is free is not enough: the key that had it may have been made and replaced since somebody looked.
async fn insert(tx: &mut Transaction, key: &Stored, ends_at: Timestamp) -> Result<bool, Fault> {
    let in_turn = match key.generation {
        1 => !store::generations(tx).await?.iter().any(|(algorithm, _)| *algorithm == key.algorithm),
        next => store::succeed(tx, key.algorithm, next - 1, ends_at).await?,
    };
    Ok(in_turn && store::insert(tx, key).await?)
}

/// Replaces all keys, unless somebody else makes one at the same moment: it would not be among those that are removed.
async fn try_replace(cx: &Context, by: By) -> Result<bool, Fault> {
    let now = cx.clock.now();
    let mut tx = cx.db.begin(Durability::Full).await?;
    let mut last = store::generations(&mut tx).await?;
    if last.is_empty() {
        last.push((Algorithm::EdDsa, 0));
    }
    for (algorithm, generation) in last {
        let key = fresh(cx, &Place { algorithm, generation: generation + 1, signs_from: now })?;
        if !insert(&mut tx, &key, now).await? {
            return Ok(false);
        }
        // Deleted and not ended: no clock that is set back finds them again.
        store::remove_before(&mut tx, algorithm, key.generation).await?;
    }
    audit::append(cx, &mut tx, by.did(Action::SigningReplaced)).await?;
    tx.commit().await?;
    Ok(true)
}

async fn seal_again(cx: &Context, key: &Stored) -> Result<(), Fault> {
    let ring = cx.keys();
    let Some(sealed) = pair::sealed_again(key, &sealing(cx, &ring))? else { return Ok(()) };
    let mut tx = cx.db.begin(Durability::Full).await?;
    store::seal_again(&mut tx, key, &sealed).await?;
    tx.commit().await
}

fn fresh(cx: &Context, place: &Place) -> Result<Stored, Fault> {
    let mut name = [0; 12];
    cx.entropy.fill(&mut name);
    let (kid, made) = (URL_SAFE_NO_PAD.encode(name), Fresh::make(place.algorithm, cx.entropy.as_ref())?);
    let ring = cx.keys();
    let sealing = sealing(cx, &ring);
    Ok(Stored {
        sealed: made.seal((&kid, place.algorithm), &sealing),
        kid,
        algorithm: place.algorithm,
        generation: place.generation,
        public: made.public,
        created_at: sealing.now,
        signs_from: place.signs_from,
        ends_at: None,
    })
}

fn sealing<'c>(cx: &'c Context, ring: &'c doorward_core::KeyRing) -> Sealing<'c> {
    Sealing { ring, entropy: cx.entropy.as_ref(), now: cx.clock.now() }
}

/// How often an emergency rotation meets another one before it gives up.
const TRIES: usize = 10;
