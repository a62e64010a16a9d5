//! The same guards in an application's own axum routes.
//!
//! [`protect`] is the layer around those routes: it knows the Doorward, and reads the CSRF token out of a form before
//! the handler does. A guard without the layer refuses everything, so forgetting it fails closed.

use std::{pin::pin, sync::Arc};

use axum::{
    body::Body,
    extract::{FromRequestParts, RawPathParams, Request, State},
    http::{Response, StatusCode, request::Parts},
    middleware::Next,
};
use http_body_util::BodyExt;
use zeroize::Zeroizing;

use super::{
    bearer::{Bearer, LiveBearer},
    caller::{Caller, Representation},
    guards::{Guard, Reauthenticated, SignedIn},
    input::{BODY_PATIENCE, FORM, MAX_BODY, is_of},
    reply::{Presentation, Refused},
    tenant::{Member, RecentMember},
};
use crate::{
    access::{self, Authorized, Permission},
    base::{panics::caught, problem::Problem},
    context::Context,
    error::Fault,
};

/// What the layer knows.
#[derive(Clone)]
pub(crate) struct Protected {
    cx: Arc<Context>,
    csrf_field: Zeroizing<String>,
}

impl Protected {
    pub(crate) fn new(cx: &Arc<Context>) -> Self {
        Self { cx: Arc::clone(cx), csrf_field: Zeroizing::default() }
    }
}

/// Prepares a request for the guards. A form is read whole, up to 64 KiB; a larger one, and any other body, sends its token
/// in the header.
pub(crate) async fn protect(State(mut protected): State<Protected>, request: Request, next: Next) -> Response<Body> {
    let is_form = is_of(request.headers(), FORM);
    let has_token = request.headers().contains_key("x-csrf-token");
    let mut request = request;
    if is_form && !has_token {
        let (parts, body) = request.into_parts();
        let whole = tokio::time::timeout(BODY_PATIENCE, http_body_util::Limited::new(body, MAX_BODY).collect());
        let Ok(Ok(body)) = whole.await else {
            let text = "A form so large or so slow must send its CSRF token in the header x-csrf-token.";
            return refuse(
                &protected.cx,
                Representation::Json,
                Problem::plain(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", text).into(),
            );
        };
        let body = body.to_bytes();
        protected.csrf_field = token_in(&body);
        request = Request::from_parts(parts, Body::from(body));
    }
    let (cx, wants) = (Arc::clone(&protected.cx), Representation::wanted(request.headers()));
    request.extensions_mut().insert(protected);
    let panicked = |_| Fault::new("answering for the application", "its handler panicked");
    caught(pin!(next.run(request))).await.map_err(panicked).unwrap_or_else(|fault| refuse(&cx, wants, fault.into()))
}

/// The token in a form of the application's, which is read by the application's rules: fields may repeat, and be many.
/// Where the token repeats, the first one counts; whoever knows it may say it twice.
fn token_in(form: &[u8]) -> Zeroizing<String> {
    let mut fields = url::form_urlencoded::parse(form);
    let token = fields.find(|(name, _)| name == "csrf_token");
    token.map(|(_, value)| Zeroizing::new(value.into_owned())).unwrap_or_default()
}

async fn admit<G: Guard>(parts: &mut Parts) -> Result<G, Response<Body>> {
    let tenant = if G::TENANT { tenant_in(parts).await } else { None };
    let Some(protected) = parts.extensions.get::<Protected>() else {
        tracing::error!("a guarded route is not under Doorward::protect and refuses everything");
        let mut response = Response::new(Body::from("this route is not protected\n"));
        *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
        return Err(response);
    };
    let wants = if G::PROGRAM { Representation::Json } else { Representation::wanted(&parts.headers) };
    let mut caller =
        Caller::of(&protected.cx, parts.clone(), wants).map_err(|refused| refuse(&protected.cx, wants, refused))?;
    caller.csrf_field = protected.csrf_field.clone();
    caller.tenant = tenant;
    let admitted = caught(pin!(G::admit(caller))).await.unwrap_or_else(|panicked| Err(panicked.into()));
    admitted.map_err(|refused| refuse(&protected.cx, wants, refused))
}

fn refuse(cx: &Context, wants: Representation, refused: Refused) -> Response<Body> {
    let frame = (wants == Representation::Page).then(|| cx.site.frame(cx.settings.passwords.min_length));
    Presentation { cx, wants, frame, cookie: None, path: "/".to_owned() }.response(Err(refused))
}

/// What stands in the path in the place of `{tenant}`.
async fn tenant_in(parts: &mut Parts) -> Option<String> {
    let params = RawPathParams::from_request_parts(parts, &()).await.ok()?;
    params.iter().find(|(name, _)| *name == "tenant").map(|(_, value)| value.to_owned())
}

impl SignedIn {
    /// Whether the person may do `P` in the tenant that goes by this name: its slug or its id. For what names its tenant
    /// elsewhere than in the path; there [`Member`] is the guard. A no is an answer that can be returned as it is.
    pub async fn authorize<P: Permission>(&self, tenant: &str) -> Result<Authorized<P>, Response<Body>> {
        let asked = access::authorize::<P>(self.cx(), (self.account(), self.session()), tenant).await;
        asked.map_err(|refusal| refuse(self.cx(), self.caller.wants(), refusal.into()))
    }
}

impl<S: Send + Sync, P: Permission> FromRequestParts<S> for Member<P> {
    type Rejection = Response<Body>;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        admit(parts).await
    }
}

impl<S: Send + Sync, P: Permission> FromRequestParts<S> for RecentMember<P> {
    type Rejection = Response<Body>;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        admit(parts).await
    }
}

impl<S: Send + Sync, P: Permission> FromRequestParts<S> for Bearer<P> {
    type Rejection = Response<Body>;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        admit(parts).await
    }
}

impl<S: Send + Sync, P: Permission> FromRequestParts<S> for LiveBearer<P> {
    type Rejection = Response<Body>;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        admit(parts).await
    }
}

impl<S: Send + Sync> FromRequestParts<S> for SignedIn {
    type Rejection = Response<Body>;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        admit(parts).await
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Reauthenticated {
    type Rejection = Response<Body>;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        admit(parts).await
    }
}
