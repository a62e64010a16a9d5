//! Making, closing and deleting tenants; who joins, changes roles and leaves. Everything here happens in the caller's
//! transaction, whose event the caller writes: only the caller knows who acts.

use doorward_core::{AccountId, RoleName, Slug, TenantId};

use super::{
    rules::{Entitlement, MOST_ENTITLEMENTS, Standing, Tenant, TenantDenied},
    store,
};
use crate::{
    accounts,
    base::db::{self, Transaction},
    context::Context,
    error::{Fault, Refusal},
    policy::OwnRoles,
};

pub(crate) use store::lock;

/// A tenant that was just made.
pub(crate) struct Made {
    pub(crate) id: TenantId,
    pub(crate) slug: Slug,
}

/// How somebody becomes a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Join {
    /// By themselves, within the limits of an account.
    Themselves,
    /// An operator makes them one, whatever the account's limits.
    ByOperator,
}

type Done<T> = Result<T, Refusal<TenantDenied>>;

const fn denied<T>(denied: TenantDenied) -> Done<T> {
    Err(Refusal::Denied(denied))
}

/// What an account is in a tenant, read inside a transaction.
pub(crate) async fn standing_in(
    cx: &Context,
    tx: &mut Transaction,
    tenant: TenantId,
    account: AccountId,
) -> Result<Option<Standing>, Fault> {
    Ok(store::joined_in(tx, tenant, account).await?.map(|joined| joined.standing(cx.policy())))
}

/// Makes a tenant, with its owner when there is one to begin with.
pub(crate) async fn create(
    cx: &Context,
    tx: &mut Transaction,
    (slug, name): (Slug, &str),
    owner: Option<(AccountId, Join)>,
) -> Done<Made> {
    let now = cx.clock.now();
    let id = TenantId::new(now, cx.entropy.as_ref());
    if let Some((owner, Join::Themselves)) = owner {
        let (_, owned) = store::counts_of(tx, owner).await?;
        if owned >= i64::from(cx.settings.tenants.owned) {
            return denied(TenantDenied::TooManyTenants);
        }
    }
    if store::is_anothers(tx, &slug, id).await? {
        return denied(TenantDenied::SlugTaken);
    }
    match store::insert(tx, (id, &slug, name), now).await {
        Ok(true) => {}
        Ok(false) => return denied(TenantDenied::SlugTaken),
        Err(fault) => return Err(fault.into()),
    }
    if let Some((owner, how)) = owner {
        join(cx, tx, id, owner, &OwnRoles::new(vec![cx.policy().owner().clone()]), how).await?;
    }
    Ok(Made { id, slug })
}

/// Gives a locked tenant another name and slug. After a refusal the caller undoes its transaction.
pub(crate) async fn rename(tx: &mut Transaction, tenant: &Tenant, slug: &Slug, name: &str) -> Done<()> {
    if *slug != tenant.slug {
        if store::is_anothers(tx, slug, tenant.id).await? {
            return denied(TenantDenied::SlugTaken);
        }
        if store::retire(tx, &tenant.slug, tenant.id).await? > MOST_RETIRED {
            return denied(TenantDenied::TooManySlugs);
        }
    }
    match store::rename(tx, tenant.id, slug, name).await {
        Ok(true) => Ok(()),
        Ok(false) => denied(TenantDenied::SlugTaken),
        Err(fault) if db::is_taken(&fault) => denied(TenantDenied::SlugTaken),
        Err(fault) => Err(fault.into()),
    }
}

/// Lets anybody with an account join a locked tenant in this role, or nobody.
pub(crate) async fn set_open(cx: &Context, tx: &mut Transaction, tenant: &Tenant, role: Option<&RoleName>) -> Done<()> {
    if role.is_some_and(|role| !cx.policy().knows(role)) {
        return denied(TenantDenied::UnknownRole);
    }
    // Anybody would become somebody who makes others more than they are, whoever opened the door and however long ago.
    if role.is_some_and(|role| cx.policy().gives_any(role)) {
        return denied(TenantDenied::RoleTooMuch);
    }
    Ok(store::set_open(tx, tenant.id, role).await?)
}

/// Closes a locked tenant to its members.
pub(crate) async fn suspend(cx: &Context, tx: &mut Transaction, tenant: &Tenant) -> Result<bool, Fault> {
    if tenant.suspended_at.is_some() {
        return Ok(false);
    }
    store::set_suspended(tx, tenant.id, Some(cx.clock.now())).await?;
    Ok(true)
}

