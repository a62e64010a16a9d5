//! Paying, and being forgiven.

use std::{net::IpAddr, time::Duration};

use doorward_core::{AccountId, Digest, EmailAddress, Signup};

use super::rules::{
    self, Browser, Delays, Owner, Refund, Spent, Throttled, account_key, account_patience, address_key,
    address_patience, link_key,
};
use crate::{
    accounts::Account,
    audit,
    base::{
        db::{Durability, Transaction},
        throttle::{self, Key},
    },
    context::Context,
    error::{Fault, Refusal},
    guard::{SetCookie, Visit, throttled_as},
};

/// Pays for one guess at the password of `email`, whether or not that address has an account.
///
/// Afterwards the guess counts as failed until [`forgive`]. Known devices pay from a counter of their own: neither a
/// stranger elsewhere nor a neighbour behind the same address can use it up.
pub(crate) async fn pay(
    cx: &Context,
    email: &EmailAddress,
    account: Option<&Account>,
    visit: &Visit,
) -> Result<Spent, Refusal<Throttled>> {
    let browser = browser(cx, Owner::of_any(email, account), visit);
    let address = (browser == Browser::New).then_some(visit.address);
    spend(cx, account_key(email, browser), address).await
}

/// Pays for one guess at the password of a sign-up by somebody who holds its link.
///
/// The link has a counter of its own. Were it the address's, a stranger who fails to log in with an address that has no
/// account yet could keep its owner from ever getting one.
pub(crate) async fn pay_for_link(
    cx: &Context,
    link: &Digest<Signup>,
    visit: &Visit,
) -> Result<Spent, Refusal<Throttled>> {
    spend(cx, link_key(link), Some(visit.address)).await
}

async fn spend(cx: &Context, own: Key, address: Option<IpAddr>) -> Result<Spent, Refusal<Throttled>> {
    let now = cx.clock.now();
    let settings = &cx.settings.attempts;
    let blocked = |blocked: throttle::Blocked| {
        cx.metrics.throttled.inc();
        Refusal::Denied(Throttled::from(blocked))
    };
    #[cfg(test)]
    cx.meeting.reached(crate::testing::crowd::About::Guessing).await;
    let mut tx = cx.db.begin(Durability::Relaxed).await?;
    let own = throttle::spend(&mut tx, own, &account_patience(settings), now).await?.map_err(blocked)?;
    let address = match address {
        Some(address) => {
            let paid = throttle::spend(&mut tx, address_key(address), &address_patience(settings), now).await?;
            Some(paid.map_err(blocked)?)
        }
        None => None,
    };
    tx.commit().await?;
    Ok(Spent { own, address })
}

/// Writes that a guess failed, and the delays that begin with that.
///
/// A refused attempt is no event: a flood would fill the log. The delay that refuses it is one, when it begins.
pub(crate) async fn record_failure(
    cx: &Context,
    tx: &mut Transaction,
    delays: Delays,
    failed: audit::Event,
) -> Result<(), Fault> {
    let begun = delays.events(&failed);
    for event in std::iter::once(failed).chain(begun) {
        audit::append(cx, tx, event).await?;
    }
    Ok(())
}

/// Gives back what was paid for a guess that was not evaluated, because there was no room for it.
///
/// Otherwise a flood would turn each owner who tries again into one who has tried too often.
pub(crate) async fn give_back(cx: &Context, spent: Spent) -> Result<(), Fault> {
    let mut tx = cx.db.begin(Durability::Relaxed).await?;
    for payment in [Some(spent.own), spent.address].into_iter().flatten() {
        throttle::give_back(&mut tx, payment).await?;
    }
    tx.commit().await
}

/// Forgets the failures at what was guessed right; of those counted for the address only this one payment.
///
/// Somebody with an account of their own could otherwise log into it after every forty guesses at others, and the
/// address would never have failed at all.
pub(crate) async fn forgive(tx: &mut Transaction, refund: Refund) -> Result<(), Fault> {
    let Spent { own, address } = refund.0;
    throttle::forgive_all(tx, own).await?;
    match address {
        Some(payment) => throttle::give_back(tx, payment).await,
        None => Ok(()),
    }
}

/// Forgets the failures of everybody for this address, after its owner has set a new password.
pub(crate) async fn pardon(tx: &mut Transaction, email: &EmailAddress) -> Result<(), Fault> {
    throttle::forgive(tx, account_key(email, Browser::New)).await?;
    throttle::forgive(tx, account_key(email, Browser::Known)).await
}

