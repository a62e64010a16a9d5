//! How often somebody may try: counters in the database, so that all nodes and restarts agree.
//!
//! A try is paid before it is made ([`spend`] returns the receipt), in one statement that takes the row's lock, so two
//! hundred tries at once pay two hundred times (Zitadel's GHSA-7h8m was a check before the count). With the receipt
//! [`give_back`] undoes exactly this one payment. A subject is stored as a digest: the table does not list who was
//! attacked.

use std::time::Duration;

use doorward_core::Timestamp;
use sha2::{Digest, Sha256};

use super::db::{Bind, Migration, Transaction, Value};
use crate::error::Fault;

/// The table of the counters.
pub(crate) const MIGRATIONS: &[Migration] =
    &[Migration { name: "0002_throttles", sql: include_str!("0002_throttles.sql") }];

/// Names what is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Key([u8; 32]);

/// How patience runs out.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    /// Failures in a row that cost nothing.
    pub(crate) free: u32,
    /// The wait after the first failure beyond that; it doubles with each further one.
    pub(crate) first_wait: Duration,
    /// The longest wait.
    pub(crate) longest_wait: Duration,
    /// Failures in a row after which only [`forgive`] helps.
    pub(crate) hard_stop: Option<u32>,
    /// The span after whose first failure the count begins anew.
    pub(crate) forgets_after: Option<Duration>,
}

/// What one try cost.
#[derive(Clone, Copy, Debug)]
#[must_use]
pub(crate) struct Payment {
    key: Key,
    /// The block that this payment put up; the epoch when it put up none.
    until: Timestamp,
}

/// A delay that begins with a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Delay {
    /// The next try has to wait.
    Wait,
    /// Waiting does not help any more.
    Stop,
}

/// A try that may not be made yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Blocked {
    /// How long; `None` when waiting does not help.
    pub(crate) wait: Option<Duration>,
}

impl Key {
    /// Names the counter of `subject` among those of `kind`.
    pub(crate) fn new(kind: &'static str, subject: &str) -> Self {
        Self(Sha256::new().chain_update(kind).chain_update([0]).chain_update(subject).finalize().into())
    }
}

impl Payment {
    /// The delay that begins with it; `None` when the next try costs no wait.
    pub(crate) fn delay(&self) -> Option<Delay> {
        match self.until {
            NEVER => Some(Delay::Stop),
            until if until == Timestamp::default() => None,
            _ => Some(Delay::Wait),
        }
    }
}

impl Bind for Key {
    fn value(&self) -> Value<'_> {
        Value::bytes(&self.0)
    }
}

impl Patience {
    /// The wait that failure number `failures` causes; `None` for one that waiting does not end.
    fn wait(&self, failures: u32) -> Option<Duration> {
        if self.hard_stop.is_some_and(|stop| failures >= stop) {
            return None;
        }
        let over = failures.saturating_sub(self.free);
        let doubled = self.first_wait.saturating_mul(1 << over.saturating_sub(1).min(20));
        Some(if over == 0 { Duration::ZERO } else { doubled.min(self.longest_wait) })
    }
}

/// Pays one try in advance, as if it failed.
pub(crate) async fn spend(
    tx: &mut Transaction,
    key: Key,
    patience: &Patience,
    now: Timestamp,
) -> Result<Result<Payment, Blocked>, Fault> {
    let forgotten = patience.forgets_after.map_or(Timestamp::from_micros(i64::MIN), |span| now.before(span));
    let sql = "INSERT INTO throttles (key, failures, blocked_until, began_at) VALUES ($1, 1, 0, $2)
        ON CONFLICT (key) DO UPDATE SET
            failures = CASE WHEN throttles.began_at <= $3 THEN 1 ELSE throttles.failures + 1 END,
            began_at = CASE WHEN throttles.began_at <= $3 THEN $2 ELSE throttles.began_at END
        WHERE throttles.blocked_until <= $2 RETURNING failures";
    let Some(failures) = tx.find(sql, &[&key, &now, &forgotten], |row| row.get::<i64>(0)).await? else {
        let until = tx
            .find("SELECT blocked_until FROM throttles WHERE key = $1", &[&key], |row| row.get::<Timestamp>(0))
            .await?;
        let wait = until.filter(|until| *until != NEVER).map(|until| until.since(now));
        return Ok(Err(Blocked { wait }));
    };
    let wait = patience.wait(u32::try_from(failures).unwrap_or(u32::MAX));
    if wait == Some(Duration::ZERO) {
        return Ok(Ok(Payment { key, until: Timestamp::default() }));
    }
    let until = wait.map_or(NEVER, |wait| now.after(wait));
    tx.execute("UPDATE throttles SET blocked_until = $1 WHERE key = $2", &[&until, &key]).await?;
    Ok(Ok(Payment { key, until }))
}

/// Gives back one payment and takes down the block that it put up; what others paid stays paid.
pub(crate) async fn give_back(tx: &mut Transaction, payment: Payment) -> Result<(), Fault> {
    let sql = "UPDATE throttles SET failures = failures - 1,
            blocked_until = CASE WHEN blocked_until = $1 THEN 0 ELSE blocked_until END
        WHERE key = $2 AND failures > 0";
    tx.execute(sql, &[&payment.until, &payment.key]).await.map(drop)
}

/// Forgets all failures that were counted where this payment was.
pub(crate) async fn forgive_all(tx: &mut Transaction, payment: Payment) -> Result<(), Fault> {
    forgive(tx, payment.key).await
}

/// Counts one use of something that may be used `limit` times in `window`; whether this use was within the limit.
pub(crate) async fn tally(
    tx: &mut Transaction,
    key: Key,
    limit: u32,
    window: Duration,
    now: Timestamp,
) -> Result<Result<(), Blocked>, Fault> {
    let sql = "INSERT INTO throttles (key, failures, blocked_until, began_at) VALUES ($1, 1, 0, $2)
        ON CONFLICT (key) DO UPDATE SET
            failures = CASE WHEN throttles.began_at <= $3 THEN 1 ELSE throttles.failures + 1 END,
            began_at = CASE WHEN throttles.began_at <= $3 THEN $2 ELSE throttles.began_at END
        RETURNING failures, began_at";
    let counted = tx
        .find(sql, &[&key, &now, &now.before(window)], |row| Ok((row.get::<i64>(0)?, row.get::<Timestamp>(1)?)))
        .await?;
    let (uses, since) = counted.ok_or_else(|| Fault::new("counting uses", "no row came back"))?;
    let wait = since.after(window).since(now);
    Ok(if uses <= i64::from(limit) { Ok(()) } else { Err(Blocked { wait: Some(wait) }) })
}

/// Forgets all failures of `key`.
pub(crate) async fn forgive(tx: &mut Transaction, key: Key) -> Result<(), Fault> {
    tx.execute("DELETE FROM throttles WHERE key = $1", &[&key]).await.map(drop)
}

/// Removes counts that began three months ago, but no block that still stands: a hard stop ends by a reset, not by waiting.
pub(crate) async fn purge(tx: &mut Transaction, now: Timestamp) -> Result<u64, Fault> {
    let quarter = Duration::from_secs(90 * 86_400);
    let sql = "DELETE FROM throttles WHERE began_at < $1 AND blocked_until <= $2";
    tx.execute(sql, &[&now.before(quarter), &now]).await
}

const NEVER: Timestamp = Timestamp::from_micros(i64::MAX);
