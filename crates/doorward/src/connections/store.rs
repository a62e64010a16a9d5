//! The SQL of `connections`: one row for each provider that a tenant has brought.

use doorward_core::{AccountId, ProviderName, RoleName, SessionId, TenantId, Timestamp};

use super::rules::{Connection, Rule, Wiring};
use crate::{
    base::db::{Bind, Database, Row, Transaction, Value},
    error::Fault,
    tenants::InTenant,
};

/// What [`connection`] reads, in its order.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT number, name, tenant, kind, label, client_id, issuer, organisation, sealed, version, created_at,
            provider, vouched, join_role FROM connections WHERE ",
            $rest
        )
    };
}

/// A secret under its seal.
pub(super) struct Sealed<'s>(pub(super) &'s [u8]);

impl Bind for Sealed<'_> {
    fn value(&self) -> Value<'_> {
        Value::bytes(self.0)
    }
}

/// Keeps a connection of which nothing but its kind is known yet.
pub(super) async fn insert(
    tx: &mut Transaction,
    (tenant, name): (TenantId, &ProviderName),
    (kind, label): (&str, &str),
    now: Timestamp,
) -> Result<(), Fault> {
    let sql = "INSERT INTO connections
        (name, tenant, kind, label, client_id, issuer, organisation, sealed, version, created_at)
        VALUES ($1, $2, $3, $4, '', '', '', $5, 0, $6)";
    tx.execute(sql, &[name, &tenant, &kind, &label, &Sealed(&[]), &now]).await.map(drop)
}

/// Keeps whose organisation of a provider of the settings the people of a tenant are; `false` when they are somebody's already.
pub(super) async fn insert_shared(
    tx: &mut Transaction,
    (tenant, name): (TenantId, &ProviderName),
    (provider, organisation, label): (&ProviderName, &str, &str),
    (vouched, now): (bool, Timestamp),
) -> Result<bool, Fault> {
    let sql = "INSERT INTO connections
        (name, tenant, kind, label, client_id, issuer, organisation, sealed, version, created_at, provider, vouched)
        VALUES ($1, $2, 'shared', $3, '', '', $4, $5, 1, $6, $7, $8) ON CONFLICT DO NOTHING";
    let vouched = i64::from(vouched);
    let values: [&(dyn Bind + Sync); 8] =
        [name, &tenant, &label, &organisation, &Sealed(&[]), &now, &provider.as_str(), &vouched];
    Ok(tx.execute(sql, &values).await? == 1)
}

/// Reads whose the people of this organisation of a provider of the settings are.
pub(super) async fn shared(
    tx: &mut Transaction,
    provider: &ProviderName,
    organisation: &str,
) -> Result<Option<Connection>, Fault> {
    tx.find(select!("provider = $1 AND organisation = $2"), &[&provider.as_str(), &organisation], connection).await
}

/// Says in which role people join, or that they do not.
pub(super) async fn set_join_role(
    tx: &mut Transaction,
    one: &Connection,
    role: Option<&RoleName>,
) -> Result<(), Fault> {
    tx.execute("UPDATE connections SET join_role = $1 WHERE number = $2", &[&role.cloned(), &one.number])
        .await
        .map(drop)
}

/// Remembers by which way a session came into a tenant.
pub(super) async fn enter(
    tx: &mut Transaction,
    (session, tenant): (SessionId, TenantId),
    (way, until): (&str, Timestamp),
) -> Result<(), Fault> {
    let sql = "INSERT INTO tenant_entries (session, tenant, way, expires_at) VALUES ($1, $2, $3, $4)
        ON CONFLICT (session, tenant) DO UPDATE SET way = excluded.way, expires_at = excluded.expires_at";
    tx.execute(sql, &[&session, &tenant, &way, &until]).await.map(drop)
}

