//! The letter that tells of a login from a new device.

use askama::Template;

use crate::{
    base::mail::{Composer, Letter},
    sessions,
};

/// What this feature writes.
pub(crate) const COMPOSERS: &[Composer] = &[Composer {
    kind: NEW_DEVICE,
    compose: |cx, order| {
        Box::pin(async move {
            let Some((account, session)) = order.reference.split_once(' ') else { return Ok(None) };
            let Ok(account) = account.parse() else { return Ok(None) };
            let listed = sessions::list(cx, account).await?;
            // A session that has ended by now was somebody who looked in and left: the owner is told all the same.
            let device = listed.into_iter().find(|listed| listed.id.to_string() == session);
            let letter = NewDevice {
                service: &cx.site.name,
                device: device.as_ref().map_or("a browser", |listed| &listed.device),
                address: device.as_ref().map(|listed| listed.address.as_str()),
                page: cx.site.page("/account"),
            };
            Ok(Some(Letter::written(&letter.to_string(), &cx.site.name)))
        })
    },
}];

pub(super) const NEW_DEVICE: &str = "new_device";

#[derive(Template)]
#[template(path = "login/new_device.letter.txt", escape = "none")]
struct NewDevice<'l> {
    service: &'l str,
    device: &'l str,
    address: Option<&'l str>,
    page: String,
}
