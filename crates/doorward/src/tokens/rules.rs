//! Scopes, what a token is about, and why there is none.

use std::{collections::BTreeSet, fmt, time::Duration};

use axum::http::StatusCode;
use doorward_core::{AccountId, ClientId, Digest, FamilyId, Handle, Refresh, SessionId, TenantId, Timestamp};
use doorward_verify::Algorithm;

use super::Settings;
use crate::{
    base::lifetime::LEEWAY,
    clients::Client,
    guard::{Denial, Problem},
};

/// Scopes (RFC 6749 section 3.3), each once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Scopes(BTreeSet<String>);

impl Scopes {
    /// The scopes that are no permissions: those of OpenID Connect.
    pub(crate) const OPENID: [&'static str; 4] = ["openid", "profile", "email", "offline_access"];

    /// Reads scopes with spaces between; `None` when there are too many, or one is none in form.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let is_letter = |b: u8| matches!(b, 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
        let scopes: BTreeSet<_> = text.split(' ').filter(|scope| !scope.is_empty()).map(str::to_owned).collect();
        let fit =
            scopes.len() <= MOST_SCOPES && scopes.iter().all(|scope| scope.len() <= 64 && scope.bytes().all(is_letter));
        fit.then_some(Self(scopes))
    }

    /// Those that are names of permissions.
    pub(crate) fn permissions(&self) -> impl Iterator<Item = &str> {
        self.iter().filter(|scope| !Self::OPENID.contains(scope))
    }

    /// Whether one of them is asked for.
    pub(crate) fn has(&self, scope: &str) -> bool {
        self.0.contains(scope)
    }

    /// Whether all of them are among others.
    pub(crate) fn are_within(&self, others: &Self) -> bool {
        self.0.is_subset(&others.0)
    }

    /// These and others.
    #[must_use]
    pub(crate) fn and(&self, others: &Self) -> Self {
        Self(self.0.union(&others.0).cloned().collect())
    }

    /// Those for which this holds.
    #[must_use]
    pub(crate) fn filtered(&self, holds: impl Fn(&str) -> bool) -> Self {
        Self(self.0.iter().filter(|scope| holds(scope)).cloned().collect())
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// Whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, scope) in self.0.iter().enumerate() {
            write!(f, "{}{scope}", if at == 0 { "" } else { " " })?;
        }
        Ok(())
    }
}

const MOST_SCOPES: usize = 64;

/// Whom a token is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Subject {
    /// A person, for whom the client acts.
    Person(AccountId),
    /// The client itself.
    Client,
}

/// What a token is given to.
#[derive(Clone, Copy)]
pub(crate) enum Source<'a> {
    /// A client.
    Client(&'a Client),
    /// An API key of this name, which stands where a client's stands.
    Key(&'a ClientId),
}

impl<'a> Source<'a> {
    /// The name that the token says.
    pub(crate) fn id(self) -> &'a ClientId {
        match self {
            Self::Client(client) => &client.id,
            Self::Key(name) => name,
        }
    }

    /// Whether it may have this scope at all. What a key may have is asked before.
    pub(super) fn may_have(self, scope: &str) -> bool {
        match self {
            Self::Client(client) => client.scopes.iter().any(|allowed| allowed == scope),
            Self::Key(_) => true,
        }
    }

    /// How the token is signed.
    pub(super) fn algorithm(self) -> Algorithm {
        match self {
            Self::Client(client) => client.algorithm,
            Self::Key(_) => Algorithm::EdDsa,
        }
    }

    /// Whether it cannot prove that it is itself. Whoever has a key is whoever has it.
    pub(super) fn is_public(self) -> bool {
        match self {
            Self::Client(client) => client.is_public(),
            Self::Key(_) => true,
        }
    }
}

