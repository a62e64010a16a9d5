//! Which email domains belong to a tenant? Whoever sets a record in the DNS of one has proved it, or an operator says so.
//!
//! - `domains/proved-by-dns`: A domain is a tenant's when the record made for this tenant and this domain stands at its name.
//! - `domains/nothing-else`: Another value, another tenant's, another name, another type or no answer proves nothing.
//! - `domains/first-has-it`: Of several tenants that prove a domain one has it, however many prove it at the same moment.
//! - `domains/moved-by-operator`: Only an operator moves a domain that another tenant has proved, and both tenants' logs say so.
//! - `domains/exact`: An address belongs to the tenant of its own domain, and not of one that contains it or that it contains.
//! - `domains/of-the-living`: A domain of a tenant that is suspended, or waits to be deleted, leads nobody there.
//! - `domains/one-spelling`: Whatever the spelling, a domain is one, and what is none, or is everybody's, is refused.
//! - `domains/rechecked`: A record that is gone for the grace makes the domain nobody's; a lookup without an answer does not.
//! - `domains/told`: The owners get a letter when the record of a domain is gone, and when the domain is lost.
//! - `domains/who-may`: Only members with `domains:manage` see and change the list, of their tenant, after a proof of the last minutes.
//! - `domains/says-nothing`: Adding a domain tells nobody whether another tenant has it; only whoever proves it learns that.
//! - `domains/operators`: An operator proves a domain and takes that back, in the console and at the command line.
//! - `domains/recorded`: Every outcome is in the log: what was added, proved, refused and why, missing, lost, withdrawn, removed.
//! - `domains/limits`: Domains of a tenant, checks in an hour, and the time and size of a lookup are limited.
//! - `domains/gone-with-tenant`: The domains of a deleted tenant are free.
//!
//! Against: a tenant that claims a domain of others, to have their people led to its identity provider; one that keeps a domain
//! after it was sold; a resolver that lies by silence; and somebody who found an open browser. Whoever controls the DNS of a
//! domain, or the way to our resolver, proves it: that is what it means. The resolver that validates DNSSEC is the operator's.
//!
//! A check is two transactions with the lookup between them, so that nobody waits for the DNS behind a lock; the second one asks
//! again whether whoever acts still may. Names are compared whole, and only in their one spelling.

mod dns;
mod flow;
pub(crate) mod http;
mod letters;
mod outcome;
mod rules;
mod settings;
mod store;

pub(crate) use flow::{Move, add, has_any, is_holder, is_of, recheck, remove, tenant_of, vouch, withdraw};
pub(crate) use letters::COMPOSERS;
pub use rules::{Domain, Proof, Proved};
pub(crate) use rules::{DomainDenied, claimable};
pub use settings::Settings;
pub(crate) use store::{forget_tenant, list};

use crate::base::db::Migration;

/// The table of this feature.
pub(crate) const MIGRATIONS: &[Migration] =
    &[Migration { name: "0042_tenant_domains", sql: include_str!("0042_tenant_domains.sql") }];

#[cfg(test)]
mod tests;
