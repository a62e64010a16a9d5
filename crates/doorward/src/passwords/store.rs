//! The SQL of `passwords`.

use doorward_core::{AccountId, Timestamp, password::PasswordHash};

use crate::{
    base::db::{Database, Transaction},
    error::Fault,
};

/// Reads the hash of an account.
pub(super) async fn find(db: &Database, account: &str) -> Result<Option<PasswordHash>, Fault> {
    db.find("SELECT hash FROM passwords WHERE account = $1", &[&account], |row| row.get(0)).await
}

/// Tells when the password was last set.
pub(crate) async fn changed_at(db: &Database, account: AccountId) -> Result<Option<Timestamp>, Fault> {
    db.find("SELECT changed_at FROM passwords WHERE account = $1", &[&account], |row| row.get(0)).await
}

/// Whether there is one at all; who comes in by a provider needs none.
pub(crate) async fn is_set(db: &Database, account: AccountId) -> Result<bool, Fault> {
    Ok(changed_at(db, account).await?.is_some())
}

/// Sets the password of an account.
pub(crate) async fn put(
    tx: &mut Transaction,
    account: AccountId,
    hash: &PasswordHash,
    now: Timestamp,
) -> Result<(), Fault> {
    let sql = "INSERT INTO passwords (account, hash, changed_at) VALUES ($1, $2, $3)
        ON CONFLICT (account) DO UPDATE SET hash = $2, changed_at = $3";
    tx.execute(sql, &[&account, hash, &now]).await.map(drop)
}

/// Replaces a hash by a newer one of the same password; the password was not changed by that.
pub(super) async fn renew(tx: &mut Transaction, account: AccountId, hash: &PasswordHash) -> Result<(), Fault> {
    tx.execute("UPDATE passwords SET hash = $1 WHERE account = $2", &[hash, &account]).await.map(drop)
}

/// Forgets the password of a deleted account.
pub(crate) async fn forget(tx: &mut Transaction, account: AccountId) -> Result<(), Fault> {
    tx.execute("DELETE FROM passwords WHERE account = $1", &[&account]).await.map(drop)
}
