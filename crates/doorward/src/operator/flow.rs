//! Accounts and sessions, for somebody who runs the service.

use doorward_core::{
    AccountId, EmailAddress, SessionId, TenantId,
    password::{Password, PasswordDenied, PasswordHash},
};

use super::denied::{self, ActDenied};
use crate::{
    accounts::{self, Account, Disabled},
    audit::{self, Action, Detail, Event, Target},
    base::db::{Durability, Transaction},
    context::Context,
    error::{Fault, Refusal},
    invitations,
    operators::{self, Hand},
    password_reset, passwords,
    policy::OwnRoles,
    sessions::{self, Listed},
    signup,
};

type Done<T> = Result<T, Refusal<ActDenied>>;

/// Reads a new password for `email` under the policy in force.
pub(crate) fn new_password(cx: &Context, email: &EmailAddress, text: &str) -> Result<Password, PasswordDenied> {
    passwords::policy(&cx.settings.passwords, &cx.site.name, email, text)
}

/// Makes an account with a password; `None` when the address has one already.
pub(crate) async fn create_account(
    cx: &Context,
    by: Hand,
    email: &EmailAddress,
    password: Password,
) -> Result<Option<AccountId>, Fault> {
    let hash = passwords::hash(cx, password).await;
    let hash = hash.map_err(|_| Fault::new("hashing a password", "too many are being hashed"))?;
    import_hash(cx, by, email, &hash).await
}

/// Makes an account without a password and sends its person a link to set one; `None` when the address has an account.
pub(crate) async fn invite(cx: &Context, by: Hand, email: &EmailAddress) -> Result<Option<AccountId>, Fault> {
    let mut tx = cx.db.begin(Durability::Full).await?;
    let Some(made) = accounts::create(cx, &mut tx, email).await? else { return Ok(None) };
    password_reset::invite(cx, &mut tx, email).await?;
    record(cx, by, &mut tx, Action::AccountCreated, Some(Target::Account(made.account)))
        .await
        .map_err(denied::fault)?;
    tx.commit().await?;
    Ok(Some(made.account))
}

/// Voids the password of an account, ends its sessions, forgets its known devices, and sends its person a link to set a new
/// password. Returns the address; `None` when there is no such account.
pub(crate) async fn reset(cx: &Context, by: Hand, account: AccountId) -> Done<Option<EmailAddress>> {
    let Some(found) = accounts::by_id(&cx.db, account).await? else { return Ok(None) };
    let mut tx = begin(cx).await?;
    sessions::end_all(&mut tx, account).await?;
    accounts::raise_password_epoch(&mut tx, account).await?;
    passwords::forget(&mut tx, account).await?;
    password_reset::send_after_voiding(cx, &mut tx, &found.email).await?;
    record(cx, by, &mut tx, Action::PasswordVoided, Some(Target::Account(account))).await?;
    tx.commit().await?;
    Ok(Some(found.email))
}

/// Makes an account with the hash that another system made; `None` when the address has an account already.
pub(crate) async fn import_hash(
    cx: &Context,
    by: Hand,
    email: &EmailAddress,
    hash: &PasswordHash,
) -> Result<Option<AccountId>, Fault> {
    let mut tx = cx.db.begin(Durability::Full).await?;
    let Some(account) = passwords::create(cx, &mut tx, email, hash).await? else { return Ok(None) };
    record(cx, by, &mut tx, Action::AccountCreated, Some(Target::Account(account))).await.map_err(denied::fault)?;
    tx.commit().await?;
    Ok(Some(account))
}

/// Keeps an account out from this moment: its sessions end, and a login under way does not finish.
///
/// Returns `false` when there is no such account.
pub(crate) async fn disable(cx: &Context, by: Hand, account: AccountId) -> Done<bool> {
    let mut tx = begin(cx).await?;
    if !accounts::set_disabled(cx, &mut tx, account, Disabled::Yes).await? {
        return Ok(false);
    }
    sessions::end_all(&mut tx, account).await?;
    record(cx, by, &mut tx, Action::AccountDisabled, Some(Target::Account(account))).await?;
    tx.commit().await?;
    Ok(true)
}

/// Lets a disabled account log in again; `false` when there is no such account.
pub(crate) async fn enable(cx: &Context, by: Hand, account: AccountId) -> Done<bool> {
    let mut tx = begin(cx).await?;
    if !accounts::set_disabled(cx, &mut tx, account, Disabled::No).await? {
        return Ok(false);
    }
    record(cx, by, &mut tx, Action::AccountEnabled, Some(Target::Account(account))).await?;
    tx.commit().await?;
    Ok(true)
}

/// What came of deleting an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deletion {
    /// It is gone, with everything that belongs to it.
    Done,
    /// There is none.
    NoSuchAccount,
    /// It is the last owner of these tenants, which would be nobody's: they go first, or get another owner.
    OwnsTenants(Vec<TenantId>),
}

/// Removes an account and everything that belongs to it; the audit log keeps its id.
pub(crate) async fn delete(cx: &Context, by: Hand, account: AccountId) -> Result<Deletion, Fault> {
    let mut tx = cx.db.begin(Durability::Full).await?;
    let Some(email) = accounts::remove(&mut tx, account).await? else { return Ok(Deletion::NoSuchAccount) };
    let alone = crate::features::forget_account(cx, &mut tx, account, &email).await?;
    if !alone.is_empty() {
        return Ok(Deletion::OwnsTenants(alone));
    }
    record(cx, by, &mut tx, Action::AccountDeleted, Some(Target::Account(account))).await.map_err(denied::fault)?;
    tx.commit().await?;
    Ok(Deletion::Done)
}

