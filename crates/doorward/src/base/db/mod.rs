//! One SQL text on two engines: SQLite inside the process, or PostgreSQL.
//!
//! Statements use `$1 … $n`, numbered by first appearance (SQLite numbers them so whatever they say; a debug assertion
//! and every test hold us to it). Column types are `BIGINT`, `TEXT`, `BYTEA` and `{id}` (a 64-bit primary key, numbered by
//! the engine when an insert does not say).
//! Times are microseconds since the epoch. Nothing here knows a feature.
//!
//! - `db/all-or-nothing`: A transaction becomes true as a whole or not at all, also when its request is cancelled midway.
//! - `db/durable`: A commit that must last is on the disk before it is acknowledged.
//! - `db/migrates-once`: Each migration is applied once, however many nodes start, and one that changed is refused.
//! - `db/fail-closed`: A store that is gone, full, read-only or corrupt is answered 503 and never yes.
//! - `db/own-answer`: Whoever reads gets the answer to their own question, as it was after every commit before it, and waits for
//!   nobody's that hangs.
//! - `db/one-wins`: Of several that compare a row and set it at the same moment, on one node or several, one sets it; and each that is
//!   told so has.
//! - `db/marks-fall`: What is kept in memory falls with any change of the rows that it came from, whoever makes it.
//! - `db/private-file`: The files of an embedded database are readable by their owner only; wider ones are tightened.

mod migrate;
mod place;
mod postgres;
mod sqlite;
mod transaction;
mod value;
mod watch;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

pub(crate) use migrate::Migration;
pub use transaction::{Durability, Transaction};
pub use value::{Bind, Row};
pub(crate) use value::{Query, Value};
pub(crate) use watch::{Mark, Moment};

use crate::error::Fault;

/// Where the data lives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// A file of this machine, written by this process and the command line only.
    Sqlite(PathBuf),
    /// A PostgreSQL server, as a `postgres://` URL.
    Postgres(String),
}

impl DatabaseUrl {
    /// Reads `sqlite:PATH` or `postgres://…`; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(path) = text.strip_prefix("sqlite:") {
            return (!path.is_empty()).then(|| Self::Sqlite(PathBuf::from(path)));
        }
        let postgres = text.starts_with("postgres://") || text.starts_with("postgresql://");
        postgres.then(|| Self::Postgres(text.to_owned()))
    }
}

/// A handle to the database; clones share connections.
#[derive(Clone)]
pub struct Database {
    engine: Arc<Engine>,
}

enum Engine {
    Sqlite(sqlite::Sqlite),
    Postgres(postgres::Postgres),
}

impl Database {
    /// Opens the database without touching its schema. A server is checked against the certificates in the file
    /// `authority`, or against the public ones.
    pub async fn open(url: &DatabaseUrl, authority: Option<&Path>) -> Result<Self, Fault> {
        let engine = match url {
            DatabaseUrl::Sqlite(path) => Engine::Sqlite(sqlite::Sqlite::open(path)?),
            DatabaseUrl::Postgres(url) => Engine::Postgres(postgres::Postgres::open(url, authority).await?),
        };
        Ok(Self { engine: Arc::new(engine) })
    }

