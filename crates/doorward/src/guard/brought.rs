//! Reading what a request brings, by the sort of its route.

use axum::{body::Body, extract::RawPathParams, http::StatusCode};
use bytes::Bytes;
use http_body_util::BodyExt;

use super::{
    caller::Caller,
    input::{BODY_PATIENCE, FORM, Fields, MAX_BODY, is_of},
    routes::{Kind, Route},
};
use crate::base::problem::Problem;

/// Reads what the request brings: the query where it only looks, the body where it changes something, then the path.
pub(super) async fn fields(
    caller: &Caller,
    route: &Route,
    params: &RawPathParams,
    body: Body,
) -> Result<Fields, Problem> {
    let mut fields = if route.kind == Kind::Question {
        caller.refuse_foreign_sender()?;
        Fields::of_whole_body(&caller.headers, whole(body).await?)?
    } else if route.kind == Kind::Landing {
        answer_of(caller, body).await?
    } else if route.kind == Kind::OAuth && caller.is_unsafe() {
        Fields::of_form(&caller.headers, &whole(body).await?)?
    } else if route.kind == Kind::Plain && caller.is_unsafe() {
        Fields::of_body(&caller.headers, &whole(body).await?)?
    } else if route.is_any() && caller.tenant.is_some() {
        // The query is that of the request itself, whose words are not the proxy's.
        Fields::default()
    } else {
        let mut fields = Fields::of_query(caller.uri.query())?;
        // Ours, for the sentence above a page and for the version of a file; no handler needs to know them.
        fields.take("done");
        fields.take("v");
        fields
    };
    for (name, value) in params {
        fields.put(name, value)?;
    }
    Ok(fields)
}

/// An answer as it came, in the field `answer`.
async fn answer_of(caller: &Caller, body: Body) -> Result<Fields, Problem> {
    let mut fields = Fields::default();
    if !caller.is_unsafe() {
        fields.put("answer", caller.uri.query().unwrap_or_default())?;
    } else if is_of(&caller.headers, FORM) {
        fields.put("answer", std::str::from_utf8(&whole(body).await?).unwrap_or_default())?;
    }
    Ok(fields)
}

/// Reads a body within its limits.
async fn whole(body: Body) -> Result<Bytes, Problem> {
    let whole = http_body_util::Limited::new(body, MAX_BODY).collect();
    let body = tokio::time::timeout(BODY_PATIENCE, whole).await.map_err(|_| too_slow())?.map_err(|_| too_large())?;
    Ok(body.to_bytes())
}

fn too_large() -> Problem {
    let text = format!("The body is larger than {} KiB, or was cut off.", MAX_BODY / 1024);
    Problem::plain(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", text)
}

fn too_slow() -> Problem {
    Problem::plain(StatusCode::REQUEST_TIMEOUT, "body_too_slow", "The body did not arrive in time.")
}
