//! Whether a token holds: for clients that ask, for our own guards, and taking one back.

use std::time::{Duration, UNIX_EPOCH};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use doorward_core::{AccountId, ClientId, FamilyId, Handled, Refresh, TenantId, Timestamp};
use doorward_verify::{
    AccessToken, Verifier,
    jws::{Claims, Unverified},
};

use super::{
    access::held,
    flow::backing,
    keys::key_named,
    rules::{About, Family, Place, Scopes, Source, Subject, TokenDenied},
    store,
};
use crate::{
    accounts,
    audit::{self, Action},
    base::db::Durability,
    clients::{self, Client, Grant},
    context::Context,
    error::{Fault, Refusal},
    guard::Visit,
    sessions::Backing,
    signing,
};

/// Reads an access token of ours, for one of these audiences; `None` when it is none or is over. Whether it was taken back is
/// not asked.
pub(crate) async fn read(cx: &Context, text: &str, audiences: &[String]) -> Result<Option<AccessToken>, Fault> {
    let Some((first, others)) = audiences.split_first() else { return Ok(None) };
    let verifier = Verifier::new(cx.site.issuer(), first, signing::key_set(cx).await?);
    let verifier = others.iter().fold(verifier, Verifier::also_for);
    let now = UNIX_EPOCH + Duration::from_secs(cx.clock.now().as_secs().max(0).unsigned_abs());
    Ok(verifier.verify_without_proof(text, now).ok())
}

/// The same for whatever audience its client may name: for what is ours and no resource of anybody.
pub(crate) async fn read_for_any(cx: &Context, text: &str) -> Result<Option<AccessToken>, Fault> {
    let Some(client) = says_it_is_of(text) else { return Ok(None) };
    match clients::find(cx, &client).await? {
        Some(client) => read(cx, text, &client.resources).await,
        None => Ok(None),
    }
}

/// Whose token it says it is. It is not believed: that only tells which audiences it may be for.
fn says_it_is_of(text: &str) -> Option<ClientId> {
    Unverified::parse(text).ok()?;
    let payload = URL_SAFE_NO_PAD.decode(text.split('.').nth(1)?).ok()?;
    Claims::parse(&payload).ok()?.text("client_id").ok()??.parse().ok()
}

/// The scopes of an access token that still hold at this moment, the tenant's state, membership and roles asked anew; `None`
/// when it was taken back, or nobody stands behind it any more.
pub(crate) async fn holds_now(cx: &Context, token: &AccessToken) -> Result<Option<Scopes>, Fault> {
    if store::is_revoked(&cx.db, &token.id, token.family.as_deref().unwrap_or_default()).await? {
        return Ok(None);
    }
    let Ok(name) = token.client.parse::<ClientId>() else { return Ok(None) };
    // A key that is gone has left its name among those that were taken back.
    let found = if key_named(&name).is_some() { None } else { clients::find(cx, &name).await? };
    let client = match found.as_deref() {
        Some(client) => Source::Client(client),
        None if key_named(&name).is_some() => Source::Key(&name),
        None => return Ok(None),
    };
    if found.as_deref().is_some_and(|client| client.demands_dpop) && token.key_thumbprint.is_none() {
        return Ok(None);
    }
    let Some(subject) = subject(cx, token).await? else { return Ok(None) };
    let tenant = token.tenant.as_deref().map(str::parse::<TenantId>).transpose();
    let (Ok(tenant), Some(scopes)) = (tenant, Scopes::parse(&token.scope)) else { return Ok(None) };
    let about = About {
        client,
        subject,
        tenant,
        scopes: &scopes,
        resource: &token.audience,
        thumbprint: token.key_thumbprint.as_deref(),
        authenticated_at: None,
    };
    held_at_all(cx, &about).await
}

async fn held_at_all(cx: &Context, about: &About<'_>) -> Result<Option<Scopes>, Fault> {
    match held(cx, about).await {
        Ok(scopes) => Ok(Some(scopes)),
        Err(Refusal::Denied(_)) => Ok(None),
        Err(Refusal::Fault(fault)) => Err(fault),
    }
}

/// Whom a token is about, if they may still come in.
async fn subject(cx: &Context, token: &AccessToken) -> Result<Option<Subject>, Fault> {
    if token.is_of_client() {
        return Ok(Some(Subject::Client));
    }
    let Ok(account) = token.subject.parse::<AccountId>() else { return Ok(None) };
    let is_of_key = token.client.parse().is_ok_and(|name| key_named(&name).is_some());
    let stands = match token.family.as_deref().filter(|_| !is_of_key) {
        // What ends a family without naming its access tokens has removed its row.
        Some(name) => match name.parse::<FamilyId>() {
            Ok(id) => stood_by(cx, store::by_id(&cx.db, id).await?).await?,
            Err(_) => None,
        }
        .is_some_and(|family| family.account == account),
        None => accounts::by_id(&cx.db, account).await?.is_some_and(|account| account.disabled_at.is_none()),
    };
    Ok(stands.then_some(Subject::Person(account)))
}

async fn stood_by(cx: &Context, family: Option<Family>) -> Result<Option<Family>, Fault> {
    match family {
        Some(family) => Ok((backing(cx, &family).await? == Backing::Stands).then_some(family)),
        None => Ok(None),
    }
}

/// The family of a refresh token that a client asks about, if it is its own and would be renewed.
pub(crate) async fn family_of(
    cx: &Context,
    client: &Client,
    token: &Handled<Refresh>,
) -> Result<Option<Family>, Fault> {
    let now = cx.clock.now();
    let found = store::find(&cx.db, token.handle()).await?.filter(|family| {
        let newest = family.place_of(&token.token().digest(), now, Duration::ZERO) == Place::Newest;
        family.client == client.id && newest && !family.is_over(now, &cx.settings.tokens)
    });
    let Some(family) = stood_by(cx, found).await? else { return Ok(None) };
    let about = About {
        client: Source::Client(client),
        subject: Subject::Person(family.account),
        tenant: family.tenant,
        scopes: &family.scopes,
        resource: &family.resource,
        thumbprint: family.thumbprint.as_deref(),
        authenticated_at: None,
    };
    let may_renew = client.allows(Grant::RefreshToken) && held_at_all(cx, &about).await?.is_some();
    Ok(may_renew.then_some(family))
}

/// Takes back an access token of this client: it is remembered until it is over, by those who ask.
pub(crate) async fn revoke_access(
    cx: &Context,
    client: &Client,
    token: &AccessToken,
    visit: &Visit,
) -> Result<(), Refusal<TokenDenied>> {
    if token.client != client.id.as_str() {
        return Err(TokenDenied::Grant("This token is another client's.").into());
    }
    let mut tx = cx.db.begin(Durability::Full).await?;
    let expires_at = Timestamp::from_secs(i64::try_from(token.expires_at).unwrap_or(i64::MAX));
    if store::revoke(&mut tx, &token.id, expires_at).await? {
        let event = audit::by_client(&client.id, Action::AccessRevoked, visit.address);
        audit::append(cx, &mut tx, event).await?;
    }
    Ok(tx.commit().await?)
}

/// The names of tokens and families that were taken back and are not over.
pub(crate) async fn revoked(cx: &Context) -> Result<Vec<String>, Fault> {
    store::revoked(&cx.db, cx.clock.now(), MOST_REVOKED).await
}

/// How many are listed; more than that are taken back in five minutes only when everybody is logged out, and then a rotation
/// of the signing keys is what helps.
const MOST_REVOKED: i64 = 100_000;
