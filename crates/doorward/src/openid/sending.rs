//! A logout token on its way to the address that an operator has registered for a client.

use axum::http::{Request, StatusCode, header};

use crate::base::outgoing::{self, Failed, Place};

/// Sends a logout token (Back-Channel Logout 1.0 section 2.5); 200 and 204 mean that it was taken, and of the answer nothing else
/// is read.
pub(super) async fn send(uri: &str, token: &str, place: Place) -> Result<(), Failed> {
    let body = url::form_urlencoded::Serializer::new(String::new()).append_pair("logout_token", token).finish();
    let request = Request::post(uri)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(body.into_bytes())
        .map_err(|_| Failed::Address("it is no URI"))?;
    match outgoing::status(request, place).await? {
        StatusCode::OK | StatusCode::NO_CONTENT => Ok(()),
        status => Err(Failed::Status(status)),
    }
}
