//! The SQL of `signups`: one row for each try that waits for its confirmation.

use doorward_core::{Digest, EmailAddress, Signup, Timestamp, password::PasswordHash};

use crate::{
    base::{
        db::{Database, Row, Transaction},
        lifetime::Working,
    },
    context::Context,
    error::Fault,
};

/// A sign-up that waits.
pub(super) struct Waiting {
    pub(super) email: EmailAddress,
    pub(super) hash: PasswordHash,
}

/// Keeps a sign-up, without a link yet; returns its number.
pub(super) async fn insert(
    tx: &mut Transaction,
    email: &EmailAddress,
    hash: &PasswordHash,
    expires_at: Timestamp,
) -> Result<i64, Fault> {
    let sql = "INSERT INTO signups (email, hash, expires_at) VALUES ($1, $2, $3) RETURNING id";
    let id = tx.find(sql, &[email, hash, &expires_at], |row| row.get(0)).await?;
    id.ok_or_else(|| Fault::new("keeping a sign-up", "no id came back"))
}

/// Gives a waiting sign-up its link; the one before stops working. `false` when it waits no more.
pub(super) async fn set_link(
    tx: &mut Transaction,
    (id, email): (i64, &EmailAddress),
    digest: &Digest<Signup>,
    expires_at: Timestamp,
) -> Result<bool, Fault> {
    // A number may be given again once its row is gone; together with the address it is this sign-up or none.
    let sql = "UPDATE signups SET digest = $1, expires_at = $2 WHERE id = $3 AND email = $4";
    Ok(tx.execute(sql, &[digest, &expires_at, &id, email]).await? == 1)
}

/// Reads the sign-up of a link while it works.
pub(super) async fn find(db: &Database, digest: &Digest<Signup>, working: Working) -> Result<Option<Waiting>, Fault> {
    let sql = "SELECT email, hash FROM signups WHERE digest = $1 AND expires_at > $2 AND expires_at <= $3";
    db.find(sql, &[digest, &working.after, &working.until], waiting).await
}

/// Spends a link: of all who try, one gets the sign-up back.
pub(super) async fn spend(
    tx: &mut Transaction,
    digest: &Digest<Signup>,
    working: Working,
) -> Result<Option<Waiting>, Fault> {
    let sql = "DELETE FROM signups WHERE digest = $1 AND expires_at > $2 AND expires_at <= $3
        RETURNING email, hash";
    tx.find(sql, &[digest, &working.after, &working.until], waiting).await
}

/// Whether there is a row for this link, even if it works no more.
pub(super) async fn is_known(db: &Database, digest: &Digest<Signup>) -> Result<bool, Fault> {
    Ok(db.find("SELECT 1 FROM signups WHERE digest = $1", &[digest], |_| Ok(())).await?.is_some())
}

/// Removes the row of a link, whether it works or not; whether there was one.
pub(super) async fn take(tx: &mut Transaction, digest: &Digest<Signup>) -> Result<bool, Fault> {
    Ok(tx.execute("DELETE FROM signups WHERE digest = $1", &[digest]).await? == 1)
}

/// Voids all sign-ups that wait for this address.
pub(crate) async fn forget(tx: &mut Transaction, email: &EmailAddress) -> Result<(), Fault> {
    tx.execute("DELETE FROM signups WHERE email = $1", &[email]).await.map(drop)
}

/// Voids every sign-up that waits for its link.
pub(crate) async fn forget_all(tx: &mut Transaction) -> Result<(), Fault> {
    tx.execute("DELETE FROM signups", &[]).await.map(drop)
}

/// Removes sign-ups that nobody confirmed in time.
pub(crate) async fn purge(cx: &Context, tx: &mut Transaction) -> Result<u64, Fault> {
    tx.execute("DELETE FROM signups WHERE expires_at <= $1", &[&cx.clock.now()]).await
}

fn waiting(row: &Row<'_>) -> Result<Waiting, Fault> {
    Ok(Waiting { email: row.get(0)?, hash: row.get(1)? })
}
