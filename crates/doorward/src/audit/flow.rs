//! Writing and reading the log.

use std::sync::mpsc::SyncSender;

use doorward_core::{AccountId, TenantId, Timestamp};

use super::{
    rules::{Action, Event, Outcome, Recorded},
    seals, store,
};
use crate::{
    base::db::{Database, Transaction},
    context::Context,
    error::{Fault, Refusal},
    guard::{Cursor, Listing, Problem, Viewer, number, numbered, paged},
};

/// Where events go besides the database.
#[derive(Clone, Default)]
pub struct Stream(Option<SyncSender<String>>);

impl Stream {
    /// Sends each event, and the checkpoint of each seal, as one line of JSON; a receiver that cannot keep up loses lines,
    /// which is counted, and the database still has them.
    pub fn to(lines: SyncSender<String>) -> Self {
        Self(Some(lines))
    }

    /// Sends a line once `tx` is committed.
    pub(super) fn send(&self, cx: &Context, tx: &mut Transaction, line: impl FnOnce() -> String + Send + 'static) {
        let Some(lines) = self.0.clone() else { return };
        let lost = cx.metrics.audit_lines_lost.clone();
        tx.after_commit(move || {
            if lines.try_send(line()).is_err() {
                lost.inc();
            }
        });
    }
}

/// What to look for in the log.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Events by this account, in the console too, or about it only.
    pub account: Option<AccountId>,
    /// Events in this tenant only.
    pub tenant: Option<TenantId>,
    /// Events of this action only.
    pub action: Option<Action>,
    /// Events that ended so only.
    pub result: Option<Outcome>,
    /// Not before this moment.
    pub since: Timestamp,
    /// Before this moment.
    pub until: Option<Timestamp>,
}

/// Events that are shown together.
#[derive(Debug)]
pub(crate) struct Page {
    /// Newest first.
    pub(crate) events: Vec<Recorded>,
    /// Where the next page begins, when there is one.
    pub(crate) next: Option<String>,
}

impl Filter {
    /// The list that this filter makes for `viewer`.
    fn listing(&self, viewer: Viewer) -> Listing {
        // Without dots: what narrows the list and does not stand here would not be in the cursor.
        let Self { account, tenant, action, result, since, until } = self;
        Listing::new("audit", viewer)
            .with("account", account.map(|id| id.to_string()).as_deref())
            .with("tenant", tenant.map(|id| id.to_string()).as_deref())
            .with("action", action.map(Action::name))
            .with("result", result.map(Outcome::name))
            .with("since", Some(&since.as_micros().to_string()))
            .with("until", until.map(|until| until.as_micros().to_string()).as_deref())
    }
}

/// Writes `event` in the transaction of what it reports; once that is committed the line goes to the stream.
pub(crate) async fn append(cx: &Context, tx: &mut Transaction, event: Event) -> Result<(), Fault> {
    let now = cx.clock.now();
    let mut recorded = event.recorded(now);
    recorded.id = store::insert(tx, now, &recorded).await?;
    cx.stream.send(cx, tx, move || serde_json::to_string(&recorded).expect("an event is made of texts"));
    Ok(())
}

/// Reads up to `limit` events (at most 1,000) older than the event `before`, newest first.
pub async fn search(db: &Database, filter: &Filter, before: Option<i64>, limit: u32) -> Result<Vec<Recorded>, Fault> {
    store::search(db, filter, before.unwrap_or(i64::MAX), i64::from(limit.clamp(1, 1000))).await
}

/// Reads the page of up to `limit` events (at most 500) that begins at `cursor`, or the first one when that is empty.
///
/// Who may see what is decided by whoever makes the filter; a cursor of another viewer or filter is denied.
pub(crate) async fn page(
    cx: &Context,
    viewer: Viewer,
    filter: &Filter,
    cursor: &str,
    limit: u32,
) -> Result<Page, Refusal<Problem>> {
    let (list, limit) = (filter.listing(viewer), limit.clamp(1, 500));
    let before = Cursor::read(cx, &list, cursor).map_err(Refusal::Denied)?;
    let events = search(&cx.db, filter, before.map(number), limit + 1).await?;
    let (events, next) = paged(cx, &list, events, limit, |event| numbered(event.id));
    Ok(Page { events, next })
}

/// Removes the events of one seal when the settings keep none of them any longer; returns how many seals that were.
///
/// Never an event without a seal, nor a part of one: what is left can be verified.
pub(crate) async fn purge(cx: &Context, tx: &mut Transaction) -> Result<u64, Fault> {
    let now = cx.clock.now();
    let purged = seals::purge(tx, now.before(cx.settings.audit.keep), now).await?;
    Ok(purged.map_or(0, |_| 1))
}
