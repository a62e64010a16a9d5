//! The SQL of `sessions`.

use std::{
    collections::BTreeSet,
    sync::{Arc, LazyLock},
};

use doorward_core::{AccountId, Digest, Session, SessionId, Timestamp};

use super::rules::{Backing, Listed, Record, is_due};
use crate::{
    base::db::{Bind, Database, Query, Row, Transaction},
    error::Fault,
};

/// Reads one session.
pub(super) async fn find(db: &Database, id: SessionId) -> Result<Option<Record>, Fault> {
    db.find(ONE, &[&id], record).await
}

/// Asks for one session.
pub(super) fn one(id: SessionId) -> Query<Record> {
    Query::new(ONE, id, record)
}

const ONE: &str = "SELECT digest, account, created_at, seen_at, expires_at, proved_at, factors, recheck_at FROM sessions WHERE id = $1";

/// Inserts a session; `false` when its id is taken.
pub(super) async fn insert(
    tx: &mut Transaction,
    id: SessionId,
    record: &Record,
    device: &str,
    address: &str,
) -> Result<bool, Fault> {
    let sql = "INSERT INTO sessions (id, digest, account, created_at, seen_at, expires_at, proved_at, factors, device, address)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (id) DO NOTHING";
    let r = record;
    let values: [&(dyn Bind + Sync); 10] = [
        &id,
        &*r.digest,
        &r.account,
        &r.created_at,
        &r.seen_at,
        &r.expires_at,
        &r.proved_at,
        &&*r.factors,
        &device,
        &address,
    ];
    Ok(tx.execute(sql, &values).await? == 1)
}

/// Notes that a session is in use. An ended one stays ended: this changes rows and never makes one.
pub(super) async fn touch(tx: &mut Transaction, id: SessionId, now: Timestamp) -> Result<(), Fault> {
    tx.execute("UPDATE sessions SET seen_at = $1 WHERE id = $2 AND seen_at < $1", &[&now, &id]).await.map(drop)
}

/// What a session had as its secret, and what it is to have.
pub(super) struct Digests<'d> {
    pub(super) old: &'d Digest<Session>,
    pub(super) new: &'d Digest<Session>,
}

/// What was proved last, and when.
pub(super) struct Proof<'p> {
    pub(super) proved_at: Timestamp,
    pub(super) factors: &'p str,
}

/// Gives a session another secret while the old one is still its own; returns when it ends, or nothing when it has ended
/// or was renewed by somebody else.
pub(super) async fn renew(
    tx: &mut Transaction,
    id: SessionId,
    digests: Digests<'_>,
    proof: Proof<'_>,
    now: Timestamp,
) -> Result<Option<Timestamp>, Fault> {
    let sql = "UPDATE sessions SET digest = $1, proved_at = $2, factors = $3, seen_at = $4
        WHERE id = $5 AND digest = $6 RETURNING expires_at";
    let values: [&(dyn Bind + Sync); 6] = [digests.new, &proof.proved_at, &proof.factors, &now, &id, digests.old];
    tx.find(sql, &values, |row| row.get(0)).await
}

/// Ends the session with this id and secret, if it is there.
pub(super) async fn take(tx: &mut Transaction, id: SessionId, digest: &Digest<Session>) -> Result<(), Fault> {
    tx.execute("DELETE FROM sessions WHERE id = $1 AND digest = $2", &[&id, digest]).await.map(drop)
}

/// Ends one session of an account; whether there was one.
pub(super) async fn end_one(tx: &mut Transaction, account: AccountId, id: SessionId) -> Result<bool, Fault> {
    Ok(tx.execute("DELETE FROM sessions WHERE id = $1 AND account = $2", &[&id, &account]).await? == 1)
}

/// Whether a session of this name belongs to another account.
pub(super) async fn is_foreign(tx: &mut Transaction, account: AccountId, id: SessionId) -> Result<bool, Fault> {
    let sql = "SELECT 1 FROM sessions WHERE id = $1 AND account <> $2";
    Ok(tx.find(sql, &[&id, &account], |_| Ok(())).await?.is_some())
}

