//! Where a page of a tenant is, and what whoever looks may do there.

use doorward_core::Slug;
use serde_json::{Value, json};

use crate::{
    access::Permission,
    context::Context,
    guard::{Member, Refused},
    tenants::{self, Joined, State},
};

/// A tenant as somebody who belongs to it sees it.
pub(crate) struct Place {
    pub(super) id: String,
    pub(crate) slug: Slug,
    pub(crate) name: String,
    pub(super) state: State,
    /// The roles of the moment, those that plans give among them.
    pub(super) roles: Vec<String>,
    /// The permissions of the moment, each with what it is for.
    pub(super) held: Vec<(String, String)>,
}

impl Place {
    /// The tenant of a member.
    pub(crate) async fn of<P: Permission>(member: &Member<P>) -> Result<Self, Refused> {
        let joined = tenants::own(&member.cx().db, member.tenant(), member.account()).await?;
        Ok(joined.map(|joined| Self::new(member.cx(), joined)).ok_or_else(tenants::no_such_tenant)?)
    }

    /// Puts together what was read.
    pub(super) fn new(cx: &Context, joined: Joined) -> Self {
        let (id, slug, name, state) = (joined.id.to_string(), joined.slug.clone(), joined.name.clone(), joined.state);
        let (standing, now) = (joined.standing(cx.policy()), cx.clock.now());
        let holds = |name: &str| cx.policy().permission(name).is_some_and(|one| standing.holds(one, now));
        let held = cx.policy().permissions().filter(|(name, _)| holds(name));
        Self {
            id,
            slug,
            name,
            state,
            roles: standing.roles_now(now).iter().map(ToString::to_string).collect(),
            held: held.map(|(name, about)| (name.to_owned(), about.to_owned())).collect(),
        }
    }

    /// The permissions that whoever looks holds at the moment, each with what it is for.
    pub(crate) fn held(&self) -> &[(String, String)] {
        &self.held
    }

    /// Whether whoever looks holds a permission.
    pub(crate) fn may(&self, permission: &str) -> bool {
        self.held.iter().any(|(held, _)| held == permission)
    }

    /// Whether it is open to its members.
    pub(super) fn is_open(&self) -> bool {
        self.state == State::Active
    }

    /// The path of one of its pages, without the base.
    pub(crate) fn path(&self, rest: &str) -> String {
        format!("tenants/{}{rest}", self.slug)
    }

    /// What programs learn of it.
    pub(super) fn json(&self) -> Value {
        json!({
            "id": self.id, "slug": self.slug.as_str(), "name": self.name, "state": self.state.name(), "roles": self.roles,
        })
    }
}
