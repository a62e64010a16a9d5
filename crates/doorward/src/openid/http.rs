//! The documents under `/.well-known/`, `/oauth/userinfo`, and `/oauth/logout`.

use axum::http::{HeaderValue, Method, StatusCode, header};
use doorward_core::AccountId;
use serde_json::{Value, json};

use super::{
    claims::{self, OPENID},
    discovery,
    leaving::{self, Asking, Wish},
};
use crate::{
    accounts,
    authorization::onward,
    base::render::page,
    context::Context,
    error::Fault,
    guard::{Arrived, Field, Fields, Holder, Input, NoInput, Program, Refused, Reply, Routes},
    sessions, tokens,
};

pub(crate) fn routes(routes: &mut Routes) {
    let doc = "Says what clients may ask for, and where (OpenID Connect Discovery).";
    routes.oauth(Method::GET, "/.well-known/openid-configuration", describe, doc);
    let doc = "The same under the name of RFC 8414.";
    routes.oauth(Method::GET, "/.well-known/oauth-authorization-server", describe, doc);
    let doc = "Tells a client what its person has agreed to say of themselves.";
    routes.oauth(Method::GET, "/oauth/userinfo", userinfo, doc);
    routes.oauth(Method::POST, "/oauth/userinfo", userinfo, "The same for a program that posts.");
    routes.get("/oauth/logout", ask, "Asks a person whom a client has sent whether they want to log out.");
    routes.oauth(
        Method::POST,
        "/oauth/logout",
        lead,
        "Leads a person whom a client has sent with a form to that page.",
    );
    routes.post("/oauth/logout/confirm", log_out, "Ends the person's session and leads back to the client.");
}

/// The document, which may be kept for as long as the keys.
pub(crate) fn described(cx: &Context) -> Reply {
    let kept = HeaderValue::from_static("public, max-age=300");
    Reply::json(&discovery::document(cx)).header(header::CACHE_CONTROL, kept)
}

async fn describe(program: Program, _: NoInput) -> Result<Reply, Refused> {
    Ok(described(program.cx()))
}

async fn userinfo(program: Program, _: NoInput) -> Result<Reply, Refused> {
    let (cx, shown) = (program.cx(), program.shown()?);
    let token = shown.proved(tokens::read_for_any(cx, shown.text).await?).await?;
    let scopes = tokens::holds_now(cx, &token).await?.ok_or_else(|| shown.invalid())?;
    if !scopes.has(OPENID) {
        return Err(shown.insufficient(OPENID));
    }
    let account = token.subject.parse().map_err(|_| shown.insufficient(OPENID))?;
    let about = claims::about(cx, account, &scopes).await?.ok_or_else(|| shown.invalid())?;
    Ok(Reply::json(&about))
}

