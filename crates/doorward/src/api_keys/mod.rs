//! Which programs act for a person or a tenant without a login?
//!
//! A key is a secret that lives for months in somebody's program, so it is worth little: it is not sent with requests, but
//! exchanged for an access token of five minutes (RFC 8693), which is what an application sees. A personal key acts for one
//! person in one tenant; a key of a service belongs to the tenant.
//!
//! - `api_keys/shown-once`: A key is shown to whoever makes it, once; the database holds nothing that works.
//! - `api_keys/recognised`: A text that is no key, was cut or mistyped is refused before anything is looked up.
//! - `api_keys/no-wider`: Nobody makes a key that may more than they may themselves at that moment.
//! - `api_keys/of-the-moment`: A personal key may what its scopes say and its person may in the tenant at this moment.
//! - `api_keys/service`: A key of a service outlives its maker's leaving, and may what its scopes say while the tenant is open.
//! - `api_keys/proved`: A key is made after a proof of the last minutes, and its maker is told by a letter.
//! - `api_keys/ends`: A personal key ends with the membership, with the account, when that is disabled, and when its password is reset.
//! - `api_keys/expires`: Every key ends: after 90 days unless its maker says otherwise, and after a year at most.
//! - `api_keys/taken-back`: A key that was taken back, and every token that came of it, is refused at once by everybody who asks us.
//! - `api_keys/whoever-has-it`: Whoever has a key can take it back with nothing else: a scanner that has found it, for one.
//! - `api_keys/own`: Somebody sees and takes back their own keys, and with `api_keys:manage` those of services; no other tenant's.
//! - `api_keys/operated`: Whoever runs the service sees what there is of keys and takes any back, by the power to, and never sees a key.
//! - `api_keys/limits`: Keys of a person, of a tenant's services, and tokens of a key in an hour are limited.
//! - `api_keys/audience`: A key is for one of the audiences that the settings name, each of which is an absolute URI.
//! - `api_keys/kinds-apart`: A key is no session, no refresh token, no access token and no client, and none of these is a key.
//! - `api_keys/recorded`: That a key was made, taken back or refused is in the log, refusals once a minute, and never the key.
//! - `api_keys/last-use`: When a key was used last is known to the minute.
//!
//! Against: whoever reads the database, a log or a repository; a member who is demoted or leaves and keeps a key; and somebody who
//! found an open browser.

mod exchange;
mod flow;
pub(crate) mod http;
mod letters;
mod rules;
mod settings;
mod store;

pub(crate) use exchange::{NOT_TAKEN, Presented, exchange, revoke_presented};
pub(crate) use flow::{end_of_account, forget_account, forget_member, forget_tenant, list_all, look, purge, take_back};
pub(crate) use letters::COMPOSERS;
pub use rules::KeyInfo;
pub(crate) use rules::MakeDenied;
pub use settings::Settings;

use crate::base::db::Migration;

/// The table of this feature.
pub(crate) const MIGRATIONS: &[Migration] =
    &[Migration { name: "0031_api_keys", sql: include_str!("0031_api_keys.sql") }];

#[cfg(test)]
mod tests;
