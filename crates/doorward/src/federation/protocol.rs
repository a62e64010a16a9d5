//! Speaking with a provider: sending somebody there, and asking what the code that they came back with is worth.
//!
//! The library writes the requests, reads the answers and verifies signatures; every byte goes over `base/outgoing`. What the provider
//! hands out is dropped where this ends, unless a setting keeps it (`handed`).

use std::{future::Future, pin::Pin, sync::Arc};

use axum::http::{StatusCode, header};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use doorward_core::{EmailAddress, ProviderBrowser, ProviderState, Timestamp, Token, keyed};
use doorward_verify::jws::Claims;
use oauth2::{
    EndpointNotSet, EndpointSet, StandardRevocableToken,
    basic::{
        BasicClient, BasicErrorResponse, BasicRevocationErrorResponse, BasicTokenIntrospectionResponse, BasicTokenType,
    },
};
use openidconnect::{
    AccessToken, AccessTokenHash, AsyncHttpClient, AuthType, AuthUrl, AuthorizationCode, ClientId, ClientSecret,
    CsrfToken, ExtraTokenFields, HttpRequest, HttpResponse, IssuerUrl, JsonWebKey, JsonWebKeySet, JsonWebKeyUse,
    JwsSigningAlgorithm, Nonce, OAuth2TokenResponse, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, RefreshToken,
    RequestTokenError, Scope, StandardTokenResponse, TokenUrl,
    core::{CoreAuthenticationFlow, CoreClient, CoreJsonWebKey, CoreJwsSigningAlgorithm},
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use url::Url;

use super::{
    claims::{self, Expected, Header, Sort},
    handed::Handed,
    kinds::Way,
    metadata::{self, Keys, MOST, Metadata},
    provider::Provider,
    rules::{Identity, Purpose, Reason, Said, is_subject},
};
use crate::{
    base::outgoing::{self, Failed},
    context::Context,
};

/// What only we and the provider know of one way there. It is derived when it is needed, so it is neither stored nor seen.
pub(super) struct Secrets {
    verifier: String,
    nonce: String,
}

impl Secrets {
    /// Derives them from what travels with the person and what stays in their browser; either alone tells nothing.
    pub(super) fn of(
        cx: &Context,
        begun_at: Timestamp,
        (state, browser): (&Token<ProviderState>, &Token<ProviderBrowser>),
    ) -> Self {
        let seed = cx.keys().seed(SEED, begun_at);
        let derive = |what: &[u8]| URL_SAFE_NO_PAD.encode(keyed(&seed, &[what, state.expose(), browser.expose()]));
        Self { verifier: derive(b"verifier"), nonce: derive(b"nonce") }
    }
}

const SEED: &str = "doorward/provider";

/// Where to send somebody.
pub(super) async fn way_there(
    cx: &Context,
    provider: &Provider,
    state: Token<ProviderState>,
    secrets: &Secrets,
    purpose: Purpose,
) -> Result<Url, Reason> {
    let metadata = metadata_of(cx, provider).await?;
    request(provider, &metadata, state, secrets, purpose)
}

/// The same where the provider is known.
pub(super) fn request(
    provider: &Provider,
    metadata: &Metadata,
    state: Token<ProviderState>,
    secrets: &Secrets,
    purpose: Purpose,
) -> Result<Url, Reason> {
    let written = &provider.written;
    let scopes = written.kind.scopes().iter().map(|scope| (*scope).to_owned()).chain(written.scopes.iter().cloned());
    let scopes: Vec<_> = scopes.map(Scope::new).collect();
    let verifier = PkceCodeVerifier::new(secrets.verifier.clone());
    let challenge = PkceCodeChallenge::from_code_verifier_sha256(&verifier);
    let state = state.reveal();
    let (id, at) = (ClientId::new(written.client_id.clone()), AuthUrl::from_url(metadata.authorization.clone()));
    let back = redirect_url(provider)?;
    let more = more(provider, purpose);
    if matches!(provider.way, Way::OAuth { .. }) {
        let client = BasicClient::new(id).set_auth_uri(at).set_redirect_uri(back);
        let request = client.authorize_url(|| CsrfToken::new(state)).set_pkce_challenge(challenge).add_scopes(scopes);
        return Ok(more
            .into_iter()
            .fold(request, |request, (name, value)| request.add_extra_param(name, value))
            .url()
            .0);
    }
    let nonce = secrets.nonce.clone();
    let client = CoreClient::new(id, issuer_url(&metadata.issuer)?, JsonWebKeySet::new(Vec::new()));
    let client = client.set_auth_uri(at).set_redirect_uri(back);
    let flow = CoreAuthenticationFlow::AuthorizationCode;
    let request = client.authorize_url(flow, || CsrfToken::new(state), || Nonce::new(nonce));
    let request = request.set_pkce_challenge(challenge).add_scopes(scopes);
    Ok(more.into_iter().fold(request, |request, (name, value)| request.add_extra_param(name, value)).url().0)
}

/// What else is said there. Somebody who is to prove themselves does it anew, whoever is logged in there.
fn more(provider: &Provider, purpose: Purpose) -> Vec<(&'static str, String)> {
    let own = provider.written.kind.parameters(&provider.written);
    match purpose {
        // Who is to be served while they are away is asked whether they agree (Core section 11).
        Purpose::Login | Purpose::Link
            if provider.asks_for_refreshing() && own.iter().all(|(name, _)| *name != "prompt") =>
        {
            own.into_iter().chain([("prompt", "consent".to_owned())]).collect()
        }
        Purpose::Login | Purpose::Link => own,
        // It is the provider's to know whom it has to ask.
        Purpose::Recheck => own.into_iter().filter(|(name, _)| *name != "prompt").collect(),
        Purpose::Reauthentication => {
            let anew = [("prompt", "login".to_owned()), ("max_age", "0".to_owned())];
            own.into_iter().filter(|(name, _)| *name != "prompt").chain(anew).collect()
        }
    }
}

/// Whether an answer that says who gives it is this provider's; one that should say so and does not is not.
pub(super) async fn check_answer(cx: &Context, provider: &Provider, issuer: Option<&str>) -> Result<(), Reason> {
    let metadata = metadata_of(cx, provider).await?;
    match issuer {
        // Where tenants share an address, whose answer it is shows in the token only.
        Some(_) if metadata.issuer.contains('{') => Ok(()),
        Some(issuer) if issuer == metadata.issuer => Ok(()),
        Some(_) => Err(Reason::AnswerIssuerWrong),
        None if metadata.says_issuer => Err(Reason::AnswerIssuerMissing),
        None => Ok(()),
    }
}

/// Exchanges a code for what the provider says about somebody.
pub(super) async fn redeem(cx: &Context, provider: &Provider, code: &str, secrets: &Secrets) -> Result<Said, Reason> {
    let metadata = metadata_of(cx, provider).await?;
    let answer = exchanged(cx, provider, &metadata, code, secrets).await?;
    let (mut said, claims) = match &provider.way {
        Way::OpenId { .. } => of_openid(cx, provider, &metadata, &answer, secrets).await?,
        Way::OAuth { .. } => (of_oauth(provider, &metadata, answer.access_token()).await?, None),
    };
    said.identity.issuer = provider.known_as(&said.identity.issuer);
    let written = &provider.written;
    let is_of = |domain: &String| written.kind.is_of_domain(domain, &said, claims.as_ref());
    if !written.domains.is_empty() && !written.domains.iter().any(is_of) {
        return Err(Reason::DomainNotAllowed);
    }
    let handed = written.keep_tokens.then(|| Handed::of(&answer, cx.clock.now()));
    Ok(Said { handed, claims, ..said })
}

pub(super) async fn metadata_of(cx: &Context, provider: &Provider) -> Result<Arc<Metadata>, Reason> {
    provider.metadata.read(cx.clock.now(), metadata::learn(provider)).await
}

async fn of_openid(
    cx: &Context,
    provider: &Provider,
    metadata: &Metadata,
    answer: &Answered,
    secrets: &Secrets,
) -> Result<(Said, Option<Claims>), Reason> {
    let token = answer.extra_fields().id_token.as_deref().ok_or(Reason::IdTokenMissing)?;
    let claims = claims::read(token)?;
    let issuer = provider.written.kind.issuer_of(&provider.written, &metadata.issuer, &claims)?;
    let client_id = &provider.written.client_id;
    let expected = Expected { issuer: &issuer, client_id, nonce: &secrets.nonce, now: cx.clock.now() };
    claims::check(&claims, &expected)?;
    verify(cx, provider, metadata, (token, &claims, answer.access_token())).await?;
    // Where an issuer has two spellings, its people are known by one.
    let known_as = if claims::is_url(&issuer) { &issuer } else { &metadata.issuer };
    let said = said(provider, metadata, known_as, &claims, answer.access_token()).await?;
    Ok((said, Some(claims)))
}

/// Verifies an ID token with the keys that are known, and asks for newer ones when its own is not among them.
async fn verify(
    cx: &Context,
    provider: &Provider,
    metadata: &Metadata,
    (token, claims, access): (&str, &Claims, &AccessToken),
) -> Result<(), Reason> {
    with_keys(cx, provider, metadata, |keys| verified(keys, token, claims, access)).await
}

/// Verifies the signature of a logout token.
pub(super) async fn verify_logout(
    cx: &Context,
    provider: &Provider,
    metadata: &Metadata,
    token: &str,
) -> Result<(), Reason> {
    let signed = |keys: &Keys| signer(keys, token, &claims::header(token, Sort::Logout)?).map(drop);
    with_keys(cx, provider, metadata, signed).await
}

/// Asks about the keys that are known, and about newer ones when none of them is meant.
async fn with_keys(
    cx: &Context,
    provider: &Provider,
    metadata: &Metadata,
    verify: impl Fn(&Keys) -> Result<(), Reason>,
) -> Result<(), Reason> {
    let fetch = || metadata::fetch_keys(metadata, provider.place);
    let keys = provider.keys.read(cx.clock.now(), fetch()).await?;
    match verify(&keys) {
        Err(Reason::KeyUnknown) => match provider.keys.renew(&keys, cx.clock.now(), fetch()).await? {
            Some(newer) => verify(&newer),
            None => Err(Reason::KeyUnknown),
        },
        known => known,
    }
}

/// Verifies the signature of an ID token, and that it belongs to the access token where it says so (Core section 3.1.3.8). The library
/// does both; what the claims say was checked before.
fn verified(keys: &Keys, text: &str, claims: &Claims, access: &AccessToken) -> Result<(), Reason> {
    let (key, algorithm) = signer(keys, text, &claims::header(text, Sort::Id)?)?;
    let Some(hash) = claims.get("at_hash") else { return Ok(()) };
    let computed = AccessTokenHash::from_token(access, &algorithm, key).map_err(|_| Reason::AccessHash)?;
    if hash.as_str() == Some(computed.as_str()) { Ok(()) } else { Err(Reason::AccessHash) }
}

/// The one key that has signed a token, and how.
fn signer<'k>(
    keys: &'k Keys,
    text: &str,
    header: &Header,
) -> Result<(&'k CoreJsonWebKey, CoreJwsSigningAlgorithm), Reason> {
    let (signed, signature) = text.rsplit_once('.').ok_or(Reason::IdTokenMalformed)?;
    let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| Reason::Signature)?;
    let algorithm = ALGORITHMS.into_iter().zip(claims::ALGORITHMS).find(|(_, name)| *name == header.algorithm);
    let (algorithm, _) = algorithm.ok_or(Reason::Algorithm)?;
    let named =
        |key: &&CoreJsonWebKey| header.kid.is_none() || key.key_id().map(|id| id.as_str()) == header.kid.as_deref();
    let fits = |key: &&CoreJsonWebKey| {
        let signs = key.key_use().is_none_or(JsonWebKeyUse::allows_signature);
        signs && algorithm.key_type().as_ref() == Some(key.key_type())
    };
    // Of several that could be meant none is (Core section 10.1).
    let meant: Vec<_> = keys.keys().iter().filter(named).filter(fits).collect();
    let [key] = meant.as_slice() else { return Err(Reason::KeyUnknown) };
    key.verify_signature(&algorithm, signed.as_bytes(), &signature).map_err(|_| Reason::Signature)?;
    Ok((*key, algorithm))
}

