//! Inviting, resending, and accepting.

use doorward_core::{AccountId, EmailAddress, Invitation, InvitationId, RoleName, TenantId, Timestamp, Token};

use super::{
    letters,
    rules::{AcceptDenied, InviteDenied, Invited, gives, may_invite},
    store,
};
use crate::{
    access::{
        Authorized, Permission,
        own::{MembersInvite, MembersRead},
    },
    accounts, attempts,
    audit::{self, Action, By, Detail, Event, Target},
    base::{
        db::{Durability, Transaction},
        lifetime::Working,
        mail::{self, Order},
    },
    context::Context,
    error::{Fault, Refusal},
    guard::Visit,
    policy::OwnRoles,
    tenant_page::{Act, demand_proof_over},
    tenants::{self, Join, Named, State, Tenant, TenantDenied},
};

type Done<T> = Result<T, Refusal<InviteDenied>>;

const fn denied<T>(denied: InviteDenied) -> Done<T> {
    Err(Refusal::Denied(denied))
}

/// The member who invites, with the roles that they have; `None` for an operator, who may give every role.
pub(crate) type Inviter<'r> = Option<(AccountId, &'r OwnRoles)>;

/// Invites an address on the strength of what a member may, behind the tenant's lock.
pub(crate) async fn invite_as(
    cx: &Context,
    (by, proved_at): (&Authorized<MembersInvite>, Timestamp),
    email: &EmailAddress,
    roles: &OwnRoles,
    visit: &Visit,
) -> Done<InvitationId> {
    // Looked up for every address, before the lock: an account takes no more steps than none.
    let account = accounts::by_email(&cx.db, email).await?.map(|account| account.id);
    let mut act = begin(cx, by).await?;
    if is_seen_member(cx, &mut act, account).await? {
        return denied(InviteDenied::Tenant(TenantDenied::AlreadyMember));
    }
    count_letter(cx, &mut act.tx, act.by.account(), act.tenant.id).await?;
    let inviter = Some((act.by.account(), act.by.roles()));
    let id = invite(cx, &mut act.tx, &act.tenant, (email, roles), inviter).await?;
    demand_proof(cx, &roles.iter().cloned().collect::<Vec<_>>(), proved_at)?;
    done(cx, act, (id, roles.iter().cloned().collect()), Action::InvitationSent, visit).await?;
    Ok(id)
}

/// Whether this account is a member and whoever acts may know it. Who may not see members learns it from no answer.
async fn is_seen_member(cx: &Context, act: &mut Act<MembersInvite>, account: Option<AccountId>) -> Result<bool, Fault> {
    let account = account.unwrap_or(AccountId::from_bytes([0; 16]));
    let is_member = tenants::standing_in(cx, &mut act.tx, act.tenant.id, account).await?.is_some();
    let own = tenants::standing_in(cx, &mut act.tx, act.tenant.id, act.by.account()).await?;
    let sees = cx.policy().permission(MembersRead::NAME);
    Ok(is_member && own.zip(sees).is_some_and(|(own, sees)| own.holds(sees, cx.clock.now())))
}

/// Invites an address to a locked tenant. The caller has asked whether whoever invites may do so at all, and writes the event.
pub(crate) async fn invite(
    cx: &Context,
    tx: &mut Transaction,
    tenant: &Tenant,
    (email, roles): (&EmailAddress, &OwnRoles),
    by: Inviter<'_>,
) -> Done<InvitationId> {
    if roles.is_empty() {
        return denied(InviteDenied::Tenant(TenantDenied::NoRole));
    }
    if roles.iter().any(|role| !cx.policy().knows(role)) {
        return denied(InviteDenied::Tenant(TenantDenied::UnknownRole));
    }
    let (settings, created_at) = (&cx.settings.invitations, cx.clock.now());
    let new = Invited {
        id: InvitationId::new(created_at, cx.entropy.as_ref()),
        tenant: tenant.id,
        email: email.clone(),
        roles: roles.iter().cloned().collect(),
        invited_by: by.map(|(account, _)| account),
        created_at,
        expires_at: created_at.after(settings.lifetime),
    };
    demand_gives(cx, by, &new.roles)?;
    if store::count(tx, tenant.id, working(cx)).await? >= i64::from(settings.waiting) {
        return denied(InviteDenied::TooMany);
    }
    if !store::insert(tx, &new, working(cx)).await? {
        return denied(InviteDenied::AlreadyInvited);
    }
    mail::order(cx, tx, letters::INVITATION, &new.id.to_string(), email).await?;
    Ok(new.id)
}