/// Opens a suspended tenant again.
pub(crate) async fn resume(tx: &mut Transaction, tenant: &Tenant) -> Result<bool, Fault> {
    if tenant.suspended_at.is_none() {
        return Ok(false);
    }
    store::set_suspended(tx, tenant.id, None).await?;
    Ok(true)
}

/// Lets a locked tenant wait to be deleted; `false` when it does already.
pub(crate) async fn close(cx: &Context, tx: &mut Transaction, tenant: &Tenant) -> Result<bool, Fault> {
    if tenant.delete_at.is_some() {
        return Ok(false);
    }
    store::set_deletion(tx, tenant.id, Some(cx.clock.now().after(cx.settings.tenants.waiting))).await?;
    Ok(true)
}

/// Keeps a locked tenant that waits to be deleted; `false` when it does not.
pub(crate) async fn reopen(tx: &mut Transaction, tenant: &Tenant) -> Result<bool, Fault> {
    if tenant.delete_at.is_none() {
        return Ok(false);
    }
    store::set_deletion(tx, tenant.id, None).await?;
    Ok(true)
}

/// Removes a locked tenant and who belongs to it. What others keep about it is theirs to remove.
pub(crate) async fn delete(tx: &mut Transaction, tenant: &Tenant) -> Result<(), Fault> {
    store::retire(tx, &tenant.slug, tenant.id).await?;
    store::delete(tx, tenant.id).await
}

/// Names tenants whose waiting is over.
pub(crate) async fn purge(cx: &Context) -> Result<Vec<TenantId>, Fault> {
    store::to_delete(&cx.db, cx.clock.now()).await
}

/// Makes an account a member of a locked tenant.
pub(crate) async fn join(
    cx: &Context,
    tx: &mut Transaction,
    tenant: TenantId,
    account: AccountId,
    roles: &OwnRoles,
    how: Join,
) -> Done<()> {
    if roles.is_empty() {
        return denied(TenantDenied::NoRole);
    }
    if roles.iter().any(|role| !cx.policy().knows(role)) {
        return denied(TenantDenied::UnknownRole);
    }
    let settings = &cx.settings.tenants;
    if how == Join::Themselves && store::counts_of(tx, account).await?.0 >= i64::from(settings.joined) {
        return denied(TenantDenied::TooManyTenants);
    }
    if store::count(tx, tenant).await? >= i64::from(settings.members) {
        return denied(TenantDenied::TooManyMembers);
    }
    let is_owner = roles.has(cx.policy().owner());
    match store::join(tx, (tenant, account), (roles, is_owner), cx.clock.now()).await? {
        true => Ok(()),
        false => denied(TenantDenied::AlreadyMember),
    }
}

/// Gives a member of a locked tenant other roles; returns those that changed. `by` are the roles of whoever acts, `None` for
/// an operator, who may give all.
pub(crate) async fn change_roles(
    cx: &Context,
    tx: &mut Transaction,
    (tenant, account): (TenantId, AccountId),
    roles: &OwnRoles,
    by: Option<&OwnRoles>,
) -> Done<Vec<RoleName>> {
    let Some(before) = store::joined_in(tx, tenant, account).await? else {
        return denied(TenantDenied::NoSuchMember);
    };
    if roles.is_empty() {
        return denied(TenantDenied::NoRole);
    }
    let changes = before.roles.changes(roles);
    if roles.iter().any(|role| !cx.policy().knows(role) && !before.roles.has(role)) {
        return denied(TenantDenied::UnknownRole);
    }
    if by.is_some_and(|own| changes.iter().any(|role| !gives(cx, own, role))) {
        return denied(TenantDenied::RoleNotYours);
    }
    let is_owner = roles.has(cx.policy().owner());
    if !is_owner && before.roles.has(cx.policy().owner()) {
        demand_other_owner(tx, tenant, account).await?;
    }
    store::set_roles(tx, (tenant, account), (roles, is_owner)).await?;
    Ok(changes)
}

