//! What do operators see and change in the console? It owns no table; it shows what others keep, and its acts are those of the
//! command line, with the operator's name in the log.
//!
//! - `admin/not-there`: To everybody who is no operator the console is not there: it answers as an address without anything.
//! - `admin/powers`: Each panel and each act needs its own permission, and a page shows no more than its operator may do.
//! - `admin/proof`: What changes something needs a proof of the last minutes, and leads back to its form.
//! - `admin/audited`: Every act is in the log with the operator as its actor.
//! - `admin/no-impersonation`: Nothing in the console opens a session, and no act is done in the name of somebody else.
//! - `admin/own-account`: An operator cannot lock themselves out, nor touch the account of one who may do more.
//! - `admin/searches`: What somebody searches for is a beginning and nothing else, and is shown as text.
//! - `admin/pages`: Every list comes in pages, whose cursor is good for that list alone.
//! - `admin/confirmed`: What is hard to undo is asked about first, by a form that says what will happen.
//! - `admin/plot`: The plot counts every login of its hours once, as done or as denied, and reads no more than their index.
//!
//! Against: a member who takes themselves for an operator, somebody who has stolen the session of one, and an operator who
//! wants to act without a trace. Operators are made at the command line and nowhere else.

mod accounts;
mod api_keys;
mod belongings;
mod clients;
mod connections;
mod domains;
mod flow;
pub(crate) mod http;
mod invitations;
mod log;
mod members;
mod overview;
mod plot;
mod providers;
mod rules;
mod sessions;
mod system;
mod tenants;

#[cfg(test)]
mod tests;
