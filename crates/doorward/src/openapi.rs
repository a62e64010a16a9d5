//! The description of the interface: OpenAPI 3.1, made from the table of routes.

mod answers;
mod requests;
mod responses;

use serde_json::{Map, Value, json};

use crate::guard::{NoInput, Public, Refused, Reply, Route, Routes};

pub(crate) fn routes(routes: &mut Routes) {
    routes.data("/openapi.json", show, "Describes this interface.");
}

async fn show(visitor: Public, _: NoInput) -> Result<Reply, Refused> {
    Ok(Reply::json(&document(visitor.cx().site.base)))
}

/// Writes the document; development routes are not part of it.
pub(crate) fn document(base: &str) -> Value {
    let mut paths = Map::new();
    for route in crate::features::routes(crate::features::Stage::Production).table.into_iter().filter(is_ours) {
        let path = route.path.replace("{*", "{");
        let path = paths.entry(format!("{base}{path}")).or_insert_with(|| json!({}));
        path[route.method.as_str().to_lowercase()] = operation(&route);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Doorward",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Send `Accept: application/json`; with `text/html` the same addresses answer with pages. \
                A list comes in pages of up to 100: `next` is the `cursor` of the next one, or `null` on the last. \
                Requests that change something need our own `Origin` or `Sec-Fetch-Site: same-origin`, and the token of \
                `GET /auth/session` (or `GET /auth/csrf` before there is a session) in the header `x-csrf-token`. What clients of \
                OAuth use is described by `GET /auth/.well-known/openid-configuration` and the RFCs behind it.",
        },
        "paths": paths,
        "components": {
            "schemas": answers::schemas(),
            "securitySchemes": { "session": { "type": "apiKey", "in": "cookie", "name": "__Host-session" } },
        },
    })
}

/// Whether a route is of our own making. Those of OAuth have a description of their own, and their answers are those of its RFCs; so
/// is what another site sends a browser back with.
pub(crate) fn is_ours(route: &Route) -> bool {
    !route.is_landing()
        && !route.is_oauth()
        && !["/oauth/", "/.well-known/"].iter().any(|standard| route.path.starts_with(standard))
}

fn operation(route: &Route) -> Value {
    let public = route.guard == "Public";
    let mut operation = json!({
        "operationId": name(route),
        "summary": route.doc,
        "tags": [feature(route)],
        "parameters": requests::parameters(route),
        "security": if public { json!([]) } else { json!([{ "session": [] }]) },
        "responses": responses::all(route),
    });
    if let Some(body) = requests::body(route) {
        operation["requestBody"] = body;
    }
    if route.is_any() {
        operation["description"] =
            json!("Answers to every method alike: it may be that of the request that was stopped.");
    }
    operation
}

/// Names the operation by method and path: one handler may serve several routes, and names must be unique.
fn name(route: &Route) -> String {
    let words = route.path.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.fold(route.method.as_str().to_lowercase(), |name, word| format!("{name}_{word}"))
}

/// The feature that the operation belongs to, which is the first part of its handler's path.
fn feature(route: &Route) -> &'static str {
    route.handler.split_once("::").map_or(route.handler, |(feature, _)| feature)
}
