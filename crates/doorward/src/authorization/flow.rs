//! Asking a person, and exchanging what they have said.

use doorward_core::{
    AccountId, AuthorizationCode, ClientId, FamilyId, PushedRequest, SessionId, TenantId, Timestamp, Token,
};

use super::{
    rules::{Agreed, AskDenied, Back, Bound, Consent, Parameters, Told, Wanted, verifies},
    store,
};
use crate::{
    accounts,
    audit::{self, Action, By, Target},
    base::{
        db::{Durability, Transaction},
        lifetime::Working,
    },
    clients::{self, Client, Grant},
    context::Context,
    error::{Fault, Refusal},
    features,
    guard::Visit,
    reauthentication,
    sessions::{self, Live},
    tenants::{self, Joined, Named, State},
    tokens::{self, About, Beginning, Given, Renewable, Source, Subject, TokenDenied},
};

const PUSHED: &str = "urn:ietf:params:oauth:request_uri:";

/// Keeps a request that a client has pushed (RFC 9126); returns the name under which its person brings it back.
pub(crate) async fn push(cx: &Context, client: &Client, asked: &Parameters) -> Result<String, Fault> {
    let token = Token::<PushedRequest>::mint(cx.entropy.as_ref());
    let expires_at = cx.clock.now().after(cx.settings.authorization.pushed_lifetime);
    store::insert_pushed(&cx.db, &token.digest(), (&client.id, &asked.query()), expires_at).await?;
    Ok(format!("{PUSHED}{}", token.reveal()))
}

/// What is asked for: the parameters themselves, or those that were pushed before.
pub(crate) async fn resolve(cx: &Context, asked: Parameters) -> Result<Parameters, Refusal<AskDenied>> {
    if asked.request_uri.is_empty() {
        return Ok(asked);
    }
    let gone = || Refusal::Denied(AskDenied::NoSuchRequest);
    let token = pushed(&asked.request_uri).ok_or_else(gone)?;
    let working = Working::now(cx, cx.settings.authorization.pushed_lifetime);
    let (client, query) = store::pushed(&cx.db, &token.digest(), working).await?.ok_or_else(gone)?;
    if client.as_str() != asked.client_id {
        return Err(gone());
    }
    Ok(Parameters { request_uri: String::new(), ..Parameters::of_query(&query) })
}

fn pushed(uri: &str) -> Option<Token<PushedRequest>> {
    Token::parse(uri.strip_prefix(PUSHED)?)
}

/// Where an answer may go. Nothing is told to anybody before this is known.
pub(crate) async fn back(cx: &Context, asked: &Parameters) -> Result<Back, Refusal<AskDenied>> {
    let unknown = || Refusal::Denied(AskDenied::NoSuchClient);
    let id = asked.client_id.parse::<ClientId>().map_err(|_| unknown())?;
    let client = clients::find(cx, &id).await?.ok_or_else(unknown)?;
    if !client.redirects_to(&asked.redirect_uri) {
        return Err(Refusal::Denied(AskDenied::ForeignAddress));
    }
    Ok(Back { client, redirect_uri: asked.redirect_uri.clone(), state: asked.state.clone() })
}

/// What is to happen next with a person who is logged in.
pub(crate) enum Next {
    /// They agree already, in this tenant.
    Granted(Option<TenantId>),
    /// They must be asked.
    Ask(Asking),
    /// They must prove themselves first.
    Prove,
    /// The client is told no.
    Tell(Told),
}

/// What a person is asked.
pub(crate) struct Asking {
    /// The tenants among which they choose; empty when no tenant is needed.
    pub(crate) tenants: Vec<Joined>,
}