/// Sends an invitation once more, in the name of whoever does.
pub(crate) async fn resend_as(
    cx: &Context,
    (by, proved_at): (&Authorized<MembersInvite>, Timestamp),
    id: InvitationId,
    visit: &Visit,
) -> Done<()> {
    let mut act = begin(cx, by).await?;
    let inviter = Some((act.by.account(), act.by.roles()));
    let invited = renew(cx, &mut act.tx, act.tenant.id, id, inviter).await?;
    demand_proof(cx, &invited.roles, proved_at)?;
    count_letter(cx, &mut act.tx, act.by.account(), act.tenant.id).await?;
    done(cx, act, (id, invited.roles), Action::InvitationResent, visit).await
}

/// Orders one more letter for an invitation of a locked tenant. Whoever sends it again vouches for it from now on, so they must
/// be able to give its roles themselves.
///
/// The link before works until the new one is written: a letter that is never sent, because its address was sent enough this
/// hour, voids nothing.
pub(crate) async fn renew(
    cx: &Context,
    tx: &mut Transaction,
    tenant: TenantId,
    id: InvitationId,
    by: Inviter<'_>,
) -> Done<Invited> {
    let found = store::within(tx, tenant, id).await?;
    let invited = found.ok_or(Refusal::Denied(InviteDenied::NoSuchInvitation))?;
    demand_gives(cx, by, &invited.roles)?;
    store::set_inviter(tx, id, by.map(|(account, _)| account)).await?;
    mail::order(cx, tx, letters::INVITATION, &id.to_string(), &invited.email).await?;
    Ok(invited)
}

/// Who makes somebody an owner by an invitation proves themselves first, as for every other way to it.
fn demand_proof(cx: &Context, roles: &[RoleName], proved_at: Timestamp) -> Done<()> {
    demand_proof_over(cx, roles, proved_at).map_err(|refusal| refusal.map(InviteDenied::Act))
}

fn demand_gives(cx: &Context, by: Inviter<'_>, roles: &[RoleName]) -> Done<()> {
    match by.is_none_or(|(_, own)| gives(cx.policy(), own, roles)) {
        true => Ok(()),
        false => denied(InviteDenied::Tenant(TenantDenied::RoleNotYours)),
    }
}

/// Takes an invitation back, whoever has sent it: its link works no more.
pub(crate) async fn revoke_as(
    cx: &Context,
    by: &Authorized<MembersInvite>,
    id: InvitationId,
    visit: &Visit,
) -> Done<()> {
    let mut act = begin(cx, by).await?;
    if !store::take_back(&mut act.tx, act.tenant.id, id).await? {
        return denied(InviteDenied::NoSuchInvitation);
    }
    let about = |event: Event| event.on(Target::Invitation(id));
    let revoked = act.done(cx, visit, about, Action::InvitationRevoked).await;
    revoked.map_err(|refusal| refusal.map(InviteDenied::Act))
}

async fn begin(cx: &Context, by: &Authorized<MembersInvite>) -> Done<Act<MembersInvite>> {
    Act::begin(cx, by).await.map_err(|refusal| refusal.map(InviteDenied::Act))
}

async fn done(
    cx: &Context,
    act: Act<MembersInvite>,
    (id, roles): (InvitationId, Vec<RoleName>),
    action: Action,
    visit: &Visit,
) -> Done<()> {
    let about = |event: Event| event.on(Target::Invitation(id)).about(Detail::Roles(roles));
    act.done(cx, visit, about, action).await.map_err(|refusal| refusal.map(InviteDenied::Act))
}

/// Counts a letter that a member has us send to an address of their choosing.
async fn count_letter(cx: &Context, tx: &mut Transaction, by: AccountId, tenant: TenantId) -> Done<()> {
    let settings = &cx.settings.invitations;
    for (kind, whose, most) in [
        ("invitations of a member", by.to_string(), settings.letters_per_member),
        ("invitations of a tenant", tenant.to_string(), settings.letters_per_tenant),
    ] {
        let counted = attempts::count_letters_by(cx, tx, (kind, &whose), most).await;
        counted.map_err(|refusal| refusal.map(InviteDenied::Throttled))?;
    }
    Ok(())
}

/// What a letter is to say.
pub(super) struct Written {
    pub(super) token: Token<Invitation>,
    /// The tenant's name, as its people wrote it.
    pub(super) tenant: String,
    /// The address of the member who invites; `None` for an operator.
    pub(super) inviter: Option<EmailAddress>,
}

