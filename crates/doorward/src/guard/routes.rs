//! The table of routes. It takes handlers of two parameters, a guard and an input, and nothing else.

use std::{
    future::Future,
    net::SocketAddr,
    pin::{Pin, pin},
    sync::Arc,
};

use axum::{
    Router,
    body::Body,
    extract::{ConnectInfo, OriginalUri, RawPathParams, Request, rejection::RawPathParamsRejection},
    http::{HeaderMap, Method, Response, StatusCode, header, request::Parts},
    response::IntoResponse,
    routing::{MethodFilter, MethodRouter, any, on},
};

use super::{
    brought::fields,
    caller::{Caller, Representation},
    cookie::SetCookie,
    guards::Guard,
    input::{Field, Fields, Input},
    landing::Landing,
    program::Program,
    reply::{Presentation, Refused, Reply},
};
use crate::base::problem::Problem;
use crate::error::Fault;
use crate::{
    base::{
        panics::caught,
        render::{Frame, Notice},
    },
    context::Context,
};

/// One line of the table.
#[derive(Clone)]
pub(crate) struct Route {
    pub(crate) method: Method,
    pub(crate) path: &'static str,
    pub(crate) guard: String,
    pub(crate) handler: &'static str,
    pub(crate) doc: &'static str,
    pub(crate) fields: &'static [Field],
    /// How the names of further fields begin; see [`Input::FAMILY`].
    pub(crate) family: Option<&'static str>,
    /// Whether somebody can go back to the form at the same address.
    has_page: bool,
    /// Whether its answers are JSON whatever the request accepts.
    data: bool,
    /// What its method may mean.
    pub(super) kind: Kind,
    serve: Serve,
}

/// What the method of a route may mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// What it always means.
    Plain,
    /// A POST that only asks and changes nothing: its JSON body is a question too large for an address.
    Question,
    /// Any method, which is that of a request that somebody else is to serve.
    Any,
    /// An answer that another site sends a browser back with: its query or its form is the handler's to read.
    Landing,
    /// What OAuth says: a form from a program that proves itself in it or in a header. Cookies are not looked at, so there is
    /// nothing that a page of another site could use.
    OAuth,
}

type Serve = Arc<dyn Fn(Caller, Fields) -> Pin<Box<dyn Future<Output = Served> + Send>> + Send + Sync>;

impl Route {
    fn of<G: Guard + 'static, I: Input + 'static, H: Handler<G, I>>(
        method: Method,
        path: &'static str,
        handler: H,
        doc: &'static str,
    ) -> Self {
        let serve: Serve = Arc::new(move |caller, fields| {
            let handler = handler.clone();
            Box::pin(serve(handler, caller, fields))
        });
        let name = std::any::type_name::<H>().trim_start_matches("doorward::");
        Self {
            method,
            path,
            guard: G::name(),
            handler: name,
            doc,
            fields: I::FIELDS,
            family: I::FAMILY,
            has_page: false,
            data: false,
            kind: Kind::Plain,
            serve,
        }
    }

    /// Whether it is for programs only.
    pub(crate) fn is_data(&self) -> bool {
        self.data
    }

    /// Whether it changes nothing, whatever its method.
    pub(crate) fn only_asks(&self) -> bool {
        // A form of another site is sent on to our own address, where what it brings is looked at.
        matches!(self.kind, Kind::Question | Kind::Any | Kind::Landing) || self.method == Method::GET
    }

    /// Whether it answers to every method.
    pub(crate) fn is_any(&self) -> bool {
        self.kind == Kind::Any
    }

    /// Whether another site's answer arrives here.
    pub(crate) fn is_landing(&self) -> bool {
        self.kind == Kind::Landing
    }

    /// Whether it is an endpoint of OAuth, where no cookie is looked at.
    pub(crate) fn is_oauth(&self) -> bool {
        self.kind == Kind::OAuth
    }

    /// The method, for the table.
    #[cfg(test)]
    pub(crate) fn method_name(&self) -> &str {
        if self.is_any() { "any" } else { self.method.as_str() }
    }

    fn wanted(&self, headers: &HeaderMap) -> Representation {
        match self.kind {
            Kind::OAuth => Representation::OAuth,
            _ if self.data => Representation::Json,
            _ => Representation::wanted(headers),
        }
    }
}

