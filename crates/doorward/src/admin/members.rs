//! The members of a tenant, as operators see and change them.

use doorward_core::{AccountId, EmailAddress, RoleName};
use serde_json::{Value, json};

use super::{
    flow::{nav, on_page, repeated},
    rules::{Nav, account_id, roles, stamp},
    tenants::{self as panel, Typed},
};
use crate::{
    accounts,
    base::render::page,
    error::Refusal,
    guard::{Cursor, Listing, Operator, Refused, Reply, Routes, Viewer, input, number, numbered, paged},
    operator::{MemberOf, named_members, tenants as acts},
    operators::{
        Power,
        power::{TenantsManage, TenantsRead},
    },
    tenants::{self, Entitlement, Tenant, TenantDenied},
};

pub(super) fn routes(routes: &mut Routes) {
    routes.post("/admin/tenants/{tenant}/members", add, "Makes the account with an address a member.");
    routes.get("/admin/tenants/{tenant}/members/{account}", show, "Shows a member with the forms to change them.");
    routes.post("/admin/tenants/{tenant}/members/{account}/roles", set_roles, "Gives a member other roles.");
    routes.post("/admin/tenants/{tenant}/members/{account}/remove", remove, "Takes a member out of a tenant.");
}

page! {
    /// One member.
    #[derive(askama::Template)]
    MemberPage in "admin/member.html" {
        nav: Nav,
        slug: String,
        tenant: String,
        member: Row,
        entitlements: Vec<(String, String)>,
        roles: String,
        plans: String,
        typed: Typed,
    }
}

/// A line in the list of members.
pub(crate) struct Row {
    pub(crate) account: String,
    pub(crate) email: String,
    pub(crate) name: String,
    pub(crate) roles: String,
    pub(crate) joined: String,
}

input! {
    Joining {
        tenant: "The tenant's slug or id.",
        email: "The address of an account.",
        roles: "Names of roles, with commas between.",
    }
}

input! {
    Named { tenant: "The tenant's slug or id.", account: "The id of the member's account." }
}

input! {
    Roles {
        tenant: "The tenant's slug or id.",
        account: "The id of the member's account.",
        roles: "The names of all roles that the member is to have, with commas between.",
    }
}

/// A page of members, and where the next one begins.
pub(super) async fn page_of<P>(
    operator: &Operator<P>,
    tenant: &Tenant,
    cursor: &str,
    limit: u32,
) -> Result<(Vec<MemberOf>, Option<String>), Refused> {
    let cx = operator.cx();
    let list = Listing::new("members", Viewer::Operator).with("tenant", Some(&tenant.id.to_string()));
    let after = Cursor::read(cx, &list, cursor)?.map_or(0, number);
    let found = tenants::members(&cx.db, tenant.for_an_operator(), after, i64::from(limit) + 1).await?;
    let (found, next) = paged(cx, &list, found, limit, |member| numbered(member.number));
    Ok((named_members(cx, found).await?, next))
}

async fn add(operator: Operator<TenantsManage>, input: Joining) -> Result<Reply, Refused> {
    let cx = operator.cx();
    let tenant = panel::tenant(&operator, &input.tenant).await?;
    let added = async {
        let email = EmailAddress::parse(&input.email)?;
        let account = accounts::by_email(&cx.db, &email).await?.ok_or_else(panel::nobody)?.id;
        acts::add_member(cx, operator.by(), (tenant.id, account), &roles(&input.roles)?).await?;
        Ok::<_, Refused>(account)
    };
    match added.await {
        Ok(account) => {
            let json = json!({ "account": account.to_string() });
            Ok(panel::done(&operator, &tenant, &json, "member-added"))
        }
        Err(refused) => {
            let typed = Typed { email: repeated(&input.email), roles: repeated(&input.roles), ..Typed::default() };
            Err(panel::on_own_page(&operator, &tenant, typed, refused).await)
        }
    }
}

async fn show(operator: Operator<TenantsRead>, input: Named) -> Result<Reply, Refused> {
    let tenant = panel::tenant(&operator, &input.tenant).await?;
    let member = member(&operator, &tenant, &input.account).await?;
    let json = entry(&member);
    Ok(Reply::page(&json, member_page(&operator, &tenant, member).await?))
}

