//! `POST /oauth/token`, `/oauth/revoke` and `/oauth/introspect`, and `GET /oauth/revoked`.

use axum::http::Method;
use doorward_core::{ApiKey, Handled, Refresh, TenantId};
use serde_json::{Value, json};

use super::{
    asked::{Answer, TokenForm, answer, possession, scopes},
    exchange,
};
use crate::{
    api_keys,
    authorization::{
        self, Exchange, Redeemed,
        device::{self, PollDenied},
    },
    clients::{self, Authenticated, Client, Grant, credentials},
    context::Context,
    error::{Fault, Refusal},
    guard::{Denial, NoInput, Program, Refused, Reply, Routes, input},
    openid,
    tenants::{self, Named},
    tokens::{self, About, Given, Renewal, Scopes, Source, Subject, TokenDenied},
};

pub(crate) fn routes(routes: &mut Routes) {
    routes.oauth(Method::POST, "/oauth/token", token, "Exchanges what a client has for tokens.");
    routes.oauth(Method::POST, "/oauth/revoke", revoke, "Takes back a token of the client that asks.");
    routes.oauth(
        Method::POST,
        "/oauth/introspect",
        introspect,
        "Tells whoever protects a resource whether a token holds now.",
    );
    routes.oauth(
        Method::GET,
        "/oauth/revoked",
        revoked,
        "Names the tokens and families that were taken back and are not over yet.",
    );
}

input! {
    TokenQuestion {
        client_id [optional]: "The client, unless the header Authorization says so.",
        client_secret [optional]: "Its secret, unless the header Authorization says so.",
        client_assertion [optional]: "Or a token that it has signed (RFC 7523).",
        client_assertion_type [optional]: "Then `urn:ietf:params:oauth:client-assertion-type:jwt-bearer`.",
        token: "The token that is meant.",
    }
}

async fn token(program: Program, form: TokenForm) -> Result<Reply, Refused> {
    let cx = program.cx();
    if form.grant_type.as_str() == exchange::GRANT {
        return exchange::token(&program, &form).await;
    }
    let client = clients::authenticate(cx, &program, &credentials!(form)).await?;
    let thumbprint = possession(&program, client.demands_dpop).await?;
    let grant = Grant::ALL
        .into_iter()
        .find(|grant| grant.name() == form.grant_type.as_str())
        .ok_or(Refusal::Denied(TokenDenied::UnsupportedGrant))?;
    if !client.allows(grant) {
        return Err(Refusal::Denied(TokenDenied::Unauthorized).into());
    }
    let asked = Asked { client: &client, thumbprint: thumbprint.as_deref(), form: &form };
    let redeemed = match grant {
        Grant::RefreshToken => return Ok(given(asked.renewed(&program).await?, None, thumbprint.is_some())),
        Grant::ClientCredentials => return Ok(given(asked.for_itself(cx).await?, None, thumbprint.is_some())),
        Grant::AuthorizationCode => asked.exchanged(&program).await?,
        Grant::DeviceCode => asked.polled(&program).await?,
    };
    let id_token = openid::id_token(cx, &client, &redeemed).await?;
    Ok(given(redeemed.given, id_token, thumbprint.is_some()))
}

fn given(given: Given, id_token: Option<String>, is_bound: bool) -> Reply {
    let refresh_token = given.refresh.map(Handled::reveal);
    Reply::json(&Answer { refresh_token, id_token, ..answer(&given.access, is_bound) })
}

/// A client at the token endpoint, which has proved who it is.
struct Asked<'a> {
    client: &'a Authenticated,
    thumbprint: Option<&'a str>,
    form: &'a TokenForm,
}

impl Asked<'_> {
    /// The scopes that it names; none when it names none.
    fn scopes(&self) -> Result<Option<Scopes>, Refusal<TokenDenied>> {
        Ok(scopes(self.form)?)
    }

    async fn renewed(&self, program: &Program) -> Result<Given, Refusal<TokenDenied>> {
        let spent = || TokenDenied::Grant("The refresh token is malformed.");
        let presented = Handled::<Refresh>::parse(&self.form.refresh_token).ok_or_else(spent)?;
        let scopes = self.scopes()?;
        let renewal = Renewal {
            client: self.client,
            presented: &presented,
            scopes: scopes.as_ref(),
            resource: Some(self.form.resource.as_str()).filter(|resource| !resource.is_empty()),
            thumbprint: self.thumbprint,
        };
        tokens::renew(program.cx(), &renewal, &program.visit()).await
    }

    async fn exchanged(&self, program: &Program) -> Result<Redeemed, Refusal<TokenDenied>> {
        let exchange = Exchange {
            client: self.client,
            code: &self.form.code,
            redirect_uri: &self.form.redirect_uri,
            verifier: &self.form.code_verifier,
            thumbprint: self.thumbprint,
        };
        authorization::redeem(program.cx(), &exchange, &program.visit()).await
    }

    async fn polled(&self, program: &Program) -> Result<Redeemed, Refusal<PollDenied>> {
        let (cx, code) = (program.cx(), &self.form.device_code);
        device::poll(cx, self.client, code, self.thumbprint, &program.visit()).await
    }

    /// A token for a service itself (RFC 6749 section 4.4).
    async fn for_itself(&self, cx: &Context) -> Result<Given, Refusal<TokenDenied>> {
        if self.client.is_public() {
            return Err(TokenDenied::Unauthorized.into());
        }
        let all = Scopes::parse(&self.client.scopes.join(" ")).unwrap_or_default();
        let all = all.filtered(|scope| !Scopes::OPENID.contains(&scope));
        let scopes = self.scopes()?.unwrap_or_else(|| all.clone());
        if !scopes.are_within(&all) {
            return Err(TokenDenied::Scope("A scope is asked for that this client may not have.").into());
        }
        let about = About {
            client: Source::Client(self.client),
            subject: Subject::Client,
            tenant: self.client.tenant,
            scopes: &scopes,
            resource: self.client.resource(&self.form.resource).ok_or(TokenDenied::Target)?,
            thumbprint: self.thumbprint,
            authenticated_at: None,
        };
        Ok(Given { access: tokens::access(cx, &about, None).await?, refresh: None })
    }
}

