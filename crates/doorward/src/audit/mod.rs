//! Who did what, when, from where, with which result.
//!
//! An event is written in the transaction of what it reports: there is no change without its event and no event
//! without its change. Its fields are ids, addresses and words of this module, so a secret cannot be put in by type.
//!
//! - `audit/with-the-change`: An event is written in the transaction of what it reports.
//! - `audit/login-session`: The event of a login names the session that it opened and the factors that were proved.
//! - `audit/refused-links`: A link that works no more is recorded once, if it was ours; of any other text only a counter tells.
//! - `audit/foreign-session`: Who tries to end a session of somebody else is recorded, and learns nothing.
//! - `audit/no-secrets`: No password, token or cookie reaches the audit log, the log or the database in the clear.
//! - `audit/one-line`: One event is one line of JSON, whatever a request tried to put into it.
//! - `audit/export-inert`: A cell of an export is quoted, and no spreadsheet takes it for a formula.
//!
//! Against: an insider who denies an act, an attacker who hides one, and a log that gives its reader a way in.

mod export;
mod flow;
mod rules;
mod settings;
mod store;

pub use export::{Export, Format};
pub use flow::{Filter, Stream, search};
pub(crate) use flow::{Page, append, page, purge};
pub use rules::{Action, Outcome, Recorded};
pub(crate) use rules::{By, Detail, Event, Target, by, nobody};
pub use settings::Settings;

use crate::base::db::Migration;

/// The tables of this feature.
pub(crate) const MIGRATIONS: &[Migration] = &[
    Migration { name: "0001_audit_events", sql: include_str!("0001_audit_events.sql") },
    Migration { name: "0010_audit_factors", sql: include_str!("0010_audit_factors.sql") },
    Migration { name: "0012_audit_detail", sql: include_str!("0012_audit_detail.sql") },
    Migration { name: "0013_audit_indices", sql: include_str!("0013_audit_indices.sql") },
];

#[cfg(test)]
mod tests;
