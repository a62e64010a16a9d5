//! The memberships in use, kept in memory while nothing changes them; as `sessions/kept.rs` keeps sessions.

use std::sync::Arc;

use doorward_core::AccountId;
use quick_cache::sync::Cache;

use super::{
    rules::{Named, Standing},
    store::{self, Joined},
};
use crate::{
    base::db::{Database, Mark},
    error::Fault,
    policy::Policy,
};

/// Memberships that were asked about lately.
pub(crate) struct Kept {
    standings: Cache<(Named, AccountId), Arc<Entry>>,
}

struct Entry {
    mark: Mark,
    standing: Arc<Standing>,
}

impl Kept {
    /// Keeps up to `most` of them.
    pub(crate) fn new(most: u32) -> Self {
        Self { standings: Cache::new(most as usize) }
    }

    /// What an account is in a tenant, from memory while it stands there, else from the database; `None` for a stranger, and
    /// for a tenant that is not there.
    pub(crate) async fn find(
        &self,
        db: &Database,
        policy: &Policy,
        named: Named,
        account: AccountId,
    ) -> Result<Option<Arc<Standing>>, Fault> {
        let key = (named, account);
        match self.standings.get(&key) {
            Some(entry) if db.stands(&entry.mark) => Ok(Some(Arc::clone(&entry.standing))),
            // In a box, so that those who find theirs do not carry about the room that reading takes.
            _ => Box::pin(self.read(db, policy, key)).await,
        }
    }

    /// The same from memory alone; `None` is no answer, and the database knows.
    pub(crate) fn in_memory(&self, db: &Database, named: &Named, account: AccountId) -> Option<Arc<Standing>> {
        let entry = self.standings.get(&(named.clone(), account))?;
        db.stands(&entry.mark).then(|| Arc::clone(&entry.standing))
    }

    async fn read(
        &self,
        db: &Database,
        policy: &Policy,
        key: (Named, AccountId),
    ) -> Result<Option<Arc<Standing>>, Fault> {
        let moment = if self.standings.capacity() > 0 { db.moment() } else { None };
        let Some(joined) = store::joined(db, &key.0, key.1).await? else { return Ok(None) };
        let [tenant, membership] = joined.rows;
        let standing = Arc::new(joined.standing(policy));
        let rows = [("tenants", tenant), ("memberships", membership)];
        if let Some(mark) = moment.and_then(|moment| db.mark(&moment, rows)) {
            self.standings.insert(key, Arc::new(Entry { mark, standing: Arc::clone(&standing) }));
        }
        Ok(Some(standing))
    }
}

impl Joined {
    /// What the rows mean under a policy.
    pub(crate) fn standing(self, policy: &Policy) -> Standing {
        Standing::new(policy, (self.id, self.slug, self.state), self.roles, self.entitlements)
    }
}
