//! Tells whether what was read before still stands, without asking SQLite.
//!
//! Whoever keeps something that was read in memory keeps with it a [`Mark`]. Changes come from two sides:
//!
//! - This process has one writing connection. SQLite itself names each row that it changes there (its update hook), so no
//!   feature can forget to; once the change is committed, and before anybody learns of it, the marks of these rows fall.
//! - Another process (the command line, an operator's `sqlite3`) is noticed by the header of the database's shared memory,
//!   which is different after every commit (<https://www.sqlite.org/walformat.html>, section 2.1). It is read at every
//!   question, which takes a fifth of a microsecond; when it is not the one that this process left, no mark stands.
//!
//! Everything that is unclear, here, makes marks fall. A mark that falls too early costs one more read.

use std::{
    fs::File,
    mem::ManuallyDrop,
    path::Path,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, RwLock,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
};

use rusqlite::Connection;

use super::place::beside;

/// Marks fall together with whatever shares their slot; one in 65,536 falls for nothing.
const SLOTS: usize = 1 << 16;
/// Changes of one transaction that are told apart; beyond, all marks fall.
const MOST_CHANGES: usize = 10_000;
/// The index header, of which the shared memory holds two copies.
const HEADER: usize = 48;

/// Where the header says that there is one (`isInit`).
const IS_MADE: usize = 12;

type Header = [u8; HEADER];

/// What was read stands while the rows that it came from are as they were.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mark {
    era: u64,
    rows: [(u32, u32); 2],
}

/// A moment before reading, at which every mark stood that may be made of what is read.
pub(crate) struct Moment {
    era: u64,
    commits: u64,
}

/// Watches one database for changes.
pub(super) struct Watch {
    shared: SharedMemory,
    /// The header after the last commit that was taken note of.
    known: RwLock<Option<Header>>,
    /// Goes up before the marks of a commit fall.
    commits: AtomicU64,
    /// Goes up when all marks fall.
    era: AtomicU64,
    slots: Box<[AtomicU32]>,
    changes: Arc<Mutex<Changes>>,
}

/// What the transaction that is under way has changed.
#[derive(Default)]
struct Changes {
    slots: Vec<usize>,
    count: u64,
    /// Whether there may be changes that nobody names, such as of the schema.
    unnamed: bool,
    /// What SQLite had counted, and the header, when it began.
    counted: u64,
    header: Option<Header>,
}

impl Watch {
    /// Begins to watch what `writer` and other processes do to the database at `path`; `None` where that cannot be seen.
    pub(super) fn start(path: &Path, writer: &Connection) -> Option<Self> {
        // A fresh database has no shared memory before it is first read.
        writer.query_row("SELECT COUNT(*) FROM sqlite_schema", [], |row| row.get::<_, i64>(0)).ok()?;
        let shared = SharedMemory::of(path)?;
        let changes = Arc::new(Mutex::new(Changes::default()));
        let noted = Arc::clone(&changes);
        let hook = move |_, _: &str, table: &str, row: i64| {
            let mut changes = lock(&noted);
            changes.count += 1;
            if changes.slots.len() < MOST_CHANGES {
                changes.slots.push(slot(table, row));
            }
        };
        writer.update_hook(Some(hook)).ok()?;
        let slots = std::iter::repeat_with(AtomicU32::default).take(SLOTS).collect();
        Some(Self {
            shared,
            known: RwLock::new(None),
            commits: AtomicU64::new(0),
            era: AtomicU64::new(0),
            slots,
            changes,
        })
    }

    /// The moment before reading something that may be kept; `None` while another process has written.
    pub(super) fn moment(&self) -> Option<Moment> {
        let moment = Moment { commits: self.commits.load(Ordering::SeqCst), era: self.era.load(Ordering::SeqCst) };
        self.is_known().then_some(moment)
    }

    /// The mark of what was read since `moment` from these rows; `None` when it may be out of date already.
    pub(super) fn mark(&self, moment: &Moment, rows: [(&str, i64); 2]) -> Option<Mark> {
        let rows = rows.map(|(table, row)| {
            let slot = slot(table, row);
            (slot as u32, self.slots[slot].load(Ordering::SeqCst))
        });
        // Marks fall after the count went up: nothing of a later commit is in what was just loaded.
        let unchanged = self.commits.load(Ordering::SeqCst) == moment.commits;
        unchanged.then_some(Mark { era: moment.era, rows })
    }

