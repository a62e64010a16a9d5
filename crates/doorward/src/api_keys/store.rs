//! The SQL of `api_keys`.

use doorward_core::{AccountId, ApiKey, ApiKeyId, Digest, Handle, TenantId, Timestamp};

use super::rules::{Key, Owner};
use crate::{
    base::db::{Bind, Database, Row, Transaction},
    error::Fault,
    tenants::InTenant,
    tokens::Scopes,
};

/// What [`key`] reads, in its order.
macro_rules! columns {
    () => {
        "id, digest, name, tenant, account, made_by, scope, resource, created_at, expires_at, last_used_at"
    };
}

/// Keeps a new key.
pub(super) async fn insert(tx: &mut Transaction, handle: Handle, new: &Key) -> Result<(), Fault> {
    let sql = concat!(
        "INSERT INTO api_keys (handle, ",
        columns!(),
        ")
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"
    );
    let (account, scope) = (new.owner.account(), new.scopes.to_string());
    let values: [&(dyn Bind + Sync); 12] = [
        &handle,
        &new.id,
        &new.digest,
        &new.name,
        &new.tenant,
        &account,
        &new.made_by,
        &scope,
        &new.resource,
        &new.created_at,
        &new.expires_at,
        &new.last_used_at,
    ];
    tx.execute(sql, &values).await.map(drop)
}

/// How many keys an owner has that are not over.
pub(super) async fn count(
    tx: &mut Transaction,
    (tenant, owner): (TenantId, Owner),
    now: Timestamp,
) -> Result<i64, Fault> {
    let counted = match owner {
        Owner::Person(account) => {
            let sql = "SELECT COUNT(*) FROM api_keys WHERE account = $1 AND expires_at > $2";
            tx.find(sql, &[&account, &now], |row| row.get(0)).await?
        }
        Owner::Tenant => {
            let sql = "SELECT COUNT(*) FROM api_keys WHERE tenant = $1 AND account IS NULL AND expires_at > $2";
            tx.find(sql, &[&tenant, &now], |row| row.get(0)).await?
        }
    };
    Ok(counted.unwrap_or_default())
}

/// Which keys of a tenant somebody sees and takes back.
#[derive(Clone, Copy)]
pub(super) struct Seen {
    /// Their own.
    pub(super) account: AccountId,
    /// Those of its services too.
    pub(super) services: bool,
}

impl Seen {
    /// The two values that the column may have, as text: no account is the empty one.
    fn values(self) -> [String; 2] {
        let own = self.account.to_string();
        [if self.services { String::new() } else { own.clone() }, own]
    }
}

/// Lists up to `limit` keys of a tenant, newest first, after the one `before`.
pub(super) async fn list(
    db: &Database,
    (tenant, seen): (InTenant, Seen),
    before: Option<ApiKeyId>,
    limit: i64,
) -> Result<Vec<Key>, Fault> {
    // An id is in the order in which ids are made, and so is its text.
    let before = before.map_or_else(|| "g".to_owned(), |id| id.to_string());
    let [one, other] = seen.values();
    let sql = concat!(
        "SELECT ",
        columns!(),
        " FROM api_keys
        WHERE tenant = $1 AND COALESCE(account, '') IN ($2, $3) AND id < $4 ORDER BY id DESC LIMIT $5"
    );
    db.list(sql, &[&tenant.id(), &one, &other, &before, &limit], key).await
}

/// Lists up to `limit` keys of everybody, of one tenant, or those that act for one person, newest first, after the one `before`.
pub(super) async fn list_all(
    db: &Database,
    (tenant, account): (Option<TenantId>, Option<AccountId>),
    before: Option<ApiKeyId>,
    limit: i64,
) -> Result<Vec<Key>, Fault> {
    let before = before.map_or_else(|| "g".to_owned(), |id| id.to_string());
    let mut values: Vec<&(dyn Bind + Sync)> = vec![&before];
    let mut narrowed = String::new();
    for (column, value) in [("tenant", bound(&tenant)), ("account", bound(&account))] {
        if let Some(value) = value {
            values.push(value);
            narrowed += &format!(" AND {column} = ${}", values.len());
        }
    }
    values.push(&limit);
    let (columns, last) = (columns!(), values.len());
    let sql = format!("SELECT {columns} FROM api_keys WHERE id < $1{narrowed} ORDER BY id DESC LIMIT ${last}");
    db.list(&sql, &values, key).await
}

fn bound<T: Bind + Sync>(value: &Option<T>) -> Option<&(dyn Bind + Sync)> {
    value.as_ref().map(|value| value as &(dyn Bind + Sync))
}

/// Reads a key by its public name.
pub(super) async fn by_id(db: &Database, id: ApiKeyId) -> Result<Option<Key>, Fault> {
    db.find(concat!("SELECT ", columns!(), " FROM api_keys WHERE id = $1"), &[&id], key).await
}

