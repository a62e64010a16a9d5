//! The letter that tells of a refresh token that came twice.

use askama::Template;

use crate::{base::mail::Composer, clients};

/// What this feature writes.
pub(crate) const COMPOSERS: &[Composer] = &[Composer {
    kind: REUSED,
    compose: |cx, order| {
        Box::pin(async move {
            let client = match order.reference.parse() {
                Ok(id) => clients::find(cx, &id).await?.map(|client| client.name.clone()),
                Err(_) => None,
            };
            let text = Reused {
                service: &cx.site.name,
                client: client.as_deref().unwrap_or(&order.reference),
                password: cx.site.page("/password/change"),
            };
            Ok(Some(text.to_string()))
        })
    },
}];

pub(super) const REUSED: &str = "refresh_reused";

#[derive(Template)]
#[template(path = "tokens/reused.letter.txt", escape = "none")]
struct Reused<'l> {
    service: &'l str,
    client: &'l str,
    password: String,
}
