//! What `api_keys` promises, over HTTP, on every engine.

mod ending;
mod exchanging;
mod making;
mod operating;
mod pages;
mod settings;

use std::time::Duration;

use axum::http::Method;
use serde_json::Value;

use crate::testing::{
    Actor, Answer, TestApp,
    acme::{Acme, BOB, CEM},
    programs::{Program, bare},
};

const KEYS: &str = "/auth/tenants/acme/api-keys";
const FORM: &str = "application/x-www-form-urlencoded";
const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(86_400);

/// A key that somebody has made.
struct Made {
    id: String,
    key: String,
}

/// Makes a key in acme with these scopes; `more` are further fields.
async fn made(by: &mut Actor, scopes: &str, more: &[(&str, &str)]) -> Made {
    let answer = make(by, scopes, more).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let answer = answer.json();
    Made { id: text(&answer, "id").to_owned(), key: text(&answer, "key").to_owned() }
}

/// Lets a moment pass: keys of one millisecond have no order.
fn later(app: &TestApp) {
    app.wait(Duration::from_millis(5));
}

async fn make(by: &mut Actor, scopes: &str, more: &[(&str, &str)]) -> Answer {
    let form = [&[("name", "The builder"), ("scopes", scopes)][..], more].concat();
    by.post(KEYS, &form).await
}

/// Sends a key to the token endpoint; fields of `more` replace those of the same name.
async fn exchange(app: &TestApp, key: &str, more: &[(&str, &str)]) -> Answer {
    let usual = [
        ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
        ("subject_token", key),
        ("subject_token_type", "urn:doorward:params:oauth:token-type:api-key"),
    ];
    let form: Vec<_> = usual
        .into_iter()
        .filter(|(name, _)| !more.iter().any(|(other, _)| other == name))
        .chain(more.to_vec())
        .collect();
    send(app, "/auth/oauth/token", &form).await
}

async fn send(app: &TestApp, path: &str, form: &[(&str, &str)]) -> Answer {
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
    bare(app).send(Method::POST, path, &body, Some(FORM)).await
}

/// The access token for a key.
async fn token(app: &TestApp, key: &str) -> String {
    let answer = exchange(app, key, &[]).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    text(&answer.json(), "access_token").to_owned()
}

/// The error that a key gets; empty for none.
async fn error(app: &TestApp, key: &str, more: &[(&str, &str)]) -> String {
    text(&exchange(app, key, more).await.json(), "error").to_owned()
}

fn text<'a>(of: &'a Value, name: &str) -> &'a str {
    of[name].as_str().unwrap_or_default()
}

fn said(answer: &Answer) -> (u16, String) {
    (answer.status, answer.code())
}

fn no(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

/// The events of one action, each as who, on what, where and how it ended.
async fn events(app: &TestApp, action: &str) -> Vec<String> {
    let sql = "SELECT actor || ' ' || COALESCE(target, '') || ' ' || result FROM audit_events
        WHERE action = $1 AND tenant IS NOT NULL ORDER BY id";
    app.db().list(sql, &[&action], |row| row.get(0)).await.unwrap()
}