/// Judges what is to happen. `asked_at` is when they were last sent to prove themselves for this.
pub(crate) async fn consider(
    cx: &Context,
    live: &Live,
    wanted: &Wanted,
    asked_at: Option<Timestamp>,
) -> Result<Next, Fault> {
    if !is_fresh(cx, live, wanted, asked_at) {
        return Ok(if wanted.prompt.none { Next::Tell(LOGIN_REQUIRED) } else { Next::Prove });
    }
    let tenants = match wanted.needs_tenant() {
        false => Vec::new(),
        true => candidates(cx, (live.account, live.id), wanted.tenant.as_ref()).await?,
    };
    if wanted.needs_tenant() && tenants.is_empty() {
        return Ok(Next::Tell(Told("access_denied", "The person belongs to no such tenant.")));
    }
    let chosen = (tenants.len() == 1).then(|| tenants[0].id);
    let is_clear = chosen.is_some() || !wanted.needs_tenant();
    if is_clear && !wanted.prompt.consent && agrees(cx, live.account, wanted, chosen).await? {
        return Ok(Next::Granted(chosen));
    }
    Ok(match wanted.prompt.none {
        true => Next::Tell(Told("consent_required", "The person has to be asked.")),
        false => Next::Ask(Asking { tenants }),
    })
}

pub(crate) const LOGIN_REQUIRED: Told =
    Told("login_required", "The person has to log in, or prove themselves once more.");

fn is_fresh(cx: &Context, live: &Live, wanted: &Wanted, asked_at: Option<Timestamp>) -> bool {
    let since = asked_at.is_some_and(|asked_at| live.proved_at >= asked_at);
    let span = |secs| std::time::Duration::from_secs(secs);
    let young = wanted.max_age.is_none_or(|secs| reauthentication::is_within(cx, live.proved_at, span(secs)));
    since || (young && !wanted.prompt.login)
}

/// The open tenants of a person that can be meant, and that let this session in.
async fn candidates(
    cx: &Context,
    (account, session): (AccountId, SessionId),
    named: Option<&Named>,
) -> Result<Vec<Joined>, Fault> {
    let mut all = tenants::of_account(&cx.db, account, 0, MOST_TENANTS).await?;
    all.retain(|one| one.state == State::Active && named.is_none_or(|named| is_named(one, named)));
    let mut open = Vec::with_capacity(all.len());
    for one in all {
        if !one.own_sign_in
            || features::has_entered(cx, (session, one.id), one.breaks_glass(cx.policy().owner())).await?
        {
            open.push(one);
        }
    }
    Ok(open)
}

fn is_named(one: &Joined, named: &Named) -> bool {
    match named {
        Named::Id(id) => one.id == *id,
        Named::Slug(slug) => one.slug == *slug,
    }
}

/// Among how many tenants a person chooses.
const MOST_TENANTS: i64 = 1000;

/// Whether a person need not be asked: our own app, or one that they have agreed to before.
///
/// A program that only claims to be this client could receive the answer at an address of no web site (RFC 8252 section 8.6),
/// so there the person is asked each time.
async fn agrees(cx: &Context, account: AccountId, wanted: &Wanted, tenant: Option<TenantId>) -> Result<bool, Fault> {
    let client = &wanted.back.client;
    if client.is_public() && !wanted.back.redirect_uri.starts_with("https://") {
        return Ok(false);
    }
    if client.trusted {
        return Ok(true);
    }
    let consent = store::consent(&cx.db, account, &client.id, tenant).await?;
    Ok(consent.is_some_and(|consent| wanted.scopes.are_within(&consent.scopes)))
}

/// What a person is asked about a device; `None` when they belong to no tenant that could be meant.
pub(super) async fn asking(
    cx: &Context,
    whose: (AccountId, SessionId),
    (needs_tenant, named): (bool, Option<&Named>),
) -> Result<Option<Asking>, Fault> {
    if !needs_tenant {
        return Ok(Some(Asking { tenants: Vec::new() }));
    }
    let tenants = candidates(cx, whose, named).await?;
    Ok((!tenants.is_empty()).then_some(Asking { tenants }))
}

