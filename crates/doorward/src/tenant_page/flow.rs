//! What the people of a tenant do. Each act asks once more, behind the tenant's lock, whether whoever acts still may: the guard
//! has asked before, and a demotion may have come between.

use axum::http::StatusCode;
use doorward_core::{AccountId, RoleName, Slug, TenantId, Timestamp};

use super::rules;
use crate::{
    access::{
        self, Authorized, Permission,
        own::{AuditRead, MembersManage, TenantDelete, TenantRead, TenantUpdate},
    },
    accounts,
    audit::{self, Action, By, Detail, Target},
    base::{
        db::{Durability, Transaction},
        mail,
    },
    context::Context,
    error::{Fault, Refusal},
    guard::{Denial, Problem, Visit},
    policy::OwnRoles,
    reauthentication,
    tenants::{self, Join, Made, Named, Tenant, TenantDenied},
};

/// Why an act was not done: who acts may not, or what they want cannot be.
#[derive(Clone, Debug)]
pub(crate) struct ActDenied(Problem);

impl ActDenied {
    /// The code of what needs a proof of the last minutes.
    pub(crate) const TO_BE_PROVED: &'static str = "reauthentication_required";

    /// Whether the same would be done for somebody who has just proved themselves.
    pub(crate) fn wants_proof(&self) -> bool {
        self.0.code == Self::TO_BE_PROVED
    }

    fn to_be_proved() -> Self {
        let text = "Please prove once more that it is you, then repeat this step.";
        Self(Problem::plain(StatusCode::FORBIDDEN, Self::TO_BE_PROVED, text))
    }

    /// What is said to whoever was let in and is logged out meanwhile.
    pub(crate) fn logged_out() -> Self {
        let text = "You have been logged out meanwhile. Log in again.";
        Self(Problem::plain(StatusCode::UNAUTHORIZED, "not_signed_in", text))
    }

    fn not_self_service() -> Self {
        let text = "Here only whoever runs the service makes organisations. Ask them.";
        Self(Problem::plain(StatusCode::FORBIDDEN, "tenants_not_self_service", text))
    }
}

