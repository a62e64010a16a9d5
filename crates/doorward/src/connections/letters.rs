//! The letter to the owners of a tenant that one of them has come in without its provider.

use askama::Template;

use crate::{
    accounts,
    base::{mail::Composer, mail::Order},
    context::Context,
    error::Fault,
    tenants::{self, Named},
};

/// What this feature writes.
pub(crate) const COMPOSERS: &[Composer] =
    &[Composer { kind: GLASS, compose: |cx, order| Box::pin(compose(cx, order)) }];

pub(super) const GLASS: &str = "glass_broken";

async fn compose(cx: &Context, order: &Order) -> Result<Option<String>, Fault> {
    let Some((tenant, account)) = order.reference.split_once(' ') else { return Ok(None) };
    let (Ok(tenant), Ok(account)) = (tenant.parse(), account.parse()) else { return Ok(None) };
    let Some(tenant) = tenants::by_name(&cx.db, &Named::Id(tenant)).await? else { return Ok(None) };
    let Some(account) = accounts::by_id(&cx.db, account).await? else { return Ok(None) };
    let page = cx.site.page(&format!("/tenants/{}/audit", tenant.slug));
    let (service, tenant) = (cx.site.name.as_str(), tenant.slug.as_str());
    Ok(Some(GlassLetter { service, tenant, owner: account.email.as_str(), page }.to_string()))
}

/// The tenant is named by its slug, and the address was read as one: in neither can anything be written that is not theirs.
#[derive(Template)]
#[template(path = "connections/glass.letter.txt", escape = "none")]
struct GlassLetter<'l> {
    service: &'l str,
    tenant: &'l str,
    owner: &'l str,
    page: String,
}
