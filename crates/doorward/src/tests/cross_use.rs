//! Everything secret that we hand out, tried wherever something secret is asked for: each is worth something in its own place
//! and nothing in any other.

use std::net::SocketAddr;

use axum::{Router, http::Method, routing::get};
use doorward_core::{ApiKey, EmailAddress, Handled, SystemEntropy};
use doorward_verify::{Algorithm, jws};
use ed25519_dalek::{Signer, SigningKey};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::{
    Bearer, on_every_engine, operate, signing,
    testing::{
        Actor, PASSWORD, TestApp,
        relying::{BACK, RelyingParty, proof, text_of},
    },
};

crate::permissions! {
    Read = "members:read";
}

async fn api(_: Bearer<Read>) -> &'static str {
    "yes"
}

/// Everybody and everything that the grid needs.
struct Stage {
    app: TestApp,
    ann: Actor,
    /// An application's own route, for programs.
    api: SocketAddr,
    rp: RelyingParty,
    device: RelyingParty,
    service: RelyingParty,
    signer: RelyingParty,
    bound: RelyingParty,
}

const ANN: &str = "ann@example.com";

fn service(written: &mut operate::Registration) {
    written.grants = vec!["client_credentials".to_owned()];
    (written.scopes, written.redirect_uris, written.post_logout_redirect_uris) = Default::default();
}

fn key() -> SigningKey {
    SigningKey::from_bytes(&[9; 32])
}

impl Stage {
    async fn set(app: TestApp) -> Self {
        let ann = app.account(ANN).await;
        app.tenant("acme", ann).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let there = listener.local_addr().unwrap();
        let routes = app.doorward.protect(Router::new().route("/api", get(api)));
        let server = routes.into_make_service_with_connect_info::<SocketAddr>();
        tokio::spawn(async move { axum::serve(listener, server).await });
        let mut jwk = doorward_verify::PublicKey::ed25519(key().verifying_key().as_bytes()).unwrap().to_jwk();
        jwk["kid"] = "own".into();
        let keys = json!({ "keys": [jwk] }).to_string();
        Self {
            rp: RelyingParty::registered(&app, "rp", |_| {}).await,
            device: RelyingParty::registered(&app, "device", |written| {
                service(written);
                written.grants = vec!["urn:ietf:params:oauth:grant-type:device_code".to_owned()];
                written.scopes = vec!["openid".to_owned()];
            })
            .await,
            service: RelyingParty::registered(&app, "service", service).await,
            signer: RelyingParty::registered(&app, "signer", |written| {
                service(written);
                (written.authentication, written.keys) = ("private_key_jwt".to_owned(), keys);
            })
            .await,
            bound: RelyingParty::registered(&app, "bound", |written| {
                service(written);
                written.demands_dpop = true;
            })
            .await,
            ann: app.logged_in(ANN).await,
            api: there,
            app,
        }
    }

    /// One of everything, by its name.
    async fn kinds(&mut self) -> Vec<(&'static str, String)> {
        let mut kinds = Vec::new();
        let csrf = self.ann.csrf_token().await;
        let form = self.ann.form_token().await;
        kinds.extend([("csrf token", csrf), ("form's csrf token", form)]);
        for (name, cookie) in
            [("session cookie", "dev-session"), ("form cookie", "dev-form"), ("device mark", "dev-device")]
        {
            kinds.push((name, self.ann.cookies[cookie].clone()));
        }
        kinds.extend(self.links().await);
        kinds.extend(self.of_oauth().await);
        kinds.push(("API key", Handled::<ApiKey>::mint(&SystemEntropy).reveal()));
        kinds
    }

