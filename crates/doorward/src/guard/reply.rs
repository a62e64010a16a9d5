//! What a stranger may learn: every answer, good or bad, is made here.
//!
//! A denial becomes a problem document (RFC 9457) or the page it came from; a fault becomes a 503 that tells nothing
//! but a reference, and is logged once with that reference. All answers carry the same protective headers.

use std::{sync::LazyLock, time::Duration};

use axum::{
    body::Body,
    http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header},
};
use doorward_core::{EmailDenied, password::GuessTooLong};
use serde::Serialize;

use super::{caller::Representation, cookie::SetCookie, download::Pieces};
use crate::{
    base::{
        problem::{Item, Problem},
        render::{Frame, NoticePage, Page},
    },
    context::Context,
    error::{Fault, Refusal},
};

/// An expected no with a stable public code.
pub(crate) trait Denial {
    /// What the caller may know about it.
    fn problem(&self) -> Problem;
}

/// What an answer says in a header besides what every one says there.
type Said = (HeaderName, HeaderValue);

/// An answer: JSON for programs, a page or a way on for people.
pub(crate) struct Reply {
    status: StatusCode,
    json: Vec<u8>,
    shows: Shows,
    cookies: Vec<SetCookie>,
    headers: Vec<Said>,
}

enum Shows {
    Page(Box<dyn Page>),
    SeeOther(String),
    Json,
    Asset(&'static str),
    Download(&'static str, Body),
}

impl Reply {
    /// A page, and what a program gets instead.
    pub(crate) fn page(json: &impl Serialize, page: impl Page + 'static) -> Self {
        Self::new(json, Shows::Page(Box::new(page)))
    }

    /// A page that leads on to another site by itself, which the answer to a form of ours must not; programs get `json`.
    pub(crate) fn onward(json: &impl Serialize, page: impl Page + 'static, url: &str) -> Self {
        let reply = Self::page(json, page);
        match HeaderValue::from_str(&format!("0;url={url}")) {
            Ok(refresh) => reply.header(HeaderName::from_static("refresh"), refresh),
            Err(_) => reply,
        }
    }

    /// Something was done: programs get `json`, people go to `path`, which must be local.
    pub(crate) fn done(json: &impl Serialize, path: impl Into<String>) -> Self {
        Self::new(json, Shows::SeeOther(path.into()))
    }

    /// JSON for everybody.
    pub(crate) fn json(json: &impl Serialize) -> Self {
        Self::new(json, Shows::Json)
    }

    /// A file that holds nothing personal; its address changes with its content, so it may be kept.
    pub(crate) fn asset(media_type: &'static str, bytes: Vec<u8>) -> Self {
        Self {
            status: StatusCode::OK,
            json: bytes,
            shows: Shows::Asset(media_type),
            cookies: Vec::new(),
            headers: Vec::new(),
        }
    }

    /// A file that is written while it is sent, piece by piece, and that a browser keeps instead of showing it. `name` is made
    /// of letters, digits, dots and hyphens.
    pub(crate) fn download(media_type: &'static str, name: &str, pieces: impl Pieces + 'static) -> Self {
        let named = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")).expect("such a name is ASCII");
        Self {
            status: StatusCode::OK,
            json: Vec::new(),
            shows: Shows::Download(media_type, super::download::body(pieces)),
            cookies: Vec::new(),
            headers: vec![(header::CONTENT_DISPOSITION, named)],
        }
    }

    /// With another status than 200 for programs.
    pub(crate) fn status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    /// Says something in a header too.
    pub(crate) fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// Sets a cookie along the way.
    pub(crate) fn cookie(mut self, cookie: impl Into<Option<SetCookie>>) -> Self {
        self.cookies.extend(cookie.into());
        self
    }

    fn new(json: &impl Serialize, shows: Shows) -> Self {
        let mut bytes = Vec::with_capacity(USUAL);
        serde_json::to_writer(&mut bytes, json).expect("answers are made of texts and numbers");
        Self { status: StatusCode::OK, json: bytes, shows, cookies: Vec::new(), headers: Vec::new() }
    }
}

/// A no on its way out, with the page it came from or the place where the person can do something about it.
pub(crate) struct Refused {
    reason: Box<Reason>,
    page: Option<Box<dyn Page>>,
    way_on: Option<String>,
    cookies: Vec<SetCookie>,
    headers: Vec<Said>,
}

enum Reason {
    Problem(Problem),
    Fault(Fault),
}

impl Refused {
    fn new(reason: Reason) -> Self {
        Self { reason: Box::new(reason), page: None, way_on: None, cookies: Vec::new(), headers: Vec::new() }
    }

    /// Says something in a header too.
    pub(crate) fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// Whether it says no with this code.
    pub(crate) fn is_code(&self, code: &str) -> bool {
        matches!(&*self.reason, Reason::Problem(problem) if problem.code == code)
    }

    /// Whether it is a no of this status.
    pub(super) fn is(&self, status: StatusCode) -> bool {
        matches!(&*self.reason, Reason::Problem(problem) if problem.status == status)
    }

    /// What a proxy is told: it passes on 401 and 403 and takes every other no for a failure of ours, so there are only these.
    /// The code says in a header what a proxy may want to make of it.
    pub(super) fn for_a_proxy(mut self) -> Self {
        if let Reason::Problem(problem) = &mut *self.reason {
            if problem.status != StatusCode::UNAUTHORIZED && problem.status.is_client_error() {
                problem.status = StatusCode::FORBIDDEN;
            }
            self.headers.push((HeaderName::from_static("x-doorward-code"), HeaderValue::from_static(problem.code)));
        }
        self
    }

    /// For people, a redirect to `path` instead of an error page.
    pub(crate) fn way_on(mut self, path: String) -> Self {
        self.way_on = Some(path);
        self
    }

    /// Sets a cookie along the way.
    pub(crate) fn cookie(mut self, cookie: SetCookie) -> Self {
        self.cookies.push(cookie);
        self
    }

    /// Shows `page` again, with the problem in it.
    pub(crate) fn page(mut self, page: impl Page + 'static) -> Self {
        self.page = Some(Box::new(page));
        self
    }
}

impl From<Problem> for Refused {
    fn from(problem: Problem) -> Self {
        Self::new(Reason::Problem(problem))
    }
}

impl From<EmailDenied> for Refused {
    fn from(denied: EmailDenied) -> Self {
        Problem::field("email", "email_invalid", denied.to_string()).into()
    }
}

impl From<GuessTooLong> for Refused {
    fn from(_: GuessTooLong) -> Self {
        Problem::field("password", "password_too_long", "This is longer than any password can be.").into()
    }
}

impl From<Fault> for Refused {
    fn from(fault: Fault) -> Self {
        Self::new(Reason::Fault(fault))
    }
}

/// A denial may be said in the words of the problem itself.
impl Denial for Problem {
    fn problem(&self) -> Problem {
        self.clone()
    }
}

impl<D: Denial> From<Refusal<D>> for Refused {
    fn from(refusal: Refusal<D>) -> Self {
        match refusal {
            Refusal::Denied(denied) => denied.problem().into(),
            Refusal::Fault(fault) => fault.into(),
        }
    }
}

/// Attaches the page that is shown again when a step of its handler says no.
pub(crate) trait OrPage<T> {
    /// The value, or the refusal on the page that `page` makes.
    fn or_page<P: Page + 'static>(self, page: impl FnOnce() -> P) -> Result<T, Refused>;
}

impl<T, E: Into<Refused>> OrPage<T> for Result<T, E> {
    fn or_page<P: Page + 'static>(self, page: impl FnOnce() -> P) -> Result<T, Refused> {
        self.map_err(|refusal| refusal.into().page(page()))
    }
}

/// How an answer is to be presented.
pub(crate) struct Presentation<'c> {
    pub(crate) cx: &'c Context,
    pub(crate) wants: Representation,
    pub(crate) frame: Option<Frame>,
    pub(crate) cookie: Option<SetCookie>,
    /// Where the request went, for the way back to its form.
    pub(crate) path: String,
}

