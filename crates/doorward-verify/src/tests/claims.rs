//! What the claims may say, and what they may not.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use super::{
    AUDIENCE, ISSUER, NOW, at, claims, claims_with, forged, header, keys, signed, verifier, verify, with_claims,
};
use crate::{Refused, Verifier};

/// A token whose claim has this value, whatever JSON it is.
fn raw(name: &str, value: &str) -> String {
    let marker = "\"\u{1}\"";
    let claims = claims_with(&json!({ name: "\u{1}" })).to_string();
    forged(header().to_string(), claims.replace(&marker.replace('\u{1}', "\\u0001"), value))
}

/// Row J-13: moments of every type but the right one; "null" and "absent" are not the same.
///
/// Promise: `verify/typed-claims`
#[test]
fn a_moment_is_a_whole_number() {
    let wrong = [
        "\"1800000300\"",
        "1800000300.0",
        "1800000300.5",
        "-1",
        "-0",
        "-1800000300",
        "null",
        "[1800000300]",
        "{\"a\":1}",
        "true",
        "1e308",
        "1e9",
        "18446744073709551616",
        "99999999999999999999999999999999999999999",
        "\"\"",
        "1e999",
        "NaN",
        "Infinity",
        "0x7fffffff",
        "01800000300",
    ];
    for name in ["exp", "iat", "nbf", "auth_time"] {
        for value in wrong {
            assert_eq!(verify(&raw(name, value)), Err(Refused::Claims), "{name}: {value}");
        }
    }
    for name in ["exp", "iat"] {
        assert_eq!(verify(&with_claims(&json!({ name: null }))), Err(Refused::Claims), "{name}");
    }
    assert!(verify(&raw("auth_time", "0")).is_ok());
    assert!(verify(&raw("exp", &(NOW + 300).to_string())).is_ok());
}

/// Row J-13: every claim that is a text, as everything else, empty, and absent.
///
/// Promise: `verify/typed-claims`
#[test]
fn a_name_is_a_text_that_is_not_empty() {
    for name in ["iss", "aud", "sub", "client_id", "jti", "fam", "tenant", "scope"] {
        for value in ["null", "1", "-1", "1.5", "1e308", "true", "[]", "[\"a\"]", "{}", "\"\\ud800\"", "\"\u{1}\""] {
            assert_eq!(verify(&raw(name, value)), Err(Refused::Claims), "{name}: {value}");
        }
        let empty = verify(&with_claims(&json!({ name: "" })));
        assert_eq!(empty.is_ok(), name == "scope", "{name}: {empty:?}");
        let absent = verify(&with_claims(&json!({ name: null })));
        assert_eq!(absent.is_ok(), ["fam", "tenant", "scope"].contains(&name), "{name}: {absent:?}");
    }
    for value in ["null", "1", "\"invoices:read\"", "{}", "[1]", "[null]", "[[]]", "{\"0\":\"invoices:read\"}"] {
        assert_eq!(verify(&raw("permissions", value)), Err(Refused::Claims), "{value}");
    }
    for value in [
        "null",
        "1",
        "\"a\"",
        "[]",
        "[\"a\"]",
        "{}",
        "{\"jkt\":null}",
        "{\"jkt\":1}",
        "{\"jkt\":\"\"}",
        "{\"x5t#S256\":\"a\"}",
    ] {
        assert_eq!(verify(&raw("cnf", value)), Err(Refused::Claims), "{value}");
    }
    for value in [r#"{"jkt":"a","jkt":"a"}"#, r#"{"jkt":"a","\u006akt":"a"}"#, r#"{"jkt":"a","jwk":{}}"#] {
        assert_eq!(verify(&raw("cnf", value)), Err(Refused::Claims), "{value}");
    }
}

