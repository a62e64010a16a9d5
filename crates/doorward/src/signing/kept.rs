//! Keys that were opened, kept in memory so that a signature costs no opening.
//!
//! Nothing here decides anything: rows are read each time, and what is kept is used for a row that is the same to the byte,
//! under the same master keys.

use std::sync::{Arc, PoisonError, RwLock};

use doorward_core::{KeyRing, Timestamp};
use doorward_verify::{Algorithm, KeySet};

use super::{
    pair::Pair,
    rules::{self, Stored},
};
use crate::error::Fault;

/// The keys that were in use last.
#[derive(Default)]
pub(crate) struct Kept(RwLock<Option<Arc<Keys>>>);

/// All keys of a moment, opened.
pub(super) struct Keys {
    ring: Arc<KeyRing>,
    rows: Vec<Stored>,
    /// In the order of the rows.
    pairs: Vec<Arc<Pair>>,
    pub(super) set: Arc<KeySet>,
}

impl Kept {
    /// The keys of these rows.
    pub(super) fn opened(&self, ring: Arc<KeyRing>, rows: Vec<Stored>) -> Result<Arc<Keys>, Fault> {
        let last = self.0.read().unwrap_or_else(PoisonError::into_inner).clone();
        let last = last.filter(|last| Arc::ptr_eq(&last.ring, &ring));
        if let Some(last) = last.as_ref().filter(|last| last.rows == rows) {
            return Ok(Arc::clone(last));
        }
        let known = |row: &Stored| last.as_ref().and_then(|last| last.pair(row));
        let pairs = rows.iter().map(|row| match known(row) {
            Some(pair) => Ok(pair),
            None => Pair::open(row, &ring).map(Arc::new),
        });
        let pairs = pairs.collect::<Result<Vec<_>, Fault>>()?;
        let mut set = KeySet::default();
        for (row, pair) in rows.iter().zip(&pairs) {
            set.insert(&row.kid, pair.public.clone());
        }
        let keys = Arc::new(Keys { ring, rows, pairs, set: Arc::new(set) });
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&keys));
        Ok(keys)
    }
}

impl Keys {
    /// The key that signs now, with its name; `None` when there is none of this algorithm.
    pub(super) fn signer(&self, algorithm: Algorithm, now: Timestamp) -> Option<(&str, &Pair)> {
        let row = rules::signer(&self.rows, algorithm, now)?;
        let at = self.rows.iter().position(|other| other.kid == row.kid)?;
        Some((&row.kid, &self.pairs[at]))
    }

    /// The rows that they were opened from.
    pub(super) fn rows(&self) -> &[Stored] {
        &self.rows
    }

    /// The pair of a row that was sealed the same.
    fn pair(&self, row: &Stored) -> Option<Arc<Pair>> {
        let same = |other: &Stored| {
            (&other.kid, other.algorithm, &other.public, &other.sealed)
                == (&row.kid, row.algorithm, &row.public, &row.sealed)
        };
        self.rows.iter().position(same).map(|at| Arc::clone(&self.pairs[at]))
    }
}
