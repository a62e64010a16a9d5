//! The judgement, and what it looks like when it is a yes.

use std::marker::PhantomData;

use axum::http::StatusCode;
use doorward_core::{AccountId, Slug, Timestamp};

use crate::{
    guard::{Denial, Problem},
    policy::{self, OwnRoles},
    tenants::{InTenant, Standing, State, no_such_tenant},
};

/// A permission as a type, for guards and for what asks for a proof. [`permissions!`](crate::permissions) makes them.
pub trait Permission: Send + Sync + 'static {
    /// The name in the policy, such as `invoices:read`. One that the policy does not know is held by nobody.
    const NAME: &'static str;
}

/// Defines permissions as types, each with its name in the policy.
///
/// ```
/// doorward::permissions! {
///     /// Looks at invoices.
///     pub InvoicesRead = "invoices:read";
///     /// Changes them.
///     pub InvoicesWrite = "invoices:write";
/// }
/// ```
#[macro_export]
macro_rules! permissions {
    ($($(#[$doc:meta])* $vis:vis $permission:ident = $name:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        $vis enum $permission {}

        impl $crate::Permission for $permission {
            const NAME: &'static str = $name;
        }
    )*};
}

/// The permissions of Doorward's own routes.
pub(crate) mod own {
    crate::permissions! {
        pub(crate) TenantRead = "tenant:read";
        pub(crate) TenantUpdate = "tenant:update";
        pub(crate) TenantDelete = "tenant:delete";
        pub(crate) MembersRead = "members:read";
        pub(crate) MembersInvite = "members:invite";
        pub(crate) MembersManage = "members:manage";
        pub(crate) AuditRead = "audit:read";
        pub(crate) ApiKeysManage = "api_keys:manage";
        pub(crate) DomainsManage = "domains:manage";
        pub(crate) ConnectionsManage = "connections:manage";
    }
}

/// Proof that somebody may do this here: they belong to the tenant, it is open, and their roles hold the permission `P`.
///
/// It holds for the request that it was made for. What is changed on its strength is asked about once more where the change
/// becomes true.
#[derive(Clone, Debug)]
pub struct Authorized<P> {
    tenant: InTenant,
    slug: Slug,
    account: AccountId,
    roles: OwnRoles,
    permission: PhantomData<fn() -> P>,
}

impl<P: Permission> Authorized<P> {
    /// The tenant: the only way to one for a query.
    pub fn tenant(&self) -> InTenant {
        self.tenant
    }

    /// Its name in addresses.
    pub fn slug(&self) -> &Slug {
        &self.slug
    }

    /// Who may.
    pub fn account(&self) -> AccountId {
        self.account
    }

    /// The roles that the person has there themselves.
    pub(crate) fn roles(&self) -> &OwnRoles {
        &self.roles
    }

    pub(super) fn judged(
        standing: Option<&Standing>,
        account: AccountId,
        permission: Option<policy::Permission>,
        now: Timestamp,
    ) -> Result<Self, AccessDenied> {
        let standing = judge(standing, P::NAME, permission, now)?;
        let (tenant, slug, roles) = (standing.inside(), standing.slug.clone(), standing.roles.clone());
        Ok(Self { tenant, slug, account, roles, permission: PhantomData })
    }
}

/// Judges: the membership, the state of the tenant, the permission, in that order.
pub(super) fn judge<'s>(
    standing: Option<&'s Standing>,
    name: &str,
    permission: Option<policy::Permission>,
    now: Timestamp,
) -> Result<&'s Standing, AccessDenied> {
    let standing = standing.ok_or(AccessDenied::Stranger)?;
    match standing.state {
        State::Active => {}
        // Whoever may delete a tenant may change their mind while it waits.
        State::Closing if name == own::TenantDelete::NAME => {}
        State::Closing => return Err(AccessDenied::Closing),
        State::Suspended => return Err(AccessDenied::Suspended),
    }
    let holds = permission.is_some_and(|permission| standing.holds(permission, now));
    if holds { Ok(standing) } else { Err(AccessDenied::Forbidden) }
}

/// Why somebody may not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AccessDenied {
    /// They do not belong to the tenant, or it is not there.
    Stranger,
    /// An operator has closed it for the time being.
    Suspended,
    /// It waits to be deleted.
    Closing,
    /// Their roles do not hold the permission.
    Forbidden,
    /// The policy does not know the permission.
    UnknownPermission,
    /// The person has not come by the provider that the tenant demands.
    ProviderRequired,
    /// The person proved themselves too long ago.
    NotFresh,
}

impl AccessDenied {
    /// Whether it would be a yes for somebody who comes by the tenant's provider.
    pub(crate) fn needs_provider(self) -> bool {
        self == Self::ProviderRequired
    }

    /// The stable code.
    pub(super) fn code(self) -> &'static str {
        self.problem().code
    }
}

impl Denial for AccessDenied {
    fn problem(&self) -> Problem {
        let no = |code, text: &str| Problem::plain(StatusCode::FORBIDDEN, code, text);
        match self {
            Self::Stranger => no_such_tenant(),
            Self::Suspended => {
                no("tenant_suspended", "This is closed for the time being. Ask whoever runs the service.")
            }
            Self::Closing => no("tenant_closing", "This is going to be deleted and is closed until then."),
            Self::Forbidden => no("forbidden", "You may not do this here. Ask an owner for the role that may."),
            Self::UnknownPermission => {
                let text = "There is no permission of this name; the settings define them.";
                Problem::field("permission", "unknown_permission", text)
            }
            Self::ProviderRequired => no(
                "tenant_provider_required",
                "This organisation lets people in by its own login only. Log in through it.",
            ),
            Self::NotFresh => {
                no("reauthentication_required", "Please prove once more that it is you, then repeat this step.")
            }
        }
    }
}
