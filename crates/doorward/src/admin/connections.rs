//! The providers that a tenant has brought, as operators see and remove them.

use serde_json::{Value, json};

use super::{
    flow::{nav, on_page, repeated},
    rules::{Nav, stamp},
    tenants as panel,
};
use crate::{
    base::render::page,
    connections::{self, Connection},
    guard::{Operator, Refused, Reply, Routes, input},
    operator::connections as acts,
    operators::{
        Power,
        power::{TenantsManage, TenantsRead},
    },
    tenants::Tenant,
};

pub(super) fn routes(routes: &mut Routes) {
    routes.get("/admin/tenants/{tenant}/connections", list, "Lists the providers that a tenant has brought.");
    let doc = "Says that the people of an organisation, as a provider calls it, are the tenant's people.";
    routes.post("/admin/tenants/{tenant}/connections", map, doc);
    routes.post(
        "/admin/tenants/{tenant}/connections/{connection}/remove",
        remove,
        "Removes a provider of a tenant, and every way into an account that led through it.",
    );
}

page! {
    /// The providers of a tenant.
    #[derive(askama::Template)]
    ConnectionsPage in "admin/connections.html" {
        nav: Nav,
        slug: String,
        tenant: String,
        rows: Vec<Row>,
        providers: Vec<(String, String)>,
        typed: String,
    }
}

/// A line in the list of providers.
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) label: String,
    pub(crate) about: String,
    pub(crate) is_ready: bool,
}

input! {
    Of { tenant: "The tenant's slug or id." }
}

input! {
    Mapping {
        tenant: "The tenant's slug or id.",
        provider: "The name of a provider of the settings that says of which organisation its people are.",
        organisation: "What the provider calls it: a domain, or the id of a directory.",
    }
}

input! {
    Named { tenant: "The tenant's slug or id.", connection: "The provider's name." }
}

async fn list(operator: Operator<TenantsRead>, input: Of) -> Result<Reply, Refused> {
    let tenant = panel::tenant(&operator, &input.tenant).await?;
    let (json, page) = read(&operator, &tenant).await?;
    Ok(Reply::page(&json, page))
}

async fn read<P>(operator: &Operator<P>, tenant: &Tenant) -> Result<(Value, ConnectionsPage), Refused> {
    let cx = operator.cx();
    let found = connections::list(&cx.db, tenant.for_an_operator()).await?;
    let json = json!({ "connections": found.iter().map(entry).collect::<Vec<_>>() });
    let naming = cx.providers.iter().filter(|one| one.names_organisations());
    let page = ConnectionsPage {
        nav: nav(operator, "tenants").await?,
        slug: tenant.slug.to_string(),
        tenant: tenant.name.clone(),
        rows: found.iter().map(Row::of).collect(),
        providers: naming.map(|one| (one.name().to_string(), one.label().to_owned())).collect(),
        typed: String::new(),
    };
    Ok((json, page))
}

async fn map(operator: Operator<TenantsManage>, input: Mapping) -> Result<Reply, Refused> {
    let tenant = panel::tenant(&operator, &input.tenant).await?;
    let named = (input.provider.as_str(), input.organisation.as_str());
    match acts::map_organisation(operator.cx(), operator.by(), tenant.id, named).await {
        Ok(name) => {
            let to = format!("{}/admin/tenants/{}/connections", operator.cx().site.base, tenant.slug);
            Ok(Reply::done(&json!({ "connection": name.as_str() }), format!("{to}?done=console-connection-mapped")))
        }
        Err(refusal) => {
            let typed = repeated(&input.organisation);
            let page = async { read(&operator, &tenant).await.map(|(_, page)| ConnectionsPage { typed, ..page }) };
            Err(on_page(&operator, TenantsRead::NAME, refusal.into(), page).await)
        }
    }
}

async fn remove(operator: Operator<TenantsManage>, input: Named) -> Result<Reply, Refused> {
    let tenant = panel::tenant(&operator, &input.tenant).await?;
    let name = acts::named(&input.connection)?;
    acts::remove_connection(operator.cx(), operator.by(), (tenant.id, &name)).await?;
    let to = format!("{}/admin/tenants/{}/connections", operator.cx().site.base, tenant.slug);
    Ok(Reply::done(&json!({ "removed": true }), format!("{to}?done=console-connection-removed")))
}

/// One provider as programs see it. Times are seconds since the epoch.
fn entry(one: &Connection) -> Value {
    json!({
        "connection": one.name.as_str(),
        "kind": one.kind,
        "label": one.label,
        "client_id": one.client_id,
        "issuer": one.issuer,
        "organisation": one.organisation,
        "ready": one.is_ready(),
        "provider": one.provider,
        "join_role": one.join_role.as_ref().map(ToString::to_string),
        "created_at": one.created_at.as_secs(),
    })
}

impl Row {
    fn of(one: &Connection) -> Self {
        let place = [&one.issuer, &one.organisation].into_iter().find(|text| !text.is_empty());
        let place = place.map(|text| format!(" at {text}")).unwrap_or_default();
        Self {
            name: one.name.to_string(),
            label: one.label.clone(),
            about: format!("{}{place}, since {}", one.kind, stamp(one.created_at)),
            is_ready: one.is_ready(),
        }
    }
}
