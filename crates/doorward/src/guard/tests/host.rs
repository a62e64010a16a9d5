//! What a request says about our own name, and where the links in our letters lead.

use std::{collections::BTreeSet, time::Duration};

use super::*;
use crate::testing::TestLetter;

const OURS: &str = "Host: localhost:4400\r\n";

/// What stands before the path, and the lines about the host.
const POISONS: [(&str, &str); 18] = [
    ("", "Host: evil.example\r\n"),
    ("", "Host: localhost:1337\r\n"),
    ("", "Host: localhost:4400.evil.example\r\n"),
    ("", "Host: localhost:4400:1337\r\n"),
    ("", "Host: localhost:4400@evil.example\r\n"),
    ("", "Host: evil.example@localhost:4400\r\n"),
    ("", "Host: localhost.:4400\r\n"),
    ("", "Host: localhost:4400/evil.example\r\n"),
    ("http://evil.example", OURS),
    ("http://evil.example", "Host: evil.example\r\n"),
    ("http://localhost:1337", OURS),
    ("http://localhost:4400@evil.example", OURS),
    ("http://evil.example@localhost:4400", OURS),
    ("http://localhost.:4400", OURS),
    (
        "",
        "Host: localhost:4400\r\nX-Forwarded-Host: evil.example\r\nX-Forwarded-Port: 1337\r\nX-Forwarded-Proto: https\r\n",
    ),
    ("", "Host: localhost:4400\r\nForwarded: for=127.0.0.1;host=evil.example;proto=https\r\n"),
    (
        "",
        "Host: localhost:4400\r\nX-Host: evil.example\r\nX-Forwarded-Server: evil.example\r\nX-Original-Host: evil.example\r\n",
    ),
    ("", "Host: localhost:4400\r\nX-Original-URL: http://evil.example/\r\nX-Rewrite-URL: http://evil.example/\r\n"),
];

/// Sends a form with what is said about the host exactly as it is written; gives the status.
async fn post_poisoned(
    app: &TestApp,
    actor: &mut Actor,
    (target, hosts): (&str, &str),
    path: &str,
    form: &[(&str, &str)],
) -> u16 {
    let token = actor.csrf_token().await;
    let cookies: Vec<_> = actor.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
    let request = format!(
        "POST {target}{path} HTTP/1.1\r\n{hosts}Origin: http://localhost:4400\r\nSec-Fetch-Site: same-origin\r\n\
         Accept: application/json\r\nContent-Type: {FORM}\r\nContent-Length: {}\r\nCookie: {}\r\nX-CSRF-Token: {token}\r\n\
         Connection: close\r\n\r\n{body}",
        body.len(),
        cookies.join("; "),
    );
    let answer = raw(app, request.into_bytes()).await;
    // Neither is a part of anything random: ids are hexadecimal and tokens have no dots.
    assert!(!answer.contains("evil.example") && !answer.contains(":1337"), "{answer}");
    answer.split(' ').nth(1).unwrap_or_default().parse().unwrap_or_default()
}

/// Asks for every letter that a request can cause, in the name of a person and of others of the same number.
async fn cause_letters(app: &TestApp, poison: (&str, &str), n: usize) -> Vec<u16> {
    let address = |who: &str| format!("{who}{n}@example.com");
    let (ann, new, taken, fresh) = (address("ann"), address("new"), address("taken"), address("fresh"));
    let mut person = app.person(&ann).await;
    app.account(&taken).await;
    let mut visitor = app.visitor();
    let mut statuses = Vec::new();
    let guess = |email| [("email", email), ("password", PASSWORD)];
    statuses.push(post_poisoned(app, &mut visitor, poison, "/auth/login", &guess(&taken)).await);
    for email in [&fresh, &taken] {
        statuses.push(post_poisoned(app, &mut visitor, poison, "/auth/signup", &guess(email)).await);
    }
    for email in [&taken, &new] {
        statuses.push(post_poisoned(app, &mut person, poison, "/auth/email/change", &[("email", email)]).await);
        app.letters().await;
    }
    statuses.push(post_poisoned(app, &mut visitor, poison, "/auth/password/forgot", &[("email", &taken)]).await);
    let token = app.letters_to(&taken).await.iter().rev().find_map(TestLetter::token).unwrap_or_default();
    let form = [("token", token.as_str()), ("new_password", "a quite different passphrase")];
    statuses.push(post_poisoned(app, &mut visitor, poison, "/auth/password/reset", &form).await);
    let token = app.letters_to(&new).await.iter().rev().find_map(TestLetter::token).unwrap_or_default();
    statuses.push(post_poisoned(app, &mut person, poison, "/auth/email/confirm", &[("token", &token)]).await);
    statuses
}

/// Every address in a letter, in both of its forms.
fn links(letter: &TestLetter) -> Vec<String> {
    let forms = [letter.text.clone(), letter.html.replace("&amp;", "&")];
    let parts = forms.iter().flat_map(|form| form.split(['"', '<', '>', ' ', '\n']));
    parts.filter(|part| part.contains("://") || part.contains("evil")).map(str::to_owned).collect()
}

/// The letters that bear a link, by their subjects; a change of address that is done is told without one.
const LETTERS: [&str; 8] = [
    "A change of your address was asked for",
    "Confirm your address",
    "Confirm your new address",
    "New login to your account",
    "Set a new password",
    "This address already has an account",
    "You already have an account",
    "Your password was changed",
];

on_every_engine! {
    /// Promise: `guard/one-host`
    async fn a_request_that_names_two_hosts_is_refused(app: TestApp) {
        let mut visitor = app.visitor();
        let form = [("email", "new@example.com"), ("password", PASSWORD)];
        for hosts in [
            "Host: localhost:4400\r\nHost: evil.example\r\n",
            "Host: evil.example\r\nHost: localhost:4400\r\n",
            "Host: localhost:4400\r\nHost: localhost:4400\r\n",
        ] {
            assert_eq!(post_poisoned(&app, &mut visitor, ("", hosts), "/auth/signup", &form).await, 400, "{hosts}");
        }
        assert!(app.letters().await.is_empty());
        assert_eq!(post_poisoned(&app, &mut visitor, ("", OURS), "/auth/signup", &form).await, 202);
    }

    /// Promise: `mail/own-host`, `password_reset/own-host`
    async fn whatever_a_request_says_of_our_name_each_letter_leads_to_us(app: TestApp) {
        let mut app = app;
        for proxies in [Vec::new(), vec!["127.0.0.0/8".to_owned()]] {
            app.settings.site.trusted_proxies = proxies.clone();
            let app = app.another().await;
            for (n, (target, hosts)) in POISONS.into_iter().enumerate() {
                let n = n + 100 * proxies.len();
                let before = app.letters().await.len();
                let statuses = cause_letters(&app, (target, hosts), n).await;
                assert!(statuses.iter().all(|status| matches!(status, 200 | 202)), "{target} {hosts} gave {statuses:?}");
                let letters = app.letters().await.split_off(before);
                let linked = letters.iter().filter(|letter| !links(letter).is_empty());
                let subjects: BTreeSet<_> = linked.map(|letter| letter.subject.as_str()).collect();
                assert_eq!(subjects, BTreeSet::from(LETTERS), "{target} {hosts}");
                for letter in &letters {
                    let ours = |link: &String| link.starts_with("http://localhost:4400/auth/");
                    assert!(links(letter).iter().all(ours), "{target} {hosts} led to {:?}", links(letter));
                }
                app.wait(Duration::from_secs(1));
            }
        }
    }
}