/// By which way a session came into a tenant, if it did.
pub(super) async fn entry(
    db: &Database,
    (session, tenant): (SessionId, TenantId),
    now: Timestamp,
) -> Result<Option<String>, Fault> {
    let sql = "SELECT way FROM tenant_entries WHERE session = $1 AND tenant = $2 AND expires_at > $3";
    db.find(sql, &[&session, &tenant, &now], |row| row.get(0)).await
}

/// Removes entries of sessions that are over.
pub(super) async fn purge_entries(tx: &mut Transaction, now: Timestamp) -> Result<u64, Fault> {
    tx.execute("DELETE FROM tenant_entries WHERE expires_at <= $1", &[&now]).await
}

/// Lists the connections of a locked tenant for which everything was written.
pub(super) async fn ready(tx: &mut Transaction, tenant: TenantId) -> Result<Vec<Connection>, Fault> {
    tx.list(select!("tenant = $1 AND version > 0 ORDER BY number LIMIT 100"), &[&tenant], connection).await
}

/// Lists the rules of a connection, in the order of their claims and values.
pub(super) async fn rules(db: &Database, one: &Connection) -> Result<Vec<Rule>, Fault> {
    db.list(RULES, &[&one.name], rule).await
}

/// The same inside a transaction.
pub(super) async fn rules_in(tx: &mut Transaction, one: &Connection) -> Result<Vec<Rule>, Fault> {
    tx.list(RULES, &[&one.name], rule).await
}

const RULES: &str =
    "SELECT claim, value, role FROM connection_rules WHERE connection = $1 ORDER BY claim, value, role LIMIT 1000";

/// Adds a rule, which may be there already.
pub(super) async fn add_rule(tx: &mut Transaction, one: &Connection, rule: &Rule) -> Result<(), Fault> {
    let sql =
        "INSERT INTO connection_rules (connection, claim, value, role) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
    tx.execute(sql, &[&one.name, &rule.claim, &rule.value, &rule.role]).await.map(drop)
}

/// Removes a rule, which may be gone already.
pub(super) async fn remove_rule(tx: &mut Transaction, one: &Connection, rule: &Rule) -> Result<(), Fault> {
    let sql = "DELETE FROM connection_rules WHERE connection = $1 AND claim = $2 AND value = $3 AND role = $4";
    tx.execute(sql, &[&one.name, &rule.claim, &rule.value, &rule.role]).await.map(drop)
}

fn rule(row: &Row<'_>) -> Result<Rule, Fault> {
    Ok(Rule { claim: row.get(0)?, value: row.get(1)?, role: row.get(2)? })
}

/// Lists the roles that somebody has by the rules of a connection.
pub(super) async fn ruled(
    tx: &mut Transaction,
    (one, account): (&Connection, AccountId),
) -> Result<Vec<RoleName>, Fault> {
    let sql = "SELECT role FROM ruled_roles WHERE connection = $1 AND account = $2 ORDER BY role";
    tx.list(sql, &[&one.name, &account], |row| row.get(0)).await
}

/// Whether somebody has a role by the rules of another connection.
pub(super) async fn is_ruled_elsewhere(
    tx: &mut Transaction,
    (one, account): (&Connection, AccountId),
    role: &RoleName,
) -> Result<bool, Fault> {
    let sql = "SELECT 1 FROM ruled_roles WHERE account = $1 AND role = $2 AND connection IN
        (SELECT name FROM connections WHERE tenant = $3 AND name <> $4) LIMIT 1";
    Ok(tx.find(sql, &[&account, role, &one.tenant, &one.name], |_| Ok(())).await?.is_some())
}

/// Lists whom the rules of a connection give a role, in the order of their accounts.
pub(super) async fn ruled_accounts(tx: &mut Transaction, one: &Connection) -> Result<Vec<AccountId>, Fault> {
    let sql = "SELECT DISTINCT account FROM ruled_roles WHERE connection = $1 ORDER BY account";
    tx.list(sql, &[&one.name], |row| row.get(0)).await
}

