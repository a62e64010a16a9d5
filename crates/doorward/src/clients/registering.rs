//! What may be registered: texts, from wherever they come, judged in one place, with every mistake told at once.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use doorward_core::{ClientId, TenantId};
use doorward_verify::{Algorithm, KeySet};
use serde_json::Value;

use super::{
    redirects::{self, Kind, Unfit, Whose},
    rules::{Authentication, Client, Grant, OF_KEYS},
};
use crate::{
    base::{problem::Item, settings::SettingsError},
    guard::Problem,
    policy::Policy,
    tenants::display_name,
};

/// A client as it is written down, before it was judged.
#[derive(Clone, Debug, Default)]
pub struct Registration {
    /// Its name for programs; empty for one that is made up.
    pub id: String,
    /// Its name for people.
    pub name: String,
    /// `none`, `secret` or `private_key_jwt`.
    pub authentication: String,
    /// For `private_key_jwt`: a JSON Web Key Set with its public keys.
    pub keys: String,
    /// `authorization_code`, `refresh_token`, `client_credentials`, `device_code`.
    pub grants: Vec<String>,
    /// `openid`, `profile`, `email`, `offline_access`, and permissions.
    pub scopes: Vec<String>,
    /// The audiences that it may name; none for the public URL of the site.
    pub resources: Vec<String>,
    /// Where people are sent back to.
    pub redirect_uris: Vec<String>,
    /// Where they are sent after logging out.
    pub post_logout_redirect_uris: Vec<String>,
    /// Where it is told that somebody has logged out; empty for nowhere.
    pub backchannel_logout_uri: String,
    /// The tenant that it belongs to.
    pub tenant: Option<TenantId>,
    /// Whether it is our own, so that nobody is asked.
    pub trusted: bool,
    /// Whether its tokens need a proof of possession.
    pub demands_dpop: bool,
    /// How its tokens are signed: `EdDSA`, which empty means too, or `ES256`.
    pub algorithm: String,
}

/// Something that cannot be registered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mistake {
    /// The field.
    pub(super) field: &'static str,
    /// What is wrong with it.
    pub(super) problem: String,
    /// What to do about it.
    pub(super) cure: String,
}

impl Mistake {
    pub(super) fn new(field: &'static str, problem: impl Into<String>, cure: impl Into<String>) -> Self {
        Self { field, problem: problem.into(), cure: cure.into() }
    }

    /// The mistakes as a form shows them.
    pub(super) fn problem(mistakes: &[Self]) -> Problem {
        let text = |one: &Self| format!("{}. {}", one.problem, one.cure);
        let items = mistakes.iter().map(|one| Item { field: one.field, text: text(one) }).collect();
        Problem { status: StatusCode::UNPROCESSABLE_ENTITY, code: "client_invalid", items, retry_after: None }
    }
}

/// What a registration is judged by.
#[derive(Clone, Copy)]
pub(super) struct Surroundings<'s> {
    pub(super) policy: &'s Policy,
    pub(super) public_url: &'s str,
}

/// Judges a registration and makes a client of it, without a secret yet.
pub(super) fn judge(id: ClientId, written: &Registration, by: Surroundings<'_>) -> Result<Client, Vec<Mistake>> {
    let mut judge = Judge { written, by, mistakes: Vec::new() };
    if id.as_str().starts_with(OF_KEYS) {
        judge.wrong("id", format!("Names that begin with `{OF_KEYS}` are those of API keys"), "Choose another one.");
    }
    let name = judge.name();
    let authentication = judge.authentication();
    let (keys, key_set) = judge.keys(authentication);
    let grants = judge.grants(authentication);
    let scopes = judge.scopes(&grants);
    let redirect_uris = judge.redirect_uris(authentication, &grants);
    let algorithm = judge.algorithm();
    let client = Client {
        number: 0,
        id,
        name,
        authentication,
        grants,
        scopes,
        redirect_uris,
        resources: judge.resources(),
        post_logout_redirect_uris: judge.post_logout_redirect_uris(authentication),
        backchannel_logout_uri: judge.backchannel_logout_uri(),
        tenant: written.tenant,
        trusted: written.trusted,
        demands_dpop: written.demands_dpop,
        algorithm,
        created_at: None,
        disabled_at: None,
        keys,
        key_set,
        secret: None,
        secret_before: None,
        secret_before_until: None,
    };
    if judge.mistakes.is_empty() { Ok(client) } else { Err(judge.mistakes) }
}

struct Judge<'j> {
    written: &'j Registration,
    by: Surroundings<'j>,
    mistakes: Vec<Mistake>,
}

