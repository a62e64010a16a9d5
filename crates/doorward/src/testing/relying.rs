//! A client that lets people in by way of us, with everything that it is given.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use doorward_verify::{KeySet, jws::Unverified};
use ed25519_dalek::{Signer, SigningKey};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{Actor, Answer, TestApp};
use crate::operate::{self, ClientSecretText};

/// A confidential client of our own, whose people are not asked.
pub(crate) struct RelyingParty {
    pub(crate) id: String,
    pub(crate) secret: String,
    program: Actor,
}

/// Where its answers go.
pub(crate) const BACK: &str = "https://rp.example/back";
/// Where its people go after logging out.
pub(crate) const BYE: &str = "https://rp.example/bye";
const VERIFIER: &str = "a-verifier-of-forty-three-letters-or-more-00";

impl RelyingParty {
    /// Registers one under this name, after `change` has changed what is registered.
    pub(crate) async fn registered(app: &TestApp, id: &str, change: impl FnOnce(&mut operate::Registration)) -> Self {
        let texts = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        let mut written = operate::Registration {
            id: id.to_owned(),
            name: "Relying Party".to_owned(),
            authentication: "secret".to_owned(),
            grants: texts(&["authorization_code", "refresh_token"]),
            scopes: texts(&["openid", "profile", "email", "offline_access", "tenant:read", "members:read"]),
            redirect_uris: texts(&[BACK]),
            post_logout_redirect_uris: texts(&[BYE]),
            trusted: true,
            ..operate::Registration::default()
        };
        change(&mut written);
        let registered = operate::register_client(&app.doorward, &written).await.expect("it can be registered");
        let secret = registered.secret.map(ClientSecretText::reveal).unwrap_or_default();
        Self { id: id.to_owned(), secret, program: app.visitor() }
    }

    /// Sends a person here, and takes the code that they come back with.
    pub(crate) async fn code(&self, person: &mut Actor, more: &[(&str, &str)]) -> String {
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER));
        let own = [
            ("response_type", "code"),
            ("client_id", &self.id),
            ("redirect_uri", BACK),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ];
        let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(own.iter().chain(more)).finish();
        let answer = person.get(&format!("/auth/oauth/authorize?{query}")).await;
        let way =
            answer.json()["redirect_to"].as_str().map(str::to_owned).unwrap_or_else(|| panic!("{}", answer.text()));
        let way = url::Url::parse(&way).expect("it is an address");
        let code = way.query_pairs().find(|(name, _)| name == "code");
        code.map(|(_, code)| code.into_owned()).unwrap_or_else(|| panic!("no code in {way}"))
    }

    /// Asks one of our endpoints, with its credentials.
    pub(crate) async fn asks(&self, path: &str, form: &[(&str, &str)]) -> Answer {
        let own = [("client_id", self.id.as_str()), ("client_secret", self.secret.as_str())];
        let form: Vec<_> = own.iter().chain(form).copied().filter(|(_, value)| !value.is_empty()).collect();
        self.program.clone().post_with("", path, &form).await
    }

    /// Exchanges a code.
    pub(crate) async fn exchanges(&self, code: &str) -> Answer {
        let form =
            [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", BACK), ("code_verifier", VERIFIER)];
        self.asks("/auth/oauth/token", &form).await
    }

    /// The same together with a proof of possession.
    pub(crate) async fn exchanges_with(&self, code: &str, proof: &str) -> Answer {
        let mut program = self.program.clone();
        program.set_header("dpop", proof);
        let bound = Self { id: self.id.clone(), secret: self.secret.clone(), program };
        bound.exchanges(code).await
    }

    /// Everything that it gets for a person with these scopes.
    pub(crate) async fn tokens(&self, person: &mut Actor, scope: &str) -> Value {
        self.tokens_for(person, &[("scope", scope)]).await
    }

    /// The same for a request with other parameters.
    pub(crate) async fn tokens_for(&self, person: &mut Actor, more: &[(&str, &str)]) -> Value {
        let answer = self.exchanges(&self.code(person, more).await).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()
    }
}

/// One text of an answer.
pub(crate) fn text_of(answer: &Value, name: &str) -> String {
    answer[name].as_str().unwrap_or_else(|| panic!("no {name} in {answer}")).to_owned()
}

/// The claims of a token of this kind, verified with the published keys as anybody does.
pub(crate) async fn claims_of(app: &TestApp, token: &str, kind: &str) -> Value {
    let keys = KeySet::parse(&app.visitor().get("/auth/oauth/jwks").await.text()).expect("it is a set");
    let unverified = Unverified::parse(token).expect("it is a token");
    let header = unverified.header().expect("it has a header");
    assert_eq!(header.typ.as_deref(), Some(kind));
    let key = keys.find(header.kid.as_deref().expect("it names its key")).expect("the key is published");
    serde_json::from_slice(unverified.verified(key).expect("the key has signed it")).expect("it has claims")
}

/// Shows an access token.
pub(crate) async fn shows(app: &TestApp, path: &str, scheme: &str, token: &str) -> Answer {
    let mut program = app.visitor();
    program.set_header("authorization", &format!("{scheme} {token}"));
    program.get(path).await
}

/// A proof of possession (RFC 9449 section 4.2) by a key for a request, with the token that comes with it.
pub(crate) fn proof(key: &SigningKey, (method, url, name): (&str, &str, &str), token: Option<&str>, at: i64) -> String {
    let x = URL_SAFE_NO_PAD.encode(key.verifying_key().as_bytes());
    let header = json!({ "typ": "dpop+jwt", "alg": "EdDSA", "jwk": { "kty": "OKP", "crv": "Ed25519", "x": x } });
    let mut claims = json!({ "htm": method, "htu": url, "jti": name, "iat": at });
    if let Some(token) = token {
        claims["ath"] = URL_SAFE_NO_PAD.encode(Sha256::digest(token)).into();
    }
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", part(&header), part(&claims));
    let signature = URL_SAFE_NO_PAD.encode(key.sign(signed.as_bytes()).to_bytes());
    format!("{signed}.{signature}")
}
