//! Tenants: finding one, making one, and what may be done to it as a whole.

use doorward_core::{AccountId, EmailAddress, PlanName, Slug, Timestamp};
use serde_json::{Value, json};

use super::{
    flow::{ConfirmPage, nav, next_page, on_page, repeated},
    members,
    rules::{AdminDenied, Nav, account_id, beginning, moment, stamp},
};
use crate::{
    accounts,
    base::render::page,
    error::Refusal,
    guard::{
        Cursor, Denial, Listing, Operator, OrPage, Problem, Refused, Reply, Routes, Viewer, input, number, numbered,
        page_size, paged,
    },
    operator::tenants as acts,
    operators::{
        Power,
        power::{EntitlementsManage, TenantsManage, TenantsRead},
    },
    tenants::{self, Entitlement, Tenant, TenantDenied},
};

pub(super) fn routes(routes: &mut Routes) {
    routes.get("/admin/tenants", list, "Lists tenants, newest first, or those whose slug or name begins so.");
    routes.post("/admin/tenants", create, "Makes a tenant, with an owner when one is named.");
    routes.get("/admin/tenants/{tenant}", show, "Shows a tenant with a page of its members.");
    routes.get("/admin/tenants/{tenant}/suspend", ask_suspend, "Asks before a tenant is suspended.");
    routes.post("/admin/tenants/{tenant}/suspend", suspend, "Closes a tenant to its members for the time being.");
    routes.post("/admin/tenants/{tenant}/resume", resume, "Opens a suspended tenant again.");
    routes.get("/admin/tenants/{tenant}/delete", ask_delete, "Asks before a tenant is closed to be deleted.");
    routes.post("/admin/tenants/{tenant}/delete", delete, "Closes a tenant, to be deleted when its waiting is over.");
    routes.post("/admin/tenants/{tenant}/restore", restore, "Keeps a tenant that waits to be deleted.");
    routes.post("/admin/tenants/{tenant}/entitle", entitle, "Entitles a member, or all of a tenant, to a plan.");
}

page! {
    /// The list of tenants.
    #[derive(askama::Template)]
    TenantsPage in "admin/tenants.html" {
        nav: Nav,
        search: String,
        rows: Vec<Row>,
        next: Option<String>,
        typed: Typed,
    }
}

page! {
    /// One tenant.
    #[derive(askama::Template)]
    TenantPage in "admin/tenant.html" {
        nav: Nav,
        tenant: Row,
        id: String,
        suspended: Option<String>,
        deleted: Option<String>,
        open_role: String,
        entitlements: Vec<(String, String)>,
        members: Vec<members::Row>,
        next: Option<String>,
        roles: String,
        plans: String,
        typed: Typed,
    }
}

/// A line in the list of tenants.
pub(crate) struct Row {
    pub(crate) slug: String,
    pub(crate) name: String,
    pub(crate) state: &'static str,
    pub(crate) created: String,
}

/// What was typed into a form that was refused.
#[derive(Default)]
pub(crate) struct Typed {
    pub(crate) slug: String,
    pub(crate) name: String,
    pub(crate) email: String,
    pub(crate) roles: String,
    pub(crate) plan: String,
    pub(crate) until: String,
}

input! {
    Search {
        search [optional]: "What the slug or the name begins with.",
        cursor [optional]: "Where the page begins: the `next` of the page before it.",
        limit [optional]: "How many lines, 1 to 100; 50 when it is empty.",
    }
}

input! {
    Creation {
        slug: "The name in addresses.",
        name: "The name for people, up to 100 characters.",
        email [optional]: "The address of the account that is to own it; empty for nobody yet.",
    }
}

input! {
    Named { tenant: "The tenant's slug or id." }
}

input! {
    MembersOf {
        tenant: "The tenant's slug or id.",
        cursor [optional]: "Where the page of members begins: the `next` of the page before it.",
        limit [optional]: "How many members, 1 to 100; 50 when it is empty.",
    }
}

input! {
    Confirmed {
        tenant: "The tenant's slug or id.",
        slug: "The tenant's slug once more, to confirm it.",
    }
}

input! {
    Entitling {
        tenant: "The tenant's slug or id.",
        account [optional]: "The id of the member; empty for all of the tenant.",
        plan: "The plan.",
        until: "Until when: a day, a moment as in RFC 3339, or seconds since the epoch. One that has passed ends it.",
    }
}

