//! From a guess to a session.

use doorward_core::{EmailAddress, password::Guess};

use super::rules::{Entered, LoginDenied};
use crate::{
    accounts::{self, Account},
    attempts::{self, Browser, Delays, Owner},
    audit::{self, Action, Detail, Event, Target},
    base::{
        db::{Durability, Transaction},
        mail,
    },
    context::Context,
    error::{Fault, Refusal},
    guard::{SetCookie, Visit},
    ladder::{self, Done},
    passwords,
    sessions::{self, Presented},
};

/// Checks address and password and opens a session.
pub(crate) async fn log_in(
    cx: &Context,
    email: &EmailAddress,
    guess: Guess,
    visit: &Visit,
    previous: Option<Presented>,
) -> Result<Entered, Refusal<LoginDenied>> {
    // A flood is refused before anything is written for it: what cannot be checked now need not be paid for.
    passwords::room(cx).map_err(|busy| Refusal::Denied(LoginDenied::Busy(busy)))?;
    let account = accounts::by_email(&cx.db, email).await?;
    let spent =
        attempts::pay(cx, email, account.as_ref(), visit).await.map_err(|refusal| refusal.map(LoginDenied::Throttled));
    let spent = spent.inspect_err(|_| cx.metrics.login("throttled"))?;
    let delays = spent.delays();
    let right =
        passwords::check(cx, spent, account.as_ref(), guess).await.map_err(|refusal| refusal.map(LoginDenied::Busy))?;
    let (Some(right), Some(account)) = (right, &account) else {
        return failed(cx, account.as_ref(), visit, delays).await;
    };
    let done = ladder::first(right.proof).top();
    // A fresh session may be lost in a power cut; the one that it replaces must not come back.
    let durability = if previous.is_some() { Durability::Full } else { Durability::Relaxed };
    let mut tx = cx.db.begin(durability).await?;
    let Some(entered) = enter(cx, &mut tx, Owner::of(account), &done, visit, previous).await? else {
        // One connection writes: this transaction must end before another can begin.
        drop(tx);
        return failed(cx, Some(account), visit, delays).await;
    };
    // After the account's row is locked, as in a reset: two that lock in turns would wait for each other.
    passwords::renew(cx, &mut tx, account.id, right.renewed, visit).await?;
    attempts::forgive(&mut tx, right.refund).await?;
    tell_of_new_browser(cx, &mut tx, account, &entered, visit).await?;
    tx.commit().await?;
    cx.metrics.login("success");
    Ok(entered)
}

/// Opens a session for somebody at the top of the ladder, in the caller's transaction; `None` when the account does not
/// let them in any more.
pub(crate) async fn enter(
    cx: &Context,
    tx: &mut Transaction,
    owner: Owner<'_>,
    done: &Done,
    visit: &Visit,
    previous: Option<Presented>,
) -> Result<Option<Entered>, Fault> {
    enter_by(cx, tx, owner, (done, None), visit, previous).await
}

/// The same, with what the log is to say of how they got to the top.
pub(crate) async fn enter_by(
    cx: &Context,
    tx: &mut Transaction,
    owner: Owner<'_>,
    (done, how): (&Done, Option<Detail>),
    visit: &Visit,
    previous: Option<Presented>,
) -> Result<Option<Entered>, Fault> {
    let Some(admitted) = accounts::admit(cx, tx, done.standing()).await? else { return Ok(None) };
    let account = admitted.account();
    let opened = sessions::open(cx, tx, admitted, done, visit, previous).await?;
    let event = audit::by(account, Action::Login, visit.address).on(Target::Session(opened.id)).with(done.names());
    audit::append(cx, tx, Event { detail: how, ..event }).await?;
    Ok(Some(Entered { opened, device: attempts::device_cookie(cx, owner) }))
}

/// Tells the owner of an account by mail that somebody got in from a browser that is new to it.
pub(crate) async fn tell_of_new_browser(
    cx: &Context,
    tx: &mut Transaction,
    account: &Account,
    entered: &Entered,
    visit: &Visit,
) -> Result<(), Fault> {
    if attempts::browser(cx, Owner::of(account), visit) == Browser::Known {
        return Ok(());
    }
    let reference = format!("{} {}", account.id, entered.opened.id);
    mail::notify(cx, tx, super::letters::NEW_DEVICE, &reference, &account.email).await
}

impl Entered {
    /// The cookies of somebody who got in; the form cookie of the time before is removed.
    pub(crate) fn cookies(self, cx: &Context) -> [SetCookie; 3] {
        [self.opened.cookie(cx), self.device, cx.cookies.clear(cx.cookies.form)]
    }
}

async fn failed(
    cx: &Context,
    account: Option<&Account>,
    visit: &Visit,
    delays: Delays,
) -> Result<Entered, Refusal<LoginDenied>> {
    let mut tx = cx.db.begin(Durability::Relaxed).await?;
    let event = audit::nobody(Action::Login, account.map(|account| account.id), visit.address).denied();
    attempts::record_failure(cx, &mut tx, delays, event).await?;
    tx.commit().await?;
    cx.metrics.login("denied");
    Err(Refusal::Denied(LoginDenied::Wrong))
}
