//! Who a handler deals with: the first parameter of every one of them.

use std::{future::Future, sync::Arc};

use axum::http::StatusCode;
use doorward_core::{AccountId, LocalPath, SessionId, Timestamp};

use super::{
    arrived::comes_from_us,
    caller::{Caller, FormSecret, Visit, csrf_token},
    cookie::SetCookie,
    reply::Refused,
};
use crate::base::problem::Problem;
use crate::{
    accounts::Profile,
    context::Context,
    reauthentication,
    sessions::{self, Checked, Live, Presented},
};

/// Admits a request to a handler, or refuses it.
pub(crate) trait Guard: Sized + Send {
    /// Whether it answers to the name in the place of `{tenant}` in the path.
    const TENANT: bool = false;
    /// Whether it is for programs, which want JSON whatever they say that they accept.
    const PROGRAM: bool = false;
    /// The name in the table of routes.
    fn name() -> String;
    /// Checks everything that the guard stands for; on an unsafe method that includes origin and CSRF token.
    fn admit(caller: Caller) -> impl Future<Output = Result<Self, Refused>> + Send;
    /// The token for the forms of the page that answers; empty where no page does.
    fn csrf(&self) -> String {
        String::new()
    }
    /// Whether the page that answers is one of somebody who is logged in.
    fn signed_in(&self) -> bool {
        false
    }
    /// A cookie that the answer must set for its forms to work, where there is one.
    fn cookie(&self) -> Option<SetCookie> {
        None
    }
}

/// Anybody at all. A request that changes something still needs our origin and the token of a form of ours.
pub struct Public {
    caller: Caller,
    form: FormSecret,
}

/// Somebody with a live session. On an unsafe method, with a request that a page of ours sent and that bears the token
/// bound to this very session.
pub struct SignedIn {
    pub(super) caller: Caller,
    live: Live,
}

/// Somebody with a live session, and what their account says about them.
pub(crate) struct Person {
    signed_in: SignedIn,
    profile: Arc<Profile>,
}

/// Somebody with a live session who proved themselves within the last minutes.
pub struct Reauthenticated(SignedIn);

impl Guard for Public {
    fn name() -> String {
        "Public".to_owned()
    }

    async fn admit(caller: Caller) -> Result<Self, Refused> {
        let form = caller.form_secret();
        if caller.is_unsafe()
            && let Err(problem) = caller.demand_form_csrf(&form)
        {
            // The refusal brings the cookie, so that sending the form again works.
            let refused = Refused::from(problem);
            return Err(match form.cookie(&caller.cx) {
                Some(cookie) => refused.cookie(cookie),
                None => refused,
            });
        }
        Ok(Self { caller, form })
    }

    fn csrf(&self) -> String {
        self.form.csrf_token()
    }

    fn cookie(&self) -> Option<SetCookie> {
        self.form.cookie(&self.caller.cx)
    }
}

impl Guard for SignedIn {
    fn name() -> String {
        "SignedIn".to_owned()
    }

    async fn admit(caller: Caller) -> Result<Self, Refused> {
        let presented = presented(&caller)?;
        match sessions::check(&caller.cx, presented).await? {
            Checked::Live(live) => Ok(Self { caller, live }),
            Checked::Due(_) => Err(to_be_rechecked(&caller)),
            Checked::Nobody => Err(not_signed_in(&caller)),
        }
    }

    fn csrf(&self) -> String {
        self.csrf_token()
    }

    fn signed_in(&self) -> bool {
        true
    }
}

impl Guard for Person {
    fn name() -> String {
        SignedIn::name()
    }

    async fn admit(caller: Caller) -> Result<Self, Refused> {
        let presented = presented(&caller)?;
        match sessions::check_and_read(&caller.cx, presented).await? {
            Checked::Live((live, profile)) => Ok(Self { signed_in: SignedIn { caller, live }, profile }),
            Checked::Due(_) => Err(to_be_rechecked(&caller)),
            Checked::Nobody => Err(not_signed_in(&caller)),
        }
    }

    fn csrf(&self) -> String {
        self.signed_in.csrf()
    }

    fn signed_in(&self) -> bool {
        true
    }
}

impl Guard for Reauthenticated {
    fn name() -> String {
        "Reauthenticated".to_owned()
    }

    async fn admit(caller: Caller) -> Result<Self, Refused> {
        let signed_in = SignedIn::admit(caller).await?;
        signed_in.demand_recent_proof()?;
        Ok(Self(signed_in))
    }

    fn csrf(&self) -> String {
        self.0.csrf()
    }

    fn signed_in(&self) -> bool {
        true
    }
}

impl Public {
    pub(crate) fn cx(&self) -> &Arc<Context> {
        &self.caller.cx
    }

    pub(crate) fn visit(&self) -> Visit {
        self.caller.visit()
    }

    /// Whether the request names our own host. A foreign name that resolves to this machine (DNS rebinding) lets
    /// another site read what is meant for this one.
    pub(crate) fn names_our_host(&self) -> bool {
        let host = self.caller.headers.get(axum::http::header::HOST).and_then(|value| value.to_str().ok());
        host.is_some_and(|host| self.caller.cx.site.public_url.ends_with(&format!("//{host}")))
    }

    /// Where the person wanted to go, else to their account.
    pub(crate) fn destination(&self) -> String {
        destination(&self.caller)
    }

    /// The session that the browser brings along, unchecked beyond its signature: logging in again ends it.
    pub(crate) fn previous_session(&self) -> Option<sessions::Presented> {
        self.caller.session_cookie()
    }

    /// Whether a form of ours was sent, whose answer must not lead to another site by itself.
    pub(crate) fn comes_from_us(&self) -> bool {
        comes_from_us(&self.caller)
    }

