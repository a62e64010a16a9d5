//! The SQL of `audit_seals`, and of what is sealed.

use doorward_core::Timestamp;

use super::tree::{Hash, Leaf, Seal, spell};
use crate::{
    base::db::{Bind, Database, Row, Transaction},
    error::Fault,
};

/// A seal as it lies in the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stored {
    pub(super) seal: Seal,
    pub(super) chain: Hash,
    pub(super) purged_at: Option<Timestamp>,
}

/// Whether any event has no seal yet.
pub(super) async fn is_any_open(db: &Database) -> Result<bool, Fault> {
    let sql = "SELECT id FROM audit_events WHERE seal IS NULL ORDER BY seal, id LIMIT 1";
    Ok(db.find(sql, &[], |row| row.get::<i64>(0)).await?.is_some())
}

/// How many events have no seal yet.
pub(super) async fn count_open(db: &Database) -> Result<i64, Fault> {
    let sql = "SELECT COUNT(*) FROM audit_events WHERE seal IS NULL";
    Ok(db.find(sql, &[], |row| row.get(0)).await?.unwrap_or(0))
}

/// The newest seal.
pub(super) async fn newest(db: &Database) -> Result<Option<Stored>, Fault> {
    db.find(NEWEST, &[], stored).await
}

/// The newest seal, as a transaction sees it.
pub(super) async fn newest_in(tx: &mut Transaction) -> Result<Option<Stored>, Fault> {
    tx.find(NEWEST, &[], stored).await
}

/// Reads up to `limit` seals with ids above `after`, oldest first.
pub(super) async fn list(db: &Database, after: i64, limit: i64) -> Result<Vec<Stored>, Fault> {
    let sql = "SELECT id, events, total, first_event, last_event, first_at, last_at, root, sealed_at, chain, purged_at
        FROM audit_seals WHERE id > $1 ORDER BY id LIMIT $2";
    db.list(sql, &[&after, &limit], stored).await
}

/// Reads one seal.
pub(super) async fn find(db: &Database, id: i64) -> Result<Option<Stored>, Fault> {
    Ok(list(db, id - 1, 1).await?.pop().filter(|stored| stored.seal.id == id))
}

/// Takes the number of the next seal; `false` when another node has it. Who comes second waits until the first is done.
pub(super) async fn claim(tx: &mut Transaction, id: i64, now: Timestamp) -> Result<bool, Fault> {
    let sql = "INSERT INTO audit_seals
        (id, events, total, first_event, last_event, first_at, last_at, root, chain, sealed_at)
        VALUES ($1, 0, 0, 0, 0, 0, 0, $2, $2, $3) ON CONFLICT DO NOTHING";
    Ok(tx.execute(sql, &[&id, &Hash::NOTHING, &now]).await? == 1)
}

/// Puts the seal's number on up to `limit` events that have none.
///
/// The number says what belongs to a seal, and no range of ids does: on PostgreSQL an event may be committed after one
/// with a higher id. Both columns are named to sort by, so that no engine thinks of walking through the whole log instead.
pub(super) async fn mark(tx: &mut Transaction, id: i64, limit: i64) -> Result<u64, Fault> {
    let sql = format!(
        "UPDATE audit_events SET seal = $1
        WHERE id IN (SELECT id FROM audit_events WHERE seal IS NULL ORDER BY seal, id LIMIT {limit})"
    );
    tx.execute(&sql, &[&id]).await
}

/// Reads the events of a seal that was just put on them.
pub(super) async fn marked(tx: &mut Transaction, id: i64) -> Result<Vec<Leaf>, Fault> {
    let sql = "SELECT id, at, actor, action, target, tenant, result, address, factors, detail FROM audit_events
        WHERE seal = $1 ORDER BY id";
    tx.list(sql, &[&id], leaf).await
}

/// Writes what the seal says.
pub(super) async fn complete(tx: &mut Transaction, seal: &Seal, chain: &Hash) -> Result<(), Fault> {
    let sql = "UPDATE audit_seals SET events = $1, total = $2, first_event = $3, last_event = $4, first_at = $5,
        last_at = $6, root = $7, chain = $8 WHERE id = $9";
    let s = seal;
    let values: [&(dyn Bind + Sync); 9] =
        [&s.events, &s.total, &s.first_event, &s.last_event, &s.first_at, &s.last_at, &s.root, chain, &s.id];
    tx.execute(sql, &values).await.map(drop)
}

/// Reads up to `limit` events of a seal with ids above `after`; what somebody made unreadable has its id alone.
pub(super) async fn events(db: &Database, id: i64, after: i64, limit: i64) -> Result<Vec<(i64, Option<Leaf>)>, Fault> {
    let sql = "SELECT id, at, actor, action, target, tenant, result, address, factors, detail FROM audit_events
        WHERE seal = $1 AND id > $2 ORDER BY seal, id LIMIT $3";
    db.list(sql, &[&id, &after, &limit], |row| Ok((row.get(0)?, leaf(row).ok()))).await
}

/// The number of a seal below 1 or above `newest` that some event bears.
pub(super) async fn stray(db: &Database, newest: i64) -> Result<Option<i64>, Fault> {
    let above = "SELECT seal FROM audit_events WHERE seal > $1 ORDER BY seal, id LIMIT 1";
    let below = "SELECT seal FROM audit_events WHERE seal < 1 ORDER BY seal, id LIMIT 1";
    let found = db.find(above, &[&newest], |row| row.get(0)).await?;
    if found.is_some() { Ok(found) } else { db.find(below, &[], |row| row.get(0)).await }
}

/// Removes the events of one seal all of whose events are older than `before`; returns its number, or `None` when there is
/// no such seal. What the seal says stays.
pub(super) async fn purge(tx: &mut Transaction, before: Timestamp, now: Timestamp) -> Result<Option<i64>, Fault> {
    let sql = "UPDATE audit_seals SET purged_at = $1 WHERE purged_at IS NULL AND id IN
        (SELECT id FROM audit_seals WHERE purged_at IS NULL AND last_at < $2 ORDER BY last_at LIMIT 1) RETURNING id";
    let Some(seal) = tx.find(sql, &[&now, &before], |row| row.get::<i64>(0)).await? else { return Ok(None) };
    tx.execute("DELETE FROM audit_events WHERE seal = $1", &[&seal]).await?;
    Ok(Some(seal))
}

fn leaf(row: &Row<'_>) -> Result<Leaf, Fault> {
    let (id, at) = (row.get(0)?, row.get(1)?);
    let texts: [Option<String>; 8] =
        [row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?, row.get(6)?, row.get(7)?, row.get(8)?, row.get(9)?];
    Ok(Leaf { id, at, bytes: spell(id, at, texts.each_ref().map(Option::as_deref)) })
}

fn stored(row: &Row<'_>) -> Result<Stored, Fault> {
    let hash = |index| row.get::<Vec<u8>>(index).map(|bytes| Hash::stored(&bytes));
    let seal = Seal {
        id: row.get(0)?,
        events: row.get(1)?,
        total: row.get(2)?,
        first_event: row.get(3)?,
        last_event: row.get(4)?,
        first_at: row.get(5)?,
        last_at: row.get(6)?,
        root: hash(7)?,
        sealed_at: row.get(8)?,
    };
    Ok(Stored { seal, chain: hash(9)?, purged_at: row.get(10)? })
}

const NEWEST: &str =
    "SELECT id, events, total, first_event, last_event, first_at, last_at, root, sealed_at, chain, purged_at
        FROM audit_seals ORDER BY id DESC LIMIT 1";
