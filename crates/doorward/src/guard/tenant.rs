//! The guards that know a tenant: who is a member and holds a permission there.

use doorward_core::Slug;

use super::{
    caller::Caller,
    guards::{Guard, SignedIn},
    reply::Refused,
};
use crate::{
    access::{self, Authorized, Permission},
    error::{Fault, Refusal},
    tenants::InTenant,
};

/// A member of the tenant that the path names in the place of `{tenant}`, whose roles hold the permission `P` there.
///
/// Whoever is no member gets 404, whether there is such a tenant or not; a member without the permission gets 403.
pub struct Member<P> {
    signed_in: SignedIn,
    authorized: Authorized<P>,
}

/// The same, who proved themselves within the last minutes as well.
pub struct RecentMember<P>(Member<P>);

impl<P: Permission> Guard for Member<P> {
    const TENANT: bool = true;

    fn name() -> String {
        format!("Member<{}>", P::NAME)
    }

    async fn admit(caller: Caller) -> Result<Self, Refused> {
        let signed_in = SignedIn::admit(caller).await?;
        let Some(tenant) = signed_in.caller.tenant.as_deref() else {
            return Err(Fault::new("learning which tenant is meant", "the route has no {tenant} in its path").into());
        };
        let whose = (signed_in.account(), signed_in.session());
        let authorized = access::authorize::<P>(signed_in.cx(), whose, tenant).await.map_err(|refusal| {
            let way_on = format!("{}/tenants/{tenant}/enter", signed_in.cx().site.base);
            let needs_provider = matches!(&refusal, Refusal::Denied(denied) if denied.needs_provider());
            let refused = Refused::from(refusal);
            if needs_provider { refused.way_on(way_on) } else { refused }
        })?;
        Ok(Self { signed_in, authorized })
    }

    fn csrf(&self) -> String {
        self.csrf_token()
    }

    fn signed_in(&self) -> bool {
        true
    }
}

impl<P: Permission> Guard for RecentMember<P> {
    const TENANT: bool = true;

    fn name() -> String {
        format!("RecentMember<{}>", P::NAME)
    }

    async fn admit(caller: Caller) -> Result<Self, Refused> {
        let member = Member::admit(caller).await?;
        member.demand_recent_proof()?;
        Ok(Self(member))
    }

    fn csrf(&self) -> String {
        self.csrf_token()
    }

    fn signed_in(&self) -> bool {
        true
    }
}

impl<P: Permission> Member<P> {
    /// The proof, for what asks for it.
    pub fn authorized(&self) -> &Authorized<P> {
        &self.authorized
    }

    /// The tenant: the only way to one for a query.
    pub fn tenant(&self) -> InTenant {
        self.authorized.tenant()
    }

    /// The tenant's name in addresses.
    pub fn slug(&self) -> &Slug {
        self.authorized.slug()
    }
}

impl<P> std::ops::Deref for Member<P> {
    type Target = SignedIn;

    fn deref(&self) -> &SignedIn {
        &self.signed_in
    }
}

impl<P> std::ops::Deref for RecentMember<P> {
    type Target = Member<P>;

    fn deref(&self) -> &Member<P> {
        &self.0
    }
}
