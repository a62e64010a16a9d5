//! `/tenants`: the list of one's own, the form for another one, the overview of each, its roles, coming and going.

use serde_json::json;

use super::{flow, keeping, log, members, place::Place, rules::parsed};
use crate::{
    access::own::TenantRead,
    base::render::page,
    error::Refusal,
    guard::{
        Cursor, Listing, Member, NoInput, OrPage, Problem, Refused, Reply, Routes, SignedIn, Viewer, input, number,
        numbered, page_size, paged,
    },
    policy::RoleInfo,
    tenants::{self, Named, Tenant},
};

pub(crate) fn routes(routes: &mut Routes) {
    routes.get(
        "/tenants",
        list,
        "Lists the person's own tenants in the order in which they joined, in pages, each with their roles of the moment.",
    );
    routes.post("/tenants", create, "Makes a tenant that belongs to the person, where the settings allow that.");
    routes.get("/tenants/{tenant}", overview, "Shows a tenant, and what the person may do there at the moment.");
    routes.get("/tenants/{tenant}/roles", roles, "Lists the roles, and what each of them may do.");
    routes.get("/tenants/{tenant}/join", join_form, "Shows the button that joins a tenant which anybody may join.");
    routes.post("/tenants/{tenant}/join", join, "Makes the person a member of such a tenant, in the role it says.");
    routes.post("/tenants/{tenant}/leave", leave, "Ends the person's own membership.");
    keeping::routes(routes);
    members::routes(routes);
    log::routes(routes);
}

page! {
    /// The tenants of one person.
    #[derive(askama::Template)]
    ListPage in "tenant_page/list.html" {
        places: Vec<Place>,
        next: Option<String>,
        self_service: bool,
        name: String,
        slug: String,
    }
}

page! {
    /// One tenant.
    #[derive(askama::Template)]
    OverviewPage in "tenant_page/overview.html" { place: Place }
}

page! {
    /// What each role may do.
    #[derive(askama::Template)]
    RolesPage in "tenant_page/roles.html" { place: Place, roles: Vec<RoleInfo> }
}

page! {
    /// The way into a tenant that anybody may join.
    #[derive(askama::Template)]
    JoinPage in "tenant_page/join.html" { slug: String, name: String, role: String }
}

input! {
    Paged {
        cursor [optional]: "Where the page begins: the `next` of the page before it.",
        limit [optional]: "How many tenants, 1 to 100; 50 when it is empty.",
    }
}

input! {
    Create {
        name: "The tenant's name for people, up to 100 characters.",
        slug [optional]: "Its name in addresses: 2 to 32 small letters, digits or hyphens. Empty for one after the name.",
    }
}

input! {
    Join { tenant: "The tenant's slug or id." }
}

async fn list(person: SignedIn, input: Paged) -> Result<Reply, Refused> {
    let page = list_page(&person, (&input.cursor, &input.limit)).await?;
    let tenants: Vec<_> = page.places.iter().map(Place::json).collect();
    let body = json!({ "tenants": tenants, "next": page.next, "self_service": page.self_service });
    Ok(Reply::page(&body, page))
}

async fn create(person: SignedIn, input: Create) -> Result<Reply, Refused> {
    let cx = person.cx();
    let made = match parsed(&input.name, &input.slug) {
        Err(problem) => Err(problem.into()),
        Ok((slug, name)) => {
            let made = flow::create(cx, person.account(), (slug, &name), &person.visit()).await;
            made.map_err(Refused::from)
        }
    };
    match made {
        Ok(made) => {
            let path = format!("{}/tenants/{}?done=tenant-made", cx.site.base, made.slug);
            Ok(Reply::done(&json!({ "id": made.id.to_string(), "slug": made.slug.as_str() }), path))
        }
        Err(refused) => {
            let (name, slug) = (input.name.to_string(), input.slug.to_string());
            Err(refused.page(ListPage { name, slug, ..list_page(&person, ("", "")).await? }))
        }
    }
}

