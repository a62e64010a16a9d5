//! `GET /oauth/jwks`.

use axum::http::{HeaderValue, Method, header};

use super::{flow, rules};
use crate::guard::{NoInput, Program, Refused, Reply, Routes};

pub(crate) fn routes(routes: &mut Routes) {
    routes.oauth(Method::GET, "/oauth/jwks", jwks, "Gives the keys that verify our tokens (RFC 7517).");
}

async fn jwks(program: Program, _: NoInput) -> Result<Reply, Refused> {
    let set = flow::key_set(program.cx()).await?;
    let kept = format!("public, max-age={}", rules::KEPT_SECS);
    let kept = HeaderValue::from_str(&kept).expect("words and a number are ASCII");
    Ok(Reply::json(&rules::document(&set)).header(header::CACHE_CONTROL, kept))
}