async fn list(operator: Operator<TenantsRead>, input: Search) -> Result<Reply, Refused> {
    let (json, page) = lines(&operator, &input).await?;
    Ok(Reply::page(&json, page))
}

async fn lines<P>(operator: &Operator<P>, input: &Search) -> Result<(Value, TenantsPage), Refused> {
    let cx = operator.cx();
    let (search, limit) = (beginning(&input.search)?, page_size(&input.limit)?);
    let list = Listing::new("tenants", Viewer::Operator).with("search", Some(&search));
    let before = Cursor::read(cx, &list, &input.cursor)?.map_or(i64::MAX, number);
    let found = tenants::list(&cx.db, &search.to_lowercase(), before, i64::from(limit) + 1).await?;
    let (found, next) = paged(cx, &list, found, limit, |tenant| numbered(tenant.number));
    let json = json!({ "tenants": found.iter().map(entry).collect::<Vec<_>>(), "next": next });
    let page = TenantsPage {
        nav: nav(operator, "tenants").await?,
        next: next_page("tenants", &[("search", &search), ("limit", &input.limit)], next.as_ref()),
        rows: found.iter().map(Row::of).collect(),
        search,
        typed: Typed::default(),
    };
    Ok((json, page))
}

async fn create(operator: Operator<TenantsManage>, input: Creation) -> Result<Reply, Refused> {
    match made(&operator, &input).await {
        Ok(slug) => {
            let way = format!("{}/admin/tenants/{slug}?done=console-tenant-created", operator.cx().site.base);
            Ok(Reply::done(&json!({ "slug": slug.as_str() }), way))
        }
        Err(refused) => {
            let first =
                Search { search: String::new().into(), cursor: String::new().into(), limit: String::new().into() };
            let typed = Typed {
                slug: repeated(&input.slug),
                name: repeated(&input.name),
                email: repeated(&input.email),
                ..Typed::default()
            };
            let page = async { lines(&operator, &first).await.map(|(_, page)| TenantsPage { typed, ..page }) };
            Err(on_page(&operator, TenantsRead::NAME, refused, page).await)
        }
    }
}

async fn made(operator: &Operator<TenantsManage>, input: &Creation) -> Result<Slug, Refused> {
    let cx = operator.cx();
    let shape = |_| Problem::field("slug", "slug_invalid", format!("An address is {}.", Slug::SHAPE));
    let slug: Slug = input.slug.parse().map_err(shape)?;
    let nameless = || Problem::field("name", "name_invalid", "A name has 1 to 100 characters.");
    let name = tenants::display_name(&input.name).ok_or_else(nameless)?;
    let owner = match input.email.as_str() {
        "" => None,
        email => Some(accounts::by_email(&cx.db, &EmailAddress::parse(email)?).await?.ok_or_else(nobody)?.id),
    };
    Ok(acts::create_tenant(cx, operator.by(), (slug, &name), owner).await?.slug)
}

/// There is no account with the address that was typed.
pub(super) fn nobody() -> Problem {
    Problem::field("email", "no_such_account", "There is no account with this address.")
}

async fn show(operator: Operator<TenantsRead>, input: MembersOf) -> Result<Reply, Refused> {
    let tenant = tenant(&operator, &input.tenant).await?;
    let (json, page) = read(&operator, &tenant, (&input.cursor, &input.limit)).await?;
    Ok(Reply::page(&json, page))
}

/// Everything that the page of a tenant shows.
pub(super) async fn read<P>(
    operator: &Operator<P>,
    tenant: &Tenant,
    (cursor, limit): (&str, &str),
) -> Result<(Value, TenantPage), Refused> {
    let cx = operator.cx();
    let (members, next) = members::page_of(operator, tenant, cursor, page_size(limit)?).await?;
    let mut json = entry(tenant);
    json["members"] = members.iter().map(members::entry).collect();
    json["next"] = json!(next);
    let names = |names: Vec<String>| names.join(", ");
    let policy = cx.policy();
    let page = TenantPage {
        nav: nav(operator, "tenants").await?,
        id: tenant.id.to_string(),
        suspended: tenant.suspended_at.map(stamp),
        deleted: tenant.delete_at.map(stamp),
        open_role: tenant.open_role.as_ref().map(ToString::to_string).unwrap_or_default(),
        entitlements: tenant.entitlements.iter().map(written).collect(),
        next: next_page(tenant.slug.as_str(), &[("limit", limit)], next.as_ref()),
        members: members.into_iter().map(members::Row::of).collect(),
        roles: names(policy.roles().iter().map(|role| role.name.to_string()).collect()),
        plans: names(policy.plans().map(|(plan, _)| plan.to_string()).collect()),
        tenant: Row::of(tenant),
        typed: Typed::default(),
    };
    Ok((json, page))
}

