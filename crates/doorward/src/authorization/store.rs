//! The SQL of `authorization_codes`, `pushed_requests`, `device_codes` and `consents`.

use doorward_core::{
    AccountId, AuthorizationCode, ClientId, DeviceCode, Digest, FamilyId, PushedRequest, TenantId, Timestamp,
};

use super::{
    device::UserCodeDigest,
    rules::{Agreed, Bound, Consent},
};
use crate::{
    base::{
        db::{Bind, Database, Row, Transaction},
        lifetime::Working,
    },
    error::Fault,
    tokens::Scopes,
};

/// Keeps a code.
pub(super) async fn insert_code(
    tx: &mut Transaction,
    digest: &Digest<AuthorizationCode>,
    (agreed, bound): (&Agreed, &Bound),
    expires_at: Timestamp,
) -> Result<(), Fault> {
    let sql = "INSERT INTO authorization_codes (digest, client, account, epoch, session, tenant, scope, resource, redirect_uri,
        challenge, nonce, thumbprint, authenticated_at, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)";
    let scope = agreed.scopes.to_string();
    let values: [&(dyn Bind + Sync); 14] = [
        digest,
        &agreed.client,
        &agreed.account,
        &agreed.epoch,
        &agreed.session,
        &agreed.tenant,
        &scope,
        &agreed.resource,
        &bound.redirect_uri,
        &bound.challenge,
        &bound.nonce,
        &bound.thumbprint,
        &agreed.authenticated_at,
        &expires_at,
    ];
    tx.execute(sql, &values).await.map(drop)
}

/// Reads a code, also one that is spent or over.
pub(super) async fn code(db: &Database, digest: &Digest<AuthorizationCode>) -> Result<Option<(Agreed, Bound)>, Fault> {
    let sql = "SELECT client, account, epoch, session, tenant, scope, resource, authenticated_at, redirect_uri, challenge, nonce,
        thumbprint FROM authorization_codes WHERE digest = $1";
    db.find(sql, &[digest], |row| Ok((agreed(row)?, bound(row)?))).await
}

/// Spends a code that works; `false` when it was spent before or is over.
pub(super) async fn spend_code(
    tx: &mut Transaction,
    digest: &Digest<AuthorizationCode>,
    now: Timestamp,
    working: Working,
) -> Result<bool, Fault> {
    let sql = "UPDATE authorization_codes SET spent_at = $1 WHERE digest = $2 AND spent_at IS NULL AND expires_at > $3
        AND expires_at <= $4";
    Ok(tx.execute(sql, &[&now, digest, &working.after, &working.until]).await? == 1)
}

/// Notes the family that came of a code, so that it can be ended when the code comes again.
pub(super) async fn note_given(
    tx: &mut Transaction,
    digest: &Digest<AuthorizationCode>,
    family: FamilyId,
) -> Result<(), Fault> {
    let sql = "UPDATE authorization_codes SET family = $1 WHERE digest = $2";
    tx.execute(sql, &[&family, digest]).await.map(drop)
}

/// The family that came of a code that is spent.
pub(super) async fn given_by(
    tx: &mut Transaction,
    digest: &Digest<AuthorizationCode>,
) -> Result<Option<FamilyId>, Fault> {
    let sql = "SELECT family FROM authorization_codes WHERE digest = $1 AND spent_at IS NOT NULL";
    Ok(tx.find(sql, &[digest], |row| row.get::<Option<FamilyId>>(0)).await?.flatten())
}

/// Keeps a pushed request.
pub(super) async fn insert_pushed(
    db: &Database,
    digest: &Digest<PushedRequest>,
    (client, query): (&ClientId, &str),
    expires_at: Timestamp,
) -> Result<(), Fault> {
    let sql = "INSERT INTO pushed_requests (digest, client, query, expires_at) VALUES ($1, $2, $3, $4)";
    db.change(sql, &[digest, client, &query, &expires_at]).await.map(drop)
}