/// How many of these keys could sign a token, and whether it always shows which one has.
pub(super) fn usable(keys: &Keys) -> (usize, bool) {
    let kinds = ALGORITHMS.map(|algorithm| algorithm.key_type());
    let signs = |key: &&CoreJsonWebKey| {
        key.key_use().is_none_or(JsonWebKeyUse::allows_signature)
            && kinds.iter().flatten().any(|kind| kind == key.key_type())
    };
    let usable: Vec<_> = keys.keys().iter().filter(signs).collect();
    let nameless = |kind: &_| usable.iter().filter(|key| key.key_id().is_none() && key.key_type() == kind).count();
    let is_clear = kinds.iter().flatten().all(|kind| nameless(kind) < 2);
    (usable.len(), is_clear)
}

/// What the claims say about somebody. The address and who vouches for it come from one document: the token itself, or else the
/// provider's answer about its person.
async fn said(
    provider: &Provider,
    metadata: &Metadata,
    issuer: &str,
    claims: &Claims,
    access: &AccessToken,
) -> Result<Said, Reason> {
    let text = |claims: &Claims, name: &str| claims.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let identity = Identity { issuer: issuer.to_owned(), subject: text(claims, "sub") };
    let asked = match (claims.get("email"), metadata.documents.first()) {
        (None, Some(at)) => Some(userinfo(provider, at, &identity.subject, access).await?),
        _ => None,
    };
    let about = asked.as_ref().unwrap_or(claims);
    Ok(Said {
        identity,
        email: EmailAddress::parse(&text(about, "email")).ok(),
        vouched: provider.written.kind.vouches(about),
        name: text(about, "name"),
        proved_at: claims::proved_at(claims),
        handed: None,
        sid: claims.get("sid").and_then(Value::as_str).filter(|sid| is_subject(sid)).map(str::to_owned),
        organisation: provider.written.kind.organisation(claims),
        claims: None,
    })
}

