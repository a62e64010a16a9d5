//! Notebooks that teams share, with Doorward in front of them: `cargo run -p axum-app`, then open <http://localhost:4500>.
//!
//! What it takes: build a [`Doorward`] with a policy that names what you ask about, put its router beside yours, put your own
//! routes under [`Doorward::protect`], and make a guard the first parameter of each handler. A route with `{tenant}` in its
//! path takes [`Member`]: whoever does not belong to that tenant gets 404, and a member without the permission 403. A route for
//! programs takes [`LiveBearer`] and looks at no cookie.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    Form, Router,
    extract::State,
    response::{Html, Redirect},
    routing::{get, post},
};
use doorward::{
    Doorward, InTenant, KeyFile, LiveBearer, Member, RecentMember, Settings, SignedIn,
    config::PolicySettings,
    core::{Clock, SystemClock, SystemEntropy},
};
use serde::Deserialize;

doorward::permissions! {
    /// Looks at the notes of a team.
    NotesRead = "notes:read";
    /// Adds and removes them.
    NotesWrite = "notes:write";
}

/// What the application asks about, and who may. As text here; a settings file has the same under `[policy]`.
const POLICY: &str = r#"
[policy]
permissions = ["notes:read", "notes:write"]

[policy.roles.owner]
about = "Everything, and decides who belongs to the team."
permissions = ["*"]
grants = ["*"]

[policy.roles.writer]
about = "Reads and writes."
permissions = ["notes:*", "members:read"]

[policy.roles.reader]
about = "Reads."
permissions = ["notes:read"]
"#;

/// The notes of each team, under what only a guard hands out: nobody asks about a tenant that they were not let into. A real
/// application would keep them in its database, by `tenant.id()`.
#[derive(Clone, Default)]
struct Notes(Arc<Mutex<BTreeMap<String, Vec<String>>>>);

#[derive(Deserialize)]
struct NewNote {
    text: String,
}

impl Notes {
    fn of<T>(&self, tenant: InTenant, act: impl FnOnce(&mut Vec<String>) -> T) -> T {
        let mut notes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        act(notes.entry(tenant.id().to_string()).or_default())
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::path::Path::new(".doorward/axum-app");
    std::fs::create_dir_all(folder)?;
    let keys = KeyFile::new(folder.join("keys"));
    keys.ensure(SystemClock.now(), &SystemEntropy)?;

    let mut settings = Settings::default();
    settings.site.public_url = "http://localhost:4500".to_owned();
    settings.site.name = "Notebooks".to_owned();
    settings.policy = policy()?;
    settings.database.url = format!("sqlite:{}", folder.join("notebook.db").display());
    let doorward =
        Doorward::builder(settings).keys(keys.load()?).development_mailbox(folder.join("mailbox")).build().await?;

    let listener = tokio::net::TcpListener::bind("127.0.0.1:4500").await?;
    let app = application(&doorward).into_make_service_with_connect_info::<SocketAddr>();
    let stop = async {
        // Without a way to hear Ctrl-C there is nothing to wait for.
        let _ = tokio::signal::ctrl_c().await;
    };
    tokio::select! {
        served = axum::serve(listener, app).into_future() => served?,
        () = doorward.work(stop) => {}
    }
    Ok(())
}

/// Reads [`POLICY`]; every mistake in it is told at the start, and never by a request.
fn policy() -> Result<PolicySettings, String> {
    PolicySettings::parse(POLICY).map_err(|errors| errors.iter().map(|error| format!("{error}\n")).collect())
}

/// The application: its own routes under guard, and Doorward's beside them.
fn application(doorward: &Doorward) -> Router {
    let own = Router::new()
        .route("/", get(welcome))
        .route("/{tenant}/notes", get(notebook).post(add))
        .route("/{tenant}/notes/delete-all", post(delete_all))
        .route("/api/{tenant}/notes", get(for_programs))
        .with_state(Notes::default());
    doorward.protect(own).merge(doorward.router())
}

/// Needs somebody, whatever they belong to.
async fn welcome(_: SignedIn) -> Html<&'static str> {
    Html(
        "<!doctype html><html lang=en><title>Notebooks</title><h1>Notebooks</h1>\
         <p>The notebook of your team <i>acme</i> is at <a href=/acme/notes>/acme/notes</a>.\
         <p><a href=/auth/tenants>Your teams</a> · <a href=/auth/account>Your account</a>",
    )
}

async fn notebook(member: Member<NotesRead>, State(notes): State<Notes>) -> Html<String> {
    let items: String =
        notes.of(member.tenant(), |notes| notes.iter().map(|note| format!("<li>{}", escaped(note))).collect());
    let (slug, token) = (member.slug(), member.csrf_token());
    Html(format!(
        "<!doctype html><html lang=en><title>{slug}</title><h1>Notebook of {slug}</h1><ul>{items}</ul>\
         <form method=post><input type=hidden name=csrf_token value={token}>\
         <label>New note <input name=text></label> <button>Add</button></form>\
         <form method=post action=/{slug}/notes/delete-all><input type=hidden name=csrf_token value={token}>\
         <button>Delete all</button></form><p><a href=/>All notebooks</a>"
    ))
}

async fn add(member: Member<NotesWrite>, State(notes): State<Notes>, Form(new): Form<NewNote>) -> Redirect {
    notes.of(member.tenant(), |notes| notes.push(new.text));
    Redirect::to(&format!("/{}/notes", member.slug()))
}

/// Needs a proof of the last five minutes as well; without one the browser is sent to give it.
async fn delete_all(member: RecentMember<NotesWrite>, State(notes): State<Notes>) -> Redirect {
    notes.of(member.tenant(), Vec::clear);
    Redirect::to(&format!("/{}/notes", member.slug()))
}

/// The same for a program with an access token. It sees at once when a role is taken away; a route where five minutes do not
/// matter takes `Bearer` instead, which asks nobody.
async fn for_programs(bearer: LiveBearer<NotesRead>, State(notes): State<Notes>) -> String {
    notes.of(bearer.tenant(), |notes| notes.join("\n"))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

#[cfg(test)]
mod tests;