impl Presentation<'_> {
    /// Turns what a handler said into what goes over the wire.
    pub(crate) fn response(self, said: Result<Reply, Refused>) -> Response<Body> {
        let (mut response, cookies, headers) = match said {
            Ok(reply) => self.good(reply),
            Err(refused) => self.bad(refused),
        };
        for (name, value) in headers {
            response.headers_mut().insert(name, value);
        }
        // What caches may keep carries no cookie: it would be somebody else's next time.
        let private = response.headers().get(header::CACHE_CONTROL).is_some_and(|value| value == PRIVATE);
        for cookie in self.cookie.iter().filter(|_| private).chain(&cookies) {
            response.headers_mut().append(header::SET_COOKIE, cookie.header());
        }
        with_hsts(self.cx, response)
    }

    fn good(&self, reply: Reply) -> (Response<Body>, Vec<SetCookie>, Vec<Said>) {
        let response = match (reply.shows, self.wants) {
            (Shows::Json, _) => document(reply.status, "application/json", reply.json),
            (Shows::Asset(media_type), _) => {
                let mut response = document(reply.status, media_type, reply.json);
                response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(KEPT));
                response
            }
            (Shows::Download(media_type, body), _) => {
                let mut response = protected(reply.status, body);
                response.headers_mut().remove(header::CONTENT_LENGTH);
                response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
                response
            }
            (_, Representation::Json | Representation::OAuth) => document(reply.status, "application/json", reply.json),
            (Shows::SeeOther(path), Representation::Page) => see_other(&path),
            (Shows::Page(page), Representation::Page) => self.html(reply.status, page.as_ref(), &Problem::NONE),
        };
        (response, reply.cookies, reply.headers)
    }

    fn bad(&self, refused: Refused) -> (Response<Body>, Vec<SetCookie>, Vec<Said>) {
        let (problem, reference, page) = match *refused.reason {
            Reason::Problem(problem) => (problem, None, refused.page),
            // The page would take the fault for an answer of its flow ("this link is spent") and has no place for the
            // reference.
            Reason::Fault(fault) => {
                let (problem, reference) = self.unavailable(&fault);
                (problem, Some(reference), None)
            }
        };
        let mut response = match (self.wants, refused.way_on, page) {
            (Representation::Json, ..) => problem_document(&problem, reference),
            (Representation::OAuth, ..) => oauth_error(&problem, reference),
            (Representation::Page, Some(path), _) => see_other(&path),
            (Representation::Page, None, Some(page)) => self.html(problem.status, page.as_ref(), &problem),
            (Representation::Page, None, None) => {
                self.html(problem.status, &self.notice(&problem, reference), &Problem::NONE)
            }
        };
        if let Some(wait) = problem.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(wait.as_secs()));
        }
        (response, refused.cookies, refused.headers)
    }

    /// Logs a fault, once, and says no more of it than a reference.
    fn unavailable(&self, fault: &Fault) -> (Problem, String) {
        let mut random = [0; 4];
        self.cx.entropy.fill(&mut random);
        let reference = format!("{:08x}", u32::from_be_bytes(random));
        tracing::error!(%reference, %fault, "cannot answer");
        self.cx.metrics.faults.inc();
        let text = "We cannot answer right now. Nothing was changed as far as we know; please try again in a moment.";
        let problem =
            Problem::plain(StatusCode::SERVICE_UNAVAILABLE, "unavailable", text).retry_after(Duration::from_secs(2));
        (problem, reference)
    }

    fn notice(&self, problem: &Problem, reference: Option<String>) -> NoticePage {
        let heading = match problem.status {
            StatusCode::NOT_FOUND => "Not found",
            StatusCode::FORBIDDEN => "This was not done",
            StatusCode::TOO_MANY_REQUESTS => "Too many attempts",
            StatusCode::SERVICE_UNAVAILABLE => "Not available right now",
            _ => "This did not work",
        };
        let next = match problem.status {
            StatusCode::FORBIDDEN if !self.path.is_empty() => (self.path.clone(), "Open the page again"),
            _ => (format!("{}/account", self.cx.site.base), "To your account"),
        };
        NoticePage { kind: "bad", heading, text: problem.text(), reference, next: Some(next) }
    }

    fn html(&self, status: StatusCode, page: &dyn Page, problems: &Problem) -> Response<Body> {
        let frame = self.frame.as_ref().expect("a frame is made whenever a page is wanted");
        match page.render(frame, problems) {
            Ok(html) => document(status, "text/html; charset=utf-8", html.into_bytes()),
            Err(cause) => {
                tracing::error!(%cause, "a template failed");
                document(
                    StatusCode::SERVICE_UNAVAILABLE,
                    "text/plain",
                    b"This page cannot be shown right now.".to_vec(),
                )
            }
        }
    }
}

