//! Verifies the access tokens of a Doorward (RFC 9068) where there is no Doorward: in a service that has the key set and
//! nothing else.
//!
//! ```no_run
//! # fn fetch(_: &str) -> String { String::new() }
//! # fn token() -> &'static str { "" }
//! use std::time::SystemTime;
//! use doorward_verify::{KeySet, Verifier};
//!
//! let keys = KeySet::parse(&fetch("https://app.example.com/auth/oauth/jwks")).unwrap();
//! let verifier = Verifier::new("https://app.example.com/auth", "https://api.example.com", keys);
//! match verifier.verify(token(), SystemTime::now()) {
//!     Ok(token) if token.permits("0192f0e4-7c3a-7bbb-8ccc-1234567890ab", "invoices:read") => { /* answer */ }
//!     Ok(_) => { /* 403 */ }
//!     Err(refused) => eprintln!("401: {refused}"),
//! }
//! ```
//!
//! What it promises: a token is taken only if its signature is of a key in the set, by the algorithm of that key, over exactly
//! what is read; if it is an access token and no other kind; of this issuer, for this audience, not over, and not bound to a key
//! that nobody proved. Everything else is refused, and nothing is fetched: a header that brings a key or an address is refused
//! as such.
//!
//! What it does not promise: that the token was not revoked in its few minutes. Who cannot wait for them asks the
//! introspection endpoint, or hands [`Verifier::revoke`] the list of `/auth/oauth/revoked`. And that it was not stolen: what
//! [`Verifier::verify`] takes is worth the same to whoever has it. What [`Verifier::verify_bound`] takes is not, but checking
//! the proof is left to the service.
//!
//! # Keeping the keys fresh
//!
//! An issuer replaces its keys: a new one is published before it signs, and one that was lost is published no more. So a
//! service fetches the set every five minutes, and besides when a token names a key that it does not know
//! ([`Refused::UnknownKey`]), then at most once a minute, or anybody could make it ask with invented names. Here with any
//! blocking client; where there is a runtime, the same belongs into a task.
//!
//! ```
//! use std::{
//!     sync::{Mutex, PoisonError},
//!     time::{Duration, Instant, SystemTime},
//! };
//! use doorward_verify::{AccessToken, KeySet, Refused, Verifier};
//!
//! struct Door {
//!     verifier: Verifier,
//!     /// When the set was last asked for, whatever came of it.
//!     asked: Mutex<Instant>,
//!     /// Fetches the set over TLS, with a time limit.
//!     fetch: fn() -> Option<String>,
//! }
//!
//! impl Door {
//!     fn verify(&self, token: &str) -> Result<AccessToken, Refused> {
//!         self.refresh(Duration::from_secs(5 * 60));
//!         match self.verifier.verify(token, SystemTime::now()) {
//!             Err(Refused::UnknownKey) if self.refresh(Duration::from_secs(60)) => {
//!                 self.verifier.verify(token, SystemTime::now())
//!             }
//!             verified => verified,
//!         }
//!     }
//!
//!     /// Whether a new set is in force. Only one thread asks at a time; a set that cannot be had leaves the old one.
//!     fn refresh(&self, age: Duration) -> bool {
//!         {
//!             let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
//!             if asked.elapsed() < age {
//!                 return false;
//!             }
//!             *asked = Instant::now();
//!         }
//!         let Some(keys) = (self.fetch)().and_then(|text| KeySet::parse(&text)) else { return false };
//!         self.verifier.replace_keys(keys);
//!         true
//!     }
//! }
//! #
//! # let keys = || Some(r#"{"keys":[]}"#.to_owned());
//! # let verifier = Verifier::new("https://app.example.com/auth", "https://api.example.com", KeySet::default());
//! # let door = Door { verifier, asked: Mutex::new(Instant::now()), fetch: keys };
//! # assert_eq!(door.verify("e30.e30.e30"), Err(Refused::Malformed));
//! # assert!(!door.refresh(Duration::from_secs(60)) && door.refresh(Duration::ZERO));
//! ```
//!
//! While the set cannot be had, a key that was lost goes on verifying here. A service that would rather refuse everybody puts
//! an empty set in force after an hour without an answer.
//!
//! # Nothing secret is compared
//!
//! A refusal may take longer than another one, which tells by which rule it came. Whoever sends a token can find that without
//! us: header, claims, issuer, audience, the names of keys and the keys are public, and a signature is verified and not
//! compared with one that we know. So nothing here takes constant time, and nothing needs to. It would be otherwise with
//! symmetric keys, and there are none: [`Algorithm`] has no name for them.
//!
//! # A tour
//!
//! `verifier` is the front door and `access` what comes out of it; `claims` reads what an access token says. [`jws`] is what
//! is signed, of any kind, and `json` what both read; `keys` are public keys, `jwk` their text and their sets, `rsa` what is
//! asked of those of clients. [`jws`] and the algorithms beyond EdDSA and ES256 are there for Doorward itself, whose clients
//! sign as well.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod access;
mod claims;
mod json;
mod jwk;
pub mod jws;
mod keys;
mod rsa;
mod verifier;

pub use access::{AccessToken, Refused};
pub use jwk::KeySet;
pub use keys::{Algorithm, PublicKey};
pub use verifier::Verifier;

#[cfg(test)]
mod tests;