/// Makes a link for an invitation; `None` when it was taken back, when whoever invited may not any more, when the tenant is
/// closed, or when its address was sent enough this hour.
pub(super) async fn issue(cx: &Context, order: &Order, id: InvitationId) -> Result<Option<Written>, Fault> {
    let invited = store::by_id(&cx.db, id).await?.filter(|invited| invited.email == order.recipient);
    let Some(invited) = invited else { return Ok(None) };
    let tenant = tenants::by_name(&cx.db, &Named::Id(invited.tenant)).await?;
    let Some(tenant) = tenant.filter(|tenant| tenant.state() == State::Active) else { return Ok(None) };
    let mut tx = cx.db.begin(Durability::Full).await?;
    if order.is_first_try() && !attempts::may_send(cx, &mut tx, letters::INVITATION, &order.recipient).await? {
        return Ok(None);
    }
    if !is_vouched_for(cx, &mut tx, &invited).await? {
        return Ok(None);
    }
    let inviter = match invited.invited_by {
        Some(inviter) => accounts::address_of(&mut tx, inviter).await?,
        None => None,
    };
    let token = Token::mint(cx.entropy.as_ref());
    let expires_at = cx.clock.now().after(cx.settings.invitations.lifetime);
    let waits = store::set_link(&mut tx, id, &token.digest(), expires_at).await?;
    tx.commit().await?;
    Ok(waits.then_some(Written { token, tenant: tenant.name, inviter }))
}

/// Whether whoever has sent an invitation may still do so: a member with the permission and the roles, whose account is
/// enabled. What an operator has sent stands by itself.
async fn is_vouched_for(cx: &Context, tx: &mut Transaction, invited: &Invited) -> Result<bool, Fault> {
    let Some(inviter) = invited.invited_by else { return Ok(true) };
    if accounts::address_of(tx, inviter).await?.is_none() {
        return Ok(false);
    }
    let standing = tenants::standing_in(cx, tx, invited.tenant, inviter).await?;
    Ok(standing.is_some_and(|standing| may_invite(cx.policy(), &standing, &invited.roles, cx.clock.now())))
}

/// What an invitation is about, for whoever it is for.
pub(crate) struct Offer {
    pub(crate) tenant: Tenant,
    pub(crate) roles: Vec<RoleName>,
    /// The address of the member who invites; `None` for an operator.
    pub(crate) inviter: Option<EmailAddress>,
}

/// Shows what a link offers to an account with this address, while it works.
pub(crate) async fn peek(
    cx: &Context,
    email: &EmailAddress,
    token: &Token<Invitation>,
) -> Result<Offer, Refusal<AcceptDenied>> {
    let invited = find(cx, token).await?;
    if invited.email != *email {
        return Err(Refusal::Denied(AcceptDenied::NotYours));
    }
    let tenant = tenants::by_name(&cx.db, &Named::Id(invited.tenant)).await?.ok_or_else(spent)?;
    if tenant.state() != State::Active {
        return Err(Refusal::Denied(AcceptDenied::Closed));
    }
    let inviter = match invited.invited_by {
        Some(inviter) => Some(seen_inviter(cx, inviter, &invited).await?.ok_or_else(spent)?),
        None => None,
    };
    Ok(Offer { tenant, roles: invited.roles, inviter })
}

/// The address of a member who may still invite so. For whoever only looks: what counts is asked behind the locks.
async fn seen_inviter(cx: &Context, inviter: AccountId, invited: &Invited) -> Result<Option<EmailAddress>, Fault> {
    let account = accounts::by_id(&cx.db, inviter).await?.filter(|account| account.disabled_at.is_none());
    let standing = cx.memberships.find(&cx.db, cx.policy(), Named::Id(invited.tenant), inviter).await?;
    let now = cx.clock.now();
    let may = standing.is_some_and(|standing| may_invite(cx.policy(), &standing, &invited.roles, now));
    Ok(account.filter(|_| may).map(|account| account.email))
}

