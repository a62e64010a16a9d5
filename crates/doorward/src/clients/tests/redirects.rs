//! Where people may be sent: what is registered, and what is then the same.

use super::{
    super::redirects::{Whose, judge, same},
    *,
};

/// What is sent in the place of `https://app.example.com/cb`: everything that is not exactly it. RFC 9700 section 4.1.3, and what
/// was found in servers that compared beginnings, hosts or patterns.
const OTHERS: [&str; 44] = [
    "https://app.example.com/cb/",
    "https://app.example.com/cb?",
    "https://app.example.com/cb?next=/",
    "https://app.example.com/cb#",
    "https://app.example.com/cb#frag",
    "https://app.example.com/cb%20",
    "https://app.example.com/cb ",
    " https://app.example.com/cb",
    "https://app.example.com/CB",
    "https://APP.example.com/cb",
    "HTTPS://app.example.com/cb",
    "http://app.example.com/cb",
    "https://app.example.com:443/cb",
    "https://app.example.com:8443/cb",
    "https://app.example.com./cb",
    "https://app.example.com",
    "https://app.example.com/",
    "https://app.example.com//cb",
    "https://app.example.com/./cb",
    "https://app.example.com/x/../cb",
    "https://app.example.com/cb/../evil",
    "https://app.example.com/cb/..%2fevil",
    "https://app.example.com/cb%2f..%2fevil",
    "https://app.example.com/cb\\..\\evil",
    "https://app.example.com/%63b",
    "https://app.example.com/cb;evil",
    "https://app.example.com/cb\u{0}",
    "https://app.example.com/cb%00",
    "https://app.example.com/cb\n",
    "https://app.example.com/cb.evil.example",
    "https://app.example.com/cbevil",
    "https://app.example.com.evil.example/cb",
    "https://app.example.comevil.example/cb",
    "https://evil.example/app.example.com/cb",
    "https://evil.example/?https://app.example.com/cb",
    "https://evil.example#https://app.example.com/cb",
    "https://user@app.example.com/cb",
    "https://app.example.com@evil.example/cb",
    "https://app.example.com:pw@evil.example/cb",
    "https://evil.example\\@app.example.com/cb",
    "https://sub.app.example.com/cb",
    "https://\u{430}pp.example.com/cb",
    "javascript:alert(1)//https://app.example.com/cb",
    "",
];

/// What is not registered, and a word of the reason.
const UNFIT: [(&str, &str); 42] = [
    ("http://app.example.com/cb", "plain http"),
    ("http://localhost/cb", "127.0.0.1"),
    ("http://localhost:3000/cb", "127.0.0.1"),
    ("https://localhost/cb", "127.0.0.1"),
    ("http://app.localhost/cb", "127.0.0.1"),
    ("http://127.0.0.2/cb", "plain http"),
    ("http://127.1/cb", "different ways"),
    ("http://2130706433/cb", "different ways"),
    ("http://0x7f.0.0.1/cb", "different ways"),
    ("http://[::ffff:127.0.0.1]/cb", "different ways"),
    ("http://[0:0:0:0:0:0:0:1]/cb", "different ways"),
    ("http://127.0.0.1.evil.example/cb", "plain http"),
    ("http://127.0.0.1@evil.example/cb", "plain http"),
    ("https://app.example.com/cb#", "fragment"),
    ("https://app.example.com/cb#frag", "fragment"),
    ("https://user@app.example.com/cb", "user"),
    ("https://user:pw@app.example.com/cb", "user"),
    ("https://@app.example.com/cb", "different ways"),
    ("https://app.example.com/a/../cb", "different ways"),
    ("https://app.example.com/%2e%2e/cb", "different ways"),
    ("https://app.example.com/a%2f..%2fcb", "different ones"),
    ("https://app.example.com/a%5ccb", "different ones"),
    ("https://app.example.com/cb%00", "different ones"),
    ("https://app.example.com\\cb", "backslashes"),
    ("https://*.example.com/cb", "`*`"),
    ("https://app.example.com/*", "`*`"),
    ("https://app.example.com/a b", "spaces"),
    ("https://b\u{fc}cher.example/cb", "xn--"),
    ("https://APP.example.com/cb", "different ways"),
    ("HTTPS://app.example.com/cb", "different ways"),
    ("https://app.example.com:443/cb", "different ways"),
    ("https://app.example.com./cb", "dot"),
    ("https:app.example.com/cb", "different ways"),
    ("//app.example.com/cb", "absolute"),
    ("/cb", "absolute"),
    ("app.example.com", "absolute"),
    ("javascript:alert(1)", "nobody's own"),
    ("data:text/html,hello", "nobody's own"),
    ("file:///etc/passwd", "nobody's own"),
    ("myapp:/cb", "nobody's own"),
    ("com.example.app://cb", "one slash"),
    ("com.example.app:cb", "one slash"),
];

