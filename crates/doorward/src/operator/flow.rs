//! Accounts and sessions, for somebody at the server.

use doorward_core::{
    AccountId, EmailAddress, SessionId,
    password::{Password, PasswordDenied, PasswordHash},
};

use crate::{
    Doorward,
    accounts::{self, Account, Disabled},
    audit::{self, Action, Actor, Event, Target},
    base::db::{Durability, Transaction},
    context::Context,
    error::Fault,
    password_reset, passwords,
    sessions::{self, Listed},
    signup,
};

/// Reads a new password for `email` under the policy in force.
pub fn new_password(doorward: &Doorward, email: &EmailAddress, text: &str) -> Result<Password, PasswordDenied> {
    let cx = doorward.context();
    passwords::policy(&cx.settings.passwords, &cx.site.name, email, text)
}

/// Makes an account with a password; `None` when the address has one already.
pub async fn create_account(
    doorward: &Doorward,
    email: &EmailAddress,
    password: Password,
) -> Result<Option<AccountId>, Fault> {
    let hash = passwords::hash(doorward.context(), password).await;
    let hash = hash.map_err(|_| Fault::new("hashing a password", "too many are being hashed"))?;
    import_hash(doorward, email, &hash).await
}

/// Makes an account without a password and sends its person a link to set one; `None` when the address has an account.
pub async fn invite(doorward: &Doorward, email: &EmailAddress) -> Result<Option<AccountId>, Fault> {
    let cx = doorward.context();
    let mut tx = cx.db.begin(Durability::Full).await?;
    let Some(made) = accounts::create(cx, &mut tx, email).await? else { return Ok(None) };
    password_reset::invite(cx, &mut tx, email).await?;
    record(cx, &mut tx, Action::AccountCreated, Some(Target::Account(made.account))).await?;
    tx.commit().await?;
    Ok(Some(made.account))
}

/// Voids the password of an account, ends its sessions, forgets its known devices, and sends its person a link to set a new
/// password. Returns the address; `None` when there is no such account.
pub async fn reset(doorward: &Doorward, account: AccountId) -> Result<Option<EmailAddress>, Fault> {
    let cx = doorward.context();
    let Some(found) = accounts::by_id(&cx.db, account).await? else { return Ok(None) };
    let mut tx = cx.db.begin(Durability::Full).await?;
    sessions::end_all(&mut tx, account).await?;
    accounts::raise_password_epoch(&mut tx, account).await?;
    passwords::forget(&mut tx, account).await?;
    password_reset::send_after_voiding(cx, &mut tx, &found.email).await?;
    record(cx, &mut tx, Action::PasswordVoided, Some(Target::Account(account))).await?;
    tx.commit().await?;
    Ok(Some(found.email))
}

/// Makes an account with the hash that another system made; `None` when the address has an account already.
pub async fn import_hash(
    doorward: &Doorward,
    email: &EmailAddress,
    hash: &PasswordHash,
) -> Result<Option<AccountId>, Fault> {
    let cx = doorward.context();
    let mut tx = cx.db.begin(Durability::Full).await?;
    let Some(account) = passwords::create(cx, &mut tx, email, hash).await? else { return Ok(None) };
    record(cx, &mut tx, Action::AccountCreated, Some(Target::Account(account))).await?;
    tx.commit().await?;
    Ok(Some(account))
}

/// Keeps an account out from this moment: its sessions end, and a login under way does not finish.
///
/// Returns `false` when there is no such account.
pub async fn disable(doorward: &Doorward, account: AccountId) -> Result<bool, Fault> {
    let cx = doorward.context();
    let mut tx = cx.db.begin(Durability::Full).await?;
    if !accounts::set_disabled(cx, &mut tx, account, Disabled::Yes).await? {
        return Ok(false);
    }
    sessions::end_all(&mut tx, account).await?;
    record(cx, &mut tx, Action::AccountDisabled, Some(Target::Account(account))).await?;
    tx.commit().await?;
    Ok(true)
}

/// Lets a disabled account log in again; `false` when there is no such account.
pub async fn enable(doorward: &Doorward, account: AccountId) -> Result<bool, Fault> {
    let cx = doorward.context();
    let mut tx = cx.db.begin(Durability::Full).await?;
    if !accounts::set_disabled(cx, &mut tx, account, Disabled::No).await? {
        return Ok(false);
    }
    record(cx, &mut tx, Action::AccountEnabled, Some(Target::Account(account))).await?;
    tx.commit().await?;
    Ok(true)
}

