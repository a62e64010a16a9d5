use std::{net::IpAddr, time::Duration};

use tokio::net::TcpListener;

use super::super::sending::{Failed, Place, is_public, send};

/// Promise: `openid/calls-nobody-else`
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

/// Promise: `openid/calls-nobody-else`
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_called_that_only_we_reach() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let called = tokio::spawn(async move { listener.accept().await.is_ok() });
    let everywhere = [Place::Elsewhere, Place::ThisMachineToo];
    let cases = [
        // Names lead here, and so do addresses in another spelling.
        ("https://localhost", everywhere.as_slice()),
        ("https://127.0.0.1", &everywhere),
        ("https://[::1]", &everywhere),
        ("https://2130706433", &everywhere),
        ("http://localhost", &everywhere),
        ("http://[::ffff:127.0.0.1]", &everywhere),
        ("http://127.0.0.1", &[Place::Elsewhere]),
        ("ftp://127.0.0.1", &everywhere),
    ];
    for (beginning, places) in cases {
        for place in places {
            let uri = format!("{beginning}:{port}/");
            let sent = send(&uri, "token", *place).await;
            assert!(matches!(sent, Err(Failed::Address(_) | Failed::Exchange(_))), "{uri} {place:?}: {sent:?}");
            assert!(!called.is_finished(), "{uri} {place:?} was called");
        }
    }
    called.abort();
}

/// Promise: `openid/told-again`
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_never_answers_is_waited_for_five_seconds() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let uri = format!("http://{}/", listener.local_addr().unwrap());
    let sending = send(&uri, "token", Place::ThisMachineToo);
    tokio::pin!(sending);
    assert!(tokio::time::timeout(Duration::from_secs(4), &mut sending).await.is_err(), "it is given a while");
    let sent = tokio::time::timeout(Duration::from_secs(4), sending).await;
    assert!(matches!(sent, Ok(Err(Failed::TooSlow))), "{sent:?}");
    drop(listener);
    assert!(matches!(send(&uri, "token", Place::ThisMachineToo).await, Err(Failed::Exchange(_))));
}
