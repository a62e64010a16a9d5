//! Writing and reading the log.

use std::sync::mpsc::SyncSender;

use doorward_core::{AccountId, Timestamp};

use super::{
    rules::{Action, Event, Recorded},
    store,
};
use crate::{
    base::db::{Database, Transaction},
    context::Context,
    error::Fault,
};

/// Where events go besides the database.
#[derive(Clone, Default)]
pub struct Stream(Option<SyncSender<String>>);

impl Stream {
    /// Sends each event as one line of JSON; a receiver that cannot keep up loses lines, which is counted, and the
    /// database still has them.
    pub fn to(lines: SyncSender<String>) -> Self {
        Self(Some(lines))
    }
}

/// What to look for in the log.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Events by or about this account only.
    pub account: Option<AccountId>,
    /// Events of this action only.
    pub action: Option<Action>,
    /// Not before this moment.
    pub since: Timestamp,
    /// Before this moment.
    pub until: Option<Timestamp>,
}

/// Writes `event` in the transaction of what it reports; once that is committed the line goes to the stream.
pub(crate) async fn append(cx: &Context, tx: &mut Transaction, event: Event) -> Result<(), Fault> {
    let now = cx.clock.now();
    let mut recorded = event.recorded(now);
    recorded.id = store::insert(tx, now, &recorded).await?;
    if let Some(lines) = cx.stream.0.clone() {
        let lost = cx.metrics.audit_lines_lost.clone();
        tx.after_commit(move || {
            let line = serde_json::to_string(&recorded).expect("an event is made of texts");
            if lines.try_send(line).is_err() {
                lost.inc();
            }
        });
    }
    Ok(())
}

/// Reads up to `limit` events (at most 1,000) older than the event `before`, newest first.
pub async fn search(db: &Database, filter: &Filter, before: Option<i64>, limit: u32) -> Result<Vec<Recorded>, Fault> {
    store::search(db, filter, before.unwrap_or(i64::MAX), i64::from(limit.clamp(1, 1000))).await
}

/// Removes what is older than the settings keep.
pub(crate) async fn purge(cx: &Context, tx: &mut Transaction) -> Result<u64, Fault> {
    store::purge(tx, cx.clock.now().before(cx.settings.audit.keep)).await
}