/// Asks about the person of a token (OpenID Connect Core section 5.3), and believes an answer about the same person only.
async fn userinfo(provider: &Provider, at: &Url, subject: &str, access: &AccessToken) -> Result<Claims, Reason> {
    let answer = metadata::get(at.as_str(), provider.place, Some(access.secret())).await?;
    let claims = Claims::parse(answer.body()).map_err(|_| Reason::UserinfoMalformed)?;
    match claims.get("sub").and_then(Value::as_str) {
        Some(named) if named == subject => Ok(claims),
        Some(_) => Err(Reason::UserinfoSubject),
        None => Err(Reason::UserinfoMalformed),
    }
}

async fn of_oauth(provider: &Provider, metadata: &Metadata, access: &AccessToken) -> Result<Said, Reason> {
    let mut documents = Vec::with_capacity(metadata.documents.len());
    for at in &metadata.documents {
        let answer = metadata::get(at.as_str(), provider.place, Some(access.secret())).await?;
        documents.push(serde_json::from_slice(answer.body()).map_err(|_| Reason::UserinfoMalformed)?);
    }
    provider.written.kind.read(&provider.written, &metadata.issuer, &documents)
}

/// What comes for a code; the ID token is read elsewhere.
pub(super) type Answered = StandardTokenResponse<More, BasicTokenType>;
/// Or why nothing comes.
pub(super) type Refused = RequestTokenError<Failed, BasicErrorResponse>;
type Exchange<Token = EndpointNotSet> = oauth2::Client<
    BasicErrorResponse,
    Answered,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    Token,
