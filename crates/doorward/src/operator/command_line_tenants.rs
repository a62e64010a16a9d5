//! What somebody at the server does to tenants and operators.

use std::fmt;

use doorward_core::{AccountId, EmailAddress, PlanName, RoleName, Slug, TenantId, Timestamp};

use super::{flow, tenants as acts};
use crate::{
    Doorward, accounts,
    error::{Fault, Refusal},
    guard::Denial,
    operators::{self, Hand, Operator},
    policy::{OwnRoles, Policy},
    tenants::{self, Entitlement, Member, Tenant},
};

const BY: Hand = Hand::COMMAND_LINE;

/// Why an act was not done.
#[derive(Debug)]
pub enum ActError {
    /// It cannot be; nothing was changed.
    Denied {
        /// The stable code.
        code: &'static str,
        /// What to tell people.
        text: String,
    },
    /// Something that was needed did not answer.
    Fault(Fault),
}

impl fmt::Display for ActError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Denied { text, .. } => f.write_str(text),
            Self::Fault(fault) => fault.fmt(f),
        }
    }
}

impl std::error::Error for ActError {}

impl From<Fault> for ActError {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl<D: Denial> From<Refusal<D>> for ActError {
    fn from(refusal: Refusal<D>) -> Self {
        match refusal {
            Refusal::Denied(denied) => {
                let problem = denied.problem();
                Self::Denied { code: problem.code, text: problem.text() }
            }
            Refusal::Fault(fault) => Self::Fault(fault),
        }
    }
}

/// A member with what their account says about them.
#[derive(Clone, Debug)]
pub struct MemberOf {
    /// The membership.
    pub member: Member,
    /// The confirmed address.
    pub email: EmailAddress,
    /// How the person wants to be addressed; may be empty.
    pub name: String,
}

/// The roles and permissions in force.
pub fn policy(doorward: &Doorward) -> &Policy {
    doorward.context().policy()
}

/// Finds a tenant by its slug or its id.
pub async fn tenant(doorward: &Doorward, named: &str) -> Result<Option<Tenant>, Fault> {
    match named.parse() {
        Ok(named) => tenants::by_name(&doorward.context().db, &named).await,
        Err(()) => Ok(None),
    }
}

/// Lists up to `limit` tenants (at most 1,000), newest first, whose slug or name begins like this. The next page begins after
/// the tenant `after`.
pub async fn tenants(
    doorward: &Doorward,
    beginning: &str,
    after: Option<&Tenant>,
    limit: u32,
) -> Result<Vec<Tenant>, Fault> {
    let before = after.map_or(i64::MAX, |tenant| tenant.number);
    tenants::list(&doorward.context().db, &beginning.to_lowercase(), before, i64::from(limit.clamp(1, 1000))).await
}

/// Makes a tenant, with an owner when there is one to begin with.
pub async fn create_tenant(
    doorward: &Doorward,
    slug: Slug,
    name: &str,
    owner: Option<AccountId>,
) -> Result<TenantId, ActError> {
    let name = named(name)?;
    Ok(acts::create_tenant(doorward.context(), BY, (slug, &name), owner).await?.id)
}

/// Gives a tenant another name and slug.
pub async fn rename_tenant(doorward: &Doorward, tenant: TenantId, slug: &Slug, name: &str) -> Result<(), ActError> {
    let name = named(name)?;
    Ok(acts::rename_tenant(doorward.context(), BY, tenant, (slug, &name)).await?)
}

/// Lets anybody with an account join in this role, or nobody.
pub async fn open_tenant(doorward: &Doorward, tenant: TenantId, role: Option<&RoleName>) -> Result<(), ActError> {
    Ok(acts::open_tenant(doorward.context(), BY, tenant, role).await?)
}

/// Closes a tenant to its members for the time being; `false` when it is already.
pub async fn suspend_tenant(doorward: &Doorward, tenant: TenantId) -> Result<bool, ActError> {
    Ok(acts::suspend_tenant(doorward.context(), BY, tenant).await?)
}

/// Opens a suspended tenant again; `false` when it is open.
pub async fn resume_tenant(doorward: &Doorward, tenant: TenantId) -> Result<bool, ActError> {
    Ok(acts::resume_tenant(doorward.context(), BY, tenant).await?)
}

/// Lets a tenant wait to be deleted; `false` when it does already.
pub async fn close_tenant(doorward: &Doorward, tenant: TenantId) -> Result<bool, ActError> {
    Ok(acts::close_tenant(doorward.context(), BY, tenant).await?)
}

/// Keeps a tenant that waits to be deleted; `false` when it does not.
pub async fn restore_tenant(doorward: &Doorward, tenant: TenantId) -> Result<bool, ActError> {
    Ok(acts::restore_tenant(doorward.context(), BY, tenant).await?)
}

/// Deletes a tenant and everything that belongs to it, without waiting.
pub async fn delete_tenant(doorward: &Doorward, tenant: TenantId) -> Result<(), ActError> {
    Ok(acts::delete_tenant(doorward.context(), BY, tenant).await?)
}

/// Lists up to `limit` members of a tenant (at most 1,000), in the order in which they joined, after the member `after`.
pub async fn members(
    doorward: &Doorward,
    tenant: &Tenant,
    after: Option<&MemberOf>,
    limit: u32,
) -> Result<Vec<MemberOf>, Fault> {
    let db = &doorward.context().db;
    let after = after.map_or(0, |one| one.member.number);
    let members = tenants::members(db, tenant.for_an_operator(), after, i64::from(limit.clamp(1, 1000))).await?;
    named_members(doorward.context(), members).await
}

/// Puts to each membership what its account says.
pub(crate) async fn named_members(cx: &crate::context::Context, members: Vec<Member>) -> Result<Vec<MemberOf>, Fault> {
    let ids: Vec<AccountId> = members.iter().map(|member| member.account).collect();
    let accounts = accounts::by_ids(&cx.db, &ids).await?;
    let with = |member: Member| {
        let account = accounts.iter().find(|account| account.id == member.account)?;
        Some(MemberOf { email: account.email.clone(), name: account.name.clone(), member })
    };
    Ok(members.into_iter().filter_map(with).collect())
}

/// Makes an account a member of a tenant.
pub async fn add_member(
    doorward: &Doorward,
    tenant: TenantId,
    account: AccountId,
    roles: Vec<RoleName>,
) -> Result<(), ActError> {
    Ok(acts::add_member(doorward.context(), BY, (tenant, account), &OwnRoles::new(roles)).await?)
}

/// Gives a member other roles.
pub async fn set_roles(
    doorward: &Doorward,
    tenant: TenantId,
    account: AccountId,
    roles: Vec<RoleName>,
) -> Result<(), ActError> {
    Ok(acts::set_member_roles(doorward.context(), BY, (tenant, account), &OwnRoles::new(roles)).await?)
}

/// Takes a member out of a tenant.
pub async fn remove_member(doorward: &Doorward, tenant: TenantId, account: AccountId) -> Result<(), ActError> {
    Ok(acts::remove_member(doorward.context(), BY, (tenant, account)).await?)
}

/// Entitles a member, or all of a tenant when none is named, to a plan until a moment: what a payment does. One that has
/// passed ends the entitlement.
pub async fn entitle(
    doorward: &Doorward,
    tenant: TenantId,
    account: Option<AccountId>,
    plan: PlanName,
    until: Timestamp,
) -> Result<(), ActError> {
    Ok(acts::entitle(doorward.context(), BY, (tenant, account), Entitlement { plan, until }).await?)
}

/// Makes an account an operator with these roles, or gives it other ones; `false` when there is no such account or role.
pub async fn grant_operator(doorward: &Doorward, account: AccountId, roles: Vec<RoleName>) -> Result<bool, Fault> {
    flow::grant_operator(doorward.context(), BY, account, &OwnRoles::new(roles)).await
}

/// Makes an account no operator; `false` when it was none.
pub async fn revoke_operator(doorward: &Doorward, account: AccountId) -> Result<bool, Fault> {
    flow::revoke_operator(doorward.context(), BY, account).await
}

/// Lists all operators.
pub async fn operators(doorward: &Doorward) -> Result<Vec<Operator>, Fault> {
    operators::list(&doorward.context().db).await
}

fn named(name: &str) -> Result<String, ActError> {
    let text = "A name has 1 to 100 characters.".to_owned();
    tenants::display_name(name).ok_or(ActError::Denied { code: "name_invalid", text })
}
