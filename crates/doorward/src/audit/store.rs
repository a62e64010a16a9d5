//! The SQL of `audit_events`.

use doorward_core::Timestamp;

use super::rules::{Recorded, rfc3339};
use crate::{
    base::db::{Bind, Database, Row, Transaction},
    error::Fault,
};

/// Writes an event and returns its place in the log.
pub(super) async fn insert(tx: &mut Transaction, at: Timestamp, event: &Recorded) -> Result<i64, Fault> {
    let sql = "INSERT INTO audit_events (at, actor, action, target, tenant, result, address, factors, detail)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING id";
    let e = event;
    let values: [&(dyn Bind + Sync); 9] =
        [&at, &e.actor, &e.action, &e.target, &e.tenant, &e.result, &e.address, &e.factors, &e.detail];
    let id = tx.find(sql, &values, |row| row.get(0)).await?;
    id.ok_or_else(|| Fault::new("writing an audit event", "no id came back"))
}

/// Reads up to `limit` events with ids below `before`, newest first; an empty text matches everything.
pub(super) async fn search(
    db: &Database,
    filter: &super::Filter,
    before: i64,
    limit: i64,
) -> Result<Vec<Recorded>, Fault> {
    let sql = "SELECT id, at, actor, action, target, tenant, result, address, factors, detail FROM audit_events
        WHERE id < $1 AND ($2 = '' OR actor = $2 OR target = $2) AND ($3 = '' OR action = $3) AND at >= $4 AND at < $5
        ORDER BY id DESC LIMIT $6";
    let subject = filter.account.map(|id| format!("account:{id}")).unwrap_or_default();
    let action = filter.action.map(|action| action.name()).unwrap_or_default();
    let until = filter.until.unwrap_or(Timestamp::from_micros(i64::MAX));
    db.list(sql, &[&before, &subject, &action, &filter.since, &until, &limit], recorded).await
}

pub(super) async fn purge(tx: &mut Transaction, before: Timestamp) -> Result<u64, Fault> {
    tx.execute("DELETE FROM audit_events WHERE at < $1", &[&before]).await
}

fn recorded(row: &Row<'_>) -> Result<Recorded, Fault> {
    Ok(Recorded {
        id: row.get(0)?,
        at: rfc3339(row.get(1)?),
        actor: row.get(2)?,
        action: row.get(3)?,
        target: row.get(4)?,
        tenant: row.get(5)?,
        result: row.get(6)?,
        address: row.get(7)?,
        factors: row.get(8)?,
        detail: row.get(9)?,
    })
}
