//! What every flow is given: the database, the clock, the keys, the policy. Nothing else is global.

use std::sync::{Arc, PoisonError, RwLock};

use doorward_core::{Clock, Entropy, KeyRing, Timestamp};

use crate::{
    audit,
    base::{db::Database, mail, turns::Turns},
    clients, federation,
    guard::CookieNames,
    metrics::Metrics,
    passwords,
    policy::Policy,
    sessions,
    settings::Settings,
    signing,
    site::Site,
    tenants,
};

/// The surroundings of every flow.
pub(crate) struct Context {
    pub(crate) db: Database,
    pub(crate) clock: Arc<dyn Clock>,
    /// Since when this process runs.
    pub(crate) started_at: Timestamp,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) settings: Settings,
    pub(crate) site: Site,
    pub(crate) cookies: CookieNames,
    pub(crate) hashing: passwords::Pool,
    pub(crate) post: mail::Post,
    pub(crate) stream: audit::Stream,
    pub(crate) metrics: Metrics,
    pub(crate) kept: sessions::Kept,
    pub(crate) memberships: tenants::Kept,
    pub(crate) signing: signing::Kept,
    pub(crate) clients: clients::Registry,
    pub(crate) providers: federation::Registry,
    pub(crate) turns: Turns,
    pub(crate) ring: RwLock<Arc<KeyRing>>,
    /// Where a race begins: right before a flow opens the transaction that spends what can be spent once.
    #[cfg(test)]
    pub(crate) meeting: crate::testing::crowd::Meeting,
}

impl Context {
    /// The signing keys in force.
    pub(crate) fn keys(&self) -> Arc<KeyRing> {
        Arc::clone(&self.ring.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The roles and permissions in force.
    pub(crate) fn policy(&self) -> &Policy {
        &self.settings.policy.0
    }

    /// Puts other signing keys in force.
    pub(crate) fn replace_keys(&self, ring: KeyRing) {
        *self.ring.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(ring);
    }
}
