//! Telling clients that a session of their person is over (OpenID Connect Back-Channel Logout 1.0).
//!
//! No way to end a session knows of this: the worker looks whether the sessions that clients know of are live. So whatever ends
//! one (a logout here or elsewhere, an operator, a deleted account, time) is told, on every node alike.

use std::{sync::Arc, time::Duration};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use doorward_core::SessionId;
use serde::Serialize;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::{
    sending,
    store::{self, ClientLogin},
};
use crate::{
    base::outgoing::Place,
    clients::{self, Client},
    context::Context,
    error::Fault,
    sessions, signing,
};

/// Where the next look begins: where there are more logins than a look takes, they take turns.
#[derive(Default)]
pub(crate) struct Round {
    after: i64,
}

/// Finds sessions that are over and tells their clients what is due; returns how many were to be told.
pub(crate) async fn tell(cx: &Arc<Context>, round: &mut Round) -> Result<usize, Fault> {
    find_ended(cx, round).await?;
    let mut told = 0;
    while store::is_any_due(&cx.db, cx.clock.now()).await? {
        let some = tell_some(cx).await?;
        told += some;
        if some == 0 {
            // Another node was faster.
            break;
        }
    }
    Ok(told)
}

async fn find_ended(cx: &Context, round: &mut Round) -> Result<(), Fault> {
    for _ in 0..PAGES {
        let logins = store::waiting(&cx.db, round.after, PAGE).await?;
        let sessions: Vec<SessionId> = logins.iter().map(|(_, session)| *session).collect();
        let live = sessions::live_among(cx, &sessions).await?;
        let ended: Vec<i64> = logins.iter().filter(|(_, one)| !live.contains(one)).map(|(id, _)| *id).collect();
        if !ended.is_empty() {
            store::end(&cx.db, &ended, cx.clock.now()).await?;
        }
        let is_last = logins.len() < usize::try_from(PAGE).unwrap_or(usize::MAX);
        round.after = logins.last().filter(|_| !is_last).map_or(0, |(id, _)| *id);
        if is_last {
            break;
        }
    }
    Ok(())
}

/// Tells some clients side by side, so that one that does not answer holds up few others.
async fn tell_some(cx: &Arc<Context>) -> Result<usize, Fault> {
    let mut telling = JoinSet::new();
    while telling.len() < AT_ONCE {
        let now = cx.clock.now();
        let Some(login) = store::claim(&cx.db, now, now.after(LEASE)).await? else { break };
        let cx = Arc::clone(cx);
        telling.spawn(async move { tell_one(&cx, &login).await });
    }
    let count = telling.len();
    while let Some(told) = telling.join_next().await {
        told.map_err(|cause| Fault::new("telling a client of a logout", cause))??;
    }
    Ok(count)
}

async fn tell_one(cx: &Context, login: &ClientLogin) -> Result<(), Fault> {
    let client = clients::find(cx, &login.client).await?;
    let Some((client, uri)) =
        client.as_ref().and_then(|client| Some((client, client.backchannel_logout_uri.as_ref()?)))
    else {
        // It does not want to know any more, or is kept out.
        return store::remove(&cx.db, login.id).await;
    };
    let token = logout_token(cx, client, login).await?;
    let place = if cx.site.https { Place::Elsewhere } else { Place::ThisMachineToo };
    let Err(cause) = sending::send(uri, &token, place).await else { return store::remove(&cx.db, login.id).await };
    let tried = usize::try_from(login.attempts).unwrap_or(usize::MAX);
    let Some(wait) = WAITS.get(tried.saturating_sub(1)) else {
        tracing::warn!(client = %login.client, %cause, "a client was not told of a logout, and is not told again");
        return store::remove(&cx.db, login.id).await;
    };
    tracing::info!(client = %login.client, %cause, "a client was not told of a logout yet");
    store::postpone(&cx.db, login.id, cx.clock.now().after(*wait)).await
}

/// Back-Channel Logout 1.0 section 2.4.
#[derive(Serialize)]
struct Claims<'c> {
    iss: &'c str,
    aud: &'c str,
    iat: i64,
    exp: i64,
    jti: &'c str,
    sub: String,
    sid: &'c str,
    events: Value,
}

/// Makes a logout token. Its kind is its own and it has no nonce, so no client takes it for an ID token.
async fn logout_token(cx: &Context, client: &Client, login: &ClientLogin) -> Result<String, Fault> {
    let mut random = [0; 16];
    cx.entropy.fill(&mut random);
    let (now, issuer, name) = (cx.clock.now(), cx.site.issuer(), URL_SAFE_NO_PAD.encode(random));
    let claims = Claims {
        iss: &issuer,
        aud: client.id.as_str(),
        iat: now.as_secs(),
        exp: now.after(LIFETIME).as_secs(),
        jti: &name,
        sub: login.account.to_string(),
        sid: &login.sid,
        events: json!({ "http://schemas.openid.net/event/backchannel-logout": {} }),
    };
    signing::sign(cx, KIND, client.algorithm, &claims).await
}

const KIND: &str = "logout+jwt";
/// Section 2.4 recommends two minutes.
const LIFETIME: Duration = Duration::from_secs(120);
/// How many logins one statement reads, and how many of these one look takes.
const PAGE: i64 = 500;
const PAGES: usize = 20;
/// How many clients are told at the same time.
const AT_ONCE: usize = 32;
/// Longer than telling a client takes.
const LEASE: Duration = Duration::from_secs(30);
/// How long is waited after each try that failed; after the last one the client's own sessions have to run out.
const WAITS: [Duration; 4] =
    [Duration::from_secs(10), Duration::from_secs(60), Duration::from_secs(300), Duration::from_secs(1800)];
