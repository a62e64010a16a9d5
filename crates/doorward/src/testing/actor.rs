//! Somebody with a browser, or with a program that claims to be one.

use std::{collections::BTreeMap, net::SocketAddr};

use axum::http::{HeaderMap, Method, Request, header};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper_util::{client::legacy::Client, client::legacy::connect::HttpConnector, rt::TokioExecutor};
use serde_json::Value;

/// Somebody who sends requests and keeps cookies.
#[derive(Clone)]
pub struct Actor {
    address: SocketAddr,
    client: Client<HttpConnector, Full<Bytes>>,
    /// The cookies by name.
    pub cookies: BTreeMap<String, String>,
    /// Headers that go with every request; a test removes or replaces them to be somebody else.
    pub headers: Vec<(&'static str, String)>,
}

/// What came back.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Vec<u8>,
}

impl Actor {
    pub(crate) fn new(address: SocketAddr, origin: String) -> Self {
        let headers = vec![
            ("accept", "application/json".to_owned()),
            ("user-agent", "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0".to_owned()),
            ("host", origin.trim_start_matches("http://").to_owned()),
            ("origin", origin),
            ("sec-fetch-site", "same-origin".to_owned()),
        ];
        Self { address, client: Client::builder(TokioExecutor::new()).build_http(), cookies: BTreeMap::new(), headers }
    }

    /// The same person in front of the pages instead of the JSON interface.
    #[must_use]
    pub fn in_browser(mut self) -> Self {
        self.set_header("accept", "text/html,application/xhtml+xml");
        self
    }

    /// Sends another value of a header with every request.
    pub fn set_header(&mut self, name: &'static str, value: &str) {
        self.remove_header(name);
        self.headers.push((name, value.to_owned()));
    }

    /// Sends a header no more.
    pub fn remove_header(&mut self, name: &str) {
        self.headers.retain(|(known, _)| *known != name);
    }

    /// Looks at a page.
    pub async fn get(&mut self, path: &str) -> Answer {
        self.send(Method::GET, path, "", None).await
    }

    /// Sends a form with the token that goes with this browser now.
    pub async fn post(&mut self, path: &str, form: &[(&str, &str)]) -> Answer {
        let token = self.csrf_token().await;
        self.post_with(&token, path, form).await
    }

    /// Sends a form with a CSRF token of one's choosing; empty for none.
    pub async fn post_with(&mut self, token: &str, path: &str, form: &[(&str, &str)]) -> Answer {
        let token = (!token.is_empty()).then_some(("csrf_token", token));
        let body =
            url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form.iter().chain(&token)).finish();
        self.send(Method::POST, path, &body, Some("application/x-www-form-urlencoded")).await
    }

    /// Sends JSON with the token that goes with this browser now, in the header.
    pub async fn post_json(&mut self, path: &str, body: &Value) -> Answer {
        let token = self.csrf_token().await;
        let mut sender = self.clone();
        sender.set_header("x-csrf-token", &token);
        let answer = sender.send(Method::POST, path, &body.to_string(), Some("application/json")).await;
        self.cookies = sender.cookies;
        answer
    }

    /// Asks whether this person may do something in a tenant; the status and the code of the answer.
    pub async fn asks(&mut self, tenant: &str, permission: &str) -> (u16, String) {
        let question = serde_json::json!({ "tenant": tenant, "permission": permission });
        let answer = self.question(&question).await;
        (answer.status, answer.code())
    }

    /// Asks any question.
    pub async fn question(&mut self, question: &Value) -> Answer {
        self.send(Method::POST, "/auth/check", &question.to_string(), Some("application/json")).await
    }

    /// Deletes something, with the token in the header.
    pub async fn delete(&mut self, path: &str) -> Answer {
        let token = self.csrf_token().await;
        let mut sender = self.clone();
        sender.set_header("x-csrf-token", &token);
        let answer = sender.send(Method::DELETE, path, "", None).await;
        self.cookies = sender.cookies;
        answer
    }

    /// The CSRF token for the next request: of the session when there is one, else of the form cookie.
    pub async fn csrf_token(&mut self) -> String {
        let mut asking = self.clone();
        asking.set_header("accept", "application/json");
        let who = asking.get("/auth/session").await;
        let answer = if who.status == 200 { who } else { asking.get("/auth/csrf").await };
        self.cookies = asking.cookies;
        answer.json()["csrf_token"].as_str().unwrap_or_default().to_owned()
    }

    /// The token of the form cookie, for what needs no session.
    pub async fn form_token(&mut self) -> String {
        let mut asking = self.clone();
        asking.set_header("accept", "application/json");
        let answer = asking.get("/auth/csrf").await;
        self.cookies = asking.cookies;
        answer.json()["csrf_token"].as_str().unwrap_or_default().to_owned()
    }

    /// Whether somebody is logged in here.
    pub async fn is_signed_in(&mut self) -> bool {
        self.get("/auth/session").await.status == 200
    }

    /// The session cookie's value, when there is one.
    pub fn session_cookie(&self) -> Option<&str> {
        self.cookies.get("dev-session").map(String::as_str)
    }

    /// Sends any request, with this browser's cookies and headers.
    pub async fn send(&mut self, method: Method, path: &str, body: &str, content_type: Option<&str>) -> Answer {
        let mut request = Request::builder().method(method).uri(format!("http://{}{path}", self.address));
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        if !self.cookies.is_empty() {
            let pairs: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request = request.header(header::COOKIE, pairs.join("; "));
        }
        if let Some(content_type) = content_type {
            request = request.header(header::CONTENT_TYPE, content_type);
        }
        let answer = self.exchange(request.body(Full::from(body.to_owned())).expect("a test's request is one")).await;
        self.keep_cookies(&answer);
        answer
    }

    /// Sends a request exactly as it is; cookies that come back are not kept.
    pub async fn exchange(&self, request: Request<Full<Bytes>>) -> Answer {
        let response = self.client.request(request).await.expect("the application answers");
        let (parts, body) = response.into_parts();
        let body = body.collect().await.expect("the answer is complete").to_bytes().to_vec();
        Answer { status: parts.status.as_u16(), headers: parts.headers, body }
    }

    /// Where this actor's application listens, for requests made by hand.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    fn keep_cookies(&mut self, answer: &Answer) {
        for cookie in answer.set_cookies() {
            let (pair, attributes) = cookie.split_once(';').unwrap_or((&cookie, ""));
            let (name, value) = pair.split_once('=').expect("a cookie has a name");
            if attributes.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }
}

impl Answer {
    /// The body as JSON; `Null` when it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The stable code of a problem; empty when it is none.
    pub fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }

    /// One header as text; empty when it is absent.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// All cookies that it sets.
    pub fn set_cookies(&self) -> Vec<String> {
        let values = self.headers.get_all(header::SET_COOKIE).iter();
        values.map(|value| value.to_str().expect("our cookies are ASCII").to_owned()).collect()
    }
}
