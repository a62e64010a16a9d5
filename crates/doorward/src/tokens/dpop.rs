//! Proofs of possession (RFC 9449): a token that is worth nothing without a key.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use doorward_core::Timestamp;
use doorward_verify::{
    Algorithm, PublicKey,
    jws::{Claims, Malformed, Unverified},
};
use sha2::{Digest, Sha256};

use super::{rules::TokenDenied, store};
use crate::{
    base::db::{Bind, Value},
    context::Context,
    error::Refusal,
};

/// A request that a proof is for.
pub(crate) struct Asked<'a> {
    /// The method.
    pub(crate) method: &'a str,
    /// The address without query and fragment.
    pub(crate) url: &'a str,
    /// The access token that comes with it, when one does.
    pub(crate) token: Option<&'a str>,
}

/// Stands for a proof that was seen: neither its name nor its key can be read from it.
pub(super) struct ProofDigest([u8; 32]);

impl Bind for ProofDigest {
    fn value(&self) -> Value<'_> {
        Value::bytes(&self.0)
    }
}

/// Checks a proof for this request and returns the thumbprint of its key.
///
/// Each proof is taken once (RFC 9449 section 11.1), on every node.
pub(crate) async fn check(cx: &Context, proof: &[u8], asked: &Asked<'_>) -> Result<String, Refusal<TokenDenied>> {
    let now = cx.clock.now();
    let (thumbprint, name) = read(proof, asked, now).ok_or(REFUSED)?;
    let digest = Sha256::new().chain_update(thumbprint.as_bytes()).chain_update([0]).chain_update(name.as_bytes());
    let fresh = store::note_proof(&cx.db, &ProofDigest(digest.finalize().into()), now.after(VALID + VALID)).await?;
    if fresh { Ok(thumbprint) } else { Err(REFUSED.into()) }
}

const REFUSED: TokenDenied =
    TokenDenied::Proof("The DPoP proof is malformed, for another request, too old, or was used before.");

/// How far from now a proof may have been made.
const VALID: Duration = Duration::from_secs(60);

/// The algorithms that a proof may have.
pub(crate) const ALGORITHMS: [Algorithm; 3] = [Algorithm::EdDsa, Algorithm::Es256, Algorithm::Es384];

/// The thumbprint of the key and the name of the proof, if it is one for this request and was made about now.
fn read(proof: &[u8], asked: &Asked<'_>, now: Timestamp) -> Option<(String, String)> {
    let unverified = Unverified::parse(std::str::from_utf8(proof).ok()?).ok()?;
    let header = unverified.header().ok()?;
    let key = PublicKey::from_jwk(header.jwk.as_ref()?)?;
    let known = ALGORITHMS.contains(&key.algorithm()) && Algorithm::named(&header.alg) == Some(key.algorithm());
    if header.typ.as_deref() != Some("dpop+jwt") || header.kid.is_some() || !known {
        return None;
    }
    let claims = Claims::parse(unverified.verified(&key)?).ok()?;
    let name = is_for(&claims, asked, now).ok()??;
    Some((key.thumbprint(), name))
}

fn is_for(claims: &Claims, asked: &Asked<'_>, now: Timestamp) -> Result<Option<String>, Malformed> {
    let made = claims.moment("iat")?.and_then(|secs| i64::try_from(secs).ok()).map(Timestamp::from_secs);
    let about_now = made.is_some_and(|made| made <= now.after(VALID) && now.since(made) <= VALID);
    // Without its query and its fragment (RFC 9449 section 4.2), whoever of the two has left them in.
    let url = claims.text("htu")?.map(|url| url.split(['?', '#']).next().unwrap_or_default());
    let hash = asked.token.map(|token| URL_SAFE_NO_PAD.encode(Sha256::digest(token.as_bytes())));
    let fits = about_now
        && claims.text("htm")? == Some(asked.method)
        && url == Some(asked.url)
        && claims.text("ath")? == hash.as_deref();
    let name = claims.text("jti")?.filter(|name| (8..=256).contains(&name.len()));
    Ok(name.filter(|_| fits).map(str::to_owned))
}
