//! Who sent this, and with which token: the whole matrix on one route of each kind.

use super::*;

/// Every value that an `Origin` header may have, and whether it is ours; the first is none at all.
fn origins(ours: &str) -> Vec<(Vec<String>, bool)> {
    let foreign = [
        EVIL,
        "null",
        "",
        "NULL",
        "http://localhost",
        "https://localhost:4400",
        "http://127.0.0.1:4400",
        "http://localhost:4401",
        "http://localhost:4400.evil.example",
        "http://evil.localhost:4400",
        "http://localhost:4400@evil.example",
        "HTTP://LOCALHOST:4400",
        "localhost:4400",
        "http://localhost:4400/",
        "http://localhost:4400, https://evil.example",
    ];
    let twice = [[ours, ours], [ours, EVIL], [EVIL, ours], ["null", ours]];
    let mut origins = vec![(vec![], true), (vec![ours.to_owned()], true)];
    origins.extend(foreign.iter().map(|origin| (vec![(*origin).to_owned()], false)));
    origins.extend(twice.iter().map(|pair| (pair.iter().map(|origin| (*origin).to_owned()).collect(), false)));
    origins
}

/// Every value that a `Sec-Fetch-Site` header may have, and whether it is ours; the first is none at all.
const SITES: [(&[&str], bool); 11] = [
    (&[], true),
    (&["same-origin"], true),
    (&["none"], true),
    (&["same-site"], false),
    (&["cross-site"], false),
    (&["Same-Origin"], false),
    (&["same-origin, cross-site"], false),
    (&["?1"], false),
    (&[""], false),
    (&["same-origin", "same-origin"], false),
    (&["same-origin", "cross-site"], false),
];

/// Sends one form as a browser or an attacker would, with the headers of one cell of the matrix.
async fn send(actor: &Actor, path: &str, origin: &[String], site: &[&str], body: &str) -> Answer {
    let cookies = actor.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ");
    let mut headers: Vec<(&str, &[u8])> = vec![("content-type", FORM.as_bytes()), ("cookie", cookies.as_bytes())];
    headers.extend(origin.iter().map(|value| ("origin", value.as_bytes())));
    headers.extend(site.iter().map(|value| ("sec-fetch-site", value.as_bytes())));
    by_hand(actor, "POST", path, &headers, body).await
}