/// Whether `owner` has proved themselves in this browser before, with the password that they have now.
pub(crate) fn browser(cx: &Context, owner: Owner<'_>, visit: &Visit) -> Browser {
    rules::browser(&cx.keys(), visit.device_mark.as_deref(), owner, cx.clock.now())
}

/// The cookie that makes this browser a known one of `owner`.
pub(crate) fn device_cookie(cx: &Context, owner: Owner<'_>) -> SetCookie {
    let mark = rules::new_mark(&cx.keys(), owner, cx.clock.now());
    cx.cookies.set(cx.cookies.device, &mark, rules::KNOWN_FOR)
}

/// Counts a request for a letter against the machine that made it.
pub(crate) async fn count_letter_request(
    cx: &Context,
    tx: &mut Transaction,
    address: IpAddr,
) -> Result<(), Refusal<Throttled>> {
    let key = Key::new("letters", &throttled_as(address));
    let counted = throttle::tally(tx, key, cx.settings.attempts.letters_per_address, HOUR, cx.clock.now()).await?;
    counted.map_err(|blocked| Refusal::Denied(blocked.into()))
}

/// Counts a request of an account for letters of one kind to addresses of its own choosing.
pub(crate) async fn count_letters_of(
    cx: &Context,
    tx: &mut Transaction,
    kind: &'static str,
    account: AccountId,
) -> Result<(), Refusal<Throttled>> {
    count_letters_by(cx, tx, (kind, &account.to_string()), cx.settings.attempts.letters_per_account).await
}

/// Counts a letter that somebody has us send to others, against what they may in an hour.
pub(crate) async fn count_letters_by(
    cx: &Context,
    tx: &mut Transaction,
    (kind, whose): (&'static str, &str),
    most: u32,
) -> Result<(), Refusal<Throttled>> {
    count_use(cx, tx, (kind, whose), most).await
}

/// Counts a use of something that may be used so often in an hour.
pub(crate) async fn count_use(
    cx: &Context,
    tx: &mut Transaction,
    (kind, which): (&'static str, &str),
    most: u32,
) -> Result<(), Refusal<Throttled>> {
    let counted = throttle::tally(tx, Key::new(kind, which), most, HOUR, cx.clock.now()).await?;
    counted.map_err(|blocked| Refusal::Denied(blocked.into()))
}

/// Whether something happens for the first time in a day: what comes with each further time is noise.
pub(crate) async fn is_first_of_a_day(
    cx: &Context,
    tx: &mut Transaction,
    (kind, which): (&'static str, &str),
) -> Result<bool, Fault> {
    is_first_within(cx, tx, (kind, which), 24 * HOUR).await
}

/// Whether something happens for the first time in a span that begins with it.
pub(crate) async fn is_first_within(
    cx: &Context,
    tx: &mut Transaction,
    (kind, which): (&'static str, &str),
    span: Duration,
) -> Result<bool, Fault> {
    Ok(throttle::tally(tx, Key::new(kind, which), 1, span, cx.clock.now()).await?.is_ok())
}

/// Whether `email` may be sent one more letter of this kind in this hour; asked by the worker, so nobody waits for it.
pub(crate) async fn may_send(
    cx: &Context,
    tx: &mut Transaction,
    kind: &'static str,
    email: &EmailAddress,
) -> Result<bool, Fault> {
    let key = Key::new(kind, email.as_str());
    let counted = throttle::tally(tx, key, cx.settings.attempts.letters_per_account, HOUR, cx.clock.now()).await?;
    Ok(counted.is_ok())
}

/// The same for letters whose links work for `lifetime`: the last letter of the hour is kept back until the links before it
/// have run out. Whoever else asks, and however often, the owner has a link that works, or may still be sent one.
pub(crate) async fn may_send_link(
    cx: &Context,
    tx: &mut Transaction,
    kind: &'static str,
    email: &EmailAddress,
    lifetime: Duration,
) -> Result<bool, Fault> {
    let key = Key::new(kind, &format!("{} at once", email.as_str()));
    let at_once = cx.settings.attempts.letters_per_account.saturating_sub(1).max(1);
    let counted = throttle::tally(tx, key, at_once, lifetime.min(HOUR), cx.clock.now()).await?;
    Ok(counted.is_ok() && may_send(cx, tx, kind, email).await?)
}

const HOUR: Duration = Duration::from_secs(3600);
