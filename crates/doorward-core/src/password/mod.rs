//! What a person may choose as a password, and how it rests in the database.
//!
//! Promises, against somebody who guesses online, who reads the database, or who sends hostile text:
//!
//! - `password/free-choice`: A new password has 12 to 128 code points and is no well-known one; there is no other rule
//!   (NIST SP 800-63B-4: no composition rules, whole-password blocklist).
//! - `password/slow-hash`: It rests as Argon2id (RFC 9106) with a salt of its own, on request keyed with a pepper that is
//!   not in the database.
//! - `password/whole`: The whole password counts; no scheme cuts it silently.
//! - `password/imports`: A hash from another system verifies and is reported as outdated, so that the caller replaces it.
//! - `password/bounded`: A stored hash cannot demand unbounded work or memory; malformed text is refused, never a panic.
//! - `password/nobody`: What is not there costs what a wrong password costs, and is never right.
//!
//! It does not limit how often somebody guesses or how many hashes run at once; the callers do. An imported hash takes the
//! time its own scheme takes, so until its first login such an account can be told apart by timing.
//!
//! Tour: [`Password`] is chosen text ([`Policy`], [`Context`], [`PasswordDenied`]), [`Guess`] is text to be checked,
//! [`PasswordHash`] is what rests, [`Hasher`] turns one into the other with its [`Parameters`] and [`Peppers`].

mod argon2;
mod common;
mod guess;
mod hash;
mod hasher;
mod legacy;
mod parameters;
mod pepper;
mod phc;
mod policy;
mod text;

pub use guess::{Guess, GuessTooLong};
pub use hash::{PasswordHash, Unreadable};
pub use hasher::{Freshness, Hasher, Verdict};
pub use parameters::{Parameters, ParametersDenied};
pub use pepper::{Pepper, PepperDenied, Peppers};
pub use policy::{Context, Password, PasswordDenied, Policy, PolicyDenied};

#[cfg(test)]
mod tests;
