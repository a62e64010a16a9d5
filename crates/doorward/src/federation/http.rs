//! `POST /providers/{provider}`, its callback, linking, proving oneself, `/recheck`, and the page of the ways into an account.

use std::sync::Arc;

use axum::http::{HeaderValue, Method, header};
use doorward_core::{AccountId, EmailAddress, LocalPath, SessionId};
use serde_json::json;

use super::{
    answer::Answer,
    backchannel, brought,
    flow::{self, Back, Begun, Came},
    linking,
    provider::Provider,
    recheck,
    rules::{self, Identity, Lost, Purpose, not_here},
    store,
};
use crate::{
    accounts,
    base::render::{ProviderButton, ago, page},
    context::Context,
    error::Refusal,
    guard::{
        Denial, Holder, Landing, NoInput, OrPage, Problem, Program, Public, Reauthenticated, Refused, Reply, Routes,
        SignedIn, Visit, input,
    },
    passwords,
};

pub(crate) fn routes(routes: &mut Routes) {
    routes.post("/providers/{provider}", log_in, "Sends somebody to a provider to log in.");
    let doc = "Takes the answer that a provider sends somebody back with.";
    routes.landing(Method::GET, "/providers/{provider}/callback", callback, doc);
    let doc = "Takes the same as a form of the provider's site, and leads to the address above with it.";
    routes.landing(Method::POST, "/providers/{provider}/callback", form_callback, doc);
    routes.get("/login/organisation", organisation, "Asks for an address, to find the provider of its organisation.");
    let doc = "Sends somebody to the provider of the organisation that has proved the domain of their address.";
    routes.post("/login/organisation", find, doc);
    routes.get("/providers/{provider}/failed", failed, "Says why nothing came of a way to a provider, and what to do.");
    routes.post(
        "/providers/{provider}/reauthenticate",
        prove,
        "Sends somebody to a provider to prove that it is them.",
    );
    routes.oauth(
        Method::POST,
        "/providers/{provider}/backchannel-logout",
        backchannel_logout,
        "Takes a provider's word that somebody has logged out there (Back-Channel Logout 1.0).",
    );
    let doc = "Says that the provider is to be asked once more who somebody is, and has the button.";
    routes.get("/recheck", to_be_rechecked, doc);
    let doc = "Sends somebody to the provider that opened their session, to go on with it.";
    routes.post("/recheck", recheck_there, doc);
    routes.get("/account/identities", list, "Lists the providers that lead into the account, and those that could.");
    // Whoever has to prove themselves first comes back to the page at the same address.
    routes.get("/account/identities/link", list, "The same list, for who comes back to link a provider.");
    routes.post("/account/identities/link", link, "Sends somebody to a provider to link their account there.");
    routes.get("/account/identities/unlink", list, "The same list, for who comes back to unlink a provider.");
    routes.post("/account/identities/unlink", unlink, "Takes a provider away, unless it is the last way in.");
}

page! {
    /// Leads on to a provider: a form of ours must not lead to another site.
    #[derive(askama::Template)]
    OnwardPage in "federation/onward.html" { provider: String, url: String }
}

