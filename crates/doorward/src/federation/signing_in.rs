//! From what a provider says to a session, or to a proof for the one that there is.

use doorward_core::{AccountId, EmailAddress, SessionId, Timestamp};

use super::{
    brought::demand_own,
    flow::No,
    handed,
    provider::Provider,
    rules::{ProviderProof, Reason, Said},
    store,
};
use crate::{
    accounts::{self, Account, Standing},
    attempts::{self, Owner},
    audit::{self, Action, Detail},
    base::{
        db::{Durability, Transaction},
        lifetime::LEEWAY,
    },
    context::Context,
    error::{Fault, Refusal},
    features::{self, Arrival, NotWelcome},
    guard::Visit,
    ladder,
    login::{self, Entered},
    sessions::{self, Live, Opened, Presented},
    signup,
};

/// Lets somebody in whom a provider vouches for: into the account that is linked, or into a new one where that is allowed.
pub(super) async fn sign_in(
    cx: &Context,
    provider: &Provider,
    said: &Said,
    visit: &Visit,
    previous: Option<Presented>,
) -> Result<Entered, Refusal<No>> {
    let (mut tx, whose) = settled(cx, provider, said, visit).await?;
    let (standing, owner) = match &whose {
        Whose::Linked(account) => (account.standing(), Owner::of(account)),
        Whose::New(standing, email) => (*standing, Owner::with_password(email, 0)),
    };
    let done = ladder::first(ProviderProof::new(standing, cx.clock.now())).top();
    let how = Some(Detail::Provider(provider.name().clone()));
    let entered = login::enter_by(cx, &mut tx, owner, (&done, how), visit, previous).await?;
    let entered = entered.ok_or_else(|| disabled(standing.account))?;
    welcome(cx, &mut tx, (provider, said), (whose.person(), entered.opened.id), visit).await?;
    if let Whose::Linked(account) = &whose {
        login::tell_of_new_browser(cx, &mut tx, account, &entered, visit).await?;
    }
    handed::keep(cx, &mut tx, standing.account, provider, said).await?;
    let now = cx.clock.now();
    store::note_session(&mut tx, (entered.opened.id, standing.account), provider.name(), said, now).await?;
    if let Some(next) = provider.recheck_after(now) {
        sessions::recheck_at(&mut tx, entered.opened.id, Some(next)).await?;
    }
    tx.commit().await?;
    cx.metrics.login("success");
    Ok(entered)
}

/// The account that somebody comes into, locked.
enum Whose {
    /// One that is linked.
    Linked(Account),
    /// One that is made for them, and is visible nowhere else yet.
    New(Standing, EmailAddress),
}

impl Whose {
    fn person(&self) -> (AccountId, &EmailAddress) {
        match self {
            Self::Linked(account) => (account.id, &account.email),
            Self::New(standing, email) => (standing.account, email),
        }
    }
}

/// Lets somebody join the tenant whose people they are; one that has brought the provider may say no.
pub(super) async fn welcome(
    cx: &Context,
    tx: &mut Transaction,
    (provider, said): (&Provider, &Said),
    ((account, email), session): ((AccountId, &EmailAddress), SessionId),
    visit: &Visit,
) -> Result<(), Refusal<No>> {
    let arrival = Arrival {
        provider: provider.name(),
        tenant: provider.tenant(),
        organisation: said.organisation.as_deref(),
        claims: said.claims.as_ref(),
        identity: &said.identity,
        account,
        email,
        session,
    };
    features::came_by_provider(cx, tx, &arrival, visit).await.map_err(|refusal| {
        refusal.map(|why| {
            let reason = match why {
                NotWelcome::Departed => Reason::RemovedFromTenant,
                NotWelcome::Full => Reason::TenantFull,
            };
            No { reason, whose: Some(account) }
        })
    })
}

pub(super) fn disabled(account: AccountId) -> Refusal<No> {
    Refusal::Denied(No { reason: Reason::AccountDisabled, whose: Some(account) })
}

/// Finds or makes the account, and locks it. Of many who come first at the same moment one makes it, and the others find it when
/// they look once more.
async fn settled(
    cx: &Context,
    provider: &Provider,
    said: &Said,
    visit: &Visit,
) -> Result<(Transaction, Whose), Refusal<No>> {
    for _ in 0..TRIES {
        #[cfg(test)]
        cx.meeting.reached(crate::testing::crowd::About::SigningIn).await;
        let mut tx = cx.db.begin(Durability::Full).await?;
        let whose = match store::owner(&mut tx, &said.identity).await? {
            Some(account) => linked(cx, &mut tx, account, provider, said).await?,
            None => new(cx, &mut tx, provider, said, visit).await?,
        };
        if let Some(whose) = whose {
            return Ok((tx, whose));
        }
        // Somebody else has linked or unlinked it in this moment; nothing of this is kept.
    }
    Err(Fault::new("signing in by a provider", "the identity changes hands all the time").into())
}