    /// Reads at most one row outside any transaction.
    pub async fn find<T>(
        &self,
        sql: &'static str,
        bind: &[&(dyn Bind + Sync)],
        map: fn(&Row<'_>) -> Result<T, Fault>,
    ) -> Result<Option<T>, Fault> {
        match &*self.engine {
            Engine::Sqlite(sqlite) => sqlite.find(sql, bind, map),
            Engine::Postgres(postgres) => postgres.find(sql, bind, map).await,
        }
    }

    /// Reads a row, and then another to which the first leads, `None` in place of what is not there.
    ///
    /// `lead` judges the first row: what to keep of it and where it leads, or `None` to stop there. In an embedded
    /// database both reads see one moment, and cost one locking of the file instead of two, half of what they would.
    pub(crate) async fn find_led<A, B, C>(
        &self,
        first: Query<A>,
        lead: impl FnOnce(A) -> Option<(B, Query<C>)> + Send,
    ) -> Result<Option<(B, Option<C>)>, Fault> {
        match &*self.engine {
            Engine::Sqlite(sqlite) => sqlite.find_led(first, lead),
            Engine::Postgres(postgres) => postgres.find_led(first, lead).await,
        }
    }

    /// Whether the engine says at once when something has changed, whoever changed it.
    pub(crate) fn tells_changes(&self) -> bool {
        match &*self.engine {
            Engine::Sqlite(sqlite) => sqlite.tells_changes(),
            Engine::Postgres(_) => false,
        }
    }

    /// The moment before reading something that may be kept in memory; `None` when the engine could not say whether it
    /// still stands, so that it must be read each time.
    pub(crate) fn moment(&self) -> Option<Moment> {
        match &*self.engine {
            Engine::Sqlite(sqlite) => sqlite.moment(),
            Engine::Postgres(_) => None,
        }
    }

    /// The mark of what was read since `moment` from these rows (a table and SQLite's number of the row); `None` when it
    /// may be out of date already.
    pub(crate) fn mark(&self, moment: &Moment, rows: [(&str, i64); 2]) -> Option<Mark> {
        match &*self.engine {
            Engine::Sqlite(sqlite) => sqlite.mark(moment, rows),
            Engine::Postgres(_) => None,
        }
    }

    /// Whether what was kept with `mark` still stands: no row that it came from was changed since, by anybody.
    pub(crate) fn stands(&self, mark: &Mark) -> bool {
        match &*self.engine {
            Engine::Sqlite(sqlite) => sqlite.stands(mark),
            Engine::Postgres(_) => false,
        }
    }

    /// Reads rows outside any transaction; the statement bounds how many.
    pub async fn list<T>(
        &self,
        sql: &str,
        bind: &[&(dyn Bind + Sync)],
        map: fn(&Row<'_>) -> Result<T, Fault>,
    ) -> Result<Vec<T>, Fault> {
        match &*self.engine {
            Engine::Sqlite(sqlite) => sqlite.list(sql, bind, map),
            Engine::Postgres(postgres) => postgres.list(sql, bind, map).await,
        }
    }

    /// The same for a handful of rows, which are read like one: many who read at the same time do so together.
    pub(crate) async fn few<T>(
        &self,
        sql: &'static str,
        bind: &[&(dyn Bind + Sync)],
        map: fn(&Row<'_>) -> Result<T, Fault>,
    ) -> Result<Vec<T>, Fault> {
        match &*self.engine {
            Engine::Sqlite(sqlite) => sqlite.list(sql, bind, map),
            Engine::Postgres(postgres) => postgres.few(sql, bind, map).await,
        }
    }

    /// Changes rows with one statement that is a transaction by itself, and lasts; returns how many were changed.
    pub async fn change(&self, sql: &'static str, bind: &[&(dyn Bind + Sync)]) -> Result<u64, Fault> {
        match &*self.engine {
            Engine::Sqlite(sqlite) => sqlite.change(sql, bind).await,
            Engine::Postgres(postgres) => postgres.change(sql, bind).await,
        }
    }

    /// The same with `UPDATE … SET … WHERE …` of one row by its key, which also says what it must be like; whether it was, and
    /// now is what was set. Of several that meet at a row at the same moment, one sets it.
    pub(crate) async fn compare_and_set(&self, sql: &'static str, bind: &[&(dyn Bind + Sync)]) -> Result<bool, Fault> {
        let changed = match &*self.engine {
            Engine::Sqlite(sqlite) => sqlite.change(sql, bind).await?,
            Engine::Postgres(postgres) => postgres.compare_and_set(sql, bind).await?,
        };
        Ok(changed == 1)
    }

    /// Begins a transaction that may write. Dropping it undoes it.
    pub async fn begin(&self, durability: Durability) -> Result<Transaction, Fault> {
        match &*self.engine {
            Engine::Sqlite(sqlite) => sqlite.begin(durability).await,
            Engine::Postgres(postgres) => postgres.begin(durability).await,
        }
    }

    /// Answers when the database can be read, and is still the one that was opened.
    pub async fn ping(&self) -> Result<(), Fault> {
        self.find("SELECT COUNT(*) FROM schema_migrations", &[], |row| row.get::<i64>(0)).await.map(drop)
    }

    /// What the engine is called.
    pub(crate) fn engine_name(&self) -> &'static str {
        match &*self.engine {
            Engine::Sqlite(_) => "SQLite",
            Engine::Postgres(_) => "PostgreSQL",
        }
    }

    /// The last migration that was applied, and how many there were; `None` before the first.
    pub(crate) async fn schema(&self) -> Result<Option<(String, i64)>, Fault> {
        let sql = "SELECT MAX(name), COUNT(*) FROM schema_migrations";
        let found = self.find(sql, &[], |row| Ok((row.get::<Option<String>>(0)?, row.get(1)?))).await?;
        Ok(found.and_then(|(name, count)| Some((name?, count))))
    }

    /// Applies the migrations that are missing, once, whoever else starts at the same time; returns their names.
    pub async fn migrate(
        &self,
        migrations: &[Migration],
        now: doorward_core::Timestamp,
    ) -> Result<Vec<&'static str>, Fault> {
        migrate::apply(self, migrations, now).await
    }

    /// Writes a consistent copy of an embedded database to `path`; `None` when the engine brings its own tool for that.
    pub fn copy_to(&self, path: &Path) -> Option<Result<(), Fault>> {
        match &*self.engine {
            Engine::Sqlite(sqlite) => Some(sqlite.copy_to(path)),
            Engine::Postgres(_) => None,
        }
    }

    fn id_column(&self) -> &'static str {
        match &*self.engine {
            Engine::Sqlite(_) => "INTEGER PRIMARY KEY",
            Engine::Postgres(_) => "BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY",
        }
    }

    /// The statement that makes concurrent migrations wait for each other inside their transaction.
    fn migration_lock(&self) -> Option<&'static str> {
        match &*self.engine {
            // BEGIN IMMEDIATE already excludes every other writer.
            Engine::Sqlite(_) => None,
            Engine::Postgres(_) => Some("SELECT pg_advisory_xact_lock(4919131752989213764)"),
        }
    }
}

/// Whether a statement failed because what must be unique was taken at the same moment; its transaction is lost.
///
/// In an embedded database writers take turns, and a statement that looks first sees what the one before wrote.
pub(crate) fn is_taken(fault: &Fault) -> bool {
    postgres::is_taken(fault)
}

#[cfg(test)]
mod tests;
