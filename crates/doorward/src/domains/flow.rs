//! Claiming, proving, losing and giving up a domain.

use std::time::Duration;

use doorward_core::{DomainName, EmailAddress, TenantId};

use super::{
    dns,
    letters::{Ended, Told},
    outcome::{self, about},
    rules::{Domain, DomainDenied, Proof, Seen, new_token},
    store,
};
use crate::{
    access::{Authorized, own::DomainsManage},
    attempts,
    audit::{self, Action, By, Detail, Event, Target},
    base::db::{Durability, Transaction},
    context::Context,
    error::{Fault, Refusal},
    guard::Visit,
    tenant_page::Act,
    tenants::{self, Named, State, Tenant},
};

type Done<T> = Result<T, Refusal<DomainDenied>>;

const fn denied<T>(denied: DomainDenied) -> Done<T> {
    Err(Refusal::Denied(denied))
}

/// The tenant that the domain of an address belongs to: the whole domain and no other, proved, of a tenant that is open.
pub(crate) async fn tenant_of(cx: &Context, email: &EmailAddress) -> Result<Option<Tenant>, Fault> {
    let Some(holder) = store::holder(&cx.db, email.domain()).await? else { return Ok(None) };
    let tenant = tenants::by_name(&cx.db, &Named::Id(holder)).await?;
    Ok(tenant.filter(|tenant| tenant.state() == State::Active))
}

/// Whether the domain of an address belongs to a tenant, as it stands in a transaction.
pub(crate) async fn is_of(tx: &mut Transaction, tenant: TenantId, email: &EmailAddress) -> Result<bool, Fault> {
    is_holder(tx, tenant, email.domain()).await
}

/// The same of a domain, as somebody else has written it.
pub(crate) async fn is_holder(tx: &mut Transaction, tenant: TenantId, domain: &str) -> Result<bool, Fault> {
    Ok(store::holder_in(tx, domain).await? == Some(tenant))
}

/// Whether any domain belongs to a tenant, as it stands in a transaction.
pub(crate) async fn has_any(tx: &mut Transaction, tenant: TenantId) -> Result<bool, Fault> {
    store::has_any(tx, tenant).await
}

/// Puts a domain on the list of the tenant; nobody has proved it yet.
pub(super) async fn claim(
    cx: &Context,
    by: &Authorized<DomainsManage>,
    name: &DomainName,
    visit: &Visit,
) -> Done<Domain> {
    let mut act = begin(cx, by).await?;
    let one = add(cx, &mut act.tx, act.tenant.id, name).await?;
    done(cx, act, (name, Action::DomainAdded), visit).await?;
    Ok(one)
}

/// Puts a domain on the list of a locked tenant; the caller writes the event.
pub(crate) async fn add(cx: &Context, tx: &mut Transaction, tenant: TenantId, name: &DomainName) -> Done<Domain> {
    if store::find(tx, tenant, name).await?.is_some() {
        return denied(DomainDenied::AlreadyThere);
    }
    if store::count(tx, tenant).await? >= i64::from(cx.settings.domains.per_tenant) {
        return denied(DomainDenied::TooMany);
    }
    let token = new_token(cx.entropy.as_ref());
    store::insert(tx, (tenant, name), &token, cx.clock.now()).await?;
    find(tx, tenant, name).await
}

/// Looks for the record of a domain, and makes it the tenant's when the record is there.
pub(super) async fn check(cx: &Context, by: &Authorized<DomainsManage>, name: &DomainName, visit: &Visit) -> Done<()> {
    let mut act = begin(cx, by).await?;
    let (tenant, most) = (act.tenant.id, cx.settings.domains.checks_per_hour);
    let counted = attempts::count_use(cx, &mut act.tx, ("domain checks", &tenant.to_string()), most).await;
    counted.map_err(|refusal| refusal.map(DomainDenied::Throttled))?;
    let one = find(&mut act.tx, tenant, name).await?;
    act.tx.commit().await?;
    if one.verified.is_some_and(|verified| verified.by == Proof::Operator) {
        return Ok(());
    }
    // Behind no lock: the DNS takes as long as it wants to.
    let seen = outcome::judged(&one, dns::records(&cx.settings.domains, &one).await);
    #[cfg(test)]
    cx.meeting.reached(crate::testing::crowd::About::Proving).await;
    let by_whom = By::person(by.account(), visit.address);
    let denial = match seen {
        None => Some(DomainDenied::Unanswered),
        Some(seen) => concluded(cx, by, &one, (seen, by_whom)).await?,
    };
    let Some(denial) = denial else { return Ok(()) };
    // In a transaction of its own: what was tried before is undone.
    let mut tx = cx.db.begin(Durability::Relaxed).await?;
    let event = about(by_whom.did(Action::DomainVerified), &one).about(Detail::Word(denial.word())).denied();
    audit::append(cx, &mut tx, event).await?;
    tx.commit().await?;
    Err(Refusal::Denied(denial))
}

