use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicU16, Ordering},
};

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode, Uri},
    response::IntoResponse,
};
use doorward_core::{AccountId, EmailAddress};
use tokio::net::TcpListener;

use super::{
    super::backchannel::{Round, tell},
    *,
};

/// A client's server: what it was told, and with which status it answers.
#[derive(Clone)]
struct Receiver {
    uri: String,
    heard: Arc<Mutex<Vec<(String, String)>>>,
    status: Arc<AtomicU16>,
}

impl Receiver {
    async fn started() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let uri = format!("http://{}/told?of=logouts", listener.local_addr().unwrap());
        let receiver = Self { uri, heard: Arc::default(), status: Arc::new(AtomicU16::new(200)) };
        let service = Router::new().fallback(hear).with_state(receiver.clone());
        tokio::spawn(async move { axum::serve(listener, service).await });
        receiver
    }

    fn answers(&self, status: u16) {
        self.status.store(status, Ordering::Relaxed);
    }

    /// What was heard since this was last asked: where, and what.
    fn heard(&self) -> Vec<(String, String)> {
        std::mem::take(&mut self.heard.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The one logout token that was heard.
    fn token(&self) -> String {
        let heard = self.heard();
        let [(path, body)] = heard.as_slice() else { panic!("told once: {heard:?}") };
        assert_eq!(path, "/told?of=logouts");
        body.strip_prefix("logout_token=").expect("it is the only field").to_owned()
    }
}

async fn hear(State(receiver): State<Receiver>, uri: Uri, headers: HeaderMap, body: String) -> impl IntoResponse {
    assert_eq!(headers["content-type"], "application/x-www-form-urlencoded");
    receiver.heard.lock().unwrap().push((uri.to_string(), body));
    let status = StatusCode::from_u16(receiver.status.load(Ordering::Relaxed)).unwrap();
    // A client that would have us read for ever, or go elsewhere.
    (status, [("location", "/elsewhere")], "x".repeat(1 << 20))
}

async fn tells(app: &TestApp) -> usize {
    tell(app.doorward.context(), &mut Round::default()).await.unwrap()
}

async fn listening(app: &TestApp, id: &str) -> (RelyingParty, Receiver) {
    let receiver = Receiver::started().await;
    let uri = receiver.uri.clone();
    (RelyingParty::registered(app, id, |written| written.backchannel_logout_uri = uri).await, receiver)
}

async fn sid(app: &TestApp, rp: &RelyingParty, person: &mut Actor) -> Value {
    claims_of(app, &text_of(&rp.tokens(person, "openid").await, "id_token"), "JWT").await["sid"].clone()
}

async fn id_of(app: &TestApp) -> AccountId {
    app.doorward.account_of(&EmailAddress::parse(ANN).unwrap()).await.unwrap().unwrap()
}

on_every_engine! {
    /// Promise: `openid/told`
    async fn while_a_session_lives_nobody_is_told(app: TestApp) {
        let (rp, receiver) = listening(&app, "rp").await;
        let mut ann = app.person(ANN).await;
        sid(&app, &rp, &mut ann).await;
        for _ in 0..3 {
            assert_eq!(tells(&app).await, 0);
            app.wait(Duration::from_secs(1800));
            assert!(ann.is_signed_in().await);
        }
        assert!(receiver.heard().is_empty());
        assert_eq!(app.count("client_logins").await, 1);
    }

    /// Promise: `openid/told`
    async fn a_client_is_told_which_session_of_whom_is_over(app: TestApp) {
        let (rp, receiver) = listening(&app, "rp").await;
        let (mut ann, mut elsewhere) = (app.person(ANN).await, app.logged_in(ANN).await);
        let (ended, lives) = (sid(&app, &rp, &mut ann).await, sid(&app, &rp, &mut elsewhere).await);
        assert_ne!(ended, lives);
        let now = app.now().as_secs();
        ann.post("/auth/logout", &[]).await;
        assert_eq!(tells(&app).await, 1);
        let token = receiver.token();
        let claims = claims_of(&app, &token, "logout+jwt").await;
        let expected = json!({
            "iss": format!("{}/auth", app.origin()), "aud": "rp", "sub": id_of(&app).await.to_string(), "sid": ended,
            "iat": now, "exp": now + 120, "jti": claims["jti"],
            "events": { "http://schemas.openid.net/event/backchannel-logout": {} },
        });
        assert_eq!(claims, expected, "and no nonce");
        assert_eq!(tells(&app).await, 0, "once");
        assert!(receiver.heard().is_empty() && elsewhere.is_signed_in().await);
        assert_eq!(app.count("client_logins").await, 1);
    }

    /// Promise: `openid/told`
    async fn however_a_session_ends_its_clients_are_told(app: TestApp) {
        let (rp, receiver) = listening(&app, "rp").await;
        let (other, other_receiver) = listening(&app, "other").await;
        app.account(ANN).await;
        for way in ["revoked", "others", "everywhere", "confirmed", "operator", "everything", "idle", "expired", "disabled", "deleted"] {
            let (mut ann, mut elsewhere) = (app.logged_in(ANN).await, app.logged_in(ANN).await);
            let sid = sid(&app, &rp, &mut ann).await;
            other.tokens(&mut ann, "openid").await;
            let name = ann.get("/auth/session").await.json()["session"]["id"].as_str().unwrap().to_owned();
            assert_eq!(tells(&app).await, 0, "{way}");
            match way {
                "revoked" => _ = elsewhere.post(&format!("/auth/sessions/{name}/revoke"), &[]).await,
                "others" => _ = elsewhere.post("/auth/sessions/revoke-others", &[]).await,
                "everywhere" => _ = elsewhere.post("/auth/logout/everywhere", &[]).await,
                "confirmed" => _ = ann.post("/auth/oauth/logout/confirm", &[]).await,
                "operator" => _ = operate::revoke_all_of(&app.doorward, id_of(&app).await).await.unwrap(),
                "everything" => _ = operate::revoke_everything(&app.doorward).await.unwrap(),
                "idle" => app.wait(app.settings.sessions.idle),
                "expired" => {
                    app.wait(app.settings.sessions.absolute);
                    crate::features::purge(app.doorward.context()).await.unwrap();
                }
                "disabled" => {
                    operate::disable(&app.doorward, id_of(&app).await).await.unwrap();
                    operate::enable(&app.doorward, id_of(&app).await).await.unwrap();
                }
                _ => _ = operate::delete(&app.doorward, id_of(&app).await).await.unwrap(),
            }
            assert_eq!(tells(&app).await, 2, "{way}");
            assert_eq!(claims_of(&app, &receiver.token(), "logout+jwt").await["sid"], sid, "{way}");
            assert_eq!(claims_of(&app, &other_receiver.token(), "logout+jwt").await["aud"], "other", "{way}");
        }
        assert_eq!(app.count("client_logins").await, 0);
    }

    /// Row J-17.
    ///
    /// Promise: `openid/no-key`
    async fn a_logout_token_opens_nothing(app: TestApp) {
        let (rp, receiver) = listening(&app, "rp").await;
        let mut ann = app.person(ANN).await;
        rp.tokens(&mut ann, "openid").await;
        ann.post("/auth/logout", &[]).await;
        tells(&app).await;
        let token = receiver.token();
        assert_eq!(shows(&app, "/auth/oauth/userinfo", "Bearer", &token).await.status, 401);
        assert_eq!(rp.asks("/auth/oauth/introspect", &[("token", &token)]).await.json(), json!({ "active": false }));
        let hinted = app.visitor().get(&format!("/auth/oauth/logout?id_token_hint={token}&post_logout_redirect_uri={BYE}")).await;
        assert_eq!(hinted.json()["redirect_to"], Value::Null, "it is no hint");
    }

    /// Promise: `openid/told-again`
    async fn a_client_that_does_not_take_it_is_told_again_a_few_times(app: TestApp) {
        let (rp, receiver) = listening(&app, "rp").await;
        let mut ann = app.person(ANN).await;
        rp.tokens(&mut ann, "openid").await;
        ann.post("/auth/logout", &[]).await;
        // A redirect is no yes, and nobody follows it.
        receiver.answers(307);
        let mut names = std::collections::BTreeSet::new();
        for (tried, wait) in [10, 60, 300, 1800, 0].into_iter().enumerate() {
            assert_eq!(tells(&app).await, 1, "try {tried}");
            let claims = claims_of(&app, &receiver.token(), "logout+jwt").await;
            assert_eq!(claims["iat"], app.now().as_secs(), "it is a new token each time");
            names.insert(claims["jti"].to_string());
            app.wait(Duration::from_secs(u64::saturating_sub(wait, 1)));
            assert_eq!(tells(&app).await, 0, "not sooner");
            app.wait(Duration::from_secs(1));
        }
        assert_eq!(names.len(), 5);
        assert_eq!((tells(&app).await, app.count("client_logins").await), (0, 0), "the client is given up");
        let mut ann = app.logged_in(ANN).await;
        rp.tokens(&mut ann, "openid").await;
        ann.post("/auth/logout", &[]).await;
        receiver.answers(503);
        assert_eq!(tells(&app).await, 1);
        receiver.answers(204);
        app.wait(Duration::from_secs(10));
        assert_eq!((tells(&app).await, app.count("client_logins").await), (1, 0));
        assert_eq!(receiver.heard().len(), 2);
    }

    /// Promise: `openid/told-again`
    async fn a_client_that_hangs_holds_up_nobody(app: TestApp) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let uri = format!("http://{}/", listener.local_addr().unwrap());
        let hanging = RelyingParty::registered(&app, "hanging", |written| written.backchannel_logout_uri = uri).await;
        let (rp, receiver) = listening(&app, "rp").await;
        let mut ann = app.person(ANN).await;
        hanging.tokens(&mut ann, "openid").await;
        rp.tokens(&mut ann, "openid").await;
        ann.post("/auth/logout", &[]).await;
        let telling = tells(&app);
        tokio::pin!(telling);
        let quick = tokio::time::timeout(Duration::from_secs(4), &mut telling).await;
        assert!(quick.is_err(), "the one that hangs is waited for");
        receiver.token();
        assert_eq!(telling.await, 2);
        assert_eq!(app.count("client_logins").await, 1);
    }

    /// Promise: `openid/told`
    async fn two_nodes_tell_a_client_once(app: TestApp) {
        let (rp, receiver) = listening(&app, "rp").await;
        let other = app.another().await;
        for number in 0..5 {
            let mut person = app.person(&format!("person{number}@example.com")).await;
            rp.tokens(&mut person, "openid").await;
            person.post("/auth/logout", &[]).await;
        }
        let (one, two) = tokio::join!(tells(&app), tells(&other));
        assert_eq!((one + two, receiver.heard().len()), (5, 5));
    }

    /// Promise: `openid/told`
    async fn a_client_that_is_gone_is_not_told(app: TestApp) {
        let (rp, receiver) = listening(&app, "rp").await;
        let mut ann = app.person(ANN).await;
        rp.tokens(&mut ann, "openid").await;
        operate::disable_client(&app.doorward, &"rp".parse().unwrap()).await.unwrap();
        ann.post("/auth/logout", &[]).await;
        tells(&app).await;
        assert_eq!((receiver.heard(), app.count("client_logins").await), (Vec::new(), 0));
        operate::enable_client(&app.doorward, &"rp".parse().unwrap()).await.unwrap();
        let mut ann = app.logged_in(ANN).await;
        rp.tokens(&mut ann, "openid").await;
        operate::delete_client(&app.doorward, &"rp".parse().unwrap()).await.unwrap();
        assert_eq!(app.count("client_logins").await, 0);
    }
}
