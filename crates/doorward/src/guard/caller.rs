//! One request on its way to a guard.

use std::{net::IpAddr, sync::Arc};

use axum::http::{HeaderMap, Method, StatusCode, Uri, header::ACCEPT, header::USER_AGENT};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use doorward_core::{LocalPath, Purpose, Session, Token};
use zeroize::Zeroizing;

use super::{
    cookie::{self, Sent, SetCookie},
    origin::Sender,
};
use crate::base::problem::Problem;
use crate::{context::Context, sessions::DeviceLabel};

/// How the answer is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Representation {
    /// A page, for somebody in front of a browser.
    Page,
    /// JSON, for a program.
    Json,
    /// JSON, for a program that speaks OAuth: a no has the words of RFC 6749 section 5.2.
    OAuth,
}

impl Representation {
    /// Reads from the headers of a request how its answer is wanted.
    pub(crate) fn wanted(headers: &HeaderMap) -> Self {
        let accept = headers.get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if accept.contains("text/html") { Self::Page } else { Self::Json }
    }
}

/// The circumstances of a request, as flows and the audit log take them.
#[derive(Clone, Debug)]
pub(crate) struct Visit {
    /// Which machine is asking.
    pub(crate) address: IpAddr,
    /// What kind of device it says it is.
    pub(crate) device: DeviceLabel,
    /// The signed mark of a browser in which somebody has logged in before, unread.
    pub(crate) device_mark: Option<String>,
}

/// A request without its body.
pub(crate) struct Caller {
    pub(crate) cx: Arc<Context>,
    pub(crate) method: Method,
    pub(crate) headers: HeaderMap,
    pub(crate) address: IpAddr,
    /// What the browser asked for, the prefixes of nested routers included.
    pub(crate) uri: Uri,
    /// Whether somebody can go back to the form at the same address.
    pub(super) has_page: bool,
    pub(super) wants: Representation,
    /// Whether nothing is changed here, whatever the method.
    pub(super) only_asks: bool,
    /// The name in the place of `{tenant}` in the path.
    pub(super) tenant: Option<String>,
    pub(crate) return_to: Option<LocalPath>,
    /// The CSRF token that came as a form field, when one did.
    pub(crate) csrf_field: Zeroizing<String>,
}

/// The secret behind the CSRF token of forms that are shown before anybody has logged in.
pub(crate) struct FormSecret {
    bytes: Zeroizing<[u8; 32]>,
    fresh: bool,
}

impl Caller {
    /// How this request wants its answer.
    pub(crate) fn wants(&self) -> Representation {
        self.wants
    }

