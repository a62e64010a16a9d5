//! The SQL of `tenants` and `memberships`.

use std::sync::LazyLock;

use doorward_core::{AccountId, RoleName, Slug, TenantId, Timestamp};

use super::rules::{Entitlement, InTenant, Member, Named, State, Tenant, entitlements, written};
use crate::{
    base::db::{Bind, Database, Row, Transaction},
    error::Fault,
    policy::OwnRoles,
};

/// Selects what [`tenant`] reads, in its order.
macro_rules! tenant_where {
    ($rest:literal) => {
        concat!(
            "SELECT number, id, slug, name, open_role, entitlements, created_at, suspended_at, delete_at FROM tenants WHERE ",
            $rest
        )
    };
}

/// Selects what [`joined_row`] reads, in its order: both rows in one statement, so that a tenant that is not there and one that
/// somebody does not belong to are the same nothing. The membership is looked for first, and also when there is no tenant of
/// that name, so that both take the same steps (SQLite keeps the order of a `CROSS JOIN`).
macro_rules! joined_where {
    ($rest:literal) => {
        concat!(
            "SELECT tenants.number, memberships.number, tenants.id, slug, suspended_at, delete_at, roles, tenants.entitlements,
            memberships.entitlements, name, own_sign_in, break_glass FROM memberships CROSS JOIN tenants
            WHERE tenants.id = memberships.tenant AND ",
            $rest
        )
    };
}

/// A tenant and a membership in it, as they lie in their rows.
pub(crate) struct Joined {
    pub(super) rows: [i64; 2],
    pub(crate) id: TenantId,
    pub(crate) slug: Slug,
    pub(crate) name: String,
    pub(crate) state: State,
    pub(crate) roles: OwnRoles,
    pub(super) entitlements: Vec<Entitlement>,
    /// Whether only who came by the tenant's provider is let in.
    pub(crate) own_sign_in: bool,
    break_glass: bool,
}

impl Joined {
    /// Whether its owner may come in another way when need be; somebody who is no owner any more may not.
    pub(crate) fn breaks_glass(&self, owner: &RoleName) -> bool {
        self.break_glass && self.roles.has(owner)
    }

    /// The number of the membership, which says when it began among others.
    pub(crate) fn number(&self) -> i64 {
        self.rows[1]
    }
}

/// Reads what an account is in a tenant.
pub(super) async fn joined(db: &Database, named: &Named, account: AccountId) -> Result<Option<Joined>, Fault> {
    match named {
        Named::Id(id) => {
            db.find(joined_where!("memberships.tenant = $1 AND account = $2"), &[id, &account], joined_row).await
        }
        Named::Slug(slug) => {
            let sql = joined_where!(
                "memberships.tenant = COALESCE((SELECT id FROM tenants AS named WHERE named.slug = $1), '') AND account = $2"
            );
            db.find(sql, &[slug, &account], joined_row).await
        }
    }
}

/// The same inside a transaction.
pub(super) async fn joined_in(
    tx: &mut Transaction,
    tenant: TenantId,
    account: AccountId,
) -> Result<Option<Joined>, Fault> {
    tx.find(joined_where!("memberships.tenant = $1 AND account = $2"), &[&tenant, &account], joined_row).await
}

/// Reads what an account is in a tenant that it was let into.
pub(crate) async fn own(db: &Database, tenant: InTenant, account: AccountId) -> Result<Option<Joined>, Fault> {
    db.find(joined_where!("tenants.id = $1 AND account = $2"), &[&tenant.id(), &account], joined_row).await
}

/// Reads a tenant that somebody was let into.
pub(crate) async fn find(db: &Database, tenant: InTenant) -> Result<Option<Tenant>, Fault> {
    db.find(tenant_where!("id = $1"), &[&tenant.id()], self::tenant).await
}

/// Memberships that are read at once at most; more than an account can have by itself.
pub(super) const MOST_READ: usize = 1000;