/// Removes a key, whoever it belongs to; returns the tenant that it was for.
pub(super) async fn remove_any(tx: &mut Transaction, id: ApiKeyId) -> Result<Option<TenantId>, Fault> {
    tx.find("DELETE FROM api_keys WHERE id = $1 RETURNING tenant", &[&id], |row| row.get(0)).await
}

/// Reads the key that is found there.
pub(super) async fn find(db: &Database, handle: Handle) -> Result<Option<Key>, Fault> {
    db.find(concat!("SELECT ", columns!(), " FROM api_keys WHERE handle = $1"), &[&handle], key).await
}

/// Whether a key is still there.
pub(super) async fn stands(tx: &mut Transaction, id: ApiKeyId) -> Result<bool, Fault> {
    Ok(tx.find("SELECT 1 FROM api_keys WHERE id = $1", &[&id], |_| Ok(())).await?.is_some())
}

/// Notes a use, unless one was noted after `since`.
pub(super) async fn note_use(
    tx: &mut Transaction,
    id: ApiKeyId,
    (now, since): (Timestamp, Timestamp),
) -> Result<(), Fault> {
    let sql = "UPDATE api_keys SET last_used_at = $1
        WHERE id = $2 AND (last_used_at IS NULL OR last_used_at <= $3 OR last_used_at > $1)";
    tx.execute(sql, &[&now, &id, &since]).await.map(drop)
}

/// Removes a key of a tenant; `false` when whoever acts sees none of this name there.
pub(super) async fn remove(
    tx: &mut Transaction,
    (tenant, seen): (TenantId, Seen),
    id: ApiKeyId,
) -> Result<bool, Fault> {
    let [one, other] = seen.values();
    let sql = "DELETE FROM api_keys WHERE id = $1 AND tenant = $2 AND COALESCE(account, '') IN ($3, $4)";
    Ok(tx.execute(sql, &[&id, &tenant, &one, &other]).await? == 1)
}

/// Removes the key that somebody holds; `None` when it is not there.
pub(super) async fn remove_presented(
    tx: &mut Transaction,
    handle: Handle,
    digest: &Digest<ApiKey>,
) -> Result<Option<(ApiKeyId, TenantId)>, Fault> {
    let sql = "DELETE FROM api_keys WHERE handle = $1 AND digest = $2 RETURNING id, tenant";
    tx.find(sql, &[&handle, digest], |row| Ok((row.get(0)?, row.get(1)?))).await
}

/// Removes the keys with which programs act for an account, in one tenant or in all; returns their names.
pub(super) async fn remove_of(
    tx: &mut Transaction,
    account: AccountId,
    tenant: Option<TenantId>,
) -> Result<Vec<ApiKeyId>, Fault> {
    match tenant {
        Some(tenant) => {
            let sql = "DELETE FROM api_keys WHERE account = $1 AND tenant = $2 RETURNING id";
            tx.list(sql, &[&account, &tenant], |row| row.get(0)).await
        }
        None => tx.list("DELETE FROM api_keys WHERE account = $1 RETURNING id", &[&account], |row| row.get(0)).await,
    }
}

/// Removes all keys of a tenant; returns their names.
pub(super) async fn remove_in(tx: &mut Transaction, tenant: TenantId) -> Result<Vec<ApiKeyId>, Fault> {
    tx.list("DELETE FROM api_keys WHERE tenant = $1 RETURNING id", &[&tenant], |row| row.get(0)).await
}

/// Forgets who has made the keys of services.
pub(super) async fn forget_maker(tx: &mut Transaction, account: AccountId) -> Result<(), Fault> {
    tx.execute("UPDATE api_keys SET made_by = NULL WHERE made_by = $1", &[&account]).await.map(drop)
}

/// Removes keys that were over before a moment.
pub(super) async fn purge(tx: &mut Transaction, before: Timestamp) -> Result<u64, Fault> {
    tx.execute("DELETE FROM api_keys WHERE expires_at <= $1", &[&before]).await
}

fn owner(account: Option<AccountId>) -> Owner {
    account.map_or(Owner::Tenant, Owner::Person)
}

fn key(row: &Row<'_>) -> Result<Key, Fault> {
    Ok(Key {
        id: row.get(0)?,
        digest: row.get(1)?,
        name: row.get(2)?,
        tenant: row.get(3)?,
        owner: owner(row.get(4)?),
        made_by: row.get(5)?,
        scopes: Scopes::parse(&row.get::<String>(6)?).unwrap_or_default(),
        resource: row.get(7)?,
        created_at: row.get(8)?,
        expires_at: row.get(9)?,
        last_used_at: row.get(10)?,
    })
}
