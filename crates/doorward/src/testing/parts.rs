//! The real counterparts of the test kit: programs that run beside a test and end with it.

use std::{
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Child, Command, Stdio},
};

use axum::http::{Method, Request};
use bytes::Bytes;
use http_body_util::Full;
use serde_json::Value;

use super::{Actor, Answer};

/// A program of the test kit.
pub(crate) struct Part {
    process: Child,
    /// What it has said of itself.
    pub(crate) told: Value,
}

impl Part {
    /// Starts one with one argument; a text is said as it is.
    pub(crate) fn start(script: &str, argument: &Value) -> Self {
        let parts = std::env::var_os("DOORWARD_TEST_NODE_PARTS").map(PathBuf::from);
        let parts = parts.unwrap_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/parts")));
        let mut process = Command::new("node")
            .arg(parts.join(script))
            .arg(argument.as_str().map_or_else(|| argument.to_string(), str::to_owned))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("node is there; `cargo xtask test` installs it");
        let mut line = String::new();
        BufReader::new(process.stdout.take().expect("it was asked for")).read_line(&mut line).expect("it can be read");
        let told = serde_json::from_str(&line)
            .unwrap_or_else(|_| panic!("{} needs its packages: run `npm ci --ignore-scripts` there", parts.display()));
        Self { process, told }
    }

    /// One text of what it has said of itself.
    pub(crate) fn text(&self, name: &str) -> String {
        self.told[name].as_str().unwrap_or_else(|| panic!("no {name} in {}", self.told)).to_owned()
    }

    /// Asks the desk of the program.
    pub(crate) async fn desk(&self, method: Method, path: &str, body: &Value) -> Answer {
        let at = format!("http://127.0.0.1:{}{path}", self.told["http"]);
        self.ask(method, &at, body).await
    }

    /// Asks it at any address.
    pub(crate) async fn ask(&self, method: Method, at: &str, body: &Value) -> Answer {
        let body = if body.is_null() { Bytes::new() } else { Bytes::from(body.to_string()) };
        let request = Request::builder().method(method).uri(at).header("content-type", "application/json");
        // On a connection of its own: one that was idle for a while may be closed at the other end in this very moment.
        let asking = Actor::new(([127, 0, 0, 1], 1).into(), String::new());
        asking.exchange(request.body(Full::from(body)).expect("it is a request")).await
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
