//! `POST /check` for programs with questions, and `/verify` for proxies that ask before they let a request through.

use std::{borrow::Cow, time::Duration};

use axum::http::{HeaderName, HeaderValue, StatusCode};
use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::{
    flow::{self, Question, Yes},
    rules::AccessDenied,
};
use crate::guard::{Field, Fields, Forwarded, Input, Person, Problem, Refused, Reply, Routes, SignedIn, input};

pub(crate) fn routes(routes: &mut Routes) {
    routes.question("/check", check, "Answers whether the person may do something in a tenant; one question or many.");
    routes.every_method("/verify", verify, "Answers a proxy whether it may let a request through, and who it is from.");
    routes.every_method(
        "/verify/{tenant}/{permission}/{*rest}",
        verify_in_path,
        "The same for proxies that put the request's own path behind ours.",
    );
    routes.every_method("/verify/{tenant}/{permission}/", verify_root, "The same where that path is `/`.");
}

/// The body of a question, as it came.
struct Asked(Bytes);

impl Input for Asked {
    const FIELDS: &'static [Field] = &[
        Field { name: "tenant", doc: "The tenant's slug or id.", required: false },
        Field { name: "permission", doc: "The permission, such as `invoices:read`.", required: false },
        Field {
            name: "fresh_within",
            doc: "How many seconds ago the person may have proved themselves last; a number.",
            required: false,
        },
        Field {
            name: "questions",
            doc: "Up to 100 questions instead of one: objects with the three fields above.",
            required: false,
        },
    ];

    fn take(fields: &mut Fields) -> Self {
        Self(fields.take_body())
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body<'b> {
    #[serde(borrow, default)]
    tenant: Option<Cow<'b, str>>,
    #[serde(borrow, default)]
    permission: Option<Cow<'b, str>>,
    #[serde(default)]
    fresh_within: Option<u64>,
    #[serde(borrow, default)]
    questions: Option<Vec<One<'b>>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct One<'b> {
    #[serde(borrow)]
    tenant: Cow<'b, str>,
    #[serde(borrow)]
    permission: Cow<'b, str>,
    #[serde(default)]
    fresh_within: Option<u64>,
}

impl One<'_> {
    fn question(&self) -> Question<'_> {
        let fresh_within = self.fresh_within.map(Duration::from_secs);
        Question { tenant: &self.tenant, permission: &self.permission, fresh_within }
    }
}

#[derive(Serialize)]
struct Answers {
    answers: Vec<Answer>,
}

#[derive(Serialize)]
struct Answer {
    allowed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
}

async fn check(person: SignedIn, Asked(body): Asked) -> Result<Reply, Refused> {
    let body: Body<'_> = serde_json::from_slice(&body).map_err(|_| malformed())?;
    let (cx, live) = (person.cx(), person.live());
    match body {
        Body { tenant: Some(tenant), permission: Some(permission), fresh_within, questions: None } => {
            flow::ask(cx, live, &One { tenant, permission, fresh_within }.question()).await?;
            Ok(Reply::json(&Answer { allowed: true, code: None }))
        }
        Body { tenant: None, permission: None, fresh_within: None, questions: Some(many) } => {
            if many.is_empty() || many.len() > MOST_QUESTIONS {
                return Err(too_many().into());
            }
            let questions: Vec<_> = many.iter().map(One::question).collect();
            let answers = flow::ask_all(cx, live, &questions).await?;
            let answer = |said: Result<Yes, AccessDenied>| Answer {
                allowed: said.is_ok(),
                code: said.err().map(AccessDenied::code),
            };
            Ok(Reply::json(&Answers { answers: answers.into_iter().map(answer).collect() }))
        }
        _ => Err(malformed().into()),
    }
}

input! {
    Verify {
        tenant: "The tenant's slug or id.",
        permission: "The permission that the request needs.",
        fresh_within [optional]: "How many seconds ago the person may have proved themselves last; empty for any time.",
        csrf [optional]: "`application` when the application checks a token of its own; our origin is demanded all the same.",
    }
}

input! {
    VerifyInPath {
        tenant: "The tenant's slug or id.",
        permission: "The permission that the request needs.",
        rest: "The path of the request itself, which decides nothing.",
    }
}

input! {
    VerifyRoot {
        tenant: "The tenant's slug or id.",
        permission: "The permission that the request needs.",
    }
}

async fn verify(person: Forwarded, input: Verify) -> Result<Reply, Refused> {
    let fresh_within = match input.fresh_within.as_str() {
        "" => None,
        secs => Some(Duration::from_secs(secs.parse().map_err(|_| malformed())?)),
    };
    if !matches!(input.csrf.as_str(), "" | "application") {
        return Err(malformed().into());
    }
    forward(&person, Question { tenant: &input.tenant, permission: &input.permission, fresh_within }).await
}

async fn verify_in_path(person: Forwarded, input: VerifyInPath) -> Result<Reply, Refused> {
    // It was taken so that it is no unknown field, and is looked at no further.
    drop(input.rest);
    forward(&person, Question { tenant: &input.tenant, permission: &input.permission, fresh_within: None }).await
}

async fn verify_root(person: Forwarded, input: VerifyRoot) -> Result<Reply, Refused> {
    forward(&person, Question { tenant: &input.tenant, permission: &input.permission, fresh_within: None }).await
}

async fn forward(person: &Person, question: Question<'_>) -> Result<Reply, Refused> {
    let (cx, live) = (person.cx(), person.live());
    let yes = flow::ask(cx, live, &question).await?;
    let roles = yes.standing.roles_now(cx.clock.now()).text();
    let identity = [
        (ACCOUNT, live.account.to_string()),
        (EMAIL, person.profile().email.to_string()),
        (SESSION, live.id.to_string()),
        (TENANT, yes.standing.tenant.to_string()),
        (TENANT_SLUG, yes.standing.slug.to_string()),
        (ROLES, roles),
        (PERMISSION, question.permission.to_owned()),
    ];
    let reply = Reply::json(&Answer { allowed: true, code: None });
    Ok(identity.into_iter().fold(reply, |reply, (name, text)| {
        let value = HeaderValue::from_str(&text).expect("ids, addresses and names of a policy are ASCII");
        reply.header(HeaderName::from_static(name), value)
    }))
}

fn malformed() -> Problem {
    let text = "Ask with `tenant` and `permission`, and `fresh_within` in seconds if need be; or with `questions`, a list of these.";
    Problem::plain(StatusCode::UNPROCESSABLE_ENTITY, "malformed_question", text)
}

fn too_many() -> Problem {
    let text = format!("Ask 1 to {MOST_QUESTIONS} questions at once.");
    Problem::field("questions", "malformed_question", text)
}

const MOST_QUESTIONS: usize = 100;

const ACCOUNT: &str = "x-doorward-account";
const EMAIL: &str = "x-doorward-email";
const SESSION: &str = "x-doorward-session";
const TENANT: &str = "x-doorward-tenant";
const TENANT_SLUG: &str = "x-doorward-tenant-slug";
const ROLES: &str = "x-doorward-roles";
const PERMISSION: &str = "x-doorward-permission";
