//! What a client asks a person for, and how it may be asked.

use std::sync::Arc;

use axum::http::StatusCode;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use doorward_core::{AccountId, ClientId, SessionId, TenantId, Timestamp};
use sha2::{Digest, Sha256};

use crate::{
    clients::{Client, Grant},
    guard::{Denial, Problem},
    tenants::Named,
    tokens::Scopes,
};

/// The parameters of an authorization request (RFC 6749 section 4.1.1 and the RFCs beside it), as they came.
#[derive(Clone, Debug, Default)]
pub(crate) struct Parameters {
    pub(crate) response_type: String,
    pub(crate) response_mode: String,
    pub(crate) client_id: String,
    pub(crate) redirect_uri: String,
    pub(crate) scope: String,
    pub(crate) state: String,
    pub(crate) code_challenge: String,
    pub(crate) code_challenge_method: String,
    pub(crate) nonce: String,
    pub(crate) prompt: String,
    pub(crate) max_age: String,
    pub(crate) resource: String,
    pub(crate) tenant: String,
    pub(crate) dpop_jkt: String,
    pub(crate) request: String,
    pub(crate) request_uri: String,
}

impl Parameters {
    /// All of them by name, for a form that sends them again and for a request that is pushed.
    pub(crate) fn pairs(&self) -> [(&'static str, &str); 16] {
        [
            ("response_type", &self.response_type),
            ("response_mode", &self.response_mode),
            ("client_id", &self.client_id),
            ("redirect_uri", &self.redirect_uri),
            ("scope", &self.scope),
            ("state", &self.state),
            ("code_challenge", &self.code_challenge),
            ("code_challenge_method", &self.code_challenge_method),
            ("nonce", &self.nonce),
            ("prompt", &self.prompt),
            ("max_age", &self.max_age),
            ("resource", &self.resource),
            ("tenant", &self.tenant),
            ("dpop_jkt", &self.dpop_jkt),
            ("request", &self.request),
            ("request_uri", &self.request_uri),
        ]
    }

    /// The same as a query.
    pub(crate) fn query(&self) -> String {
        let pairs = self.pairs();
        let said = pairs.iter().filter(|(_, value)| !value.is_empty());
        url::form_urlencoded::Serializer::new(String::new()).extend_pairs(said).finish()
    }

    /// Reads what [`Parameters::query`] has written.
    pub(crate) fn of_query(query: &str) -> Self {
        let mut parameters = Self::default();
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            if let Some(place) = parameters.place(&name) {
                *place = value.into_owned();
            }
        }
        parameters
    }

    fn place(&mut self, name: &str) -> Option<&mut String> {
        Some(match name {
            "response_type" => &mut self.response_type,
            "response_mode" => &mut self.response_mode,
            "client_id" => &mut self.client_id,
            "redirect_uri" => &mut self.redirect_uri,
            "scope" => &mut self.scope,
            "state" => &mut self.state,
            "code_challenge" => &mut self.code_challenge,
            "code_challenge_method" => &mut self.code_challenge_method,
            "nonce" => &mut self.nonce,
            "prompt" => &mut self.prompt,
            "max_age" => &mut self.max_age,
            "resource" => &mut self.resource,
            "tenant" => &mut self.tenant,
            "dpop_jkt" => &mut self.dpop_jkt,
            "request" => &mut self.request,
            "request_uri" => &mut self.request_uri,
            _ => return None,
        })
    }
}

/// Where the answer goes: the client is known and the address is its own, so that an error may be told there.
#[derive(Clone)]
pub(crate) struct Back {
    pub(crate) client: Arc<Client>,
    pub(crate) redirect_uri: String,
    pub(crate) state: String,
}

impl Back {
    /// The address that brings an answer to the client, with our name in it (RFC 9207).
    pub(crate) fn with(&self, issuer: &str, answer: &[(&str, &str)]) -> String {
        let mut said = url::form_urlencoded::Serializer::new(String::new());
        said.extend_pairs(answer);
        if !self.state.is_empty() {
            said.append_pair("state", &self.state);
        }
        said.append_pair("iss", issuer);
        let joint = if self.redirect_uri.contains('?') { '&' } else { '?' };
        format!("{}{joint}{}", self.redirect_uri, said.finish())
    }
}

