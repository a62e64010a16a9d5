//! What may somebody do who sits at the server? The acts behind the command line.
//!
//! - `operator/disabled-stays-out`: A disabled account cannot log in, and a login already under way does not finish.
//! - `operator/disabled-sessions-end`: Disabling an account ends all its sessions at once.
//! - `operator/deleted-is-gone`: Deleting an account removes every row about it; the audit log keeps its id.
//! - `operator/ends-everything`: Ending everything ends all sessions and voids all links, those of sign-ups too.
//! - `operator/knows-no-password`: An account is made without a password, and a link lets its person set one.
//! - `operator/voids-password`: A reset by an operator ends all sessions and voids the password and the known devices at once.
//!
//! Who can run the command line can read the database, so nothing here asks for a password. Every act here is audited.

mod flow;

pub use flow::{
    Act, create_account, delete, disable, enable, import_hash, invite, list, new_password, note, rename, reset, revoke,
    revoke_all_of, revoke_everything, sessions,
};

#[cfg(test)]
mod tests;
