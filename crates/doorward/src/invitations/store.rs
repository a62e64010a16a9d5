//! The SQL of `invitations`: one row for each address that is invited to a tenant.

use doorward_core::{AccountId, Digest, EmailAddress, Invitation, InvitationId, TenantId, Timestamp};

use super::rules::Invited;
use crate::{
    base::{
        db::{Bind, Database, Row, Transaction},
        lifetime::Working,
    },
    context::Context,
    error::Fault,
    policy::OwnRoles,
    tenants::InTenant,
};

/// Selects what [`invited`] reads, in its order.
macro_rules! invited_where {
    ($rest:literal) => {
        concat!("SELECT id, tenant, email, roles, invited_by, created_at, expires_at FROM invitations WHERE ", $rest)
    };
}

/// Keeps an invitation, without a link yet; `false` when one waits for the address.
pub(super) async fn insert(tx: &mut Transaction, new: &Invited, working: Working) -> Result<bool, Fault> {
    let over = "DELETE FROM invitations WHERE tenant = $1 AND email = $2 AND (expires_at <= $3 OR expires_at > $4)";
    tx.execute(over, &[&new.tenant, &new.email, &working.after, &working.until]).await?;
    let sql = "INSERT INTO invitations (id, tenant, email, roles, invited_by, created_at, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (tenant, email) DO NOTHING";
    let roles = OwnRoles::new(new.roles.clone()).text();
    let who = [&new.id as &(dyn Bind + Sync), &new.tenant, &new.email, &roles, &new.invited_by];
    let values = [&who[..], &[&new.created_at, &new.expires_at]].concat();
    Ok(tx.execute(sql, &values).await? == 1)
}

/// How many wait in a tenant.
pub(super) async fn count(tx: &mut Transaction, tenant: TenantId, working: Working) -> Result<i64, Fault> {
    let sql = "SELECT COUNT(*) FROM invitations WHERE tenant = $1 AND expires_at > $2 AND expires_at <= $3";
    Ok(tx.find(sql, &[&tenant, &working.after, &working.until], |row| row.get(0)).await?.unwrap_or_default())
}

/// Lists up to `limit` invitations of a tenant, those that are too old included, newest first, after the one `before`.
pub(crate) async fn list(
    db: &Database,
    tenant: InTenant,
    before: Option<InvitationId>,
    limit: i64,
) -> Result<Vec<Invited>, Fault> {
    let before = before.unwrap_or(InvitationId::from_bytes([0xff; 16]));
    let sql = invited_where!("tenant = $1 AND id < $2 ORDER BY id DESC LIMIT $3");
    db.list(sql, &[&tenant.id(), &before, &limit], invited).await
}

/// Reads an invitation.
pub(super) async fn by_id(db: &Database, id: InvitationId) -> Result<Option<Invited>, Fault> {
    db.find(invited_where!("id = $1"), &[&id], invited).await
}

/// Reads an invitation of a tenant that is locked.
pub(super) async fn within(tx: &mut Transaction, tenant: TenantId, id: InvitationId) -> Result<Option<Invited>, Fault> {
    tx.find(invited_where!("id = $1 AND tenant = $2"), &[&id, &tenant], invited).await
}

/// Says who has sent an invitation last.
pub(super) async fn set_inviter(tx: &mut Transaction, id: InvitationId, by: Option<AccountId>) -> Result<(), Fault> {
    tx.execute("UPDATE invitations SET invited_by = $1 WHERE id = $2", &[&by, &id]).await.map(drop)
}

/// Gives an invitation its link; the one before stops working. `false` when it is not there any more.
pub(super) async fn set_link(
    tx: &mut Transaction,
    id: InvitationId,
    digest: &Digest<Invitation>,
    expires_at: Timestamp,
) -> Result<bool, Fault> {
    let sql = "UPDATE invitations SET digest = $1, expires_at = $2 WHERE id = $3";
    Ok(tx.execute(sql, &[digest, &expires_at, &id]).await? == 1)
}

/// Reads the invitation of a link while it works.
pub(super) async fn find(
    db: &Database,
    digest: &Digest<Invitation>,
    working: Working,
) -> Result<Option<Invited>, Fault> {
    let sql = invited_where!("digest = $1 AND expires_at > $2 AND expires_at <= $3");
    db.find(sql, &[digest, &working.after, &working.until], invited).await
}

/// Spends a link: of all who try, one gets the invitation back.
pub(super) async fn spend(
    tx: &mut Transaction,
    digest: &Digest<Invitation>,
    working: Working,
) -> Result<Option<Invited>, Fault> {
    let sql = "DELETE FROM invitations WHERE digest = $1 AND expires_at > $2 AND expires_at <= $3
        RETURNING id, tenant, email, roles, invited_by, created_at, expires_at";
    tx.find(sql, &[digest, &working.after, &working.until], invited).await
}

/// Whether there is a row for this link, even if it works no more.
pub(super) async fn is_known(db: &Database, digest: &Digest<Invitation>) -> Result<bool, Fault> {
    Ok(db.find("SELECT 1 FROM invitations WHERE digest = $1", &[digest], |_| Ok(())).await?.is_some())
}

/// Takes the link away from its invitation, whether it works or not, and returns the invitation.
pub(super) async fn unlink(tx: &mut Transaction, digest: &Digest<Invitation>) -> Result<Option<Invited>, Fault> {
    let sql = "UPDATE invitations SET digest = NULL WHERE digest = $1
        RETURNING id, tenant, email, roles, invited_by, created_at, expires_at";
    tx.find(sql, &[digest], invited).await
}

/// Takes an invitation back; `false` when the tenant has none of that name.
pub(crate) async fn take_back(tx: &mut Transaction, tenant: TenantId, id: InvitationId) -> Result<bool, Fault> {
    Ok(tx.execute("DELETE FROM invitations WHERE id = $1 AND tenant = $2", &[&id, &tenant]).await? == 1)
}

/// Voids every link. The invitations stay, to be sent again.
pub(crate) async fn void_all(tx: &mut Transaction) -> Result<(), Fault> {
    tx.execute("UPDATE invitations SET digest = NULL WHERE digest IS NOT NULL", &[]).await.map(drop)
}

/// Removes what is kept about a tenant that is being deleted.
pub(crate) async fn forget_tenant(tx: &mut Transaction, tenant: TenantId) -> Result<(), Fault> {
    tx.execute("DELETE FROM invitations WHERE tenant = $1", &[&tenant]).await.map(drop)
}

/// Removes what an account that is being deleted has sent, and what was sent to its address.
pub(crate) async fn forget(tx: &mut Transaction, account: AccountId, email: &EmailAddress) -> Result<(), Fault> {
    tx.execute("DELETE FROM invitations WHERE invited_by = $1 OR email = $2", &[&account, email]).await.map(drop)
}

/// Removes invitations that have been too old for as long as they worked: until then they are seen and can be sent again.
pub(crate) async fn purge(cx: &Context, tx: &mut Transaction) -> Result<u64, Fault> {
    let long_over = cx.clock.now().before(cx.settings.invitations.lifetime);
    tx.execute("DELETE FROM invitations WHERE expires_at <= $1", &[&long_over]).await
}

fn invited(row: &Row<'_>) -> Result<Invited, Fault> {
    Ok(Invited {
        id: row.get(0)?,
        tenant: row.get(1)?,
        email: row.get(2)?,
        roles: OwnRoles::stored(&row.get::<String>(3)?).iter().cloned().collect(),
        invited_by: row.get(4)?,
        created_at: row.get(5)?,
        expires_at: row.get(6)?,
    })
}
