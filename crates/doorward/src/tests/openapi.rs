//! The description of the interface says what the table of routes says.

mod apps;
mod checker;
mod console;
mod people;
mod providers;
mod tenants;
mod tour;

use std::collections::BTreeSet;

use serde_json::Value;
use tour::Tour;

use crate::{
    features::{self, Stage},
    guard::Route,
    on_every_engine,
    openapi::{document, is_ours},
    testing::providers::{World, ann},
};

fn operations(document: &Value) -> Vec<(String, String, Value)> {
    let paths = document["paths"].as_object().unwrap();
    let of_path = |(path, methods): (&String, &Value)| {
        let methods = methods.as_object().unwrap().clone();
        let path = path.clone();
        methods.into_iter().map(move |(method, operation)| (method, path.clone(), operation))
    };
    paths.iter().flat_map(of_path).collect()
}

#[test]
fn every_route_is_described_and_nothing_else() {
    let described: BTreeSet<_> =
        operations(&document("/auth")).into_iter().map(|(method, path, _)| format!("{method} {path}")).collect();
    let served = |stage| features::routes(stage).table.into_iter();
    let name =
        |route: Route| format!("{} /auth{}", route.method.as_str().to_lowercase(), route.path.replace("{*", "{"));
    assert_eq!(described, served(Stage::Production).filter(is_ours).map(name).collect());
    assert!(
        served(Stage::Development).map(name).any(|name| !described.contains(&name)),
        "the mailbox is nobody's interface"
    );
}

#[test]
fn an_operation_has_a_name_of_its_own() {
    let operations = operations(&document("/auth"));
    let names: BTreeSet<_> =
        operations.iter().map(|(_, _, operation)| operation["operationId"].as_str().unwrap()).collect();
    assert_eq!(names.len(), operations.len(), "OpenAPI 3.1: operationId is unique");
    let plain = |name: &&str| name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    assert!(names.iter().all(plain), "generators make function names of them: {names:?}");
}

#[test]
fn every_parameter_of_a_path_is_declared() {
    for (method, path, operation) in operations(&document("/auth")) {
        let declared = operation["parameters"].as_array().unwrap().iter().filter(|parameter| parameter["in"] == "path");
        let declared: BTreeSet<_> = declared.map(|parameter| parameter["name"].as_str().unwrap().to_owned()).collect();
        let named = path.split('{').skip(1).map(|rest| rest.split('}').next().unwrap().to_owned()).collect();
        assert_eq!(declared, named, "{method} {path}");
    }
}

/// All places of `document` that refer to a schema, each with the name of the schema.
fn references(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(parts) => {
            found.extend(parts.get("$ref").and_then(Value::as_str).map(str::to_owned));
            parts.values().for_each(|part| references(part, found));
        }
        Value::Array(parts) => parts.iter().for_each(|part| references(part, found)),
        _ => {}
    }
}

#[test]
fn every_reference_leads_to_a_schema_and_every_schema_is_referred_to() {
    let document = document("/auth");
    let mut found = Vec::new();
    references(&document, &mut found);
    let found: BTreeSet<_> = found.iter().map(|to| to.strip_prefix("#/components/schemas/").unwrap()).collect();
    let schemas = document["components"]["schemas"].as_object().unwrap();
    assert_eq!(found, schemas.keys().map(String::as_str).collect());
}

#[test]
fn what_an_object_must_have_is_among_what_it_can_have() {
    fn look(value: &Value, at: &str) {
        if value["type"] == "object" || value["type"][0] == "object" {
            let none = serde_json::Map::new();
            let properties = value["properties"].as_object().unwrap_or(&none);
            for name in value["required"].as_array().into_iter().flatten() {
                assert!(properties.contains_key(name.as_str().unwrap()), "{at} must have {name}");
            }
        }
        for (name, part) in value.as_object().into_iter().flatten() {
            look(part, &format!("{at}/{name}"));
        }
        for (index, part) in value.as_array().into_iter().flatten().enumerate() {
            look(part, &format!("{at}/{index}"));
        }
    }
    look(&document("/auth"), "");
}

#[test]
fn a_list_is_narrowed_by_a_cursor_and_a_limit() {
    for (method, path, operation) in operations(&document("/auth")) {
        let names: Vec<_> = operation["parameters"].as_array().unwrap().iter().map(|one| &one["name"]).collect();
        let (cursor, limit) = (names.iter().any(|name| *name == "cursor"), names.iter().any(|name| *name == "limit"));
        assert_eq!(cursor, limit, "{method} {path}");
        let document = document("/auth");
        let schema = operation["responses"]["200"]["content"]["application/json"]["schema"]["$ref"].as_str();
        let schema = schema.map(|name| document.pointer(&name[1..]).unwrap());
        let next = schema.is_some_and(|schema| !schema["properties"]["next"].is_null());
        assert_eq!(cursor, next, "{method} {path} has a cursor where its answer has the next one");
    }
}

on_every_engine! {
    async fn every_route_answers_as_it_is_described(app: TestApp) {
        let google = "[providers.google]\nkind = \"google\"\nclient_id = \"x\"\nclient_secret = \"y\"";
        let world = World::changed(app.engine(), &[ann()], google, |_| {}).await;
        let mut tour = Tour::begin(&world.app).await;
        people::all(&mut tour).await;
        providers::all(&mut tour, &world).await;
        tenants::all(&mut tour).await;
        providers::organisation(&mut tour, &world).await;
        apps::all(&mut tour).await;
        console::all(&mut tour).await;
        tour.end();
    }
}
