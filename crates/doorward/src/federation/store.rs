//! The SQL of `identities`, one row for each way into an account by a provider, of `provider_flows`, one for each way there
//! that is under way, of `provider_tokens`, what is kept of what a provider has handed out, of `provider_sessions`,
//! which identity opened a session, and of `provider_logouts`, which logout tokens were taken.

use std::time::Duration;

use doorward_core::{
    AccountId, Digest, EmailAddress, LocalPath, ProviderBrowser, ProviderName, ProviderState, SessionId, Timestamp,
};

use super::{
    backchannel::{About, OLDEST},
    rules::{Flow, Identity, Purpose, Reason, Said},
};
use crate::{
    base::{
        db::{Bind, Database, Migration, Row, Transaction, Value},
        lifetime::Working,
    },
    context::Context,
    error::Fault,
};

/// The tables of this feature.
pub(crate) const MIGRATIONS: &[Migration] = &[
    Migration { name: "0033_federation", sql: include_str!("0033_federation.sql") },
    Migration { name: "0040_provider_tokens", sql: include_str!("0040_provider_tokens.sql") },
    Migration { name: "0041_provider_logouts", sql: include_str!("0041_provider_logouts.sql") },
    Migration { name: "0049_session_providers", sql: include_str!("0049_session_providers.sql") },
];

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

/// Removes ways that nobody has finished, and what was kept for providers that the settings keep nothing of any more.
pub(crate) async fn purge(cx: &Context, tx: &mut Transaction) -> Result<u64, Fault> {
    let mut gone = tx.execute("DELETE FROM provider_flows WHERE expires_at <= $1", &[&cx.clock.now()]).await?;
    let opened = cx.clock.now().before(cx.settings.sessions.absolute);
    gone += tx.execute("DELETE FROM provider_sessions WHERE opened_at <= $1", &[&opened]).await?;
    let taken = cx.clock.now().before(LOGOUTS_KNOWN);
    gone += tx.execute("DELETE FROM provider_logouts WHERE taken_at <= $1", &[&taken]).await?;
    let kept: Vec<String> = tx.list("SELECT DISTINCT provider FROM provider_tokens", &[], |row| row.get(0)).await?;
    let is_over = |name: &String| !cx.providers.find(name).is_some_and(|known| known.written.keep_tokens);
    for name in kept.into_iter().filter(is_over) {
        gone += tx.execute("DELETE FROM provider_tokens WHERE provider = $1", &[&name]).await?;
    }
    Ok(gone)
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
    let gone = tx.execute(sql, &[&account, &identity.issuer, &identity.subject]).await?;
    drop_unlinked(tx, account).await?;
    Ok(gone == 1)
}

/// Takes away every way that does not lead to whoever reads the mail of `address`; returns how many.
pub(super) async fn unlink_others(
    tx: &mut Transaction,
    account: AccountId,
    address: &EmailAddress,
) -> Result<u64, Fault> {
    let sql = "DELETE FROM identities WHERE account = $1 AND (address IS NULL OR address <> $2)";
    let gone = tx.execute(sql, &[&account, address]).await?;
    drop_unlinked(tx, account).await?;
    Ok(gone)
}

/// Forgets an account that is being deleted, and where it is on its way.
pub(crate) async fn forget_account(tx: &mut Transaction, account: AccountId) -> Result<(), Fault> {
    tx.execute("DELETE FROM identities WHERE account = $1", &[&account]).await?;
    tx.execute("DELETE FROM provider_tokens WHERE account = $1", &[&account]).await?;
    tx.execute("DELETE FROM provider_sessions WHERE account = $1", &[&account]).await?;
    tx.execute("DELETE FROM provider_flows WHERE account = $1", &[&account]).await.map(drop)
}

/// What is kept of what a provider has handed out, under its seal.
pub(super) struct KeptRow {
    pub(super) identity: Identity,
    pub(super) account: AccountId,
    pub(super) provider: ProviderName,
    pub(super) sealed: Sealed,
}

/// Tokens under a seal; nothing else of a provider's is written into a row.
pub(super) struct Sealed(pub(super) Vec<u8>);

impl Bind for Sealed {
    fn value(&self) -> Value<'_> {
        Value::bytes(&self.0)
    }
}

/// What is kept for somebody whom a provider knows.
pub(super) async fn handed(tx: &mut Transaction, identity: &Identity) -> Result<Option<KeptRow>, Fault> {
    let sql =
        "SELECT issuer, subject, account, provider, sealed FROM provider_tokens WHERE issuer = $1 AND subject = $2";
    tx.find(sql, &[&identity.issuer, &identity.subject], kept).await
}

