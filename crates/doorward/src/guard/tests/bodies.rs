//! What a body may be, and how much of it is read.

use super::*;

/// The session of somebody who sends bodies of every kind to one route of hers.
async fn sends(ann: &Actor, token: &str, content_type: Option<&str>, body: &str) -> Answer {
    let mut sender = ann.clone();
    sender.set_header("x-csrf-token", token);
    sender.send(Method::POST, "/auth/account/profile", body, content_type).await
}

on_every_engine! {
    /// Promise: `guard/limits`
    async fn ten_megabytes_are_refused_before_anything_is_hashed(app: TestApp) {
        app.account(ANN).await;
        let mut visitor = app.visitor();
        let token = visitor.form_token().await;
        let cookie = &visitor.cookies["dev-form"];
        let origin = app.origin();
        for path in ["/auth/login", "/auth/signup", "/auth/password/reset", "/auth/logout"] {
            let head = format!(
                "POST {path} HTTP/1.1\r\nHost: localhost\r\nOrigin: {origin}\r\nCookie: dev-form={cookie}\r\nX-CSRF-Token: {token}\r\n\
                 Accept: application/json\r\nContent-Type: {FORM}\r\n"
            );
            let password = "p".repeat(128 * 1024);
            let announced = format!("{head}Content-Length: 10485760\r\n\r\nemail=ann%40example.com&password={password}");
            let answer = raw(&app, announced.into_bytes()).await;
            assert!(answer.starts_with("HTTP/1.1 413") && answer.contains("body_too_large"), "{path}: {answer}");
            let chunk = format!("email=ann%40example.com&password={password}");
            let chunked = format!("{head}Transfer-Encoding: chunked\r\n\r\n{:x}\r\n{chunk}\r\n", chunk.len());
            let answer = raw(&app, chunked.into_bytes()).await;
            assert!(answer.starts_with("HTTP/1.1 413") && answer.contains("body_too_large"), "{path}, chunked: {answer}");
        }
        // A guess is paid for before it is hashed, and nobody has paid.
        assert_eq!(app.count("throttles").await, 0);
        assert_eq!(app.count("signups").await, 0);
    }

    /// Promise: `guard/limits`
    async fn the_limit_is_64_kib_to_the_byte(app: TestApp) {
        let mut ann = app.person(ANN).await;
        let token = ann.csrf_token().await;
        let body = |length: usize| format!("display_name={}", "a".repeat(length - "display_name=".len()));
        let answer = sends(&ann, &token, Some(FORM), &body(64 * 1024)).await;
        assert_eq!(verdict(&answer), refused(422, "name_too_long"));
        let answer = sends(&ann, &token, Some(FORM), &body(64 * 1024 + 1)).await;
        assert_eq!(verdict(&answer), refused(413, "body_too_large"));
    }

    /// Promise: `guard/limits`
    async fn a_password_longer_than_any_is_refused_before_it_is_paid_for(app: TestApp) {
        app.account(ANN).await;
        let mut visitor = app.visitor();
        let answer = visitor.post("/auth/login", &[("email", ANN), ("password", &"p".repeat(50_000))]).await;
        assert_eq!(verdict(&answer), refused(422, "password_too_long"));
        assert_eq!(app.count("throttles").await, 0);
    }

    /// Promise: `guard/limits`
    async fn deep_and_wide_json_is_refused(app: TestApp) {
        let mut ann = app.person(ANN).await;
        let token = ann.csrf_token().await;
        let nested = |open: &str, close: &str, depth: usize| format!("{}{}", open.repeat(depth), close.repeat(depth));
        let many = |count: usize| {
            let fields: Vec<_> = (0..count).map(|n| format!("\"f{n}\":\"\"")).collect();
            format!("{{{}}}", fields.join(","))
        };
        for (body, code) in [
            (format!("{{\"display_name\":{}}}", nested("[", "]", 10_000)), "malformed_json"),
            (format!("{{\"other\":{}1{}}}", "{\"a\":".repeat(10_000), "}".repeat(10_000)), "malformed_json"),
            (nested("[", "]", 30_000), "malformed_json"),
            ("[".repeat(60_000), "malformed_json"),
            (many(81), "repeated_field"),
            (many(5_000), "repeated_field"),
            (many(80), "unknown_field"),
        ] {
            let answer = sends(&ann, &token, Some("application/json"), &body).await;
            assert_eq!(answer.code(), code, "{:.60}", body);
            assert!((400..=422).contains(&answer.status), "{:.60}", body);
        }
    }

    /// Promise: `guard/content-types`
    async fn a_body_says_what_it_is_or_is_refused(app: TestApp) {
        let mut ann = app.person(ANN).await;
        let token = ann.csrf_token().await;
        let (form, json) = ("display_name=Ann", r#"{"display_name":"Ann"}"#);
        for content_type in [FORM, "application/x-www-form-urlencoded; charset=UTF-8", "Application/X-WWW-Form-URLEncoded"] {
            assert_eq!(sends(&ann, &token, Some(content_type), form).await.status, 200, "{content_type}");
        }
        for content_type in ["application/json", "application/json; charset=utf-8", "Application/JSON ; Charset=UTF-8"] {
            assert_eq!(sends(&ann, &token, Some(content_type), json).await.status, 200, "{content_type}");
        }
        let others = [
            None, Some(""), Some("text/plain"), Some("text/json"), Some("text/plain; application/json"), Some("application/jsonp"),
            Some("application/vnd.api+json"), Some("multipart/form-data; boundary=x"), Some("application/xml"), Some("*/*"),
            Some("application/x-www-form-urlencodedx"), Some("application"), Some(";application/json"),
        ];
        for content_type in others {
            for body in [form, json] {
                let answer = sends(&ann, &token, content_type, body).await;
                assert_eq!(verdict(&answer), refused(415, "unsupported_media_type"), "{content_type:?}");
            }
        }
    }

    /// Promise: `guard/content-types`
    async fn a_form_that_smuggles_json_is_not_read_as_json(app: TestApp) {
        // A form with enctype text/plain is the one way for a page elsewhere to send something that looks like JSON.
        let mut ann = app.person(ANN).await;
        let token = ann.csrf_token().await;
        let smuggled = format!(r#"{{"display_name":"Mallory","csrf_token":"{token}","x":"="}}"#);
        assert_eq!(sends(&ann, &token, Some("text/plain"), &smuggled).await.status, 415);
        assert_eq!(verdict(&sends(&ann, &token, Some(FORM), &smuggled).await), refused(422, "unknown_field"));
        assert_eq!(ann.get("/auth/account").await.json()["name"], "");
    }

    async fn json_is_one_object_of_texts(app: TestApp) {
        let mut ann = app.person(ANN).await;
        let token = ann.csrf_token().await;
        for body in [
            "{", "null", "[]", "\"display_name\"", "{\"display_name\":1}", "{\"display_name\":null}", "{\"display_name\":true}",
            "{\"display_name\":[\"a\"]}", "{\"display_name\":{\"$gt\":\"\"}}", "{\"display_name\":\"a\"} x", "{\"display_name\":\"a\",}",
            "{\"display_name\":\"\\ud800\"}", "{'display_name':'a'}", "display_name=a",
        ] {
            let answer = sends(&ann, &token, Some("application/json"), body).await;
            assert_eq!(verdict(&answer), refused(400, "malformed_json"), "{body}");
        }
    }

    async fn a_field_that_is_sent_twice_is_refused(app: TestApp) {
        let mut ann = app.person(ANN).await;
        let token = ann.csrf_token().await;
        for (content_type, body) in [
            (FORM, "display_name=a&display_name=b"),
            (FORM, "display_name=a&display_name=a"),
            (FORM, "display_name=a&display%5Fname=b"),
            (FORM, "display_name=a&return_to=%2Fa&return_to=%2Fb"),
            ("application/json", r#"{"display_name":"a","display_name":"b"}"#),
            ("application/json", r#"{"display_name":"a","display\u005fname":"b"}"#),
        ] {
            let answer = sends(&ann, &token, Some(content_type), body).await;
            assert_eq!(verdict(&answer), refused(400, "repeated_field"), "{body}");
        }
        let answer = ann.get("/auth/login?return_to=/auth/account&return_to=//evil.example").await;
        assert_eq!(verdict(&answer), refused(400, "repeated_field"));
    }

    async fn a_field_that_nobody_knows_is_refused(app: TestApp) {
        let mut ann = app.person(ANN).await;
        for (path, form) in [
            ("/auth/account/profile", vec![("display_name", "a"), ("account", "somebody else's")]),
            ("/auth/account/profile", vec![("display_name", "a"), ("_method", "DELETE")]),
            ("/auth/account/profile", vec![("display_name[]", "a")]),
            ("/auth/logout", vec![("id", "0000000000000001")]),
            ("/auth/email/change", vec![("email", "new@example.com"), ("email_verified", "true")]),
        ] {
            let answer = ann.post(path, &form).await;
            assert_eq!(verdict(&answer), refused(422, "unknown_field"), "{path} {form:?}");
        }
        assert!(ann.is_signed_in().await);
    }

    async fn a_field_of_the_name_of_a_part_of_the_path_is_refused(app: TestApp) {
        let mut ann = app.person(ANN).await;
        let own = ann.get("/auth/session").await.json()["session"]["id"].as_str().unwrap().to_owned();
        let answer = ann.post("/auth/sessions/0000000000000001/revoke", &[("id", &own)]).await;
        assert_eq!(verdict(&answer), refused(400, "repeated_field"));
        assert!(ann.is_signed_in().await);
    }
}
