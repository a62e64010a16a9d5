//! By which provider do the people of a tenant come in? A tenant brings one of its own: a connection.
//!
//! - `connections/own-provider`: The people of a tenant come in by the provider that it has brought, as by one of the settings.
//! - `connections/sealed`: The secret of a connection rests under the master keys, for its own row, and is shown to nobody.
//! - `connections/sealed-again`: After a rotation of the master keys the secrets are sealed again, and every connection goes on working.
//! - `connections/judged`: What a tenant writes is judged as the settings are: a known kind, public addresses, one redirect URI each.
//! - `connections/tried-first`: Whoever sets a provider up sees in a trial what would keep everybody out, and never its secret.
//! - `connections/who-may`: Only members with `connections:manage` see and change connections, of their tenant, after a recent proof.
//! - `connections/joining`: Who comes by a tenant's provider joins it in the role that the tenant has set, if it has set one.
//! - `connections/never-owner`: Nobody becomes an owner by a provider, nor gets a role that gives others by joining.
//! - `connections/roles-by-rule`: What a provider says of groups gives a role where a rule says so, anew at each login, and else none.
//! - `connections/last-owner`: No rule gives the owner's role, takes it, or leaves a tenant without an owner.
//! - `connections/stays-out`: Who was removed from a tenant, or has left it, does not come back by a provider, however they come.
//! - `connections/organisations`: Whose somebody of everybody's provider is says its claim, of a proved domain or on an operator's word.
//! - `connections/required`: A session that was opened otherwise gives no access to a tenant that demands its provider, to nobody.
//! - `connections/break-glass`: Owners who were named come in without the provider, by an act that is logged and told to the others.
//! - `connections/nobody-locked-out`: A tenant demands its provider only while one leads in, and an owner can do without.
//! - `connections/of-the-living`: A connection of a tenant that is closed, or where the operator allows none, leads nowhere.
//! - `connections/logged-out-there`: Who logs out at the provider of a tenant is logged out of what they opened by it, and nobody else is.
//! - `connections/removed`: With a connection goes everything that it led to, sessions too, and with its tenant the connection.
//! - `connections/recorded`: Every change is in the log of the tenant, by whom.
//! - `connections/operators`: Operators see connections, and remove them, in the console and at the command line.
//!
//! Against: tenants that bring a provider to come into accounts of others, to have us call what only we reach, or to learn somebody
//! else's secret; and open browsers. Whoever manages the connections of a tenant can be each of its people: its provider says so.
//!
//! `federation` speaks with them, and decides whose accounts one leads to: those of domains that the tenant has proved.

mod arriving;
mod denied;
mod door;
mod entering;
mod flow;
pub(crate) mod http;
mod letters;
mod rules;
mod settings;
mod store;

pub(crate) use arriving::{Arrival, NotWelcome, arrived, depart};
pub(crate) use denied::ConnectionDenied;
pub(crate) use entering::{free, has_entered, purge};
pub(crate) use flow::{any, forget_tenant, keep, map, of_address, provider, remove, still_leads};
pub(crate) use letters::COMPOSERS;
pub use rules::Connection;
pub use settings::Settings;
pub(crate) use store::{forget_account, list};

use crate::base::db::Migration;

/// The tables of this feature.
pub(crate) const MIGRATIONS: &[Migration] = &[
    Migration { name: "0043_connections", sql: include_str!("0043_connections.sql") },
    Migration { name: "0044_joining", sql: include_str!("0044_joining.sql") },
    Migration { name: "0045_role_rules", sql: include_str!("0045_role_rules.sql") },
    Migration { name: "0047_tenant_entries", sql: include_str!("0047_tenant_entries.sql") },
];

#[cfg(test)]
mod tests;