/// Reads up to `limit` of the tenants that an account belongs to, after the membership with the number `after`, in the order in
/// which it joined them.
pub(crate) async fn of_account(
    db: &Database,
    account: AccountId,
    after: i64,
    limit: i64,
) -> Result<Vec<Joined>, Fault> {
    let sql = joined_where!("account = $1 AND memberships.number > $2 ORDER BY memberships.number LIMIT $3");
    db.list(sql, &[&account, &after, &limit], joined_row).await
}

/// Reads a tenant.
pub(crate) async fn by_name(db: &Database, named: &Named) -> Result<Option<Tenant>, Fault> {
    match named {
        Named::Id(id) => db.find(tenant_where!("id = $1"), &[id], tenant).await,
        Named::Slug(slug) => db.find(tenant_where!("slug = $1"), &[slug], tenant).await,
    }
}

/// Reads several tenants, in no order; those that are not there are left out.
pub(crate) async fn by_ids(db: &Database, ids: &[TenantId]) -> Result<Vec<Tenant>, Fault> {
    let mut found = Vec::with_capacity(ids.len());
    for some in ids.chunks(AT_ONCE) {
        // One statement for every number of them: the last one is asked for again.
        let padded: Vec<TenantId> = (0..AT_ONCE).map(|at| some[at.min(some.len() - 1)]).collect();
        let values: Vec<&(dyn Bind + Sync)> = padded.iter().map(|id| id as &(dyn Bind + Sync)).collect();
        found.extend(db.list(&BY_IDS, &values, tenant).await?);
    }
    Ok(found)
}

const AT_ONCE: usize = 50;
static BY_IDS: LazyLock<String> = LazyLock::new(|| {
    let places = (1..=AT_ONCE).map(|at| format!("${at}")).collect::<Vec<_>>().join(", ");
    format!("{} IN ({places})", tenant_where!("id"))
});

/// Reads a tenant that somebody may join without an invitation.
pub(crate) async fn open_to_join(db: &Database, named: &Named) -> Result<Option<Tenant>, Fault> {
    Ok(by_name(db, named).await?.filter(Tenant::lets_join))
}

/// Lists up to `limit` tenants older than the one with the number `before`, newest first, whose slug or name begins so.
pub(crate) async fn list(db: &Database, beginning: &str, before: i64, limit: i64) -> Result<Vec<Tenant>, Fault> {
    let sql = tenant_where!(
        "number < $1 AND ($2 = '' OR substr(slug, 1, length($2)) = $2 OR substr(lower(name), 1, length($2)) = $2)
        ORDER BY number DESC LIMIT $3"
    );
    db.list(sql, &[&before, &beginning, &limit], tenant).await
}

/// Counts tenants, up to `most`.
pub(crate) async fn count_all(db: &Database, most: i64) -> Result<i64, Fault> {
    let sql = "SELECT COUNT(*) FROM (SELECT 1 FROM tenants LIMIT $1) AS counted";
    Ok(db.find(sql, &[&most], |row| row.get(0)).await?.unwrap_or_default())
}

/// Whether a slug is, or was, that of another tenant. Who asks about a tenant by a name that it had must not be answered about
/// somebody else's.
pub(super) async fn is_anothers(tx: &mut Transaction, slug: &Slug, tenant: TenantId) -> Result<bool, Fault> {
    let sql = "SELECT 1 FROM retired_slugs WHERE slug = $1 AND tenant <> $2";
    Ok(tx.find(sql, &[slug, &tenant], |_| Ok(())).await?.is_some())
}

/// Keeps a slug for the tenant that had it; returns how many it has given up.
pub(super) async fn retire(tx: &mut Transaction, slug: &Slug, tenant: TenantId) -> Result<i64, Fault> {
    let sql = "INSERT INTO retired_slugs (slug, tenant) VALUES ($1, $2) ON CONFLICT (slug) DO NOTHING";
    tx.execute(sql, &[slug, &tenant]).await?;
    let sql = "SELECT COUNT(*) FROM retired_slugs WHERE tenant = $1";
    Ok(tx.find(sql, &[&tenant], |row| row.get(0)).await?.unwrap_or_default())
}

