//! A tour of all routes, each answer held against the description.

use std::collections::BTreeSet;

use axum::http::Method;
use serde_json::{Value, json};

use super::{checker::Checker, operations};
use crate::testing::{Actor, Answer, TestApp};

/// The routes that were not visited yet, and what was learnt from the others.
pub(super) struct Tour<'t> {
    pub(super) app: &'t TestApp,
    checker: Checker,
    /// The routes that are left.
    left: BTreeSet<String>,
    /// Those whose answers are no JSON.
    files: BTreeSet<String>,
    /// What may be left out, as far as no request did without it.
    given: BTreeSet<String>,
}

/// What of the answers no tour can see, and why.
const UNSEEN: [(&str, &str); 1] =
    [("/components/schemas/Problem/properties/reference", "only a fault has one; `guard/fail-closed` shows it")];

impl<'t> Tour<'t> {
    pub(super) async fn begin(app: &'t TestApp) -> Self {
        let document = app.visitor().get("/auth/openapi.json").await.json();
        let name = |method: &str, path: &str| format!("{} {}", method.to_uppercase(), path.trim_start_matches("/auth"));
        let all = operations(&document);
        let given = all.iter().flat_map(|(method, path, operation)| {
            let optional = fields(operation).into_iter().filter(|(_, required)| !required);
            optional.map(move |(field, _)| format!("{} without {field}", name(method, path))).collect::<Vec<_>>()
        });
        Self {
            app,
            left: all.iter().map(|(method, path, _)| name(method, path)).collect(),
            files: BTreeSet::new(),
            given: given.collect(),
            checker: Checker::of(document),
        }
    }

    /// Sends the request `to`, such as `GET /sessions/{id}`, with these values for its path and its fields, after it was refused
    /// without each field that it must have.
    pub(super) async fn visit(&mut self, actor: &mut Actor, to: &str, with: &[(&str, &str)]) -> Answer {
        let (_, operation) = self.operation(to);
        let known = fields(&operation);
        for (field, _) in known.iter().filter(|(_, required)| *required) {
            let short: Vec<_> = with.iter().filter(|(name, _)| name != field).copied().collect();
            assert!(short.len() < with.len(), "{to} without {field} cannot be right");
            let answer = send(&mut actor.clone(), to, &short).await;
            self.refused(&answer, &format!("{to} without {field}"));
        }
        if operation["responses"]["200"]["content"].get("text/html").is_some() && to.starts_with("GET") {
            let page = send(&mut actor.clone().in_browser(), to, with).await;
            assert_eq!((page.status, page.header("content-type")), (200, "text/html; charset=utf-8"), "{to}");
        }
        if operation["security"] != json!([]) {
            self.stay_out(to, with, &operation).await;
        }
        let answer = send(actor, to, with).await;
        self.granted(&answer, to);
        for (field, required) in known {
            if !required && with.iter().all(|(name, _)| *name != field) {
                self.given.remove(&format!("{to} without {field}"));
            }
        }
        answer
    }

    /// The same with a question in JSON.
    pub(super) async fn ask(&mut self, actor: &mut Actor, to: &str, question: &Value) {
        let found = self.checker.differences("/components/schemas/Question", question);
        assert!(found.is_empty(), "{found:?}");
        let answer = actor.question(question).await;
        self.granted(&answer, to);
    }

    /// Sends the request of somebody who is not logged in: programs get a problem, and people are led to the login.
    async fn stay_out(&mut self, to: &str, with: &[(&str, &str)], operation: &Value) {
        let stranger = self.app.visitor();
        let mut program = stranger.clone();
        program.set_header("x-forwarded-method", "GET");
        let answer = send(&mut program, to, with).await;
        self.refused(&answer, to);
        assert_eq!(answer.status, 401, "{to}");
        let responses = &operation["responses"];
        names_headers(responses.get("401").unwrap_or(&responses["4XX"]), &answer, to);
        let person = send(&mut stranger.in_browser(), to, with).await;
        assert_eq!(person.status == 303, responses.get("303").is_some(), "{to}: {}", person.status);
    }

