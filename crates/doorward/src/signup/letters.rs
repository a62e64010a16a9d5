//! The two letters of a sign-up: the link, or "you already have an account".

use askama::Template;

use super::flow::{self, Finding};
use crate::base::{mail::Composer, render::spoken};

/// What this feature writes.
pub(crate) const COMPOSERS: &[Composer] = &[Composer {
    kind: SIGNUP,
    compose: |cx, order| {
        Box::pin(async move {
            let Ok(id) = order.reference.parse() else { return Ok(None) };
            let Some(finding) = flow::issue(cx, order, id, &order.recipient).await? else { return Ok(None) };
            let service = &cx.site.name;
            let text = match finding {
                Finding::Free(token) => {
                    let lifetime = spoken(cx.settings.signup.lifetime);
                    Confirm { service, link: cx.site.link("/email/verify", token.reveal()), lifetime }.to_string()
                }
                Finding::Taken => {
                    let (login, forgot) = (cx.site.page("/login"), cx.site.page("/password/forgot"));
                    Taken { service, login, forgot }.to_string()
                }
            };
            Ok(Some(text))
        })
    },
}];

pub(super) const SIGNUP: &str = "signup";

#[derive(Template)]
#[template(path = "signup/confirm.letter.txt", escape = "none")]
struct Confirm<'l> {
    service: &'l str,
    link: String,
    lifetime: String,
}

#[derive(Template)]
#[template(path = "signup/taken.letter.txt", escape = "none")]
struct Taken<'l> {
    service: &'l str,
    login: String,
    forgot: String,
}
