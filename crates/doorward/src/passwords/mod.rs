//! Is this the person's password? Hashing in a bounded pool, the policy, and the renewal of old hashes.
//!
//! - `passwords/policy`: A password has 12 to 128 code points and is no well-known one; nothing else is asked of it.
//! - `passwords/whole`: The whole password counts; none is cut, not even by bcrypt at 72 bytes.
//! - `passwords/imports-upgrade`: A bcrypt, scrypt, PBKDF2 or older Argon2 hash verifies and is replaced at the next login.
//! - `passwords/bounded`: A flood of logins costs bounded memory; what does not fit is answered 503 with Retry-After.
//! - `passwords/refusals-take-turns`: Refusals with Retry-After leave one after the other, so that asking again at once does
//!   not crowd out those who are logged in.
//! - `passwords/same-cost`: A guess for an address without an account costs the same hash.
//! - `passwords/change`: Changing the password needs a recent proof and ends all other sessions.
//!
//! Against: theft of the database, guessing, and floods meant to exhaust memory.

mod budget;
mod flow;
mod letters;
mod pool;
mod rules;
mod settings;
mod store;

pub(crate) use budget::threads;
pub(crate) use flow::{change, check, check_pending, create, hash, notify_changed, renew, replace, room};
pub(crate) use letters::COMPOSERS;
pub(crate) use pool::{Busy, Pool};
pub(crate) use rules::{policy, refused};
pub use settings::Settings;
pub(crate) use store::{changed_at, forget, is_set, put};

use crate::base::db::Migration;

/// The tables of this feature.
pub(crate) const MIGRATIONS: &[Migration] =
    &[Migration { name: "0005_passwords", sql: include_str!("0005_passwords.sql") }];

#[cfg(test)]
mod tests;
