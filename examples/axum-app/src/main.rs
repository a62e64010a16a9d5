//! A notebook with Doorward in front of it: `cargo run -p axum-app`, then open <http://localhost:4500>.
//!
//! What it takes: build a [`Doorward`], put its router beside yours, put your own routes under [`Doorward::protect`],
//! and make a guard the first parameter of each handler.

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
    Doorward, KeyFile, Reauthenticated, Settings, SignedIn,
    core::{AccountId, Clock, SystemClock, SystemEntropy},
};
use serde::Deserialize;

/// Everybody's notes. A real application would keep them in its database.
#[derive(Clone, Default)]
struct Notes(Arc<Mutex<BTreeMap<AccountId, Vec<String>>>>);

#[derive(Deserialize)]
struct NewNote {
    text: String,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::path::Path::new(".doorward/axum-app");
    std::fs::create_dir_all(folder)?;
    let keys = KeyFile::new(folder.join("keys"));
    keys.ensure(SystemClock.now(), &SystemEntropy)?;

    let mut settings = Settings::default();
    settings.site.public_url = "http://localhost:4500".to_owned();
    settings.site.name = "Notebook".to_owned();
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

/// The application: its own routes under guard, and Doorward's beside them.
fn application(doorward: &Doorward) -> Router {
    let own = Router::new()
        .route("/", get(notebook))
        .route("/notes", post(add))
        .route("/notes/delete-all", post(delete_all))
        .with_state(Notes::default());
    doorward.protect(own).merge(doorward.router())
}

async fn notebook(person: SignedIn, State(notes): State<Notes>) -> Html<String> {
    let notes = notes.0.lock().unwrap_or_else(PoisonError::into_inner);
    let items: String =
        notes.get(&person.account()).into_iter().flatten().map(|note| format!("<li>{}", escaped(note))).collect();
    let token = person.csrf_token();
    Html(format!(
        "<!doctype html><html lang=en><title>Notebook</title><h1>Notebook</h1><ul>{items}</ul>\
         <form method=post action=/notes><input type=hidden name=csrf_token value={token}>\
         <label>New note <input name=text></label> <button>Add</button></form>\
         <form method=post action=/notes/delete-all><input type=hidden name=csrf_token value={token}>\
         <button>Delete all</button></form><p><a href=/auth/account>Your account</a>"
    ))
}

async fn add(person: SignedIn, State(notes): State<Notes>, Form(new): Form<NewNote>) -> Redirect {
    notes.0.lock().unwrap_or_else(PoisonError::into_inner).entry(person.account()).or_default().push(new.text);
    Redirect::to("/")
}

/// Needs a proof of the last five minutes; without one the browser is sent to give it.
async fn delete_all(person: Reauthenticated, State(notes): State<Notes>) -> Redirect {
    notes.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&person.account());
    Redirect::to("/")
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

#[cfg(test)]
mod tests;
