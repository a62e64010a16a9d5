//! Families of refresh tokens: beginning, renewing and ending them.

use doorward_core::{AccountId, ClientId, FamilyId, Handled, Refresh, SessionId, TenantId, Timestamp, Token};

use super::{
    access::{Access, NOT_A_MEMBER, access},
    letters,
    rules::{About, Family, Place, Scopes, Source, Subject, TokenDenied},
    store::{self, Rotation},
};
use crate::{
    accounts,
    audit::{self, Action, By, Target},
    base::{
        db::{Durability, Transaction},
        lifetime::LEEWAY,
        mail,
    },
    clients::Client,
    context::Context,
    error::{Fault, Refusal},
    guard::Visit,
    sessions::{self, Backing},
};

/// What a client gets.
pub(crate) struct Given {
    pub(crate) access: Access,
    /// The refresh token, when the client may have one.
    pub(crate) refresh: Option<Handled<Refresh>>,
}

/// What a family is begun with, besides what its tokens are about.
pub(crate) struct Beginning {
    pub(crate) account: AccountId,
    /// The session with which it ends; none when the person has let the client stay without one.
    pub(crate) session: Option<SessionId>,
    pub(crate) authenticated_at: Timestamp,
}

/// Tokens that are made and not yet given: nothing is true before [`Prepared::begin`].
pub(crate) struct Prepared {
    access: Access,
    id: FamilyId,
    first: Handled<Refresh>,
    renewable: Renewable,
}

/// Whether a client may renew what it is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Renewable {
    /// With a refresh token.
    Yes,
    /// Not at all. There is a family all the same, for as long as its one access token lives: what ends families takes that
    /// token back too.
    No,
}

/// Makes the first tokens for what a person has agreed to.
pub(crate) async fn prepare(
    cx: &Context,
    about: &About<'_>,
    renewable: Renewable,
) -> Result<Prepared, Refusal<TokenDenied>> {
    let id = FamilyId::new(cx.clock.now(), cx.entropy.as_ref());
    let access = access(cx, about, Some(id)).await?;
    Ok(Prepared { access, id, first: Handled::mint(cx.entropy.as_ref()), renewable })
}

impl Prepared {
    /// Begins the family in the caller's transaction, which has locked the account; returns its name too.
    pub(crate) async fn begin(
        self,
        cx: &Context,
        tx: &mut Transaction,
        (about, from): (&About<'_>, &Beginning),
        visit: &Visit,
    ) -> Result<(Given, FamilyId), Fault> {
        let event = within(By::person(from.account, visit.address).did(Action::AccessGranted), about.tenant);
        store::insert(tx, &self.family(cx, about, from), self.access.until).await?;
        audit::append(cx, tx, event.on(Target::Family(self.id))).await?;
        let refresh = (self.renewable == Renewable::Yes).then_some(self.first);
        Ok((Given { access: self.access, refresh }, self.id))
    }

    fn family(&self, cx: &Context, about: &About<'_>, from: &Beginning) -> Family {
        let (now, settings) = (cx.clock.now(), &cx.settings.tokens);
        let (idle_until, expires_at) = match self.renewable {
            Renewable::Yes => (now.after(settings.refresh_idle), now.after(settings.refresh_absolute)),
            Renewable::No => (self.access.until, self.access.until),
        };
        Family {
            id: self.id,
            handle: self.first.handle(),
            digest: self.first.token().digest(),
            parent: None,
            generation: 0,
            client: about.client.id().clone(),
            account: from.account,
            tenant: about.tenant,
            session: from.session,
            scopes: about.scopes.clone(),
            resource: about.resource.to_owned(),
            // A confidential client proves itself at each use (RFC 9449 section 5).
            thumbprint: about.thumbprint.filter(|_| about.client.is_public()).map(str::to_owned),
            authenticated_at: from.authenticated_at,
            created_at: now,
            rotated_at: now,
            idle_until,
            expires_at,
        }
    }
}

/// What a client sends to renew its access.
pub(crate) struct Renewal<'r> {
    pub(crate) client: &'r Client,
    pub(crate) presented: &'r Handled<Refresh>,
    /// Fewer scopes than the family has; none means all of them.
    pub(crate) scopes: Option<&'r Scopes>,
    /// The resource that it names; none means the family's.
    pub(crate) resource: Option<&'r str>,
    /// The key that it has proved to have.
    pub(crate) thumbprint: Option<&'r str>,
}

