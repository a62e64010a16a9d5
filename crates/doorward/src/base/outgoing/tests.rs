//! What is promised of requests that go out.

use std::{net::IpAddr, time::Duration};

use axum::http::Request;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use super::{Failed, Place, call, is_public};

/// A server that says this to everybody, byte for byte, then holds the connection open; returns its address.
async fn saying(what: Vec<u8>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let there = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let what = what.clone();
            tokio::spawn(async move { say(&mut stream, &what).await });
        }
    });
    format!("http://{there}/")
}

async fn say(stream: &mut TcpStream, what: &[u8]) {
    let mut request = [0; 4096];
    assert!(stream.read(&mut request).await.unwrap() > 0);
    let _ = stream.write_all(what).await;
    tokio::time::sleep(Duration::from_secs(60)).await;
}

fn answer(head: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {head}\r\ncontent-length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

fn get(uri: &str) -> Request<Vec<u8>> {
    Request::get(uri).body(Vec::new()).unwrap()
}

/// Promise: `outgoing/judged`
#[test]
fn an_address_that_is_set_aside_is_not_public() {
    let aside = "0.0.0.0 10.1.2.3 100.64.0.1 127.0.0.1 127.9.9.9 169.254.169.254 172.16.0.1 172.31.255.255 192.0.0.8 192.0.2.1
        192.88.99.1 192.168.0.1 198.18.0.1 198.19.255.255 198.51.100.1 203.0.113.1 224.0.0.1 240.0.0.1 255.255.255.255
        :: ::1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::127.0.0.1 64:ff9b::7f00:1 64:ff9b::a9fe:a9fe 2002:7f00:1:: 2002:a00:1::
        2001:db8::1 2001::1 fc00::1 fd00::1 fe80::1 fec0::1 ff02::1 100::1 5f00::1 4000::1";
    for address in aside.split_whitespace() {
        assert!(!is_public(address.parse::<IpAddr>().unwrap()), "{address}");
    }
    for address in [
        "1.1.1.1",
        "93.184.215.14",
        "172.32.0.1",
        "100.128.0.1",
        "2606:4700::1111",
        "2002:101:101::",
        "64:ff9b::101:101",
    ] {
        assert!(is_public(address.parse::<IpAddr>().unwrap()), "{address}");
    }
}

/// Promise: `outgoing/judged`
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_only_we_reach_is_called_where_that_was_said_and_over_https_only() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let refused = call(get(&format!("https://localhost:{port}/")), Place::Elsewhere, 10).await;
    assert!(matches!(refused, Err(Failed::Address(_))), "{refused:?}");
    let plain = call(get(&format!("http://127.0.0.1:{port}/")), Place::WithinToo, 10).await;
    assert!(matches!(plain, Err(Failed::Address(_))), "{plain:?}");
    let uri = format!("https://localhost:{port}/");
    let within = tokio::spawn(async move { call(get(&uri), Place::WithinToo, 10).await });
    assert!(listener.accept().await.is_ok(), "it is called");
    assert!(within.await.unwrap().is_err(), "and has no certificate");
}

/// Promise: `outgoing/size`
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_has_a_size() {
    let fits = saying(answer("200 OK", &"x".repeat(1000))).await;
    assert_eq!(call(get(&fits), Place::ThisMachineToo, 1000).await.unwrap().body().len(), 1000);
    let refused = call(get(&fits), Place::ThisMachineToo, 999).await;
    assert!(matches!(refused, Err(Failed::TooLarge)), "{refused:?}");
    let endless = format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{}", "4\r\nxxxx\r\n".repeat(5000));
    let refused = call(get(&saying(endless.into_bytes()).await), Place::ThisMachineToo, 1000).await;
    assert!(matches!(refused, Err(Failed::TooLarge)), "{refused:?}");
    let heads = format!("HTTP/1.1 200 OK\r\n{}\r\n", "a: b\r\n".repeat(50_000));
    let refused = call(get(&saying(heads.into_bytes()).await), Place::ThisMachineToo, 1000).await;
    assert!(matches!(refused, Err(Failed::Exchange(_))), "{refused:?}");
}

/// Promise: `outgoing/patience`
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn half_an_answer_is_not_waited_for() {
    let half = saying(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nxxx".to_vec()).await;
    let waiting = tokio::time::timeout(Duration::from_secs(8), call(get(&half), Place::ThisMachineToo, 1000)).await;
    assert!(matches!(waiting, Ok(Err(Failed::TooSlow))), "{waiting:?}");
}

/// Promise: `outgoing/no-redirect`
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redirect_is_not_followed() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let elsewhere = listener.local_addr().unwrap();
    let called = tokio::spawn(async move { listener.accept().await.is_ok() });
    let leads = saying(answer(&format!("302 Found\r\nlocation: http://{elsewhere}/"), "")).await;
    assert_eq!(call(get(&leads), Place::ThisMachineToo, 1000).await.unwrap().status(), 302);
    assert!(!called.is_finished());
    called.abort();
}