/// A line for monitoring, with the headers that every answer has.
pub(crate) fn line(cx: &Context, status: StatusCode, text: &'static str) -> Response<Body> {
    with_hsts(cx, document(status, "text/plain; charset=utf-8", text.into()))
}

/// A document for programs at an address outside the table of routes.
pub(crate) fn document_for_programs(cx: &Context, said: Reply) -> Response<Body> {
    let path = String::new();
    Presentation { cx, wants: Representation::OAuth, frame: None, cookie: None, path }.response(Ok(said))
}

fn with_hsts(cx: &Context, mut response: Response<Body>) -> Response<Body> {
    if cx.site.https {
        response.headers_mut().insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(ONE_YEAR));
    }
    response
}

fn problem_document(problem: &Problem, reference: Option<String>) -> Response<Body> {
    let errors: Vec<&Item> = problem.items.iter().filter(|item| !item.field.is_empty()).collect();
    let body = serde_json::json!({
        "title": problem.status.canonical_reason(),
        "status": problem.status.as_u16(),
        "code": problem.code,
        "detail": problem.text(),
        "errors": errors,
        "retry_after_secs": problem.retry_after.map(|wait| wait.as_secs()),
        "reference": reference,
    });
    document(problem.status, "application/problem+json", body.to_string().into_bytes())
}

