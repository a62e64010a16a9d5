//! Tenants, members and entitlements, for somebody who runs the service.

use doorward_core::{AccountId, RoleName, Slug, TenantId};

use super::{
    denied::ActDenied,
    flow::{begin, written},
};
use crate::{
    accounts,
    audit::{self, Action, By, Detail, Event, Target},
    base::db::Transaction,
    context::Context,
    error::{Fault, Refusal},
    operators::Hand,
    policy::OwnRoles,
    tenants::{self, Entitlement, Join, Made, Tenant, TenantDenied},
};

type Done<T> = Result<T, Refusal<ActDenied>>;

/// Makes a tenant, with an owner when there is one to begin with.
pub(crate) async fn create_tenant(
    cx: &Context,
    by: Hand,
    (slug, name): (Slug, &str),
    owner: Option<AccountId>,
) -> Done<Made> {
    let mut tx = begin(cx).await?;
    if let Some(owner) = owner
        && !accounts::lock(&mut tx, owner).await?
    {
        return denied(TenantDenied::NoSuchMember);
    }
    let made = tenants::create(cx, &mut tx, (slug, name), owner.map(|owner| (owner, Join::ByOperator))).await?;
    let event = by.did(Action::TenantCreated).on(Target::Tenant(made.id)).within(made.id);
    written(cx, by, &mut tx, event).await?;
    tx.commit().await?;
    Ok(made)
}

/// Gives a tenant another name and slug.
pub(crate) async fn rename_tenant(cx: &Context, by: Hand, id: TenantId, (slug, name): (&Slug, &str)) -> Done<()> {
    let mut act = Act::begin(cx, id).await?;
    tenants::rename(&mut act.tx, &act.tenant, slug, name).await?;
    act.done(cx, by, by.did(Action::TenantRenamed).on(Target::Tenant(id))).await
}

/// Lets anybody with an account join in this role, or nobody.
pub(crate) async fn open_tenant(cx: &Context, by: Hand, id: TenantId, role: Option<&RoleName>) -> Done<()> {
    let mut act = Act::begin(cx, id).await?;
    tenants::set_open(cx, &mut act.tx, &act.tenant, role).await?;
    let detail = Detail::Roles(role.into_iter().cloned().collect());
    act.done(cx, by, by.did(Action::TenantOpened).on(Target::Tenant(id)).about(detail)).await
}

/// Closes a tenant to its members for the time being; `false` when it is already.
pub(crate) async fn suspend_tenant(cx: &Context, by: Hand, id: TenantId) -> Done<bool> {
    changing(cx, by, id, Action::TenantSuspended, async |act| tenants::suspend(cx, &mut act.tx, &act.tenant).await)
        .await
}

/// Opens a suspended tenant again; `false` when it is open.
pub(crate) async fn resume_tenant(cx: &Context, by: Hand, id: TenantId) -> Done<bool> {
    changing(cx, by, id, Action::TenantResumed, async |act| tenants::resume(&mut act.tx, &act.tenant).await).await
}

/// Lets a tenant wait to be deleted; `false` when it does already.
pub(crate) async fn close_tenant(cx: &Context, by: Hand, id: TenantId) -> Done<bool> {
    let close = async |act: &mut Act| tenants::close(cx, &mut act.tx, &act.tenant).await;
    changing(cx, by, id, Action::TenantDeletionRequested, close).await
}

/// Keeps a tenant that waits to be deleted; `false` when it does not.
pub(crate) async fn restore_tenant(cx: &Context, by: Hand, id: TenantId) -> Done<bool> {
    changing(cx, by, id, Action::TenantRestored, async |act| tenants::reopen(&mut act.tx, &act.tenant).await).await
}

/// Deletes a tenant and everything that belongs to it, without waiting.
pub(crate) async fn delete_tenant(cx: &Context, by: Hand, id: TenantId) -> Done<()> {
    let mut act = Act::begin(cx, id).await?;
    tenants::delete(&mut act.tx, &act.tenant).await?;
    crate::features::forget_tenant(cx, &mut act.tx, id).await?;
    act.done(cx, by, by.did(Action::TenantDeleted).on(Target::Tenant(id))).await
}

