//! Ways around a guard by another spelling of the path, or by a header that some server believes (CVE-2025-29927, Symfony's and
//! Laminas' `X-Original-URL`). A new route is tried without being mentioned.

use super::*;
use crate::operate;

const OWNER: &str = "owner@example.com";
const BOB: &str = "bob@example.com";

/// Headers that have moved a request behind somebody's checks before.
const HEADERS: [(&str, &str); 13] = [
    ("x-middleware-subrequest", "middleware"),
    ("x-middleware-subrequest", "src/middleware:src/middleware:src/middleware:src/middleware:src/middleware"),
    ("x-original-url", "/auth/login"),
    ("x-rewrite-url", "/auth/login"),
    ("x-forwarded-uri", "/auth/login"),
    ("x-original-uri", "/auth/login"),
    ("x-original-method", "OPTIONS"),
    ("x-http-method-override", "OPTIONS"),
    ("x-forwarded-prefix", "/auth/assets"),
    ("x-forwarded-for", "127.0.0.1"),
    ("rsc", "1"),
    ("next-router-prefetch", "1"),
    ("purpose", "prefetch"),
];

/// Other spellings of a path; some server somewhere takes each of them for the path itself.
fn spellings(path: &str) -> Vec<String> {
    let rest = path.strip_prefix("/auth/").unwrap();
    let (folder, last) = path.rsplit_once('/').unwrap();
    let escaped = |at: &str| format!("%{:02x}{}", at.as_bytes()[0], &at[1..]);
    let mut spelt =
        vec![path.to_owned(), path.to_uppercase(), format!("/AUTH/{rest}"), format!("/auth/{}", escaped(rest))];
    spelt.extend(
        ["/", "//", ".", "/.", "/%2e", "%2f", "%20", "%00", "%0a", ";", ";a=b", "..;/", "?", "?nxtPtenant=acme"]
            .map(|end| format!("{path}{end}")),
    );
    spelt.extend([".json", ".rsc", ".css", ".txt", "%3f", "%23", "%252f"].map(|end| format!("{path}{end}")));
    spelt.extend(["//", "/./", "/%2e/", "/;/", "%2f", "%5c"].map(|slash| format!("{folder}{slash}{last}")));
    spelt.extend(
        ["//auth/", "/./auth/", "/%2e/auth/", "/%61uth/", "/auth//", "/auth/./", "/auth/%2e/", "/auth%2f"]
            .map(|start| format!("{start}{rest}")),
    );
    spelt.extend(
        [
            "/auth/login/..",
            "/auth/login/%2e%2e",
            "/auth/login/..;",
            "/auth/login/.%2e",
            "/auth/assets/%252e%252e",
            "/auth/assets/..%2f",
            "/en/auth",
            "/_next/data/x/auth",
        ]
        .map(|start| format!("{start}/{rest}")),
    );
    spelt
}