/// Keeps which roles somebody has by the rules of a connection, in place of those of before.
pub(super) async fn set_ruled(
    tx: &mut Transaction,
    (one, account): (&Connection, AccountId),
    roles: &[RoleName],
) -> Result<(), Fault> {
    tx.execute("DELETE FROM ruled_roles WHERE connection = $1 AND account = $2", &[&one.name, &account]).await?;
    for role in roles {
        let sql = "INSERT INTO ruled_roles (connection, account, role) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
        tx.execute(sql, &[&one.name, &account, role]).await?;
    }
    Ok(())
}

/// Forgets which roles somebody had by rules in a tenant that they do not belong to any more.
pub(super) async fn forget_ruled(tx: &mut Transaction, tenant: TenantId, account: AccountId) -> Result<(), Fault> {
    let sql =
        "DELETE FROM ruled_roles WHERE account = $1 AND connection IN (SELECT name FROM connections WHERE tenant = $2)";
    tx.execute(sql, &[&account, &tenant]).await.map(drop)
}

/// The same of an account that is being deleted.
pub(crate) async fn forget_account(tx: &mut Transaction, account: AccountId) -> Result<(), Fault> {
    tx.execute("DELETE FROM ruled_roles WHERE account = $1", &[&account]).await.map(drop)
}

/// Forgets that somebody was a member once.
pub(super) async fn pardon(tx: &mut Transaction, tenant: TenantId, mark: &str) -> Result<(), Fault> {
    tx.execute("DELETE FROM departed_members WHERE tenant = $1 AND mark = $2", &[&tenant, &mark]).await.map(drop)
}

/// Remembers somebody who is no member any more.
pub(super) async fn depart(tx: &mut Transaction, tenant: TenantId, mark: &str) -> Result<(), Fault> {
    let sql = "INSERT INTO departed_members (tenant, mark) VALUES ($1, $2) ON CONFLICT (tenant, mark) DO NOTHING";
    tx.execute(sql, &[&tenant, &mark]).await.map(drop)
}

/// Whether one of these was a member once.
pub(super) async fn has_departed(tx: &mut Transaction, tenant: TenantId, marks: &[String; 3]) -> Result<bool, Fault> {
    let sql = "SELECT 1 FROM departed_members WHERE tenant = $1 AND mark IN ($2, $3, $4) LIMIT 1";
    let [one, two, three] = marks;
    Ok(tx.find(sql, &[&tenant, one, two, three], |_| Ok(())).await?.is_some())
}

/// Writes how a provider is spoken to.
pub(super) async fn write(tx: &mut Transaction, one: &Connection, wiring: &Wiring, sealed: &[u8]) -> Result<(), Fault> {
    let sql =
        "UPDATE connections SET client_id = $1, issuer = $2, organisation = $3, sealed = $4, version = version + 1
        WHERE number = $5";
    let Wiring { client_id, issuer, organisation, .. } = wiring;
    tx.execute(sql, &[client_id, issuer, organisation, &Sealed(sealed), &one.number]).await.map(drop)
}

/// Seals a secret again, unless somebody else has written it since.
pub(super) async fn seal_again(tx: &mut Transaction, one: &Connection, sealed: &[u8]) -> Result<(), Fault> {
    let sql = "UPDATE connections SET sealed = $1 WHERE number = $2 AND sealed = $3";
    tx.execute(sql, &[&Sealed(sealed), &one.number, &Sealed(&one.sealed)]).await.map(drop)
}

/// How many connections a tenant has made itself.
pub(super) async fn count(tx: &mut Transaction, tenant: TenantId) -> Result<i64, Fault> {
    let sql = "SELECT COUNT(*) FROM connections WHERE tenant = $1 AND vouched = 0";
    Ok(tx.find(sql, &[&tenant], |row| row.get(0)).await?.unwrap_or_default())
}

/// Lists the connections of a tenant, oldest first. There are as many as the settings let there be, so one page holds them.
pub(crate) async fn list(db: &Database, tenant: InTenant) -> Result<Vec<Connection>, Fault> {
    db.list(select!("tenant = $1 ORDER BY number LIMIT 100"), &[&tenant.id()], connection).await
}

