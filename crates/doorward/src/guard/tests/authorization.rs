//! The header `Authorization`, malformed.

use base64::{Engine, engine::general_purpose::STANDARD};

use super::*;
use crate::testing::relying::{RelyingParty, shows, text_of};

/// Where a program says who it is, or shows a token.
const PLACES: [(&str, &str); 6] = [
    ("GET", "/auth/oauth/userinfo"),
    ("POST", "/auth/oauth/token"),
    ("POST", "/auth/oauth/introspect"),
    ("POST", "/auth/oauth/revoke"),
    ("POST", "/auth/oauth/par"),
    ("POST", "/auth/oauth/device"),
];

/// What is sent in the place of credentials: cut off, of no scheme, of two, percent signs that lead nowhere, and bytes that
/// are no text.
fn malformed() -> Vec<Vec<u8>> {
    let plain = [
        "",
        " ",
        "Bearer",
        "Bearer ",
        "Bearer   ",
        "bearer",
        "BEARER\t",
        "Bearer\tx",
        "Bearer .",
        "Bearer ..",
        "Bearer a.b.c",
        "Bearer a.b.c.d.e",
        "Bearer null",
        "Bearer undefined",
        "Bearer [object Object]",
        "Bearer %",
        "Bearer %zz",
        "Bearer %E0%A4%A",
        "Bearer%20x",
        "Bearer x y",
        "Bearer x, Bearer y",
        "Bearer,Basic",
        "Bearer=x",
        "Bearer \"x\"",
        "Bearer realm=\"x\"",
        "DPoP",
        "DPoP ",
        "DPoP %",
        "DPoP a.b.c",
        "Basic",
        "Basic ",
        "Basic =",
        "Basic ====",
        "Basic !!!!",
        "Basic Og==",
        "Basic Og",
        "Basic OjpB",
        "Basic %",
        "Basic a b",
        "Digest username=\"x\"",
        "Negotiate AAAA",
        "token x",
        "undefined",
        "null",
        ":",
        ",",
        "=",
        "\"",
        "{}",
        "[]",
    ];
    // What stands behind `Basic` is decoded twice: from base64, and each half like a field of a form.
    let pairs: [&[u8]; 12] = [
        b"",
        b"rp",
        b":",
        b"%:%",
        b"%zz:%zz",
        b"%E0%A4%A:x",
        b"%ff:%ff",
        b"%00:%00",
        b"\xff\xfe:\xff",
        b"rp:\0",
        b"\0",
        b"a:b:c:d",
    ];
    let mut all: Vec<Vec<u8>> = plain.iter().map(|text| text.as_bytes().to_vec()).collect();
    all.extend(pairs.iter().map(|pair| format!("Basic {}", STANDARD.encode(pair)).into_bytes()));
    all.extend([
        b"Bearer \xff\xfe".to_vec(),
        b"\xff".to_vec(),
        "Bearer é".as_bytes().to_vec(),
        b"Basic \xc3\x28".to_vec(),
    ]);
    all.extend(["Bearer ", "Basic ", "DPoP "].map(|scheme| format!("{scheme}{}", "A".repeat(9_000)).into_bytes()));
    all
}

on_every_engine! {
    /// Row J-26: whatever stands in the header is answered with 400 or 401 in the words of the endpoint, and the next request
    /// as if nothing had been.
    ///
    /// Promise: `guard/authorization-any-bytes`
    async fn no_authorization_breaks_anything(app: TestApp) {
        let owner = app.account(ANN).await;
        app.tenant("acme", owner).await;
        let rp = RelyingParty::registered(&app, "rp", |_| {}).await;
        let mut ann = app.logged_in(ANN).await;
        let token = text_of(&rp.tokens(&mut ann, "openid").await, "access_token");
        let program = app.visitor();
        for value in malformed() {
            let said = String::from_utf8_lossy(&value).into_owned();
            for (method, path) in PLACES {
                let headers: [(&str, &[u8]); 2] = [("content-type", FORM.as_bytes()), ("authorization", &value)];
                let body = if method == "POST" { "grant_type=client_credentials&token=x" } else { "" };
                let answer = by_hand(&program, method, path, &headers, body).await;
                assert!([400, 401].contains(&answer.status), "{path} {said:?}: {} {}", answer.status, answer.text());
                let told = match path.ends_with("userinfo") {
                    true => answer.header("www-authenticate").to_owned(),
                    false => text_of(&answer.json(), "error"),
                };
                let is_known = ["Bearer", "DPoP", "invalid_request", "invalid_client"].iter().any(|word| told.starts_with(word));
                assert!(is_known, "{path} {said:?}: {told} {}", answer.text());
            }
            // The guards for people do not look at it, not even to refuse it.
            let cookies = format!("dev-session={}", ann.session_cookie().unwrap());
            let headers: [(&str, &[u8]); 3] =
                [("cookie", cookies.as_bytes()), ("authorization", &value), ("accept", b"application/json")];
            assert_eq!(by_hand(&program, "GET", "/auth/session", &headers, "").await.status, 200, "{said:?}");
        }
        for (method, path) in PLACES {
            let headers: [(&str, &[u8]); 3] =
                [("content-type", FORM.as_bytes()), ("authorization", b"Bearer x"), ("authorization", b"Basic eDp5")];
            assert_eq!(by_hand(&program, method, path, &headers, "").await.status, 400, "{path}: two of them");
        }
        assert_eq!(shows(&app, "/auth/oauth/userinfo", "Bearer", &token).await.status, 200);
        assert_eq!(shows(&app, "/auth/oauth/userinfo", "bEARER", &token).await.status, 200, "a scheme has no case");
    }
}
