//! Programs that ask for tokens, and people who let them in.

use axum::http::Method;
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use doorward_core::{ClientId, TenantId};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{Actor, Answer, TestApp};
use crate::operate::{self, Registration};

/// A registered client.
#[derive(Clone)]
pub(crate) struct Program {
    pub(crate) id: String,
    pub(crate) secret: Option<String>,
    pub(crate) redirect_uri: String,
    /// The proof of possession that goes with the next request.
    pub(crate) dpop: Option<String>,
}

/// What every program here proves a code with.
pub(crate) const VERIFIER: &str = "a-verifier-of-more-than-forty-three-letters-0123456789";

const FORM: &str = "application/x-www-form-urlencoded";

impl Program {
    /// Registers a client.
    pub(crate) async fn registered(app: &TestApp, written: Registration) -> Self {
        let redirect_uri = written.redirect_uris.first().cloned().unwrap_or_default();
        let made = operate::register_client(&app.doorward, &written).await.expect("a test's client can be registered");
        let secret = made.secret.map(operate::ClientSecretText::reveal);
        Self { id: made.client.id.to_string(), secret, redirect_uri, dpop: None }
    }

    /// An application on a server, which keeps a secret.
    pub(crate) async fn web(app: &TestApp) -> Self {
        Self::registered(app, web()).await
    }

    /// An application on people's own machines, which keeps none.
    pub(crate) async fn native(app: &TestApp) -> Self {
        Self::registered(app, native()).await
    }

    /// A service of a tenant, which acts for itself.
    pub(crate) async fn service(app: &TestApp, tenant: TenantId) -> Self {
        let written = Registration {
            id: "service".to_owned(),
            name: "The service".to_owned(),
            authentication: "secret".to_owned(),
            grants: texts(&["client_credentials"]),
            scopes: texts(&["tenant:read", "members:read"]),
            tenant: Some(tenant),
            ..Registration::default()
        };
        Self::registered(app, written).await
    }

    pub(crate) fn name(&self) -> ClientId {
        self.id.parse().expect("it was registered")
    }

    /// The parameters with which it sends a person to us; `more` replaces those of the same name, and an empty one takes it out.
    pub(crate) fn request(&self, more: &[(&str, &str)]) -> Vec<(String, String)> {
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER));
        let usual = [
            ("response_type", "code"),
            ("client_id", &self.id),
            ("redirect_uri", &self.redirect_uri),
            ("state", "a state"),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ];
        let kept = usual.into_iter().filter(|(name, _)| !more.iter().any(|(other, _)| other == name));
        let all = kept.chain(more.iter().copied()).filter(|(_, value)| !value.is_empty());
        all.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    /// Sends a person to us.
    pub(crate) async fn ask(&self, person: &mut Actor, more: &[(&str, &str)]) -> Answer {
        let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(self.request(more)).finish();
        person.get(&format!("/auth/oauth/authorize?{query}")).await
    }

    /// The person's decision.
    pub(crate) async fn decided(&self, person: &mut Actor, decision: &str, more: &[(&str, &str)]) -> Answer {
        let mut form = self.request(more);
        form.push(("decision".to_owned(), decision.to_owned()));
        let form: Vec<_> = form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        person.post("/auth/oauth/authorize", &form).await
    }

    /// The person lets it in; the code that comes of it.
    pub(crate) async fn code(&self, person: &mut Actor, more: &[(&str, &str)]) -> String {
        let answer = self.decided(person, "allow", more).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let way = answer.json()["redirect_to"].as_str().expect("the answer leads on").to_owned();
        parameter(&way, "code").unwrap_or_else(|| panic!("no code: {way}"))
    }

    /// Exchanges a code.
    pub(crate) async fn exchange(&self, app: &TestApp, code: &str) -> Answer {
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &self.redirect_uri),
            ("code_verifier", VERIFIER),
        ];
        self.post(app, "/auth/oauth/token", &form).await
    }

    /// Everything that a person's yes brings.
    pub(crate) async fn tokens(&self, app: &TestApp, person: &mut Actor, more: &[(&str, &str)]) -> Value {
        let code = self.code(person, more).await;
        let answer = self.exchange(app, &code).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()
    }

    /// Renews its access.
    pub(crate) async fn refresh(&self, app: &TestApp, token: &str) -> Answer {
        self.post(app, "/auth/oauth/token", &[("grant_type", "refresh_token"), ("refresh_token", token)]).await
    }

    /// Whether the token may be renewed; the new one, or the error.
    pub(crate) async fn renewed(&self, app: &TestApp, token: &str) -> Result<String, String> {
        let answer = self.refresh(app, token).await;
        let text = |name: &str| answer.json()[name].as_str().unwrap_or_default().to_owned();
        if answer.status == 200 { Ok(text("refresh_token")) } else { Err(text("error")) }
    }

    /// Asks what holds of a token.
    pub(crate) async fn introspect(&self, app: &TestApp, token: &str) -> Value {
        let answer = self.post(app, "/auth/oauth/introspect", &[("token", token)]).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()
    }

    /// Sends a form as this client, which proves itself as it was registered to.
    pub(crate) async fn post(&self, app: &TestApp, path: &str, form: &[(&str, &str)]) -> Answer {
        let mut sender = bare(app);
        if let Some(proof) = &self.dpop {
            sender.set_header("dpop", proof);
        }
        let mut own = Vec::new();
        match &self.secret {
            Some(secret) => {
                let encoded = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
                let pair = format!("{}:{}", encoded(&self.id), encoded(secret));
                sender.set_header("authorization", &format!("Basic {}", STANDARD.encode(pair)));
            }
            None => own.push(("client_id", self.id.as_str())),
        }
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form.iter().chain(&own)).finish();
        sender.send(Method::POST, path, &body, Some(FORM)).await
    }
}

/// Somebody who sends nothing but what a test says.
pub(crate) fn bare(app: &TestApp) -> Actor {
    let mut sender = app.visitor();
    for name in ["origin", "sec-fetch-site", "accept"] {
        sender.remove_header(name);
    }
    sender
}

/// What [`Program::web`] registers.
pub(crate) fn web() -> Registration {
    Registration {
        id: "web".to_owned(),
        name: "The web app".to_owned(),
        authentication: "secret".to_owned(),
        grants: texts(&["authorization_code", "refresh_token"]),
        scopes: all_scopes(),
        redirect_uris: texts(&["https://web.example.com/callback"]),
        ..Registration::default()
    }
}

/// What [`Program::native`] registers.
pub(crate) fn native() -> Registration {
    Registration {
        id: "native".to_owned(),
        name: "The native app".to_owned(),
        authentication: "none".to_owned(),
        grants: texts(&["authorization_code", "refresh_token", "device_code"]),
        scopes: all_scopes(),
        redirect_uris: texts(&["http://127.0.0.1/callback", "https://native.example.com/callback"]),
        ..Registration::default()
    }
}

fn all_scopes() -> Vec<String> {
    texts(&["openid", "profile", "email", "offline_access", "tenant:read", "members:read", "members:manage"])
}

pub(crate) fn texts(all: &[&str]) -> Vec<String> {
    all.iter().map(|text| (*text).to_owned()).collect()
}

/// A parameter of an address.
pub(crate) fn parameter(url: &str, name: &str) -> Option<String> {
    let parsed = url::Url::parse(url).ok()?;
    parsed.query_pairs().find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
}

/// A part of a signed token, unverified: 0 for the header, 1 for the claims.
pub(crate) fn part(token: &str, which: usize) -> Value {
    let part = token.split('.').nth(which).expect("a token has three parts");
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).expect("it is base64url")).expect("it is JSON")
}
