//! Who has logged in, as other applications learn it: OpenID Connect (Core, Discovery, RP-Initiated and Back-Channel Logout).
//!
//! An ID token tells a client once who its person is; userinfo tells what the person agreed to, as it is now. When a session
//! ends here, for whatever reason, the clients that its person was logged in to are told by a message from server to server.
//!
//! - `openid/discovery`: What the documents say is so: every address in them is served, and what they name works.
//! - `openid/id-token`: An ID token is for its client alone, repeats its nonce, and says no more than the scopes.
//! - `openid/no-key`: An ID token or a logout token opens nothing, and its session's name in it is nobody else's.
//! - `openid/userinfo`: Userinfo answers for a token with the scope `openid` that holds at this moment, and to no other.
//! - `openid/logout-asks`: No other site logs anybody out: the person is asked on a page of ours.
//! - `openid/logout-leads-home`: After a logout the way leads to an address that the client has registered, and nowhere else.
//! - `openid/told`: When a session ends, each client that its person was logged in to is told, and which session it was.
//! - `openid/told-again`: A client that does not answer is told again, a few times, and holds up nobody.
//! - `openid/calls-nobody-else`: A message goes to the registered address itself: no redirect, no other port of this network.
//!
//! Against: a client that takes what is another's, a site that logs people out, and whoever would have us call machines that
//! only we reach.
//!
//! `discovery` writes the documents, `claims` makes ID tokens and answers userinfo, `leaving` is the logout that a client asks
//! for, `backchannel` finds who is to be told and `sending` tells them.

mod backchannel;
mod claims;
mod discovery;
pub(crate) mod http;
mod leaving;
mod sending;
mod store;

pub(crate) use backchannel::{Round, tell};
pub(crate) use claims::id_token;
pub(crate) use store::forget_client;

use crate::base::db::Migration;

/// The tables of this feature.
pub(crate) const MIGRATIONS: &[Migration] =
    &[Migration { name: "0032_client_logins", sql: include_str!("0032_client_logins.sql") }];

#[cfg(test)]
mod tests;
