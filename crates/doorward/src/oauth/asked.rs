//! What comes to the token endpoint and goes from it, whichever way a program asks in.

use serde::Serialize;

use crate::{
    error::Refusal,
    guard::{Program, Refused, input},
    tokens::{Access, Scopes, TokenDenied, dpop},
};

input! {
    TokenForm {
        grant_type: "The way in which it asks, by its name in RFC 6749, RFC 8628 or RFC 8693.",
        client_id [optional]: "The client, unless the header Authorization says so.",
        client_secret [optional]: "Its secret, unless the header Authorization says so.",
        client_assertion [optional]: "Or a token that it has signed (RFC 7523).",
        client_assertion_type [optional]: "Then `urn:ietf:params:oauth:client-assertion-type:jwt-bearer`.",
        code [optional]: "What a client got for a person's yes.",
        redirect_uri [optional]: "The address to which the code went.",
        code_verifier [optional]: "The secret of the request's code_challenge (RFC 7636).",
        device_code [optional]: "What a device waits with (RFC 8628).",
        refresh_token [optional]: "What a client renews its access with.",
        scope [optional]: "Scopes with spaces between; all that may be had when there are none.",
        resource [optional]: "For whom the tokens are (RFC 8707); the client's first resource when there is none.",
        subject_token [optional]: "An API key that is exchanged (RFC 8693).",
        subject_token_type [optional]: "Then `urn:doorward:params:oauth:token-type:api-key`.",
        requested_token_type [optional]: "`urn:ietf:params:oauth:token-type:access_token`, which nothing means too.",
        actor_token [optional]: "Not taken: nobody acts in another's name.",
        audience [optional]: "Not taken: `resource` says for whom a token is.",
    }
}

/// A successful answer (RFC 6749 section 5.1).
#[derive(Serialize)]
pub(super) struct Answer<'a> {
    pub(super) access_token: &'a str,
    pub(super) token_type: &'static str,
    pub(super) expires_in: u64,
    pub(super) scope: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) refresh_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) id_token: Option<String>,
    /// Of an exchange only (RFC 8693 section 2.2.1).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) issued_token_type: Option<&'static str>,
}

/// What is said of an access token.
pub(super) fn answer(access: &Access, is_bound: bool) -> Answer<'_> {
    Answer {
        access_token: &access.text,
        token_type: if is_bound { "DPoP" } else { "Bearer" },
        expires_in: access.expires_in,
        scope: access.scopes.to_string(),
        refresh_token: None,
        id_token: None,
        issued_token_type: None,
    }
}

/// The key that the client has proved to have; none when it sends no proof and need not.
pub(super) async fn possession(program: &Program, is_demanded: bool) -> Result<Option<String>, Refused> {
    let cx = program.cx();
    let (method, path) = program.target();
    let url = format!("{}{path}", cx.site.public_url);
    match program.dpop() {
        Some(proof) => Ok(Some(dpop::check(cx, proof, &dpop::Asked { method, url: &url, token: None }).await?)),
        None if is_demanded => {
            Err(Refusal::Denied(TokenDenied::Proof("This client must send a DPoP proof with each request.")).into())
        }
        None => Ok(None),
    }
}

/// The scopes that a request names; none when it names none.
pub(super) fn scopes(form: &TokenForm) -> Result<Option<Scopes>, TokenDenied> {
    let scopes = Scopes::parse(&form.scope).ok_or(TokenDenied::Scope("The scopes are malformed, or too many."))?;
    Ok(Some(scopes).filter(|scopes| !scopes.is_empty()))
}
