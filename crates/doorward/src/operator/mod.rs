//! What may somebody do who runs the service? The acts behind the command line and the console.
//!
//! - `operator/disabled-stays-out`: A disabled account cannot log in, and a login already under way does not finish.
//! - `operator/disabled-sessions-end`: Disabling an account ends all its sessions at once.
//! - `operator/deleted-is-gone`: Deleting an account removes every row about it; the audit log keeps its id.
//! - `operator/ends-everything`: Ending everything ends all sessions and voids all links, those of sign-ups too.
//! - `operator/knows-no-password`: An account is made without a password, and a link lets its person set one.
//! - `operator/takes-keys-back`: An API key that was taken back, and what came of it, is refused at once.
//! - `operator/voids-password`: A reset by an operator ends all sessions and voids the password and the known devices at once.
//!
//! Who can run the command line can read the database, so nothing here asks for a password; the console asks before it comes
//! here. Every act names who did it, and is audited.

pub(crate) mod api_keys;
pub(crate) mod clients;
mod command_line;
mod command_line_api_keys;
mod command_line_clients;
mod command_line_connections;
mod command_line_domains;
mod command_line_invitations;
mod command_line_providers;
mod command_line_signing;
mod command_line_tenants;
pub(crate) mod connections;
mod denied;
pub(crate) mod domains;
pub(crate) mod flow;
pub(crate) mod invitations;
pub(crate) mod providers;
pub(crate) mod tenants;

pub use command_line::{
    accounts, create_account, delete, disable, enable, import_hash, invite, list, new_password, note, rename, reset,
    revoke, revoke_all_of, revoke_everything, sessions,
};
pub use command_line_api_keys::{api_keys, revoke_api_key};
pub use command_line_clients::{
    RegisteredClient, client, clients_of_settings, delete_client, disable_client, enable_client, list_clients,
    register_client, rotate_client_secret,
};
pub use command_line_connections::{free_sign_in, list_connections, map_organisation, remove_connection};
pub use command_line_domains::{
    add_domain, domain_named, domains as list_domains, move_domain, remove_domain, tenant_of_address, verify_domain,
    withdraw_domain,
};
pub use command_line_invitations::{invitations, invite_member, resend_invitation, revoke_invitation};
pub use command_line_providers::{Provider, providers, try_provider};
pub use command_line_signing::{replace_signing_keys, rotate_signing_keys, signing_keys};
pub(crate) use command_line_tenants::named_members;
pub use command_line_tenants::{
    ActError, MemberOf, add_member, close_tenant, create_tenant, delete_tenant, entitle, grant_operator, members,
    open_tenant, operators, policy, remove_member, rename_tenant, restore_tenant, resume_tenant, revoke_operator,
    set_roles, suspend_tenant, tenant, tenants as list_tenants,
};
pub use flow::{Act, Deletion};

#[cfg(test)]
mod tests;
