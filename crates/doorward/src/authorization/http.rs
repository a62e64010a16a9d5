//! `GET` and `POST /oauth/authorize`, `POST /oauth/par` and `/oauth/device`, `GET` and `POST /device`, `GET /account/apps`.

use axum::http::{Method, StatusCode};
use doorward_core::ClientId;
use serde_json::json;

use super::{
    device::{self, Decision, Found},
    flow::{self, Asking, LOGIN_REQUIRED, Next},
    pages::{AppsPage, ConsentPage, DecidedPage, DevicePage, address, apps, host, lasts, onward, places},
    rules::{self, AskDenied, Back, Parameters, Told, Wanted},
    wishes::Wishes,
};
use crate::{
    clients::{self, Credentials, Grant, credentials},
    context::Context,
    error::Refusal,
    guard::{
        Arrived, Denial, Field, Fields, Input, NoInput, OrPage, Problem, Program, Refused, Reply, Routes, SignedIn,
        input,
    },
    tokens::TokenDenied,
};

pub(crate) fn routes(routes: &mut Routes) {
    routes.get("/oauth/authorize", authorize, "Asks a person whether a client is let in, and answers the client.");
    routes.post("/oauth/authorize", decide, "Tells the client what the person has decided.");
    routes.oauth(Method::POST, "/oauth/par", push, "Keeps what a client wants to ask for until its person comes.");
    routes.oauth(Method::POST, "/oauth/device", begin_device, "Gives a device a code to show, and one to wait with.");
    routes.get("/device", device_form, "Shows the form for the code of a device.");
    routes.post("/device", device_code, "Shows what waits under the code of a device.");
    routes.post("/device/decide", device_decide, "Lets a device in, or turns it away.");
    routes.get("/account/apps", list, "Lists the apps that the person has let in, and what each may do.");
    routes.post(
        "/account/apps/{client}/withdraw",
        withdraw,
        "Takes back what the person has agreed to for an app, and ends what came of it.",
    );
}

