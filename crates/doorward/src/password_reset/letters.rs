//! The letter with the link.

use askama::Template;

use super::flow;
use crate::base::{
    mail::{Composer, Letter},
    render::spoken,
};

/// What this feature writes.
pub(crate) const COMPOSERS: &[Composer] = &[Composer {
    kind: RESET,
    compose: |cx, order| {
        Box::pin(async move {
            let Some(email) = &order.recipient else { return Ok(None) };
            let Some(token) = flow::issue(cx, order, email).await? else { return Ok(None) };
            let letter = ResetLetter {
                service: &cx.site.name,
                link: cx.site.link("/password/reset", token.reveal()),
                lifetime: spoken(cx.settings.password_reset.lifetime),
            };
            Ok(Some((email.clone(), Letter::written(&letter.to_string(), &cx.site.name))))
        })
    },
}];

pub(super) const RESET: &str = "password_reset";

#[derive(Template)]
#[template(path = "password_reset/reset.letter.txt", escape = "none")]
struct ResetLetter<'l> {
    service: &'l str,
    link: String,
    lifetime: String,
}
