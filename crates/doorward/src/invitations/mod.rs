//! Who is asked to join a tenant? A letter to an address says who; whoever has confirmed that address accepts, once.
//!
//! - `invitations/works-once`: An invitation makes one member once, however many accept it at the same moment.
//! - `invitations/expires`: The link of an invitation works for 72 hours.
//! - `invitations/newest-only`: Of several links of one invitation only the newest works, and none of one that was taken back.
//! - `invitations/own-address`: Only an account with the invited address accepts, and nobody else learns which address that is.
//! - `invitations/needs-the-token`: An account with the invited address gets in by the link of the letter, and by nothing else.
//! - `invitations/no-more-than-one-may`: Nobody invites to a role that they may not give, nor resends such an invitation.
//! - `invitations/inviter-still-may`: An invitation is void once whoever sent it may not invite to its roles any more.
//! - `invitations/open-tenant`: While a tenant is suspended or closed, nobody is invited to it and nobody accepts.
//! - `invitations/own-tenant`: Who invites sees, resends and takes back the invitations of their own tenant, and of no other.
//! - `invitations/says-nothing`: The answer to whoever invites is the same whether or not the address has an account.
//! - `invitations/limits`: Invitations that wait, and letters to an address, by a member and for a tenant are limited.
//! - `invitations/plain-letter`: The letter is in our words: a tenant's name is text in it, without anything that becomes a link.
//! - `invitations/digest-at-rest`: The database never holds a link that works.
//! - `invitations/operators`: Operators invite, resend and take back, to any role; their name is in the log.
//!
//! Against: somebody who reads the database, guesses, replays or forwards a link; a member who invites a second self with a
//! better role, or goes on inviting after a demotion; and whoever wants to send letters of their own through us. Who can read
//! the mail of an address can make the account that it invites: that is what it means.
//!
//! Inviting orders a letter; the token is made when it is written and exists nowhere else. An invitation is one row for an
//! address in a tenant: resending renews it in the name of whoever resends. Accepting asks everything once more behind the
//! locks of account and tenant: the address, the tenant, and whoever invited. Another address of the account does not take
//! invitations along.

mod flow;
pub(crate) mod http;
mod letters;
mod rules;
mod settings;
mod store;

pub(crate) use flow::{invite, renew};
pub(crate) use letters::COMPOSERS;
pub(crate) use rules::InviteDenied;
pub use rules::Invited;
pub use settings::Settings;
pub(crate) use store::{forget, forget_tenant, list, purge, take_back, void_all};

use crate::base::db::Migration;

/// The table of this feature.
pub(crate) const MIGRATIONS: &[Migration] =
    &[Migration { name: "0016_invitations", sql: include_str!("0016_invitations.sql") }];

#[cfg(test)]
mod tests;
