//! A store that does not answer: never yes, and never "nobody is logged in" either.

use super::*;
use crate::{operate::Durability, testing::Engine};

/// The tables of all features.
fn tables() -> Vec<String> {
    let created = features::migrations();
    let name = |sql: &str| sql.split_once('(').map(|(name, _)| name.trim().to_owned());
    created.iter().flat_map(|migration| migration.sql.split("CREATE TABLE ").skip(1)).filter_map(name).collect()
}

/// Takes tables away from under a running service, or brings them back.
async fn rename(app: &TestApp, tables: &[String], from: &str, to: &str) {
    let mut tx = app.db().begin(Durability::Full).await.unwrap();
    for table in tables {
        tx.batch(&format!("ALTER TABLE {table}{from} RENAME TO {table}{to}")).await.unwrap();
    }
    tx.commit().await.unwrap();
}

on_every_engine! {
    /// Promise: `guard/fail-closed`
    async fn no_route_says_yes_without_the_store(app: TestApp) {
        let mut ann = app.person(ANN).await;
        let (token, of_form) = (ann.csrf_token().await, ann.form_token().await);
        let tables = tables();
        assert!(tables.len() >= 9, "{tables:?}");
        rename(&app, &tables, "", "_away").await;
        let mut needing_no_store = Vec::new();
        for route in table() {
            let token = if route.guard == "Public" { &of_form } else { &token };
            for accept in ["application/json", "text/html"] {
                let mut person = ann.clone();
                person.set_header("accept", accept);
                let answer = knock_with(&person, token, &route).await;
                if answer.status == 503 {
                    assert!(!answer.header("retry-after").is_empty(), "{}", name_of(&route));
                    assert!(!answer.text().contains("sessions") && !answer.text().contains("SELECT"), "{}", answer.text());
                } else {
                    needing_no_store.push((name_of(&route), answer.status));
                }
            }
        }
        needing_no_store.dedup();
        // Which providers there are is in the store, as tenants bring theirs, and the login page says whether there are any. The
        // endpoints of programs look at the form first, and GET /oauth/logout asks a browser that nobody is logged in to nothing.
        let expected = [
            ("GET /signup", 200), ("GET /csrf", 200), ("GET /login/organisation", 200),
            ("GET /password/forgot", 200), ("POST /oauth/par", 400),
            ("POST /oauth/device", 400), ("POST /oauth/token", 400), ("POST /oauth/revoke", 400), ("POST /oauth/introspect", 400),
            ("GET /.well-known/openid-configuration", 200), ("GET /.well-known/oauth-authorization-server", 200),
            ("GET /oauth/userinfo", 401), ("POST /oauth/userinfo", 401), ("POST /oauth/logout", 303), ("GET /openapi.json", 200),
            ("GET /assets/style.css", 200), ("GET /assets/theme.css", 200), ("GET /assets/logo", 200), ("GET /dev/mailbox", 200),
            ("GET /dev/mailbox/{id}", 404),
        ];
        assert_eq!(needing_no_store, expected.map(|(name, status)| (name.to_owned(), status)));
        let answer = ann.get("/auth/session").await;
        assert_eq!(verdict(&answer), refused(503, "unavailable"), "not 401: nobody was logged out");
        rename(&app, &tables, "_away", "").await;
        assert!(ann.is_signed_in().await, "the outage is over, and nothing has happened");
        assert_eq!(app.visitor().post("/auth/login", &[("email", ANN), ("password", PASSWORD)]).await.status, 200);
    }

    /// Promise: `guard/fail-closed`
    async fn a_logout_that_was_not_done_is_not_acknowledged(app: TestApp) {
        let mut ann = app.person(ANN).await;
        let token = ann.csrf_token().await;
        // The session can be ended; that it was cannot be written down. So neither happens.
        rename(&app, &["audit_events".to_owned()], "", "_away").await;
        for path in ["/auth/logout", "/auth/logout/everywhere", "/auth/sessions/revoke-others"] {
            let answer = ann.clone().post_with(&token, path, &[]).await;
            assert_eq!(verdict(&answer), refused(503, "unavailable"), "{path}");
            assert!(answer.set_cookies().is_empty(), "{path}: the browser keeps its cookie");
        }
        assert_eq!(ann.clone().post_with(&token, "/auth/account/profile", &[("display_name", "x")]).await.status, 503);
        let form = [("email", ANN), ("password", PASSWORD)];
        assert_eq!(app.visitor().post("/auth/login", &form).await.status, 503, "no login without its line in the log");
        rename(&app, &["audit_events".to_owned()], "_away", "").await;
        assert!(ann.is_signed_in().await);
        assert_eq!(app.count("sessions").await, 1);
        assert_eq!(ann.get("/auth/account").await.json()["name"], "");
    }

    /// Promise: `guard/fail-closed`
    async fn nobody_guesses_while_guesses_cannot_be_counted(app: TestApp) {
        let mut ann = app.person(ANN).await;
        rename(&app, &["throttles".to_owned()], "", "_away").await;
        for password in [PASSWORD, "not the password"] {
            let answer = app.visitor().post("/auth/login", &[("email", ANN), ("password", password)]).await;
            assert_eq!(verdict(&answer), refused(503, "unavailable"));
            let answer = ann.post("/auth/reauthenticate", &[("password", password)]).await;
            assert_eq!(verdict(&answer), refused(503, "unavailable"));
        }
        assert!(ann.is_signed_in().await, "who is in stays in");
    }

    /// Promise: `guard/fail-closed`
    async fn a_row_that_cannot_be_read_lets_nobody_in(app: TestApp) {
        let mut ann = app.person(ANN).await;
        for damage in ["UPDATE sessions SET digest = $1", "UPDATE sessions SET account = $1"] {
            let mut tx = app.db().begin(Durability::Full).await.unwrap();
            if damage.contains("digest") {
                tx.execute(damage, &[&doorward_core::Token::<doorward_core::Session>::from_bytes([0; 32]).digest()]).await.unwrap();
                tx.commit().await.unwrap();
                assert_eq!(ann.get("/auth/session").await.status, 401, "another digest is another session");
            } else {
                tx.execute(damage, &[&"not an account"]).await.unwrap();
                tx.commit().await.unwrap();
                assert_eq!(verdict(&ann.get("/auth/session").await), refused(503, "unavailable"));
            }
        }
    }
}

