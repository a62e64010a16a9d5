//! What a header may say, and what it may not.

use ed25519_dalek::Signer;
use serde_json::{Value, json};

use super::{Elliptic, NOW, at, base64, claims, forged, header, public, verify, with_header};
use crate::{KeySet, PublicKey, Refused, jws::Unverified};

/// Rows J-06 and J-07: a key that comes along and has really signed, certificates, and addresses. Nothing here can ask for
/// anything: no packet leaves, because there is nothing that sends one.
///
/// Promise: `verify/nothing-fetched`
#[test]
fn a_token_does_not_bring_its_own_key() {
    let stranger = ed25519_dalek::SigningKey::from_bytes(&[8; 32]);
    let jwk = PublicKey::ed25519(stranger.verifying_key().as_bytes()).unwrap().to_jwk();
    for kid in [json!("k1"), json!("unknown"), Value::Null] {
        let mut header = json!({ "typ": "at+jwt", "alg": "EdDSA", "kid": kid, "jwk": jwk });
        if kid.is_null() {
            header.as_object_mut().unwrap().remove("kid");
        }
        let text = format!("{}.{}", base64(header.to_string()), base64(claims().to_string()));
        let token = format!("{text}.{}", base64(stranger.sign(text.as_bytes()).to_bytes()));
        assert_eq!(verify(&token), Err(Refused::Malformed));
    }
    for (name, value) in [
        ("jwk", public().to_jwk()),
        ("jwk", json!(null)),
        ("x5c", json!(["MIIB"])),
        ("x5t", json!("AAAA")),
        ("x5t#S256", json!("AAAA")),
        ("jku", json!("https://attacker.example/jwks")),
        ("x5u", json!("http://127.0.0.1:1/")),
    ] {
        let mut header = header();
        header[name] = value;
        assert_eq!(verify(&with_header(&header)), Err(Refused::Malformed), "{name}");
    }
}

/// Row J-08: names of keys that a library would open as a file, ask a database for, or cut at a NUL; none at all; and other types.
///
/// Promise: `verify/one-name`
#[test]
fn a_key_is_found_by_its_exact_name_or_not() {
    let unknown = [
        "",
        "K1",
        "k1 ",
        " k1",
        "k1\0",
        "k1\n",
        "\0",
        "k",
        "k11",
        "../../dev/null",
        "/dev/null",
        "' OR 1=1 --",
        "k1' --",
        "$(id)",
        "\u{ff4b}1",
        "*",
        "%",
    ];
    for kid in unknown {
        let token = with_header(&json!({ "typ": "at+jwt", "alg": "EdDSA", "kid": kid }));
        assert_eq!(verify(&token), Err(Refused::UnknownKey), "{kid:?}");
    }
    assert_eq!(verify(&with_header(&json!({ "typ": "at+jwt", "alg": "EdDSA" }))), Err(Refused::UnknownKey));
    for kid in [json!(["k1"]), json!({ "k1": 1 }), json!(1), json!(true), json!(null)] {
        assert_eq!(
            verify(&with_header(&json!({ "typ": "at+jwt", "alg": "EdDSA", "kid": kid }))),
            Err(Refused::Malformed)
        );
    }
    let long = json!({ "typ": "at+jwt", "alg": "EdDSA", "kid": "k".repeat(100_000) });
    assert_eq!(verify(&with_header(&long)), Err(Refused::Malformed));
    let mut keys = KeySet::default();
    assert!(!keys.insert("", public()) && keys.find("").is_none());
}

/// Row J-09: what must be understood and is not, the payload that is not encoded, and the one that is packed.
///
/// Promise: `verify/one-spelling`
#[test]
fn a_header_asks_for_nothing() {
    for (name, value) in [
        ("crit", json!(["exp"])),
        ("crit", json!([])),
        ("crit", json!(["b64"])),
        ("b64", json!(false)),
        ("b64", json!(true)),
        ("zip", json!("DEF")),
        ("cty", json!("JWT")),
        ("enc", json!("A256GCM")),
        ("iss", json!(super::ISSUER)),
        ("exp", json!(NOW + 300)),
        ("nonce", json!("n")),
        ("", json!("")),
    ] {
        let mut header = header();
        header[name] = value;
        assert_eq!(verify(&with_header(&header)), Err(Refused::Malformed), "{name}");
    }
}