impl Judge<'_> {
    fn wrong(&mut self, field: &'static str, problem: impl Into<String>, cure: impl Into<String>) {
        self.mistakes.push(Mistake::new(field, problem, cure));
    }

    fn name(&mut self) -> String {
        display_name(&self.written.name).unwrap_or_else(|| {
            self.wrong("name", "A name has 1 to 100 characters", "People see it when they let the client in.");
            String::new()
        })
    }

    fn authentication(&mut self) -> Authentication {
        Authentication::named(&self.written.authentication).unwrap_or_else(|| {
            let cure = "Write `secret`, `private_key_jwt`, or `none` for a public client.";
            self.wrong("authentication", "It does not say how the client proves itself", cure);
            Authentication::None
        })
    }

    fn keys(&mut self, authentication: Authentication) -> (String, KeySet) {
        let text = self.written.keys.trim();
        match (authentication, text.is_empty()) {
            (Authentication::PrivateKeyJwt, _) => match key_set(text) {
                Some(set) => return (text.to_owned(), set),
                None => self.wrong("keys", "These are no keys of a client", KEYS),
            },
            (_, false) => self.wrong("keys", "Keys are for `private_key_jwt`", "Remove them."),
            (_, true) => {}
        }
        (String::new(), KeySet::default())
    }

    fn grants(&mut self, authentication: Authentication) -> BTreeSet<Grant> {
        let mut grants = BTreeSet::new();
        for name in &self.written.grants {
            match Grant::named(name) {
                Some(grant) => _ = grants.insert(grant),
                None => {
                    let known = Grant::ALL.map(Grant::short_name).join(", ");
                    let cure = format!("There are: {known}.");
                    self.wrong("grants", format!("`{}` is no grant", shown(name)), cure);
                }
            }
        }
        let has = |grant| grants.contains(&grant);
        if self.written.grants.is_empty() {
            self.wrong("grants", "A client needs a grant", "Name at least one, such as `authorization_code`.");
        }
        if has(Grant::ClientCredentials) && authentication == Authentication::None {
            let problem = "A public client has nothing to prove itself with";
            self.wrong("grants", problem, "Remove `client_credentials`, or give the client a secret or a key.");
        }
        if has(Grant::RefreshToken) && !has(Grant::AuthorizationCode) && !has(Grant::DeviceCode) {
            let problem = "`refresh_token` goes on with what `authorization_code` or `device_code` began";
            self.wrong("grants", problem, "Add one of them.");
        }
        grants
    }

    fn scopes(&mut self, grants: &BTreeSet<Grant>) -> Vec<String> {
        let scopes = listed(&self.written.scopes);
        let is_permission = |scope: &String| self.by.policy.permission(scope).is_some();
        let unknown = scopes.iter().find(|scope| !OPENID.contains(&scope.as_str()) && !is_permission(scope));
        let asks_for_permissions = scopes.iter().any(is_permission);
        if let Some(unknown) = unknown {
            let cure =
                format!("There are {}, and the permissions of the policy, each by its whole name.", OPENID.join(", "));
            self.wrong("scopes", format!("`{}` is no scope", shown(unknown)), cure);
        }
        if scopes.len() > MOST {
            self.wrong("scopes", "There are too many", format!("Name at most {MOST}."));
        }
        if asks_for_permissions && grants.contains(&Grant::ClientCredentials) && self.written.tenant.is_none() {
            let problem = "A client that acts for itself has permissions in its own tenant only";
            let cure = "Name the tenant, or remove the permissions or the grant `client_credentials`.";
            self.wrong("tenant", problem, cure);
        }
        scopes
    }

    fn resources(&mut self) -> Vec<String> {
        let resources = listed(&self.written.resources);
        let wrong = resources.iter().find_map(|uri| Some((uri, redirects::judge_resource(uri).err()?)));
        self.complain("resources", wrong);
        self.limit("resources", resources.len());
        resources
    }

    fn redirect_uris(&mut self, authentication: Authentication, grants: &BTreeSet<Grant>) -> Vec<String> {
        let uris = listed(&self.written.redirect_uris);
        let judged: Vec<_> = uris.iter().map(|uri| redirects::judge(uri, whose(authentication))).collect();
        let wrong = uris.iter().zip(&judged).find_map(|(uri, judged)| Some((uri, judged.clone().err()?)));
        self.complain("redirect_uris", wrong);
        self.limit("redirect_uris", uris.len());
        match (grants.contains(&Grant::AuthorizationCode), uris.is_empty()) {
            (true, true) => self.wrong("redirect_uris", "`authorization_code` sends people back", "Say where to."),
            (false, false) => {
                self.wrong("redirect_uris", "They are for the grant `authorization_code`", "Remove them.")
            }
            _ => {}
        }
        // RFC 8252 section 8.6: any program on the device could ask in its name, and nobody would be asked.
        let anybodys = judged.iter().flatten().any(|kind| *kind != Kind::Web);
        if self.written.trusted && authentication == Authentication::None && anybodys {
            let problem = "Any program on a device can take itself for this client, so people have to be asked";
            self.wrong("trusted", problem, "Use https addresses only, or do not trust it.");
        }
        uris
    }

    fn post_logout_redirect_uris(&mut self, authentication: Authentication) -> Vec<String> {
        let uris = listed(&self.written.post_logout_redirect_uris);
        let judged = |uri| redirects::judge(uri, whose(authentication)).err();
        let wrong = uris.iter().find_map(|uri| Some((uri, judged(uri)?)));
        self.complain("post_logout_redirect_uris", wrong);
        self.limit("post_logout_redirect_uris", uris.len());
        uris
    }

    fn backchannel_logout_uri(&mut self) -> Option<String> {
        let uri = Some(self.written.backchannel_logout_uri.trim().to_owned()).filter(|uri| !uri.is_empty())?;
        let is_local_site = self.by.public_url.starts_with("http://");
        let wrong = redirects::judge_backchannel(&uri, is_local_site).err().map(|text| (&uri, text));
        self.complain("backchannel_logout_uri", wrong);
        Some(uri)
    }

    fn algorithm(&mut self) -> Algorithm {
        match self.written.algorithm.as_str() {
            "" | "EdDSA" => Algorithm::EdDsa,
            "ES256" => Algorithm::Es256,
            _ => {
                self.wrong("algorithm", "We do not sign with it", "Write `EdDSA` or `ES256`.");
                Algorithm::EdDsa
            }
        }
    }

    fn complain(&mut self, field: &'static str, wrong: Option<(&String, Unfit)>) {
        if let Some((uri, text)) = wrong {
            let (problem, cure) = text;
            self.wrong(field, format!("`{}` cannot be used: {problem}", shown(uri)), cure);
        }
    }

    fn limit(&mut self, field: &'static str, count: usize) {
        if count > MOST_URIS {
            self.wrong(field, "There are too many", format!("Name at most {MOST_URIS}."));
        }
    }
}

