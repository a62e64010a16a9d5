use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256, Sha512};

use super::*;

async fn claims(app: &TestApp, answer: &Value) -> Value {
    claims_of(app, &text_of(answer, "id_token"), "JWT").await
}

fn names(claims: &Value) -> Vec<&str> {
    claims.as_object().unwrap().keys().map(String::as_str).collect()
}

on_every_engine! {
    /// Promise: `openid/id-token`
    async fn without_the_scope_there_is_no_id_token(app: TestApp) {
        let (rp, mut ann) = (RelyingParty::registered(&app, "rp", |_| {}).await, app.person(ANN).await);
        for scope in ["profile", "email", "profile email offline_access"] {
            assert!(rp.tokens(&mut ann, scope).await["id_token"].is_null(), "{scope}");
        }
        let service = RelyingParty::registered(&app, "service", |written| {
            written.grants = vec!["client_credentials".to_owned()];
            (written.scopes, written.redirect_uris, written.post_logout_redirect_uris) = Default::default();
        }).await;
        let answer = service.asks("/auth/oauth/token", &[("grant_type", "client_credentials")]).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert!(answer.json()["id_token"].is_null());
    }

    /// Promise: `openid/id-token`
    async fn a_renewal_brings_no_id_token(app: TestApp) {
        let (rp, mut ann) = (RelyingParty::registered(&app, "rp", |_| {}).await, app.person(ANN).await);
        let refresh = text_of(&rp.tokens(&mut ann, "openid").await, "refresh_token");
        let answer = rp.asks("/auth/oauth/token", &[("grant_type", "refresh_token"), ("refresh_token", &refresh)]).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert!(answer.json()["id_token"].is_null());
    }

    /// Promise: `openid/id-token`
    async fn an_id_token_is_for_its_client_and_says_what_the_scopes_let_it(app: TestApp) {
        let (rp, mut ann) = (RelyingParty::registered(&app, "rp", |_| {}).await, app.person(ANN).await);
        assert_eq!(ann.post("/auth/account/profile", &[("display_name", "Ann")]).await.status, 200);
        let account = ann.get("/auth/session").await.json()["account"]["id"].clone();
        let now = app.now().as_secs();
        let answer = rp.tokens_for(&mut ann, &[("scope", "openid"), ("nonce", "a nonce & more")]).await;
        let bare = claims(&app, &answer).await;
        assert_eq!(names(&bare), ["at_hash", "aud", "auth_time", "exp", "iat", "iss", "nonce", "sub"]);
        assert_eq!(bare["iss"], format!("{}/auth", app.origin()));
        assert_eq!((&bare["aud"], &bare["sub"]), (&json!("rp"), &account));
        assert_eq!((&bare["iat"], &bare["exp"], &bare["auth_time"]), (&json!(now), &json!(now + 300), &json!(now)));
        assert_eq!(bare["nonce"], "a nonce & more");
        let hash = Sha512::digest(text_of(&answer, "access_token"));
        assert_eq!(bare["at_hash"], URL_SAFE_NO_PAD.encode(&hash[..32]));
        let with_email = claims(&app, &rp.tokens(&mut ann, "openid email").await).await;
        assert_eq!((&with_email["email"], &with_email["email_verified"]), (&json!(ANN), &json!(true)));
        assert!(with_email["name"].is_null() && with_email["nonce"].is_null());
        let with_name = claims(&app, &rp.tokens(&mut ann, "openid profile").await).await;
        assert_eq!(with_name["name"], "Ann");
        assert!(with_name["email"].is_null() && with_name["email_verified"].is_null());
    }

    /// Promise: `openid/id-token`
    async fn it_is_signed_by_the_algorithm_of_its_client(app: TestApp) {
        let rp = RelyingParty::registered(&app, "rp", |written| written.algorithm = "ES256".to_owned()).await;
        let answer = rp.tokens(&mut app.person(ANN).await, "openid").await;
        let claims = claims(&app, &answer).await;
        let hash = Sha256::digest(text_of(&answer, "access_token"));
        assert_eq!(claims["at_hash"], URL_SAFE_NO_PAD.encode(&hash[..16]));
        let header = URL_SAFE_NO_PAD.decode(text_of(&answer, "id_token").split('.').next().unwrap()).unwrap();
        assert_eq!(serde_json::from_slice::<Value>(&header).unwrap()["alg"], "ES256");
    }

    /// Row J-17.
    ///
    /// Promise: `openid/no-key`
    async fn an_id_token_opens_nothing(app: TestApp) {
        let (rp, mut ann) = (RelyingParty::registered(&app, "rp", |_| {}).await, app.person(ANN).await);
        let token = text_of(&rp.tokens(&mut ann, "openid email").await, "id_token");
        assert_eq!(shows(&app, "/auth/oauth/userinfo", "Bearer", &token).await.status, 401);
        let answer = rp.asks("/auth/oauth/introspect", &[("token", &token)]).await;
        assert_eq!(answer.json(), json!({ "active": false }));
        let mut thief = app.visitor();
        thief.cookies.insert("dev-session".to_owned(), token);
        assert!(!thief.is_signed_in().await);
    }

    /// Promise: `openid/no-key`
    async fn each_client_knows_a_session_by_a_name_of_its_own(app: TestApp) {
        let told = |written: &mut operate::Registration| written.backchannel_logout_uri = "http://127.0.0.1:9/".to_owned();
        let (one, other) = (RelyingParty::registered(&app, "one", told).await, RelyingParty::registered(&app, "other", told).await);
        let silent = RelyingParty::registered(&app, "silent", |_| {}).await;
        let (mut ann, mut again) = (app.person(ANN).await, app.logged_in(ANN).await);
        let first = claims(&app, &one.tokens(&mut ann, "openid").await).await["sid"].clone();
        assert_eq!(first.as_str().unwrap().len(), 22);
        assert_eq!(claims(&app, &one.tokens(&mut ann, "openid").await).await["sid"], first, "it is one session");
        assert_ne!(claims(&app, &other.tokens(&mut ann, "openid").await).await["sid"], first);
        assert_ne!(claims(&app, &one.tokens(&mut again, "openid").await).await["sid"], first);
        assert!(claims(&app, &silent.tokens(&mut ann, "openid").await).await["sid"].is_null());
        assert_eq!(app.count("client_logins").await, 3);
        let own = ann.get("/auth/session").await.json()["session"]["id"].as_str().unwrap().to_owned();
        assert!(!first.as_str().unwrap().contains(&own));
    }
}
