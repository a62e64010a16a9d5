//! Bringing a provider, writing how it is spoken to, leading people to it, and removing it.

use std::sync::Arc;

use doorward_core::{DomainName, EmailAddress, KeyRing, ProviderName, RoleName, SessionId, TenantId};

use super::{
    arriving,
    denied::{ConnectionDenied, EntryDenied, RuleDenied},
    rules::{self, Connection, Rule, Wiring},
    store,
};
use crate::{
    access::{Authorized, own::ConnectionsManage},
    audit::{self, Action, By, Detail, Target},
    base::{
        db::{Durability, Transaction},
        sealed::Seals,
        settings::SecretText,
    },
    context::Context,
    domains,
    error::{Fault, Refusal},
    federation::{self, Brought, Provider, Terms, Trial},
    guard::Visit,
    tenant_page::Act,
    tenants::{self, Named, State},
};

type Done<T> = Result<T, Refusal<ConnectionDenied>>;

const fn denied<T>(denied: ConnectionDenied) -> Done<T> {
    Err(Refusal::Denied(denied))
}

/// Puts a provider on the list of the tenant. Its redirect URI is known from then on; how it is spoken to is not yet.
pub(super) async fn add(
    cx: &Context,
    by: &Authorized<ConnectionsManage>,
    (kind, label): (&'static str, &str),
    visit: &Visit,
) -> Done<ProviderName> {
    let mut act = begin(cx, by).await?;
    if store::count(&mut act.tx, act.tenant.id).await? >= i64::from(cx.settings.connections.per_tenant) {
        return denied(ConnectionDenied::TooMany);
    }
    let name = rules::new_name(cx.entropy.as_ref());
    store::insert(&mut act.tx, (act.tenant.id, &name), (kind, label), cx.clock.now()).await?;
    done(cx, act, (&name, Action::ConnectionAdded), visit).await?;
    Ok(name)
}

/// Says that the people of a domain that the tenant has proved are its people where they come by a provider of the settings.
pub(super) async fn claim(
    cx: &Context,
    by: &Authorized<ConnectionsManage>,
    (provider, domain): (&str, &DomainName),
    visit: &Visit,
) -> Done<ProviderName> {
    let mut act = begin(cx, by).await?;
    let known = cx.providers.find(provider).filter(|known| known.names_domains());
    let known = known.ok_or(Refusal::Denied(ConnectionDenied::Kind))?;
    if !domains::is_holder(&mut act.tx, act.tenant.id, domain.as_str()).await? {
        return denied(ConnectionDenied::NotProved);
    }
    let (tx, tenant) = (&mut act.tx, act.tenant.id);
    let name = shared(cx, tx, tenant, (known.name(), domain.as_str(), known.label()), Vouched::ByDomain).await?;
    done(cx, act, (&name, Action::ConnectionAdded), visit).await?;
    Ok(name)
}

/// Says the same of any organisation of a provider, on the word of an operator, in a locked tenant; the caller writes the event.
pub(crate) async fn map(
    cx: &Context,
    tx: &mut Transaction,
    tenant: TenantId,
    (provider, organisation): (&str, &str),
) -> Done<ProviderName> {
    let known = cx.providers.find(provider).filter(|known| known.names_organisations());
    let known = known.ok_or(Refusal::Denied(ConnectionDenied::Kind))?;
    let organisation = match known.names_domains() {
        true => DomainName::parse(organisation).map_err(|_| Refusal::Denied(ConnectionDenied::Domain))?.to_string(),
        false => rules::directory(organisation).map_err(Refusal::Denied)?,
    };
    shared(cx, tx, tenant, (known.name(), &organisation, known.label()), Vouched::ByOperator).await
}

/// What says whose an organisation is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Vouched {
    /// That the tenant has proved its domain, while it has.
    ByDomain,
    /// An operator.
    ByOperator,
}

async fn shared(
    cx: &Context,
    tx: &mut Transaction,
    tenant: TenantId,
    (provider, organisation, label): (&ProviderName, &str, &str),
    vouched: Vouched,
) -> Done<ProviderName> {
    if vouched == Vouched::ByDomain && store::count(tx, tenant).await? >= i64::from(cx.settings.connections.per_tenant)
    {
        return denied(ConnectionDenied::TooMany);
    }
    if let Some(other) = store::shared(tx, provider, organisation).await?
        && other.tenant != tenant
        && !counts(tx, &other).await?
    {
        // Whoever said so before has the domain no more, and would keep its next owner out.
        lift(cx, tx, &other, None).await?;
        let event = By::DOORWARD.did(Action::ConnectionRemoved).on(Target::Connection(other.name.clone()));
        audit::append(cx, tx, event.within(other.tenant)).await?;
    }
    let name = rules::new_name(cx.entropy.as_ref());
    let how = (vouched == Vouched::ByOperator, cx.clock.now());
    match store::insert_shared(tx, (tenant, &name), (provider, organisation, label), how).await? {
        true => Ok(name),
        false => denied(ConnectionDenied::Taken),
    }
}

