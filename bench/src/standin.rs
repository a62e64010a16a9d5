//! Processes that this program starts of itself: a Doorward from the library, a bare handler, and clients that must not
//! share a processor time account with what they measure.

use std::{
    fs,
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    sync::Arc,
};

use axum::{
    Router,
    body::{Body, Bytes},
    http::{HeaderName, HeaderValue, Response},
    routing::get,
    serve::ListenerExt,
};
use doorward::{Doorward, KeyFile};
use tokio::net::{TcpListener, TcpStream};

use crate::{
    failure::{Failure, Outcome},
    flood, setup,
};

/// A process of this program that is not a measurement.
pub(crate) enum StandIn {
    /// The library under `axum::serve`, with the settings of a file.
    Doorward { settings: PathBuf, port: u16 },
    /// A handler that always gives the answer kept in a file.
    Bare { answer: PathBuf, port: u16 },
    /// The clients of a flood.
    Flood(flood::Clients),
}

type Reader = fn(Vec<String>) -> Outcome<StandIn>;

impl StandIn {
    /// The reader of the arguments of the process called `name`.
    pub(crate) fn named(name: &str) -> Option<Reader> {
        match name {
            "serve-doorward" => Some(|args| {
                let (settings, port) = file_and_port(&args)?;
                Ok(Self::Doorward { settings, port })
            }),
            "serve-bare" => Some(|args| {
                let (answer, port) = file_and_port(&args)?;
                Ok(Self::Bare { answer, port })
            }),
            "flood-clients" => Some(|args| flood::Clients::read(&args).map(Self::Flood)),
            _ => None,
        }
    }

    /// Runs until it is ended.
    pub(crate) fn run(self) -> Outcome {
        let runtime = || tokio::runtime::Builder::new_multi_thread().enable_all().build();
        match self {
            Self::Doorward { settings, port } => runtime()?.block_on(serve_doorward(settings, port)),
            Self::Bare { answer, port } => runtime()?.block_on(serve_bare(answer, port)),
            Self::Flood(clients) => clients.run(),
        }
    }
}

fn file_and_port(args: &[String]) -> Outcome<(PathBuf, u16)> {
    match args {
        [file, port] => Ok((file.into(), port.parse()?)),
        _ => Err(Failure::new("this process is started by the benchmark itself, with a file and a port")),
    }
}

async fn serve_doorward(settings: PathBuf, port: u16) -> Outcome {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    let settings = setup::read_settings(&settings)?;
    let keys = KeyFile::new(&settings.keys.file).load()?;
    let doorward = Doorward::builder(settings).keys(keys).build().await?;
    let service = doorward.service().into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { doorward.work(std::future::pending()).await });
    axum::serve(listener.tap_io(leave_at_once), service).await?;
    Ok(())
}

/// Serves the recorded answer: its headers one by one, its body from memory. Nothing is looked at and nothing decided.
async fn serve_bare(answer: PathBuf, port: u16) -> Outcome {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    let recorded = fs::read_to_string(answer)?;
    let (head, body) = recorded.split_once("\n\n").ok_or_else(|| Failure::new("the recorded answer has no body"))?;
    let pairs = head.lines().filter_map(|line| line.split_once(": "));
    let headers = pairs.map(|(name, value)| Ok((name.parse()?, value.parse()?)));
    let headers: Arc<[(HeaderName, HeaderValue)]> = headers.collect::<Outcome<Vec<_>>>()?.into();
    let body = Bytes::from(body.to_owned().into_bytes());
    let handler = move || {
        let mut response = Response::new(Body::from(body.clone()));
        for (name, value) in &*headers {
            response.headers_mut().insert(name.clone(), value.clone());
        }
        std::future::ready(response)
    };
    axum::serve(listener.tap_io(leave_at_once), Router::new().route("/auth/session", get(handler))).await?;
    Ok(())
}

/// Small answers leave at once, as they do from the real server.
fn leave_at_once(stream: &mut TcpStream) {
    let _ = stream.set_nodelay(true);
}
