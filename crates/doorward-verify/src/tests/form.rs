//! Texts that are no token in form.

use serde_json::{Value, json};

use super::{base64, claims, claims_with, forged, header, key, signed, verify, with_header};
use crate::{
    Algorithm, Refused,
    jws::{self, Claims, Malformed, Unverified},
};

/// Row J-02: too few and too many parts, and empty ones.
///
/// Promise: `verify/one-spelling`
#[test]
fn a_token_has_three_parts() {
    let token = signed(&claims());
    let [header, payload, signature] = token.split('.').collect::<Vec<_>>().try_into().unwrap();
    for text in [
        String::new(),
        ".".to_owned(),
        "..".to_owned(),
        "...".to_owned(),
        header.to_owned(),
        format!("{header}.{payload}"),
        format!("{header}..{signature}"),
        format!(".{payload}.{signature}"),
        format!("{payload}.{signature}"),
        format!("{header}{payload}{signature}"),
        format!("{token}.{signature}"),
        format!("{header}.{payload}.{signature}.{signature}.{signature}"),
        format!(".{token}"),
        format!("{header}.{payload}..{signature}"),
    ] {
        assert_eq!(verify(&text), Err(Refused::Malformed), "{text}");
    }
}

/// Row J-10: an encrypted token, one whose key is made with two thousand million rounds, and one that unpacks to a gigabyte.
///
/// Promise: `verify/one-spelling`
#[test]
fn an_encrypted_token_is_not_opened() {
    let headers = [
        json!({ "alg": "dir", "enc": "A256GCM" }),
        json!({ "alg": "PBES2-HS512+A256KW", "enc": "A256GCM", "p2c": 2_000_000_000, "p2s": "AAAAAAAA" }),
        json!({ "alg": "dir", "enc": "A256GCM", "zip": "DEF" }),
    ];
    for header in headers {
        let header = base64(header.to_string());
        for text in
            [format!("{header}.AAAA.AAAA.AAAA.AAAA"), format!("{header}..AAAA.AAAA.AAAA"), format!("{header}.e30.AAAA")]
        {
            assert_eq!(verify(&text), Err(Refused::Malformed), "{text}");
        }
    }
    let zipped = json!({ "typ": "at+jwt", "alg": "EdDSA", "kid": "k1", "zip": "DEF" });
    assert_eq!(verify(&with_header(&zipped)), Err(Refused::Malformed));
}

/// Row J-11: the JSON serialisations, padding, white space, the other alphabet, and bits that no byte has.
///
/// Promise: `verify/one-spelling`
#[test]
fn a_token_is_spelt_in_one_way() {
    let token = signed(&claims());
    let [header, payload, signature] = token.split('.').collect::<Vec<_>>().try_into().unwrap();
    let flat = json!({ "protected": header, "payload": payload, "signature": signature });
    let general = json!({ "payload": payload, "signatures": [{ "protected": header, "signature": signature }] });
    for text in [flat.to_string(), general.to_string(), format!("{{{token}}}"), format!("\"{token}\"")] {
        assert_eq!(verify(&text), Err(Refused::Malformed), "{text}");
    }
    let marks = ["=", "==", " ", "\t", "\n", "\r\n", "\0", "+", "/", "?", "%3D", ",", "\u{feff}", "\u{200b}", "é"];
    for mark in marks {
        for text in [
            format!("{mark}{token}"),
            format!("{token}{mark}"),
            format!("{header}{mark}.{payload}.{signature}"),
            format!("{header}.{mark}{payload}.{signature}"),
            format!("{header}.{payload}{mark}.{signature}"),
            format!("{header}.{payload}.{mark}{signature}"),
        ] {
            assert_eq!(verify(&text), Err(Refused::Malformed), "{mark:?}");
        }
    }
    // 64 bytes leave four bits of the last letter unused; each of the other fifteen letters says the same bytes.
    let last = *signature.as_bytes().last().unwrap();
    let twins =
        (b'A'..=b'Z').chain(b'a'..=b'z').chain(b'0'..=b'9').chain([b'-', b'_']).filter(|letter| *letter != last);
    for letter in twins {
        let text = format!("{}{}", &token[..token.len() - 1], char::from(letter));
        assert!([Err(Refused::Malformed), Err(Refused::Forged)].contains(&verify(&text)), "{text}");
    }
    assert_eq!(last & 0x0f, b'A' & 0x0f, "the fixed key's signature ends in one of A, Q, g, w");
    assert!(verify(&token).is_ok());
}

