//! What a policy is once it has been judged: sets of bits, so that a question is one lookup.

use std::collections::BTreeMap;

use doorward_core::{PlanName, RoleName};

/// Permissions there may be at most.
pub(super) const MOST_PERMISSIONS: usize = 256;
/// Plans there may be at most.
pub(super) const MOST_PLANS: usize = 64;
/// Roles there may be at most.
pub(super) const MOST_ROLES: usize = 64;

/// What Doorward itself asks about in a tenant, and for whoever gives it away what they give: people read it who decide about a
/// program, and who may not know the word permission.
pub(super) const OWN: [(&str, &str); 10] = [
    ("tenant:read", "See which organisation this is and what it is called."),
    ("tenant:update", "Change the name and address of the organisation, and who may join it."),
    ("tenant:delete", "Delete the whole organisation, and stop its deletion while it waits."),
    ("members:read", "See who belongs to the organisation and who is invited."),
    ("members:invite", "Invite people to the organisation, and take invitations back."),
    ("members:manage", "Change what members may do, and remove members from the organisation."),
    ("audit:read", "Read the log of who did what in the organisation."),
    ("api_keys:manage", "Make keys with which programs act for the organisation, and take them back."),
    ("domains:manage", "Prove which email domains belong to the organisation."),
    ("connections:manage", "Decide by which provider people of the organisation log in."),
];

/// What Doorward asks about in the operator's console.
pub(super) const OPERATORS: [(&str, &str); 14] = [
    ("accounts:read", "See accounts and their sessions."),
    ("accounts:manage", "Disable accounts, end their sessions, have passwords reset."),
    ("tenants:read", "See tenants, members and invitations."),
    ("tenants:manage", "Suspend, delete and restore tenants, change members."),
    ("clients:read", "See which programs may ask for tokens."),
    ("clients:manage", "Register programs that may ask for tokens, renew their secrets, keep them out."),
    ("api_keys:read", "See the API keys of everybody, and never the keys themselves."),
    ("api_keys:manage", "Take API keys back."),
    ("providers:read", "See which providers people may come in by."),
    ("providers:try", "Try a provider out, with its own secret, to see what is wrong with it."),
    ("entitlements:manage", "Say who is entitled to which plan until when."),
    ("sessions:manage", "End any session."),
    ("audit:read", "Read everything that happened."),
    ("system:read", "See how the system does."),
];

/// The roles and permissions in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    pub(super) permissions: Vec<(String, String)>,
    pub(super) roles: Vec<Role>,
    pub(super) plans: BTreeMap<PlanName, RoleName>,
    pub(super) owner: RoleName,
    pub(super) operators: Vec<Role>,
}

/// A role, ready to be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Role {
    pub(super) name: RoleName,
    pub(super) about: String,
    pub(super) held: Permissions,
    /// Which roles it may give and take, as positions in the list.
    pub(super) grants: u64,
}

/// A set of permissions of one policy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Permissions([u64; MOST_PERMISSIONS / 64]);

/// One permission of one policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Permission(pub(super) u8);

/// The roles that somebody has themselves, without those that a plan gives for a time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct OwnRoles(Vec<RoleName>);

/// A role as it is shown.
#[derive(Clone, Debug)]
pub struct RoleInfo {
    /// Its name.
    pub name: RoleName,
    /// What it is for.
    pub about: String,
    /// The permissions that it holds.
    pub permissions: Vec<String>,
    /// The roles that it may give and take.
    pub grants: Vec<RoleName>,
}

impl Permissions {
    /// Whether the set holds a permission.
    pub(crate) fn hold(&self, permission: Permission) -> bool {
        self.0[usize::from(permission.0) / 64] >> (permission.0 % 64) & 1 == 1
    }

    /// The set with those of another one.
    #[must_use]
    pub(crate) fn and(mut self, other: &Self) -> Self {
        self.0.iter_mut().zip(&other.0).for_each(|(own, other)| *own |= other);
        self
    }

    pub(super) fn add(&mut self, at: usize) {
        self.0[at / 64] |= 1 << (at % 64);
    }
}

impl OwnRoles {
    /// Orders names and drops repeated ones, so that a set of roles has one spelling.
    pub(crate) fn new(mut roles: Vec<RoleName>) -> Self {
        roles.sort();
        roles.dedup();
        Self(roles)
    }

    /// Reads names with commas between; a text that is no name is left out, and so gives nothing.
    pub(crate) fn stored(text: &str) -> Self {
        Self::new(text.split(',').filter_map(|name| name.parse().ok()).collect())
    }

    /// The names with commas between.
    pub(crate) fn text(&self) -> String {
        self.0.iter().map(RoleName::as_str).collect::<Vec<_>>().join(",")
    }

    /// The names.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &RoleName> {
        self.0.iter()
    }

    /// Whether a role is among them.
    pub(crate) fn has(&self, role: &RoleName) -> bool {
        self.0.contains(role)
    }

    /// Whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The roles that are in one of two sets and not in the other: what a change gives or takes.
    pub(crate) fn changes(&self, other: &Self) -> Vec<RoleName> {
        let given = other.0.iter().filter(|role| !self.has(role));
        self.0.iter().filter(|role| !other.has(role)).chain(given).cloned().collect()
    }
}

