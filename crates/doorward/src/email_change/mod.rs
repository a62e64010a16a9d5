//! Does the new address belong to this account's person? A change asked for here, confirmed there.
//!
//! - `email_change/needs-proof`: Asking for a change needs a recent proof.
//! - `email_change/confirmed-there`: The address changes only when its link is opened in a session of the same account.
//! - `email_change/one-row`: A link confirms the address it was made for and no other, whatever was asked meanwhile.
//! - `email_change/old-told`: The old address is told when a change is asked for and when it is done.
//! - `email_change/says-nothing`: The answer is the same whether or not the new address has an account.
//! - `email_change/ends-others`: A change ends all other sessions and gives this one a new id.
//! - `email_change/old-links-void`: After a change no reset link that went to the old address works.
//! - `email_change/dies-with-recovery`: What ends all sessions (a reset, a new password) voids a change that waits.
//! - `email_change/mail-limit`: An account asks three times an hour, and an address is sent three letters of this kind.
//!
//! Against: a thief of a session who wants to keep the account, also beyond its recovery, links forwarded to somebody
//! else, races between two changes (Devise's CVE-2026-32700), and use as a sender of letters to strangers.

mod flow;
pub(crate) mod http;
mod letters;
mod rules;
mod settings;
mod store;

pub(crate) use flow::request;
pub(crate) use letters::COMPOSERS;
pub use settings::Settings;
pub(crate) use store::{forget, pending, purge};

use crate::base::db::Migration;

/// The tables of this feature.
pub(crate) const MIGRATIONS: &[Migration] =
    &[Migration { name: "0009_email_changes", sql: include_str!("0009_email_changes.sql") }];

#[cfg(test)]
mod tests;
