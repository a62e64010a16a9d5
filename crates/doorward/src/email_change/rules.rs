//! Why an address does not change.

use axum::http::StatusCode;

use crate::{
    attempts::Throttled,
    guard::{Denial, Problem},
};

/// A change that was not begun, or not done.
#[derive(Clone, Copy, Debug)]
pub(crate) enum ChangeDenied {
    /// Enough letters in this hour.
    Throttled(Throttled),
    /// The link was used, replaced or voided, is too old, belongs to another account, or the address was taken meanwhile.
    LinkSpent,
    /// The session ended meanwhile.
    SessionEnded,
}

impl Denial for ChangeDenied {
    fn problem(&self) -> Problem {
        let spent = "This link does not work here: it was used, is too old, or belongs to another account than the one that is logged in.";
        match self {
            Self::Throttled(throttled) => throttled.problem(),
            Self::LinkSpent => Problem::plain(StatusCode::GONE, "link_spent", spent),
            Self::SessionEnded => Problem::plain(
                StatusCode::UNAUTHORIZED,
                "not_signed_in",
                "You have been logged out meanwhile. Log in again.",
            ),
        }
    }
}