/// Inserts a tenant; `false` when its slug is taken.
pub(super) async fn insert(
    tx: &mut Transaction,
    (id, slug, name): (TenantId, &Slug, &str),
    now: Timestamp,
) -> Result<bool, Fault> {
    let sql = "INSERT INTO tenants (id, slug, name, entitlements, created_at) VALUES ($1, $2, $3, '', $4)
        ON CONFLICT (slug) DO NOTHING";
    Ok(tx.execute(sql, &[&id, slug, &name, &now]).await? == 1)
}

/// Locks a tenant's row until the transaction ends and reads it: who changes anything in a tenant comes here first, so one
/// waits for the other and then sees what it did.
pub(crate) async fn lock(tx: &mut Transaction, id: TenantId) -> Result<Option<Tenant>, Fault> {
    if tx.execute("UPDATE tenants SET number = number WHERE id = $1", &[&id]).await? == 0 {
        return Ok(None);
    }
    tx.find(tenant_where!("id = $1"), &[&id], tenant).await
}

/// Gives a locked tenant another name and slug; `false` when the slug is taken.
pub(super) async fn rename(tx: &mut Transaction, id: TenantId, slug: &Slug, name: &str) -> Result<bool, Fault> {
    let sql = "UPDATE tenants SET slug = $1, name = $2 WHERE id = $3
        AND NOT EXISTS (SELECT 1 FROM tenants AS other WHERE other.slug = $1 AND other.id <> $3)";
    Ok(tx.execute(sql, &[slug, &name, &id]).await? == 1)
}

/// Says which role whoever joins gets; nobody can join when there is none.
pub(super) async fn set_open(tx: &mut Transaction, id: TenantId, role: Option<&RoleName>) -> Result<(), Fault> {
    tx.execute("UPDATE tenants SET open_role = $1 WHERE id = $2", &[&role.cloned(), &id]).await.map(drop)
}

/// Closes a tenant to its members, or opens it again.
pub(super) async fn set_suspended(tx: &mut Transaction, id: TenantId, at: Option<Timestamp>) -> Result<(), Fault> {
    tx.execute("UPDATE tenants SET suspended_at = $1 WHERE id = $2", &[&at, &id]).await.map(drop)
}

/// Says when a tenant is to be deleted, or that it is not.
pub(super) async fn set_deletion(tx: &mut Transaction, id: TenantId, at: Option<Timestamp>) -> Result<(), Fault> {
    tx.execute("UPDATE tenants SET delete_at = $1 WHERE id = $2", &[&at, &id]).await.map(drop)
}

/// Names up to a hundred tenants whose waiting is over.
pub(super) async fn to_delete(db: &Database, now: Timestamp) -> Result<Vec<TenantId>, Fault> {
    let sql = "SELECT id FROM tenants WHERE delete_at IS NOT NULL AND delete_at <= $1 ORDER BY delete_at LIMIT 100";
    db.list(sql, &[&now], |row| row.get(0)).await
}

/// Removes a tenant and its memberships.
pub(super) async fn delete(tx: &mut Transaction, id: TenantId) -> Result<(), Fault> {
    tx.execute("DELETE FROM memberships WHERE tenant = $1", &[&id]).await?;
    tx.execute("DELETE FROM tenants WHERE id = $1", &[&id]).await.map(drop)
}

/// Says what all members of a tenant are entitled to.
pub(super) async fn set_entitlements(tx: &mut Transaction, id: TenantId, all: &[Entitlement]) -> Result<(), Fault> {
    tx.execute("UPDATE tenants SET entitlements = $1 WHERE id = $2", &[&written(all), &id]).await.map(drop)
}

/// Says what one member is entitled to; `false` when there is none.
pub(super) async fn set_member_entitlements(
    tx: &mut Transaction,
    (tenant, account): (TenantId, AccountId),
    all: &[Entitlement],
) -> Result<bool, Fault> {
    let sql = "UPDATE memberships SET entitlements = $1 WHERE tenant = $2 AND account = $3";
    Ok(tx.execute(sql, &[&written(all), &tenant, &account]).await? == 1)
}

