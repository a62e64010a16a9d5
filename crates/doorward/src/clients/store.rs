//! The SQL of `clients` and `client_assertions`.

use std::collections::BTreeSet;

use doorward_core::{ClientId, ClientSecret, Digest, TenantId, Timestamp};
use doorward_verify::{Algorithm, KeySet};

use super::{
    assertion::AssertionDigest,
    registering::key_set,
    rules::{Authentication, Client, Disabled, Grant},
};
use crate::{
    base::db::{Bind, Database, Row, Transaction},
    error::Fault,
};

/// Selects what [`client`] reads, in its order.
macro_rules! client_where {
    ($rest:literal) => {
        concat!(
            "SELECT number, id, name, authentication, secret, secret_before, secret_before_until, keys, grants, scopes, resources,
            redirect_uris, post_logout_redirect_uris, backchannel_logout_uri, tenant, trusted, demands_dpop, algorithm, created_at,
            disabled_at FROM clients WHERE ",
            $rest
        )
    };
}

/// Reads a client, disabled or not.
pub(super) async fn find(db: &Database, id: &ClientId) -> Result<Option<Client>, Fault> {
    db.find(client_where!("id = $1"), &[id], client).await
}

/// Reads up to `limit` clients, newest first, that were registered before the one of this number.
pub(super) async fn list(db: &Database, before: i64, limit: i64) -> Result<Vec<Client>, Fault> {
    db.list(client_where!("number < $1 ORDER BY number DESC LIMIT $2"), &[&before, &limit], client).await
}

/// Keeps a new client; `false` when its name is taken.
pub(super) async fn insert(tx: &mut Transaction, new: &Client, now: Timestamp) -> Result<bool, Fault> {
    let sql = "INSERT INTO clients (id, name, authentication, secret, keys, grants, scopes, resources, redirect_uris,
            post_logout_redirect_uris, backchannel_logout_uri, tenant, trusted, demands_dpop, algorithm, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) ON CONFLICT (id) DO NOTHING";
    let grants: Vec<&str> = new.grants.iter().map(|grant| grant.name()).collect();
    let (authentication, algorithm) = (new.authentication.name(), new.algorithm.name());
    let (grants, scopes, resources) = (grants.join("\n"), new.scopes.join("\n"), new.resources.join("\n"));
    let (back, after_logout) = (new.redirect_uris.join("\n"), new.post_logout_redirect_uris.join("\n"));
    let (trusted, demands_dpop) = (i64::from(new.trusted), i64::from(new.demands_dpop));
    let who = [&new.id as &(dyn Bind + Sync), &new.name, &authentication, &new.secret, &new.keys];
    let what: [&(dyn Bind + Sync); 6] =
        [&grants, &scopes, &resources, &back, &after_logout, &new.backchannel_logout_uri];
    let how: [&(dyn Bind + Sync); 5] = [&new.tenant, &trusted, &demands_dpop, &algorithm, &now];
    Ok(tx.execute(sql, &[&who[..], &what, &how].concat()).await? == 1)
}

/// Gives a client another secret; the one that it had works until then. `false` when there is none that has a secret.
pub(super) async fn rotate(
    tx: &mut Transaction,
    id: &ClientId,
    secret: &Digest<ClientSecret>,
    until: Timestamp,
) -> Result<bool, Fault> {
    let sql = "UPDATE clients SET secret_before = secret, secret_before_until = $1, secret = $2
        WHERE id = $3 AND secret IS NOT NULL";
    Ok(tx.execute(sql, &[&until, secret, id]).await? == 1)
}

/// Keeps a client out, or lets it in again; whether that changed anything.
pub(super) async fn set_disabled(
    tx: &mut Transaction,
    id: &ClientId,
    disabled: Disabled,
    now: Timestamp,
) -> Result<bool, Fault> {
    let changed = match disabled {
        Disabled::Yes => {
            let sql = "UPDATE clients SET disabled_at = $1 WHERE id = $2 AND disabled_at IS NULL";
            tx.execute(sql, &[&now, id]).await?
        }
        Disabled::No => {
            let sql = "UPDATE clients SET disabled_at = NULL WHERE id = $1 AND disabled_at IS NOT NULL";
            tx.execute(sql, &[id]).await?
        }
    };
    Ok(changed == 1)
}

/// Removes a client; `false` when there is none.
pub(super) async fn remove(tx: &mut Transaction, id: &ClientId) -> Result<bool, Fault> {
    Ok(tx.execute("DELETE FROM clients WHERE id = $1", &[id]).await? == 1)
}

/// Removes the clients of a tenant that is being deleted.
pub(crate) async fn forget_tenant(tx: &mut Transaction, tenant: TenantId) -> Result<(), Fault> {
    tx.execute("DELETE FROM clients WHERE tenant = $1", &[&tenant]).await.map(drop)
}

/// Spends an assertion; `false` when it was spent before.
pub(super) async fn spend(
    tx: &mut Transaction,
    assertion: &AssertionDigest,
    expires_at: Timestamp,
) -> Result<bool, Fault> {
    let sql = "INSERT INTO client_assertions (digest, expires_at) VALUES ($1, $2) ON CONFLICT (digest) DO NOTHING";
    Ok(tx.execute(sql, &[assertion, &expires_at]).await? == 1)
}

/// Forgets assertions that ended before this moment.
pub(super) async fn forget_assertions(tx: &mut Transaction, before: Timestamp) -> Result<u64, Fault> {
    tx.execute("DELETE FROM client_assertions WHERE expires_at < $1", &[&before]).await
}

fn client(row: &Row<'_>) -> Result<Client, Fault> {
    let unreadable = |what: &'static str| Fault::new("reading a client", what);
    let list = |index| Ok::<_, Fault>(row.get::<String>(index)?.lines().map(str::to_owned).collect::<Vec<_>>());
    let authentication = Authentication::named(&row.get::<String>(3)?);
    let keys: String = row.get(7)?;
    let set = if keys.is_empty() { Some(KeySet::default()) } else { key_set(&keys) };
    // A grant of another version gives nothing.
    let grants: BTreeSet<Grant> = list(8)?.iter().filter_map(|name| Grant::named(name)).collect();
    Ok(Client {
        number: row.get(0)?,
        id: row.get(1)?,
        name: row.get(2)?,
        authentication: authentication.ok_or_else(|| unreadable("an authentication that is not known"))?,
        secret: row.get(4)?,
        secret_before: row.get(5)?,
        secret_before_until: row.get(6)?,
        key_set: set.ok_or_else(|| unreadable("keys that cannot be read"))?,
        keys,
        grants,
        scopes: list(9)?,
        resources: list(10)?,
        redirect_uris: list(11)?,
        post_logout_redirect_uris: list(12)?,
        backchannel_logout_uri: row.get(13)?,
        tenant: row.get(14)?,
        trusted: row.get::<i64>(15)? == 1,
        demands_dpop: row.get::<i64>(16)? == 1,
        algorithm: Algorithm::named(&row.get::<String>(17)?)
            .ok_or_else(|| unreadable("an algorithm that is not known"))?,
        created_at: row.get::<Timestamp>(18).map(Some)?,
        disabled_at: row.get(19)?,
    })
}
