//! The sessions in use, kept in memory while nothing changes them.
//!
//! Nothing here decides anything: what is kept is what was read, together with the database's word that it still stands,
//! which is asked for at every use. A session that was ended is therefore refused as fast as without.

use std::sync::Arc;

use doorward_core::SessionId;
use quick_cache::sync::Cache;

use super::{rules::Record, store};
use crate::{
    accounts::{self, Profile},
    base::db::{Database, Mark},
    error::Fault,
};

/// A session and its person, as they were read.
pub(super) struct Known {
    pub(super) record: Record,
    pub(super) profile: Arc<Profile>,
}

/// Sessions that were read lately.
pub(crate) struct Kept {
    sessions: Cache<SessionId, Arc<Entry>>,
}

struct Entry {
    mark: Mark,
    known: Arc<Known>,
}

impl Kept {
    /// Keeps up to `most` of them; those that are asked for most stay.
    pub(crate) fn new(most: u32) -> Self {
        Self { sessions: Cache::new(most as usize) }
    }

    /// Whether what is read from this database is kept at all.
    pub(super) fn keeps(&self, db: &Database) -> bool {
        self.sessions.capacity() > 0 && db.tells_changes()
    }

    /// The session with this id and its person, from memory while it stands there, else from the database.
    pub(super) async fn find(&self, db: &Database, id: SessionId) -> Result<Option<Arc<Known>>, Fault> {
        match self.sessions.get(&id) {
            Some(entry) if db.stands(&entry.mark) => Ok(Some(Arc::clone(&entry.known))),
            // In a box, so that those who find theirs do not carry about the room that reading takes.
            _ => Box::pin(self.read(db, id)).await,
        }
    }

    async fn read(&self, db: &Database, id: SessionId) -> Result<Option<Arc<Known>>, Fault> {
        let moment = if self.keeps(db) { db.moment() } else { None };
        let lead = |record: Record| {
            let profile = accounts::profile_of(record.account);
            Some((record, profile))
        };
        let Some((record, Some(profile))) = db.find_led(store::one(id), lead).await? else { return Ok(None) };
        let account = record.account;
        let known = Arc::new(Known { record, profile: Arc::new(profile) });
        if let Some(moment) = moment
            && let Some(row) = accounts::row_of(db, account).await?
            && let Some(mark) = db.mark(&moment, [("sessions", id.as_i64()), ("accounts", row)])
        {
            self.sessions.insert(id, Arc::new(Entry { mark, known: Arc::clone(&known) }));
        }
        Ok(Some(known))
    }
}
