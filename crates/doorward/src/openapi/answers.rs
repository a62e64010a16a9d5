//! What programs read, by the route that gives it.

mod apps;
mod console;
mod people;
mod tenants;

use axum::http::Method;
use serde_json::{Map, Value, json};

/// The name of the schema of an answer.
pub(super) fn of(method: &Method, path: &str) -> Option<&'static str> {
    let asked = (method.as_str(), path);
    people::of(asked).or_else(|| tenants::of(asked)).or_else(|| console::of(asked)).or_else(|| apps::of(asked))
}

/// All of them by name, and what they are made of.
pub(super) fn schemas() -> Value {
    let all = [people::schemas(), tenants::schemas(), console::schemas(), apps::schemas()].into_iter().flatten();
    all.map(|(name, schema)| (name.to_owned(), schema)).collect::<Map<_, _>>().into()
}

type Schemas = Vec<(&'static str, Value)>;

/// An object that has all of these.
fn object(properties: Value) -> Value {
    let required: Vec<_> = properties.as_object().into_iter().flat_map(Map::keys).collect();
    json!({ "type": "object", "required": required, "properties": properties })
}

/// A page of the list `name`, with its cursor.
fn page(name: &str, items: Value) -> Value {
    let mut list = list(items);
    list["maxItems"] = json!(100);
    object(json!({ name: list, "next": next("of the next page; `null` on the last one") }))
}

fn next(doc: &str) -> Value {
    json!({ "type": ["string", "null"], "description": format!("The `cursor` {doc}.") })
}

fn list(items: Value) -> Value {
    json!({ "type": "array", "items": items })
}

/// The schema of this name.
fn named(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

fn text() -> Value {
    json!({ "type": "string" })
}

fn texts() -> Value {
    list(text())
}

fn about(doc: &str) -> Value {
    json!({ "type": "string", "description": doc })
}

/// A text that may be missing.
fn known(doc: &str) -> Value {
    json!({ "type": ["string", "null"], "description": doc })
}

fn flag() -> Value {
    json!({ "type": "boolean" })
}

fn count() -> Value {
    json!({ "type": "integer" })
}

fn seconds() -> Value {
    json!({ "type": "integer", "description": "Seconds since the epoch." })
}

/// A moment that has not come for everything.
fn moment(doc: &str) -> Value {
    json!({ "type": ["integer", "null"], "description": format!("{doc}, in seconds since the epoch.") })
}

/// What was done, in one word.
fn done(word: &str) -> Value {
    object(json!({ word: flag() }))
}