/// Row J-12: each claim twice, the second one equal or not, escaped or not, and claims that we do not know.
///
/// Promise: `verify/one-spelling`
#[test]
fn no_claim_is_there_twice() {
    let text = claims_with(&json!({ "nbf": NOW, "auth_time": NOW, "fam": "f", "other": 1 })).to_string();
    let all: Value = serde_json::from_str(&text).unwrap();
    assert!(verify(&forged(header().to_string(), &text)).is_ok());
    for (name, value) in all.as_object().unwrap() {
        let escaped = name.replacen(&name[1..2], &format!("\\u{:04x}", name.as_bytes()[1]), 1);
        let whole: String = name.bytes().map(|byte| format!("\\u{byte:04X}")).collect();
        for again in [name.clone(), escaped, whole] {
            for value in [value.to_string(), "\"x\"".to_owned()] {
                let first = format!("{{\"{again}\":{value},{}", &text[1..]);
                let last = format!("{},\"{again}\":{value}}}", &text[..text.len() - 1]);
                for claims in [first, last] {
                    assert_eq!(verify(&forged(header().to_string(), &claims)), Err(Refused::Claims), "{claims}");
                }
            }
        }
    }
    let iss = format!("{{\"\\u0069ss\":\"{ISSUER}\",{}", &claims().to_string().replacen("\"iss\"", "\"xss\"", 1)[1..]);
    assert!(verify(&forged(header().to_string(), iss)).is_ok(), "an escaped name is the name");
    let many: Vec<_> = (0..65).map(|number| format!("\"n{number}\":0,")).collect();
    let many = format!("{{{}{}", many.concat(), &text[1..]);
    assert_eq!(verify(&forged(header().to_string(), many)), Err(Refused::Claims));
}

/// Row J-13: the leeway to the second on either side, as it is, none, and no more than a minute.
///
/// Promise: `verify/expires`
#[test]
fn a_token_begins_and_ends_to_the_second() {
    let token = signed(&claims());
    for (leeway, secs) in [(None, 5), (Some(0), 0), (Some(30), 30), (Some(60), 60), (Some(3_600), 60)] {
        let verifier = match leeway {
            None => verifier(),
            Some(leeway) => verifier().leeway(Duration::from_secs(leeway)),
        };
        let end = NOW + 300 + secs;
        assert!(verifier.verify(&token, at(end - 1)).is_ok(), "{leeway:?}");
        assert!(verifier.verify(&token, at(end) - Duration::from_nanos(1)).is_ok(), "{leeway:?}");
        assert_eq!(verifier.verify(&token, at(end)), Err(Refused::Expired), "{leeway:?}");
        assert_eq!(verifier.verify(&token, at(end + 1)), Err(Refused::Expired), "{leeway:?}");
        assert!(verifier.verify(&token, at(NOW - secs)).is_ok(), "{leeway:?}");
        assert_eq!(verifier.verify(&token, at(NOW - secs - 1)), Err(Refused::NotYet), "{leeway:?}");
        let later = with_claims(&json!({ "nbf": NOW + 100 }));
        assert!(verifier.verify(&later, at(NOW + 100 - secs)).is_ok(), "{leeway:?}");
        assert_eq!(verifier.verify(&later, at(NOW + 99 - secs)), Err(Refused::NotYet), "{leeway:?}");
        let earlier = with_claims(&json!({ "nbf": 0 }));
        assert_eq!(verifier.verify(&earlier, at(NOW - secs - 1)), Err(Refused::NotYet), "{leeway:?}");
    }
}

/// Row J-13: moments at the ends of what a number can say, and a clock that stands before the epoch or far behind it.
///
/// Promise: `verify/expires`
#[test]
fn no_moment_wraps() {
    for (iat, exp, refused) in [
        (NOW, u64::MAX, Refused::Claims),
        (u64::MAX - 300, u64::MAX, Refused::NotYet),
        (u64::MAX, u64::MAX, Refused::Claims),
        (0, u64::MAX, Refused::Claims),
        (0, 300, Refused::Expired),
        (NOW, NOW, Refused::Claims),
        (NOW + 1, NOW, Refused::Claims),
        (NOW, NOW + 901, Refused::Claims),
        (NOW, i64::MAX.unsigned_abs(), Refused::Claims),
    ] {
        assert_eq!(verify(&with_claims(&json!({ "iat": iat, "exp": exp }))), Err(refused), "{iat} {exp}");
    }
    assert!(verify(&with_claims(&json!({ "exp": NOW + 900 }))).is_ok(), "15 minutes are the most");
    assert_eq!(verify(&with_claims(&json!({ "nbf": u64::MAX }))), Err(Refused::NotYet));
    let token = signed(&claims());
    let far = UNIX_EPOCH + Duration::from_secs(i64::MAX.unsigned_abs());
    assert_eq!(verifier().verify(&token, SystemTime::UNIX_EPOCH - Duration::from_secs(1)), Err(Refused::NotYet));
    assert_eq!(verifier().verify(&token, far), Err(Refused::Expired));
}