async fn overview(member: Member<TenantRead>, _: NoInput) -> Result<Reply, Refused> {
    let place = Place::of(&member).await?;
    let permissions: Vec<_> = place.held.iter().map(|(name, _)| name.as_str()).collect();
    let body = json!({ "tenant": place.json(), "permissions": permissions });
    Ok(Reply::page(&body, OverviewPage { place }))
}

async fn roles(member: Member<TenantRead>, _: NoInput) -> Result<Reply, Refused> {
    let place = Place::of(&member).await?;
    let roles = member.cx().policy().roles();
    let one = |role: &RoleInfo| {
        let grants: Vec<_> = role.grants.iter().map(ToString::to_string).collect();
        json!({ "name": role.name.as_str(), "about": role.about, "permissions": role.permissions, "grants": grants })
    };
    let body = json!({ "roles": roles.iter().map(one).collect::<Vec<_>>() });
    Ok(Reply::page(&body, RolesPage { place, roles }))
}

async fn join_form(person: SignedIn, input: Join) -> Result<Reply, Refused> {
    let page = join_page(&person, &input.tenant).await?;
    Ok(Reply::page(&json!({ "slug": page.slug, "name": page.name, "role": page.role }), page))
}

async fn join(person: SignedIn, input: Join) -> Result<Reply, Refused> {
    let cx = person.cx();
    match flow::join(cx, person.account(), &named(&input.tenant)?, &person.visit()).await {
        Ok(joined) => {
            let path = format!("{}/tenants/{}?done=tenant-joined", cx.site.base, joined.slug);
            Ok(Reply::done(&json!({ "id": joined.id.to_string(), "slug": joined.slug.as_str() }), path))
        }
        Err(refusal) => {
            let page = join_page(&person, &input.tenant).await?;
            Err(refusal).or_page(|| page)
        }
    }
}

async fn leave(member: Member<TenantRead>, _: NoInput) -> Result<Reply, Refused> {
    let cx = member.cx();
    if let Err(refusal) = flow::leave(cx, (member.authorized(), member.proved_at()), &member.visit()).await {
        if matches!(&refusal, Refusal::Denied(denied) if denied.wants_proof()) {
            return Err(member.to_be_proved());
        }
        let place = Place::of(&member).await?;
        return Err(refusal).or_page(|| OverviewPage { place });
    }
    Ok(Reply::done(&json!({ "left": true }), format!("{}/tenants?done=tenant-left", cx.site.base)))
}

async fn list_page(person: &SignedIn, (cursor, limit): (&str, &str)) -> Result<ListPage, Refused> {
    let (cx, limit) = (person.cx(), page_size(limit)?);
    let list = Listing::new("memberships", Viewer::Account(person.account()));
    let after = Cursor::read(cx, &list, cursor)?.map_or(0, number);
    let joined = tenants::of_account(&cx.db, person.account(), after, i64::from(limit) + 1).await?;
    let (joined, next) = paged(cx, &list, joined, limit, |one| numbered(one.number()));
    Ok(ListPage {
        places: joined.into_iter().map(|joined| Place::new(cx, joined)).collect(),
        self_service: cx.settings.tenants.self_service,
        next,
        name: String::new(),
        slug: String::new(),
    })
}

async fn join_page(person: &SignedIn, tenant: &str) -> Result<JoinPage, Refused> {
    let found = tenants::open_to_join(&person.cx().db, &named(tenant)?).await?;
    let Tenant { slug, name, open_role, .. } = found.ok_or_else(tenants::no_such_tenant)?;
    let role = open_role.map(|role| role.to_string()).unwrap_or_default();
    Ok(JoinPage { slug: slug.to_string(), name, role })
}

/// A text that is no name is nobody's.
fn named(tenant: &str) -> Result<Named, Problem> {
    tenant.parse().map_err(|()| tenants::no_such_tenant())
}
