//! Into a tenant that demands its provider: who has come by it, and who breaks the glass.

use std::sync::Arc;

use doorward_core::{AccountId, SessionId, TenantId};

use super::{
    denied::{ConnectionDenied, EntryDenied},
    flow, letters,
    rules::Connection,
    store,
};
use crate::{
    access::{Authorized, own::ConnectionsManage},
    accounts,
    audit::{self, Action, Target},
    base::db::{Durability, Transaction},
    context::Context,
    error::{Fault, Refusal},
    guard::Visit,
    sessions::{self, Live},
    tenant_page::{Act, tell_owners},
    tenants::{self, Named, Standing, State},
};

type Done<T> = Result<T, Refusal<ConnectionDenied>>;

const fn denied<T>(denied: ConnectionDenied) -> Done<T> {
    Err(Refusal::Denied(denied))
}

/// Who may come into a tenant how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ways {
    /// However they log in.
    Any,
    /// By a provider of the tenant only.
    Own,
}

/// Whether a session was opened by a provider of the tenant, or its owner has broken the glass and still may.
pub(crate) async fn has_entered(
    cx: &Context,
    (session, tenant): (SessionId, TenantId),
    breaks_glass: bool,
) -> Result<bool, Fault> {
    let way = store::entry(&cx.db, (session, tenant), cx.clock.now()).await?;
    Ok(way.is_some_and(|way| breaks_glass || way != GLASS))
}

/// Removes what is known of sessions that are over.
pub(crate) async fn purge(cx: &Context, tx: &mut Transaction) -> Result<u64, Fault> {
    store::purge_entries(tx, cx.clock.now()).await
}

/// What somebody is in the tenant that goes by this name.
pub(super) async fn standing(cx: &Context, account: AccountId, tenant: &str) -> Done<Arc<Standing>> {
    let stranger = || Refusal::Denied(ConnectionDenied::Entry(EntryDenied::NoSuchTenant));
    let named: Named = tenant.parse().map_err(|()| stranger())?;
    let found = cx.memberships.find(&cx.db, cx.policy(), named, account).await?;
    found.filter(|standing| standing.state == State::Active).ok_or_else(stranger)
}

/// The ways in by which the tenant lets people in.
pub(super) async fn doors(cx: &Context, standing: &Standing) -> Result<Vec<Connection>, Fault> {
    let mut doors = store::list(&cx.db, standing.inside()).await?;
    doors.retain(Connection::is_ready);
    Ok(doors)
}

/// Lets an owner who was named for it into a tenant without its provider, with the session that they have. It is written down each
/// time, and the other owners get a letter.
pub(super) async fn break_glass(cx: &Context, live: &Live, tenant: TenantId, visit: &Visit) -> Done<()> {
    let mut tx = cx.db.begin(Durability::Full).await?;
    if !accounts::lock(&mut tx, live.account).await? || !sessions::lives(cx, &mut tx, live.account, live.id).await? {
        return denied(ConnectionDenied::Entry(EntryDenied::LoggedOut));
    }
    let stranger = || Refusal::Denied(ConnectionDenied::Entry(EntryDenied::NoSuchTenant));
    tenants::lock(&mut tx, tenant).await?.filter(|one| one.state() == State::Active).ok_or_else(stranger)?;
    let standing = tenants::standing_in(cx, &mut tx, tenant, live.account).await?.ok_or_else(stranger)?;
    let event = audit::by(live.account, Action::GlassBroken, visit.address).on(Target::Session(live.id)).within(tenant);
    if !standing.breaks_glass {
        audit::append(cx, &mut tx, event.denied()).await?;
        tx.commit().await?;
        return denied(ConnectionDenied::Entry(EntryDenied::NoGlass));
    }
    store::enter(&mut tx, (live.id, tenant), (GLASS, live.expires_at)).await?;
    audit::append(cx, &mut tx, event).await?;
    tell_owners(cx, &mut tx, tenant, (letters::GLASS, &format!("{tenant} {}", live.account))).await?;
    Ok(tx.commit().await?)
}

/// Says by which ways people come into the tenant.
pub(super) async fn demand(cx: &Context, by: &Authorized<ConnectionsManage>, ways: Ways, visit: &Visit) -> Done<()> {
    let mut act = Act::begin(cx, by).await.map_err(|refusal| refusal.map(ConnectionDenied::Act))?;
    let tenant = act.tenant.id;
    if ways == Ways::Own {
        if !flow::is_any_door(cx, &mut act.tx, tenant).await? {
            return denied(ConnectionDenied::Entry(EntryDenied::NoDoor));
        }
        if !tenants::has_glass_breaker(&mut act.tx, tenant, None).await? {
            return denied(ConnectionDenied::Entry(EntryDenied::NoBreaker));
        }
    }
    tenants::set_own_sign_in(&mut act.tx, tenant, ways == Ways::Own).await?;
    let action = if ways == Ways::Own { Action::SignInLimited } else { Action::SignInFreed };
    let about = |event: audit::Event| event.on(Target::Tenant(tenant));
    act.done(cx, visit, about, action).await.map_err(|refusal| refusal.map(ConnectionDenied::Act))
}

/// Lets people come into a locked tenant however they log in; the caller writes the event.
pub(crate) async fn free(tx: &mut Transaction, tenant: TenantId) -> Result<(), Fault> {
    tenants::set_own_sign_in(tx, tenant, false).await
}

/// Whether an owner may break the glass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Glass {
    /// They may.
    Given,
    /// They may not.
    Taken,
}

/// Names an owner who may come in without the provider, or takes that back.
pub(super) async fn entrust(
    cx: &Context,
    by: &Authorized<ConnectionsManage>,
    (account, glass): (AccountId, Glass),
    visit: &Visit,
) -> Done<()> {
    let mut act = Act::begin(cx, by).await.map_err(|refusal| refusal.map(ConnectionDenied::Act))?;
    let tenant = act.tenant.id;
    if !tenants::set_break_glass(&mut act.tx, (tenant, account), glass == Glass::Given).await? {
        return denied(ConnectionDenied::Entry(EntryDenied::NoSuchOwner));
    }
    let is_needed = tenants::is_own_sign_in(&mut act.tx, tenant).await?;
    if is_needed && !tenants::has_glass_breaker(&mut act.tx, tenant, None).await? {
        return denied(ConnectionDenied::Entry(EntryDenied::NoBreaker));
    }
    let action = if glass == Glass::Given { Action::GlassEntrusted } else { Action::GlassTaken };
    let about = |event: audit::Event| event.on(Target::Account(account));
    act.done(cx, visit, about, action).await.map_err(|refusal| refusal.map(ConnectionDenied::Act))
}

/// How somebody has come in who broke the glass; no provider has this name.
const GLASS: &str = "-";
