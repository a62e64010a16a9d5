//! What do the people of a tenant see and change there? It owns no table; `tenants` keeps what it shows.
//!
//! - `tenant_page/own`: Somebody sees and changes the tenants that they belong to, as far as their roles go, and no other.
//! - `tenant_page/no-smuggling`: Another tenant in the path, the query, the body, a header or a cursor opens nothing.
//! - `tenant_page/acts-once`: Of acts that meet, each sees what the one before it did.
//! - `tenant_page/open`: Whoever may join without an invitation gets the role that the tenant's people chose, and no other.

mod flow;

pub(crate) use flow::{Act, ActDenied};

#[cfg(test)]
mod tests;
