//! Asking for an account, and confirming the address.

use doorward_core::{Digest, EmailAddress, Signup, Token, password::Guess};

use super::{
    letters,
    rules::{ConfirmDenied, SignupDenied},
    store::{self, Waiting},
};
use crate::{
    accounts,
    attempts::{self, Delays, Owner},
    audit::{self, Action},
    base::{
        db::Durability,
        lifetime::Working,
        mail::{self, Order},
    },
    context::Context,
    error::{Fault, Refusal},
    guard::Visit,
    ladder,
    login::{self, Entered},
    passwords,
    sessions::Presented,
};

/// Keeps a sign-up and orders its letter. Takes the same steps whether or not the address has an account.
pub(crate) async fn request(
    cx: &Context,
    email: &EmailAddress,
    text: &str,
    visit: &Visit,
) -> Result<(), Refusal<SignupDenied>> {
    if !cx.settings.signup.open {
        return Err(Refusal::Denied(SignupDenied::Closed));
    }
    let password = passwords::policy(&cx.settings.passwords, &cx.site.name, email, text);
    let password = password.map_err(|denied| Refusal::Denied(SignupDenied::Password(denied)))?;
    count(cx, visit).await?;
    let hash = passwords::hash(cx, password).await.map_err(|busy| Refusal::Denied(SignupDenied::Busy(busy)))?;
    let mut tx = cx.db.begin(Durability::Relaxed).await?;
    let expires_at = cx.clock.now().after(cx.settings.signup.lifetime);
    let id = store::insert(&mut tx, email, &hash, expires_at).await?;
    mail::order(cx, &mut tx, letters::SIGNUP, &id.to_string(), email).await?;
    audit::append(cx, &mut tx, audit::nobody(Action::SignupRequested, None, visit.address)).await?;
    tx.commit().await?;
    Ok(())
}

/// Counts the request before its password is hashed: the machine that is over its limit costs us no hash.
async fn count(cx: &Context, visit: &Visit) -> Result<(), Refusal<SignupDenied>> {
    let mut tx = cx.db.begin(Durability::Relaxed).await?;
    let counted = attempts::count_letter_request(cx, &mut tx, visit.address).await;
    counted.map_err(|refusal| refusal.map(SignupDenied::Throttled))?;
    Ok(tx.commit().await?)
}

/// Tells which address a link confirms while it works.
pub(crate) async fn peek(cx: &Context, token: &Token<Signup>) -> Result<Waiting, Refusal<ConfirmDenied>> {
    let waiting = store::find(&cx.db, &token.digest(), working(cx)).await?;
    waiting.ok_or_else(|| {
        cx.metrics.link_refused("signup");
        Refusal::Denied(ConfirmDenied::LinkSpent)
    })
}

/// The same for somebody who wants to confirm: a link of ours that works no more is recorded.
pub(crate) async fn waiting(
    cx: &Context,
    token: &Token<Signup>,
    visit: &Visit,
) -> Result<Waiting, Refusal<ConfirmDenied>> {
    let found = peek(cx, token).await;
    if let Err(Refusal::Denied(_)) = &found {
        record_void(cx, &token.digest(), visit).await?;
    }
    found
}

