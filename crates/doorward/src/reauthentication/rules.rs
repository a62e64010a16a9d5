//! When a proof is recent, and what is said when there is none.

use axum::http::StatusCode;
use doorward_core::Timestamp;

use super::Settings;
use crate::{
    attempts::Throttled,
    base::lifetime::LEEWAY,
    guard::{Denial, Problem},
    passwords::Busy,
};

/// Whether a proof made at `proved_at` still counts; one from the future does not.
pub(crate) fn is_recent(proved_at: Timestamp, now: Timestamp, settings: &Settings) -> bool {
    is_within(proved_at, now, settings.valid)
}

/// Whether a proof made at `proved_at` is younger than `span`.
pub(crate) fn is_within(proved_at: Timestamp, now: Timestamp, span: std::time::Duration) -> bool {
    proved_at <= now.after(LEEWAY) && now.since(proved_at) < span
}

/// Somebody did not prove themselves.
#[derive(Clone, Copy, Debug)]
pub(crate) enum ReauthenticationDenied {
    /// The password is wrong.
    WrongPassword,
    /// The session ended meanwhile.
    SessionEnded,
    /// Too many tries.
    Throttled(Throttled),
    /// Too many passwords are being checked.
    Busy(Busy),
}

impl Denial for ReauthenticationDenied {
    fn problem(&self) -> Problem {
        match self {
            Self::WrongPassword => {
                Problem::plain(StatusCode::FORBIDDEN, "wrong_password", "This is not the password of this account.")
            }
            Self::SessionEnded => Problem::plain(
                StatusCode::UNAUTHORIZED,
                "not_signed_in",
                "You have been logged out meanwhile. Log in again.",
            ),
            Self::Throttled(throttled) => throttled.problem(),
            Self::Busy(busy) => busy.problem(),
        }
    }
}
