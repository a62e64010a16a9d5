//! What a proxy is told about the requests that it has stopped.

use axum::http::{HeaderValue, Request};
use bytes::Bytes;
use http_body_util::Full;

use super::*;

const ASK: &str = "/auth/verify?tenant=acme&permission=members:read";
const IN_PATH: &str = "/auth/verify/acme/members:read";
const IDENTITY: [&str; 7] = [
    "x-doorward-account",
    "x-doorward-email",
    "x-doorward-session",
    "x-doorward-tenant",
    "x-doorward-tenant-slug",
    "x-doorward-roles",
    "x-doorward-permission",
];

/// A proxy with somebody's request in its hands: it asks in GET and says which method the request has.
fn behind(person: &Actor, method: &'static str) -> Actor {
    let mut proxy = person.clone();
    proxy.set_header("x-original-method", method);
    proxy
}

/// What an answer says to a proxy. Whatever it says, it keeps nothing in a browser or a cache, and a no names nobody.
fn said(answer: &Answer) -> (u16, String) {
    assert!(answer.set_cookies().is_empty());
    assert_eq!(answer.header("cache-control"), "no-store");
    assert!(matches!(answer.status, 200 | 401 | 403), "a proxy takes {} for a failure", answer.status);
    for name in IDENTITY {
        assert_eq!(answer.headers.get_all(name).iter().count(), usize::from(answer.status == 200), "{name}");
    }
    assert_eq!(answer.header("x-doorward-code"), answer.code());
    (answer.status, answer.code())
}

async fn ask(proxy: &mut Actor, path: &str) -> (u16, String) {
    said(&proxy.get(path).await)
}

/// Asks with headers that may repeat.
async fn with(proxy: &Actor, method: &str, path: &str, more: &[(&str, &[u8])]) -> (u16, String) {
    let mut request = Request::builder().method(method).uri(proxy.url(path));
    for (name, value) in &proxy.headers {
        request = request.header(*name, value);
    }
    let cookies: Vec<_> = proxy.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
    request = request.header("cookie", cookies.join("; "));
    for (name, value) in more {
        request = request.header(*name, HeaderValue::from_bytes(value).unwrap());
    }
    said(&proxy.exchange(request.body(Full::<Bytes>::default()).unwrap()).await)
}

