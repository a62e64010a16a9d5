//! What is wrong with a provider: everything that a login needs of it, tried before somebody needs it. Each no says what to do.
//!
//! It asks what a login asks, over the same code, and one thing more: what the provider says to a code that it never gave out. So
//! a wrong secret shows here, and nobody has to log in for it. What the provider says of itself is repeated in quotes and cut.
//!
//! - `federation/tried-first`: What would keep everybody out shows in a trial, in a sentence that says what to do and has no secret.

mod description;
mod line;
mod told;

use doorward_core::{ProviderName, ProviderState, Timestamp, Token};
use oauth2::RequestTokenError;
use serde_json::{Map, Value};
use url::Url;

pub(crate) use self::told::Tried;

use self::line::{explained, quoted};
use super::{
    kinds::Way,
    metadata::{self, Metadata},
    protocol::{self, Secrets},
    provider::Provider,
    rules::Purpose,
};
use crate::context::Context;

/// What came of trying a provider.
#[derive(Clone, Debug)]
pub struct Trial {
    /// Its name in the settings.
    pub provider: ProviderName,
    /// What is to be registered with it: where it sends people back to.
    pub redirect_uri: String,
    /// What was tried, in order.
    pub checks: Vec<Check>,
}

impl Trial {
    /// Whether nothing is wrong, as far as one sees without somebody who logs in.
    #[must_use]
    pub fn works(&self) -> bool {
        self.checks.iter().all(|check| check.found != Found::Bad)
    }
}

/// One thing that was tried.
#[derive(Clone, Debug)]
pub struct Check {
    /// The stable name.
    pub name: &'static str,
    /// What came of it.
    pub found: Found,
    /// A sentence for whoever runs the service: what there is, or what is wrong and what to do.
    pub says: String,
}

/// What came of one thing that was tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// It is as it must be.
    Good,
    /// Nobody comes in as long as it is so.
    Bad,
    /// It was not tried, or its answer says nothing.
    Open,
}

impl Found {
    /// The stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Bad => "bad",
            Self::Open => "open",
        }
    }
}

fn good(name: &'static str, says: impl Into<String>) -> Check {
    Check { name, found: Found::Good, says: says.into() }
}

fn bad(name: &'static str, says: impl Into<String>) -> Check {
    Check { name, found: Found::Bad, says: says.into() }
}

fn open(name: &'static str, says: impl Into<String>) -> Check {
    Check { name, found: Found::Open, says: says.into() }
}

/// Tries everything about a provider that can be tried without a person.
pub(crate) async fn try_out(cx: &Context, provider: &Provider) -> Trial {
    let (mut checks, metadata) = match &provider.way {
        Way::OpenId { place, issuer } => description::read(provider, (place, issuer), cx.clock.now()).await,
        Way::OAuth { .. } => {
            let says = "It speaks OAuth 2 alone: the settings say where everything is.";
            (vec![open("description", says)], metadata::learn(provider).await.ok())
        }
    };
    if let Some(metadata) = metadata {
        let now = cx.clock.now();
        // They do not wait for each other: each may take five seconds.
        let (keys, people, secret) = tokio::join!(
            keys(provider, &metadata),
            people(cx, provider, &metadata, now),
            secret(cx, provider, &metadata)
        );
        checks.extend([keys, people, secret]);
    } else {
        checks.extend(["keys", "request", "secret"].map(|name| open(name, "Not tried: the description comes first.")));
    }
    Trial { provider: provider.name().clone(), redirect_uri: provider.redirect_uri.clone(), checks }
}

/// The keys that it signs with.
async fn keys(provider: &Provider, metadata: &Metadata) -> Check {
    let Some(uri) = &metadata.keys else { return open("keys", "OAuth 2 alone has no tokens to verify.") };
    let answer = match metadata::ask(uri.as_str(), provider.place, None).await {
        Ok(answer) => answer,
        Err(failed) => return bad("keys", format!("Its keys are not to be had at {uri}: {}", explained(&failed))),
    };
    let Ok(keys) = serde_json::from_slice(answer.body()) else {
        return bad(
            "keys",
            format!("What is at {uri} is no set of keys (RFC 7517). Whoever runs the provider can mend it."),
        );
    };
    let (usable, is_clear) = protocol::usable(&keys);
    match (usable, is_clear) {
        (0, _) => bad("keys", format!("At {uri} is no key that signs with one of {}. {CHOOSE}", algorithms())),
        (_, false) => {
            bad("keys", format!("At {uri} are several keys of one kind without names, so none can be told. {CHOOSE}"))
        }
        (1, true) => good("keys", "It publishes one key that it may sign with."),
        (more, true) => good("keys", format!("It publishes {more} keys that it may sign with.")),
    }
}