/// Locks the linked account and notes the use; `None` when it is not linked any more.
async fn linked(
    cx: &Context,
    tx: &mut Transaction,
    account: AccountId,
    provider: &Provider,
    said: &Said,
) -> Result<Option<Whose>, Refusal<No>> {
    let whole = accounts::locked_whole(tx, account).await?.ok_or_else(|| disabled(account))?;
    demand_own(tx, provider, &whole.email).await?;
    let is_linked = store::used(tx, account, provider.name(), said, cx.clock.now()).await?;
    Ok(is_linked.then_some(Whose::Linked(whole)))
}

/// Makes an account for somebody whose address the provider vouches for; `None` when somebody else was faster.
///
/// An address that has an account is never merged with it: the provider's word about an address is not the proof that its owner
/// gave here. What strangers have begun with the address is void from now on, their passwords with it.
async fn new(
    cx: &Context,
    tx: &mut Transaction,
    provider: &Provider,
    said: &Said,
    visit: &Visit,
) -> Result<Option<Whose>, Refusal<No>> {
    let email = said.email.as_ref().ok_or(Reason::AddressMissing)?;
    if !said.vouched {
        return Err(Reason::AddressUnverified.into());
    }
    demand_own(tx, provider, email).await?;
    let Some(standing) = accounts::create(cx, tx, email).await? else {
        // Was it somebody with this very identity who was faster, or does the address belong to somebody else?
        return match store::owner(tx, &said.identity).await? {
            Some(_) => Ok(None),
            None => Err(Reason::AddressTaken.into()),
        };
    };
    // Only now: whoever has an account already is told so, whether or not others get one.
    if !provider.may_sign_up(cx.settings.signup.open) {
        return Err(Reason::SignupClosed.into());
    }
    if !store::link(tx, standing.account, provider.name(), said, cx.clock.now()).await? {
        return Ok(None);
    }
    settle_in(cx, tx, (standing.account, email), provider, said, visit).await?;
    Ok(Some(Whose::New(standing, email.clone())))
}

/// Everything else that comes with a new account.
async fn settle_in(
    cx: &Context,
    tx: &mut Transaction,
    (account, email): (AccountId, &EmailAddress),
    provider: &Provider,
    said: &Said,
    visit: &Visit,
) -> Result<(), Fault> {
    let name = accounts::display_name(&said.name).unwrap_or_default();
    accounts::set_name(tx, account, &name).await?;
    signup::forget(tx, email).await?;
    attempts::pardon(tx, email).await?;
    let event = audit::by(account, Action::SignupCompleted, visit.address);
    audit::append(cx, tx, event.about(Detail::Provider(provider.name().clone()))).await
}

/// Renews a session for somebody who has proved themselves to a provider that their account is linked to, after they were asked to.
pub(super) async fn prove(
    cx: &Context,
    provider: &Provider,
    (live, begun_at): (&Live, Timestamp),
    said: &Said,
    visit: &Visit,
) -> Result<Opened, Refusal<No>> {
    let now = cx.clock.now();
    let is_new = |at: Timestamp| at >= begun_at.before(LEEWAY) && at <= now.after(LEEWAY);
    if !said.proved_at.is_some_and(is_new) {
        return Err(Reason::NotProved.into());
    }
    let mut tx = cx.db.begin(Durability::Full).await?;
    let whole = accounts::locked_whole(&mut tx, live.account).await?.ok_or(Reason::SessionEnded)?;
    demand_own(&mut tx, provider, &whole.email).await?;
    let standing = whole.standing();
    if !store::used(&mut tx, live.account, provider.name(), said, now).await? {
        return Err(Reason::WrongAccount.into());
    }
    handed::keep(cx, &mut tx, live.account, provider, said).await?;
    if store::renote_session(&mut tx, live.id, provider.name(), said).await? {
        sessions::recheck_at(&mut tx, live.id, provider.recheck_after(now)).await?;
    }
    let done = ladder::first(ProviderProof::new(standing, now)).top();
    let renewed = sessions::renew(cx, &mut tx, live, &done).await?.ok_or(Reason::SessionEnded)?;
    let event = audit::by(live.account, Action::Reauthentication, visit.address).with(done.names());
    audit::append(cx, &mut tx, event.about(Detail::Provider(provider.name().clone()))).await?;
    tx.commit().await?;
    Ok(renewed)
}

/// Once for whoever was faster, and once for whoever undid that.
const TRIES: usize = 3;
