//! What somebody at the server does to providers that tenants have brought.

use doorward_core::{ProviderName, TenantId};

use super::{ActError, connections as acts};
use crate::{
    Doorward,
    connections::{self, Connection},
    error::Fault,
    operators::Hand,
    tenants::Tenant,
};

/// Lists the providers that a tenant has brought, oldest first.
pub async fn list_connections(doorward: &Doorward, tenant: &Tenant) -> Result<Vec<Connection>, Fault> {
    connections::list(&doorward.context().db, tenant.for_an_operator()).await
}

/// Removes a provider of a tenant by its name, and every way into an account that led through it.
pub async fn remove_connection(doorward: &Doorward, tenant: TenantId, name: &str) -> Result<(), ActError> {
    let name = acts::named(name)?;
    Ok(acts::remove_connection(doorward.context(), Hand::COMMAND_LINE, (tenant, &name)).await?)
}

/// Says that the people of an organisation, as a provider of the settings calls it, are a tenant's people.
pub async fn map_organisation(
    doorward: &Doorward,
    tenant: TenantId,
    provider: &str,
    organisation: &str,
) -> Result<ProviderName, ActError> {
    let named = (provider, organisation);
    Ok(acts::map_organisation(doorward.context(), Hand::COMMAND_LINE, tenant, named).await?)
}

/// Lets the people of a tenant in however they log in, where it has demanded its own provider.
pub async fn free_sign_in(doorward: &Doorward, tenant: TenantId) -> Result<(), ActError> {
    Ok(acts::free_sign_in(doorward.context(), Hand::COMMAND_LINE, tenant).await?)
}
