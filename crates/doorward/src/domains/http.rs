//! `/tenants/{tenant}/domains`: the list of domains, what proves each, and the form for another.

use doorward_core::{DomainName, Timestamp};
use serde_json::{Value, json};

use super::{
    flow,
    rules::{Domain, DomainDenied, Proof, claimable},
    store,
};
use crate::{
    access::own::DomainsManage,
    base::render::{ago, day, page},
    context::Context,
    guard::{Denial, Member, NoInput, Problem, RecentMember, Refused, Reply, Routes, input},
    reauthentication,
    tenant_page::Place,
};

pub(crate) fn routes(routes: &mut Routes) {
    routes.get(
        "/tenants/{tenant}/domains",
        list,
        "Lists the tenant's email domains, with the record that proves each.",
    );
    routes.post("/tenants/{tenant}/domains", add, "Puts a domain on the list, to be proved.");
    routes.post(
        "/tenants/{tenant}/domains/{domain}/check",
        check,
        "Looks for the record of a domain now; when it is there, the domain is the tenant's.",
    );
    routes.delete(
        "/tenants/{tenant}/domains/{domain}",
        remove,
        "Takes a domain off the list: it is the tenant's no more.",
    );
    routes.post("/tenants/{tenant}/domains/{domain}/remove", remove, "The same for a form.");
}

input! {
    Add { domain: "The domain, such as `example.com`." }
}

input! {
    One { domain: "The domain." }
}

page! {
    /// The domains of a tenant, and the form for another.
    #[derive(askama::Template)]
    DomainsPage in "domains/domains.html" {
        place: Place,
        lines: Vec<Line>,
        is_recent: bool,
        typed: String,
    }
}

/// A domain as people see it.
pub(crate) struct Line {
    name: String,
    record_name: String,
    record_value: String,
    /// Since when it counts; empty while it does not.
    since: String,
    is_by_operator: bool,
    checked: String,
    /// Until when it counts, when its record is gone; otherwise empty.
    until: String,
}

async fn list(member: Member<DomainsManage>, _: NoInput) -> Result<Reply, Refused> {
    let found = store::list(&member.cx().db, member.tenant()).await?;
    let body = json!({ "domains": found.iter().map(told).collect::<Vec<_>>() });
    Ok(Reply::page(&body, shown(&member, found, "").await?))
}

async fn add(member: RecentMember<DomainsManage>, input: Add) -> Result<Reply, Refused> {
    let cx = member.cx();
    let added = match claimable(&input.domain, &cx.settings.domains) {
        Ok(name) => flow::claim(cx, member.authorized(), &name, &member.visit()).await.map_err(Refused::from),
        Err(denied) => Err(denied.problem().into()),
    };
    match added {
        Ok(one) => Ok(Reply::done(&told(&one), back(&member, "domain-added"))),
        Err(refused) => {
            let typed: String = input.domain.chars().take(300).collect();
            Err(on_page(&member, refused, &typed).await)
        }
    }
}

async fn check(member: RecentMember<DomainsManage>, input: One) -> Result<Reply, Refused> {
    let name = named(&input.domain)?;
    match flow::check(member.cx(), member.authorized(), &name, &member.visit()).await {
        Ok(()) => Ok(Reply::done(&json!({ "verified": true }), back(&member, "domain-verified"))),
        Err(refusal) => Err(on_page(&member, refusal.into(), "").await),
    }
}

async fn remove(member: RecentMember<DomainsManage>, input: One) -> Result<Reply, Refused> {
    flow::give_up(member.cx(), member.authorized(), &named(&input.domain)?, &member.visit()).await?;
    Ok(Reply::done(&json!({ "removed": true }), back(&member, "domain-removed")))
}

/// Reads the name of a domain in its one spelling; the same is said of what is no name, and of one that is not there.
fn named(text: &str) -> Result<DomainName, Problem> {
    text.parse().map_err(|_| DomainDenied::NoSuchDomain.problem())
}

fn back(member: &Member<DomainsManage>, code: &str) -> String {
    format!("{}/tenants/{}/domains?done={code}", member.cx().site.base, member.slug())
}

/// Shows a refusal on the page that it is about, with what was typed.
async fn on_page(member: &Member<DomainsManage>, refused: Refused, typed: &str) -> Refused {
    let page = async {
        let found = store::list(&member.cx().db, member.tenant()).await?;
        shown(member, found, typed).await
    };
    match page.await {
        Ok(page) => refused.page(page),
        Err(_) => refused,
    }
}

async fn shown(member: &Member<DomainsManage>, found: Vec<Domain>, typed: &str) -> Result<DomainsPage, Refused> {
    let cx = member.cx();
    Ok(DomainsPage {
        place: Place::of(member).await?,
        lines: found.iter().map(|one| Line::of(cx, one)).collect(),
        is_recent: reauthentication::is_recent(cx, member.proved_at()),
        typed: typed.to_owned(),
    })
}

/// What programs learn of a domain. Times are seconds since the epoch.
fn told(one: &Domain) -> Value {
    json!({
        "domain": one.name.as_str(),
        "record_name": one.record_name(),
        "record_value": one.record_value(),
        "added_at": one.added_at.as_secs(),
        "verified_by": one.verified.map(|verified| verified.by.name()),
        "verified_at": one.verified.map(|verified| verified.at.as_secs()),
        "checked_at": one.checked_at.map(Timestamp::as_secs),
        "missing_since": one.missing_since.map(Timestamp::as_secs),
    })
}

impl Line {
    fn of(cx: &Context, one: &Domain) -> Self {
        let ends = one.missing_since.map(|since| since.after(cx.settings.domains.grace));
        Self {
            name: one.name.to_string(),
            record_name: one.record_name(),
            record_value: one.record_value(),
            since: one.verified.map(|verified| day(verified.at)).unwrap_or_default(),
            is_by_operator: one.verified.is_some_and(|verified| verified.by == Proof::Operator),
            checked: one.checked_at.map(|at| ago(at, cx.clock.now())).unwrap_or_default(),
            until: ends.map(day).unwrap_or_default(),
        }
    }
}
