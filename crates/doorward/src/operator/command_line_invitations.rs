//! What somebody at the server does to invitations.

use doorward_core::{EmailAddress, InvitationId, RoleName, TenantId};

use super::{ActError, invitations as acts};
use crate::{
    Doorward,
    error::Fault,
    invitations::{self, Invited},
    operators::Hand,
    policy::OwnRoles,
    tenants::Tenant,
};

const BY: Hand = Hand::COMMAND_LINE;

/// Invites an address to a tenant: a letter brings it a link that makes its account a member.
pub async fn invite_member(
    doorward: &Doorward,
    tenant: TenantId,
    email: &EmailAddress,
    roles: Vec<RoleName>,
) -> Result<InvitationId, ActError> {
    Ok(acts::invite_member(doorward.context(), BY, (tenant, email), &OwnRoles::new(roles)).await?)
}

/// Lists up to `limit` invitations of a tenant (at most 1,000) that were not accepted, newest first, after the invitation
/// `after`.
pub async fn invitations(
    doorward: &Doorward,
    tenant: &Tenant,
    after: Option<InvitationId>,
    limit: u32,
) -> Result<Vec<Invited>, Fault> {
    let (db, tenant) = (&doorward.context().db, tenant.for_an_operator());
    invitations::list(db, tenant, after, i64::from(limit.clamp(1, 1000))).await
}

/// Sends an invitation once more, with a link of its own; the one before stops working.
pub async fn resend_invitation(doorward: &Doorward, tenant: TenantId, id: InvitationId) -> Result<(), ActError> {
    Ok(acts::resend_invitation(doorward.context(), BY, (tenant, id)).await?)
}

/// Takes an invitation back: its link works no more.
pub async fn revoke_invitation(doorward: &Doorward, tenant: TenantId, id: InvitationId) -> Result<(), ActError> {
    Ok(acts::revoke_invitation(doorward.context(), BY, (tenant, id)).await?)
}
