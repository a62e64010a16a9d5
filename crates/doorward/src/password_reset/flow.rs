//! Asking for a link, and redeeming it.

use doorward_core::{AccountId, EmailAddress, Reset, Token};

use super::{letters, rules::ResetDenied, store};
use crate::{
    accounts::{self, Account, Standing},
    attempts::{self, Throttled},
    audit::{self, Action},
    base::{
        db::{Durability, Transaction},
        lifetime::Working,
        mail::{self, Order},
    },
    context::Context,
    error::{Fault, Refusal},
    guard::{SetCookie, Visit},
    passwords, sessions,
};

/// Orders a letter for `email`, whoever that is. Takes the same steps whether or not there is an account.
pub(crate) async fn request(cx: &Context, email: &EmailAddress, visit: &Visit) -> Result<(), Refusal<Throttled>> {
    let mut tx = cx.db.begin(Durability::Relaxed).await?;
    attempts::count_letter_request(cx, &mut tx, visit.address).await?;
    mail::order(cx, &mut tx, letters::RESET, &visit.address.to_string(), email).await?;
    tx.commit().await?;
    Ok(())
}

/// Tells whose link this is while it works, to show the form or to say at once that it does not.
pub(crate) async fn peek(cx: &Context, token: &Token<Reset>) -> Result<Account, Refusal<ResetDenied>> {
    let spent = || {
        cx.metrics.link_refused("reset");
        Refusal::Denied(ResetDenied::LinkSpent)
    };
    let owner = store::find(&cx.db, &token.digest(), working(cx)).await?.ok_or_else(spent)?;
    let account = accounts::by_id(&cx.db, owner.account).await?;
    account.filter(|account| account.disabled_at.is_none() && account.epoch == owner.epoch).ok_or_else(spent)
}

/// Spends the link and sets the password, in one transaction with everything that follows from it.
///
/// The browser becomes a known device: somebody who goes on failing on purpose must not stand between the reset and the
/// login that follows it.
pub(crate) async fn redeem(
    cx: &Context,
    token: &Token<Reset>,
    text: &str,
    visit: &Visit,
) -> Result<SetCookie, Refusal<ResetDenied>> {
    let found = peek(cx, token).await;
    if let Err(Refusal::Denied(_)) = &found {
        record_void(cx, token, visit).await?;
    }
    let account = found?;
    let password = passwords::policy(&cx.settings.passwords, &cx.site.name, &account.email, text);
    let password = password.map_err(|denied| Refusal::Denied(ResetDenied::Password(denied)))?;
    let hash = passwords::hash(cx, password).await.map_err(|busy| Refusal::Denied(ResetDenied::Busy(busy)))?;
    #[cfg(test)]
    cx.meeting.reached(crate::testing::crowd::About::SpendingALink).await;
    let mut tx = cx.db.begin(Durability::Full).await?;
    // The account before the link, as in every flow: of two that meet one waits here, and not each for the other.
    let epoch = accounts::raise_epoch(&mut tx, account.id).await?;
    let Some(link) = store::spend(&mut tx, &token.digest(), working(cx)).await? else {
        drop(tx);
        return too_late(cx, &account, visit).await;
    };
    let owner = end_sessions(&mut tx, link, epoch).await?;
    // Whoever had the old password may have made some.
    crate::features::end_keys(cx, &mut tx, owner).await?;
    crate::features::end_foreign_ways(cx, &mut tx, owner, &account.email).await?;
    let device = passwords::replace(cx, &mut tx, owner, &account.email, &hash).await?;
    audit::append(cx, &mut tx, audit::nobody(Action::PasswordReset, Some(owner), visit.address)).await?;
    passwords::notify_changed(cx, &mut tx, owner, &account.email).await?;
    tx.commit().await?;
    Ok(device)
}

/// Ends every session of the link's owner, provided that nothing else has done so since it was made: the epoch that was
/// just begun follows the link's.
async fn end_sessions(
    tx: &mut Transaction,
    link: Standing,
    epoch: Option<i64>,
) -> Result<AccountId, Refusal<ResetDenied>> {
    if epoch != Some(link.epoch + 1) {
        return Err(Refusal::Denied(ResetDenied::LinkSpent));
    }
    sessions::forget(tx, link.account).await?;
    Ok(link.account)
}

