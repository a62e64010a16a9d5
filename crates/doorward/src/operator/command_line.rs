//! The acts of somebody at the server, who is nobody's account: what programs call that are the command line, or stand in for
//! it.

use doorward_core::{
    AccountId, EmailAddress, SessionId,
    password::{Password, PasswordDenied, PasswordHash},
};

use super::{
    denied,
    flow::{self, Act, Deletion},
};
use crate::{
    Doorward,
    accounts::{self, Account},
    error::Fault,
    operators::Hand,
    sessions::Listed,
};

const BY: Hand = Hand::COMMAND_LINE;

/// Reads a new password for `email` under the policy in force.
pub fn new_password(doorward: &Doorward, email: &EmailAddress, text: &str) -> Result<Password, PasswordDenied> {
    flow::new_password(doorward.context(), email, text)
}

/// Makes an account with a password; `None` when the address has one already.
pub async fn create_account(
    doorward: &Doorward,
    email: &EmailAddress,
    password: Password,
) -> Result<Option<AccountId>, Fault> {
    flow::create_account(doorward.context(), BY, email, password).await
}

/// Makes an account without a password and sends its person a link to set one; `None` when the address has an account.
pub async fn invite(doorward: &Doorward, email: &EmailAddress) -> Result<Option<AccountId>, Fault> {
    flow::invite(doorward.context(), BY, email).await
}

/// Voids the password of an account, ends its sessions, forgets its known devices, and sends its person a link to set a new
/// password. Returns the address; `None` when there is no such account.
pub async fn reset(doorward: &Doorward, account: AccountId) -> Result<Option<EmailAddress>, Fault> {
    flow::reset(doorward.context(), BY, account).await.map_err(denied::fault)
}

/// Makes an account with the hash that another system made; `None` when the address has an account already.
pub async fn import_hash(
    doorward: &Doorward,
    email: &EmailAddress,
    hash: &PasswordHash,
) -> Result<Option<AccountId>, Fault> {
    flow::import_hash(doorward.context(), BY, email, hash).await
}

/// Keeps an account out from this moment: its sessions end, and a login under way does not finish.
///
/// Returns `false` when there is no such account.
pub async fn disable(doorward: &Doorward, account: AccountId) -> Result<bool, Fault> {
    flow::disable(doorward.context(), BY, account).await.map_err(denied::fault)
}

/// Lets a disabled account log in again; `false` when there is no such account.
pub async fn enable(doorward: &Doorward, account: AccountId) -> Result<bool, Fault> {
    flow::enable(doorward.context(), BY, account).await.map_err(denied::fault)
}

/// Removes an account and everything that belongs to it; the audit log keeps its id.
pub async fn delete(doorward: &Doorward, account: AccountId) -> Result<Deletion, Fault> {
    flow::delete(doorward.context(), BY, account).await
}

/// Changes how the person of an account is addressed; `None` when the name is longer than 100 characters.
pub async fn rename(doorward: &Doorward, account: AccountId, name: &str) -> Result<Option<()>, Fault> {
    flow::rename(doorward.context(), BY, account, name).await
}

/// Reads the accounts of these ids, in no order; one that is gone is left out.
pub async fn accounts(doorward: &Doorward, ids: &[AccountId]) -> Result<Vec<Account>, Fault> {
    accounts::by_ids(&doorward.context().db, ids).await
}

/// Reads up to `limit` accounts (at most 1,000) after the address `after`, in the order of their addresses.
pub async fn list(doorward: &Doorward, after: &str, limit: u32) -> Result<Vec<Account>, Fault> {
    flow::list(doorward.context(), after, limit).await
}

/// Lists up to `limit` live sessions (at most 1,000) of one account, or of everybody, newest first.
pub async fn sessions(doorward: &Doorward, account: Option<AccountId>, limit: u32) -> Result<Vec<Listed>, Fault> {
    flow::sessions(doorward.context(), account, limit).await
}

/// Ends one session; `false` when there is none of that name.
pub async fn revoke(doorward: &Doorward, id: SessionId) -> Result<bool, Fault> {
    flow::revoke(doorward.context(), BY, id).await.map_err(denied::fault)
}

/// Ends all sessions of one account and voids its logins under way; returns how many ended.
pub async fn revoke_all_of(doorward: &Doorward, account: AccountId) -> Result<u64, Fault> {
    flow::revoke_all_of(doorward.context(), BY, account).await.map_err(denied::fault)
}

/// Ends every session there is and voids every link, those of sign-ups too: after a restored copy, or a theft. Returns how
/// many sessions ended.
pub async fn revoke_everything(doorward: &Doorward) -> Result<u64, Fault> {
    flow::revoke_everything(doorward.context(), BY).await
}

/// Writes that an operator has done this.
pub async fn note(doorward: &Doorward, act: Act) -> Result<(), Fault> {
    flow::note(doorward.context(), BY, act).await.map_err(denied::fault)
}
