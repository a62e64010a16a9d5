//! PostgreSQL: a bounded pool, prepared statements, and a time limit on every wait.
//!
//! A transaction has a connection of the pool to itself, and so has a statement that changes something or reads much. Whoever
//! reads a row or a few, or changes one, does so together with whoever does the same: see [`Together`].

mod together;

use std::{future::Future, net::IpAddr, path::Path, sync::Arc, time::Duration};

use deadpool_postgres::{Manager, ManagerConfig, Object, Pool, RecyclingMethod, Runtime};
use rustls::pki_types::{CertificateDer, pem::PemObject};
use tokio_postgres::{
    config::{Host, SslMode},
    error::SqlState,
    types::ToSql,
};

use self::together::{Act, Together};
use super::{
    transaction::{Durability, Transaction},
    value::{Bind, Query, Row, Value},
};
use crate::error::Fault;

/// How long one statement, or one wait for a connection, may take before the answer is "not now".
const PATIENCE: Duration = Duration::from_secs(5);
const CONNECTIONS: usize = 16;
/// How many are kept for reading together: in use as a rule, so that many go together, and at most.
const READING: (usize, usize) = (2, 4);
/// How many are kept for changing together. One waits for the disk for everybody.
const CHANGING: (usize, usize) = (1, 2);

pub(super) struct Postgres {
    pool: Pool,
    reading: Together,
    changing: Together,
}

impl Postgres {
    pub(super) async fn open(url: &str, authority: Option<&Path>) -> Result<Self, Fault> {
        let mut config: tokio_postgres::Config = url.parse().map_err(failed)?;
        config.connect_timeout(PATIENCE).application_name("doorward");
        // Whatever the server's own default is. What comes later in the options counts.
        let options = config.get_options().map_or_else(String::new, |own| format!("{own} "));
        config.options(format!("{options}-c synchronous_commit=on"));
        // The default, `prefer`, takes "no TLS" for an answer, which anybody on the way can give.
        if config.get_ssl_mode() == SslMode::Prefer && !is_local(&config) {
            config.ssl_mode(SslMode::Require);
        }
        let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let manager = Manager::from_config(config, tls(authority)?, recycling);
        let pool = Pool::builder(manager)
            .max_size(CONNECTIONS + READING.1 + CHANGING.1)
            .wait_timeout(Some(PATIENCE))
            .create_timeout(Some(PATIENCE))
            .recycle_timeout(Some(PATIENCE))
            .runtime(Runtime::Tokio1)
            .build()
            .map_err(failed)?;
        drop(pool.get().await.map_err(failed)?);
        let together = |act, connections| Together::new(pool.clone(), act, connections);
        Ok(Self { reading: together(Act::Read, READING), changing: together(Act::Change, CHANGING), pool })
    }

