//! An API key at the token endpoint (RFC 8693): it is the proof, and no client stands before it.

use doorward_core::{ApiKey, Handled};

use super::asked::{Answer, TokenForm, answer, possession, scopes};
use crate::{
    api_keys::{self, NOT_TAKEN, Presented},
    error::Refusal,
    guard::{Program, Refused, Reply},
    tokens::TokenDenied,
};

/// The way in which keys are exchanged.
pub(super) const GRANT: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const KEY: &str = "urn:doorward:params:oauth:token-type:api-key";
const ACCESS: &str = "urn:ietf:params:oauth:token-type:access_token";

/// Gives an access token for the key that a program has.
pub(super) async fn token(program: &Program, form: &TokenForm) -> Result<Reply, Refused> {
    demand_plain(program, form).map_err(Refusal::Denied)?;
    let key = Handled::<ApiKey>::parse(&form.subject_token).ok_or(Refusal::Denied(NOT_TAKEN))?;
    let scopes = scopes(form).map_err(Refusal::Denied)?;
    let thumbprint = possession(program, false).await?;
    let presented = Presented {
        key: &key,
        scopes: scopes.as_ref(),
        resource: Some(form.resource.as_str()).filter(|resource| !resource.is_empty()),
        thumbprint: thumbprint.as_deref(),
    };
    let access = api_keys::exchange(program.cx(), &presented, &program.visit()).await?;
    Ok(Reply::json(&Answer { issued_token_type: Some(ACCESS), ..answer(&access, thumbprint.is_some()) }))
}

/// Demands a request that says nothing which would be ignored, and so be taken for something that was done.
fn demand_plain(program: &Program, form: &TokenForm) -> Result<(), TokenDenied> {
    let of_client = [&form.client_id, &form.client_secret, &form.client_assertion, &form.client_assertion_type];
    if program.is_authorizing() || of_client.iter().any(|said| !said.is_empty()) {
        return Err(TokenDenied::Request("An API key proves itself. Send it without a client and its credentials."));
    }
    if form.subject_token_type.as_str() != KEY {
        return Err(TokenDenied::Request("subject_token_type must be that of API keys; nothing else is exchanged."));
    }
    if !["", ACCESS].contains(&form.requested_token_type.as_str()) {
        return Err(TokenDenied::Request("requested_token_type must be that of access tokens."));
    }
    if !form.actor_token.is_empty() {
        return Err(TokenDenied::Request("actor_token is not taken: nobody acts in another's name."));
    }
    match form.audience.is_empty() {
        true => Ok(()),
        // RFC 8693 section 2.2.2.
        false => Err(TokenDenied::Target),
    }
}
