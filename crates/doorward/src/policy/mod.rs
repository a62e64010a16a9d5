//! Which roles are there, and what may each of them do? Roles and permissions as code: read from the settings, judged at the
//! start, the same for everybody until the next.
//!
//! A permission is a name such as `invoices:read`. A role holds permissions, by name or with a `*` for the rest of one, and
//! those of the roles that it inherits. Roles of a tenant and roles of an operator are two lists that share nothing.
//!
//! - `policy/checked-at-start`: A policy with an unknown permission, a cycle or a role that nobody can grant is refused, each
//!   mistake with its line and its cure.
//! - `policy/no-more-than-said`: A role holds what its policy says, and a role that the policy does not know holds nothing.
//! - `policy/operators-apart`: No role of a tenant is worth anything to an operator's console, nor the other way round.
//! - `policy/gives-what-it-may`: A role gives and takes the roles that its policy names, and no other.
//! - `policy/plain-words`: Each permission has a sentence that says what whoever gives it away gives: that of the settings, and
//!   where there is none its name.
//! - `policy/examples`: The ready-made policies are sound, and do what they say.
//!
//! Against: a policy that allows more than whoever wrote it thinks. It does not decide about anybody; `access` does.

mod compile;
mod rules;
mod settings;

pub(crate) use rules::{OwnRoles, Permission, Permissions};
pub use rules::{Policy, RoleInfo};
pub use settings::{EXAMPLES, Settings};

#[cfg(test)]
mod tests;