/// Says in which role people join who come by it and are no members yet, or that they do not join. It is a role that whoever says so
/// may give, and that gives no others.
pub(super) async fn let_join(
    cx: &Context,
    by: &Authorized<ConnectionsManage>,
    (name, role): (&ProviderName, Option<&RoleName>),
    visit: &Visit,
) -> Done<()> {
    let mut act = begin(cx, by).await?;
    let one = find(&mut act.tx, act.tenant.id, name).await?;
    let policy = cx.policy();
    let fits = |role: &RoleName| policy.may_give(act.by.roles(), role) && !policy.gives_any(role);
    if !role.is_none_or(fits) {
        return denied(ConnectionDenied::Role);
    }
    store::set_join_role(&mut act.tx, &one, role).await?;
    changed(cx, act, (name, role), visit).await
}

/// Writes how a provider is spoken to: the whole of it, its secret too. Whoever could leave the secret as it is and change where
/// it is sent to would be told it.
pub(super) async fn write(
    cx: &Context,
    by: &Authorized<ConnectionsManage>,
    (name, wiring): (&ProviderName, &Wiring),
    visit: &Visit,
) -> Done<()> {
    let mut act = begin(cx, by).await?;
    let one = find(&mut act.tx, act.tenant.id, name).await?;
    if one.is_shared() {
        return denied(ConnectionDenied::NoSuchConnection);
    }
    let wired = Connection {
        client_id: wiring.client_id.clone(),
        issuer: wiring.issuer.clone(),
        organisation: wiring.organisation.clone(),
        version: Brought::NOT_KEPT,
        ..one.clone()
    };
    let judged = cx.providers.judge(brought(cx, wired, wiring.client_secret.as_bytes()));
    judged.map_err(|mistake| Refusal::Denied(mistake.into()))?;
    let (ring, now) = (cx.keys(), cx.clock.now());
    let sealed = seals(&ring).seal(&one.about(), wiring.client_secret.as_bytes(), (cx.entropy.as_ref(), now));
    store::write(&mut act.tx, &one, wiring, &sealed).await?;
    done(cx, act, (name, Action::ConnectionChanged), visit).await
}

/// Adds a rule: who comes by the provider with this value in this claim gets this role, which whoever says so may give.
pub(super) async fn add_rule(
    cx: &Context,
    by: &Authorized<ConnectionsManage>,
    (name, rule): (&ProviderName, &Rule),
    visit: &Visit,
) -> Done<()> {
    let mut act = begin(cx, by).await?;
    let one = find(&mut act.tx, act.tenant.id, name).await?;
    if !cx.policy().may_give(act.by.roles(), &rule.role) || rule.role == *cx.policy().owner() {
        return denied(ConnectionDenied::Rule(RuleDenied::Role));
    }
    if store::rules_in(&mut act.tx, &one).await?.len() >= MOST_RULES {
        return denied(ConnectionDenied::Rule(RuleDenied::TooMany));
    }
    store::add_rule(&mut act.tx, &one, rule).await?;
    changed(cx, act, (name, Some(&rule.role)), visit).await
}

/// Takes a rule away. Whom it gave a role loses it when they come the next time, if no other rule gives it.
pub(super) async fn remove_rule(
    cx: &Context,
    by: &Authorized<ConnectionsManage>,
    (name, rule): (&ProviderName, &Rule),
    visit: &Visit,
) -> Done<()> {
    let mut act = begin(cx, by).await?;
    let one = find(&mut act.tx, act.tenant.id, name).await?;
    // A role that the policy has forgotten gives nothing; whoever manages connections may tidy it away.
    if cx.policy().knows(&rule.role) && !cx.policy().may_give(act.by.roles(), &rule.role) {
        return denied(ConnectionDenied::Rule(RuleDenied::Role));
    }
    store::remove_rule(&mut act.tx, &one, rule).await?;
    changed(cx, act, (name, Some(&rule.role)), visit).await
}