/// Whoever acts may not, in the words of somebody who was asked.
impl From<Problem> for ActDenied {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl Denial for ActDenied {
    fn problem(&self) -> Problem {
        self.0.clone()
    }
}

type Done<T> = Result<T, Refusal<ActDenied>>;

/// Makes a tenant that belongs to whoever makes it. Without a slug of their choosing it gets one after its name.
pub(crate) async fn create(
    cx: &Context,
    account: AccountId,
    (slug, name): (Option<Slug>, &str),
    visit: &Visit,
) -> Done<Made> {
    if !cx.settings.tenants.self_service {
        return Err(Refusal::Denied(ActDenied::not_self_service()));
    }
    let mut tx = cx.db.begin(Durability::Full).await?;
    locked_account(&mut tx, account).await?;
    let wanted = slug.map_or_else(|| rules::slugs_after(name, cx.entropy.as_ref()), |slug| vec![slug]);
    let made = first_free(cx, &mut tx, (wanted, name), account).await.map_err(restated)?;
    let event =
        By::person(account, visit.address).did(Action::TenantCreated).on(Target::Tenant(made.id)).within(made.id);
    audit::append(cx, &mut tx, event).await?;
    tx.commit().await?;
    Ok(made)
}

async fn first_free(
    cx: &Context,
    tx: &mut Transaction,
    (wanted, name): (Vec<Slug>, &str),
    owner: AccountId,
) -> Result<Made, Refusal<TenantDenied>> {
    for slug in wanted {
        match tenants::create(cx, tx, (slug, name), Some((owner, Join::Themselves))).await {
            Err(Refusal::Denied(TenantDenied::SlugTaken)) => {}
            made_or_not => return made_or_not,
        }
    }
    Err(Refusal::Denied(TenantDenied::SlugTaken))
}

/// Orders a letter to each owner of a tenant.
pub(crate) async fn tell_owners(
    cx: &Context,
    tx: &mut Transaction,
    tenant: TenantId,
    (letter, reference): (&'static str, &str),
) -> Result<(), Fault> {
    for owner in tenants::owners(tx, tenant, MOST_TOLD).await? {
        if let Some(address) = accounts::address_of(tx, owner).await? {
            mail::notify(cx, tx, letter, reference, &address).await?;
        }
    }
    Ok(())
}

/// Gives the tenant another name and slug.
pub(crate) async fn rename(
    cx: &Context,
    by: &Authorized<TenantUpdate>,
    (slug, name): (&Slug, &str),
    visit: &Visit,
) -> Done<()> {
    let mut act = Act::begin(cx, by).await?;
    tenants::rename(&mut act.tx, &act.tenant, slug, name).await.map_err(restated)?;
    act.done(cx, visit, |event| event.on(Target::Tenant(by.tenant().id())), Action::TenantRenamed).await
}

/// Lets anybody with an account join in this role, which whoever decides it may give themselves; or nobody.
pub(crate) async fn set_open(
    cx: &Context,
    by: &Authorized<TenantUpdate>,
    role: Option<&RoleName>,
    visit: &Visit,
) -> Done<()> {
    let mut act = Act::begin(cx, by).await?;
    if role.is_some_and(|role| !cx.policy().may_give(act.by.roles(), role)) {
        return Err(restated(Refusal::Denied(TenantDenied::RoleNotYours)));
    }
    tenants::set_open(cx, &mut act.tx, &act.tenant, role).await.map_err(restated)?;
    let detail = Detail::Roles(role.into_iter().cloned().collect());
    act.done(cx, visit, |event| event.on(Target::Tenant(by.tenant().id())).about(detail), Action::TenantOpened).await
}

/// Closes the tenant, to be deleted when its waiting is over; `false` when it waits already.
pub(crate) async fn close(cx: &Context, by: &Authorized<TenantDelete>, visit: &Visit) -> Done<bool> {
    let mut act = Act::begin(cx, by).await?;
    if !tenants::close(cx, &mut act.tx, &act.tenant).await? {
        return Ok(false);
    }
    let on = Target::Tenant(by.tenant().id());
    act.done(cx, visit, |event| event.on(on), Action::TenantDeletionRequested).await?;
    Ok(true)
}

/// Keeps a tenant that waits to be deleted; `false` when it does not.
pub(crate) async fn reopen(cx: &Context, by: &Authorized<TenantDelete>, visit: &Visit) -> Done<bool> {
    let mut act = Act::begin(cx, by).await?;
    if !tenants::reopen(&mut act.tx, &act.tenant).await? {
        return Ok(false);
    }
    let on = Target::Tenant(by.tenant().id());
    act.done(cx, visit, |event| event.on(on), Action::TenantRestored).await?;
    Ok(true)
}

/// Gives a member other roles, as far as whoever acts may give and take them. The owner's role is given and taken only by
/// somebody who proved themselves within the last minutes.
pub(crate) async fn change_roles(
    cx: &Context,
    (by, proved_at): (&Authorized<MembersManage>, Timestamp),
    member: AccountId,
    roles: &OwnRoles,
    visit: &Visit,
) -> Done<()> {
    let mut act = Act::begin(cx, by).await?;
    let whom = (act.tenant.id, member);
    let own = act.by.roles().clone();
    let changed = tenants::change_roles(cx, &mut act.tx, whom, roles, Some(&own)).await.map_err(restated)?;
    if changed.is_empty() {
        return Ok(());
    }
    demand_proof_over(cx, &changed, proved_at)?;
    let detail = Detail::Roles(roles.iter().cloned().collect());
    act.done(cx, visit, |event| event.on(Target::Account(member)).about(detail), Action::RolesChanged).await
}

/// Removes a member whose roles whoever acts may take; an owner as in [`change_roles`].
pub(crate) async fn remove(
    cx: &Context,
    (by, proved_at): (&Authorized<MembersManage>, Timestamp),
    member: AccountId,
    visit: &Visit,
) -> Done<()> {
    let mut act = Act::begin(cx, by).await?;
    let whom = (act.tenant.id, member);
    let own = act.by.roles().clone();
    let gone = tenants::take_out(cx, &mut act.tx, whom, Some(&own)).await.map_err(restated)?;
    demand_proof_over(cx, &gone, proved_at)?;
    let detail = Detail::Roles(gone);
    act.done(cx, visit, |event| event.on(Target::Account(member)).about(detail), Action::MemberRemoved).await
}

/// Ends the membership of whoever asks; an owner's as in [`change_roles`].
pub(crate) async fn leave(
    cx: &Context,
    (by, proved_at): (&Authorized<TenantRead>, Timestamp),
    visit: &Visit,
) -> Done<()> {
    let mut act = Act::begin(cx, by).await?;
    let whom = (act.tenant.id, by.account());
    let gone = tenants::take_out(cx, &mut act.tx, whom, None).await.map_err(restated)?;
    demand_proof_over(cx, &gone, proved_at)?;
    let detail = Detail::Roles(gone);
    act.done(cx, visit, |event| event.on(Target::Account(by.account())).about(detail), Action::MemberLeft).await
}

/// Makes whoever asks a member of a tenant that lets anybody join.
pub(crate) async fn join(cx: &Context, account: AccountId, named: &Named, visit: &Visit) -> Done<Tenant> {
    let nothing = || restated(Refusal::Denied(TenantDenied::NoSuchTenant));
    let found = tenants::open_to_join(&cx.db, named).await?.ok_or_else(nothing)?;
    let mut tx = cx.db.begin(Durability::Full).await?;
    locked_account(&mut tx, account).await?;
    let tenant = tenants::lock(&mut tx, found.id).await?.filter(Tenant::lets_join).ok_or_else(nothing)?;
    let roles = OwnRoles::new(tenant.open_role.iter().cloned().collect());
    tenants::join(cx, &mut tx, tenant.id, account, &roles, Join::Themselves).await.map_err(restated)?;
    let event = By::person(account, visit.address).did(Action::MemberJoined).on(Target::Account(account));
    let event = event.within(tenant.id).about(Detail::Roles(roles.iter().cloned().collect()));
    audit::append(cx, &mut tx, event).await?;
    tx.commit().await?;
    Ok(tenant)
}

/// Writes down that somebody is about to take the tenant's events away.
pub(crate) async fn note_export(cx: &Context, by: &Authorized<AuditRead>, visit: &Visit) -> Done<()> {
    let act = Act::begin(cx, by).await?;
    act.done(cx, visit, |event| event.on(Target::Tenant(by.tenant().id())), Action::AuditExported).await
}

/// An act under way: the tenant is locked, and whoever acts was asked once more.
pub(crate) struct Act<P> {
    pub(crate) tx: Transaction,
    pub(crate) tenant: Tenant,
    pub(crate) by: Authorized<P>,
}

impl<P: Permission> Act<P> {
    /// Begins an act of somebody who was authorised before.
    pub(crate) async fn begin(cx: &Context, by: &Authorized<P>) -> Done<Self> {
        #[cfg(test)]
        cx.meeting.reached(crate::testing::crowd::About::Acting).await;
        let mut tx = cx.db.begin(Durability::Full).await?;
        let again = access::again(cx, &mut tx, by).await;
        let (tenant, by) = again.map_err(|refusal| refusal.map(|denied| ActDenied(denied.problem())))?;
        Ok(Self { tx, tenant, by })
    }

    /// Makes it true together with its event.
    pub(crate) async fn done(
        mut self,
        cx: &Context,
        visit: &Visit,
        about: impl FnOnce(audit::Event) -> audit::Event,
        action: Action,
    ) -> Done<()> {
        let event = By::person(self.by.account(), visit.address).did(action).within(self.tenant.id);
        audit::append(cx, &mut self.tx, about(event)).await?;
        Ok(self.tx.commit().await?)
    }
}

/// Demands a recent proof where the owner's role is among those that were given or taken. Whoever finds a browser that was
/// left open must not take a tenant over with it.
pub(crate) fn demand_proof_over(
    cx: &Context,
    changed: &[RoleName],
    proved_at: Timestamp,
) -> Result<(), Refusal<ActDenied>> {
    let is_owners = changed.contains(cx.policy().owner());
    if is_owners && !reauthentication::is_recent(cx, proved_at) {
        return Err(Refusal::Denied(ActDenied::to_be_proved()));
    }
    Ok(())
}

/// Locks the account before the tenant, as every flow does that needs both.
async fn locked_account(tx: &mut Transaction, account: AccountId) -> Done<()> {
    match accounts::lock(tx, account).await? {
        true => Ok(()),
        // It was disabled or deleted a moment ago, and its session with it.
        false => Err(Refusal::Denied(ActDenied::logged_out())),
    }
}

fn restated(refusal: Refusal<TenantDenied>) -> Refusal<ActDenied> {
    refusal.map(|denied| ActDenied(denied.problem()))
}

/// Owners that are told of one thing.
const MOST_TOLD: i64 = 50;