/// Ends one session whoever it belongs to; returns the account.
pub(super) async fn end_any(tx: &mut Transaction, id: SessionId) -> Result<Option<AccountId>, Fault> {
    tx.find("DELETE FROM sessions WHERE id = $1 RETURNING account", &[&id], |row| row.get(0)).await
}

/// Whether nobody has ended a session of an account, asked where something becomes true.
pub(crate) async fn stands(tx: &mut Transaction, account: AccountId, id: SessionId) -> Result<bool, Fault> {
    let sql = "SELECT 1 FROM sessions WHERE id = $1 AND account = $2";
    Ok(tx.find(sql, &[&id, &account], |_| Ok(())).await?.is_some())
}

/// Ends all sessions of an account.
pub(crate) async fn forget(tx: &mut Transaction, account: AccountId) -> Result<u64, Fault> {
    tx.execute("DELETE FROM sessions WHERE account = $1", &[&account]).await
}

/// Ends all sessions of an account but one.
pub(super) async fn end_others(tx: &mut Transaction, account: AccountId, kept: SessionId) -> Result<u64, Fault> {
    tx.execute("DELETE FROM sessions WHERE account = $1 AND id <> $2", &[&account, &kept]).await
}

/// Ends the oldest sessions of an account beyond the newest `most`.
pub(super) async fn keep_newest(tx: &mut Transaction, account: AccountId, most: i64) -> Result<u64, Fault> {
    let sql = "DELETE FROM sessions WHERE account = $1
        AND id < (SELECT MIN(id) FROM (SELECT id FROM sessions WHERE account = $1 ORDER BY id DESC LIMIT $2) AS newest)";
    tx.execute(sql, &[&account, &most]).await
}

/// Ends every session there is.
pub(super) async fn end_everything(tx: &mut Transaction) -> Result<u64, Fault> {
    tx.execute("DELETE FROM sessions", &[]).await
}

/// Selects what [`listed`] reads, in its order.
macro_rules! listed_where {
    ($rest:literal) => {
        concat!("SELECT id, account, device, address, created_at, seen_at, expires_at FROM sessions WHERE ", $rest)
    };
}

/// Lists live sessions of an account that are older than `before`, newest first.
pub(super) async fn of_account(
    db: &Database,
    (account, before): (AccountId, SessionId),
    (now, idle_since): (Timestamp, Timestamp),
    limit: i64,
) -> Result<Vec<Listed>, Fault> {
    let sql = listed_where!("account = $1 AND id < $2 AND expires_at > $3 AND seen_at > $4 ORDER BY id DESC LIMIT $5");
    db.list(sql, &[&account, &before, &now, &idle_since, &limit], listed).await
}

/// Reads one session of an account as the list shows it.
pub(super) async fn one_of_account(
    db: &Database,
    account: AccountId,
    id: SessionId,
    now: Timestamp,
    idle_since: Timestamp,
) -> Result<Option<Listed>, Fault> {
    let sql = listed_where!("id = $1 AND account = $2 AND expires_at > $3 AND seen_at > $4");
    db.find(sql, &[&id, &account, &now, &idle_since], listed).await
}

/// Notes from when on a session is to be rechecked.
pub(super) async fn set_recheck(tx: &mut Transaction, id: SessionId, at: Option<Timestamp>) -> Result<(), Fault> {
    tx.execute("UPDATE sessions SET recheck_at = $1 WHERE id = $2", &[&at, &id]).await.map(drop)
}

/// Whether a session of an account stands behind what was given for it.
pub(super) async fn backing(
    db: &Database,
    (account, id): (AccountId, SessionId),
    (now, idle_since): (Timestamp, Timestamp),
) -> Result<Backing, Fault> {
    let sql = "SELECT recheck_at FROM sessions WHERE id = $1 AND account = $2 AND expires_at > $3 AND seen_at > $4";
    let read = |row: &Row<'_>| row.get::<Option<Timestamp>>(0);
    Ok(match db.find(sql, &[&id, &account, &now, &idle_since], read).await? {
        None => Backing::Over,
        Some(recheck_at) if is_due(recheck_at, now) => Backing::Due,
        Some(_) => Backing::Stands,
    })
}