/// An entitlement as a page shows it.
pub(super) fn written(one: &Entitlement) -> (String, String) {
    (one.plan.to_string(), stamp(one.until))
}

async fn ask_suspend(operator: Operator<TenantsManage>, input: Named) -> Result<Reply, Refused> {
    let tenant = tenant(&operator, &input.tenant).await?;
    let says = vec![
        "At their next request its members are kept out, whatever their roles, until an operator opens it again."
            .to_owned(),
        "Nothing is removed. The people stay logged in, and go on in their other organisations.".to_owned(),
    ];
    let page = asking(&operator, &tenant, ("Suspend", "suspend", "Suspend it"), says).await?;
    Ok(Reply::page(&json!({ "tenant": entry(&tenant), "csrf_token": operator.csrf_token() }), page))
}

async fn suspend(operator: Operator<TenantsManage>, input: Named) -> Result<Reply, Refused> {
    let tenant = tenant(&operator, &input.tenant).await?;
    let changed = acts::suspend_tenant(operator.cx(), operator.by(), tenant.id).await?;
    Ok(done(&operator, &tenant, &json!({ "suspended": true, "changed": changed }), "tenant-suspended"))
}

async fn resume(operator: Operator<TenantsManage>, input: Named) -> Result<Reply, Refused> {
    let tenant = tenant(&operator, &input.tenant).await?;
    let changed = acts::resume_tenant(operator.cx(), operator.by(), tenant.id).await?;
    Ok(done(&operator, &tenant, &json!({ "suspended": false, "changed": changed }), "tenant-resumed"))
}

async fn ask_delete(operator: Operator<TenantsManage>, input: Named) -> Result<Reply, Refused> {
    let tenant = tenant(&operator, &input.tenant).await?;
    let page = delete_page(&operator, &tenant).await?;
    Ok(Reply::page(&json!({ "tenant": entry(&tenant), "csrf_token": operator.csrf_token() }), page))
}

async fn delete(operator: Operator<TenantsManage>, input: Confirmed) -> Result<Reply, Refused> {
    let tenant = tenant(&operator, &input.tenant).await?;
    if input.slug.trim() != tenant.slug.as_str() {
        let page = delete_page(&operator, &tenant).await?;
        return Err(AdminDenied::NotConfirmed.problem()).or_page(|| page);
    }
    let changed = acts::close_tenant(operator.cx(), operator.by(), tenant.id).await?;
    Ok(done(&operator, &tenant, &json!({ "closing": true, "changed": changed }), "tenant-closing"))
}

async fn delete_page<P>(operator: &Operator<P>, tenant: &Tenant) -> Result<ConfirmPage, Refused> {
    let waiting = crate::base::render::spoken(operator.cx().settings.tenants.waiting);
    let says = vec![
        "At their next request its members are kept out.".to_owned(),
        format!("After {waiting} it is deleted with everything that belongs to it. Until then it can be kept."),
    ];
    let page = asking(operator, tenant, ("Delete", "delete", "Delete it"), says).await?;
    Ok(ConfirmPage { typed: Some(tenant.slug.to_string()), ..page })
}

async fn restore(operator: Operator<TenantsManage>, input: Named) -> Result<Reply, Refused> {
    let tenant = tenant(&operator, &input.tenant).await?;
    let changed = acts::restore_tenant(operator.cx(), operator.by(), tenant.id).await?;
    Ok(done(&operator, &tenant, &json!({ "closing": false, "changed": changed }), "tenant-restored"))
}

