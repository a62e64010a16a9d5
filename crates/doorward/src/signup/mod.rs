//! How somebody becomes an account: address and password, a letter, and the password once more.
//!
//! - `signup/same-answer`: The answer is the same, to the byte, whether or not the address has an account.
//! - `signup/owner-told`: Who already has an account is told by mail that somebody tried to sign up.
//! - `signup/no-account-unverified`: There is no account before its address is confirmed.
//! - `signup/link-needs-password`: The link alone makes nothing; it takes the password that was chosen with it.
//! - `signup/works-once`: A confirmation link works once, however many try it at the same moment.
//! - `signup/expires`: A confirmation link works for 24 hours.
//! - `signup/newest-per-try`: Each try has a link of its own, and a try that succeeds voids all others for the address.
//! - `signup/mail-limit`: One address is sent at most three of these letters an hour.
//! - `signup/no-lockout`: Failures of strangers with the address do not keep its owner from confirming it.
//!
//! Against: enumeration, and those who sign up with somebody else's address and wait. A row that waits for the owner of
//! an address to confirm it would be theirs, with the attacker's password in it. Here a sign-up is not an account, and
//! whoever opens the link without having chosen the password can finish nothing ("pre-hijacking", USENIX Security 2022).

mod flow;
pub(crate) mod http;
mod letters;
mod rules;
mod settings;
mod store;

pub(crate) use letters::COMPOSERS;
pub use settings::Settings;
pub(crate) use store::{forget, forget_all, purge};

use crate::base::db::Migration;

/// The tables of this feature.
pub(crate) const MIGRATIONS: &[Migration] =
    &[Migration { name: "0008_signups", sql: include_str!("0008_signups.sql") }];

#[cfg(test)]
mod tests;
