//! The SQL of `accounts`.

use std::sync::LazyLock;

use doorward_core::{AccountId, EmailAddress, Timestamp};

use super::rules::{Account, Profile, Standing};
use crate::{
    base::db::{Bind, Database, Query, Row, Transaction},
    error::Fault,
};

/// Selects what [`account`] reads, in its order.
macro_rules! account_where {
    ($rest:literal) => {
        concat!("SELECT id, email, name, epoch, created_at, last_login_at, disabled_at, password_epoch FROM accounts WHERE ", $rest)
    };
}

/// Reads an account by its address.
pub(crate) async fn by_email(db: &Database, email: &EmailAddress) -> Result<Option<Account>, Fault> {
    db.find(account_where!("email = $1"), &[email], account).await
}

/// Reads an account.
pub(crate) async fn by_id(db: &Database, id: AccountId) -> Result<Option<Account>, Fault> {
    db.find(account_where!("id = $1"), &[&id], account).await
}

/// Reads several accounts, in no order; those that are not there are left out.
pub(crate) async fn by_ids(db: &Database, ids: &[AccountId]) -> Result<Vec<Account>, Fault> {
    let mut found = Vec::with_capacity(ids.len());
    for some in ids.chunks(AT_ONCE) {
        // One statement for every number of them: the last one is asked for again.
        let padded: Vec<AccountId> = (0..AT_ONCE).map(|at| some[at.min(some.len() - 1)]).collect();
        let values: Vec<&(dyn Bind + Sync)> = padded.iter().map(|id| id as &(dyn Bind + Sync)).collect();
        found.extend(db.list(&BY_IDS, &values, account).await?);
    }
    Ok(found)
}

const AT_ONCE: usize = 50;
static BY_IDS: LazyLock<String> = LazyLock::new(|| {
    let places = (1..=AT_ONCE).map(|at| format!("${at}")).collect::<Vec<_>>().join(", ");
    format!("{} IN ({places})", account_where!("id"))
});

/// Asks for what an account says about its person.
pub(crate) fn profile_of(id: AccountId) -> Query<Profile> {
    Query::new("SELECT email, name FROM accounts WHERE id = $1", id, |row| {
        Ok(Profile { email: row.get(0)?, name: row.get(1)? })
    })
}

/// SQLite's own number of an account's row, under which its changes are known.
pub(crate) async fn row_of(db: &Database, id: AccountId) -> Result<Option<i64>, Fault> {
    db.find("SELECT rowid FROM accounts WHERE id = $1", &[&id], |row| row.get(0)).await
}

/// Reads up to `limit` accounts after the address `after`, in the order of their addresses.
pub(super) async fn list(db: &Database, after: &str, limit: i64) -> Result<Vec<Account>, Fault> {
    db.list(account_where!("email > $1 ORDER BY email LIMIT $2"), &[&after, &limit], account).await
}

/// Lists up to `limit` accounts older than `before`, newest first, whose address or name begins like `beginning`, which is in
/// small letters, or whose name begins like `typed`.
pub(crate) async fn search(
    db: &Database,
    (beginning, typed): (&str, &str),
    before: Option<AccountId>,
    limit: i64,
) -> Result<Vec<Account>, Fault> {
    // An id is in the order in which ids are made, and so is its text.
    let before = before.map_or_else(|| "g".to_owned(), |id| id.to_string());
    let sql = account_where!(
        "id < $1 AND ($2 = '' OR substr(email, 1, length($2)) = $2 OR substr(lower(name), 1, length($2)) = $2
        OR substr(name, 1, length($3)) = $3) ORDER BY id DESC LIMIT $4"
    );
    db.list(sql, &[&before, &beginning, &typed, &limit], account).await
}

/// Counts accounts, up to `most`.
pub(crate) async fn count(db: &Database, most: i64) -> Result<i64, Fault> {
    let sql = "SELECT COUNT(*) FROM (SELECT 1 FROM accounts LIMIT $1) AS counted";
    Ok(db.find(sql, &[&most], |row| row.get(0)).await?.unwrap_or_default())
}

/// Inserts an account; `false` when the address has one already.
pub(super) async fn insert(
    tx: &mut Transaction,
    id: AccountId,
    email: &EmailAddress,
    name: &str,
    now: Timestamp,
) -> Result<bool, Fault> {
    let sql = "INSERT INTO accounts (id, email, name, epoch, created_at) VALUES ($1, $2, $3, 0, $4) ON CONFLICT (email) DO NOTHING";
    Ok(tx.execute(sql, &[&id, email, &name, &now]).await? == 1)
}

/// Locks an enabled account's row until the transaction ends; `false` when it is disabled or gone.
pub(crate) async fn lock(tx: &mut Transaction, id: AccountId) -> Result<bool, Fault> {
    let sql = "UPDATE accounts SET epoch = epoch WHERE id = $1 AND disabled_at IS NULL";
    Ok(tx.execute(sql, &[&id]).await? == 1)
}