async fn set_roles(operator: Operator<TenantsManage>, input: Roles) -> Result<Reply, Refused> {
    let tenant = panel::tenant(&operator, &input.tenant).await?;
    let account = account_id(&input.account)?;
    let changed = async {
        let roles = roles(&input.roles)?;
        acts::set_member_roles(operator.cx(), operator.by(), (tenant.id, account), &roles).await?;
        Ok::<_, Refused>(roles)
    };
    match changed.await {
        Ok(roles) => {
            let names: Vec<&str> = roles.iter().map(RoleName::as_str).collect();
            Ok(done(&operator, &tenant, account, &json!({ "roles": names }), "roles-changed"))
        }
        Err(refused) => {
            let typed = |before| Typed { roles: repeated(&input.roles), ..before };
            Err(on_own_page(&operator, &tenant, account, typed, refused).await)
        }
    }
}

/// Puts a refusal on the page of a member, with what was typed there.
pub(super) async fn on_own_page<P>(
    operator: &Operator<P>,
    tenant: &Tenant,
    account: AccountId,
    typed: impl FnOnce(Typed) -> Typed,
    refused: Refused,
) -> Refused {
    let page = async {
        let member = member(operator, tenant, &account.to_string()).await?;
        let page = member_page(operator, tenant, member).await?;
        Ok(MemberPage { typed: typed(page.typed), ..page })
    };
    on_page(operator, TenantsRead::NAME, refused, page).await
}

async fn remove(operator: Operator<TenantsManage>, input: Named) -> Result<Reply, Refused> {
    let tenant = panel::tenant(&operator, &input.tenant).await?;
    let account = account_id(&input.account)?;
    acts::remove_member(operator.cx(), operator.by(), (tenant.id, account)).await?;
    Ok(panel::done(&operator, &tenant, &json!({ "removed": true }), "member-removed"))
}

async fn member<P>(operator: &Operator<P>, tenant: &Tenant, account: &str) -> Result<MemberOf, Refused> {
    let cx = operator.cx();
    let nobody = || Refused::from(Refusal::Denied(TenantDenied::NoSuchMember));
    let account: AccountId = account.parse().map_err(|_| nobody())?;
    let found = tenants::find_member(&cx.db, tenant.for_an_operator(), account).await?;
    let found = named_members(cx, found.into_iter().collect()).await?;
    found.into_iter().next().ok_or_else(nobody)
}

async fn member_page<P>(operator: &Operator<P>, tenant: &Tenant, member: MemberOf) -> Result<MemberPage, Refused> {
    let policy = operator.cx().policy();
    let roles: Vec<String> = policy.roles().iter().map(|role| role.name.to_string()).collect();
    let plans: Vec<String> = policy.plans().map(|(plan, _)| plan.to_string()).collect();
    let entitlements = member.member.entitlements.iter().map(panel::written).collect();
    let member = Row::of(member);
    Ok(MemberPage {
        nav: nav(operator, "tenants").await?,
        slug: tenant.slug.to_string(),
        tenant: tenant.name.clone(),
        entitlements,
        typed: Typed { roles: member.roles.clone(), ..Typed::default() },
        member,
        roles: roles.join(", "),
        plans: plans.join(", "),
    })
}

pub(super) fn done<P>(operator: &Operator<P>, tenant: &Tenant, account: AccountId, json: &Value, code: &str) -> Reply {
    let base = operator.cx().site.base;
    Reply::done(json, format!("{base}/admin/tenants/{}/members/{account}?done=console-{code}", tenant.slug))
}

/// One member as programs see them. Times are seconds since the epoch.
pub(super) fn entry(one: &MemberOf) -> Value {
    let roles: Vec<&str> = one.member.roles.iter().map(RoleName::as_str).collect();
    let entitlements = one.member.entitlements.iter().map(entitled).collect::<Vec<_>>();
    json!({
        "account": one.member.account.to_string(),
        "email": one.email.as_str(),
        "name": one.name,
        "roles": roles,
        "entitlements": entitlements,
        "joined_at": one.member.joined_at.as_secs(),
    })
}

/// One entitlement as programs see it.
pub(super) fn entitled(one: &Entitlement) -> Value {
    json!({ "plan": one.plan.as_str(), "until": one.until.as_secs() })
}

impl Row {
    pub(super) fn of(one: MemberOf) -> Self {
        let roles: Vec<&str> = one.member.roles.iter().map(RoleName::as_str).collect();
        Self {
            account: one.member.account.to_string(),
            email: one.email.to_string(),
            name: one.name,
            roles: roles.join(", "),
            joined: stamp(one.member.joined_at),
        }
    }
}
