//! Bringing a provider, writing how it is spoken to, leading people to it, and removing it.

use doorward_core::{DomainName, EmailAddress, KeyRing, ProviderName, RoleName, TenantId};

use super::{
    rules::{self, Connection, ConnectionDenied, Wiring},
    store,
};
use crate::{
    access::{Authorized, own::ConnectionsManage},
    audit::{self, Action, Detail, Target},
    base::{
        db::{Durability, Transaction},
        sealed::Seals,
        settings::SecretText,
    },
    context::Context,
    domains,
    error::{Fault, Refusal},
    federation::{self, Brought, Terms},
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
    let detail = Detail::Roles(role.into_iter().cloned().collect());
    let on = Target::Connection(name.clone());
    let about = |event: audit::Event| event.on(on).about(detail);
    act.done(cx, visit, about, Action::ConnectionChanged).await.map_err(|refusal| refusal.map(ConnectionDenied::Act))
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

/// Takes a provider off the list of the tenant.
pub(super) async fn give_up(
    cx: &Context,
    by: &Authorized<ConnectionsManage>,
    name: &ProviderName,
    visit: &Visit,
) -> Done<()> {
    let mut act = Act::begin(cx, by).await.map_err(|refusal| refusal.map(ConnectionDenied::Act))?;
    remove(&mut act.tx, act.tenant.id, name).await?;
    done(cx, act, (name, Action::ConnectionRemoved), visit).await
}

/// Removes a connection of a locked tenant with everything that it led to; the caller writes the event.
pub(crate) async fn remove(tx: &mut Transaction, tenant: TenantId, name: &ProviderName) -> Done<()> {
    let one = find(tx, tenant, name).await?;
    store::remove(tx, &one).await?;
    Ok(federation::forget_provider(tx, name).await?)
}

/// Removes what is kept about a tenant that is being deleted.
pub(crate) async fn forget_tenant(tx: &mut Transaction, tenant: TenantId) -> Result<(), Fault> {
    for name in store::remove_all(tx, tenant).await? {
        federation::forget_provider(tx, &name).await?;
    }
    Ok(())
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

/// The use for which seeds are derived from the master keys.
const SEEDS: &str = "doorward/connections";
