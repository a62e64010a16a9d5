//! Who belongs to a tenant, in which roles; giving and taking them.

use std::collections::HashMap;

use doorward_core::AccountId;
use serde_json::{Value, json};

use super::{flow, flow::ActDenied, place::Place, rules};
use crate::{
    access::own::{MembersManage, MembersRead},
    accounts::{self, Account},
    base::render::{day, page},
    context::Context,
    error::{Fault, Refusal},
    guard::{
        Cursor, Denial, Field, Fields, Input, Listing, Member, Problem, Refused, Reply, Routes, Viewer, input, number,
        numbered, page_size, paged,
    },
    policy::{OwnRoles, Policy},
    tenants::{self, TenantDenied},
};

pub(super) fn routes(routes: &mut Routes) {
    routes.get("/tenants/{tenant}/members", list, "Lists the members, in the order in which they joined.");
    routes.get("/tenants/{tenant}/members/{account}", show, "Shows one member, with the form for their roles.");
    routes.post("/tenants/{tenant}/members/{account}/roles", change, "Gives a member exactly these roles.");
    routes.post("/tenants/{tenant}/members/{account}/remove", remove, "Removes a member.");
    routes.delete("/tenants/{tenant}/members/{account}", remove, "The same for programs.");
}

page! {
    /// Who belongs to a tenant.
    #[derive(askama::Template)]
    MembersPage in "tenant_page/members.html" { place: Place, members: Vec<Shown>, next: String }
}

page! {
    /// One member.
    #[derive(askama::Template)]
    MemberPage in "tenant_page/member.html" { place: Place, member: Shown, choices: Vec<Choice>, kept: Vec<String> }
}

/// A member as people see them.
pub(crate) struct Shown {
    id: String,
    email: String,
    name: String,
    roles: Vec<String>,
    joined: String,
    joined_at: i64,
    is_disabled: bool,
    is_self: bool,
}

impl MemberPage {
    /// The page's own path, without the base.
    fn here(&self) -> String {
        format!("{}/{}", self.place.path("/members"), self.member.id)
    }
}

/// A role that whoever looks may give or take.
pub(crate) struct Choice {
    name: String,
    about: String,
    is_held: bool,
}

input! {
    Paged {
        cursor [optional]: "Where the page begins; `next` of the one before.",
        limit [optional]: "How many members, 1 to 100.",
    }
}

input! {
    One { account: "The member's account." }
}

/// Which roles a member is to have.
struct Roles {
    account: String,
    roles: String,
    ticked: Vec<(String, zeroize::Zeroizing<String>)>,
}

impl Input for Roles {
    const FIELDS: &'static [Field] = &[
        Field { name: "account", doc: "The member's account.", required: true },
        Field { name: "roles", doc: "Names of roles, with commas between.", required: false },
    ];
    const FAMILY: Option<&'static str> = Some(TICKED);

    fn take(fields: &mut Fields) -> Self {
        Self {
            account: fields.take("account").to_string(),
            roles: fields.take("roles").to_string(),
            ticked: fields.take_family(TICKED),
        }
    }
}

/// How the names of the form's fields begin: one for each role that is ticked.
const TICKED: &str = "role_";

async fn list(member: Member<MembersRead>, input: Paged) -> Result<Reply, Refused> {
    let (cx, place) = (member.cx(), Place::of(&member).await?);
    let limit = page_size(&input.limit)?;
    let list = Listing::new("members", Viewer::Account(member.account())).with("tenant", Some(&place.id));
    let after = Cursor::read(cx, &list, &input.cursor)?.map_or(0, number);
    let found = tenants::members(&cx.db, member.tenant(), after, i64::from(limit) + 1).await?;
    let (found, next) = paged(cx, &list, found, limit, |member| numbered(member.number));
    let members = shown(cx, found, member.account()).await?;
    let body = json!({ "members": members.iter().map(Shown::json).collect::<Vec<_>>(), "next": next });
    Ok(Reply::page(&body, MembersPage { place, members, next: next.unwrap_or_default() }))
}

async fn show(member: Member<MembersRead>, input: One) -> Result<Reply, Refused> {
    let place = Place::of(&member).await?;
    let page = member_page(&member, place, account(&input.account)?).await?;
    Ok(Reply::page(&page.member.json(), page))
}

async fn change(member: Member<MembersManage>, input: Roles) -> Result<Reply, Refused> {
    let (cx, whom) = (member.cx(), account(&input.account)?);
    let roles = match rules::roles(&input.roles, &input.ticked) {
        Ok(roles) => roles,
        Err(problem) => return Err(on_page(&member, whom, problem.into()).await),
    };
    let acts = (member.authorized(), member.proved_at());
    if let Err(refusal) = flow::change_roles(cx, acts, whom, &roles, &member.visit()).await {
        return Err(refused(&member, whom, refusal).await);
    }
    let path = format!("{}/tenants/{}/members/{whom}?done=roles-changed", cx.site.base, member.slug());
    Ok(Reply::done(&json!({ "roles": roles.iter().map(ToString::to_string).collect::<Vec<_>>() }), path))
}