/// Row J-14: no audience, another, a list with ours in it, and what only looks like ours.
///
/// Promise: `verify/meant-for-us`
#[test]
fn a_token_is_for_us_and_nobody_besides() {
    for aud in [
        "https://other.example.com",
        "https://api.example.com/",
        "https://api.example.com ",
        "https://api.example.co",
        "api.example.com",
        "https://API.example.com",
        "https://api.example.com\0",
        "https://api.example.com.attacker.example",
        "client-app",
        "*",
    ] {
        assert_eq!(verify(&with_claims(&json!({ "aud": aud }))), Err(Refused::OtherAudience), "{aud}");
    }
    for aud in [json!([AUDIENCE]), json!([AUDIENCE, "other"]), json!([]), json!({ AUDIENCE: 1 })] {
        assert_eq!(verify(&with_claims(&json!({ "aud": aud }))), Err(Refused::Claims), "{aud}");
    }
    assert_eq!(verify(&with_claims(&json!({ "aud": null }))), Err(Refused::Claims));
}

/// Row J-14: a verifier of several audiences takes a token for exactly one of them, says which, and takes neither a list of
/// them nor what only one of them begins with.
///
/// Promise: `verify/meant-for-us`
#[test]
fn a_token_is_for_one_of_several_audiences() {
    const OTHER: &str = "https://reports.example.com";
    let verifier = verifier().also_for(OTHER);
    for audience in [AUDIENCE, OTHER] {
        let token = with_claims(&json!({ "aud": audience }));
        assert_eq!(verifier.verify(&token, at(NOW)).unwrap().audience, audience);
    }
    assert_eq!(verify(&with_claims(&json!({ "aud": OTHER }))), Err(Refused::OtherAudience), "for one as before");
    for aud in [
        "https://third.example.com".to_owned(),
        format!("{OTHER}/"),
        OTHER[..OTHER.len() - 1].to_owned(),
        format!("{AUDIENCE} {OTHER}"),
        format!("{AUDIENCE},{OTHER}"),
        format!("{AUDIENCE}{OTHER}"),
    ] {
        let token = with_claims(&json!({ "aud": aud }));
        assert_eq!(verifier.verify(&token, at(NOW)), Err(Refused::OtherAudience), "{aud}");
    }
    for aud in [json!([AUDIENCE, OTHER]), json!([OTHER]), json!([]), json!(null), json!("")] {
        let claims = claims_with(&json!({ "aud": null })).to_string().replacen('{', &format!("{{\"aud\":{aud},"), 1);
        assert_eq!(verifier.verify(&forged(header().to_string(), claims), at(NOW)), Err(Refused::Claims), "{aud}");
    }
    // An empty name is no audience that a token could be for.
    let nobody = Verifier::new(ISSUER, "", keys()).also_for("");
    assert_eq!(nobody.verify(&signed(&claims()), at(NOW)), Err(Refused::OtherAudience));
    assert_eq!(nobody.verify(&with_claims(&json!({ "aud": "" })), at(NOW)), Err(Refused::Claims));
    assert_eq!(nobody.verify(&with_claims(&json!({ "aud": null })), at(NOW)), Err(Refused::Claims));
}

/// Row J-15: another issuer, a part of ours, and ours with something behind it.
///
/// Promise: `verify/meant-for-us`
#[test]
fn a_token_is_of_our_issuer() {
    for iss in [
        "https://app.example.com",
        "https://app.example.com/",
        "https://app.example.com/auth/",
        "https://app.example.com/authx",
        "https://app.example.com/auth?",
        "https://app.example.com/Auth",
        "http://app.example.com/auth",
        "https://app.example.com:443/auth",
        "https://attacker.example/auth",
        "app.example.com/auth",
    ] {
        assert_eq!(verify(&with_claims(&json!({ "iss": iss }))), Err(Refused::OtherIssuer), "{iss}");
    }
    for iss in [json!([ISSUER]), json!({ "iss": ISSUER }), json!(null)] {
        assert_eq!(verify(&with_claims(&json!({ "iss": iss }))), Err(Refused::Claims), "{iss}");
    }
}

