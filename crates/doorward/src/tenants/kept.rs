//! The memberships in use, kept in memory while nothing changes them; as `sessions/kept.rs` keeps sessions.

use std::sync::Arc;

use doorward_core::AccountId;
use quick_cache::sync::Cache;

use super::{
    rules::{Named, Standing},
    store::{self, Joined},
};
use crate::{
    base::db::{Database, Mark, Moment},
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

    /// The same of several tenants, in their order, with at most one look at the database.
    pub(crate) async fn find_all(
        &self,
        db: &Database,
        policy: &Policy,
        names: Vec<Named>,
        account: AccountId,
    ) -> Result<Vec<Option<Arc<Standing>>>, Fault> {
        let in_memory = |named: &Named| {
            let entry = self.standings.get(&(named.clone(), account))?;
            db.stands(&entry.mark).then(|| Arc::clone(&entry.standing))
        };
        let mut found: Vec<_> = names.iter().map(in_memory).collect();
        if found.iter().all(Option::is_some) {
            return Ok(found);
        }
        let moment = self.moment(db);
        let read = store::of_account(db, account, 0, store::MOST_READ as i64).await?.into_iter();
        let read: Vec<_> = read.map(|joined| (joined.rows, Arc::new(joined.standing(policy)))).collect();
        let all = read.len() < store::MOST_READ;
        for (named, found) in names.into_iter().zip(&mut found) {
            if !all && found.is_none() {
                // Of somebody in so many tenants not all were read: each question is asked as if it were alone.
                *found = Box::pin(self.find(db, policy, named, account)).await?;
                continue;
            }
            let meant = read.iter().find(|(_, standing)| named.means(standing)).filter(|_| found.is_none());
            if let Some((rows, standing)) = meant {
                *found = Some(Arc::clone(standing));
                self.keep(db, moment.as_ref(), (named, account), *rows, standing);
            }
        }
        Ok(found)
    }

    async fn read(
        &self,
        db: &Database,
        policy: &Policy,
        key: (Named, AccountId),
    ) -> Result<Option<Arc<Standing>>, Fault> {
        let moment = self.moment(db);
        let Some(joined) = store::joined(db, &key.0, key.1).await? else { return Ok(None) };
        let rows = joined.rows;
        let standing = Arc::new(joined.standing(policy));
        self.keep(db, moment.as_ref(), key, rows, &standing);
        Ok(Some(standing))
    }

    /// The moment before reading what is to be kept.
    fn moment(&self, db: &Database) -> Option<Moment> {
        if self.standings.capacity() > 0 { db.moment() } else { None }
    }

    fn keep(
        &self,
        db: &Database,
        moment: Option<&Moment>,
        key: (Named, AccountId),
        [tenant, membership]: [i64; 2],
        standing: &Arc<Standing>,
    ) {
        let rows = [("tenants", tenant), ("memberships", membership)];
        if let Some(mark) = moment.and_then(|moment| db.mark(moment, rows)) {
            self.standings.insert(key, Arc::new(Entry { mark, standing: Arc::clone(standing) }));
        }
    }
}

impl Joined {
    /// What the rows mean under a policy.
    pub(crate) fn standing(self, policy: &Policy) -> Standing {
        let (own_sign_in, breaks_glass) = (self.own_sign_in, self.breaks_glass(policy.owner()));
        let mut read = Standing::new(policy, (self.id, self.slug, self.state), self.roles, self.entitlements);
        (read.own_sign_in, read.breaks_glass) = (own_sign_in, breaks_glass);
        read
    }
}
