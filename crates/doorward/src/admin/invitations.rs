//! Who is invited to a tenant, as operators see and change it.

use doorward_core::{EmailAddress, InvitationId, RoleName, Timestamp};
use serde_json::{Value, json};

use super::{
    flow::{nav, next_page, on_page, repeated},
    rules::{Nav, roles, stamp},
    tenants as panel,
};
use crate::{
    base::render::page,
    error::Refusal,
    guard::{Cursor, Listing, Operator, Refused, Reply, Routes, Viewer, input, page_size, paged},
    invitations::{self, InviteDenied, Invited},
    operator::invitations as acts,
    operators::{
        Power,
        power::{TenantsManage, TenantsRead},
    },
    tenants::Tenant,
};

pub(super) fn routes(routes: &mut Routes) {
    routes.get("/admin/tenants/{tenant}/invitations", list, "Lists who is invited to a tenant, newest first.");
    routes.post("/admin/tenants/{tenant}/invitations", invite, "Invites an address to a tenant, in whatever roles.");
    routes.post("/admin/tenants/{tenant}/invitations/{id}/resend", resend, "Sends an invitation once more.");
    routes.post("/admin/tenants/{tenant}/invitations/{id}/revoke", revoke, "Takes an invitation back.");
}

page! {
    /// Who is invited.
    #[derive(askama::Template)]
    InvitationsPage in "admin/invitations.html" {
        nav: Nav,
        slug: String,
        tenant: String,
        rows: Vec<Row>,
        next: Option<String>,
        roles: String,
        typed_email: String,
        typed_roles: String,
    }
}

/// A line in the list of invitations.
pub(crate) struct Row {
    pub(crate) id: String,
    pub(crate) email: String,
    pub(crate) roles: String,
    pub(crate) sent: String,
    pub(crate) ends: String,
    pub(crate) is_over: bool,
}

input! {
    Search {
        tenant: "The tenant's slug or id.",
        cursor [optional]: "Where the page begins: the `next` of the page before it.",
        limit [optional]: "How many lines, 1 to 100; 50 when it is empty.",
    }
}

input! {
    Inviting {
        tenant: "The tenant's slug or id.",
        email: "Whom to invite.",
        roles: "Names of roles, with commas between.",
    }
}

input! {
    Named { tenant: "The tenant's slug or id.", id: "The id of the invitation." }
}

async fn list(operator: Operator<TenantsRead>, input: Search) -> Result<Reply, Refused> {
    let tenant = panel::tenant(&operator, &input.tenant).await?;
    let (json, page) = read(&operator, &tenant, (&input.cursor, &input.limit)).await?;
    Ok(Reply::page(&json, page))
}

async fn read<P>(
    operator: &Operator<P>,
    tenant: &Tenant,
    (cursor, limit): (&str, &str),
) -> Result<(Value, InvitationsPage), Refused> {
    let cx = operator.cx();
    let most = page_size(limit)?;
    let list = Listing::new("invitations", Viewer::Operator).with("tenant", Some(&tenant.id.to_string()));
    let before = Cursor::read(cx, &list, cursor)?.map(InvitationId::from_bytes);
    let found = invitations::list(&cx.db, tenant.for_an_operator(), before, i64::from(most) + 1).await?;
    let (found, next) = paged(cx, &list, found, most, |one| *one.id.as_bytes());
    let json = json!({ "invitations": found.iter().map(entry).collect::<Vec<_>>(), "next": next });
    let names: Vec<String> = cx.policy().roles().iter().map(|role| role.name.to_string()).collect();
    let page = InvitationsPage {
        nav: nav(operator, "tenants").await?,
        slug: tenant.slug.to_string(),
        tenant: tenant.name.clone(),
        next: next_page("invitations", &[("limit", limit)], next.as_ref()),
        rows: found.into_iter().map(|one| Row::of(one, cx.clock.now())).collect(),
        roles: names.join(", "),
        typed_email: String::new(),
        typed_roles: String::new(),
    };
    Ok((json, page))
}

async fn invite(operator: Operator<TenantsManage>, input: Inviting) -> Result<Reply, Refused> {
    let cx = operator.cx();
    let tenant = panel::tenant(&operator, &input.tenant).await?;
    let invited = async {
        let email = EmailAddress::parse(&input.email)?;
        let id = acts::invite_member(cx, operator.by(), (tenant.id, &email), &roles(&input.roles)?).await?;
        Ok::<_, Refused>(id)
    };
    match invited.await {
        Ok(id) => Ok(done(&operator, &tenant, &json!({ "id": id.to_string() }), "invited")),
        Err(refused) => {
            let (typed_email, typed_roles) = (repeated(&input.email), repeated(&input.roles));
            let page = async {
                let (_, page) = read(&operator, &tenant, ("", "")).await?;
                Ok(InvitationsPage { typed_email, typed_roles, ..page })
            };
            Err(on_page(&operator, TenantsRead::NAME, refused, page).await)
        }
    }
}

async fn resend(operator: Operator<TenantsManage>, input: Named) -> Result<Reply, Refused> {
    let tenant = panel::tenant(&operator, &input.tenant).await?;
    acts::resend_invitation(operator.cx(), operator.by(), (tenant.id, invitation(&input.id)?)).await?;
    Ok(done(&operator, &tenant, &json!({ "sent": true }), "invitation-resent"))
}

async fn revoke(operator: Operator<TenantsManage>, input: Named) -> Result<Reply, Refused> {
    let tenant = panel::tenant(&operator, &input.tenant).await?;
    acts::revoke_invitation(operator.cx(), operator.by(), (tenant.id, invitation(&input.id)?)).await?;
    Ok(done(&operator, &tenant, &json!({ "revoked": true }), "invitation-revoked"))
}

/// Reads the id of an invitation; what is none names no invitation.
fn invitation(id: &str) -> Result<InvitationId, Refused> {
    id.parse().map_err(|_| Refusal::Denied(InviteDenied::NoSuchInvitation).into())
}

fn done<P>(operator: &Operator<P>, tenant: &Tenant, json: &Value, code: &str) -> Reply {
    let base = operator.cx().site.base;
    Reply::done(json, format!("{base}/admin/tenants/{}/invitations?done=console-{code}", tenant.slug))
}

/// One invitation as programs see it. Times are seconds since the epoch.
fn entry(one: &Invited) -> Value {
    let roles: Vec<&str> = one.roles.iter().map(RoleName::as_str).collect();
    json!({
        "id": one.id.to_string(),
        "email": one.email.as_str(),
        "roles": roles,
        "invited_by": one.invited_by.map(|account| account.to_string()),
        "created_at": one.created_at.as_secs(),
        "expires_at": one.expires_at.as_secs(),
    })
}

impl Row {
    fn of(one: Invited, now: Timestamp) -> Self {
        let roles: Vec<&str> = one.roles.iter().map(RoleName::as_str).collect();
        Self {
            id: one.id.to_string(),
            email: one.email.to_string(),
            roles: roles.join(", "),
            sent: stamp(one.created_at),
            ends: stamp(one.expires_at),
            is_over: one.expires_at <= now,
        }
    }
}
