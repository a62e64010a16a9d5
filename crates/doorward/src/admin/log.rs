//! The whole log, narrowed by tenant, account, action, result and time.

use std::collections::BTreeMap;

use doorward_core::{AccountId, EmailAddress, TenantId};
use serde_json::json;

use super::{
    flow::{addresses, nav, next_page},
    rules::{AdminDenied, Nav, moment},
};
use crate::{
    accounts,
    audit::{self, Action, Filter, Format, Outcome, Recorded},
    base::render::page,
    context::Context,
    error::Fault,
    guard::{Denial, Operator, Problem, Refused, Reply, Routes, Unmade, Viewer, input, page_size},
    operator::{self, Act},
    operators::power::AuditRead,
    tenants::{self, Named},
};

pub(super) fn routes(routes: &mut Routes) {
    routes.get(
        "/admin/audit",
        list,
        "Reads the log, newest first, narrowed by tenant, account, action, result and time.",
    );
    routes.get("/admin/audit/export", export, "Sends all of the log that is asked for as JSON lines or CSV.");
}

page! {
    /// The log.
    #[derive(askama::Template)]
    LogPage in "admin/log.html" {
        nav: Nav,
        tenant: String,
        account: String,
        action: String,
        result: String,
        since: String,
        until: String,
        narrowed: String,
        actions: Vec<&'static str>,
        lines: Vec<Line>,
        next: Option<String>,
    }
}

/// A line of the log.
pub(crate) struct Line {
    pub(crate) at: String,
    pub(crate) actor: Party,
    pub(crate) action: String,
    pub(crate) target: Party,
    pub(crate) tenant: Party,
    pub(crate) is_denied: bool,
    pub(crate) address: String,
    pub(crate) detail: String,
}

/// Somebody or something in the log, with the way to its panel where there is one.
#[derive(Default)]
pub(crate) struct Party {
    pub(crate) text: String,
    pub(crate) href: Option<String>,
}

input! {
    Search {
        tenant [optional]: "Events in the tenant with this slug or id only.",
        account [optional]: "Events by or about the account with this address or id only.",
        action [optional]: "Events of this action only, such as `login`.",
        result [optional]: "`success` or `denied` only.",
        since [optional]: "Not before this moment: a day, a moment as in RFC 3339, or seconds since the epoch.",
        until [optional]: "Before this moment.",
        cursor [optional]: "Where the page begins: the `next` of the page before it.",
        limit [optional]: "How many lines, 1 to 100; 50 when it is empty.",
    }
}

input! {
    Export {
        format: "`jsonl` or `csv`.",
        tenant [optional]: "Events in the tenant with this slug or id only.",
        account [optional]: "Events by or about the account with this address or id only.",
        action [optional]: "Events of this action only, such as `login`.",
        result [optional]: "`success` or `denied` only.",
        since [optional]: "Not before this moment: a day, a moment as in RFC 3339, or seconds since the epoch.",
        until [optional]: "Before this moment.",
    }
}

/// What is asked for, as it was written.
struct Asked<'a> {
    tenant: &'a str,
    account: &'a str,
    action: &'a str,
    result: &'a str,
    since: &'a str,
    until: &'a str,
}

/// The [`Asked`] in what asks for a page or for a file.
macro_rules! asked {
    ($input:ident) => {
        Asked {
            tenant: &$input.tenant,
            account: &$input.account,
            action: &$input.action,
            result: &$input.result,
            since: &$input.since,
            until: &$input.until,
        }
    };
}

async fn export(operator: Operator<AuditRead>, input: Export) -> Result<Reply, Refused> {
    let (cx, format) = (operator.cx(), Format::asked(&input.format)?);
    let filter = filter(cx, &asked!(input)).await?;
    let name = format!("audit.{}", input.format.as_str());
    if operator.wants_headers_only() {
        return Ok(Reply::download(format.media_type(), &name, Unmade));
    }
    // Before anything is read: a file that is cut off was taken away all the same.
    operator::flow::note(cx, operator.by(), Act::AuditExported).await?;
    Ok(Reply::download(format.media_type(), &name, audit::Export::new(filter, format).sent(cx)))
}

async fn list(operator: Operator<AuditRead>, input: Search) -> Result<Reply, Refused> {
    let cx = operator.cx();
    let (filter, limit) = (filter(cx, &asked!(input)).await?, page_size(&input.limit)?);
    let page = audit::page(cx, Viewer::Operator, &filter, &input.cursor, limit).await?;
    let narrowed = [
        ("tenant", input.tenant.as_str()),
        ("account", &input.account),
        ("action", &input.action),
        ("result", &input.result),
        ("since", &input.since),
        ("until", &input.until),
        ("limit", &input.limit),
    ];
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&narrowed[..6]).finish();
    let shown = LogPage {
        nav: nav(&operator, "audit").await?,
        narrowed: query,
        next: next_page("audit", &narrowed, page.next.as_ref()),
        lines: lines(cx, &page.events).await?,
        tenant: input.tenant.to_string(),
        account: input.account.to_string(),
        action: input.action.to_string(),
        result: input.result.to_string(),
        since: input.since.to_string(),
        until: input.until.to_string(),
        actions: Action::ALL.iter().map(|action| action.name()).collect(),
    };
    Ok(Reply::page(&json!({ "events": page.events, "next": page.next }), shown))
}

