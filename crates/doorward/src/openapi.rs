//! The description of the interface: OpenAPI 3.1, made from the table of routes.

mod answers;

use axum::http::Method;
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
    for route in crate::features::routes(crate::features::Stage::Production).table {
        let path = route.path.replace("{*", "{");
        let path = paths.entry(format!("{base}{path}")).or_insert_with(|| json!({}));
        path[route.method.as_str().to_lowercase()] = operation(&route);
    }
    let mut schemas = answers::schemas();
    schemas["Problem"] = problem();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Doorward",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Send `Accept: application/json`; with `text/html` the same addresses answer with pages. \
                Requests that change something need our own `Origin` or `Sec-Fetch-Site: same-origin`, and the token of \
                `GET /auth/session` (or `GET /auth/csrf` before there is a session) in the header `x-csrf-token`.",
        },
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": { "session": { "type": "apiKey", "in": "cookie", "name": "__Host-session" } },
        },
    })
}

fn operation(route: &Route) -> Value {
    let public = route.guard == "Public";
    let refusals = if public {
        "The request was refused; see `code`."
    } else {
        "Nobody is logged in (401), or the request was refused."
    };
    let problem = |description: &str| {
        let schema = json!({ "$ref": "#/components/schemas/Problem" });
        json!({ "description": description, "content": { "application/problem+json": { "schema": schema } } })
    };
    let answer = json!({ "$ref": format!("#/components/schemas/{}", answers::of(&route.method, route.path)) });
    let mut operation = json!({
        "operationId": name(route),
        "summary": route.doc,
        "tags": [feature(route)],
        "parameters": parameters(route),
        "security": if public { json!([]) } else { json!([{ "session": [] }]) },
        "responses": {
            "2XX": { "description": "Done.", "content": { "application/json": { "schema": answer } } },
            "4XX": problem(refusals),
            "503": problem("Something that is needed does not answer; nothing was allowed."),
        },
    });
    if route.only_asks() && route.method == Method::POST {
        let schema = json!({ "$ref": "#/components/schemas/Question" });
        operation["requestBody"] = json!({ "required": true, "content": { "application/json": { "schema": schema } } });
    } else if route.method == Method::POST {
        let schema = schema(route);
        let content = json!({ "application/json": { "schema": schema }, "application/x-www-form-urlencoded": { "schema": schema } });
        operation["requestBody"] = json!({ "content": content });
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

fn parameters(route: &Route) -> Value {
    let names: Vec<_> = in_path(route).collect();
    let fields = route.fields.iter().filter(|field| route.method != Method::POST && !names.contains(&field.name));
    let doc_of = |name: &str| route.fields.iter().find(|field| field.name == name).map(|field| field.doc);
    let mut parameters: Vec<Value> =
        names.iter().map(|name| parameter(name, "path", doc_of(name).unwrap_or(TENANT))).collect();
    parameters.extend(fields.map(|field| parameter(field.name, "query", field.doc)));
    if !route.only_asks() {
        let doc = "The token bound to the session, or to the form cookie before there is one; a form may carry it as `csrf_token`.";
        let mut token = parameter("x-csrf-token", "header", doc);
        token["required"] = json!(route.method != Method::POST);
        parameters.push(token);
    }
    Value::Array(parameters)
}

/// The names in the path of a route.
fn in_path(route: &Route) -> impl Iterator<Item = &'static str> {
    let names = route.path.split('{').skip(1).filter_map(|rest| rest.split('}').next());
    names.map(|name| name.trim_start_matches('*'))
}

/// What stands in a path for guards, which handlers need not know.
const TENANT: &str = "The tenant's slug or id.";

fn parameter(name: &str, place: &str, doc: &str) -> Value {
    let required = place != "query";
    json!({ "name": name, "in": place, "required": required, "description": doc, "schema": { "type": "string" } })
}

fn schema(route: &Route) -> Value {
    let fields: Vec<_> = route.fields.iter().filter(|field| !in_path(route).any(|name| name == field.name)).collect();
    let properties: Map<String, Value> = fields
        .iter()
        .map(|field| (field.name.to_owned(), json!({ "type": "string", "description": field.doc })))
        .collect();
    let required: Vec<_> = fields.iter().filter(|field| field.required).map(|field| field.name).collect();
    json!({ "type": "object", "properties": properties, "required": required })
}

fn problem() -> Value {
    let complaint = json!({ "field": { "type": "string" }, "text": { "type": "string" } });
    json!({
        "type": "object",
        "description": "RFC 9457. `code` is stable; `detail` is for people.",
        "required": ["title", "status", "code", "detail"],
        "properties": {
            "title": { "type": "string" },
            "status": { "type": "integer" },
            "code": { "type": "string" },
            "detail": { "type": "string" },
            "errors": { "type": "array", "items": { "type": "object", "properties": complaint } },
            "retry_after_secs": { "type": ["integer", "null"], "description": "Seconds to wait." },
            "reference": { "type": ["string", "null"], "description": "What to quote to the operator." },
        },
    })
}
