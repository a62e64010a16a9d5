//! A program that says who it is in what it sends: the client of an OAuth endpoint.

use std::sync::Arc;

use axum::http::{HeaderName, StatusCode, header};

use super::{
    bearer::Shown,
    caller::{Caller, Visit},
    guards::Guard,
    reply::Refused,
};
use crate::{base::problem::Problem, context::Context};

/// A program. Nothing is known of it but what it sends, and its handler asks for the proof: a client's secret, a token, or
/// nothing where there is nothing to protect. Cookies are not looked at.
pub(crate) struct Program {
    caller: Caller,
}

impl Guard for Program {
    fn name() -> String {
        "Program".to_owned()
    }

    async fn admit(caller: Caller) -> Result<Self, Refused> {
        demand_one_of_each(&caller)?;
        Ok(Self { caller })
    }
}

pub(super) const DPOP: HeaderName = HeaderName::from_static("dpop");

/// Refuses a request that says twice who sends it.
pub(super) fn demand_one_of_each(caller: &Caller) -> Result<(), Problem> {
    for name in [header::AUTHORIZATION, DPOP] {
        // What stands before us may have gone by the other one.
        if caller.headers.get_all(&name).iter().nth(1).is_some() {
            let text = format!("The request has the header {name} more than once.");
            return Err(Problem::plain(StatusCode::BAD_REQUEST, "invalid_request", text));
        }
    }
    Ok(())
}

/// What the header `Authorization` says after its scheme.
pub(super) fn authorization<'c>(caller: &'c Caller, scheme: &str) -> Option<&'c str> {
    let (said, rest) = caller.headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    said.eq_ignore_ascii_case(scheme).then(|| rest.trim_start_matches(' '))
}

impl Program {
    pub(crate) fn cx(&self) -> &Arc<Context> {
        &self.caller.cx
    }

    pub(crate) fn visit(&self) -> Visit {
        self.caller.visit()
    }

    /// What the header `Authorization` says after its scheme, which is compared without case (RFC 9110 section 11.1); `None`
    /// when there is no such header or it is of another scheme.
    pub(crate) fn authorization(&self, scheme: &str) -> Option<&str> {
        authorization(&self.caller, scheme)
    }

    /// The access token that it shows.
    pub(crate) fn shown(&self) -> Result<Shown<'_>, Refused> {
        Shown::by(&self.caller)
    }

    /// Whether there is a header `Authorization` at all.
    pub(crate) fn is_authorizing(&self) -> bool {
        self.caller.headers.contains_key(header::AUTHORIZATION)
    }

    /// The proof of possession that it sends (RFC 9449), unread.
    pub(crate) fn dpop(&self) -> Option<&[u8]> {
        self.caller.headers.get(DPOP).map(axum::http::HeaderValue::as_bytes)
    }

    /// The method and the path of the request, as a proof of possession names them.
    pub(crate) fn target(&self) -> (&str, &str) {
        (self.caller.method.as_str(), self.caller.uri.path())
    }
}
