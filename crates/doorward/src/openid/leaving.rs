//! The logout that a client asks for (OpenID Connect RP-Initiated Logout 1.0): where it leads afterwards.

use std::{sync::Arc, time::Duration};

use doorward_core::{ClientId, Timestamp};
use doorward_verify::jws::{Claims, Unverified};

use super::claims::KIND;
use crate::{
    clients::{self, Client},
    context::Context,
    error::Fault,
    signing,
};

/// What a client says when it sends its person here.
#[derive(Clone, Debug, Default)]
pub(super) struct Wish {
    /// The ID token that it was given.
    pub(super) hint: String,
    pub(super) client: String,
    /// Where the person is to go afterwards.
    pub(super) to: String,
    pub(super) state: String,
}

/// The client that asks, and where it leads.
pub(super) struct Asking {
    pub(super) client: Arc<Client>,
    /// The address that it has registered and names; `None` when it names none, or another one.
    pub(super) url: Option<String>,
}

/// Who asks for a logout; `None` when nobody can tell. Naming two clients is naming none.
pub(super) async fn asking(cx: &Context, wish: &Wish) -> Result<Option<Asking>, Fault> {
    let (named, hinted) = (wish.client.parse::<ClientId>().ok(), hinted(cx, &wish.hint).await?);
    let id = match (named, hinted) {
        (Some(named), Some(hinted)) if named != hinted => return Ok(None),
        (Some(id), _) | (None, Some(id)) => id,
        (None, None) => return Ok(None),
    };
    let Some(client) = clients::find(cx, &id).await? else { return Ok(None) };
    let url = client.logs_out_to(&wish.to).then(|| with_state(&wish.to, &wish.state));
    Ok(Some(Asking { client, url }))
}

fn with_state(to: &str, state: &str) -> String {
    if state.is_empty() {
        return to.to_owned();
    }
    let joint = if to.contains('?') { '&' } else { '?' };
    let said: String = url::form_urlencoded::byte_serialize(state.as_bytes()).collect();
    format!("{to}{joint}state={said}")
}

/// The client of an ID token of ours. It may be over, since a person is logged in for longer than it lives; one whose key is
/// gone says nothing.
async fn hinted(cx: &Context, hint: &str) -> Result<Option<ClientId>, Fault> {
    if hint.is_empty() {
        return Ok(None);
    }
    let keys = signing::key_set(cx).await?;
    let read = || {
        let unverified = Unverified::parse(hint).ok()?;
        let header = unverified.header().ok()?;
        let key = keys.find(header.kid.as_deref()?)?;
        let is_ours =
            header.typ.as_deref() == Some(KIND) && header.jwk.is_none() && header.alg == key.algorithm().name();
        let claims = Claims::parse(unverified.verified(key).filter(|_| is_ours)?).ok()?;
        let made = Timestamp::from_secs(i64::try_from(claims.moment("iat").ok()??).ok()?);
        let counts = claims.text("iss").ok()?? == cx.site.issuer() && cx.clock.now().since(made) <= LONGEST;
        claims.text("aud").ok()??.parse().ok().filter(|_| counts)
    };
    Ok(read())
}

/// How old an ID token may be that says which client asks.
const LONGEST: Duration = Duration::from_secs(30 * 86_400);