/// What was kept last for an account and a provider.
pub(super) async fn handed_to(
    db: &Database,
    account: AccountId,
    provider: &ProviderName,
) -> Result<Option<KeptRow>, Fault> {
    let sql = "SELECT issuer, subject, account, provider, sealed FROM provider_tokens
        WHERE account = $1 AND provider = $2 ORDER BY kept_at DESC, issuer, subject LIMIT 1";
    db.find(sql, &[&account, provider], kept).await
}

/// Keeps it, in place of what was kept before.
pub(super) async fn keep_handed(tx: &mut Transaction, row: &KeptRow, now: Timestamp) -> Result<(), Fault> {
    let sql = "INSERT INTO provider_tokens (issuer, subject, account, provider, sealed, kept_at, renewing_until)
        VALUES ($1, $2, $3, $4, $5, $6, 0) ON CONFLICT (issuer, subject) DO UPDATE SET
        account = excluded.account, provider = excluded.provider, sealed = excluded.sealed, kept_at = excluded.kept_at, renewing_until = 0";
    let Identity { issuer, subject } = &row.identity;
    tx.execute(sql, &[issuer, subject, &row.account, &row.provider, &row.sealed, &now]).await.map(drop)
}

/// Drops what is kept for somebody.
pub(super) async fn drop_handed(tx: &mut Transaction, identity: &Identity) -> Result<(), Fault> {
    let sql = "DELETE FROM provider_tokens WHERE issuer = $1 AND subject = $2";
    tx.execute(sql, &[&identity.issuer, &identity.subject]).await.map(drop)
}

/// Lets one renew it until `until`; `false` when somebody does already, or it is another one by now.
pub(super) async fn claim_handed(
    db: &Database,
    row: &KeptRow,
    (now, until): (Timestamp, Timestamp),
) -> Result<bool, Fault> {
    let sql = "UPDATE provider_tokens SET renewing_until = $1
        WHERE issuer = $2 AND subject = $3 AND account = $4 AND sealed = $5 AND renewing_until <= $6";
    let Identity { issuer, subject } = &row.identity;
    Ok(db.change(sql, &[&until, issuer, subject, &row.account, &row.sealed, &now]).await? == 1)
}

/// Lets the next one try.
pub(super) async fn release_handed(db: &Database, row: &KeptRow) -> Result<(), Fault> {
    let sql = "UPDATE provider_tokens SET renewing_until = 0 WHERE issuer = $1 AND subject = $2 AND account = $3 AND sealed = $4";
    let Identity { issuer, subject } = &row.identity;
    db.change(sql, &[issuer, subject, &row.account, &row.sealed]).await.map(drop)
}

/// Puts another one in its place, where it still is as it was read.
pub(super) async fn renew_handed(
    tx: &mut Transaction,
    row: &KeptRow,
    sealed: &Sealed,
    now: Timestamp,
) -> Result<(), Fault> {
    let sql = "UPDATE provider_tokens SET sealed = $1, kept_at = $2, renewing_until = 0
        WHERE issuer = $3 AND subject = $4 AND account = $5 AND sealed = $6";
    let Identity { issuer, subject } = &row.identity;
    tx.execute(sql, &[sealed, &now, issuer, subject, &row.account, &row.sealed]).await.map(drop)
}

/// Drops it where it still is as it was read.
pub(super) async fn drop_handed_as(tx: &mut Transaction, row: &KeptRow) -> Result<(), Fault> {
    let sql = "DELETE FROM provider_tokens WHERE issuer = $1 AND subject = $2 AND account = $3 AND sealed = $4";
    let Identity { issuer, subject } = &row.identity;
    tx.execute(sql, &[issuer, subject, &row.account, &row.sealed]).await.map(drop)
}

/// Notes by whom a session was opened.
pub(super) async fn note_session(
    tx: &mut Transaction,
    (session, account): (SessionId, AccountId),
    provider: &ProviderName,
    said: &Said,
    now: Timestamp,
) -> Result<(), Fault> {
    let sql = "INSERT INTO provider_sessions (session, account, issuer, subject, sid, opened_at, provider)
        VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let Identity { issuer, subject } = &said.identity;
    tx.execute(sql, &[&session, &account, issuer, subject, &said.sid, &now, provider]).await.map(drop)
}

/// Notes which session at the provider stands behind a session of ours now, where it was opened by the same person there; whether
/// it was, and by this very provider.
pub(super) async fn renote_session(
    tx: &mut Transaction,
    session: SessionId,
    provider: &ProviderName,
    said: &Said,
) -> Result<bool, Fault> {
    let sql =
        "UPDATE provider_sessions SET sid = $1 WHERE session = $2 AND issuer = $3 AND subject = $4 RETURNING provider";
    let Identity { issuer, subject } = &said.identity;
    let by: Option<String> = tx.find(sql, &[&said.sid, &session, issuer, subject], |row| row.get(0)).await?;
    Ok(by.is_some_and(|by| by == provider.as_str()))
}

