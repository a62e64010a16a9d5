//! What a client is.

use std::{collections::BTreeSet, fmt};

use axum::http::StatusCode;
use doorward_core::{ClientId, ClientSecret, Digest, TenantId, Timestamp};
use doorward_verify::{Algorithm, KeySet};
use serde_json::{Value, json};

use super::{redirects, registering::Mistake};
use crate::guard::{Denial, Problem};

/// A way to ask for tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grant {
    /// A person lets the client in (RFC 6749 section 4.1).
    AuthorizationCode,
    /// The client goes on without the person (RFC 6749 section 6).
    RefreshToken,
    /// The client acts for itself (RFC 6749 section 4.4).
    ClientCredentials,
    /// A person lets in a device that has no browser (RFC 8628).
    DeviceCode,
}

impl Grant {
    /// Every one there is.
    pub const ALL: [Self; 4] = [Self::AuthorizationCode, Self::RefreshToken, Self::ClientCredentials, Self::DeviceCode];

    /// The text of `grant_type`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AuthorizationCode => "authorization_code",
            Self::RefreshToken => "refresh_token",
            Self::ClientCredentials => "client_credentials",
            Self::DeviceCode => "urn:ietf:params:oauth:grant-type:device_code",
        }
    }

    /// How people write it: its name, and `device_code` for that of devices.
    pub const fn short_name(self) -> &'static str {
        match self {
            Self::DeviceCode => "device_code",
            other => other.name(),
        }
    }

    /// The grant of either name.
    pub fn named(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|grant| grant.name() == text || grant.short_name() == text)
    }
}

/// How a client proves that it is itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Authentication {
    /// Not at all: a public client, whose every copy is in the hands of somebody else (RFC 6749 section 2.1).
    None,
    /// With a secret that both know, in a header or in the body.
    Secret,
    /// With an assertion that it has signed (RFC 7523).
    PrivateKeyJwt,
}

impl Authentication {
    /// Every one there is.
    pub const ALL: [Self; 3] = [Self::None, Self::Secret, Self::PrivateKeyJwt];

    /// The stable name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Secret => "secret",
            Self::PrivateKeyJwt => "private_key_jwt",
        }
    }

    /// The one of this name.
    pub fn named(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.name() == text)
    }
}

/// A program that may ask for tokens.
pub struct Client {
    pub(crate) number: i64,
    /// Its name for programs.
    pub id: ClientId,
    /// Its name for people.
    pub name: String,
    /// How it proves that it is itself.
    pub authentication: Authentication,
    /// How it may ask.
    pub grants: BTreeSet<Grant>,
    /// What it may ask for: `openid`, `profile`, `email`, `offline_access`, and permissions.
    pub scopes: Vec<String>,
    /// For which audiences; the first one is meant when it names none.
    pub resources: Vec<String>,
    /// Where people are sent back to.
    pub redirect_uris: Vec<String>,
    /// Where they are sent after logging out.
    pub post_logout_redirect_uris: Vec<String>,
    /// Where it is told that somebody has logged out.
    pub backchannel_logout_uri: Option<String>,
    /// The tenant that it belongs to.
    pub tenant: Option<TenantId>,
    /// Whether it is our own, so that nobody is asked whether to let it in.
    pub trusted: bool,
    /// Whether its tokens are worth nothing without a proof of possession (RFC 9449).
    pub demands_dpop: bool,
    /// How its tokens are signed.
    pub algorithm: Algorithm,
    /// Since when there is a row for it; `None` when it is one of the settings.
    pub created_at: Option<Timestamp>,
    /// Since when it is kept out.
    pub disabled_at: Option<Timestamp>,
    /// The set of its keys as it was written; empty when it has none.
    pub keys: String,
    pub(super) key_set: KeySet,
    pub(super) secret: Option<Digest<ClientSecret>>,
    pub(super) secret_before: Option<Digest<ClientSecret>>,
    /// Until when the secret before works too; `None` for as long as there is one.
    pub secret_before_until: Option<Timestamp>,
}

impl Client {
    /// Whether people may be sent back to this address.
    pub(crate) fn redirects_to(&self, uri: &str) -> bool {
        self.redirect_uris.iter().any(|registered| redirects::same(registered, uri))
    }

    /// Whether people may be sent to this address after logging out.
    pub(crate) fn logs_out_to(&self, uri: &str) -> bool {
        self.post_logout_redirect_uris.iter().any(|registered| redirects::same(registered, uri))
    }

    /// Whether it may ask in this way.
    pub(crate) fn allows(&self, grant: Grant) -> bool {
        self.grants.contains(&grant)
    }

    /// Whether it cannot prove that it is itself.
    pub(crate) fn is_public(&self) -> bool {
        self.authentication == Authentication::None
    }

