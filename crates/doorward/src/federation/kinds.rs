//! What makes one provider different from another. A new kind is one file here and its line in [`KINDS`].

mod apple;
mod entra;
mod github;
mod gitlab;
mod google;
mod google_workspace;
mod oauth2;
mod openid;

use doorward_core::Timestamp;
use doorward_verify::jws::Claims;
use serde_json::Value;
use url::Url;

use super::{
    rules::{Reason, Said},
    settings::Written,
};

/// The kinds that there are.
pub(super) const KINDS: [&dyn Kind; 8] = [
    &google::Google,
    &google_workspace::GoogleWorkspace,
    &github::GitHub,
    &entra::Entra,
    &gitlab::GitLab,
    &apple::Apple,
    &openid::OpenId,
    &oauth2::OAuth2,
];

/// A kind of provider.
pub(super) trait Kind: Send + Sync + 'static {
    /// How the settings call it.
    fn name(&self) -> &'static str;

    /// How people call it.
    fn label(&self) -> &'static str;

    /// The mark on its button: an SVG without a style.
    fn mark(&self) -> &'static str;

    /// The keys of the settings that it reads besides those of every provider.
    fn keys(&self) -> &'static [&'static str];

    /// Where it is and how it is spoken to; or what is wrong with what was written.
    fn way(&self, written: &Written) -> Result<Way, Mistake>;

    /// What is asked for, besides `openid` where that is spoken.
    fn scopes(&self) -> &'static [&'static str];

    /// What else is said when somebody is sent there.
    fn parameters(&self, written: &Written) -> Vec<(&'static str, String)> {
        let _ = written;
        Vec::new()
    }

    /// Whether it makes its secret from a key, so that none is written.
    fn makes_its_secret(&self) -> bool {
        false
    }

    /// The secret that we prove ourselves with; `None` when it cannot be made.
    fn secret(&self, written: &Written, now: Timestamp) -> Option<String> {
        let _ = now;
        written.client_secret.get()?.expose_text().map(|text| text.trim().to_owned())
    }

    /// Whether it can be asked to prove somebody anew, and says when it did.
    fn proves_anew(&self) -> bool {
        false
    }

    /// The issuer that an ID token with these claims must name, where the one that is written is `issuer`.
    fn issuer_of(&self, written: &Written, issuer: &str, claims: &Claims) -> Result<String, Reason> {
        let _ = (written, claims);
        Ok(issuer.to_owned())
    }

    /// Whether somebody is of this domain: by the address, where the kind knows nothing better.
    fn is_of_domain(&self, domain: &str, said: &Said, claims: Option<&Claims>) -> bool {
        let _ = claims;
        let address = said.vouched_address().and_then(|address| address.as_str().split_once('@'));
        address.is_some_and(|(_, of)| of.eq_ignore_ascii_case(domain))
    }

    /// Whether it vouches that the address in these claims belongs to the person.
    fn vouches(&self, claims: &Claims) -> bool {
        claims.get("email_verified") == Some(&Value::Bool(true))
    }

    /// What it calls the organisation that somebody is of, where the organisation itself has a say in who that is.
    fn organisation(&self, claims: &Claims) -> Option<String> {
        let _ = claims;
        None
    }

    /// Whether it says of its people which organisation they are of, and that is a domain.
    fn names_domains(&self) -> bool {
        false
    }

    /// What its documents say about somebody, where no ID token does.
    fn read(&self, written: &Written, issuer: &str, documents: &[Value]) -> Result<Said, Reason> {
        let _ = (written, issuer, documents);
        Err(Reason::UserinfoMalformed)
    }
}

/// How a provider is spoken to.
#[derive(Clone, Debug)]
pub(super) enum Way {
    /// OpenID Connect, with everything else in the document below `place`, which must name `issuer`.
    OpenId { place: String, issuer: String },
    /// OAuth 2: these addresses, and documents about the person that their token opens.
    OAuth { issuer: String, authorization: Url, token: Url, documents: Vec<Url> },
}

impl Way {
    /// OpenID Connect at an issuer whose address is its name, as nearly all are.
    pub(super) fn of_issuer(issuer: &str) -> Self {
        Self::OpenId { place: issuer.to_owned(), issuer: issuer.to_owned() }
    }
}

/// What is wrong with what was written: the key, what it is, and the cure.
pub(super) struct Mistake(pub(super) &'static str, pub(super) &'static str, pub(super) &'static str);

/// Joins a path to the address of a provider.
pub(super) fn below(base: &str, path: &str) -> Result<Url, Mistake> {
    let problem = "it is no address";
    Url::parse(&format!("{}{path}", base.trim_end_matches('/')))
        .map_err(|_| Mistake("issuer", problem, "Write https:// and the name of a host."))
}

/// A text of a document that says anything.
pub(super) fn text<'d>(document: &'d Value, name: &str) -> Option<&'d str> {
    document.get(name)?.as_str().filter(|text| !text.is_empty())
}