/// Removes an account and everything that belongs to it; the audit log keeps its id. `false` when there is none.
pub async fn delete(doorward: &Doorward, account: AccountId) -> Result<bool, Fault> {
    let cx = doorward.context();
    let mut tx = cx.db.begin(Durability::Full).await?;
    let Some(email) = accounts::remove(&mut tx, account).await? else { return Ok(false) };
    crate::features::forget_account(&mut tx, account, &email).await?;
    record(cx, &mut tx, Action::AccountDeleted, Some(Target::Account(account))).await?;
    tx.commit().await?;
    Ok(true)
}

/// Changes how the person of an account is addressed; `None` when the name is longer than 100 characters.
pub async fn rename(doorward: &Doorward, account: AccountId, name: &str) -> Result<Option<()>, Fault> {
    let cx = doorward.context();
    let Some(name) = accounts::display_name(name) else { return Ok(None) };
    let mut tx = cx.db.begin(Durability::Relaxed).await?;
    accounts::set_name(&mut tx, account, &name).await?;
    record(cx, &mut tx, Action::ProfileChanged, Some(Target::Account(account))).await?;
    tx.commit().await?;
    Ok(Some(()))
}

/// Reads up to `limit` accounts (at most 1,000) after the address `after`, in the order of their addresses.
pub async fn list(doorward: &Doorward, after: &str, limit: u32) -> Result<Vec<Account>, Fault> {
    accounts::list(doorward.context(), after, limit.clamp(1, 1000)).await
}

/// Lists up to `limit` live sessions (at most 1,000) of one account, or of everybody, newest first.
pub async fn sessions(doorward: &Doorward, account: Option<AccountId>, limit: u32) -> Result<Vec<Listed>, Fault> {
    let cx = doorward.context();
    let limit = limit.clamp(1, 1000);
    match account {
        Some(account) => {
            let mut sessions = sessions::list(cx, account).await?;
            sessions.truncate(limit as usize);
            Ok(sessions)
        }
        None => sessions::list_all(cx, limit).await,
    }
}

/// Ends one session; `false` when there is none of that name.
pub async fn revoke(doorward: &Doorward, id: SessionId) -> Result<bool, Fault> {
    let cx = doorward.context();
    let mut tx = cx.db.begin(Durability::Full).await?;
    if !sessions::end_any(&mut tx, id).await? {
        return Ok(false);
    }
    record(cx, &mut tx, Action::SessionRevoked, Some(Target::Session(id))).await?;
    tx.commit().await?;
    Ok(true)
}

/// Ends all sessions of one account and voids its logins under way; returns how many ended.
pub async fn revoke_all_of(doorward: &Doorward, account: AccountId) -> Result<u64, Fault> {
    let cx = doorward.context();
    let mut tx = cx.db.begin(Durability::Full).await?;
    let ended = sessions::end_all(&mut tx, account).await?;
    record(cx, &mut tx, Action::SessionsEnded, Some(Target::Account(account))).await?;
    tx.commit().await?;
    Ok(ended)
}

/// Ends every session there is and voids every link, those of sign-ups too: after a restored copy, or a theft. Returns how
/// many sessions ended.
pub async fn revoke_everything(doorward: &Doorward) -> Result<u64, Fault> {
    let cx = doorward.context();
    let mut tx = cx.db.begin(Durability::Full).await?;
    accounts::raise_all_epochs(&mut tx).await?;
    signup::forget_all(&mut tx).await?;
    let ended = sessions::end_everything(&mut tx).await?;
    record(cx, &mut tx, Action::SessionsEnded, None).await?;
    tx.commit().await?;
    Ok(ended)
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
pub async fn note(doorward: &Doorward, act: Act) -> Result<(), Fault> {
    let cx = doorward.context();
    let action = match act {
        Act::KeysRotated => Action::KeysRotated,
        Act::KeysReplaced => Action::KeysReplaced,
        Act::BackupMade => Action::BackupMade,
        Act::AuditExported => Action::AuditExported,
    };
    let mut tx = cx.db.begin(Durability::Full).await?;
    record(cx, &mut tx, action, None).await?;
    tx.commit().await
}

async fn record(cx: &Context, tx: &mut Transaction, action: Action, target: Option<Target>) -> Result<(), Fault> {
    let event = Event { target, ..Event::new(Actor::Operator, action, None) };
    audit::append(cx, tx, event).await
}