/// Spends the link for somebody who knows the password it was made with: makes the account and logs them in.
pub(crate) async fn confirm(
    cx: &Context,
    token: &Token<Signup>,
    guess: Guess,
    visit: &Visit,
    previous: Option<Presented>,
) -> Result<Entered, Refusal<ConfirmDenied>> {
    let digest = token.digest();
    let Waiting { email, hash } = waiting(cx, token, visit).await?;
    let spent = attempts::pay_for_link(cx, &digest, visit).await;
    let spent = spent.map_err(|refusal| refusal.map(ConfirmDenied::Throttled))?;
    let delays = spent.delays();
    let known =
        passwords::check_pending(cx, spent, hash, guess).await.map_err(|refusal| refusal.map(ConfirmDenied::Busy))?;
    let Some(known) = known else { return wrong_password(cx, visit, delays).await };
    #[cfg(test)]
    cx.meeting.reached(crate::testing::crowd::About::SpendingALink).await;
    let mut tx = cx.db.begin(Durability::Full).await?;
    // The account before the link: of two links for one address, one waits here, and not each for the other.
    let Some(standing) = accounts::create(cx, &mut tx, &email).await? else {
        drop(tx);
        return record_void(cx, &digest, visit).await.and(Err(link_spent()));
    };
    let Some(waiting) = store::spend(&mut tx, &digest, working(cx)).await? else { return Err(link_spent()) };
    passwords::put(&mut tx, standing.account, &waiting.hash, cx.clock.now()).await?;
    store::forget(&mut tx, &email).await?;
    audit::append(cx, &mut tx, audit::by(standing.account, Action::SignupCompleted, visit.address)).await?;
    let (proof, refund) = known.of(standing);
    let done = ladder::first(proof).top();
    let Some(entered) = login::enter(cx, &mut tx, Owner::with_password(&email, 0), &done, visit, previous).await?
    else {
        return Err(link_spent());
    };
    // Strangers may have failed with this address long before it had an account.
    attempts::pardon(&mut tx, &email).await?;
    attempts::forgive(&mut tx, refund).await?;
    tx.commit().await?;
    Ok(entered)
}

/// What the letter for a sign-up is to say.
pub(super) enum Finding {
    /// The address is free: here is the link.
    Free(Token<Signup>),
    /// The address has an account; its owner is told.
    Taken,
}

/// Finds out what to write to `email`; `None` when nothing waits any more, or enough was sent this hour.
pub(super) async fn issue(
    cx: &Context,
    order: &Order,
    id: i64,
    email: &EmailAddress,
) -> Result<Option<Finding>, Fault> {
    let taken = accounts::by_email(&cx.db, email).await?.is_some();
    let mut tx = cx.db.begin(Durability::Full).await?;
    if order.is_first_try() && !attempts::may_send(cx, &mut tx, letters::SIGNUP, email).await? {
        return Ok(None);
    }
    let token = Token::mint(cx.entropy.as_ref());
    let expires_at = cx.clock.now().after(cx.settings.signup.lifetime);
    let waits = store::set_link(&mut tx, (id, email), &token.digest(), expires_at).await?;
    tx.commit().await?;
    Ok(if taken { Some(Finding::Taken) } else { waits.then_some(Finding::Free(token)) })
}

async fn wrong_password(cx: &Context, visit: &Visit, delays: Delays) -> Result<Entered, Refusal<ConfirmDenied>> {
    let mut tx = cx.db.begin(Durability::Relaxed).await?;
    let event = audit::nobody(Action::SignupCompleted, None, visit.address).denied();
    attempts::record_failure(cx, &mut tx, delays, event).await?;
    tx.commit().await?;
    Err(Refusal::Denied(ConfirmDenied::WrongPassword))
}

/// Records that somebody came with a link of ours that works no more, and takes it away: whoever comes with it again is
/// only counted.
async fn record_void(cx: &Context, digest: &Digest<Signup>, visit: &Visit) -> Result<(), Refusal<ConfirmDenied>> {
    if !store::is_known(&cx.db, digest).await? {
        return Ok(());
    }
    let mut tx = cx.db.begin(Durability::Relaxed).await?;
    if !store::take(&mut tx, digest).await? {
        return Ok(());
    }
    audit::append(cx, &mut tx, audit::nobody(Action::SignupCompleted, None, visit.address).denied()).await?;
    Ok(tx.commit().await?)
}

/// The expiries of links that work now.
pub(super) fn working(cx: &Context) -> Working {
    Working::now(cx, cx.settings.signup.lifetime)
}

fn link_spent() -> Refusal<ConfirmDenied> {
    Refusal::Denied(ConfirmDenied::LinkSpent)
}