/// Promise: `clients/exact-redirect`
#[test]
fn only_the_same_bytes_are_the_same_address() {
    const REGISTERED: &str = "https://app.example.com/cb";
    assert!(same(REGISTERED, REGISTERED));
    for other in OTHERS {
        assert!(!same(REGISTERED, other), "{other:?}");
    }
    let with_query = "https://app.example.com/cb?tenant=a";
    assert!(same(with_query, with_query) && !same(with_query, "https://app.example.com/cb?tenant=b"));
    assert!(!same(with_query, "https://app.example.com/cb?tenant=a&tenant=b"));
    assert!(same("com.example.app:/cb", "com.example.app:/cb") && !same("com.example.app:/cb", "com.example.app:/cb2"));
}

/// Row O-34.
///
/// Promise: `clients/exact-redirect`
#[test]
fn of_a_loopback_address_the_port_is_free_and_nothing_else() {
    for registered in ["http://127.0.0.1/cb", "http://127.0.0.1:7000/cb"] {
        for sent in
            ["http://127.0.0.1/cb", "http://127.0.0.1:1/cb", "http://127.0.0.1:65535/cb", "http://127.0.0.1:49152/cb"]
        {
            assert!(same(registered, sent), "{registered} {sent}");
        }
        for other in [
            "http://127.0.0.1:0/cb",
            "http://127.0.0.1:65536/cb",
            "http://127.0.0.1:080/cb",
            "http://127.0.0.1:/cb",
            "http://127.0.0.1:8o/cb",
            "http://127.0.0.1:80@evil.example/cb",
            "http://127.0.0.1:80:90/cb",
            "http://127.0.0.1:80/cb/",
            "http://127.0.0.1:80/cb?x",
            "http://127.0.0.1:80/CB",
            "http://127.0.0.1.evil.example/cb",
            "http://127.0.0.12/cb",
            "http://127.0.0.2:80/cb",
            "https://127.0.0.1:80/cb",
            "http://localhost:80/cb",
            "http://[::1]:80/cb",
            "http://127.1:80/cb",
            "http://127.0.0.1:80\\cb",
            "http://127.0.0.1:80",
            "http://127.0.0.1:80#/cb",
            "http://127.0.0.1@evil.example/cb",
            "http://127.0.0.1:+80/cb",
        ] {
            assert!(!same(registered, other), "{registered} {other}");
        }
    }
    assert!(same("http://[::1]/cb", "http://[::1]:8080/cb") && !same("http://[::1]/cb", "http://127.0.0.1:8080/cb"));
    assert!(!same("https://127.0.0.1/cb", "https://127.0.0.1:8080/cb"), "of https the port is not");
}

/// Row O-34.
///
/// Promise: `clients/safe-redirect`
#[test]
fn what_could_reach_somebody_else_is_not_registered() {
    for (uri, reason) in UNFIT {
        let (problem, cure) = judge(uri, Whose::Public).expect_err(uri);
        assert!(problem.contains(reason) || cure.contains(reason), "{uri}: {problem}. {cure}");
        assert!(!problem.ends_with('.') && cure.ends_with('.'), "{uri}: {problem}. {cure}");
    }
    assert!(judge(&format!("https://app.example.com/{}", "x".repeat(500)), Whose::Public).is_err());
    assert!(judge("com.example.app:/cb", Whose::Confidential).is_err(), "a server has no scheme of its own");
    for fine in [
        "https://app.example.com/cb",
        "https://app.example.com",
        "https://app.example.com/",
        "https://app.example.com:8443/cb?x=1",
        "https://xn--bcher-kva.example/cb",
        "http://127.0.0.1/cb",
        "http://127.0.0.1:3000/",
        "http://127.0.0.1",
        "http://[::1]/cb",
        "com.example.app:/cb",
        "com.example.app:/",
        "https://app.example.com/a..b",
        "https://192.0.2.7/cb",
    ] {
        assert_eq!(judge(fine, Whose::Public).map(|_| ()), Ok(()), "{fine}");
    }
}

on_every_engine! {
    /// Promise: `clients/safe-redirect`
    async fn a_registration_with_one_bad_address_is_refused_whole(app: TestApp) {
        for (uri, _) in UNFIT {
            let fine = "https://app.example.com/cb";
            for written in [
                Registration { redirect_uris: texts(&[fine, uri]), ..app_of_people("phone") },
                Registration { post_logout_redirect_uris: texts(&[fine, uri]), ..app_of_people("phone") },
            ] {
                assert_eq!(refused(&app, &written).await.0, "client_invalid", "{uri}");
            }
        }
        assert_eq!(app.count("clients").await, 0);
        let uris = ["https://app.example.com/cb", "http://127.0.0.1/cb", "com.example.app:/cb"];
        let written = Registration { redirect_uris: texts(&uris), ..app_of_people("phone") };
        registered(&app, &written).await;
        let client = crate::clients::find(app.doorward.context(), &id("phone")).await.unwrap().unwrap();
        assert!(uris.iter().all(|uri| client.redirects_to(uri)) && client.redirects_to("http://127.0.0.1:5000/cb"));
        assert!(OTHERS.iter().all(|other| !client.redirects_to(other)));
        assert!(!client.logs_out_to(uris[0]), "one list is not the other");
    }
}
