//! `/tenants/{tenant}/enter`, where people come who have logged in otherwise than the tenant demands, and what its owners decide about
//! that.

use doorward_core::AccountId;
use serde_json::json;

use super::{
    denied::EntryDenied,
    entering::{self, Glass, Ways},
};
use crate::{
    access::{self, own::ConnectionsManage},
    base::render::{ProviderButton, page},
    guard::{Denial, OrPage, Problem, Reauthenticated, RecentMember, Refused, Reply, Routes, SignedIn, input},
    tenants,
};

pub(super) fn routes(routes: &mut Routes) {
    let doc = "Shows the ways into a tenant that demands its own provider.";
    routes.get("/tenants/{tenant}/enter", show, doc);
    let doc = "Lets an owner who was named for it in without the provider; the other owners are told.";
    routes.post("/tenants/{tenant}/enter", enter, doc);
    let doc = "Says whether people come in by a provider of the tenant only.";
    routes.post("/tenants/{tenant}/sign-in", demand, doc);
    let doc = "Names an owner who may come in without the provider, or takes that back.";
    routes.post("/tenants/{tenant}/members/{account}/break-glass", entrust, doc);
}

page! {
    /// The ways into a tenant.
    #[derive(askama::Template)]
    DoorPage in "connections/door.html" {
        slug: String,
        name: String,
        providers: Vec<ProviderButton>,
        breaks_glass: bool,
        is_entered: bool,
    }
}

input! {
    Of { tenant: "The tenant's slug or id." }
}

input! {
    Demanding { only_own [optional]: "`on` to let people in by a provider of the tenant only." }
}

input! {
    Entrusting {
        account: "The id of the owner's account.",
        may [optional]: "`on` to name them.",
    }
}

async fn show(person: SignedIn, input: Of) -> Result<Reply, Refused> {
    let page = door(&person, &input.tenant).await?;
    let body = json!({
        "tenant": page.slug,
        "providers": page.providers.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(),
        "break_glass": page.breaks_glass,
        "entered": page.is_entered,
        "csrf_token": person.csrf_token(),
    });
    Ok(Reply::page(&body, page))
}

async fn door(person: &SignedIn, tenant: &str) -> Result<DoorPage, Refused> {
    let cx = person.cx();
    let standing = entering::standing(cx, person.account(), tenant).await?;
    let is_entered = access::is_entered(cx, &standing, person.session()).await?;
    let found = tenants::find(&cx.db, standing.inside()).await?;
    let mut providers = Vec::new();
    for one in entering::doors(cx, &standing).await? {
        let mark = match cx.providers.find(&one.provider) {
            Some(shared) => shared.button().mark,
            None if one.is_shared() || !cx.settings.connections.allowed => continue,
            None => crate::federation::mark_of(&one.kind),
        };
        let name = if one.is_shared() { one.provider } else { one.name.to_string() };
        providers.push(ProviderButton { name, label: one.label, mark });
    }
    Ok(DoorPage {
        slug: standing.slug.to_string(),
        name: found.map(|tenant| tenant.name).unwrap_or_default(),
        providers,
        breaks_glass: standing.breaks_glass,
        is_entered,
    })
}

async fn enter(person: Reauthenticated, input: Of) -> Result<Reply, Refused> {
    let cx = person.cx();
    let standing = entering::standing(cx, person.account(), &input.tenant).await?;
    if !access::is_entered(cx, &standing, person.session()).await? {
        let broken = entering::break_glass(cx, person.live(), standing.tenant, &person.visit()).await;
        if let Err(refusal) = broken {
            let page = door(&person, &input.tenant).await?;
            return Err(refusal).or_page(|| page);
        }
    }
    let to = format!("{}/tenants/{}", cx.site.base, standing.slug);
    Ok(Reply::done(&json!({ "entered": true }), to))
}

async fn demand(member: RecentMember<ConnectionsManage>, input: Demanding) -> Result<Reply, Refused> {
    let ways = if is_on(&input.only_own)? { Ways::Own } else { Ways::Any };
    entering::demand(member.cx(), member.authorized(), ways, &member.visit()).await?;
    let to = format!("{}/tenants/{}/connections?done=connection-ways", member.cx().site.base, member.slug());
    Ok(Reply::done(&json!({ "only_own": ways == Ways::Own }), to))
}

async fn entrust(member: RecentMember<ConnectionsManage>, input: Entrusting) -> Result<Reply, Refused> {
    let glass = if is_on(&input.may)? { Glass::Given } else { Glass::Taken };
    let unknown = |_| EntryDenied::NoSuchOwner.problem();
    let account: AccountId = input.account.parse().map_err(unknown)?;
    entering::entrust(member.cx(), member.authorized(), (account, glass), &member.visit()).await?;
    let to = format!("{}/tenants/{}/connections?done=connection-ways", member.cx().site.base, member.slug());
    Ok(Reply::done(&json!({ "may": glass == Glass::Given }), to))
}

fn is_on(text: &str) -> Result<bool, Problem> {
    match text {
        "" => Ok(false),
        "on" => Ok(true),
        _ => Err(Problem::field("", "switch_invalid", "It is `on`, or is not sent.")),
    }
}
