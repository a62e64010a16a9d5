//! What the guards promise, over HTTP, on every engine.

use std::io::{Read, Write};

use axum::http::{HeaderValue, Method, Request};
use bytes::Bytes;
use http_body_util::Full;

use super::Route;
use crate::{
    features::{self, Stage},
    on_every_engine,
    testing::{Actor, Answer, PASSWORD, TestApp},
};

mod address;
mod authorization;
mod bearer;
mod bodies;
mod bypass;
mod cookies;
mod csrf;
mod cursor;
mod embedding;
mod forged;
mod forms;
mod headers;
mod host;
mod methods;
mod outage;
mod panics;
mod routes;
mod tried;

const ANN: &str = "ann@example.com";
const FORM: &str = "application/x-www-form-urlencoded";
const EVIL: &str = "https://evil.example";

/// Every route there is, those of development included.
fn table() -> Vec<Route> {
    features::routes(Stage::Development).table
}

/// Whether a route lets anybody in: what there is to protect, its handler asks for.
fn is_for_all(route: &Route) -> bool {
    ["Public", "Program", "Arrived", "Landing"].contains(&route.guard.as_str())
}

/// The routes that change something for whoever is known by a cookie.
fn changing() -> Vec<Route> {
    table().into_iter().filter(|route| !route.only_asks() && !route.is_oauth()).collect()
}

/// Sends a request made by hand: headers may repeat, and their values may be any bytes.
async fn by_hand(actor: &Actor, method: &str, path: &str, headers: &[(&str, &[u8])], body: &str) -> Answer {
    let mut request = Request::builder().method(method).uri(actor.url(path));
    for (name, value) in headers {
        request = request.header(*name, HeaderValue::from_bytes(value).unwrap());
    }
    actor.exchange(request.body(Full::<Bytes>::from(body.to_owned())).unwrap()).await
}

/// Sends bytes as they are, on a connection of their own, and reads whatever comes back until it is closed.
async fn raw(app: &TestApp, request: Vec<u8>) -> String {
    let address = app.address;
    let talk = move || {
        let mut stream = std::net::TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(std::time::Duration::from_secs(20))).unwrap();
        let (mut answer, mut chunk) = (Vec::new(), [0; 4096]);
        // A server that answers early reads no further and may reset the connection; its answer is what counts.
        let _ = stream.write_all(&request);
        while let Ok(read @ 1..) = stream.read(&mut chunk) {
            answer.extend_from_slice(&chunk[..read]);
        }
        String::from_utf8_lossy(&answer).into_owned()
    };
    tokio::task::spawn_blocking(talk).await.unwrap()
}

/// The path of a route, with something of the right form in the place of each name.
fn path_of(route: &Route) -> String {
    path_in(route, "acme")
}

/// The same in a tenant of one's choosing.
fn path_in(route: &Route, tenant: &str) -> String {
    let named = [
        ("{id}", "0000000000000001"),
        ("{tenant}", tenant),
        ("{account}", "018f3f0a-0000-7000-8000-000000000000"),
        ("{permission}", "tenant:read"),
        ("{client}", "web"),
        ("{provider}", "google"),
        ("{*rest}", "their/own/path"),
    ];
    named.iter().fold(format!("/auth{}", route.path), |path, (name, value)| path.replace(name, value))
}

/// Sends what a route asks for, filled in with values of the right form; headers and token are the caller's affair.
async fn knock(actor: &mut Actor, route: &Route) -> Answer {
    knock_at(actor, route, &path_of(route)).await
}

/// The same at a path of one's choosing.
async fn knock_at(actor: &mut Actor, route: &Route, path: &str) -> Answer {
    if route.only_asks() && route.method == Method::POST {
        let body = r#"{"tenant": "acme", "permission": "tenant:read"}"#;
        return actor.send(Method::POST, path, body, Some("application/json")).await;
    }
    if route.is_any() {
        let mut proxy = actor.clone();
        proxy.set_header("x-original-method", "GET");
        return proxy.send(Method::GET, &format!("{path}?tenant=acme&permission=tenant:read"), "", None).await;
    }
    let in_path = |name: &str| route.path.contains(&format!("{{{name}}}"));
    let asked = route.fields.iter().filter(|field| !in_path(field.name));
    let filled = asked.map(|field| (field.name, plausible(field.name)));
    let filled = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(filled).finish();
    if route.method == Method::POST {
        return actor.send(Method::POST, path, &filled, Some(FORM)).await;
    }
    let query = if filled.is_empty() { filled } else { format!("?{filled}") };
    actor.send(route.method.clone(), &format!("{path}{query}"), "", None).await
}

/// The same with a CSRF token in the header.
async fn knock_with(actor: &Actor, token: &str, route: &Route) -> Answer {
    let mut sender = actor.clone();
    sender.set_header("x-csrf-token", token);
    knock(&mut sender, route).await
}

/// The token that a route expects from this browser.
async fn token_for(actor: &mut Actor, route: &Route) -> String {
    if route.guard == "Public" { actor.form_token().await } else { actor.csrf_token().await }
}

fn plausible(field: &str) -> String {
    match field {
        "email" => ANN.to_owned(),
        "password" => PASSWORD.to_owned(),
        "new_password" => "a quite different passphrase".to_owned(),
        "token" => "A".repeat(43),
        _ => "x".to_owned(),
    }
}

fn name_of(route: &Route) -> String {
    format!("{} {}", route.method, route.path)
}

fn verdict(answer: &Answer) -> (u16, String) {
    (answer.status, answer.code())
}

fn refused(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}