/// Deletes the tenants whose waiting is over.
pub(crate) async fn delete_waiting_tenants(cx: &Context) -> Result<(), Fault> {
    for id in tenants::purge(cx).await? {
        let mut act = match Act::begin(cx, id).await {
            Ok(act) => act,
            // Another node was faster.
            Err(Refusal::Denied(_)) => continue,
            Err(Refusal::Fault(fault)) => return Err(fault),
        };
        if act.tenant.delete_at.is_none_or(|at| at > cx.clock.now()) {
            continue;
        }
        tenants::delete(&mut act.tx, &act.tenant).await?;
        crate::features::forget_tenant(cx, &mut act.tx, id).await?;
        let event = By::DOORWARD.did(Action::TenantDeleted).on(Target::Tenant(id)).within(id);
        audit::append(cx, &mut act.tx, event).await?;
        act.tx.commit().await?;
    }
    Ok(())
}

/// Makes an account a member of a tenant.
pub(crate) async fn add_member(
    cx: &Context,
    by: Hand,
    (id, account): (TenantId, AccountId),
    roles: &OwnRoles,
) -> Done<()> {
    let mut tx = begin(cx).await?;
    if !accounts::lock(&mut tx, account).await? {
        return denied(TenantDenied::NoSuchMember);
    }
    let mut act = Act::within(tx, id).await?;
    tenants::join(cx, &mut act.tx, id, account, roles, Join::ByOperator).await?;
    let event = by.did(Action::MemberJoined).on(Target::Account(account));
    act.done(cx, by, event.about(Detail::Roles(roles.iter().cloned().collect()))).await
}

/// Gives a member other roles.
pub(crate) async fn set_member_roles(
    cx: &Context,
    by: Hand,
    (id, account): (TenantId, AccountId),
    roles: &OwnRoles,
) -> Done<()> {
    let mut act = Act::begin(cx, id).await?;
    if tenants::change_roles(cx, &mut act.tx, (id, account), roles, None).await?.is_empty() {
        return Ok(());
    }
    let event = by.did(Action::RolesChanged).on(Target::Account(account));
    act.done(cx, by, event.about(Detail::Roles(roles.iter().cloned().collect()))).await
}

/// Takes a member out of a tenant.
pub(crate) async fn remove_member(cx: &Context, by: Hand, (id, account): (TenantId, AccountId)) -> Done<()> {
    let mut act = Act::begin(cx, id).await?;
    let gone = tenants::take_out(cx, &mut act.tx, (id, account), None).await?;
    act.done(cx, by, by.did(Action::MemberRemoved).on(Target::Account(account)).about(Detail::Roles(gone))).await
}

/// Entitles a member, or all of a tenant when none is named, to a plan until a moment; one that has passed ends it.
pub(crate) async fn entitle(
    cx: &Context,
    by: Hand,
    (id, account): (TenantId, Option<AccountId>),
    one: Entitlement,
) -> Done<()> {
    let mut act = Act::begin(cx, id).await?;
    let ends = one.until <= cx.clock.now();
    let detail = Detail::Plan(one.plan.clone());
    let target = match account {
        Some(account) => {
            tenants::entitle_member(cx, &mut act.tx, &act.tenant, account, one).await?;
            Target::Account(account)
        }
        None => {
            tenants::entitle(cx, &mut act.tx, &act.tenant, one).await?;
            Target::Tenant(id)
        }
    };
    let action = if ends { Action::EntitlementEnded } else { Action::EntitlementSet };
    act.done(cx, by, by.did(action).on(target).about(detail)).await
}

/// An act under way in a tenant that is locked for it.
pub(super) struct Act {
    pub(super) tx: Transaction,
    pub(super) tenant: Tenant,
}

impl Act {
    pub(super) async fn begin(cx: &Context, id: TenantId) -> Done<Self> {
        Self::within(begin(cx).await?, id).await
    }

    async fn within(mut tx: Transaction, id: TenantId) -> Done<Self> {
        match tenants::lock(&mut tx, id).await? {
            Some(tenant) => Ok(Self { tx, tenant }),
            None => denied(TenantDenied::NoSuchTenant),
        }
    }

    pub(super) async fn done(mut self, cx: &Context, by: Hand, event: Event) -> Done<()> {
        written(cx, by, &mut self.tx, event.within(self.tenant.id)).await?;
        Ok(self.tx.commit().await?)
    }
}

/// Does something to a tenant that may be done already, and writes it down when it was not.
async fn changing(
    cx: &Context,
    by: Hand,
    id: TenantId,
    action: Action,
    act_on: impl AsyncFnOnce(&mut Act) -> Result<bool, Fault>,
) -> Done<bool> {
    let mut act = Act::begin(cx, id).await?;
    if !act_on(&mut act).await? {
        return Ok(false);
    }
    act.done(cx, by, by.did(action).on(Target::Tenant(id))).await?;
    Ok(true)
}

fn denied<T>(denied: TenantDenied) -> Done<T> {
    Err(Refusal::Denied(denied).into())
}