    /// The audience that is meant when it names none.
    pub(crate) fn first_resource(&self) -> &str {
        self.resources.first().map(String::as_str).unwrap_or_default()
    }

    /// The audience of this name, if it may ask for tokens for it; the first one when it names none.
    pub(crate) fn resource(&self, named: &str) -> Option<&str> {
        match named {
            "" => Some(self.first_resource()),
            named => self.resources.iter().map(String::as_str).find(|own| *own == named),
        }
    }

    /// Says which audience is meant by a client that was registered without any.
    pub(super) fn complete(&mut self, public_url: &str) {
        if self.resources.is_empty() {
            self.resources.push(public_url.to_owned());
        }
    }

    /// How it may ask, by the short names that people write.
    pub fn grant_names(&self) -> Vec<&'static str> {
        self.grants.iter().copied().map(Grant::short_name).collect()
    }

    /// All that is known of it but its secret, as JSON; `time` writes a moment.
    pub fn described(&self, time: impl Fn(Timestamp) -> Value) -> Value {
        json!({
            "id": self.id.as_str(),
            "name": self.name,
            "authentication": self.authentication.name(),
            "keys": self.keys,
            "grants": self.grant_names(),
            "scopes": self.scopes,
            "resources": self.resources,
            "redirect_uris": self.redirect_uris,
            "post_logout_redirect_uris": self.post_logout_redirect_uris,
            "backchannel_logout_uri": self.backchannel_logout_uri,
            "tenant": self.tenant.map(|tenant| tenant.to_string()),
            "trusted": self.trusted,
            "demands_dpop": self.demands_dpop,
            "algorithm": self.algorithm.name(),
            "of_settings": self.is_of_settings(),
            "created_at": self.created_at.map(&time),
            "disabled_at": self.disabled_at.map(&time),
            "secret_before_until": self.secret_before_until.map(&time),
        })
    }

    /// Whether it is one of the settings, which no command changes.
    pub fn is_of_settings(&self) -> bool {
        self.created_at.is_none()
    }

    /// Whether this is a digest of its secret, or of the one before while that works. Both are compared, whatever the first
    /// says, and with something also where there is none.
    pub(super) fn knows(&self, sent: &Digest<ClientSecret>, now: Timestamp) -> bool {
        let is_one = |secret: &Option<Digest<ClientSecret>>| matches(secret.as_ref(), sent);
        let [current, before] = [is_one(&self.secret), is_one(&self.secret_before)];
        let before_works = self.secret_before_until.is_none_or(|until| now < until);
        self.authentication == Authentication::Secret && (current | (before & before_works))
    }
}

/// Compares what was sent with a secret, or with something else where there is none.
pub(super) fn matches(secret: Option<&Digest<ClientSecret>>, sent: &Digest<ClientSecret>) -> bool {
    let is_same = secret.unwrap_or(sent).matches(sent);
    is_same & secret.is_some()
}

/// Whether a client is kept out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Disabled {
    /// From now on.
    Yes,
    /// Not any more.
    No,
}

/// How the names begin under which API keys stand in tokens; no client has one.
pub(crate) const OF_KEYS: &str = "key-";

/// Why nothing was done to a client.
#[derive(Clone, Debug)]
pub(crate) enum ClientDenied {
    /// There is none of this name.
    NoSuchClient,
    /// It is one of the settings.
    OfSettings,
    /// Its name is taken, by a row or by the settings.
    Taken,
    /// It has no secret that could be rotated.
    NoSecret,
    /// It belongs to a tenant that is not there.
    NoSuchTenant,
    /// It cannot be registered so.
    Mistakes(Vec<Mistake>),
}

impl Denial for ClientDenied {
    fn problem(&self) -> Problem {
        match self {
            Self::NoSuchClient => {
                Problem::plain(StatusCode::NOT_FOUND, "no_such_client", "There is no such client, or not any more.")
            }
            Self::OfSettings => {
                let text = "This client stands in the settings. Change it there and restart.";
                Problem::plain(StatusCode::CONFLICT, "client_of_settings", text)
            }
            Self::Taken => {
                let text = "There is a client of this name, here or in the settings. Choose another one.";
                Problem { status: StatusCode::CONFLICT, ..Problem::field("id", "client_id_taken", text) }
            }
            Self::NoSecret => {
                let text = "This client proves itself without a secret, so there is none to rotate.";
                Problem::plain(StatusCode::CONFLICT, "no_client_secret", text)
            }
            Self::NoSuchTenant => Problem::field("tenant", "no_such_tenant", "There is no such tenant."),
            Self::Mistakes(mistakes) => Mistake::problem(mistakes),
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("id", &self.id).finish_non_exhaustive()
    }
}
