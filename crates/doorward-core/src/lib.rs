//! The pure part of Doorward: what can be decided and computed without a clock, a socket or a database of one's own.
//!
//! Everything here is synchronous. Time and randomness are given by the caller ([`Clock`], [`Entropy`]), secrets have
//! types that cannot be printed, stored or compared by accident ([`Secret`], [`Token`], [`Password`](password::Password)),
//! and what rests in a database is a different type from what travels ([`Digest`] against [`Token`]).
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod clock;
mod domain;
mod email;
mod entropy;
mod handled;
mod ids;
mod keys;
mod local_path;
mod names;
pub mod password;
mod secret;
mod token;

pub use clock::{Clock, SystemClock, Timestamp};
pub use domain::{DomainDenied, DomainName};
pub use email::{EmailAddress, EmailDenied};
pub use entropy::{Entropy, SystemEntropy};
pub use handled::{Handle, Handled, Prefixed};
pub use ids::{AccountId, ApiKeyId, FamilyId, InvitationId, SessionId, TenantId};
pub use keys::{Key, KeyRing, KeyRingError, Purpose};
pub use local_path::LocalPath;
pub use names::{ClientId, NameDenied, PlanName, ProviderName, RoleName, Slug};
pub use secret::{Secret, derived, keyed, same_text};
pub use token::{
    ApiKey, AuthorizationCode, ClientSecret, DeviceCode, Digest, EmailChange, Invitation, Kind, ProviderBrowser,
    ProviderState, PushedRequest, Refresh, Reset, Session, Signup, Token,
};

#[cfg(test)]
mod tests;
