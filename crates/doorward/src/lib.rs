//! Doorward gives a web application authentication as one system: accounts, passwords, sessions, resets, protection
//! against forged requests, an audit log, and the pages for people.
//!
//! The paved road: read [`Settings`], build a [`Doorward`], mount [`Doorward::router`], guard routes of your own with
//! [`SignedIn`] and [`Reauthenticated`] under [`Doorward::protect`], and let [`Doorward::work`] run beside the server.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use axum::{Router, routing::get};
//! use doorward::{Doorward, KeyFile, Settings, SignedIn};
//!
//! async fn dashboard(person: SignedIn) -> String {
//!     format!("Hello, {}", person.account())
//! }
//!
//! let keys = KeyFile::new("keys").load()?;
//! let doorward = Doorward::builder(Settings::default()).keys(keys).build().await?;
//! let app = doorward.protect(Router::new().route("/", get(dashboard)));
//! let app: Router = app.merge(doorward.router());
//! tokio::spawn(async move { doorward.work(std::future::pending()).await }); // sends the letters
//! let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
//! axum::serve(listener, app.into_make_service_with_connect_info::<std::net::SocketAddr>()).await?;
//! # Ok(())
//! # }
//! ```
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod access;
mod account_page;
mod accounts;
mod admin;
mod api_keys;
mod attempts;
mod audit;
mod authorization;
mod base;
mod clients;
mod connections;
mod context;
mod domains;
mod doorward;
mod email_change;
mod error;
mod features;
mod federation;
mod guard;
mod invitations;
mod ladder;
mod login;
mod mailbox;
mod metrics;
mod oauth;
mod openapi;
mod openid;
mod operator;
mod operators;
mod password_reset;
mod passwords;
mod policy;
mod reauthentication;
mod sessions;
mod settings;
mod signing;
mod signup;
mod site;
mod tenant_page;
mod tenants;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
#[cfg(test)]
mod tests;
mod tokens;

pub use doorward_core as core;

pub use crate::{
    access::{Authorized, Permission},
    base::keyfile::{KeyFile, KeyFileError},
    doorward::{Builder, Doorward, StartError},
    error::Fault,
    federation::{ProviderToken, ProviderTokenError},
    guard::{Bearer, LiveBearer, Member, Public, Reauthenticated, RecentMember, SignedIn},
    settings::Settings,
    tenants::InTenant,
};

/// What an operator does: the acts behind the command line.
pub mod operate {
    pub use crate::{
        access::may,
        accounts::Account,
        api_keys::KeyInfo,
        audit::{
            Action, Checkpoint, CheckpointError, Export, Filter, Finding, Format, Kind, Outcome, PublicKey, Recorded,
            Signature, Signed, Stream, Verified, checkpoint, read_checkpoint, search, verify,
        },
        base::db::{Bind, Database, DatabaseUrl, Durability, Row, Transaction},
        clients::{Authentication, Client, ClientSecretText, Grant, Registration},
        connections::Connection,
        domains::{Domain, Proof, Proved},
        federation::{Check, Found, Trial},
        invitations::Invited,
        operator::{
            Act, ActError, Deletion, MemberOf, Provider, RegisteredClient, accounts, add_domain, add_member, api_keys,
            client, clients_of_settings, close_tenant, create_account, create_tenant, delete, delete_client,
            delete_tenant, disable, disable_client, domain_named, enable, enable_client, entitle, free_sign_in,
            grant_operator, import_hash, invitations, invite, invite_member, list, list_clients, list_connections,
            list_domains, list_tenants, map_organisation, members, move_domain, new_password, note, open_tenant,
            operators, policy, providers, register_client, remove_connection, remove_domain, remove_member, rename,
            rename_tenant, replace_signing_keys, resend_invitation, reset, restore_tenant, resume_tenant, revoke,
            revoke_all_of, revoke_api_key, revoke_everything, revoke_invitation, revoke_operator, rotate_client_secret,
            rotate_signing_keys, sessions, set_roles, signing_keys, suspend_tenant, tenant, tenant_of_address,
            try_provider, verify_domain, withdraw_domain,
        },
        operators::Operator,
        sessions::Listed,
        signing::SigningKey,
        tenants::{Entitlement, Member, State, Tenant},
    };
}

/// How settings are described and read; for programs that add sections of their own.
pub mod config {
    pub use crate::{
        api_keys::Settings as ApiKeysSettings,
        attempts::Settings as AttemptsSettings,
        audit::Settings as AuditSettings,
        authorization::Settings as AuthorizationSettings,
        base::{
            files::exposed_mode,
            mail::Settings as MailSettings,
            settings::{Entry, SecretText, Section, Setting, SettingsError},
        },
        clients::Settings as ClientsSettings,
        connections::Settings as ConnectionsSettings,
        domains::Settings as DomainsSettings,
        email_change::Settings as EmailChangeSettings,
        federation::Settings as ProvidersSettings,
        invitations::Settings as InvitationsSettings,
        password_reset::Settings as PasswordResetSettings,
        passwords::Settings as PasswordsSettings,
        policy::{EXAMPLES as POLICY_EXAMPLES, Policy, RoleInfo, Settings as PolicySettings},
        reauthentication::Settings as ReauthenticationSettings,
        sessions::Settings as SessionsSettings,
        settings::{DatabaseSettings, KeySettings, section},
        signing::Settings as SigningSettings,
        signup::Settings as SignupSettings,
        site::Settings as SiteSettings,
        tenants::Settings as TenantsSettings,
        tokens::Settings as TokensSettings,
    };
}
