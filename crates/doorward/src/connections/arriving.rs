//! Somebody has come by a provider: whose people they are, whether they join, and who stays out. All of it in the transaction that
//! makes their session.

use doorward_core::{AccountId, EmailAddress, ProviderName, RoleName, SessionId, TenantId};
use doorward_verify::jws::Claims;
use ring::digest::{SHA256, digest};

use super::{flow, rules::Connection, store};
use crate::{
    accounts,
    audit::{self, Action, By, Detail, Target},
    base::db::Transaction,
    context::Context,
    error::{Fault, Refusal},
    federation::{self, Identity},
    guard::Visit,
    policy::OwnRoles,
    tenants::{self, Join, State, TenantDenied},
};

/// Who has come, and by what.
pub(crate) struct Arrival<'a> {
    /// By which provider.
    pub(crate) provider: &'a ProviderName,
    /// Whose provider it is, where a tenant has brought it.
    pub(crate) tenant: Option<TenantId>,
    /// What the provider calls their organisation, where it says so.
    pub(crate) organisation: Option<&'a str>,
    /// What the provider says of them, where it signs that.
    pub(crate) claims: Option<&'a Claims>,
    /// Who they are to the provider.
    pub(crate) identity: &'a Identity,
    /// Who they are here.
    pub(crate) account: AccountId,
    /// The address of their account.
    pub(crate) email: &'a EmailAddress,
    /// The session that they get.
    pub(crate) session: SessionId,
}

/// Why a tenant does not let somebody in by its own provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotWelcome {
    /// They were a member, and are none any more.
    Departed,
    /// There is no room, here or for them.
    Full,
}

type Welcomed<T> = Result<T, Refusal<NotWelcome>>;

/// Lets somebody who has just come join the tenant whose people they are. By the tenant's own provider nobody comes in who was
/// removed; by everybody's they come in and do not join.
pub(crate) async fn arrived(cx: &Context, tx: &mut Transaction, arrival: &Arrival<'_>, visit: &Visit) -> Welcomed<()> {
    let Some(connection) = connection_of(tx, arrival).await? else { return Ok(()) };
    match welcomed(cx, tx, (&connection, arrival), visit).await {
        Err(Refusal::Denied(_)) if connection.is_shared() => return Ok(()),
        welcomed => welcomed?,
    }
    let until = cx.clock.now().after(cx.settings.sessions.absolute);
    Ok(store::enter(tx, (arrival.session, connection.tenant), (connection.name.as_str(), until)).await?)
}

/// The connection that says whose people they are.
async fn connection_of(tx: &mut Transaction, arrival: &Arrival<'_>) -> Result<Option<Connection>, Fault> {
    if let Some(tenant) = arrival.tenant {
        return store::find_in(tx, tenant, arrival.provider).await;
    }
    let Some(organisation) = arrival.organisation else { return Ok(None) };
    let Some(found) = store::shared(tx, arrival.provider, organisation).await? else { return Ok(None) };
    let counts = flow::counts(tx, &found).await?;
    Ok(Some(found).filter(|_| counts))
}

