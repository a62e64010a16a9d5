//! Keys that are none.

use serde_json::{Value, json};

use super::{Elliptic, base64, public, rsa};
use crate::{Algorithm, KeySet, PublicKey};

/// The points of small order in both of their spellings where they have two, and with either sign.
pub(super) fn small_order() -> Vec<[u8; 32]> {
    let low = |first: u8| {
        let mut bytes = [0; 32];
        bytes[0] = first;
        bytes
    };
    let high = |first: u8| {
        let mut bytes = [255; 32];
        (bytes[0], bytes[31]) = (first, 127);
        bytes
    };
    let eighth = |text: &str| -> [u8; 32] {
        let byte = |at: usize| u8::from_str_radix(&text[at * 2..at * 2 + 2], 16).unwrap();
        std::array::from_fn(byte)
    };
    let points = [
        low(0),
        low(1),
        high(0xec),
        high(0xed),
        high(0xee),
        eighth("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),
        eighth("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"),
    ];
    let negative = |mut point: [u8; 32]| {
        point[31] |= 128;
        point
    };
    points.into_iter().flat_map(|point| [point, negative(point)]).collect()
}

/// Row J-04: keys of small order, with which one signature fits many messages, and second spellings of keys.
///
/// Promise: `verify/sound-keys`
#[test]
fn an_ed25519_key_is_of_large_order_and_has_one_spelling() {
    for bytes in small_order() {
        assert!(PublicKey::ed25519(&bytes).is_none(), "{bytes:?}");
        assert!(PublicKey::from_jwk(&json!({ "kty": "OKP", "crv": "Ed25519", "x": base64(bytes) })).is_none());
    }
    // Coordinates from the prime upwards: the point is that of the coordinate without the prime, and its own spelling is shorter.
    for first in 0xed..=0xff {
        for last in [127, 255] {
            let mut bytes = [255; 32];
            (bytes[0], bytes[31]) = (first, last);
            assert!(PublicKey::ed25519(&bytes).is_none(), "{first:x}");
        }
    }
    assert!((0..=255).any(|first| PublicKey::ed25519(&[first; 32]).is_none()), "some bytes are no point");
    assert!(PublicKey::ed25519(super::key().verifying_key().as_bytes()).is_some());
}

/// Row J-05: a point that is not on the curve verifies nothing, and one at infinity or without its coordinates is no key.
///
/// Promise: `verify/sound-keys`
#[test]
fn a_point_is_on_its_curve() {
    let elliptic = Elliptic::p256();
    let signature = elliptic.sign(b"message");
    assert!(elliptic.1.verifies(b"message", &signature));
    let mut jwk = elliptic.1.to_jwk();
    jwk["y"] = json!(base64([1; 32]));
    assert!(!PublicKey::from_jwk(&jwk).unwrap().verifies(b"message", &signature));
    jwk["x"] = json!(base64([255; 32]));
    assert!(!PublicKey::from_jwk(&jwk).unwrap().verifies(b"message", &signature));
    for first in [0, 2, 3, 5, 6, 7] {
        let mut point = [1; 65];
        point[0] = first;
        assert!(PublicKey::p256(&point).is_none());
    }
    for bad in
        [json!(base64([1; 31])), json!(base64([1; 33])), json!(base64([1; 48])), json!(""), json!(1), Value::Null]
    {
        jwk["x"] = bad;
        assert!(PublicKey::from_jwk(&jwk).is_none());
    }
}

/// RSA keys that are too short, too long, even, with an exponent with which everything signs itself, or made to be factored.
///
/// Promise: `verify/sound-keys`
#[test]
fn an_rsa_key_is_long_and_odd() {
    let good = rsa();
    assert_eq!(PublicKey::from_jwk(&good).unwrap().algorithm(), Algorithm::Rs256);
    let with =
        |n: Vec<u8>, e: &[u8]| PublicKey::from_jwk(&json!({ "kty": "RSA", "n": base64(n), "e": base64(e) })).is_some();
    let modulus = |length: usize, first: u8| {
        let mut bytes = vec![0xa7; length];
        bytes[0] = first;
        bytes
    };
    assert!(with(modulus(256, 0x80), &[3]) && with(modulus(1024, 0xff), &[1, 0, 1]));
    for (n, what) in [
        (modulus(256, 0x7f), "2047 bits"),
        (modulus(128, 0xff), "1024 bits"),
        (modulus(257, 0), "a leading zero"),
        (modulus(1025, 1), "8193 bits"),
        (Vec::new(), "nothing"),
        ([modulus(255, 0xff), vec![2]].concat(), "even"),
    ] {
        assert!(!with(n, &[1, 0, 1]), "{what}");
    }
    for e in [&[][..], &[0], &[1], &[2], &[4], &[0, 3], &[1, 0, 0], &[1, 0, 0, 0, 1]] {
        assert!(!with(modulus(256, 0xff), e), "{e:?}");
    }
}

/// A key that says what it is for says that it is for this.
///
/// Promise: `verify/strict-keys`
#[test]
fn a_key_is_for_signatures_of_its_own_kind_and_public() {
    let with = |base: &Value, name: &str, value: Value| {
        let mut jwk = base.clone();
        jwk[name] = value;
        PublicKey::from_jwk(&jwk).is_some()
    };
    let (ed, ec, rsa) = (public().to_jwk(), Elliptic::p256().1.to_jwk(), rsa());
    for jwk in [&ed, &ec, &rsa] {
        assert!(with(jwk, "use", json!("sig")) && with(jwk, "key_ops", json!(["verify"])));
        assert!(with(jwk, "x5u", json!("https://attacker.example/")), "what is not asked for is not looked at");
        for (name, value) in [
            ("use", json!("enc")),
            ("use", json!(null)),
            ("use", json!(["sig"])),
            ("key_ops", json!("verify")),
            ("key_ops", json!([])),
            ("key_ops", json!(["encrypt"])),
            ("alg", json!("none")),
            ("alg", json!("HS256")),
            ("alg", json!("ES384")),
            ("alg", json!(null)),
            ("alg", json!(["EdDSA"])),
            ("kty", json!("oct")),
            ("kty", json!(null)),
            ("kty", json!("okp")),
            ("d", json!("AAAA")),
            ("k", json!("AAAA")),
            ("p", json!(null)),
        ] {
            assert!(!with(jwk, name, value.clone()), "{jwk} {name}: {value}");
        }
    }
    for (base, name, value) in [
        (&ed, "crv", "X25519"),
        (&ed, "crv", "Ed448"),
        (&ed, "kty", "EC"),
        (&ec, "crv", "P-384"),
        (&ec, "crv", "P-521"),
        (&ec, "crv", "secp256k1"),
        (&ec, "kty", "OKP"),
        (&rsa, "crv", "P-256"),
        (&rsa, "e", "AQAB="),
        (&ed, "alg", "RS256"),
        (&ec, "alg", "EdDSA"),
    ] {
        assert!(!with(base, name, json!(value)), "{name}: {value}");
    }
    assert!(with(&rsa, "alg", json!("PS256")));
    for nothing in [json!(null), json!([]), json!("key"), json!({}), json!({ "kty": "OKP" })] {
        assert!(PublicKey::from_jwk(&nothing).is_none());
    }
}

/// Row J-08: two keys of one name; a set that is none; and keys that are left out without harm to the others.
///
/// Promise: `verify/one-name`
#[test]
fn a_set_has_each_name_once() {
    let named = |name: Value| {
        let mut jwk = public().to_jwk();
        jwk["kid"] = name;
        jwk
    };
    let set = |keys: &[Value]| KeySet::parse(&json!({ "keys": keys }).to_string());
    let mixed = [
        named(json!("a")),
        named(json!("")),
        named(json!(1)),
        public().to_jwk(),
        json!(null),
        json!({ "kty": "oct", "k": "AAAA", "kid": "secret" }),
        json!({ "kty": "new", "kid": "a" }),
        named(json!("b")),
    ];
    let keys = set(&mixed).unwrap();
    assert_eq!(keys.iter().map(|(name, _)| name).collect::<Vec<_>>(), ["a", "b"]);
    assert!(set(&[named(json!("a")), named(json!("a"))]).is_none());
    assert!(set(&[]).unwrap().iter().next().is_none());
    let many = |count: usize| (0..count).map(|number| named(json!(number.to_string()))).collect::<Vec<_>>();
    assert!(set(&many(64)).is_some() && set(&many(65)).is_none());
    let key = named(json!("a"));
    for text in [
        "".to_owned(),
        "[]".to_owned(),
        "{}".to_owned(),
        key.to_string(),
        json!([key]).to_string(),
        json!({ "keys": key }).to_string(),
        format!(r#"{{"keys":[{key}],"keys":[]}}"#),
        format!(r#"{{"keys":[{}]}}"#, key.to_string().replace(r#""kid":"#, r#""kid":"b","kid":"#)),
        format!(r#"{{"keys":[{key}]}}x"#),
    ] {
        assert!(KeySet::parse(&text).is_none(), "{text}");
    }
}

/// RFC 8037 appendix A.3, RFC 7638 section 3.1, and that a key in JSON is the key.
///
/// Promise: `verify/strict-keys`
#[test]
fn thumbprints_are_those_of_the_rfcs() {
    let ed = json!({ "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" });
    assert_eq!(PublicKey::from_jwk(&ed).unwrap().thumbprint(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    let n = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjh\
             Mstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5\
             hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";
    let rsa = json!({ "kty": "RSA", "n": n, "e": "AQAB", "alg": "RS256", "kid": "2011-04-29" });
    assert_eq!(PublicKey::from_jwk(&rsa).unwrap().thumbprint(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    for key in [public(), Elliptic::p256().1, Elliptic::p384().1, PublicKey::from_jwk(&super::rsa()).unwrap()] {
        let again = PublicKey::from_jwk(&key.to_jwk()).unwrap();
        assert_eq!((again.algorithm(), again.thumbprint()), (key.algorithm(), key.thumbprint()));
        assert!(key.to_jwk().get("d").is_none());
    }
}

/// RFC 8037 appendix A.4: a signature that somebody else made.
///
/// Promise: `verify/signed`
#[test]
fn a_signature_of_the_rfc_verifies() {
    let key = json!({ "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" });
    let key = PublicKey::from_jwk(&key).unwrap();
    let token = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4\
                 iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
    let token = crate::jws::Unverified::of_any_payload(token).unwrap();
    assert_eq!(token.verified(&key), Some(b"Example of Ed25519 signing".as_slice()));
}
