//! What the console promises, over HTTP, on every engine.

use std::time::Duration;

use axum::http::Method;
use doorward_core::{AccountId, TenantId};
use serde_json::Value;

use crate::{
    features::{self, Stage},
    guard::Route,
    on_every_engine, operate,
    testing::{Actor, Answer, TestApp},
};

mod acts;
mod again;
mod lists;
mod plots;

const ANN: &str = "ann@example.com";
const BOB: &str = "bob@example.com";
const ROOT: &str = "root@example.com";

/// An operator with this role, and their account.
async fn operator(app: &TestApp, email: &str, role: &str) -> (Actor, AccountId) {
    let account = app.account(email).await;
    grant(app, account, role).await;
    (app.logged_in(email).await, account)
}

async fn grant(app: &TestApp, account: AccountId, role: &str) {
    let roles = vec![role.parse().unwrap()];
    assert!(operate::grant_operator(&app.doorward, account, roles).await.unwrap());
}

/// The routes of the console.
fn console() -> Vec<Route> {
    let all = features::routes(Stage::Production).table;
    all.into_iter().filter(|route| route.path.starts_with("/admin")).collect()
}

/// A route's address, about an account, a session and a tenant that are there.
fn address(route: &Route, account: AccountId, session: &str) -> String {
    let path = route
        .path
        .replace("{account}", &account.to_string())
        .replace("{id}", session)
        .replace("{tenant}", "acme")
        .replace("{client}", "billing")
        .replace("{provider}", "google");
    // A file is asked for in one of its formats.
    let format = if path.ends_with("/export") { "?format=csv" } else { "" };
    format!("/auth{path}{format}")
}

/// What stands before one more field of the query.
fn sign(path: &str) -> char {
    if path.contains('?') { '&' } else { '?' }
}

/// Sends what a route needs least.
async fn knock(actor: &mut Actor, route: &Route, path: &str) -> Answer {
    if route.method == Method::GET { actor.get(path).await } else { actor.post(path, &[]).await }
}

fn verdict(answer: &Answer) -> (u16, String) {
    (answer.status, answer.code())
}

/// Somebody with a tenant and a session, to whom things are done: the account, the session's name, and the tenant.
async fn victim(app: &TestApp) -> (AccountId, String, TenantId, Actor) {
    let ann = app.account(ANN).await;
    let tenant = app.tenant("acme", ann).await;
    client(app).await;
    let mut session = app.logged_in(ANN).await;
    let id = session.get("/auth/session").await.json()["session"]["id"].as_str().unwrap().to_owned();
    (ann, id, tenant, session)
}

/// A program that may ask for tokens, to which things are done.
async fn client(app: &TestApp) {
    let written = operate::Registration {
        id: "billing".to_owned(),
        name: "Billing".to_owned(),
        authentication: "secret".to_owned(),
        grants: vec!["client_credentials".to_owned()],
        ..operate::Registration::default()
    };
    operate::register_client(&app.doorward, &written).await.unwrap();
}

/// The newest event of an action: its actor, target, tenant and address.
async fn newest(app: &TestApp, action: &str) -> Value {
    let action = operate::Action::ALL.iter().copied().find(|known| known.name() == action);
    let filter = operate::Filter { action, ..operate::Filter::default() };
    let found = operate::search(app.db(), &filter, None, 1).await.unwrap();
    serde_json::to_value(found.first()).unwrap()
}

