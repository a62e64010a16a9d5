//! The letter with an invitation.

use askama::Template;
use doorward_core::EmailAddress;

use super::{flow, rules::in_a_letter};
use crate::base::{mail::Composer, render::spoken};

/// What this feature writes.
pub(crate) const COMPOSERS: &[Composer] = &[Composer {
    kind: INVITATION,
    compose: |cx, order| {
        Box::pin(async move {
            let Ok(id) = order.reference.parse() else { return Ok(None) };
            let Some(written) = flow::issue(cx, order, id).await? else { return Ok(None) };
            let letter = Letter {
                service: &cx.site.name,
                tenant: in_a_letter(&written.tenant),
                inviter: written.inviter.as_ref().map(EmailAddress::as_str),
                address: order.recipient.as_str(),
                link: cx.site.link("/invitations/accept", written.token.reveal()),
                lifetime: spoken(cx.settings.invitations.lifetime),
                signup: cx.settings.signup.open.then(|| cx.site.page("/signup")),
            };
            Ok(Some(letter.to_string()))
        })
    },
}];

pub(super) const INVITATION: &str = "invitation";

/// The subject is ours alone. Whoever invites is named by a confirmed address, and not by a name of their choosing.
#[derive(Template)]
#[template(path = "invitations/invitation.letter.txt", escape = "none")]
struct Letter<'l> {
    service: &'l str,
    /// Without links; empty when nothing is left of it.
    tenant: String,
    inviter: Option<&'l str>,
    address: &'l str,
    link: String,
    lifetime: String,
    /// Where to sign up, when strangers may.
    signup: Option<String>,
}
