use std::sync::atomic::AtomicBool;

use axum::routing::get;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::timeout,
};

use super::*;

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n";

/// Promise: `server/slow-clients-bounded`
#[tokio::test(start_paused = true)]
async fn a_connection_on_which_nothing_begins_is_given_up() {
    let (begun, mut waited) = (AtomicU64::new(0), Duration::ZERO);
    let mut stuck = pin!(stuck(&begun));
    // The clock stands still but for these waits.
    while timeout(TICK, stuck.as_mut()).await.is_err() {
        waited += TICK;
    }
    assert!(waited <= REQUEST_WITHIN && waited >= REQUEST_WITHIN - TICK, "{waited:?}");
}

/// Promise: `server/slow-clients-bounded`
#[tokio::test(start_paused = true)]
async fn a_connection_on_which_requests_begin_is_kept() {
    let begun = AtomicU64::new(0);
    let ended = AtomicBool::new(false);
    let watch = async {
        stuck(&begun).await;
        ended.store(true, Ordering::Relaxed);
    };
    let requests = async {
        for _ in 0..20 {
            sleep(REQUEST_WITHIN - TICK).await;
            assert!(!ended.load(Ordering::Relaxed));
            begun.fetch_add(1, Ordering::Relaxed);
        }
    };
    tokio::join!(watch, requests);
}

/// Promise: `server/slow-clients-bounded`
#[tokio::test]
async fn one_connection_more_than_there_are_places_waits_for_one_to_end() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (_stop, stopping) = watch::channel(false);
    let app = Router::new().route("/", get(|| async { "here" }));
    let server = tokio::spawn(accept(listener, app, Gate::new(1, stopping)));
    let mut first = TcpStream::connect(address).await.unwrap();
    assert!(answered(&mut first).await);
    let mut second = TcpStream::connect(address).await.unwrap();
    assert!(!answered(&mut second).await);
    drop(first);
    let mut byte = [0];
    timeout(Duration::from_secs(5), second.read_exact(&mut byte)).await.unwrap().unwrap();
    server.abort();
}

/// Promise: `server/finishes-requests`
#[tokio::test]
async fn the_gate_is_empty_once_every_connection_has_ended() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopping) = watch::channel(false);
    let gate = Gate::new(10, stopping);
    let slow = get(|| async {
        sleep(Duration::from_millis(300)).await;
        "done"
    });
    let server = tokio::spawn(accept(listener, Router::new().route("/", slow), gate.clone()));
    let mut client = TcpStream::connect(address).await.unwrap();
    client.write_all(REQUEST).await.unwrap();
    sleep(Duration::from_millis(100)).await;
    stop.send_replace(true);
    timeout(Duration::from_secs(5), gate.emptied()).await.unwrap();
    server.await.unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("done"), "{answer}");
}

async fn answered(stream: &mut TcpStream) -> bool {
    stream.write_all(REQUEST).await.unwrap();
    let mut bytes = [0; 1024];
    let read = timeout(Duration::from_millis(300), stream.read(&mut bytes)).await;
    matches!(read, Ok(Ok(length)) if length > 0)
}
