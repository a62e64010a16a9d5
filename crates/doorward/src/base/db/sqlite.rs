//! SQLite in this process: readers without a queue, one writer.
//!
//! A read takes 1.5 to 4 µs, less than handing it to another thread would, so reads run where they are asked for.
//! Writers take turns; a commit that must reach the disk tells the runtime that it blocks. Whoever changes one thing does so
//! [`Together`] with others.

mod together;

use std::{
    io::ErrorKind,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use rusqlite::{CachedStatement, Connection, ErrorCode, OpenFlags};
use tokio::sync::{Mutex as Turn, OwnedMutexGuard};

use self::together::Together;
use super::{
    place::{self, Place},
    transaction::{Durability, Transaction},
    value::{Bind, Query, Row, Value},
    watch::{Mark, Moment, Watch},
};
use crate::{
    base::files::{self, create_private},
    error::Fault,
};

/// How long a writer waits for its turn before the answer is "not now".
const PATIENCE: Duration = Duration::from_secs(5);
/// How long SQLite waits for another process (the command line) to finish writing.
const OTHER_PROCESS: Duration = Duration::from_secs(3);
/// The pause before another try at what SQLite does not wait for.
const AGAIN: Duration = Duration::from_millis(10);
/// Readers copy from the file and do not map it: a disk that fails to read a mapped page ends the process, where a failed
/// read is a 503.
const READER: &str = "PRAGMA query_only = ON;";
/// More readers than this many threads share a connection.
const MAX_READERS: usize = 8;

pub(super) struct Sqlite {
    path: PathBuf,
    place: Arc<Place>,
    readers: Box<[Mutex<Connection>]>,
    watch: Option<Arc<Watch>>,
    writer: Arc<Turn<Connection>>,
    changing: Together,
}

/// The writing connection while a transaction has its turn. What was not committed when it ends is undone.
pub(super) struct Writer {
    connection: OwnedMutexGuard<Connection>,
    watch: Option<Arc<Watch>>,
}

impl Writer {
    fn new(connection: OwnedMutexGuard<Connection>, watch: Option<Arc<Watch>>) -> Self {
        Self { connection, watch }
    }

    /// Begins what is on the disk when it has been committed, if it is to last.
    fn begin(&self, durability: Durability) -> Result<(), Fault> {
        // Only FULL forces the log to the disk at commit: a revocation survives a power cut, a "last seen" need not.
        let begin = match durability {
            Durability::Full => "PRAGMA synchronous = FULL; BEGIN IMMEDIATE",
            Durability::Relaxed => "PRAGMA synchronous = NORMAL; BEGIN IMMEDIATE",
        };
        self.execute_batch(begin).map_err(failed)?;
        if let Some(watch) = &self.watch {
            watch.begun(self);
        }
        Ok(())
    }

    fn commit(&self) -> Result<(), Fault> {
        let done = self.execute_batch("COMMIT").map_err(failed);
        if let Some(watch) = &self.watch {
            watch.ended(self, done.is_ok());
        }
        done
    }

    fn undo(&self) {
        if !self.is_autocommit()
            && let Err(cause) = self.execute_batch("ROLLBACK")
        {
            tracing::debug!(%cause, "nothing to roll back");
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.undo();
    }
}

impl std::ops::Deref for Writer {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.connection
    }
}

impl Sqlite {
    pub(super) fn open(path: &Path) -> Result<Self, Fault> {
        make_private(path)?;
        place::remove_foreign_log(path).map_err(|cause| Fault::new("looking beside the database", cause))?;
        let writer = connect(path, "PRAGMA journal_mode = WAL; PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON;")?;
        let count = std::thread::available_parallelism().map_or(2, usize::from).clamp(2, MAX_READERS);
        let readers = (0..count).map(|_| connect(path, READER).map(Mutex::new));
        let readers = readers.collect::<Result<_, _>>()?;
        let watch = Watch::start(path, &writer).map(Arc::new);
        let (path, place, writer) = (path.to_owned(), Arc::new(Place::of(path)), Arc::new(Turn::new(writer)));
        let changing = Together::new(Arc::clone(&place), watch.clone(), Arc::clone(&writer));
        Ok(Self { path, place, readers, watch, writer, changing })
    }

    /// Whether changes are seen.
    pub(super) fn tells_changes(&self) -> bool {
        self.watch.is_some()
    }

    /// The moment before reading something that may be kept in memory.
    pub(super) fn moment(&self) -> Option<Moment> {
        let watch = self.watch.as_ref()?;
        watch.moment().or_else(|| {
            // Another process has written, or our own writer is just done. Whoever has its turn takes note anyway.
            let _turn = self.writer.try_lock().ok()?;
            watch.catch_up()?;
            watch.moment()
        })
    }

    /// The mark of what was read since `moment`.
    pub(super) fn mark(&self, moment: &Moment, rows: [(&str, i64); 2]) -> Option<Mark> {
        self.watch.as_ref()?.mark(moment, rows)
    }

    /// Whether what was kept with `mark` still stands.
    pub(super) fn stands(&self, mark: &Mark) -> bool {
        self.watch.as_ref().is_some_and(|watch| watch.stands(mark)) && self.place.was_there_lately()
    }

    pub(super) fn find<T>(
        &self,
        sql: &str,
        bind: &[&(dyn Bind + Sync)],
        map: fn(&Row<'_>) -> Result<T, Fault>,
    ) -> Result<Option<T>, Fault> {
        find(&*self.reader()?, sql, bind, map)
    }

    pub(super) fn find_led<A, B, C>(
        &self,
        first: Query<A>,
        lead: impl FnOnce(A) -> Option<(B, Query<C>)>,
    ) -> Result<Option<(B, Option<C>)>, Fault> {
        let reader = self.reader()?;
        let mut statement = prepare(&reader, first.sql, &[&first.key])?;
        let mut rows = statement.raw_query();
        let Some(row) = rows.next().map_err(failed)? else { return Ok(None) };
        let Some((kept, second)) = lead((first.map)(&Row::Sqlite(row))?) else { return Ok(None) };
        // The first statement is still open, and with it the transaction in which both read.
        let found = find(&reader, second.sql, &[&second.key], second.map)?;
        Ok(Some((kept, found)))
    }

    pub(super) fn list<T>(
        &self,
        sql: &str,
        bind: &[&(dyn Bind + Sync)],
        map: fn(&Row<'_>) -> Result<T, Fault>,
    ) -> Result<Vec<T>, Fault> {
        list(&*self.reader()?, sql, bind, map)
    }

    /// Changes rows with one statement, which is on the disk when it has been done.
    pub(super) async fn change(&self, sql: &'static str, bind: &[&(dyn Bind + Sync)]) -> Result<u64, Fault> {
        self.changing.change(sql, bind).await
    }

    pub(super) async fn begin(&self, durability: Durability) -> Result<Transaction, Fault> {
        self.place.check()?;
        let turn = tokio::time::timeout(PATIENCE, Arc::clone(&self.writer).lock_owned());
        let connection = turn.await.map_err(|_| Fault::new("waiting to write", "other writers took too long"))?;
        let writer = Writer::new(connection, self.watch.clone());
        writer.begin(durability)?;
        Ok(Transaction::sqlite(writer, durability))
    }

    pub(super) fn copy_to(&self, path: &Path) -> Result<(), Fault> {
        // Not `query_only`: SQLite counts VACUUM INTO as writing, though this file stays as it is.
        let source = connect(&self.path, "")?;
        let target = path.to_str().ok_or_else(|| Fault::new("writing a copy", "the path is not UTF-8"))?;
        source.execute("VACUUM INTO ?1", [target]).map(drop).map_err(failed)
    }

    /// A connection for reading, unless another file lies in our place: what somebody revokes there is in force there only.
    fn reader(&self) -> Result<std::sync::MutexGuard<'_, Connection>, Fault> {
        self.place.check()?;
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        thread_local!(static MINE: usize = NEXT.fetch_add(1, Ordering::Relaxed));
        let mine = MINE.with(|mine| *mine % self.readers.len());
        // A panic while reading leaves a connection usable: statements are reset when they are dropped.
        Ok(self.readers[mine].lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Runs several statements, which may change the schema.
pub(super) fn batch(writer: &Writer, sql: &str) -> Result<(), Fault> {
    if let Some(watch) = &writer.watch {
        watch.unnamed();
    }
    writer.execute_batch(sql).map_err(failed)
}

/// Commits, telling the runtime when that means waiting for the disk.
pub(super) fn commit(writer: &Writer, durability: Durability) -> Result<(), Fault> {
    let threaded = tokio::runtime::Handle::try_current()
        .is_ok_and(|handle| handle.runtime_flavor() == tokio::runtime::RuntimeFlavor::MultiThread);
    match durability {
        Durability::Full if threaded => tokio::task::block_in_place(|| writer.commit()),
        _ => writer.commit(),
    }
}

pub(super) fn find<T>(
    connection: &Connection,
    sql: &str,
    bind: &[&(dyn Bind + Sync)],
    map: fn(&Row<'_>) -> Result<T, Fault>,
) -> Result<Option<T>, Fault> {
    let mut statement = prepare(connection, sql, bind)?;
    let mut rows = statement.raw_query();
    rows.next().map_err(failed)?.map(|row| map(&Row::Sqlite(row))).transpose()
}

pub(super) fn list<T>(
    connection: &Connection,
    sql: &str,
    bind: &[&(dyn Bind + Sync)],
    map: fn(&Row<'_>) -> Result<T, Fault>,
) -> Result<Vec<T>, Fault> {
    let mut statement = prepare(connection, sql, bind)?;
    let mut rows = statement.raw_query();
    let mut found = Vec::new();
    while let Some(row) = rows.next().map_err(failed)? {
        found.push(map(&Row::Sqlite(row))?);
    }
    Ok(found)
}

pub(super) fn execute(connection: &Connection, sql: &str, bind: &[&(dyn Bind + Sync)]) -> Result<u64, Fault> {
    let changed = prepare(connection, sql, bind)?.raw_execute().map_err(failed)?;
    Ok(changed as u64)
}

pub(super) fn failed(cause: rusqlite::Error) -> Fault {
    Fault::new("asking the database", cause)
}

fn prepare<'c>(
    connection: &'c Connection,
    sql: &str,
    bind: &[&(dyn Bind + Sync)],
) -> Result<CachedStatement<'c>, Fault> {
    let mut statement = connection.prepare_cached(sql).map_err(failed)?;
    debug_assert_eq!(statement.parameter_count(), bind.len(), "parameters of {sql}");
    for (index, value) in (1..).zip(bind) {
        debug_assert_eq!(
            statement.parameter_name(index),
            Some(&*format!("${index}")),
            "parameters by first appearance in {sql}"
        );
        let value: Value<'_> = value.value();
        statement.raw_bind_parameter(index, value).map_err(failed)?;
    }
    Ok(statement)
}

/// A database holds password hashes: its file is made for its owner only, and SQLite gives its log the same mode.
///
/// One that is there already and is wider is tightened, not refused: nobody else has business with it, and a copy that
/// was just restored in a hurry is one. Where that is not possible, it is refused.
fn make_private(path: &Path) -> Result<(), Fault> {
    if path.as_os_str() == ":memory:" {
        return Ok(());
    }
    match create_private(path) {
        Ok(_) => return Ok(()),
        Err(cause) if cause.kind() == ErrorKind::AlreadyExists => {}
        Err(cause) => return Err(Fault::new("making the database file", cause)),
    }
    for file in [path.to_owned(), place::beside(path, "-wal"), place::beside(path, "-shm")] {
        match files::make_private(&file) {
            Err(cause) if cause.kind() != ErrorKind::NotFound => {
                let what = format!("others may read {}, and its mode cannot be changed: {cause}", file.display());
                return Err(Fault::new("looking at the database file", what));
            }
            _ => {}
        }
    }
    Ok(())
}

fn connect(path: &Path, pragmas: &str) -> Result<Connection, Fault> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(failed)?;
    connection.busy_timeout(OTHER_PROCESS).map_err(failed)?;
    // SQLite does not wait where several make a fresh database a write-ahead one at the same moment: all but one are told
    // at once that it is locked.
    let mut tries = OTHER_PROCESS.as_millis() / AGAIN.as_millis();
    while let Err(cause) = connection.execute_batch(pragmas) {
        if tries == 0 || cause.sqlite_error_code() != Some(ErrorCode::DatabaseBusy) {
            return Err(failed(cause));
        }
        tries -= 1;
        std::thread::sleep(AGAIN);
    }
    connection.set_prepared_statement_cache_capacity(128);
    Ok(connection)
}
