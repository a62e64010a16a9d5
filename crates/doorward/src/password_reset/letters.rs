//! The letters with a link: asked for, after an operator has made the account, and after one has voided the password.

use askama::Template;
use doorward_core::{Reset, Token};

use super::flow;
use crate::{
    base::{
        mail::{Composer, Letter},
        render::spoken,
    },
    context::Context,
};

/// What this feature writes.
pub(crate) const COMPOSERS: &[Composer] = &[
    Composer {
        kind: RESET,
        compose: |cx, order| {
            Box::pin(async move {
                let Some(email) = &order.recipient else { return Ok(None) };
                let Some(token) = flow::issue(cx, order, email).await? else { return Ok(None) };
                let (service, link, lifetime) = parts(cx, token);
                Ok(Some((
                    email.clone(),
                    Letter::written(&ResetLetter { service, link, lifetime }.to_string(), service),
                )))
            })
        },
    },
    Composer {
        kind: INVITED,
        compose: |cx, order| {
            Box::pin(async move {
                let Some(email) = &order.recipient else { return Ok(None) };
                let Some(token) = flow::issue_unasked(cx, email).await? else { return Ok(None) };
                let (service, link, lifetime) = parts(cx, token);
                let letter = Invited { service, link, lifetime, forgot: forgot(cx) };
                Ok(Some((email.clone(), Letter::written(&letter.to_string(), service))))
            })
        },
    },
    Composer {
        kind: VOIDED,
        compose: |cx, order| {
            Box::pin(async move {
                let Some(email) = &order.recipient else { return Ok(None) };
                let Some(token) = flow::issue_unasked(cx, email).await? else { return Ok(None) };
                let (service, link, lifetime) = parts(cx, token);
                let letter = Voided { service, link, lifetime, forgot: forgot(cx) };
                Ok(Some((email.clone(), Letter::written(&letter.to_string(), service))))
            })
        },
    },
];

pub(super) const RESET: &str = "password_reset";
pub(super) const INVITED: &str = "account_made";
pub(super) const VOIDED: &str = "password_voided";

/// The service, the link and how long it works.
fn parts(cx: &Context, token: Token<Reset>) -> (&str, String, String) {
    let link = cx.site.link("/password/reset", token.reveal());
    (&cx.site.name, link, spoken(cx.settings.password_reset.lifetime))
}

/// Where a new link can be had when this one is too old.
fn forgot(cx: &Context) -> String {
    format!("{}{}/password/forgot", cx.site.public_url, cx.site.base)
}

#[derive(Template)]
#[template(path = "password_reset/reset.letter.txt", escape = "none")]
struct ResetLetter<'l> {
    service: &'l str,
    link: String,
    lifetime: String,
}

#[derive(Template)]
#[template(path = "password_reset/invited.letter.txt", escape = "none")]
struct Invited<'l> {
    service: &'l str,
    link: String,
    lifetime: String,
    forgot: String,
}

#[derive(Template)]
#[template(path = "password_reset/voided.letter.txt", escape = "none")]
struct Voided<'l> {
    service: &'l str,
    link: String,
    lifetime: String,
    forgot: String,
}