/// Reads a pushed request that works.
pub(super) async fn pushed(
    db: &Database,
    digest: &Digest<PushedRequest>,
    working: Working,
) -> Result<Option<(ClientId, String)>, Fault> {
    let sql = "SELECT client, query FROM pushed_requests WHERE digest = $1 AND expires_at > $2 AND expires_at <= $3";
    db.find(sql, &[digest, &working.after, &working.until], |row| Ok((row.get(0)?, row.get(1)?))).await
}

/// Spends a pushed request; `false` when it is gone.
pub(super) async fn spend_pushed(tx: &mut Transaction, digest: &Digest<PushedRequest>) -> Result<bool, Fault> {
    Ok(tx.execute("DELETE FROM pushed_requests WHERE digest = $1", &[digest]).await? == 1)
}

/// What a device waits with.
pub(super) struct Waiting {
    pub(super) client: ClientId,
    pub(super) scopes: Scopes,
    pub(super) wait_secs: i64,
    pub(super) polled_at: Timestamp,
    pub(super) denied: bool,
    pub(super) is_decided: bool,
}

/// Lets a device wait; `false` when its user code is taken.
pub(super) async fn insert_device(
    db: &Database,
    (digest, user_code): (&Digest<DeviceCode>, &UserCodeDigest),
    (client, scopes, resource): (&ClientId, &Scopes, &str),
    (wait_secs, expires_at): (i64, Timestamp),
) -> Result<bool, Fault> {
    let sql = "INSERT INTO device_codes (digest, user_code, client, scope, resource, wait_secs, polled_at, expires_at, denied)
        VALUES ($1, $2, $3, $4, $5, $6, 0, $7, 0) ON CONFLICT (user_code) DO NOTHING";
    let scope = scopes.to_string();
    let values: [&(dyn Bind + Sync); 7] = [digest, user_code, client, &scope, &resource, &wait_secs, &expires_at];
    Ok(db.change(sql, &values).await? == 1)
}

/// Reads what waits under the code of a device, or under the code that its person has entered.
macro_rules! waiting_where {
    ($which:literal) => {
        concat!(
            "SELECT client, scope, wait_secs, polled_at, denied, account FROM device_codes WHERE ",
            $which,
            " = $1 AND expires_at > $2 AND expires_at <= $3"
        )
    };
}

pub(super) async fn device(
    db: &Database,
    digest: &Digest<DeviceCode>,
    working: Working,
) -> Result<Option<Waiting>, Fault> {
    db.find(waiting_where!("digest"), &[digest, &working.after, &working.until], waiting).await
}

pub(super) async fn by_user_code(
    db: &Database,
    code: &UserCodeDigest,
    working: Working,
) -> Result<Option<Waiting>, Fault> {
    db.find(waiting_where!("user_code"), &[code, &working.after, &working.until], waiting).await
}

/// Notes that a device has asked, and how long it is to wait from now on.
pub(super) async fn note_poll(
    db: &Database,
    digest: &Digest<DeviceCode>,
    (now, wait_secs): (Timestamp, i64),
) -> Result<(), Fault> {
    let sql = "UPDATE device_codes SET polled_at = $1, wait_secs = $2 WHERE digest = $3";
    db.change(sql, &[&now, &wait_secs, digest]).await.map(drop)
}

/// Writes what a person has decided, once; `false` when it was decided before, or is over.
pub(super) async fn decide(
    tx: &mut Transaction,
    code: &UserCodeDigest,
    agreed: &Agreed,
    (denied, working): (bool, Working),
) -> Result<bool, Fault> {
    let sql = "UPDATE device_codes SET denied = $1, account = $2, epoch = $3, session = $4, tenant = $5,
        authenticated_at = $6 WHERE user_code = $7 AND account IS NULL AND expires_at > $8 AND expires_at <= $9";
    let values: [&(dyn Bind + Sync); 9] = [
        &i64::from(denied),
        &agreed.account,
        &agreed.epoch,
        &agreed.session,
        &agreed.tenant,
        &agreed.authenticated_at,
        code,
        &working.after,
        &working.until,
    ];
    Ok(tx.execute(sql, &values).await? == 1)
}

