//! What sessions promise, over HTTP, on every engine.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::{
    on_every_engine,
    operate::{self, Durability},
    testing::{Actor, Answer, PASSWORD, TestApp},
};

mod clocks;
mod cookie;
mod ending;
mod keys;
mod own;

const ANN: &str = "ann@example.com";
const BOB: &str = "bob@example.com";
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);

/// The same browser in front of another node.
fn at(node: &TestApp, person: &Actor) -> Actor {
    let mut there = node.visitor();
    there.cookies = person.cookies.clone();
    there
}

/// A browser that has nothing but this session cookie.
fn with_cookie(app: &TestApp, cookie: &str) -> Actor {
    let mut thief = app.visitor();
    thief.cookies.insert("dev-session".to_owned(), cookie.to_owned());
    thief
}

/// Logs in from a browser as it is, whatever session it has.
async fn log_in(person: &mut Actor, email: &str) -> Answer {
    let token = person.form_token().await;
    person.post_with(&token, "/auth/login", &[("email", email), ("password", PASSWORD)]).await
}

/// The public name of the session that a browser is in.
async fn name_of(person: &mut Actor) -> String {
    person.get("/auth/session").await.json()["session"]["id"].as_str().unwrap().to_owned()
}

fn decoded(cookie: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(cookie).unwrap()
}
