//! What we can do, in a form that libraries read (RFC 8414 section 2, OpenID Connect Discovery 1.0 section 3).

use doorward_verify::Algorithm;
use serde_json::{Value, json};

use crate::{
    clients::Grant,
    context::Context,
    tokens::{Scopes, dpop},
};

/// The one document of both specifications: what a reader does not know it ignores.
pub(super) fn document(cx: &Context) -> Value {
    let at = |path: &str| format!("{}{path}", cx.site.issuer());
    let names = |algorithms: &[Algorithm]| algorithms.iter().map(|one| one.name()).collect::<Vec<_>>();
    let confidential = ["client_secret_basic", "client_secret_post", "private_key_jwt"];
    let every_client = ["none"].iter().chain(&confidential).collect::<Vec<_>>();
    // What others sign may name its algorithm in each way that there is; what we sign names it in one.
    let accepted =
        |algorithms: &[Algorithm]| algorithms.iter().flat_map(|one| one.names()).copied().collect::<Vec<_>>();
    let (signed, assertions) = (names(&SIGNED), accepted(&Algorithm::ALL));
    let permissions = cx.policy().permissions().map(|(name, _)| name);
    let scopes: Vec<_> = Scopes::OPENID.into_iter().chain(permissions).collect();
    json!({
        "issuer": cx.site.issuer(),
        "authorization_endpoint": at("/oauth/authorize"),
        "pushed_authorization_request_endpoint": at("/oauth/par"),
        "device_authorization_endpoint": at("/oauth/device"),
        "token_endpoint": at("/oauth/token"),
        "revocation_endpoint": at("/oauth/revoke"),
        "introspection_endpoint": at("/oauth/introspect"),
        "userinfo_endpoint": at("/oauth/userinfo"),
        "end_session_endpoint": at("/oauth/logout"),
        "jwks_uri": at("/oauth/jwks"),
        "scopes_supported": scopes,
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": Grant::ALL.map(Grant::name),
        "code_challenge_methods_supported": ["S256"],
        "prompt_values_supported": ["none", "login", "consent", "select_account"],
        "authorization_response_iss_parameter_supported": true,
        "request_parameter_supported": false,
        // A request is brought by the name that it got when it was pushed, and by no address of its client's.
        "request_uri_parameter_supported": false,
        "require_pushed_authorization_requests": false,
        "claims_parameter_supported": false,
        "token_endpoint_auth_methods_supported": every_client,
        "token_endpoint_auth_signing_alg_values_supported": assertions,
        "revocation_endpoint_auth_methods_supported": every_client,
        "revocation_endpoint_auth_signing_alg_values_supported": assertions,
        "introspection_endpoint_auth_methods_supported": confidential,
        "introspection_endpoint_auth_signing_alg_values_supported": assertions,
        "dpop_signing_alg_values_supported": accepted(&dpop::ALGORITHMS),
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": signed,
        "claims_supported": CLAIMS,
        "backchannel_logout_supported": true,
        "backchannel_logout_session_supported": true,
    })
}

/// What ID tokens are signed with.
const SIGNED: [Algorithm; 2] = [Algorithm::EdDsa, Algorithm::Es256];

const CLAIMS: [&str; 12] =
    ["sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "at_hash", "sid", "name", "email", "email_verified"];
