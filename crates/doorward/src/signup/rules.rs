//! Why a sign-up does not happen.

use axum::http::StatusCode;
use doorward_core::password::PasswordDenied;

use crate::{
    attempts::Throttled,
    guard::{Denial, Problem},
    passwords::{self, Busy},
};

/// A sign-up that was not begun.
#[derive(Clone, Copy, Debug)]
pub(crate) enum SignupDenied {
    /// The operator makes the accounts.
    Closed,
    /// The password is not one that can be set.
    Password(PasswordDenied),
    /// Too many requests from this machine.
    Throttled(Throttled),
    /// Too many passwords are being hashed.
    Busy(Busy),
}

impl Denial for SignupDenied {
    fn problem(&self) -> Problem {
        match self {
            Self::Closed => Problem::plain(
                StatusCode::FORBIDDEN,
                "signup_closed",
                "Sign-up is closed here. Ask the operator for an account.",
            ),
            Self::Password(denied) => passwords::refused("password", denied),
            Self::Throttled(throttled) => throttled.problem(),
            Self::Busy(busy) => busy.problem(),
        }
    }
}

/// A confirmation that was not accepted.
#[derive(Clone, Copy, Debug)]
pub(crate) enum ConfirmDenied {
    /// The link was used, is too old, or the address has an account by now.
    LinkSpent,
    /// This is not the password that was chosen when signing up.
    WrongPassword,
    /// Too many tries.
    Throttled(Throttled),
    /// Too many passwords are being checked.
    Busy(Busy),
}

impl Denial for ConfirmDenied {
    fn problem(&self) -> Problem {
        let spent = "This link does not work any more: it was used or is too old. Log in, or sign up again.";
        let wrong =
            "This is not the password that was chosen when signing up. If you have forgotten it, sign up again.";
        match self {
            Self::LinkSpent => Problem::plain(StatusCode::GONE, "link_spent", spent),
            Self::WrongPassword => Problem::plain(StatusCode::FORBIDDEN, "wrong_password", wrong),
            Self::Throttled(throttled) => throttled.problem(),
            Self::Busy(busy) => busy.problem(),
        }
    }
}
