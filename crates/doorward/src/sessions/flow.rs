//! Opening, checking, renewing and ending.

use std::{collections::BTreeSet, sync::Arc};

use doorward_core::{AccountId, Purpose, Session, SessionId, Timestamp, Token};

use super::{
    rules::{Backing, Checked, Listed, Live, Opened, Presented, Record},
    store::{self, Digests, Proof},
};
use crate::{
    accounts::{self, Admitted, Profile},
    audit::{self, Action, Target},
    base::db::{Durability, Transaction},
    context::Context,
    error::Fault,
    guard::{SetCookie, Visit, csrf_token},
    ladder::{Done, Factor},
};

impl Opened {
    /// The CSRF token that goes with the new session.
    pub(crate) fn csrf_token(&self) -> String {
        csrf_token(self.secret.expose())
    }

    /// The cookie that makes the browser the session's.
    pub(crate) fn cookie(&self, cx: &Context) -> SetCookie {
        let now = cx.clock.now();
        let mut payload = zeroize::Zeroizing::new([0; 40]);
        payload[..32].copy_from_slice(self.secret.expose());
        payload[32..].copy_from_slice(&self.id.as_i64().to_be_bytes());
        let sealed = cx.keys().seal(Purpose::Session, payload.as_slice(), now);
        cx.cookies.set(cx.cookies.session, &sealed, self.expires_at.since(now))
    }
}

/// Opens a session for somebody who is at the top of the ladder and whose account lets them in.
///
/// Whatever session the browser had before is ended, so a planted cookie is worth nothing afterwards.
pub(crate) async fn open(
    cx: &Context,
    tx: &mut Transaction,
    admitted: Admitted,
    done: &Done,
    visit: &Visit,
    previous: Option<Presented>,
) -> Result<Opened, Fault> {
    if let Some(previous) = previous {
        store::take(tx, previous.id, &previous.secret.digest()).await?;
    }
    let opened = insert(cx, tx, admitted.account(), written(done.factors()), visit).await?;
    store::keep_newest(tx, admitted.account(), i64::from(cx.settings.sessions.per_account)).await?;
    Ok(opened)
}

/// Asks whether the cookie's session is live.
pub(crate) async fn check(cx: &Context, presented: Presented) -> Result<Checked, Fault> {
    if cx.kept.keeps(&cx.db) {
        // Kept as a whole, it costs no more than its half.
        return Ok(match check_and_read(cx, presented).await? {
            Checked::Live((live, _)) => Checked::Live(live),
            Checked::Due(due) => Checked::Due(due),
            Checked::Nobody => Checked::Nobody,
        });
    }
    match store::find(&cx.db, presented.id).await? {
        Some(record) => Ok(used(cx, &record, presented).await),
        None => Ok(Checked::Nobody),
    }
}

/// The same, together with what the account says about its person.
pub(crate) async fn check_and_read(cx: &Context, presented: Presented) -> Result<Checked<(Live, Arc<Profile>)>, Fault> {
    let Some(known) = cx.kept.find(&cx.db, presented.id).await? else { return Ok(Checked::Nobody) };
    Ok(match used(cx, &known.record, presented).await {
        Checked::Live(live) => Checked::Live((live, Arc::clone(&known.profile))),
        Checked::Due(due) => Checked::Due(due),
        Checked::Nobody => Checked::Nobody,
    })
}

/// The session, if the cookie opens the record. Its use is noted where it gives access: one that gives none is not in use.
async fn used(cx: &Context, record: &Record, presented: Presented) -> Checked {
    let now = cx.clock.now();
    let checked = record.opened_by(presented, now, &cx.settings.sessions);
    if let Checked::Live(live) = &checked
        && now.since(live.noted_at) > NOTED_EVERY
    {
        // In a box, so that the other uses of this minute do not carry about the room that writing takes.
        Box::pin(note_use(cx, live, now)).await;
    }
    checked
}

/// Gives a live session a new secret after its person proved themselves once more; `None` when it ended meanwhile.
///
/// It keeps its name, so whoever ends it by name ends it, however often it is renewed at the same moment.
pub(crate) async fn renew(
    cx: &Context,
    tx: &mut Transaction,
    live: &Live,
    done: &Done,
) -> Result<Option<Opened>, Fault> {
    let proof = Proof { proved_at: cx.clock.now(), factors: &written(done.factors()) };
    replace_secret(cx, tx, live, proof).await
}

/// Gives a session a new secret after its provider has said once more who this is, which is to be asked again at `next`; `None`
/// when it ended meanwhile. It is no proof: what the session knows of those stays as it is.
pub(crate) async fn recheck(
    cx: &Context,
    tx: &mut Transaction,
    held: &Live,
    next: Option<Timestamp>,
) -> Result<Option<Opened>, Fault> {
    store::set_recheck(tx, held.id, next).await?;
    let proof = Proof { proved_at: held.proved_at, factors: &held.factors };
    replace_secret(cx, tx, held, proof).await
}

