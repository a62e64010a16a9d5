//! The domains of a tenant, as operators see and change them.

use doorward_core::{DomainName, Timestamp};
use serde_json::{Value, json};

use super::{
    flow::{nav, on_page, repeated},
    rules::{Nav, stamp},
    tenants as panel,
};
use crate::{
    base::render::page,
    domains::{self, Domain, DomainDenied, Move, Proof},
    error::Refusal,
    guard::{Operator, Problem, Refused, Reply, Routes, input},
    operator::domains as acts,
    operators::{
        Power,
        power::{TenantsManage, TenantsRead},
    },
    tenants::Tenant,
};

pub(super) fn routes(routes: &mut Routes) {
    routes.get("/admin/tenants/{tenant}/domains", list, "Lists the email domains of a tenant, proved or not.");
    routes.post("/admin/tenants/{tenant}/domains", verify, "Makes a domain the tenant's on the word of the operator.");
    routes.post(
        "/admin/tenants/{tenant}/domains/{domain}/withdraw",
        withdraw,
        "Takes back that a domain is the tenant's; it may be proved again.",
    );
    routes.post("/admin/tenants/{tenant}/domains/{domain}/remove", remove, "Takes a domain off the tenant's list.");
}

page! {
    /// The domains of a tenant.
    #[derive(askama::Template)]
    DomainsPage in "admin/domains.html" {
        nav: Nav,
        slug: String,
        tenant: String,
        rows: Vec<Row>,
        typed: String,
    }
}

/// A line in the list of domains.
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) added: String,
    /// How it was proved and since when; empty while it was not.
    pub(crate) proved: String,
    pub(crate) missing: String,
}

input! {
    Of { tenant: "The tenant's slug or id." }
}

input! {
    Verifying {
        tenant: "The tenant's slug or id.",
        domain: "The domain.",
        take_over [optional]: "`on` to take it from the tenant that has proved it.",
    }
}

input! {
    Named { tenant: "The tenant's slug or id.", domain: "The domain." }
}

async fn list(operator: Operator<TenantsRead>, input: Of) -> Result<Reply, Refused> {
    let tenant = panel::tenant(&operator, &input.tenant).await?;
    let (json, page) = read(&operator, &tenant).await?;
    Ok(Reply::page(&json, page))
}

async fn read<P>(operator: &Operator<P>, tenant: &Tenant) -> Result<(Value, DomainsPage), Refused> {
    let found = domains::list(&operator.cx().db, tenant.for_an_operator()).await?;
    let json = json!({ "domains": found.iter().map(entry).collect::<Vec<_>>() });
    let page = DomainsPage {
        nav: nav(operator, "tenants").await?,
        slug: tenant.slug.to_string(),
        tenant: tenant.name.clone(),
        rows: found.iter().map(Row::of).collect(),
        typed: String::new(),
    };
    Ok((json, page))
}

async fn verify(operator: Operator<TenantsManage>, input: Verifying) -> Result<Reply, Refused> {
    let cx = operator.cx();
    let tenant = panel::tenant(&operator, &input.tenant).await?;
    let verified = async {
        let name = acts::named(cx, &input.domain)?;
        let how = match input.take_over.as_str() {
            "" => Move::No,
            "on" => Move::Yes,
            _ => return Err(Problem::field("take_over", "take_over_invalid", "It is `on`, or is not sent.").into()),
        };
        acts::verify_domain(cx, operator.by(), (tenant.id, &name), how).await?;
        Ok::<_, Refused>(name)
    };
    match verified.await {
        Ok(name) => Ok(done(&operator, &tenant, &json!({ "domain": name.as_str() }), "verified")),
        Err(refused) => {
            let typed = repeated(&input.domain);
            let page = async { read(&operator, &tenant).await.map(|(_, page)| DomainsPage { typed, ..page }) };
            Err(on_page(&operator, TenantsRead::NAME, refused, page).await)
        }
    }
}

async fn withdraw(operator: Operator<TenantsManage>, input: Named) -> Result<Reply, Refused> {
    let tenant = panel::tenant(&operator, &input.tenant).await?;
    let name = named(&input.domain)?;
    let changed = acts::withdraw_domain(operator.cx(), operator.by(), (tenant.id, &name)).await?;
    Ok(done(&operator, &tenant, &json!({ "withdrawn": true, "changed": changed }), "withdrawn"))
}

async fn remove(operator: Operator<TenantsManage>, input: Named) -> Result<Reply, Refused> {
    let tenant = panel::tenant(&operator, &input.tenant).await?;
    acts::remove_domain(operator.cx(), operator.by(), (tenant.id, &named(&input.domain)?)).await?;
    Ok(done(&operator, &tenant, &json!({ "removed": true }), "removed"))
}

/// Reads the name of a domain that is on a list; what is none is on no list.
fn named(text: &str) -> Result<DomainName, Refused> {
    text.parse().map_err(|_| Refusal::Denied(DomainDenied::NoSuchDomain).into())
}

fn done<P>(operator: &Operator<P>, tenant: &Tenant, json: &Value, code: &str) -> Reply {
    let base = operator.cx().site.base;
    Reply::done(json, format!("{base}/admin/tenants/{}/domains?done=console-domain-{code}", tenant.slug))
}

/// One domain as programs see it. Times are seconds since the epoch.
fn entry(one: &Domain) -> Value {
    json!({
        "domain": one.name.as_str(),
        "added_at": one.added_at.as_secs(),
        "verified_by": one.verified.map(|verified| verified.by.name()),
        "verified_at": one.verified.map(|verified| verified.at.as_secs()),
        "checked_at": one.checked_at.map(Timestamp::as_secs),
        "missing_since": one.missing_since.map(Timestamp::as_secs),
    })
}

impl Row {
    fn of(one: &Domain) -> Self {
        let words = |by| match by {
            Proof::Dns => "by its record",
            Proof::Operator => "by an operator",
        };
        let proved = one.verified.map(|verified| format!("{} since {}", words(verified.by), stamp(verified.at)));
        Self {
            name: one.name.to_string(),
            added: stamp(one.added_at),
            proved: proved.unwrap_or_default(),
            missing: one.missing_since.map(stamp).unwrap_or_default(),
        }
    }
}
