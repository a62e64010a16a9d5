//! What a provider says of itself (OpenID Connect Discovery 1.0), and the keys that it signs with.

use axum::http::{Request, Response, StatusCode, header};
use openidconnect::{
    AdditionalProviderMetadata, JsonWebKeySet, ProviderMetadata,
    core::{
        CoreAuthDisplay, CoreClaimName, CoreClaimType, CoreClientAuthMethod, CoreGrantType, CoreJsonWebKey,
        CoreJweContentEncryptionAlgorithm, CoreJweKeyManagementAlgorithm, CoreResponseMode, CoreResponseType,
        CoreSubjectIdentifierType,
    },
};
use serde::{Deserialize, Serialize};
use url::Url;

use super::{kinds::Way, provider::Provider, rules::Reason};
use crate::base::outgoing::{self, Failed, Place, may_be_called};

/// The keys that a provider signs with.
pub(super) type Keys = JsonWebKeySet<CoreJsonWebKey>;

/// What is known of a provider before anybody is sent there.
pub(super) struct Metadata {
    /// The issuer as it is written: of a token, or with a place for the tenant.
    pub(super) issuer: String,
    pub(super) authorization: Url,
    pub(super) token: Url,
    /// Documents about the person that a token opens.
    pub(super) documents: Vec<Url>,
    /// Where the keys are, where there are ID tokens.
    pub(super) keys: Option<Url>,
    /// Whether its answers say who gives them (RFC 9207).
    pub(super) says_issuer: bool,
    /// Whether our secret goes into the form rather than into a header.
    pub(super) secret_in_form: bool,
}

/// The part of the document that the library does not know.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
struct More {
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

impl AdditionalProviderMetadata for More {}

type Document = ProviderMetadata<
    More,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;

/// Learns what is to be known of a provider.
pub(super) async fn learn(provider: &Provider) -> Result<Metadata, Reason> {
    match &provider.way {
        Way::OAuth { issuer, authorization, token, documents } => Ok(Metadata {
            issuer: issuer.clone(),
            authorization: authorization.clone(),
            token: token.clone(),
            documents: documents.clone(),
            keys: None,
            says_issuer: false,
            secret_in_form: true,
        }),
        Way::OpenId { place, issuer } => {
            understood(&get(&at(place), provider.place, None).await?, issuer, provider.place)
        }
    }
}

/// Where a provider describes itself.
pub(super) fn at(place: &str) -> String {
    format!("{}/.well-known/openid-configuration", place.trim_end_matches('/'))
}

/// What it says there, when it is this issuer.
pub(super) fn understood(answer: &Response<Vec<u8>>, issuer: &str, place: Place) -> Result<Metadata, Reason> {
    let document: Document = serde_json::from_slice(answer.body()).map_err(|_| Reason::DiscoveryMalformed)?;
    // The library compares with what was asked; where tenants share a document, it names none of them.
    match document.issuer().as_str() == issuer {
        true => read(issuer, &document, place),
        false => Err(Reason::DiscoveryIssuer),
    }
}

fn read(issuer: &str, document: &Document, place: Place) -> Result<Metadata, Reason> {
    let judged = |url: &Url| may_be_called(url, place).then(|| url.clone()).ok_or(Reason::DiscoveryMalformed);
    let token = document.token_endpoint().ok_or(Reason::DiscoveryMalformed)?;
    let methods = document.token_endpoint_auth_methods_supported();
    Ok(Metadata {
        issuer: issuer.to_owned(),
        authorization: judged(document.authorization_endpoint().url())?,
        token: judged(token.url())?,
        documents: document.userinfo_endpoint().map(|at| judged(at.url())).transpose()?.into_iter().collect(),
        keys: Some(judged(document.jwks_uri().url())?),
        says_issuer: document.additional_metadata().authorization_response_iss_parameter_supported,
        // Where nothing is said, a header is meant. Where both will do, the form: some do not decode what is in the header.
        secret_in_form: methods.is_some_and(|methods| methods.contains(&CoreClientAuthMethod::ClientSecretPost)),
    })
}

/// Fetches the keys of a provider.
pub(super) async fn fetch_keys(metadata: &Metadata, place: Place) -> Result<Keys, Reason> {
    let uri = metadata.keys.as_ref().ok_or(Reason::KeysMalformed)?;
    let answer = get(uri.as_str(), place, None).await?;
    serde_json::from_slice(answer.body()).map_err(|_| Reason::KeysMalformed)
}

/// Fetches a JSON document, with a token where it needs one.
pub(super) async fn get(uri: &str, place: Place, token: Option<&str>) -> Result<Response<Vec<u8>>, Reason> {
    ask(uri, place, token).await.map_err(|failed| unreachable(&failed))
}

/// The same, saying what exactly is wrong.
pub(super) async fn ask(uri: &str, place: Place, token: Option<&str>) -> Result<Response<Vec<u8>>, Failed> {
    let mut request = Request::get(uri).header(header::ACCEPT, "application/json").header(header::USER_AGENT, AGENT);
    if let Some(token) = token {
        request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
    }
    let request = request.body(Vec::new()).map_err(|_| Failed::Address("it is no URI"))?;
    let answer = outgoing::call(request, place, MOST).await?;
    match answer.status() {
        StatusCode::OK => Ok(answer),
        status => Err(Failed::Status(status)),
    }
}

/// Why there is no answer.
pub(super) fn unreachable(failed: &Failed) -> Reason {
    tracing::warn!(%failed, "a provider does not answer as it should");
    match failed {
        Failed::TooLarge => Reason::TooLarge,
        _ => Reason::Unreachable,
    }
}

/// The room for an answer, in bytes.
pub(super) const MOST: usize = 256 * 1024;
/// GitHub refuses whoever does not say what it is.
const AGENT: &str = "doorward";
