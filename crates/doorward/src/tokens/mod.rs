//! Can this API client prove a signed claim for a short time? Access tokens, and the refresh tokens that renew them.
//!
//! An access token is a signed statement of five minutes that nobody asks us about. A refresh token is opaque: its digest lies in
//! the row of its family, and each use replaces it in one statement. The next token is worked out from the one before and a
//! secret of the key ring, so that a client whose answer was lost gets the same one again, and nothing at rest opens anything.
//!
//! - `tokens/short-lived`: An access token lives for five minutes, names its audience, and says of a person no more than needed.
//! - `tokens/of-the-moment`: A token holds what the client may ask for and the person may do in its tenant at the moment it is made.
//! - `tokens/digest-at-rest`: The database holds no refresh token, and nothing that a refresh token could be made of.
//! - `tokens/rotated`: A refresh token is replaced at its use; however many come at once, there is one next.
//! - `tokens/lost-answer`: Who comes again within ten seconds with the token before gets the same next one.
//! - `tokens/reuse-ends-all`: Any other use of a replaced token ends the family, is recorded, and its owner gets a letter.
//! - `tokens/bound`: A refresh token is worth nothing to another client, for another tenant, or without its key.
//! - `tokens/ends-with`: Logout everywhere, a new password, a disabled account and the end of a membership end the families, and a
//!   logout those that were begun for its session alone.
//! - `tokens/as-registered`: What a client is not registered for any more, it neither renews nor has: tenant, grant, scope, resource.
//! - `tokens/expires`: A family ends after 14 days without a use, and after 30 days whatever its use.
//! - `tokens/kinds-apart`: No token, link, code or cookie of ours is worth anything where another kind is asked for.
//! - `tokens/taken-back`: What was revoked is refused at once by everybody who asks us.
//! - `tokens/possession`: A token that is bound to a key is worth nothing without a proof of it, and no proof is taken twice.
//!
//! Against: whoever reads the database, a log or another client's memory; a client that keeps what it was given; and clocks that
//! disagree.

mod access;
mod checks;
pub(crate) mod dpop;
mod flow;
mod keys;
mod letters;
mod rules;
mod settings;
mod store;

pub(crate) use access::{Access, access, access_by_key};
pub(crate) use checks::{family_of, holds_now, read, read_for_any, revoke_access, revoked};
pub(crate) use flow::{
    Beginning, Given, Prepared, Renewable, Renewal, end_by_client, end_replayed, prepare, purge, renew, revoke_by_name,
};
pub(crate) use keys::name_of_key;
pub(crate) use letters::COMPOSERS;
pub(crate) use rules::{About, Family, Scopes, Source, Subject, TokenDenied};
pub use settings::Settings;
pub(crate) use store::{
    forget_account, forget_client, forget_client_of, forget_everything, forget_member, forget_session, forget_tenant,
    of_account,
};

use crate::base::db::Migration;

/// The tables of this feature.
pub(crate) const MIGRATIONS: &[Migration] = &[Migration { name: "0029_tokens", sql: include_str!("0029_tokens.sql") }];

#[cfg(test)]
pub(crate) mod tests;