>;
type Known = Exchange<EndpointSet>;

#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct More {
    id_token: Option<String>,
}

impl ExtraTokenFields for More {}

/// Exchanges a code, together with the secret that only whoever began this way knows.
async fn exchanged(
    cx: &Context,
    provider: &Provider,
    metadata: &Metadata,
    code: &str,
    secrets: &Secrets,
) -> Result<Answered, Reason> {
    let answer = ask(cx, provider, metadata, code, secrets).await?.map_err(|error| explained(&error))?;
    match answer.token_type() {
        BasicTokenType::Bearer => Ok(answer),
        _ => Err(Reason::TokenMalformed),
    }
}

/// What the provider says to a code; an error of ours when it cannot be asked.
pub(super) async fn ask(
    cx: &Context,
    provider: &Provider,
    metadata: &Metadata,
    code: &str,
    secrets: &Secrets,
) -> Result<Result<Answered, Refused>, Reason> {
    let client = client(cx, provider, metadata)?.set_redirect_uri(redirect_url(provider)?);
    let asked = client.exchange_code(AuthorizationCode::new(code.to_owned()));
    let asked = asked.set_pkce_verifier(PkceCodeVerifier::new(secrets.verifier.clone()));
    Ok(asked.request_async(&Line(provider)).await)
}

