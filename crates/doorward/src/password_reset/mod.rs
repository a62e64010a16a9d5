//! May somebody without the password set a new one? A link to the account's confirmed address says yes, once.
//!
//! - `password_reset/works-once`: A reset link works once, however many try it at the same moment.
//! - `password_reset/expires`: A reset link works for 30 minutes.
//! - `password_reset/newest-only`: Of several links for one account only the newest works.
//! - `password_reset/dies-with-recovery`: A link is void once the password is changed or all sessions are ended otherwise.
//! - `password_reset/says-nothing`: The answer is the same, to the byte, whether or not the address has an account.
//! - `password_reset/ends-sessions`: A reset ends every session of the account and voids logins under way.
//! - `password_reset/no-login`: A reset logs nobody in; the new password does.
//! - `password_reset/own-host`: The link leads to the configured site, whatever a request's headers say.
//! - `password_reset/mail-limit`: One account is sent at most three of these letters an hour.
//! - `password_reset/always-a-link`: However often strangers ask, the owner has a link that works or is sent one.
//! - `password_reset/way-out`: A reset works while guesses at the password are throttled, and ends the throttle.
//! - `password_reset/digest-at-rest`: The database never holds a link that works.
//! - `password_reset/told`: The owner is told by mail that the password was set.
//!
//! Against: somebody who reads the database, guesses links, replays one, races for one, poisons the `Host` header,
//! or wants to know who has an account. Who can read the account's mail can take the account: that is what it means.
//!
//! A request only orders a letter; the worker finds out whether there is anybody to write to. So there is nothing to
//! measure in the answer. The token is made when the letter is written and exists nowhere else.

mod flow;
pub(crate) mod http;
mod letters;
mod rules;
mod settings;
mod store;

pub(crate) use flow::{invite, send_after_voiding};
pub(crate) use letters::COMPOSERS;
pub use settings::Settings;
pub(crate) use store::{forget, purge};

use crate::base::db::Migration;

/// The tables of this feature.
pub(crate) const MIGRATIONS: &[Migration] =
    &[Migration { name: "0007_reset_tokens", sql: include_str!("0007_reset_tokens.sql") }];

#[cfg(test)]
mod tests;