/// The routes that show something to whom it belongs, each where it shows it to the owner.
async fn protected(app: &TestApp) -> (Actor, Vec<(String, String, String)>) {
    let (owner, bob) = (app.account(OWNER).await, app.account(BOB).await);
    let acme = app.tenant("acme", owner).await;
    app.member(acme, bob, "member").await;
    let theirs = app.account("founder@example.com").await;
    let open = app.tenant("open", theirs).await;
    operate::open_tenant(&app.doorward, open, Some(&"member".parse().unwrap())).await.unwrap();
    operate::grant_operator(&app.doorward, owner, vec!["admin".parse().unwrap()]).await.unwrap();
    crate::testing::programs::Program::web(app).await;
    let mut person = app.logged_in(OWNER).await;
    let mut founder = app.logged_in("founder@example.com").await;
    let brought = [("kind", "openid"), ("label", "Acme ID")];
    let connection = person.post("/auth/tenants/acme/connections", &brought).await.json();
    let connection = connection["connection"].as_str().unwrap();
    let invited = founder.post("/auth/tenants/open/invitations", &[("email", OWNER), ("roles", "member")]).await;
    assert_eq!(invited.status, 200, "{}", invited.text());
    let invitation = app.token_for(OWNER).await;
    assert_eq!(person.post("/auth/email/change", &[("email", "new@example.com")]).await.status, 202);
    let change = app.token_for("new@example.com").await;
    let sessions = person.get("/auth/sessions").await.json();
    let session = sessions["sessions"][0]["id"].as_str().unwrap().to_owned();
    let shown =
        table().into_iter().filter(|route| !is_for_all(route) && (route.method == Method::GET || route.is_any()));
    let places = shown.map(|route| {
        let path = match route.path {
            "/tenants/{tenant}/join" => path_in(&route, "open"),
            _ => format!("/auth{}", route.path.replace("{id}", &session).replace("{account}", &bob.to_string())),
        };
        let path = path
            .replace("{tenant}", "acme")
            .replace("{permission}", "tenant:read")
            .replace("{*rest}", "a/b")
            .replace("{client}", "web")
            .replace("{connection}", connection);
        let query = match route.path {
            "/email/confirm" => format!("?token={change}"),
            "/invitations/accept" => format!("?token={invitation}"),
            "/verify" => "?tenant=acme&permission=tenant:read".to_owned(),
            path if path.ends_with("/export") => "?format=jsonl".to_owned(),
            _ => String::new(),
        };
        (name_of(&route), path, query)
    });
    (person, places.collect())
}

/// Whether an answer holds what only the owner is shown.
fn tells(answer: &Answer) -> bool {
    (200..300).contains(&answer.status) || [OWNER, BOB].iter().any(|address| answer.text().contains(address))
}

on_every_engine! {
    /// Promise: `guard/every-route-guarded`
    async fn no_spelling_of_a_path_gets_around_its_guard(app: TestApp) {
        let (mut owner, places) = protected(&app).await;
        let mut visitor = app.visitor();
        visitor.set_header("x-original-method", "GET");
        assert!(places.len() > 30, "{}", places.len());
        for (name, path, query) in &places {
            for method in [Method::GET, Method::HEAD] {
                // Else a loop over addresses that show nobody anything would be content.
                owner.set_header("x-original-method", method.as_str());
                let answer = owner.clone().send(method.clone(), &format!("{path}{query}"), "", None).await;
                assert_eq!(answer.status, 200, "{method} {name} for its owner: {}", answer.text());
                for spelling in spellings(path) {
                    let and = if spelling.contains('?') { query.replace('?', "&") } else { query.clone() };
                    for mut stranger in [visitor.clone(), visitor.clone().in_browser()] {
                        let answer = stranger.send(method.clone(), &format!("{spelling}{and}"), "", None).await;
                        assert!(!tells(&answer), "{method} {spelling} ({name}): {} {}", answer.status, answer.text());
                    }
                }
            }
        }
    }

    /// Promise: `guard/every-route-guarded`
    async fn no_header_gets_around_a_guard(app: TestApp) {
        let (_, places) = protected(&app).await;
        for (name, value) in HEADERS {
            let mut visitor = app.visitor();
            visitor.set_header("x-original-method", "GET");
            visitor.set_header(name, value);
            for (route, path, query) in &places {
                for method in [Method::GET, Method::HEAD] {
                    let answer = visitor.clone().send(method.clone(), &format!("{path}{query}"), "", None).await;
                    assert!(!tells(&answer), "{method} {route} with {name}: {value}: {} {}", answer.status, answer.text());
                }
            }
        }
        // The other way round: whoever asks for what anybody may see is shown that, and not what a header names.
        for name in ["x-original-url", "x-rewrite-url", "x-forwarded-uri", "x-original-uri", "x-forwarded-prefix"] {
            for (_, path, query) in &places {
                let mut visitor = app.visitor();
                visitor.headers.push((name, format!("{path}{query}")));
                let answer = visitor.get("/auth/csrf").await;
                assert_eq!(answer.status, 200, "{name}: {path}");
                assert!(answer.json()["csrf_token"].is_string() && !answer.text().contains(OWNER), "{name}: {path}");
            }
        }
    }
}