    /// Whether what was kept with `mark` still stands.
    pub(super) fn stands(&self, mark: &Mark) -> bool {
        let same = |(slot, value): &(u32, u32)| self.slots[*slot as usize].load(Ordering::SeqCst) == *value;
        // In this order: marks fall before a commit is known. Asked the other way round, a commit by another process could become
        // known in between, and its marks would be looked at before they fell and the header after it.
        self.is_known() && self.era.load(Ordering::SeqCst) == mark.era && mark.rows.iter().all(same)
    }

    /// Takes note of what other processes have written; only while this process's one writer is not writing.
    pub(super) fn catch_up(&self) -> Option<Header> {
        let header = self.shared.header();
        if header.is_none() || *self.known() != header {
            self.all_fall();
            *self.known.write().unwrap_or_else(PoisonError::into_inner) = header;
        }
        header
    }

    /// To be called when a transaction has begun, and with it the exclusion of every other writer.
    pub(super) fn begun(&self, writer: &Connection) {
        let header = self.catch_up();
        *lock(&self.changes) = Changes { counted: writer.total_changes(), header, ..Changes::default() };
    }

    /// To be called before it changes what SQLite does not name: the schema.
    pub(super) fn unnamed(&self) {
        lock(&self.changes).unnamed = true;
    }

    /// To be called when it has been committed, before anybody learns of it; or has failed to be, and nobody knows.
    pub(super) fn ended(&self, writer: &Connection, committed: bool) {
        let mut changes = lock(&self.changes);
        let after = self.shared.header();
        let ours = matches!((changes.header, after), (Some(before), Some(after))
            if after == before || number_of(&after) == number_of(&before).wrapping_add(1));
        // SQLite counts rows that it empties a table of in one go, and does not name them.
        let named = !changes.unnamed
            && changes.slots.len() < MOST_CHANGES
            && writer.total_changes().wrapping_sub(changes.counted) == changes.count;
        if committed && ours && named {
            self.commits.fetch_add(1, Ordering::SeqCst);
            for slot in changes.slots.drain(..) {
                self.slots[slot].fetch_add(1, Ordering::SeqCst);
            }
        } else {
            self.all_fall();
        }
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = after;
    }

    fn all_fall(&self) {
        self.commits.fetch_add(1, Ordering::SeqCst);
        self.era.fetch_add(1, Ordering::SeqCst);
    }

    /// Whether the last commit is one that was taken note of.
    fn is_known(&self) -> bool {
        let header = self.shared.header();
        header.is_some() && *self.known() == header
    }

    fn known(&self) -> std::sync::RwLockReadGuard<'_, Option<Header>> {
        self.known.read().unwrap_or_else(PoisonError::into_inner)
    }
}

fn lock(changes: &Mutex<Changes>) -> MutexGuard<'_, Changes> {
    changes.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Spreads rows over the slots (multiplicative hashing, Knuth, volume 3, section 6.4).
fn slot(table: &str, row: i64) -> usize {
    let table = table.bytes().fold(0_u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(byte)));
    let mixed = (row as u64 ^ table.rotate_left(32)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (mixed >> 48) as usize
}

/// The number of the commit that left this header (`iChange`), in the machine's own byte order.
fn number_of(header: &Header) -> u32 {
    u32::from_ne_bytes([header[8], header[9], header[10], header[11]])
}

/// The file through which processes share SQLite's index of the log.
struct SharedMemory {
    /// Never closed: that would drop the locks which SQLite has on the same file for its own handle
    /// (<https://www.sqlite.org/howtocorrupt.html>, section 2.2). It costs one descriptor for each database opened.
    file: ManuallyDrop<File>,
}

impl SharedMemory {
    fn of(path: &Path) -> Option<Self> {
        let file = ManuallyDrop::new(File::open(beside(path, "-shm")).ok()?);
        let shared = Self { file };
        shared.header().is_some().then_some(shared)
    }

    /// The header, unless somebody is writing it.
    #[cfg(unix)]
    fn header(&self) -> Option<Header> {
        use std::os::unix::fs::FileExt;
        let mut copies = [0; 2 * HEADER];
        self.file.read_exact_at(&mut copies, 0).ok()?;
        let (first, second) = copies.split_at(HEADER);
        let header: Header = first.try_into().ok()?;
        (first == second && header[IS_MADE] == 1).then_some(header)
    }

    /// Elsewhere files that are also mapped cannot be relied on to show what was written.
    #[cfg(not(unix))]
    fn header(&self) -> Option<Header> {
        None
    }
}