/// Row J-11: what is signed must be objects; a list that a reader would take for one is none.
///
/// Promise: `verify/one-spelling`
#[test]
fn header_and_claims_are_objects() {
    let (head, body) = (header().to_string(), claims().to_string());
    for text in
        ["[]", r#"["at+jwt","EdDSA","k1"]"#, "\"{}\"", "null", "1", "{", "{}{}", "\u{feff}{}", "\u{c}{}", "{\"a\":1,}"]
    {
        assert_eq!(verify(&forged(text, &body)), Err(Refused::Malformed), "{text}");
        let token = forged(&head, text);
        assert!(verify(&token).is_err(), "{text}");
        assert_eq!(Unverified::parse(&token).is_ok(), text.starts_with('{'), "{text}");
    }
    assert_eq!(verify(&forged(format!("{head}x"), &body)), Err(Refused::Malformed));
    assert_eq!(verify(&forged(&head, format!("{body}x"))), Err(Refused::Claims));
    assert_eq!(verify(&forged(&head, format!("{body}{body}"))), Err(Refused::Claims));
    assert_eq!(verify(&forged(b"{\"typ\":\"\xff\"}", &body)), Err(Refused::Malformed));
    assert_eq!(verify(&forged(&head, b"{\"iss\":\"\xff\"}")), Err(Refused::Claims));
    assert!(
        verify(&forged(format!(" \n{head}\t"), format!("\r\n{body} "))).is_ok(),
        "white space of JSON is signed too"
    );
}

/// Row J-24: more than 8 KiB, to the byte.
///
/// Promise: `verify/limited`
#[test]
fn a_token_beyond_eight_kibibytes_is_neither_read_nor_written() {
    let sign = |message: &[u8]| ed25519_dalek::Signer::sign(&key(), message).to_bytes().to_vec();
    let of = |filler: usize| {
        let claims = claims_with(&json!({ "scope": "x".repeat(filler) }));
        (
            jws::compact(("at+jwt", Algorithm::EdDsa, "k1"), &claims, sign),
            forged(header().to_string(), claims.to_string()),
        )
    };
    let longest = (5_000..6_500).rev().find(|filler| of(*filler).0.is_ok()).unwrap();
    let (written, by_hand) = of(longest);
    assert!((jws::MAX_LENGTH - 3..=jws::MAX_LENGTH).contains(&written.as_ref().unwrap().len()));
    assert!(verify(&written.unwrap()).is_ok());
    assert!(by_hand.len() <= jws::MAX_LENGTH && verify(&by_hand).is_ok());
    assert_eq!(verify(&of(longest + 3).1), Err(Refused::Malformed));
    assert_eq!(verify(&"a".repeat(10_000_000)), Err(Refused::Malformed));
    assert_eq!(verify(&".".repeat(jws::MAX_LENGTH)), Err(Refused::Malformed));
}

/// Row J-24: nested as deeply as fits, in the header, in a claim that is known and in one that is not; and 10,000 levels deep
/// where the length does not count, in a key set.
///
/// Promise: `verify/no-panic`
#[test]
fn nesting_exhausts_nothing() {
    for (open, close, inner) in [("[", "]", ""), ("{\"a\":", "}", "1")] {
        let levels = 5_500 / (open.len() + close.len());
        let deep = format!("{}{inner}{}", open.repeat(levels), close.repeat(levels));
        let body = claims().to_string();
        for name in ["alg", "jwk", "other"] {
            let head = header().to_string().replacen('{', &format!("{{\"{name}\":{deep},"), 1);
            assert_eq!(verify(&forged(head, "{}")), Err(Refused::Malformed));
        }
        for name in ["permissions", "sub", "exp"] {
            let claims = format!("{{\"{name}\":{deep},\"iss\":\"\"}}");
            assert_eq!(verify(&forged(header().to_string(), claims)), Err(Refused::Claims));
        }
        let unknown = forged(header().to_string(), body.replacen('{', &format!("{{\"other\":{deep},"), 1));
        assert!(unknown.len() <= jws::MAX_LENGTH && verify(&unknown).is_ok(), "what is not read is skipped");
        assert!(Claims::parse(format!("{{\"other\":{deep}}}").as_bytes()).is_err());
        let deeper = format!("{}{inner}{}", open.repeat(10_000), close.repeat(10_000));
        assert!(crate::KeySet::parse(&format!("{{\"keys\":{deeper}}}")).is_none());
        assert!(Claims::parse(deeper.as_bytes()).is_err());
    }
}

/// Row J-12 for tokens of clients: any name twice, at any depth, however it is escaped.
///
/// Promise: `verify/one-spelling`
#[test]
fn claims_that_are_not_known_beforehand_have_each_name_once() {
    for text in [
        r#"{"sub":"a","sub":"b"}"#,
        r#"{"sub":"a","\u0073ub":"a"}"#,
        r#"{"other":{"a":1,"a":2}}"#,
        r#"{"other":[{"a":1,"\u0061":2}]}"#,
        r#"{"":1,"":1}"#,
    ] {
        assert_eq!(Claims::parse(text.as_bytes()).err(), Some(Malformed), "{text}");
    }
    let claims = Claims::parse(br#"{"sub":"a","other":{"sub":"b"},"exp":1,"iat":1.0,"nbf":"1","aud":null}"#).unwrap();
    assert_eq!((claims.text("sub"), claims.text("no"), claims.text("aud")), (Ok(Some("a")), Ok(None), Err(Malformed)));
    assert_eq!((claims.moment("exp"), claims.moment("no")), (Ok(Some(1)), Ok(None)));
    assert_eq!((claims.moment("iat"), claims.moment("nbf")), (Err(Malformed), Err(Malformed)));
    assert_eq!(claims.get("other"), Some(&json!({ "sub": "b" })));
    for text in ["", "[]", "null", "{}x", "{\"a\":NaN}", "{\"a\":1e999}"] {
        assert!(Claims::parse(text.as_bytes()).is_err(), "{text}");
    }
}

/// What was written is what is read.
///
/// Promise: `verify/one-spelling`
#[test]
fn a_token_that_we_write_is_one_that_we_read() {
    let token = signed(&claims());
    let token = Unverified::parse(&token).unwrap();
    let header = token.header().unwrap();
    assert_eq!((header.typ.as_deref(), &*header.alg, header.kid.as_deref()), (Some("at+jwt"), "EdDSA", Some("k1")));
    let payload: Value = serde_json::from_slice(token.verified(&super::public()).unwrap()).unwrap();
    assert_eq!(payload, claims());
}