    /// Holds a yes against the description of the route.
    fn granted(&mut self, answer: &Answer, to: &str) {
        let (pointer, operation) = self.operation(to);
        let status = answer.status.to_string();
        let response = &operation["responses"][&status];
        assert!(answer.status < 300 && response.is_object(), "{to}: {status} {}", answer.text());
        let media_type = answer.header("content-type").split(';').next().unwrap();
        let range = format!("{}/*", media_type.split('/').next().unwrap());
        let content = &response["content"];
        assert!(content.get(media_type).or(content.get(&range)).is_some(), "{to} is {media_type}");
        if media_type == "application/json" {
            let schema = format!("{pointer}/responses/{status}/content/application~1json/schema");
            let found = self.checker.differences(&schema, &answer.json());
            assert!(found.is_empty(), "{to}: {found:?}\n{}", answer.text());
        } else {
            self.files.insert(to.to_owned());
        }
        names_headers(response, answer, to);
        let promised = response["headers"].as_object().into_iter().flatten().map(|(name, _)| name);
        assert_eq!(
            promised.filter(|name| answer.header(name).is_empty()).count(),
            0,
            "{to} says all that it is to say"
        );
        self.left.remove(to);
    }

    /// Holds a no against the description of all of them.
    pub(super) fn refused(&mut self, answer: &Answer, what: &str) {
        assert!((400..500).contains(&answer.status), "{what}: {} {}", answer.status, answer.text());
        assert_eq!(answer.header("content-type"), "application/problem+json", "{what}");
        let found = self.checker.differences("/components/schemas/Problem", &answer.json());
        assert!(found.is_empty(), "{what}: {found:?}");
    }

    /// Says what was missed.
    pub(super) fn end(self) {
        assert!(self.left.is_empty(), "not visited: {:#?}", self.left);
        let files = [
            "admin/audit/export",
            "assets/logo",
            "assets/style.css",
            "assets/theme.css",
            "tenants/{tenant}/audit/export",
        ];
        assert_eq!(self.files, files.map(|path| format!("GET /{path}")).into(), "everything else is JSON");
        assert!(self.given.is_empty(), "never done {:#?}", self.given);
        let answers = self.checker.document["components"]["schemas"].as_object().unwrap().keys();
        let unseen = answers.flat_map(|name| self.checker.unseen(&format!("/components/schemas/{name}")));
        let unseen: BTreeSet<_> = unseen.collect();
        assert_eq!(unseen, UNSEEN.map(|(pointer, _)| pointer.to_owned()).into(), "described, and in no answer");
    }

    fn operation(&self, to: &str) -> (String, Value) {
        let (method, path) = to.split_once(' ').unwrap();
        let pointer = format!("/paths/~1auth{}/{}", path.replace('/', "~1"), method.to_lowercase());
        let operation = self.checker.document.pointer(&pointer).unwrap_or_else(|| panic!("{to} is not described"));
        (pointer, operation.clone())
    }
}

/// Holds our own headers in an answer against what its description says of them.
fn names_headers(response: &Value, answer: &Answer, to: &str) {
    let mut ours = answer.headers.keys().map(|name| name.as_str()).filter(|name| name.starts_with("x-doorward-"));
    assert_eq!(ours.find(|name| response["headers"].get(*name).is_none()), None, "{to}");
}

/// The fields of query and body, and whether each must be there.
fn fields(operation: &Value) -> Vec<(String, bool)> {
    let parameters = operation["parameters"].as_array().into_iter().flatten().filter(|one| one["in"] == "query");
    let of_query = parameters.map(|one| (one["name"].as_str().unwrap().to_owned(), one["required"] == true));
    let body = &operation["requestBody"]["content"]["application/x-www-form-urlencoded"]["schema"];
    let required = body["required"].as_array();
    let names = body["properties"].as_object().into_iter().flat_map(|properties| properties.keys());
    let of_body =
        names.map(|name| (name.clone(), required.is_some_and(|all| all.iter().any(|one| one == name.as_str()))));
    of_query.chain(of_body).collect()
}

/// Sends a request with each value where it belongs.
async fn send(actor: &mut Actor, to: &str, with: &[(&str, &str)]) -> Answer {
    let (method, path) = to.split_once(' ').unwrap();
    let (in_path, others): (Vec<_>, Vec<_>) = with.iter().partition(|(name, _)| path.contains(&format!("{{{name}}}")));
    let path =
        in_path.iter().fold(format!("/auth{path}"), |path, (name, value)| path.replace(&format!("{{{name}}}"), value));
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&others).finish();
    match (method, query.as_str()) {
        ("POST", _) => actor.post(&path, &others).await,
        ("DELETE", "") => actor.delete(&path).await,
        ("GET", "") => actor.get(&path).await,
        ("GET", query) => actor.send(Method::GET, &format!("{path}?{query}"), "", None).await,
        _ => panic!("no test for {to} with {query}"),
    }
}
