//! What storage promises, on every engine.

use std::{
    future::{Future, poll_fn},
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::Poll,
    time::Duration,
};

mod marks;
mod together;

use doorward_core::{AccountId, Digest, Session};

use super::{Bind, Database, DatabaseUrl, Durability, Migration, Transaction};
use crate::{
    on_every_engine,
    testing::{Engine, PASSWORD, TestApp},
};

const ANN: &str = "ann@example.com";
const BOTH: [Durability; 2] = [Durability::Full, Durability::Relaxed];

/// A table of pairs: a transaction of these tests writes both halves of one.
const PAIRS: Migration = Migration {
    name: "9001_pairs",
    sql: "CREATE TABLE pairs (id {id}, pair BIGINT NOT NULL, half BIGINT NOT NULL, UNIQUE (pair, half))",
};

async fn run(db: &Database, sql: &str) {
    let mut tx = db.begin(Durability::Full).await.unwrap();
    tx.batch(sql).await.unwrap();
    tx.commit().await.unwrap();
}

async fn write_half(tx: &mut Transaction, pair: i64, half: i64) -> Result<u64, crate::Fault> {
    tx.execute("INSERT INTO pairs (pair, half) VALUES ($1, $2)", &[&pair, &half]).await
}

async fn write_pair(db: &Database, pair: i64) -> Result<(), crate::Fault> {
    let mut tx = db.begin(BOTH[usize::try_from(pair).unwrap() % 2]).await?;
    write_half(&mut tx, pair, 0).await?;
    write_half(&mut tx, pair, 1).await?;
    tx.commit().await
}

async fn one(db: &Database, sql: &'static str) -> i64 {
    db.list(sql, &[], |row| row.get(0)).await.unwrap()[0]
}

/// Lets `work` run until it has been woken `times` times, then drops it wherever it is.
async fn cancelled_after(times: usize, work: impl Future) {
    let mut work = pin!(work);
    let mut left = times;
    poll_fn(|cx| {
        if left == 0 {
            return Poll::Ready(());
        }
        left -= 1;
        work.as_mut().poll(cx).map(drop)
    })
    .await;
}

/// Waits until no connection to this database holds a transaction that nobody uses.
async fn until_no_connection_idles_in_a_transaction(app: &TestApp) {
    if app.settings.database.url.starts_with("sqlite") {
        return;
    }
    let idle = "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in tra%'";
    let quiet = async { while one(app.db(), idle).await > 0 {} };
    tokio::time::timeout(Duration::from_secs(10), quiet).await.expect("a connection still holds a transaction");
}

