//! The letters of a change: the link to the new address, the notices to the old one.

use askama::Template;

use super::flow::{self, Finding};
use crate::base::{mail::Composer, render::spoken};

/// What this feature writes.
pub(crate) const COMPOSERS: &[Composer] = &[
    Composer {
        kind: CONFIRM,
        compose: |cx, order| {
            Box::pin(async move {
                let Ok(account) = order.reference.parse() else { return Ok(None) };
                let Some(finding) = flow::issue(cx, order, account, &order.recipient).await? else { return Ok(None) };
                let text = match finding {
                    Finding::Free(token) => Confirm {
                        service: &cx.site.name,
                        link: cx.site.link("/email/confirm", token.reveal()),
                        lifetime: spoken(cx.settings.email_change.lifetime),
                    }
                    .to_string(),
                    Finding::Taken => Taken { service: &cx.site.name, page: cx.site.page("/account") }.to_string(),
                };
                Ok(Some(text))
            })
        },
    },
    Composer {
        kind: REQUESTED,
        compose: |cx, _| {
            Box::pin(async move {
                let letter = Requested { service: &cx.site.name, page: cx.site.page("/account") };
                Ok(Some(letter.to_string()))
            })
        },
    },
    Composer {
        kind: CHANGED,
        compose: |cx, order| {
            Box::pin(async move {
                let letter = Changed { service: &cx.site.name, email: &order.reference };
                Ok(Some(letter.to_string()))
            })
        },
    },
];

pub(super) const CONFIRM: &str = "email_change";
pub(super) const REQUESTED: &str = "email_change_requested";
pub(super) const CHANGED: &str = "email_changed";

#[derive(Template)]
#[template(path = "email_change/confirm.letter.txt", escape = "none")]
struct Confirm<'l> {
    service: &'l str,
    link: String,
    lifetime: String,
}

#[derive(Template)]
#[template(path = "email_change/taken.letter.txt", escape = "none")]
struct Taken<'l> {
    service: &'l str,
    page: String,
}

#[derive(Template)]
#[template(path = "email_change/requested.letter.txt", escape = "none")]
struct Requested<'l> {
    service: &'l str,
    page: String,
}

#[derive(Template)]
#[template(path = "email_change/changed.letter.txt", escape = "none")]
struct Changed<'l> {
    service: &'l str,
    email: &'l str,
}
