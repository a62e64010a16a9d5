//! What invitations promise, over HTTP, on every engine.

use std::time::Duration;

use axum::http::Method;
use doorward_core::{AccountId, EmailAddress, TenantId, Token};
use serde_json::{Value, json};

use super::{flow::working, rules::in_a_letter, store};
use crate::{
    on_every_engine,
    operate::{self, ActError, Transaction},
    testing::{
        Actor, Answer, Engine, PASSWORD, TestApp,
        crowd::{About, EVERYBODY, everybody, meeting, overlapping, post_as, same_to_the_byte, seen},
    },
};

mod accepting;
mod inviting;
mod letters;
mod operators;

const ANN: &str = "ann@example.com";
const BOB: &str = "bob@example.com";
const KIM: &str = "kim@example.com";
const LIFETIME: Duration = Duration::from_secs(72 * 3600);
const HOUR: Duration = Duration::from_secs(3600);
const TICK: Duration = Duration::from_micros(1);
const LIST: &str = "/auth/tenants/acme/invitations";
const ACCEPT: &str = "/auth/invitations/accept";

/// Acme belongs to ann, who is logged in.
async fn acme(app: &TestApp) -> (TenantId, Actor) {
    let ann = app.account(ANN).await;
    let acme = app.tenant("acme", ann).await;
    (acme, app.logged_in(ANN).await)
}

async fn invite(member: &mut Actor, email: &str, roles: &str) -> Answer {
    member.post(LIST, &[("email", email), ("roles", roles)]).await
}

/// Invites, and returns the invitation's id.
async fn invited(member: &mut Actor, email: &str, roles: &str) -> String {
    let answer = invite(member, email, roles).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()["id"].as_str().unwrap().to_owned()
}

async fn accept(person: &mut Actor, token: &str) -> (u16, String) {
    verdict(&person.post(ACCEPT, &[("token", token)]).await)
}

async fn resend(member: &mut Actor, id: &str) -> (u16, String) {
    verdict(&member.post(&format!("{LIST}/{id}/resend"), &[]).await)
}

fn verdict(answer: &Answer) -> (u16, String) {
    (answer.status, answer.code())
}

fn ok() -> (u16, String) {
    (200, String::new())
}

fn no(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

fn spent() -> (u16, String) {
    no(410, "link_spent")
}

fn address(text: &str) -> EmailAddress {
    EmailAddress::parse(text).unwrap()
}

fn roles(names: &[&str]) -> Vec<doorward_core::RoleName> {
    names.iter().map(|name| name.parse().unwrap()).collect()
}

/// Actor, action, result, tenant and detail of every event about invitations and members, oldest first.
async fn events(app: &TestApp) -> Vec<(String, String, String, Option<String>, Option<String>)> {
    let mut found = operate::search(app.db(), &operate::Filter::default(), None, 1000).await.unwrap();
    found.reverse();
    let about = |action: &str| action.starts_with("invitation.") || action == "member.joined";
    let told = found.into_iter().filter(|event| about(&event.action));
    told.map(|event| (event.actor, event.action, event.result, event.tenant, event.detail)).collect()
}

async fn run(app: &TestApp, sql: &str) {
    let mut tx = app.db().begin(operate::Durability::Full).await.unwrap();
    tx.batch(sql).await.unwrap();
    tx.commit().await.unwrap();
}