/// Reads a connection of a tenant that somebody was let into.
pub(super) async fn find(db: &Database, tenant: InTenant, name: &str) -> Result<Option<Connection>, Fault> {
    db.find(select!("tenant = $1 AND name = $2"), &[&tenant.id(), &name], connection).await
}

/// Reads a connection of a tenant that is locked.
pub(super) async fn find_in(
    tx: &mut Transaction,
    tenant: TenantId,
    name: &ProviderName,
) -> Result<Option<Connection>, Fault> {
    tx.find(select!("tenant = $1 AND name = $2"), &[&tenant, name], connection).await
}

/// Reads the connection of this name, whosever it is.
pub(super) async fn by_name(db: &Database, name: &ProviderName) -> Result<Option<Connection>, Fault> {
    db.find(select!("name = $1 AND version > 0 AND provider = ''"), &[name], connection).await
}

/// Reads the oldest connection of a tenant that people can be led to.
pub(super) async fn first_of(db: &Database, tenant: TenantId) -> Result<Option<Connection>, Fault> {
    db.find(select!("tenant = $1 AND version > 0 AND provider = '' ORDER BY number LIMIT 1"), &[&tenant], connection)
        .await
}

/// Reads up to a hundred connections behind the one with this number, whosever they are.
pub(super) async fn behind(db: &Database, number: i64) -> Result<Vec<Connection>, Fault> {
    db.list(select!("number > $1 AND version > 0 AND provider = '' ORDER BY number LIMIT 100"), &[&number], connection)
        .await
}

/// Whether there is one at all that people can be led to.
pub(super) async fn any(db: &Database) -> Result<bool, Fault> {
    Ok(db
        .find("SELECT 1 FROM connections WHERE version > 0 AND provider = '' LIMIT 1", &[], |_| Ok(()))
        .await?
        .is_some())
}

/// Removes a connection.
pub(super) async fn remove(tx: &mut Transaction, one: &Connection) -> Result<(), Fault> {
    tx.execute("DELETE FROM connection_rules WHERE connection = $1", &[&one.name]).await?;
    tx.execute("DELETE FROM ruled_roles WHERE connection = $1", &[&one.name]).await?;
    tx.execute("DELETE FROM tenant_entries WHERE way = $1", &[&one.name]).await?;
    tx.execute("DELETE FROM connections WHERE number = $1", &[&one.number]).await.map(drop)
}

/// Removes the connections of a tenant; returns their names.
pub(super) async fn remove_all(tx: &mut Transaction, tenant: TenantId) -> Result<Vec<ProviderName>, Fault> {
    tx.execute("DELETE FROM departed_members WHERE tenant = $1", &[&tenant]).await?;
    tx.execute("DELETE FROM tenant_entries WHERE tenant = $1", &[&tenant]).await?;
    let sql = "DELETE FROM connection_rules WHERE connection IN (SELECT name FROM connections WHERE tenant = $1)";
    tx.execute(sql, &[&tenant]).await?;
    let sql = "DELETE FROM ruled_roles WHERE connection IN (SELECT name FROM connections WHERE tenant = $1)";
    tx.execute(sql, &[&tenant]).await?;
    tx.list("DELETE FROM connections WHERE tenant = $1 RETURNING name", &[&tenant], |row| row.get(0)).await
}

fn connection(row: &Row<'_>) -> Result<Connection, Fault> {
    Ok(Connection {
        number: row.get(0)?,
        name: row.get(1)?,
        tenant: row.get(2)?,
        kind: row.get(3)?,
        label: row.get(4)?,
        client_id: row.get(5)?,
        issuer: row.get(6)?,
        organisation: row.get(7)?,
        sealed: row.get(8)?,
        version: row.get(9)?,
        created_at: row.get(10)?,
        provider: row.get(11)?,
        vouched: row.get::<i64>(12)? == 1,
        join_role: row.get(13)?,
    })
}
