//! What an account belongs to, in pages.

use doorward_core::{AccountId, RoleName};
use serde_json::{Value, json};

use super::{
    flow::{account, nav, next_page},
    rules::Nav,
};
use crate::{
    base::render::page,
    context::Context,
    error::Fault,
    guard::{Cursor, Listing, Operator, Refused, Reply, Routes, Viewer, input, number, numbered, page_size, paged},
    operators::power::AccountsRead,
    tenants::{self, Joined},
};

pub(super) fn routes(routes: &mut Routes) {
    routes.get(
        "/admin/accounts/{account}/tenants",
        list,
        "Lists the tenants that an account belongs to, in the order in which it joined.",
    );
}

page! {
    /// The tenants of one account.
    #[derive(askama::Template)]
    BelongingsPage in "admin/belongings.html" {
        nav: Nav,
        account: String,
        email: String,
        tenants: Vec<Belonging>,
        next: Option<String>,
    }
}

/// A tenant that an account belongs to.
pub(crate) struct Belonging {
    pub(crate) slug: String,
    pub(crate) name: String,
    pub(crate) state: &'static str,
    pub(crate) roles: String,
}

input! {
    Search {
        account: "The id of an account.",
        cursor [optional]: "Where the page begins: the `next` of the page before it.",
        limit [optional]: "How many lines, 1 to 100; 50 when it is empty.",
    }
}

/// The first page, and where the next one begins.
pub(super) async fn first(
    cx: &Context,
    account: AccountId,
    limit: u32,
) -> Result<(Vec<Joined>, Option<String>), Fault> {
    page_of(cx, account, 0, limit).await
}

async fn page_of(
    cx: &Context,
    account: AccountId,
    after: i64,
    limit: u32,
) -> Result<(Vec<Joined>, Option<String>), Fault> {
    let found = tenants::of_account(&cx.db, account, after, i64::from(limit) + 1).await?;
    Ok(paged(cx, &listing(account), found, limit, |one| numbered(one.number())))
}

async fn list(operator: Operator<AccountsRead>, input: Search) -> Result<Reply, Refused> {
    let cx = operator.cx();
    let (account, limit) = (account(cx, &input.account).await?, page_size(&input.limit)?);
    let after = Cursor::read(cx, &listing(account.id), &input.cursor)?.map_or(0, number);
    let (found, next) = page_of(cx, account.id, after, limit).await?;
    let json = json!({ "tenants": found.iter().map(entry).collect::<Vec<_>>(), "next": next });
    let page = BelongingsPage {
        nav: nav(&operator, "accounts").await?,
        next: next_page(&format!("accounts/{}/tenants", account.id), &[("limit", &input.limit)], next.as_ref()),
        account: account.id.to_string(),
        email: account.email.to_string(),
        tenants: found.into_iter().map(Belonging::of).collect(),
    };
    Ok(Reply::page(&json, page))
}

fn listing(account: AccountId) -> Listing {
    Listing::new("memberships", Viewer::Operator).with("account", Some(&account.to_string()))
}

/// One of them as programs see it.
pub(super) fn entry(one: &Joined) -> Value {
    let roles: Vec<&str> = one.roles.iter().map(RoleName::as_str).collect();
    json!({
        "id": one.id.to_string(),
        "slug": one.slug.as_str(),
        "name": one.name,
        "state": one.state.name(),
        "roles": roles,
    })
}

impl Belonging {
    pub(super) fn of(one: Joined) -> Self {
        Self {
            slug: one.slug.to_string(),
            name: one.name,
            state: one.state.name(),
            roles: one.roles.text().replace(',', ", "),
        }
    }
}
