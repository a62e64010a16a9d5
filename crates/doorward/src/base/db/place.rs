//! The place of an embedded database, and what may lie there that is not ours.
//!
//! SQLite goes by names. It replays whatever log lies beside a file, and it goes on writing to a file that was moved away.

use std::{
    fs,
    io::{self, ErrorKind, Read},
    mem::ManuallyDrop,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
    time::Instant,
};

use crate::error::Fault;

/// The file that was opened, so that another one in its place is noticed.
pub(super) struct Place {
    path: PathBuf,
    file: Option<Identity>,
    opened: Instant,
    /// Milliseconds after `opened` at which the file was last there.
    seen: AtomicU64,
}

/// What one file keeps for as long as it exists: device and inode.
type Identity = (u64, u64);

impl Place {
    /// Remembers which file lies at `path`; there is none for a database in memory.
    pub(super) fn of(path: &Path) -> Self {
        let seen = AtomicU64::new(0);
        Self { path: path.to_owned(), file: identity(path), opened: now(), seen }
    }

    /// Refuses once another file, or none, lies there: what this process would write nobody would find again, so a logout
    /// that it acknowledged would be undone by its next start.
    pub(super) fn check(&self) -> Result<(), Fault> {
        if identity(&self.path) == self.file {
            return Ok(());
        }
        Err(Fault::new("looking for the database", "its file was moved, removed or replaced; restart this process"))
    }

    /// Whether the file was still there less than a second ago: for what is so quick that looking would cost a noticeable
    /// part of it.
    pub(super) fn was_there_lately(&self) -> bool {
        let millis = u64::try_from(now().duration_since(self.opened).as_millis()).unwrap_or(u64::MAX);
        let lately = millis.saturating_sub(self.seen.load(Ordering::Relaxed)) < LATELY;
        if lately {
            return true;
        }
        let there = self.check().is_ok();
        if there {
            self.seen.store(millis, Ordering::Relaxed);
        }
        there
    }
}

#[allow(clippy::disallowed_methods, reason = "tells how long ago we looked, nothing about anybody")]
fn now() -> Instant {
    Instant::now()
}

/// In milliseconds.
const LATELY: u64 = 1000;

/// Removes a write-ahead log that was left by another file, and would be mixed into the one at `path`.
///
/// A process that was killed leaves its log behind. When its database is then replaced by a backup, the log would bring back
/// what the backup left out on purpose: sessions and links. A backup is recognised by its header: it does not use a log yet,
/// and a database that does says so before its log exists (<https://www.sqlite.org/fileformat2.html>, section 1.3.3).
pub(super) fn remove_foreign_log(path: &Path) -> io::Result<()> {
    let beside = |suffix: &str| beside(path, suffix);
    // The order matters: a log that is there before the header is read cannot be of a database that has just begun one.
    if !beside("-wal").exists() || !is_without_log(path)? {
        return Ok(());
    }
    for file in [beside("-wal"), beside("-shm")] {
        fs::remove_file(file).or_else(|cause| if cause.kind() == ErrorKind::NotFound { Ok(()) } else { Err(cause) })?;
    }
    tracing::warn!("removed the log of another database, which lay beside a restored one");
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::File::open(folder)?.sync_all()
}

/// Names a file that SQLite puts beside the one at `path`.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// Whether the header of a database says that it uses a rollback journal; an empty file says nothing.
fn is_without_log(path: &Path) -> io::Result<bool> {
    let mut header = [0; 20];
    // Never closed: that would drop the locks which SQLite may have on the same file for another handle of this process
    // (<https://www.sqlite.org/howtocorrupt.html>, section 2.2). It costs one descriptor after a crash.
    let file = fs::File::open(path).map(ManuallyDrop::new);
    match file.and_then(|file| (&*file).read_exact(&mut header)) {
        Ok(()) => Ok(header.starts_with(b"SQLite format 3\0") && header[18..] == [1, 1]),
        Err(cause) if matches!(cause.kind(), ErrorKind::NotFound | ErrorKind::UnexpectedEof) => Ok(false),
        Err(cause) => Err(cause),
    }
}

#[cfg(unix)]
fn identity(path: &Path) -> Option<Identity> {
    use std::os::unix::fs::MetadataExt;
    fs::metadata(path).ok().map(|file| (file.dev(), file.ino()))
}

/// Elsewhere an open file cannot be replaced in the first place.
#[cfg(not(unix))]
fn identity(_: &Path) -> Option<Identity> {
    None
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::{Place, remove_foreign_log};

    /// A database with a log beside it, as a killed process leaves them, in a folder of its own.
    fn crashed() -> (tempfile::TempDir, std::path::PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let (live, left) = (folder.path().join("live.db"), folder.path().join("left.db"));
        let database = Connection::open(&live).unwrap();
        database.execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE t (n); INSERT INTO t VALUES (1)").unwrap();
        std::fs::copy(&live, &left).unwrap();
        std::fs::copy(folder.path().join("live.db-wal"), folder.path().join("left.db-wal")).unwrap();
        (folder, left)
    }

    fn rows(path: &std::path::Path) -> i64 {
        Connection::open(path).unwrap().query_row("SELECT COUNT(*) FROM t", [], |row| row.get(0)).unwrap()
    }

    #[test]
    fn a_crashed_database_keeps_its_log() {
        let (_folder, left) = crashed();
        remove_foreign_log(&left).unwrap();
        assert_eq!(rows(&left), 1);
    }

    #[test]
    fn a_restored_database_loses_the_log_of_the_one_before() {
        let (folder, left) = crashed();
        let backup = folder.path().join("backup.db");
        Connection::open(&backup).unwrap().execute_batch("CREATE TABLE t (n)").unwrap();
        std::fs::copy(&backup, &left).unwrap();
        remove_foreign_log(&left).unwrap();
        assert_eq!(rows(&left), 0);
    }

    #[test]
    fn nothing_is_removed_where_there_is_no_database() {
        let folder = tempfile::tempdir().unwrap();
        remove_foreign_log(&folder.path().join("none.db")).unwrap();
        std::fs::write(folder.path().join("empty.db"), "").unwrap();
        std::fs::write(folder.path().join("empty.db-wal"), "log").unwrap();
        remove_foreign_log(&folder.path().join("empty.db")).unwrap();
        assert!(folder.path().join("empty.db-wal").exists());
    }

    #[test]
    fn another_file_in_the_place_is_noticed() {
        let (folder, left) = crashed();
        let place = Place::of(&left);
        place.check().unwrap();
        std::fs::rename(&left, folder.path().join("away.db")).unwrap();
        place.check().unwrap_err();
        std::fs::write(&left, "another").unwrap();
        place.check().unwrap_err();
        std::fs::rename(folder.path().join("away.db"), &left).unwrap();
        place.check().unwrap();
    }
}