/// How the person is to be asked (OpenID Connect Core section 3.1.2.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Prompt {
    /// Not at all: whatever would need a page is an error.
    pub(crate) none: bool,
    /// For a new proof.
    pub(crate) login: bool,
    /// Whether they agree, also when they have before.
    pub(crate) consent: bool,
}

/// What a client asks for, found sound.
#[derive(Clone)]
pub(crate) struct Wanted {
    pub(crate) back: Back,
    pub(crate) scopes: Scopes,
    pub(crate) resource: String,
    /// The tenant that the client names, or its own.
    pub(crate) tenant: Option<Named>,
    pub(crate) challenge: String,
    pub(crate) nonce: Option<String>,
    pub(crate) prompt: Prompt,
    /// How many seconds old the last proof may be.
    pub(crate) max_age: Option<u64>,
    pub(crate) thumbprint: Option<String>,
}

/// An error that is told to the client (RFC 6749 section 4.1.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Told(pub(crate) &'static str, pub(crate) &'static str);

const NO_PKCE: Told = Told("invalid_request", "code_challenge with code_challenge_method=S256 is required.");

impl Wanted {
    /// Judges what a client asks for, once it is known where the answer goes.
    pub(crate) fn judge(back: Back, asked: &Parameters) -> Result<Self, Told> {
        let client = Arc::clone(&back.client);
        if !asked.request.is_empty() {
            return Err(Told("request_not_supported", "Request objects are not taken; push the request instead."));
        }
        if asked.response_type != "code" {
            return Err(Told("unsupported_response_type", "response_type must be code."));
        }
        if !["", "query"].contains(&asked.response_mode.as_str()) {
            return Err(Told("invalid_request", "response_mode must be query."));
        }
        if !client.allows(Grant::AuthorizationCode) {
            return Err(Told("unauthorized_client", "This client may not ask people to let it in."));
        }
        if asked.code_challenge_method != "S256" || !is_digest(&asked.code_challenge) {
            return Err(NO_PKCE);
        }
        let scopes = scopes(&client, &asked.scope)?;
        let no_target = Told("invalid_target", "The resource is none that this client may ask tokens for.");
        let resource = client.resource(&asked.resource).ok_or(no_target)?.to_owned();
        let thumbprint = Some(asked.dpop_jkt.clone()).filter(|thumbprint| !thumbprint.is_empty());
        if thumbprint.as_deref().is_some_and(|thumbprint| !is_digest(thumbprint)) {
            return Err(Told("invalid_request", "dpop_jkt is no thumbprint."));
        }
        Ok(Self {
            scopes,
            resource,
            tenant: tenant(&client, &asked.tenant)?,
            challenge: asked.code_challenge.clone(),
            nonce: nonce(&asked.nonce)?,
            prompt: prompt(&asked.prompt)?,
            max_age: max_age(&asked.max_age)?,
            thumbprint,
            back,
        })
    }

    /// Whether the token would be about a tenant.
    pub(crate) fn needs_tenant(&self) -> bool {
        self.scopes.permissions().next().is_some()
    }
}

/// The scopes that are asked for; all of the client's when none is.
pub(crate) fn scopes(client: &Client, asked: &str) -> Result<Scopes, Told> {
    let own = Scopes::parse(&client.scopes.join(" ")).unwrap_or_default();
    let scopes = Scopes::parse(asked).ok_or(Told("invalid_scope", "The scopes are malformed, or too many."))?;
    match scopes.is_empty() {
        true => Ok(own),
        false if scopes.are_within(&own) => Ok(scopes),
        false => Err(Told("invalid_scope", "A scope is asked for that this client may not have.")),
    }
}

/// The tenant that is meant. A client that belongs to one asks about no other.
fn tenant(client: &Client, asked: &str) -> Result<Option<Named>, Told> {
    let named = match asked {
        "" => None,
        text => Some(text.parse::<Named>().map_err(|()| Told("invalid_request", "tenant is no slug and no id."))?),
    };
    match (client.tenant, named) {
        (None, named) => Ok(named),
        (Some(own), None) => Ok(Some(Named::Id(own))),
        (Some(own), Some(Named::Id(named))) if own == named => Ok(Some(Named::Id(own))),
        (Some(_), Some(_)) => Err(Told("invalid_request", "This client belongs to another tenant; leave tenant out.")),
    }
}

