//! What the post office promises, against a real mail server.

mod blocked;
mod notices;
mod racing;

use std::{
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::Duration,
};

use axum::http::Request;
use bytes::Bytes;
use doorward_core::{Digest, EmailAddress, Reset, Token};
use http_body_util::Full;
use serde_json::{Value, json};

use super::{Settings, Transport, letter::Letter, outbox};
use crate::{
    base::settings::{SecretText, Setting},
    testing::{Actor, Engine, PASSWORD, TestApp},
};

const ANN: &str = "ann@example.com";
const NEW: &str = "a quite different passphrase";

/// The mail server of the test kit; it ends with this value.
struct MailServer {
    process: Child,
    port: u16,
    ca: Option<String>,
    desk: Actor,
}

impl MailServer {
    fn start(arguments: &[&str]) -> Self {
        let parts = std::env::var_os("DOORWARD_TEST_NODE_PARTS").map(PathBuf::from);
        let parts = parts.unwrap_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/parts")));
        let mut process = Command::new("node")
            .arg(parts.join("smtp.mjs"))
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("node is there; `cargo xtask test` installs it");
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let told: Value = serde_json::from_str(&line)
            .unwrap_or_else(|_| panic!("{} needs its packages: run `npm ci --ignore-scripts` there", parts.display()));
        let port = |name: &str| u16::try_from(told[name].as_u64().unwrap()).unwrap();
        let desk = Actor::new(SocketAddr::from(([127, 0, 0, 1], port("http"))), String::new());
        Self { process, port: port("smtp"), ca: told["ca"].as_str().map(str::to_owned), desk }
    }

    /// What arrived so far, oldest first.
    async fn messages(&self) -> Vec<Value> {
        let request = Request::get(self.desk.url("/messages")).body(Full::default()).unwrap();
        self.desk.exchange(request).await.json().as_array().unwrap().clone()
    }

    /// Makes the next `count` commands fail.
    async fn fail(&self, class: &str, count: u32, at: &str) {
        let fault = json!({ "class": class, "count": count, "at": at }).to_string();
        let request = Request::post(self.desk.url("/fail")).body(Full::from(Bytes::from(fault))).unwrap();
        assert_eq!(self.desk.exchange(request).await.status, 200);
    }

    /// Settings that fit this server.
    fn settings(&self, security: &str) -> Settings {
        Settings {
            smtp_host: "localhost".to_owned(),
            smtp_port: self.port.into(),
            smtp_security: security.to_owned(),
            smtp_ca: self.ca.clone(),
            from: "Example <no-reply@example.com>".to_owned(),
            ..Settings::default()
        }
    }

