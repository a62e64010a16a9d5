//! Exchanging a key for an access token (RFC 8693), and taking it back with nothing but itself.

use std::time::Duration;

use axum::http::StatusCode;
use doorward_core::{ApiKey, Handled};

use super::{
    flow,
    rules::{Key, Owner},
    store,
};
use crate::{
    accounts, attempts,
    audit::{self, Action, Target},
    base::db::Durability,
    context::Context,
    error::{Fault, Refusal},
    guard::{Denial, Problem, Visit},
    tokens::{self, About, Access, Scopes, Source, Subject, TokenDenied, name_of_key},
};

/// What a program sends.
pub(crate) struct Presented<'p> {
    pub(crate) key: &'p Handled<ApiKey>,
    /// Fewer scopes than the key has; none means all of them.
    pub(crate) scopes: Option<&'p Scopes>,
    /// The resource that it names; none means the key's.
    pub(crate) resource: Option<&'p str>,
    /// The key of another kind that it has proved to have (RFC 9449).
    pub(crate) thumbprint: Option<&'p str>,
}

/// Why there is no token.
#[derive(Clone, Debug)]
pub(crate) enum ExchangeDenied {
    /// The request, or the key, is not good for one.
    Token(TokenDenied),
    /// The key was exchanged often enough; it may be again after this.
    Often(Duration),
}

impl Denial for ExchangeDenied {
    fn problem(&self) -> Problem {
        match self {
            Self::Token(denied) => denied.problem(),
            Self::Often(wait) => {
                let text = "This key was exchanged often enough for now. Keep an access token until it ends.";
                let problem = Problem::plain(StatusCode::TOO_MANY_REQUESTS, "temporarily_unavailable", text);
                problem.retry_after(*wait)
            }
        }
    }
}

/// Said of every key that is not taken, whatever the reason: who has none learns nothing.
pub(crate) const NOT_TAKEN: TokenDenied =
    TokenDenied::Grant("The API key is malformed, over, was taken back, or nobody stands behind it any more.");

type Done<T> = Result<T, Refusal<ExchangeDenied>>;

/// Gives an access token for a key, in which is what holds at this moment.
pub(crate) async fn exchange(cx: &Context, presented: &Presented<'_>, visit: &Visit) -> Done<Access> {
    let Some(key) = store::find(&cx.db, presented.key.handle()).await? else { return not_taken() };
    match exchanged(cx, presented, &key).await {
        Err(Refusal::Denied(denied)) => {
            record(cx, &key, visit).await?;
            Err(Refusal::Denied(denied))
        }
        done => done,
    }
}

const fn not_taken<T>() -> Done<T> {
    Err(Refusal::Denied(ExchangeDenied::Token(NOT_TAKEN)))
}

async fn exchanged(cx: &Context, presented: &Presented<'_>, key: &Key) -> Done<Access> {
    let is_same = key.digest.matches(&presented.key.token().digest());
    if !is_same || key.is_over(cx.clock.now(), &cx.settings.api_keys) || !is_stood_by(cx, key).await? {
        return not_taken();
    }
    demand_fits(presented, key).map_err(|denied| Refusal::Denied(ExchangeDenied::Token(denied)))?;
    let name = name_of_key(key.id);
    let about = About {
        client: Source::Key(&name),
        subject: key.owner.account().map_or(Subject::Client, Subject::Person),
        tenant: Some(key.tenant),
        scopes: presented.scopes.unwrap_or(&key.scopes),
        resource: &key.resource,
        thumbprint: presented.thumbprint,
        authenticated_at: None,
    };
    let made = tokens::access_by_key(cx, &about, (key.id, key.expires_at)).await;
    let access = made.map_err(|refusal| refusal.map(|_| ExchangeDenied::Token(NOT_TAKEN)))?;
    // After the token was made: whoever takes the key back from here on voids a token that was made before.
    note(cx, key).await?;
    Ok(access)
}

/// Whether the person is there and may come in; that they belong to the tenant, and it is open, is asked with their roles.
async fn is_stood_by(cx: &Context, key: &Key) -> Result<bool, Fault> {
    match key.owner {
        Owner::Person(account) => {
            let account = accounts::by_id(&cx.db, account).await?;
            Ok(account.is_some_and(|account| account.disabled_at.is_none()))
        }
        Owner::Tenant => Ok(true),
    }
}

fn demand_fits(presented: &Presented<'_>, key: &Key) -> Result<(), TokenDenied> {
    if presented.resource.is_some_and(|resource| resource != key.resource) {
        return Err(TokenDenied::Target);
    }
    match presented.scopes {
        Some(scopes) if !scopes.are_within(&key.scopes) => {
            Err(TokenDenied::Scope("A scope is asked for that this key does not have."))
        }
        _ => Ok(()),
    }
}

/// Counts the use and notes when it was, if the key still stands.
async fn note(cx: &Context, key: &Key) -> Done<()> {
    let (now, id) = (cx.clock.now(), key.id.to_string());
    let mut tx = cx.db.begin(Durability::Relaxed).await?;
    if !store::stands(&mut tx, key.id).await? {
        return not_taken();
    }
    let most = cx.settings.api_keys.tokens_per_hour;
    let counted = attempts::count_use(cx, &mut tx, ("tokens of an API key", &id), most).await;
    if let Err(Refusal::Denied(throttled)) = counted {
        tx.commit().await?;
        return Err(Refusal::Denied(ExchangeDenied::Often(throttled.wait().unwrap_or(MINUTE))));
    }
    counted.map_err(|refusal| refusal.map(|_| ExchangeDenied::Often(MINUTE)))?;
    store::note_use(&mut tx, key.id, (now, now.before(MINUTE))).await?;
    Ok(tx.commit().await?)
}

/// Writes that a key was not taken, once a minute whatever comes. Of texts that are no key of ours nothing is written.
async fn record(cx: &Context, key: &Key, visit: &Visit) -> Result<(), Fault> {
    let mut tx = cx.db.begin(Durability::Relaxed).await?;
    let which = ("API key refused", key.id.to_string());
    if attempts::is_first_within(cx, &mut tx, (which.0, &which.1), MINUTE).await? {
        let event = audit::nobody(Action::ApiKeyRefused, None, visit.address).on(Target::ApiKey(key.id));
        audit::append(cx, &mut tx, event.within(key.tenant).denied()).await?;
    }
    tx.commit().await
}

const MINUTE: Duration = Duration::from_secs(60);

/// Takes a key back because somebody has it. What is no key, or not any more, is taken back already.
pub(crate) async fn revoke_presented(cx: &Context, key: &Handled<ApiKey>, visit: &Visit) -> Result<(), Fault> {
    let mut tx = cx.db.begin(Durability::Full).await?;
    let removed = store::remove_presented(&mut tx, key.handle(), &key.token().digest()).await?;
    let Some((id, tenant)) = removed else { return Ok(()) };
    flow::end(cx, &mut tx, [id]).await?;
    let event = audit::by_client(&name_of_key(id), Action::ApiKeyRevoked, visit.address).on(Target::ApiKey(id));
    audit::append(cx, &mut tx, event.within(tenant)).await?;
    tx.commit().await
}
