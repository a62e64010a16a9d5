//! The SQL of `refresh_families`, `revoked_tokens` and `dpop_proofs`.

use doorward_core::{AccountId, ClientId, Digest, FamilyId, Handle, Refresh, SessionId, TenantId, Timestamp};

use super::{
    dpop::ProofDigest,
    rules::{Family, Scopes},
};
use crate::{
    base::db::{Bind, Database, Row, Transaction},
    error::Fault,
};

/// Selects what [`family`] reads, in its order.
macro_rules! family_where {
    ($rest:literal) => {
        concat!(
            "SELECT id, handle, digest, parent, generation, client, account, tenant, session, scope, resource, thumbprint,
            authenticated_at, created_at, rotated_at, idle_until, expires_at FROM refresh_families WHERE ",
            $rest
        )
    };
}

/// Reads the family of a token.
pub(super) async fn find(db: &Database, handle: Handle) -> Result<Option<Family>, Fault> {
    db.find(family_where!("handle = $1"), &[&handle], family).await
}

/// Reads a family by its name.
pub(super) async fn by_id(db: &Database, id: FamilyId) -> Result<Option<Family>, Fault> {
    db.find(family_where!("id = $1"), &[&id], family).await
}

/// Lists up to `limit` families of an account that can be renewed and were begun before `before`, newest first.
pub(crate) async fn of_account(
    db: &Database,
    account: AccountId,
    before: Option<FamilyId>,
    limit: i64,
) -> Result<Vec<Family>, Fault> {
    // An id is in the order in which ids are made, and so is its text.
    let before = before.map_or_else(|| "g".to_owned(), |id| id.to_string());
    db.list(
        family_where!("account = $1 AND id < $2 AND idle_until > access_until ORDER BY id DESC LIMIT $3"),
        &[&account, &before, &limit],
        family,
    )
    .await
}

/// Begins a family.
pub(super) async fn insert(tx: &mut Transaction, new: &Family, access_until: Timestamp) -> Result<(), Fault> {
    let sql = "INSERT INTO refresh_families (id, handle, digest, generation, client, account, tenant, session, scope, resource,
        thumbprint, authenticated_at, created_at, rotated_at, access_until, idle_until, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)";
    let scope = new.scopes.to_string();
    let values: [&(dyn Bind + Sync); 17] = [
        &new.id,
        &new.handle,
        &new.digest,
        &new.generation,
        &new.client,
        &new.account,
        &new.tenant,
        &new.session,
        &scope,
        &new.resource,
        &new.thumbprint,
        &new.authenticated_at,
        &new.created_at,
        &new.rotated_at,
        &access_until,
        &new.idle_until,
        &new.expires_at,
    ];
    tx.execute(sql, &values).await.map(drop)
}

/// What a rotation writes.
pub(super) struct Rotation<'r> {
    pub(super) handle: Handle,
    pub(super) old: &'r Digest<Refresh>,
    pub(super) new: &'r Digest<Refresh>,
    pub(super) now: Timestamp,
    pub(super) access_until: Timestamp,
    pub(super) idle_until: Timestamp,
}

/// Replaces the newest token of a family, in one statement that succeeds once for each; `false` when another was faster, or
/// the family is gone.
pub(super) async fn rotate(db: &Database, to: &Rotation<'_>) -> Result<bool, Fault> {
    let sql = "UPDATE refresh_families SET parent = digest, digest = $1, generation = generation + 1, rotated_at = $2,
        access_until = $3, idle_until = $4 WHERE handle = $5 AND digest = $6";
    let values: [&(dyn Bind + Sync); 6] = [to.new, &to.now, &to.access_until, &to.idle_until, &to.handle, to.old];
    db.compare_and_set(sql, &values).await
}

/// Notes until when the access tokens of a family live that were given without rotating it.
pub(super) async fn extend(db: &Database, id: FamilyId, access_until: Timestamp) -> Result<bool, Fault> {
    let sql = "UPDATE refresh_families SET access_until = $1 WHERE id = $2 AND access_until <= $1";
    Ok(db.change(sql, &[&access_until, &id]).await? == 1)
}

/// Ends what `$which` names, and remembers the access tokens that came of it until they are over.
macro_rules! end_where {
    ($tx:expr, $which:literal, $values:expr) => {{
        let values: &[&(dyn Bind + Sync)] = $values;
        let remember = concat!(
            "INSERT INTO revoked_tokens (name, expires_at) SELECT id, access_until FROM refresh_families WHERE ",
            $which,
            " ON CONFLICT (name) DO NOTHING"
        );
        $tx.execute(remember, values).await?;
        $tx.execute(concat!("DELETE FROM refresh_families WHERE ", $which), values).await
    }};
}

