//! Has this person proved themselves in the last minutes? Asked before what a stolen session must not be able to do.
//!
//! - `reauthentication/recent`: What is guarded so is refused without a proof of the last five minutes.
//! - `reauthentication/new-id`: Proving oneself once more gives the session a new id; the old one is dead.
//! - `reauthentication/throttled`: A wrong password here counts like one at the login page.
//!
//! Against: a stolen cookie, an unlocked screen.

mod flow;
pub(crate) mod http;
mod rules;
mod settings;

pub(crate) use flow::{is_recent, is_within};
pub use settings::Settings;

#[cfg(test)]
mod tests;
