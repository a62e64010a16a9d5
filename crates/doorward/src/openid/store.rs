//! The SQL of `client_logins`: who was told who somebody is, and is to be told when that session is over.

use doorward_core::{AccountId, ClientId, SessionId, Timestamp};

use crate::{
    base::db::{Database, Durability, Row, Transaction},
    error::Fault,
};

/// A login of somebody at a client.
pub(super) struct ClientLogin {
    pub(super) id: i64,
    pub(super) client: ClientId,
    pub(super) account: AccountId,
    pub(super) sid: String,
    pub(super) attempts: i64,
}

/// Remembers that a client knows of a session; returns the name by which it knows it, which is the first one that it got.
pub(super) async fn remember(
    db: &Database,
    (session, client, account): (SessionId, &ClientId, AccountId),
    sid: &str,
    now: Timestamp,
) -> Result<String, Fault> {
    let sql = "INSERT INTO client_logins (session, client, account, sid, created_at, attempts)
        VALUES ($1, $2, $3, $4, $5, 0) ON CONFLICT (session, client) DO NOTHING";
    let mut tx = db.begin(Durability::Full).await?;
    tx.execute(sql, &[&session, client, &account, &sid, &now]).await?;
    let sql = "SELECT sid FROM client_logins WHERE session = $1 AND client = $2";
    let known = tx.find(sql, &[&session, client], |row| row.get(0)).await?;
    tx.commit().await?;
    known.ok_or_else(|| Fault::new("remembering a login at a client", "it is gone already"))
}

/// Lists logins of sessions that nobody has found ended yet, with numbers above `after`: number and session.
pub(super) async fn waiting(db: &Database, after: i64, limit: i64) -> Result<Vec<(i64, SessionId)>, Fault> {
    let sql = "SELECT id, session FROM client_logins WHERE id > $1 AND due_at IS NULL ORDER BY id LIMIT $2";
    db.list(sql, &[&after, &limit], |row| Ok((row.get(0)?, row.get(1)?))).await
}

/// Notes that sessions are over: their clients are told from now on.
pub(super) async fn end(db: &Database, logins: &[i64], now: Timestamp) -> Result<(), Fault> {
    let mut tx = db.begin(Durability::Relaxed).await?;
    for id in logins {
        let sql = "UPDATE client_logins SET due_at = $1 WHERE id = $2 AND due_at IS NULL";
        tx.execute(sql, &[&now, id]).await?;
    }
    tx.commit().await
}

/// Takes one client to tell for itself until `lease_ends`; another node does not see it before then. `None` when nobody is due.
pub(super) async fn claim(db: &Database, now: Timestamp, lease_ends: Timestamp) -> Result<Option<ClientLogin>, Fault> {
    let mut tx = db.begin(Durability::Relaxed).await?;
    let sql = "UPDATE client_logins SET due_at = $1, attempts = attempts + 1
        WHERE id = (SELECT id FROM client_logins WHERE due_at <= $2 ORDER BY due_at, id LIMIT 1) AND due_at <= $2
        RETURNING id, client, account, sid, attempts";
    let login = tx.find(sql, &[&lease_ends, &now], login).await?;
    tx.commit().await?;
    Ok(login)
}

/// Whether any client is to be told now.
pub(super) async fn is_any_due(db: &Database, now: Timestamp) -> Result<bool, Fault> {
    let sql = "SELECT 1 FROM client_logins WHERE due_at <= $1 LIMIT 1";
    Ok(db.find(sql, &[&now], |_| Ok(())).await?.is_some())
}

/// Puts off telling a client.
pub(super) async fn postpone(db: &Database, id: i64, due: Timestamp) -> Result<(), Fault> {
    let mut tx = db.begin(Durability::Relaxed).await?;
    tx.execute("UPDATE client_logins SET due_at = $1 WHERE id = $2", &[&due, &id]).await?;
    tx.commit().await
}

/// Forgets a login that its client was told about.
pub(super) async fn remove(db: &Database, id: i64) -> Result<(), Fault> {
    let mut tx = db.begin(Durability::Relaxed).await?;
    tx.execute("DELETE FROM client_logins WHERE id = $1", &[&id]).await?;
    tx.commit().await
}

/// Forgets what a client knew; there is nobody to tell any more.
pub(crate) async fn forget_client(tx: &mut Transaction, client: &ClientId) -> Result<(), Fault> {
    tx.execute("DELETE FROM client_logins WHERE client = $1", &[client]).await.map(drop)
}

fn login(row: &Row<'_>) -> Result<ClientLogin, Fault> {
    Ok(ClientLogin {
        id: row.get(0)?,
        client: row.get(1)?,
        account: row.get(2)?,
        sid: row.get(3)?,
        attempts: row.get(4)?,
    })
}
