//! Which providers lead into an account: linking one, and taking one away.
//!
//! - `federation/linked-by-its-person`: An account is linked after a recent proof, in the session that began it, and its owner is told.
//! - `federation/last-way-in`: The last way into an account is not taken away.

use std::{collections::BTreeMap, sync::Arc};

use doorward_core::{AccountId, EmailAddress, ProviderName, SessionId};

use super::{
    backchannel::end_opened,
    brought::{self, demand_own, is_own},
    flow::No,
    handed, letters,
    provider::Provider,
    rules::{Identity, Reason, Said, UnlinkDenied},
    store::{self, Linked},
};
use crate::{
    accounts,
    audit::{self, Action, By, Detail, Target},
    base::{
        db::{Durability, Transaction},
        mail,
        render::ProviderButton,
    },
    context::Context,
    error::{Fault, Refusal},
    guard::Visit,
    passwords,
    sessions::{self, Live},
};

/// Makes a provider's account a way into the account of a session, whose person has just proved themselves.
pub(super) async fn link(
    cx: &Context,
    provider: &Provider,
    live: &Live,
    said: &Said,
    visit: &Visit,
) -> Result<(), Refusal<No>> {
    let mut tx = cx.db.begin(Durability::Full).await?;
    // The account before what it is linked to, as in every flow.
    if !accounts::lock(&mut tx, live.account).await? || !sessions::lives(cx, &mut tx, live.account, live.id).await? {
        return Err(Reason::SessionEnded.into());
    }
    let address = accounts::address_of(&mut tx, live.account).await?.ok_or(Reason::SessionEnded)?;
    demand_own(&mut tx, provider, &address).await?;
    let name = provider.name();
    match store::owner(&mut tx, &said.identity).await? {
        Some(owner) if owner == live.account => return Ok(()),
        Some(_) => return Err(Reason::IdentityOfAnother.into()),
        None if store::ways_in(&mut tx, live.account).await?.len() >= MOST => return Err(Reason::TooMany.into()),
        None => {}
    }
    if !store::link(&mut tx, live.account, name, said, cx.clock.now()).await? {
        return Err(Reason::IdentityOfAnother.into());
    }
    handed::keep(cx, &mut tx, live.account, provider, said).await?;
    let event = audit::by(live.account, Action::IdentityLinked, visit.address);
    audit::append(cx, &mut tx, event.about(Detail::Provider(name.clone()))).await?;
    tell(cx, &mut tx, live.account, (letters::LINKED, provider.label())).await?;
    tx.commit().await?;
    Ok(())
}

/// Takes a provider's account away from the account of a session, unless nobody could come in afterwards.
pub(crate) async fn unlink(
    cx: &Context,
    live: &Live,
    identity: &Identity,
    visit: &Visit,
) -> Result<(), Refusal<UnlinkDenied>> {
    let has_password = passwords::is_set(&cx.db, live.account).await?;
    let known = known(cx, live.account).await?;
    let mut tx = cx.db.begin(Durability::Full).await?;
    if !accounts::lock(&mut tx, live.account).await? {
        return Err(Refusal::Denied(UnlinkDenied::SessionEnded));
    }
    let ways = store::ways_in(&mut tx, live.account).await?;
    let (gone, others): (Vec<_>, Vec<_>) = ways.into_iter().partition(|way| way.identity == *identity);
    let Some(gone) = gone.into_iter().next() else { return Err(Refusal::Denied(UnlinkDenied::Unknown)) };
    let event = audit::by(live.account, Action::IdentityUnlinked, visit.address);
    let event = event.about(Detail::Provider(gone.provider.clone()));
    if !has_password && !any_leads_in(&mut tx, live.account, (&others, &known)).await? {
        audit::append(cx, &mut tx, event.denied()).await?;
        tx.commit().await?;
        return Err(Refusal::Denied(UnlinkDenied::Last));
    }
    store::unlink(&mut tx, live.account, identity).await?;
    audit::append(cx, &mut tx, event).await?;
    let label = known.get(&gone.provider).map_or(gone.provider.as_str(), |known| known.label());
    tell(cx, &mut tx, live.account, (letters::UNLINKED, label)).await?;
    tx.commit().await?;
    Ok(())
}

/// The providers that can prove that it is still the person of an account.
pub(crate) async fn provers(cx: &Context, account: AccountId) -> Result<Vec<ProviderButton>, Fault> {
    let known = known(cx, account).await?;
    Ok(known.values().filter(|known| known.proves_anew()).map(|known| known.button()).collect())
}

/// The providers that lead into an account, by their names, as far as they are there.
async fn known(cx: &Context, account: AccountId) -> Result<BTreeMap<ProviderName, Arc<Provider>>, Fault> {
    let mut known = BTreeMap::new();
    for way in store::of_account(&cx.db, account).await? {
        if let (false, Some(found)) =
            (known.contains_key(&way.provider), brought::find(cx, way.provider.as_str()).await?)
        {
            known.insert(way.provider, found);
        }
    }
    Ok(known)
}

/// Whether somebody can come into an account by one of these ways: a provider that is not there any more lets nobody in, nor does a
/// tenant's whose domain the account's is not.
async fn any_leads_in(
    tx: &mut Transaction,
    account: AccountId,
    (ways, known): (&[Linked], &BTreeMap<ProviderName, Arc<Provider>>),
) -> Result<bool, Fault> {
    let Some(address) = accounts::address_of(tx, account).await? else { return Ok(false) };
    for known in ways.iter().filter_map(|way| known.get(&way.provider)) {
        if is_own(tx, known, &address).await? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Forgets a provider that a tenant has brought and that is no more: the ways into accounts that led through it, who is on their way
/// there, and the sessions that were opened by it, but for one that is to stay.
pub(crate) async fn forget_provider(
    cx: &Context,
    tx: &mut Transaction,
    provider: &ProviderName,
    staying: Option<SessionId>,
) -> Result<(), Fault> {
    store::forget_provider(tx, provider).await?;
    let opened = store::opened_by_provider(tx, provider).await?;
    let (stays, ends): (Vec<_>, Vec<_>) = opened.into_iter().partition(|session| Some(*session) == staying);
    for session in stays {
        store::forget_session(tx, session).await?;
    }
    let event = By::DOORWARD.did(Action::SessionRevoked).about(Detail::Provider(provider.clone()));
    end_opened(cx, tx, ends, &event).await?;
    Ok(())
}

/// Takes away every way into an account that its owner may not have made, as they set a new password by a link in their mail: all
/// but those by which a provider vouches for that very mailbox.
pub(crate) async fn end_foreign(
    cx: &Context,
    tx: &mut Transaction,
    account: AccountId,
    email: &EmailAddress,
) -> Result<(), Fault> {
    if store::unlink_others(tx, account, email).await? == 0 {
        return Ok(());
    }
    let event = By::DOORWARD.did(Action::IdentityUnlinked).on(Target::Account(account));
    audit::append(cx, tx, event).await
}

async fn tell(
    cx: &Context,
    tx: &mut Transaction,
    account: AccountId,
    (letter, label): (&str, &str),
) -> Result<(), Fault> {
    match accounts::address_of(tx, account).await? {
        Some(owner) => mail::notify(cx, tx, letter, label, &owner).await,
        None => Ok(()),
    }
}

/// How many ways by providers lead into one account at most.
const MOST: usize = 20;
