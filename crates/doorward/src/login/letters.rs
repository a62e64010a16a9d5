//! The letter that tells of a login from a new device.

use askama::Template;

use crate::{base::mail::Composer, sessions};

/// What this feature writes.
pub(crate) const COMPOSERS: &[Composer] = &[Composer {
    kind: NEW_DEVICE,
    compose: |cx, order| {
        Box::pin(async move {
            let Some((account, session)) = order.reference.split_once(' ') else { return Ok(None) };
            let (Ok(account), Ok(session)) = (account.parse(), session.parse()) else { return Ok(None) };
            // A session that has ended by now was somebody who looked in and left: the owner is told all the same.
            let device = sessions::one(cx, account, session).await?;
            let letter = NewDevice {
                service: &cx.site.name,
                device: device.as_ref().map_or("a browser", |listed| &listed.device),
                address: device.as_ref().map(|listed| listed.address.as_str()),
                page: cx.site.page("/account"),
            };
            Ok(Some(letter.to_string()))
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