/// The fields of an authorization request: those that we know, and whatever else a client sends (RFC 6749 section 3.1).
macro_rules! request {
    ($(#[$meta:meta])* $name:ident { $($own:ident: $doc:literal),* $(,)? }) => {
        $(#[$meta])*
        pub(crate) struct $name {
            parameters: Parameters,
            $($own: String,)*
        }

        impl Input for $name {
            const FIELDS: &'static [Field] = &[
                Field { name: "response_type", doc: "`code`.", required: false },
                Field { name: "response_mode", doc: "`query`, which is the default.", required: false },
                Field { name: "client_id", doc: "The client.", required: false },
                Field { name: "redirect_uri", doc: "Where the answer goes: an address that the client has registered.", required: false },
                Field { name: "scope", doc: "Scopes with spaces between; all of the client's when there are none.", required: false },
                Field { name: "state", doc: "Comes back with the answer.", required: false },
                Field { name: "code_challenge", doc: "SHA-256 of a secret of the client in base64url (RFC 7636).", required: false },
                Field { name: "code_challenge_method", doc: "`S256`.", required: false },
                Field { name: "nonce", doc: "Comes back in the ID token.", required: false },
                Field { name: "prompt", doc: "`none`, or `login` and `consent` with a space between.", required: false },
                Field { name: "max_age", doc: "How many seconds old the person's last proof may be.", required: false },
                Field { name: "resource", doc: "For whom the tokens are to be (RFC 8707).", required: false },
                Field { name: "tenant", doc: "The tenant that is meant; the person chooses when there is none.", required: false },
                Field { name: "dpop_jkt", doc: "The thumbprint of the key that the code is bound to (RFC 9449).", required: false },
                Field { name: "request", doc: "Not taken.", required: false },
                Field { name: "request_uri", doc: "The name of a request that was pushed before (RFC 9126).", required: false },
                $(Field { name: stringify!($own), doc: $doc, required: false },)*
            ];
            const FAMILY: Option<&'static str> = Some("");

            fn take(fields: &mut Fields) -> Self {
                let mut text = |name: &str| fields.take(name).to_string();
                Self {
                    parameters: Parameters {
                        response_type: text("response_type"),
                        response_mode: text("response_mode"),
                        client_id: text("client_id"),
                        redirect_uri: text("redirect_uri"),
                        scope: text("scope"),
                        state: text("state"),
                        code_challenge: text("code_challenge"),
                        code_challenge_method: text("code_challenge_method"),
                        nonce: text("nonce"),
                        prompt: text("prompt"),
                        max_age: text("max_age"),
                        resource: text("resource"),
                        tenant: text("tenant"),
                        dpop_jkt: text("dpop_jkt"),
                        request: text("request"),
                        request_uri: text("request_uri"),
                    },
                    $($own: text(stringify!($own)),)*
                }
            }
        }
    };
}

request! {
    Asked { asked_at: "Ours: since when a proof counts." }
}

request! {
    Decided {
        asked_at: "Ours: since when a proof counts.",
        decision: "`allow`; whatever else there is turns it away.",
        choice: "The tenant that the person has chosen.",
    }
}

request! {
    Pushed {
        client_secret: "The client's secret, unless the header Authorization says so.",
        client_assertion: "Or a token that it has signed (RFC 7523).",
        client_assertion_type: "Then `urn:ietf:params:oauth:client-assertion-type:jwt-bearer`.",
    }
}

input! {
    DeviceAsked {
        client_id [optional]: "The client, unless the header Authorization says so.",
        client_secret [optional]: "Its secret, unless the header Authorization says so.",
        client_assertion [optional]: "Or a token that it has signed (RFC 7523).",
        client_assertion_type [optional]: "Then `urn:ietf:params:oauth:client-assertion-type:jwt-bearer`.",
        scope [optional]: "Scopes with spaces between; all of the client's when there are none.",
        resource [optional]: "For whom the tokens are to be (RFC 8707).",
    }
}

input! {
    LinkedCode { user_code [optional]: "The code that the device shows." }
}

input! {
    UserCode { user_code: "The code that the device shows." }
}

input! {
    DeviceDecided {
        user_code: "The code that the device shows.",
        decision [optional]: "`allow`; whatever else there is turns it away.",
        choice [optional]: "The tenant that the person has chosen.",
    }
}

input! {
    AppNamed { client: "The client's name." }
}

async fn authorize(arrived: Arrived, asked: Asked) -> Result<Reply, Refused> {
    let cx = arrived.cx();
    let parameters = flow::resolve(cx, asked.parameters.clone()).await?;
    let back = flow::back(cx, &parameters).await?;
    let way = Way { cx, is_ours: arrived.comes_from_us() };
    let wanted = match Wanted::judge(back.clone(), &parameters) {
        Ok(wanted) => wanted,
        Err(told) => return Ok(way.no(&back, told)),
    };
    let Arrived::Known(person) = &arrived else {
        return if wanted.prompt.none {
            Ok(way.no(&back, LOGIN_REQUIRED))
        } else {
            Err(arrived.to_log_in(&again(cx, &asked, &wanted)))
        };
    };
    let asked_at = SignedIn::marked(cx, &asked.asked_at);
    match flow::consider(cx, person.live(), &wanted, asked_at).await? {
        Next::Tell(told) => Ok(way.no(&back, told)),
        Next::Prove => Err(to_prove(person, &again(cx, &asked, &wanted))),
        Next::Ask(asking) => Ok(consent(person, &asked, &wanted, &asking).await?),
        Next::Granted(tenant) => granted(person, &way, &wanted, (tenant, &asked.parameters.request_uri)).await,
    }
}

async fn decide(person: SignedIn, decided: Decided) -> Result<Reply, Refused> {
    let cx = person.cx();
    let parameters = flow::resolve(cx, decided.parameters.clone()).await?;
    let back = flow::back(cx, &parameters).await?;
    let way = Way { cx, is_ours: person.comes_from_us() };
    let wanted = match Wanted::judge(back.clone(), &parameters) {
        Ok(wanted) => wanted,
        Err(told) => return Ok(way.no(&back, told)),
    };
    if decided.decision != "allow" {
        return Ok(way.no(&back, Told("access_denied", "The person has said no.")));
    }
    let asked = Asked { parameters: decided.parameters, asked_at: decided.asked_at };
    let asked_at = SignedIn::marked(cx, &asked.asked_at);
    let asking = match flow::consider(cx, person.live(), &wanted, asked_at).await? {
        Next::Tell(told) => return Ok(way.no(&back, told)),
        Next::Prove => return Err(to_prove(&person, &again(cx, &asked, &wanted))),
        Next::Ask(asking) => Some(asking),
        Next::Granted(_) => None,
    };
    let meant = (wanted.needs_tenant(), wanted.tenant.as_ref());
    let tenant = match flow::choose(cx, (person.account(), person.session()), meant, &decided.choice).await {
        Ok(tenant) => tenant,
        Err(refusal) => {
            let page = match asking {
                Some(asking) => Some(consent_page(&person, &asked, &wanted, &asking).await?),
                None => None,
            };
            let refused = Refused::from(refusal);
            return Err(match page {
                Some(page) => refused.page(page),
                None => refused,
            });
        }
    };
    granted(&person, &way, &wanted, (tenant, &asked.parameters.request_uri)).await
}

/// The request once more, with a mark of this moment in place of the wish for a proof: coming back with one is enough.
fn again(cx: &Context, asked: &Asked, wanted: &Wanted) -> String {
    let mut query = asked.parameters.query();
    let wants_proof = wanted.prompt.login || wanted.max_age.is_some();
    if wants_proof {
        let mark = if asked.asked_at.is_empty() { SignedIn::mark_now(cx) } else { asked.asked_at.clone() };
        query = format!("{query}&asked_at={mark}");
    }
    format!("{}/oauth/authorize?{query}", cx.site.base)
}

fn to_prove(person: &SignedIn, path: &str) -> Refused {
    let base = person.cx().site.base;
    let escaped: String = url::form_urlencoded::byte_serialize(path.as_bytes()).collect();
    person.to_be_proved().way_on(format!("{base}/reauthenticate?return_to={escaped}"))
}

async fn granted(
    person: &SignedIn,
    way: &Way<'_>,
    wanted: &Wanted,
    (tenant, request_uri): (Option<doorward_core::TenantId>, &str),
) -> Result<Reply, Refused> {
    let visit = person.visit();
    match flow::grant(person.cx(), person.live(), wanted, (tenant, request_uri), &visit).await {
        Ok(url) => Ok(way.on(&wanted.back, &url)),
        Err(Refusal::Denied(flow::LoggedOut)) => Ok(way.no(&wanted.back, LOGIN_REQUIRED)),
        Err(Refusal::Fault(fault)) => Err(fault.into()),
    }
}

/// How an answer gets to the client.
struct Way<'a> {
    cx: &'a Context,
    /// Whether one of our own pages sent the browser: its forms must not lead to another site, so a page leads on instead.
    is_ours: bool,
}