async fn filter(cx: &Context, input: &Asked<'_>) -> Result<Filter, Refused> {
    let action = known(Action::ALL, Action::name, "action", input.action)?;
    let result = known(Outcome::ALL, Outcome::name, "result", input.result)?;
    let tenant = match input.tenant.trim() {
        "" => None,
        named => Some(tenant(cx, named).await?),
    };
    let account = match input.account.trim() {
        "" => None,
        named => Some(account(cx, named).await?),
    };
    let since = moment("since", input.since)?.unwrap_or_default();
    Ok(Filter { account, tenant, action, result, since, until: moment("until", input.until)? })
}

/// The word that a name means; `None` for no name.
fn known<T: Copy>(
    all: &[T],
    name: impl Fn(T) -> &'static str,
    field: &'static str,
    text: &str,
) -> Result<Option<T>, Problem> {
    let unknown = || Problem::field(field, "filter_invalid", "There is no such thing in the log.");
    match text {
        "" => Ok(None),
        text => all.iter().copied().find(|one| name(*one) == text).map(Some).ok_or_else(unknown),
    }
}

/// A tenant by its slug, or by its id whether or not it is still there.
async fn tenant(cx: &Context, named: &str) -> Result<TenantId, Refused> {
    let unknown = || Problem::field("tenant", "no_such_tenant", "There is no such organisation.");
    match named.parse::<Named>().map_err(|()| unknown())? {
        Named::Id(id) => Ok(id),
        slug => Ok(tenants::by_name(&cx.db, &slug).await?.ok_or_else(unknown)?.id),
    }
}

/// An account by its address, or by its id whether or not it is still there.
async fn account(cx: &Context, named: &str) -> Result<AccountId, Refused> {
    if let Ok(id) = named.parse() {
        return Ok(id);
    }
    let email = EmailAddress::parse(named).map_err(|_| unknown_account())?;
    Ok(accounts::by_email(&cx.db, &email).await?.ok_or_else(unknown_account)?.id)
}

fn unknown_account() -> Problem {
    Problem { status: axum::http::StatusCode::UNPROCESSABLE_ENTITY, ..AdminDenied::NoSuchAccount.problem() }
}

/// Events as a page shows them, with the addresses of the accounts in them.
pub(super) async fn lines(cx: &Context, events: &[Recorded]) -> Result<Vec<Line>, Fault> {
    let named = events.iter().flat_map(|event| [Some(&event.actor), event.target.as_ref()]).flatten();
    let mut ids: Vec<AccountId> = named.filter_map(|text| account_in(text)).collect();
    ids.sort_unstable();
    ids.dedup();
    let known = addresses(cx, &ids).await?;
    Ok(events.iter().map(|event| Line::of(cx, event, &known)).collect())
}

/// The account in a text such as `operator:ID`.
fn account_in(text: &str) -> Option<AccountId> {
    let (kind, id) = text.split_once(':')?;
    matches!(kind, "account" | "operator").then(|| id.parse().ok())?
}

impl Line {
    fn of(cx: &Context, event: &Recorded, known: &BTreeMap<AccountId, String>) -> Self {
        let base = cx.site.base;
        let party = |text: &str| Party::of(base, text, known);
        let details = [&event.detail, &event.factors].into_iter().flatten().cloned().collect::<Vec<_>>();
        let tenant = event.tenant.as_ref().map(|id| party(&format!("tenant:{id}"))).unwrap_or_default();
        Self {
            at: event.at.get(..19).unwrap_or(&event.at).replace('T', " "),
            actor: party(&event.actor),
            action: event.action.clone(),
            target: event.target.as_deref().map(party).unwrap_or_default(),
            tenant,
            is_denied: event.result == Outcome::Denied.name(),
            address: event.address.clone().unwrap_or_default(),
            detail: details.join(" · "),
        }
    }
}

impl Party {
    fn of(base: &str, text: &str, known: &BTreeMap<AccountId, String>) -> Self {
        let Some((kind, id)) = text.split_once(':') else { return Self { text: text.to_owned(), href: None } };
        let short = || id.get(..8).unwrap_or(id).to_owned() + "…";
        match (kind, account_in(text)) {
            (_, Some(account)) => {
                let whose = known.get(&account).cloned();
                let href = whose.is_some().then(|| format!("{base}/admin/accounts/{account}"));
                let whose = whose.unwrap_or_else(short);
                Self { text: if kind == "operator" { format!("{whose} as operator") } else { whose }, href }
            }
            ("tenant", None) => Self { text: short(), href: Some(format!("{base}/admin/tenants/{id}")) },
            ("client", None) => Self { text: text.to_owned(), href: Some(format!("{base}/admin/clients/{id}")) },
            _ => Self { text: format!("{kind} {id}"), href: None },
        }
    }
}
