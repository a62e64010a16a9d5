//! The invitations of a tenant, and `GET` and `POST /invitations/accept`.

use std::time::Duration;

use doorward_core::{EmailAddress, Invitation, InvitationId, RoleName, Token};
use serde_json::{Value, json};

use super::{
    flow,
    rules::{AcceptDenied, InviteDenied, Invited},
    store,
};
use crate::{
    access::own::MembersInvite,
    accounts,
    base::render::{ago, page, spoken},
    error::{Fault, Refusal},
    guard::{
        Cursor, Denial, Listing, Member, OrPage, Person, Problem, Refused, Reply, Routes, Viewer, input, page_size,
        paged,
    },
    policy::OwnRoles,
    tenant_page::ActDenied,
    tenants::{self, Named, TenantDenied},
};

pub(crate) fn routes(routes: &mut Routes) {
    routes.get("/tenants/{tenant}/invitations", list, "Lists who is invited to the tenant, newest first, in pages.");
    routes.post("/tenants/{tenant}/invitations", invite, "Invites an address to the tenant by a letter with a link.");
    routes.post(
        "/tenants/{tenant}/invitations/{id}/resend",
        resend,
        "Sends the letter once more, with a link of its own.",
    );
    routes.delete("/tenants/{tenant}/invitations/{id}", revoke, "Takes an invitation back: its link works no more.");
    routes.post("/tenants/{tenant}/invitations/{id}/revoke", revoke, "The same for a form.");
    routes.get("/invitations/accept", offer, "Shows what somebody with a link is invited to.");
    routes.post(
        "/invitations/accept",
        accept,
        "Spends the link and makes the account of the invited address a member.",
    );
}

input! {
    Paged {
        cursor [optional]: "Where the page begins: `next` of the page before.",
        limit [optional]: "Invitations on a page, 1 to 100; 50 when absent.",
    }
}

input! {
    Invite {
        email: "The address to invite.",
        roles: "The roles that go with it, with commas between.",
    }
}

input! {
    One { id: "The invitation's id." }
}

input! {
    Link { token: "The token of the link." }
}

/// One invitation as a page shows it.
pub(crate) struct Line {
    pub(crate) id: InvitationId,
    pub(crate) email: String,
    pub(crate) roles: String,
    pub(crate) sent: String,
    pub(crate) by: String,
    /// How long its link still works; `None` when it does not any more.
    pub(crate) ends: Option<String>,
}

page! {
    /// Who is invited, and the form to invite somebody.
    #[derive(askama::Template)]
    InvitationsPage in "invitations/invitations.html" {
        tenant: String,
        slug: String,
        lines: Vec<Line>,
        next: Option<String>,
        choices: Vec<(RoleName, String)>,
        email: String,
        role: String,
    }
}

page! {
    /// What somebody is invited to, with the button that accepts.
    #[derive(askama::Template)]
    AcceptPage in "invitations/accept.html" {
        tenant: String,
        inviter: Option<EmailAddress>,
        roles: String,
        address: EmailAddress,
        token: String,
    }
}

page! {
    /// What is shown to an account that the invitation is not for.
    #[derive(askama::Template)]
    OtherPage in "invitations/other.html" { address: EmailAddress }
}

page! {
    /// What is shown for a link that does not work any more.
    #[derive(askama::Template)]
    SpentPage in "invitations/spent.html" {}
}

/// A page of the list.
struct Shown {
    invited: Vec<Invited>,
    /// The addresses of those who have sent them; `None` for an operator.
    by: Vec<Option<EmailAddress>>,
    next: Option<String>,
}