on_every_engine! {
    /// Promise: `access/forwarded`
    async fn a_yes_says_who_it_is_and_a_no_says_nothing(app: TestApp) {
        let (ann, mut bob) = two_tenants(&app).await;
        let answer = behind(&ann, "GET").get(ASK).await;
        assert_eq!(said(&answer), yes());
        let who = ann.clone().get("/auth/session").await.json();
        let acme = operate::tenant(&app.doorward, "acme").await.unwrap().unwrap();
        let session = who["session"]["id"].as_str().unwrap();
        let expected =
            [who["account"]["id"].as_str().unwrap(), ANN, session, &acme.id.to_string(), "acme", "owner", "members:read"];
        for (name, expected) in IDENTITY.iter().zip(expected) {
            assert_eq!(answer.header(name), expected, "{name}");
        }
        assert_eq!(ask(&mut behind(&bob, "GET"), ASK).await, no(403, "no_such_tenant"));
        let account = app.doorward.account_of(&BOB.parse_address()).await.unwrap().unwrap();
        app.member(acme.id, account, "member").await;
        bob = behind(&bob, "GET");
        assert_eq!(ask(&mut bob, ASK).await, yes(), "at the next request");
        assert_eq!(ask(&mut bob, "/auth/verify?tenant=acme&permission=members:manage").await, no(403, "forbidden"));
        assert_eq!(ask(&mut behind(&app.visitor(), "GET"), ASK).await, no(401, "not_signed_in"));
        operate::suspend_tenant(&app.doorward, acme.id).await.unwrap();
        assert_eq!(ask(&mut bob, ASK).await, no(403, "tenant_suspended"));
        operate::resume_tenant(&app.doorward, acme.id).await.unwrap();
        operate::disable(&app.doorward, account).await.unwrap();
        assert_eq!(ask(&mut bob, ASK).await, no(401, "not_signed_in"));
    }

    /// Promise: `access/forwarded`
    async fn an_identity_from_outside_is_refused_however_it_is_spelt(app: TestApp) {
        let (ann, _) = two_tenants(&app).await;
        let proxy = behind(&ann, "GET");
        for name in [
            "x-doorward-account", "X-Doorward-Account", "X-DOORWARD-ROLES", "x_doorward_account", "x-doorward_tenant",
            "X_Doorward-Email", "x.doorward.account", "x-doorward.account", "x!doorward~account", "x-doorward-",
            "x-doorward-code", "x-doorward-login", "x-doorward-something-new",
        ] {
            for path in [ASK, "/auth/verify/acme/members:read/", "/auth/verify/acme/members:read/a/b"] {
                let answer = with(&proxy, "GET", path, &[(name, b"owner")]).await;
                assert_eq!(answer, no(403, "identity_from_outside"), "{name} at {path}");
            }
            assert_eq!(with(&proxy, "GET", ASK, &[(name, b"")]).await, no(403, "identity_from_outside"), "empty {name}");
            let twice: [(&str, &[u8]); 2] = [(name, b"one"), (name, b"\xff\xfe")];
            assert_eq!(with(&proxy, "GET", ASK, &twice).await, no(403, "identity_from_outside"), "{name} twice");
        }
        assert_eq!(with(&proxy, "GET", ASK, &[("x-doorwardaccount", b"other")]).await, yes(), "nobody's name");
    }

    /// Promise: `access/forwarded`, `access/names-its-tenant`
    async fn a_question_that_is_not_understood_has_no_yes(app: TestApp) {
        let (ann, _) = two_tenants(&app).await;
        let mut proxy = behind(&ann, "GET");
        for (query, code) in [
            ("", "unknown_permission"), ("?tenant=acme", "unknown_permission"), ("?permission=members:read", "no_such_tenant"),
            ("?tenant=&permission=members:read", "no_such_tenant"), ("?tenant=acme&permission=", "unknown_permission"),
            ("?tenant=acme&permission=*", "unknown_permission"), ("?tenant=acme&permission=members:*", "unknown_permission"),
            ("?tenant=acme,other&permission=members:read", "no_such_tenant"),
            ("?tenant=acme&tenant=other&permission=members:read", "repeated_field"),
            ("?tenant=other&tenant=acme&permission=members:read", "repeated_field"),
            ("?tenant=acme&permission=members:read&permission=tenant:delete", "repeated_field"),
            ("?tenant=acme&permission=members:read&role=owner", "unknown_field"),
            ("?tenant=acme&permission=members:read&account=x", "unknown_field"),
            ("?Tenant=acme&permission=members:read", "unknown_field"), ("?tenant[]=acme&permission=members:read", "unknown_field"),
            ("?tenant=acme&permission=members:read&fresh_within=soon", "malformed_question"),
            ("?tenant=acme&permission=members:read&fresh_within=-1", "malformed_question"),
            ("?tenant=acme&permission=members:read&csrf=off", "malformed_question"),
            ("?tenant=acme&permission=members:read&csrf=application&csrf=", "repeated_field"),
        ] {
            assert_eq!(ask(&mut proxy, &format!("/auth/verify{query}")).await, no(403, code), "{query}");
        }
        assert_eq!(ask(&mut proxy, "/auth/verify?tenant=%61cme&permission=members%3Aread").await, yes(), "encoded");
        assert_eq!(ask(&mut proxy, &format!("{ASK}&fresh_within=60")).await, yes());
        app.wait(Duration::from_secs(60));
        assert_eq!(ask(&mut proxy, &format!("{ASK}&fresh_within=60")).await, no(403, "reauthentication_required"));
        assert_eq!(ask(&mut proxy, &format!("{ASK}&fresh_within=")).await, yes());
        for path in ["/auth/verify/", "/auth/verify/acme", IN_PATH, "/auth/verifyacme/members:read/x"] {
            assert_eq!(proxy.get(path).await.status, 404, "{path}");
        }
        for path in ["/auth/verify//members:read/", "/auth/verify//members:read/a", "/auth/verify/acme//a"] {
            assert_eq!(said(&proxy.get(path).await).0, 403, "{path}");
        }
    }

    /// Promise: `access/forwarded`
    async fn what_stands_behind_the_question_decides_nothing(app: TestApp) {
        let (ann, _) = two_tenants(&app).await;
        let mut proxy = ann.clone();
        for own in [
            "/", "/?", "/a", "//", "/a/../../../other/tenant:delete/x", "/%2e%2e/%2F..%2fother/", "/a?tenant=other",
            "/?tenant=other&tenant=x", "/?permission=tenant:delete&role=owner", "/a?fresh_within=0", "/a?csrf=application",
            "/;tenant=other", "/a%00b", "/a%26tenant=other",
        ] {
            assert_eq!(ask(&mut proxy, &format!("{IN_PATH}{own}")).await, yes(), "{own}");
            assert_eq!(ask(&mut proxy, &format!("/auth/verify/other/members:read{own}")).await, no(403, "no_such_tenant"), "{own}");
            let path = format!("/auth/verify/acme/members:raed{own}");
            assert_eq!(ask(&mut proxy, &path).await, no(403, "unknown_permission"), "{own}");
        }
        assert_eq!(ask(&mut proxy, "/auth/verify/acme%2Fmembers:read/tenant:delete/x").await, no(403, "no_such_tenant"));
        assert_eq!(ask(&mut proxy, &format!("{IN_PATH}/a%FF")).await, no(403, "malformed_path"));
    }

    /// Promise: `access/forwarded-changes`
    async fn the_requests_own_method_counts(app: TestApp) {
        let (mut ann, _) = two_tenants(&app).await;
        let token = ann.csrf_token().await;
        for method in ["GET", "HEAD", "OPTIONS"] {
            assert_eq!(ask(&mut behind(&ann, method), ASK).await, yes(), "{method}");
            let mut silent = ann.clone();
            let answer = silent.send(Method::from_bytes(method.as_bytes()).unwrap(), ASK, "", None).await;
            // Without a body a HEAD has no code but in the header.
            assert_eq!((answer.status, answer.header("x-doorward-code")), (403, "original_method_unknown"), "{method}");
        }
        for method in ["POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND", "get", "Get", "QUERY"] {
            let mut proxy = behind(&ann, method);
            assert_eq!(ask(&mut proxy, ASK).await, no(403, "csrf_token_invalid"), "{method}");
            proxy.set_header("x-csrf-token", &token);
            assert_eq!(ask(&mut proxy, ASK).await, yes(), "{method}");
            // In the request's own method, as Envoy asks.
            for path in [ASK, "/auth/verify/acme/members:read/", "/auth/verify/acme/members:read/a?csrf=application"] {
                let mut own = ann.clone();
                let verb = Method::from_bytes(method.as_bytes()).unwrap();
                assert_eq!(said(&own.send(verb.clone(), path, "", None).await), no(403, "csrf_token_invalid"), "{method} {path}");
                own.set_header("x-csrf-token", &token);
                assert_eq!(said(&own.send(verb, path, "", None).await), yes(), "{method} {path}");
            }
        }
        let unknown = no(403, "original_method_unknown");
        let bare = ann.clone();
        for said_twice in [
            [("x-original-method", "POST"), ("x-forwarded-method", "GET")],
            [("x-original-method", "GET"), ("X-Original-Method", "POST")],
        ] {
            let headers = said_twice.map(|(name, value)| (name, value.as_bytes()));
            assert_eq!(with(&bare, "GET", ASK, &headers).await, unknown, "{said_twice:?}");
        }
        for odd in ["", "GET, POST", "GET POST", "G\u{e9}T", "(GET)"] {
            assert_eq!(with(&bare, "GET", ASK, &[("x-original-method", odd.as_bytes())]).await, unknown, "{odd:?}");
        }
        for name in ["x-original-method", "x-forwarded-method"] {
            assert_eq!(with(&bare, "POST", ASK, &[(name, b"GET")]).await, unknown, "a POST that says it is none");
            for path in ["/auth/verify/acme/members:read/", "/auth/verify/acme/members:read/a"] {
                assert_eq!(with(&bare, "POST", path, &[(name, b"GET")]).await, unknown);
                assert_eq!(with(&bare, "GET", path, &[(name, b"POST")]).await, unknown);
                assert_eq!(with(&bare, "GET", path, &[(name, b"GET")]).await, yes());
            }
        }
    }

    /// Promise: `access/forwarded-changes`
    async fn what_changes_something_needs_our_origin_and_the_token(app: TestApp) {
        let (mut ann, mut bob) = two_tenants(&app).await;
        let (token, of_bob, of_form) = (ann.csrf_token().await, bob.csrf_token().await, ann.form_token().await);
        let application = format!("{ASK}&csrf=application");
        let mut proxy = behind(&ann, "POST");
        for wrong in ["", "null", of_bob.as_str(), of_form.as_str(), &token[1..]] {
            proxy.set_header("x-csrf-token", wrong);
            assert_eq!(ask(&mut proxy, ASK).await, no(403, "csrf_token_invalid"), "{wrong:?}");
        }
        assert_eq!(ask(&mut proxy, &application).await, yes(), "the application checks its own");
        proxy.set_header("x-csrf-token", &token);
        for (origin, site) in [("https://evil.example", "cross-site"), ("null", "cross-site"), ("https://evil.example", "same-site")] {
            let mut lured = proxy.clone();
            lured.set_header("origin", origin);
            lured.set_header("sec-fetch-site", site);
            for path in [ASK, application.as_str()] {
                assert_eq!(ask(&mut lured, path).await, no(403, "foreign_origin"), "{origin} {site} {path}");
            }
            lured.set_header("x-original-method", "GET");
            assert_eq!(ask(&mut lured, ASK).await, yes(), "a link from elsewhere");
            // A WebSocket is opened by a GET, and everything is done through it.
            for (name, value) in [("sec-fetch-mode", "websocket"), ("sec-websocket-key", "x"), ("upgrade", "websocket")] {
                let header = [(name, value.as_bytes())];
                assert_eq!(with(&lured, "GET", ASK, &header).await, no(403, "foreign_origin"), "{name}");
                assert_eq!(with(&behind(&ann, "GET"), "GET", ASK, &header).await, yes(), "{name}");
            }
        }
        let mut silent = proxy.clone();
        silent.remove_header("origin");
        silent.remove_header("sec-fetch-site");
        for path in [ASK, application.as_str()] {
            assert_eq!(ask(&mut silent, path).await, no(403, "foreign_origin"), "nobody says whose page it was");
        }
    }

    /// Promise: `access/forwarded`
    async fn a_401_says_where_to_log_in_and_leads_back_to_nowhere_else(app: TestApp) {
        let mut proxy = behind(&app.visitor(), "GET");
        let login = async |headers: &[(&'static str, &str)]| {
            let mut asked = proxy.clone();
            headers.iter().for_each(|(name, value)| asked.set_header(name, value));
            let answer = asked.get(ASK).await;
            assert_eq!(said(&answer), no(401, "not_signed_in"));
            answer.header("x-doorward-login").to_owned()
        };
        let back = "/auth/login?return_to=%2Freports%3Fpage%3D2%26by%3Dname";
        assert_eq!(login(&[("x-original-uri", "/reports?page=2&by=name")]).await, back);
        assert_eq!(login(&[("x-forwarded-uri", "/reports?page=2&by=name")]).await, back);
        for nowhere in ["https://evil.example/", "//evil.example", "/\\evil.example", "/%2f/evil.example", "evil", "", "/a/../b"] {
            assert_eq!(login(&[("x-original-uri", nowhere)]).await, "/auth/login", "{nowhere}");
        }
        assert_eq!(login(&[("x-original-uri", "/a"), ("x-forwarded-uri", "/b")]).await, "/auth/login", "two say two things");
        assert_eq!(login(&[("x-original-uri", "/a"), ("x-original-method", "POST")]).await, "/auth/login", "nothing is sent again");
        for (own, expected) in [("/a/b?c=d", "?return_to=%2Fa%2Fb%3Fc%3Dd"), ("/", "?return_to=%2F"), ("//evil.example", "")] {
            let answer = proxy.get(&format!("{IN_PATH}{own}")).await;
            assert_eq!(answer.header("x-doorward-login"), format!("/auth/login{expected}"), "{own}");
        }
    }
}