async fn entitle(operator: Operator<EntitlementsManage>, input: Entitling) -> Result<Reply, Refused> {
    let tenant = tenant(&operator, &input.tenant).await?;
    let account = match input.account.as_str() {
        "" => None,
        id => Some(account_id(id)?),
    };
    let until = match entitled(&operator, &tenant, account, &input).await {
        Ok(until) => until,
        Err(refused) => {
            let typed = |before| Typed { plan: repeated(&input.plan), until: repeated(&input.until), ..before };
            return Err(match account {
                Some(account) => members::on_own_page(&operator, &tenant, account, typed, refused).await,
                None => on_own_page(&operator, &tenant, typed(Typed::default()), refused).await,
            });
        }
    };
    let code = if until <= operator.cx().clock.now() { "entitlement-ended" } else { "entitled" };
    let json = json!({ "until": until.as_secs() });
    Ok(match account {
        Some(account) => members::done(&operator, &tenant, account, &json, code),
        None => done(&operator, &tenant, &json, code),
    })
}

async fn entitled(
    operator: &Operator<EntitlementsManage>,
    tenant: &Tenant,
    account: Option<AccountId>,
    input: &Entitling,
) -> Result<Timestamp, Refused> {
    let unknown = |_| Problem::field("plan", "unknown_plan", "There is no such plan.");
    let endless = || Problem::field("until", "moment_invalid", "Say until when; a day that has passed ends it.");
    let plan: PlanName = input.plan.parse().map_err(unknown)?;
    let until = moment("until", &input.until)?.ok_or_else(endless)?;
    acts::entitle(operator.cx(), operator.by(), (tenant.id, account), Entitlement { plan, until }).await?;
    Ok(until)
}

/// Puts a refusal on the page of a tenant, with what was typed there.
pub(super) async fn on_own_page<P>(operator: &Operator<P>, tenant: &Tenant, typed: Typed, refused: Refused) -> Refused {
    let page = async { read(operator, tenant, ("", "")).await.map(|(_, page)| TenantPage { typed, ..page }) };
    on_page(operator, TenantsRead::NAME, refused, page).await
}

/// Reads a tenant by its slug or its id.
pub(super) async fn tenant<P>(operator: &Operator<P>, named: &str) -> Result<Tenant, Refused> {
    let nothing = || Refused::from(Refusal::Denied(TenantDenied::NoSuchTenant));
    let named = named.parse().map_err(|()| nothing())?;
    tenants::by_name(&operator.cx().db, &named).await?.ok_or_else(nothing)
}

/// The page that asks before an act.
async fn asking<P>(
    operator: &Operator<P>,
    tenant: &Tenant,
    (heading, act, label): (&str, &str, &'static str),
    says: Vec<String>,
) -> Result<ConfirmPage, Refused> {
    Ok(ConfirmPage {
        nav: nav(operator, "tenants").await?,
        heading: format!("{heading} {}?", tenant.name),
        says,
        action: format!("admin/tenants/{}/{act}", tenant.slug),
        label,
        back: format!("admin/tenants/{}", tenant.slug),
        typed: None,
    })
}

pub(super) fn done<P>(operator: &Operator<P>, tenant: &Tenant, json: &Value, code: &str) -> Reply {
    let base = operator.cx().site.base;
    Reply::done(json, format!("{base}/admin/tenants/{}?done=console-{code}", tenant.slug))
}

/// One tenant as programs see it. Times are seconds since the epoch.
fn entry(tenant: &Tenant) -> Value {
    let entitlements = tenant.entitlements.iter().map(members::entitled).collect::<Vec<_>>();
    json!({
        "id": tenant.id.to_string(),
        "slug": tenant.slug.as_str(),
        "name": tenant.name,
        "state": tenant.state().name(),
        "open_role": tenant.open_role.as_ref().map(ToString::to_string),
        "entitlements": entitlements,
        "created_at": tenant.created_at.as_secs(),
        "suspended_at": tenant.suspended_at.map(Timestamp::as_secs),
        "delete_at": tenant.delete_at.map(Timestamp::as_secs),
    })
}

impl Row {
    fn of(tenant: &Tenant) -> Self {
        Self {
            slug: tenant.slug.to_string(),
            name: tenant.name.clone(),
            state: tenant.state().name(),
            created: stamp(tenant.created_at),
        }
    }
}
