//! What a provider hands out besides saying who somebody is: dropped, unless a setting keeps it for the application's own server.
//!
//! What is kept is sealed for one account, one provider and one identity, and goes with any of them. No route of ours shows it.
//!
//! - `federation/tokens-sealed`: Kept tokens of a provider are sealed for one account and identity, and open in no other row.
//! - `federation/tokens-end`: Kept tokens go with the link, the account and the setting, and are in no backup.
//! - `federation/tokens-renewed`: The application's server alone gets a token, which works, and is renewed by one at a time.

mod sealing;

use std::time::Duration;

use doorward_core::{AccountId, Timestamp};
use oauth2::{RequestTokenError, basic::BasicTokenType};
use openidconnect::OAuth2TokenResponse;
use zeroize::Zeroizing;

use self::sealing::{opened, sealed};
use super::{
    protocol::{self, Answered},
    provider::Provider,
    rules::Said,
    store::{self, KeptRow, Sealed},
};
use crate::{
    accounts,
    base::db::{Durability, Transaction},
    context::Context,
    error::Fault,
};

/// What was handed out for one person.
#[derive(Clone)]
pub(super) struct Handed {
    access: Zeroizing<String>,
    refresh: Option<Zeroizing<String>>,
    expires_at: Option<Timestamp>,
    scopes: Vec<String>,
}

impl std::fmt::Debug for Handed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Handed(..)")
    }
}

impl Handed {
    /// What comes with the answer to a code, or to a refresh token.
    pub(super) fn of(answer: &Answered, now: Timestamp) -> Self {
        let text = |secret: &String| Zeroizing::new(secret.clone());
        let scopes = answer.scopes().map(|all| all.iter().map(|one| one.to_string()).collect());
        Self {
            access: text(answer.access_token().secret()),
            refresh: answer.refresh_token().map(|token| text(token.secret())),
            expires_at: answer.expires_in().map(|span| now.after(span.min(LONGEST))),
            scopes: scopes.unwrap_or_default(),
        }
    }

    /// The same, with the refresh token of before where there is no new one: many providers hand it out once.
    fn or_before(self, before: Option<Self>) -> Self {
        let refresh = self.refresh.or_else(|| before.and_then(|before| before.refresh));
        Self { refresh, ..self }
    }

    fn is_over(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|at| at <= now.after(MARGIN))
    }
}

/// An access token of a provider, for a request that the application's server makes itself. It has no `Debug` and no `Serialize`:
/// a browser has no use for it.
pub struct ProviderToken {
    text: Zeroizing<String>,
    /// When it ends, where the provider says so.
    pub expires_at: Option<Timestamp>,
    /// What the provider allows with it, where it says so.
    pub scopes: Vec<String>,
}

impl ProviderToken {
    /// The text, for the header `Authorization: Bearer …`.
    #[must_use]
    pub fn reveal(self) -> String {
        self.text.to_string()
    }
}

/// Why there is no token although one was kept.
#[derive(Debug)]
pub enum ProviderTokenError {
    /// It is over and the provider gives no other one: the person has to come in by it once more.
    Over,
    /// The provider does not answer, or somebody is asking it for this one right now; try again in a moment.
    Unavailable,
    /// The store failed.
    Fault(Fault),
}

impl std::fmt::Display for ProviderTokenError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Over => f.write_str("the provider's token is over, and it gives no other one"),
            Self::Unavailable => f.write_str("the provider gives no token right now"),
            Self::Fault(fault) => fault.fmt(f),
        }
    }
}

impl std::error::Error for ProviderTokenError {}

