//! The description of the interface says what the table of routes says.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::{
    features::{self, Stage},
    guard::Route,
    on_every_engine,
    openapi::document,
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
    assert_eq!(described, served(Stage::Production).map(name).collect());
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

/// What of `value` is not as `schema` says, with nothing more and nothing less.
fn differences(document: &Value, schema: &Value, value: &Value, at: &str) -> Vec<String> {
    if let Some(name) = schema["$ref"].as_str() {
        return differences(document, document.pointer(&name[1..]).unwrap(), value, at);
    }
    if schema["type"].is_array() && value.is_null() {
        return Vec::new();
    }
    let fits = match schema["type"].as_str().or(schema["type"][0].as_str()).unwrap() {
        "object" => value.is_object(),
        "array" => value.as_array().is_some_and(|items| !items.is_empty()),
        "string" => value.is_string(),
        "integer" => value.is_i64(),
        "boolean" => value.is_boolean(),
        other => panic!("{at}: no test for {other}"),
    };
    if !fits {
        return vec![format!("{at} is {value}")];
    }
    let items = value.as_array().into_iter().flatten();
    let mut found: Vec<_> = items.flat_map(|item| differences(document, &schema["items"], item, at)).collect();
    if let (Some(properties), Some(value)) = (schema["properties"].as_object(), value.as_object()) {
        let names = |object: &serde_json::Map<String, Value>| object.keys().cloned().collect::<BTreeSet<_>>();
        let required: BTreeSet<_> =
            schema["required"].as_array().unwrap().iter().map(|name| name.as_str().unwrap().to_owned()).collect();
        if names(properties) != names(value) || required != names(value) {
            found.push(format!("{at} has {:?}", names(value)));
        }
        let inner = properties
            .iter()
            .flat_map(|(name, schema)| differences(document, schema, &value[name], &format!("{at}/{name}")));
        found.extend(inner);
    }
    found
}

on_every_engine! {
    async fn what_programs_read_is_as_it_is_described(app: TestApp) {
        let mut ann = app.person("ann@example.com").await;
        let id = ann.get("/auth/session").await.json()["session"]["id"].as_str().unwrap().to_owned();
        let document = ann.get("/auth/openapi.json").await.json();
        for (described, path) in [
            ("/session", "/session".to_owned()),
            ("/sessions", "/sessions".to_owned()),
            ("/sessions/{id}", format!("/sessions/{id}")),
            ("/csrf", "/csrf".to_owned()),
        ] {
            let answer = ann.get(&format!("/auth{path}")).await;
            let content = &document["paths"][format!("/auth{described}")]["get"]["responses"]["2XX"]["content"];
            let schema = &content["application/json"]["schema"];
            assert!(!schema["$ref"].as_str().unwrap().ends_with("/Done"), "{path}");
            let found = differences(&document, schema, &answer.json(), &path);
            assert!(found.is_empty(), "{found:?}");
        }
    }
}
