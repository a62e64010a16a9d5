//! Sealing: a minute's events get a hash that stands for them, and everything before, from then on.
//!
//! A request only inserts its event and knows nothing of this. The worker puts a number on events that have none, hashes
//! them and writes a row about them, in one short transaction; of several nodes that begin at once, one does it.

use doorward_core::Timestamp;

use super::{
    checkpoint::{Checkpoint, PublicKey, Signer},
    seals,
    tree::{Hash, Seal, Tree},
};
use crate::{
    Doorward,
    base::db::{Durability, Transaction},
    context::Context,
    error::Fault,
};

/// A checkpoint as it is kept elsewhere.
pub struct Signed {
    /// The signed note.
    pub text: String,
    /// What it says.
    pub checkpoint: Checkpoint,
    /// What its signature is checked with.
    pub public_key: PublicKey,
}

/// Seals every event that has no seal yet, and tells the stream of each seal; returns how many seals were made.
///
/// Where another node seals at the same moment, the rest is left to it.
pub(crate) async fn seal(cx: &Context) -> Result<u64, Fault> {
    let mut made = 0;
    // Not until nothing is left: where events come all the time that would never be, and every seal would be a small one.
    while seals::is_any_open(&cx.db).await? {
        let mut tx = cx.db.begin(Durability::Full).await?;
        let sealed = seal_up_to(cx, &mut tx, MOST).await?;
        if sealed > 0 {
            tx.commit().await?;
            made += 1;
        }
        if sealed < MOST {
            break;
        }
        // In an embedded database everybody else writes between two seals.
        tokio::task::yield_now().await;
    }
    Ok(made)
}

/// Makes the next seal over at most `most` events; returns how many there are in it, which is none when there is nothing to
/// seal or another node is at it. Then `tx` must not be committed.
pub(super) async fn seal_up_to(cx: &Context, tx: &mut Transaction, most: i64) -> Result<i64, Fault> {
    let now = cx.clock.now();
    let before = seals::newest_in(tx).await?;
    let (id, total, chain) =
        before.map_or((1, 0, Hash::NOTHING), |last| (last.seal.id + 1, last.seal.total, last.chain));
    // First of all, so that a second node waits here, where it has touched nothing.
    if !seals::claim(tx, id, now).await? || seals::mark(tx, id, most).await? == 0 {
        return Ok(0);
    }
    let leaves = seals::marked(tx, id).await?;
    let (Some(first), Some(last)) = (leaves.first(), leaves.last()) else {
        return Err(Fault::new("sealing events", "what was marked is not there"));
    };
    let (first_event, last_event, events) = (first.id, last.id, leaves.len() as i64);
    let moments = || leaves.iter().map(|leaf| leaf.at);
    let (first_at, last_at) = (moments().min().unwrap_or(now), moments().max().unwrap_or(now));
    let mut tree = Tree::default();
    leaves.iter().for_each(|leaf| tree.push(&leaf.bytes));
    let (root, total) = (tree.root(), total + events);
    let seal = Seal { id, events, total, first_event, last_event, first_at, last_at, root, sealed_at: now };
    let chain = seal.chain(&chain);
    seals::complete(tx, &seal, &chain).await?;
    let signed = sign(cx, seal.id, seal.total, chain, now);
    let line = serde_json::json!({ "checkpoint": signed.text }).to_string();
    cx.stream.send(cx, tx, move || line);
    Ok(events)
}

/// When events were sealed last, and how many have no seal yet.
pub(crate) async fn last_sealed(cx: &Context) -> Result<(Option<Timestamp>, i64), Fault> {
    let newest = seals::newest(&cx.db).await?;
    Ok((newest.map(|stored| stored.seal.sealed_at), seals::count_open(&cx.db).await?))
}

/// Seals what is not sealed yet, and signs what the log is then.
pub async fn checkpoint(doorward: &Doorward) -> Result<Signed, Fault> {
    let cx = doorward.context();
    seal(cx).await?;
    let newest = seals::newest(&cx.db).await?;
    let (seals, total, chain) =
        newest.map_or((0, 0, Hash::NOTHING), |newest| (newest.seal.id, newest.seal.total, newest.chain));
    Ok(sign(cx, seals, total, chain, cx.clock.now()))
}

/// Whose log this is, as checkpoints say it.
pub(super) fn origin(cx: &Context) -> String {
    let (_, host) = cx.site.public_url.split_once("://").expect("a public address has a scheme");
    format!("{host}/audit")
}

/// The public keys of everything that the ring's keys can have signed.
pub(super) fn public_keys(cx: &Context) -> Vec<PublicKey> {
    let origin = origin(cx);
    cx.keys().seeds(USE).iter().map(|seed| Signer::new(&origin, seed).public().clone()).collect()
}

fn sign(cx: &Context, seals: i64, total: i64, chain: Hash, now: Timestamp) -> Signed {
    let origin = origin(cx);
    let signer = Signer::new(&origin, &cx.keys().seed(USE, now));
    let checkpoint = Checkpoint::new(origin, seals, total, chain, now);
    Signed { text: signer.sign(&checkpoint), public_key: signer.public().clone(), checkpoint }
}

/// What the seed of the signing key is derived for.
const USE: &str = "audit checkpoints";

/// Events in one seal at most. Few enough that an embedded database is written by somebody else again within some
/// milliseconds, and that who looks for what was altered has not far to look.
const MOST: i64 = 1000;
