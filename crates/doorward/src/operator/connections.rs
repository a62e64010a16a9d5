//! Providers that tenants have brought, for somebody who runs the service.

use doorward_core::{ProviderName, TenantId};

use super::{denied::ActDenied, tenants::Act};
use crate::{
    audit::{Action, Target},
    connections::{self, ConnectionDenied},
    context::Context,
    error::Refusal,
    operators::Hand,
};

/// Removes a provider of a tenant, and every way into an account that led through it.
pub(crate) async fn remove_connection(
    cx: &Context,
    by: Hand,
    (tenant, name): (TenantId, &ProviderName),
) -> Result<(), Refusal<ActDenied>> {
    let mut act = Act::begin(cx, tenant).await?;
    connections::remove(cx, &mut act.tx, (tenant, name), None).await?;
    act.done(cx, by, by.did(Action::ConnectionRemoved).on(Target::Connection(name.clone()))).await
}

/// Says that the people of an organisation, as a provider of the settings calls it, are a tenant's people.
pub(crate) async fn map_organisation(
    cx: &Context,
    by: Hand,
    tenant: TenantId,
    (provider, organisation): (&str, &str),
) -> Result<ProviderName, Refusal<ActDenied>> {
    let mut act = Act::begin(cx, tenant).await?;
    let name = connections::map(cx, &mut act.tx, tenant, (provider, organisation)).await?;
    act.done(cx, by, by.did(Action::ConnectionAdded).on(Target::Connection(name.clone()))).await?;
    Ok(name)
}

/// Lets the people of a tenant in however they log in.
pub(crate) async fn free_sign_in(cx: &Context, by: Hand, tenant: TenantId) -> Result<(), Refusal<ActDenied>> {
    let mut act = Act::begin(cx, tenant).await?;
    connections::free(&mut act.tx, tenant).await?;
    act.done(cx, by, by.did(Action::SignInFreed).on(Target::Tenant(tenant))).await
}

/// Reads the name of a provider on a tenant's list; what is none is on no list.
pub(crate) fn named(text: &str) -> Result<ProviderName, Refusal<ActDenied>> {
    text.parse().map_err(|_| Refusal::Denied(ConnectionDenied::NoSuchConnection).into())
}
