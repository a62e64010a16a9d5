//! Making, admitting, disabling and deleting accounts.

use doorward_core::{AccountId, EmailAddress};

use super::{
    rules::{Account, Admitted, Disabled, Standing},
    store,
};
use crate::{
    audit::{self, Action},
    base::db::{self, Durability, Transaction},
    context::Context,
    error::Fault,
};

/// Makes an account for a confirmed address; `None` when the address has one already.
pub(crate) async fn create(
    cx: &Context,
    tx: &mut Transaction,
    email: &EmailAddress,
) -> Result<Option<Standing>, Fault> {
    let now = cx.clock.now();
    let account = AccountId::new(now, cx.entropy.as_ref());
    let made = store::insert(tx, account, email, "", now).await?;
    Ok(made.then_some(Standing { account, epoch: 0 }))
}

/// Lets an account in when it is enabled and still in the epoch in which its proofs were begun.
pub(crate) async fn admit(cx: &Context, tx: &mut Transaction, standing: Standing) -> Result<Option<Admitted>, Fault> {
    let enabled = store::mark_login(tx, standing.account, standing.epoch, cx.clock.now()).await?;
    Ok(enabled.then(|| Admitted::new(standing.account)))
}

/// Changes how a person is addressed.
pub(crate) async fn rename(
    cx: &Context,
    account: AccountId,
    name: &str,
    address: std::net::IpAddr,
) -> Result<(), Fault> {
    let mut tx = cx.db.begin(Durability::Relaxed).await?;
    store::set_name(&mut tx, account, name).await?;
    audit::append(cx, &mut tx, audit::by(account, Action::ProfileChanged, address)).await?;
    tx.commit().await
}

/// Sets the name in the caller's transaction.
pub(crate) async fn set_name(tx: &mut Transaction, account: AccountId, name: &str) -> Result<bool, Fault> {
    store::set_name(tx, account, name).await
}

/// Gives an account another confirmed address; `false` when somebody else has it by now, or the account is disabled, gone or
/// in a later epoch. After a `false` the caller undoes its transaction: somebody else may have taken the address in the
/// same moment, and then nothing of it can be kept.
pub(crate) async fn replace_email(
    tx: &mut Transaction,
    standing: Standing,
    email: &EmailAddress,
) -> Result<bool, Fault> {
    match store::set_email(tx, standing, email).await {
        Err(fault) if db::is_taken(&fault) => Ok(false),
        changed => changed,
    }
}

/// Keeps an account out, or lets it in again; `false` when there is no such account.
///
/// Keeping one out voids the logins that are under way and ends its keys; the caller ends the sessions in the same transaction.
pub(crate) async fn set_disabled(
    cx: &Context,
    tx: &mut Transaction,
    account: AccountId,
    standing: Disabled,
) -> Result<bool, Fault> {
    let since = match standing {
        Disabled::Yes => {
            crate::features::end_keys(cx, tx, account).await?;
            Some(cx.clock.now())
        }
        Disabled::No => None,
    };
    store::set_disabled(tx, account, since).await
}

/// Removes the account itself and returns its address; `None` when there is none. What others keep about it is theirs to
/// remove.
pub(crate) async fn remove(tx: &mut Transaction, account: AccountId) -> Result<Option<EmailAddress>, Fault> {
    store::delete(tx, account).await
}

/// Reads up to `limit` accounts after the address `after`, in the order of their addresses.
pub(crate) async fn list(cx: &Context, after: &str, limit: u32) -> Result<Vec<Account>, Fault> {
    store::list(&cx.db, after, i64::from(limit)).await
}

/// Begins a new epoch of an account: proofs begun before are void, and what it has given to programs ends. Returns the epoch;
/// `None` when the account is gone.
pub(crate) async fn raise_epoch(tx: &mut Transaction, id: AccountId) -> Result<Option<i64>, Fault> {
    let epoch = store::raise_epoch(tx, id).await?;
    crate::features::end_access(tx, id).await?;
    Ok(epoch)
}

/// Begins a new epoch of every account there is.
pub(crate) async fn raise_all_epochs(tx: &mut Transaction) -> Result<(), Fault> {
    store::raise_all_epochs(tx).await?;
    crate::features::end_all_access(tx).await
}
