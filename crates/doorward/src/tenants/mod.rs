//! Which organisation is this for? Tenants, and who belongs to them in which roles.
//!
//! A tenant is named by its id, which stays, or by its slug, which its people may change. A membership is one row: what
//! somebody may do in a tenant is read from it and from the tenant's own row at every question, so there is nothing to carry
//! through when either changes. A session knows no tenant.
//!
//! - `tenants/many`: A person belongs to many tenants, and each question names the one that it is about.
//! - `tenants/last-owner`: A tenant keeps an owner: the last one cannot leave, be demoted, removed or deleted.
//! - `tenants/owner-by-settings`: Another owner's role in the settings makes other owners at the start, or there is no start.
//! - `tenants/next-request`: Other roles, a removal, a suspension hold at the next request, on every node.
//! - `tenants/waits`: A tenant that is to be deleted waits, closed, and then is gone with everything that belongs to it.
//! - `tenants/paid-until`: An entitlement gives a role until its moment, and then gives nothing by itself.
//! - `tenants/limits`: Tenants of an account, members of a tenant and entitlements are limited.
//! - `tenants/one-slug`: A slug is one tenant's, however many ask for it at once, and is never taken for an id.
//! - `tenants/slug-stays`: A slug that a tenant has given up, or had when it was deleted, becomes no other tenant's.
//!
//! It decides nothing about a request; `access` does. What a tenant's people and operators do stands in `tenant_page` and
//! `operator`.

mod flow;
mod kept;
mod owners;
mod rules;
mod settings;
mod store;

pub(crate) use flow::{
    Join, Made, change_roles, close, create, delete, entitle, entitle_member, forget_account, has_glass_breaker, join,
    lock, purge, rename, reopen, resume, set_open, standing_in, suspend, take_out,
};
pub(crate) use kept::Kept;
pub(crate) use owners::{Settled, settle_owners};
pub use rules::{Entitlement, InTenant, Member, State, Tenant};
pub(crate) use rules::{Named, Standing, TenantDenied, display_name, no_such_tenant};
pub use settings::Settings;
pub(crate) use store::{
    Joined, breakers, by_ids, by_name, count_all, find, find_member, is_own_sign_in, list, members, of_account,
    open_to_join, own, owners, set_break_glass, set_own_sign_in,
};

use crate::base::db::Migration;

/// The tables of this feature.
pub(crate) const MIGRATIONS: &[Migration] = &[
    Migration { name: "0015_tenants", sql: include_str!("0015_tenants.sql") },
    Migration { name: "0018_retired_slugs", sql: include_str!("0018_retired_slugs.sql") },
    Migration { name: "0025_owner_role", sql: include_str!("0025_owner_role.sql") },
    Migration { name: "0046_own_sign_in", sql: include_str!("0046_own_sign_in.sql") },
];

#[cfg(test)]
mod tests;
