//! Who is there? Accounts, their profile, and whether they may come in at all.
//!
//! An account exists only once its address is confirmed (see `signup`), so there is no unverified row that somebody
//! could have prepared for somebody else. Each account has an epoch: a number that every revocation of everything
//! raises, so that a login which began before cannot finish after.
//!
//! - `accounts/one-per-address`: One address is one account, whatever its spelling and however many ask at once.
//! - `accounts/first-locked`: What changes an account locks its row first, so that no two flows wait for each other in a
//!   circle.
//! - `accounts/own-profile`: A person changes their own name, and nothing that decides who they are.

mod flow;
mod rules;
mod store;

pub(crate) use flow::{
    admit, create, list, raise_all_epochs, raise_epoch, remove, rename, replace_email, set_disabled, set_name,
};
pub use rules::Account;
pub(crate) use rules::{Admitted, Disabled, Profile, Standing, display_name};
pub(crate) use store::{
    address_of, any_address_of, by_email, by_id, by_ids, count, lock, locked, locked_whole, profile_of,
    raise_password_epoch, row_of, search,
};

use crate::base::db::Migration;

/// The tables of this feature.
pub(crate) const MIGRATIONS: &[Migration] = &[
    Migration { name: "0004_accounts", sql: include_str!("0004_accounts.sql") },
    Migration { name: "0011_account_password_epoch", sql: include_str!("0011_account_password_epoch.sql") },
];

#[cfg(test)]
mod tests;