/// The name of the provider that opened a session, while the identity by which it did is a way into the account; empty where the
/// session is from before names were kept.
pub(super) async fn opener(db: &Database, session: SessionId) -> Result<Option<String>, Fault> {
    let sql = "SELECT opened.provider FROM provider_sessions AS opened JOIN identities AS way
        ON way.issuer = opened.issuer AND way.subject = opened.subject AND way.account = opened.account
        WHERE opened.session = $1";
    db.find(sql, &[&session], |row| row.get(0)).await
}

/// The sessions that a logout token means: of its `sid`, of its `sub`, or of both where it says both.
pub(super) async fn opened_by(tx: &mut Transaction, about: &About) -> Result<Vec<SessionId>, Fault> {
    let read = |row: &Row<'_>| row.get(0);
    let of_subject = "SELECT session FROM provider_sessions WHERE issuer = $1 AND subject = $2 ORDER BY session";
    let of_sid = "SELECT session FROM provider_sessions WHERE issuer = $1 AND sid = $2 ORDER BY session";
    let of_both =
        "SELECT session FROM provider_sessions WHERE issuer = $1 AND sid = $2 AND subject = $3 ORDER BY session";
    match (&about.sid, &about.subject) {
        (Some(sid), Some(subject)) => tx.list(of_both, &[&about.issuer, sid, subject], read).await,
        (Some(sid), None) => tx.list(of_sid, &[&about.issuer, sid], read).await,
        (None, Some(subject)) => tx.list(of_subject, &[&about.issuer, subject], read).await,
        (None, None) => Ok(Vec::new()),
    }
}

/// Forgets by whom a session was opened that is over.
pub(super) async fn forget_session(tx: &mut Transaction, session: SessionId) -> Result<(), Fault> {
    tx.execute("DELETE FROM provider_sessions WHERE session = $1", &[&session]).await.map(drop)
}

/// Takes a logout token; `false` when it was taken before.
pub(super) async fn take_logout(
    tx: &mut Transaction,
    (issuer, jti): (&str, &str),
    now: Timestamp,
) -> Result<bool, Fault> {
    let sql =
        "INSERT INTO provider_logouts (issuer, jti, taken_at) VALUES ($1, $2, $3) ON CONFLICT (issuer, jti) DO NOTHING";
    Ok(tx.execute(sql, &[&issuer, &jti, &now]).await? == 1)
}

/// Drops what is kept for ways into an account that are none any more.
async fn drop_unlinked(tx: &mut Transaction, account: AccountId) -> Result<(), Fault> {
    let sql = "DELETE FROM provider_tokens WHERE account = $1 AND NOT EXISTS (SELECT 1 FROM identities
        WHERE identities.issuer = provider_tokens.issuer AND identities.subject = provider_tokens.subject AND identities.account = $1)";
    tx.execute(sql, &[&account]).await.map(drop)
}

fn kept(row: &Row<'_>) -> Result<KeptRow, Fault> {
    let identity = Identity { issuer: row.get(0)?, subject: row.get(1)? };
    Ok(KeptRow { identity, account: row.get(2)?, provider: row.get(3)?, sealed: Sealed(row.get(4)?) })
}

/// Who somebody is to the providers that lead into their account.
pub(crate) async fn identities_of(tx: &mut Transaction, account: AccountId) -> Result<Vec<Identity>, Fault> {
    Ok(ways_in(tx, account).await?.into_iter().map(|way| way.identity).collect())
}

/// The sessions that were opened by a provider.
pub(super) async fn opened_by_provider(tx: &mut Transaction, provider: &ProviderName) -> Result<Vec<SessionId>, Fault> {
    let sql = "SELECT session FROM provider_sessions WHERE provider = $1 ORDER BY session";
    tx.list(sql, &[provider], |row| row.get(0)).await
}

/// Forgets a provider that is no more: whom it led where, and who is on their way there.
pub(super) async fn forget_provider(tx: &mut Transaction, provider: &ProviderName) -> Result<(), Fault> {
    tx.execute("DELETE FROM identities WHERE provider = $1", &[provider]).await?;
    tx.execute("DELETE FROM provider_flows WHERE provider = $1", &[provider]).await.map(drop)
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
/// How long it is known that a logout token was taken: longer than it is believed, whichever clock is right.
const LOGOUTS_KNOWN: Duration = Duration::from_secs(OLDEST.as_secs() * 2);
