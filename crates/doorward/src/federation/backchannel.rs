//! A provider says that somebody has logged out there (OpenID Connect Back-Channel Logout 1.0): the sessions that they opened here
//! by that login end.
//!
//! - `federation/logged-out-there`: Whoever logs out at a provider is logged out here, of the sessions that they opened by it.
//! - `federation/logout-token`: A logout token is believed after every check of Back-Channel Logout 1.0 section 2.6, and once.

use doorward_core::{SessionId, Timestamp};
use doorward_verify::jws::Claims;
use serde_json::Value;

use super::{
    claims::{self, Sort},
    protocol::{self, metadata_of},
    provider::Provider,
    rules::LogoutDenied,
    store,
};
use crate::{
    audit::{self, Action, Detail, Target},
    base::{
        db::{Durability, Transaction},
        lifetime::LEEWAY,
    },
    context::Context,
    error::{Fault, Refusal},
    guard::Visit,
    sessions,
};

/// Whom a logout token is about.
pub(super) struct About {
    pub(super) issuer: String,
    pub(super) subject: Option<String>,
    pub(super) sid: Option<String>,
    jti: String,
}

/// Ends what the token says; one that was taken before is refused, because its person may have logged in again since.
pub(super) async fn take(
    cx: &Context,
    provider: &Provider,
    token: &str,
    visit: &Visit,
) -> Result<u64, Refusal<LogoutDenied>> {
    let about = about(cx, provider, token).await.map_err(Refusal::Denied)?;
    let mut tx = cx.db.begin(Durability::Full).await?;
    if !store::take_logout(&mut tx, (&about.issuer, &about.jti), cx.clock.now()).await? {
        return Err(Refusal::Denied(LogoutDenied("taken before")));
    }
    let opened = store::opened_by(&mut tx, &about).await?;
    let event = audit::nobody(Action::SessionRevoked, None, visit.address);
    let ended = end_opened(cx, &mut tx, opened, &event.about(Detail::Provider(provider.name().clone()))).await?;
    tx.commit().await?;
    Ok(ended)
}

/// Ends sessions that were opened by a provider, each with this event, and forgets that they were; returns how many there still were.
pub(super) async fn end_opened(
    cx: &Context,
    tx: &mut Transaction,
    sessions: Vec<SessionId>,
    event: &audit::Event,
) -> Result<u64, Fault> {
    let mut ended = 0;
    for session in sessions {
        // One that was ended here before has its event already.
        if sessions::end_any(tx, session).await? {
            audit::append(cx, tx, event.clone().on(Target::Session(session))).await?;
            ended += 1;
        }
        store::forget_session(tx, session).await?;
    }
    Ok(ended)
}

/// Believes a logout token after every check of section 2.6.
async fn about(cx: &Context, provider: &Provider, token: &str) -> Result<About, LogoutDenied> {
    let no = |why: &'static str| LogoutDenied(why);
    let metadata = metadata_of(cx, provider).await.map_err(|reason| no(reason.word()))?;
    let claims = claims::read_as(token, Sort::Logout).map_err(|reason| no(reason.word()))?;
    let issuer = provider.written.kind.issuer_of(&provider.written, &metadata.issuer, &claims);
    let issuer = issuer.map_err(|reason| no(reason.word()))?;
    let about = read(&claims, (&issuer, &provider.written.client_id), cx.clock.now())?;
    protocol::verify_logout(cx, provider, &metadata, token).await.map_err(|reason| no(reason.word()))?;
    let known_as = if claims::is_url(&issuer) { issuer } else { metadata.issuer.clone() };
    Ok(About { issuer: provider.known_as(&known_as), ..about })
}

fn read(claims: &Claims, (issuer, client_id): (&str, &str), now: Timestamp) -> Result<About, LogoutDenied> {
    let no = |why: &'static str| Err(LogoutDenied(why));
    let text = |name: &str| claims.get(name).and_then(Value::as_str).filter(|text| super::rules::is_subject(text));
    let at = |secs: u64| Timestamp::from_secs(i64::try_from(secs).unwrap_or(i64::MAX));
    let moment =
        |name: &str| claims.moment(name).map(|secs| secs.map(at)).map_err(|_| LogoutDenied("a moment is none"));
    if claims.get("iss").and_then(Value::as_str) != Some(issuer) {
        return no("another issuer");
    }
    let for_us = match claims.get("aud") {
        Some(Value::String(one)) => one == client_id,
        Some(Value::Array(all)) => all.iter().any(|one| one.as_str() == Some(client_id)),
        _ => false,
    };
    if !for_us {
        return no("another audience");
    }
    let issued = moment("iat")?.ok_or(LogoutDenied("no iat"))?;
    // Some leave it out; then it is as good as it is new.
    let is_over = moment("exp")?.is_some_and(|at| at <= now.before(LEEWAY));
    if is_over || issued > now.after(LEEWAY) || now.since(issued) > OLDEST {
        return no("not of this moment");
    }
    if !claims.get("events").and_then(|events| events.get(EVENT)).is_some_and(Value::is_object) {
        return no("another event");
    }
    // An ID token must not pass for one.
    if claims.get("nonce").is_some() {
        return no("a nonce");
    }
    let jti = text("jti").ok_or(LogoutDenied("no jti"))?.to_owned();
    let (subject, sid) = (text("sub").map(str::to_owned), text("sid").map(str::to_owned));
    let is_said = |name: &str, text: &Option<String>| claims.get(name).is_some() && text.is_none();
    if subject.is_none() && sid.is_none() || is_said("sub", &subject) || is_said("sid", &sid) {
        return no("nobody is named");
    }
    Ok(About { issuer: String::new(), subject, sid, jti })
}

/// What the claim `events` must say.
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";
/// How old a token may be, and how long it is remembered that it was taken.
pub(super) const OLDEST: std::time::Duration = std::time::Duration::from_secs(600);