    pub(super) async fn find<T>(
        &self,
        sql: &'static str,
        bind: &[&(dyn Bind + Sync)],
        map: fn(&Row<'_>) -> Result<T, Fault>,
    ) -> Result<Option<T>, Fault> {
        let answer = self.reading.ask(sql, bind).await?;
        answer.rows().first().map(|row| map(&Row::Postgres(row))).transpose()
    }

    pub(super) async fn find_led<A, B, C>(
        &self,
        first: Query<A>,
        lead: impl FnOnce(A) -> Option<(B, Query<C>)>,
    ) -> Result<Option<(B, Option<C>)>, Fault> {
        let found = self.find(first.sql, &[&first.key], first.map).await?;
        let Some((kept, second)) = found.and_then(lead) else { return Ok(None) };
        let found = self.find(second.sql, &[&second.key], second.map).await?;
        Ok(Some((kept, found)))
    }

    pub(super) async fn few<T>(
        &self,
        sql: &'static str,
        bind: &[&(dyn Bind + Sync)],
        map: fn(&Row<'_>) -> Result<T, Fault>,
    ) -> Result<Vec<T>, Fault> {
        let answer = self.reading.ask(sql, bind).await?;
        answer.rows().iter().map(|row| map(&Row::Postgres(row))).collect()
    }

    pub(super) async fn list<T>(
        &self,
        sql: &str,
        bind: &[&(dyn Bind + Sync)],
        map: fn(&Row<'_>) -> Result<T, Fault>,
    ) -> Result<Vec<T>, Fault> {
        list(&self.pool.get().await.map_err(failed)?, sql, bind, map).await
    }

    /// One statement is one transaction, and a connection of ours waits for the disk unless it is told not to.
    pub(super) async fn change(&self, sql: &str, bind: &[&(dyn Bind + Sync)]) -> Result<u64, Fault> {
        execute(&self.pool.get().await.map_err(failed)?, sql, bind).await
    }

    /// The same for one row by its key, where of several that meet at it one is to change it.
    pub(super) async fn compare_and_set(&self, sql: &'static str, bind: &[&(dyn Bind + Sync)]) -> Result<u64, Fault> {
        Ok(self.changing.ask(sql, bind).await?.changed)
    }

    pub(super) async fn begin(&self, durability: Durability) -> Result<Transaction, Fault> {
        let connection = self.pool.get().await.map_err(failed)?;
        let begin = match durability {
            Durability::Full => "BEGIN; SET LOCAL synchronous_commit = on",
            Durability::Relaxed => "BEGIN; SET LOCAL synchronous_commit = off",
        };
        // A transaction from here on: one that is cancelled or fails while it begins is rolled back like any other, or its
        // connection would go back to the pool with a transaction that nobody ends.
        let mut tx = Transaction::postgres(connection);
        tx.batch(begin).await?;
        Ok(tx)
    }
}

pub(super) async fn find<T>(
    connection: &Object,
    sql: &str,
    bind: &[&(dyn Bind + Sync)],
    map: fn(&Row<'_>) -> Result<T, Fault>,
) -> Result<Option<T>, Fault> {
    let found = list(connection, sql, bind, map).await?;
    Ok(found.into_iter().next())
}

pub(super) async fn list<T>(
    connection: &Object,
    sql: &str,
    bind: &[&(dyn Bind + Sync)],
    map: fn(&Row<'_>) -> Result<T, Fault>,
) -> Result<Vec<T>, Fault> {
    let values: Vec<Value<'_>> = bind.iter().map(|value| value.value()).collect();
    let values: Vec<&(dyn ToSql + Sync)> = values.iter().map(|value| value as _).collect();
    let rows = patiently(async {
        let statement = connection.prepare_cached(sql).await?;
        connection.query(&statement, &values).await
    });
    rows.await?.iter().map(|row| map(&Row::Postgres(row))).collect()
}

pub(super) async fn execute(connection: &Object, sql: &str, bind: &[&(dyn Bind + Sync)]) -> Result<u64, Fault> {
    let values: Vec<Value<'_>> = bind.iter().map(|value| value.value()).collect();
    let values: Vec<&(dyn ToSql + Sync)> = values.iter().map(|value| value as _).collect();
    let changed = patiently(async {
        let statement = connection.prepare_cached(sql).await?;
        connection.execute(&statement, &values).await
    });
    changed.await
}

pub(super) async fn batch(connection: &Object, sql: &str) -> Result<(), Fault> {
    patiently(connection.batch_execute(sql)).await
}

async fn patiently<T>(work: impl Future<Output = Result<T, tokio_postgres::Error>>) -> Result<T, Fault> {
    let answer = tokio::time::timeout(PATIENCE, work).await;
    answer.map_err(failed)?.map_err(failed)
}

fn failed(cause: impl std::error::Error + Send + Sync + 'static) -> Fault {
    Fault::new("asking the database", cause)
}

/// Whether a statement failed because another transaction had just put the same thing where only one can be.
pub(super) fn is_taken(fault: &Fault) -> bool {
    let cause = fault.cause().downcast_ref::<tokio_postgres::Error>();
    cause.and_then(tokio_postgres::Error::code) == Some(&SqlState::UNIQUE_VIOLATION)
}

/// Whether every server of the URL is on this machine, where nobody is on the way.
fn is_local(config: &tokio_postgres::Config) -> bool {
    let loopback =
        |name: &str| name == "localhost" || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    config.get_hosts().iter().all(|host| match host {
        Host::Tcp(name) => loopback(name),
        Host::Unix(_) => true,
    })
}

/// TLS checked against `authority`, or against Mozilla's roots.
fn tls(authority: Option<&Path>) -> Result<tokio_postgres_rustls::MakeRustlsConnect, Fault> {
    let mut roots = rustls::RootCertStore::empty();
    match authority {
        Some(path) => {
            let unusable = |cause| Fault::new("reading database.ca", cause);
            for certificate in CertificateDer::pem_file_iter(path).map_err(unusable)? {
                roots.add(certificate.map_err(unusable)?).map_err(failed)?;
            }
        }
        None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring offers the default TLS versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(tokio_postgres_rustls::MakeRustlsConnect::new(config))
}
