//! HTTP by hand: what is sent is exactly what is written here.

use std::{
    collections::BTreeMap,
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

use serde_json::{Value, json};

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

/// Somebody's browser: cookies and the CSRF token in hand.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    port: u16,
    pub(crate) cookies: BTreeMap<String, String>,
    pub(crate) csrf: String,
}

/// Sends bytes as they are and reads until the server closes.
pub(crate) fn exchange(port: u16, request: &[u8]) -> Vec<u8> {
    exchange_over(TcpStream::connect(("127.0.0.1", port)).unwrap(), request)
}

/// The same over a connection that waits already.
pub(crate) fn exchange_over(mut stream: TcpStream, request: &[u8]) -> Vec<u8> {
    stream.set_read_timeout(Some(Duration::from_secs(40))).unwrap();
    // The server may refuse and close before everything has been sent.
    let _ = stream.write_all(request);
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes);
    bytes
}

/// A form as a program sends it: without cookies, and with its credentials among the fields.
pub(crate) fn form(path: &str, fields: &[(&str, &str)]) -> String {
    let pairs: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
    let body = pairs.join("&");
    format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len(),
    )
}

fn encoded(text: &str) -> String {
    let kept = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    text.bytes().map(|byte| if kept(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

impl Answer {
    pub(crate) fn parse(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes).into_owned();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        Self { status, head: head.to_owned(), body: body.to_owned() }
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

impl Client {
    pub(crate) fn new(port: u16) -> Self {
        Self { port, cookies: BTreeMap::new(), csrf: String::new() }
    }

    pub(crate) fn get(&mut self, path: &str) -> Answer {
        self.send("GET", path, "")
    }

    pub(crate) fn post(&mut self, path: &str, body: &Value) -> Answer {
        self.send("POST", path, &body.to_string())
    }

    /// Sends a form, as a program does that asks for tokens.
    pub(crate) fn post_form(&self, path: &str, form: &str) -> Answer {
        let request = self
            .request("POST", path, form)
            .replace("application/json\r\nContent-L", "application/x-www-form-urlencoded\r\nContent-L");
        Answer::parse(&exchange(self.port, request.as_bytes()))
    }

    /// Takes the token of forms, as a program does before logging in.
    pub(crate) fn begin(&mut self) {
        self.csrf = self.get("/auth/csrf").json()["csrf_token"].as_str().unwrap().to_owned();
    }

    pub(crate) fn log_in(&mut self, email: &str, password: &str) -> Answer {
        self.begin();
        self.post("/auth/login", &json!({ "email": email, "password": password }))
    }

    /// Whether the server knows who this is.
    pub(crate) fn is_in(&mut self) -> bool {
        match self.get("/auth/session").status {
            200 => true,
            401 => false,
            other => panic!("unexpected {other}"),
        }
    }

    /// The request as it goes over the wire.
    pub(crate) fn request(&self, method: &str, path: &str, body: &str) -> String {
        let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let length = body.len();
        format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost:{}\r\nAccept: application/json\r\nSec-Fetch-Site: same-origin\r\n\
             Content-Type: application/json\r\nContent-Length: {length}\r\nCookie: {}\r\nX-CSRF-Token: {}\r\n\
             Connection: close\r\n\r\n{body}",
            self.port,
            cookies.join("; "),
            self.csrf,
        )
    }

    fn send(&mut self, method: &str, path: &str, body: &str) -> Answer {
        let answer = Answer::parse(&exchange(self.port, self.request(method, path, body).as_bytes()));
        for line in answer.head.lines().filter(|line| line.to_ascii_lowercase().starts_with("set-cookie:")) {
            let (name, value) = line["set-cookie:".len()..].split(';').next().unwrap().trim().split_once('=').unwrap();
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        answer
    }
}
