//! The providers of a running Doorward: what was written about each, judged, and what was learned from it since.

use std::sync::Arc;

use doorward_core::{ProviderName, TenantId, Timestamp};
use quick_cache::sync::Cache;

use super::{
    brought::{Brought, BroughtDenied},
    kept::Slot,
    kinds::{Mistake, Way},
    metadata::{Keys, Metadata},
    settings::{Settings, Written, error},
};
use crate::base::{
    outgoing::{Place, may_be_called},
    render::ProviderButton,
    settings::SettingsError,
};

/// A provider that people may come in by.
pub(crate) struct Provider {
    pub(super) written: Arc<Written>,
    pub(super) way: Way,
    /// What of it may be called.
    pub(super) place: Place,
    /// Where it sends people back to: from the settings, never from a request.
    pub(super) redirect_uri: String,
    pub(super) metadata: Slot<Metadata>,
    pub(super) keys: Slot<Keys>,
}

impl Provider {
    fn of(written: &Arc<Written>, place: Place, own_address: &str) -> Result<Self, Mistake> {
        let place = match place {
            Place::Elsewhere if written.allow_private_addresses => Place::WithinToo,
            place => place,
        };
        let way = written.kind.way(written).and_then(|way| judged(way, place))?;
        if written.recheck.is_some() && matches!(way, Way::OAuth { .. }) {
            let problem = "it gives no ID token, so nothing that it says would be about this moment";
            return Err(Mistake("recheck_secs", problem, "Remove the line, or shorten how long sessions last."));
        }
        Ok(Self {
            written: Arc::clone(written),
            way,
            place,
            redirect_uri: redirect_uri(own_address, &written.name),
            metadata: Slot::default(),
            keys: Slot::default(),
        })
    }

    pub(crate) fn name(&self) -> &ProviderName {
        &self.written.name
    }

    /// How people call it.
    pub(crate) fn label(&self) -> &str {
        &self.written.label
    }

    /// The name of its kind.
    pub(crate) fn kind(&self) -> &'static str {
        self.written.kind.name()
    }

    /// Where it sends people back to.
    pub(crate) fn redirect_uri(&self) -> &str {
        &self.redirect_uri
    }

    /// Whether it can prove that it is still somebody.
    pub(crate) fn proves_anew(&self) -> bool {
        self.written.kind.proves_anew()
    }

    /// When it is to be asked again that has just said who somebody is.
    pub(super) fn recheck_after(&self, now: Timestamp) -> Option<Timestamp> {
        self.written.recheck.map(|span| now.after(span))
    }

    /// Whether what it hands out is to be renewed while its person is away.
    pub(super) fn asks_for_refreshing(&self) -> bool {
        self.written.keep_tokens && self.written.scopes.iter().any(|scope| scope == "offline_access")
    }

    /// Whether it says of which domain the organisation of its people is.
    pub(crate) fn names_domains(&self) -> bool {
        self.written.kind.names_domains()
    }

    /// Whether it says of which organisation its people are.
    pub(crate) fn names_organisations(&self) -> bool {
        self.names_domains() || self.written.kind.name() == "entra"
    }

    /// Whether somebody who comes by it for the first time gets an account, where strangers may sign up or may not.
    pub(super) fn may_sign_up(&self, is_open: bool) -> bool {
        self.written.sign_up.unwrap_or(is_open)
    }

    /// The tenant whose provider it is, and nobody else's; `None` for the operator's.
    pub(crate) fn tenant(&self) -> Option<TenantId> {
        self.written.tenant.map(|(tenant, _)| tenant)
    }

    /// The name under which the people of an issuer are known here. Those of a tenant's provider are known by it alone: it says
    /// what it wants to, also that it is somebody else.
    pub(super) fn known_as(&self, issuer: &str) -> String {
        match self.written.tenant {
            None => issuer.to_owned(),
            Some(_) => format!("{}{}:{issuer}", Self::OF_TENANTS, self.name()),
        }
    }

    /// How the issuers of tenants' providers begin, and no address does.
    pub(super) const OF_TENANTS: &str = "connection:";

    /// The secret that we prove ourselves with.
    pub(super) fn secret(&self, now: Timestamp) -> Option<String> {
        self.written.kind.secret(&self.written, now)
    }

    pub(crate) fn button(&self) -> ProviderButton {
        ProviderButton {
            name: self.name().to_string(),
            label: self.written.label.clone(),
            mark: self.written.kind.mark(),
        }
    }
}