    /// The token that a program sends back with its next request.
    pub(crate) fn form_token(&self) -> String {
        self.form.csrf_token()
    }
}

impl SignedIn {
    /// A live session of whoever has sent a request that was checked.
    pub(super) fn new(caller: Caller, live: Live) -> Self {
        Self { caller, live }
    }

    /// Who is there.
    pub fn account(&self) -> AccountId {
        self.live.account
    }

    /// The session's public name.
    pub fn session(&self) -> SessionId {
        self.live.id
    }

    /// When the person last proved that it is them.
    pub fn proved_at(&self) -> Timestamp {
        self.live.proved_at
    }

    /// The token that a form must carry as `csrf_token`, or a request as `x-csrf-token`.
    pub fn csrf_token(&self) -> String {
        csrf_token(self.live.secret.expose())
    }

    pub(crate) fn cx(&self) -> &Arc<Context> {
        &self.caller.cx
    }

    pub(crate) fn visit(&self) -> Visit {
        self.caller.visit()
    }

    pub(crate) fn live(&self) -> &Live {
        &self.live
    }

    /// Demands a proof of the last minutes; people are led to give one, and back.
    pub(super) fn demand_recent_proof(&self) -> Result<(), Refused> {
        match reauthentication::is_recent(self.cx(), self.live.proved_at) {
            true => Ok(()),
            false => Err(self.to_be_proved()),
        }
    }

    /// Refuses what needs a proof of the last minutes. People are led to give one, and back: to the page that they wanted, the
    /// one with the form that they sent, or the one that the form itself names.
    pub(crate) fn to_be_proved(&self) -> Refused {
        let text = "Please prove once more that it is you, then repeat this step.";
        let problem = Problem::plain(StatusCode::FORBIDDEN, "reauthentication_required", text);
        let base = self.cx().site.base;
        let back = self.caller.way_back().or_else(|| self.caller.return_to.clone());
        let back = back.map_or_else(|| format!("{base}/account"), |path| path.as_str().to_owned());
        Refused::from(problem).way_on(format!("{base}/reauthenticate?return_to={}", escaped(&back)))
    }

    /// Whether the request may change something.
    pub(super) fn may_change(&self) -> bool {
        self.caller.is_unsafe()
    }

    /// Whether the headers of an answer are asked for and not the answer (RFC 9110 section 9.3.2).
    pub(crate) fn wants_headers_only(&self) -> bool {
        self.caller.method == axum::http::Method::HEAD
    }

    pub(crate) fn destination(&self) -> String {
        destination(&self.caller)
    }
}

impl Person {
    pub(crate) fn profile(&self) -> &Profile {
        &self.profile
    }
}

impl std::ops::Deref for Person {
    type Target = SignedIn;

    fn deref(&self) -> &SignedIn {
        &self.signed_in
    }
}

impl std::ops::Deref for Reauthenticated {
    type Target = SignedIn;

    fn deref(&self) -> &SignedIn {
        &self.0
    }
}

fn destination(caller: &Caller) -> String {
    caller
        .return_to
        .as_ref()
        .map_or_else(|| format!("{}/account", caller.cx.site.base), |path| path.as_str().to_owned())
}

/// The session that a request claims, once it has passed what an unsafe method demands; the store is not asked.
pub(super) fn presented(caller: &Caller) -> Result<Presented, Refused> {
    let presented = caller.session_cookie().ok_or_else(|| not_signed_in(caller))?;
    if caller.is_unsafe() {
        caller.demand_session_csrf(&presented.secret)?;
    }
    Ok(presented)
}

/// Programs get a 401; people who only looked get the way to the login page and back.
pub(super) fn not_signed_in(caller: &Caller) -> Refused {
    let problem =
        Problem::plain(StatusCode::UNAUTHORIZED, "not_signed_in", "Nobody is logged in here. Log in and try again.");
    // Whoever came to log out has what they came for, and does not come back to it.
    let leaving = caller.uri.path().strip_prefix(caller.cx.site.base) == Some("/logout");
    let back = caller.way_back().filter(|_| !caller.is_unsafe() && !leaving);
    Refused::from(problem).way_on(login_page(caller, back))
}

/// Programs get a 401; people are led to where the session's provider is asked once more who they are, and back: to the page that
/// they wanted, the one with the form that they sent, or the one that the form itself names.
pub(super) fn to_be_rechecked(caller: &Caller) -> Refused {
    let text = "The provider by which you logged in is to say once more that it is you.";
    let problem = Problem::plain(StatusCode::UNAUTHORIZED, RECHECK_REQUIRED, text);
    let back = caller.way_back().or_else(|| caller.return_to.clone());
    Refused::from(problem).way_on(recheck_page(caller, back))
}

/// The code of a session that gives no access until it was rechecked.
pub(super) const RECHECK_REQUIRED: &str = "provider_recheck_required";

/// The login page that leads back to where somebody was.
pub(super) fn login_page(caller: &Caller, back: Option<LocalPath>) -> String {
    leading_back(caller, "login", back)
}

/// The same of the page that leads to the session's provider.
pub(super) fn recheck_page(caller: &Caller, back: Option<LocalPath>) -> String {
    leading_back(caller, "recheck", back)
}

fn leading_back(caller: &Caller, page: &str, back: Option<LocalPath>) -> String {
    let query = back.map(|path| format!("?return_to={}", escaped(path.as_str()))).unwrap_or_default();
    format!("{}/{page}{query}", caller.cx.site.base)
}

fn escaped(path: &str) -> String {
    url::form_urlencoded::byte_serialize(path.as_bytes()).collect()
}