/// Takes a member out of a locked tenant; returns the roles that are gone with the membership. `by` are the roles of whoever
/// acts, `None` for an operator and for somebody who leaves by themselves.
pub(crate) async fn take_out(
    cx: &Context,
    tx: &mut Transaction,
    (tenant, account): (TenantId, AccountId),
    by: Option<&OwnRoles>,
) -> Done<Vec<RoleName>> {
    let Some(before) = store::joined_in(tx, tenant, account).await? else {
        return denied(TenantDenied::NoSuchMember);
    };
    if by.is_some_and(|own| before.roles.iter().any(|role| !gives(cx, own, role))) {
        return denied(TenantDenied::RoleNotYours);
    }
    if before.roles.has(cx.policy().owner()) {
        demand_other_owner(tx, tenant, account).await?;
    }
    store::leave(tx, tenant, account).await?;
    crate::features::forget_member(cx, tx, tenant, account).await?;
    Ok(before.roles.iter().cloned().collect())
}

/// Entitles all members of a locked tenant to a plan until a moment; one that has passed ends it.
pub(crate) async fn entitle(cx: &Context, tx: &mut Transaction, tenant: &Tenant, one: Entitlement) -> Done<()> {
    let all = with(cx, tenant.entitlements.clone(), one)?;
    Ok(store::set_entitlements(tx, tenant.id, &all).await?)
}

/// The same for one member.
pub(crate) async fn entitle_member(
    cx: &Context,
    tx: &mut Transaction,
    tenant: &Tenant,
    account: AccountId,
    one: Entitlement,
) -> Done<()> {
    let Some(before) = store::member_entitlements(tx, tenant.id, account).await? else {
        return denied(TenantDenied::NoSuchMember);
    };
    let all = with(cx, before, one)?;
    store::set_member_entitlements(tx, (tenant.id, account), &all).await?;
    Ok(())
}

/// Removes an account from everything that it belongs to. A tenant that it is the last owner of keeps it, and so the account
/// cannot be removed: those tenants are named.
pub(crate) async fn forget_account(tx: &mut Transaction, account: AccountId) -> Result<Vec<TenantId>, Fault> {
    let mut alone = Vec::new();
    // In the order of their ids, so that two who do this at once do not wait for each other in a circle.
    let joined = store::joined_by(tx, account).await?;
    for tenant in &joined {
        lock(tx, *tenant).await?;
    }
    // Behind all locks: another owner may have made this account the only one a moment ago.
    for tenant in store::owned_by(tx, account).await? {
        if !store::has_other_owner(tx, tenant, account).await? || is_last_breaker(tx, tenant, account).await? {
            alone.push(tenant);
        }
    }
    if alone.is_empty() {
        store::forget(tx, account).await?;
    }
    Ok(alone)
}

/// Slugs that one tenant may give up.
const MOST_RETIRED: i64 = 20;

fn gives(cx: &Context, own: &OwnRoles, role: &RoleName) -> bool {
    // A role that the policy has forgotten holds nothing; whoever gives any role may tidy it away.
    cx.policy().may_give(own, role) || !cx.policy().knows(role)
}

async fn demand_other_owner(tx: &mut Transaction, tenant: TenantId, account: AccountId) -> Done<()> {
    if !store::has_other_owner(tx, tenant, account).await? {
        return denied(TenantDenied::LastOwner);
    }
    match is_last_breaker(tx, tenant, account).await? {
        true => denied(TenantDenied::LastBreaker),
        false => Ok(()),
    }
}

/// Whether a tenant demands its own provider, and nobody but this owner could come in when that does not work.
async fn is_last_breaker(tx: &mut Transaction, tenant: TenantId, account: AccountId) -> Result<bool, Fault> {
    Ok(store::is_own_sign_in(tx, tenant).await? && !has_glass_breaker(tx, tenant, Some(account)).await?)
}

/// Whether there is an owner who may come in another way, and whose account is not disabled; besides this one, where one is named.
pub(crate) async fn has_glass_breaker(
    tx: &mut Transaction,
    tenant: TenantId,
    besides: Option<AccountId>,
) -> Result<bool, Fault> {
    for breaker in store::breakers_in(tx, tenant).await? {
        if Some(breaker) != besides && accounts::address_of(tx, breaker).await?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// A list with one entitlement in the place of that to the same plan, and without those that are over.
fn with(cx: &Context, mut all: Vec<Entitlement>, one: Entitlement) -> Done<Vec<Entitlement>> {
    let now = cx.clock.now();
    if cx.policy().given_by(&one.plan).is_none() && one.until > now {
        return denied(TenantDenied::UnknownPlan);
    }
    all.retain(|known| known.plan != one.plan && known.until > now);
    if one.until > now {
        all.push(one);
    }
    if all.len() > MOST_ENTITLEMENTS {
        return denied(TenantDenied::TooManyEntitlements);
    }
    Ok(all)
}
