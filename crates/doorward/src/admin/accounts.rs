//! Accounts: finding one, looking at it, and what may be done to it.

use doorward_core::{AccountId, EmailAddress, Timestamp};
use serde_json::{Value, json};

use super::{
    belongings::{self, Belonging},
    flow::{ConfirmPage, account, beneath, nav, next_page, other_beneath},
    rules::{Nav, beginning, stamp},
};
use crate::{
    accounts::{self, Account},
    base::render::{ago, page},
    context::Context,
    error::Fault,
    guard::{Cursor, Listing, Operator, Refused, Reply, Routes, Viewer, input, numbered, page_size, paged},
    operator::flow as acts,
    operators::{self, power::AccountsManage, power::AccountsRead},
    sessions,
};

pub(super) fn routes(routes: &mut Routes) {
    routes.get("/admin/accounts", list, "Lists accounts, newest first, or those whose address, id or name begins so.");
    routes.get("/admin/accounts/{account}", show, "Shows an account with its newest sessions and its first tenants.");
    routes.get("/admin/accounts/{account}/disable", ask_disable, "Asks before an account is disabled.");
    routes.post("/admin/accounts/{account}/disable", disable, "Keeps an account out and ends its sessions.");
    routes.post("/admin/accounts/{account}/enable", enable, "Lets a disabled account log in again.");
    routes.post("/admin/accounts/{account}/end-sessions", end_sessions, "Ends all sessions of an account.");
    routes.get("/admin/accounts/{account}/reset", ask_reset, "Asks before a password is voided.");
    routes.post(
        "/admin/accounts/{account}/reset",
        reset,
        "Voids a password, ends all sessions and sends a link to set a new one.",
    );
}

page! {
    /// The list of accounts.
    #[derive(askama::Template)]
    AccountsPage in "admin/accounts.html" { nav: Nav, search: String, rows: Vec<Row>, next: Option<String> }
}

page! {
    /// One account.
    #[derive(askama::Template)]
    AccountPage in "admin/account.html" {
        nav: Nav,
        own_page: String,
        account: Row,
        is_own: bool,
        operator_roles: String,
        password_set: String,
        sessions: Vec<Session>,
        tenants: Vec<Belonging>,
        more_sessions: bool,
        more_tenants: bool,
    }
}

/// A line in the list of accounts.
pub(crate) struct Row {
    pub(crate) id: String,
    pub(crate) email: String,
    pub(crate) name: String,
    pub(crate) is_disabled: bool,
    pub(crate) created: String,
    pub(crate) last_login: String,
}

/// A session of an account.
pub(crate) struct Session {
    pub(crate) id: String,
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
        search [optional]: "What the address or the name begins with; or a whole address, or an id.",
        cursor [optional]: "Where the page begins: the `next` of the page before it.",
        limit [optional]: "How many lines, 1 to 100; 50 when it is empty.",
    }
}

input! {
    Named { account: "The id of an account." }
}

async fn list(operator: Operator<AccountsRead>, input: Search) -> Result<Reply, Refused> {
    let cx = operator.cx();
    let (search, limit) = (beginning(&input.search)?, page_size(&input.limit)?);
    let list = Listing::new("accounts", Viewer::Operator).with("search", Some(&search));
    let before = Cursor::read(cx, &list, &input.cursor)?.map(AccountId::from_bytes);
    let found = found(cx, &search, before, limit + 1).await?;
    let (found, next) = paged(cx, &list, found, limit, |account| *account.id.as_bytes());
    let json = json!({ "accounts": found.iter().map(entry).collect::<Vec<_>>(), "next": next });
    let now = cx.clock.now();
    let page = AccountsPage {
        nav: nav(&operator, "accounts").await?,
        next: next_page("accounts", &[("search", &search), ("limit", &input.limit)], next.as_ref()),
        rows: found.into_iter().map(|account| Row::of(account, now)).collect(),
        search,
    };
    Ok(Reply::page(&json, page))
}

/// What is searched for: one account where it names one, by way of an index, and otherwise all that begin so.
async fn found(cx: &Context, search: &str, before: Option<AccountId>, limit: u32) -> Result<Vec<Account>, Fault> {
    let named = match (search.parse(), EmailAddress::parse(search)) {
        (Ok(id), _) => accounts::by_id(&cx.db, id).await?,
        (_, Ok(email)) => accounts::by_email(&cx.db, &email).await?,
        _ => None,
    };
    match named {
        Some(account) => Ok(vec![account]),
        None => accounts::search(&cx.db, (&search.to_lowercase(), search), before, i64::from(limit)).await,
    }
}