impl Way<'_> {
    fn no(&self, back: &Back, Told(error, description): Told) -> Reply {
        let url = back.with(&self.cx.site.issuer(), &[("error", error), ("error_description", description)]);
        self.on(back, &url)
    }

    fn on(&self, back: &Back, url: &str) -> Reply {
        let json = json!({ "redirect_to": url });
        if !self.is_ours {
            return Reply::done(&json, url);
        }
        Reply::onward(&json, onward(&back.client, url), url)
    }
}

async fn consent(person: &SignedIn, asked: &Asked, wanted: &Wanted, asking: &Asking) -> Result<Reply, Refused> {
    let page = consent_page(person, asked, wanted, asking).await?;
    let tenants: Vec<_> = page.tenants.iter().map(|one| json!({ "id": one.id, "name": one.name })).collect();
    let json = json!({
        "client": { "id": wanted.back.client.id.as_str(), "name": page.client },
        "scopes": wanted.scopes.iter().collect::<Vec<_>>(),
        "tenants": tenants,
        "lasts": page.lasts,
        "csrf_token": person.csrf_token(),
    });
    Ok(Reply::page(&json, page))
}

async fn consent_page(
    person: &SignedIn,
    asked: &Asked,
    wanted: &Wanted,
    asking: &Asking,
) -> Result<ConsentPage, Refused> {
    let cx = person.cx();
    let said = asked.parameters.pairs().into_iter().filter(|(_, value)| !value.is_empty());
    let mut hidden: Vec<_> = said.map(|(name, value)| (name, value.to_owned())).collect();
    if !asked.asked_at.is_empty() {
        hidden.push(("asked_at", asked.asked_at.clone()));
    }
    Ok(ConsentPage {
        client: wanted.back.client.name.clone(),
        host: host(&wanted.back),
        address: address(cx, person.account()).await?,
        wishes: Wishes::of(cx, &wanted.scopes),
        lasts: lasts(cx, &wanted.back.client, &wanted.scopes),
        tenants: places(&asking.tenants),
        action: "/oauth/authorize",
        hidden,
        is_device: false,
    })
}

