//! What a process keeps of clients: those of the settings, and which ones have failed lately.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use doorward_core::{ClientId, Timestamp};
use quick_cache::sync::Cache;

use super::{Settings, rules::Client};
use crate::{base::settings::SettingsError, policy::Policy};

/// The clients of the settings, and failures of the last minute. Counting these needs no database: a secret has 256 bits, so
/// nobody guesses it, and all that is to be kept off is the noise.
pub(crate) struct Registry {
    fixed: BTreeMap<ClientId, Arc<Client>>,
    failures: Cache<(ClientId, String), (Timestamp, u32)>,
    recorded: Cache<ClientId, Timestamp>,
}

impl Registry {
    /// Keeps the clients of the settings; where they name no resource, `public_url` is meant.
    pub(crate) fn new(settings: &Settings, policy: &Policy, public_url: &str) -> Result<Self, Vec<SettingsError>> {
        let mut fixed = BTreeMap::new();
        for mut client in settings.clients(policy, public_url)? {
            client.complete(public_url);
            fixed.insert(client.id.clone(), Arc::new(client));
        }
        Ok(Self { fixed, failures: Cache::new(MOST), recorded: Cache::new(MOST) })
    }

    /// A client of the settings.
    pub(super) fn fixed(&self, id: &ClientId) -> Option<&Arc<Client>> {
        self.fixed.get(id)
    }

    /// Whether a client of this name stands in the settings.
    pub(crate) fn has(&self, id: &ClientId) -> bool {
        self.fixed.contains_key(id)
    }

    /// The clients of the settings, in the order of their names.
    pub(crate) fn of_settings(&self) -> impl Iterator<Item = &Arc<Client>> {
        self.fixed.values()
    }

    /// How long a program at this place has to wait before it says once more that it is this client; `None` for not at all.
    pub(super) fn wait(&self, whose: &(ClientId, String), now: Timestamp) -> Option<Duration> {
        let (since, count) = self.failures.get(whose)?;
        let over = since.after(WINDOW);
        (count >= FREE && now >= since && now < over).then(|| over.since(now))
    }

    /// Counts a failure.
    pub(super) fn count(&self, whose: (ClientId, String), now: Timestamp) {
        let before = self.failures.get(&whose).filter(|(since, _)| now >= *since && now < since.after(WINDOW));
        let (since, count) = before.unwrap_or((now, 0));
        self.failures.insert(whose, (since, count + 1));
    }

    /// Whether a failure of this client is the first in a minute, and is to be recorded.
    pub(super) fn is_news(&self, client: &ClientId, now: Timestamp) -> bool {
        let known = self.recorded.get(client).is_some_and(|since| now >= since && now < since.after(WINDOW));
        if !known {
            self.recorded.insert(client.clone(), now);
        }
        !known
    }
}

/// Failures in a minute that cost nothing.
const FREE: u32 = 30;
pub(super) const WINDOW: Duration = Duration::from_secs(60);
/// How many programs are remembered; who is forgotten begins anew.
const MOST: usize = 4096;
