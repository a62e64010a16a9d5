//! Carrying a session on whose provider is asked once more who its person is.
//!
//! - `federation/rechecked`: With `recheck_secs` a session gives access for that span, and then after its provider has said who it is.
//! - `federation/rechecked-as-before`: Only the identity that opened a session carries it on, in its browser, while account and link stand.

use std::sync::Arc;

use doorward_core::SessionId;

use super::{
    brought::{self, demand_own},
    flow::No,
    provider::Provider,
    rules::{Reason, Said},
    signing_in::{disabled, welcome},
    store,
};
use crate::{
    accounts,
    audit::{self, Action, Detail, Target},
    base::db::Durability,
    context::Context,
    error::{Fault, Refusal},
    guard::Visit,
    sessions::{self, Live, Opened},
};

/// The provider that opened a session, while it leads here and who opened it by it comes in so.
pub(super) async fn opener(cx: &Context, session: SessionId) -> Result<Option<Arc<Provider>>, Fault> {
    match store::opener(&cx.db, session).await? {
        Some(name) => brought::find(cx, &name).await,
        None => Ok(None),
    }
}

/// Carries a session on whose provider has said once more that it is the same person: the identity that opened it, by the same
/// provider, while that is a way into the account. What happens in tenants happens as at a login.
pub(super) async fn carry_on(
    cx: &Context,
    provider: &Provider,
    held: &Live,
    said: &Said,
    visit: &Visit,
) -> Result<Opened, Refusal<No>> {
    let now = cx.clock.now();
    let mut tx = cx.db.begin(Durability::Full).await?;
    let whole = accounts::locked_whole(&mut tx, held.account).await?.ok_or_else(|| disabled(held.account))?;
    demand_own(&mut tx, provider, &whole.email).await?;
    if !store::renote_session(&mut tx, held.id, provider.name(), said).await? {
        return Err(Reason::AnotherIdentity.into());
    }
    if !store::used(&mut tx, held.account, provider.name(), said, now).await? {
        return Err(Reason::WrongAccount.into());
    }
    welcome(cx, &mut tx, (provider, said), ((held.account, &whole.email), held.id), visit).await?;
    let next = provider.recheck_after(now);
    let opened = sessions::recheck(cx, &mut tx, held, next).await?.ok_or(Reason::SessionEnded)?;
    let event = audit::by(held.account, Action::SessionRechecked, visit.address).on(Target::Session(held.id));
    audit::append(cx, &mut tx, event.about(Detail::Provider(provider.name().clone()))).await?;
    tx.commit().await?;
    Ok(opened)
}
