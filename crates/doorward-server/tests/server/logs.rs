use serde_json::{Value, json};

use crate::support::{Site, exchange};

/// Promise: `server/one-event-one-line`
#[test]
fn hostile_requests_leave_one_parseable_line_for_each_event() {
    let mut site = Site::dev(&["--log", "trace", "--log-json"]);
    let long = "a".repeat(12_000);
    let requests = [
        "GET /%0d%0a%1b%5b31m{\"level\":\"ERROR\"} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".to_owned(),
        "GET /auth/login?return_to=%0aforged HTTP/1.1\r\nHost: x\r\nUser-Agent: a\u{1b}[2Jb\u{2028}\r\n\r\n".to_owned(),
        "GET / HTTP/1.1\r\nHost: a\rb\nc: d\r\nConnection: close\r\n\r\n".to_owned(),
        format!("GET /{long} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
        "\u{1b}[31m / HTTP/1.1\r\n\r\n".to_owned(),
    ];
    for request in requests {
        exchange(site.port, request.as_bytes());
    }
    let mut visitor = site.visitor();
    visitor.log_in("a\r\nb\u{1b}[31m@example.com", "a\nb\u{2028}c\u{0}d and more");
    visitor.post("/auth/password/forgot", &json!({ "email": "\r\n{\"level\":\"ERROR\"}" }));
    assert_eq!(site.stop(), Some(0));
    let lines = site.stderr();
    let events: Vec<Value> =
        lines.iter().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"))).collect();
    assert!(
        events.iter().all(|event| event["level"].is_string() && event["at"].is_string() && event["level"] != "ERROR")
    );
    assert!(events.iter().any(|event| event["message"] == "request"));
    assert!(
        lines.iter().all(|line| line.len() < 20_000 && !line.contains(|c: char| c.is_control() || c == '\u{2028}'))
    );
}

/// Promise: `server/one-event-one-line`
#[test]
fn a_refusal_at_the_command_line_is_one_line_too() {
    let site = Site::dev(&[]);
    let said = site.run(&["user", "disable", "a\u{1b}[31m\nb@example.com"]);
    assert_eq!(said.code, Some(2), "{said:?}");
    assert_eq!(said.stderr.lines().count(), 1, "{said:?}");
    assert!(!said.stderr.contains('\u{1b}'), "{said:?}");
}