/// Promise: `guard/fail-closed`
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_postgres_is_503_until_it_is_back() {
    let app = TestApp::new(Engine::Postgres).await;
    let mut ann = app.person(ANN).await;
    let (server, name) = app.settings.database.url.rsplit_once('/').unwrap();
    let (operator, connection) =
        tokio_postgres::connect(&format!("{server}/postgres"), tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    let disconnect = format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'");
    operator.batch_execute(&format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false; {disconnect}")).await.unwrap();
    let token = "A".repeat(43);
    assert_eq!((ann.get("/readyz").await.status, ann.get("/healthz").await.status), (503, 200));
    for _ in 0..3 {
        assert_eq!(verdict(&ann.get("/auth/session").await), refused(503, "unavailable"));
        assert_eq!(ann.post_with(&token, "/auth/logout", &[]).await.status, 403);
        assert_eq!(app.visitor().post("/auth/login", &[("email", ANN), ("password", PASSWORD)]).await.status, 503);
    }
    operator.batch_execute(&format!("ALTER DATABASE {name} ALLOW_CONNECTIONS true")).await.unwrap();
    assert!(ann.is_signed_in().await, "no restart was needed");
    assert_eq!(ann.get("/readyz").await.status, 200);
    operator.batch_execute(&disconnect).await.unwrap();
    let mut answers = Vec::new();
    while answers.last() != Some(&200) && answers.len() < 32 {
        answers.push(ann.get("/auth/session").await.status);
    }
    assert_eq!(answers.pop(), Some(200), "connections that were cut are replaced");
    assert!(answers.iter().all(|status| *status == 503), "{answers:?}");
}

/// Promise: `guard/fail-closed`
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_locked_sqlite_does_not_acknowledge_a_logout() {
    let app = TestApp::new(Engine::Sqlite).await;
    let mut ann = app.person(ANN).await;
    let other = rusqlite::Connection::open(app.folder().join("test.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let answer = ann.post("/auth/logout", &[]).await;
    assert_eq!(verdict(&answer), refused(503, "unavailable"));
    assert!(ann.is_signed_in().await, "reading goes on");
    other.execute_batch("ROLLBACK").unwrap();
    assert_eq!(ann.post("/auth/logout", &[]).await.status, 200);
    assert!(!ann.is_signed_in().await);
}

/// Takes every file descriptor that could be opened away from this process, until it is dropped.
#[cfg(target_os = "linux")]
struct NoFiles(rustix::process::Rlimit);

#[cfg(target_os = "linux")]
impl NoFiles {
    fn now() -> Self {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        let before = getrlimit(Resource::Nofile);
        setrlimit(Resource::Nofile, Rlimit { current: Some(3), maximum: before.maximum }).unwrap();
        assert!(std::fs::File::open("/dev/null").is_err());
        Self(before)
    }
}

#[cfg(target_os = "linux")]
impl Drop for NoFiles {
    fn drop(&mut self) {
        let _ = rustix::process::setrlimit(rustix::process::Resource::Nofile, self.0);
    }
}

/// Asks on a connection that is open already; returns the status.
#[cfg(target_os = "linux")]
fn ask(stream: &mut std::net::TcpStream, line: &str, headers: &str) -> u16 {
    let request = format!("{line} HTTP/1.1\r\nhost: localhost:4400\r\naccept: application/json\r\n{headers}\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut bytes = [0; 16_384];
    let read = stream.read(&mut bytes).unwrap();
    let answer = String::from_utf8_lossy(&bytes[..read]).into_owned();
    answer.split(' ').nth(1).unwrap().parse().unwrap()
}

#[cfg(target_os = "linux")]
on_every_engine! {
    /// Promise: `guard/fail-closed`
    async fn without_a_file_to_open_nobody_is_told_anything_wrong(app: TestApp) {
        let mut ann = app.person(ANN).await;
        let token = ann.csrf_token().await;
        let cookie = format!("cookie: dev-session={}\r\n", ann.session_cookie().unwrap());
        let way_out = format!("{cookie}origin: {}\r\nx-csrf-token: {token}\r\ncontent-length: 0\r\n", app.origin());
        // A node whose store has not been asked yet must still open what it needs to answer.
        let fresh = app.another().await;
        let mut ways = [&app, &fresh].map(|node| std::net::TcpStream::connect(node.address).unwrap());
        ways.iter_mut().for_each(|way| assert_eq!(ask(way, "GET /healthz", ""), 200));
        let files = NoFiles::now();
        for _ in 0..20 {
            for way in &mut ways {
                let status = ask(way, "GET /auth/session", &cookie);
                assert!([200, 503].contains(&status), "{status}");
                assert_eq!(ask(way, "GET /auth/session", ""), 401);
            }
        }
        let out = ask(&mut ways[1], "POST /auth/logout", &way_out);
        assert!([200, 503].contains(&out), "{out}");
        drop(files);
        assert_eq!(ann.is_signed_in().await, out == 503, "what was answered is so");
    }
}
