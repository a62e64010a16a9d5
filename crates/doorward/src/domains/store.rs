//! The SQL of `tenant_domains`: one row for each domain on the list of a tenant.

use doorward_core::{DomainName, TenantId, Timestamp};

use super::rules::{Domain, Proof, Proved};
use crate::{
    base::db::{self, Database, Durability, Row, Transaction},
    error::Fault,
    tenants::InTenant,
};

/// What [`domain`] reads, in its order.
macro_rules! columns {
    () => {
        "number, tenant, domain, token, added_at, proof, verified_at, checked_at, missing_since"
    };
}

/// Keeps a new domain; `false` when the tenant has it on its list.
pub(super) async fn insert(
    tx: &mut Transaction,
    (tenant, name): (TenantId, &DomainName),
    token: &str,
    now: Timestamp,
) -> Result<bool, Fault> {
    let sql = "INSERT INTO tenant_domains (tenant, domain, token, added_at) VALUES ($1, $2, $3, $4)
        ON CONFLICT (tenant, domain) DO NOTHING";
    Ok(tx.execute(sql, &[&tenant, name, &token, &now]).await? == 1)
}

/// How many domains a tenant has on its list.
pub(super) async fn count(tx: &mut Transaction, tenant: TenantId) -> Result<i64, Fault> {
    let sql = "SELECT COUNT(*) FROM tenant_domains WHERE tenant = $1";
    Ok(tx.find(sql, &[&tenant], |row| row.get(0)).await?.unwrap_or_default())
}

/// Lists the domains of a tenant, oldest first. There are as many as the settings let there be, so one page holds them.
pub(crate) async fn list(db: &Database, tenant: InTenant) -> Result<Vec<Domain>, Fault> {
    let sql = concat!("SELECT ", columns!(), " FROM tenant_domains WHERE tenant = $1 ORDER BY number LIMIT 1000");
    db.list(sql, &[&tenant.id()], domain).await
}

/// Reads a domain of a tenant that is locked.
pub(super) async fn find(tx: &mut Transaction, tenant: TenantId, name: &DomainName) -> Result<Option<Domain>, Fault> {
    let sql = concat!("SELECT ", columns!(), " FROM tenant_domains WHERE tenant = $1 AND domain = $2");
    tx.find(sql, &[&tenant, name], domain).await
}

/// The tenant that has proved the domain of this name.
pub(super) async fn holder(db: &Database, name: &str) -> Result<Option<TenantId>, Fault> {
    let sql = "SELECT tenant FROM tenant_domains WHERE domain = $1 AND verified_at IS NOT NULL";
    db.find(sql, &[&name], |row| row.get(0)).await
}

/// The same as it stands in a transaction.
pub(super) async fn holder_in(tx: &mut Transaction, name: &str) -> Result<Option<TenantId>, Fault> {
    let sql = "SELECT tenant FROM tenant_domains WHERE domain = $1 AND verified_at IS NOT NULL";
    tx.find(sql, &[&name], |row| row.get(0)).await
}

/// Whether a tenant has proved any domain.
pub(super) async fn has_any(tx: &mut Transaction, tenant: TenantId) -> Result<bool, Fault> {
    let sql = "SELECT 1 FROM tenant_domains WHERE tenant = $1 AND verified_at IS NOT NULL LIMIT 1";
    Ok(tx.find(sql, &[&tenant], |_| Ok(())).await?.is_some())
}

/// Makes a domain the tenant's; `false` when another tenant has it. After that, when it is another's since a moment ago, the
/// caller undoes its transaction.
pub(super) async fn prove(
    tx: &mut Transaction,
    one: &Domain,
    by: Proof,
    (now, due): (Timestamp, Option<Timestamp>),
) -> Result<bool, Fault> {
    let sql =
        "UPDATE tenant_domains SET proof = $1, verified_at = $2, checked_at = $2, missing_since = NULL, due_at = $3
        WHERE number = $4 AND NOT EXISTS (SELECT 1 FROM tenant_domains AS other
            WHERE other.domain = $5 AND other.tenant <> $6 AND other.verified_at IS NOT NULL)";
    match tx.execute(sql, &[&by.name(), &now, &due, &one.number, &one.name, &one.tenant]).await {
        Ok(rows) => Ok(rows == 1),
        Err(fault) if db::is_taken(&fault) => Ok(false),
        Err(fault) => Err(fault),
    }
}

