//! Somebody for whom a proxy asks before it lets their request through.
//!
//! What a proxy passes to the application as ours must not have come from outside: a request that brings a header of that name
//! is refused, whatever the proxy would have made of it. And since the proxy's own question is a GET as a rule, it says in a
//! header which method the request has; one that may change something needs our origin and the session's token, as if it had
//! come here.

use axum::http::{HeaderMap, Method, StatusCode};

use super::{
    caller::Caller,
    cookie::SetCookie,
    guards::{Guard, Person},
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
        if caller.is_unsafe() && application_checks_token(caller.uri.query()) {
            caller.demand_own_sender()?;
            caller.only_asks = true;
        }
        Person::admit(caller).await.map(Self)
    }

    fn csrf(&self) -> String {
        self.0.csrf()
    }

    fn signed_in(&self) -> bool {
        true
    }

    fn cookie(&self) -> Option<SetCookie> {
        None
    }
}

impl std::ops::Deref for Forwarded {
    type Target = Person;

    fn deref(&self) -> &Person {
        &self.0
    }
}

/// Refuses headers that only we may set. A hyphen and an underscore are one: many an application server makes them so.
fn refuse_identity(headers: &HeaderMap) -> Result<(), Problem> {
    let ours = |name: &str| name.replace('_', "-").starts_with("x-doorward-");
    if !headers.keys().any(|name| ours(name.as_str())) {
        return Ok(());
    }
    let text = "The request brings an x-doorward- header of its own; only Doorward sets these.";
    Err(Problem::plain(StatusCode::FORBIDDEN, "identity_from_outside", text))
}

/// The method of the request itself. A proxy that asks in a method of its own says which it was; where two headers say two
/// things, somebody else has written one of them.
fn original_method(caller: &Caller) -> Result<Method, Problem> {
    let unknown = || {
        let text =
            "Which method does the request have? Let the proxy say it in X-Forwarded-Method or X-Original-Method.";
        Problem::plain(StatusCode::FORBIDDEN, "original_method_unknown", text)
    };
    let said = ["x-forwarded-method", "x-original-method"].map(|name| caller.headers.get_all(name));
    let mut said = said.iter().flat_map(|values| values.iter());
    let Some(first) = said.next() else {
        // Only one that asks in the request's own method says nothing, and that is no method for asking.
        return if caller.method == Method::GET && !caller.uri.path().contains("/verify/") {
            Err(unknown())
        } else {
            Ok(caller.method.clone())
        };
    };
    if said.any(|other| other != first) {
        return Err(unknown());
    }
    Method::from_bytes(first.as_bytes()).map_err(|_| unknown())
}

fn application_checks_token(query: Option<&str>) -> bool {
    url::form_urlencoded::parse(query.unwrap_or_default().as_bytes())
        .any(|(name, value)| name == "csrf" && value == "application")
}
