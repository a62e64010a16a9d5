use std::{
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

use serde_json::json;

use crate::support::{Answer, Site, exchange, until};

/// Promise: `server/finishes-requests`
#[test]
fn a_running_request_is_finished_and_no_other_begun() {
    let site = Site::dev(&[]);
    site.make("ann@example.com", "a lamp beside the harbour");
    let mut ann = site.visitor();
    ann.begin();
    let body = json!({ "email": "ann@example.com", "password": "a lamp beside the harbour" }).to_string();
    let request = ann.request("POST", "/auth/login", &body);
    let (first, rest) = request.split_at(request.len() - 10);
    let mut stream = TcpStream::connect(("127.0.0.1", site.port)).unwrap();
    stream.write_all(first.as_bytes()).unwrap();
    let mut idle = TcpStream::connect(("127.0.0.1", site.port)).unwrap();
    // The request counts as running once its headers have been read.
    std::thread::sleep(Duration::from_millis(300));
    site.signal("TERM");
    site.logged("stopping");
    until("nobody listens any more", || TcpStream::connect(("127.0.0.1", site.port)).is_err());
    assert_eq!(idle.read(&mut [0; 1]).unwrap_or(0), 0, "a connection without a request is closed");
    stream.write_all(rest.as_bytes()).unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    assert_eq!(Answer::parse(&bytes).status, 200);
    site.logged("stopped");
}

/// Promise: `server/finishes-requests`
#[test]
fn a_second_signal_does_not_wait() {
    let mut site = Site::dev(&[]);
    let mut stream = TcpStream::connect(("127.0.0.1", site.port)).unwrap();
    stream
        .write_all(
            b"POST /auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n",
        )
        .unwrap();
    std::thread::sleep(Duration::from_millis(300));
    site.signal("TERM");
    site.logged("stopping");
    assert_eq!(site.stop(), Some(0));
    site.logged("a second time");
}

/// Promise: `server/large-headers-refused`
#[test]
fn headers_beyond_the_limit_are_refused() {
    let site = Site::dev(&[]);
    let request = |bytes: usize| {
        let padding = "a".repeat(bytes);
        format!("GET /healthz HTTP/1.1\r\nHost: x\r\nX-Padding: {padding}\r\nConnection: close\r\n\r\n")
    };
    assert_eq!(Answer::parse(&exchange(site.port, request(15_000).as_bytes())).status, 200);
    assert_eq!(Answer::parse(&exchange(site.port, request(17_000).as_bytes())).status, 431);
}

/// Promise: `server/slow-clients-bounded`
#[test]
fn headers_that_trickle_in_are_cut_off() {
    let site = Site::dev(&[]);
    // Reading gives up after forty seconds, with bytes that the server never sent.
    let bytes = exchange(site.port, b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ");
    assert!(bytes.is_empty(), "{bytes:?}");
    let mut stream = TcpStream::connect(("127.0.0.1", site.port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    assert_eq!(stream.read(&mut [0; 1]).unwrap(), 0, "a connection that says nothing is closed");
}

/// Promise: `server/metrics-apart`
#[test]
fn metrics_are_on_their_own_listener_only() {
    let site = Site::serve(&[], "metrics_listen = \"127.0.0.1:0\"\n");
    site.logged("danger.allow_http_public_url is set");
    let get = |port: u16, path: &str| {
        let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        Answer::parse(&exchange(port, request.as_bytes()))
    };
    let mut ann = site.logged_in("ann@example.com");
    assert!(ann.is_in());
    let answer = get(site.metrics_port, "/metrics");
    assert_eq!(answer.status, 200);
    assert!(
        answer.body.contains("doorward_logins_total{result=\"") && answer.body.ends_with("# EOF\n"),
        "{}",
        answer.body
    );
    assert!(!answer.body.contains("ann@example.com"));
    for (path, status) in [("/metrics", 200), ("/healthz", 404), ("/auth/login", 404)] {
        let answer = get(site.metrics_port, path);
        assert_eq!(answer.status, status, "{path}");
        for header in ["cache-control: no-store", "x-content-type-options: nosniff", "x-frame-options: DENY"] {
            assert!(answer.head.contains(header), "{path}: {}", answer.head);
        }
    }
    assert_eq!(get(site.port, "/metrics").status, 404);
}
