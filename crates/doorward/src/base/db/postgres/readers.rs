//! A few connections over which everybody reads at the same time.
//!
//! Under load the statements of many requests leave together and their answers come together, so a read costs both sides about
//! half of what it costs over a connection of its own. Each statement is a transaction by itself and sees what was committed
//! before it was sent.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use deadpool_postgres::{Object, Pool};

use super::failed;
use crate::error::Fault;

/// How many there are. One is served by one process of the server, so these are as many cores as it has for reading.
pub(super) const MOST: usize = 4;

/// Connections that were taken out of the pool for good.
pub(super) struct Readers {
    pool: Pool,
    open: [Mutex<Option<Arc<Object>>>; MOST],
}

impl Readers {
    pub(super) fn new(pool: Pool) -> Self {
        Self { pool, open: std::array::from_fn(|_| Mutex::new(None)) }
    }

    /// The one that fewest are waiting for: behind a statement that hangs nobody stands in line while another is free.
    pub(super) async fn one(&self) -> Result<Arc<Object>, Fault> {
        let waiting = |slot: &Mutex<Option<Arc<Object>>>| lock(slot).as_ref().map_or(0, Arc::strong_count);
        let slot = self.open.iter().min_by_key(|slot| waiting(slot)).expect("there are several");
        let open = lock(slot).as_ref().filter(|reader| !reader.is_closed()).map(Arc::clone);
        match open {
            Some(reader) => Ok(reader),
            None => {
                let reader = Arc::new(self.pool.get().await.map_err(failed)?);
                *lock(slot) = Some(Arc::clone(&reader));
                Ok(reader)
            }
        }
    }

    /// Lets go of one that did not answer as it should: the next statement gets another.
    pub(super) fn noted<T>(&self, reader: &Arc<Object>, answer: Result<T, Fault>) -> Result<T, Fault> {
        if answer.is_err() {
            let is_it = |slot: &&Mutex<_>| lock(slot).as_ref().is_some_and(|open| Arc::ptr_eq(open, reader));
            if let Some(slot) = self.open.iter().find(is_it) {
                *lock(slot) = None;
            }
        }
        answer
    }
}

fn lock(slot: &Mutex<Option<Arc<Object>>>) -> MutexGuard<'_, Option<Arc<Object>>> {
    slot.lock().unwrap_or_else(PoisonError::into_inner)
}
