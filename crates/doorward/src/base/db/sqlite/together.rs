//! Many who change one thing at the same time wait for the disk once.
//!
//! A commit that lasts is a wait for the disk, and only one can be under way. What comes meanwhile goes together in the next: one
//! statement after the other, as they came, each as if it were alone. All of it is on the disk before anybody is told.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use rusqlite::Connection;
use tokio::sync::{Mutex as Turn, oneshot};

use super::{PATIENCE, Watch, Writer, execute};
use crate::{
    base::db::{
        place::Place,
        transaction::Durability,
        value::{Bind, Value},
    },
    error::Fault,
};

/// How many go together at most: as many as one commit may keep waiting.
const MOST: usize = 256;

/// The one writer, for those who change one thing.
pub(super) struct Together {
    shared: Arc<Shared>,
}

struct Shared {
    place: Arc<Place>,
    watch: Option<Arc<Watch>>,
    writer: Arc<Turn<Connection>>,
    queue: Mutex<Queue>,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<Change>,
    /// Whether a thread is at work for those who wait.
    is_served: bool,
}

struct Change {
    sql: &'static str,
    bind: Vec<Value<'static>>,
    reply: oneshot::Sender<Result<u64, Fault>>,
}

impl Together {
    pub(super) fn new(place: Arc<Place>, watch: Option<Arc<Watch>>, writer: Arc<Turn<Connection>>) -> Self {
        Self { shared: Arc::new(Shared { place, watch, writer, queue: Mutex::default() }) }
    }

    /// Changes rows, together with whoever else changes some.
    pub(super) async fn change(&self, sql: &'static str, bind: &[&(dyn Bind + Sync)]) -> Result<u64, Fault> {
        let (reply, changed) = oneshot::channel();
        let bind = bind.iter().map(|value| value.value().into_owned()).collect();
        let is_served = {
            let mut queue = self.shared.queue();
            queue.waiting.push_back(Change { sql, bind, reply });
            std::mem::replace(&mut queue.is_served, true)
        };
        if !is_served {
            let serving = Serving { shared: Arc::clone(&self.shared), is_done: false };
            // It waits for the disk, which those who answer requests must not.
            tokio::task::spawn_blocking(move || serving.work());
        }
        let changed = tokio::time::timeout(PATIENCE, changed).await;
        let too_long = |_| Fault::new("waiting to write", "other writers took too long");
        changed.map_err(too_long)?.map_err(|_| Fault::new("waiting to write", "the writer has gone"))?
    }
}

impl Shared {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes all of it true, or nothing.
    fn commit(&self, writer: &mut Writer, changes: &[Change]) -> Result<Vec<u64>, Failed> {
        self.place.check().map_err(Failed::Together)?;
        writer.begin(Durability::Full).map_err(Failed::Together)?;
        let change = |change: &Change| {
            let bind: Vec<_> = change.bind.iter().map(|value| value as &(dyn Bind + Sync)).collect();
            execute(writer, change.sql, &bind)
        };
        let changed = changes.iter().map(change).collect::<Result<Vec<_>, _>>();
        let changed = changed.map_err(|fault| {
            writer.undo();
            Failed::Alone(fault)
        })?;
        writer.commit().map_err(|fault| {
            writer.undo();
            Failed::Together(fault)
        })?;
        Ok(changed)
    }
}

/// Why nothing of some changes became true.
enum Failed {
    /// One of them failed, and the others may be in order.
    Alone(Fault),
    /// They have failed together; as with any failed commit, nobody knows what became of them.
    Together(Fault),
}

/// A thread at work, until nobody waits.
struct Serving {
    shared: Arc<Shared>,
    is_done: bool,
}

impl Serving {
    fn work(mut self) {
        loop {
            let connection = Arc::clone(&self.shared.writer).blocking_lock_owned();
            let mut writer = Writer::new(connection, self.shared.watch.clone());
            // Whoever came while it waited for its turn goes now.
            let Some(changes) = self.next() else { return };
            match self.shared.commit(&mut writer, &changes) {
                Err(Failed::Alone(_)) if changes.len() > 1 => {
                    for change in changes {
                        let one = [change];
                        let done = self.shared.commit(&mut writer, &one);
                        tell(one.into(), done);
                    }
                }
                done => {
                    // The next writer has its turn before anybody here is told.
                    drop(writer);
                    tell(changes, done);
                }
            }
        }
    }

    fn next(&mut self) -> Option<Vec<Change>> {
        let mut queue = self.shared.queue();
        let most = queue.waiting.len().min(MOST);
        // What nobody waits for any more is not done.
        let next: Vec<_> = queue.waiting.drain(..most).filter(|change| !change.reply.is_closed()).collect();
        if next.is_empty() && queue.waiting.is_empty() {
            // Under the same lock: who comes now finds that nobody is at work.
            queue.is_served = false;
            self.is_done = true;
            return None;
        }
        Some(next)
    }
}

impl Drop for Serving {
    /// Before its time: with its runtime, or in a panic.
    fn drop(&mut self) {
        if !self.is_done {
            self.shared.queue().is_served = false;
        }
    }
}

fn tell(changes: Vec<Change>, done: Result<Vec<u64>, Failed>) {
    match done {
        // Whoever is not there any more is told nothing.
        Ok(counts) => changes.into_iter().zip(counts).for_each(|(one, count)| drop(one.reply.send(Ok(count)))),
        Err(Failed::Alone(fault) | Failed::Together(fault)) => {
            let fault = Arc::new(fault);
            for change in changes {
                drop(change.reply.send(Err(Fault::new("changing a row", Arc::clone(&fault)))));
            }
        }
    }
}
