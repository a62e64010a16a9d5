//! The letters to the owners of a tenant about a domain of theirs.

use askama::Template;

use super::{outcome, rules::Domain};
use crate::{
    base::{mail::Composer, mail::Order, render::spoken},
    context::Context,
    error::Fault,
};

/// What this feature writes.
pub(crate) const COMPOSERS: &[Composer] = &[
    Composer { kind: MISSING, compose: |cx, order| Box::pin(compose(cx, order)) },
    Composer { kind: LOST, compose: |cx, order| Box::pin(compose(cx, order)) },
];

/// What owners are told.
#[derive(Clone, Copy)]
pub(super) enum Told {
    /// The record is gone, and the domain will be.
    Missing,
    /// The domain is not theirs any more.
    Lost(Ended),
}

/// How a domain was lost.
#[derive(Clone, Copy)]
pub(super) enum Ended {
    /// Its record was gone for too long.
    RecordGone,
    /// An operator has taken it back, or moved it.
    ByOperator,
}

impl Told {
    pub(super) fn kind(self) -> &'static str {
        match self {
            Self::Missing => MISSING,
            Self::Lost(_) => LOST,
        }
    }

    /// What the letter needs: the tenant, the domain, and how it ended.
    pub(super) fn reference(self, one: &Domain) -> String {
        let how = match self {
            Self::Missing | Self::Lost(Ended::RecordGone) => RECORD,
            Self::Lost(Ended::ByOperator) => OPERATOR,
        };
        format!("{} {} {how}", one.tenant, one.name)
    }
}

async fn compose(cx: &Context, order: &Order) -> Result<Option<String>, Fault> {
    let mut words = order.reference.split(' ');
    let (Some(tenant), Some(domain), how) = (words.next(), words.next(), words.next()) else { return Ok(None) };
    let Some(slug) = outcome::slug_of(cx, tenant).await? else { return Ok(None) };
    let (service, page) = (cx.site.name.as_str(), cx.site.page(&format!("/tenants/{slug}/domains")));
    let tenant = slug.as_str();
    Ok(Some(match order.kind.as_str() {
        MISSING => {
            let (left, record) = (spoken(cx.settings.domains.grace), super::rules::LABEL);
            Missing { service, tenant, domain, page, left, record }.to_string()
        }
        _ => Lost { service, tenant, domain, page, by_operator: how == Some(OPERATOR) }.to_string(),
    }))
}

const MISSING: &str = "domain_missing";
const LOST: &str = "domain_lost";
const RECORD: &str = "record";
const OPERATOR: &str = "operator";

/// The tenant is named by its slug, and the domain was read as one: in neither can anything be written that is not theirs.
#[derive(Template)]
#[template(path = "domains/missing.letter.txt", escape = "none")]
struct Missing<'l> {
    service: &'l str,
    tenant: &'l str,
    domain: &'l str,
    page: String,
    left: String,
    record: &'l str,
}

#[derive(Template)]
#[template(path = "domains/lost.letter.txt", escape = "none")]
struct Lost<'l> {
    service: &'l str,
    tenant: &'l str,
    domain: &'l str,
    page: String,
    by_operator: bool,
}