async fn list(member: Member<MembersInvite>, input: Paged) -> Result<Reply, Refused> {
    let shown = shown(&member, &input.cursor, page_size(&input.limit)?).await?;
    let working = flow::working(member.cx());
    let entries: Vec<Value> = shown
        .invited
        .iter()
        .zip(&shown.by)
        .map(|(invited, by)| {
            json!({
                "id": invited.id.to_string(),
                "email": invited.email.as_str(),
                "roles": names(&invited.roles),
                "invited_by": by.as_ref().map(EmailAddress::as_str),
                "created_at": invited.created_at.as_secs(),
                "expires_at": invited.expires_at.as_secs(),
                "expired": !invited.waits(working),
            })
        })
        .collect();
    let json = json!({ "invitations": entries, "next": shown.next });
    Ok(Reply::page(&json, filled(&member, shown, "", "").await?))
}

async fn invite(member: Member<MembersInvite>, input: Invite) -> Result<Reply, Refused> {
    match try_to_invite(&member, &input).await {
        Err(refused) if refused.is_code(ActDenied::TO_BE_PROVED) => Err(member.to_be_proved()),
        Ok(id) => {
            let json = json!({ "invited": true, "id": id.to_string() });
            Ok(Reply::done(&json, back(&member, "invitation-sent")))
        }
        Err(refused) => {
            let shown = shown(&member, "", page_size("")?).await?;
            Err(refused.page(filled(&member, shown, &input.email, &input.roles).await?))
        }
    }
}

async fn try_to_invite(member: &Member<MembersInvite>, input: &Invite) -> Result<InvitationId, Refused> {
    let email = EmailAddress::parse(&input.email)?;
    let roles: Result<Vec<RoleName>, _> =
        input.roles.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::parse).collect();
    let roles = OwnRoles::new(roles.map_err(|_| TenantDenied::UnknownRole.problem())?);
    let by = (member.authorized(), member.proved_at());
    Ok(flow::invite_as(member.cx(), by, &email, &roles, &member.visit()).await?)
}

async fn resend(member: Member<MembersInvite>, input: One) -> Result<Reply, Refused> {
    let by = (member.authorized(), member.proved_at());
    flow::resend_as(member.cx(), by, id(&input)?, &member.visit()).await.map_err(|refusal| match refusal {
        Refusal::Denied(InviteDenied::Act(denied)) if denied.wants_proof() => member.to_be_proved(),
        other => other.into(),
    })?;
    Ok(Reply::done(&json!({ "resent": true }), back(&member, "invitation-resent")))
}

async fn revoke(member: Member<MembersInvite>, input: One) -> Result<Reply, Refused> {
    flow::revoke_as(member.cx(), member.authorized(), id(&input)?, &member.visit()).await?;
    Ok(Reply::done(&json!({ "revoked": true }), back(&member, "invitation-revoked")))
}

async fn offer(person: Person, input: Link) -> Result<Reply, Refused> {
    let token = parse(&input.token).or_page(|| SpentPage {})?;
    let address = &person.profile().email;
    let offer = match flow::peek(person.cx(), address, &token).await {
        Ok(offer) => offer,
        Err(refusal) => return Err(on_its_page(refusal, address)),
    };
    let json = json!({
        "tenant": { "id": offer.tenant.id.to_string(), "slug": offer.tenant.slug.as_str(), "name": offer.tenant.name },
        "invited_by": offer.inviter.as_ref().map(EmailAddress::as_str),
        "roles": names(&offer.roles),
        "csrf_token": person.csrf_token(),
    });
    let page = AcceptPage {
        tenant: offer.tenant.name,
        inviter: offer.inviter,
        roles: names(&offer.roles).join(", "),
        address: address.clone(),
        token: input.token.to_string(),
    };
    Ok(Reply::page(&json, page))
}

async fn accept(person: Person, input: Link) -> Result<Reply, Refused> {
    let token = parse(&input.token).or_page(|| SpentPage {})?;
    let accepted = flow::accept(person.cx(), person.account(), &token, &person.visit()).await;
    let tenant = accepted.map_err(|refusal| on_its_page(refusal, &person.profile().email))?;
    let json = json!({
        "joined": true,
        "tenant": { "id": tenant.id.to_string(), "slug": tenant.slug.as_str(), "name": tenant.name },
    });
    Ok(Reply::done(&json, format!("{}/tenants/{}?done=joined", person.cx().site.base, tenant.slug)))
}