/// What one member of a tenant is entitled to; `None` when there is no such member.
pub(super) async fn member_entitlements(
    tx: &mut Transaction,
    tenant: TenantId,
    account: AccountId,
) -> Result<Option<Vec<Entitlement>>, Fault> {
    let sql = "SELECT entitlements FROM memberships WHERE tenant = $1 AND account = $2";
    tx.find(sql, &[&tenant, &account], |row| Ok(entitlements(&row.get::<String>(0)?))).await
}

/// Inserts a membership; `false` when there is one.
pub(super) async fn join(
    tx: &mut Transaction,
    (tenant, account): (TenantId, AccountId),
    (roles, is_owner): (&OwnRoles, bool),
    now: Timestamp,
) -> Result<bool, Fault> {
    let sql = "INSERT INTO memberships (tenant, account, roles, is_owner, entitlements, joined_at)
        VALUES ($1, $2, $3, $4, '', $5) ON CONFLICT (account, tenant) DO NOTHING";
    Ok(tx.execute(sql, &[&tenant, &account, &roles.text(), &i64::from(is_owner), &now]).await? == 1)
}

/// Gives a member other roles.
pub(super) async fn set_roles(
    tx: &mut Transaction,
    (tenant, account): (TenantId, AccountId),
    (roles, is_owner): (&OwnRoles, bool),
) -> Result<(), Fault> {
    // Who is no owner any more is not one who may come in another way either, also not when they become one again.
    let sql = "UPDATE memberships SET roles = $1, is_owner = $2, break_glass = break_glass * $2
        WHERE tenant = $3 AND account = $4";
    tx.execute(sql, &[&roles.text(), &i64::from(is_owner), &tenant, &account]).await.map(drop)
}

/// Says whether only who came by the tenant's provider is let in.
pub(crate) async fn set_own_sign_in(tx: &mut Transaction, id: TenantId, only: bool) -> Result<(), Fault> {
    tx.execute("UPDATE tenants SET own_sign_in = $1 WHERE id = $2", &[&i64::from(only), &id]).await.map(drop)
}

/// Whether only who came by the tenant's provider is let in.
pub(crate) async fn is_own_sign_in(tx: &mut Transaction, id: TenantId) -> Result<bool, Fault> {
    let sql = "SELECT own_sign_in FROM tenants WHERE id = $1";
    Ok(tx.find(sql, &[&id], |row| row.get::<i64>(0)).await? == Some(1))
}

/// Says whether an owner may come in another way; `false` when there is no such owner.
pub(crate) async fn set_break_glass(
    tx: &mut Transaction,
    (tenant, account): (TenantId, AccountId),
    may: bool,
) -> Result<bool, Fault> {
    let sql = "UPDATE memberships SET break_glass = $1 WHERE tenant = $2 AND account = $3 AND is_owner = 1";
    Ok(tx.execute(sql, &[&i64::from(may), &tenant, &account]).await? == 1)
}

/// The owners of a tenant, up to a hundred, each with whether they may come in another way.
pub(crate) async fn breakers(db: &Database, tenant: InTenant) -> Result<Vec<(AccountId, bool)>, Fault> {
    let sql =
        "SELECT account, break_glass FROM memberships WHERE tenant = $1 AND is_owner = 1 ORDER BY number LIMIT 100";
    db.list(sql, &[&tenant.id()], |row| Ok((row.get(0)?, row.get::<i64>(1)? == 1))).await
}

/// The owners of a locked tenant who may come in another way.
pub(super) async fn breakers_in(tx: &mut Transaction, tenant: TenantId) -> Result<Vec<AccountId>, Fault> {
    let sql = "SELECT account FROM memberships WHERE tenant = $1 AND is_owner = 1 AND break_glass = 1 ORDER BY number LIMIT 100";
    tx.list(sql, &[&tenant], |row| row.get(0)).await
}

/// Removes a membership.
pub(super) async fn leave(tx: &mut Transaction, tenant: TenantId, account: AccountId) -> Result<(), Fault> {
    tx.execute("DELETE FROM memberships WHERE tenant = $1 AND account = $2", &[&tenant, &account]).await.map(drop)
}

