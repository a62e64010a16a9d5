//! All or nothing: a flow's state change, its audit event and its letter.

use deadpool_postgres::Object;

use super::{
    postgres, sqlite,
    value::{Bind, Row},
};
use crate::error::Fault;

/// What must be true when a commit has been acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// It survives a power cut: revocations, spent tokens, passwords.
    Full,
    /// It survives the end of this process; a power cut may undo the last moments. For what costs at most a repeated
    /// step when lost: a fresh session, a "last seen", a throttle counter.
    Relaxed,
}

/// An open transaction. Committing is by value; dropping it undoes everything.
pub struct Transaction {
    inner: Option<Inner>,
    failed: bool,
    after_commit: Vec<Box<dyn FnOnce() + Send>>,
}

#[allow(clippy::large_enum_variant, reason = "one lives for the length of a flow")]
enum Inner {
    Sqlite(sqlite::Writer, Durability),
    Postgres(Object),
}

impl Transaction {
    pub(super) fn sqlite(writer: sqlite::Writer, durability: Durability) -> Self {
        Self { inner: Some(Inner::Sqlite(writer, durability)), failed: false, after_commit: Vec::new() }
    }

    pub(super) fn postgres(connection: Object) -> Self {
        Self { inner: Some(Inner::Postgres(connection)), failed: false, after_commit: Vec::new() }
    }

    /// Reads at most one row; also the row that `… RETURNING` gives back.
    pub async fn find<T>(
        &mut self,
        sql: &str,
        bind: &[&(dyn Bind + Sync)],
        map: fn(&Row<'_>) -> Result<T, Fault>,
    ) -> Result<Option<T>, Fault> {
        let found = match self.inner() {
            Inner::Sqlite(writer, _) => sqlite::find(writer, sql, bind, map),
            Inner::Postgres(connection) => postgres::find(connection, sql, bind, map).await,
        };
        self.noted(found)
    }

    /// Reads rows; the statement bounds how many.
    pub async fn list<T>(
        &mut self,
        sql: &str,
        bind: &[&(dyn Bind + Sync)],
        map: fn(&Row<'_>) -> Result<T, Fault>,
    ) -> Result<Vec<T>, Fault> {
        let found = match self.inner() {
            Inner::Sqlite(writer, _) => sqlite::list(writer, sql, bind, map),
            Inner::Postgres(connection) => postgres::list(connection, sql, bind, map).await,
        };
        self.noted(found)
    }

    /// Changes rows and returns how many were changed.
    pub async fn execute(&mut self, sql: &str, bind: &[&(dyn Bind + Sync)]) -> Result<u64, Fault> {
        let changed = match self.inner() {
            Inner::Sqlite(writer, _) => sqlite::execute(writer, sql, bind),
            Inner::Postgres(connection) => postgres::execute(connection, sql, bind).await,
        };
        self.noted(changed)
    }

    /// Runs several statements without parameters: a migration.
    pub async fn batch(&mut self, sql: &str) -> Result<(), Fault> {
        let done = match self.inner() {
            Inner::Sqlite(writer, _) => sqlite::batch(writer, sql),
            Inner::Postgres(connection) => postgres::batch(connection, sql).await,
        };
        self.noted(done)
    }

    /// Does `act` once the transaction has been committed, and not at all otherwise.
    pub fn after_commit(&mut self, act: impl FnOnce() + Send + 'static) {
        self.after_commit.push(Box::new(act));
    }

    /// Makes everything true at once. An error means that it may or may not have become true: nothing is acknowledged.
    ///
    /// After a failed statement it always is an error: SQLite would keep the other statements, and PostgreSQL would roll
    /// back and call that a success.
    pub async fn commit(mut self) -> Result<(), Fault> {
        if self.failed {
            return Err(Fault::new("committing", "a statement of this transaction has failed"));
        }
        match self.inner() {
            Inner::Sqlite(writer, durability) => sqlite::commit(writer, *durability)?,
            Inner::Postgres(connection) => postgres::batch(connection, "COMMIT").await?,
        }
        self.inner = None;
        self.after_commit.drain(..).for_each(|act| act());
        Ok(())
    }

    fn noted<T>(&mut self, result: Result<T, Fault>) -> Result<T, Fault> {
        self.failed |= result.is_err();
        result
    }

    fn inner(&mut self) -> &mut Inner {
        self.inner.as_mut().expect("a transaction is open until it is committed")
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        match self.inner.take() {
            // The writer undoes what was not committed.
            None | Some(Inner::Sqlite(..)) => {}
            // The connection goes back to the pool only after it is clean; a request that was cancelled must not leave
            // its half-done work to the next one.
            Some(Inner::Postgres(connection)) => match tokio::runtime::Handle::try_current() {
                Ok(runtime) => drop(runtime.spawn(roll_back(connection))),
                Err(_) => drop(Object::take(connection)),
            },
        }
    }
}

async fn roll_back(connection: Object) {
    if let Err(cause) = postgres::batch(&connection, "ROLLBACK").await {
        tracing::debug!(%cause, "closing a connection that could not roll back");
        drop(Object::take(connection));
    }
}
