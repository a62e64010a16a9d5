//! Something that was learned from a provider and is kept for a while.

use std::{future::Future, sync::Arc, time::Duration};

use doorward_core::Timestamp;
use tokio::sync::Mutex;

use super::rules::Reason;
use crate::base::lifetime::LEEWAY;

/// What was learned, asked for by one at a time: whoever comes meanwhile waits for that answer and asks nothing.
pub(super) struct Slot<T>(Mutex<Kept<T>>);

struct Kept<T> {
    value: Option<(Arc<T>, Timestamp)>,
    /// When was last asked, whatever came of it, and why nothing did.
    asked: Option<(Timestamp, Option<Reason>)>,
    /// When was last asked because something was missing.
    renewed_at: Option<Timestamp>,
}

impl<T> Default for Slot<T> {
    fn default() -> Self {
        Self(Mutex::new(Kept { value: None, asked: None, renewed_at: None }))
    }
}

impl<T> Slot<T> {
    /// What is kept, or else what `ask` learns. What could not be learned is not asked for again at once: a provider that does not
    /// answer would otherwise hold up one after the other.
    pub(super) async fn read(
        &self,
        now: Timestamp,
        ask: impl Future<Output = Result<T, Reason>>,
    ) -> Result<Arc<T>, Reason> {
        let mut kept = self.0.lock().await;
        match (&kept.value, kept.asked) {
            (Some((value, at)), _) if is_young(*at, now, KEPT_FOR) => Ok(Arc::clone(value)),
            (_, Some((at, Some(why)))) if is_young(at, now, PAUSE) => Err(why),
            _ => kept.learn(now, ask).await,
        }
    }

    /// Asks again because something is missing in `seen`; at most once a minute, whoever makes us. `None` when it is not yet time.
    pub(super) async fn renew(
        &self,
        seen: &Arc<T>,
        now: Timestamp,
        ask: impl Future<Output = Result<T, Reason>>,
    ) -> Result<Option<Arc<T>>, Reason> {
        let mut kept = self.0.lock().await;
        match (&kept.value, kept.renewed_at) {
            (Some((value, _)), _) if !Arc::ptr_eq(value, seen) => Ok(Some(Arc::clone(value))),
            (_, Some(at)) if is_young(at, now, BETWEEN) => Ok(None),
            _ => {
                kept.renewed_at = Some(now);
                kept.learn(now, ask).await.map(Some)
            }
        }
    }
}

impl<T> Kept<T> {
    async fn learn(&mut self, now: Timestamp, ask: impl Future<Output = Result<T, Reason>>) -> Result<Arc<T>, Reason> {
        // Before it is asked: whoever goes away while waiting has asked all the same.
        self.asked = Some((now, Some(Reason::Unreachable)));
        let learned = ask.await.map(Arc::new);
        self.asked = Some((now, learned.as_ref().err().copied()));
        let value = learned?;
        self.value = Some((Arc::clone(&value), now));
        Ok(value)
    }
}

/// Whether something of the moment `at` is younger than `span`; what is of the future is not.
fn is_young(at: Timestamp, now: Timestamp, span: Duration) -> bool {
    at <= now.after(LEEWAY) && now.since(at) < span
}

/// How long what was learned is believed.
const KEPT_FOR: Duration = Duration::from_secs(3600);
/// How long a provider that did not answer is left alone.
const PAUSE: Duration = Duration::from_secs(10);
/// How often its keys are fetched at most, because a token names one that is not known.
const BETWEEN: Duration = Duration::from_secs(60);
