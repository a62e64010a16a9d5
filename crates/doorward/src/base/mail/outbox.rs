//! The SQL of `outbox`.

use doorward_core::{AccountId, EmailAddress, Timestamp};

use crate::{
    base::db::{Database, Durability, Row, Transaction},
    context::Context,
    error::Fault,
};

/// What a letter is to be about.
#[derive(Clone, Debug)]
pub(crate) struct Order {
    pub(crate) id: i64,
    /// Which composer writes it.
    pub(crate) kind: String,
    /// What the composer needs to look it up: an id, never a secret.
    pub(crate) reference: String,
    /// The address it goes to: that of the moment when it was ordered. Whoever changes the address of an account just
    /// afterwards does not get its owner's notice.
    pub(crate) recipient: EmailAddress,
    pub(crate) attempts: i64,
    pub(crate) created_at: Timestamp,
}

impl Order {
    /// Whether nobody has tried to write this letter before. Limits and events count orders, not the tries that a mail
    /// server's bad hour costs.
    pub(crate) fn is_first_try(&self) -> bool {
        self.attempts == 1
    }
}

/// Orders a letter within the transaction of the flow; the worker is woken once that is committed.
pub(crate) async fn order(
    cx: &Context,
    tx: &mut Transaction,
    kind: &str,
    reference: &str,
    to: &EmailAddress,
) -> Result<(), Fault> {
    let now = cx.clock.now();
    let sql =
        "INSERT INTO outbox (kind, reference, recipient, due_at, attempts, created_at) VALUES ($1, $2, $3, $4, 0, $5)";
    tx.execute(sql, &[&kind, &reference, to, &now, &now]).await?;
    let wake = cx.post.wake();
    tx.after_commit(move || wake.notify_one());
    Ok(())
}

/// Orders a notice to the owner of an account about what happened to it; nothing when the settings leave that to somebody
/// else.
pub(crate) async fn notify(
    cx: &Context,
    tx: &mut Transaction,
    kind: &str,
    reference: &str,
    owner: &EmailAddress,
) -> Result<(), Fault> {
    match cx.settings.mail.notices {
        true => order(cx, tx, kind, reference, owner).await,
        false => Ok(()),
    }
}

/// Takes one due order for itself until `lease_ends`; another node does not see it before then. `None` when none is due.
pub(super) async fn claim(db: &Database, now: Timestamp, lease_ends: Timestamp) -> Result<Option<Order>, Fault> {
    let due = "SELECT COUNT(*) FROM outbox WHERE due_at <= $1";
    // Who comes second to an order tries the next one at once; each time somebody has taken one, so this ends.
    while db.find(due, &[&now], |row| row.get::<i64>(0)).await? != Some(0) {
        if let Some(order) = take(db, now, lease_ends).await? {
            return Ok(Some(order));
        }
    }
    Ok(None)
}

async fn take(db: &Database, now: Timestamp, lease_ends: Timestamp) -> Result<Option<Order>, Fault> {
    let mut tx = db.begin(Durability::Relaxed).await?;
    let sql = "UPDATE outbox SET due_at = $1, attempts = attempts + 1
        WHERE id = (SELECT id FROM outbox WHERE due_at <= $2 ORDER BY due_at, id LIMIT 1) AND due_at <= $2
        RETURNING id, kind, reference, recipient, attempts, created_at";
    let order = tx.find(sql, &[&lease_ends, &now], order_of).await?;
    tx.commit().await?;
    Ok(order)
}

fn order_of(row: &Row<'_>) -> Result<Order, Fault> {
    Ok(Order {
        id: row.get(0)?,
        kind: row.get(1)?,
        reference: row.get(2)?,
        recipient: row.get(3)?,
        attempts: row.get(4)?,
        created_at: row.get(5)?,
    })
}

/// What waits to be sent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Backlog {
    pub(crate) letters: i64,
    pub(crate) oldest: Option<Timestamp>,
}

/// Looks at what waits to be sent.
pub(crate) async fn backlog(db: &Database) -> Result<Backlog, Fault> {
    let found = db.find("SELECT COUNT(*), MIN(created_at) FROM outbox", &[], |row| {
        Ok(Backlog { letters: row.get(0)?, oldest: row.get(1)? })
    });
    Ok(found.await?.unwrap_or(Backlog { letters: 0, oldest: None }))
}

/// Drops what was ordered for, or about, a deleted account.
pub(crate) async fn forget(tx: &mut Transaction, account: AccountId, email: &EmailAddress) -> Result<(), Fault> {
    let id = account.to_string();
    let sql = "DELETE FROM outbox WHERE recipient = $1 OR reference = $2 OR reference LIKE $3";
    tx.execute(sql, &[email, &id, &format!("{id} %")]).await.map(drop)
}

pub(super) async fn remove(db: &Database, id: i64) -> Result<(), Fault> {
    let mut tx = db.begin(Durability::Relaxed).await?;
    tx.execute("DELETE FROM outbox WHERE id = $1", &[&id]).await?;
    tx.commit().await
}

pub(super) async fn postpone(db: &Database, id: i64, due: Timestamp) -> Result<(), Fault> {
    let mut tx = db.begin(Durability::Relaxed).await?;
    tx.execute("UPDATE outbox SET due_at = $1 WHERE id = $2", &[&due, &id]).await?;
    tx.commit().await
}
