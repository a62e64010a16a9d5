use axum::http::Method;
use ed25519_dalek::SigningKey;

use super::*;
use crate::testing::relying::proof;

const USERINFO: &str = "/auth/oauth/userinfo";

/// Status, error, and what the client is told to bring.
async fn asked(app: &TestApp, scheme: &str, token: &str) -> (u16, String, String) {
    let answer = shows(app, USERINFO, scheme, token).await;
    let error = answer.json()["error"].as_str().unwrap_or_default().to_owned();
    (answer.status, error, answer.header("www-authenticate").to_owned())
}

fn invalid() -> (u16, String, String) {
    (401, "invalid_token".to_owned(), "Bearer error=\"invalid_token\"".to_owned())
}

on_every_engine! {
    /// Promise: `openid/userinfo`
    async fn without_a_token_that_holds_nothing_is_told(app: TestApp) {
        let (rp, mut ann) = (RelyingParty::registered(&app, "rp", |_| {}).await, app.person(ANN).await);
        let answer = ann.get(USERINFO).await;
        assert_eq!(answer.status, 401, "a session is no token");
        assert_eq!(answer.header("www-authenticate"), "Bearer, DPoP algs=\"EdDSA Ed25519 ES256 ES384\"");
        let token = text_of(&rp.tokens(&mut ann, "openid").await, "access_token");
        for garbage in ["", "x", "..", "a.b.c", &token[1..], &format!("{token}A"), &token.to_lowercase()] {
            let (status, ..) = asked(&app, "Bearer", garbage).await;
            assert_eq!(status, 401, "{garbage}");
        }
        assert_eq!(asked(&app, "Basic", &token).await.0, 401);
        assert_eq!(asked(&app, "DPoP", &token).await.0, 401, "it is bound to no key");
        let in_query = app.visitor().get(&format!("{USERINFO}?access_token={token}")).await;
        assert_eq!(in_query.status, 401, "an address is written into logs");
        let mut twice = app.visitor();
        twice.headers.extend([("authorization", format!("Bearer {token}")), ("authorization", format!("Bearer {token}"))]);
        assert_eq!(twice.get(USERINFO).await.status, 400);
        let without = text_of(&rp.tokens(&mut ann, "profile email").await, "access_token");
        let expected = (403, "insufficient_scope".to_owned(), "Bearer error=\"insufficient_scope\", scope=\"openid\"".to_owned());
        assert_eq!(asked(&app, "Bearer", &without).await, expected);
        assert_eq!(asked(&app, "Bearer", &token).await.0, 200);
    }

    /// Row J-19.
    ///
    /// Promise: `openid/userinfo`
    async fn a_token_that_does_not_hold_any_more_is_refused(app: TestApp) {
        let rp = RelyingParty::registered(&app, "rp", |_| {}).await;
        let mut ann = app.person(ANN).await;
        let over = text_of(&rp.tokens(&mut ann, "openid").await, "access_token");
        app.wait(Duration::from_secs(306));
        assert_eq!(asked(&app, "Bearer", &over).await, invalid());
        let revoked = text_of(&rp.tokens(&mut ann, "openid").await, "access_token");
        assert_eq!(rp.asks("/auth/oauth/revoke", &[("token", &revoked)]).await.status, 200);
        assert_eq!(asked(&app, "Bearer", &revoked).await, invalid());
        let orphaned = text_of(&rp.tokens(&mut ann, "openid").await, "access_token");
        assert_eq!(asked(&app, "Bearer", &orphaned).await.0, 200);
        let account = app.doorward.account_of(&doorward_core::EmailAddress::parse(ANN).unwrap()).await.unwrap().unwrap();
        operate::disable(&app.doorward, account).await.unwrap();
        assert_eq!(asked(&app, "Bearer", &orphaned).await, invalid());
    }

    /// Promise: `openid/userinfo`
    async fn it_tells_what_holds_now_and_the_scopes_let_it(app: TestApp) {
        let (rp, mut ann) = (RelyingParty::registered(&app, "rp", |_| {}).await, app.person(ANN).await);
        let id = ann.get("/auth/session").await.json()["account"]["id"].clone();
        let tell = async |token: &str| shows(&app, USERINFO, "Bearer", token).await.json();
        let bare = text_of(&rp.tokens(&mut ann, "openid").await, "access_token");
        assert_eq!(tell(&bare).await, json!({ "sub": id }));
        let full = text_of(&rp.tokens(&mut ann, "openid profile email").await, "access_token");
        let mut expected = json!({ "sub": id, "email": ANN, "email_verified": true });
        assert_eq!(tell(&full).await, expected, "who has no name has none");
        assert_eq!(ann.post("/auth/account/profile", &[("display_name", "Ann")]).await.status, 200);
        expected["name"] = "Ann".into();
        assert_eq!(tell(&full).await, expected);
        let mut program = app.visitor();
        program.set_header("authorization", &format!("bearer {full}"));
        let answer = program.send(Method::POST, USERINFO, "", None).await;
        assert_eq!((answer.status, answer.json()), (200, expected));
        assert_eq!(answer.header("cache-control"), "no-store");
    }

    /// Promise: `openid/userinfo`
    async fn a_bound_token_is_worth_nothing_without_its_key(app: TestApp) {
        let (rp, mut ann) = (RelyingParty::registered(&app, "rp", |_| {}).await, app.person(ANN).await);
        let (own, other) = (SigningKey::from_bytes(&[5; 32]), SigningKey::from_bytes(&[6; 32]));
        let now = app.now().as_secs();
        let at = format!("{}/auth/oauth/token", app.origin());
        let code = rp.code(&mut ann, &[("scope", "openid")]).await;
        let answer = rp.exchanges_with(&code, &proof(&own, ("POST", &at, "proof number one"), None, now)).await;
        assert_eq!((answer.status, answer.json()["token_type"].as_str()), (200, Some("DPoP")), "{}", answer.text());
        let token = text_of(&answer.json(), "access_token");
        let here = format!("{}{USERINFO}", app.origin());
        let show = async |scheme: &str, proof: &str| {
            let mut program = app.visitor();
            program.set_header("authorization", &format!("{scheme} {token}"));
            if !proof.is_empty() {
                program.set_header("dpop", proof);
            }
            program.get(USERINFO).await.status
        };
        let good = proof(&own, ("GET", &here, "proof number two"), Some(&token), now);
        assert_eq!(show("Bearer", "").await, 401);
        assert_eq!(show("Bearer", &good).await, 401);
        assert_eq!(show("DPoP", "").await, 401);
        assert_eq!(show("DPoP", &proof(&other, ("GET", &here, "proof number 3"), Some(&token), now)).await, 401, "another key");
        assert_eq!(show("DPoP", &proof(&own, ("POST", &here, "proof number 4"), Some(&token), now)).await, 401, "another method");
        assert_eq!(show("DPoP", &proof(&own, ("GET", &at, "proof number 5"), Some(&token), now)).await, 401, "another address");
        assert_eq!(show("DPoP", &proof(&own, ("GET", &here, "proof number 6"), None, now)).await, 401, "no token in it");
        assert_eq!(show("DPoP", &good).await, 200);
        assert_eq!(show("DPoP", &good).await, 401, "once");
    }
}
