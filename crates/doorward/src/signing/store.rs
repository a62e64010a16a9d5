//! The SQL of `signing_keys`: one row for each key that signs, will sign, or still verifies.
//!
//! Who makes the next key ends the one before in the same transaction, which can be done once; and the number of a generation
//! is given once for each algorithm.

use doorward_core::Timestamp;
use doorward_verify::Algorithm;

use super::rules::{SIGNED, Stored};
use crate::{
    base::db::{Bind, Database, Row, Transaction, Value},
    error::Fault,
};

/// What is kept of one half of a key: the public one, or the private one under its seal.
pub(super) struct Half<'k>(pub(super) &'k [u8]);

impl Bind for Half<'_> {
    fn value(&self) -> Value<'_> {
        Value::bytes(self.0)
    }
}

/// Reads the keys that are not over, oldest first.
pub(super) async fn all(db: &Database, now: Timestamp) -> Result<Vec<Stored>, Fault> {
    let sql = "SELECT kid, algorithm, generation, public, sealed, created_at, signs_from, ends_at FROM signing_keys
        WHERE ends_at IS NULL OR ends_at > $1 ORDER BY algorithm, generation LIMIT 100";
    // The same question from everybody in a second is one.
    let second = Timestamp::from_secs(now.as_secs());
    let found = db.few(sql, &[&second], stored).await?;
    Ok(found.into_iter().filter(|key| key.ends_at.is_none_or(|ends_at| ends_at > now)).collect())
}

/// The last generation of each algorithm that has one.
pub(super) async fn generations(tx: &mut Transaction) -> Result<Vec<(Algorithm, i64)>, Fault> {
    let sql = "SELECT algorithm, MAX(generation) FROM signing_keys GROUP BY algorithm ORDER BY algorithm";
    tx.list(sql, &[], |row| Ok((algorithm(&row.get::<String>(0)?)?, row.get(1)?))).await
}

/// Adds a key; `false` when its generation is taken.
pub(super) async fn insert(tx: &mut Transaction, key: &Stored) -> Result<bool, Fault> {
    let sql = "INSERT INTO signing_keys (kid, algorithm, generation, public, sealed, created_at, signs_from)
        VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (algorithm, generation) DO NOTHING";
    let name = key.algorithm.name();
    let (public, sealed) = (Half(&key.public), Half(&key.sealed));
    let bind: [&(dyn Bind + Sync); 7] =
        [&key.kid, &name, &key.generation, &public, &sealed, &key.created_at, &key.signs_from];
    Ok(tx.execute(sql, &bind).await? == 1)
}

/// Says when the newest key is over; `false` when it is not the newest any more, or was removed. Who is told `true` makes the
/// next one: others wait for that transaction, and are told `false`.
pub(super) async fn succeed(
    tx: &mut Transaction,
    algorithm: Algorithm,
    generation: i64,
    ends_at: Timestamp,
) -> Result<bool, Fault> {
    let sql = "UPDATE signing_keys SET ends_at = $1 WHERE algorithm = $2 AND generation = $3 AND ends_at IS NULL";
    Ok(tx.execute(sql, &[&ends_at, &algorithm.name(), &generation]).await? == 1)
}

/// Removes the keys before a generation at once.
pub(super) async fn remove_before(tx: &mut Transaction, algorithm: Algorithm, generation: i64) -> Result<(), Fault> {
    let sql = "DELETE FROM signing_keys WHERE algorithm = $1 AND generation < $2";
    tx.execute(sql, &[&algorithm.name(), &generation]).await.map(drop)
}

/// Seals a key again, unless somebody else has done so.
pub(super) async fn seal_again(tx: &mut Transaction, key: &Stored, sealed: &[u8]) -> Result<(), Fault> {
    let sql = "UPDATE signing_keys SET sealed = $1 WHERE kid = $2 AND sealed = $3";
    tx.execute(sql, &[&Half(sealed), &key.kid, &Half(&key.sealed)]).await.map(drop)
}

/// Removes keys that are over.
pub(super) async fn purge(tx: &mut Transaction, now: Timestamp) -> Result<u64, Fault> {
    tx.execute("DELETE FROM signing_keys WHERE ends_at <= $1", &[&now]).await
}

fn stored(row: &Row<'_>) -> Result<Stored, Fault> {
    Ok(Stored {
        kid: row.get(0)?,
        algorithm: algorithm(&row.get::<String>(1)?)?,
        generation: row.get(2)?,
        public: row.get(3)?,
        sealed: row.get(4)?,
        created_at: row.get(5)?,
        signs_from: row.get(6)?,
        ends_at: row.get(7)?,
    })
}

fn algorithm(name: &str) -> Result<Algorithm, Fault> {
    let known = Algorithm::named(name).filter(|known| SIGNED.contains(known));
    known.ok_or_else(|| Fault::new("reading a row", "a signing key has an algorithm that we do not sign with"))
}
