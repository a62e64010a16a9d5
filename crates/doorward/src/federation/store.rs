//! The SQL of `identities`, one row for each way into an account by a provider, and of `provider_flows`, one for each way there
//! that is under way.

use std::time::Duration;

use doorward_core::{
    AccountId, Digest, EmailAddress, LocalPath, ProviderBrowser, ProviderName, ProviderState, SessionId, Timestamp,
};

use super::rules::{Flow, Identity, Purpose, Reason, Said};
use crate::{
    base::{
        db::{Database, Row, Transaction},
        lifetime::Working,
    },
    context::Context,
    error::Fault,
};

/// A way into an account.
pub(crate) struct Linked {
    pub(crate) identity: Identity,
    pub(crate) provider: ProviderName,
    /// The address that the provider vouched for when it was last used.
    pub(crate) address: Option<EmailAddress>,
    pub(crate) created_at: Timestamp,
    pub(crate) used_at: Timestamp,
}

/// Keeps a way that is begun, under the digest of its state.
pub(super) async fn begin(
    tx: &mut Transaction,
    (state, browser): (&Digest<ProviderState>, &Digest<ProviderBrowser>),
    flow: &Flow,
) -> Result<(), Fault> {
    let sql = "INSERT INTO provider_flows
        (digest, provider, purpose, browser, account, session, return_to, begun_at, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    let (account, session) = flow.begun_by.unzip();
    let return_to = flow.return_to.as_ref().map_or("", LocalPath::as_str);
    let expires_at = flow.begun_at.after(LIFETIME);
    let (provider, purpose) = (&flow.provider, flow.purpose.name());
    tx.execute(sql, &[state, provider, &purpose, browser, &account, &session, &return_to, &flow.begun_at, &expires_at])
        .await
        .map(drop)
}

/// Forgets a way on which nobody was sent.
pub(super) async fn abandon(db: &Database, state: &Digest<ProviderState>) -> Result<(), Fault> {
    db.change("DELETE FROM provider_flows WHERE digest = $1", &[state]).await.map(drop)
}

/// Spends a state where it was begun: with this provider, in this browser, in time. Of all who try, one gets the way back.
pub(super) async fn spend(
    tx: &mut Transaction,
    (state, browser): (&Digest<ProviderState>, &Digest<ProviderBrowser>),
    provider: &ProviderName,
    working: Working,
) -> Result<Option<Flow>, Fault> {
    let sql = "DELETE FROM provider_flows WHERE digest = $1 AND browser = $2 AND provider = $3
        AND expires_at > $4 AND expires_at <= $5 RETURNING provider, purpose, account, session, return_to, begun_at";
    tx.find(sql, &[state, browser, provider, &working.after, &working.until], flow).await
}

/// Why a state cannot be spent, and what it was for.
pub(super) async fn why_not(
    db: &Database,
    state: &Digest<ProviderState>,
    provider: &ProviderName,
    now: Timestamp,
) -> Result<(Reason, Option<Purpose>), Fault> {
    let sql = "SELECT provider, purpose, expires_at FROM provider_flows WHERE digest = $1";
    let read = |row: &Row<'_>| Ok((row.get::<String>(0)?, row.get::<String>(1)?, row.get::<Timestamp>(2)?));
    Ok(match db.find(sql, &[state], read).await? {
        None => (Reason::StateUnknown, None),
        Some((of, purpose, _)) if of != provider.as_str() => (Reason::StateOfOtherProvider, Purpose::named(&purpose)),
        Some((_, purpose, expires_at)) if expires_at <= now => (Reason::StateExpired, Purpose::named(&purpose)),
        Some((_, purpose, _)) => (Reason::StateOfOtherBrowser, Purpose::named(&purpose)),
    })
}

/// The expiries of ways that can be finished now.
pub(super) fn working(cx: &Context) -> Working {
    Working::now(cx, LIFETIME)
}

/// Removes ways that nobody has finished.
pub(crate) async fn purge(cx: &Context, tx: &mut Transaction) -> Result<u64, Fault> {
    tx.execute("DELETE FROM provider_flows WHERE expires_at <= $1", &[&cx.clock.now()]).await
}

/// Whose way in this is.
pub(super) async fn owner(tx: &mut Transaction, identity: &Identity) -> Result<Option<AccountId>, Fault> {
    let sql = "SELECT account FROM identities WHERE issuer = $1 AND subject = $2";
    tx.find(sql, &[&identity.issuer, &identity.subject], |row| row.get(0)).await
}

/// Links an account; `false` when this identity is linked already, to whichever account.
pub(super) async fn link(
    tx: &mut Transaction,
    account: AccountId,
    provider: &ProviderName,
    said: &Said,
    now: Timestamp,
) -> Result<bool, Fault> {
    let sql = "INSERT INTO identities (issuer, subject, account, provider, address, created_at, used_at)
        VALUES ($1, $2, $3, $4, $5, $6, $6) ON CONFLICT (issuer, subject) DO NOTHING";
    let address = said.vouched_address().cloned();
    let Identity { issuer, subject } = &said.identity;
    Ok(tx.execute(sql, &[issuer, subject, &account, provider, &address, &now]).await? == 1)
}

/// Notes that a way into this account was used, and the address that its provider vouches for now; `false` when it leads there no
/// more.
pub(super) async fn used(
    tx: &mut Transaction,
    account: AccountId,
    provider: &ProviderName,
    said: &Said,
    now: Timestamp,
) -> Result<bool, Fault> {
    let sql = "UPDATE identities SET provider = $1, address = $2, used_at = $3
        WHERE issuer = $4 AND subject = $5 AND account = $6";
    let (address, Identity { issuer, subject }) = (said.vouched_address().cloned(), &said.identity);
    Ok(tx.execute(sql, &[provider, &address, &now, issuer, subject, &account]).await? == 1)
}

/// The ways into an account, oldest first.
pub(crate) async fn of_account(db: &Database, account: AccountId) -> Result<Vec<Linked>, Fault> {
    let sql = "SELECT issuer, subject, provider, address, created_at, used_at FROM identities WHERE account = $1
        ORDER BY created_at, issuer, subject";
    db.list(sql, &[&account], linked).await
}

/// The same as they stand in a transaction.
pub(super) async fn ways_in(tx: &mut Transaction, account: AccountId) -> Result<Vec<Linked>, Fault> {
    let sql = "SELECT issuer, subject, provider, address, created_at, used_at FROM identities WHERE account = $1
        ORDER BY created_at, issuer, subject";
    tx.list(sql, &[&account], linked).await
}

/// Takes a way away from an account; `false` when it has none such.
pub(super) async fn unlink(tx: &mut Transaction, account: AccountId, identity: &Identity) -> Result<bool, Fault> {
    let sql = "DELETE FROM identities WHERE account = $1 AND issuer = $2 AND subject = $3";
    Ok(tx.execute(sql, &[&account, &identity.issuer, &identity.subject]).await? == 1)
}

/// Takes away every way that does not lead to whoever reads the mail of `address`; returns how many.
pub(super) async fn unlink_others(
    tx: &mut Transaction,
    account: AccountId,
    address: &EmailAddress,
) -> Result<u64, Fault> {
    let sql = "DELETE FROM identities WHERE account = $1 AND (address IS NULL OR address <> $2)";
    tx.execute(sql, &[&account, address]).await
}

/// Forgets an account that is being deleted, and where it is on its way.
pub(crate) async fn forget_account(tx: &mut Transaction, account: AccountId) -> Result<(), Fault> {
    tx.execute("DELETE FROM identities WHERE account = $1", &[&account]).await?;
    tx.execute("DELETE FROM provider_flows WHERE account = $1", &[&account]).await.map(drop)
}

fn flow(row: &Row<'_>) -> Result<Flow, Fault> {
    let named =
        |text: String| Purpose::named(&text).ok_or_else(|| Fault::new("reading a way", "its purpose is unknown"));
    let account: Option<AccountId> = row.get(2)?;
    let session: Option<SessionId> = row.get(3)?;
    Ok(Flow {
        provider: row.get(0)?,
        purpose: named(row.get(1)?)?,
        begun_by: account.zip(session),
        return_to: LocalPath::parse(&row.get::<String>(4)?),
        begun_at: row.get(5)?,
    })
}

fn linked(row: &Row<'_>) -> Result<Linked, Fault> {
    Ok(Linked {
        identity: Identity { issuer: row.get(0)?, subject: row.get(1)? },
        provider: row.get(2)?,
        address: row.get(3)?,
        created_at: row.get(4)?,
        used_at: row.get(5)?,
    })
}

/// How long a way there and back may take.
pub(super) const LIFETIME: Duration = Duration::from_secs(600);