/// Ends one family; `false` when it is gone already.
pub(super) async fn end(tx: &mut Transaction, id: FamilyId) -> Result<bool, Fault> {
    Ok(end_where!(tx, "id = $1", &[&id])? == 1)
}

/// Ends what an account has given to any client.
pub(crate) async fn forget_account(tx: &mut Transaction, account: AccountId) -> Result<u64, Fault> {
    end_where!(tx, "account = $1", &[&account])
}

/// Ends what an account has given to any client for as long as one session lives.
pub(crate) async fn forget_session(tx: &mut Transaction, account: AccountId, session: SessionId) -> Result<u64, Fault> {
    end_where!(tx, "account = $1 AND session = $2", &[&account, &session])
}

/// Ends what anybody has given to any client.
pub(crate) async fn forget_everything(tx: &mut Transaction) -> Result<u64, Fault> {
    end_where!(tx, "generation >= $1", &[&0_i64])
}

/// Ends what an account has given to any client in a tenant.
pub(crate) async fn forget_member(tx: &mut Transaction, tenant: TenantId, account: AccountId) -> Result<u64, Fault> {
    end_where!(tx, "account = $1 AND tenant = $2", &[&account, &tenant])
}

/// Ends what anybody has given to any client in a tenant.
pub(crate) async fn forget_tenant(tx: &mut Transaction, tenant: TenantId) -> Result<u64, Fault> {
    end_where!(tx, "tenant = $1", &[&tenant])
}

/// Ends what anybody has given to a client.
pub(crate) async fn forget_client(tx: &mut Transaction, client: &ClientId) -> Result<u64, Fault> {
    end_where!(tx, "client = $1", &[client])
}

/// Ends what an account has given to a client.
pub(crate) async fn forget_client_of(
    tx: &mut Transaction,
    account: AccountId,
    client: &ClientId,
) -> Result<u64, Fault> {
    end_where!(tx, "account = $1 AND client = $2", &[&account, client])
}

/// Remembers an access token as revoked until it is over; `false` when it is already.
pub(super) async fn revoke(tx: &mut Transaction, name: &str, expires_at: Timestamp) -> Result<bool, Fault> {
    let sql = "INSERT INTO revoked_tokens (name, expires_at) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING";
    Ok(tx.execute(sql, &[&name, &expires_at]).await? == 1)
}

/// Whether an access token of this name, or of a family of that name, was revoked.
pub(super) async fn is_revoked(db: &Database, token: &str, family: &str) -> Result<bool, Fault> {
    let sql = "SELECT 1 FROM revoked_tokens WHERE name = $1 OR name = $2";
    Ok(db.find(sql, &[&token, &family], |_| Ok(())).await?.is_some())
}

/// Names up to `limit` tokens and families that were revoked and are not over.
pub(super) async fn revoked(db: &Database, now: Timestamp, limit: i64) -> Result<Vec<String>, Fault> {
    let sql = "SELECT name FROM revoked_tokens WHERE expires_at > $1 ORDER BY expires_at DESC LIMIT $2";
    db.list(sql, &[&now, &limit], |row| row.get(0)).await
}

/// Remembers a proof of possession; `false` when it was seen before.
pub(super) async fn note_proof(db: &Database, digest: &ProofDigest, expires_at: Timestamp) -> Result<bool, Fault> {
    let sql = "INSERT INTO dpop_proofs (digest, expires_at) VALUES ($1, $2) ON CONFLICT (digest) DO NOTHING";
    Ok(db.change(sql, &[digest, &expires_at]).await? == 1)
}

/// Removes what is over.
pub(super) async fn purge(tx: &mut Transaction, now: Timestamp) -> Result<u64, Fault> {
    let families = "DELETE FROM refresh_families WHERE expires_at <= $1";
    let removed = tx.execute(families, &[&now]).await?;
    let removed = removed + tx.execute("DELETE FROM revoked_tokens WHERE expires_at <= $1", &[&now]).await?;
    Ok(removed + tx.execute("DELETE FROM dpop_proofs WHERE expires_at <= $1", &[&now]).await?)
}

fn family(row: &Row<'_>) -> Result<Family, Fault> {
    Ok(Family {
        id: row.get(0)?,
        handle: row.get(1)?,
        digest: row.get(2)?,
        parent: row.get::<Option<Vec<u8>>>(3)?.as_deref().and_then(Digest::stored),
        generation: row.get(4)?,
        client: row.get(5)?,
        account: row.get(6)?,
        tenant: row.get(7)?,
        session: row.get(8)?,
        scopes: Scopes::parse(&row.get::<String>(9)?).unwrap_or_default(),
        resource: row.get(10)?,
        thumbprint: row.get(11)?,
        authenticated_at: row.get(12)?,
        created_at: row.get(13)?,
        rotated_at: row.get(14)?,
        idle_until: row.get(15)?,
        expires_at: row.get(16)?,
    })
}