/// What a person has agreed to for a device; `None` while nobody has.
pub(super) async fn agreed_for(db: &Database, digest: &Digest<DeviceCode>) -> Result<Option<Agreed>, Fault> {
    let sql = "SELECT client, account, epoch, session, tenant, scope, resource, authenticated_at FROM device_codes
        WHERE digest = $1 AND account IS NOT NULL AND denied = 0";
    db.find(sql, &[digest], agreed).await
}

/// Spends that; `false` when it is gone or over.
pub(super) async fn spend_device(
    tx: &mut Transaction,
    digest: &Digest<DeviceCode>,
    working: Working,
) -> Result<bool, Fault> {
    let sql = "DELETE FROM device_codes WHERE digest = $1 AND account IS NOT NULL AND denied = 0 AND expires_at > $2
        AND expires_at <= $3";
    Ok(tx.execute(sql, &[digest, &working.after, &working.until]).await? == 1)
}

/// Forgets a device that was turned away.
pub(super) async fn forget_device(db: &Database, digest: &Digest<DeviceCode>) -> Result<(), Fault> {
    db.change("DELETE FROM device_codes WHERE digest = $1", &[digest]).await.map(drop)
}

/// Remembers what a person has agreed to, besides what they had agreed to before.
pub(super) async fn remember(tx: &mut Transaction, account: AccountId, consent: &Consent) -> Result<(), Fault> {
    let sql = "INSERT INTO consents (account, client, tenant, scope, given_at) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (account, client, tenant) DO UPDATE SET scope = $4, given_at = $5";
    let (tenant, scope) = (tenant_text(consent.tenant), consent.scopes.to_string());
    let values: [&(dyn Bind + Sync); 5] = [&account, &consent.client, &tenant, &scope, &consent.given_at];
    tx.execute(sql, &values).await.map(drop)
}

/// Reads what a person has agreed to for a client in a tenant, or in none.
pub(super) async fn consent(
    db: &Database,
    account: AccountId,
    client: &ClientId,
    tenant: Option<TenantId>,
) -> Result<Option<Consent>, Fault> {
    db.find(CONSENT, &[&account, client, &tenant_text(tenant)], consent_row).await
}

/// The same inside a transaction.
pub(super) async fn consent_in(
    tx: &mut Transaction,
    account: AccountId,
    client: &ClientId,
    tenant: Option<TenantId>,
) -> Result<Option<Consent>, Fault> {
    tx.find(CONSENT, &[&account, client, &tenant_text(tenant)], consent_row).await
}

const CONSENT: &str =
    "SELECT client, tenant, scope, given_at FROM consents WHERE account = $1 AND client = $2 AND tenant = $3";

/// Lists what a person has agreed to, by client; an account has few.
pub(crate) async fn consents(db: &Database, account: AccountId) -> Result<Vec<Consent>, Fault> {
    let sql =
        "SELECT client, tenant, scope, given_at FROM consents WHERE account = $1 ORDER BY client, tenant LIMIT 200";
    db.list(sql, &[&account], consent_row).await
}

/// How much an account has agreed to.
pub(super) async fn count_consents(tx: &mut Transaction, account: AccountId) -> Result<i64, Fault> {
    let sql = "SELECT COUNT(*) FROM consents WHERE account = $1";
    Ok(tx.find(sql, &[&account], |row| row.get(0)).await?.unwrap_or_default())
}

/// Takes back what a person has agreed to for a client, in every tenant.
pub(super) async fn withdraw(tx: &mut Transaction, account: AccountId, client: &ClientId) -> Result<u64, Fault> {
    tx.execute("DELETE FROM authorization_codes WHERE account = $1 AND client = $2", &[&account, client]).await?;
    tx.execute("DELETE FROM device_codes WHERE account = $1 AND client = $2", &[&account, client]).await?;
    tx.execute("DELETE FROM consents WHERE account = $1 AND client = $2", &[&account, client]).await
}