/// Makes a change true that is about a role that the connection gives.
async fn changed(
    cx: &Context,
    act: Act<ConnectionsManage>,
    (name, role): (&ProviderName, Option<&RoleName>),
    visit: &Visit,
) -> Done<()> {
    let (on, detail) = (Target::Connection(name.clone()), Detail::Roles(role.into_iter().cloned().collect()));
    let about = |event: audit::Event| event.on(on).about(detail);
    act.done(cx, visit, about, Action::ConnectionChanged).await.map_err(|refusal| refusal.map(ConnectionDenied::Act))
}

/// Tries a provider that the tenant has brought. It is written down first: its secret goes out.
pub(super) async fn try_out(
    cx: &Context,
    by: &Authorized<ConnectionsManage>,
    one: &Connection,
    visit: &Visit,
) -> Done<(Arc<Provider>, Trial)> {
    let act = begin(cx, by).await?;
    let found = opened(cx, Some(one.clone()).filter(|one| one.is_ready() && !one.is_shared())).await?;
    let provider = cx.providers.judge(found.ok_or(Refusal::Denied(ConnectionDenied::NotWritten))?);
    let provider = provider.map_err(|mistake| Refusal::Denied(mistake.into()))?;
    done(cx, act, (&one.name, Action::ProviderTried), visit).await?;
    let trial = federation::try_out(cx, &provider).await;
    Ok((provider, trial))
}

/// Takes a provider off the list of the tenant. The session that does it stays.
pub(super) async fn give_up(
    cx: &Context,
    (by, session): (&Authorized<ConnectionsManage>, SessionId),
    name: &ProviderName,
    visit: &Visit,
) -> Done<()> {
    let mut act = Act::begin(cx, by).await.map_err(|refusal| refusal.map(ConnectionDenied::Act))?;
    remove(cx, &mut act.tx, (act.tenant.id, name), Some(session)).await?;
    done(cx, act, (name, Action::ConnectionRemoved), visit).await
}

/// Removes a connection of a locked tenant with everything that it led to: ways into accounts, roles by rules, and sessions but
/// for the one that is to stay. The caller writes the event.
pub(crate) async fn remove(
    cx: &Context,
    tx: &mut Transaction,
    (tenant, name): (TenantId, &ProviderName),
    staying: Option<SessionId>,
) -> Done<()> {
    let one = find(tx, tenant, name).await?;
    arriving::unrule(cx, tx, &one).await?;
    lift(cx, tx, &one, staying).await?;
    if tenants::is_own_sign_in(tx, tenant).await? && !is_any_door(cx, tx, tenant).await? {
        return denied(ConnectionDenied::Entry(EntryDenied::NoDoor));
    }
    Ok(())
}

async fn lift(cx: &Context, tx: &mut Transaction, one: &Connection, staying: Option<SessionId>) -> Result<(), Fault> {
    store::remove(tx, one).await?;
    federation::forget_provider(cx, tx, &one.name, staying).await
}

/// Removes what is kept about a tenant that is being deleted.
pub(crate) async fn forget_tenant(cx: &Context, tx: &mut Transaction, tenant: TenantId) -> Result<(), Fault> {
    for name in store::remove_all(tx, tenant).await? {
        federation::forget_provider(cx, tx, &name, None).await?;
    }
    Ok(())
}

