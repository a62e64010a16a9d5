//! What somebody at the server does to domains of tenants.

use doorward_core::{DomainName, EmailAddress, TenantId};

use super::{ActError, domains as acts};
use crate::{
    Doorward,
    domains::{self, Domain, Move},
    error::Fault,
    operators::Hand,
    tenants::Tenant,
};

const BY: Hand = Hand::COMMAND_LINE;

/// Reads a domain that a tenant may have: no public suffix, and none of a public mail service.
pub fn domain_named(doorward: &Doorward, text: &str) -> Result<DomainName, ActError> {
    Ok(acts::named(doorward.context(), text)?)
}

/// Lists the domains of a tenant, proved or not, oldest first.
pub async fn domains(doorward: &Doorward, tenant: &Tenant) -> Result<Vec<Domain>, Fault> {
    domains::list(&doorward.context().db, tenant.for_an_operator()).await
}

/// Finds the tenant that the domain of an address was proved for, if that tenant is open.
pub async fn tenant_of_address(doorward: &Doorward, email: &EmailAddress) -> Result<Option<Tenant>, Fault> {
    domains::tenant_of(doorward.context(), email).await
}

/// Puts a domain on the list of a tenant; its record, or [`verify_domain`], proves it.
pub async fn add_domain(doorward: &Doorward, tenant: TenantId, name: &DomainName) -> Result<Domain, ActError> {
    Ok(acts::add_domain(doorward.context(), BY, (tenant, name)).await?)
}

/// Makes a domain a tenant's on the word of whoever runs the service. One that another tenant has proved is refused.
pub async fn verify_domain(doorward: &Doorward, tenant: TenantId, name: &DomainName) -> Result<(), ActError> {
    Ok(acts::verify_domain(doorward.context(), BY, (tenant, name), Move::No).await?)
}

/// The same, and takes the domain from the tenant that has proved it.
pub async fn move_domain(doorward: &Doorward, tenant: TenantId, name: &DomainName) -> Result<(), ActError> {
    Ok(acts::verify_domain(doorward.context(), BY, (tenant, name), Move::Yes).await?)
}

/// Takes back that a domain is a tenant's; `false` when it was not. It stays on the list, and may be proved again.
pub async fn withdraw_domain(doorward: &Doorward, tenant: TenantId, name: &DomainName) -> Result<bool, ActError> {
    Ok(acts::withdraw_domain(doorward.context(), BY, (tenant, name)).await?)
}

/// Takes a domain off the list of a tenant.
pub async fn remove_domain(doorward: &Doorward, tenant: TenantId, name: &DomainName) -> Result<(), ActError> {
    Ok(acts::remove_domain(doorward.context(), BY, (tenant, name)).await?)
}
