//! Why a reset does not happen.

use axum::http::StatusCode;
use doorward_core::password::PasswordDenied;

use crate::{
    guard::{Denial, Problem},
    passwords::{self, Busy},
};

/// A new password that was not set.
#[derive(Clone, Copy, Debug)]
pub(crate) enum ResetDenied {
    /// The link was used, replaced by a newer one, is too old, or never was one.
    LinkSpent,
    /// The new password is not one that can be set.
    Password(PasswordDenied),
    /// Too many passwords are being hashed; the link still works.
    Busy(Busy),
}

impl Denial for ResetDenied {
    fn problem(&self) -> Problem {
        let text =
            "This link does not work any more: it was used, is too old, or there is a newer one. Ask for a new link.";
        match self {
            Self::LinkSpent => Problem::plain(StatusCode::GONE, "link_spent", text),
            Self::Password(denied) => passwords::refused("new_password", denied),
            Self::Busy(busy) => busy.problem(),
        }
    }
}
