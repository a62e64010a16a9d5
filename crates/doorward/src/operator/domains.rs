//! Domains of tenants, for somebody who runs the service.

use doorward_core::{DomainName, TenantId};

use super::{denied::ActDenied, tenants::Act};
use crate::{
    audit::{Action, Detail, Event, Target},
    context::Context,
    domains::{self, Domain, DomainDenied, Move, Proof, claimable},
    error::Refusal,
    operators::Hand,
};

type Done<T> = Result<T, Refusal<ActDenied>>;

/// Reads a domain that a tenant may have, as an operator types it.
pub(crate) fn named(cx: &Context, text: &str) -> Done<DomainName> {
    claimable(text, &cx.settings.domains).map_err(refused)
}

/// Puts a domain on the list of a tenant; nobody has proved it yet.
pub(crate) async fn add_domain(cx: &Context, by: Hand, (tenant, name): (TenantId, &DomainName)) -> Done<Domain> {
    let mut act = Act::begin(cx, tenant).await?;
    let one = domains::add(cx, &mut act.tx, tenant, name).await?;
    act.done(cx, by, about(by, Action::DomainAdded, name)).await?;
    Ok(one)
}

/// Makes a domain the tenant's on the word of an operator, who may take it from another tenant.
pub(crate) async fn verify_domain(
    cx: &Context,
    by: Hand,
    (tenant, name): (TenantId, &DomainName),
    how: Move,
) -> Done<()> {
    let mut act = Act::begin(cx, tenant).await?;
    let lost = by.did(Action::DomainLost);
    domains::vouch(cx, &mut act.tx, (tenant, name), (how, lost)).await?;
    let event = about(by, Action::DomainVerified, name).about(Detail::Word(Proof::Operator.name()));
    act.done(cx, by, event).await
}

/// Takes back that a domain is a tenant's; `false` when it was not. It stays on the list, and may be proved again.
pub(crate) async fn withdraw_domain(cx: &Context, by: Hand, (tenant, name): (TenantId, &DomainName)) -> Done<bool> {
    let mut act = Act::begin(cx, tenant).await?;
    if !domains::withdraw(cx, &mut act.tx, (tenant, name)).await? {
        return Ok(false);
    }
    act.done(cx, by, about(by, Action::DomainWithdrawn, name)).await?;
    Ok(true)
}

/// Takes a domain off the list of a tenant.
pub(crate) async fn remove_domain(cx: &Context, by: Hand, (tenant, name): (TenantId, &DomainName)) -> Done<()> {
    let mut act = Act::begin(cx, tenant).await?;
    domains::remove(&mut act.tx, tenant, name).await?;
    act.done(cx, by, about(by, Action::DomainRemoved, name)).await
}

fn about(by: Hand, action: Action, name: &DomainName) -> Event {
    by.did(action).on(Target::Domain(name.clone()))
}

fn refused(denied: DomainDenied) -> Refusal<ActDenied> {
    Refusal::Denied(denied).into()
}
