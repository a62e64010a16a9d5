//! Which machine is asking, whatever its headers say.

use std::net::IpAddr;

use axum::http::HeaderMap;

use super::*;
use crate::guard::{TrustedProxies, throttled_as};

fn proxies(entries: &[&str]) -> TrustedProxies {
    TrustedProxies::parse(&entries.iter().map(|entry| (*entry).to_owned()).collect::<Vec<_>>()).unwrap()
}

fn client(trusted: &[&str], peer: &str, forwarded: &[&[u8]]) -> String {
    let mut headers = HeaderMap::new();
    for value in forwarded {
        headers.append("x-forwarded-for", HeaderValue::from_bytes(value).unwrap());
    }
    proxies(trusted).client(peer.parse().unwrap(), &headers).to_string()
}

/// Promise: `guard/client-address`
#[test]
fn without_a_configured_proxy_the_header_means_nothing() {
    for forwarded in [&b"203.0.113.7"[..], b"10.0.0.1", b"127.0.0.1", b"::1", b"a", b""] {
        assert_eq!(client(&[], "198.51.100.9", &[forwarded]), "198.51.100.9");
        assert_eq!(
            client(&["10.0.0.0/8"], "198.51.100.9", &[forwarded]),
            "198.51.100.9",
            "a peer that is no proxy of ours"
        );
    }
}

/// Promise: `guard/client-address`
#[test]
fn the_right_most_hop_that_is_not_ours_is_the_client() {
    let ours = &["10.0.0.0/8", "192.0.2.1", "2001:db8::/32"];
    let cases: [(&[&[u8]], &str); 9] = [
        (&[b"203.0.113.7"], "203.0.113.7"),
        (&[b"1.1.1.1, 203.0.113.7"], "203.0.113.7"),
        (&[b"1.1.1.1, 203.0.113.7, 10.9.9.9, 192.0.2.1"], "203.0.113.7"),
        (&[b"1.1.1.1", b"203.0.113.7"], "203.0.113.7"),
        (&[b"203.0.113.7", b"10.9.9.9"], "203.0.113.7"),
        (&[b" 203.0.113.7\t,\t10.9.9.9 "], "203.0.113.7"),
        (&[b"::ffff:203.0.113.7"], "203.0.113.7"),
        (&[b"2001:db9::1, 2001:db8::5"], "2001:db9::1"),
        (&[], "10.0.0.2"),
    ];
    for (forwarded, expected) in cases {
        assert_eq!(client(ours, "10.0.0.2", forwarded), expected, "{forwarded:?}");
        assert_eq!(client(ours, "::ffff:10.0.0.2", forwarded), expected, "{forwarded:?} over an IPv6 socket");
    }
}

/// Promise: `guard/client-address`
#[test]
fn a_malformed_hop_is_said_by_nobody() {
    let malformed: [&[u8]; 14] = [
        b"a",
        b"",
        b" ",
        b",",
        b"unknown",
        b"203.0.113.7:443",
        b"[2001:db9::1]",
        b"203.0.113",
        b"203.0.113.256",
        b"0x7f.1",
        b"\xff\xfe",
        b"for=203.0.113.7",
        b"203.0.113.7/32",
        b"010.0.0.1",
    ];
    for hop in malformed {
        assert_eq!(client(&["10.0.0.0/8"], "10.0.0.2", &[hop]), "10.0.0.2", "{hop:?}");
        let behind = [b"198.51.100.1, ", hop, b", 10.0.0.3"].concat();
        assert_eq!(
            client(&["10.0.0.0/8"], "10.0.0.2", &[&behind]),
            "10.0.0.3",
            "{hop:?}: nothing left of it is believed"
        );
    }
    let long = vec![b','; 100_000];
    assert_eq!(client(&["10.0.0.0/8"], "10.0.0.2", &[&long]), "10.0.0.2");
}

