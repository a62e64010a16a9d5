//! Somebody for whom a proxy asks before it lets their request through.
//!
//! What a proxy passes to the application as ours must not have come from outside: a request that brings a header of that name
//! is refused, whatever the proxy would have made of it. And since the proxy's own question is a GET as a rule, it says in a
//! header which method the request has; one that may change something needs our origin and the session's token, as if it had
//! come here.
//!
//! Two forms. Where the question is the query, all of it is the proxy's. Where tenant and permission are in the path, the
//! request's own path and query stand behind them and its own method is the method of the question: nothing there is believed
//! beyond the path's first two places.

use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use doorward_core::LocalPath;

use super::{
    caller::{Caller, is_unsafe},
    guards::{Guard, Person, RECHECK_REQUIRED, login_page, recheck_page},
    reply::Refused,
};
use crate::base::problem::Problem;

/// A person whose request a proxy has stopped.
pub(crate) struct Forwarded(Person);

impl Guard for Forwarded {
    fn name() -> String {
        "Forwarded".to_owned()
    }

    async fn admit(mut caller: Caller) -> Result<Self, Refused> {
        refuse_identity(&caller.headers)?;
        caller.method = original_method(&caller)?;
        if opens_channel(&caller.headers) {
            caller.refuse_foreign_sender()?;
        }
        if caller.is_unsafe() && application_checks_token(&caller) {
            caller.demand_own_sender()?;
            caller.only_asks = true;
        }
        let back = way_back(&caller);
        let (login, recheck) = (login_page(&caller, back.clone()), recheck_page(&caller, back));
        match Person::admit(caller).await {
            Ok(person) => Ok(Self(person)),
            Err(refused) if refused.is_code(RECHECK_REQUIRED) => Err(leading(refused, &recheck)),
            Err(refused) if refused.is(StatusCode::UNAUTHORIZED) => Err(leading(refused, &login)),
            Err(refused) => Err(refused),
        }
    }

    fn csrf(&self) -> String {
        self.0.csrf()
    }

    fn signed_in(&self) -> bool {
        true
    }
}

impl std::ops::Deref for Forwarded {
    type Target = Person;

    fn deref(&self) -> &Person {
        &self.0
    }
}

/// Says where the proxy may lead the person to.
fn leading(refused: Refused, page: &str) -> Refused {
    match HeaderValue::from_str(page) {
        Ok(page) => refused.header(LOGIN, page),
        Err(_) => refused,
    }
}

/// Whether tenant and permission are in the path, with the path and the query of the request itself behind them.
fn in_path(caller: &Caller) -> bool {
    caller.tenant.is_some()
}

/// Refuses headers that only we may set, in every spelling that some application server reads as one of them: CGI and its
/// heirs turn what is no letter or digit into an underscore.
fn refuse_identity(headers: &HeaderMap) -> Result<(), Problem> {
    let ours = |name: &HeaderName| {
        let mut plain = name.as_str().bytes().map(|b| if b.is_ascii_alphanumeric() { b } else { b'-' });
        OURS.bytes().all(|ours| plain.next() == Some(ours))
    };
    if !headers.keys().any(ours) {
        return Ok(());
    }
    let text = "The request brings an x-doorward- header of its own; only Doorward sets these.";
    Err(Problem::plain(StatusCode::FORBIDDEN, "identity_from_outside", text))
}

/// The method of the request itself. A proxy that asks in a method of its own says which it was; where two say two things,
/// somebody else has written one of them.
fn original_method(caller: &Caller) -> Result<Method, Problem> {
    let unknown = || {
        let text =
            "Which method does the request have? Let the proxy say it in X-Forwarded-Method or X-Original-Method.";
        Problem::plain(StatusCode::FORBIDDEN, "original_method_unknown", text)
    };
    let mut said = None;
    for value in said_by_proxy(&caller.headers, ["x-forwarded-method", "x-original-method"]) {
        let method = Method::from_bytes(value.as_bytes()).map_err(|_| unknown())?;
        if said.get_or_insert_with(|| method.clone()) != &method {
            return Err(unknown());
        }
    }
    // Nobody asks about a GET in a POST.
    let speaks_for_itself = in_path(caller) || is_unsafe(&caller.method);
    match said {
        None if speaks_for_itself => Ok(caller.method.clone()),
        Some(said) if said == caller.method || !speaks_for_itself => Ok(said),
        // A safe method may be that of the question alone.
        None | Some(_) => Err(unknown()),
    }
}

/// Whether the request asks for a WebSocket or another protocol: a GET through which a page can do everything afterwards. A
/// page of another site must not, and browsers say of each which page it was (RFC 6455 section 10.2).
fn opens_channel(headers: &HeaderMap) -> bool {
    let mode = headers.get("sec-fetch-mode").is_some_and(|mode| mode == "websocket");
    mode || headers.contains_key(header::UPGRADE) || headers.contains_key(header::SEC_WEBSOCKET_KEY)
}

/// Whether the proxy says that the application checks a token of its own. In the path's form the query is not the proxy's.
fn application_checks_token(caller: &Caller) -> bool {
    let query = caller.uri.query().unwrap_or_default();
    !in_path(caller)
        && url::form_urlencoded::parse(query.as_bytes()).any(|(name, value)| name == "csrf" && value == "application")
}

/// Where the person wanted to go, as far as somebody can come back to it.
fn way_back(caller: &Caller) -> Option<LocalPath> {
    if caller.is_unsafe() {
        return None;
    }
    if in_path(caller) {
        let asked = caller.uri.path_and_query()?.as_str().strip_prefix(caller.cx.site.base)?;
        let (_, own) = asked.strip_prefix("/verify/")?.split_once('/')?;
        let (_, own) = own.split_once('/')?;
        return LocalPath::parse(&format!("/{own}"));
    }
    let mut said = said_by_proxy(&caller.headers, ["x-forwarded-uri", "x-original-uri"]);
    let first = said.next()?;
    let agreed = said.all(|other| other == first);
    LocalPath::parse(first.to_str().ok().filter(|_| agreed)?)
}

fn said_by_proxy<'h>(headers: &'h HeaderMap, names: [&'static str; 2]) -> impl Iterator<Item = &'h HeaderValue> {
    names.into_iter().flat_map(|name| headers.get_all(name).iter())
}

/// What the names of the headers that only we set begin with.
const OURS: &str = "x-doorward-";
const LOGIN: HeaderName = HeaderName::from_static("x-doorward-login");
