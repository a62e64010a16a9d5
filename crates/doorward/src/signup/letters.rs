//! The two letters of a sign-up: the link, or "you already have an account".

use askama::Template;

use super::flow::{self, Finding};
use crate::base::{
    mail::{Composer, Letter},
    render::spoken,
};

/// What this feature writes.
pub(crate) const COMPOSERS: &[Composer] = &[Composer {
    kind: SIGNUP,
    compose: |cx, order| {
        Box::pin(async move {
            let (Some(email), Ok(id)) = (&order.recipient, order.reference.parse()) else { return Ok(None) };
            let Some(finding) = flow::issue(cx, order, id, email).await? else { return Ok(None) };
            let service = &cx.site.name;
            let page = |path: &str| format!("{}{}{path}", cx.site.public_url, cx.site.base);
            let text = match finding {
                Finding::Free(token) => {
                    let lifetime = spoken(cx.settings.signup.lifetime);
                    Confirm { service, link: cx.site.link("/email/verify", token.reveal()), lifetime }.to_string()
                }
                Finding::Taken => {
                    Taken { service, login: page("/login"), forgot: page("/password/forgot") }.to_string()
                }
            };
            Ok(Some((email.clone(), Letter::written(&text, service))))
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
