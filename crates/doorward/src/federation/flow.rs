//! There and back: beginning a way to a provider, and finishing it.

use doorward_core::{AccountId, LocalPath, ProviderBrowser, ProviderState, SessionId, Token};

use super::{
    answer::Answer,
    linking, protocol,
    protocol::Secrets,
    provider::Provider,
    recheck,
    rules::{BeginDenied, Flow, Lost, Purpose, Reason, Said},
    signing_in, store,
};
use crate::{
    attempts,
    audit::{self, Action, Detail},
    base::db::Durability,
    context::Context,
    error::{Fault, Refusal},
    guard::{SetCookie, Visit, throttled_as},
    login::Entered,
    sessions::{Checked, Live, Opened, Presented},
};

/// A way that has been begun: where to send the person, and what their browser keeps meanwhile.
pub(crate) struct Begun {
    pub(crate) url: String,
    pub(crate) cookie: SetCookie,
}

/// Begins a way to a provider, for whoever is in this browser.
pub(crate) async fn begin(
    cx: &Context,
    provider: &Provider,
    (purpose, begun_by): (Purpose, Option<(AccountId, SessionId)>),
    return_to: Option<LocalPath>,
    visit: &Visit,
) -> Result<Begun, Refusal<BeginDenied>> {
    let begun_at = cx.clock.now();
    let flow = Flow { provider: provider.name().clone(), purpose, begun_by, return_to, begun_at };
    let (state, browser) = (Token::mint(cx.entropy.as_ref()), Token::mint(cx.entropy.as_ref()));
    let secrets = Secrets::of(cx, begun_at, (&state, &browser));
    let (digest, browser_digest) = (state.digest(), browser.digest());
    let mut tx = cx.db.begin(Durability::Relaxed).await?;
    let counted = attempts::count_use(cx, &mut tx, ("provider_ways", &throttled_as(visit.address)), MOST_BEGUN).await;
    counted.map_err(|refusal| refusal.map(BeginDenied::Throttled))?;
    store::begin(&mut tx, (&digest, &browser_digest), &flow).await?;
    tx.commit().await?;
    let cookie = cx.cookies.set(cx.cookies.provider, &browser.reveal(), store::LIFETIME);
    match protocol::way_there(cx, provider, state, &secrets, purpose).await {
        Ok(url) => Ok(Begun { url: url.into(), cookie }),
        Err(reason) => {
            store::abandon(&cx.db, &digest).await?;
            record(cx, provider, (purpose, flow.begun_by.map(|(account, _)| account)), reason, visit).await?;
            Err(Refusal::Denied(BeginDenied::Provider(reason)))
        }
    }
}

/// Somebody who has come back.
pub(crate) struct Back<'b> {
    pub(crate) answer: &'b str,
    pub(crate) browser: Option<Token<ProviderBrowser>>,
    pub(crate) session: Checked,
    pub(crate) previous: Option<Presented>,
    pub(crate) visit: Visit,
}

/// What has come of a way.
pub(crate) enum Came {
    /// Somebody is in.
    In(Entered),
    /// The provider is a way into the account of the session from now on.
    Linked,
    /// It is still the person of the session, which has a new secret.
    Proved(Opened),
    /// The provider has said once more whose session it is, which has a new secret.
    Rechecked(Opened),
}

/// Finishes a way. Whatever is wrong with it is written down once, and then nothing has come of it.
pub(crate) async fn finish(
    cx: &Context,
    provider: &Provider,
    back: Back<'_>,
) -> Result<(Came, Option<LocalPath>), Refusal<Lost>> {
    let visit = back.visit.clone();
    let (answer, flow, secrets) = match found(cx, provider, &back).await? {
        Ok(found) => found,
        Err((reason, purpose)) => {
            let purpose = purpose.unwrap_or(Purpose::Login);
            record(cx, provider, (purpose, None), reason, &visit).await?;
            return Err(Refusal::Denied(Lost { reason, purpose, return_to: None }));
        }
    };
    let came = match asked(cx, provider, &answer, &secrets).await {
        Ok(said) => come(cx, provider, &flow, &said, back).await,
        Err(reason) => Err(reason.into()),
    };
    match came {
        Ok(came) => Ok((came, flow.return_to)),
        Err(Refusal::Fault(fault)) => Err(fault.into()),
        Err(Refusal::Denied(No { reason, whose })) => {
            let whose = whose.or(flow.begun_by.map(|(account, _)| account));
            record(cx, provider, (flow.purpose, whose), reason, &visit).await?;
            Err(Refusal::Denied(Lost { reason, purpose: flow.purpose, return_to: flow.return_to }))
        }
    }
}