/// Promise: `guard/client-address`
#[test]
fn networks_begin_and_end_where_they_say() {
    let trusts = |network: &str, address: &str| client(&[network], address, &[b"203.0.113.7"]) == "203.0.113.7";
    let cases = [
        ("10.0.0.0/8", "10.255.255.255", true),
        ("10.0.0.0/8", "11.0.0.0", false),
        ("10.0.0.0/8", "9.255.255.255", false),
        ("192.0.2.128/25", "192.0.2.127", false),
        ("192.0.2.128/25", "192.0.2.128", true),
        ("192.0.2.1", "192.0.2.2", false),
        ("192.0.2.1/32", "192.0.2.1", true),
        ("0.0.0.0/0", "198.51.100.1", true),
        ("0.0.0.0/0", "2001:db8::1", false),
        ("2001:db8::/33", "2001:db8:7fff::1", true),
        ("2001:db8::/33", "2001:db8:8000::1", false),
        ("::/0", "2001:db9::1", true),
        ("::/0", "198.51.100.1", false),
        ("2001:db8::1", "2001:db8::2", false),
        ("10.1.2.3/8", "10.200.0.1", true),
    ];
    for (network, address, expected) in cases {
        assert_eq!(trusts(network, address), expected, "{network} and {address}");
    }
    for entry in [
        "",
        "localhost",
        "10.0.0.0/33",
        "10.0.0.0/-1",
        "10.0.0.0/",
        "10.0.0/8",
        "2001:db8::/129",
        "10.0.0.0/8/8",
        "*",
        "10.0.0.0/a",
    ] {
        assert_eq!(TrustedProxies::parse(&[entry.to_owned()]), Err(entry.to_owned()));
    }
}

#[test]
fn a_household_counts_as_one() {
    let counted = |address: &str| throttled_as(address.parse::<IpAddr>().unwrap());
    assert_eq!(counted("2001:db8:1:2:aaaa::1"), counted("2001:db8:1:2:bbbb::2"));
    assert_ne!(counted("2001:db8:1:2::1"), counted("2001:db8:1:3::1"));
    assert_ne!(counted("192.0.2.1"), counted("192.0.2.2"));
}

async fn address_of_login(app: &TestApp, forwarded: &[&str]) -> String {
    let mut person = app.visitor();
    let token = person.form_token().await;
    let form = format!("email=ann%40example.com&password={}", PASSWORD.replace(' ', "+"));
    let cookie = format!("dev-form={}", person.cookies["dev-form"]);
    let origin = app.origin();
    let mut headers: Vec<(&str, &[u8])> = vec![
        ("cookie", cookie.as_bytes()),
        ("origin", origin.as_bytes()),
        ("x-csrf-token", token.as_bytes()),
        ("content-type", FORM.as_bytes()),
        ("x-real-ip", b"203.0.113.66"),
        ("forwarded", b"for=203.0.113.66"),
        ("cf-connecting-ip", b"203.0.113.66"),
    ];
    headers.extend(forwarded.iter().map(|value| ("x-forwarded-for", value.as_bytes())));
    let answer = by_hand(&person, "POST", "/auth/login", &headers, &form).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let last = app
        .db()
        .list("SELECT address FROM sessions ORDER BY id DESC LIMIT 1", &[], |row| row.get::<String>(0))
        .await
        .unwrap();
    app.wait(std::time::Duration::from_secs(1));
    last[0].clone()
}

on_every_engine! {
    /// Promise: `guard/client-address`
    async fn a_session_remembers_where_the_login_really_came_from(app: TestApp) {
        let mut app = app;
        app.account(ANN).await;
        for forwarded in [&["203.0.113.7"][..], &["a"], &["203.0.113.7", "198.51.100.1"]] {
            assert_eq!(address_of_login(&app, forwarded).await, "127.0.0.1", "nobody is trusted: {forwarded:?}");
        }
        app.settings.site.trusted_proxies = vec!["127.0.0.1".to_owned(), "10.0.0.0/8".to_owned()];
        let behind = app.another().await;
        for (forwarded, expected) in [
            (&["203.0.113.7"][..], "203.0.113.7"),
            (&["6.6.6.6, 203.0.113.7, 10.1.1.1"], "203.0.113.7"),
            (&["6.6.6.6", "203.0.113.7"], "203.0.113.7"),
            (&["a"], "127.0.0.1"),
            (&["6.6.6.6, a"], "127.0.0.1"),
        ] {
            assert_eq!(address_of_login(&behind, forwarded).await, expected, "{forwarded:?}");
        }
    }

    /// Promise: `guard/client-address`
    async fn a_forged_hop_buys_no_further_guesses(app: TestApp) {
        let mut app = app;
        app.settings.attempts.free_per_address = 5;
        let app = app.another().await;
        for n in 0..12 {
            let mut stranger = app.visitor();
            stranger.set_header("x-forwarded-for", &format!("203.0.113.{n}"));
            let form = [("email", &*format!("person{n}@example.com")), ("password", "not the password")];
            let status = stranger.post("/auth/login", &form).await.status;
            assert_eq!(status, if n < 6 { 401 } else { 429 }, "guess {n}");
        }
    }
}
