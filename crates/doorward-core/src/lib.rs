//! The pure part of Doorward: what can be decided and computed without a clock, a socket or a database of one's own.
//!
//! Everything here is synchronous. Time and randomness are given by the caller ([`Clock`], [`Entropy`]), secrets have
//! types that cannot be printed, stored or compared by accident ([`Secret`], [`Token`], [`Password`](password::Password)),
//! and what rests in a database is a different type from what travels ([`Digest`] against [`Token`]).
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod clock;
mod email;
mod entropy;
mod ids;
mod keys;
mod local_path;
mod names;
pub mod password;
mod secret;
mod token;

pub use clock::{Clock, SystemClock, Timestamp};
pub use email::{EmailAddress, EmailDenied};
pub use entropy::{Entropy, SystemEntropy};
pub use ids::{AccountId, InvitationId, SessionId, TenantId};
pub use keys::{Key, KeyRing, KeyRingError, Purpose};
pub use local_path::LocalPath;
pub use names::{NameDenied, PlanName, RoleName, Slug};
pub use secret::{Secret, derived, same_text};
pub use token::{Digest, EmailChange, Invitation, Kind, Reset, Session, Signup, Token};

#[cfg(test)]
mod tests;