on_every_engine! {
    /// Promise: `db/migrates-once`
    async fn a_migration_is_applied_once_by_however_many_nodes(app: TestApp) {
        let other = app.another().await;
        let now = app.now();
        let nodes = [app.db(), other.db(), app.db(), other.db()].map(Clone::clone);
        let starts = nodes.map(|db| tokio::spawn(async move { db.migrate(&[PAIRS], now).await.unwrap() }));
        let mut applied = Vec::new();
        for start in starts {
            applied.extend(start.await.unwrap());
        }
        assert_eq!(applied, ["9001_pairs"]);
        assert!(app.doorward.migrate().await.unwrap().is_empty() && other.doorward.migrate().await.unwrap().is_empty());
    }

    /// Promise: `db/migrates-once`
    async fn a_migration_that_changed_is_refused_by_name(app: TestApp) {
        app.db().migrate(&[PAIRS], app.now()).await.unwrap();
        let changed = Migration { sql: "CREATE TABLE pairs (id {id}, half BIGINT)", ..PAIRS };
        let more = Migration { name: "9002_more", sql: "CREATE TABLE more (id {id})" };
        let fault = app.db().migrate(&[more, changed], app.now()).await.unwrap_err();
        assert!(fault.to_string().contains("9001_pairs has changed since it was applied"), "{fault}");
        assert!(app.db().list("SELECT id FROM more", &[], |row| row.get::<i64>(0)).await.is_err(), "all or nothing");
    }

    /// Promise: `db/migrates-once`
    async fn a_migration_that_fails_leaves_nothing(app: TestApp) {
        let broken = Migration { name: "9002_broken", sql: "CREATE TABLE more (id {id}); CREATE TABLE pairs (id {id});" };
        let fault = app.db().migrate(&[PAIRS, broken], app.now()).await;
        assert!(fault.is_err());
        for table in ["pairs", "more"] {
            let sql = format!("SELECT id FROM {table}");
            assert!(app.db().list(&sql, &[], |row| row.get::<i64>(0)).await.is_err(), "{table}");
        }
        assert_eq!(app.db().migrate(&[PAIRS], app.now()).await.unwrap(), ["9001_pairs"], "and can be repaired");
    }

    /// Promise: `db/all-or-nothing`
    async fn a_dropped_transaction_leaves_nothing_to_the_next_one(app: TestApp) {
        app.db().migrate(&[PAIRS], app.now()).await.unwrap();
        for pair in 0..40 {
            let mut tx = app.db().begin(BOTH[pair % 2]).await.unwrap();
            write_half(&mut tx, i64::try_from(pair).unwrap(), 0).await.unwrap();
            drop(tx);
        }
        assert_eq!(app.count("pairs").await, 0);
        for pair in 0..40 {
            write_pair(app.db(), pair).await.unwrap();
        }
        assert_eq!(app.count("pairs").await, 80);
        until_no_connection_idles_in_a_transaction(&app).await;
    }

    /// Promise: `db/all-or-nothing`
    async fn a_cancelled_request_leaves_all_or_nothing(app: TestApp) {
        app.db().migrate(&[PAIRS], app.now()).await.unwrap();
        let mut pair = 0;
        for polls in (0..24).chain(0..24).chain([1; 40]) {
            pair += 1;
            cancelled_after(polls, write_pair(app.db(), pair)).await;
        }
        until_no_connection_idles_in_a_transaction(&app).await;
        const HALVES: &str = "SELECT COUNT(*) FROM (SELECT pair FROM pairs GROUP BY pair HAVING COUNT(*) <> 2) AS half";
        assert_eq!(one(app.db(), HALVES).await, 0);
        let before = app.count("pairs").await;
        let everybody: Vec<_> = (1000..1032)
            .map(|pair| {
                let db = app.db().clone();
                tokio::spawn(async move { write_pair(&db, pair).await })
            })
            .collect();
        for writer in everybody {
            writer.await.unwrap().unwrap();
        }
        assert_eq!((one(app.db(), HALVES).await, app.count("pairs").await), (0, before + 64));
    }

    /// Promise: `db/all-or-nothing`
    async fn a_transaction_with_a_failed_statement_cannot_be_committed(app: TestApp) {
        app.db().migrate(&[PAIRS], app.now()).await.unwrap();
        let rang = Arc::new(AtomicUsize::new(0));
        let mut tx = app.db().begin(Durability::Full).await.unwrap();
        write_half(&mut tx, 1, 0).await.unwrap();
        assert!(write_half(&mut tx, 1, 0).await.is_err(), "the pair has that half");
        let bell = Arc::clone(&rang);
        tx.after_commit(move || {
            bell.fetch_add(1, Ordering::SeqCst);
        });
        assert!(tx.commit().await.is_err(), "somebody swallowed an error");
        assert_eq!((app.count("pairs").await, rang.load(Ordering::SeqCst)), (0, 0));
        write_pair(app.db(), 1).await.unwrap();
    }

    /// Promise: `db/all-or-nothing`
    async fn what_waits_for_the_commit_happens_on_commit_only(app: TestApp) {
        run(app.db(), "CREATE TABLE parents (id BIGINT PRIMARY KEY);
            CREATE TABLE children (parent BIGINT REFERENCES parents (id) DEFERRABLE INITIALLY DEFERRED)").await;
        let rang = Arc::new(AtomicUsize::new(0));
        let ringing = |tx: &mut Transaction| {
            let bell = Arc::clone(&rang);
            tx.after_commit(move || {
            bell.fetch_add(1, Ordering::SeqCst);
        });
        };
        let mut dropped = app.db().begin(Durability::Full).await.unwrap();
        ringing(&mut dropped);
        drop(dropped);
        let mut refused = app.db().begin(Durability::Full).await.unwrap();
        ringing(&mut refused);
        refused.execute("INSERT INTO children (parent) VALUES ($1)", &[&7_i64]).await.unwrap();
        assert!(refused.commit().await.is_err(), "the engine finds the missing parent at the commit");
        assert_eq!((rang.load(Ordering::SeqCst), app.count("children").await), (0, 0));
        let mut good = app.db().begin(Durability::Full).await.unwrap();
        ringing(&mut good);
        ringing(&mut good);
        assert_eq!(rang.load(Ordering::SeqCst), 0, "not before");
        good.commit().await.unwrap();
        assert_eq!(rang.load(Ordering::SeqCst), 2);
    }

    /// Promise: `db/fail-closed`
    async fn a_row_that_cannot_be_read_is_nobodys_session(app: TestApp) {
        let mut ann = app.person(ANN).await;
        app.person("bob@example.com").await;
        for (corrupt, repair) in [
            ("UPDATE sessions SET digest = substr(digest, 1, 31)", None),
            ("UPDATE sessions SET account = 'nobody'", None),
            ("UPDATE sessions SET account = ''", None),
            (
                "UPDATE accounts SET email = 'nobody' WHERE email = 'ann@example.com'",
                Some("UPDATE accounts SET email = 'ann@example.com' WHERE email = 'nobody'"),
            ),
            ("ALTER TABLE sessions RENAME COLUMN expires_at TO ends_at", Some("ALTER TABLE sessions RENAME COLUMN ends_at TO expires_at")),
            ("ALTER TABLE accounts RENAME TO people", Some("ALTER TABLE people RENAME TO accounts")),
        ] {
            run(app.db(), corrupt).await;
            let answer = ann.get("/auth/session").await;
            assert_eq!((answer.status, answer.code().as_str()), (503, "unavailable"), "{corrupt}\n{}", answer.text());
            assert!(!answer.text().contains("nobody") && answer.header("retry-after") == "2");
            match repair {
                Some(repair) => run(app.db(), repair).await,
                None => ann = app.logged_in(ANN).await,
            }
            run(app.db(), "DELETE FROM sessions WHERE account IN ('nobody', '')").await;
            assert_eq!(ann.get("/auth/session").await.status, 200, "after {corrupt} was repaired");
        }
    }

    /// Promise: `db/fail-closed`
    async fn a_hash_that_cannot_be_read_lets_nobody_in(app: TestApp) {
        app.account(ANN).await;
        for hash in ["", "$argon2id$", "plain text", PASSWORD, "$argon2id$v=19$m=19456,t=2,p=1$$", "$2b$99$x"] {
            let mut tx = app.db().begin(Durability::Full).await.unwrap();
            tx.execute("UPDATE passwords SET hash = $1", &[&hash]).await.unwrap();
            tx.commit().await.unwrap();
            for guess in [PASSWORD, "", hash] {
                let answer = app.visitor().post("/auth/login", &[("email", ANN), ("password", guess)]).await;
                assert!(matches!(answer.status, 401 | 429), "{hash:?}: {}", answer.status);
                app.wait(Duration::from_secs(3600));
            }
        }
        assert_eq!(app.count("sessions").await, 0);
    }

    async fn every_kind_of_value_comes_back_as_it_went(app: TestApp) {
        run(app.db(), "CREATE TABLE kinds (int BIGINT, text TEXT, bytes BYTEA)").await;
        let (least, text) = (i64::MIN, "'; DROP TABLE accounts; -- é\u{2028}日本");
        let bytes = [0xff_u8; 32];
        let digest = Digest::<Session>::stored(&bytes).unwrap();
        let mut tx = app.db().begin(Durability::Full).await.unwrap();
        let values: [&(dyn Bind + Sync); 3] = [&least, &text, &digest];
        tx.execute("INSERT INTO kinds (int, text, bytes) VALUES ($1, $2, $3)", &values).await.unwrap();
        let nothing: [&(dyn Bind + Sync); 2] = [&None::<i64>, &None::<String>];
        tx.execute("INSERT INTO kinds (int, text) VALUES ($1, $2)", &nothing).await.unwrap();
        tx.commit().await.unwrap();
        let read = app.db().list("SELECT int, text, bytes FROM kinds WHERE int IS NOT NULL", &[], |row| {
            Ok((row.get::<i64>(0)?, row.get::<String>(1)?, row.get::<Vec<u8>>(2)?))
        });
        assert_eq!(read.await.unwrap(), [(least, text.to_owned(), bytes.to_vec())]);
        let absent = "SELECT int, text FROM kinds WHERE int IS NULL";
        let read = app.db().list(absent, &[], |row| Ok((row.get::<Option<i64>>(0)?, row.get::<Option<String>>(1)?)));
        assert_eq!(read.await.unwrap(), [(None, None)]);
        assert!(app.db().list(absent, &[], |row| row.get::<i64>(0)).await.is_err(), "no value is not zero");
        assert!(app.db().list("SELECT text FROM kinds", &[], |row| row.get::<AccountId>(0)).await.is_err());
    }
}

fn sqlite_path(app: &TestApp) -> &str {
    app.settings.database.url.strip_prefix("sqlite:").unwrap()
}

/// Promise: `db/durable`
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_commit_waits_for_the_disk_and_a_relaxed_one_does_not() {
    let app = TestApp::new(Engine::Sqlite).await;
    for (durability, level) in [(Durability::Full, 2), (Durability::Relaxed, 1), (Durability::Full, 2)] {
        let mut tx = app.db().begin(durability).await.unwrap();
        let found = tx.find("PRAGMA synchronous", &[], |row| row.get::<i64>(0)).await.unwrap();
        assert_eq!(found, Some(level), "{durability:?}");
        tx.commit().await.unwrap();
    }
    let mode = app.db().list("PRAGMA journal_mode", &[], |row| row.get::<String>(0)).await.unwrap();
    assert_eq!(mode, ["wal"]);
    let app = TestApp::new(Engine::Postgres).await;
    for (durability, level) in [(Durability::Relaxed, "off"), (Durability::Full, "on")] {
        let mut tx = app.db().begin(durability).await.unwrap();
        let found = tx.find("SHOW synchronous_commit", &[], |row| row.get::<String>(0)).await.unwrap();
        assert_eq!(found.as_deref(), Some(level));
        tx.commit().await.unwrap();
        let after = app.db().list("SHOW synchronous_commit", &[], |row| row.get::<String>(0)).await.unwrap();
        assert_eq!(after, ["on"], "the setting ends with its transaction");
    }
}

/// Promise: `db/private-file`
#[cfg(unix)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_file_of_an_embedded_database_is_its_owners_only() {
    use std::os::unix::fs::PermissionsExt;
    let app = TestApp::new(Engine::Sqlite).await;
    app.account(ANN).await;
    for suffix in ["", "-wal", "-shm"] {
        let mode = std::fs::metadata(format!("{}{suffix}", sqlite_path(&app))).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "test.db{suffix}");
    }
    for wide in [0o644, 0o660, 0o777] {
        for suffix in ["", "-wal", "-shm"] {
            let file = format!("{}{suffix}", sqlite_path(&app));
            std::fs::set_permissions(file, std::fs::Permissions::from_mode(wide)).unwrap();
        }
        let again = app.another().await;
        assert_eq!(again.count("accounts").await, 1, "{wide:o}: what is in it stays");
        for suffix in ["", "-wal", "-shm"] {
            let mode = std::fs::metadata(format!("{}{suffix}", sqlite_path(&app))).unwrap().permissions().mode();
            assert_eq!(mode & 0o077, 0, "test.db{suffix} was {wide:o}");
        }
    }
}

