//! `GET /session`, the list of sessions, and the ways to end them. Looking at one of those ways ends nothing.

use axum::http::StatusCode;
use doorward_core::SessionId;
use serde::Serialize;
use serde_json::{Value, json};

use super::{device::Device, flow, rules::Listed};
use crate::{
    accounts,
    base::render::page,
    guard::{
        Cursor, Holder, Listing, NoInput, Person, Problem, Refused, Reply, Routes, SignedIn, Viewer, input, number,
        numbered, page_size, paged,
    },
};

pub(crate) fn routes(routes: &mut Routes) {
    routes.data("/session", who, "Tells an application who is there; 401 when nobody is.");
    routes.get("/sessions", list, "Lists the person's own sessions by device, newest first, in pages.");
    routes.data("/sessions/{id}", one, "Tells of one session of the person what the list does.");
    routes.delete("/sessions", end_others, "Ends all sessions of the person but this one.");
    routes.post("/sessions/revoke-others", end_others, "The same for a form.");
    routes.delete("/sessions/{id}", end_one, "Ends one session of the person.");
    routes.post("/sessions/{id}/revoke", end_one, "The same for a form.");
    routes.get("/logout", ask, "Shows the button that logs out.");
    routes.post("/logout", log_out, "Ends this session.");
    routes.post("/logout/everywhere", log_out_everywhere, "Ends all sessions of the person, this one too.");
}

input! {
    Paged {
        cursor [optional]: "Where the page begins: the `next` of the page before it.",
        limit [optional]: "How many sessions, 1 to 100; 50 when it is empty.",
    }
}

input! {
    Named { id: "The session's public name: 16 hexadecimal digits." }
}

page! {
    /// The list of devices.
    #[derive(askama::Template)]
    DevicesPage in "sessions/sessions.html" { devices: Vec<Device>, next: Option<String> }
}

page! {
    /// The button that logs out.
    #[derive(askama::Template)]
    LogoutPage in "sessions/logout.html" { address: String }
}

/// Who is there. Times are seconds since the epoch.
#[derive(Serialize)]
struct Who<'w> {
    account: WhoAccount<'w>,
    session: WhoSession<'w>,
    csrf_token: String,
}

#[derive(Serialize)]
struct WhoAccount<'w> {
    id: String,
    email: &'w str,
    name: &'w str,
}

#[derive(Serialize)]
struct WhoSession<'w> {
    id: String,
    created_at: i64,
    expires_at: i64,
    idle_expires_at: i64,
    factors: Vec<WhoFactor<'w>>,
    proved_at: i64,
    proof_expires_at: i64,
}

#[derive(Serialize)]
struct WhoFactor<'w> {
    factor: &'w str,
    at: i64,
}

async fn who(person: Person, _: NoInput) -> Result<Reply, Refused> {
    let (live, cx, profile) = (person.live(), person.cx(), person.profile());
    let factors = live.factors.split(',').filter_map(|one| one.split_once(':'));
    Ok(Reply::json(&Who {
        account: WhoAccount { id: live.account.to_string(), email: profile.email.as_str(), name: &profile.name },
        session: WhoSession {
            id: live.id.to_string(),
            created_at: live.created_at.as_secs(),
            expires_at: live.expires_at.as_secs(),
            idle_expires_at: live.idle_until.as_secs(),
            factors: factors.map(|(factor, at)| WhoFactor { factor, at: at.parse().unwrap_or_default() }).collect(),
            proved_at: live.proved_at.as_secs(),
            proof_expires_at: live.proved_at.after(cx.settings.reauthentication.valid).as_secs(),
        },
        csrf_token: person.csrf_token(),
    }))
}

async fn list(person: SignedIn, input: Paged) -> Result<Reply, Refused> {
    let cx = person.cx();
    let limit = page_size(&input.limit)?;
    let list = Listing::new("sessions", Viewer::Account(person.account()));
    let before = Cursor::read(cx, &list, &input.cursor)?.map(|place| SessionId::from_i64(number(place)));
    let found = flow::list(cx, person.account(), before, limit + 1).await?;
    let (found, next) = paged(cx, &list, found, limit, |one| numbered(one.id.as_i64()));
    let entries: Vec<_> = found.iter().map(|listed| entry(listed, &person)).collect();
    let body = json!({ "sessions": entries, "next": next });
    let devices = Device::all(found, person.session(), cx.clock.now());
    Ok(Reply::page(&body, DevicesPage { devices, next }))
}

async fn one(person: SignedIn, input: Named) -> Result<Reply, Refused> {
    let id = input.id.parse().map_err(|_| unknown())?;
    let listed = flow::one(person.cx(), person.account(), id).await?.ok_or_else(unknown)?;
    Ok(Reply::json(&entry(&listed, &person)))
}

/// One session as programs see it. Times are seconds since the epoch.
fn entry(listed: &Listed, person: &SignedIn) -> Value {
    json!({
        "id": listed.id.to_string(),
        "device": listed.device,
        "address": listed.address,
        "created_at": listed.created_at.as_secs(),
        "seen_at": listed.seen_at.as_secs(),
        "expires_at": listed.expires_at.as_secs(),
        "current": listed.id == person.session(),
    })
}

/// Says the same of a name that nobody has, of somebody else's session and of what is no name at all.
fn unknown() -> Problem {
    Problem::plain(StatusCode::NOT_FOUND, "no_such_session", "There is no such session; it may have ended already.")
}

async fn end_one(person: SignedIn, input: Named) -> Result<Reply, Refused> {
    let id = input.id.parse().map_err(|_| unknown())?;
    if !flow::end_other(person.cx(), person.live(), id, &person.visit()).await? {
        return Err(unknown().into());
    }
    Ok(Reply::done(&json!({ "ended": 1 }), list_of(&person, "device-logged-out")))
}

async fn end_others(person: SignedIn, _: NoInput) -> Result<Reply, Refused> {
    let ended = flow::end_others(person.cx(), person.live(), &person.visit()).await?;
    Ok(Reply::done(&json!({ "ended": ended }), list_of(&person, "others-logged-out")))
}

/// The page with the list that the form stood on: its own, or the account's.
fn list_of(person: &SignedIn, done: &str) -> String {
    let base = person.cx().site.base;
    let own = format!("{base}/sessions");
    let page = if person.destination() == own { own } else { format!("{base}/account") };
    format!("{page}?done={done}")
}

async fn log_out_everywhere(person: SignedIn, _: NoInput) -> Result<Reply, Refused> {
    let cx = person.cx();
    let ended = flow::log_out_everywhere(cx, person.live(), &person.visit()).await?;
    let (body, on) = (json!({ "ended": ended }), format!("{}/login?done=logged-out-everywhere", cx.site.base));
    Ok(Reply::done(&body, on).cookie(cx.cookies.clear(cx.cookies.session)))
}

async fn ask(person: Holder, _: NoInput) -> Result<Reply, Refused> {
    let account = accounts::by_id(&person.cx().db, person.account()).await?;
    let page = LogoutPage { address: account.map(|account| account.email.to_string()).unwrap_or_default() };
    Ok(Reply::page(&json!({ "csrf_token": person.csrf_token() }), page))
}

async fn log_out(person: Holder, _: NoInput) -> Result<Reply, Refused> {
    let cx = person.cx();
    flow::log_out(cx, person.live(), &person.visit()).await?;
    let cookie = cx.cookies.clear(cx.cookies.session);
    Ok(Reply::done(&json!({ "logged_out": true }), format!("{}/login?done=logged-out", cx.site.base)).cookie(cookie))
}
