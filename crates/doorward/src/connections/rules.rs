//! What a connection is, what may be written about one, and why not.

use doorward_core::{DomainName, Entropy, ProviderName, RoleName, TenantId, Timestamp};
use doorward_verify::jws::Claims;
use serde_json::Value;

use super::denied::{ConnectionDenied, RuleDenied};
use crate::{federation, tenants};

/// A provider that a tenant has brought.
#[derive(Clone)]
pub struct Connection {
    /// Its place in the list of all.
    pub(super) number: i64,
    /// Its name, which is part of its redirect URI and stands in the log.
    pub name: ProviderName,
    /// Whose it is.
    pub tenant: TenantId,
    /// What kind of provider.
    pub kind: String,
    /// What stands on its button.
    pub label: String,
    /// The name that the provider gave this service; empty until somebody has written it.
    pub client_id: String,
    /// Where the provider is, where the kind does not know it.
    pub issuer: String,
    /// What the organisation is called there, where the kind needs that.
    pub organisation: String,
    /// The secret under its seal; empty until there is one.
    pub(super) sealed: Vec<u8>,
    /// Counts what was written about it.
    pub(super) version: i64,
    /// Since when it is there.
    pub created_at: Timestamp,
    /// The provider of the settings whose people of an organisation it is about; empty for a provider of the tenant's own.
    pub provider: String,
    /// Whether an operator has said whose organisation it is.
    pub(super) vouched: bool,
    /// The role of whoever comes by it and is no member yet; they do not join when there is none.
    pub join_role: Option<RoleName>,
}

impl Connection {
    /// Whether people can be led to it: everything that it needs was written.
    pub fn is_ready(&self) -> bool {
        self.version > 0
    }

    /// Whether it is about people of a provider that everybody may use.
    pub fn is_shared(&self) -> bool {
        !self.provider.is_empty()
    }

    /// What its secret is sealed about: in the row of another tenant or connection it does not open.
    pub(super) fn about(&self) -> Vec<u8> {
        [self.tenant.to_string().as_bytes(), &[0], self.name.as_str().as_bytes()].concat()
    }
}

/// What somebody has written about a provider, read.
pub(super) struct Wiring {
    pub(super) client_id: String,
    pub(super) client_secret: String,
    pub(super) issuer: String,
    pub(super) organisation: String,
}

/// The same as it was typed.
pub(super) struct Typed<'t> {
    pub(super) client_id: &'t str,
    pub(super) client_secret: &'t str,
    pub(super) issuer: &'t str,
    pub(super) organisation: &'t str,
}

impl Wiring {
    /// Reads what a kind needs, and leaves out what it does not.
    pub(super) fn read(kind: &str, typed: &Typed<'_>) -> Result<Self, ConnectionDenied> {
        let client_id = plain(typed.client_id).ok_or(ConnectionDenied::ClientId)?;
        let client_secret = plain(typed.client_secret).ok_or(ConnectionDenied::Secret)?;
        let (issuer, organisation) = match kind {
            "openid" => (plain(typed.issuer).ok_or(ConnectionDenied::Issuer)?, String::new()),
            "google-workspace" => {
                let domain = DomainName::parse(typed.organisation).map_err(|_| ConnectionDenied::Domain)?;
                (String::new(), domain.to_string())
            }
            _ => (String::new(), directory(typed.organisation)?),
        };
        Ok(Self { client_id, client_secret, issuer, organisation })
    }
}

/// A text of one line that says something, without the spaces around it.
fn plain(text: &str) -> Option<String> {
    let text = text.trim();
    let fits = !text.is_empty() && text.len() <= LONGEST && !text.chars().any(char::is_control);
    fits.then(|| text.to_owned())
}

/// A name for a connection: made, because it is part of a redirect URI, which stays.
pub(super) fn new_name(entropy: &dyn Entropy) -> ProviderName {
    let mut random = [0; 8];
    entropy.fill(&mut random);
    let digits: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("org-{digits}").parse().expect("letters, a hyphen and digits are a name")
}

/// Reads what stands on a button.
pub(super) fn label(text: &str) -> Result<String, ConnectionDenied> {
    tenants::display_name(text).ok_or(ConnectionDenied::Label)
}

/// Reads a kind that tenants may bring.
pub(super) fn kind(text: &str) -> Result<&'static str, ConnectionDenied> {
    federation::kinds().map(|(name, _)| name).find(|name| *name == text).ok_or(ConnectionDenied::Kind)
}

/// Reads the id of a directory of Microsoft's.
pub(super) fn directory(text: &str) -> Result<String, ConnectionDenied> {
    let text = text.trim().to_lowercase();
    let is_id = text.len() == 36 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f' | b'-'));
    is_id.then_some(text).ok_or(ConnectionDenied::Directory)
}

/// Which value of which claim gives which role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rule {
    pub(super) claim: String,
    pub(super) value: String,
    pub(super) role: RoleName,
}

impl Rule {
    /// Reads one as it was typed. Values are compared letter by letter, so no space is taken away from one.
    pub(super) fn read(claim: &str, value: &str, role: &str) -> Result<Self, ConnectionDenied> {
        let fits = |text: &str| !text.is_empty() && text.len() <= 200 && !text.chars().any(char::is_control);
        let claim = claim.trim();
        if !fits(claim) {
            return Err(ConnectionDenied::Rule(RuleDenied::Claim));
        }
        if !fits(value) {
            return Err(ConnectionDenied::Rule(RuleDenied::Value));
        }
        let role = role.parse().map_err(|_| ConnectionDenied::Rule(RuleDenied::Role))?;
        Ok(Self { claim: claim.to_owned(), value: value.to_owned(), role })
    }

    /// Whether it holds for these claims: the claim is this text, or a list with this text in it. `None` where the provider says that
    /// the claim was too long for it and is to be found elsewhere (OpenID Connect Core section 5.6.2).
    pub(super) fn holds(&self, claims: &Claims) -> Option<bool> {
        let is = |value: &Value| value.as_str() == Some(self.value.as_str());
        match claims.get(&self.claim) {
            Some(Value::Array(values)) => Some(values.iter().any(is)),
            Some(value) => Some(is(value)),
            None if claims.get("_claim_names").is_some_and(|names| names.get(&self.claim).is_some()) => None,
            None => Some(false),
        }
    }
}

/// The longest text that is kept of anything, in bytes.
const LONGEST: usize = 1000;
