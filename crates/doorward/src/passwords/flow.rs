//! Checking, hashing and changing.

use doorward_core::{
    AccountId, EmailAddress,
    password::{Freshness, Guess, Password, PasswordHash, Unreadable, Verdict},
};

use super::{
    pool::Busy,
    rules::{ChangeDenied, PasswordProof, Right},
    store,
};
use crate::{
    accounts::{self, Account, Standing},
    attempts::{self, Owner, Refund, Spent},
    audit::{self, Action},
    base::{
        db::{Durability, Transaction},
        mail,
    },
    context::Context,
    error::{Fault, Refusal},
    guard::{SetCookie, Visit},
    sessions,
};

/// Refuses when no guess can be checked at this moment.
pub(crate) fn room(cx: &Context) -> Result<(), Busy> {
    cx.hashing.room().inspect_err(|Busy| {
        cx.metrics.hashing_refused.inc();
    })
}

/// Checks one guess, for which `spent` has paid; `None` when it is wrong, whatever is wrong with it.
///
/// Without an account, or for a disabled one, the same hash is computed and the guess is wrong.
pub(crate) async fn check(
    cx: &Context,
    spent: Spent,
    account: Option<&Account>,
    guess: Guess,
) -> Result<Option<Right>, Refusal<Busy>> {
    // The hash is read after the account: a reset in between raises the epoch, and the proof of the old one is void.
    let name = account.map_or_else(String::new, |account| account.id.to_string());
    let stored = store::find(&cx.db, &name).await?;
    let enabled = account.filter(|account| account.disabled_at.is_none());
    check_hash(cx, spent, enabled.map(Account::standing), stored, guess).await
}

/// Checks one guess against the hash of a sign-up whose account does not exist yet; whether it is right.
pub(crate) async fn check_pending(
    cx: &Context,
    spent: Spent,
    stored: PasswordHash,
    guess: Guess,
) -> Result<Option<Pending>, Refusal<Busy>> {
    let nobody = Standing { account: AccountId::new(cx.clock.now(), cx.entropy.as_ref()), epoch: 0 };
    let right = check_hash(cx, spent, Some(nobody), Some(stored), guess).await?;
    Ok(right.map(|right| Pending { at: cx.clock.now(), refund: right.refund }))
}

/// Proof that somebody knows the password of a sign-up; it becomes the account's once there is one.
pub(crate) struct Pending {
    at: doorward_core::Timestamp,
    refund: Refund,
}

impl Pending {
    /// The proof for the account that was made from the sign-up, and what the right guess gets back.
    pub(crate) fn of(self, standing: Standing) -> (PasswordProof, Refund) {
        (PasswordProof::new(standing, self.at), self.refund)
    }
}

async fn check_hash(
    cx: &Context,
    spent: Spent,
    standing: Option<Standing>,
    stored: Option<PasswordHash>,
    guess: Guess,
) -> Result<Option<Right>, Refusal<Busy>> {
    let entropy = std::sync::Arc::clone(&cx.entropy);
    let checked = cx.hashing.run(move |hasher| {
        let verdict = match &stored {
            Some(stored) => hasher.check(&guess, stored),
            None => Ok(hasher.check_nobody(&guess)),
        };
        verdict.map(|verdict| match verdict {
            Verdict::Wrong => None,
            Verdict::Right(Freshness::Current) => Some(None),
            Verdict::Right(Freshness::Outdated) => Some(Some(hasher.rehash(&guess, entropy.as_ref()))),
        })
    });
    let checked = match checked.await {
        Ok(checked) => checked,
        Err(busy) => {
            attempts::give_back(cx, spent).await?;
            return Err(refuse(cx, busy));
        }
    };
    match (checked, standing) {
        (Ok(Some(renewed)), Some(standing)) => {
            let proof = PasswordProof::new(standing, cx.clock.now());
            Ok(Some(Right { proof, renewed, refund: spent.was_right() }))
        }
        (Ok(_), _) => Ok(None),
        (Err(Unreadable::OutOfMemory), _) => Err(Fault::new("checking a password", "no memory").into()),
        (Err(unreadable), standing) => {
            let account = standing.map(|standing| standing.account.to_string());
            tracing::error!(
                account,
                code = unreadable.code(),
                "a stored password hash cannot be read; its owner needs a reset link"
            );
            Ok(None)
        }
    }
}

