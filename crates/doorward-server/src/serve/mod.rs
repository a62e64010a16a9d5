//! A running server: sockets, signals, the keys' file, and the way to a quiet end.
//!
//! - `server/slow-clients-bounded`: A connection that sends or reads too slowly is closed, and their number is limited.
//! - `server/fits-its-files`: The server takes no more connections than its limit of open files leaves room for.
//! - `server/large-headers-refused`: A request whose headers exceed 16 KiB is refused.
//! - `server/finishes-requests`: On SIGTERM the server takes no new connection and finishes the requests that it has.
//! - `server/metrics-apart`: `/metrics` answers on its own listener only, and that listener answers nothing else.
//! - `server/keys-reload`: Keys that were rotated are in force without a restart; a file that cannot be used changes nothing.

mod access_log;
pub(crate) mod audit_lines;
mod connections;
mod files;
mod key_watch;
mod signals;

use std::{io, net::SocketAddr, time::Duration};

use axum::{
    Router,
    http::{
        HeaderName, HeaderValue,
        header::{
            CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
            X_FRAME_OPTIONS,
        },
    },
    middleware,
    response::Response,
    routing::get,
};
use connections::Gate;
use doorward::{Doorward, KeyFile};
use tokio::{net::TcpListener, sync::watch, time::timeout};

use crate::failure::Failure;

/// What a server needs besides its Doorward.
pub(crate) struct Sockets {
    /// Where people come.
    pub(crate) public: Vec<TcpListener>,
    /// Where monitoring comes, if anywhere.
    pub(crate) metrics: Option<TcpListener>,
}

/// Serves until a signal says stop, then finishes what is under way.
pub(crate) async fn run(doorward: Doorward, sockets: Sockets, keys: KeyFile) -> Result<(), Failure> {
    let (stop, stopping) = watch::channel(false);
    let mut signals = signals::Signals::new().map_err(cannot_listen_to_signals)?;
    let watch = tokio::spawn(key_watch::run(doorward.clone(), keys, signals.hangup()));
    let worker = Worker::start(&doorward);
    let gate = Gate::new(files::room_for(CONNECTIONS), stopping.clone());
    let app = access_log::around(doorward.service());
    for listener in sockets.public {
        tracing::info!(address = %address(&listener), "listening");
        tokio::spawn(connections::accept(listener, app.clone(), gate.clone()));
    }
    if let Some(listener) = sockets.metrics {
        tracing::info!(address = %address(&listener), "listening for /metrics");
        tokio::spawn(connections::accept(
            listener,
            metrics(doorward.clone()),
            Gate::new(METRICS_CONNECTIONS, stopping),
        ));
    }
    signals.stop().await;
    tracing::info!("stopping: finishing requests");
    stop.send_replace(true);
    tokio::select! {
        finished = timeout(GRACE, gate.emptied()) => {
            if finished.is_err() {
                tracing::warn!("some requests did not finish in time and are cut off");
            }
        }
        () = signals.stop() => tracing::warn!("told to stop a second time: requests are cut off"),
    }
    worker.stop().await;
    watch.abort();
    tracing::info!("stopped");
    Ok(())
}

/// Opens a listening socket, or says who is in the way.
pub(crate) async fn bind(address: SocketAddr, key: &str) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).await.map_err(|cause| {
        let cure = match cause.kind() {
            io::ErrorKind::AddrInUse => format!("Stop the program that uses it, or set another {key}."),
            _ => format!("Correct {key}."),
        };
        Failure::could_not(format!("cannot listen on {address}: {cause}"), cure)
    })
}

/// What sends letters and clears away, beside the server.
struct Worker {
    stop: watch::Sender<bool>,
    task: tokio::task::JoinHandle<()>,
}

impl Worker {
    fn start(doorward: &Doorward) -> Self {
        let (stop, mut stopping) = watch::channel(false);
        let doorward = doorward.clone();
        let task = tokio::spawn(async move {
            let stopped = async move { drop(stopping.wait_for(|stop| *stop).await) };
            doorward.work(stopped).await;
        });
        Self { stop, task }
    }

    async fn stop(self) {
        self.stop.send_replace(true);
        // A letter that is cut off stays in the outbox and is taken up again after its lease.
        if timeout(WORKER_GRACE, self.task).await.is_err() {
            tracing::warn!("the worker did not stop in time");
        }
    }
}

fn metrics(doorward: Doorward) -> Router {
    let text = move || async move { ([(CONTENT_TYPE, OPEN_METRICS)], doorward.metrics()) };
    Router::new().route("/metrics", get(text)).layer(middleware::map_response(async |mut answer: Response| {
        answer.headers_mut().extend(PROTECTION);
        answer
    }))
}

fn address(listener: &TcpListener) -> String {
    listener.local_addr().map_or_else(|_| "?".to_owned(), |address| address.to_string())
}

fn cannot_listen_to_signals(cause: io::Error) -> Failure {
    Failure::could_not(format!("cannot listen to signals: {cause}"), "Raise the limit of open files.")
}

/// Connections at a time; more wait in the kernel's queue.
const CONNECTIONS: u32 = 10_000;
const METRICS_CONNECTIONS: u32 = 64;
/// How long running requests may take once the server is told to stop.
const GRACE: Duration = Duration::from_secs(20);
const WORKER_GRACE: Duration = Duration::from_secs(5);
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// What is read by monitoring is no page: a browser that was led there keeps nothing, guesses nothing and shows it in no
/// frame.
const PROTECTION: [(HeaderName, HeaderValue); 5] = [
    (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    (CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'")),
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (REFERRER_POLICY, HeaderValue::from_static("same-origin")),
];