    /// The tokens of letters.
    async fn links(&mut self) -> Vec<(&'static str, String)> {
        let app = &self.app;
        let mut visitor = app.visitor();
        assert_eq!(self.ann.post("/auth/email/change", &[("email", "ann@new.example")]).await.status, 202);
        let change = app.token_for("ann@new.example").await;
        visitor.post("/auth/password/forgot", &[("email", ANN)]).await;
        let reset = app.token_for(ANN).await;
        visitor.post("/auth/signup", &[("email", "bob@example.com"), ("password", PASSWORD)]).await;
        let signup = app.token_for("bob@example.com").await;
        let beta = app.tenant("beta", app.account("cy@example.com").await).await;
        let ann = EmailAddress::parse(ANN).unwrap();
        operate::invite_member(&app.doorward, beta, &ann, vec!["member".parse().unwrap()]).await.unwrap();
        let invitation = app.token_for(ANN).await;
        vec![("email change", change), ("reset", reset), ("signup", signup), ("invitation", invitation)]
    }

    async fn of_oauth(&mut self) -> Vec<(&'static str, String)> {
        let cx = self.app.doorward.context();
        let now = self.app.now().as_secs();
        let parts = [("scope", "openid members:read"), ("tenant", "acme")];
        let tokens = self.rp.tokens_for(&mut self.ann, &parts).await;
        let access = text_of(&tokens, "access_token");
        // The claims of a good access token under the kinds of other tokens: nothing but the kind says no.
        let payload = base64::Engine::decode(
            &base64::engine::general_purpose::URL_SAFE_NO_PAD,
            access.split('.').nth(1).unwrap(),
        );
        let claims: Value = serde_json::from_slice(&payload.unwrap()).unwrap();
        let disguised = signing::sign(cx, "JWT", Algorithm::EdDsa, &claims).await.unwrap();
        let logout = signing::sign(cx, "logout+jwt", Algorithm::EdDsa, &claims).await.unwrap();
        let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
        let pushed = [
            ("response_type", "code"),
            ("redirect_uri", BACK),
            ("code_challenge", challenge),
            ("code_challenge_method", "S256"),
        ];
        let pushed = self.rp.asks("/auth/oauth/par", &pushed).await.json();
        let device = self.device.asks("/auth/oauth/device", &[]).await.json();
        let user_code = text_of(&device, "user_code");
        let (code, decided) =
            ([("user_code", user_code.as_str())], [("user_code", user_code.as_str()), ("decision", "allow")]);
        assert_eq!(self.ann.post("/auth/device", &code).await.status, 200);
        let answer = self.ann.post("/auth/device/decide", &decided).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let token_endpoint = format!("{}/auth/oauth/token", self.app.origin());
        let about = json!({ "iss": "signer", "sub": "signer", "aud": token_endpoint, "exp": now + 60, "iat": now, "jti": "the only one" });
        let assertion =
            jws::compact(("JWT", Algorithm::EdDsa, "own"), &about, |message| key().sign(message).to_bytes().to_vec());
        vec![
            ("authorization code", self.rp.code(&mut self.ann, &parts).await),
            ("pushed request", text_of(&pushed, "request_uri").rsplit(':').next().unwrap().to_owned()),
            ("device code", text_of(&device, "device_code")),
            ("user code", user_code),
            ("access token", access),
            ("refresh token", text_of(&tokens, "refresh_token")),
            ("ID token", text_of(&tokens, "id_token")),
            ("disguised ID token", disguised),
            ("logout token", logout),
            ("client secret", self.service.secret.clone()),
            ("client assertion", assertion.unwrap()),
            ("DPoP proof", proof(&key(), ("POST", &token_endpoint, "the only proof"), None, now)),
        ]
    }

