//! The real binary, from outside: its command line, its files, its sockets and its signals.
#![allow(clippy::unwrap_used)]

mod api_keys;
mod audit;
mod backup;
mod clients;
mod dev;
mod files;
#[cfg(target_os = "linux")]
mod flood;
mod forward_auth;
mod keys;
mod logs;
mod oauth;
mod operators;
mod policy;
mod production;
mod providers;
mod refresh;
mod secrets;
mod sessions;
mod shutdown;
mod signing;
mod support;
mod tenants;
mod users;