/// Notes when the provider that has just said who somebody is, is to be asked again.
pub(crate) async fn recheck_at(tx: &mut Transaction, id: SessionId, next: Option<Timestamp>) -> Result<(), Fault> {
    store::set_recheck(tx, id, next).await
}

/// Gives a live session a new secret and ends all others of its account; `None` when it ended meanwhile.
pub(crate) async fn renew_alone(cx: &Context, tx: &mut Transaction, live: &Live) -> Result<Option<Opened>, Fault> {
    accounts::raise_epoch(tx, live.account).await?;
    store::end_others(tx, live.account, live.id).await?;
    let proof = Proof { proved_at: live.proved_at, factors: &live.factors };
    replace_secret(cx, tx, live, proof).await
}

/// Ends every session of an account and voids every login that is under way.
pub(crate) async fn end_all(tx: &mut Transaction, account: AccountId) -> Result<u64, Fault> {
    accounts::raise_epoch(tx, account).await?;
    store::forget(tx, account).await
}

/// Ends one session of an account with what was given to programs for it; whether there was one.
async fn end_one(tx: &mut Transaction, account: AccountId, id: SessionId) -> Result<bool, Fault> {
    let ended = store::end_one(tx, account, id).await?;
    if ended {
        crate::features::end_access_of_session(tx, account, id).await?;
    }
    Ok(ended)
}

/// Ends this browser's own session. One that was ended elsewhere meanwhile has its event already.
pub(crate) async fn log_out(cx: &Context, live: &Live, visit: &Visit) -> Result<(), Fault> {
    let mut tx = cx.db.begin(Durability::Full).await?;
    if !end_one(&mut tx, live.account, live.id).await? {
        return Ok(());
    }
    let event = audit::by(live.account, Action::Logout, visit.address).on(Target::Session(live.id));
    audit::append(cx, &mut tx, event).await?;
    tx.commit().await
}

/// Ends one session of the person's own account; `false` when there is none of that name.
///
/// Trying that with a session of somebody else is recorded. The answer is the same as for a name that nobody has.
pub(crate) async fn end_other(cx: &Context, live: &Live, id: SessionId, visit: &Visit) -> Result<bool, Fault> {
    let event = audit::by(live.account, Action::SessionRevoked, visit.address).on(Target::Session(id));
    let mut tx = cx.db.begin(Durability::Full).await?;
    if !end_one(&mut tx, live.account, id).await? {
        if store::is_foreign(&mut tx, live.account, id).await? {
            audit::append(cx, &mut tx, event.denied()).await?;
            tx.commit().await?;
        }
        return Ok(false);
    }
    audit::append(cx, &mut tx, event).await?;
    tx.commit().await?;
    Ok(true)
}

/// Ends all sessions of the person's account but this one, and voids logins under way.
pub(crate) async fn end_others(cx: &Context, live: &Live, visit: &Visit) -> Result<u64, Fault> {
    let mut tx = cx.db.begin(Durability::Full).await?;
    accounts::raise_epoch(&mut tx, live.account).await?;
    let ended = store::end_others(&mut tx, live.account, live.id).await?;
    audit::append(cx, &mut tx, audit::by(live.account, Action::SessionsEnded, visit.address)).await?;
    tx.commit().await?;
    Ok(ended)
}

/// Ends all sessions of the person's account, this one too, and voids logins under way.
pub(crate) async fn log_out_everywhere(cx: &Context, live: &Live, visit: &Visit) -> Result<u64, Fault> {
    let mut tx = cx.db.begin(Durability::Full).await?;
    let ended = end_all(&mut tx, live.account).await?;
    audit::append(cx, &mut tx, audit::by(live.account, Action::SessionsEnded, visit.address)).await?;
    tx.commit().await?;
    Ok(ended)
}

/// Lists up to `limit` live sessions of an account, newest first, older than the session `before` when there is one.
pub(crate) async fn list(
    cx: &Context,
    account: AccountId,
    before: Option<SessionId>,
    limit: u32,
) -> Result<Vec<Listed>, Fault> {
    let before = before.unwrap_or(NEWEST);
    store::of_account(&cx.db, (account, before), moments(cx), i64::from(limit)).await
}

/// Finds one session of an account by its name; `None` when the list of the account would not show it.
pub(crate) async fn one(cx: &Context, account: AccountId, id: SessionId) -> Result<Option<Listed>, Fault> {
    let now = cx.clock.now();
    store::one_of_account(&cx.db, account, id, now, now.before(cx.settings.sessions.idle)).await
}