/// Why nothing came of a way, and about whose account that is, where it is known.
pub(super) struct No {
    pub(super) reason: Reason,
    pub(super) whose: Option<AccountId>,
}

impl From<Reason> for Refusal<No> {
    fn from(reason: Reason) -> Self {
        Self::Denied(No { reason, whose: None })
    }
}

type Found = Result<(Answer, Flow, Secrets), (Reason, Option<Purpose>)>;

/// Reads the answer and spends its state, which is over then whatever comes of it.
async fn found(cx: &Context, provider: &Provider, back: &Back<'_>) -> Result<Found, Fault> {
    let answer = match Answer::read(back.answer) {
        Ok(answer) => answer,
        Err(reason) => return Ok(Err((reason, None))),
    };
    let Some(text) = answer.part("state") else { return Ok(Err((Reason::StateMissing, None))) };
    let Some(state) = Token::<ProviderState>::parse(text) else { return Ok(Err((Reason::StateUnknown, None))) };
    let (name, digest) = (provider.name(), state.digest());
    if let Some(browser) = &back.browser {
        let mut tx = cx.db.begin(Durability::Full).await?;
        if let Some(flow) = store::spend(&mut tx, (&digest, &browser.digest()), name, store::working(cx)).await? {
            tx.commit().await?;
            let secrets = Secrets::of(cx, flow.begun_at, (&state, browser));
            return Ok(Ok((answer, flow, secrets)));
        }
    }
    Ok(Err(store::why_not(&cx.db, &digest, name, cx.clock.now()).await?))
}

/// What the provider says about whoever came back.
async fn asked(cx: &Context, provider: &Provider, answer: &Answer, secrets: &Secrets) -> Result<Said, Reason> {
    // Before the code goes anywhere: another provider's must not be shown to this one.
    protocol::check_answer(cx, provider, answer.part("iss")).await?;
    protocol::redeem(cx, provider, answer.code()?, secrets).await
}

async fn come(
    cx: &Context,
    provider: &Provider,
    flow: &Flow,
    said: &Said,
    back: Back<'_>,
) -> Result<Came, Refusal<No>> {
    let begun_by = |session: Option<Live>| {
        let session = session.filter(|one| flow.begun_by == Some((one.account, one.id)));
        session.ok_or(Reason::SessionEnded)
    };
    match flow.purpose {
        Purpose::Login => signing_in::sign_in(cx, provider, said, &back.visit, back.previous).await.map(Came::In),
        Purpose::Link => {
            linking::link(cx, provider, &begun_by(back.session.live())?, said, &back.visit).await.map(|()| Came::Linked)
        }
        Purpose::Reauthentication => {
            let live = begun_by(back.session.live())?;
            signing_in::prove(cx, provider, (&live, flow.begun_at), said, &back.visit).await.map(Came::Proved)
        }
        Purpose::Recheck => {
            let held = begun_by(back.session.held())?;
            recheck::carry_on(cx, provider, &held, said, &back.visit).await.map(Came::Rechecked)
        }
    }
}

/// Writes down why nothing came of a way. A flood of made-up answers would fill the log, so a machine is written down so often in
/// an hour, and counted after that.
async fn record(
    cx: &Context,
    provider: &Provider,
    (purpose, whose): (Purpose, Option<AccountId>),
    reason: Reason,
    visit: &Visit,
) -> Result<(), Fault> {
    if purpose == Purpose::Login {
        cx.metrics.login("denied");
    }
    let mut tx = cx.db.begin(Durability::Relaxed).await?;
    let whom = throttled_as(visit.address);
    match attempts::count_use(cx, &mut tx, ("provider_refusals", &whom), MOST_RECORDED).await {
        Ok(()) => {}
        Err(Refusal::Denied(_)) => return Ok(()),
        Err(Refusal::Fault(fault)) => return Err(fault),
    }
    let action = match purpose {
        Purpose::Login => Action::Login,
        Purpose::Link => Action::IdentityLinked,
        Purpose::Reauthentication => Action::Reauthentication,
        Purpose::Recheck => Action::SessionRechecked,
    };
    let event = match (purpose, whose) {
        (Purpose::Login, _) | (_, None) => audit::nobody(action, whose, visit.address),
        (_, Some(account)) => audit::by(account, action, visit.address),
    };
    let detail = Detail::Refused(provider.name().clone(), reason.word());
    audit::append(cx, &mut tx, event.denied().about(detail)).await?;
    tx.commit().await
}

/// How many ways one machine begins in an hour; behind one address may be a whole company at nine in the morning.
const MOST_BEGUN: u32 = 2000;
/// How many ways that come to nothing are written down for one machine in an hour.
const MOST_RECORDED: u32 = 600;
