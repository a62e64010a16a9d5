//! Making access tokens (RFC 9068).

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use doorward_core::{ApiKeyId, FamilyId, Timestamp};
use serde::Serialize;

use super::rules::{About, Scopes, Source, Subject, TokenDenied};
use crate::{
    clients::Grant,
    context::Context,
    error::Refusal,
    signing,
    tenants::{self, Named, State},
};

/// A new access token.
pub(crate) struct Access {
    pub(crate) text: String,
    /// What it holds of what was asked for.
    pub(crate) scopes: Scopes,
    /// In how many seconds it is over.
    pub(crate) expires_in: u64,
    pub(super) until: Timestamp,
}

#[derive(Serialize)]
struct Claims<'c> {
    iss: &'c str,
    sub: &'c str,
    aud: &'c str,
    exp: i64,
    iat: i64,
    jti: &'c str,
    client_id: &'c str,
    scope: &'c str,
    #[serde(skip_serializing_if = "Option::is_none")]
    tenant: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    permissions: Option<Vec<&'c str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fam: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    auth_time: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cnf: Option<Confirmation<'c>>,
}

/// RFC 9449 section 6.1.
#[derive(Serialize)]
struct Confirmation<'c> {
    jkt: &'c str,
}

/// The kind in the header.
const KIND: &str = "at+jwt";

/// Makes an access token that says what holds at this moment: of the scopes those that the client may ask for and whoever it
/// is about may have in the tenant now.
pub(crate) async fn access(
    cx: &Context,
    about: &About<'_>,
    family: Option<FamilyId>,
) -> Result<Access, Refusal<TokenDenied>> {
    let until = cx.clock.now().after(cx.settings.tokens.access_lifetime);
    made(cx, about, family.map(|family| family.to_string()), until).await
}

/// The same for an API key, which it does not outlive, and with which it is taken back.
pub(crate) async fn access_by_key(
    cx: &Context,
    about: &About<'_>,
    (key, expires_at): (ApiKeyId, Timestamp),
) -> Result<Access, Refusal<TokenDenied>> {
    let until = cx.clock.now().after(cx.settings.tokens.access_lifetime);
    made(cx, about, Some(key.to_string()), until.min(expires_at)).await
}

/// `origin` is the name under which what it comes from is taken back.
async fn made(
    cx: &Context,
    about: &About<'_>,
    origin: Option<String>,
    until: Timestamp,
) -> Result<Access, Refusal<TokenDenied>> {
    let (scopes, signer) = tokio::join!(held(cx, about), signing::signer(cx, about.client.algorithm()));
    let (scopes, signer) = (scopes?, signer?);
    let now = cx.clock.now();
    let (issuer, scope, jti) = (cx.site.issuer(), scopes.to_string(), name(cx));
    let subject = match about.subject {
        Subject::Person(account) => account.to_string(),
        Subject::Client => about.client.id().to_string(),
    };
    let claims = Claims {
        iss: &issuer,
        sub: &subject,
        aud: about.resource,
        exp: until.as_secs(),
        iat: now.as_secs(),
        jti: &jti,
        client_id: about.client.id().as_str(),
        scope: &scope,
        tenant: about.tenant.map(|tenant| tenant.to_string()),
        permissions: about.tenant.map(|_| scopes.permissions().collect()),
        fam: origin,
        auth_time: about.authenticated_at.map(Timestamp::as_secs),
        cnf: about.thumbprint.map(|jkt| Confirmation { jkt }),
    };
    let text = signer.sign(KIND, &claims)?;
    let expires_in = until.as_secs() - now.as_secs();
    Ok(Access { text, scopes, expires_in: expires_in.unsigned_abs(), until })
}

/// Of the scopes of a token those that hold at this moment.
pub(super) async fn held(cx: &Context, about: &About<'_>) -> Result<Scopes, Refusal<TokenDenied>> {
    demand_registered(about)?;
    let asked = about.scopes.filtered(|scope| about.client.may_have(scope));
    let Some(tenant) = about.tenant else {
        // A permission is worth something in a tenant, and nothing anywhere.
        return Ok(asked.filtered(|scope| Scopes::OPENID.contains(&scope)));
    };
    let policy = cx.policy();
    match about.subject {
        Subject::Person(account) => {
            let standing = cx.memberships.find(&cx.db, policy, Named::Id(tenant), account).await?;
            let standing = standing.ok_or(Refusal::Denied(NOT_A_MEMBER))?;
            demand_open(standing.state)?;
            let now = cx.clock.now();
            let holds =
                |scope: &str| policy.permission(scope).is_some_and(|permission| standing.holds(permission, now));
            Ok(asked.filtered(|scope| Scopes::OPENID.contains(&scope) || holds(scope)))
        }
        Subject::Client => {
            let tenant = tenants::by_name(&cx.db, &Named::Id(tenant)).await?;
            demand_open(tenant.ok_or(Refusal::Denied(NOT_A_MEMBER))?.state())?;
            Ok(asked.filtered(|scope| policy.permission(scope).is_some()))
        }
    }
}

/// What a token is about must be what its client is registered for now: one of the settings may be another after a restart,
/// and one that was deleted may be registered anew.
fn demand_registered(about: &About<'_>) -> Result<(), TokenDenied> {
    let Source::Client(client) = about.client else { return Ok(()) };
    let (grants, is_of_its_tenant) = match about.subject {
        Subject::Client => (&[Grant::ClientCredentials][..], client.tenant == about.tenant),
        // Without a tenant a token says who somebody is, which is so in every one.
        Subject::Person(_) => (
            &[Grant::AuthorizationCode, Grant::DeviceCode][..],
            client.tenant.is_none() || about.tenant.is_none() || client.tenant == about.tenant,
        ),
    };
    if !is_of_its_tenant {
        return Err(TokenDenied::Grant("The client belongs to another tenant now."));
    }
    if !grants.iter().any(|grant| client.allows(*grant)) {
        return Err(TokenDenied::Grant("The client may not ask for such tokens any more."));
    }
    if !client.resources.iter().any(|own| own == about.resource) {
        return Err(TokenDenied::Grant("The client may not ask tokens for this resource any more."));
    }
    Ok(())
}

fn demand_open(state: State) -> Result<(), Refusal<TokenDenied>> {
    match state {
        State::Active => Ok(()),
        State::Suspended | State::Closing => {
            Err(Refusal::Denied(TokenDenied::Grant("The tenant is closed for the time being.")))
        }
    }
}

/// Said of a tenant that somebody does not belong to, and of one that is not there.
pub(super) const NOT_A_MEMBER: TokenDenied = TokenDenied::Grant("There is no such tenant, or no membership in it.");

/// A name that no other token has: 128 random bits.
fn name(cx: &Context) -> String {
    let mut bytes = [0; 16];
    cx.entropy.fill(&mut bytes);
    URL_SAFE_NO_PAD.encode(bytes)
}

impl From<TokenDenied> for Refusal<TokenDenied> {
    fn from(denied: TokenDenied) -> Self {
        Self::Denied(denied)
    }
}
