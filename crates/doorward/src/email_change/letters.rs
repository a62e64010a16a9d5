//! The letters of a change: the link to the new address, the notices to the old one.

use askama::Template;

use super::flow::{self, Finding};
use crate::{
    accounts,
    base::{
        mail::{Composer, Letter},
        render::spoken,
    },
    context::Context,
};

/// What this feature writes.
pub(crate) const COMPOSERS: &[Composer] = &[
    Composer {
        kind: CONFIRM,
        compose: |cx, order| {
            Box::pin(async move {
                let (Some(email), Ok(account)) = (&order.recipient, order.reference.parse()) else { return Ok(None) };
                let Some(finding) = flow::issue(cx, order, account, email).await? else { return Ok(None) };
                let text = match finding {
                    Finding::Free(token) => Confirm {
                        service: &cx.site.name,
                        link: cx.site.link("/email/confirm", token.reveal()),
                        lifetime: spoken(cx.settings.email_change.lifetime),
                    }
                    .to_string(),
                    Finding::Taken => Taken { service: &cx.site.name, page: page(cx, "/account") }.to_string(),
                };
                Ok(Some((email.clone(), Letter::written(&text, &cx.site.name))))
            })
        },
    },
    Composer {
        kind: REQUESTED,
        compose: |cx, order| {
            Box::pin(async move {
                let Some(account) = accounts::find(cx, &order.reference).await? else { return Ok(None) };
                let letter = Requested { service: &cx.site.name, page: page(cx, "/account") };
                Ok(Some((account.email, Letter::written(&letter.to_string(), &cx.site.name))))
            })
        },
    },
    Composer {
        kind: CHANGED,
        compose: |cx, order| {
            Box::pin(async move {
                let Some(old) = &order.recipient else { return Ok(None) };
                let letter = Changed { service: &cx.site.name, email: &order.reference };
                Ok(Some((old.clone(), Letter::written(&letter.to_string(), &cx.site.name))))
            })
        },
    },
];

pub(super) const CONFIRM: &str = "email_change";
pub(super) const REQUESTED: &str = "email_change_requested";
pub(super) const CHANGED: &str = "email_changed";

fn page(cx: &Context, path: &str) -> String {
    format!("{}{}{path}", cx.site.public_url, cx.site.base)
}

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
