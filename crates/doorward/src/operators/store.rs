//! The SQL of `operators`.

use doorward_core::{AccountId, Timestamp};

use super::rules::Operator;
use crate::{
    base::db::{Database, Row, Transaction},
    error::Fault,
    policy::OwnRoles,
};

/// Reads an operator.
pub(crate) async fn find(db: &Database, account: AccountId) -> Result<Option<Operator>, Fault> {
    db.find("SELECT account, roles, granted_at FROM operators WHERE account = $1", &[&account], operator).await
}

/// Locks an operator's row until the transaction ends, and reads it.
pub(super) async fn lock(tx: &mut Transaction, account: AccountId) -> Result<Option<Operator>, Fault> {
    let sql = "UPDATE operators SET granted_at = granted_at WHERE account = $1 RETURNING account, roles, granted_at";
    tx.find(sql, &[&account], operator).await
}

/// Lists all operators.
pub(crate) async fn list(db: &Database) -> Result<Vec<Operator>, Fault> {
    db.list("SELECT account, roles, granted_at FROM operators ORDER BY granted_at, account LIMIT 1000", &[], operator)
        .await
}

/// Makes an account an operator with these roles, or gives it other ones.
pub(super) async fn put(
    tx: &mut Transaction,
    account: AccountId,
    roles: &OwnRoles,
    now: Timestamp,
) -> Result<(), Fault> {
    let sql = "INSERT INTO operators (account, roles, granted_at) VALUES ($1, $2, $3)
        ON CONFLICT (account) DO UPDATE SET roles = excluded.roles, granted_at = excluded.granted_at";
    tx.execute(sql, &[&account, &roles.text(), &now]).await.map(drop)
}

/// Makes an account no operator; whether it was one.
pub(super) async fn remove(tx: &mut Transaction, account: AccountId) -> Result<bool, Fault> {
    Ok(tx.execute("DELETE FROM operators WHERE account = $1", &[&account]).await? == 1)
}

fn operator(row: &Row<'_>) -> Result<Operator, Fault> {
    Ok(Operator {
        account: row.get(0)?,
        roles: OwnRoles::stored(&row.get::<String>(1)?).iter().cloned().collect(),
        granted_at: row.get(2)?,
    })
}