/// Renews access: the presented token is replaced, unless it was replaced a moment ago and comes again.
///
/// A token that was replaced before that is somebody's copy: the family ends, and its owner is told.
pub(crate) async fn renew(cx: &Context, renewal: &Renewal<'_>, visit: &Visit) -> Result<Given, Refusal<TokenDenied>> {
    // Whoever loses a race reads what the winner wrote; a family that changes more often meanwhile is being played with.
    for _ in 0..8 {
        if let Some(given) = try_to_renew(cx, renewal, visit).await? {
            return Ok(given);
        }
    }
    Err(Refusal::Fault(Fault::new("renewing access", "its family changes all the time")))
}

const WAITING: TokenDenied = TokenDenied::Grant(
    "The provider by which the person logged in is to say once more who they are. Lead them here; then the same token works again.",
);
const SPENT: TokenDenied =
    TokenDenied::Grant("The refresh token is over, was used before, or is none of this client's.");

async fn try_to_renew(
    cx: &Context,
    renewal: &Renewal<'_>,
    visit: &Visit,
) -> Result<Option<Given>, Refusal<TokenDenied>> {
    let (now, settings) = (cx.clock.now(), &cx.settings.tokens);
    let digest = renewal.presented.token().digest();
    let family = store::find(&cx.db, renewal.presented.handle()).await?.ok_or(SPENT)?;
    if family.client != renewal.client.id {
        return Err(SPENT.into());
    }
    let place = family.place_of(&digest, now, settings.refresh_grace);
    if place == Place::Replaced {
        end_stolen(cx, &family, visit).await?;
        return Err(SPENT.into());
    }
    if family.is_over(now, settings) {
        return Err(SPENT.into());
    }
    demand_fits(renewal, &family)?;
    let scopes = renewal.scopes.unwrap_or(&family.scopes);
    let about = About {
        client: Source::Client(renewal.client),
        subject: Subject::Person(family.account),
        tenant: family.tenant,
        scopes,
        resource: &family.resource,
        thumbprint: renewal.thumbprint,
        authenticated_at: Some(family.authenticated_at),
    };
    // Neither waits for the other; a token that nobody stands behind is given to nobody.
    let (backing, access) = tokio::join!(backing(cx, &family), access(cx, &about, Some(family.id)));
    match backing? {
        Backing::Stands => {}
        // Its person may be back in a moment, and the same token works again then.
        Backing::Due => return Err(WAITING.into()),
        Backing::Over => {
            end(cx, &family).await?;
            return Err(SPENT.into());
        }
    }
    let access = match access {
        Err(Refusal::Denied(denied)) if denied == NOT_A_MEMBER => {
            end(cx, &family).await?;
            return Err(SPENT.into());
        }
        made => made?,
    };
    let next = match place {
        Place::Newest => rotate(cx, &family, renewal.presented, &digest, &access).await?,
        Place::JustReplaced | Place::Replaced => repeat(cx, &family, renewal.presented, &access).await?,
    };
    Ok(next.map(|next| Given { access, refresh: Some(next) }))
}

/// What a renewal asks for must be what the family was begun for.
fn demand_fits(renewal: &Renewal<'_>, family: &Family) -> Result<(), TokenDenied> {
    if family.thumbprint.is_some() && renewal.thumbprint != family.thumbprint.as_deref() {
        return Err(TokenDenied::Proof("The key is not the one that this refresh token is bound to."));
    }
    if renewal.resource.is_some_and(|resource| resource != family.resource) {
        return Err(TokenDenied::Target);
    }
    if renewal.scopes.is_some_and(|scopes| !scopes.are_within(&family.scopes)) {
        return Err(TokenDenied::Scope("A scope is asked for that was not given."));
    }
    Ok(())
}

/// Whether whoever began the family still stands behind it: the account is enabled, and its session lives when it is bound to
/// one. What ends all sessions of an account, or a membership, has ended the family itself.
pub(super) async fn backing(cx: &Context, family: &Family) -> Result<Backing, Fault> {
    let account = accounts::by_id(&cx.db, family.account).await?;
    if account.is_none_or(|account| account.disabled_at.is_some()) {
        return Ok(Backing::Over);
    }
    match family.session {
        Some(session) => sessions::backing(cx, family.account, session).await,
        None => Ok(Backing::Stands),
    }
}

/// Puts the next token in the place of the newest; `None` when another was faster.
async fn rotate(
    cx: &Context,
    family: &Family,
    presented: &Handled<Refresh>,
    digest: &doorward_core::Digest<Refresh>,
    access: &Access,
) -> Result<Option<Handled<Refresh>>, Fault> {
    let now = cx.clock.now();
    let next = child(&cx.keys().seed(SEED, now), presented, family.generation + 1);
    let rotation = Rotation {
        handle: family.handle,
        old: digest,
        new: &next.digest(),
        now,
        access_until: access.until,
        idle_until: now.after(cx.settings.tokens.refresh_idle),
    };
    let rotated = store::rotate(&cx.db, &rotation).await?;
    Ok(rotated.then(|| Handled::new(family.handle, next)))
}