/// Where a provider of this name sends people back to.
fn redirect_uri(own_address: &str, name: &ProviderName) -> String {
    format!("{own_address}/providers/{name}/callback")
}

/// Refuses addresses that are never called, so that the mistake shows at the start and not at the first login.
fn judged(way: Way, place: Place) -> Result<Way, Mistake> {
    let cure =
        "Write an https address with the name of a host; on this very machine, in development, one with its number.";
    let mistake = |key| Err(Mistake(key, "it is no address that is called", cure));
    let may = |text: &str| url::Url::parse(text).is_ok_and(|url| may_be_called(&url, place));
    match &way {
        Way::OpenId { place, .. } if !may(place) => mistake("issuer"),
        Way::OAuth { authorization, .. } if !may_be_called(authorization, place) => mistake("authorization_endpoint"),
        Way::OAuth { token, .. } if !may_be_called(token, place) => mistake("token_endpoint"),
        Way::OAuth { documents, .. } if !documents.iter().all(|url| may_be_called(url, place)) => {
            mistake("userinfo_endpoint")
        }
        _ => Ok(way),
    }
}

/// The providers of the settings, in the order of their names, and those of tenants that were asked for lately.
pub(crate) struct Registry {
    own: Vec<Arc<Provider>>,
    brought: Cache<ProviderName, (i64, Arc<Provider>)>,
    place: Place,
    own_address: String,
}

impl Registry {
    /// Judges what was written about each: by what may be called from here at all, and where our own pages are.
    pub(crate) fn new(settings: &Settings, place: Place, own_address: &str) -> Result<Self, Vec<SettingsError>> {
        let (mut providers, mut errors) = (Vec::new(), Vec::new());
        for written in &settings.0 {
            match Provider::of(written, place, own_address) {
                Ok(provider) => providers.push(Arc::new(provider)),
                Err(Mistake(key, problem, cure)) => {
                    errors.push(error(&format!("providers.{}.{key}", written.name), problem, cure.to_owned()));
                }
            }
        }
        providers.sort_by(|one, other| one.name().cmp(other.name()));
        let (brought, own_address) = (Cache::new(MOST_KEPT), own_address.to_owned());
        if errors.is_empty() { Ok(Self { own: providers, brought, place, own_address }) } else { Err(errors) }
    }

    /// Judges a provider that a tenant has brought, as those of the settings are judged. What was learned from one stays until
    /// something else is written about it.
    pub(crate) fn judge(&self, brought: Brought) -> Result<Arc<Provider>, BroughtDenied> {
        let (name, version) = (brought.name.clone(), brought.version);
        if let Some((kept, provider)) = self.brought.get(&name)
            && kept == version
        {
            return Ok(provider);
        }
        let written = Arc::new(brought.written()?);
        let provider = Provider::of(&written, self.place, &self.own_address);
        let provider = Arc::new(provider.map_err(|Mistake(key, ..)| BroughtDenied(key))?);
        if version > Brought::NOT_KEPT {
            self.brought.insert(name, (version, Arc::clone(&provider)));
        }
        Ok(provider)
    }

    /// Where a provider of this name will send people back to.
    pub(crate) fn redirect_uri(&self, name: &ProviderName) -> String {
        redirect_uri(&self.own_address, name)
    }

    /// The provider of this name.
    pub(crate) fn find(&self, name: &str) -> Option<&Arc<Provider>> {
        self.own.iter().find(|provider| provider.name().as_str() == name)
    }

    /// The providers, in the order of their buttons.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Arc<Provider>> {
        self.own.iter()
    }

    /// What stands on the pages where one comes in.
    pub(crate) fn buttons(&self) -> Vec<ProviderButton> {
        self.own.iter().map(|provider| provider.button()).collect()
    }
}

/// Tenants' providers that are kept in memory at most.
const MOST_KEPT: usize = 1000;