/// What a handler said, and what its guard adds to the answer.
struct Served {
    said: Result<Reply, Refused>,
    csrf: String,
    signed_in: bool,
    cookie: Option<SetCookie>,
}

impl Served {
    /// A no to somebody whom no guard has admitted.
    fn refusing(no: impl Into<Refused>) -> Self {
        Self { said: Err(no.into()), csrf: String::new(), signed_in: false, cookie: None }
    }

    fn for_a_proxy(self) -> Self {
        Self { said: self.said.map_err(Refused::for_a_proxy), ..self }
    }
}

/// The routes of all features.
#[derive(Default)]
pub(crate) struct Routes {
    pub(crate) table: Vec<Route>,
}

/// An asynchronous function of a guard and an input.
pub(crate) trait Handler<G, I>: Clone + Send + Sync + 'static {
    fn call(&self, guard: G, input: I) -> impl Future<Output = Result<Reply, Refused>> + Send;
}

impl<G, I, F, Fut> Handler<G, I> for F
where
    F: Fn(G, I) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = Result<Reply, Refused>> + Send,
{
    fn call(&self, guard: G, input: I) -> impl Future<Output = Result<Reply, Refused>> + Send {
        self(guard, input)
    }
}

impl Routes {
    pub(crate) fn get<G: Guard + 'static, I: Input + 'static>(
        &mut self,
        path: &'static str,
        handler: impl Handler<G, I>,
        doc: &'static str,
    ) {
        self.table.push(Route::of(Method::GET, path, handler, doc));
    }

    /// A route for programs only: a yes, a no and a fault are JSON with their own status, also for a program that passes on
    /// what its browser accepts. A redirect to the login page would be a success to it.
    pub(crate) fn data<G: Guard + 'static, I: Input + 'static>(
        &mut self,
        path: &'static str,
        handler: impl Handler<G, I>,
        doc: &'static str,
    ) {
        self.table.push(Route { data: true, ..Route::of(Method::GET, path, handler, doc) });
    }

    /// A question from a program that does not fit into an address: a POST of JSON that changes nothing. So it needs no token;
    /// a page of another site is refused all the same.
    pub(crate) fn question<G: Guard + 'static, I: Input + 'static>(
        &mut self,
        path: &'static str,
        handler: impl Handler<G, I>,
        doc: &'static str,
    ) {
        self.table.push(Route { data: true, kind: Kind::Question, ..Route::of(Method::POST, path, handler, doc) });
    }

    /// A route for proxies, which may ask in the method of the request that they want to let through. Its guard demands what
    /// that request must bring.
    pub(crate) fn every_method<G: Guard + 'static, I: Input + 'static>(
        &mut self,
        path: &'static str,
        handler: impl Handler<G, I>,
        doc: &'static str,
    ) {
        self.table.push(Route { data: true, kind: Kind::Any, ..Route::of(Method::GET, path, handler, doc) });
    }

