//! The protective headers, on every kind of answer.

use super::*;

fn is_protected(answer: &Answer, what: &str) {
    let csp = answer.header("content-security-policy");
    for part in ["default-src 'none'", "form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'"] {
        assert!(csp.split(';').any(|directive| directive.trim() == part), "{what}: {csp}");
    }
    assert!(!csp.contains("unsafe") && !csp.contains('*') && !csp.contains("script-src"), "{what}: {csp}");
    assert_eq!(answer.header("x-content-type-options"), "nosniff", "{what}");
    assert_eq!(answer.header("x-frame-options"), "DENY", "{what}");
    assert_eq!(answer.header("referrer-policy"), "same-origin", "{what}");
    assert_eq!(answer.header("cross-origin-opener-policy"), "same-origin", "{what}");
    assert_eq!(answer.header("cross-origin-resource-policy"), "same-origin", "{what}");
    assert!(answer.header("permissions-policy").contains("camera=()"), "{what}");
    assert!(!answer.headers.contains_key("access-control-allow-origin"), "{what}");
    assert!(!answer.headers.contains_key("server") && !answer.headers.contains_key("x-powered-by"), "{what}");
}

fn is_private(answer: &Answer, what: &str) {
    is_protected(answer, what);
    assert_eq!(answer.header("cache-control"), "no-store", "{what}");
}

/// One answer of every kind, each with the status that it should have.
async fn every_kind(app: &TestApp) -> Vec<(&'static str, u16, Answer)> {
    let mut ann = app.logged_in_here(ANN).await;
    let mut page = ann.clone().in_browser();
    let mut stranger = app.visitor();
    let token = stranger.form_token().await;
    let big = "a".repeat(70_000);
    let mut answers = vec![
        ("the process", 200, app.visitor().get("/healthz").await),
        ("the database", 200, app.visitor().get("/readyz").await),
        ("a page", 200, page.get("/auth/account").await),
        ("a page for strangers", 200, app.visitor().in_browser().get("/auth/login").await),
        ("JSON", 200, ann.get("/auth/session").await),
        ("the CSRF token", 200, ann.get("/auth/csrf").await),
        ("the description", 200, ann.get("/auth/openapi.json").await),
        ("done, for a program", 200, ann.post("/auth/account/profile", &[("display_name", "Ann")]).await),
        ("done, for a person", 303, page.post("/auth/account/profile", &[("display_name", "Ann")]).await),
        ("the way to the login", 303, app.visitor().in_browser().get("/auth/account").await),
        ("nobody", 401, stranger.get("/auth/session").await),
        ("a wrong password", 401, stranger.post("/auth/login", &[("email", ANN), ("password", "wrong")]).await),
        ("another site", 403, stranger.clone().post_with("", "/auth/login", &[]).await),
        ("nothing there", 404, stranger.get("/auth/nothing").await),
        ("nothing there, as a page", 404, page.get("/nothing").await),
        ("no such session", 404, ann.delete("/auth/sessions/0000000000000001").await),
        ("another method", 405, stranger.send(Method::PUT, "/auth/login", "", None).await),
        ("a spent link", 410, stranger.get("/auth/password/reset?token=x").await),
        ("a spent link, as a page", 410, page.get("/auth/password/reset?token=x").await),
        ("too much", 413, stranger.post_with(&token, "/auth/login", &[("email", &big)]).await),
        ("another format", 415, stranger.send(Method::POST, "/auth/login", "x", Some("text/plain")).await),
        ("a wrong field", 422, stranger.post("/auth/login", &[("email", "x"), ("password", "y")]).await),
        ("a wrong field, as a page", 422, stranger.clone().in_browser().post("/auth/login", &[("email", "x")]).await),
        ("malformed", 400, stranger.send(Method::POST, "/auth/login", "{", Some("application/json")).await),
    ];
    let mut tx = app.db().begin(crate::operate::Durability::Full).await.unwrap();
    tx.batch("ALTER TABLE sessions RENAME TO sessions_away").await.unwrap();
    tx.batch("ALTER TABLE schema_migrations RENAME TO schema_migrations_away").await.unwrap();
    tx.commit().await.unwrap();
    answers.push(("no database", 503, app.visitor().get("/readyz").await));
    answers.push(("unavailable", 503, ann.get("/auth/session").await));
    answers.push(("unavailable, as a page", 503, page.get("/auth/account").await));
    answers
}

