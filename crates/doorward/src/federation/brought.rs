//! Providers that tenants have brought: the same as those of the settings, each for the people of its tenant alone.
//!
//! - `federation/kept-apart`: A tenant's provider leads to no account but its people's, whatever it says about anybody.
//! - `federation/found-by-domain`: Whose domain has a provider is led to it by their address, and nobody learns who has an account.

use std::{sync::Arc, time::Duration};

use doorward_core::{EmailAddress, ProviderName, TenantId};

use super::{
    flow::No,
    kinds::{KINDS, Kind},
    provider::Provider,
    rules::Reason,
    settings::Written,
};
use crate::{
    base::{db::Transaction, settings::SecretText},
    context::Context,
    error::{Fault, Refusal},
    features,
};

/// What a tenant has written about its provider.
#[derive(Clone)]
pub(crate) struct Brought {
    pub(crate) name: ProviderName,
    pub(crate) tenant: TenantId,
    /// Another one whenever something else is written.
    pub(crate) version: i64,
    pub(crate) kind: String,
    pub(crate) label: String,
    pub(crate) client_id: String,
    pub(crate) client_secret: SecretText,
    pub(crate) issuer: String,
    /// What the organisation is called at the provider, where the kind needs that: a domain, or the id of a tenant there.
    pub(crate) organisation: String,
    /// What an operator has decided about all of them.
    pub(crate) terms: Terms,
}

/// What an operator lets tenants' providers do.
#[derive(Clone, Copy)]
pub(crate) struct Terms {
    /// Whether somebody who comes first gets an account; `None` for what `signup.open` says.
    pub(crate) sign_up: Option<bool>,
    pub(crate) allow_private_addresses: bool,
    /// How long what they have said of somebody carries a session; `None` for as long as that lasts.
    pub(crate) recheck: Option<Duration>,
}

/// What a tenant has written cannot be used: the key of the settings that would be wrong.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BroughtDenied(pub(crate) &'static str);

impl Brought {
    /// The version of what was not written down yet.
    pub(crate) const NOT_KEPT: i64 = 0;

    pub(super) fn written(self) -> Result<Written, BroughtDenied> {
        let kind = kind(&self.kind).ok_or(BroughtDenied("kind"))?;
        let organisations: Vec<_> = Some(self.organisation).filter(|text| !text.is_empty()).into_iter().collect();
        Ok(Written {
            name: self.name,
            kind,
            label: self.label,
            client_id: self.client_id,
            client_secret: self.client_secret,
            issuer: self.issuer,
            scopes: Vec::new(),
            domains: if kind.name() == "google-workspace" { organisations.clone() } else { Vec::new() },
            sign_up: self.terms.sign_up,
            keep_tokens: false,
            recheck: self.terms.recheck,
            allow_private_addresses: self.terms.allow_private_addresses,
            tenant: Some((self.tenant, self.version)),
            team_id: String::new(),
            key_id: String::new(),
            key: SecretText::default(),
            tenants: if kind.name() == "entra" { organisations } else { Vec::new() },
            api: String::new(),
            authorization_endpoint: String::new(),
            token_endpoint: String::new(),
            userinfo_endpoint: String::new(),
            subject_field: String::new(),
            subject_shape: String::new(),
            email_field: String::new(),
            email_verified_field: String::new(),
            name_field: String::new(),
        })
    }
}

/// The kinds that a tenant may bring, each with how people call it: those whose people are an organisation's.
pub(crate) fn kinds() -> impl Iterator<Item = (&'static str, &'static str)> {
    OF_TENANTS.into_iter().filter_map(|name| kind(name).map(|kind| (kind.name(), kind.label())))
}

/// The mark on the button of a kind.
pub(crate) fn mark_of(name: &str) -> &'static str {
    kind(name).map_or("", Kind::mark)
}

fn kind(name: &str) -> Option<&'static dyn Kind> {
    KINDS.into_iter().find(|kind| kind.name() == name && OF_TENANTS.contains(&name))
}

/// The provider of this name: one of the settings, or else one that an open tenant has brought.
pub(super) async fn find(cx: &Context, name: &str) -> Result<Option<Arc<Provider>>, Fault> {
    if let Some(own) = cx.providers.find(name) {
        return Ok(Some(Arc::clone(own)));
    }
    let Ok(name) = name.parse() else { return Ok(None) };
    let Some(brought) = features::brought_provider(cx, &name).await? else { return Ok(None) };
    // What the operator has narrowed since is as if it were not there.
    Ok(cx.providers.judge(brought).ok())
}

/// The provider of the tenant that the domain of an address belongs to.
pub(super) async fn of_domain(cx: &Context, address: &EmailAddress) -> Result<Option<Arc<Provider>>, Fault> {
    let brought = features::provider_of_domain(cx, address).await?;
    Ok(brought.and_then(|brought| cx.providers.judge(brought).ok()))
}

/// Refuses whoever is none of its tenant's people, where a tenant has brought the provider, and everybody where it has given it up
/// or written something else about it since they went there. Locks the tenant, so that it stays so until this is done. It leads only
/// to addresses of domains that the tenant has proved at this moment: its people's mail is the tenant's anyway, and nobody else is
/// any business of it.
pub(super) async fn demand_own(
    tx: &mut Transaction,
    provider: &Provider,
    address: &EmailAddress,
) -> Result<(), Refusal<No>> {
    let Some((tenant, version)) = provider.written.tenant else { return Ok(()) };
    if !features::still_leads(tx, (tenant, provider.name(), version)).await? {
        return Err(Reason::ProviderGone.into());
    }
    match is_own(tx, provider, address).await? {
        true => Ok(()),
        false => Err(Reason::AddressOfOthers.into()),
    }
}

/// Whether a provider may lead to an account of this address.
pub(super) async fn is_own(tx: &mut Transaction, provider: &Provider, address: &EmailAddress) -> Result<bool, Fault> {
    match provider.tenant() {
        Some(tenant) => features::is_of_tenant(tx, tenant, address).await,
        None => Ok(true),
    }
}

const OF_TENANTS: [&str; 3] = ["openid", "entra", "google-workspace"];