    /// An endpoint of OAuth: its guard is [`Program`](super::Program), its input a form in which what is not known is ignored.
    pub(crate) fn oauth<I: Input + 'static>(
        &mut self,
        method: Method,
        path: &'static str,
        handler: impl Handler<Program, I>,
        doc: &'static str,
    ) {
        self.table.push(Route { data: true, kind: Kind::OAuth, ..Route::of(method, path, handler, doc) });
    }

    /// Where another site sends a browser back to, with its answer in the query or in a form. What is in it is not ours to judge by
    /// our own rules for fields, and no token of ours is in it: the handler gets it whole.
    pub(crate) fn landing<I: Input + 'static>(
        &mut self,
        method: Method,
        path: &'static str,
        handler: impl Handler<Landing, I>,
        doc: &'static str,
    ) {
        self.table.push(Route { kind: Kind::Landing, ..Route::of(method, path, handler, doc) });
    }

    pub(crate) fn post<G: Guard + 'static, I: Input + 'static>(
        &mut self,
        path: &'static str,
        handler: impl Handler<G, I>,
        doc: &'static str,
    ) {
        self.table.push(Route::of(Method::POST, path, handler, doc));
    }

    pub(crate) fn delete<G: Guard + 'static, I: Input + 'static>(
        &mut self,
        path: &'static str,
        handler: impl Handler<G, I>,
        doc: &'static str,
    ) {
        self.table.push(Route::of(Method::DELETE, path, handler, doc));
    }

    /// Builds the router that serves the table under the site's base path.
    pub(crate) fn router(self, cx: &Arc<Context>) -> Router {
        let mut router = Router::new();
        let shown = |route: &&Route| route.method == Method::GET && !route.data;
        let pages: Vec<_> = self.table.iter().filter(shown).map(|route| route.path).collect();
        for mut route in self.table {
            route.has_page = pages.contains(&route.path);
            router = router.route(&format!("{}{}", cx.site.base, route.path), on_route(Arc::clone(cx), route));
        }
        let known = Arc::clone(cx);
        router.method_not_allowed_fallback(move |request: Request| {
            let refused = Problem::plain(
                StatusCode::METHOD_NOT_ALLOWED,
                "method_not_allowed",
                "This address does not answer to that method.",
            );
            let response = bare(&known, &request, refused);
            async move { response }
        })
    }
}

/// Answers a request that reached no route.
pub(crate) fn not_found(cx: &Arc<Context>, request: &Request) -> Response<Body> {
    bare(cx, request, Problem::plain(StatusCode::NOT_FOUND, "not_found", "There is nothing at this address."))
}

/// Sends whoever comes to the bare site to their account.
pub(crate) fn home(cx: &Context) -> Response<Body> {
    let way = Reply::done(&(), format!("{}/account", cx.site.base));
    Presentation { cx, wants: Representation::Page, frame: None, cookie: None, path: String::new() }.response(Ok(way))
}

fn bare(cx: &Arc<Context>, request: &Request, problem: Problem) -> Response<Body> {
    present(cx, Representation::wanted(request.headers()), Around::default(), Served::refusing(problem))
}

/// The captured parts of a path, or that they are no text.
type Params = Result<RawPathParams, RawPathParamsRejection>;

fn on_route(cx: Arc<Context>, route: Route) -> MethodRouter {
    let plain =
        (!route.is_any()).then(|| MethodFilter::try_from(route.method.clone()).expect("the table uses plain methods"));
    let route = Arc::new(route);
    let handler = move |params: Params, request: Request| {
        let (cx, route) = (Arc::clone(&cx), Arc::clone(&route));
        async move {
            let wants = route.wanted(request.headers());
            let response = match caught(pin!(answer(Arc::clone(&cx), &route, wants, params, request))).await {
                Ok(response) => response,
                Err(panicked) => present(&cx, wants, Around::default(), Served::refusing(panicked)),
            };
            // Whoever only looks is never held back: a session check may be refused, but has an application waiting.
            if !route.only_asks() && response.headers().contains_key(header::RETRY_AFTER) {
                cx.turns.wait().await;
            }
            response.into_response()
        }
    };
    match plain {
        Some(method) => on(method, handler),
        None => any(handler),
    }
}

async fn serve<G: Guard, I: Input>(handler: impl Handler<G, I>, caller: Caller, mut fields: Fields) -> Served {
    let wants_page = caller.wants() == Representation::Page;
    let changes = caller.is_unsafe();
    // RFC 6749 section 3.2: what an endpoint does not know, it ignores.
    let strict = caller.wants() != Representation::OAuth;
    if G::TENANT {
        // The guard has answered to it.
        fields.take("tenant");
    }
    match G::admit(caller).await {
        Err(refused) => Served::refusing(refused),
        Ok(guard) => {
            let csrf = if wants_page { guard.csrf() } else { String::new() };
            let cookie = if wants_page || !changes { guard.cookie() } else { None };
            let signed_in = guard.signed_in();
            let known = if strict { fields.refuse_others(I::FIELDS, I::FAMILY) } else { Ok(()) };
            let said = match known {
                Ok(()) => handler.call(guard, I::take(&mut fields)).await,
                Err(problem) => Err(problem.into()),
            };
            Served { said, csrf, signed_in, cookie }
        }
    }
}