/// The tenant that a person has chosen, if they may choose it.
pub(crate) async fn choose(
    cx: &Context,
    whose: (AccountId, SessionId),
    (needs_tenant, named): (bool, Option<&Named>),
    choice: &str,
) -> Result<Option<TenantId>, Refusal<AskDenied>> {
    if !needs_tenant {
        return Ok(None);
    }
    let all = candidates(cx, whose, named).await?;
    if choice.is_empty() && all.len() != 1 {
        return Err(Refusal::Denied(AskDenied::TenantMissing));
    }
    let mut fitting = all
        .into_iter()
        .filter(|one| choice.is_empty() || choice.parse::<Named>().is_ok_and(|choice| is_named(one, &choice)));
    fitting.next().map(|one| Some(one.id)).ok_or(Refusal::Denied(AskDenied::NoSuchTenant))
}

/// Why a person who was logged in a moment ago is not any more.
pub(crate) struct LoggedOut;

/// Makes a code for what a person has agreed to, and remembers that they have; returns where the answer goes.
pub(crate) async fn grant(
    cx: &Context,
    live: &Live,
    wanted: &Wanted,
    (tenant, request_uri): (Option<TenantId>, &str),
    visit: &Visit,
) -> Result<String, Refusal<LoggedOut>> {
    let (now, client) = (cx.clock.now(), &wanted.back.client);
    let mut tx = cx.db.begin(Durability::Full).await?;
    let epoch = lock(cx, &mut tx, live).await?.ok_or(Refusal::Denied(LoggedOut))?;
    let code = Token::<AuthorizationCode>::mint(cx.entropy.as_ref());
    let agreed = Agreed {
        client: client.id.clone(),
        account: live.account,
        epoch,
        session: live.id,
        tenant,
        scopes: wanted.scopes.clone(),
        resource: wanted.resource.clone(),
        authenticated_at: live.proved_at,
    };
    let bound = Bound {
        redirect_uri: wanted.back.redirect_uri.clone(),
        challenge: wanted.challenge.clone(),
        nonce: wanted.nonce.clone(),
        thumbprint: wanted.thumbprint.clone(),
    };
    let expires_at = now.after(cx.settings.authorization.code_lifetime);
    store::insert_code(&mut tx, &code.digest(), (&agreed, &bound), expires_at).await?;
    if !client.trusted {
        remember(cx, &mut tx, &agreed, visit).await?;
    }
    if let Some(token) = pushed(request_uri) {
        // A request that was pushed is answered once; who was faster has the other code, and both are this person's.
        store::spend_pushed(&mut tx, &token.digest()).await?;
    }
    tx.commit().await?;
    let answer = code.reveal();
    Ok(wanted.back.with(&cx.site.issuer(), &[("code", &answer)]))
}

/// Locks the account of a live session, and asks behind the lock whether the session still is: what ends all of them waits,
/// or has been. Returns the account's epoch.
pub(super) async fn lock(cx: &Context, tx: &mut Transaction, live: &Live) -> Result<Option<i64>, Fault> {
    let Some(standing) = accounts::locked(tx, live.account).await? else { return Ok(None) };
    let lives = sessions::lives(cx, tx, live.account, live.id).await?;
    Ok(lives.then_some(standing.epoch))
}

/// Remembers a consent, together with what was agreed to before.
pub(super) async fn remember(cx: &Context, tx: &mut Transaction, agreed: &Agreed, visit: &Visit) -> Result<(), Fault> {
    let before = store::consent_in(tx, agreed.account, &agreed.client, agreed.tenant).await?;
    let scopes = match &before {
        Some(before) => before.scopes.and(&agreed.scopes),
        None => agreed.scopes.clone(),
    };
    if before.is_some_and(|before| before.scopes == scopes) {
        return Ok(());
    }
    if store::count_consents(tx, agreed.account).await? >= MOST_CONSENTS {
        // Whoever lets so many in is asked each time.
        return Ok(());
    }
    let given_at = cx.clock.now();
    let consent = Consent { client: agreed.client.clone(), tenant: agreed.tenant, scopes, given_at };
    store::remember(tx, agreed.account, &consent).await?;
    let event = By::person(agreed.account, visit.address).did(Action::ConsentGiven);
    audit::append(cx, tx, event.on(Target::Client(agreed.client.clone()))).await
}

