//! What a login answers.

use axum::http::StatusCode;

use crate::{
    attempts::Throttled,
    guard::{Denial, Problem, SetCookie},
    passwords::Busy,
    sessions::Opened,
};

/// Somebody did not get in.
#[derive(Clone, Copy, Debug)]
pub(crate) enum LoginDenied {
    /// The address has no account, the password is wrong, or the account is disabled: nobody learns which.
    Wrong,
    /// Too many tries.
    Throttled(Throttled),
    /// Too many passwords are being checked.
    Busy(Busy),
}

impl Denial for LoginDenied {
    fn problem(&self) -> Problem {
        let text = "This address and password do not belong together. If you have just signed up, open the link in our email first.";
        match self {
            Self::Wrong => Problem::plain(StatusCode::UNAUTHORIZED, "login_failed", text),
            Self::Throttled(throttled) => throttled.problem(),
            Self::Busy(busy) => busy.problem(),
        }
    }
}

/// Somebody got in: the session, and the cookie of a device that is known from now on.
pub(crate) struct Entered {
    pub(crate) opened: Opened,
    pub(super) device: SetCookie,
}
