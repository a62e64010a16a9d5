//! The SQL of `audit_events`.

use doorward_core::Timestamp;

use super::rules::{Actor, Recorded, rfc3339};
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

/// Reads up to `limit` events with ids below `before`, newest first.
///
/// Each way to ask has a statement of its own, in which an index leads to the events in the order of their ids: a page of
/// one tenant, account or action costs the same in a log of any length. What narrows it further is looked at on the way;
/// an empty text matches everything there.
pub(super) async fn search(
    db: &Database,
    filter: &super::Filter,
    before: i64,
    limit: i64,
) -> Result<Vec<Recorded>, Fault> {
    let action = filter.action.map(|action| action.name()).unwrap_or_default();
    let result = filter.result.map(|result| result.name()).unwrap_or_default();
    let tenant = filter.tenant.map(|tenant| tenant.to_string()).unwrap_or_default();
    let until = filter.until.unwrap_or(Timestamp::from_micros(i64::MAX));
    let narrowed: [&(dyn Bind + Sync); 6] = [&before, &filter.since, &until, &action, &result, &tenant];
    let Some(account) = filter.account else {
        let sql = match (filter.tenant, filter.action) {
            (Some(_), _) => newest(ANY_ACTION, THIS_TENANT, "", "$7"),
            (None, Some(_)) => newest(THIS_ACTION, ANY_TENANT, "", "$7"),
            (None, None) => newest(ANY_ACTION, ANY_TENANT, "", "$7"),
        };
        return db.list(&sql, &[&narrowed[..], &[&limit]].concat(), recorded).await;
    };
    let person = Actor::Account(account).to_string();
    let console = Actor::Console(account).to_string();
    let sql = [("actor = $7", "by_person"), ("actor = $9", "by_console"), ("target = $7", "about")]
        .map(|(whom, name)| {
            format!("SELECT * FROM ({}) AS {name}", newest(ANY_ACTION, ANY_TENANT, &format!(" AND {whom}"), "$8"))
        })
        .join(" UNION ")
        + " ORDER BY id DESC LIMIT $8";
    db.list(&sql, &[&narrowed[..], &[&person, &limit, &console]].concat(), recorded).await
}

fn newest(action: &str, tenant: &str, whom: &str, limit: &str) -> String {
    format!(
        "SELECT id, at, actor, action, target, tenant, result, address, factors, detail FROM audit_events
        WHERE id < $1 AND at >= $2 AND at < $3 AND {action} AND ($5 = '' OR result = $5) AND {tenant}{whom}
        ORDER BY id DESC LIMIT {limit}"
    )
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

const ANY_ACTION: &str = "($4 = '' OR action = $4)";
const THIS_ACTION: &str = "action = $4";
const ANY_TENANT: &str = "($6 = '' OR tenant = $6)";
const THIS_TENANT: &str = "tenant = $6";