/// Takes a proved domain from every tenant but one; returns whose it was.
pub(super) async fn take_from_others(
    tx: &mut Transaction,
    name: &DomainName,
    tenant: TenantId,
) -> Result<Option<TenantId>, Fault> {
    let sql = "UPDATE tenant_domains SET proof = NULL, verified_at = NULL, missing_since = NULL, due_at = NULL
        WHERE domain = $1 AND tenant <> $2 AND verified_at IS NOT NULL RETURNING tenant";
    tx.find(sql, &[name, &tenant], |row| row.get(0)).await
}

/// Makes a domain nobody's; it stays on the list. `false` when it is proved no more.
pub(super) async fn disprove(tx: &mut Transaction, one: &Domain) -> Result<bool, Fault> {
    let sql = "UPDATE tenant_domains SET proof = NULL, verified_at = NULL, missing_since = NULL, due_at = NULL
        WHERE number = $1 AND verified_at IS NOT NULL";
    Ok(tx.execute(sql, &[&one.number]).await? == 1)
}

/// Notes what a lookup for a domain has shown, and when to look again.
pub(super) async fn note(
    tx: &mut Transaction,
    one: &Domain,
    (checked_at, missing_since, due): (Timestamp, Option<Timestamp>, Option<Timestamp>),
) -> Result<(), Fault> {
    let sql = "UPDATE tenant_domains SET checked_at = $1, missing_since = $2, due_at = $3 WHERE number = $4";
    tx.execute(sql, &[&checked_at, &missing_since, &due, &one.number]).await.map(drop)
}

/// Reads a domain behind a lock on its row, if it is still proved by the same record.
pub(super) async fn locked(tx: &mut Transaction, one: &Domain) -> Result<Option<Domain>, Fault> {
    let sql = concat!(
        "UPDATE tenant_domains SET number = number WHERE number = $1 AND token = $2 AND proof = 'dns' RETURNING ",
        columns!()
    );
    tx.find(sql, &[&one.number, &one.token], domain).await
}

/// Takes one domain that is due to be looked for; another node does not see it before `lease_ends`.
pub(super) async fn claim(db: &Database, now: Timestamp, lease_ends: Timestamp) -> Result<Option<Domain>, Fault> {
    // Most of the time nothing is due, and a question does not hold up those who write.
    let due = "SELECT 1 FROM tenant_domains WHERE due_at <= $1 LIMIT 1";
    if db.find(due, &[&now], |_| Ok(())).await?.is_none() {
        return Ok(None);
    }
    let mut tx = db.begin(Durability::Relaxed).await?;
    let sql = concat!(
        "UPDATE tenant_domains SET due_at = $1
        WHERE number = (SELECT number FROM tenant_domains WHERE due_at <= $2 ORDER BY due_at, number LIMIT 1) AND due_at <= $2
        RETURNING ",
        columns!()
    );
    let taken = tx.find(sql, &[&lease_ends, &now], domain).await?;
    tx.commit().await?;
    Ok(taken)
}

/// Removes a domain from the list of a tenant; `false` when it is not there.
pub(super) async fn remove(tx: &mut Transaction, tenant: TenantId, name: &DomainName) -> Result<bool, Fault> {
    let sql = "DELETE FROM tenant_domains WHERE tenant = $1 AND domain = $2";
    Ok(tx.execute(sql, &[&tenant, name]).await? == 1)
}

/// Removes what is kept about a tenant that is being deleted.
pub(crate) async fn forget_tenant(tx: &mut Transaction, tenant: TenantId) -> Result<(), Fault> {
    tx.execute("DELETE FROM tenant_domains WHERE tenant = $1", &[&tenant]).await.map(drop)
}

fn domain(row: &Row<'_>) -> Result<Domain, Fault> {
    let proof = row.get::<Option<String>>(5)?.as_deref().and_then(Proof::stored);
    let at = row.get::<Option<Timestamp>>(6)?;
    Ok(Domain {
        number: row.get(0)?,
        tenant: row.get(1)?,
        name: row.get(2)?,
        token: row.get(3)?,
        added_at: row.get(4)?,
        verified: proof.zip(at).map(|(by, at)| Proved { by, at }),
        checked_at: row.get(7)?,
        missing_since: row.get(8)?,
    })
}