/// RFC 7009: what is no token is taken back already. An API key is taken back by whoever has it.
async fn revoke(program: Program, question: TokenQuestion) -> Result<Reply, Refused> {
    if let Some(key) = Handled::<ApiKey>::parse(&question.token) {
        api_keys::revoke_presented(program.cx(), &key, &program.visit()).await?;
        return Ok(Reply::json(&json!({})));
    }
    let client = clients::authenticate(program.cx(), &program, &credentials!(question)).await?;
    let (cx, visit) = (program.cx(), program.visit());
    demand_token(&question)?;
    if let Some(refresh) = Handled::<Refresh>::parse(&question.token) {
        tokens::end_by_client(cx, &client, &refresh, &visit).await?;
    } else if let Some(token) = tokens::read(cx, &question.token, &client.resources).await? {
        tokens::revoke_access(cx, &client, &token, &visit).await?;
    }
    Ok(Reply::json(&json!({})))
}

/// RFC 7662. Whatever is not for the resources of the client that asks is said to be inactive.
async fn introspect(program: Program, question: TokenQuestion) -> Result<Reply, Refused> {
    let client = clients::authenticate(program.cx(), &program, &credentials!(question)).await?;
    let cx = program.cx();
    if client.is_public() {
        return Err(Refusal::Denied(TokenDenied::Unauthorized).into());
    }
    demand_token(&question)?;
    let told = match Handled::<Refresh>::parse(&question.token) {
        Some(refresh) => told_of_refresh(cx, &client, &refresh).await?,
        None => told_of_access(cx, &client, &question.token).await?,
    };
    Ok(Reply::json(&told.unwrap_or_else(|| json!({ "active": false }))))
}

fn demand_token(question: &TokenQuestion) -> Result<(), Refused> {
    match question.token.is_empty() {
        true => Err(TokenDenied::Request("The token is missing.").problem().into()),
        false => Ok(()),
    }
}

async fn told_of_refresh(cx: &Context, client: &Client, token: &Handled<Refresh>) -> Result<Option<Value>, Fault> {
    let family = tokens::family_of(cx, client, token).await?;
    Ok(family.map(|family| {
        json!({
            "active": true,
            "client_id": family.client.as_str(),
            "sub": family.account.to_string(),
            "scope": family.scopes.to_string(),
            "exp": family.idle_until.min(family.expires_at).as_secs(),
            "iss": cx.site.issuer(),
        })
    }))
}

async fn told_of_access(cx: &Context, client: &Client, text: &str) -> Result<Option<Value>, Fault> {
    let Some(token) = tokens::read(cx, text, &client.resources).await? else { return Ok(None) };
    let Some(scopes) = tokens::holds_now(cx, &token).await? else { return Ok(None) };
    let mut told = json!({
        "active": true,
        "token_type": if token.key_thumbprint.is_some() { "DPoP" } else { "Bearer" },
        "iss": cx.site.issuer(),
        "sub": token.subject,
        "aud": token.audience,
        "client_id": token.client,
        "jti": token.id,
        "iat": token.issued_at,
        "exp": token.expires_at,
        "scope": scopes.to_string(),
    });
    if let Some(tenant) = &token.tenant {
        told["tenant"] = json!(tenant);
        told["permissions"] = scopes.permissions().collect();
        told["tenant_slug"] = json!(slug(cx, tenant).await?);
    }
    if let Some(thumbprint) = &token.key_thumbprint {
        told["cnf"] = json!({ "jkt": thumbprint });
    }
    Ok(Some(told))
}

async fn slug(cx: &Context, tenant: &str) -> Result<Option<String>, Fault> {
    let Ok(id) = tenant.parse::<TenantId>() else { return Ok(None) };
    let tenant = tenants::by_name(&cx.db, &Named::Id(id)).await?;
    Ok(tenant.map(|tenant| tenant.slug.to_string()))
}

async fn revoked(program: Program, _: NoInput) -> Result<Reply, Refused> {
    Ok(Reply::json(&json!({ "revoked": tokens::revoked(program.cx()).await? })))
}
