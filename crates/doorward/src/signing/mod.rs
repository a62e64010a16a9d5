//! With which key is a token signed? With the newest that is in force; whoever verifies has known it for a while.
//!
//! - `signing/published-ahead`: A key is in the key set a day before it signs, and longer than anybody may keep the set.
//! - `signing/retires`: A key leaves the key set once the last token that it signed is over, and not before.
//! - `signing/emergency`: After an emergency rotation the very next token is of a new key, and no other key verifies.
//! - `signing/one-successor`: However many nodes rotate at once, one key is made, and all sign with the same.
//! - `signing/sealed`: The database never holds a private key in clear.
//! - `signing/bound`: A sealed key opens in its own row only, and a row that was not sealed by us is no key.
//! - `signing/public-only`: The key set that is published holds no private part.
//! - `signing/sealed-again`: After a rotation of the master keys the keys are sealed again, and nothing that was signed breaks.
//! - `signing/lost`: Without the master key nothing is signed and nothing verifies (503), and the log says what to do.
//! - `signing/clocks`: A clock that was set back brings no removed key back, and stops no signing.
//!
//! Against: somebody who reads the database, writes into it, or has stolen a key; and against nodes that disagree. Not against
//! somebody who has the master keys and the database: that one can sign, until both are changed.
//!
//! What decides is the row and the moment, never what a node remembers: rows are read for every signature, and memory only
//! spares it opening them. A key has a generation; who makes the next one ends the one before, which works once. An
//! ES256 key is made when somebody first asks for one.

mod flow;
pub(crate) mod http;
mod kept;
mod pair;
mod rules;
mod settings;
mod store;

pub(crate) use flow::{keep, key_set, list, purge, replace, rotate, sign, signer};
pub(crate) use kept::Kept;
pub use rules::SigningKey;
pub use settings::Settings;

use crate::base::db::Migration;

/// The tables of this feature.
pub(crate) const MIGRATIONS: &[Migration] =
    &[Migration { name: "0027_signing_keys", sql: include_str!("0027_signing_keys.sql") }];

#[cfg(test)]
mod tests;