/// What the provider says to a refresh token.
pub(super) async fn refreshed(
    cx: &Context,
    provider: &Provider,
    token: &str,
) -> Result<Result<Answered, Refused>, Reason> {
    let metadata = metadata_of(cx, provider).await?;
    let token = RefreshToken::new(token.to_owned());
    let asked = client(cx, provider, &metadata)?;
    Ok(asked.exchange_refresh_token(&token).request_async(&Line(provider)).await)
}

/// Us, as the provider's token endpoint knows us.
fn client(cx: &Context, provider: &Provider, metadata: &Metadata) -> Result<Known, Reason> {
    let way = if metadata.secret_in_form { AuthType::RequestBody } else { AuthType::BasicAuth };
    Ok(Exchange::new(ClientId::new(provider.written.client_id.clone()))
        .set_client_secret(secret(provider, cx.clock.now())?)
        .set_auth_type(way)
        .set_token_uri(TokenUrl::from_url(metadata.token.clone())))
}

/// What the library sends its requests over.
struct Line<'p>(&'p Provider);

impl<'c> AsyncHttpClient<'c> for Line<'_> {
    type Error = Failed;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, Failed>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(spoken(self.0, request))
    }
}

/// Sends a request of the library. A redirect or a failure of the provider is no answer to it, and an error is one whatever its
/// status says and whatever else is beside it.
async fn spoken(provider: &Provider, request: HttpRequest) -> Result<HttpResponse, Failed> {
    let answer = outgoing::call(request, provider.place, MOST).await?;
    if answer.status().is_redirection() || answer.status().is_server_error() {
        return Err(Failed::Status(answer.status()));
    }
    let mut answer = as_json(answer);
    let said: Option<Map<String, Value>> = serde_json::from_slice(answer.body()).ok();
    if said.is_some_and(|said| said.contains_key("error")) {
        *answer.status_mut() = StatusCode::BAD_REQUEST;
    }
    Ok(answer)
}

/// Some providers answer as a form whatever was asked for.
fn as_json(answer: HttpResponse) -> HttpResponse {
    let kind = answer.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !kind.starts_with("application/x-www-form-urlencoded") {
        return answer;
    }
    let (mut head, body) = answer.into_parts();
    let fields = url::form_urlencoded::parse(&body).map(|(name, value)| (name.into_owned(), Value::from(value)));
    let fields: Map<String, Value> = fields.collect();
    head.headers.remove(header::CONTENT_TYPE);
    HttpResponse::from_parts(head, Value::Object(fields).to_string().into_bytes())
}

/// Why the code brought nothing.
fn explained(error: &Refused) -> Reason {
    match error {
        RequestTokenError::ServerResponse(_) => Reason::TokenRefused,
        RequestTokenError::Request(failed) => metadata::unreachable(failed),
        RequestTokenError::Parse(..) | RequestTokenError::Other(_) => Reason::TokenMalformed,
    }
}

fn secret(provider: &Provider, now: Timestamp) -> Result<ClientSecret, Reason> {
    provider.secret(now).map(ClientSecret::new).ok_or(Reason::TokenRefused)
}

fn redirect_url(provider: &Provider) -> Result<RedirectUrl, Reason> {
    RedirectUrl::new(provider.redirect_uri.clone()).map_err(|_| Reason::DiscoveryMalformed)
}

fn issuer_url(issuer: &str) -> Result<IssuerUrl, Reason> {
    IssuerUrl::new(issuer.to_owned()).map_err(|_| Reason::DiscoveryMalformed)
}

/// The same as [`claims::ALGORITHMS`], in the library's words.
const ALGORITHMS: [CoreJwsSigningAlgorithm; 4] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EdDsa,
];
