//! What a tenant is, what a membership is, and what both say at a moment.

use std::str::FromStr;

use axum::http::StatusCode;
use doorward_core::{AccountId, PlanName, RoleName, Slug, TenantId, Timestamp};

use crate::{
    guard::{Denial, Problem},
    policy::{OwnRoles, Permission, Permissions, Policy},
};

/// A tenant as it is stored.
#[derive(Clone, Debug)]
pub struct Tenant {
    /// Its place in the list of all.
    pub(crate) number: i64,
    /// Its name for programs, which stays.
    pub id: TenantId,
    /// Its name in addresses.
    pub slug: Slug,
    /// Its name for people.
    pub name: String,
    /// The role of whoever joins without an invitation; nobody can when there is none.
    pub open_role: Option<RoleName>,
    /// What all its members are entitled to.
    pub entitlements: Vec<Entitlement>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Since when it is closed to its members.
    pub suspended_at: Option<Timestamp>,
    /// When it will be deleted.
    pub delete_at: Option<Timestamp>,
}

/// A membership as it is shown.
#[derive(Clone, Debug)]
pub struct Member {
    /// Its place in the list of the tenant.
    pub(crate) number: i64,
    /// Whose it is.
    pub account: AccountId,
    /// The roles that the member has themselves.
    pub roles: Vec<RoleName>,
    /// What this member is entitled to.
    pub entitlements: Vec<Entitlement>,
    /// Since when.
    pub joined_at: Timestamp,
}

/// A tenant that somebody was let into: what asks about anything in a tenant takes this and no id, so a question about a
/// tenant cannot be put by somebody who was never asked whether they belong to it.
///
/// It is made from a membership that was just read, by `access`, and from the tenant itself for an operator and for a client
/// that acts for itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct InTenant(TenantId);

/// A plan and how long it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entitlement {
    /// Which plan.
    pub plan: PlanName,
    /// From this moment on it gives nothing.
    pub until: Timestamp,
}

/// Whether a tenant is open to its members.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It is.
    Active,
    /// An operator has closed it for the time being.
    Suspended,
    /// It waits to be deleted; whoever may delete it may take that back.
    Closing,
}

/// How a question names a tenant.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Named {
    /// By its id.
    Id(TenantId),
    /// By its slug.
    Slug(Slug),
}

/// What a tenant and a membership in it say together, as they were read.
#[derive(Clone, Debug)]
pub(crate) struct Standing {
    pub(crate) tenant: TenantId,
    pub(crate) slug: Slug,
    pub(crate) state: State,
    pub(crate) roles: OwnRoles,
    own: Permissions,
    /// What plans add, each until its moment.
    timed: Vec<(Timestamp, RoleName, Permissions)>,
    /// Whether only who came by the tenant's provider is let in.
    pub(crate) own_sign_in: bool,
    /// Whether this owner may come in another way all the same.
    pub(crate) breaks_glass: bool,
}

/// Why something about a tenant was not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TenantDenied {
    /// There is no such tenant, or not any more.
    NoSuchTenant,
    /// There is no such member.
    NoSuchMember,
    /// The slug is another tenant's.
    SlugTaken,
    /// It would be without an owner.
    LastOwner,
    /// They are the last owner who can do without the provider that the tenant demands.
    LastBreaker,
    /// The account belongs to as many tenants as it may.
    TooManyTenants,
    /// The tenant has as many members as it may.
    TooManyMembers,
    /// The policy has no such role.
    UnknownRole,
    /// The policy has no such plan.
    UnknownPlan,
    /// Whoever acts may not give or take this role.
    RoleNotYours,
    /// A role that gives others cannot be had by joining.
    RoleTooMuch,
    /// It has given up as many slugs as it may.
    TooManySlugs,
    /// A member has one role at least.
    NoRole,
    /// There are as many entitlements as there may be.
    TooManyEntitlements,
    /// The account belongs to it already.
    AlreadyMember,
}

impl Denial for TenantDenied {
    fn problem(&self) -> Problem {
        let conflict = |code, text: &str| Problem::plain(StatusCode::CONFLICT, code, text);
        match self {
            Self::NoSuchTenant => no_such_tenant(),
            Self::NoSuchMember => {
                Problem::plain(StatusCode::NOT_FOUND, "no_such_member", "There is no such member; they may have left.")
            }
            Self::SlugTaken => Problem::field("slug", "slug_taken", "This address is another one's. Choose another."),
            Self::LastBreaker => conflict(
                "break_glass_missing",
                "Somebody has to be able to come in without the provider. Name another owner for that first.",
            ),
            Self::LastOwner => conflict("last_owner", "Somebody has to stay its owner. Make another member one first."),
            Self::TooManyTenants => conflict("too_many_tenants", "This account has as many as it may."),
            Self::TooManyMembers => conflict("too_many_members", "There are as many members as there may be."),
            Self::UnknownRole => Problem::field("roles", "unknown_role", "There is no such role."),
            Self::UnknownPlan => Problem::field("plan", "unknown_plan", "There is no such plan."),
            Self::RoleNotYours => {
                Problem::plain(StatusCode::FORBIDDEN, "role_not_yours", "You may not give or take this role.")
            }
            Self::RoleTooMuch => {
                Problem::field("role", "role_too_much", "This role gives others; nobody gets it just by joining.")
            }
            Self::TooManySlugs => conflict("too_many_slugs", "Its address was changed as often as it may be."),
            Self::NoRole => Problem::field("roles", "role_missing", "Choose one role at least."),
            Self::TooManyEntitlements => conflict("too_many_entitlements", "There are as many as there may be."),
            Self::AlreadyMember => conflict("already_member", "This account belongs to it already."),
        }
    }
}

