//! The letters with a link: asked for, after an operator has made the account, and after one has voided the password.

use askama::Template;
use doorward_core::{Reset, Token};

use super::flow;
use crate::{
    base::{mail::Composer, render::spoken},
    context::Context,
};

/// What this feature writes.
pub(crate) const COMPOSERS: &[Composer] = &[
    Composer {
        kind: RESET,
        compose: |cx, order| {
            Box::pin(async move {
                let Some(token) = flow::issue(cx, order, &order.recipient).await? else { return Ok(None) };
                let (service, link, lifetime) = parts(cx, token);
                let letter = ResetLetter { service, link, lifetime };
                Ok(Some(letter.to_string()))
            })
        },
    },
    Composer {
        kind: INVITED,
        compose: |cx, order| {
            Box::pin(async move {
                let Some(token) = flow::issue_unasked(cx, &order.recipient).await? else { return Ok(None) };
                let (service, link, lifetime) = parts(cx, token);
                let letter = Invited { service, link, lifetime, forgot: cx.site.page(FORGOT) };
                Ok(Some(letter.to_string()))
            })
        },
    },
    Composer {
        kind: VOIDED,
        compose: |cx, order| {
            Box::pin(async move {
                let Some(token) = flow::issue_unasked(cx, &order.recipient).await? else { return Ok(None) };
                let (service, link, lifetime) = parts(cx, token);
                let letter = Voided { service, link, lifetime, forgot: cx.site.page(FORGOT) };
                Ok(Some(letter.to_string()))
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
const FORGOT: &str = "/password/forgot";

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