fn nonce(text: &str) -> Result<Option<String>, Told> {
    match text.len() {
        0 => Ok(None),
        1..=256 => Ok(Some(text.to_owned())),
        _ => Err(Told("invalid_request", "The nonce is longer than 256 bytes.")),
    }
}

fn prompt(text: &str) -> Result<Prompt, Told> {
    let mut prompt = Prompt::default();
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        match word {
            "none" => prompt.none = true,
            "login" => prompt.login = true,
            "consent" => prompt.consent = true,
            // One browser is one person here; who wants to be somebody else logs out.
            "select_account" => {}
            _ => return Err(Told("invalid_request", "There is no such prompt.")),
        }
    }
    match prompt.none && text.trim() != "none" {
        true => Err(Told("invalid_request", "prompt=none goes with no other.")),
        false => Ok(prompt),
    }
}

fn max_age(text: &str) -> Result<Option<u64>, Told> {
    match text {
        "" => Ok(None),
        text => text.parse().map(Some).map_err(|_| Told("invalid_request", "max_age is no number of seconds.")),
    }
}

/// Whether a text is a SHA-256 digest in base64url.
fn is_digest(text: &str) -> bool {
    text.len() == 43 && URL_SAFE_NO_PAD.decode(text).is_ok_and(|bytes| bytes.len() == 32)
}

/// Whether a verifier is the one of a challenge (RFC 7636 section 4.6).
pub(super) fn verifies(verifier: &str, challenge: &str) -> bool {
    let is_letter = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~');
    let formed = (43..=128).contains(&verifier.len()) && verifier.bytes().all(is_letter);
    formed && doorward_core::same_text(&URL_SAFE_NO_PAD.encode(Sha256::digest(verifier)), challenge)
}

/// A code as it is stored: what the person has agreed to, and under which circumstances.
pub(crate) struct Agreed {
    pub(crate) client: ClientId,
    pub(crate) account: AccountId,
    pub(crate) epoch: i64,
    pub(crate) session: SessionId,
    pub(crate) tenant: Option<TenantId>,
    pub(crate) scopes: Scopes,
    pub(crate) resource: String,
    pub(crate) authenticated_at: Timestamp,
}

/// What only a code knows.
pub(crate) struct Bound {
    pub(crate) redirect_uri: String,
    pub(crate) challenge: String,
    pub(crate) nonce: Option<String>,
    pub(crate) thumbprint: Option<String>,
}

/// What a person remembers having agreed to.
#[derive(Clone, Debug)]
pub(crate) struct Consent {
    pub(crate) client: ClientId,
    pub(crate) tenant: Option<TenantId>,
    pub(crate) scopes: Scopes,
    pub(crate) given_at: Timestamp,
}

/// Why a person is not asked, and the client not told: nobody knows where the answer would go.
#[derive(Clone, Copy, Debug)]
pub(crate) enum AskDenied {
    /// There is no such client, or it was disabled.
    NoSuchClient,
    /// The address is none of the client's.
    ForeignAddress,
    /// The request that was pushed is over, spent, or another client's.
    NoSuchRequest,
    /// Nothing waits under this code of a device.
    NoSuchCode,
    /// The person belongs to no such tenant.
    NoSuchTenant,
    /// The person has not said which tenant is meant.
    TenantMissing,
    /// Too many codes of devices were entered.
    Throttled(crate::attempts::Throttled),
}

impl Denial for AskDenied {
    fn problem(&self) -> Problem {
        let no = |code, text: &str| Problem::plain(StatusCode::BAD_REQUEST, code, text);
        match self {
            Self::NoSuchClient => {
                no("unknown_client", "The app that sent you here is not known. Go back to it and tell whoever runs it.")
            }
            Self::ForeignAddress => {
                let text = "The app that sent you here wants an answer at an address that it has not registered. \
                    Nothing was sent there. Tell whoever runs it.";
                no("redirect_uri_mismatch", text)
            }
            Self::NoSuchRequest => {
                no("request_expired", "What the app asked for is over. Go back to it and begin again.")
            }
            Self::NoSuchCode => {
                let text = "Nothing waits under this code. Look at the device once more; the code may be too old.";
                Problem::field("user_code", "no_such_code", text)
            }
            Self::NoSuchTenant => crate::tenants::no_such_tenant(),
            Self::TenantMissing => Problem::field("tenant", "tenant_missing", "Choose the organisation that is meant."),
            Self::Throttled(throttled) => throttled.problem(),
        }
    }
}
