//! The letter that tells of a new key.

use askama::Template;

use crate::base::mail::Composer;

/// What this feature writes.
pub(crate) const COMPOSERS: &[Composer] = &[Composer {
    kind: MADE,
    compose: |cx, order| {
        Box::pin(async move {
            let tenant = order.reference.as_str();
            let text = Made {
                service: &cx.site.name,
                tenant,
                keys: cx.site.page(&format!("/tenants/{tenant}/api-keys")),
                password: cx.site.page("/password/change"),
            };
            Ok(Some(text.to_string()))
        })
    },
}];

pub(super) const MADE: &str = "api_key_made";

/// The tenant is named by its slug, in which nothing can be written that becomes a link.
#[derive(Template)]
#[template(path = "api_keys/made.letter.txt", escape = "none")]
struct Made<'l> {
    service: &'l str,
    tenant: &'l str,
    keys: String,
    password: String,
}