    /// Tries a value in a place; whether it was taken for what is asked for there.
    async fn takes(&self, place: &str, value: &str) -> bool {
        let mut visitor = self.app.visitor();
        let status = async |rp: &RelyingParty, form: &[(&str, &str)]| rp.asks("/auth/oauth/token", form).await.status;
        match place {
            "a route of programs" => {
                let mut program = Actor::new(self.api, self.app.origin());
                program.set_header("authorization", &format!("Bearer {value}"));
                program.get("/api").await.status == 200
            }
            "userinfo" => {
                visitor.set_header("authorization", &format!("Bearer {value}"));
                visitor.get("/auth/oauth/userinfo").await.status == 200
            }
            "the cookie of a session" => {
                visitor.cookies.insert("dev-session".to_owned(), value.to_owned());
                visitor.is_signed_in().await
            }
            "the token of a form" => {
                let name = [("display_name", "Ann")];
                self.ann.clone().post_with(value, "/auth/account/profile", &name).await.status == 200
            }
            "introspection" => {
                self.rp.asks("/auth/oauth/introspect", &[("token", value)]).await.json()["active"] == true
            }
            "a renewal" => status(&self.rp, &[("grant_type", "refresh_token"), ("refresh_token", value)]).await == 200,
            "an exchange" => self.rp.exchanges(value).await.status == 200,
            "a device's question" => {
                let grant = "urn:ietf:params:oauth:grant-type:device_code";
                status(&self.device, &[("grant_type", grant), ("device_code", value)]).await == 200
            }
            "a request that was pushed" => {
                let uri = format!("urn:ietf:params:oauth:request_uri:{value}");
                let query =
                    url::form_urlencoded::Serializer::new(String::new()).append_pair("request_uri", &uri).finish();
                let answer = self.ann.clone().get(&format!("/auth/oauth/authorize?client_id=rp&{query}")).await;
                answer.json()["redirect_to"].is_string()
            }
            "a client's secret" => {
                let form = [("client_id", "service"), ("client_secret", value), ("grant_type", "client_credentials")];
                visitor.post_with("", "/auth/oauth/token", &form).await.status == 200
            }
            "a client's assertion" => {
                let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
                let form = [
                    ("grant_type", "client_credentials"),
                    ("client_assertion", value),
                    ("client_assertion_type", kind),
                ];
                status(&self.signer, &form).await == 200
            }
            "a proof of possession" => {
                visitor.set_header("dpop", value);
                let form = [
                    ("client_id", "bound"),
                    ("client_secret", self.bound.secret.as_str()),
                    ("grant_type", "client_credentials"),
                ];
                visitor.post_with("", "/auth/oauth/token", &form).await.status == 200
            }
            link => {
                let path = format!("{link}?token={value}");
                self.ann.clone().send(Method::GET, &path, "", None).await.status == 200
            }
        }
    }
}

/// Each place with what it is for. A link is looked at, which spends nothing.
const PLACES: [(&str, &[&str]); 16] = [
    ("a route of programs", &["access token"]),
    ("userinfo", &["access token"]),
    ("the cookie of a session", &["session cookie"]),
    ("the token of a form", &["csrf token"]),
    ("introspection", &["access token", "refresh token"]),
    ("/auth/password/reset", &["reset"]),
    ("/auth/email/verify", &["signup"]),
    ("/auth/email/confirm", &["email change"]),
    ("/auth/invitations/accept", &["invitation"]),
    ("a renewal", &["refresh token"]),
    ("an exchange", &["authorization code"]),
    ("a device's question", &["device code"]),
    ("a request that was pushed", &["pushed request"]),
    ("a client's secret", &["client secret"]),
    ("a client's assertion", &["client assertion"]),
    ("a proof of possession", &["DPoP proof"]),
];

on_every_engine! {
    /// Row J-17.
    ///
    /// Promise: `tokens/kinds-apart`, `guard/no-cookie-for-programs`, `openid/no-key`
    async fn what_is_for_one_place_is_worth_nothing_in_another(app: TestApp) {
        let mut stage = Stage::set(app).await;
        let kinds = stage.kinds().await;
        for (place, own) in PLACES {
            for (kind, value) in kinds.iter().filter(|(kind, _)| !own.contains(kind)) {
                assert!(!stage.takes(place, value).await, "{place} takes a {kind}");
            }
        }
        // None of that has spent anything: each is taken where it belongs.
        for (place, own) in PLACES {
            for (kind, value) in kinds.iter().filter(|(kind, _)| own.contains(kind)) {
                assert!(stage.takes(place, value).await, "{place} does not take a {kind}");
            }
        }
    }
}