async fn push(program: Program, asked: Pushed) -> Result<Reply, Refused> {
    let cx = program.cx();
    let credentials = Credentials {
        client_id: &asked.parameters.client_id,
        client_secret: &asked.client_secret,
        client_assertion: &asked.client_assertion,
        client_assertion_type: &asked.client_assertion_type,
    };
    let client = clients::authenticate(cx, &program, &credentials).await?;
    let parameters = Parameters { client_id: client.id.to_string(), ..asked.parameters };
    let no = |text| Refused::from(TokenDenied::Request(text).problem());
    if !parameters.request_uri.is_empty() {
        return Err(no("A request that was pushed cannot be pushed again."));
    }
    let back = flow::back(cx, &parameters).await.map_err(|refusal| match refusal {
        Refusal::Denied(_) => no("The redirect_uri is none of this client's."),
        Refusal::Fault(fault) => fault.into(),
    })?;
    if let Err(Told(error, text)) = Wanted::judge(back, &parameters) {
        return Err(Problem::plain(StatusCode::BAD_REQUEST, error, text).into());
    }
    if parameters.query().len() > 8 * 1024 {
        return Err(no("The request is longer than 8 KiB."));
    }
    let request_uri = flow::push(cx, &client, &parameters).await?;
    let expires_in = cx.settings.authorization.pushed_lifetime.as_secs();
    Ok(Reply::json(&json!({ "request_uri": request_uri, "expires_in": expires_in })).status(StatusCode::CREATED))
}

async fn begin_device(program: Program, asked: DeviceAsked) -> Result<Reply, Refused> {
    let cx = program.cx();
    let client = clients::authenticate(cx, &program, &credentials!(asked)).await?;
    let no = |denied: TokenDenied| Refused::from(denied.problem());
    if !client.allows(Grant::DeviceCode) {
        return Err(no(TokenDenied::Unauthorized));
    }
    let scopes = rules::scopes(&client, &asked.scope).map_err(|Told(_, text)| no(TokenDenied::Scope(text)))?;
    let resource = client.resource(&asked.resource).ok_or_else(|| no(TokenDenied::Target))?;
    let begun = device::begin(cx, &client, &scopes, resource).await?;
    let page = cx.site.page("/device");
    Ok(Reply::json(&json!({
        "device_code": begun.device_code,
        "user_code": begun.user_code,
        "verification_uri": page,
        "verification_uri_complete": format!("{page}?user_code={}", begun.user_code),
        "expires_in": begun.expires_in,
        "interval": begun.interval,
    })))
}

async fn device_form(person: SignedIn, input: LinkedCode) -> Result<Reply, Refused> {
    let json = json!({ "csrf_token": person.csrf_token() });
    // What an address brings is shown and not taken: whoever sent the link may wait for somebody to agree.
    Ok(Reply::page(&json, DevicePage { typed: input.user_code.to_string() }))
}

