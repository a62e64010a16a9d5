//! Invitations, for somebody who runs the service.

use doorward_core::{EmailAddress, InvitationId, TenantId};

use super::{denied::ActDenied, tenants::Act};
use crate::{
    accounts,
    audit::{Action, Detail, Target},
    context::Context,
    error::Refusal,
    invitations::{self, InviteDenied},
    operators::Hand,
    policy::OwnRoles,
    tenants::{self, State, TenantDenied},
};

type Done<T> = Result<T, Refusal<ActDenied>>;

/// Invites an address to a tenant, in whatever roles.
pub(crate) async fn invite_member(
    cx: &Context,
    by: Hand,
    (tenant, email): (TenantId, &EmailAddress),
    roles: &OwnRoles,
) -> Done<InvitationId> {
    // Before the lock: a second connection would be waited for while the first one holds it.
    let account = accounts::by_email(&cx.db, email).await?;
    let mut act = open(cx, tenant).await?;
    if let Some(account) = account
        && tenants::standing_in(cx, &mut act.tx, tenant, account.id).await?.is_some()
    {
        return denied(InviteDenied::Tenant(TenantDenied::AlreadyMember));
    }
    let id = invitations::invite(cx, &mut act.tx, &act.tenant, (email, roles), None).await?;
    let event = by.did(Action::InvitationSent).on(Target::Invitation(id));
    let event = event.about(Detail::Roles(roles.iter().cloned().collect()));
    act.done(cx, by, event).await?;
    Ok(id)
}

/// Sends an invitation once more; from now on it stands by itself, whoever has sent it before.
pub(crate) async fn resend_invitation(cx: &Context, by: Hand, (tenant, id): (TenantId, InvitationId)) -> Done<()> {
    let mut act = open(cx, tenant).await?;
    let invited = invitations::renew(cx, &mut act.tx, tenant, id, None).await?;
    let event = by.did(Action::InvitationResent).on(Target::Invitation(id));
    act.done(cx, by, event.about(Detail::Roles(invited.roles))).await
}

/// Takes an invitation back: its link works no more.
pub(crate) async fn revoke_invitation(cx: &Context, by: Hand, (tenant, id): (TenantId, InvitationId)) -> Done<()> {
    let mut act = Act::begin(cx, tenant).await?;
    if !invitations::take_back(&mut act.tx, tenant, id).await? {
        return denied(InviteDenied::NoSuchInvitation);
    }
    act.done(cx, by, by.did(Action::InvitationRevoked).on(Target::Invitation(id))).await
}

/// Begins an act in a tenant that is open: nobody can accept in another, and no letter is written for one.
async fn open(cx: &Context, tenant: TenantId) -> Done<Act> {
    let act = Act::begin(cx, tenant).await?;
    match act.tenant.state() {
        State::Active => Ok(act),
        State::Suspended | State::Closing => denied(InviteDenied::Closed),
    }
}

fn denied<T>(denied: InviteDenied) -> Done<T> {
    Err(Refusal::Denied(denied).into())
}
