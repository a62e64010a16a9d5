//! API keys of everybody, and the end of one.

use std::collections::BTreeMap;

use doorward_core::{ApiKeyId, TenantId};
use serde_json::{Value, json};

use super::{
    flow::{account, addresses, beneath, nav, next_page},
    rules::Nav,
    tenants as panel,
};
use crate::{
    accounts::Account,
    api_keys::{self, KeyInfo, MakeDenied},
    base::render::{ago, day, page},
    context::Context,
    error::Fault,
    guard::{Cursor, Denial, Listing, Operator, Refused, Reply, Routes, Viewer, input, page_size, paged},
    operator::api_keys as acts,
    operators::power::{ApiKeysManage, ApiKeysRead},
    tenants::{self, Tenant},
};

pub(super) fn routes(routes: &mut Routes) {
    routes.get(
        "/admin/api-keys",
        list,
        "Lists the API keys of everybody, of one tenant, or those that act for one account, newest first.",
    );
    routes.post("/admin/api-keys/{id}/revoke", revoke, "Takes an API key back, whoever it belongs to.");
}

page! {
    /// The API keys.
    #[derive(askama::Template)]
    ApiKeysPage in "admin/api_keys.html" {
        nav: Nav,
        whose: Option<(String, String)>,
        of: Option<(String, String)>,
        rows: Vec<Row>,
        next: Option<String>,
    }
}

/// A line in the list of keys.
pub(crate) struct Row {
    pub(crate) id: String,
    pub(crate) name: String,
    /// The account that it acts for and its address; none for one of a service.
    pub(crate) whose: Option<(String, String)>,
    /// The tenant's slug and name.
    pub(crate) tenant: (String, String),
    pub(crate) scopes: String,
    pub(crate) made: String,
    pub(crate) by: String,
    pub(crate) used: String,
    pub(crate) ends: String,
    pub(crate) is_over: bool,
}

input! {
    Search {
        account [optional]: "Keys that act for the account with this id only.",
        tenant [optional]: "Keys of the tenant with this slug or id only.",
        cursor [optional]: "Where the page begins: the `next` of the page before it.",
        limit [optional]: "How many lines, 1 to 100; 50 when it is empty.",
    }
}

input! {
    Named { id: "The key's id." }
}

async fn list(operator: Operator<ApiKeysRead>, input: Search) -> Result<Reply, Refused> {
    let cx = operator.cx();
    let limit = page_size(&input.limit)?;
    let whose = match input.account.as_str() {
        "" => None,
        id => Some(account(cx, id).await?),
    };
    let of = match input.tenant.as_str() {
        "" => None,
        named => Some(panel::tenant(&operator, named).await?),
    };
    let list = listing(whose.as_ref(), of.as_ref());
    let before = Cursor::read(cx, &list, &input.cursor)?.map(ApiKeyId::from_bytes);
    let narrowed = (of.as_ref().map(|tenant| tenant.id), whose.as_ref().map(|account| account.id));
    let found = api_keys::list_all(cx, narrowed, before, i64::from(limit) + 1).await?;
    let (found, next) = paged(cx, &list, found, limit, |one| *one.id.as_bytes());
    let json = json!({ "api_keys": found.iter().map(entry).collect::<Vec<_>>(), "next": next });
    let typed = [("account", input.account.as_str()), ("tenant", &input.tenant), ("limit", &input.limit)];
    let page = ApiKeysPage {
        nav: nav(&operator, "api-keys").await?,
        rows: rows(cx, found).await?,
        next: next_page("api-keys", &typed, next.as_ref()),
        whose: whose.map(|account| (account.id.to_string(), account.email.to_string())),
        of: of.map(|tenant| (tenant.slug.to_string(), tenant.name)),
    };
    Ok(Reply::page(&json, page))
}

fn listing(account: Option<&Account>, tenant: Option<&Tenant>) -> Listing {
    let (account, tenant) = (account.map(|one| one.id.to_string()), tenant.map(|one| one.id.to_string()));
    let list = Listing::new("api keys", Viewer::Operator);
    list.with("account", account.as_deref()).with("tenant", tenant.as_deref())
}

async fn rows(cx: &Context, keys: Vec<KeyInfo>) -> Result<Vec<Row>, Fault> {
    let mut people: Vec<_> = keys.iter().flat_map(|key| [key.account, key.made_by]).flatten().collect();
    people.sort_unstable();
    people.dedup();
    let mut places: Vec<TenantId> = keys.iter().map(|key| key.tenant).collect();
    places.sort_unstable();
    places.dedup();
    let known = addresses(cx, &people).await?;
    let named = tenants::by_ids(&cx.db, &places).await?.into_iter();
    let named: BTreeMap<_, _> = named.map(|one| (one.id, (one.slug.to_string(), one.name))).collect();
    let (now, gone) = (cx.clock.now(), || "somebody who is gone".to_owned());
    let row = |key: KeyInfo| Row {
        id: key.id.to_string(),
        whose: key.account.map(|id| (id.to_string(), known.get(&id).cloned().unwrap_or_else(gone))),
        tenant: named.get(&key.tenant).cloned().unwrap_or_default(),
        scopes: key.scopes.join(", "),
        made: ago(key.created_at, now),
        by: key.made_by.and_then(|id| known.get(&id).cloned()).unwrap_or_else(gone),
        used: key.last_used_at.map_or_else(|| "never".to_owned(), |at| ago(at, now)),
        ends: day(key.expires_at),
        is_over: key.is_over,
        name: key.name,
    };
    Ok(keys.into_iter().map(row).collect())
}

async fn revoke(operator: Operator<ApiKeysManage>, input: Named) -> Result<Reply, Refused> {
    let cx = operator.cx();
    let none = || MakeDenied::NoSuchKey.problem();
    let id = input.id.parse().map_err(|_| none())?;
    let key = api_keys::look(cx, id).await?.ok_or_else(none)?;
    if let Some(account) = key.account {
        // As with sessions: what acts for an operator who may do more is not for this one to end.
        beneath(&operator, &account.to_string()).await?;
    }
    acts::revoke(cx, operator.by(), id).await?;
    Ok(Reply::done(
        &json!({ "revoked": true }),
        format!("{}/admin/api-keys?done=console-api-key-revoked", cx.site.base),
    ))
}

/// One key as programs see it. Times are seconds since the epoch.
fn entry(one: &KeyInfo) -> Value {
    one.described(|time| time.as_secs().into())
}