impl From<Fault> for ProviderTokenError {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// Keeps what was handed out for somebody who has just come by a provider, or drops what was kept before where nothing is to be.
pub(super) async fn keep(
    cx: &Context,
    tx: &mut Transaction,
    account: AccountId,
    provider: &Provider,
    said: &Said,
) -> Result<(), Fault> {
    let Some(handed) = &said.handed else { return store::drop_handed(tx, &said.identity).await };
    let name = provider.name();
    let before = store::handed(tx, &said.identity).await?.filter(|row| row.account == account && row.provider == *name);
    let before = before.and_then(|row| opened(cx, &row));
    let now = cx.clock.now();
    let mut row =
        KeptRow { identity: said.identity.clone(), account, provider: name.clone(), sealed: Sealed(Vec::new()) };
    row.sealed = sealed(cx, &row, &handed.clone().or_before(before), now);
    store::keep_handed(tx, &row, now).await
}

/// An access token of the provider for the person of an account, which works for at least another minute; `None` when none is kept,
/// or the account is disabled. Of several accounts there, the one counts that its person has come in by last.
pub(crate) async fn token(
    cx: &Context,
    account: AccountId,
    provider: &Provider,
) -> Result<Option<ProviderToken>, ProviderTokenError> {
    if !provider.written.keep_tokens
        || accounts::by_id(&cx.db, account).await?.is_none_or(|one| one.disabled_at.is_some())
    {
        return Ok(None);
    }
    for _ in 0..LOOKS {
        let Some(row) = store::handed_to(&cx.db, account, provider.name()).await? else { return Ok(None) };
        // What does not open was sealed by a master key that is gone, or belongs elsewhere; it is worth nothing here.
        let Some(handed) = opened(cx, &row) else { return Ok(None) };
        let now = cx.clock.now();
        if !handed.is_over(now) {
            return Ok(Some(ProviderToken {
                text: handed.access,
                expires_at: handed.expires_at,
                scopes: handed.scopes,
            }));
        }
        let Some(refresh) = &handed.refresh else { return Err(ProviderTokenError::Over) };
        // One asks, and all others wait for what comes of it: a refresh token that comes twice may end everything.
        if store::claim_handed(&cx.db, &row, (now, now.after(CLAIMED))).await? {
            renew(cx, provider, &row, refresh).await?;
        } else {
            tokio::time::sleep(BETWEEN).await;
        }
    }
    Err(ProviderTokenError::Unavailable)
}

/// Asks for another access token. What comes is kept only where nothing has changed meanwhile.
async fn renew(cx: &Context, provider: &Provider, row: &KeptRow, refresh: &str) -> Result<(), ProviderTokenError> {
    let answer = match protocol::refreshed(cx, provider, refresh).await {
        Ok(Ok(answer)) if *answer.token_type() == BasicTokenType::Bearer => answer,
        Ok(Err(RequestTokenError::ServerResponse(said))) if said.error().as_ref() == "invalid_grant" => {
            let mut tx = cx.db.begin(Durability::Full).await?;
            store::drop_handed_as(&mut tx, row).await?;
            tx.commit().await?;
            return Err(ProviderTokenError::Over);
        }
        failed => {
            if let Ok(Err(cause)) = &failed {
                tracing::warn!(%cause, provider = %provider.name(), "a provider gives no other token");
            }
            store::release_handed(&cx.db, row).await?;
            return Err(ProviderTokenError::Unavailable);
        }
    };
    let now = cx.clock.now();
    let handed = Handed::of(&answer, now).or_before(opened(cx, row));
    let mut tx = cx.db.begin(Durability::Full).await?;
    store::renew_handed(&mut tx, row, &sealed(cx, row, &handed, now), now).await?;
    Ok(tx.commit().await?)
}

/// How long a token must work yet to be given out.
const MARGIN: Duration = Duration::from_secs(60);
/// The longest life that is believed: a number of seconds may be any.
const LONGEST: Duration = Duration::from_secs(10 * 365 * 86_400);
/// How long one may take to ask: twice the patience of a request, for the description and for the token.
const CLAIMED: Duration = Duration::from_secs(12);
/// How long others wait before they look again, and how often they look.
const BETWEEN: Duration = Duration::from_millis(100);
const LOOKS: usize = 130;