/// Removes every membership of an account.
pub(super) async fn forget(tx: &mut Transaction, account: AccountId) -> Result<(), Fault> {
    tx.execute("DELETE FROM memberships WHERE account = $1", &[&account]).await.map(drop)
}

/// The tenants that an account belongs to, in the order of their ids.
pub(super) async fn joined_by(tx: &mut Transaction, account: AccountId) -> Result<Vec<TenantId>, Fault> {
    let sql = "SELECT tenant FROM memberships WHERE account = $1 ORDER BY tenant LIMIT 100000";
    tx.list(sql, &[&account], |row| row.get(0)).await
}

/// The tenants that an account owns.
pub(super) async fn owned_by(tx: &mut Transaction, account: AccountId) -> Result<Vec<TenantId>, Fault> {
    let sql = "SELECT tenant FROM memberships WHERE account = $1 AND is_owner = 1 ORDER BY tenant LIMIT 10000";
    tx.list(sql, &[&account], |row| row.get(0)).await
}

/// The role that owners had when it was last looked at; `None` before the first time.
pub(super) async fn owner_role(db: &Database) -> Result<Option<String>, Fault> {
    db.find("SELECT role FROM owner_role WHERE number = 1", &[], |row| row.get(0)).await
}

/// The same behind a lock, for which a row is made when there is none.
pub(super) async fn lock_owner_role(tx: &mut Transaction) -> Result<String, Fault> {
    let sql =
        "INSERT INTO owner_role (number, role) VALUES (1, '') ON CONFLICT (number) DO UPDATE SET role = owner_role.role
        RETURNING role";
    Ok(tx.find(sql, &[], |row| row.get(0)).await?.unwrap_or_default())
}

/// Keeps which role owners have.
pub(super) async fn set_owner_role(tx: &mut Transaction, role: &RoleName) -> Result<(), Fault> {
    tx.execute("UPDATE owner_role SET role = $1 WHERE number = 1", &[role]).await.map(drop)
}

/// In SQL of both engines: 1 where a membership has the role `$1`, else 0. No name of a role has a comma in it.
macro_rules! is_owners {
    () => {
        "CASE WHEN replace(',' || roles || ',', ',' || CAST($1 AS TEXT) || ',', '') <> ',' || roles || ',' THEN 1 ELSE 0 END"
    };
}

/// How many tenants have an owner and nobody with this role.
pub(super) async fn count_left_alone(tx: &mut Transaction, owner: &RoleName) -> Result<i64, Fault> {
    let sql = concat!(
        "SELECT COUNT(*) FROM (SELECT tenant FROM memberships GROUP BY tenant HAVING MAX(is_owner) = 1 AND MAX(",
        is_owners!(),
        ") = 0) AS alone"
    );
    Ok(tx.find(sql, &[owner], |row| row.get(0)).await?.unwrap_or_default())
}

/// The number of the newest membership.
pub(super) async fn newest(tx: &mut Transaction) -> Result<i64, Fault> {
    Ok(tx.find("SELECT COALESCE(MAX(number), 0) FROM memberships", &[], |row| row.get(0)).await?.unwrap_or_default())
}

/// Locks the tenants in which a membership with one of these numbers counts as an owner's without this role, or has it and does
/// not.
pub(super) async fn lock_where_owners_differ(
    tx: &mut Transaction,
    owner: &RoleName,
    (after, to): (i64, i64),
) -> Result<(), Fault> {
    let sql = concat!(
        "UPDATE tenants SET number = number WHERE id IN (SELECT tenant FROM memberships WHERE is_owner <> ",
        is_owners!(),
        " AND number > $2 AND number <= $3)"
    );
    tx.execute(sql, &[owner, &after, &to]).await.map(drop)
}

/// Makes those the owners who have this role, among the memberships with these numbers; returns how many that changed.
pub(super) async fn set_owners(tx: &mut Transaction, owner: &RoleName, (after, to): (i64, i64)) -> Result<u64, Fault> {
    let sql = concat!(
        "UPDATE memberships SET is_owner = 1 - is_owner WHERE is_owner <> ",
        is_owners!(),
        " AND number > $2 AND number <= $3"
    );
    tx.execute(sql, &[owner, &after, &to]).await
}