/// Row J-18: whom a token is about is told by both names, and a client is one whose names are the same.
///
/// Promise: `verify/kinds-apart`
#[test]
fn a_client_for_itself_is_told_from_a_person() {
    let of = |sub: &str, client: &str| verify(&with_claims(&json!({ "sub": sub, "client_id": client }))).unwrap();
    assert!(of("client-app", "client-app").is_of_client());
    assert!(!of("somebody", "client-app").is_of_client());
    assert!(!of("Client-app", "client-app").is_of_client() && !of("client-app ", "client-app").is_of_client());
}

/// A permission is one in the token's own tenant, and a token without a tenant has none.
///
/// Promise: `verify/typed-claims`
#[test]
fn a_permission_holds_in_its_tenant() {
    let token = verify(&with_claims(&json!({ "tenant": null }))).unwrap();
    assert!(!token.permits("", "invoices:read") && !token.permits("acme", "invoices:read"));
    let token = verify(&with_claims(&json!({ "permissions": null, "scope": "invoices:read openid" }))).unwrap();
    assert!(!token.permits("acme", "invoices:read"), "a scope is no permission");
    assert!(
        token.has_scope("openid")
            && !token.has_scope("")
            && !token.has_scope("open")
            && !token.has_scope("invoices:read openid")
    );
    assert!(!verify(&with_claims(&json!({ "scope": "" }))).unwrap().has_scope(""));
    assert!(!verify(&with_claims(&json!({ "scope": "a  b" }))).unwrap().has_scope(""));
}

/// Rows J-22 and J-23: a token is revoked by its name or its family's, until a newer list says otherwise.
///
/// Promise: `verify/revoked`
#[test]
fn a_token_is_revoked_by_name_or_family() {
    let verifier = verifier();
    let (one, two) = (with_claims(&json!({ "fam": "f" })), with_claims(&json!({ "jti": "two", "fam": "f" })));
    verifier.revoke(["other".to_owned(), String::new()]);
    assert!(verifier.verify(&one, at(NOW)).is_ok());
    verifier.revoke(["one".to_owned()]);
    assert_eq!(verifier.verify(&one, at(NOW)), Err(Refused::Revoked));
    assert!(verifier.verify(&two, at(NOW)).is_ok());
    verifier.revoke(["f".to_owned()]);
    assert_eq!(verifier.verify(&one, at(NOW)), Err(Refused::Revoked));
    assert_eq!(verifier.verify(&two, at(NOW)), Err(Refused::Revoked));
    verifier.revoke([]);
    assert!(verifier.verify(&one, at(NOW)).is_ok());
}

/// A token that is bound to a key, sent as one that is not, with another key, and the reverse (RFC 9449 section 7.2).
///
/// Promise: `verify/holder`
#[test]
fn a_bound_token_is_nothing_without_its_key() {
    let (verifier, now) = (Verifier::new(ISSUER, AUDIENCE, keys()), at(NOW));
    let bound = with_claims(&json!({ "cnf": { "jkt": "thumb" } }));
    assert_eq!(verifier.verify(&bound, now), Err(Refused::OtherHolder));
    assert_eq!(verifier.verify_bound(&bound, "other", now), Err(Refused::OtherHolder));
    assert_eq!(verifier.verify_bound(&bound, "", now), Err(Refused::OtherHolder));
    assert_eq!(verifier.verify_bound(&bound, "thumb", now).unwrap().key_thumbprint.as_deref(), Some("thumb"));
    assert_eq!(verifier.verify_without_proof(&bound, now).unwrap().key_thumbprint.as_deref(), Some("thumb"));
    let free = signed(&claims());
    assert_eq!(verifier.verify_bound(&free, "thumb", now), Err(Refused::OtherHolder));
    assert!(verifier.verify(&free, now).is_ok() && verifier.verify_without_proof(&free, now).is_ok());
}
