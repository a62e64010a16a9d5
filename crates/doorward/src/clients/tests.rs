//! What clients promises, over HTTP, on every engine.

use std::{net::SocketAddr, time::Duration};

use axum::http::Method;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use doorward_core::ClientId;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::{Credentials, Registration, authenticate};
use crate::{
    guard::{Program, Refused, Reply, Routes, input},
    on_every_engine, operate,
    testing::{Actor, Answer, Engine, TestApp},
};

mod assertions;
mod console;
mod keys;
mod redirects;
mod registering;
mod secrets;
mod settings;

pub(crate) use keys::{JWT_BEARER, TestKey};

input! {
    Asking {
        client_id: "The client.",
        client_secret: "Its secret.",
        client_assertion: "What it says under its signature.",
        client_assertion_type: "What kind of assertion that is.",
    }
}

/// Says who is asking, and nothing else: what every endpoint of a protocol does first.
async fn who(program: Program, input: Asking) -> Result<Reply, Refused> {
    let sent = Credentials {
        client_id: &input.client_id,
        client_secret: &input.client_secret,
        client_assertion: &input.client_assertion,
        client_assertion_type: &input.client_assertion_type,
    };
    let client = authenticate(program.cx(), &program, &sent).await?;
    Ok(Reply::json(&json!({ "client": client.id.as_str() })))
}

/// A program that asks an endpoint of these tests at this node.
pub(crate) async fn program(app: &TestApp) -> Actor {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut routes = Routes::default();
    routes.oauth(Method::POST, "/oauth/who", who, "Says who is asking.");
    let service = routes.router(app.doorward.context()).into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, service).await });
    Actor::new(address, app.origin())
}

/// Asks with these fields, and this header `Authorization` unless it is empty.
pub(crate) async fn ask(program: &Actor, authorization: &str, form: &[(&str, &str)]) -> Answer {
    let mut program = program.clone();
    if !authorization.is_empty() {
        program.set_header("authorization", authorization);
    }
    program.post_with("", "/auth/oauth/who", form).await
}

/// The same, as what came of it: the client, or status and error.
async fn asked(program: &Actor, authorization: &str, form: &[(&str, &str)]) -> String {
    let answer = ask(program, authorization, form).await;
    match answer.json()["client"].as_str() {
        Some(client) => client.to_owned(),
        None => format!("{} {}", answer.status, answer.json()["error"].as_str().unwrap_or("?")),
    }
}

const UNPROVED: &str = "401 invalid_client";
const AMBIGUOUS: &str = "400 invalid_request";

fn basic(id: &str, secret: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")))
}

fn texts(list: &[&str]) -> Vec<String> {
    list.iter().map(|text| (*text).to_owned()).collect()
}

/// A confidential client that acts for itself.
fn service(id: &str) -> Registration {
    Registration {
        id: id.to_owned(),
        name: "A service".to_owned(),
        authentication: "secret".to_owned(),
        grants: texts(&["client_credentials"]),
        ..Registration::default()
    }
}

/// An app on people's devices.
fn app_of_people(id: &str) -> Registration {
    Registration {
        authentication: "none".to_owned(),
        grants: texts(&["authorization_code"]),
        redirect_uris: texts(&["http://127.0.0.1/callback"]),
        ..service(id)
    }
}

/// Registers a client; the text of its secret, empty when it has none.
async fn registered(app: &TestApp, written: &Registration) -> String {
    let registered = operate::register_client(&app.doorward, written).await.unwrap();
    registered.secret.map(operate::ClientSecretText::reveal).unwrap_or_default()
}

/// The code and the text of a registration that is refused; empty when it is not.
async fn refused(app: &TestApp, written: &Registration) -> (&'static str, String) {
    match operate::register_client(&app.doorward, written).await {
        Ok(_) => ("", String::new()),
        Err(operate::ActError::Denied { code, text }) => (code, text),
        Err(operate::ActError::Fault(fault)) => panic!("{fault}"),
    }
}

fn id(text: &str) -> ClientId {
    text.parse().unwrap()
}

/// The events of an action.
async fn events(app: &TestApp, action: &str) -> Vec<operate::Recorded> {
    let action = operate::Action::ALL.iter().copied().find(|known| known.name() == action);
    let filter = operate::Filter { action, ..operate::Filter::default() };
    operate::search(app.db(), &filter, None, 100).await.unwrap()
}
