//! Proving oneself once more.

use doorward_core::{Timestamp, password::Guess};

use super::rules::{self, ReauthenticationDenied};
use crate::{
    accounts, attempts,
    audit::{self, Action},
    base::db::Durability,
    context::Context,
    error::Refusal,
    guard::Visit,
    ladder, passwords,
    sessions::{self, Live, Opened},
};

/// Whether a proof made at `proved_at` still counts.
pub(crate) fn is_recent(cx: &Context, proved_at: Timestamp) -> bool {
    rules::is_recent(proved_at, cx.clock.now(), &cx.settings.reauthentication)
}

/// Whether a proof made at `proved_at` is no older than `span`.
pub(crate) fn is_within(cx: &Context, proved_at: Timestamp, span: std::time::Duration) -> bool {
    rules::is_within(proved_at, cx.clock.now(), span)
}

/// Checks the password of the person behind a live session and gives the session a new id.
pub(crate) async fn prove(
    cx: &Context,
    live: &Live,
    guess: Guess,
    visit: &Visit,
) -> Result<Opened, Refusal<ReauthenticationDenied>> {
    let ended = Refusal::Denied(ReauthenticationDenied::SessionEnded);
    let Some(account) = accounts::by_id(&cx.db, live.account).await? else { return Err(ended) };
    let spent = attempts::pay(cx, &account.email, Some(&account), visit)
        .await
        .map_err(|refusal| refusal.map(ReauthenticationDenied::Throttled))?;
    let delays = spent.delays();
    let right = passwords::check(cx, spent, Some(&account), guess)
        .await
        .map_err(|refusal| refusal.map(ReauthenticationDenied::Busy))?;
    let event = audit::by(live.account, Action::Reauthentication, visit.address);
    let mut tx = cx.db.begin(Durability::Full).await?;
    let Some(right) = right else {
        attempts::record_failure(cx, &mut tx, delays, event.denied()).await?;
        tx.commit().await?;
        return Err(Refusal::Denied(ReauthenticationDenied::WrongPassword));
    };
    let done = ladder::first(right.proof).top();
    if accounts::admit(cx, &mut tx, done.standing()).await?.is_none() {
        return Err(ended);
    }
    let renewed = sessions::renew(cx, &mut tx, live, &done).await?;
    attempts::forgive(&mut tx, right.refund).await?;
    let Some(opened) = renewed else {
        // The session ended meanwhile, but the password was right and must not count as a failure.
        tx.commit().await?;
        return Err(ended);
    };
    passwords::renew(cx, &mut tx, account.id, right.renewed, visit).await?;
    audit::append(cx, &mut tx, event.with(done.names())).await?;
    tx.commit().await?;
    Ok(opened)
}