    /// The circumstances of this request.
    pub(crate) fn visit(&self) -> Visit {
        let agent = self.headers.get(USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let device_mark = match cookie::sent(&self.headers, self.cx.cookies.device) {
            Sent::One(mark) => Some(mark.to_owned()),
            Sent::Nothing | Sent::Doubtful => None,
        };
        Visit { address: self.address, device: DeviceLabel::of(agent), device_mark }
    }

    /// Whether the request may change something.
    pub(crate) fn is_unsafe(&self) -> bool {
        is_unsafe(&self.method) && !self.only_asks
    }

    /// Refuses a request that another site's page sent; where the browser says nothing, nothing is known.
    pub(super) fn refuse_foreign_sender(&self) -> Result<(), Problem> {
        match self.cx.site.origin.sender(&self.headers) {
            Sender::Foreign => Err(foreign_origin()),
            Sender::Ourselves | Sender::Unknown => Ok(()),
        }
    }

    /// Demands that our own page sent the request.
    pub(super) fn demand_own_sender(&self) -> Result<(), Problem> {
        match self.cx.site.origin.sender(&self.headers) {
            Sender::Ourselves => Ok(()),
            Sender::Foreign | Sender::Unknown => Err(foreign_origin()),
        }
    }

    /// Where somebody comes back to who must do something else first: the page they wanted, or the one with the form that
    /// they sent. Nothing that was sent is sent again.
    pub(super) fn way_back(&self) -> Option<LocalPath> {
        match (self.is_unsafe(), self.has_page) {
            (false, _) => LocalPath::parse(self.uri.path_and_query()?.as_str()),
            (true, true) => LocalPath::parse(self.uri.path()),
            (true, false) => None,
        }
    }

    /// The session cookie's id and secret, when there is exactly one cookie and it is ours; the store is not asked.
    pub(crate) fn session_cookie(&self) -> Option<crate::sessions::Presented> {
        match cookie::sent(&self.headers, self.cx.cookies.session) {
            Sent::One(text) => crate::sessions::Presented::open(&self.cx.keys(), text),
            Sent::Nothing | Sent::Doubtful => None,
        }
    }

    /// Checks a request that is authenticated by its session cookie: origin, then the token bound to that session.
    pub(crate) fn demand_session_csrf(&self, session: &Token<Session>) -> Result<(), Problem> {
        self.demand_own_sender()?;
        self.demand_token(&csrf_token(session.expose()))
    }

    /// Checks a request from before there is a session: origin where a browser tells it, then the form's own token.
    pub(crate) fn demand_form_csrf(&self, form: &FormSecret) -> Result<(), Problem> {
        let cookies_speak = self.session_cookie().is_some();
        match self.cx.site.origin.sender(&self.headers) {
            Sender::Foreign => Err(foreign_origin()),
            Sender::Unknown if cookies_speak => Err(foreign_origin()),
            Sender::Unknown | Sender::Ourselves if form.fresh => Err(stale_form()),
            Sender::Unknown | Sender::Ourselves => self.demand_token(&form.csrf_token()),
        }
    }

    /// The form secret that the browser brought, or a new one.
    pub(crate) fn form_secret(&self) -> FormSecret {
        let brought = match cookie::sent(&self.headers, self.cx.cookies.form) {
            Sent::One(text) => self.cx.keys().open::<32>(Purpose::Form, text),
            Sent::Nothing | Sent::Doubtful => None,
        };
        match brought {
            Some(bytes) => FormSecret { bytes, fresh: false },
            None => {
                let mut bytes = Zeroizing::new([0; 32]);
                self.cx.entropy.fill(bytes.as_mut_slice());
                FormSecret { bytes, fresh: true }
            }
        }
    }

    fn demand_token(&self, expected: &str) -> Result<(), Problem> {
        let header = self.headers.get("x-csrf-token").and_then(|value| value.to_str().ok());
        let sent = header.unwrap_or(&self.csrf_field);
        doorward_core::same_text(sent, expected).then_some(()).ok_or_else(stale_form)
    }
}

/// Whether a method may change something; every one that we do not know may.
pub(super) fn is_unsafe(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

impl FormSecret {
    /// The token that a form of this browser carries.
    pub(crate) fn csrf_token(&self) -> String {
        csrf_token(&self.bytes)
    }

    /// The cookie that must be set, when the browser does not have it yet.
    pub(crate) fn cookie(&self, cx: &Context) -> Option<SetCookie> {
        let sealed = || cx.keys().seal(Purpose::Form, self.bytes.as_slice(), cx.clock.now());
        self.fresh.then(|| cx.cookies.set(cx.cookies.form, &sealed(), cx.settings.sessions.absolute))
    }
}

/// Derives the CSRF token from the secret that it is bound to; the token does not tell the secret.
///
/// It needs no key of its own, so a rotation of keys leaves every open form usable.
pub(crate) fn csrf_token(secret: &[u8; 32]) -> String {
    URL_SAFE_NO_PAD.encode(doorward_core::derived(b"doorward/csrf", secret))
}

fn foreign_origin() -> Problem {
    let text = "This request did not come from a page of this site. Open the page here and try again.";
    Problem::plain(StatusCode::FORBIDDEN, "foreign_origin", text)
}

fn stale_form() -> Problem {
    let text = "This form is no longer valid, perhaps because it was open for long or you logged in meanwhile. Please send it again.";
    Problem::plain(StatusCode::FORBIDDEN, "csrf_token_invalid", text)
}