/// Row J-12: a name twice in a header, the second one right, the first one right, both, and escaped.
///
/// Promise: `verify/one-spelling`
#[test]
fn a_header_has_no_name_twice() {
    for header in [
        r#"{"typ":"at+jwt","alg":"none","alg":"EdDSA","kid":"k1"}"#,
        r#"{"typ":"at+jwt","alg":"EdDSA","alg":"none","kid":"k1"}"#,
        r#"{"typ":"at+jwt","alg":"EdDSA","\u0061lg":"EdDSA","kid":"k1"}"#,
        r#"{"typ":"at+jwt","alg":"EdDSA","kid":"k1","kid":"k1"}"#,
        r#"{"typ":"at+jwt","alg":"EdDSA","kid":"k1","k\u0069d":"k2"}"#,
        r#"{"typ":"at+jwt","typ":"JWT","alg":"EdDSA","kid":"k1"}"#,
    ] {
        assert_eq!(verify(&forged(header, claims().to_string())), Err(Refused::Malformed), "{header}");
    }
    // The key that a proof of possession brings has no name twice either.
    let jwk = public().to_jwk();
    let once = format!(r#"{{"typ":"dpop+jwt","alg":"EdDSA","jwk":{jwk}}}"#);
    let twice = once.replace(r#""kty":"#, r#""kty":"EC","kty":"#);
    let escaped = once.replace(r#""kty":"#, r#""\u006bty":"EC","kty":"#);
    for (header, is_taken) in [(once, true), (twice, false), (escaped, false)] {
        let token = forged(&header, "{}");
        let token = Unverified::parse(&token).unwrap();
        assert_eq!(token.header().is_ok(), is_taken, "{header}");
        assert_eq!(token.verified(&public()).is_some(), is_taken, "{header}");
    }
}

/// Row J-16: both legal forms of the kind, in any case, and nothing else.
///
/// Promise: `verify/kinds-apart`
#[test]
fn an_access_token_says_that_it_is_one() {
    for typ in ["at+jwt", "application/at+jwt", "AT+JWT", "Application/At+Jwt"] {
        assert!(verify(&with_header(&json!({ "typ": typ, "alg": "EdDSA", "kid": "k1" }))).is_ok(), "{typ}");
    }
    for typ in [
        "",
        "JWT",
        "jwt",
        "id_token",
        "at",
        "at+jwt ",
        " at+jwt",
        "at+jwt;v=1",
        "text/at+jwt",
        "application/",
        "at+JWS",
        "at-jwt",
        "application/application/at+jwt",
        "at+jwt\0",
        "a\u{167}+jwt",
    ] {
        let token = with_header(&json!({ "typ": typ, "alg": "EdDSA", "kid": "k1" }));
        assert_eq!(verify(&token), Err(Refused::OtherKind), "{typ}");
    }
    assert_eq!(verify(&with_header(&json!({ "alg": "EdDSA", "kid": "k1" }))), Err(Refused::OtherKind));
    for typ in [json!(null), json!(1), json!(["at+jwt"]), json!({ "at+jwt": 1 })] {
        assert_eq!(verify(&with_header(&json!({ "typ": typ, "alg": "EdDSA", "kid": "k1" }))), Err(Refused::Malformed));
    }
}

/// Row J-17: every other kind of token that the issuer's keys or a client's might have signed, with the claims of an access token.
///
/// Promise: `verify/kinds-apart`
#[test]
fn no_other_kind_of_token_opens_anything() {
    for typ in [
        "JWT",
        "logout+jwt",
        "client-authentication+jwt",
        "dpop+jwt",
        "oauth-authz-req+jwt",
        "token-introspection+jwt",
        "secevent+jwt",
    ] {
        let token = with_header(&json!({ "typ": typ, "alg": "EdDSA", "kid": "k1" }));
        assert_eq!(verify(&token), Err(Refused::OtherKind), "{typ}");
    }
    let proof = json!({ "typ": "dpop+jwt", "alg": "EdDSA", "jwk": public().to_jwk() });
    assert_eq!(verify(&with_header(&proof)), Err(Refused::OtherKind));
    // An ID token's claims under the kind of an access token: the client is its audience, and no client is named.
    let id = json!({ "iss": super::ISSUER, "sub": "somebody", "aud": super::AUDIENCE, "exp": NOW + 300, "iat": NOW, "nonce": "n" });
    assert_eq!(verify(&forged(header().to_string(), id.to_string())), Err(Refused::Claims));
}

/// Row J-17: a token of one algorithm's key under the name of another's.
///
/// Promise: `verify/own-algorithm`
#[test]
fn a_name_leads_to_one_key_and_one_algorithm() {
    let elliptic = Elliptic::p256();
    let mut keys = super::keys();
    assert!(keys.insert("k2", elliptic.1.clone()));
    let verifier = crate::Verifier::new(super::ISSUER, super::AUDIENCE, keys);
    for (alg, kid) in [("ES256", "k1"), ("EdDSA", "k2")] {
        let text = format!(
            "{}.{}",
            base64(json!({ "typ": "at+jwt", "alg": alg, "kid": kid }).to_string()),
            base64(claims().to_string())
        );
        for signature in [elliptic.sign(text.as_bytes()), super::key().sign(text.as_bytes()).to_bytes().to_vec()] {
            let token = format!("{text}.{}", base64(signature));
            assert_eq!(verifier.verify(&token, at(NOW)), Err(Refused::OtherAlgorithm));
        }
    }
}