/// Makes true what a lookup has shown, if whoever asked for it still may and the domain is the same; says why not.
async fn concluded(
    cx: &Context,
    by: &Authorized<DomainsManage>,
    one: &Domain,
    (seen, by_whom): (Seen, By),
) -> Done<Option<DomainDenied>> {
    let mut act = begin(cx, by).await?;
    let now = find(&mut act.tx, act.tenant.id, &one.name).await?;
    if now.token != one.token {
        // It was removed meanwhile, and has come back with another record.
        return denied(DomainDenied::NoSuchDomain);
    }
    let denial = match store::locked(&mut act.tx, &now).await? {
        Some(proved) => outcome::hold(cx, &mut act.tx, &proved, (seen, by_whom)).await?,
        None if now.verified.is_some() => None,
        None if seen != Seen::Proved => {
            store::note(&mut act.tx, &now, (cx.clock.now(), None, None)).await?;
            Some(outcome::why(seen, None))
        }
        None if outcome::prove(cx, &mut act.tx, &now, by_whom).await? => None,
        None => return Ok(Some(DomainDenied::Taken)),
    };
    act.tx.commit().await?;
    Ok(denial)
}

/// Takes a domain off the list of the tenant, proved or not.
pub(super) async fn give_up(
    cx: &Context,
    by: &Authorized<DomainsManage>,
    name: &DomainName,
    visit: &Visit,
) -> Done<()> {
    let mut act = begin(cx, by).await?;
    remove(&mut act.tx, act.tenant.id, name).await?;
    done(cx, act, (name, Action::DomainRemoved), visit).await
}

/// Takes a domain off the list of a locked tenant; the caller writes the event.
pub(crate) async fn remove(tx: &mut Transaction, tenant: TenantId, name: &DomainName) -> Done<()> {
    match store::remove(tx, tenant, name).await? {
        true => Ok(()),
        false => denied(DomainDenied::NoSuchDomain),
    }
}

/// What an operator wants when another tenant has proved the domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Move {
    /// To be refused.
    No,
    /// To take it from that tenant.
    Yes,
}

/// Makes a domain a locked tenant's on the word of an operator, from whom `by` makes the events; the caller writes that it was
/// verified.
pub(crate) async fn vouch(
    cx: &Context,
    tx: &mut Transaction,
    (tenant, name): (TenantId, &DomainName),
    (how, lost): (Move, Event),
) -> Done<()> {
    let one = match add(cx, tx, tenant, name).await {
        Err(Refusal::Denied(DomainDenied::AlreadyThere)) => find(tx, tenant, name).await?,
        added => added?,
    };
    if how == Move::Yes
        && let Some(other) = store::take_from_others(tx, name, tenant).await?
    {
        let theirs = Domain { tenant: other, ..one.clone() };
        audit::append(cx, tx, about(lost, &theirs).about(Detail::Word("moved"))).await?;
        outcome::tell(cx, tx, &theirs, Told::Lost(Ended::ByOperator)).await?;
    }
    match store::prove(tx, &one, Proof::Operator, (cx.clock.now(), None)).await? {
        true => Ok(()),
        false => denied(DomainDenied::Taken),
    }
}

/// Takes back that a domain is a locked tenant's; `false` when it was not. The caller writes the event.
pub(crate) async fn withdraw(
    cx: &Context,
    tx: &mut Transaction,
    (tenant, name): (TenantId, &DomainName),
) -> Done<bool> {
    let one = find(tx, tenant, name).await?;
    if !store::disprove(tx, &one).await? {
        return Ok(false);
    }
    outcome::tell(cx, tx, &one, Told::Lost(Ended::ByOperator)).await?;
    Ok(true)
}

/// Looks again for the records of domains that are due, one after the other. Several nodes may do this at once.
pub(crate) async fn recheck(cx: &Context) -> Result<(), Fault> {
    loop {
        let now = cx.clock.now();
        let Some(one) = store::claim(&cx.db, now, now.after(PAUSE)).await? else { return Ok(()) };
        // Without an answer nothing is known, and it is due again after the pause.
        let Some(seen) = outcome::judged(&one, dns::records(&cx.settings.domains, &one).await) else { continue };
        let mut tx = cx.db.begin(Durability::Full).await?;
        // The tenant before its domains, as in every act.
        if tenants::lock(&mut tx, one.tenant).await?.is_none() {
            continue;
        }
        if let Some(proved) = store::locked(&mut tx, &one).await? {
            outcome::hold(cx, &mut tx, &proved, (seen, By::DOORWARD)).await?;
        }
        tx.commit().await?;
    }
}

async fn begin(cx: &Context, by: &Authorized<DomainsManage>) -> Done<Act<DomainsManage>> {
    Act::begin(cx, by).await.map_err(|refusal| refusal.map(DomainDenied::Act))
}

async fn done(cx: &Context, act: Act<DomainsManage>, (name, action): (&DomainName, Action), visit: &Visit) -> Done<()> {
    let on = Target::Domain(name.clone());
    act.done(cx, visit, |event| event.on(on), action).await.map_err(|refusal| refusal.map(DomainDenied::Act))
}

async fn find(tx: &mut Transaction, tenant: TenantId, name: &DomainName) -> Done<Domain> {
    store::find(tx, tenant, name).await?.ok_or(Refusal::Denied(DomainDenied::NoSuchDomain))
}

/// How long a domain waits for another look after one without an answer, or that a dead node had begun.
const PAUSE: Duration = Duration::from_secs(3600);