async fn device_code(person: SignedIn, input: UserCode) -> Result<Reply, Refused> {
    let found = find(&person, &input.user_code).await?;
    let asking = asking(&person, &found).await?;
    let page = device_page(&person, &found, &asking, &input.user_code).await?;
    let tenants: Vec<_> = page.tenants.iter().map(|one| json!({ "id": one.id, "name": one.name })).collect();
    let json = json!({
        "client": { "id": found.client.id.as_str(), "name": found.client.name },
        "scopes": found.scopes.iter().collect::<Vec<_>>(),
        "tenants": tenants,
    });
    Ok(Reply::page(&json, page))
}

async fn find(person: &SignedIn, code: &str) -> Result<Found, Refused> {
    let page = || DevicePage { typed: code.to_owned() };
    device::find(person.cx(), person.account(), code).await.or_page(page)
}

async fn asking(person: &SignedIn, found: &Found) -> Result<Asking, Refused> {
    let asking =
        flow::asking(person.cx(), (person.account(), person.session()), (found.needs_tenant(), found.tenant.as_ref()))
            .await?;
    asking.ok_or_else(|| AskDenied::NoSuchTenant.problem().into())
}

async fn device_page(person: &SignedIn, found: &Found, asking: &Asking, code: &str) -> Result<ConsentPage, Refused> {
    let cx = person.cx();
    Ok(ConsentPage {
        client: found.client.name.clone(),
        host: String::new(),
        address: address(cx, person.account()).await?,
        wishes: Wishes::of(cx, &found.scopes),
        lasts: lasts(cx, &found.client, &found.scopes),
        tenants: places(&asking.tenants),
        action: "/device/decide",
        hidden: vec![("user_code", code.to_owned())],
        is_device: true,
    })
}

async fn device_decide(person: SignedIn, input: DeviceDecided) -> Result<Reply, Refused> {
    let cx = person.cx();
    let found = find(&person, &input.user_code).await?;
    let allowed = input.decision.as_str() == "allow";
    let decision = if allowed {
        let meant = (found.needs_tenant(), found.tenant.as_ref());
        match flow::choose(cx, (person.account(), person.session()), meant, &input.choice).await {
            Ok(tenant) => Decision::Allow(tenant),
            Err(refusal) => {
                let asking = asking(&person, &found).await?;
                let page = device_page(&person, &found, &asking, &input.user_code).await?;
                return Err(refusal).or_page(|| page);
            }
        }
    } else {
        Decision::Deny
    };
    let page = || DevicePage { typed: input.user_code.to_string() };
    device::decide(cx, person.live(), &found, decision, &person.visit()).await.or_page(page)?;
    let page = DecidedPage { client: found.client.name.clone(), allowed };
    Ok(Reply::page(&json!({ "allowed": allowed }), page))
}

async fn list(person: SignedIn, _: NoInput) -> Result<Reply, Refused> {
    let apps = apps(person.cx(), person.account()).await?;
    let told: Vec<_> = apps
        .iter()
        .map(|app| {
            json!({
                "client": app.client,
                "name": app.name,
                "scopes": app.scopes.iter().collect::<Vec<_>>(),
                "tenants": app.places.iter().map(|place| &place.name).collect::<Vec<_>>(),
                "since": app.since.as_secs(),
                "connections": app.connections,
            })
        })
        .collect();
    Ok(Reply::page(&json!({ "apps": told }), AppsPage { apps }))
}

async fn withdraw(person: SignedIn, input: AppNamed) -> Result<Reply, Refused> {
    let cx = person.cx();
    let none = || {
        let text = "You have not let an app of this name in, or not any more.";
        Problem::plain(StatusCode::NOT_FOUND, "no_such_app", text)
    };
    let client: ClientId = input.client.parse().map_err(|_| none())?;
    if !flow::withdraw(cx, person.account(), &client, &person.visit()).await? {
        return Err(none().into());
    }
    Ok(Reply::done(&json!({ "withdrawn": true }), format!("{}/account/apps?done=app-withdrawn", cx.site.base)))
}