    async fn app(&self, engine: Engine, security: &str) -> TestApp {
        TestApp::with(engine, |settings| settings.mail = self.settings(security)).await
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn secret(text: &str) -> SecretText {
    SecretText::read(&toml::Value::String(text.to_owned())).unwrap()
}

async fn forget_password(app: &TestApp, email: &str) {
    let asked = app.visitor().post("/auth/password/forgot", &[("email", email)]).await;
    assert_eq!(asked.status, 202);
}

/// An app with an account that has just asked for a reset letter.
async fn app_with_an_order(server: &MailServer, security: &str) -> TestApp {
    let app = server.app(Engine::Sqlite, security).await;
    app.account(ANN).await;
    forget_password(&app, ANN).await;
    app
}

async fn deliver(app: &TestApp) -> usize {
    app.doorward.deliver_letters().await.unwrap()
}

async fn digest_at_rest(app: &TestApp) -> Vec<u8> {
    app.db().list("SELECT digest FROM password_resets", &[], |row| row.get::<Vec<u8>>(0)).await.unwrap().remove(0)
}

fn token_in(message: &Value) -> String {
    let text = message["text"].as_str().unwrap();
    text.split_once("?token=").unwrap().1.split_whitespace().next().unwrap().to_owned()
}

async fn redeem(app: &TestApp, token: &str) -> u16 {
    app.visitor().post("/auth/password/reset", &[("token", token), ("new_password", NEW)]).await.status
}

/// Promise: `mail/encrypted`
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn letters_leave_over_starttls_and_over_tls() {
    for (server_tls, security) in [("starttls", "starttls"), ("implicit", "tls")] {
        let server = MailServer::start(&["--tls", server_tls]);
        let app = app_with_an_order(&server, security).await;
        assert_eq!((deliver(&app).await, app.count("outbox").await), (1, 0));
        let arrived = server.messages().await;
        assert_eq!(arrived.len(), 1);
        assert_eq!((&arrived[0]["secure"], &arrived[0]["envelope"]["to"]), (&json!(true), &json!([ANN])));
        assert_eq!(redeem(&app, &token_in(&arrived[0])).await, 200);
    }
}

/// A man in the middle who removes STARTTLS from the greeting gets no letter.
///
/// Promise: `mail/encrypted`
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_without_starttls_gets_no_letter() {
    let server = MailServer::start(&["--tls", "none"]);
    for security in ["starttls", "tls"] {
        let app = app_with_an_order(&server, security).await;
        assert_eq!((deliver(&app).await, app.count("outbox").await), (1, 1), "{security}");
    }
    assert!(server.messages().await.is_empty());
}

/// Promise: `mail/encrypted`
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_that_nobody_vouches_for_is_refused() {
    for (server_tls, security) in [("starttls", "starttls"), ("implicit", "tls")] {
        let server = MailServer::start(&["--tls", server_tls]);
        let app = TestApp::with(Engine::Sqlite, |settings| {
            settings.mail = Settings { smtp_ca: None, ..server.settings(security) };
        })
        .await;
        app.account(ANN).await;
        forget_password(&app, ANN).await;
        assert_eq!((deliver(&app).await, app.count("outbox").await), (1, 1), "{security}");
        assert!(server.messages().await.is_empty());
    }
}

/// Promise: `mail/encrypted`
#[test]
fn letters_travel_in_the_clear_on_this_machine_only() {
    let settings = |host: &str, security: &str| Settings {
        smtp_host: host.to_owned(),
        smtp_security: security.to_owned(),
        ..Settings::default()
    };
    for host in ["localhost", "127.0.0.1", "::1"] {
        assert!(Transport::smtp(&settings(host, "none")).is_ok(), "{host}");
    }
    for host in ["mail.example.com", "127.0.0.1.example.com", "localhost.example.com", "10.0.0.1", "0.0.0.0"] {
        let refused = Transport::smtp(&settings(host, "none")).err().map(|error| error.key);
        assert_eq!(refused.as_deref(), Some("mail.smtp_security"), "{host}");
    }
    for security in ["", "TLS", "ssl", "opportunistic"] {
        assert_eq!(Transport::smtp(&settings("localhost", security)).err().unwrap().key, "mail.smtp_security");
    }
    let from = Settings { from: "no address".to_owned(), ..settings("localhost", "tls") };
    assert_eq!(Transport::smtp(&from).err().unwrap().key, "mail.from");
    for ca in ["/does/not/exist.pem", concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")] {
        let ca = Settings { smtp_ca: Some(ca.to_owned()), ..settings("localhost", "tls") };
        assert_eq!(Transport::smtp(&ca).err().unwrap().key, "mail.smtp_ca");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_server_is_told_who_sends() {
    let server = MailServer::start(&["--tls", "starttls", "--auth", "doorward:s3cret pass"]);
    for (password, arrives) in [(None, 0), (Some("wrong"), 0), (Some("s3cret pass"), 1), (Some("s3cret pass\n"), 2)] {
        let app = TestApp::with(Engine::Sqlite, |settings| {
            settings.mail = server.settings("starttls");
            if let Some(password) = password {
                settings.mail.smtp_username = Some("doorward".to_owned());
                settings.mail.smtp_password = secret(password);
            }
        })
        .await;
        app.account(ANN).await;
        forget_password(&app, ANN).await;
        deliver(&app).await;
        let arrived = server.messages().await;
        assert_eq!(arrived.len(), arrives, "{password:?}");
        assert!(arrived.iter().all(|message| message["user"] == "doorward"));
    }
}

/// Promise: `mail/tries-again`, `mail/fresh-link`
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_letter_that_was_put_off_arrives_later_with_a_link_of_its_own() {
    let server = MailServer::start(&["--tls", "starttls"]);
    let app = app_with_an_order(&server, "starttls").await;
    server.fail("4xx", 1, "rcpt").await;
    assert_eq!(deliver(&app).await, 1);
    let first = digest_at_rest(&app).await;
    app.wait(Duration::from_secs(9));
    assert_eq!(deliver(&app).await, 0, "not before ten seconds");
    server.fail("4xx", 1, "data").await;
    app.wait(Duration::from_secs(1));
    assert_eq!(deliver(&app).await, 1);
    let second = digest_at_rest(&app).await;
    app.wait(Duration::from_secs(39));
    assert_eq!(deliver(&app).await, 0, "not before forty seconds more");
    app.wait(Duration::from_secs(1));
    assert_eq!((deliver(&app).await, app.count("outbox").await), (1, 0));
    let third = digest_at_rest(&app).await;
    assert!(
        first != second && second != third && first != third,
        "each try makes its own link and voids the one before"
    );
    let arrived = server.messages().await;
    assert_eq!(arrived.len(), 1);
    let token = token_in(&arrived[0]);
    let digest: Digest<Reset> = Token::parse(&token).unwrap().digest();
    assert_eq!(digest.as_bytes(), third);
    assert_eq!(redeem(&app, &token).await, 200);
}

/// The hourly limit is one of orders: a bad hour of the mail server does not use it up.
///
/// Promise: `mail/tries-again`
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_tries_are_still_one_letter() {
    let server = MailServer::start(&["--tls", "none"]);
    for (path, form) in [
        ("/auth/password/forgot", &[("email", ANN)][..]),
        ("/auth/signup", &[("email", "new@example.com"), ("password", PASSWORD)]),
        ("/auth/email/change", &[("email", "new@example.com")]),
    ] {
        let app = server.app(Engine::Sqlite, "none").await;
        let ann = app.person(ANN).await;
        deliver(&app).await;
        let mut sender = if path == "/auth/email/change" { ann } else { app.visitor() };
        assert_eq!(sender.post(path, form).await.status, 202);
        let before = server.messages().await.len();
        server.fail("4xx", 12, "rcpt").await;
        for _ in 0..6 {
            deliver(&app).await;
            app.wait(Duration::from_secs(400));
        }
        server.fail("4xx", 0, "rcpt").await;
        deliver(&app).await;
        let arrived = server.messages().await.split_off(before);
        assert!(
            arrived.iter().any(|message| message["text"].as_str().unwrap().contains("?token=")),
            "{path}: {arrived:#?}"
        );
        assert_eq!(app.count("outbox").await, 0);
        let sql = "SELECT COUNT(*) FROM audit_events WHERE action LIKE '%requested'";
        assert_eq!(
            app.db().list(sql, &[], |row| row.get::<i64>(0)).await.unwrap(),
            [1],
            "{path}: one request, one event"
        );
    }
}

/// Promise: `mail/tries-again`
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_letter_that_is_refused_for_a_day_is_given_up() {
    let server = MailServer::start(&["--tls", "none", "--fail", "5xx:1000"]);
    let app = app_with_an_order(&server, "none").await;
    let (mut tries, mut waited, mut pauses) = (0, 0, Vec::new());
    let mut last = 0;
    while app.count("outbox").await == 1 {
        if deliver(&app).await == 1 {
            tries += 1;
            pauses.push(waited - last);
            last = waited;
        }
        app.wait(Duration::from_secs(10));
        waited += 10;
        assert!(waited < 100_000, "it is never given up");
    }
    assert_eq!(pauses[..6], [0, 10, 40, 90, 160, 250]);
    assert!(pauses.iter().all(|pause| *pause <= 3600) && last > 86_400 && last <= 86_400 + 3600, "{pauses:?}");
    assert!((30..60).contains(&tries), "{tries} tries are neither a flood nor a shrug");
    assert!(server.messages().await.is_empty());
}

/// Promise: `mail/tries-again`
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_not_there_costs_no_letter() {
    let server = MailServer::start(&["--tls", "none"]);
    let settings = server.settings("none");
    drop(server);
    let app = TestApp::with(Engine::Sqlite, |all| all.mail = settings).await;
    app.account(ANN).await;
    let known = app.visitor().post("/auth/password/forgot", &[("email", ANN)]).await;
    assert_eq!(known.status, 202, "whoever asks does not wait for the post");
    assert_eq!((deliver(&app).await, app.count("outbox").await), (1, 1));
}

/// Promise: `mail/once`
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_nodes_send_each_letter_once() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let server = MailServer::start(&["--tls", "none"]);
        let app = server.app(engine, "none").await;
        let other = app.another().await;
        let names: Vec<String> = (0..30).map(|n| format!("person{n:02}@example.com")).collect();
        for name in &names {
            app.account(name).await;
            forget_password(&app, name).await;
        }
        let workers = [&app, &other, &app, &other].map(|node| {
            let doorward = node.doorward.clone();
            tokio::spawn(async move { doorward.deliver_letters().await.unwrap() })
        });
        for worker in workers {
            worker.await.unwrap();
        }
        // A worker that lost a race for one order leaves the rest to its next round.
        deliver(&app).await;
        let mut arrived: Vec<_> =
            server.messages().await.iter().map(|m| m["to"][0].as_str().unwrap().to_owned()).collect();
        arrived.sort();
        assert_eq!(arrived, names, "{engine:?}");
        assert_eq!(app.count("outbox").await, 0);
    }
}

/// Promise: `mail/once`
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_that_a_dead_node_had_taken_is_taken_again() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let server = MailServer::start(&["--tls", "none"]);
        let app = server.app(engine, "none").await;
        app.account(ANN).await;
        forget_password(&app, ANN).await;
        let lease = app.now().after(Duration::from_secs(60));
        assert!(outbox::claim(app.db(), app.now(), lease).await.unwrap().unwrap().is_first_try());
        assert!(outbox::claim(app.db(), app.now(), lease).await.unwrap().is_none(), "one node has it");
        app.wait(Duration::from_secs(59));
        assert_eq!(deliver(&app).await, 0);
        app.wait(Duration::from_secs(1));
        assert_eq!(deliver(&app).await, 1);
        assert_eq!(server.messages().await.len(), 1);
    }
}

