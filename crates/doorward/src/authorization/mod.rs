//! Does the person let this client in? They are asked in plain words, once, and can take it back.
//!
//! A client sends its person here with a request that says what it wants; the answer goes to an address of its own and is a
//! code, which is worth something to that client alone, once, for a minute, together with a secret that only it knows (PKCE).
//! A device without a browser shows a code instead, which its person enters here.
//!
//! - `authorization/own-address`: An answer goes to an address that the client has registered, and nowhere else, errors included.
//! - `authorization/pkce`: Without S256 there is no code, and without its verifier a code is worth nothing.
//! - `authorization/once`: A code brings tokens once; when it comes again, what came of it ends.
//! - `authorization/bound`: A code is worth nothing to another client, at another address, after a minute, or when its session is over.
//! - `authorization/asked`: Nothing is given to a client that its person has not agreed to, in words that say what.
//! - `authorization/remembered`: What was agreed to is not asked again, unless nobody could tell the client from another.
//! - `authorization/withdrawn`: A person sees what they have agreed to and takes it back, and what came of it ends.
//! - `authorization/own-tenant`: A person chooses among their own tenants, and what they choose holds.
//! - `authorization/proved`: A client may want a recent proof, and gets one or no answer.
//! - `authorization/names-issuer`: Each answer says whose it is, so that a client is not mixed up.
//! - `authorization/pushed`: A request may be pushed by its client before, and is then nobody else's and works once.
//! - `authorization/devices`: A device gets tokens after its person has entered its code and agreed, and nobody guesses codes.
//! - `authorization/digest-at-rest`: The database holds no code that works.
//!
//! Against: a client that asks in another's name, whoever reads an answer on its way, and a person who is led to agree.

pub(crate) mod device;
mod flow;
pub(crate) mod http;
mod pages;
mod rules;
mod settings;
mod store;
mod wishes;

pub(crate) use flow::{Exchange, Redeemed, purge, redeem};
pub(crate) use pages::onward;
pub use settings::Settings;
pub(crate) use store::{forget_account, forget_client, forget_member, forget_tenant};

use crate::base::db::Migration;

/// The tables of this feature.
pub(crate) const MIGRATIONS: &[Migration] =
    &[Migration { name: "0030_authorization", sql: include_str!("0030_authorization.sql") }];

#[cfg(test)]
mod tests;