/// What a token is to say.
#[derive(Clone)]
pub(crate) struct About<'a> {
    pub(crate) client: Source<'a>,
    pub(crate) subject: Subject,
    /// The tenant in which the permissions among the scopes are meant.
    pub(crate) tenant: Option<TenantId>,
    pub(crate) scopes: &'a Scopes,
    /// For whom the token is.
    pub(crate) resource: &'a str,
    /// The key that its bearer must prove to have.
    pub(crate) thumbprint: Option<&'a str>,
    /// When the person proved themselves.
    pub(crate) authenticated_at: Option<Timestamp>,
}

/// What a client was given by a person and renews; one row, whatever number of tokens came of it.
pub(crate) struct Family {
    pub(crate) id: FamilyId,
    pub(super) handle: Handle,
    pub(super) digest: Digest<Refresh>,
    pub(super) parent: Option<Digest<Refresh>>,
    pub(super) generation: i64,
    pub(crate) client: ClientId,
    pub(crate) account: AccountId,
    pub(crate) tenant: Option<TenantId>,
    /// The session with which it ends; none when it was to stay without one.
    pub(crate) session: Option<SessionId>,
    pub(crate) scopes: Scopes,
    pub(crate) resource: String,
    pub(crate) thumbprint: Option<String>,
    pub(crate) authenticated_at: Timestamp,
    pub(crate) created_at: Timestamp,
    pub(crate) rotated_at: Timestamp,
    pub(crate) idle_until: Timestamp,
    pub(crate) expires_at: Timestamp,
}

/// Where in a family a token stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// It is the newest.
    Newest,
    /// It is the one before, and was replaced only a moment ago.
    JustReplaced,
    /// It was replaced: somebody has a copy.
    Replaced,
}

impl Family {
    /// Where the token with this digest stands.
    pub(super) fn place_of(&self, digest: &Digest<Refresh>, now: Timestamp, grace: Duration) -> Place {
        if self.digest.matches(digest) {
            return Place::Newest;
        }
        let is_parent = self.parent.as_ref().is_some_and(|parent| parent.matches(digest));
        // A clock that was set back does not make the moment longer.
        let just_now = self.rotated_at <= now.after(LEEWAY) && now.since(self.rotated_at) < grace;
        if is_parent && just_now { Place::JustReplaced } else { Place::Replaced }
    }

    /// Whether its time is over, or cannot be told because a clock was set back.
    pub(super) fn is_over(&self, now: Timestamp, settings: &Settings) -> bool {
        let (idle, absolute) = (settings.refresh_idle, settings.refresh_absolute);
        let future = |until: Timestamp, span: Duration| until > now.after(span).after(LEEWAY);
        now >= self.idle_until
            || now >= self.expires_at
            || future(self.idle_until, idle)
            || future(self.expires_at, absolute)
    }
}

/// Why there is no token. The words are those of RFC 6749 section 5.2 and of the RFCs beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TokenDenied {
    /// The request lacks something, or says it twice.
    Request(&'static str),
    /// What was to be exchanged is not there, over, spent, or another client's.
    Grant(&'static str),
    /// The client may not use this way.
    Unauthorized,
    /// There is no such way.
    UnsupportedGrant,
    /// A scope is none, not this client's, or not here.
    Scope(&'static str),
    /// The resource is none of this client's.
    Target,
    /// The proof of possession is absent or not good.
    Proof(&'static str),
}

impl Denial for TokenDenied {
    fn problem(&self) -> Problem {
        let no = |code, text: &str| Problem::plain(StatusCode::BAD_REQUEST, code, text);
        match self {
            Self::Request(text) => no("invalid_request", text),
            Self::Grant(text) => no("invalid_grant", text),
            Self::Unauthorized => no("unauthorized_client", "This client may not ask in this way."),
            Self::UnsupportedGrant => no("unsupported_grant_type", "There is no such grant_type here."),
            Self::Scope(text) => no("invalid_scope", text),
            Self::Target => no("invalid_target", "The resource is none that this client may ask tokens for."),
            Self::Proof(text) => no("invalid_dpop_proof", text),
        }
    }
}