const MOST_CONSENTS: i64 = 200;

/// What a client gets for a code, and what goes into an ID token about it.
pub(crate) struct Redeemed {
    pub(crate) given: Given,
    pub(crate) agreed: Agreed,
    pub(crate) nonce: Option<String>,
}

/// What a client sends with a code.
pub(crate) struct Exchange<'e> {
    pub(crate) client: &'e Client,
    pub(crate) code: &'e str,
    pub(crate) redirect_uri: &'e str,
    pub(crate) verifier: &'e str,
    pub(crate) thumbprint: Option<&'e str>,
}

const SPENT: TokenDenied = TokenDenied::Grant("The code is over, was used before, or is none of this client's.");

/// Exchanges a code, once. Whoever tries it with something wrong has used it up; a code that comes again ends what came of it.
pub(crate) async fn redeem(
    cx: &Context,
    exchange: &Exchange<'_>,
    visit: &Visit,
) -> Result<Redeemed, Refusal<TokenDenied>> {
    let digest = Token::<AuthorizationCode>::parse(exchange.code).ok_or(SPENT)?.digest();
    let (agreed, bound) = store::code(&cx.db, &digest).await?.ok_or(SPENT)?;
    if agreed.client != exchange.client.id {
        return Err(SPENT.into());
    }
    // Signed before the transaction: the first signature of all may have to make its key.
    let prepared = match fits(exchange, &bound) {
        Ok(()) => prepare(cx, exchange.client, &agreed, exchange.thumbprint).await,
        Err(denied) => Err(denied.into()),
    };
    let mut tx = cx.db.begin(Durability::Full).await?;
    let standing = accounts::locked(&mut tx, agreed.account).await?;
    let working = Working::now(cx, cx.settings.authorization.code_lifetime);
    if !store::spend_code(&mut tx, &digest, cx.clock.now(), working).await? {
        if let Some(family) = store::given_by(&mut tx, &digest).await? {
            tokens::end_replayed(cx, &mut tx, family, &agreed.client, visit).await?;
        }
        tx.commit().await?;
        return Err(SPENT.into());
    }
    let stands = standing.is_some_and(|standing| standing.epoch == agreed.epoch)
        && sessions::lives(cx, &mut tx, agreed.account, agreed.session).await?;
    let prepared = match prepared {
        Ok(prepared) if stands => prepared,
        refused => {
            let event = audit::by_client(&agreed.client, Action::AccessGranted, visit.address);
            audit::append(cx, &mut tx, event.on(Target::Account(agreed.account)).denied()).await?;
            tx.commit().await?;
            return Err(refused.err().unwrap_or(Refusal::Denied(SPENT)));
        }
    };
    let (given, family) = begin(cx, &mut tx, prepared, &agreed, (exchange.client, exchange.thumbprint), visit).await?;
    store::note_given(&mut tx, &digest, family).await?;
    tx.commit().await?;
    Ok(Redeemed { given, agreed, nonce: bound.nonce })
}

fn fits(exchange: &Exchange<'_>, bound: &Bound) -> Result<(), TokenDenied> {
    if exchange.redirect_uri != bound.redirect_uri {
        return Err(TokenDenied::Grant("redirect_uri is not the one of the request."));
    }
    if !verifies(exchange.verifier, &bound.challenge) {
        return Err(TokenDenied::Grant("code_verifier is not the one of the request."));
    }
    if bound.thumbprint.is_some() && bound.thumbprint.as_deref() != exchange.thumbprint {
        return Err(TokenDenied::Proof("The key is not the one that the request named."));
    }
    Ok(())
}