async fn answer(
    cx: Arc<Context>,
    route: &Route,
    wants: Representation,
    params: Params,
    request: Request,
) -> Response<Body> {
    let (around, served) = match params {
        Ok(params) => reach(&cx, route, wants, &params, request).await,
        Err(_) => (Around::default(), Served::refusing(malformed_path())),
    };
    let served = if route.is_any() { served.for_a_proxy() } else { served };
    present(&cx, wants, around, served)
}

async fn reach(
    cx: &Arc<Context>,
    route: &Route,
    wants: Representation,
    params: &RawPathParams,
    request: Request,
) -> (Around, Served) {
    let (parts, body) = request.into_parts();
    let mut caller = match Caller::of(cx, parts, wants) {
        Ok(caller) => caller,
        Err(refused) => return (Around::default(), Served::refusing(refused)),
    };
    caller.has_page = route.has_page;
    caller.only_asks = route.kind == Kind::Question;
    caller.tenant = params.iter().find(|(name, _)| *name == "tenant").map(|(_, value)| value.to_owned());
    let path = if route.has_page { caller.uri.path().to_owned() } else { String::new() };
    let notice = caller.uri.query().and_then(notice_code).and_then(Notice::of);
    match fields(&caller, route, params, body).await {
        Err(problem) => (Around { path, ..Around::default() }, Served::refusing(problem)),
        Ok(fields) if route.kind == Kind::OAuth => {
            (Around { path, ..Around::default() }, (route.serve)(caller, fields).await)
        }
        Ok(mut fields) => {
            caller.csrf_field = fields.take("csrf_token");
            caller.return_to = fields.return_to();
            let return_to = caller.return_to.as_ref().map(|path| path.as_str().to_owned());
            let served = (route.serve)(caller, fields).await;
            (Around { return_to, notice, path }, served)
        }
    }
}

/// What a page shows besides what its handler said.
#[derive(Default)]
struct Around {
    return_to: Option<String>,
    notice: Option<Notice>,
    path: String,
}

fn present(cx: &Arc<Context>, wants: Representation, around: Around, served: Served) -> Response<Body> {
    let frame = (wants == Representation::Page).then(|| Frame {
        csrf: served.csrf,
        signed_in: served.signed_in,
        notice: around.notice,
        return_to: around.return_to.unwrap_or_default(),
        ..cx.site.frame(cx.settings.passwords.min_length)
    });
    Presentation { cx, wants, frame, cookie: served.cookie, path: around.path }.response(served.said)
}

fn malformed_path() -> Problem {
    Problem::plain(StatusCode::BAD_REQUEST, "malformed_path", "The path is not UTF-8 once it is decoded.")
}

/// RFC 9112 section 3.2.
fn two_hosts() -> Problem {
    Problem::plain(StatusCode::BAD_REQUEST, "host_ambiguous", "The request names the host more than once.")
}

fn notice_code(query: &str) -> Option<&str> {
    query.split('&').find_map(|pair| pair.strip_prefix("done="))
}

impl Caller {
    /// Takes over everything of a request but its body.
    pub(crate) fn of(cx: &Arc<Context>, parts: Parts, wants: Representation) -> Result<Self, Refused> {
        // What stands before us may have gone by the other one.
        if parts.headers.get_all(header::HOST).iter().nth(1).is_some() {
            return Err(two_hosts().into());
        }
        // Without it everybody would be throttled as one, and a stranger could keep all of them out.
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0.ip()).ok_or_else(|| {
            let cure =
                "the connection's address is missing: serve with into_make_service_with_connect_info::<SocketAddr>()";
            Fault::new("learning who asks", cure)
        })?;
        // A router that is nested takes its prefix off the URI; a way back without it would lead elsewhere.
        let asked_for = parts.extensions.get::<OriginalUri>().map(|original| original.0.clone());
        Ok(Self {
            cx: Arc::clone(cx),
            method: parts.method,
            address: cx.site.proxies.client(peer, &parts.headers),
            wants,
            headers: parts.headers,
            uri: asked_for.unwrap_or(parts.uri),
            has_page: false,
            only_asks: false,
            tenant: None,
            return_to: None,
            csrf_field: Default::default(),
        })
    }
}