/// Promise: `mail/no-injection`
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_with_line_breaks_makes_no_header_and_no_recipient() {
    let server = MailServer::start(&["--tls", "none"]);
    let app = TestApp::with(Engine::Sqlite, |settings| {
        settings.mail = server.settings("none");
        settings.site.name = "Shop\r\nBcc: evil@example.com\r\n\r\n<script>alert(1)</script>&\"".to_owned();
    })
    .await;
    app.account(ANN).await;
    forget_password(&app, ANN).await;
    deliver(&app).await;
    let message = &server.messages().await[0];
    assert_eq!((&message["subject"], &message["envelope"]["to"]), (&json!("Set a new password"), &json!([ANN])));
    assert!(message["headers"].get("bcc").is_none(), "{}", message["headers"]);
    let html = message["html"].as_str().unwrap();
    assert!(
        !html.contains("<script") && html.contains("&#60;script&#62;alert(1)&#60;/script&#62;&#38;&#34;"),
        "{html}"
    );
}

/// Promise: `mail/no-injection`
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_subject_is_one_line_whatever_is_in_it() {
    let server = MailServer::start(&["--tls", "none"]);
    let transport = Transport::smtp(&server.settings("none")).unwrap();
    let ann = EmailAddress::parse(ANN).unwrap();
    for end in
        ["\r", "\u{b}", "\u{c}", "\u{85}", "\u{2028}", "\u{2029}", "\0", "\u{1b}[31m", "é日本", &"long ".repeat(200)]
    {
        let letter = Letter::written(&format!("Hello{end}Bcc: evil@example.com\n\nText"), "Shop");
        transport.send(&ann, &letter).await.unwrap();
    }
    for message in server.messages().await {
        assert!(message["headers"].get("bcc").is_none(), "{}", message["headers"]);
        assert_eq!(message["envelope"]["to"], json!([ANN]));
        let subject = message["subject"].as_str().unwrap();
        assert!(subject.starts_with("Hello") && !subject.chars().any(char::is_control), "{subject:?}");
    }
}

