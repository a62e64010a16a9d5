//! What do the people of a tenant see and change there? It owns no table; `tenants` keeps what it shows.
//!
//! - `tenant_page/own`: Somebody sees and changes the tenants that they belong to, as far as their roles go, and no other.
//! - `tenant_page/pages`: The list of one's own tenants comes in pages, whose cursor is good for its person alone.
//! - `tenant_page/no-smuggling`: Another tenant in the path, the query, the body, a header or a cursor opens nothing.
//! - `tenant_page/acts-once`: Of acts that meet, each sees what the one before it did.
//! - `tenant_page/open`: Whoever may join without an invitation gets the role that the tenant's people chose, and no other.
//! - `tenant_page/whole-way`: Somebody makes, shares, leaves, ends and keeps an organisation on the pages alone.
//! - `tenant_page/owner-proved`: The owner's role is given and taken only after a proof of the last minutes.
//! - `tenant_page/own-log`: Whoever reads the log of a tenant, on the page or as a file, reads what happened there and nothing else.

mod flow;
pub(crate) mod http;
mod keeping;
mod log;
mod members;
mod place;
mod rules;

pub(crate) use flow::{Act, ActDenied, demand_proof_over, tell_owners};
pub(crate) use place::Place;

#[cfg(test)]
mod tests;
