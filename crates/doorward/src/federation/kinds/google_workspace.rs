//! Google Workspace: the people of the domains that are listed, as Google says in the claim `hd`.
//!
//! The address alone would not do: anybody may make a Google account with an address of any domain.

use doorward_verify::jws::Claims;

use super::{
    super::{
        rules::{Reason, Said},
        settings::Written,
    },
    Kind, Mistake, Way, google,
};

pub(super) struct GoogleWorkspace;

impl Kind for GoogleWorkspace {
    fn name(&self) -> &'static str {
        "google-workspace"
    }

    fn label(&self) -> &'static str {
        "Google"
    }

    fn mark(&self) -> &'static str {
        google::MARK
    }

    fn keys(&self) -> &'static [&'static str] {
        &[]
    }

    fn way(&self, written: &Written) -> Result<Way, Mistake> {
        if written.domains.is_empty() {
            let cure = "List the domains of your organisation as Google knows them, such as [\"example.com\"].";
            return Err(Mistake("domains", "there is none, so anybody with a Google account could come in", cure));
        }
        Ok(Way::of_issuer(written.issuer_or(google::ISSUER)))
    }

    fn scopes(&self) -> &'static [&'static str] {
        &["email", "profile"]
    }

    fn parameters(&self, written: &Written) -> Vec<(&'static str, String)> {
        // It only chooses which accounts are offered; what counts is the claim that comes back.
        let hint = match written.domains.as_slice() {
            [domain] => domain.clone(),
            _ => "*".to_owned(),
        };
        [("hd", hint), ("prompt", "select_account".to_owned())].into_iter().chain(google::away(written)).collect()
    }

    fn issuer_of(&self, _: &Written, issuer: &str, claims: &Claims) -> Result<String, Reason> {
        Ok(google::spelled(issuer, claims))
    }

    fn organisation(&self, claims: &Claims) -> Option<String> {
        google::domain_of(claims)
    }

    fn names_domains(&self) -> bool {
        true
    }

    fn is_of_domain(&self, domain: &str, _: &Said, claims: Option<&Claims>) -> bool {
        let said = claims.and_then(|claims| claims.get("hd")).and_then(serde_json::Value::as_str);
        said.is_some_and(|said| said.eq_ignore_ascii_case(domain))
    }
}