/// Promise: `mail/two-forms`
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_letter_has_a_text_and_an_html_form_and_loads_nothing() {
    let server = MailServer::start(&["--tls", "none"]);
    let app = server.app(Engine::Sqlite, "none").await;
    let mut ann = app.person(ANN).await;
    app.account("bob@example.com").await;
    let mut visitor = app.visitor();
    visitor.post("/auth/signup", &[("email", "new@example.com"), ("password", PASSWORD)]).await;
    visitor.post("/auth/signup", &[("email", ANN), ("password", PASSWORD)]).await;
    forget_password(&app, ANN).await;
    ann.post("/auth/email/change", &[("email", "bob@example.com")]).await;
    deliver(&app).await;
    ann.post("/auth/email/change", &[("email", "ann@new.example")]).await;
    deliver(&app).await;
    let arrived = server.messages().await;
    let link = arrived.iter().rev().find(|message| message["to"][0] == "ann@new.example").unwrap();
    ann.post("/auth/email/confirm", &[("token", &token_in(link))]).await;
    ann.post("/auth/password/change", &[("new_password", NEW)]).await;
    let owner = app.doorward.account_of(&EmailAddress::parse("ann@new.example").unwrap()).await.unwrap().unwrap();
    app.tenant("acme", owner).await;
    ann.post("/auth/tenants/acme/invitations", &[("email", "guest@example.com"), ("roles", "member")]).await;
    deliver(&app).await;
    let arrived = server.messages().await;
    let mut subjects: Vec<_> = arrived.iter().map(|message| message["subject"].as_str().unwrap()).collect();
    subjects.sort_unstable();
    subjects.dedup();
    assert_eq!(subjects.len(), 10, "every letter that there is: {subjects:#?}");
    for message in &arrived {
        let (text, html) = (message["text"].as_str().unwrap(), message["html"].as_str().unwrap());
        assert_eq!(message["from"], "no-reply@example.com");
        assert!(message["headers"]["content-type"].as_str().unwrap().starts_with("multipart/alternative"));
        assert!(text.contains("\n-- \nDoorward") && html.contains("<html lang=\"en\">"));
        for line in text.lines().filter(|line| line.starts_with("http")) {
            assert!(line.starts_with("http://localhost:4400/auth/"), "{line}");
            assert!(html.contains(&format!("<a href=\"{}\"", line.replace('&', "&#38;"))), "{line}\n{html}");
        }
        for loads in ["<img", "src=", "<link", "url(", "@import", "<script", "<iframe"] {
            assert!(!html.contains(loads), "{loads} in {html}");
        }
        assert!(html.matches("http").count() == html.matches("http://localhost:4400/auth/").count());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_address_that_may_have_an_account_can_be_written_to() {
    let server = MailServer::start(&["--tls", "none"]);
    let transport = Transport::smtp(&server.settings("none")).unwrap();
    // One less than RFC 5321 allows: the server of the test kit counts differently.
    let longest = format!("{}@{}.example", "a".repeat(64), ["b".repeat(63), "c".repeat(63), "d".repeat(52)].join("."));
    let addresses = [
        "o'hara+list@example.com",
        "a!#$%&'*+/=?^_`{|}~-b@example.com",
        "a.b.c@xn--bcher-kva.example",
        "x@localhost",
        longest.as_str(),
    ];
    for address in addresses {
        let to = EmailAddress::parse(address).unwrap();
        transport
            .send(&to, &Letter::written("Hello\n\nText", "Shop"))
            .await
            .unwrap_or_else(|fault| panic!("{address}: {fault}"));
    }
    let arrived: Vec<_> = server.messages().await.iter().map(|message| message["envelope"]["to"][0].clone()).collect();
    // The server of the test kit shows an encoded domain in its own letters.
    assert_eq!(arrived, addresses.map(|address| address.replace("xn--bcher-kva", "bücher")));
}

/// Promise: `mail/no-injection`
#[test]
fn what_somebody_typed_stays_text_in_a_letter() {
    let letter = Letter::written(
        "Subject\nHello <b>&\"\nsecond line\n\nhttps://a.example/?x=1&y=\"2\"\n\nhttps://not a link",
        "S<i>",
    );
    assert_eq!(letter.subject, "Subject");
    assert!(letter.html.contains(">Hello &#60;b&#62;&#38;&#34;<br>second line</p>"), "{}", letter.html);
    assert!(letter.html.contains("href=\"https://a.example/?x=1&#38;y=&#34;2&#34;\""), "{}", letter.html);
    assert_eq!(letter.html.matches("<a href").count(), 1);
    assert!(letter.html.contains("S&#60;i&#62;") && letter.text.ends_with("\n\n-- \nS<i>\n"));
}