/// Changes how the person of an account is addressed; `None` when the name is longer than 100 characters.
pub(crate) async fn rename(cx: &Context, by: Hand, account: AccountId, name: &str) -> Result<Option<()>, Fault> {
    let Some(name) = accounts::display_name(name) else { return Ok(None) };
    let mut tx = cx.db.begin(Durability::Relaxed).await?;
    accounts::set_name(&mut tx, account, &name).await?;
    record(cx, by, &mut tx, Action::ProfileChanged, Some(Target::Account(account))).await.map_err(denied::fault)?;
    tx.commit().await?;
    Ok(Some(()))
}

/// Reads up to `limit` accounts (at most 1,000) after the address `after`, in the order of their addresses.
pub(crate) async fn list(cx: &Context, after: &str, limit: u32) -> Result<Vec<Account>, Fault> {
    accounts::list(cx, after, limit.clamp(1, 1000)).await
}

/// Lists up to `limit` live sessions (at most 1,000) of one account, or of everybody, newest first.
pub(crate) async fn sessions(cx: &Context, account: Option<AccountId>, limit: u32) -> Result<Vec<Listed>, Fault> {
    let limit = limit.clamp(1, 1000);
    match account {
        Some(account) => sessions::list(cx, account, None, limit).await,
        None => sessions::list_all(cx, None, limit).await,
    }
}

/// Ends one session; `false` when there is none of that name.
pub(crate) async fn revoke(cx: &Context, by: Hand, id: SessionId) -> Done<bool> {
    let mut tx = begin(cx).await?;
    if !sessions::end_any(&mut tx, id).await? {
        return Ok(false);
    }
    record(cx, by, &mut tx, Action::SessionRevoked, Some(Target::Session(id))).await?;
    tx.commit().await?;
    Ok(true)
}

/// Ends all sessions of one account and voids its logins under way; returns how many ended.
pub(crate) async fn revoke_all_of(cx: &Context, by: Hand, account: AccountId) -> Done<u64> {
    let mut tx = begin(cx).await?;
    let ended = sessions::end_all(&mut tx, account).await?;
    record(cx, by, &mut tx, Action::SessionsEnded, Some(Target::Account(account))).await?;
    tx.commit().await?;
    Ok(ended)
}

/// Ends every session there is and voids every link, those of sign-ups too: after a restored copy, or a theft. Returns how
/// many sessions ended.
pub(crate) async fn revoke_everything(cx: &Context, by: Hand) -> Result<u64, Fault> {
    let mut tx = cx.db.begin(Durability::Full).await?;
    accounts::raise_all_epochs(&mut tx).await?;
    signup::forget_all(&mut tx).await?;
    invitations::void_all(&mut tx).await?;
    let ended = sessions::end_everything(&mut tx).await?;
    record(cx, by, &mut tx, Action::SessionsEnded, None).await.map_err(denied::fault)?;
    tx.commit().await?;
    Ok(ended)
}

/// Makes an account an operator with these roles; `false` when there is no such account or role.
pub(crate) async fn grant_operator(
    cx: &Context,
    by: Hand,
    account: AccountId,
    roles: &OwnRoles,
) -> Result<bool, Fault> {
    let mut tx = cx.db.begin(Durability::Full).await?;
    if !accounts::lock(&mut tx, account).await? || !operators::grant(cx, &mut tx, account, roles).await? {
        return Ok(false);
    }
    let detail = Detail::Roles(roles.iter().cloned().collect());
    let event = by.did(Action::OperatorGranted).on(Target::Account(account)).about(detail);
    audit::append(cx, &mut tx, event).await?;
    tx.commit().await?;
    Ok(true)
}

/// Makes an account no operator; `false` when it was none.
pub(crate) async fn revoke_operator(cx: &Context, by: Hand, account: AccountId) -> Result<bool, Fault> {
    let mut tx = cx.db.begin(Durability::Full).await?;
    if !operators::revoke(&mut tx, account).await? {
        return Ok(false);
    }
    record(cx, by, &mut tx, Action::OperatorRevoked, Some(Target::Account(account))).await.map_err(denied::fault)?;
    tx.commit().await?;
    Ok(true)
}

/// An act at the server that changes nothing in the database, and is to be found in its log all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// A signing key was added.
    KeysRotated,
    /// All signing keys were replaced.
    KeysReplaced,
    /// A copy of the database was made.
    BackupMade,
    /// Events are written out of the log.
    AuditExported,
}

/// Writes that an operator has done this.
pub(crate) async fn note(cx: &Context, by: Hand, act: Act) -> Done<()> {
    let action = match act {
        Act::KeysRotated => Action::KeysRotated,
        Act::KeysReplaced => Action::KeysReplaced,
        Act::BackupMade => Action::BackupMade,
        Act::AuditExported => Action::AuditExported,
    };
    let mut tx = begin(cx).await?;
    record(cx, by, &mut tx, action, None).await?;
    Ok(tx.commit().await?)
}

/// Begins an act.
pub(super) async fn begin(cx: &Context) -> Result<Transaction, Fault> {
    #[cfg(test)]
    cx.meeting.reached(crate::testing::crowd::About::Acting).await;
    cx.db.begin(Durability::Full).await
}

/// Writes down what is about to become true, once whoever does it was asked again whether they may.
pub(super) async fn written(cx: &Context, by: Hand, tx: &mut Transaction, event: Event) -> Done<()> {
    operators::again(cx, tx, by).await?;
    Ok(audit::append(cx, tx, event).await?)
}

async fn record(cx: &Context, by: Hand, tx: &mut Transaction, action: Action, target: Option<Target>) -> Done<()> {
    let event = Event { target, ..by.did(action) };
    written(cx, by, tx, event).await
}
