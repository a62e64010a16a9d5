//! Access tokens that are nearly good, made from a live one and by our own key, shown wherever an access token is asked for.
//! The rows are those of the list of attacks; `doorward-verify` tries many more of each where nothing else is in the way.

use std::net::{SocketAddr, TcpListener};

use axum::{Router, routing::get};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use doorward_verify::{Algorithm, PublicKey};
use ed25519_dalek::{Signer, SigningKey};
use ring::hmac;
use serde::{Serialize, Serializer, ser::SerializeMap};
use serde_json::{Value, json};

use crate::{
    Bearer, LiveBearer, on_every_engine, signing,
    testing::{
        Actor, TestApp,
        programs::part,
        relying::{RelyingParty, shows, text_of},
    },
};

crate::permissions! {
    Read = "members:read";
}

async fn signed(_: Bearer<Read>) -> &'static str {
    "yes"
}

async fn live(_: LiveBearer<Read>) -> &'static str {
    "yes"
}

/// A token of our own that is good, somebody who listens where a token might send us, and a client.
struct Stage {
    app: TestApp,
    rp: RelyingParty,
    token: String,
    /// An application's own routes, for programs.
    api: SocketAddr,
    canary: TcpListener,
}

/// What is tried, by the row that it belongs to.
type Pack = Vec<(&'static str, String)>;

/// Claims of which one is there twice.
struct Twice<'c>(&'c Value, &'static str, Value);

impl Serialize for Twice<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry(self.1, &self.2)?;
        for (name, value) in self.0.as_object().unwrap() {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

fn text(value: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(value)
}

impl Stage {
    async fn set(app: TestApp) -> Self {
        let ann = app.account("ann@example.com").await;
        app.tenant("acme", ann).await;
        let rp = RelyingParty::registered(&app, "rp", |_| {}).await;
        let mut ann = app.logged_in("ann@example.com").await;
        let parts = [("scope", "openid members:read"), ("tenant", "acme")];
        let token = text_of(&rp.tokens_for(&mut ann, &parts).await, "access_token");
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let api = listener.local_addr().unwrap();
        let routes = Router::new().route("/signed", get(signed)).route("/live", get(live));
        let server = app.doorward.protect(routes).into_make_service_with_connect_info::<SocketAddr>();
        tokio::spawn(async move { axum::serve(listener, server).await });
        let canary = TcpListener::bind("127.0.0.1:0").unwrap();
        canary.set_nonblocking(true).unwrap();
        Self { app, rp, token, api, canary }
    }

    /// Where a token is taken for a good one.
    async fn taken(&self, token: &str) -> Vec<&'static str> {
        let mut places = Vec::new();
        for path in ["/signed", "/live"] {
            let mut program = Actor::new(self.api, self.app.origin());
            program.set_header("authorization", &format!("Bearer {token}"));
            let answer = program.get(path).await;
            assert!([200, 401].contains(&answer.status), "{path} {}: {token}", answer.status);
            places.extend((answer.status == 200).then_some(path));
        }
        let answer = shows(&self.app, "/auth/oauth/userinfo", "Bearer", token).await;
        assert!([200, 401].contains(&answer.status), "userinfo {}: {token}", answer.status);
        places.extend((answer.status == 200).then_some("userinfo"));
        let told = self.rp.asks("/auth/oauth/introspect", &[("token", token)]).await.json();
        places.extend((told["active"] == true).then_some("introspection"));
        places
    }

    /// Claims signed by our own key.
    async fn signed(&self, typ: &str, claims: &impl Serialize) -> String {
        signing::sign(self.app.doorward.context(), typ, Algorithm::EdDsa, claims).await.unwrap()
    }

    /// Rows J-01 to J-05: the signature.
    async fn signatures(&self) -> Pack {
        let (header, payload) = (part(&self.token, 0), part(&self.token, 1));
        let (signed, signature) = self.token.rsplit_once('.').unwrap();
        let body = signed.split_once('.').unwrap().1;
        let mut pack = Pack::new();
        let with_alg = |alg: &Value| {
            let mut header = header.clone();
            header["alg"] = alg.clone();
            text(header.to_string())
        };
        for alg in ["none", "None", "NONE", "nOnE", ""] {
            let head = with_alg(&json!(alg));
            pack.extend([("J-01", format!("{head}.{body}.")), ("J-01", format!("{head}.{body}.{signature}"))]);
        }
        let mut without = header.clone();
        without.as_object_mut().unwrap().remove("alg");
        pack.push(("J-01", format!("{}.{body}.{signature}", text(without.to_string()))));
        for cut in [
            signed.to_owned(),
            format!("{signed}."),
            format!("{}..{signature}", &signed[..signed.len() - body.len() - 1]),
        ] {
            pack.push(("J-02", cut));
        }
        pack.extend([("J-02", format!("{}.{signature}", self.token)), ("J-02", format!("{}.a.b", self.token))]);
        let keys = self.app.visitor().get("/auth/oauth/jwks").await.json();
        let jwk = &keys["keys"][0];
        let raw = URL_SAFE_NO_PAD.decode(jwk["x"].as_str().unwrap()).unwrap();
        for secret in [raw, jwk.to_string().into_bytes(), jwk["x"].as_str().unwrap().as_bytes().to_vec()] {
            let signed = format!("{}.{body}", with_alg(&json!("HS256")));
            let mac = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &secret), signed.as_bytes());
            pack.push(("J-03", format!("{signed}.{}", text(mac))));
        }
        for alg in ["RS256", "PS256", "ES256", "ES384", "Ed25519"] {
            pack.push(("J-04", format!("{}.{body}.{signature}", with_alg(&json!(alg)))));
        }
        pack.push(("J-05", format!("{}.{body}.{}", with_alg(&json!("ES256")), text([0; 64]))));
        let mut other = payload;
        other["permissions"] = json!(["members:read", "members:manage"]);
        pack.push(("J-02", format!("{}.{}.{signature}", text(header.to_string()), text(other.to_string()))));
        pack
    }

    /// Rows J-06 to J-11: the header and the form.
    fn headers(&self) -> Pack {
        let (header, payload) = (part(&self.token, 0), part(&self.token, 1));
        let stranger = SigningKey::from_bytes(&[8; 32]);
        let jwk = PublicKey::ed25519(stranger.verifying_key().as_bytes()).unwrap().to_jwk();
        let canary = format!("http://{}/jwks", self.canary.local_addr().unwrap());
        let by_stranger = |header: &Value| {
            let signed = format!("{}.{}", text(header.to_string()), text(payload.to_string()));
            format!("{signed}.{}", text(stranger.sign(signed.as_bytes()).to_bytes()))
        };
        let mut pack = Pack::new();
        for (row, name, value) in [
            ("J-06", "jwk", jwk),
            ("J-06", "x5c", json!(["MIIB"])),
            ("J-07", "jku", json!(canary)),
            ("J-07", "x5u", json!(canary)),
            ("J-08", "kid", json!("../../dev/null")),
            ("J-08", "kid", json!("' OR 1=1 --")),
            ("J-08", "kid", json!("\0")),
            ("J-08", "kid", json!([header["kid"]])),
            ("J-08", "kid", json!("k".repeat(4_000))),
            ("J-09", "crit", json!(["exp"])),
            ("J-09", "b64", json!(false)),
            ("J-09", "zip", json!("DEF")),
        ] {
            for kid in [header["kid"].clone(), json!("unknown")] {
                let mut header = header.clone();
                header["kid"] = kid;
                header[name] = value.clone();
                pack.push((row, by_stranger(&header)));
            }
        }
        let encrypted = text(r#"{"alg":"PBES2-HS512+A256KW","enc":"A256GCM","p2c":2000000000,"p2s":"AAAAAAAA"}"#);
        pack.push(("J-10", format!("{encrypted}.AAAA.AAAA.AAAA.AAAA")));
        let [head, body, signature]: [&str; 3] = self.token.split('.').collect::<Vec<_>>().try_into().unwrap();
        let flat = json!({ "protected": head, "payload": body, "signature": signature });
        pack.extend(
            [flat.to_string(), format!("{{{}}}", self.token), format!("{}=", self.token)].map(|text| ("J-11", text)),
        );
        pack.extend(
            [format!("{head}=.{body}.{signature}"), format!("{head}. {body}.{signature}")].map(|text| ("J-11", text)),
        );
        // Four bits of the last letter stand for nothing; here one of them is set.
        let last = signature.as_bytes().last().copied().unwrap();
        assert!(b"AQgw".contains(&last));
        pack.push(("J-11", format!("{}{}", &self.token[..self.token.len() - 1], char::from(last + 1))));
        pack
    }

    /// Rows J-12 to J-16: what is said, under a signature of our own.
    async fn claims(&self) -> Pack {
        let claims = part(&self.token, 1);
        let with = |name: &str, value: &Value| {
            let mut claims = claims.clone();
            match value {
                Value::Null => claims.as_object_mut().unwrap().remove(name),
                value => claims.as_object_mut().unwrap().insert(name.to_owned(), value.clone()),
            };
            claims
        };
        let mut pack = Pack::new();
        for (name, value) in
            [("sub", json!("somebody")), ("aud", claims["aud"].clone()), ("exp", json!(4_102_444_800_u64))]
        {
            pack.push(("J-12", self.signed("at+jwt", &Twice(&claims, name, value)).await));
        }
        for name in ["exp", "iat", "nbf"] {
            for value in [json!("1800000300"), json!(1.5), json!(-1), json!([1]), json!(1e308), json!({}), json!(true)]
            {
                pack.push(("J-13", self.signed("at+jwt", &with(name, &value)).await));
            }
        }
        let (iat, exp) = (claims["iat"].as_u64().unwrap(), claims["exp"].as_u64().unwrap());
        for (name, value) in [
            ("exp", json!(null)),
            ("iat", json!(null)),
            ("exp", json!(iat)),
            ("exp", json!(iat + 901)),
            ("exp", json!(u64::MAX)),
            ("iat", json!(exp + 60)),
            ("nbf", json!(iat + 60)),
        ] {
            pack.push(("J-13", self.signed("at+jwt", &with(name, &value)).await));
        }
        let (aud, iss) = (claims["aud"].as_str().unwrap(), claims["iss"].as_str().unwrap());
        let auds = [
            json!(null),
            json!(""),
            json!("rp"),
            json!([aud]),
            json!([aud, "x"]),
            json!(aud[..aud.len() - 1]),
            json!(format!("{aud}/")),
        ];
        for value in auds {
            pack.push(("J-14", self.signed("at+jwt", &with("aud", &value)).await));
        }
        for value in
            [json!(null), json!(aud), json!(format!("{iss}/")), json!("https://mallory.example/auth"), json!([iss])]
        {
            pack.push(("J-15", self.signed("at+jwt", &with("iss", &value)).await));
        }
        for typ in ["JWT", "", "id_token", "at", "logout+jwt", "dpop+jwt", "at+jwt;x"] {
            pack.push(("J-16", self.signed(typ, &claims).await));
        }
        pack
    }
}