/// Promise: `db/migrates-once`
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_processes_may_make_a_fresh_database_at_once() {
    let app = TestApp::new(Engine::Sqlite).await;
    let url = DatabaseUrl::parse(&format!("sqlite:{}", app.folder().join("fresh.db").display())).unwrap();
    let now = app.now();
    let starts: Vec<_> = (0..8)
        .map(|_| {
            let url = url.clone();
            tokio::spawn(async move {
                let db = Database::open(&url, None).await.unwrap();
                db.migrate(&crate::features::migrations(), now).await.unwrap().len()
            })
        })
        .collect();
    let mut applied = 0;
    for start in starts {
        applied += start.await.unwrap();
    }
    assert_eq!(applied, crate::features::migrations().len());
}

/// SQLite numbers parameters by first appearance whatever they say; a text that says otherwise must not get through.
#[cfg(debug_assertions)]
#[tokio::test]
#[should_panic(expected = "parameters by first appearance")]
async fn parameters_are_numbered_by_first_appearance() {
    let app = TestApp::new(Engine::Sqlite).await;
    let _ = app.db().list("SELECT $2, $1", &[&1_i64, &2_i64], |row| row.get::<i64>(0)).await;
}

#[cfg(debug_assertions)]
#[tokio::test]
#[should_panic(expected = "parameters of SELECT $1")]
async fn a_value_too_many_is_noticed() {
    let app = TestApp::new(Engine::Sqlite).await;
    let _ = app.db().list("SELECT $1", &[&1_i64, &2_i64], |row| row.get::<i64>(0)).await;
}

