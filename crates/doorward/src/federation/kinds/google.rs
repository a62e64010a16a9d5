//! Google, for everybody who has an account there.

use doorward_core::DomainName;
use doorward_verify::jws::Claims;

use super::{
    super::{rules::Reason, settings::Written},
    Kind, Mistake, Way,
};

pub(super) struct Google;

impl Kind for Google {
    fn name(&self) -> &'static str {
        "google"
    }

    fn label(&self) -> &'static str {
        "Google"
    }

    fn mark(&self) -> &'static str {
        MARK
    }

    fn keys(&self) -> &'static [&'static str] {
        &[]
    }

    fn way(&self, written: &Written) -> Result<Way, Mistake> {
        Ok(Way::of_issuer(written.issuer_or(ISSUER)))
    }

    fn scopes(&self) -> &'static [&'static str] {
        &["email", "profile"]
    }

    fn parameters(&self, written: &Written) -> Vec<(&'static str, String)> {
        // Without it whoever is logged in to one account of several comes back with that one, unasked.
        [("prompt", "select_account".to_owned())].into_iter().chain(away(written)).collect()
    }

    fn issuer_of(&self, _: &Written, issuer: &str, claims: &Claims) -> Result<String, Reason> {
        Ok(spelled(issuer, claims))
    }

    fn organisation(&self, claims: &Claims) -> Option<String> {
        domain_of(claims)
    }

    fn names_domains(&self) -> bool {
        true
    }
}

/// The domain of the organisation that manages the account, as the claim `hd` says it; the address says nothing about that.
pub(super) fn domain_of(claims: &Claims) -> Option<String> {
    let said = claims.get("hd").and_then(serde_json::Value::as_str)?;
    DomainName::parse(said).ok().map(|domain| domain.to_string())
}

/// What Google is told when it is to go on while its person is away (Google, "Using OAuth 2.0 for web server applications").
pub(super) fn away(written: &Written) -> Option<(&'static str, String)> {
    written.keep_tokens.then(|| ("access_type", "offline".to_owned()))
}

/// Google's issuer may come without its scheme (Google, "OpenID Connect", "An ID token's payload").
pub(super) fn spelled(issuer: &str, claims: &Claims) -> String {
    let bare = issuer.trim_start_matches("https://").trim_start_matches("http://");
    let said = claims.get("iss").and_then(serde_json::Value::as_str);
    if said == Some(bare) { bare } else { issuer }.to_owned()
}

pub(super) const ISSUER: &str = "https://accounts.google.com";
pub(super) const MARK: &str = include_str!("google.svg");
