//! Connections: how many, how large, how long.

use std::{
    convert::Infallible,
    net::SocketAddr,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use axum::{Router, body::Body, extract::ConnectInfo, http::Response};
use hyper::{Request, body::Incoming, server::conn::http1, service::Service};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::{TowerToHyperService, TowerToHyperServiceFuture},
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    time::sleep,
};

/// Lets in a limited number of connections, until it is told to stop.
#[derive(Clone)]
pub(super) struct Gate {
    places: Arc<Semaphore>,
    count: u32,
    stopping: watch::Receiver<bool>,
}

impl Gate {
    pub(super) fn new(count: u32, stopping: watch::Receiver<bool>) -> Self {
        Self { places: Arc::new(Semaphore::new(count as usize)), count, stopping }
    }

    /// Waits until every connection has ended.
    pub(super) async fn emptied(&self) {
        // All places are free at once only when nobody has one; the semaphore is never closed.
        drop(self.places.acquire_many(self.count).await);
    }

    async fn place(&self) -> OwnedSemaphorePermit {
        Arc::clone(&self.places).acquire_owned().await.expect("the semaphore is never closed")
    }
}

/// Accepts connections of one listener until the gate is told to stop.
pub(super) async fn accept(listener: TcpListener, app: Router, gate: Gate) {
    let mut stopping = gate.stopping.clone();
    loop {
        let next = async {
            let place = gate.place().await;
            (place, listener.accept().await)
        };
        let (place, accepted) = tokio::select! {
            biased;
            _ = stopping.wait_for(|stop| *stop) => return,
            next = next => next,
        };
        match accepted {
            Ok((stream, peer)) => {
                let connection = serve(stream, peer, app.clone(), gate.stopping.clone());
                tokio::spawn(async move {
                    connection.await;
                    drop(place);
                });
            }
            Err(cause) => {
                // Out of file descriptors, most likely: trying again at once would only burn the processor.
                tracing::warn!(%cause, "cannot accept a connection");
                sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

async fn serve(stream: TcpStream, peer: SocketAddr, app: Router, mut stopping: watch::Receiver<bool>) {
    // Answers are small and complete; waiting to fill a packet would only delay them.
    let _ = stream.set_nodelay(true);
    let begun = Arc::new(AtomicU64::new(0));
    let service = Visited { app: TowerToHyperService::new(app), peer, begun: Arc::clone(&begun) };
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADERS_WITHIN)
        .max_header_size(MOST_HEADER_BYTES)
        .max_buf_size(4 * MOST_HEADER_BYTES)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection);
    let mut stuck = pin!(stuck(&begun));
    let mut told = false;
    loop {
        tokio::select! {
            ended = connection.as_mut() => {
                if let Err(cause) = ended {
                    tracing::debug!(%cause, "a connection ended early");
                }
                return;
            }
            () = stuck.as_mut() => {
                tracing::debug!("a connection was closed because a request took too long");
                return;
            }
            _ = stopping.wait_for(|stop| *stop), if !told => {
                told = true;
                connection.as_mut().graceful_shutdown();
            }
        }
    }
}

/// Ends once no request has begun for [`REQUEST_WITHIN`].
///
/// This one limit covers a body that trickles in, a handler that hangs, and a client that does not read its answer; for
/// headers and idle connections hyper's own, shorter one comes first. It counts ticks instead of reading a clock.
async fn stuck(begun: &AtomicU64) {
    let (mut last, mut quiet) = (0, Duration::ZERO);
    while quiet < REQUEST_WITHIN {
        sleep(TICK).await;
        let now = begun.load(Ordering::Relaxed);
        quiet = if now == last { quiet + TICK } else { Duration::ZERO };
        last = now;
    }
}

/// Hands each request to the application together with the address of its peer.
struct Visited {
    app: TowerToHyperService<Router>,
    peer: SocketAddr,
    begun: Arc<AtomicU64>,
}

impl Service<Request<Incoming>> for Visited {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = TowerToHyperServiceFuture<Router, Request<Incoming>>;

    fn call(&self, mut request: Request<Incoming>) -> Self::Future {
        self.begun.fetch_add(1, Ordering::Relaxed);
        request.extensions_mut().insert(ConnectInfo(self.peer));
        self.app.call(request)
    }
}

/// The headers of a request must be there by then, from the end of the request before.
const HEADERS_WITHIN: Duration = Duration::from_secs(10);
/// A request and its answer must be done by then, give or take a tick.
const REQUEST_WITHIN: Duration = Duration::from_secs(30);
const TICK: Duration = Duration::from_secs(5);
const MOST_HEADER_BYTES: usize = 16 * 1024;

#[cfg(test)]
mod tests;
