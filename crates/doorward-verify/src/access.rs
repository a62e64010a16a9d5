//! What a verified token says, and why one is refused.

use std::fmt;

/// What a verified token says. Only this crate makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AccessToken {
    /// For whom it is: the one of the verifier's audiences that it names.
    pub audience: String,
    /// The account that it is about, or the client itself.
    pub subject: String,
    /// The client that it was given to.
    pub client: String,
    /// Its own name, which no other token of the issuer has.
    pub id: String,
    /// The refresh token family that it came from.
    pub family: Option<String>,
    /// The tenant that its permissions hold in.
    pub tenant: Option<String>,
    /// What may be done in that tenant.
    pub permissions: Vec<String>,
    /// The scopes, with spaces between.
    pub scope: String,
    /// When it was made, in seconds since the epoch.
    pub issued_at: u64,
    /// When it ends, in seconds since the epoch.
    pub expires_at: u64,
    /// When the person proved themselves.
    pub authenticated_at: Option<u64>,
    /// The thumbprint of the key that its holder has to prove with each request (RFC 9449 section 6.1).
    pub key_thumbprint: Option<String>,
}

impl AccessToken {
    /// Whether it permits this in this tenant. The tenant is named by its id.
    pub fn permits(&self, tenant: &str, permission: &str) -> bool {
        self.tenant.as_deref() == Some(tenant) && self.permissions.iter().any(|held| held == permission)
    }

    /// Whether a client acts for itself, and no person is behind it. No account has the name of a client.
    pub fn is_of_client(&self) -> bool {
        self.subject == self.client
    }

    /// Whether it has this scope.
    pub fn has_scope(&self, scope: &str) -> bool {
        !scope.is_empty() && self.scope.split(' ').any(|held| held == scope)
    }
}

/// Why a token is not taken. For the log: whoever sent it learns no more than `invalid_token` (RFC 6750 section 3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// It is no token of ours in form.
    Malformed,
    /// It is another kind of token.
    OtherKind,
    /// The set has no key of this name. The set may be old: fetch it again, at most once a minute.
    UnknownKey,
    /// The algorithm is not the key's.
    OtherAlgorithm,
    /// The signature is not the key's.
    Forged,
    /// A claim is absent, twice there, empty, of another type than it must be, or makes no sense beside another.
    Claims,
    /// It is of another issuer.
    OtherIssuer,
    /// It is for another audience.
    OtherAudience,
    /// It is over.
    Expired,
    /// It has not begun.
    NotYet,
    /// It was revoked.
    Revoked,
    /// It is bound to a key that was not proved, or is bound to none although one was.
    OtherHolder,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "no token of this issuer in form",
            Self::OtherKind => "another kind of token",
            Self::UnknownKey => "no key of this name",
            Self::OtherAlgorithm => "not the algorithm of this key",
            Self::Forged => "not signed by this key",
            Self::Claims => "a claim is absent, repeated, of the wrong type or senseless",
            Self::OtherIssuer => "of another issuer",
            Self::OtherAudience => "for another audience",
            Self::Expired => "over",
            Self::NotYet => "not begun",
            Self::Revoked => "revoked",
            Self::OtherHolder => "not with the key that it is bound to",
        })
    }
}

impl std::error::Error for Refused {}
