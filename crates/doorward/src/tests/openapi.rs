//! The description of the interface says what the table of routes says.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::{
    features::{self, Stage},
    guard::Route,
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
    let name = |route: Route| format!("{} /auth{}", route.method.as_str().to_lowercase(), route.path);
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
