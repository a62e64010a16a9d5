//! What comes back: the statuses, media types and headers of each route.

use axum::http::Method;
use serde_json::{Map, Value, json};

use super::answers;
use crate::guard::Route;

/// All responses of a route, by status.
pub(super) fn all(route: &Route) -> Value {
    let mut all = json!({ "503": problem("Something that is needed does not answer; nothing was allowed.", &[]) });
    all[if is_accepted(route) { "202" } else { "200" }] = good(route);
    if leads_on(route) {
        let location = headers(&[("location", "Where to go: on, to the login, to prove oneself, or to the recheck.")]);
        all["303"] = json!({ "description": "For people only.", "headers": location });
    }
    if route.is_any() {
        let code = ("x-doorward-code", "The `code` of the problem.");
        let login =
            ("x-doorward-login", "The page that leads back to the request, where it can: the login, or the recheck.");
        all["401"] = problem("Nobody is logged in.", &[code, login]);
        all["403"] = problem("The request must not go through; every other refusal is this one too.", &[code]);
    } else if route.guard == "Public" {
        all["4XX"] = problem("The request was refused; see `code`.", &[RETRY]);
    } else {
        all["4XX"] = problem("Nobody is logged in (401), or the request was refused.", &[RETRY]);
    }
    all
}

fn good(route: &Route) -> Value {
    let mut good = json!({ "description": "Done.", "content": content(route) });
    let said: &[(&str, &str)] = match route.path {
        path if path.starts_with("/verify") => &IDENTITY,
        path if path.ends_with("/export") => &[("content-disposition", "The name of the file.")],
        _ => &[],
    };
    if !said.is_empty() {
        good["headers"] = headers(said);
    }
    good
}

fn content(route: &Route) -> Value {
    let text = || json!({ "schema": { "type": "string" } });
    if let Some((_, types)) = FILES.iter().find(|(path, _)| *path == route.path) {
        return types.iter().map(|media_type| ((*media_type).to_owned(), text())).collect::<Map<_, _>>().into();
    }
    let name = answers::of(&route.method, route.path).expect("each route has an answer, and a test visits all of them");
    let schema = json!({ "$ref": format!("#/components/schemas/{name}") });
    let mut content = json!({ "application/json": { "schema": schema } });
    let asks = route.method == Method::GET || is_accepted(route) || is_shown_once(route);
    if !route.is_data() && asks {
        content["text/html"] = text();
    }
    content
}

/// Whether something is under way when it answers, and not done: a letter is going to be sent.
fn is_accepted(route: &Route) -> bool {
    route.method == Method::POST && ["/signup", "/password/forgot", "/email/change"].contains(&route.path)
}

/// Whether people are shown something that no other address shows.
fn is_shown_once(route: &Route) -> bool {
    route.method == Method::POST && SHOWN.contains(&route.path)
}

/// Whether people are sent on instead of being shown something.
fn leads_on(route: &Route) -> bool {
    let acts = route.method != Method::GET && !is_accepted(route);
    !route.is_data() && (acts || route.guard != "Public")
}

fn problem(description: &str, said: &[(&str, &str)]) -> Value {
    let schema = json!({ "$ref": "#/components/schemas/Problem" });
    let content = json!({ "application/problem+json": { "schema": schema } });
    let mut problem = json!({ "description": description, "content": content });
    if !said.is_empty() {
        problem["headers"] = headers(said);
    }
    problem
}

fn headers(said: &[(&str, &str)]) -> Value {
    let header = |doc: &str| json!({ "description": doc, "schema": { "type": "string" } });
    said.iter().map(|(name, doc)| ((*name).to_owned(), header(doc))).collect::<Map<_, _>>().into()
}

/// What is shown to people right after an act: the question that comes next, the way on to another site, or a secret that is shown
/// this once.
const SHOWN: [&str; 10] = [
    "/device",
    "/device/decide",
    "/admin/clients",
    "/admin/clients/{client}/rotate",
    "/tenants/{tenant}/api-keys",
    "/login/organisation",
    "/providers/{provider}",
    "/providers/{provider}/reauthenticate",
    "/account/identities/link",
    "/recheck",
];

/// The routes whose answers are files.
pub(crate) const FILES: [(&str, &[&str]); 5] = [
    ("/admin/audit/export", &["application/jsonl", "text/csv"]),
    ("/tenants/{tenant}/audit/export", &["application/jsonl", "text/csv"]),
    ("/assets/style.css", &["text/css"]),
    ("/assets/theme.css", &["text/css"]),
    ("/assets/logo", &["image/*"]),
];

/// What a proxy passes on to the application.
const IDENTITY: [(&str, &str); 7] = [
    ("x-doorward-account", "The id of the account."),
    ("x-doorward-email", "Its address."),
    ("x-doorward-session", "The session's public name."),
    ("x-doorward-tenant", "The id of the tenant."),
    ("x-doorward-tenant-slug", "The slug of the tenant."),
    ("x-doorward-roles", "The roles of the moment, with commas between."),
    ("x-doorward-permission", "The permission that was asked for."),
];
const RETRY: (&str, &str) = ("retry-after", "Seconds to wait, where waiting helps.");
