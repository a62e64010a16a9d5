//! The policy, the proof, and the words for what is refused.

use axum::http::StatusCode;
use doorward_core::{
    EmailAddress, Timestamp,
    password::{Context, Password, PasswordDenied, PasswordHash, Policy},
};

use super::Settings;
use crate::{
    accounts::Standing,
    attempts::Refund,
    guard::{Denial, Problem},
    ladder::{Factor, FirstFactor},
};

/// Proof that somebody knows the account's password; made by `check` alone.
pub(crate) struct PasswordProof {
    standing: Standing,
    at: Timestamp,
}

/// The right password, and what to store when its hash is outdated.
pub(crate) struct Right {
    pub(crate) proof: PasswordProof,
    pub(crate) renewed: Option<PasswordHash>,
    pub(crate) refund: Refund,
}

impl PasswordProof {
    pub(super) fn new(standing: Standing, at: Timestamp) -> Self {
        Self { standing, at }
    }
}

impl FirstFactor for PasswordProof {
    fn factor(&self) -> Factor {
        Factor::Password
    }

    fn standing(&self) -> Standing {
        self.standing
    }

    fn proved_at(&self) -> Timestamp {
        self.at
    }
}

/// Reads a new password for `email` under the policy of the settings.
pub(crate) fn policy(
    settings: &Settings,
    service: &str,
    email: &EmailAddress,
    text: &str,
) -> Result<Password, PasswordDenied> {
    let bounds = |n: u32| u16::try_from(n).unwrap_or(u16::MAX);
    let policy = Policy::new(bounds(settings.min_length), bounds(settings.max_length)).unwrap_or(Policy::STANDARD);
    Password::new(text, &policy, &Context { service_name: service, email: email.as_str() })
}

/// The complaint about a new password in the field `field`.
pub(crate) fn refused(field: &'static str, denied: &PasswordDenied) -> Problem {
    let text = denied.to_string();
    let mut text = text.chars();
    let sentence = text.next().map(|first| first.to_uppercase().chain(text).collect::<String>()).unwrap_or_default();
    Problem::field(field, denied.code(), sentence)
}

/// A password that could not be changed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum ChangeDenied {
    /// The session ended while the new password was being hashed.
    SessionEnded,
    /// Too many passwords are being hashed.
    Busy(super::Busy),
}

impl Denial for ChangeDenied {
    fn problem(&self) -> Problem {
        match self {
            Self::SessionEnded => Problem::plain(
                StatusCode::UNAUTHORIZED,
                "not_signed_in",
                "You have been logged out meanwhile. Log in again.",
            ),
            Self::Busy(busy) => busy.problem(),
        }
    }
}