async fn show(operator: Operator<AccountsRead>, input: Named) -> Result<Reply, Refused> {
    let cx = operator.cx();
    let now = cx.clock.now();
    let account = account(cx, &input.account).await?;
    let found = sessions::list(cx, account.id, None, MOST + 1).await?;
    let list = super::sessions::listing(Some(account.id));
    let (sessions, more_sessions) = paged(cx, &list, found, MOST, |one| numbered(one.id.as_i64()));
    let (belongings, more_tenants) = belongings::first(cx, account.id, MOST).await?;
    let roles = operators::find(&cx.db, account.id).await?.map(|one| one.roles).unwrap_or_default();
    let roles: Vec<String> = roles.iter().map(ToString::to_string).collect();
    let changed_at = crate::passwords::changed_at(&cx.db, account.id).await?;
    let mut json = entry(&account);
    json["operator_roles"] = json!(roles);
    json["password_changed_at"] = json!(changed_at.map(Timestamp::as_secs));
    json["sessions"] = sessions.iter().map(super::sessions::entry).collect();
    json["sessions_next"] = json!(more_sessions);
    json["tenants"] = belongings.iter().map(belongings::entry).collect();
    json["tenants_next"] = json!(more_tenants);
    let page = AccountPage {
        nav: nav(&operator, "accounts").await?,
        is_own: account.id == operator.account(),
        operator_roles: roles.join(", "),
        password_set: changed_at.map_or_else(|| "none".to_owned(), |at| format!("set {}", ago(at, now))),
        sessions: sessions.into_iter().map(|one| Session::of(one, operator.session(), now)).collect(),
        tenants: belongings.into_iter().map(Belonging::of).collect(),
        more_sessions: more_sessions.is_some(),
        more_tenants: more_tenants.is_some(),
        own_page: format!("admin/accounts/{}", account.id),
        account: Row::of(account, now),
    };
    Ok(Reply::page(&json, page))
}

async fn ask_disable(operator: Operator<AccountsManage>, input: Named) -> Result<Reply, Refused> {
    let account = other_beneath(&operator, &input.account).await?;
    let says = vec![
        "All its sessions end at once, and a login under way does not finish.".to_owned(),
        "The person cannot log in, nor set a new password, until an operator enables the account again.".to_owned(),
    ];
    confirm(&operator, &account, ("Disable", "disable", "Disable the account"), says).await
}

async fn disable(operator: Operator<AccountsManage>, input: Named) -> Result<Reply, Refused> {
    let account = other_beneath(&operator, &input.account).await?;
    acts::disable(operator.cx(), operator.by(), account.id).await?;
    Ok(done(&operator, account.id, &json!({ "disabled": true }), "account-disabled"))
}

async fn enable(operator: Operator<AccountsManage>, input: Named) -> Result<Reply, Refused> {
    let account = beneath(&operator, &input.account).await?;
    acts::enable(operator.cx(), operator.by(), account.id).await?;
    Ok(done(&operator, account.id, &json!({ "enabled": true }), "account-enabled"))
}

async fn end_sessions(operator: Operator<AccountsManage>, input: Named) -> Result<Reply, Refused> {
    let account = beneath(&operator, &input.account).await?;
    let ended = acts::revoke_all_of(operator.cx(), operator.by(), account.id).await?;
    Ok(done(&operator, account.id, &json!({ "ended": ended }), "sessions-ended"))
}

async fn ask_reset(operator: Operator<AccountsManage>, input: Named) -> Result<Reply, Refused> {
    let account = other_beneath(&operator, &input.account).await?;
    let says = vec![
        "The password works no more, all sessions end, and no device is known any longer.".to_owned(),
        format!("A link to set a new password goes to {}. You do not see it.", account.email),
    ];
    confirm(&operator, &account, ("Void the password of", "reset", "Void the password and send a link"), says).await
}

async fn reset(operator: Operator<AccountsManage>, input: Named) -> Result<Reply, Refused> {
    let account = other_beneath(&operator, &input.account).await?;
    acts::reset(operator.cx(), operator.by(), account.id).await?;
    Ok(done(&operator, account.id, &json!({ "link_sent": true }), "password-voided"))
}

/// The page that asks before an act.
async fn confirm<P>(
    operator: &Operator<P>,
    account: &Account,
    (heading, act, label): (&str, &str, &'static str),
    says: Vec<String>,
) -> Result<Reply, Refused> {
    let page = ConfirmPage {
        nav: nav(operator, "accounts").await?,
        heading: format!("{heading} {}?", account.email),
        says,
        action: format!("admin/accounts/{}/{act}", account.id),
        label,
        back: format!("admin/accounts/{}", account.id),
        typed: None,
    };
    let json = json!({ "account": entry(account), "csrf_token": operator.csrf_token() });
    Ok(Reply::page(&json, page))
}

fn done<P>(operator: &Operator<P>, account: AccountId, json: &Value, code: &str) -> Reply {
    let base = operator.cx().site.base;
    Reply::done(json, format!("{base}/admin/accounts/{account}?done=console-{code}"))
}

/// One account as programs see it. Times are seconds since the epoch.
pub(super) fn entry(account: &Account) -> Value {
    json!({
        "id": account.id.to_string(),
        "email": account.email.as_str(),
        "name": account.name,
        "created_at": account.created_at.as_secs(),
        "last_login_at": account.last_login_at.map(Timestamp::as_secs),
        "disabled_at": account.disabled_at.map(Timestamp::as_secs),
    })
}

impl Row {
    fn of(account: Account, now: Timestamp) -> Self {
        Self {
            id: account.id.to_string(),
            email: account.email.to_string(),
            name: account.name,
            is_disabled: account.disabled_at.is_some(),
            created: stamp(account.created_at),
            last_login: account.last_login_at.map_or_else(|| "never".to_owned(), |at| ago(at, now)),
        }
    }
}

impl Session {
    fn of(one: sessions::Listed, current: doorward_core::SessionId, now: Timestamp) -> Self {
        Self {
            id: one.id.to_string(),
            subject: format!("the session on {}", one.device),
            device: one.device,
            address: one.address,
            began: ago(one.created_at, now),
            last_seen: ago(one.seen_at, now),
            is_this: one.id == current,
        }
    }
}

/// How many sessions and tenants stand on the page of an account; their lists have all of them.
const MOST: u32 = 50;
