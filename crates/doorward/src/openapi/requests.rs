//! What requests bring: parameters of path, query and headers, and bodies.

use axum::http::Method;
use serde_json::{Map, Value, json};

use crate::guard::{Field, Route};

/// The parameters of a route; the fields of a POST are in its body.
pub(super) fn parameters(route: &Route) -> Value {
    let names: Vec<_> = in_path(route).collect();
    let doc_of = |name: &str| route.fields.iter().find(|field| field.name == name).map(|field| field.doc);
    let of_path = names.iter().map(|name| parameter(name, "path", doc_of(name).unwrap_or(TENANT), true));
    let mut parameters: Vec<Value> = of_path.collect();
    if route.method != Method::POST {
        parameters.extend(others(route).map(in_query));
    }
    if !route.only_asks() {
        let doc = "The token bound to the session, or to the form cookie before there is one; a form may carry it as `csrf_token`.";
        parameters.push(parameter("x-csrf-token", "header", doc, route.method != Method::POST));
    }
    if route.is_any() {
        parameters.extend(OF_A_PROXY.iter().map(|(name, doc)| parameter(name, "header", doc, false)));
    }
    Value::Array(parameters)
}

/// The body of a route that takes one.
pub(super) fn body(route: &Route) -> Option<Value> {
    if route.method != Method::POST {
        return None;
    }
    if route.only_asks() {
        let schema = json!({ "$ref": "#/components/schemas/Question" });
        return Some(json!({ "required": true, "content": { "application/json": { "schema": schema } } }));
    }
    let schema = schema(route);
    let needed = others(route).any(|field| field.required);
    let content =
        json!({ "application/json": { "schema": schema }, "application/x-www-form-urlencoded": { "schema": schema } });
    Some(json!({ "required": needed, "content": content }))
}

fn schema(route: &Route) -> Value {
    let one = |field: &Field| (field.name.to_owned(), json!({ "type": "string", "description": field.doc }));
    let properties: Map<String, Value> = others(route).map(one).collect();
    let required: Vec<_> = others(route).filter(|field| field.required).map(|field| field.name).collect();
    let mut schema = json!({ "type": "object", "properties": properties, "required": required });
    if let Some(family) = route.family {
        let ticked = json!({ "const": "on", "description": "One field for each that is ticked." });
        schema["patternProperties"] = json!({ format!("^{family}"): ticked });
    }
    schema
}

/// The fields that are not in the path.
fn others(route: &Route) -> impl Iterator<Item = &Field> {
    route.fields.iter().filter(|field| !in_path(route).any(|name| name == field.name))
}

/// The names in the path of a route.
fn in_path(route: &Route) -> impl Iterator<Item = &'static str> {
    let names = route.path.split('{').skip(1).filter_map(|rest| rest.split('}').next());
    names.map(|name| name.trim_start_matches('*'))
}

fn in_query(field: &Field) -> Value {
    let mut parameter = parameter(field.name, "query", field.doc, field.required);
    if field.name == "limit" {
        parameter["schema"] = json!({ "type": "integer", "minimum": 1, "maximum": 100, "default": 50 });
    }
    parameter
}

fn parameter(name: &str, place: &str, doc: &str, required: bool) -> Value {
    json!({ "name": name, "in": place, "required": required, "description": doc, "schema": { "type": "string" } })
}

/// What stands in a path for guards, which handlers need not know.
const TENANT: &str = "The tenant's slug or id.";

/// What a proxy says about the request that it has stopped.
const OF_A_PROXY: [(&str, &str); 4] = [
    ("x-forwarded-method", "The method of that request, where the question's own may be another."),
    ("x-original-method", "The same, for proxies that call it so."),
    ("x-forwarded-uri", "Its path and query, which the person comes back to after a login."),
    ("x-original-uri", "The same, for proxies that call it so."),
];