trait LoggedInHere {
    async fn logged_in_here(&self, email: &str) -> Actor;
}

impl LoggedInHere for TestApp {
    /// Logs in whatever the site calls its cookie.
    async fn logged_in_here(&self, email: &str) -> Actor {
        let mut person = self.visitor();
        assert_eq!(person.post("/auth/login", &[("email", email), ("password", PASSWORD)]).await.status, 200);
        person
    }
}

on_every_engine! {
    /// Promise: `guard/no-store`
    async fn every_kind_of_answer_is_protected_and_kept_by_nobody(app: TestApp) {
        app.account(ANN).await;
        for (what, status, answer) in every_kind(&app).await {
            assert_eq!(answer.status, status, "{what}: {}", answer.text());
            is_private(&answer, what);
            assert!(!answer.headers.contains_key("strict-transport-security"), "{what}: not over plain http");
            let place = answer.header("location");
            assert!(place.is_empty() || (place.starts_with('/') && !place.starts_with("//")), "{what} leads to {place}");
        }
    }

    /// Promise: `guard/no-store`
    async fn over_https_every_answer_says_so(app: TestApp) {
        let mut app = app;
        app.account(ANN).await;
        app.settings.site.public_url = "https://id.example.com".to_owned();
        let over_https = app.another().await;
        let mut stylesheet = over_https.visitor().get("/auth/assets/style.css").await;
        stylesheet.headers.insert("cache-control", HeaderValue::from_static("no-store"));
        let home = over_https.visitor().get("/").await;
        let mut answers = every_kind(&over_https).await;
        answers.extend([("a stylesheet", 200, stylesheet), ("home", 303, home)]);
        for (what, status, answer) in answers {
            assert_eq!(answer.status, status, "{what}: {}", answer.text());
            is_private(&answer, what);
            assert_eq!(answer.header("strict-transport-security"), "max-age=31536000; includeSubDomains", "{what}");
            assert!(answer.set_cookies().iter().all(|cookie| cookie.starts_with("__Host-") && cookie.ends_with("; Secure")), "{what}");
        }
    }

    /// Promise: `guard/no-store`
    async fn only_files_that_are_nobodys_are_kept(app: TestApp) {
        let mut ann = app.person(ANN).await.in_browser();
        for route in table().into_iter().filter(|route| route.method == Method::GET) {
            let answer = knock(&mut ann, &route).await;
            is_protected(&answer, route.path);
            let kept = answer.header("cache-control") != "no-store";
            let for_minutes = route.path.starts_with("/.well-known/") || route.path == "/oauth/jwks";
            let may_be = route.path.starts_with("/assets/") || for_minutes;
            assert_eq!(kept, may_be && answer.status == 200, "{}", route.path);
            if kept {
                let how = if for_minutes { "public, max-age=300" } else { "public, max-age=31536000, immutable" };
                assert_eq!(answer.header("cache-control"), how);
                assert!(answer.set_cookies().is_empty(), "a file that proxies keep sets no cookie: {}", route.path);
                assert!(!answer.text().contains(ANN));
            }
        }
    }

    /// Promise: `guard/no-store`
    async fn a_page_has_no_script_and_nothing_inline(app: TestApp) {
        let mut ann = app.person(ANN).await.in_browser();
        for route in table().into_iter().filter(|route| route.method == Method::GET) {
            let text = knock(&mut ann, &route).await;
            if !text.header("content-type").starts_with("text/html") {
                continue;
            }
            let text = text.text();
            for forbidden in ["<script", "<style", " style=", "onclick", "javascript:", "http://evil", "<iframe"] {
                assert!(!text.contains(forbidden), "{} has {forbidden}", route.path);
            }
        }
    }

    async fn a_wait_is_the_same_in_the_header_and_in_the_document(app: TestApp) {
        app.account(ANN).await;
        let mut stranger = app.visitor();
        for _ in 0..6 {
            stranger.post("/auth/login", &[("email", ANN), ("password", "wrong")]).await;
        }
        app.wait(std::time::Duration::from_millis(300));
        let answer = stranger.post("/auth/login", &[("email", ANN), ("password", "wrong")]).await;
        assert_eq!((answer.status, answer.header("retry-after")), (429, "30"), "29.7 seconds are left");
        assert_eq!(answer.json()["retry_after_secs"], 30);
    }
}
