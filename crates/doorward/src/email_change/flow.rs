//! Asking for another address, and confirming it.

use doorward_core::{AccountId, Digest, EmailAddress, EmailChange, Token};

use super::{letters, rules::ChangeDenied, store};
use crate::{
    accounts::{self, Account},
    attempts::{self, Owner},
    audit::{self, Action, Target},
    base::{
        db::Durability,
        mail::{self, Order},
    },
    context::Context,
    error::{Fault, Refusal},
    guard::{SetCookie, Visit},
    password_reset,
    sessions::{self, Live, Opened},
};

/// Keeps the change and orders the letters: a link to the new address, a notice to the old one.
///
/// Takes the same steps whether or not the new address has an account.
pub(crate) async fn request(
    cx: &Context,
    account: AccountId,
    email: &EmailAddress,
    visit: &Visit,
) -> Result<(), Refusal<ChangeDenied>> {
    let owner = owner(cx, account).await?;
    let mut tx = cx.db.begin(Durability::Full).await?;
    let counted = attempts::count_letters_of(cx, &mut tx, letters::CONFIRM, account).await;
    counted.map_err(|refusal| refusal.map(ChangeDenied::Throttled))?;
    store::put(&mut tx, owner.standing(), email, cx.clock.now().after(cx.settings.email_change.lifetime)).await?;
    let reference = account.to_string();
    mail::order(cx, &mut tx, letters::CONFIRM, &reference, email).await?;
    mail::notify(cx, &mut tx, letters::REQUESTED, &reference, &owner.email).await?;
    audit::append(cx, &mut tx, audit::by(account, Action::EmailChangeRequested, visit.address)).await?;
    tx.commit().await?;
    Ok(())
}

/// Tells which address a link of this account confirms while it works.
pub(crate) async fn peek(
    cx: &Context,
    account: AccountId,
    token: &Token<EmailChange>,
) -> Result<EmailAddress, Refusal<ChangeDenied>> {
    let standing = owner(cx, account).await?.standing();
    let email = store::find(&cx.db, standing, &token.digest(), store::working(cx)).await?;
    email.ok_or_else(|| {
        cx.metrics.link_refused("email_change");
        Refusal::Denied(ChangeDenied::LinkSpent)
    })
}

/// Spends the link: the address changes, links to the old one are void, all other sessions end, this one gets a new id.
///
/// The browser becomes a known device of the new address, and what strangers failed there is forgotten: they must not stand
/// between its new owner and the next login.
pub(crate) async fn confirm(
    cx: &Context,
    live: &Live,
    token: &Token<EmailChange>,
    visit: &Visit,
) -> Result<(Opened, SetCookie), Refusal<ChangeDenied>> {
    let spent = || Refusal::Denied(ChangeDenied::LinkSpent);
    let owner = owner(cx, live.account).await?;
    let (standing, digest) = (owner.standing(), token.digest());
    let Some(email) = store::find(&cx.db, standing, &digest, store::working(cx)).await? else {
        return record_void(cx, live, &digest, visit).await.and(Err(spent()));
    };
    #[cfg(test)]
    cx.meeting.reached(crate::testing::crowd::About::SpendingALink).await;
    let mut tx = cx.db.begin(Durability::Full).await?;
    // The account before the link, as in every flow: of two that meet one waits here, and not each for the other.
    let replaced = accounts::replace_email(&mut tx, standing, &email).await?;
    if !replaced || store::spend(&mut tx, standing, &digest, store::working(cx)).await? != Some(email.clone()) {
        // The address has another account by now, or somebody was faster: the next try is only counted.
        drop(tx);
        return record_void(cx, live, &digest, visit).await.and(Err(spent()));
    }
    password_reset::forget(&mut tx, live.account).await?;
    let opened = sessions::renew_alone(cx, &mut tx, live).await?;
    let opened = opened.ok_or(Refusal::Denied(ChangeDenied::SessionEnded))?;
    audit::append(cx, &mut tx, audit::by(live.account, Action::EmailChanged, visit.address)).await?;
    mail::notify(cx, &mut tx, letters::CHANGED, email.as_str(), &owner.email).await?;
    attempts::pardon(&mut tx, &email).await?;
    tx.commit().await?;
    Ok((opened, attempts::device_cookie(cx, Owner::with_password(&email, owner.password_epoch))))
}

/// Records that somebody came with a link that works no more or not here. One of their own is taken away, so whoever comes
/// with it again is only counted; one of somebody else's stays theirs.
async fn record_void(
    cx: &Context,
    live: &Live,
    digest: &Digest<EmailChange>,
    visit: &Visit,
) -> Result<(), Refusal<ChangeDenied>> {
    cx.metrics.link_refused("email_change");
    let mut tx = cx.db.begin(Durability::Full).await?;
    let Some(owner) = store::owner(&mut tx, digest).await? else { return Ok(()) };
    if owner == live.account {
        store::forget(&mut tx, owner).await?;
    }
    let event = audit::by(live.account, Action::EmailChanged, visit.address).on(Target::Account(owner)).denied();
    audit::append(cx, &mut tx, event).await?;
    Ok(tx.commit().await?)
}

/// The account behind a session that has just been checked.
async fn owner(cx: &Context, account: AccountId) -> Result<Account, Refusal<ChangeDenied>> {
    accounts::by_id(&cx.db, account).await?.ok_or(Refusal::Denied(ChangeDenied::SessionEnded))
}

/// What the letter to the new address is to say.
pub(super) enum Finding {
    /// The address is free: here is the link.
    Free(Token<EmailChange>),
    /// The address has an account; its owner is told.
    Taken,
}

/// Finds out what to write to the new address; `None` when the change was replaced or is void, or enough was sent this
/// hour.
pub(super) async fn issue(
    cx: &Context,
    order: &Order,
    account: AccountId,
    email: &EmailAddress,
) -> Result<Option<Finding>, Fault> {
    let Some(owner) = accounts::by_id(&cx.db, account).await? else { return Ok(None) };
    let taken = accounts::by_email(&cx.db, email).await?.is_some();
    let mut tx = cx.db.begin(Durability::Full).await?;
    if order.is_first_try() && !attempts::may_send(cx, &mut tx, letters::CONFIRM, email).await? {
        return Ok(None);
    }
    let token = Token::mint(cx.entropy.as_ref());
    let waits = !taken && store::set_link(&mut tx, owner.standing(), email, &token.digest()).await?;
    tx.commit().await?;
    Ok(if taken { Some(Finding::Taken) } else { waits.then_some(Finding::Free(token)) })
}
