//! How the system does: what it stands on, what waits, and how old its keys are.

use doorward_core::Timestamp;
use serde_json::json;

use super::{
    flow::nav,
    rules::{Nav, stamp},
};
use crate::{
    audit,
    base::{
        mail,
        render::{ago, page, spoken},
    },
    guard::{NoInput, Operator, Refused, Reply, Routes},
    operators::power::SystemRead,
    passwords,
};

pub(super) fn routes(routes: &mut Routes) {
    routes.get("/admin/system", show, "Shows how the system does: database, letters, hashing, keys, version.");
}

page! {
    /// How the system does.
    #[derive(askama::Template)]
    SystemPage in "admin/system.html" {
        nav: Nav,
        engine: &'static str,
        schema: String,
        letters: i64,
        oldest: Option<String>,
        late: bool,
        hashing: i64,
        threads: usize,
        memory: String,
        full: bool,
        sealed: String,
        unsealed: i64,
        keys: Vec<Key>,
        now: String,
        version: &'static str,
        uptime: String,
    }
}

/// A signing key, without its secret.
pub(crate) struct Key {
    pub(crate) id: u32,
    pub(crate) standing: &'static str,
    pub(crate) since: String,
}

async fn show(operator: Operator<SystemRead>, _: NoInput) -> Result<Reply, Refused> {
    let cx = operator.cx();
    let now = cx.clock.now();
    let (migration, applied) = cx.db.schema().await?.unwrap_or_default();
    let backlog = mail::backlog(&cx.db).await?;
    let threads = passwords::threads(&cx.settings.passwords);
    let (hashing, full) = (cx.metrics.hashing_waiting.get(), cx.hashing.room().is_err());
    let (sealed_at, unsealed) = audit::last_sealed(cx).await?;
    let mut keys: Vec<(u32, Timestamp)> = cx.keys().signs_from().collect();
    keys.truncate(MOST_KEYS);
    let signer = keys.iter().find(|(_, from)| *from <= now).map(|(id, _)| *id);
    let json = json!({
        "database": { "engine": cx.db.engine_name(), "reachable": true, "schema": migration, "migrations": applied },
        "letters": { "waiting": backlog.letters, "oldest_at": backlog.oldest.map(Timestamp::as_secs) },
        "hashing": { "pending": hashing, "threads": threads, "full": full },
        "keys": keys.iter().map(|(id, from)| json!({
            "id": id, "signs_from": from.as_secs(), "signs": Some(*id) == signer,
        })).collect::<Vec<_>>(),
        "audit": { "sealed_at": sealed_at.map(Timestamp::as_secs), "unsealed": unsealed },
        "now": now.as_secs(),
        "started_at": cx.started_at.as_secs(),
        "version": env!("CARGO_PKG_VERSION"),
    });
    let key = |(id, from): (u32, Timestamp)| Key {
        id,
        standing: match Some(id) == signer {
            true => "signs",
            false if from > now => "begins later",
            false => "checks only",
        },
        since: if from > now { stamp(from) } else { format!("{}, {}", stamp(from), ago(from, now)) },
    };
    let mib = threads as u64 * u64::from(cx.settings.passwords.memory_kib) / 1024;
    let page = SystemPage {
        nav: nav(&operator, "system").await?,
        engine: cx.db.engine_name(),
        schema: format!("{migration}, {applied} migrations"),
        letters: backlog.letters,
        oldest: backlog.oldest.map(|at| ago(at, now)),
        late: backlog.oldest.is_some_and(|at| now.since(at) > LATE),
        hashing,
        threads,
        memory: format!("{mib} MiB"),
        full,
        keys: keys.into_iter().map(key).collect(),
        sealed: sealed_at.map_or_else(|| "never".to_owned(), |at| ago(at, now)),
        unsealed,
        now: stamp(now),
        version: env!("CARGO_PKG_VERSION"),
        uptime: spoken(now.since(cx.started_at)),
    };
    Ok(Reply::page(&json, page))
}

const MOST_KEYS: usize = 20;
/// A letter that has waited for longer than this says that sending does not work.
const LATE: std::time::Duration = std::time::Duration::from_secs(600);
