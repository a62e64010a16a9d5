use std::time::Duration;

use tokio::net::TcpListener;

use super::super::sending::send;
use crate::base::outgoing::{Failed, Place};

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
