//! What those do who look after a tenant: its name and address, who may join it, and its end.

use serde_json::json;

use super::{flow, place::Place, rules::parsed};
use crate::{
    access::own::{TenantDelete, TenantUpdate},
    audit,
    base::render::{day, page, spoken},
    guard::{Member, NoInput, OrPage, Problem, RecentMember, Refused, Reply, Routes, input},
    policy::OwnRoles,
    tenants,
};

pub(super) fn routes(routes: &mut Routes) {
    routes.get("/tenants/{tenant}/settings", settings, "Shows the forms for name, address and who may join.");
    routes.post(
        "/tenants/{tenant}/rename",
        rename,
        "Gives the tenant another name and, unless it is empty, another slug.",
    );
    routes.post("/tenants/{tenant}/open", open, "Lets anybody with an account join in a role, or nobody.");
    routes.get("/tenants/{tenant}/delete", ask, "Shows the button that deletes the tenant, or the one that keeps it.");
    routes.post("/tenants/{tenant}/delete", close, "Closes the tenant, to be deleted when its waiting period is over.");
    routes.post("/tenants/{tenant}/restore", reopen, "Keeps a tenant that waits to be deleted.");
}

page! {
    /// The forms for what may be changed of a tenant.
    #[derive(askama::Template)]
    SettingsPage in "tenant_page/settings.html" {
        place: Place,
        name: String,
        slug: String,
        open_role: String,
        choices: Vec<String>,
        join_address: String,
    }
}

page! {
    /// A tenant's end.
    #[derive(askama::Template)]
    DeletePage in "tenant_page/delete.html" { place: Place, waits: String, on: String }
}

input! {
    Rename {
        name: "The tenant's name for people, up to 100 characters.",
        slug [optional]: "Its name in addresses: 2 to 32 small letters, digits or hyphens. Empty to keep it.",
    }
}

input! {
    Open { role [optional]: "The role of whoever joins without an invitation; empty for nobody." }
}

async fn settings(member: Member<TenantUpdate>, _: NoInput) -> Result<Reply, Refused> {
    let page = settings_page(&member).await?;
    Ok(Reply::page(&json!({ "tenant": page.place.json(), "open_role": page.open_role, "roles": page.choices }), page))
}

async fn rename(member: Member<TenantUpdate>, input: Rename) -> Result<Reply, Refused> {
    let cx = member.cx();
    let renamed = match parsed(&input.name, &input.slug) {
        Err(problem) => Err(problem.into()),
        Ok((slug, name)) => {
            let slug = slug.unwrap_or_else(|| member.slug().clone());
            let done = flow::rename(cx, member.authorized(), (&slug, &name), &member.visit()).await;
            done.map(|()| (slug, name)).map_err(Refused::from)
        }
    };
    match renamed {
        Ok((slug, name)) => {
            let path = format!("{}/tenants/{slug}/settings?done=saved", cx.site.base);
            Ok(Reply::done(&json!({ "slug": slug.as_str(), "name": name }), path))
        }
        Err(refused) => {
            let (name, slug) = (input.name.to_string(), input.slug.to_string());
            Err(refused.page(SettingsPage { name, slug, ..settings_page(&member).await? }))
        }
    }
}

async fn open(member: Member<TenantUpdate>, input: Open) -> Result<Reply, Refused> {
    let cx = member.cx();
    let done = match input.role.as_str() {
        "" => flow::set_open(cx, member.authorized(), None, &member.visit()).await.map_err(Refused::from),
        role => match role.parse() {
            Ok(role) => {
                flow::set_open(cx, member.authorized(), Some(&role), &member.visit()).await.map_err(Refused::from)
            }
            Err(_) => Err(Problem::field("role", "unknown_role", "There is no such role.").into()),
        },
    };
    match done {
        Ok(()) => {
            let path = format!("{}/tenants/{}/settings?done=saved", cx.site.base, member.slug());
            Ok(Reply::done(&json!({ "open_role": input.role.as_str() }), path))
        }
        Err(refused) => Err(refused.page(settings_page(&member).await?)),
    }
}

async fn ask(member: RecentMember<TenantDelete>, _: NoInput) -> Result<Reply, Refused> {
    let (page, delete_at) = delete_page(&member).await?;
    Ok(Reply::page(&json!({ "tenant": page.place.json(), "delete_at": delete_at }), page))
}

async fn close(member: RecentMember<TenantDelete>, _: NoInput) -> Result<Reply, Refused> {
    let cx = member.cx();
    if let Err(refusal) = flow::close(cx, member.authorized(), &member.visit()).await {
        let (page, _) = delete_page(&member).await?;
        return Err(refusal).or_page(|| page);
    }
    let (_, delete_at) = delete_page(&member).await?;
    let path = format!("{}/tenants?done=tenant-closing", cx.site.base);
    Ok(Reply::done(&json!({ "delete_at": delete_at }), path))
}

async fn reopen(member: RecentMember<TenantDelete>, _: NoInput) -> Result<Reply, Refused> {
    let cx = member.cx();
    flow::reopen(cx, member.authorized(), &member.visit()).await?;
    let path = format!("{}/tenants/{}?done=tenant-kept", cx.site.base, member.slug());
    Ok(Reply::done(&json!({ "kept": true }), path))
}

async fn settings_page(member: &Member<TenantUpdate>) -> Result<SettingsPage, Refused> {
    let cx = member.cx();
    let place = Place::of(member).await?;
    let tenant = tenants::find(&cx.db, member.tenant()).await?.ok_or_else(tenants::no_such_tenant)?;
    let mut choices = gives(member.authorized().roles(), cx);
    choices.retain(|role| role != cx.policy().owner().as_str());
    Ok(SettingsPage {
        name: place.name.clone(),
        slug: place.slug.to_string(),
        open_role: tenant.open_role.map(|role| role.to_string()).unwrap_or_default(),
        choices,
        join_address: format!("{}{}/{}", cx.site.public_url, cx.site.base, place.path("/join")),
        place,
    })
}

fn gives(own: &OwnRoles, cx: &crate::context::Context) -> Vec<String> {
    let policy = cx.policy();
    policy.gives(own).iter().filter(|role| !policy.gives_any(role)).map(ToString::to_string).collect()
}

/// The page of a tenant's end, and when that is, when it is near.
async fn delete_page(member: &Member<TenantDelete>) -> Result<(DeletePage, Option<String>), Refused> {
    let cx = member.cx();
    let place = Place::of(member).await?;
    let tenant = tenants::find(&cx.db, member.tenant()).await?.ok_or_else(tenants::no_such_tenant)?;
    let on = tenant.delete_at.map(day).unwrap_or_default();
    let page = DeletePage { place, waits: spoken(cx.settings.tenants.waiting), on };
    Ok((page, tenant.delete_at.map(audit::rfc3339)))
}