/// Whether a session of an account stands behind what was given for as long as it lives.
pub(crate) async fn backing(cx: &Context, account: AccountId, id: SessionId) -> Result<Backing, Fault> {
    store::backing(&cx.db, (account, id), moments(cx)).await
}

/// Whether a session of an account lives and gives access, for what becomes true in the caller's transaction.
pub(crate) async fn lives(
    cx: &Context,
    tx: &mut Transaction,
    account: AccountId,
    id: SessionId,
) -> Result<bool, Fault> {
    store::lives(tx, (account, id), moments(cx)).await
}

/// Removes some sessions that are over; returns how many.
pub(crate) async fn purge(cx: &Context, tx: &mut Transaction) -> Result<u64, Fault> {
    store::purge(tx, cx.clock.now()).await
}

/// Lists up to `limit` live sessions of everybody, newest first, older than the session `before` when there is one.
pub(crate) async fn list_all(cx: &Context, before: Option<SessionId>, limit: u32) -> Result<Vec<Listed>, Fault> {
    let before = before.unwrap_or(NEWEST);
    store::all(&cx.db, before, moments(cx), i64::from(limit)).await
}

/// Of these sessions those that live.
pub(crate) async fn live_among(cx: &Context, ids: &[SessionId]) -> Result<BTreeSet<SessionId>, Fault> {
    store::live_among(&cx.db, ids, moments(cx)).await
}

/// Counts live sessions, up to `most`.
pub(crate) async fn count(cx: &Context, most: i64) -> Result<i64, Fault> {
    store::count(&cx.db, moments(cx), most).await
}

/// Now, and since when a session that is live was used.
fn moments(cx: &Context) -> (Timestamp, Timestamp) {
    let now = cx.clock.now();
    (now, now.before(cx.settings.sessions.idle))
}

/// Whose session this is; `None` when there is none of that name.
pub(crate) async fn owner_of(cx: &Context, id: SessionId) -> Result<Option<AccountId>, Fault> {
    Ok(store::find(&cx.db, id).await?.map(|record| record.account))
}

/// Ends one session whoever it belongs to; `false` when there is none of that name.
pub(crate) async fn end_any(tx: &mut Transaction, id: SessionId) -> Result<bool, Fault> {
    let Some(account) = store::end_any(tx, id).await? else { return Ok(false) };
    crate::features::end_access_of_session(tx, account, id).await?;
    Ok(true)
}

/// Ends every session there is; returns how many.
pub(crate) async fn end_everything(tx: &mut Transaction) -> Result<u64, Fault> {
    store::end_everything(tx).await
}

async fn insert(
    cx: &Context,
    tx: &mut Transaction,
    account: AccountId,
    factors: String,
    visit: &Visit,
) -> Result<Opened, Fault> {
    let now = cx.clock.now();
    let expires_at = now.after(cx.settings.sessions.absolute);
    let secret = Token::<Session>::mint(cx.entropy.as_ref());
    let digest = Arc::new(secret.digest());
    let record = Record {
        digest,
        account,
        created_at: now,
        seen_at: now,
        expires_at,
        proved_at: now,
        factors: factors.into(),
        recheck_at: None,
    };
    let address = visit.address.to_string();
    loop {
        let id = SessionId::new(now, cx.entropy.as_ref());
        if store::insert(tx, id, &record, visit.device.as_str(), &address).await? {
            return Ok(Opened { id, secret, expires_at });
        }
    }
}

async fn replace_secret(
    cx: &Context,
    tx: &mut Transaction,
    live: &Live,
    proof: Proof<'_>,
) -> Result<Option<Opened>, Fault> {
    let secret = Token::<Session>::mint(cx.entropy.as_ref());
    let digests = Digests { old: &live.secret.digest(), new: &secret.digest() };
    let expires_at = store::renew(tx, live.id, digests, proof, cx.clock.now()).await?;
    Ok(expires_at.map(|expires_at| Opened { id: live.id, secret, expires_at }))
}

/// A session in use stays live even when noting that fails: it then ends sooner, never later.
async fn note_use(cx: &Context, live: &Live, now: Timestamp) {
    let noted = async {
        let mut tx = cx.db.begin(Durability::Relaxed).await?;
        store::touch(&mut tx, live.id, now).await?;
        tx.commit().await
    };
    if let Err(fault) = noted.await {
        tracing::warn!(%fault, "could not note that a session is in use");
    }
}

fn written(factors: &[(Factor, Timestamp)]) -> String {
    factors.iter().map(|(factor, at)| format!("{}:{}", factor.name(), at.as_secs())).collect::<Vec<_>>().join(",")
}

/// Newer than every session.
const NEWEST: SessionId = SessionId::from_i64(i64::MAX);
/// How exactly the use of a session is noted; the idle limit is meant to this minute.
const NOTED_EVERY: std::time::Duration = std::time::Duration::from_secs(60);