page! {
    /// Says why nothing came of a way to a provider.
    #[derive(askama::Template)]
    FailedPage in "federation/failed.html" { provider: String, text: String, link: (String, &'static str) }
}

page! {
    /// Says that the provider that opened the session is to be asked once more, or where to go `onward` when it is not.
    #[derive(askama::Template)]
    RecheckPage in "federation/recheck.html" {
        provider: Option<ProviderButton>,
        onward: Option<String>,
    }
}

page! {
    /// The ways into an account.
    #[derive(askama::Template)]
    IdentitiesPage in "federation/identities.html" {
        ways: Vec<Way>,
        has_password: bool,
        others: Vec<ProviderButton>,
    }
}

/// A way into an account, as the page shows it.
pub(crate) struct Way {
    label: String,
    address: String,
    used: String,
    issuer: String,
    subject: String,
    /// Whether its provider is still in the settings.
    works: bool,
}

page! {
    /// Asks for an address, to find the provider of its organisation.
    #[derive(askama::Template)]
    OrganisationPage in "federation/organisation.html" { email: String }
}

input! {
    Finding { email: "The address; only its domain counts." }
}

input! {
    Named { provider: "The provider's name in the settings." }
}

input! {
    Arriving {
        provider: "The provider's name in the settings.",
        answer [optional]: "What the provider says: `state`, `code`, `error`, `iss`.",
    }
}

input! {
    FailedAs {
        provider: "The provider's name in the settings.",
        code: "Why: the code of the problem.",
        way [optional]: "What for: `login`, `link`, `reauthentication` or `recheck`.",
    }
}

input! {
    LoggedOut {
        provider: "The provider's name in the settings.",
        logout_token: "The logout token.",
    }
}

input! {
    LinkNamed {
        issuer: "The issuer of the identity.",
        subject: "Its subject.",
    }
}

async fn log_in(visitor: Public, named: Named) -> Result<Reply, Refused> {
    let cx = visitor.cx();
    let provider = known(cx, &named.provider).await?;
    let (to, visit) = (visitor.destination(), visitor.visit());
    send(cx, &provider, (Purpose::Login, None), &to, (&visit, visitor.comes_from_us())).await
}

async fn organisation(visitor: Public, _: NoInput) -> Result<Reply, Refused> {
    let page = OrganisationPage { email: String::new() };
    Ok(Reply::page(&json!({ "csrf_token": visitor.form_token() }), page))
}

/// What is answered depends on the domain alone, so nobody learns from it who has an account.
async fn find(visitor: Public, finding: Finding) -> Result<Reply, Refused> {
    let cx = visitor.cx();
    let again = || OrganisationPage { email: finding.email.to_string() };
    let email = EmailAddress::parse(&finding.email).or_page(again)?;
    let provider = brought::of_domain(cx, &email).await?.ok_or_else(rules::no_provider).or_page(again)?;
    let (to, visit) = (visitor.destination(), visitor.visit());
    send(cx, &provider, (Purpose::Login, None), &to, (&visit, visitor.comes_from_us())).await
}

async fn link(person: Reauthenticated, named: Named) -> Result<Reply, Refused> {
    leave(&person, &named, Purpose::Link).await
}

async fn prove(person: SignedIn, named: Named) -> Result<Reply, Refused> {
    leave(&person, &named, Purpose::Reauthentication).await
}

async fn leave(person: &SignedIn, named: &Named, purpose: Purpose) -> Result<Reply, Refused> {
    let cx = person.cx();
    let provider = known(cx, &named.provider).await?;
    if purpose == Purpose::Reauthentication && !provider.proves_anew() {
        return Err(not_here().into());
    }
    let whose = Some((person.account(), person.session()));
    let (to, visit) = (person.destination(), person.visit());
    send(cx, &provider, (purpose, whose), &to, (&visit, person.comes_from_us())).await
}

async fn to_be_rechecked(holder: Holder, _: NoInput) -> Result<Reply, Refused> {
    let provider = recheck::opener(holder.cx(), holder.session()).await?;
    let json = json!({
        "due": holder.is_due(),
        "provider": provider.as_ref().map(|provider| provider.name().as_str()),
        "csrf_token": holder.csrf_token(),
    });
    let onward = (!holder.is_due()).then(|| holder.destination());
    Ok(Reply::page(&json, RecheckPage { provider: provider.map(|provider| provider.button()), onward }))
}

async fn recheck_there(holder: Holder, _: NoInput) -> Result<Reply, Refused> {
    let opener = recheck::opener(holder.cx(), holder.session()).await?;
    let provider = opener.ok_or_else(rules::opener_gone).or_page(|| RecheckPage { provider: None, onward: None })?;
    let whose = Some((holder.account(), holder.session()));
    let (to, visit) = (holder.destination(), holder.visit());
    send(holder.cx(), &provider, (Purpose::Recheck, whose), &to, (&visit, holder.comes_from_us())).await
}

async fn send(
    cx: &Context,
    provider: &Provider,
    (purpose, whose): (Purpose, Option<(AccountId, SessionId)>),
    to: &str,
    (visit, is_ours): (&Visit, bool),
) -> Result<Reply, Refused> {
    let return_to = LocalPath::parse(to);
    let begun = flow::begin(cx, provider, (purpose, whose), return_to.clone(), visit).await;
    let Begun { url, cookie } = begun.map_err(|refusal| lost(cx, provider, purpose, return_to.as_ref(), refusal))?;
    let json = json!({ "redirect_to": url });
    if !is_ours {
        return Ok(Reply::done(&json, url).cookie(cookie));
    }
    let page = OnwardPage { provider: provider.label().to_owned(), url: url.clone() };
    Ok(Reply::onward(&json, page, &url).cookie(cookie))
}

async fn callback(landing: Landing, arriving: Arriving) -> Result<Reply, Refused> {
    let cx = landing.cx();
    let provider = known(cx, &arriving.provider).await?;
    let back = Back {
        answer: &arriving.answer,
        browser: landing.browser(),
        session: landing.session().await?,
        previous: landing.previous_session(),
        visit: landing.visit(),
    };
    let gone = cx.cookies.clear(cx.cookies.provider);
    let (came, return_to) = match flow::finish(cx, &provider, back).await {
        Ok(came) => came,
        Err(Refusal::Denied(Lost { reason, purpose, return_to })) => {
            let refused = lost(cx, &provider, purpose, return_to.as_ref(), Refusal::Denied(reason));
            return Err(unseen_refused(refused).cookie(gone));
        }
        Err(Refusal::Fault(fault)) => return Err(unseen_refused(fault.into())),
    };
    let own = |path: &str| format!("{}{path}", cx.site.base);
    let to = return_to.map_or_else(|| own("/account"), |path| path.as_str().to_owned());
    let reply = match came {
        Came::In(entered) => {
            let body = json!({ "session": entered.opened.id.to_string(), "csrf_token": entered.opened.csrf_token() });
            entered.cookies(cx).into_iter().fold(Reply::done(&body, to), Reply::cookie)
        }
        Came::Linked => Reply::done(&json!({ "linked": true }), own("/account/identities?done=provider-linked")),
        Came::Proved(opened) => {
            let body = json!({ "reauthenticated": true, "csrf_token": opened.csrf_token() });
            Reply::done(&body, to).cookie(opened.cookie(cx))
        }
        Came::Rechecked(opened) => {
            let body = json!({ "rechecked": true, "csrf_token": opened.csrf_token() });
            Reply::done(&body, to).cookie(opened.cookie(cx))
        }
    };
    Ok(reply.header(header::REFERRER_POLICY, UNSEEN).cookie(gone))
}

/// The browser keeps our cookies to itself when another site sends it here with a form, so it is sent once more, to the address.
async fn form_callback(landing: Landing, arriving: Arriving) -> Result<Reply, Refused> {
    let cx = landing.cx();
    let provider = known(cx, &arriving.provider).await?;
    // What cannot be read is refused, and written down, where it is read.
    let query = Answer::read(&arriving.answer).map_or_else(|_| MALFORMED.to_owned(), |answer| answer.query());
    let to = format!("{}/providers/{}/callback?{query}", cx.site.base, provider.name());
    Ok(Reply::done(&json!({ "redirect_to": to }), to.clone()).header(header::REFERRER_POLICY, UNSEEN))
}

/// An answer that says something twice.
const MALFORMED: &str = "state=&state=";

/// Leads a person to the page that says what went wrong: the address of this answer has a code in it.
fn lost<D: Denial>(
    cx: &Context,
    provider: &Provider,
    purpose: Purpose,
    return_to: Option<&LocalPath>,
    refusal: Refusal<D>,
) -> Refused {
    let denied = match refusal {
        Refusal::Denied(denied) => denied.problem(),
        Refusal::Fault(fault) => return fault.into(),
    };
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("code", denied.code).append_pair("way", purpose.name());
    if let Some(path) = return_to {
        query.append_pair("return_to", path.as_str());
    }
    let way = format!("{}/providers/{}/failed?{}", cx.site.base, provider.name(), query.finish());
    Refused::from(denied).way_on(way)
}

fn unseen_refused(refused: Refused) -> Refused {
    refused.header(header::REFERRER_POLICY, UNSEEN)
}

const UNSEEN: HeaderValue = HeaderValue::from_static("no-referrer");

async fn backchannel_logout(program: Program, said: LoggedOut) -> Result<Reply, Refused> {
    let provider = known(program.cx(), &said.provider).await?;
    let ended = backchannel::take(program.cx(), &provider, &said.logout_token, &program.visit()).await?;
    Ok(Reply::json(&json!({ "ended": ended })))
}

async fn failed(visitor: Public, said: FailedAs) -> Result<Reply, Refused> {
    let provider = known(visitor.cx(), &said.provider).await?;
    let problem = rules::problem_of(&said.code).ok_or_else(not_here)?;
    let link =
        way_on(visitor.cx(), &problem, Purpose::named(&said.way).unwrap_or(Purpose::Login), &visitor.destination());
    let page = FailedPage { provider: provider.label().to_owned(), text: problem.text(), link };
    let json = json!({ "code": problem.code, "detail": problem.text() });
    Ok(Reply::page(&json, page))
}

/// Where somebody goes on for whom nothing came of it: back, or, where their address has an account, to the proof that it is theirs
/// and from there to where one links a provider.
fn way_on(cx: &Context, problem: &Problem, purpose: Purpose, back: &str) -> (String, &'static str) {
    let base = &cx.site.base;
    let identities = format!("{base}/account/identities");
    let (path, back, label) = match purpose {
        Purpose::Login if problem.code == rules::ADDRESS_TAKEN => ("login", &*identities, "Log in and link it"),
        Purpose::Login => ("login", back, "Back to the login page"),
        Purpose::Reauthentication => ("reauthenticate", back, "Back"),
        Purpose::Recheck => ("recheck", back, "Back"),
        Purpose::Link => return (identities, "Back to how you log in"),
    };
    let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("return_to", back).finish();
    (format!("{base}/{path}?{query}"), label)
}

async fn list(person: Reauthenticated, _: NoInput) -> Result<Reply, Refused> {
    let (page, json) = identities(&person).await?;
    Ok(Reply::page(&json, page))
}

async fn unlink(person: Reauthenticated, named: LinkNamed) -> Result<Reply, Refused> {
    let cx = person.cx();
    let identity = Identity { issuer: named.issuer.to_string(), subject: named.subject.to_string() };
    if let Err(refusal) = linking::unlink(cx, person.live(), &identity, &person.visit()).await {
        let (page, _) = identities(&person).await?;
        return Err(refusal).or_page(|| page);
    }
    let to = format!("{}/account/identities?done=provider-unlinked", cx.site.base);
    Ok(Reply::done(&json!({ "unlinked": true }), to))
}

async fn identities(person: &SignedIn) -> Result<(IdentitiesPage, serde_json::Value), Refused> {
    let (cx, now) = (person.cx(), person.cx().clock.now());
    let linked = store::of_account(&cx.db, person.account()).await?;
    let has_password = passwords::is_set(&cx.db, person.account()).await?;
    let offered = offered(person).await?;
    let each = |way: &store::Linked| {
        json!({
            "provider": way.provider.as_str(),
            "issuer": way.identity.issuer,
            "subject": way.identity.subject,
            "address": way.address.as_ref().map(|address| address.as_str()),
            "created_at": way.created_at.as_secs(),
            "used_at": way.used_at.as_secs(),
        })
    };
    let json = json!({
        "identities": linked.iter().map(each).collect::<Vec<_>>(),
        "providers": offered.iter().map(|known| known.name().as_str()).collect::<Vec<_>>(),
        "has_password": has_password,
        "csrf_token": person.csrf_token(),
    });
    let mut ways = Vec::with_capacity(linked.len());
    for way in linked {
        let provider = brought::find(cx, way.provider.as_str()).await?;
        ways.push(Way {
            label: provider.as_ref().map_or_else(|| way.provider.to_string(), |known| known.label().to_owned()),
            address: way.address.map(|address| address.to_string()).unwrap_or_default(),
            used: ago(way.used_at, now),
            issuer: way.identity.issuer,
            subject: way.identity.subject,
            works: provider.is_some(),
        });
    }
    let others = offered.iter().map(|known| known.button()).collect();
    Ok((IdentitiesPage { ways, has_password, others }, json))
}

/// The providers that somebody may link: everybody's, and that of the tenant whose domain their address is of.
async fn offered(person: &SignedIn) -> Result<Vec<Arc<Provider>>, Refused> {
    let cx = person.cx();
    let account = accounts::by_id(&cx.db, person.account()).await?;
    let own = match account {
        Some(account) => brought::of_domain(cx, &account.email).await?,
        None => None,
    };
    Ok(cx.providers.iter().cloned().chain(own).collect())
}

async fn known(cx: &Context, name: &str) -> Result<Arc<Provider>, Refused> {
    Ok(brought::find(cx, name).await?.ok_or_else(not_here)?)
}
