//! Sessions of everybody, and the end of one.

use doorward_core::{AccountId, SessionId, Timestamp};
use serde_json::{Value, json};

use super::{
    flow::{account, addresses, beneath, nav, next_page},
    rules::{AdminDenied, Nav},
};
use crate::{
    base::render::{ago, page},
    guard::{
        Cursor, Denial, Listing, Operator, Refused, Reply, Routes, Viewer, input, number, numbered, page_size, paged,
    },
    operator::flow as acts,
    operators::power::{AccountsRead, SessionsManage},
    sessions::{self, Listed},
};

pub(super) fn routes(routes: &mut Routes) {
    routes.get("/admin/sessions", list, "Lists the live sessions of everybody, or of one account, newest first.");
    routes.post("/admin/sessions/{id}/revoke", revoke, "Ends a session, whoever it belongs to.");
}

page! {
    /// The live sessions.
    #[derive(askama::Template)]
    SessionsPage in "admin/sessions.html" {
        nav: Nav,
        whose: Option<(String, String)>,
        rows: Vec<Row>,
        next: Option<String>,
    }
}

/// A line in the list of sessions.
pub(crate) struct Row {
    pub(crate) id: String,
    pub(crate) account: String,
    pub(crate) email: String,
    pub(crate) device: String,
    pub(crate) address: String,
    pub(crate) began: String,
    pub(crate) last_seen: String,
    pub(crate) is_this: bool,
    /// What the button that ends it is about.
    pub(crate) subject: String,
}

input! {
    Search {
        account [optional]: "Sessions of the account with this id only.",
        cursor [optional]: "Where the page begins: the `next` of the page before it.",
        limit [optional]: "How many lines, 1 to 100; 50 when it is empty.",
    }
}

input! {
    Named { id: "The session's public name: 16 hexadecimal digits." }
}

async fn list(operator: Operator<AccountsRead>, input: Search) -> Result<Reply, Refused> {
    let cx = operator.cx();
    let limit = page_size(&input.limit)?;
    let whose = match input.account.as_str() {
        "" => None,
        id => Some(account(cx, id).await?),
    };
    let list = listing(whose.as_ref().map(|account| account.id));
    let before = Cursor::read(cx, &list, &input.cursor)?.map(|place| SessionId::from_i64(number(place)));
    let found = match &whose {
        Some(account) => sessions::list(cx, account.id, before, limit + 1).await?,
        None => sessions::list_all(cx, before, limit + 1).await?,
    };
    let (found, next) = paged(cx, &list, found, limit, |one| numbered(one.id.as_i64()));
    let known = addresses(cx, &found.iter().map(|one| one.account).collect::<Vec<_>>()).await?;
    let json = json!({ "sessions": found.iter().map(entry).collect::<Vec<_>>(), "next": next });
    let email = |one: &Listed| known.get(&one.account).cloned().unwrap_or_default();
    let (now, current) = (cx.clock.now(), operator.session());
    let row = |one: Listed| Row {
        id: one.id.to_string(),
        account: one.account.to_string(),
        subject: format!("the session of {} on {}", email(&one), one.device),
        email: email(&one),
        device: one.device,
        address: one.address,
        began: ago(one.created_at, now),
        last_seen: ago(one.seen_at, now),
        is_this: one.id == current,
    };
    let page = SessionsPage {
        nav: nav(&operator, "sessions").await?,
        rows: found.into_iter().map(row).collect(),
        next: next_page("sessions", &[("account", &input.account), ("limit", &input.limit)], next.as_ref()),
        whose: whose.map(|account| (account.id.to_string(), account.email.to_string())),
    };
    Ok(Reply::page(&json, page))
}

/// The list of the sessions of one account, or of everybody's.
pub(super) fn listing(account: Option<AccountId>) -> Listing {
    let account = account.map(|account| account.to_string());
    Listing::new("sessions", Viewer::Operator).with("account", account.as_deref())
}

async fn revoke(operator: Operator<SessionsManage>, input: Named) -> Result<Reply, Refused> {
    let cx = operator.cx();
    let id = input.id.parse().map_err(|_| AdminDenied::NoSuchSession.problem())?;
    // Whoever may not end all sessions of an operator who may do more does not end them one by one either.
    let owner = sessions::owner_of(cx, id).await?.ok_or_else(|| AdminDenied::NoSuchSession.problem())?;
    beneath(&operator, &owner.to_string()).await?;
    if !acts::revoke(cx, operator.by(), id).await? {
        return Err(AdminDenied::NoSuchSession.problem().into());
    }
    let base = cx.site.base;
    // Back to the account's own page, where the button may have been.
    let back = operator.destination();
    let panel = format!("{base}/admin/accounts/");
    let page = if back.starts_with(&panel) && !back.contains('?') { back } else { format!("{base}/admin/sessions") };
    Ok(Reply::done(&json!({ "ended": 1 }), format!("{page}?done=console-session-ended")))
}

/// One session as programs see it. Times are seconds since the epoch.
pub(super) fn entry(one: &Listed) -> Value {
    json!({
        "id": one.id.to_string(),
        "account": one.account.to_string(),
        "device": one.device,
        "address": one.address,
        "created_at": Timestamp::as_secs(one.created_at),
        "seen_at": Timestamp::as_secs(one.seen_at),
        "expires_at": Timestamp::as_secs(one.expires_at),
    })
}
