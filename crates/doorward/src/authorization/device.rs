//! Devices without a browser (RFC 8628): they show a code, and a person enters it elsewhere.

use doorward_core::{AccountId, DeviceCode, Digest, Entropy, TenantId, Token};

use super::{
    flow::{self, Redeemed},
    rules::{Agreed, AskDenied},
    store,
};
use crate::{
    attempts,
    audit::{self, Action, By, Target},
    base::{
        db::{Bind, Durability, Value},
        lifetime::Working,
    },
    clients::{self, Client},
    context::Context,
    error::{Fault, Refusal},
    guard::{Denial, Problem, Visit},
    sessions::Live,
    tenants::Named,
    tokens::{Scopes, TokenDenied},
};

/// What a device is told at first.
pub(crate) struct Begun {
    pub(crate) device_code: String,
    pub(crate) user_code: String,
    pub(crate) expires_in: u64,
    pub(crate) interval: i64,
}

/// How long a device is to wait between two questions, in seconds.
const INTERVAL: i64 = 5;

/// Letters that make no words and are not taken for one another (RFC 8628 section 6.1).
const LETTERS: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";

/// Lets a device wait for its person.
pub(crate) async fn begin(cx: &Context, client: &Client, scopes: &Scopes, resource: &str) -> Result<Begun, Fault> {
    let lifetime = cx.settings.authorization.device_lifetime;
    let expires_at = cx.clock.now().after(lifetime);
    for _ in 0..8 {
        let token = Token::<DeviceCode>::mint(cx.entropy.as_ref());
        let user_code = mint(cx.entropy.as_ref());
        let digest = in_rest(&cx.keys().seed(SEED, cx.clock.now()), &user_code);
        let waiting = (&client.id, scopes, resource);
        if store::insert_device(&cx.db, (&token.digest(), &digest), waiting, (INTERVAL, expires_at)).await? {
            let user_code = format!("{}-{}", &user_code[..4], &user_code[4..]);
            let (device_code, expires_in) = (token.reveal(), lifetime.as_secs());
            return Ok(Begun { device_code, user_code, expires_in, interval: INTERVAL });
        }
    }
    Err(Fault::new("letting a device wait", "every code that was tried is taken"))
}

fn mint(entropy: &dyn Entropy) -> String {
    let mut code = String::with_capacity(8);
    while code.len() < 8 {
        let mut bytes = [0; 16];
        entropy.fill(&mut bytes);
        // The largest multiple of 20 in a byte: beyond it some letters would come more often.
        let letters = bytes.iter().filter(|byte| **byte < 240).map(|byte| char::from(LETTERS[usize::from(byte % 20)]));
        code.extend(letters.take(8 - code.len()));
    }
    code
}

/// A code as a person types it: case, spaces and hyphens do not matter.
fn typed(text: &str) -> Option<String> {
    let letters = text.bytes().filter(|byte| !matches!(byte, b' ' | b'-')).map(|byte| byte.to_ascii_uppercase());
    let code: Vec<u8> = letters.take(9).collect();
    let fits = code.len() == 8 && code.iter().all(|letter| LETTERS.contains(letter));
    fits.then(|| String::from_utf8(code).ok())?
}

/// 34 bits are found from a digest, so it is one under a secret of the key ring.
fn in_rest(seed: &[u8; 32], code: &str) -> UserCodeDigest {
    UserCodeDigest(doorward_core::keyed(seed, &[code.as_bytes()]))
}

/// Stands for the code that a person enters.
pub(super) struct UserCodeDigest([u8; 32]);

impl Bind for UserCodeDigest {
    fn value(&self) -> Value<'_> {
        Value::bytes(&self.0)
    }
}

const SEED: &str = "doorward/user-code";

pub(super) fn working(cx: &Context) -> Working {
    Working::now(cx, cx.settings.authorization.device_lifetime)
}

/// What waits under a code that a person has entered.
pub(crate) struct Found {
    pub(crate) client: std::sync::Arc<Client>,
    pub(crate) scopes: Scopes,
    /// The tenant of a client that belongs to one.
    pub(crate) tenant: Option<Named>,
    code: UserCodeDigest,
}

impl Found {
    /// Whether the token would be about a tenant.
    pub(crate) fn needs_tenant(&self) -> bool {
        self.scopes.permissions().next().is_some()
    }
}