/// The refusal on the page that tells somebody with this address what to do now.
fn on_its_page(refusal: Refusal<AcceptDenied>, address: &EmailAddress) -> Refused {
    match &refusal {
        Refusal::Denied(AcceptDenied::LinkSpent) => Refused::from(refusal).page(SpentPage {}),
        Refusal::Denied(AcceptDenied::NotYours) => Refused::from(refusal).page(OtherPage { address: address.clone() }),
        _ => refusal.into(),
    }
}

async fn shown(member: &Member<MembersInvite>, cursor: &str, limit: u32) -> Result<Shown, Refused> {
    let (cx, tenant) = (member.cx(), member.tenant());
    let listing = Listing::new("invitations", Viewer::Account(member.account()));
    let listing = listing.with("tenant", Some(&tenant.id().to_string()));
    let before = Cursor::read(cx, &listing, cursor)?.map(InvitationId::from_bytes);
    let invited = store::list(&cx.db, tenant, before, i64::from(limit) + 1).await?;
    let (invited, next) = paged(cx, &listing, invited, limit, |one| *one.id.as_bytes());
    let ids: Vec<_> = invited.iter().filter_map(|one| one.invited_by).collect();
    let accounts = accounts::by_ids(&cx.db, &ids).await?;
    let address = |one: &Invited| {
        let account = accounts.iter().find(|account| Some(account.id) == one.invited_by);
        account.map(|account| account.email.clone())
    };
    Ok(Shown { by: invited.iter().map(address).collect(), invited, next })
}

async fn filled(
    member: &Member<MembersInvite>,
    shown: Shown,
    email: &str,
    role: &str,
) -> Result<InvitationsPage, Refused> {
    let cx = member.cx();
    let named = Named::Id(member.tenant().id());
    let tenant = tenants::by_name(&cx.db, &named).await?;
    let tenant = tenant.ok_or_else(|| Fault::new("showing a tenant's invitations", "it was deleted just now"))?;
    let (working, now) = (flow::working(cx), cx.clock.now());
    let line = |(one, by): (Invited, Option<EmailAddress>)| Line {
        ends: one.waits(working).then(|| spoken(whole_hours(one.expires_at.since(now)))),
        roles: names(&one.roles).join(", "),
        sent: ago(one.created_at, now),
        by: by.map_or_else(|| "an operator".to_owned(), |by| by.to_string()),
        id: one.id,
        email: one.email.to_string(),
    };
    let own = member.authorized().roles();
    let choices = cx.policy().roles().into_iter().filter(|role| cx.policy().may_give(own, &role.name));
    Ok(InvitationsPage {
        tenant: tenant.name,
        slug: tenant.slug.to_string(),
        lines: shown.invited.into_iter().zip(shown.by).map(line).collect(),
        next: shown.next,
        choices: choices.map(|role| (role.name, role.about)).collect(),
        email: email.to_owned(),
        role: role.to_owned(),
    })
}

fn back(member: &Member<MembersInvite>, done: &str) -> String {
    format!("{}/tenants/{}/invitations?done={done}", member.cx().site.base, member.slug())
}

/// Rounded up to hours where there is more than one: a link that was just made works for another three days, and not for two.
fn whole_hours(span: Duration) -> Duration {
    let hour = 3600;
    match span.as_secs() {
        0..3600 => span,
        secs => Duration::from_secs(secs.div_ceil(hour) * hour),
    }
}

fn names(roles: &[RoleName]) -> Vec<&str> {
    roles.iter().map(RoleName::as_str).collect()
}

/// Says the same of an invitation that is not there, of another tenant's and of what is no name at all.
fn id(input: &One) -> Result<InvitationId, Problem> {
    input.id.parse().map_err(|_| InviteDenied::NoSuchInvitation.problem())
}

fn parse(text: &str) -> Result<Token<Invitation>, Problem> {
    Token::parse(text).ok_or_else(|| AcceptDenied::LinkSpent.problem())
}
