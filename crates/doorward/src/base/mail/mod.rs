//! Letters: an order in the outbox within a flow's transaction, written and sent afterwards.
//!
//! The outbox holds what to write about, never a finished letter: a link's token is made when the letter is about to be
//! sent, so the database never holds one that works. A try that fails is repeated with growing pauses; each try makes
//! its own token, and the one before it stops working.
//!
//! Because only the worker finds out whether an address has an account, a request for a letter takes the same steps
//! and the same time whoever asks.
//!
//! - `mail/encrypted`: A letter leaves over TLS with a server whose certificate holds, or over loopback, or not at all.
//! - `mail/tries-again`: A letter that cannot be sent is tried again with growing pauses, for a day.
//! - `mail/fresh-link`: Each try makes a link of its own, and the one before it stops working.
//! - `mail/once`: Several nodes send each letter once; what a dead node had taken is taken again.
//! - `mail/no-injection`: What somebody typed is text in a letter, never a header, a recipient or markup.
//! - `mail/two-forms`: Every letter has a text and an HTML form, and loads nothing.
//! - `mail/owner-of-the-moment`: A notice goes to the address that the account had when it happened.
//! - `mail/notices`: Owners are told of new devices and changed credentials unless the settings say that others tell them.
//! - `mail/own-host`: Every link in every letter leads to the configured site, whatever a request says of our name.
//! - `mail/never-waits`: No answer waits for a letter, or tells whether one could be sent.
//! - `mail/no-secrets`: An order in the outbox holds no secret.

mod letter;
mod outbox;
mod settings;
mod transport;
mod worker;

pub(crate) use outbox::{Order, backlog, forget, notify, order};
pub use settings::Settings;
pub(crate) use transport::{MailboxEntry, Transport, read_mailbox};
pub(crate) use worker::{Composer, Post, deliver};

use super::db::Migration;

/// The table of the outbox.
pub(crate) const MIGRATIONS: &[Migration] = &[Migration { name: "0003_outbox", sql: include_str!("0003_outbox.sql") }];

#[cfg(test)]
mod tests;