/// Whether people can come into a locked tenant by a provider of its own, or by one of everybody's as its people.
pub(super) async fn is_any_door(cx: &Context, tx: &mut Transaction, tenant: TenantId) -> Result<bool, Fault> {
    for one in store::ready(tx, tenant).await? {
        let leads = match one.is_shared() {
            true => cx.providers.find(&one.provider).is_some() && counts(tx, &one).await?,
            false => cx.settings.connections.allowed && domains::has_any(tx, tenant).await?,
        };
        if leads {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether what is said of an organisation of everybody's provider counts: while the tenant has that domain, where the tenant says it;
/// until it is removed, where an operator does.
pub(super) async fn counts(tx: &mut Transaction, one: &Connection) -> Result<bool, Fault> {
    Ok(one.vouched || domains::is_holder(tx, one.tenant, &one.organisation).await?)
}

/// Locks the tenant of a provider that it has brought, and looks whether it still is what it was when somebody went there.
pub(crate) async fn still_leads(tx: &mut Transaction, brought: (TenantId, &ProviderName, i64)) -> Result<bool, Fault> {
    let (tenant, name, version) = brought;
    if tenants::lock(tx, tenant).await?.is_none_or(|tenant| tenant.state() != State::Active) {
        return Ok(false);
    }
    Ok(store::find_in(tx, tenant, name).await?.is_some_and(|one| one.version == version))
}

/// The provider of this name that a tenant has brought, if people can be led to it now.
pub(crate) async fn provider(cx: &Context, name: &ProviderName) -> Result<Option<Brought>, Fault> {
    opened(cx, store::by_name(&cx.db, name).await?).await
}

/// The same of the tenant that the domain of an address belongs to.
pub(crate) async fn of_address(cx: &Context, email: &EmailAddress) -> Result<Option<Brought>, Fault> {
    match domains::tenant_of(cx, email).await? {
        Some(tenant) => opened(cx, store::first_of(&cx.db, tenant.id).await?).await,
        None => Ok(None),
    }
}

/// Whether there is any provider that a tenant has brought.
pub(crate) async fn any(cx: &Context) -> Result<bool, Fault> {
    Ok(cx.settings.connections.allowed && store::any(&cx.db).await?)
}

/// Seals again what an older master key has sealed.
pub(crate) async fn keep(cx: &Context) -> Result<(), Fault> {
    let (ring, now) = (cx.keys(), cx.clock.now());
    let (seals, mut last) = (seals(&ring), 0);
    loop {
        let some = store::behind(&cx.db, last).await?;
        let Some(end) = some.last() else { return Ok(()) };
        last = end.number;
        for one in some.iter().filter(|one| !seals.is_current(&one.about(), &one.sealed, now)) {
            let Some(secret) = seals.open(&one.about(), &one.sealed) else { continue };
            let sealed = seals.seal(&one.about(), &secret, (cx.entropy.as_ref(), now));
            let mut tx = cx.db.begin(Durability::Full).await?;
            store::seal_again(&mut tx, one, &sealed).await?;
            tx.commit().await?;
        }
    }
}

/// What may be spoken to of what was found: one whose secret opens, of a tenant that is open.
async fn opened(cx: &Context, found: Option<Connection>) -> Result<Option<Brought>, Fault> {
    let Some(one) = found.filter(|_| cx.settings.connections.allowed) else { return Ok(None) };
    let tenant = tenants::by_name(&cx.db, &Named::Id(one.tenant)).await?;
    if tenant.is_none_or(|tenant| tenant.state() != State::Active) {
        return Ok(None);
    }
    let Some(secret) = seals(&cx.keys()).open(&one.about(), &one.sealed) else {
        tracing::error!(connection = %one.name, "no master key opens the secret of a tenant's provider; it must be written anew");
        return Ok(None);
    };
    Ok(Some(brought(cx, one, &secret)))
}

fn brought(cx: &Context, one: Connection, secret: &[u8]) -> Brought {
    let settings = &cx.settings.connections;
    Brought {
        name: one.name,
        tenant: one.tenant,
        version: one.version,
        kind: one.kind,
        label: one.label,
        client_id: one.client_id,
        client_secret: SecretText::of(secret),
        issuer: one.issuer,
        organisation: one.organisation,
        terms: Terms {
            sign_up: settings.sign_up.then_some(true),
            allow_private_addresses: settings.allow_private_addresses,
            recheck: settings.recheck,
        },
    }
}

fn seals(ring: &KeyRing) -> Seals<'_> {
    Seals { ring, use_of: SEEDS }
}

async fn begin(cx: &Context, by: &Authorized<ConnectionsManage>) -> Done<Act<ConnectionsManage>> {
    if !cx.settings.connections.allowed {
        return denied(ConnectionDenied::NotAllowed);
    }
    Act::begin(cx, by).await.map_err(|refusal| refusal.map(ConnectionDenied::Act))
}

async fn done(
    cx: &Context,
    act: Act<ConnectionsManage>,
    (name, action): (&ProviderName, Action),
    visit: &Visit,
) -> Done<()> {
    let on = Target::Connection(name.clone());
    act.done(cx, visit, |event| event.on(on), action).await.map_err(|refusal| refusal.map(ConnectionDenied::Act))
}

async fn find(tx: &mut Transaction, tenant: TenantId, name: &ProviderName) -> Done<Connection> {
    store::find_in(tx, tenant, name).await?.ok_or(Refusal::Denied(ConnectionDenied::NoSuchConnection))
}

/// How many rules a connection may have.
const MOST_RULES: usize = 50;
/// The use for which seeds are derived from the master keys.
const SEEDS: &str = "doorward/connections";
