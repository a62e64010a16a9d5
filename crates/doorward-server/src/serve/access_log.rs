//! One event for each request, at debug level: method, route, status and time. Never a query, a header or a body.

use axum::{
    Router,
    extract::{MatchedPath, Request},
    middleware::{self, Next},
    response::Response,
};
use doorward::core::{Clock, SystemClock};

/// Puts the log around an application, where somebody would see it.
pub(super) fn around(app: Router) -> Router {
    if tracing::enabled!(tracing::Level::DEBUG) { app.layer(middleware::from_fn(log)) } else { app }
}

async fn log(request: Request, next: Next) -> Response {
    let method = request.method().clone();
    // The route and not the path: a path may carry what somebody mistyped, or what they want in the log.
    let route = request.extensions().get::<MatchedPath>().cloned();
    let began = SystemClock.now();
    let response = next.run(request).await;
    let millis = SystemClock.now().since(began).as_millis();
    let route = route.as_ref().map_or("-", MatchedPath::as_str);
    tracing::debug!(%method, route, status = response.status().as_u16(), millis, "request");
    response
}
