//! Which programs may ask for tokens, and is it really this one?
//!
//! - `clients/own-secret`: A confidential client is believed only with a secret or a key of its own, and by no other method.
//! - `clients/rotated`: While a secret is rotated, the new one and the one before work; afterwards only the new one does.
//! - `clients/digest-at-rest`: The database never holds a secret that works, and no answer shows one twice.
//! - `clients/exact-redirect`: A redirect URI is one that was registered, byte by byte; of a loopback address the port is free.
//! - `clients/safe-redirect`: What could hand a code to somebody else is not registered.
//! - `clients/assertion-once`: A signed assertion works once, for minutes, here, and with a key of its client alone.
//! - `clients/one-method`: A request that proves itself in two ways is refused.
//! - `clients/unknown`: A client that is not there answers as one that sent a wrong secret, and leaves no trace.
//! - `clients/next-request`: A client that was disabled, deleted or changed is so at its next request, on every node.
//! - `clients/no-account`: No client is ever taken for an account, nor an account for a client.
//! - `clients/no-more-than-the-policy`: A client is registered for scopes that exist, and asks for nobody's permissions alone
//!   without a tenant that they hold in.
//! - `clients/settings-win`: A client of the settings is as they say, whatever row has its name.
//! - `clients/quiet`: Failures are recorded once a minute for each client, and a program that goes on failing has to wait.
//! - `clients/operators-only`: Operators alone register, change and see clients; every act is in the log.
//! - `clients/tenant-goes`: With a tenant go its clients.
//!
//! Against: a program that takes itself for another, replays what another one sent, or has a code sent to itself; and somebody
//! who reads the database. Nothing that a client names is fetched: its keys stand in its registration.
//!
//! A client is a row, or a table of the settings. `find` reads it, `authenticate` is the only place that makes an
//! [`Authenticated`]. Who registers is `operator`'s business; here is what may be registered.

mod assertion;
mod authentication;
mod flow;
mod kept;
mod redirects;
mod registering;
mod rules;
mod secrets;
mod settings;
mod store;

pub(crate) use authentication::{Authenticated, Credentials, authenticate, credentials};
pub(crate) use flow::{find, insert, list, look, purge, register, remove, rotate, set_disabled};
pub(crate) use kept::Registry;
pub use registering::Registration;
pub(crate) use registering::{OPENID, unfit_resources};
pub use rules::{Authentication, Client, Grant};
pub(crate) use rules::{ClientDenied, Disabled, OF_KEYS};
pub use secrets::ClientSecretText;
pub use settings::Settings;
pub(crate) use store::forget_tenant;

use crate::base::db::Migration;

/// The tables of this feature.
pub(crate) const MIGRATIONS: &[Migration] =
    &[Migration { name: "0028_clients", sql: include_str!("0028_clients.sql") }];

#[cfg(test)]
pub(crate) mod tests;
