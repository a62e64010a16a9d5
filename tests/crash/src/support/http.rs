//! HTTP by hand, so that it is known which answers came and which did not.

use std::{
    collections::BTreeMap,
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

use serde_json::{Value, json};

/// An answer whose head arrived whole: the server has said it.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    head: String,
    body: String,
}

/// Somebody's browser: cookies, and the CSRF token that goes with them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Browser {
    cookies: BTreeMap<String, String>,
    csrf: String,
}

/// A request that is ready to go.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) bytes: Vec<u8>,
    /// Whether the server computes a password hash before it changes anything.
    pub(crate) hashes: bool,
}

impl Answer {
    /// Reads what came before the connection ended; `None` when the server did not get to say anything.
    fn parse(bytes: &[u8]) -> Option<Self> {
        let text = String::from_utf8_lossy(bytes).into_owned();
        let (head, body) = text.split_once("\r\n\r\n")?;
        let status = head.split(' ').nth(1)?.parse().ok()?;
        Some(Self { status, head: head.to_owned(), body: body.to_owned() })
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }

    fn cookies(&self) -> impl Iterator<Item = (&str, &str)> {
        let lines = self.head.lines().filter(|line| line.to_ascii_lowercase().starts_with("set-cookie:"));
        lines.filter_map(|line| line["set-cookie:".len()..].split(';').next()?.trim().split_once('='))
    }
}

impl Request {
    /// Sends it over an open connection and waits for the answer, or for the end of the server.
    pub(crate) fn over(&self, mut stream: &TcpStream) -> Option<Answer> {
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        // A server that has just died may refuse the bytes, or take them and never answer.
        let _ = stream.write_all(&self.bytes);
        let mut bytes = Vec::new();
        let _ = stream.read_to_end(&mut bytes);
        Answer::parse(&bytes)
    }
}

impl Browser {
    /// A fresh browser that has opened a form.
    pub(crate) fn visiting(port: u16) -> Self {
        Self::default().without_session(port)
    }

    /// The request as it goes over the wire.
    pub(crate) fn request(&self, method: &str, path: &str, body: &Value) -> Request {
        let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let text = format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\nSec-Fetch-Site: same-origin\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\nCookie: {}\r\nX-CSRF-Token: {}\r\n\
             Connection: close\r\n\r\n{body}",
            body.len(),
            cookies.join("; "),
            self.csrf,
        );
        Request { bytes: text.into_bytes(), hashes: false }
    }

    /// Sends a request to a server that must answer, and keeps its cookies.
    pub(crate) fn send(&mut self, port: u16, method: &str, path: &str, body: &Value) -> Answer {
        let stream = TcpStream::connect(("127.0.0.1", port)).expect("the server is there");
        let answer = self.request(method, path, body).over(&stream);
        let answer = answer.unwrap_or_else(|| panic!("no answer to {method} {path}"));
        self.keep(&answer);
        answer
    }

    /// Takes the cookies and the CSRF token of an answer.
    pub(crate) fn keep(&mut self, answer: &Answer) {
        for (name, value) in answer.cookies() {
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        let body: Value = serde_json::from_str(&answer.body).unwrap_or_default();
        if let Some(token) = body["csrf_token"].as_str() {
            self.csrf = token.to_owned();
        }
    }

    /// The same browser after it forgot its session; the mark of a known device stays.
    pub(crate) fn without_session(&self, port: u16) -> Self {
        let mut browser = self.clone();
        browser.cookies.retain(|name, _| !name.ends_with("session"));
        browser.before_log_in(port)
    }

    /// The same browser with the login form open; a session that it has stays.
    pub(crate) fn before_log_in(&self, port: u16) -> Self {
        let mut browser = self.clone();
        let answer = browser.send(port, "GET", "/auth/csrf", &Value::Null);
        browser.csrf = answer.json()["csrf_token"].as_str().unwrap().to_owned();
        browser
    }

    /// Tries to log in.
    pub(crate) fn log_in(&mut self, port: u16, email: &str, password: &str) -> Answer {
        self.send(port, "POST", "/auth/login", &json!({ "email": email, "password": password }))
    }

    /// Asks who is there, without changing anything here.
    pub(crate) fn who(&self, port: u16) -> Answer {
        self.clone().send(port, "GET", "/auth/session", &Value::Null)
    }
}