async fn remove(member: Member<MembersManage>, input: One) -> Result<Reply, Refused> {
    let (cx, whom) = (member.cx(), account(&input.account)?);
    let acts = (member.authorized(), member.proved_at());
    if let Err(refusal) = flow::remove(cx, acts, whom, &member.visit()).await {
        return Err(refused(&member, whom, refusal).await);
    }
    let path = if whom == member.account() {
        format!("{}/tenants?done=tenant-left", cx.site.base)
    } else {
        format!("{}/tenants/{}/members?done=member-removed", cx.site.base, member.slug())
    };
    Ok(Reply::done(&json!({ "removed": true }), path))
}

/// Leads to the proof that is missing, or shows the member again with what was wrong.
async fn refused(member: &Member<MembersManage>, whom: AccountId, refusal: Refusal<ActDenied>) -> Refused {
    match refusal {
        Refusal::Denied(denied) if denied.wants_proof() => member.to_be_proved(),
        Refusal::Denied(denied) => on_page(member, whom, denied.problem().into()).await,
        Refusal::Fault(fault) => fault.into(),
    }
}

/// Puts a refusal on the page that its form stands on, where whoever sent it may still see that.
async fn on_page(member: &Member<MembersManage>, whom: AccountId, refused: Refused) -> Refused {
    let Ok(place) = Place::of(member).await else { return refused };
    if !place.may("members:read") {
        return refused;
    }
    match member_page(member, place, whom).await {
        Ok(page) => refused.page(page),
        Err(_) => refused,
    }
}

async fn member_page<P: crate::Permission>(
    member: &Member<P>,
    place: Place,
    whom: AccountId,
) -> Result<MemberPage, Refused> {
    let cx = member.cx();
    let nobody = || TenantDenied::NoSuchMember.problem();
    let found = tenants::find_member(&cx.db, member.tenant(), whom).await?.ok_or_else(nobody)?;
    let held = OwnRoles::new(found.roles.clone());
    let (choices, kept) = choices(cx.policy(), member.authorized().roles(), &held);
    let shown = shown(cx, vec![found], member.account()).await?.pop().ok_or_else(nobody)?;
    Ok(MemberPage { place, member: shown, choices, kept })
}

/// The roles that somebody with the roles `own` may give and take, and those of the member that they may not.
fn choices(policy: &Policy, own: &OwnRoles, held: &OwnRoles) -> (Vec<Choice>, Vec<String>) {
    let given = policy.gives(own);
    let about = policy.roles();
    let about = about.iter().filter(|role| given.contains(&role.name)).map(|role| Choice {
        name: role.name.to_string(),
        about: role.about.clone(),
        is_held: held.has(&role.name),
    });
    // A role that the policy has forgotten holds nothing; it is shown, so that it can be taken away.
    let forgotten = held.iter().filter(|role| !policy.knows(role)).map(|role| Choice {
        name: role.to_string(),
        about: "This role is not defined any more and allows nothing.".to_owned(),
        is_held: true,
    });
    let kept = held.iter().filter(|role| policy.knows(role) && !given.contains(role));
    (about.chain(forgotten).collect(), kept.map(ToString::to_string).collect())
}

/// Adds what accounts say about their people to memberships.
async fn shown(cx: &Context, found: Vec<tenants::Member>, viewer: AccountId) -> Result<Vec<Shown>, Fault> {
    let ids: Vec<_> = found.iter().map(|member| member.account).collect();
    let accounts = accounts::by_ids(&cx.db, &ids).await?;
    let accounts: HashMap<AccountId, Account> = accounts.into_iter().map(|account| (account.id, account)).collect();
    // Whoever was deleted a moment ago is left out, as the next look will.
    let known = found.into_iter().filter_map(|member| accounts.get(&member.account).map(|account| (member, account)));
    Ok(known
        .map(|(member, account)| Shown {
            id: account.id.to_string(),
            email: account.email.to_string(),
            name: account.name.clone(),
            roles: member.roles.iter().map(ToString::to_string).collect(),
            joined: day(member.joined_at),
            joined_at: member.joined_at.as_secs(),
            is_disabled: account.disabled_at.is_some(),
            is_self: account.id == viewer,
        })
        .collect())
}

/// Says the same of what is no account and of one that does not belong here.
fn account(text: &str) -> Result<AccountId, Problem> {
    text.parse().map_err(|_| TenantDenied::NoSuchMember.problem())
}

impl Shown {
    /// What programs learn of a member. The time is in seconds since the epoch.
    fn json(&self) -> Value {
        json!({
            "account": self.id, "email": self.email, "name": self.name, "roles": self.roles, "joined_at": self.joined_at,
            "disabled": self.is_disabled,
        })
    }
}