/// How many tenants an account belongs to, and how many of them it owns.
pub(super) async fn counts_of(tx: &mut Transaction, account: AccountId) -> Result<(i64, i64), Fault> {
    let sql = "SELECT COUNT(*), COUNT(CASE WHEN is_owner = 1 THEN 1 END) FROM memberships WHERE account = $1";
    Ok(tx.find(sql, &[&account], |row| Ok((row.get(0)?, row.get(1)?))).await?.unwrap_or_default())
}

/// How many members a tenant has.
pub(super) async fn count(tx: &mut Transaction, tenant: TenantId) -> Result<i64, Fault> {
    let sql = "SELECT COUNT(*) FROM memberships WHERE tenant = $1";
    Ok(tx.find(sql, &[&tenant], |row| row.get(0)).await?.unwrap_or_default())
}

/// Whether a tenant has an owner besides this account.
pub(super) async fn has_other_owner(tx: &mut Transaction, tenant: TenantId, account: AccountId) -> Result<bool, Fault> {
    let sql = "SELECT 1 FROM memberships WHERE tenant = $1 AND is_owner = 1 AND account <> $2 LIMIT 1";
    Ok(tx.find(sql, &[&tenant, &account], |_| Ok(())).await?.is_some())
}

/// The owners of a tenant, up to `limit`, in the order in which they joined.
pub(crate) async fn owners(tx: &mut Transaction, tenant: TenantId, limit: i64) -> Result<Vec<AccountId>, Fault> {
    let sql = "SELECT account FROM memberships WHERE tenant = $1 AND is_owner = 1 ORDER BY number LIMIT $2";
    tx.list(sql, &[&tenant, &limit], |row| row.get(0)).await
}

/// Selects what [`member`] reads, in its order.
macro_rules! member_where {
    ($rest:literal) => {
        concat!("SELECT number, account, roles, entitlements, joined_at FROM memberships WHERE ", $rest)
    };
}

/// Lists up to `limit` members of a tenant after the one with the number `after`, in the order in which they joined.
pub(crate) async fn members(db: &Database, tenant: InTenant, after: i64, limit: i64) -> Result<Vec<Member>, Fault> {
    let sql = member_where!("tenant = $1 AND number > $2 ORDER BY number LIMIT $3");
    db.list(sql, &[&tenant.id(), &after, &limit], member).await
}

/// Reads one member of a tenant.
pub(crate) async fn find_member(db: &Database, tenant: InTenant, account: AccountId) -> Result<Option<Member>, Fault> {
    db.find(member_where!("tenant = $1 AND account = $2"), &[&tenant.id(), &account], member).await
}

fn tenant(row: &Row<'_>) -> Result<Tenant, Fault> {
    Ok(Tenant {
        number: row.get(0)?,
        id: row.get(1)?,
        slug: row.get(2)?,
        name: row.get(3)?,
        open_role: row.get(4)?,
        entitlements: entitlements(&row.get::<String>(5)?),
        created_at: row.get(6)?,
        suspended_at: row.get(7)?,
        delete_at: row.get(8)?,
    })
}

fn joined_row(row: &Row<'_>) -> Result<Joined, Fault> {
    let mut both = entitlements(&row.get::<String>(7)?);
    both.extend(entitlements(&row.get::<String>(8)?));
    Ok(Joined {
        rows: [row.get(0)?, row.get(1)?],
        id: row.get(2)?,
        slug: row.get(3)?,
        state: State::of(row.get(4)?, row.get(5)?),
        roles: OwnRoles::stored(&row.get::<String>(6)?),
        entitlements: both,
        name: row.get(9)?,
        own_sign_in: row.get::<i64>(10)? == 1,
        break_glass: row.get::<i64>(11)? == 1,
    })
}

fn member(row: &Row<'_>) -> Result<Member, Fault> {
    Ok(Member {
        number: row.get(0)?,
        account: row.get(1)?,
        roles: OwnRoles::stored(&row.get::<String>(2)?).iter().cloned().collect(),
        entitlements: entitlements(&row.get::<String>(3)?),
        joined_at: row.get(4)?,
    })
}
