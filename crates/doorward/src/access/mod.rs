//! May this person do this here? Tenant first, then role, then permission, in that order, at every question.
//!
//! A yes is a type: [`Authorized`] is made here alone, after the membership was found, the tenant was open and the roles of
//! the moment held the permission. What asks about anything in a tenant takes the tenant from it.
//!
//! - `access/tenant-first`: Nobody's role in one tenant says anything in another, and without a membership nothing is allowed.
//! - `access/stranger`: A tenant that somebody does not belong to and one that is not there are answered alike, with 404.
//! - `access/says-nothing`: What a refusal says, its size and its steps do not depend on what the tenant holds.
//! - `access/proof`: An `Authorized` is not forged, and one permission's is not another's.
//! - `access/names-its-tenant`: A question without a tenant, or with a permission that nobody defined, has no yes.
//! - `access/act-again`: Who acts in a tenant is asked once more where the act becomes true, so a demotion holds at once.
//! - `access/batch`: Many questions at once are answered as each of them alone.
//! - `access/fresh`: A question may want a proof of the person that is no older than it says.
//! - `access/forwarded`: Forward authentication answers with the identity, and refuses what comes with one of its own.
//! - `access/forwarded-changes`: What is forwarded and changes something needs our origin and the session's token.
//! - `access/matrix`: What each role may do where is written down as it is answered, so that a change of it is read.
//! - `access/question-only`: A question changes nothing, and is not answered to another site's page.
//!
//! Against: a member of one tenant who names another, an application that forgets to ask, and a proxy that lets a header
//! through.

mod flow;
pub(crate) mod http;
mod rules;

pub use flow::may;
pub(crate) use flow::{again, authorize, is_entered};
pub(crate) use rules::own;
pub use rules::{Authorized, Permission};

#[cfg(test)]
mod tests;
