//! The SQL of `email_changes`: address and link of a change are one row.
//!
//! The row keeps the account's epoch in which the change was asked for; whatever ends all sessions raises the epoch, and
//! the change is void with them.

use doorward_core::{AccountId, Digest, EmailAddress, EmailChange, Timestamp};

use crate::{
    accounts::Standing,
    base::{
        db::{Database, Transaction},
        lifetime::Working,
    },
    context::Context,
    error::Fault,
};

/// Keeps a change without a link yet; the change before it, and its link, are void.
pub(super) async fn put(
    tx: &mut Transaction,
    standing: Standing,
    email: &EmailAddress,
    expires_at: Timestamp,
) -> Result<(), Fault> {
    let sql = "INSERT INTO email_changes (account, email, epoch, expires_at) VALUES ($1, $2, $3, $4)
        ON CONFLICT (account) DO UPDATE SET email = $2, epoch = $3, digest = NULL, expires_at = $4";
    tx.execute(sql, &[&standing.account, email, &standing.epoch, &expires_at]).await.map(drop)
}

/// Gives the change to exactly this address its link; `false` when another change has replaced it, or it is void.
pub(super) async fn set_link(
    tx: &mut Transaction,
    standing: Standing,
    email: &EmailAddress,
    digest: &Digest<EmailChange>,
) -> Result<bool, Fault> {
    let sql = "UPDATE email_changes SET digest = $1 WHERE account = $2 AND email = $3 AND epoch = $4";
    Ok(tx.execute(sql, &[digest, &standing.account, email, &standing.epoch]).await? == 1)
}

/// Reads the address that a link of this account confirms, while it works.
pub(super) async fn find(
    db: &Database,
    standing: Standing,
    digest: &Digest<EmailChange>,
    working: Working,
) -> Result<Option<EmailAddress>, Fault> {
    let sql = "SELECT email FROM email_changes WHERE account = $1 AND epoch = $2 AND digest = $3
        AND expires_at > $4 AND expires_at <= $5";
    db.find(sql, &[&standing.account, &standing.epoch, digest, &working.after, &working.until], |row| row.get(0)).await
}

/// Spends a link of this account and returns the address it confirms.
pub(super) async fn spend(
    tx: &mut Transaction,
    standing: Standing,
    digest: &Digest<EmailChange>,
    working: Working,
) -> Result<Option<EmailAddress>, Fault> {
    let sql = "DELETE FROM email_changes WHERE account = $1 AND epoch = $2 AND digest = $3
        AND expires_at > $4 AND expires_at <= $5 RETURNING email";
    tx.find(sql, &[&standing.account, &standing.epoch, digest, &working.after, &working.until], |row| row.get(0)).await
}

/// Tells whose change a link belongs to, even if it works no more.
pub(super) async fn owner(tx: &mut Transaction, digest: &Digest<EmailChange>) -> Result<Option<AccountId>, Fault> {
    tx.find("SELECT account FROM email_changes WHERE digest = $1", &[digest], |row| row.get(0)).await
}

/// Reads the address that waits for its confirmation.
pub(crate) async fn pending(cx: &Context, standing: Standing) -> Result<Option<EmailAddress>, Fault> {
    let working = working(cx);
    let sql =
        "SELECT email FROM email_changes WHERE account = $1 AND epoch = $2 AND expires_at > $3 AND expires_at <= $4";
    cx.db.find(sql, &[&standing.account, &standing.epoch, &working.after, &working.until], |row| row.get(0)).await
}

/// The expiries of changes that can be confirmed now.
pub(super) fn working(cx: &Context) -> Working {
    Working::now(cx, cx.settings.email_change.lifetime)
}

/// Voids the change of an account.
pub(crate) async fn forget(tx: &mut Transaction, account: AccountId) -> Result<(), Fault> {
    tx.execute("DELETE FROM email_changes WHERE account = $1", &[&account]).await.map(drop)
}

/// Removes changes that nobody confirmed in time.
pub(crate) async fn purge(cx: &Context, tx: &mut Transaction) -> Result<u64, Fault> {
    tx.execute("DELETE FROM email_changes WHERE expires_at <= $1", &[&cx.clock.now()]).await
}
