//! Is it really this client? The one place where an [`Authenticated`] is made.

use std::{borrow::Cow, net::IpAddr, sync::Arc};

use axum::http::{HeaderValue, StatusCode, header::WWW_AUTHENTICATE};
use base64::{Engine, engine::general_purpose::STANDARD};
use doorward_core::{ClientId, Timestamp, Token};

use super::{
    assertion, flow,
    kept::WINDOW,
    rules::{Authentication, Client},
    secrets::ClientSecretText,
    store,
};
use crate::{
    audit::{self, Action, Target},
    base::{
        db::Durability,
        throttle::{self, Key},
    },
    context::Context,
    error::{Fault, Refusal},
    guard::{Denial, Problem, Program, Refused, throttled_as},
};

/// A client that has proved that it is itself, or has nothing to prove.
#[derive(Clone, Debug)]
pub(crate) struct Authenticated(Arc<Client>);

impl std::ops::Deref for Authenticated {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.0
    }
}

/// What a request says in its body about whose it is; what it does not say is empty.
#[derive(Clone, Copy)]
pub(crate) struct Credentials<'c> {
    pub(crate) client_id: &'c str,
    pub(crate) client_secret: &'c str,
    pub(crate) client_assertion: &'c str,
    pub(crate) client_assertion_type: &'c str,
}

/// The [`Credentials`] in a form that has all four fields.
macro_rules! credentials {
    ($form:expr) => {
        $crate::clients::Credentials {
            client_id: &$form.client_id,
            client_secret: &$form.client_secret,
            client_assertion: &$form.client_assertion,
            client_assertion_type: &$form.client_assertion_type,
        }
    };
}
pub(crate) use credentials;

/// Which client is asking. It proves itself in the one way that it was registered for: with its secret in the header or in the
/// body (RFC 6749 section 2.3.1), with a signed assertion (RFC 7523 section 2.2), or, where there is nothing to prove, not at
/// all.
pub(crate) async fn authenticate(
    cx: &Context,
    program: &Program,
    sent: &Credentials<'_>,
) -> Result<Authenticated, Refused> {
    let uses_header = program.is_authorizing();
    let refused = |denied: AuthenticationDenied| {
        let is_unproved = matches!(denied, AuthenticationDenied::Unproved);
        let refused = Refused::from(denied.problem());
        // RFC 6749 section 5.2: who used the header is told how to use it.
        if is_unproved && uses_header { refused.header(WWW_AUTHENTICATE, CHALLENGE) } else { refused }
    };
    let claim = Claim::read(program, sent).map_err(refused)?;
    match proved(cx, program.visit().address, claim).await {
        Ok(client) => Ok(Authenticated(client)),
        Err(Refusal::Denied(denied)) => Err(refused(denied)),
        Err(Refusal::Fault(fault)) => Err(fault.into()),
    }
}

const CHALLENGE: HeaderValue = HeaderValue::from_static("Basic realm=\"doorward\", charset=\"UTF-8\"");

/// Why a request is of no client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum AuthenticationDenied {
    /// It proves itself in more than one way, or contradicts itself.
    Ambiguous,
    /// There is no such client, or this is not it. Nobody is told which.
    Unproved,
    /// It has failed too often.
    Throttled(std::time::Duration),
}

impl Denial for AuthenticationDenied {
    fn problem(&self) -> Problem {
        match self {
            Self::Ambiguous => {
                let text = "Prove in one way which client you are: in the header, in the body, or with an assertion.";
                Problem::plain(StatusCode::BAD_REQUEST, "invalid_request", text)
            }
            Self::Unproved => {
                let text = "There is no such client, or it did not prove itself in the way that it was registered for.";
                Problem::plain(StatusCode::UNAUTHORIZED, "invalid_client", text)
            }
            Self::Throttled(wait) => {
                let text = "This client has failed to prove itself too often from here. Wait a little.";
                Problem::plain(StatusCode::TOO_MANY_REQUESTS, "slow_down", text).retry_after(*wait)
            }
        }
    }
}

/// What a request says about whose it is, unproved.
struct Claim<'c> {
    /// `None` for what cannot be the name of a client.
    id: Option<ClientId>,
    proof: Proof<'c>,
}

enum Proof<'c> {
    Nothing,
    /// A secret; `None` for what cannot be one.
    Secret(Option<ClientSecretText>),
    Assertion(&'c str),
}

impl<'c> Claim<'c> {
    /// Finds the one way in which a request proves itself.
    fn read(program: &Program, sent: &Credentials<'c>) -> Result<Self, AuthenticationDenied> {
        let asserts = !sent.client_assertion.is_empty() || !sent.client_assertion_type.is_empty();
        let ways = [program.is_authorizing(), !sent.client_secret.is_empty(), asserts];
        if ways.into_iter().filter(|used| *used).count() > 1 {
            return Err(AuthenticationDenied::Ambiguous);
        }
        let claim = match ways {
            [true, ..] => Self::of_header(program.authorization("Basic")),
            [_, true, _] => Self::with_secret(sent.client_id, sent.client_secret),
            [.., true] => Self::of_assertion(sent.client_assertion, sent.client_assertion_type),
            _ => Self { id: sent.client_id.parse().ok(), proof: Proof::Nothing },
        };
        let named = claim.id.as_ref().map_or("", ClientId::as_str);
        let contradicts = !sent.client_id.is_empty() && claim.id.is_some() && named != sent.client_id;
        if contradicts { Err(AuthenticationDenied::Ambiguous) } else { Ok(claim) }
    }