/// Locks an enabled account's row until the transaction ends and tells its epoch; `None` when it is disabled or gone.
pub(crate) async fn locked(tx: &mut Transaction, id: AccountId) -> Result<Option<Standing>, Fault> {
    let sql = "UPDATE accounts SET epoch = epoch WHERE id = $1 AND disabled_at IS NULL RETURNING id, epoch";
    tx.find(sql, &[&id], |row| Ok(Standing { account: row.get(0)?, epoch: row.get(1)? })).await
}

/// The same, and reads the whole of it.
pub(crate) async fn locked_whole(tx: &mut Transaction, id: AccountId) -> Result<Option<Account>, Fault> {
    let sql = "UPDATE accounts SET epoch = epoch WHERE id = $1 AND disabled_at IS NULL
        RETURNING id, email, name, epoch, created_at, last_login_at, disabled_at, password_epoch";
    tx.find(sql, &[&id], account).await
}

/// The address of an enabled account, as it stands in this transaction; `None` when the account is disabled or gone.
pub(crate) async fn address_of(tx: &mut Transaction, id: AccountId) -> Result<Option<EmailAddress>, Fault> {
    let sql = "SELECT email FROM accounts WHERE id = $1 AND disabled_at IS NULL";
    tx.find(sql, &[&id], |row| row.get(0)).await
}

/// The same, also when it is disabled.
pub(crate) async fn any_address_of(tx: &mut Transaction, id: AccountId) -> Result<Option<EmailAddress>, Fault> {
    tx.find("SELECT email FROM accounts WHERE id = $1", &[&id], |row| row.get(0)).await
}

/// Marks a login of an enabled account in its epoch; `false` when it is disabled, gone or in a later epoch.
pub(super) async fn mark_login(tx: &mut Transaction, id: AccountId, epoch: i64, now: Timestamp) -> Result<bool, Fault> {
    let sql = "UPDATE accounts SET last_login_at = $1 WHERE id = $2 AND epoch = $3 AND disabled_at IS NULL";
    Ok(tx.execute(sql, &[&now, &id, &epoch]).await? == 1)
}

/// Begins a new epoch and returns it; `None` when the account is gone.
pub(super) async fn raise_epoch(tx: &mut Transaction, id: AccountId) -> Result<Option<i64>, Fault> {
    tx.find("UPDATE accounts SET epoch = epoch + 1 WHERE id = $1 RETURNING epoch", &[&id], |row| row.get(0)).await
}

/// Counts a new password, or its end. Returns the count; `None` when the account is gone.
pub(crate) async fn raise_password_epoch(tx: &mut Transaction, id: AccountId) -> Result<Option<i64>, Fault> {
    let sql = "UPDATE accounts SET password_epoch = password_epoch + 1 WHERE id = $1 RETURNING password_epoch";
    tx.find(sql, &[&id], |row| row.get(0)).await
}

/// Begins a new epoch for every account there is.
pub(super) async fn raise_all_epochs(tx: &mut Transaction) -> Result<(), Fault> {
    tx.execute("UPDATE accounts SET epoch = epoch + 1", &[]).await.map(drop)
}

pub(super) async fn set_disabled(tx: &mut Transaction, id: AccountId, at: Option<Timestamp>) -> Result<bool, Fault> {
    Ok(tx.execute("UPDATE accounts SET disabled_at = $1 WHERE id = $2", &[&at, &id]).await? == 1)
}

pub(super) async fn set_name(tx: &mut Transaction, id: AccountId, name: &str) -> Result<bool, Fault> {
    Ok(tx.execute("UPDATE accounts SET name = $1 WHERE id = $2", &[&name, &id]).await? == 1)
}

/// Changes the address; `false` when another account has it by now, or the account is gone, disabled or in another epoch.
pub(super) async fn set_email(tx: &mut Transaction, owner: Standing, email: &EmailAddress) -> Result<bool, Fault> {
    let sql = "UPDATE accounts SET email = $1 WHERE id = $2 AND epoch = $3 AND disabled_at IS NULL
        AND NOT EXISTS (SELECT 1 FROM accounts AS other WHERE other.email = $1)";
    Ok(tx.execute(sql, &[email, &owner.account, &owner.epoch]).await? == 1)
}

/// Removes an account and returns the address that it had.
pub(super) async fn delete(tx: &mut Transaction, id: AccountId) -> Result<Option<EmailAddress>, Fault> {
    tx.find("DELETE FROM accounts WHERE id = $1 RETURNING email", &[&id], |row| row.get(0)).await
}

fn account(row: &Row<'_>) -> Result<Account, Fault> {
    Ok(Account {
        id: row.get(0)?,
        email: row.get(1)?,
        name: row.get(2)?,
        epoch: row.get(3)?,
        created_at: row.get(4)?,
        last_login_at: row.get(5)?,
        disabled_at: row.get(6)?,
        password_epoch: row.get(7)?,
    })
}