/// Spends the link and makes the account a member, in one transaction that asks everything once more.
pub(crate) async fn accept(
    cx: &Context,
    account: AccountId,
    token: &Token<Invitation>,
    visit: &Visit,
) -> Result<Tenant, Refusal<AcceptDenied>> {
    let found = find(cx, token).await;
    if let Err(Refusal::Denied(_)) = &found {
        record_void(cx, account, token, visit).await?;
    }
    let found = found?;
    #[cfg(test)]
    cx.meeting.reached(crate::testing::crowd::About::SpendingALink).await;
    let mut tx = cx.db.begin(Durability::Full).await?;
    // The account before the tenant, as in every flow. Its address is read behind the lock: a change of address waits.
    accounts::lock(&mut tx, account).await?;
    if accounts::address_of(&mut tx, account).await? != Some(found.email.clone()) {
        record_once(cx, &mut tx, account, &found, visit).await?;
        tx.commit().await?;
        return Err(Refusal::Denied(AcceptDenied::NotYours));
    }
    let tenant = tenants::lock(&mut tx, found.tenant).await?.ok_or_else(spent)?;
    if tenant.state() != State::Active {
        return Err(Refusal::Denied(AcceptDenied::Closed));
    }
    let tried = By::person(account, visit.address).did(Action::InvitationAccepted).on(Target::Invitation(found.id));
    let tried = tried.within(tenant.id);
    let denial = match store::spend(&mut tx, &token.digest(), working(cx)).await? {
        Some(invited) => enter(cx, &mut tx, &tenant, account, &invited).await?,
        None => Some(AcceptDenied::LinkSpent),
    };
    if let Some(denial) = denial {
        // What was spent stays spent: an invitation that is void or needless is over.
        audit::append(cx, &mut tx, tried.denied()).await?;
        tx.commit().await?;
        return Err(Refusal::Denied(denial));
    }
    let roles = Detail::Roles(found.roles);
    audit::append(cx, &mut tx, tried.about(roles.clone())).await?;
    let joined = By::person(account, visit.address).did(Action::MemberJoined).on(Target::Account(account));
    audit::append(cx, &mut tx, joined.within(tenant.id).about(roles)).await?;
    tx.commit().await?;
    Ok(tenant)
}

/// Makes the account a member by a spent invitation; says why not when that is the end of the invitation. When there is no
/// room, or no such role any more, nothing is spent.
async fn enter(
    cx: &Context,
    tx: &mut Transaction,
    tenant: &Tenant,
    account: AccountId,
    invited: &Invited,
) -> Result<Option<AcceptDenied>, Refusal<AcceptDenied>> {
    if !is_vouched_for(cx, tx, invited).await? {
        return Ok(Some(AcceptDenied::LinkSpent));
    }
    if tenants::standing_in(cx, tx, tenant.id, account).await?.is_some() {
        return Ok(Some(AcceptDenied::Tenant(TenantDenied::AlreadyMember)));
    }
    let roles = OwnRoles::new(invited.roles.clone());
    let joined = tenants::join(cx, tx, tenant.id, account, &roles, Join::Themselves).await;
    joined.map_err(|refusal| refusal.map(AcceptDenied::Tenant))?;
    Ok(None)
}

async fn find(cx: &Context, token: &Token<Invitation>) -> Result<Invited, Refusal<AcceptDenied>> {
    store::find(&cx.db, &token.digest(), working(cx)).await?.ok_or_else(|| {
        cx.metrics.link_refused("invitation");
        spent()
    })
}

/// Records that somebody came with a link of ours that works no more, and takes it away: whoever comes with it again is
/// only counted.
async fn record_void(
    cx: &Context,
    account: AccountId,
    token: &Token<Invitation>,
    visit: &Visit,
) -> Result<(), Refusal<AcceptDenied>> {
    let digest = token.digest();
    if !store::is_known(&cx.db, &digest).await? {
        return Ok(());
    }
    let mut tx = cx.db.begin(Durability::Relaxed).await?;
    let Some(invited) = store::unlink(&mut tx, &digest).await? else { return Ok(()) };
    audit::append(cx, &mut tx, refused(account, &invited, visit)).await?;
    Ok(tx.commit().await?)
}

/// Records that somebody came with the link of another address, which stays: once for each account, and then it is only
/// counted.
async fn record_once(
    cx: &Context,
    tx: &mut Transaction,
    account: AccountId,
    invited: &Invited,
    visit: &Visit,
) -> Result<(), Fault> {
    let whose = format!("{} {account}", invited.id);
    if attempts::is_first_of_a_day(cx, tx, ("foreign invitation", &whose)).await? {
        audit::append(cx, tx, refused(account, invited, visit)).await?;
    }
    Ok(())
}

fn refused(account: AccountId, invited: &Invited, visit: &Visit) -> Event {
    let event = By::person(account, visit.address).did(Action::InvitationAccepted);
    event.on(Target::Invitation(invited.id)).within(invited.tenant).denied()
}

fn spent() -> Refusal<AcceptDenied> {
    Refusal::Denied(AcceptDenied::LinkSpent)
}

/// The expiries of links that work now.
pub(super) fn working(cx: &Context) -> Working {
    Working::now(cx, cx.settings.invitations.lifetime)
}