on_every_engine! {
    /// Promise: `guard/origin`, `guard/csrf`
    async fn only_our_own_page_changes_what_belongs_to_a_session(app: TestApp) {
        let mut ann = app.person(ANN).await;
        let token = ann.csrf_token().await;
        for (origin, origin_is_ours) in origins(&app.origin()) {
            for (site, site_is_ours) in SITES {
                let ours = origin_is_ours && site_is_ours && !(origin.is_empty() && site.is_empty());
                let cell = format!("origin {origin:?}, site {site:?}");
                let answer = send(&ann, "/auth/account/profile", &origin, site, &format!("display_name=Ann&csrf_token={token}")).await;
                let expected = if ours { refused(200, "") } else { refused(403, "foreign_origin") };
                assert_eq!(verdict(&answer), expected, "{cell}, with the token");
                let answer = send(&ann, "/auth/account/profile", &origin, site, "display_name=Mallory").await;
                let expected = refused(403, if ours { "csrf_token_invalid" } else { "foreign_origin" });
                assert_eq!(verdict(&answer), expected, "{cell}, without the token");
            }
        }
        assert_eq!(ann.get("/auth/account").await.json()["name"], "Ann");
    }

    /// Promise: `guard/origin`, `guard/csrf`
    async fn only_our_own_form_asks_for_anything_before_there_is_a_session(app: TestApp) {
        let mut visitor = app.visitor();
        let token = visitor.form_token().await;
        for (origin, origin_is_ours) in origins(&app.origin()) {
            for (site, site_is_ours) in SITES {
                // A program sends neither header. It has no cookies that a page elsewhere could borrow, so its token is enough.
                let ours = origin_is_ours && site_is_ours;
                let cell = format!("origin {origin:?}, site {site:?}");
                let answer = send(&visitor, "/auth/password/reset", &origin, site, &format!("token=x&csrf_token={token}")).await;
                let expected = if ours { refused(410, "link_spent") } else { refused(403, "foreign_origin") };
                assert_eq!(verdict(&answer), expected, "{cell}, with the token");
                let answer = send(&visitor, "/auth/password/reset", &origin, site, "token=x").await;
                let expected = refused(403, if ours { "csrf_token_invalid" } else { "foreign_origin" });
                assert_eq!(verdict(&answer), expected, "{cell}, without the token");
            }
        }
    }

    /// Promise: `guard/origin`
    async fn a_page_elsewhere_logs_nobody_into_its_own_account(app: TestApp) {
        // Login CSRF: the attacker's address and password, in the victim's browser, with the victim's own valid form.
        app.account("mallory@evil.example").await;
        let form = [("email", "mallory@evil.example"), ("password", PASSWORD)];
        let mut victim = app.visitor().in_browser();
        let token = victim.form_token().await;
        for (origin, site) in [(EVIL, "cross-site"), ("null", "cross-site"), ("http://sub.localhost:4400", "same-site")] {
            victim.set_header("origin", origin);
            victim.set_header("sec-fetch-site", site);
            assert_eq!(victim.post_with(&token, "/auth/login", &form).await.status, 403, "{origin}");
            assert_eq!(victim.post_with("", "/auth/login", &form).await.status, 403, "{origin}");
        }
        assert_eq!(victim.session_cookie(), None);
        assert_eq!(app.count("sessions").await, 0);
    }

    /// Promise: `guard/session-token-only`
    async fn the_token_of_the_time_before_the_login_is_dead_after_it(app: TestApp) {
        app.account(ANN).await;
        let mut ann = app.visitor();
        let before = ann.form_token().await;
        let planted = ann.cookies.clone();
        let answer = ann.post_with(&before, "/auth/login", &[("email", ANN), ("password", PASSWORD)]).await;
        assert_eq!(answer.status, 200);
        assert!(!ann.cookies.contains_key("dev-form"), "the form cookie goes with the time it belonged to");
        // Somebody who planted the form cookie, and so knows its token, plants it again.
        ann.cookies.extend(planted);
        let answer = ann.post_with(&before, "/auth/account/profile", &[("display_name", "Mallory")]).await;
        assert_eq!(verdict(&answer), refused(403, "csrf_token_invalid"));
        let fresh = ann.csrf_token().await;
        assert_ne!(fresh, before);
        assert_eq!(ann.post_with(&fresh, "/auth/account/profile", &[("display_name", "Ann")]).await.status, 200);
    }

    /// Promise: `guard/session-token-only`
    async fn the_token_of_an_ended_or_other_session_is_dead(app: TestApp) {
        let mut ann = app.person(ANN).await;
        let first = ann.csrf_token().await;
        let form = ann.form_token().await;
        let again = ann.post_with(&form, "/auth/login", &[("email", ANN), ("password", PASSWORD)]).await;
        assert_eq!(again.status, 200);
        let answer = ann.post_with(&first, "/auth/account/profile", &[("display_name", "x")]).await;
        assert_eq!(verdict(&answer), refused(403, "csrf_token_invalid"), "the token before a second login");
        let second = ann.csrf_token().await;
        assert_eq!(ann.post("/auth/reauthenticate", &[("password", PASSWORD)]).await.status, 200);
        let answer = ann.post_with(&second, "/auth/account/profile", &[("display_name", "x")]).await;
        assert_eq!(verdict(&answer), refused(403, "csrf_token_invalid"), "the token before a renewal");
        let mut phone = app.logged_in(ANN).await;
        let other = phone.csrf_token().await;
        let answer = ann.post_with(&other, "/auth/account/profile", &[("display_name", "x")]).await;
        assert_eq!(verdict(&answer), refused(403, "csrf_token_invalid"), "the token of another session of her own");
    }

    /// Promise: `guard/csrf`
    async fn the_token_counts_in_the_header_or_the_form_and_nowhere_else(app: TestApp) {
        let mut ann = app.person(ANN).await;
        let token = ann.csrf_token().await;
        let profile = "/auth/account/profile";
        let json = |body: String| (body, "application/json");
        let form = |body: String| (body, FORM);
        let cases = [
            ("a form field", None, form(format!("display_name=A&csrf_token={token}")), profile.to_owned(), 200),
            ("a JSON field", None, json(format!(r#"{{"display_name":"A","csrf_token":"{token}"}}"#)), profile.to_owned(), 200),
            ("the header", Some(token.clone()), json(r#"{"display_name":"A"}"#.to_owned()), profile.to_owned(), 200),
            ("the query", None, form("display_name=A".to_owned()), format!("{profile}?csrf_token={token}"), 403),
            ("a wrong header", Some("x".to_owned()), form(format!("display_name=A&csrf_token={token}")), profile.to_owned(), 403),
            ("an empty header", Some(String::new()), form(format!("display_name=A&csrf_token={token}")), profile.to_owned(), 403),
            ("twice in the form", None, form(format!("display_name=A&csrf_token={token}&csrf_token={token}")), profile.to_owned(), 400),
            ("cut short", None, form(format!("display_name=A&csrf_token={}", &token[..42])), profile.to_owned(), 403),
            ("in capitals", None, form(format!("display_name=A&csrf_token={}", token.to_uppercase())), profile.to_owned(), 403),
            ("with padding", None, form(format!("display_name=A&csrf_token={token}%3D")), profile.to_owned(), 403),
            ("with a space", None, form(format!("display_name=A&csrf_token=+{token}")), profile.to_owned(), 403),
        ];
        for (place, header, (body, content_type), path, status) in cases {
            let mut sender = ann.clone();
            if let Some(header) = &header {
                sender.set_header("x-csrf-token", header);
            }
            assert_eq!(sender.send(Method::POST, &path, &body, Some(content_type)).await.status, status, "{place}");
        }
        let mut only_cookie = ann.clone();
        only_cookie.cookies.insert("csrf_token".to_owned(), token.clone());
        only_cookie.cookies.insert("x-csrf-token".to_owned(), token);
        assert_eq!(only_cookie.send(Method::POST, profile, "display_name=A", Some(FORM)).await.status, 403, "a cookie");
    }

    /// Promise: `guard/csrf`
    async fn a_refused_form_brings_the_cookie_with_which_it_works(app: TestApp) {
        app.account(ANN).await;
        let form = [("email", ANN), ("password", PASSWORD)];
        let mut ann = app.visitor();
        let answer = ann.post_with("", "/auth/login", &form).await;
        assert_eq!(verdict(&answer), refused(403, "csrf_token_invalid"));
        assert!(ann.cookies.contains_key("dev-form"));
        let token = ann.form_token().await;
        assert_eq!(ann.post_with(&token, "/auth/login", &form).await.status, 200);
    }

    /// Promise: `guard/csrf`
    async fn the_token_of_another_browsers_form_is_refused(app: TestApp) {
        app.account(ANN).await;
        let form = [("email", ANN), ("password", PASSWORD)];
        let (mut ann, mut mallory) = (app.visitor(), app.visitor());
        let (of_ann, of_mallory) = (ann.form_token().await, mallory.form_token().await);
        let answer = ann.post_with(&of_mallory, "/auth/login", &form).await;
        assert_eq!(verdict(&answer), refused(403, "csrf_token_invalid"));
        let (own, tossed) = (&ann.cookies["dev-form"], &mallory.cookies["dev-form"]);
        for cookies in [format!("dev-form={own}; dev-form={tossed}"), "dev-form=forged".to_owned()] {
            let body = format!("email=ann%40example.com&password={PASSWORD}&csrf_token={of_ann}").replace(' ', "+");
            let origin = app.origin();
            let headers = [("cookie", cookies.as_bytes()), ("content-type", FORM.as_bytes()), ("origin", origin.as_bytes())];
            let answer = by_hand(&ann, "POST", "/auth/login", &headers, &body).await;
            assert_eq!(verdict(&answer), refused(403, "csrf_token_invalid"), "{cookies}");
        }
        assert_eq!(ann.post_with(&of_ann, "/auth/login", &form).await.status, 200);
    }
}