fn whose(authentication: Authentication) -> Whose {
    if authentication == Authentication::None { Whose::Public } else { Whose::Confidential }
}

/// The entries without white space around them, each once, in their order.
fn listed(written: &[String]) -> Vec<String> {
    let mut entries: Vec<String> = Vec::new();
    for entry in written.iter().map(|entry| entry.trim()).filter(|entry| !entry.is_empty()) {
        if !entries.iter().any(|known| known == entry) {
            entries.push(entry.to_owned());
        }
    }
    entries
}

/// What is wrong with audiences that another setting than a client's names.
pub(crate) fn unfit_resources(key: &str, resources: &[String]) -> Vec<SettingsError> {
    let wrong = resources.iter().filter_map(|uri| Some((uri, redirects::judge_resource(uri).err()?)));
    let told = wrong.map(|(uri, (problem, cure))| SettingsError {
        key: key.to_owned(),
        problem: format!("`{}` cannot be used: {problem}", shown(uri)),
        cure,
    });
    told.collect()
}

/// Reads the keys of a client. Every one must be of use: one that is left out would be missed when it is needed.
pub(super) fn key_set(text: &str) -> Option<KeySet> {
    let fits = text.len() <= 16 * 1024;
    let set = KeySet::parse(text).filter(|_| fits)?;
    let written: Value = serde_json::from_str(text).ok()?;
    let count = set.iter().count();
    let all = (1..=MOST_KEYS).contains(&count) && written["keys"].as_array()?.len() == count;
    all.then_some(set)
}

/// What was typed, short enough to be shown.
fn shown(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(80).collect()
}

/// The scopes that are no permissions.
pub(crate) const OPENID: [&str; 4] = ["openid", "profile", "email", "offline_access"];
const KEYS: &str = "Write a JSON Web Key Set with 1 to 10 public keys, each with a `kid`: Ed25519, P-256, P-384, or RSA of at least 2048 \
    bits, and without the private half.";
const MOST: usize = 128;
const MOST_URIS: usize = 20;
const MOST_KEYS: usize = 10;
