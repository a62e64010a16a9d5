//! The letters that tell of a provider that leads into the account from now on, or does no more.

use askama::Template;

use crate::base::mail::Composer;

/// What this feature writes. The reference of an order is what people call the provider.
pub(crate) const COMPOSERS: &[Composer] = &[
    Composer {
        kind: LINKED,
        compose: |cx, order| {
            Box::pin(async move {
                let page = cx.site.page("/account/identities");
                let letter = LinkedLetter { service: &cx.site.name, provider: &order.reference, page };
                Ok(Some(letter.to_string()))
            })
        },
    },
    Composer {
        kind: UNLINKED,
        compose: |cx, order| {
            Box::pin(async move {
                let page = cx.site.page("/account/identities");
                let letter = UnlinkedLetter { service: &cx.site.name, provider: &order.reference, page };
                Ok(Some(letter.to_string()))
            })
        },
    },
];

pub(super) const LINKED: &str = "identity_linked";
pub(super) const UNLINKED: &str = "identity_unlinked";

#[derive(Template)]
#[template(path = "federation/linked.letter.txt", escape = "none")]
struct LinkedLetter<'l> {
    service: &'l str,
    provider: &'l str,
    page: String,
}

#[derive(Template)]
#[template(path = "federation/unlinked.letter.txt", escape = "none")]
struct UnlinkedLetter<'l> {
    service: &'l str,
    provider: &'l str,
    page: String,
}
