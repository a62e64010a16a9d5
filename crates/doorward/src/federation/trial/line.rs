//! Asking a provider, and saying why there was no answer.

use axum::http::{Request, StatusCode, header};
use url::Url;

use crate::base::outgoing::{self, Failed, Place};

/// What is at the head of an answer.
pub(super) struct Head {
    pub(super) status: StatusCode,
    pub(super) location: Option<String>,
}

/// Asks for a page, of which nothing but its head is read.
pub(super) async fn head(url: &Url, place: Place) -> Result<Head, Failed> {
    let request = Request::get(url.as_str()).header(header::ACCEPT, "text/html").header(header::USER_AGENT, "doorward");
    let request = request.body(Vec::new()).map_err(|_| Failed::Address("it is no URI"))?;
    let answer = outgoing::head(request, place).await?;
    let location = answer.headers().get(header::LOCATION).and_then(|value| value.to_str().ok());
    Ok(Head { status: answer.status(), location: location.map(str::to_owned) })
}

/// Why there is no answer, and what to do.
pub(super) fn explained(failed: &Failed) -> String {
    match failed {
        Failed::Address(why) => format!(
            "{why}. Give it a public address, or set `allow_private_addresses = true` if only this network is to reach it."
        ),
        Failed::TooSlow => {
            "there is no whole answer within five seconds. Look whether this machine may reach it.".to_owned()
        }
        Failed::TooLarge => "the answer is larger than 256 KiB. Look whether the address is the right one.".to_owned(),
        Failed::Status(status) if status.is_redirection() => {
            format!(
                "it answers {}, and redirects are not followed. Write the address that it leads to.",
                status.as_u16()
            )
        }
        Failed::Status(status) if status.is_server_error() => {
            format!("it answers {}. Ask whoever runs the provider.", status.as_u16())
        }
        Failed::Status(status) => format!("it answers {}. Look whether the address is the right one.", status.as_u16()),
        Failed::Exchange(cause) => {
            format!("{}. Look at the name, the certificate and what is between.", quoted(cause))
        }
    }
}

/// What somebody else has said, in quotes: at most so much of it, and nothing that moves a cursor.
pub(super) fn quoted(text: &str) -> String {
    let whole = text.chars().count() <= MOST;
    let said: String = text.chars().take(MOST).map(|one| if one.is_control() { '\u{fffd}' } else { one }).collect();
    format!("\"{said}{}\"", if whole { "" } else { "…" })
}

/// How much of what a provider says is repeated.
const MOST: usize = 120;