on_every_engine! {
    /// Promise: `admin/not-there`
    async fn nobody_but_an_operator_finds_a_console(app: TestApp) {
        let (ann, session, tenant, mut owner) = victim(&app).await;
        let bob = app.account(BOB).await;
        app.member(tenant, bob, "member").await;
        let mut member = app.logged_in(BOB).await;
        let mut stranger = app.visitor();
        let events = app.count("audit_events").await;
        for route in console() {
            let path = address(&route, ann, &session);
            for person in [&mut owner, &mut member] {
                let answer = knock(person, &route, &path).await;
                let nowhere = person.get("/auth/nowhere").await;
                assert_eq!((answer.status, answer.text()), (404, nowhere.text()), "{} {path}", route.method);
                let page = knock(&mut person.clone().in_browser(), &route, &path).await;
                assert_eq!(page.status, 404, "{path}");
                assert!(!page.text().contains("operator") && !page.text().contains("onsole"), "{path}");
            }
            let answer = knock(&mut stranger, &route, &path).await;
            assert_eq!(verdict(&answer), (401, "not_signed_in".to_owned()), "{path}");
        }
        assert_eq!(app.count("audit_events").await, events);
        assert!(owner.is_signed_in().await);
    }

    /// Promise: `admin/powers`
    async fn each_route_asks_for_its_power(app: TestApp) {
        let (ann, session, _, _) = victim(&app).await;
        for role in ["support", "auditor", "admin"] {
            let (mut person, _) = operator(&app, &format!("{role}@example.com"), role).await;
            let info = operate::policy(&app.doorward).operators().into_iter().find(|info| info.name.as_str() == role);
            let held = info.unwrap().permissions;
            for route in console() {
                let power = route.guard.trim_start_matches("Operator<").trim_end_matches('>').to_owned();
                if route.method == Method::POST && held.contains(&power) {
                    continue;
                }
                let answer = knock(&mut person, &route, &address(&route, ann, &session)).await;
                if power == "console:enter" || held.contains(&power) {
                    let fine = answer.status == 200 || answer.code() == "no_such_member";
                    assert!(fine, "{role} {} {}: {}", route.method, route.path, answer.text());
                } else {
                    assert_eq!(verdict(&answer), (403, "forbidden".to_owned()), "{role} {} {}", route.method, route.path);
                }
            }
        }
    }

    /// Promise: `admin/powers`
    async fn a_page_offers_only_what_its_operator_may_do(app: TestApp) {
        let (ann, _, _, _) = victim(&app).await;
        let account = format!("/auth/admin/accounts/{ann}");
        for (role, panels, acts) in [
            ("support", &["accounts", "tenants", "api-keys", "sessions"][..], true),
            ("auditor", &["accounts", "tenants", "clients", "api-keys", "providers", "sessions", "audit", "system"], false),
            ("admin", &["accounts", "tenants", "clients", "api-keys", "providers", "sessions", "audit", "system"], true),
        ] {
            let (person, _) = operator(&app, &format!("{role}@example.com"), role).await;
            let mut person = person.in_browser();
            let page = person.get("/auth/admin").await.text();
            for panel in ["accounts", "tenants", "clients", "api-keys", "providers", "sessions", "audit", "system"] {
                let link = format!("href=\"/auth/admin/{panel}\"");
                assert_eq!(page.contains(&link), panels.contains(&panel), "{role} {panel}");
            }
            assert_eq!(page.contains("<svg width"), role != "support", "the plot is for those who read the log or the system");
            assert_eq!(page.contains("Denied lately"), role != "support");
            let page = person.get(&account).await.text();
            assert_eq!(page.contains("/disable") && page.contains("/revoke"), acts, "{role}");
            assert_eq!(person.get("/auth/admin/tenants/acme").await.text().contains("/suspend"), role == "admin");
        }
    }

    /// Promise: `admin/powers`
    async fn a_role_that_the_policy_has_forgotten_opens_nothing(app: TestApp) {
        let (mut person, account) = operator(&app, ROOT, "admin").await;
        let mut tx = app.db().begin(operate::Durability::Full).await.unwrap();
        tx.execute("UPDATE operators SET roles = $1 WHERE account = $2", &[&"janitor", &account]).await.unwrap();
        tx.commit().await.unwrap();
        for path in ["/auth/admin", "/auth/admin/accounts", "/auth/admin/system"] {
            assert_eq!(verdict(&person.get(path).await), (403, "forbidden".to_owned()), "{path}");
        }
    }

    /// Promise: `admin/proof`
    async fn no_act_is_done_without_a_recent_proof(app: TestApp) {
        let (ann, session, _, mut owner) = victim(&app).await;
        let (mut admin, _) = operator(&app, ROOT, "admin").await;
        app.wait(Duration::from_secs(300));
        let events = app.count("audit_events").await;
        for route in console().into_iter().filter(|route| route.method == Method::POST) {
            let path = address(&route, ann, &session);
            let answer = admin.post(&path, &[]).await;
            assert_eq!(verdict(&answer), (403, "reauthentication_required".to_owned()), "{path}");
            let page = admin.clone().in_browser().post(&path, &[]).await;
            assert!(page.status == 303 && page.header("location").starts_with("/auth/reauthenticate"), "{path}");
        }
        assert_eq!(app.count("audit_events").await, events);
        assert!(owner.is_signed_in().await);
        assert_eq!(owner.asks("acme", "tenant:read").await.0, 200);
    }

    /// Promise: `admin/no-impersonation`
    async fn no_route_of_the_console_opens_a_session(app: TestApp) {
        let (ann, session, _, _) = victim(&app).await;
        let (mut admin, account) = operator(&app, ROOT, "admin").await;
        for route in console() {
            let path = address(&route, ann, &session);
            let before = admin.session_cookie().unwrap().to_owned();
            let answer = knock(&mut admin, &route, &path).await;
            assert!(answer.set_cookies().is_empty(), "{path}");
            assert_eq!(admin.session_cookie(), Some(before.as_str()), "{path}");
            let names = ["impersonate", "login", "become", "session_for", "password", "token"];
            assert!(!names.iter().any(|name| route.path.contains(name)), "{path}");
            assert!(!route.fields.iter().any(|field| names.contains(&field.name)), "{path}");
        }
        let who = admin.get("/auth/session").await.json();
        assert_eq!(who["account"]["id"], account.to_string(), "still themselves");
        let sessions = app.db().list("SELECT account FROM sessions", &[], |row| row.get::<AccountId>(0)).await.unwrap();
        assert!(sessions.iter().all(|one| *one == account), "{sessions:?}");
    }

    /// Promise: `admin/powers`
    async fn a_field_that_is_not_known_is_refused(app: TestApp) {
        let (ann, session, _, mut owner) = victim(&app).await;
        let (mut admin, _) = operator(&app, ROOT, "admin").await;
        for route in console() {
            let path = address(&route, ann, &session);
            for name in ["actor", "operator", "by", "disabled_at", "is_owner", "number"] {
                let answer = match route.method {
                    Method::GET => admin.get(&format!("{path}{}{name}=x", sign(&path))).await,
                    _ => admin.post(&path, &[(name, "x")]).await,
                };
                assert_eq!(verdict(&answer), (422, "unknown_field".to_owned()), "{path} {name}");
            }
            // What the path names is named once: a second one is not taken for it, wherever it stands.
            for name in ["account", "tenant", "id", "client"].into_iter().filter(|name| route.path.contains(&format!("{{{name}}}"))) {
                let answer = match route.method {
                    Method::GET => admin.get(&format!("{path}{}{name}=other", sign(&path))).await,
                    _ => admin.post(&path, &[(name, "other")]).await,
                };
                assert_eq!(verdict(&answer), (400, "repeated_field".to_owned()), "{path} {name}");
            }
        }
        assert!(owner.is_signed_in().await);
    }
}