    fn with_secret(id: &str, secret: &str) -> Self {
        Self { id: id.parse().ok(), proof: Proof::Secret(ClientSecretText::parse(secret)) }
    }

    /// Reads a header: name and secret, each encoded like a field of a form, a colon between, in base64.
    fn of_header(encoded: Option<&str>) -> Self {
        let pair = || {
            let decoded = zeroize::Zeroizing::new(STANDARD.decode(encoded?).ok()?);
            let (id, secret) = std::str::from_utf8(&decoded).ok()?.split_once(':')?;
            Some(Self::with_secret(&decoded_field(id)?, &decoded_field(secret)?))
        };
        pair().unwrap_or(Self { id: None, proof: Proof::Secret(None) })
    }

    fn of_assertion(assertion: &'c str, kind: &str) -> Self {
        let id = (kind == JWT_BEARER).then(|| assertion::says_it_is(assertion)).flatten();
        Self { id, proof: Proof::Assertion(assertion) }
    }
}

/// Reads one field of a form; `None` for a text that would be more than one.
fn decoded_field(text: &str) -> Option<Cow<'_, str>> {
    let is_one = !text.contains(['&', '=']);
    let mut fields = url::form_urlencoded::parse(text.as_bytes()).map(|(name, _)| name);
    if is_one { Some(fields.next().unwrap_or_default()) } else { None }
}

const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

type Proved = Result<Arc<Client>, Refusal<AuthenticationDenied>>;

async fn proved(cx: &Context, address: IpAddr, claim: Claim<'_>) -> Proved {
    let unproved = Refusal::Denied(AuthenticationDenied::Unproved);
    let Some(id) = claim.id else { return Err(unproved) };
    let (now, whose) = (cx.clock.now(), (id.clone(), throttled_as(address)));
    if let Some(wait) = cx.clients.wait(&whose, now) {
        return Err(Refusal::Denied(AuthenticationDenied::Throttled(wait)));
    }
    let found = flow::find(cx, &id).await?;
    if is_proved(cx, found.as_deref(), claim.proof, now).await? {
        return found.ok_or(unproved);
    }
    if let Some(client) = found {
        cx.clients.count(whose, now);
        record(cx, &client, address).await?;
    }
    Err(unproved)
}

/// Whether the proof is this client's. For a client that is not there the same is done, and the answer is no.
async fn is_proved(cx: &Context, client: Option<&Client>, proof: Proof<'_>, now: Timestamp) -> Result<bool, Fault> {
    match proof {
        Proof::Nothing => Ok(client.is_some_and(Client::is_public)),
        Proof::Secret(secret) => {
            let is_secret = secret.is_some();
            let digest = secret.map_or_else(|| Token::from_bytes([0; 32]).digest(), |secret| secret.token().digest());
            Ok(client.is_some_and(|client| client.knows(&digest, now)) & is_secret)
        }
        Proof::Assertion(assertion) => {
            let Some(client) = client.filter(|one| one.authentication == Authentication::PrivateKeyJwt) else {
                return Ok(false);
            };
            let (issuer, endpoint) = (cx.site.page(""), cx.site.page("/oauth/token"));
            let Some(asserted) = assertion::judge(assertion, client, &[&issuer, &endpoint], now) else {
                return Ok(false);
            };
            // Whatever comes of the request, this assertion is spent.
            let mut tx = cx.db.begin(Durability::Full).await?;
            let is_first = store::spend(&mut tx, &asserted.digest, asserted.expires_at).await?;
            tx.commit().await?;
            Ok(is_first)
        }
    }
}

/// Writes that somebody took themselves for this client, once a minute whatever comes. Of names that nobody has nothing is
/// written: a flood of them would fill the log.
async fn record(cx: &Context, client: &Client, address: IpAddr) -> Result<(), Fault> {
    let now = cx.clock.now();
    if !cx.clients.is_news(&client.id, now) {
        return Ok(());
    }
    let mut tx = cx.db.begin(Durability::Relaxed).await?;
    let key = Key::new("client-denied", client.id.as_str());
    if throttle::tally(&mut tx, key, 1, WINDOW, now).await?.is_ok() {
        let event = audit::nobody(Action::ClientDenied, None, address).on(Target::Client(client.id.clone())).denied();
        let event = client.tenant.iter().fold(event, |event, tenant| event.within(*tenant));
        audit::append(cx, &mut tx, event).await?;
    }
    tx.commit().await
}
