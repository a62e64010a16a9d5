//! Which accounts run the service, and what may each of them do in the console?
//!
//! Operators have roles of their own, which have nothing to do with those in tenants. They are made and unmade at the command
//! line of the server and nowhere else: nobody who takes over a console makes another operator with it.
//!
//! - `operators/command-line-only`: An operator is made at the command line; no request makes one.
//! - `operators/next-request`: Other roles, or none any more, hold at the next request.
//! - `operators/act-again`: An act under way fails once its operator may not any more.
//! - `operators/unknown`: To everybody else the console is not there.
//! - `operators/proof`: What changes something in the console needs a proof of the last minutes.
//!
//! Against: somebody who has stolen the session of an operator, and a member who takes themselves for one.

mod flow;
mod rules;
mod store;

pub(crate) use flow::{again, forget, grant, may, powers_of, revoke};
pub use rules::Operator;
pub(crate) use rules::{Hand, OperatorDenied, Power, Powers, power};
pub(crate) use store::{find, list};

use crate::base::db::Migration;

/// The table of this feature.
pub(crate) const MIGRATIONS: &[Migration] =
    &[Migration { name: "0017_operators", sql: include_str!("0017_operators.sql") }];

#[cfg(test)]
mod tests;
