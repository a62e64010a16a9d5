//! What the handlers of all panels do.

use std::collections::BTreeMap;

use doorward_core::AccountId;

use super::rules::{AdminDenied, Nav, account_id};
use crate::{
    accounts::{self, Account},
    base::render::{Page, page},
    context::Context,
    error::Fault,
    guard::{Denial, Operator, Refused},
    operators,
};

page! {
    /// Asks before something is done that is hard to undo.
    #[derive(askama::Template)]
    ConfirmPage in "admin/confirm.html" {
        nav: Nav,
        heading: String,
        says: Vec<String>,
        action: String,
        label: &'static str,
        back: String,
        typed: Option<String>,
    }
}

/// The navigation for this operator, with the panel `here` open.
pub(super) async fn nav<P>(operator: &Operator<P>, here: &'static str) -> Result<Nav, Fault> {
    let powers = operators::powers_of(operator.cx(), operator.account()).await?.unwrap_or_default();
    Ok(Nav { powers, here })
}

/// Puts a refusal on the page that its form stands on, where whoever sent it may see that page: by the permission `sees`. For
/// others the refusal stands alone.
pub(super) async fn on_page<P, T: Page + 'static>(
    operator: &Operator<P>,
    sees: &str,
    refused: Refused,
    page: impl Future<Output = Result<T, Refused>>,
) -> Refused {
    let powers = operators::powers_of(operator.cx(), operator.account()).await;
    if !powers.is_ok_and(|powers| powers.is_some_and(|powers| powers.hold(sees))) {
        return refused;
    }
    match page.await {
        Ok(page) => refused.page(page),
        Err(_) => refused,
    }
}

/// What was typed, as a page repeats it.
pub(super) fn repeated(text: &str) -> String {
    text.chars().take(300).collect()
}

/// The address of the next page.
pub(super) fn next_page(path: &str, narrowed: &[(&str, &str)], next: Option<&String>) -> Option<String> {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(narrowed.iter().filter(|(_, value)| !value.is_empty()));
    Some(format!("{path}?{}", query.append_pair("cursor", next?).finish()))
}

/// Reads an account by its id.
pub(super) async fn account(cx: &Context, id: &str) -> Result<Account, Refused> {
    let found = accounts::by_id(&cx.db, account_id(id)?).await?;
    Ok(found.ok_or_else(|| AdminDenied::NoSuchAccount.problem())?)
}

/// Reads an account that this operator may act upon: not one of an operator who may do more.
pub(super) async fn beneath<P>(operator: &Operator<P>, id: &str) -> Result<Account, Refused> {
    let cx = operator.cx();
    let found = account(cx, id).await?;
    let own = operators::powers_of(cx, operator.account()).await?.unwrap_or_default();
    let theirs = operators::powers_of(cx, found.id).await?.unwrap_or_default();
    match own.cover(&theirs) {
        true => Ok(found),
        false => Err(AdminDenied::MayDoMore.problem().into()),
    }
}

/// The same, where it would lock out whoever does it to themselves.
pub(super) async fn other_beneath<P>(operator: &Operator<P>, id: &str) -> Result<Account, Refused> {
    let found = beneath(operator, id).await?;
    if found.id == operator.account() {
        return Err(AdminDenied::OwnAccount.problem().into());
    }
    Ok(found)
}

/// The addresses of accounts, for lists that know only ids.
pub(super) async fn addresses(cx: &Context, ids: &[AccountId]) -> Result<BTreeMap<AccountId, String>, Fault> {
    let found = if ids.is_empty() { Vec::new() } else { accounts::by_ids(&cx.db, ids).await? };
    Ok(found.into_iter().map(|account| (account.id, account.email.to_string())).collect())
}
