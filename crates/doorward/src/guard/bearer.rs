//! Programs that show an access token: for routes of an application that are no pages, and for our own.
//!
//! No cookie is looked at, so a page of another site has nothing to use here, and no CSRF token is needed. A token is shown in
//! the header `Authorization` and nowhere else: an address or a body would be written into logs.

use std::{marker::PhantomData, sync::Arc};

use axum::http::{HeaderValue, StatusCode, header};
use doorward_core::{AccountId, TenantId};
use doorward_verify::AccessToken;

use super::{
    caller::Caller,
    guards::Guard,
    program::{DPOP, authorization, demand_one_of_each},
    reply::Refused,
};
use crate::{
    access::Permission,
    base::problem::Problem,
    context::Context,
    error::{Fault, Refusal},
    tenants::{self, InTenant, Named, no_such_tenant},
    tokens::{
        self,
        dpop::{self, ALGORITHMS},
    },
};

/// Whoever bears an access token of ours for this site's public URL that holds the permission `P`.
///
/// Where the path has a `{tenant}`, its slug or its id, the token is one for that tenant; for any other it is answered like one
/// that is not there. The token's signature is the proof: whether it was taken back in its five minutes, or whoever it is about
/// may still do this, is not asked. [`LiveBearer`] asks.
///
/// A token that is bound to a key (RFC 9449) is taken with a proof of that key, once each.
pub struct Bearer<P> {
    cx: Arc<Context>,
    token: AccessToken,
    tenant: TenantId,
    permission: PhantomData<fn() -> P>,
}

/// The same, and at this moment the token was not taken back, the client not disabled, the account is enabled, and the tenant
/// is open and gives whoever the token is about the permission `P`.
pub struct LiveBearer<P> {
    bearer: Bearer<P>,
    inside: InTenant,
}

impl<P: Permission> Guard for Bearer<P> {
    const TENANT: bool = true;
    const PROGRAM: bool = true;

    fn name() -> String {
        format!("Bearer<{}>", P::NAME)
    }

    async fn admit(caller: Caller) -> Result<Self, Refused> {
        demand_one_of_each(&caller)?;
        let shown = Shown::by(&caller)?;
        let audience = std::slice::from_ref(&caller.cx.site.public_url);
        let token = shown.proved(tokens::read(&caller.cx, shown.text, audience).await?).await?;
        let tenant = token.tenant.as_deref().and_then(|tenant| tenant.parse().ok());
        if let Some(named) = caller.tenant.as_deref()
            && !is_named(&caller.cx, tenant, named).await?
        {
            return Err(no_such_tenant().into());
        }
        match tenant {
            Some(tenant) if token.permissions.iter().any(|held| held == P::NAME) => {
                Ok(Self { cx: Arc::clone(&caller.cx), token, tenant, permission: PhantomData })
            }
            _ => Err(shown.insufficient(P::NAME)),
        }
    }
}

impl<P: Permission> Guard for LiveBearer<P> {
    const TENANT: bool = true;
    const PROGRAM: bool = true;

    fn name() -> String {
        format!("LiveBearer<{}>", P::NAME)
    }

    async fn admit(caller: Caller) -> Result<Self, Refused> {
        let bound = authorization(&caller, Scheme::Dpop.name()).is_some();
        let scheme = if bound { Scheme::Dpop } else { Scheme::Bearer };
        let bearer = Bearer::<P>::admit(caller).await?;
        let cx = &bearer.cx;
        let scopes = tokens::holds_now(cx, &bearer.token).await?.ok_or_else(|| scheme.invalid())?;
        if !scopes.has(P::NAME) {
            return Err(scheme.insufficient(P::NAME));
        }
        let inside = inside(&bearer).await?.ok_or_else(|| scheme.invalid())?;
        Ok(Self { bearer, inside })
    }
}

impl<P: Permission> Bearer<P> {
    /// The person that the client acts for; `None` when it acts for itself.
    pub fn account(&self) -> Option<AccountId> {
        self.token.subject.parse().ok().filter(|_| !self.token.is_of_client())
    }

    /// Whom the token is about: the account's id, or the client's.
    pub fn subject(&self) -> &str {
        &self.token.subject
    }

    /// The client that was given the token.
    pub fn client(&self) -> &str {
        &self.token.client
    }

    /// The id of the tenant that the token is about. Whether it is open now was not asked.
    pub fn tenant_id(&self) -> TenantId {
        self.tenant
    }

    /// Whether the token holds another permission too.
    pub fn holds<Q: Permission>(&self) -> bool {
        self.token.permissions.iter().any(|held| held == Q::NAME)
    }
}

impl<P> LiveBearer<P> {
    /// The tenant: the only way to one for a query.
    pub fn tenant(&self) -> InTenant {
        self.inside
    }
}

impl<P> std::ops::Deref for LiveBearer<P> {
    type Target = Bearer<P>;

    fn deref(&self) -> &Bearer<P> {
        &self.bearer
    }
}

/// Whether the tenant of a token goes by this name.
async fn is_named(cx: &Context, tenant: Option<TenantId>, name: &str) -> Result<bool, Fault> {
    let Some(tenant) = tenant else { return Ok(false) };
    match name.parse::<Named>() {
        Ok(Named::Id(id)) => Ok(id == tenant),
        Ok(slug) => Ok(tenants::by_name(&cx.db, &slug).await?.is_some_and(|found| found.id == tenant)),
        Err(()) => Ok(false),
    }
}