/// Says the same of a tenant that is not there and of one that somebody does not belong to.
pub(crate) fn no_such_tenant() -> Problem {
    let text = "There is nothing here under this name, or you do not belong to it.";
    Problem::plain(StatusCode::NOT_FOUND, "no_such_tenant", text)
}

impl FromStr for Named {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text.parse() {
            Ok(slug) => Ok(Self::Slug(slug)),
            // One spelling: 32 digits with four hyphens, as we write them ourselves.
            Err(_) => text.parse::<TenantId>().ok().filter(|id| id.to_string() == text).map(Self::Id).ok_or(()),
        }
    }
}

impl Named {
    /// Whether it is the name of this tenant.
    pub(crate) fn means(&self, standing: &Standing) -> bool {
        match self {
            Self::Id(id) => *id == standing.tenant,
            Self::Slug(slug) => *slug == standing.slug,
        }
    }
}

impl State {
    /// What these two moments of a tenant say.
    pub(super) fn of(suspended_at: Option<Timestamp>, delete_at: Option<Timestamp>) -> Self {
        match (suspended_at, delete_at) {
            // An operator's word goes first: whoever is suspended does not open their tenant by closing it.
            (Some(_), _) => Self::Suspended,
            (None, Some(_)) => Self::Closing,
            (None, None) => Self::Active,
        }
    }

    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::Closing => "closing",
        }
    }
}

impl InTenant {
    /// The tenant's id, for the tables of an application.
    pub fn id(self) -> TenantId {
        self.0
    }
}

impl Tenant {
    /// The tenant for an operator, who belongs to none and is let into all.
    pub(crate) fn for_an_operator(&self) -> InTenant {
        InTenant(self.id)
    }

    /// The tenant for a client that acts for itself there, once its token was found to hold.
    pub(crate) fn for_its_client(&self) -> InTenant {
        InTenant(self.id)
    }

    /// Whether anybody with an account may join.
    pub(crate) fn lets_join(&self) -> bool {
        self.open_role.is_some() && self.state() == State::Active
    }

    /// Whether it is open to its members.
    pub fn state(&self) -> State {
        State::of(self.suspended_at, self.delete_at)
    }
}

impl Standing {
    /// Puts together what was read; the policy says what it means.
    pub(super) fn new(
        policy: &Policy,
        (tenant, slug, state): (TenantId, Slug, State),
        roles: OwnRoles,
        entitlements: impl IntoIterator<Item = Entitlement>,
    ) -> Self {
        let given = |one: Entitlement| {
            let role = policy.given_by(&one.plan)?;
            Some((one.until, role.clone(), policy.held([role])))
        };
        let timed = entitlements.into_iter().filter_map(given).collect();
        let own = policy.held(roles.iter());
        Self { tenant, slug, state, roles, own, timed, own_sign_in: false, breaks_glass: false }
    }

    /// The tenant for somebody who belongs to it.
    pub(crate) fn inside(&self) -> InTenant {
        InTenant(self.tenant)
    }

    /// Whether the roles of the moment hold a permission. Whether the tenant is open is asked apart.
    pub(crate) fn holds(&self, permission: Permission, now: Timestamp) -> bool {
        self.own.hold(permission) || self.timed.iter().any(|(until, _, held)| now < *until && held.hold(permission))
    }

    /// The roles of the moment, those that plans give among them.
    pub(crate) fn roles_now(&self, now: Timestamp) -> OwnRoles {
        let given = self.timed.iter().filter(|(until, ..)| now < *until).map(|(_, role, _)| role.clone());
        OwnRoles::new(self.roles.iter().cloned().chain(given).collect())
    }
}

/// Entitlements as they are stored: `plan:microseconds`, with commas between. One that cannot be read gives nothing.
pub(super) fn entitlements(text: &str) -> Vec<Entitlement> {
    let one = |text: &str| {
        let (plan, until) = text.split_once(':')?;
        Some(Entitlement { plan: plan.parse().ok()?, until: Timestamp::from_micros(until.parse().ok()?) })
    };
    text.split(',').filter_map(one).collect()
}

/// The text that [`entitlements`] reads.
pub(super) fn written(entitlements: &[Entitlement]) -> String {
    let one = |one: &Entitlement| format!("{}:{}", one.plan, one.until.as_micros());
    entitlements.iter().map(one).collect::<Vec<_>>().join(",")
}

/// Entitlements of one tenant or member there may be at most.
pub(super) const MOST_ENTITLEMENTS: usize = 16;

/// A name for people without control characters and white space around it; `None` when it is empty or too long.
pub(crate) fn display_name(text: &str) -> Option<String> {
    crate::accounts::display_name(text).filter(|name| !name.is_empty())
}
