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

mod account_page;
mod accounts;
mod attempts;
mod audit;
mod base;
mod context;
mod doorward;
mod email_change;
mod error;
mod features;
mod guard;
mod ladder;
mod login;
mod mailbox;
mod metrics;
mod openapi;
mod operator;
mod password_reset;
mod passwords;
mod reauthentication;
mod sessions;
mod settings;
mod signup;
mod site;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
#[cfg(test)]
mod tests;

pub use doorward_core as core;

pub use crate::{
    base::keyfile::{KeyFile, KeyFileError},
    doorward::{Builder, Doorward, StartError},
    error::Fault,
    guard::{Public, Reauthenticated, SignedIn},
    settings::Settings,
};

/// What an operator does: the acts behind the command line.
pub mod operate {
    pub use crate::{
        accounts::Account,
        audit::{Action, Filter, Recorded, Stream, search},
        base::db::{Bind, Database, DatabaseUrl, Durability, Row, Transaction},
        operator::{
            Act, create_account, delete, disable, enable, import_hash, invite, list, new_password, note, rename, reset,
            revoke, revoke_all_of, revoke_everything, sessions,
        },
        sessions::Listed,
    };
}

/// How settings are described and read; for programs that add sections of their own.
pub mod config {
    pub use crate::{
        attempts::Settings as AttemptsSettings,
        audit::Settings as AuditSettings,
        base::{
            files::exposed_mode,
            mail::Settings as MailSettings,
            settings::{Entry, SecretText, Section, Setting, SettingsError},
        },
        email_change::Settings as EmailChangeSettings,
        password_reset::Settings as PasswordResetSettings,
        passwords::Settings as PasswordsSettings,
        reauthentication::Settings as ReauthenticationSettings,
        sessions::Settings as SessionsSettings,
        settings::{DatabaseSettings, KeySettings, section},
        signup::Settings as SignupSettings,
        site::Settings as SiteSettings,
    };
}