/// Records that somebody came with a link of ours that works no more, and takes it away: whoever comes with it again is
/// only counted.
async fn record_void(cx: &Context, token: &Token<Reset>, visit: &Visit) -> Result<(), Refusal<ResetDenied>> {
    let digest = token.digest();
    if !store::is_known(&cx.db, &digest).await? {
        return Ok(());
    }
    let mut tx = cx.db.begin(Durability::Relaxed).await?;
    let Some(owner) = store::take(&mut tx, &digest).await? else { return Ok(()) };
    let event = audit::nobody(Action::PasswordReset, Some(owner), visit.address).denied();
    audit::append(cx, &mut tx, event).await?;
    Ok(tx.commit().await?)
}

/// Records that somebody came with a link that another had spent a moment before.
async fn too_late(cx: &Context, account: &Account, visit: &Visit) -> Result<SetCookie, Refusal<ResetDenied>> {
    let mut tx = cx.db.begin(Durability::Full).await?;
    let event = audit::nobody(Action::PasswordReset, Some(account.id), visit.address).denied();
    audit::append(cx, &mut tx, event).await?;
    tx.commit().await?;
    Err(Refusal::Denied(ResetDenied::LinkSpent))
}

/// Makes a link for the owner of `email`; `None` when there is nobody to send it to, or enough was sent this hour.
pub(super) async fn issue(cx: &Context, order: &Order, email: &EmailAddress) -> Result<Option<Token<Reset>>, Fault> {
    let account = owner(cx, email).await?;
    let mut tx = cx.db.begin(Durability::Full).await?;
    let lifetime = cx.settings.password_reset.lifetime;
    if order.is_first_try() && !attempts::may_send_link(cx, &mut tx, letters::RESET, email, lifetime).await? {
        return Ok(None);
    }
    let Some(account) = account else {
        // Who has no account keeps the writer as busy: the next request, which waits for it, must not tell.
        tx.commit().await?;
        return Ok(None);
    };
    let token = mint(cx, &mut tx, &account).await?;
    if let (true, Ok(from)) = (order.is_first_try(), order.reference.parse()) {
        audit::append(cx, &mut tx, audit::nobody(Action::PasswordResetRequested, Some(account.id), from)).await?;
    }
    tx.commit().await?;
    Ok(Some(token))
}

/// Makes a link for the owner of `email` because an operator wants it; `None` when there is nobody to send it to.
pub(super) async fn issue_unasked(cx: &Context, email: &EmailAddress) -> Result<Option<Token<Reset>>, Fault> {
    let Some(account) = owner(cx, email).await? else { return Ok(None) };
    let mut tx = cx.db.begin(Durability::Full).await?;
    let token = mint(cx, &mut tx, &account).await?;
    tx.commit().await?;
    Ok(Some(token))
}

/// The expiries of links that work now.
pub(super) fn working(cx: &Context) -> Working {
    Working::now(cx, cx.settings.password_reset.lifetime)
}

/// The account of an address, when it may come in.
async fn owner(cx: &Context, email: &EmailAddress) -> Result<Option<Account>, Fault> {
    Ok(accounts::by_email(&cx.db, email).await?.filter(|account| account.disabled_at.is_none()))
}

async fn mint(cx: &Context, tx: &mut Transaction, account: &Account) -> Result<Token<Reset>, Fault> {
    let token = Token::mint(cx.entropy.as_ref());
    let expires_at = cx.clock.now().after(cx.settings.password_reset.lifetime);
    store::put(tx, account.standing(), &token.digest(), expires_at).await?;
    Ok(token)
}

/// Orders the letter for somebody whose account an operator has made without a password.
pub(crate) async fn invite(cx: &Context, tx: &mut Transaction, email: &EmailAddress) -> Result<(), Fault> {
    mail::order(cx, tx, letters::INVITED, "operator", email).await
}

/// Orders the letter for somebody whose password an operator has voided.
pub(crate) async fn send_after_voiding(cx: &Context, tx: &mut Transaction, email: &EmailAddress) -> Result<(), Fault> {
    mail::order(cx, tx, letters::VOIDED, "operator", email).await
}