/// The tenant of a token that was found to hold.
async fn inside<P: Permission>(bearer: &Bearer<P>) -> Result<Option<InTenant>, Fault> {
    let (cx, named) = (&bearer.cx, Named::Id(bearer.tenant));
    match bearer.account() {
        Some(account) => {
            let standing = cx.memberships.find(&cx.db, cx.policy(), named, account).await?;
            Ok(standing.map(|standing| standing.inside()))
        }
        None => Ok(tenants::by_name(&cx.db, &named).await?.map(|tenant| tenant.for_its_client())),
    }
}

/// An access token as a request shows it.
pub(crate) struct Shown<'r> {
    caller: &'r Caller,
    scheme: Scheme,
    pub(crate) text: &'r str,
}

/// How a token is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scheme {
    /// By itself (RFC 6750).
    Bearer,
    /// Together with a proof of the key that it is bound to (RFC 9449 section 7.1).
    Dpop,
}

impl<'r> Shown<'r> {
    /// The token that a request shows.
    pub(super) fn by(caller: &'r Caller) -> Result<Self, Refused> {
        let shown = |scheme: Scheme| authorization(caller, scheme.name()).map(|text| Self { caller, scheme, text });
        shown(Scheme::Bearer).or_else(|| shown(Scheme::Dpop)).ok_or_else(absent)
    }

    /// The token that was read of it, if there was one, and whoever shows it has the key that it is bound to.
    pub(crate) async fn proved(&self, token: Option<AccessToken>) -> Result<AccessToken, Refused> {
        let token = token.ok_or_else(|| self.invalid())?;
        match (&token.key_thumbprint, self.scheme) {
            (None, Scheme::Bearer) => Ok(token),
            (Some(thumbprint), Scheme::Dpop) if self.possesses(thumbprint).await? => Ok(token),
            (Some(_), Scheme::Dpop) => Err(self.scheme.refused(
                (StatusCode::UNAUTHORIZED, "invalid_dpop_proof"),
                "The DPoP proof is absent, malformed, for another request or key, too old, or was used before.",
                "",
            )),
            (Some(_), Scheme::Bearer) | (None, Scheme::Dpop) => Err(self.invalid()),
        }
    }

    async fn possesses(&self, thumbprint: &str) -> Result<bool, Fault> {
        let Some(proof) = self.caller.headers.get(DPOP) else { return Ok(false) };
        let url = format!("{}{}", self.caller.cx.site.public_url, self.caller.uri.path());
        let asked = dpop::Asked { method: self.caller.method.as_str(), url: &url, token: Some(self.text) };
        match dpop::check(&self.caller.cx, proof.as_bytes(), &asked).await {
            Ok(proved) => Ok(proved == thumbprint),
            Err(Refusal::Denied(_)) => Ok(false),
            Err(Refusal::Fault(fault)) => Err(fault),
        }
    }

    /// The token is none, or not any more.
    pub(crate) fn invalid(&self) -> Refused {
        self.scheme.invalid()
    }

    /// The token does not reach so far.
    pub(crate) fn insufficient(&self, scope: &str) -> Refused {
        self.scheme.insufficient(scope)
    }
}

impl Scheme {
    fn name(self) -> &'static str {
        match self {
            Self::Bearer => "Bearer",
            Self::Dpop => "DPoP",
        }
    }

    fn invalid(self) -> Refused {
        let text = "The access token is none of ours, for somebody else, over, or was taken back.";
        self.refused((StatusCode::UNAUTHORIZED, "invalid_token"), text, "")
    }

    fn insufficient(self, scope: &str) -> Refused {
        let text = format!("The access token does not hold `{scope}`.");
        self.refused((StatusCode::FORBIDDEN, "insufficient_scope"), &text, &format!(", scope=\"{scope}\""))
    }

    /// Says no in the words of RFC 6750 section 3 and RFC 9449 section 7.1.
    fn refused(self, (status, error): (StatusCode, &'static str), text: &str, more: &str) -> Refused {
        let algorithms = if self == Self::Dpop { format!(", algs=\"{}\"", algorithms()) } else { String::new() };
        let challenge = format!("{} error=\"{error}\"{more}{algorithms}", self.name());
        challenged(Problem::plain(status, error, text), &challenge)
    }
}

/// Nothing was shown; then no error is named (RFC 6750 section 3.1).
fn absent() -> Refused {
    let text = "Show an access token in the header Authorization.";
    let problem = Problem::plain(StatusCode::UNAUTHORIZED, "invalid_token", text);
    challenged(problem, &format!("Bearer, DPoP algs=\"{}\"", algorithms()))
}

fn challenged(problem: Problem, challenge: &str) -> Refused {
    let challenge = HeaderValue::from_str(challenge).unwrap_or(HeaderValue::from_static("Bearer"));
    Refused::from(problem).header(header::WWW_AUTHENTICATE, challenge)
}

fn algorithms() -> String {
    ALGORITHMS.map(|algorithm| algorithm.names().join(" ")).join(" ")
}