async fn welcomed(
    cx: &Context,
    tx: &mut Transaction,
    (connection, arrival): (&Connection, &Arrival<'_>),
    visit: &Visit,
) -> Welcomed<()> {
    let tenant = tenants::lock(tx, connection.tenant).await?;
    if tenant.is_none_or(|tenant| tenant.state() != State::Active) {
        return Ok(());
    }
    let given = Given::by(cx, tx, connection, arrival).await?;
    if let Some(standing) = tenants::standing_in(cx, tx, connection.tenant, arrival.account).await? {
        return hold(cx, tx, (connection, arrival.account), (&standing.roles, &given)).await;
    }
    if store::has_departed(tx, connection.tenant, &marks_of(arrival)).await? {
        return Err(Refusal::Denied(NotWelcome::Departed));
    }
    // A role may have been given more to do since it was chosen.
    let joins = |role: &&RoleName| cx.policy().knows(role) && !cx.policy().gives_any(role);
    let roles: Vec<_> = connection.join_role.iter().filter(joins).chain(&given.now).cloned().collect();
    if roles.is_empty() {
        return Ok(());
    }
    join(cx, tx, (connection.tenant, arrival.account), &OwnRoles::new(roles), visit).await?;
    Ok(store::set_ruled(tx, (connection, arrival.account), &given.now).await?)
}

/// What the rules of a connection say of somebody.
struct Given {
    /// The roles that rules give at all, as far as the provider has said enough. A member has these by rules alone, whoever else has
    /// given them one.
    ever: Vec<RoleName>,
    /// Those that they give this person now.
    now: Vec<RoleName>,
    /// Those about which the provider has not said enough; they stay as they are.
    open: Vec<RoleName>,
}

impl Given {
    /// What is left when there is no rule any more.
    const NOTHING: Self = Self { ever: Vec::new(), now: Vec::new(), open: Vec::new() };

    async fn by(
        cx: &Context,
        tx: &mut Transaction,
        connection: &Connection,
        arrival: &Arrival<'_>,
    ) -> Result<Self, Fault> {
        let mut given = Self::NOTHING;
        for rule in store::rules_in(tx, connection).await? {
            // A role that the policy has forgotten gives nothing, and the owner's is given by people only.
            if !cx.policy().knows(&rule.role) || rule.role == *cx.policy().owner() {
                continue;
            }
            match arrival.claims.map_or(Some(false), |claims| rule.holds(claims)) {
                Some(true) => given.now.push(rule.role.clone()),
                Some(false) => {}
                None => given.open.push(rule.role.clone()),
            }
            given.ever.push(rule.role);
        }
        Ok(given)
    }
}

/// Gives a member the roles that the rules say now, and takes those that they say no more: those that a rule gives to others, and
/// those that one gave to them. Whoever would have no role left is no member until a rule gives them one again.
async fn hold(
    cx: &Context,
    tx: &mut Transaction,
    (connection, account): (&Connection, AccountId),
    (before, given): (&OwnRoles, &Given),
) -> Welcomed<()> {
    let had = store::ruled(tx, (connection, account)).await?;
    let (mut kept, mut ruled) = (Vec::new(), given.now.clone());
    for role in before.iter() {
        let by_rules = had.contains(role) || given.ever.contains(role);
        if !by_rules || given.now.contains(role) {
            kept.push(role.clone());
        } else if given.open.contains(role) {
            kept.push(role.clone());
            ruled.push(role.clone());
        } else if !given.ever.contains(role) && store::is_ruled_elsewhere(tx, (connection, account), role).await? {
            kept.push(role.clone());
        }
    }
    kept.extend(given.now.iter().cloned());
    if let (true, Some(role)) = (kept.is_empty(), &connection.join_role)
        && cx.policy().knows(role)
        && !cx.policy().gives_any(role)
    {
        kept.push(role.clone());
    }
    ruled.sort();
    ruled.dedup();
    if ruled != had {
        store::set_ruled(tx, (connection, account), &ruled).await?;
    }
    let roles = OwnRoles::new(kept);
    match roles {
        roles if roles.is_empty() => end(cx, tx, (connection.tenant, account)).await,
        roles if roles == *before => Ok(()),
        roles => change(cx, tx, (connection.tenant, account), &roles).await,
    }
}

async fn change(
    cx: &Context,
    tx: &mut Transaction,
    (tenant, account): (TenantId, AccountId),
    roles: &OwnRoles,
) -> Welcomed<()> {
    match tenants::change_roles(cx, tx, (tenant, account), roles, None).await {
        Ok(_) => {}
        Err(Refusal::Denied(_)) => return Ok(()),
        Err(Refusal::Fault(fault)) => return Err(fault.into()),
    }
    let event = By::DOORWARD.did(Action::RolesChanged).on(Target::Account(account)).within(tenant);
    Ok(audit::append(cx, tx, event.about(Detail::Roles(roles.iter().cloned().collect()))).await?)
}

/// Takes the roles that the rules of a connection have given, as it goes.
pub(super) async fn unrule(cx: &Context, tx: &mut Transaction, connection: &Connection) -> Result<(), Fault> {
    // Nobody joins by it any more, also where they would be left without a role.
    let gone = Connection { join_role: None, ..connection.clone() };
    for account in store::ruled_accounts(tx, connection).await? {
        let Some(standing) = tenants::standing_in(cx, tx, connection.tenant, account).await? else { continue };
        match hold(cx, tx, (&gone, account), (&standing.roles, &Given::NOTHING)).await {
            Ok(()) | Err(Refusal::Denied(_)) => {}
            Err(Refusal::Fault(fault)) => return Err(fault),
        }
    }
    Ok(())
}

/// Ends the membership of somebody whom no rule gives a role any more. They may come back as soon as one does.
async fn end(cx: &Context, tx: &mut Transaction, (tenant, account): (TenantId, AccountId)) -> Welcomed<()> {
    let gone = match tenants::take_out(cx, tx, (tenant, account), None).await {
        Ok(gone) => gone,
        Err(Refusal::Denied(_)) => return Ok(()),
        Err(Refusal::Fault(fault)) => return Err(fault.into()),
    };
    for mark in departure(tx, account).await? {
        store::pardon(tx, tenant, &mark).await?;
    }
    let event = By::DOORWARD.did(Action::MemberRemoved).on(Target::Account(account)).within(tenant);
    Ok(audit::append(cx, tx, event.about(Detail::Roles(gone))).await?)
}

async fn join(
    cx: &Context,
    tx: &mut Transaction,
    (tenant, account): (TenantId, AccountId),
    roles: &OwnRoles,
    visit: &Visit,
) -> Welcomed<()> {
    match tenants::join(cx, tx, tenant, account, roles, Join::Themselves).await {
        Ok(()) => {}
        Err(Refusal::Denied(TenantDenied::TooManyMembers | TenantDenied::TooManyTenants)) => {
            return Err(Refusal::Denied(NotWelcome::Full));
        }
        Err(Refusal::Denied(_)) => return Ok(()),
        Err(Refusal::Fault(fault)) => return Err(fault.into()),
    }
    let detail = Detail::Roles(roles.iter().cloned().collect());
    let event = audit::by(account, Action::MemberJoined, visit.address).within(tenant).about(detail);
    Ok(audit::append(cx, tx, event).await?)
}

/// Remembers that somebody is no member any more, by everything that they may come back as: the account, the address, and who they
/// are to providers.
pub(crate) async fn depart(tx: &mut Transaction, tenant: TenantId, account: AccountId) -> Result<(), Fault> {
    for mark in departure(tx, account).await? {
        store::depart(tx, tenant, &mark).await?;
    }
    store::forget_ruled(tx, tenant, account).await
}

async fn departure(tx: &mut Transaction, account: AccountId) -> Result<Vec<String>, Fault> {
    let mut marks = vec![mark(&["account", &account.to_string()])];
    marks.extend(accounts::any_address_of(tx, account).await?.map(|email| mark(&["email", email.as_str()])));
    marks.extend(federation::identities_of(tx, account).await?.iter().map(mark_of));
    Ok(marks)
}

fn marks_of(arrival: &Arrival<'_>) -> [String; 3] {
    let account = arrival.account.to_string();
    [mark(&["account", &account]), mark(&["email", arrival.email.as_str()]), mark_of(arrival.identity)]
}

fn mark_of(identity: &Identity) -> String {
    mark(&["identity", &identity.issuer, &identity.subject])
}

/// A digest: whoever was removed and has deleted their account since need not be read from the table.
fn mark(parts: &[&str]) -> String {
    let text = parts.join("\0");
    digest(&SHA256, text.as_bytes()).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}
