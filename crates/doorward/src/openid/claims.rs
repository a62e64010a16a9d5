//! What is said about a person: in an ID token, once, and at userinfo, as it is now.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use doorward_core::AccountId;
use doorward_verify::Algorithm;
use serde::Serialize;
use sha2::{Digest, Sha256, Sha512};

use super::store;
use crate::{
    accounts::{self, Account},
    authorization::Redeemed,
    clients::Client,
    context::Context,
    error::Fault,
    signing,
    tokens::Scopes,
};

/// The claims about a person that their scopes let a client know (OpenID Connect Core section 5.4).
#[derive(Serialize)]
pub(super) struct About {
    sub: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email_verified: Option<bool>,
}

impl About {
    pub(super) fn new(account: Account, scopes: &Scopes) -> Self {
        let knows_email = scopes.has("email");
        Self {
            sub: account.id.to_string(),
            name: Some(account.name).filter(|name| scopes.has("profile") && !name.is_empty()),
            email: knows_email.then(|| account.email.to_string()),
            // An account has no address that was not confirmed.
            email_verified: knows_email.then_some(true),
        }
    }
}

/// OpenID Connect Core section 2.
#[derive(Serialize)]
struct Claims<'c> {
    iss: &'c str,
    aud: &'c str,
    exp: i64,
    iat: i64,
    auth_time: i64,
    at_hash: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<&'c str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sid: Option<String>,
    #[serde(flatten)]
    about: About,
}

/// Makes the ID token that goes with tokens which a person has just let a client have; `None` when they have not agreed to
/// say who they are.
pub(crate) async fn id_token(cx: &Context, client: &Client, redeemed: &Redeemed) -> Result<Option<String>, Fault> {
    let agreed = &redeemed.agreed;
    if !redeemed.given.access.scopes.has(OPENID) {
        return Ok(None);
    }
    // An account that was deleted in this very moment is nobody to tell of.
    let Some(account) = accounts::by_id(&cx.db, agreed.account).await? else { return Ok(None) };
    let (now, issuer) = (cx.clock.now(), cx.site.issuer());
    let claims = Claims {
        iss: &issuer,
        aud: client.id.as_str(),
        exp: now.after(LIFETIME).as_secs(),
        iat: now.as_secs(),
        auth_time: agreed.authenticated_at.as_secs(),
        at_hash: half_hash(client.algorithm, &redeemed.given.access.text),
        nonce: redeemed.nonce.as_deref(),
        sid: sid(cx, client, redeemed).await?,
        about: About::new(account, &redeemed.given.access.scopes),
    };
    signing::sign(cx, KIND, client.algorithm, &claims).await.map(Some)
}

/// The name of the session for this client, when it wants to be told of its end. It is made at random, so that it leads
/// nobody to the session, and no two clients know one person's session by the same name.
async fn sid(cx: &Context, client: &Client, redeemed: &Redeemed) -> Result<Option<String>, Fault> {
    if client.backchannel_logout_uri.is_none() {
        return Ok(None);
    }
    let mut random = [0; 16];
    cx.entropy.fill(&mut random);
    let agreed = &redeemed.agreed;
    let login = (agreed.session, &client.id, agreed.account);
    store::remember(&cx.db, login, &URL_SAFE_NO_PAD.encode(random), cx.clock.now()).await.map(Some)
}

/// Binds the access token to the ID token (section 3.1.3.6): the left half of its hash by the hash function of the signature.
fn half_hash(algorithm: Algorithm, text: &str) -> String {
    match algorithm {
        Algorithm::EdDsa => URL_SAFE_NO_PAD.encode(&Sha512::digest(text)[..32]),
        _ => URL_SAFE_NO_PAD.encode(&Sha256::digest(text)[..16]),
    }
}

/// What userinfo says of a person; `None` when the account is gone.
pub(super) async fn about(cx: &Context, account: AccountId, scopes: &Scopes) -> Result<Option<About>, Fault> {
    Ok(accounts::by_id(&cx.db, account).await?.map(|account| About::new(account, scopes)))
}

/// The scope of everything here.
pub(super) const OPENID: &str = "openid";
/// The kind in the header of an ID token: no access token is of it, and no logout token.
pub(super) const KIND: &str = "JWT";
/// A client reads its ID token at once.
const LIFETIME: Duration = Duration::from_secs(300);