/// C-23: what is written fits or it does not; nobody gets a session that is not there, and a logout that failed says so.
///
/// Promise: `db/fail-closed`
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_lets_nobody_in_and_says_so() {
    let app = TestApp::new(Engine::Sqlite).await;
    let mut ann = app.person(ANN).await;
    let mut devices = Vec::new();
    for _ in 0..5 {
        devices.push(app.logged_in(ANN).await);
    }
    let mut tx = app.db().begin(Durability::Full).await.unwrap();
    let pages = tx.find("PRAGMA page_count", &[], |row| row.get::<i64>(0)).await.unwrap().unwrap();
    tx.list(&format!("PRAGMA max_page_count = {pages}"), &[], |row| row.get::<i64>(0)).await.unwrap();
    tx.commit().await.unwrap();
    let (mut entered, mut refused) = (0, 0);
    while refused < 3 {
        let mut visitor = app.visitor();
        let answer = visitor.post("/auth/login", &[("email", ANN), ("password", PASSWORD)]).await;
        match answer.status {
            200 => entered += 1,
            503 => {
                refused += 1;
                assert_eq!((visitor.session_cookie(), answer.code().as_str()), (None, "unavailable"));
            }
            other => panic!("a full disk was answered {other}"),
        }
        assert!(entered < 1000, "the disk never became full");
    }
    assert_eq!(app.count("sessions").await, 6 + entered, "each yes is a session and each no is none");
    assert!(ann.is_signed_in().await, "sessions are read as before");
    for mut device in devices {
        let answer = device.post("/auth/logout", &[]).await;
        assert!(matches!(answer.status, 200 | 503), "{}", answer.status);
        assert_eq!(device.is_signed_in().await, answer.status == 503, "a logout tells the truth");
    }
}

