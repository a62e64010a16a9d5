//! Who did what, when, from where, with which result.
//!
//! An event is written in the transaction of what it reports; its fields are ids, addresses and words of this module, so that a
//! secret cannot be put in. Against who denies or hides an act; what is younger than the last seal is not protected yet.
//!
//! - `audit/with-the-change`: An event is written in the transaction of what it reports.
//! - `audit/login-session`: The event of a login names the session that it opened and the factors that were proved.
//! - `audit/refused-links`: A link that works no more is recorded once, if it was ours; of any other text only a counter tells.
//! - `audit/foreign-session`: Who tries to end a session of somebody else is recorded, and learns nothing.
//! - `audit/no-secrets`: No password, token or cookie reaches the audit log, the log or the database in the clear.
//! - `audit/one-line`: One event is one line of JSON, whatever a request tried to put into it.
//! - `audit/export-inert`: A cell of an export is quoted, and no spreadsheet takes it for a formula.
//! - `audit/tamper-evident`: An event that was altered, removed, added or put elsewhere after it was sealed is found.
//! - `audit/checkpoint-tells`: Who rewrites or cuts off the log, and computes every seal anew, is found by a checkpoint from before.
//! - `audit/checkpoint-forged`: A checkpoint that was changed, made up or made elsewhere is refused.
//! - `audit/sealed-once`: Every event gets into one seal, however many nodes seal, and in whatever order events are committed.
//! - `audit/sealing-holds-up-nobody`: No request waits for a lock of sealing; in SQLite it takes a short turn like any writer.
//! - `audit/kept`: An event is kept as long as the settings say, and removed with its whole seal, of which the hash stays.

mod asked;
mod checkpoint;
mod export;
mod flow;
mod rules;
mod seal;
mod seals;
mod settings;
mod store;
mod tree;
mod verify;

pub(crate) use asked::Asked;
pub use checkpoint::{Checkpoint, CheckpointError, PublicKey, Signature};
pub(crate) use export::Sent;
pub use export::{Export, Format};
pub use flow::{Filter, Stream, search};
pub(crate) use flow::{append, page, purge};
pub use rules::{Action, Outcome, Recorded};
pub(crate) use rules::{By, Detail, Event, Target, by, by_client, nobody, rfc3339};
pub use seal::{Signed, checkpoint};
pub(crate) use seal::{last_sealed, seal};
pub use settings::Settings;
pub(crate) use store::logins_by_hour;
pub use verify::{Finding, Kind, Verified, read_checkpoint, verify};

use crate::base::db::Migration;

/// The tables of this feature.
pub(crate) const MIGRATIONS: &[Migration] = &[
    Migration { name: "0001_audit_events", sql: include_str!("0001_audit_events.sql") },
    Migration { name: "0010_audit_factors", sql: include_str!("0010_audit_factors.sql") },
    Migration { name: "0012_audit_detail", sql: include_str!("0012_audit_detail.sql") },
    Migration { name: "0013_audit_indices", sql: include_str!("0013_audit_indices.sql") },
    Migration { name: "0014_audit_seals", sql: include_str!("0014_audit_seals.sql") },
    Migration { name: "0023_audit_logins", sql: include_str!("0023_audit_logins.sql") },
    Migration { name: "0024_audit_denied", sql: include_str!("0024_audit_denied.sql") },
];

#[cfg(test)]
mod tests;