/// Finds what waits under a code. Each code that is entered counts: whoever guesses does not get far.
pub(crate) async fn find(cx: &Context, account: AccountId, text: &str) -> Result<Found, Refusal<AskDenied>> {
    let mut tx = cx.db.begin(Durability::Relaxed).await?;
    let counted = ("codes of devices", account.to_string());
    let most = cx.settings.authorization.device_tries;
    attempts::count_letters_by(cx, &mut tx, (counted.0, &counted.1), most)
        .await
        .map_err(|refusal| refusal.map(AskDenied::Throttled))?;
    tx.commit().await?;
    let none = || Refusal::Denied(AskDenied::NoSuchCode);
    let code = typed(text).ok_or_else(none)?;
    for seed in cx.keys().seeds(SEED) {
        let digest = in_rest(&seed, &code);
        let Some(waiting) = store::by_user_code(&cx.db, &digest, working(cx)).await? else { continue };
        if waiting.is_decided {
            return Err(none());
        }
        let client = clients::find(cx, &waiting.client).await?.ok_or_else(none)?;
        let tenant = client.tenant.map(Named::Id);
        return Ok(Found { client, scopes: waiting.scopes, tenant, code: digest });
    }
    Err(none())
}

/// What a person has decided about a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    /// It may act for them, in this tenant.
    Allow(Option<TenantId>),
    /// It may not.
    Deny,
}

/// Writes down what a person has decided, once.
pub(crate) async fn decide(
    cx: &Context,
    live: &Live,
    found: &Found,
    decision: Decision,
    visit: &Visit,
) -> Result<(), Refusal<AskDenied>> {
    let gone = || Refusal::Denied(AskDenied::NoSuchCode);
    let mut tx = cx.db.begin(Durability::Full).await?;
    let epoch = flow::lock(cx, &mut tx, live).await?.ok_or_else(gone)?;
    let tenant = match decision {
        Decision::Allow(tenant) => tenant,
        Decision::Deny => None,
    };
    let agreed = Agreed {
        client: found.client.id.clone(),
        account: live.account,
        epoch,
        session: live.id,
        tenant,
        scopes: found.scopes.clone(),
        resource: String::new(),
        authenticated_at: live.proved_at,
    };
    let is_denied = decision == Decision::Deny;
    if !store::decide(&mut tx, &found.code, &agreed, (is_denied, working(cx))).await? {
        return Err(gone());
    }
    if is_denied {
        let event = By::person(live.account, visit.address).did(Action::AccessGranted);
        audit::append(cx, &mut tx, event.on(Target::Client(found.client.id.clone())).denied()).await?;
    } else if !found.client.trusted {
        flow::remember(cx, &mut tx, &agreed, visit).await?;
    }
    Ok(tx.commit().await?)
}

/// Why a device gets nothing yet, or not at all (RFC 8628 section 3.5).
pub(crate) enum PollDenied {
    /// Its person has not decided.
    Pending,
    /// It asks too often; it is to wait longer from now on.
    SlowDown,
    /// Its person has said no.
    Denied,
    /// Its time is over, or its code is none.
    Expired,
    /// What was agreed to brings no token.
    Token(TokenDenied),
}

impl Denial for PollDenied {
    fn problem(&self) -> Problem {
        let no = |code, text: &str| Problem::plain(axum::http::StatusCode::BAD_REQUEST, code, text);
        match self {
            Self::Pending => no("authorization_pending", "Nobody has decided yet."),
            Self::SlowDown => no("slow_down", "Wait longer between two questions: five seconds more than before."),
            Self::Denied => no("access_denied", "The person has said no."),
            Self::Expired => no("expired_token", "The code is over, was used before, or is none of this client's."),
            Self::Token(denied) => denied.problem(),
        }
    }
}

/// Answers a device that asks whether its person has decided.
pub(crate) async fn poll(
    cx: &Context,
    client: &Client,
    code: &str,
    thumbprint: Option<&str>,
    visit: &Visit,
) -> Result<Redeemed, Refusal<PollDenied>> {
    let expired = || Refusal::Denied(PollDenied::Expired);
    let digest: Digest<DeviceCode> = Token::parse(code).ok_or_else(expired)?.digest();
    let waiting = store::device(&cx.db, &digest, working(cx)).await?.ok_or_else(expired)?;
    if waiting.client != client.id {
        return Err(expired());
    }
    if waiting.denied {
        store::forget_device(&cx.db, &digest).await?;
        return Err(Refusal::Denied(PollDenied::Denied));
    }
    let now = cx.clock.now();
    if !waiting.is_decided {
        let least = std::time::Duration::from_secs(waiting.wait_secs.unsigned_abs());
        let too_soon = now.since(waiting.polled_at) < least && waiting.polled_at <= now;
        let wait = if too_soon { (waiting.wait_secs + INTERVAL).min(60) } else { waiting.wait_secs };
        store::note_poll(&cx.db, &digest, (now, wait)).await?;
        return Err(Refusal::Denied(if too_soon { PollDenied::SlowDown } else { PollDenied::Pending }));
    }
    let agreed = store::agreed_for(&cx.db, &digest).await?.ok_or_else(expired)?;
    let redeemed = flow::redeem_device(cx, (client, &digest), agreed, thumbprint, visit).await;
    redeemed.map_err(|refusal| refusal.map(PollDenied::Token))
}
