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
/// A statement has the conditions that were asked for and no other, so that an engine sees which index leads to the events
/// in the order of their ids: a page of one tenant, account or action costs the same in a log of any length.
pub(super) async fn search(
    db: &Database,
    filter: &super::Filter,
    before: i64,
    limit: i64,
) -> Result<Vec<Recorded>, Fault> {
    let mut conditions = vec!["id < $1".to_owned()];
    let mut bind: Vec<&(dyn Bind + Sync)> = vec![&before];
    let mut also = |condition: &str, value| {
        bind.push(value);
        conditions.push(format!("{condition} ${}", bind.len()));
    };
    if filter.since > Timestamp::default() {
        also("at >=", &filter.since);
    }
    if let Some(until) = &filter.until {
        also("at <", until);
    }
    if let Some(tenant) = &filter.tenant {
        also("tenant =", tenant);
    }
    // Constants of this program, and in the text: PostgreSQL must know whether it is asked for what is common or rare.
    conditions.extend(filter.action.map(|action| format!("action = '{}'", action.name())));
    conditions.extend(filter.result.map(|result| format!("result = '{}'", result.name())));
    // In the text too, because it plans for a tenth of all rows where it does not know how many, and sorts them; and one of
    // eleven, because every text that is asked is kept prepared.
    let most = limit.clamp(1, 1024).unsigned_abs().next_power_of_two();
    let conditions = conditions.join(" AND ");
    let person = filter.account.map(|account| Actor::Account(account).to_string());
    let console = filter.account.map(|account| Actor::Console(account).to_string());
    let sql = match filter.account {
        None => newest(&conditions, most),
        Some(_) => {
            let (first, second) = (bind.len() + 1, bind.len() + 2);
            bind.extend([&person as &(dyn Bind + Sync), &console]);
            by_or_about(&conditions, first, second, most)
        }
    };
    let mut found = db.list(&sql, &bind, recorded).await?;
    found.truncate(usize::try_from(limit).unwrap_or(0));
    Ok(found)
}

/// Each way to have to do with an event has an index of its own.
fn by_or_about(conditions: &str, person: usize, console: usize, most: u64) -> String {
    let whom = [("actor", person, "by_person"), ("actor", console, "by_console"), ("target", person, "about")];
    let found = whom.map(|(column, value, name)| {
        format!("SELECT * FROM ({}) AS {name}", newest(&format!("{conditions} AND {column} = ${value}"), most))
    });
    format!("{} ORDER BY id DESC LIMIT {most}", found.join(" UNION "))
}

fn newest(conditions: &str, most: u64) -> String {
    format!(
        "SELECT id, at, actor, action, target, tenant, result, address, factors, detail FROM audit_events
        WHERE {conditions} ORDER BY id DESC LIMIT {most}"
    )
}

/// How many logins of one hour ended so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LoginsOfHour {
    /// The hour, counted from the epoch.
    pub(crate) hour: i64,
    /// How they ended.
    pub(crate) result: String,
    /// How many.
    pub(crate) count: i64,
}

/// Counts the logins from `since` on, until `until`, by hour and result.
///
/// The name of the action stands in the text: only so both engines see that the index of logins alone has all that is asked.
pub(crate) async fn logins_by_hour(
    db: &Database,
    since: Timestamp,
    until: Timestamp,
) -> Result<Vec<LoginsOfHour>, Fault> {
    let sql = "SELECT at / 3600000000, result, COUNT(*) FROM audit_events
        WHERE action = 'login' AND at >= $1 AND at < $2 GROUP BY at / 3600000000, result ORDER BY 1, 2 LIMIT 2000";
    let one = |row: &Row<'_>| Ok(LoginsOfHour { hour: row.get(0)?, result: row.get(1)?, count: row.get(2)? });
    db.list(sql, &[&since, &until], one).await
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