fn about<'a>(client: &'a Client, agreed: &'a Agreed, thumbprint: Option<&'a str>) -> About<'a> {
    About {
        client: Source::Client(client),
        subject: Subject::Person(agreed.account),
        tenant: agreed.tenant,
        scopes: &agreed.scopes,
        resource: &agreed.resource,
        thumbprint,
        authenticated_at: Some(agreed.authenticated_at),
    }
}

async fn prepare(
    cx: &Context,
    client: &Client,
    agreed: &Agreed,
    thumbprint: Option<&str>,
) -> Result<tokens::Prepared, Refusal<TokenDenied>> {
    let renewable = if client.allows(Grant::RefreshToken) { Renewable::Yes } else { Renewable::No };
    tokens::prepare(cx, &about(client, agreed, thumbprint), renewable).await
}

/// Writes down what was prepared; with `offline_access` it stays when its session ends.
async fn begin(
    cx: &Context,
    tx: &mut Transaction,
    prepared: tokens::Prepared,
    agreed: &Agreed,
    (client, thumbprint): (&Client, Option<&str>),
    visit: &Visit,
) -> Result<(Given, FamilyId), Fault> {
    let session = (!agreed.scopes.has(OFFLINE)).then_some(agreed.session);
    let from = Beginning { account: agreed.account, session, authenticated_at: agreed.authenticated_at };
    prepared.begin(cx, tx, (&about(client, agreed, thumbprint), &from), visit).await
}

/// With it a client stays when the session ends.
pub(super) const OFFLINE: &str = "offline_access";

/// Spends what a person has agreed to for a device.
pub(super) async fn redeem_device(
    cx: &Context,
    (client, digest): (&Client, &doorward_core::Digest<doorward_core::DeviceCode>),
    agreed: Agreed,
    thumbprint: Option<&str>,
    visit: &Visit,
) -> Result<Redeemed, Refusal<TokenDenied>> {
    let prepared = prepare(cx, client, &agreed, thumbprint).await?;
    let mut tx = cx.db.begin(Durability::Full).await?;
    let standing = accounts::locked(&mut tx, agreed.account).await?;
    let spent = store::spend_device(&mut tx, digest, super::device::working(cx)).await?;
    let stands = standing.is_some_and(|standing| standing.epoch == agreed.epoch)
        && sessions::lives(cx, &mut tx, agreed.account, agreed.session).await?;
    if !spent || !stands {
        // What was agreed to in an earlier epoch is spent, and brings nothing.
        tx.commit().await?;
        return Err(TokenDenied::Grant("What was agreed to is over.").into());
    }
    let (given, _) = begin(cx, &mut tx, prepared, &agreed, (client, thumbprint), visit).await?;
    tx.commit().await?;
    Ok(Redeemed { given, agreed, nonce: None })
}

/// Takes back what a person has agreed to for a client, everywhere; whether there was anything.
pub(crate) async fn withdraw(
    cx: &Context,
    account: AccountId,
    client: &ClientId,
    visit: &Visit,
) -> Result<bool, Fault> {
    let mut tx = cx.db.begin(Durability::Full).await?;
    accounts::lock(&mut tx, account).await?;
    let consents = store::withdraw(&mut tx, account, client).await?;
    let families = tokens::forget_client_of(&mut tx, account, client).await?;
    if consents + families == 0 {
        return Ok(false);
    }
    let event = By::person(account, visit.address).did(Action::ConsentWithdrawn);
    audit::append(cx, &mut tx, event.on(Target::Client(client.clone()))).await?;
    tx.commit().await?;
    Ok(true)
}

/// Removes what is over.
pub(crate) async fn purge(cx: &Context, tx: &mut Transaction) -> Result<u64, Fault> {
    let now = cx.clock.now();
    // Until then a code that comes again still ends what came of it.
    store::purge(tx, now, now.before(cx.settings.tokens.refresh_absolute)).await
}