/// What it says to the request that every person brings.
async fn people(cx: &Context, provider: &Provider, metadata: &Metadata, now: Timestamp) -> Check {
    let (state, browser) = (Token::<ProviderState>::mint(cx.entropy.as_ref()), Token::mint(cx.entropy.as_ref()));
    let secrets = Secrets::of(cx, now, (&state, &browser));
    let Ok(url) = protocol::request(provider, metadata, state, &secrets, Purpose::Login) else {
        return bad("request", "People cannot be sent there: the addresses of the provider are none.");
    };
    let register =
        format!("Register {} there as redirect URI, and compare `client_id` and `scopes`.", provider.redirect_uri);
    let answer = match line::head(&url, provider.place).await {
        Ok(answer) => answer,
        Err(failed) => {
            return bad("request", format!("Nobody is received at {}: {}", metadata.authorization, explained(&failed)));
        }
    };
    let sent_back = answer.location.as_deref().filter(|to| to.starts_with(&provider.redirect_uri));
    let error = sent_back
        .and_then(|to| Url::parse(to).ok())
        .and_then(|to| to.query_pairs().find(|(name, _)| name == "error").map(|(_, error)| error.into_owned()));
    match (error, answer.status.as_u16()) {
        (Some(error), _) => {
            bad("request", format!("It sends people back at once, with the error {}. {register}", quoted(&error)))
        }
        (None, 200..=399) => {
            good("request", format!("It receives people who come from here ({}).", answer.status.as_u16()))
        }
        (None, 400..=499) => {
            bad("request", format!("It turns people away who come from here ({}). {register}", answer.status.as_u16()))
        }
        (None, status) => bad("request", format!("It fails where people are sent ({status}). Ask whoever runs it.")),
    }
}

/// What it says to our secret, beside a code that it never gave out.
async fn secret(cx: &Context, provider: &Provider, metadata: &Metadata) -> Check {
    let (state, browser) = (Token::<ProviderState>::mint(cx.entropy.as_ref()), Token::mint(cx.entropy.as_ref()));
    let secrets = Secrets::of(cx, cx.clock.now(), (&state, &browser));
    let answer = match protocol::ask(cx, provider, metadata, CODE, &secrets).await {
        Ok(answer) => answer,
        Err(_) => {
            return bad("secret", "The secret cannot be made: `key` is no private key in PEM, or the clock is wrong.");
        }
    };
    match answer {
        Ok(_) => bad("secret", "It gives a token for a code that it never gave out. Let nobody in by it."),
        Err(RequestTokenError::Request(failed)) => {
            bad("secret", format!("Codes are not taken at {}: {}", metadata.token, explained(&failed)))
        }
        Err(RequestTokenError::ServerResponse(said)) => match said.error().as_ref() {
            "invalid_grant" | "bad_verification_code" => good("secret", "It knows `client_id` and takes the secret."),
            "invalid_client" | "unauthorized_client" | "incorrect_client_credentials" => {
                let cure = "Compare `client_id` and the secret with what it gave you; secrets end there too.";
                bad(
                    "secret",
                    format!("It does not take `client_id` and the secret ({}). {cure}", quoted(said.error().as_ref())),
                )
            }
            other => open(
                "secret",
                format!("It answers {}: whether the secret is right shows the first login.", quoted(other)),
            ),
        },
        Err(_) => open("secret", "Its answer is none of OAuth 2: whether the secret is right shows the first login."),
    }
}

fn algorithms() -> String {
    super::claims::ALGORITHMS.join(", ")
}

/// What a provider says of itself, as it was written.
type Description = Map<String, Value>;

/// A code that nobody has.
const CODE: &str = "doorward-tries-this-provider";
/// The cure where it is the provider's own affair.
const CHOOSE: &str = "Choose another key or algorithm for this client at the provider.";