/// Finds the token that has replaced this one: it is worked out again, and lies nowhere.
async fn repeat(
    cx: &Context,
    family: &Family,
    presented: &Handled<Refresh>,
    access: &Access,
) -> Result<Option<Handled<Refresh>>, Refusal<TokenDenied>> {
    let seeds = cx.keys().seeds(SEED);
    let mut children = seeds.iter().map(|seed| child(seed, presented, family.generation));
    // A key may have left the ring in these seconds; then the client has lost its answer for good.
    let next = children.find(|next| next.digest().matches(&family.digest)).ok_or(SPENT)?;
    store::extend(&cx.db, family.id, access.until).await?;
    Ok(Some(Handled::new(family.handle, next)))
}

/// The token after `parent`, which only the ring's holder can tell, and only from the parent itself.
fn child(seed: &[u8; 32], parent: &Handled<Refresh>, generation: i64) -> Token<Refresh> {
    let handle = parent.handle();
    let parts: [&[u8]; 3] = [handle.as_bytes(), parent.token().expose(), &generation.to_be_bytes()];
    Token::from_bytes(doorward_core::keyed(seed, &parts))
}

const SEED: &str = "doorward/refresh";

/// Ends a family whose token came again long after it was replaced, and tells its owner.
async fn end_stolen(cx: &Context, family: &Family, visit: &Visit) -> Result<(), Fault> {
    let mut tx = cx.db.begin(Durability::Full).await?;
    if !store::end(&mut tx, family.id).await? {
        // Another copy was faster; it has told.
        return Ok(());
    }
    let event = audit::nobody(Action::RefreshReused, Some(family.account), visit.address);
    audit::append(cx, &mut tx, within(event.on(Target::Family(family.id)), family.tenant).denied()).await?;
    if let Some(email) = accounts::address_of(&mut tx, family.account).await? {
        mail::notify(cx, &mut tx, letters::REUSED, family.client.as_str(), &email).await?;
    }
    tx.commit().await
}

/// Ends a family that nobody stands behind any more. What ended that has its event.
async fn end(cx: &Context, family: &Family) -> Result<(), Fault> {
    let mut tx = cx.db.begin(Durability::Full).await?;
    store::end(&mut tx, family.id).await?;
    tx.commit().await
}

/// Ends a family because its client says so.
pub(crate) async fn end_by_client(
    cx: &Context,
    client: &Client,
    presented: &Handled<Refresh>,
    visit: &Visit,
) -> Result<(), Refusal<TokenDenied>> {
    let Some(family) = store::find(&cx.db, presented.handle()).await? else { return Ok(()) };
    if family.client != client.id {
        return Err(TokenDenied::Grant("This token is another client's.").into());
    }
    let mut tx = cx.db.begin(Durability::Full).await?;
    if store::end(&mut tx, family.id).await? {
        let event = audit::by_client(&client.id, Action::AccessRevoked, visit.address).on(Target::Family(family.id));
        audit::append(cx, &mut tx, within(event, family.tenant)).await?;
    }
    Ok(tx.commit().await?)
}

/// Ends a family whose code came a second time (RFC 6749 section 4.1.2).
pub(crate) async fn end_replayed(
    cx: &Context,
    tx: &mut Transaction,
    id: FamilyId,
    client: &ClientId,
    visit: &Visit,
) -> Result<(), Fault> {
    if store::end(tx, id).await? {
        let event = audit::by_client(client, Action::AccessRevoked, visit.address).on(Target::Family(id)).denied();
        audit::append(cx, tx, event).await?;
    }
    Ok(())
}

/// Takes back what goes by this name and whose end is not known: an access token, or all that came of an API key. It is
/// remembered for longer than any lives where it is verified.
pub(crate) async fn revoke_by_name(cx: &Context, tx: &mut Transaction, name: &str) -> Result<(), Fault> {
    let longest = cx.clock.now().after(cx.settings.tokens.access_lifetime).after(LEEWAY);
    store::revoke(tx, name, longest).await.map(drop)
}

/// Removes what is over.
pub(crate) async fn purge(cx: &Context, tx: &mut Transaction) -> Result<u64, Fault> {
    store::purge(tx, cx.clock.now()).await
}

fn within(event: audit::Event, tenant: Option<TenantId>) -> audit::Event {
    match tenant {
        Some(tenant) => event.within(tenant),
        None => event,
    }
}