macro_rules! wish {
    ($(#[$doc:meta])* $name:ident, $family:expr) => {
        $(#[$doc])*
        pub(crate) struct $name(Wish);

        impl Input for $name {
            const FIELDS: &'static [Field] = &[
                Field { name: "id_token_hint", doc: "An ID token that the client was given.", required: false },
                Field { name: "client_id", doc: "The client, when it has no ID token at hand.", required: false },
                Field {
                    name: "post_logout_redirect_uri",
                    doc: "Where the person goes afterwards: an address that the client has registered.",
                    required: false,
                },
                Field { name: "state", doc: "Comes along to that address.", required: false },
            ];
            const FAMILY: Option<&'static str> = $family;

            fn take(fields: &mut Fields) -> Self {
                let mut text = |name: &str| fields.take(name).to_string();
                Self(Wish {
                    hint: text("id_token_hint"),
                    client: text("client_id"),
                    to: text("post_logout_redirect_uri"),
                    state: text("state"),
                })
            }
        }
    };
}

wish! {
    /// What a client asks for. What we do not know (`logout_hint`, `ui_locales`) is ignored.
    Asked, Some("")
}

wish! {
    /// The same, from our own page.
    Confirmed, None
}

page! {
    /// Asks whether somebody wants to log out.
    #[derive(askama::Template)]
    LogoutPage in "openid/logout.html" {
        client: String,
        address: String,
        hidden: Vec<(&'static str, String)>,
        url: Option<String>,
    }
}

async fn ask(arrived: Arrived, asked: Asked) -> Result<Reply, Refused> {
    let cx = arrived.cx();
    let asking = leaving::asking(cx, &asked.0).await?;
    let (account, csrf_token) = match &arrived {
        Arrived::Known(person) => (person.account(), person.csrf_token()),
        Arrived::Due(holder) => (holder.account(), holder.csrf_token()),
        Arrived::Unknown(_) => {
            let sender = if arrived.comes_from_us() { Sender::Ourselves } else { Sender::Client };
            return Ok(way_on(cx, asking.as_ref(), sender));
        }
    };
    let (client, url) = match &asking {
        Some(asking) => (asking.client.name.clone(), asking.url.clone()),
        None => Default::default(),
    };
    let page =
        LogoutPage { client, address: address(cx, account).await?, hidden: hidden(&asked.0, asking.as_ref()), url };
    let json = json!({ "client": page.client, "redirect_to": page.url, "csrf_token": csrf_token });
    Ok(Reply::page(&json, page))
}

async fn address(cx: &Context, account: AccountId) -> Result<String, Fault> {
    let account = accounts::by_id(&cx.db, account).await?;
    Ok(account.map(|account| account.email.to_string()).unwrap_or_default())
}

/// What comes back with the form. The client stands in it by its name, whatever told it.
fn hidden(wish: &Wish, asking: Option<&Asking>) -> Vec<(&'static str, String)> {
    let Some(Asking { client, url: Some(_) }) = asking else { return Vec::new() };
    let all = [
        ("client_id", client.id.to_string()),
        ("post_logout_redirect_uri", wish.to.clone()),
        ("state", wish.state.clone()),
    ];
    all.into_iter().filter(|(_, value)| !value.is_empty()).collect()
}

/// A form from another site brings no cookie of ours, so it is asked once more with the same in its address.
async fn lead(program: Program, Asked(wish): Asked) -> Result<Reply, Refused> {
    let pairs = [
        ("id_token_hint", &wish.hint),
        ("client_id", &wish.client),
        ("post_logout_redirect_uri", &wish.to),
        ("state", &wish.state),
    ];
    let said = pairs.into_iter().filter(|(_, value)| !value.is_empty());
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(said).finish();
    let way = format!("{}/oauth/logout?{query}", program.cx().site.base);
    let location = HeaderValue::from_str(&way).map_err(|cause| Fault::new("leading to the logout", cause))?;
    let reply = Reply::json(&json!({ "redirect_to": way })).status(StatusCode::SEE_OTHER);
    Ok(reply.header(header::LOCATION, location))
}

async fn log_out(person: Holder, Confirmed(wish): Confirmed) -> Result<Reply, Refused> {
    let cx = person.cx();
    let asking = leaving::asking(cx, &wish).await?;
    sessions::log_out(cx, person.live(), &person.visit()).await?;
    let cookie = cx.cookies.clear(cx.cookies.session);
    Ok(way_on(cx, asking.as_ref(), Sender::Ourselves).cookie(cookie))
}

/// Which page has sent the browser.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sender {
    /// One of ours: its form must not lead to another site, so a page leads on instead.
    Ourselves,
    /// One of the client's.
    Client,
}

/// Leads somebody who is logged out to where the client wants them, or to our login.
fn way_on(cx: &Context, asking: Option<&Asking>, sender: Sender) -> Reply {
    let json = |to: Value| json!({ "logged_out": true, "redirect_to": to });
    let Some(Asking { client, url: Some(url) }) = asking else {
        return Reply::done(&json(Value::Null), format!("{}/login?done=logged-out", cx.site.base));
    };
    let json = json(url.as_str().into());
    if sender == Sender::Client {
        return Reply::done(&json, url);
    }
    Reply::onward(&json, onward(client, url), url)
}
