//! The letter that tells of a new password.

use askama::Template;

use crate::{
    accounts,
    base::mail::{Composer, Letter},
};

/// What this feature writes.
pub(crate) const COMPOSERS: &[Composer] = &[Composer {
    kind: CHANGED,
    compose: |cx, order| {
        Box::pin(async move {
            let Some(account) = accounts::find(cx, &order.reference).await? else { return Ok(None) };
            let text = Changed {
                service: &cx.site.name,
                forgot: format!("{}{}/password/forgot", cx.site.public_url, cx.site.base),
            };
            Ok(Some((account.email, Letter::written(&text.to_string(), &cx.site.name))))
        })
    },
}];

pub(super) const CHANGED: &str = "password_changed";

#[derive(Template)]
#[template(path = "passwords/changed.letter.txt", escape = "none")]
struct Changed<'l> {
    service: &'l str,
    forgot: String,
}
