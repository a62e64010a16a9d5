//! The SQL of `password_resets`: one row for each account that has a link.
//!
//! The row keeps the account's epoch in which the link was made; whatever ends all sessions raises the epoch, and the link
//! is void with them.

use doorward_core::{AccountId, Digest, Reset, Timestamp};

use crate::{
    accounts::Standing,
    base::{
        db::{Database, Row, Transaction},
        lifetime::Working,
    },
    context::Context,
    error::Fault,
};

/// Keeps the digest of a new link; the one before stops working.
pub(super) async fn put(
    tx: &mut Transaction,
    standing: Standing,
    digest: &Digest<Reset>,
    expires_at: Timestamp,
) -> Result<(), Fault> {
    let sql = "INSERT INTO password_resets (account, epoch, digest, expires_at) VALUES ($1, $2, $3, $4)
        ON CONFLICT (account) DO UPDATE SET epoch = $2, digest = $3, expires_at = $4";
    tx.execute(sql, &[&standing.account, &standing.epoch, digest, &expires_at]).await.map(drop)
}

/// Tells whose link this is, and in which epoch it was made, while it works; the link is not spent by that.
pub(super) async fn find(db: &Database, digest: &Digest<Reset>, working: Working) -> Result<Option<Standing>, Fault> {
    let sql = "SELECT account, epoch FROM password_resets WHERE digest = $1 AND expires_at > $2 AND expires_at <= $3";
    db.find(sql, &[digest, &working.after, &working.until], standing).await
}

/// Spends a link: of all who try, one gets the account back.
pub(super) async fn spend(
    tx: &mut Transaction,
    digest: &Digest<Reset>,
    working: Working,
) -> Result<Option<Standing>, Fault> {
    let sql = "DELETE FROM password_resets WHERE digest = $1 AND expires_at > $2 AND expires_at <= $3
        RETURNING account, epoch";
    tx.find(sql, &[digest, &working.after, &working.until], standing).await
}

/// Whether there is a row for this link, even if it works no more.
pub(super) async fn is_known(db: &Database, digest: &Digest<Reset>) -> Result<bool, Fault> {
    Ok(db.find("SELECT 1 FROM password_resets WHERE digest = $1", &[digest], |_| Ok(())).await?.is_some())
}

/// Removes the row of a link, whether it works or not; returns whose it was.
pub(super) async fn take(tx: &mut Transaction, digest: &Digest<Reset>) -> Result<Option<AccountId>, Fault> {
    tx.find("DELETE FROM password_resets WHERE digest = $1 RETURNING account", &[digest], |row| row.get(0)).await
}

/// Voids the link of an account.
pub(crate) async fn forget(tx: &mut Transaction, account: AccountId) -> Result<(), Fault> {
    tx.execute("DELETE FROM password_resets WHERE account = $1", &[&account]).await.map(drop)
}

/// Removes links that are too old.
pub(crate) async fn purge(cx: &Context, tx: &mut Transaction) -> Result<u64, Fault> {
    tx.execute("DELETE FROM password_resets WHERE expires_at <= $1", &[&cx.clock.now()]).await
}

fn standing(row: &Row<'_>) -> Result<Standing, Fault> {
    Ok(Standing { account: row.get(0)?, epoch: row.get(1)? })
}
