//! What the keys of tokens promise to those who verify, and to those who run the service.

mod life;
mod sealed;

use std::time::Duration;

use doorward_verify::{Algorithm, KeySet, jws::Unverified};
use serde_json::json;

use super::{flow, rules::SigningKey};
use crate::{error::Fault, on_every_engine, operate, testing::TestApp};

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(86_400);

async fn sign(app: &TestApp, algorithm: Algorithm) -> Result<String, Fault> {
    flow::sign(app.doorward.context(), "at+jwt", algorithm, &json!({ "sub": "ann" })).await
}

/// A token by EdDSA.
async fn token(app: &TestApp) -> String {
    sign(app, Algorithm::EdDsa).await.unwrap()
}

/// Which key a token says that it is of.
fn kid(token: &str) -> String {
    Unverified::parse(token).unwrap().header().unwrap().kid.unwrap().into_owned()
}

/// Whether a token verifies with this set, as any service would find out.
fn in_set(set: &KeySet, token: &str) -> bool {
    let token = Unverified::parse(token).unwrap();
    let name = token.header().unwrap().kid.unwrap().into_owned();
    set.find(&name).is_some_and(|key| token.verified(key).is_some())
}

/// Whether a token verifies, here and with the set that is published.
async fn verifies(app: &TestApp, token: &str) -> bool {
    let here = in_set(&flow::key_set(app.doorward.context()).await.unwrap(), token);
    let published = app.visitor().get("/auth/oauth/jwks").await.text();
    assert_eq!(in_set(&KeySet::parse(&published).unwrap(), token), here, "{published}");
    here
}

async fn keep(app: &TestApp) {
    flow::keep(app.doorward.context()).await.unwrap();
    crate::features::purge(app.doorward.context()).await.unwrap();
}

async fn keys(app: &TestApp) -> Vec<SigningKey> {
    operate::signing_keys(&app.doorward).await.unwrap()
}

on_every_engine! {
    async fn a_token_verifies_with_the_published_key_of_its_name(app: TestApp) {
        for algorithm in [Algorithm::EdDsa, Algorithm::Es256] {
            let token = sign(&app, algorithm).await.unwrap();
            assert!(verifies(&app, &token).await);
            assert_eq!(kid(&token).len(), 16);
            assert_eq!(Unverified::parse(&token).unwrap().header().unwrap().alg, algorithm.name());
        }
        assert_eq!(app.count("signing_keys").await, 2);
        assert!(sign(&app, Algorithm::Rs256).await.is_err());
        assert_eq!(app.count("signing_keys").await, 2);
    }
}