/// A no in the words of OAuth (RFC 6749 section 5.2). What is wrong with the request itself is said by us, and has no word there.
fn oauth_error(problem: &Problem, reference: Option<String>) -> Response<Body> {
    let error = match problem.status {
        StatusCode::SERVICE_UNAVAILABLE => "temporarily_unavailable",
        _ if OAUTH_ERRORS.contains(&problem.code) => problem.code,
        _ => "invalid_request",
    };
    let mut body = serde_json::json!({ "error": error, "error_description": problem.text() });
    if let Some(reference) = reference {
        body["reference"] = reference.into();
    }
    document(problem.status, "application/json", body.to_string().into_bytes())
}

/// The words for a no that clients know: RFC 6749 section 5.2, RFC 8628 section 3.5, RFC 8707 section 2, RFC 9449 section 5,
/// RFC 6750 section 3.1, RFC 6749 section 4.1.2.1.
const OAUTH_ERRORS: [&str; 17] = [
    "invalid_request",
    "invalid_client",
    "invalid_grant",
    "unauthorized_client",
    "unsupported_grant_type",
    "invalid_scope",
    "invalid_target",
    "authorization_pending",
    "slow_down",
    "access_denied",
    "expired_token",
    "invalid_dpop_proof",
    "use_dpop_nonce",
    "invalid_token",
    "insufficient_scope",
    "unsupported_token_type",
    "temporarily_unavailable",
];

fn document(status: StatusCode, media_type: &'static str, body: Vec<u8>) -> Response<Body> {
    let length = HeaderValue::from(body.len());
    let mut response = protected(status, Body::from(body));
    response.headers_mut().insert(header::CONTENT_LENGTH, length);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    response
}

/// A relative redirect after which the browser asks with GET and does not send the form again (RFC 9110 section 15.4.4).
fn see_other(path: &str) -> Response<Body> {
    let mut response = protected(StatusCode::SEE_OTHER, Body::empty());
    response.headers_mut().remove(header::CONTENT_TYPE);
    let location = HeaderValue::from_str(path).unwrap_or(HeaderValue::from_static("/"));
    response.headers_mut().insert(header::LOCATION, location);
    response
}

/// Begins an answer with the headers that every one has; they are made once, because copying them is cheaper. Those of the
/// body are among them and have to be replaced: adding to a full table would copy all of it.
fn protected(status: StatusCode, body: Body) -> Response<Body> {
    static HEADERS: LazyLock<HeaderMap> = LazyLock::new(|| {
        let of_body = [
            (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
            (header::CONTENT_LENGTH, HeaderValue::from_static("0")),
        ];
        PROTECTION.into_iter().chain(of_body).collect()
    });
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().clone_from(&HEADERS);
    response
}

/// Room for most JSON answers.
const USUAL: usize = 512;
const ONE_YEAR: &str = "max-age=31536000; includeSubDomains";

/// For files whose address changes with their content.
const KEPT: &str = "public, max-age=31536000, immutable";

/// The headers of every answer. `same-origin` and not `no-referrer`: the latter makes browsers send `Origin: null` with
/// our own forms.
const PROTECTION: [(HeaderName, HeaderValue); 8] = [
    (header::CACHE_CONTROL, HeaderValue::from_static(PRIVATE)),
    (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(CSP)),
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (header::REFERRER_POLICY, HeaderValue::from_static("same-origin")),
    (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
    (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
    (
        HeaderName::from_static("permissions-policy"),
        HeaderValue::from_static("camera=(), geolocation=(), microphone=()"),
    ),
];

const PRIVATE: &str = "no-store";
const CSP: &str =
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