/// Removes what is kept about an account.
pub(crate) async fn forget_account(tx: &mut Transaction, account: AccountId) -> Result<(), Fault> {
    tx.execute("DELETE FROM authorization_codes WHERE account = $1", &[&account]).await?;
    tx.execute("DELETE FROM device_codes WHERE account = $1", &[&account]).await?;
    tx.execute("DELETE FROM consents WHERE account = $1", &[&account]).await.map(drop)
}

/// Removes what an account has agreed to in a tenant.
pub(crate) async fn forget_member(tx: &mut Transaction, tenant: TenantId, account: AccountId) -> Result<(), Fault> {
    tx.execute("DELETE FROM authorization_codes WHERE account = $1 AND tenant = $2", &[&account, &tenant]).await?;
    tx.execute("DELETE FROM device_codes WHERE account = $1 AND tenant = $2", &[&account, &tenant]).await?;
    tx.execute("DELETE FROM consents WHERE account = $1 AND tenant = $2", &[&account, &tenant]).await.map(drop)
}

/// Removes what anybody has agreed to in a tenant. Codes are over in a minute, and ask for the tenant first.
pub(crate) async fn forget_tenant(tx: &mut Transaction, tenant: TenantId) -> Result<(), Fault> {
    tx.execute("DELETE FROM consents WHERE tenant = $1", &[&tenant]).await.map(drop)
}

/// Removes what anybody has agreed to for a client. Codes are over in a minute, and ask for the client first.
pub(crate) async fn forget_client(tx: &mut Transaction, client: &ClientId) -> Result<(), Fault> {
    tx.execute("DELETE FROM consents WHERE client = $1", &[client]).await.map(drop)
}

/// Removes what is over. A spent code stays until it would be over long since: it may come again until then.
pub(super) async fn purge(tx: &mut Transaction, now: Timestamp, codes_before: Timestamp) -> Result<u64, Fault> {
    let codes = tx.execute("DELETE FROM authorization_codes WHERE expires_at <= $1", &[&codes_before]).await?;
    let pushed = tx.execute("DELETE FROM pushed_requests WHERE expires_at <= $1", &[&now]).await?;
    Ok(codes + pushed + tx.execute("DELETE FROM device_codes WHERE expires_at <= $1", &[&now]).await?)
}

fn tenant_text(tenant: Option<TenantId>) -> String {
    tenant.map(|tenant| tenant.to_string()).unwrap_or_default()
}

fn agreed(row: &Row<'_>) -> Result<Agreed, Fault> {
    Ok(Agreed {
        client: row.get(0)?,
        account: row.get(1)?,
        epoch: row.get(2)?,
        session: row.get(3)?,
        tenant: row.get(4)?,
        scopes: Scopes::parse(&row.get::<String>(5)?).unwrap_or_default(),
        resource: row.get(6)?,
        authenticated_at: row.get(7)?,
    })
}

fn bound(row: &Row<'_>) -> Result<Bound, Fault> {
    Ok(Bound { redirect_uri: row.get(8)?, challenge: row.get(9)?, nonce: row.get(10)?, thumbprint: row.get(11)? })
}

fn waiting(row: &Row<'_>) -> Result<Waiting, Fault> {
    Ok(Waiting {
        client: row.get(0)?,
        scopes: Scopes::parse(&row.get::<String>(1)?).unwrap_or_default(),
        wait_secs: row.get(2)?,
        polled_at: row.get(3)?,
        denied: row.get::<i64>(4)? == 1,
        is_decided: row.get::<Option<String>>(5)?.is_some(),
    })
}

fn consent_row(row: &Row<'_>) -> Result<Consent, Fault> {
    let tenant: String = row.get(1)?;
    Ok(Consent {
        client: row.get(0)?,
        tenant: tenant.parse().ok(),
        scopes: Scopes::parse(&row.get::<String>(2)?).unwrap_or_default(),
        given_at: row.get(3)?,
    })
}