/// Whether a session of an account lives and gives access, as it stands in this transaction.
pub(super) async fn lives(
    tx: &mut Transaction,
    (account, id): (AccountId, SessionId),
    (now, idle_since): (Timestamp, Timestamp),
) -> Result<bool, Fault> {
    let sql = "SELECT 1 FROM sessions WHERE id = $1 AND account = $2 AND expires_at > $3 AND seen_at > $4
        AND (recheck_at IS NULL OR recheck_at > $3)";
    Ok(tx.find(sql, &[&id, &account, &now, &idle_since], |_| Ok(())).await?.is_some())
}

/// Of these sessions those that live.
pub(super) async fn live_among(
    db: &Database,
    ids: &[SessionId],
    (now, idle_since): (Timestamp, Timestamp),
) -> Result<BTreeSet<SessionId>, Fault> {
    let mut live = BTreeSet::new();
    for some in ids.chunks(AT_ONCE) {
        // One statement for every number of them: the last one is asked for again.
        let padded: Vec<SessionId> = (0..AT_ONCE).map(|at| some[at.min(some.len() - 1)]).collect();
        let mut values: Vec<&(dyn Bind + Sync)> = padded.iter().map(|id| id as &(dyn Bind + Sync)).collect();
        values.extend([&now as &(dyn Bind + Sync), &idle_since]);
        live.extend(db.list(&LIVE_AMONG, &values, |row| row.get::<SessionId>(0)).await?);
    }
    Ok(live)
}

const AT_ONCE: usize = 50;
static LIVE_AMONG: LazyLock<String> = LazyLock::new(|| {
    let places = (1..=AT_ONCE).map(|at| format!("${at}")).collect::<Vec<_>>().join(", ");
    let (now, idle) = (AT_ONCE + 1, AT_ONCE + 2);
    format!("SELECT id FROM sessions WHERE id IN ({places}) AND expires_at > ${now} AND seen_at > ${idle}")
});

/// Lists live sessions of everybody that are older than `before`, newest first.
pub(super) async fn all(
    db: &Database,
    before: SessionId,
    (now, idle_since): (Timestamp, Timestamp),
    limit: i64,
) -> Result<Vec<Listed>, Fault> {
    let sql = listed_where!("id < $1 AND expires_at > $2 AND seen_at > $3 ORDER BY id DESC LIMIT $4");
    db.list(sql, &[&before, &now, &idle_since, &limit], listed).await
}

/// Counts live sessions, up to `most`.
pub(super) async fn count(db: &Database, (now, idle_since): (Timestamp, Timestamp), most: i64) -> Result<i64, Fault> {
    let sql =
        "SELECT COUNT(*) FROM (SELECT 1 FROM sessions WHERE expires_at > $1 AND seen_at > $2 LIMIT $3) AS counted";
    Ok(db.find(sql, &[&now, &idle_since, &most], |row| row.get(0)).await?.unwrap_or_default())
}

/// Removes up to a thousand sessions that are over.
pub(super) async fn purge(tx: &mut Transaction, now: Timestamp) -> Result<u64, Fault> {
    let sql = "DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE expires_at <= $1 LIMIT 1000)";
    tx.execute(sql, &[&now]).await
}

fn record(row: &Row<'_>) -> Result<Record, Fault> {
    Ok(Record {
        digest: Arc::new(row.get(0)?),
        account: row.get(1)?,
        created_at: row.get(2)?,
        seen_at: row.get(3)?,
        expires_at: row.get(4)?,
        proved_at: row.get(5)?,
        factors: row.get::<String>(6)?.into(),
        recheck_at: row.get(7)?,
    })
}

fn listed(row: &Row<'_>) -> Result<Listed, Fault> {
    Ok(Listed {
        id: row.get(0)?,
        account: row.get(1)?,
        device: row.get(2)?,
        address: row.get(3)?,
        created_at: row.get(4)?,
        seen_at: row.get(5)?,
        expires_at: row.get(6)?,
    })
}
