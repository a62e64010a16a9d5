//! Making operators, and asking what they may do.

use doorward_core::AccountId;

use super::{
    rules::{Hand, OperatorDenied, Power, Powers},
    store,
};
use crate::{
    base::db::Transaction,
    context::Context,
    error::{Fault, Refusal},
    policy::OwnRoles,
};

/// Whether an account may do `P` in the console. It is read anew at every request.
pub(crate) async fn may<P: Power>(cx: &Context, account: AccountId) -> Result<(), Refusal<OperatorDenied>> {
    let powers = powers_of(cx, account).await?.ok_or(Refusal::Denied(OperatorDenied::NotOne))?;
    match P::is_in(&powers) {
        true => Ok(()),
        false => Err(Refusal::Denied(OperatorDenied::Forbidden)),
    }
}

/// Asks once more whether whoever acts may, behind a lock on their row: a revocation waits for the act, or the act finds it.
///
/// It comes last in a transaction, behind the locks on accounts and tenants.
pub(crate) async fn again(cx: &Context, tx: &mut Transaction, hand: Hand) -> Result<(), Refusal<OperatorDenied>> {
    let Some((account, reaches)) = hand.asked else { return Ok(()) };
    let operator = store::lock(tx, account).await?.ok_or(Refusal::Denied(OperatorDenied::NotOne))?;
    match reaches(&Powers::of(cx.policy(), &OwnRoles::new(operator.roles))) {
        true => Ok(()),
        false => Err(Refusal::Denied(OperatorDenied::Forbidden)),
    }
}

/// What an account may do in the console; `None` when it is no operator.
pub(crate) async fn powers_of(cx: &Context, account: AccountId) -> Result<Option<Powers>, Fault> {
    let operator = store::find(&cx.db, account).await?;
    Ok(operator.map(|operator| Powers::of(cx.policy(), &OwnRoles::new(operator.roles))))
}

/// Makes an account an operator; `false` when the policy has no such role, or none was named.
pub(crate) async fn grant(
    cx: &Context,
    tx: &mut Transaction,
    account: AccountId,
    roles: &OwnRoles,
) -> Result<bool, Fault> {
    if roles.is_empty() || roles.iter().any(|role| !cx.policy().knows_operator(role)) {
        return Ok(false);
    }
    store::put(tx, account, roles, cx.clock.now()).await?;
    Ok(true)
}

/// Makes an account no operator; `false` when it was none.
pub(crate) async fn revoke(tx: &mut Transaction, account: AccountId) -> Result<bool, Fault> {
    store::remove(tx, account).await
}

/// Removes what is kept about an account that is being deleted.
pub(crate) async fn forget(tx: &mut Transaction, account: AccountId) -> Result<(), Fault> {
    store::remove(tx, account).await.map(drop)
}