on_every_engine! {
    /// Rows B40 and J-01 to J-16 with a live token: none is taken anywhere, whatever is wrong with it brings 401 and no fault,
    /// and nothing is asked of the address that a token names.
    ///
    /// Promise: `verify/signed`, `verify/nothing-fetched`, `guard/bearer`
    async fn no_token_that_is_nearly_good_is_taken(app: TestApp) {
        let stage = Stage::set(app).await;
        let everywhere = ["/signed", "/live", "userinfo", "introspection"];
        assert_eq!(stage.taken(&stage.token).await, everywhere);
        // What our own key signs is good as it stands, so it is the change that is refused below.
        let again = stage.signed("at+jwt", &part(&stage.token, 1)).await;
        assert_eq!(stage.taken(&again).await, everywhere);
        let pack = [stage.signatures().await, stage.headers(), stage.claims().await].concat();
        for number in 1..=16 {
            let row = format!("J-{number:02}");
            assert!(pack.iter().any(|(tried, _)| *tried == row), "{row}");
        }
        for (row, token) in &pack {
            assert!(stage.taken(token).await.is_empty(), "{row}: {token}");
        }
        assert_eq!(stage.taken(&stage.token).await, everywhere);
        assert!(stage.canary.accept().is_err_and(|none| none.kind() == std::io::ErrorKind::WouldBlock), "somebody came");
    }
}