impl Policy {
    /// Finds a permission that may be asked about in a tenant; `None` when the policy does not know it.
    pub(crate) fn permission(&self, name: &str) -> Option<Permission> {
        // A name that is unknown is as a rule a mistake of the application; in order, because that is how they are kept.
        let at = self.permissions.binary_search_by(|(known, _)| known.as_str().cmp(name)).ok()?;
        u8::try_from(at).ok().map(Permission)
    }

    /// What these roles hold together. A role that the policy does not know holds nothing.
    pub(crate) fn held<'r>(&self, roles: impl IntoIterator<Item = &'r RoleName>) -> Permissions {
        let known = roles.into_iter().filter_map(|role| self.role(role));
        known.fold(Permissions::default(), |all, role| all.and(&role.held))
    }

    /// Whether somebody with the roles `own` may give or take `role`.
    pub(crate) fn may_give(&self, own: &OwnRoles, role: &RoleName) -> bool {
        let Some(at) = self.roles.iter().position(|known| known.name == *role) else { return false };
        own.iter().filter_map(|own| self.role(own)).any(|own| own.grants >> at & 1 == 1)
    }

    /// Whether a role gives any role to others.
    pub(crate) fn gives_any(&self, role: &RoleName) -> bool {
        self.role(role).is_some_and(|role| role.grants != 0)
    }

    /// The roles that somebody with the roles `own` may give, in the policy's order.
    pub(crate) fn gives(&self, own: &OwnRoles) -> Vec<RoleName> {
        self.roles.iter().map(|role| role.name.clone()).filter(|role| self.may_give(own, role)).collect()
    }

    /// Whether there is such a role in tenants.
    pub(crate) fn knows(&self, role: &RoleName) -> bool {
        self.role(role).is_some()
    }

    /// The role that a plan gives for as long as somebody is entitled to it.
    pub(crate) fn given_by(&self, plan: &PlanName) -> Option<&RoleName> {
        self.plans.get(plan)
    }

    /// The role of whoever makes a tenant, which one member always keeps.
    pub fn owner(&self) -> &RoleName {
        &self.owner
    }

    /// Finds a permission of the console.
    pub(crate) fn of_operators(name: &str) -> Option<Permission> {
        OPERATORS.iter().position(|(known, _)| *known == name).map(|at| Permission(at as u8))
    }

    /// What these roles of an operator hold together.
    pub(crate) fn held_by_operator(&self, roles: &OwnRoles) -> Permissions {
        let known = self.operators.iter().filter(|role| roles.has(&role.name));
        known.fold(Permissions::default(), |all, role| all.and(&role.held))
    }

    /// Whether there is such a role for operators.
    pub(crate) fn knows_operator(&self, role: &RoleName) -> bool {
        self.operators.iter().any(|known| known.name == *role)
    }

    /// The permissions that can be asked about in a tenant, in the order of their names, each with a sentence that says to
    /// whoever gives it away what they give.
    pub fn permissions(&self) -> impl Iterator<Item = (&str, &str)> {
        self.permissions.iter().map(|(name, about)| (name.as_str(), about.as_str()))
    }

    /// The same for one of them. One that the policy does not know has its name: it may come back, and what somebody has agreed
    /// to with it.
    pub(crate) fn about(&self, name: &str) -> String {
        let known = self.permissions.binary_search_by(|(known, _)| known.as_str().cmp(name));
        known.map_or_else(|_| untold(name), |at| self.permissions[at].1.clone())
    }

    /// The permissions of which the settings do not say what they are for.
    pub fn untold(&self) -> impl Iterator<Item = &str> {
        self.permissions.iter().filter(|(name, about)| *about == untold(name)).map(|(name, _)| name.as_str())
    }

    /// The roles in a tenant.
    pub fn roles(&self) -> Vec<RoleInfo> {
        let names: Vec<&str> = self.permissions.iter().map(|(name, _)| name.as_str()).collect();
        self.roles.iter().map(|role| self.info(role, &names)).collect()
    }

    /// The plans, each with the role that it gives.
    pub fn plans(&self) -> impl Iterator<Item = (&PlanName, &RoleName)> {
        self.plans.iter()
    }

    /// The roles of operators.
    pub fn operators(&self) -> Vec<RoleInfo> {
        self.operators.iter().map(|role| self.info(role, &OPERATORS.map(|(name, _)| name))).collect()
    }

    /// The permissions of the operator's console, each with what it is for.
    pub fn operator_permissions() -> impl Iterator<Item = (&'static str, &'static str)> {
        OPERATORS.into_iter()
    }

    fn info(&self, role: &Role, names: &[&str]) -> RoleInfo {
        let held = names.iter().enumerate().filter(|(at, _)| role.held.hold(Permission(*at as u8)));
        let given = self.roles.iter().enumerate().filter(|(at, _)| role.grants >> at & 1 == 1);
        RoleInfo {
            name: role.name.clone(),
            about: role.about.clone(),
            permissions: held.map(|(_, name)| (*name).to_owned()).collect(),
            grants: given.map(|(_, role)| role.name.clone()).collect(),
        }
    }

    fn role(&self, name: &RoleName) -> Option<&Role> {
        self.roles.iter().find(|role| role.name == *name)
    }
}

/// What is said of a permission of which the settings say nothing. A guess from its name could promise less than it allows.
pub(super) fn untold(name: &str) -> String {
    format!("Do what is called “{name}” here.")
}
