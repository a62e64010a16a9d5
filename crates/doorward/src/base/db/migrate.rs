//! Schema changes: each feature brings its own, each is applied once, all under one lock.

use doorward_core::Timestamp;
use sha2::{Digest, Sha256};

use super::{Bind, Database, Durability, Value};
use crate::error::Fault;

/// One step of the schema.
#[derive(Clone, Copy, Debug)]
pub struct Migration {
    /// Its number and name; steps are applied in the order in which they are listed.
    pub name: &'static str,
    /// Its statements, in the common SQL of both engines.
    pub sql: &'static str,
}

/// Stands for the statements of a migration, to notice when somebody changes them afterwards.
struct Fingerprint([u8; 32]);

impl Bind for Fingerprint {
    fn value(&self) -> Value<'_> {
        Value::bytes(&self.0)
    }
}

pub(super) async fn apply(db: &Database, migrations: &[Migration], now: Timestamp) -> Result<Vec<&'static str>, Fault> {
    let mut tx = db.begin(Durability::Full).await?;
    if let Some(lock) = db.migration_lock() {
        tx.batch(lock).await?;
    }
    tx.batch(OWN_TABLE).await?;
    let mut applied = Vec::new();
    for migration in migrations {
        let digest = Fingerprint(Sha256::digest(migration.sql).into());
        let stored = tx
            .find("SELECT digest FROM schema_migrations WHERE name = $1", &[&migration.name], |row| {
                row.get::<Vec<u8>>(0)
            })
            .await?;
        match stored {
            Some(stored) if stored == digest.0 => continue,
            Some(_) => {
                return Err(Fault::new(
                    "applying migrations",
                    format!("{} has changed since it was applied", migration.name),
                ));
            }
            None => {}
        }
        tx.batch(&migration.sql.replace("{id}", db.id_column())).await?;
        let insert = "INSERT INTO schema_migrations (name, digest, applied_at) VALUES ($1, $2, $3)";
        tx.execute(insert, &[&migration.name, &digest, &now]).await?;
        applied.push(migration.name);
    }
    tx.commit().await?;
    Ok(applied)
}

/// What has been applied, and what it said then.
const OWN_TABLE: &str = "CREATE TABLE IF NOT EXISTS schema_migrations (
    name TEXT PRIMARY KEY,
    digest BYTEA NOT NULL,
    applied_at BIGINT NOT NULL
)";