/// C-23: a database that cannot be written answers 503 to whatever writes, and goes on telling who is there.
///
/// Promise: `db/fail-closed`
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_only_database_lets_nobody_in() {
    let app = TestApp::new(Engine::Sqlite).await;
    let mut ann = app.person(ANN).await;
    let mut tx = app.db().begin(Durability::Full).await.unwrap();
    tx.batch("PRAGMA query_only = ON").await.unwrap();
    drop(tx);
    let mut visitor = app.visitor();
    for (path, form) in [
        ("/auth/login", &[("email", ANN), ("password", PASSWORD)][..]),
        ("/auth/login", &[("email", ANN), ("password", "not the password")]),
        ("/auth/signup", &[("email", "new@example.com"), ("password", PASSWORD)]),
        ("/auth/password/forgot", &[("email", ANN)]),
    ] {
        assert_eq!(visitor.post(path, form).await.status, 503, "{path}");
    }
    assert_eq!(visitor.session_cookie(), None);
    for path in ["/auth/logout", "/auth/logout/everywhere", "/auth/sessions/revoke-others"] {
        assert_eq!(ann.post(path, &[]).await.status, 503, "{path}");
    }
    assert_eq!(ann.post("/auth/reauthenticate", &[("password", PASSWORD)]).await.status, 503);
    assert!(ann.is_signed_in().await);
    app.wait(Duration::from_secs(61));
    assert!(ann.is_signed_in().await, "a use that cannot be noted is no reason to refuse");
}

/// C-23: a server that is gone is 503 on every way in, and all is as before when it is back.
///
/// Promise: `db/fail-closed`
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_gone_is_never_a_yes() {
    let app = TestApp::new(Engine::Postgres).await;
    let mut ann = app.person(ANN).await;
    let csrf = ann.csrf_token().await;
    let mut visitor = app.visitor();
    let form = visitor.form_token().await;
    let name = app.settings.database.url.rsplit('/').next().unwrap();
    let (admin, connection) =
        tokio_postgres::connect(&std::env::var("DOORWARD_TEST_POSTGRES").unwrap(), tokio_postgres::NoTls)
            .await
            .unwrap();
    tokio::spawn(connection);
    let gone = format!(
        "ALTER DATABASE {name} ALLOW_CONNECTIONS false;
        SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
    );
    admin.batch_execute(&gone).await.unwrap();
    assert_eq!(ann.get("/auth/session").await.status, 503);
    assert_eq!(ann.get("/readyz").await.status, 503);
    assert_eq!(ann.get("/healthz").await.status, 200, "the process itself is well");
    let entering = visitor.post_with(&form, "/auth/login", &[("email", ANN), ("password", PASSWORD)]).await;
    assert_eq!((entering.status, visitor.session_cookie()), (503, None));
    assert_eq!(ann.post_with(&csrf, "/auth/logout", &[]).await.status, 503);
    admin.batch_execute(&format!("ALTER DATABASE {name} ALLOW_CONNECTIONS true")).await.unwrap();
    assert!(ann.is_signed_in().await);
    assert_eq!(ann.post("/auth/logout", &[]).await.status, 200);
    assert!(!ann.is_signed_in().await);
}

#[test]
fn a_url_names_one_of_two_engines() {
    for url in ["sqlite:doorward.db", "sqlite:/var/lib/doorward/data.db", "postgres://a:b@h/n", "postgresql://h/n"] {
        assert!(DatabaseUrl::parse(url).is_some(), "{url}");
    }
    for url in ["", "sqlite:", "doorward.db", "mysql://h/n", "Postgres://h/n", " sqlite:x"] {
        assert!(DatabaseUrl::parse(url).is_none(), "{url}");
    }
}