/// Hashes a new password.
pub(crate) async fn hash(cx: &Context, password: Password) -> Result<PasswordHash, Busy> {
    let entropy = std::sync::Arc::clone(&cx.entropy);
    let hashed = cx.hashing.run(move |hasher| hasher.hash(&password, entropy.as_ref())).await;
    hashed.inspect_err(|Busy| {
        cx.metrics.hashing_refused.inc();
    })
}

/// Stores the newer hash that a right guess brought along, if it did.
pub(crate) async fn renew(
    cx: &Context,
    tx: &mut Transaction,
    account: AccountId,
    renewed: Option<PasswordHash>,
    visit: &Visit,
) -> Result<(), Fault> {
    let Some(hash) = renewed else { return Ok(()) };
    store::renew(tx, account, &hash).await?;
    audit::append(cx, tx, audit::by(account, Action::PasswordUpgraded, visit.address)).await
}

/// Sets a new password for somebody who has just proved themselves: every other session ends, this one gets a new id.
pub(crate) async fn change(
    cx: &Context,
    live: &sessions::Live,
    email: &EmailAddress,
    password: Password,
    visit: &Visit,
) -> Result<(sessions::Opened, SetCookie), Refusal<ChangeDenied>> {
    let hash = hash(cx, password).await.map_err(|busy| Refusal::Denied(ChangeDenied::Busy(busy)))?;
    let mut tx = cx.db.begin(Durability::Full).await?;
    let Some(opened) = sessions::renew_alone(cx, &mut tx, live).await? else {
        return Err(Refusal::Denied(ChangeDenied::SessionEnded));
    };
    let device = replace(cx, &mut tx, live.account, email, &hash).await?;
    audit::append(cx, &mut tx, audit::by(live.account, Action::PasswordChanged, visit.address)).await?;
    notify_changed(cx, &mut tx, live.account, email).await?;
    tx.commit().await?;
    Ok((opened, device))
}

/// Puts a new password in the place of whatever there was, and forgives what was failed at that.
///
/// No browser is known any more: one that a thief had marked is a new one again. Returns the mark of the browser in which
/// this happens.
pub(crate) async fn replace(
    cx: &Context,
    tx: &mut Transaction,
    account: AccountId,
    email: &EmailAddress,
    hash: &PasswordHash,
) -> Result<SetCookie, Fault> {
    store::put(tx, account, hash, cx.clock.now()).await?;
    attempts::pardon(tx, email).await?;
    let epoch = accounts::raise_password_epoch(tx, account).await?;
    let epoch = epoch.ok_or_else(|| Fault::new("setting a password", "the account is gone"))?;
    Ok(attempts::device_cookie(cx, Owner::with_password(email, epoch)))
}

/// Makes an account for a confirmed address with a hash that exists already; `None` when the address has one.
pub(crate) async fn create(
    cx: &Context,
    tx: &mut Transaction,
    email: &EmailAddress,
    hash: &PasswordHash,
) -> Result<Option<AccountId>, Fault> {
    let Some(standing) = accounts::create(cx, tx, email).await? else { return Ok(None) };
    store::put(tx, standing.account, hash, cx.clock.now()).await?;
    Ok(Some(standing.account))
}

/// Orders the letter that tells the owner of a new password.
pub(crate) async fn notify_changed(
    cx: &Context,
    tx: &mut Transaction,
    account: AccountId,
    email: &EmailAddress,
) -> Result<(), Fault> {
    mail::notify(cx, tx, super::letters::CHANGED, &account.to_string(), email).await
}

fn refuse(cx: &Context, busy: Busy) -> Refusal<Busy> {
    cx.metrics.hashing_refused.inc();
    Refusal::Denied(busy)
}
