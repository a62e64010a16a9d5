//! The letter that tells of a new password.

use askama::Template;

use crate::base::mail::Composer;

/// What this feature writes.
pub(crate) const COMPOSERS: &[Composer] = &[Composer {
    kind: CHANGED,
    compose: |cx, _| {
        Box::pin(async move {
            let text = Changed { service: &cx.site.name, forgot: cx.site.page("/password/forgot") };
            Ok(Some(text.to_string()))
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
