//! C-29: after everything was done once, no secret is found where none belongs.

use std::{
    fmt::Write,
    sync::{Arc, Mutex},
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use tracing::{
    Event, Metadata, Subscriber,
    field::{Field, Visit},
    span,
};

use super::{
    events,
    walk::{self, Secrets},
};
use crate::{
    base::db::Row,
    on_every_engine,
    testing::{Engine, TestApp},
};

/// Keeps everything that anybody logs, at every level.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<String>>);

impl Subscriber for Log {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }
    fn new_span(&self, attributes: &span::Attributes<'_>) -> span::Id {
        attributes.record(&mut Line(&mut self.0.lock().unwrap()));
        span::Id::from_u64(1)
    }
    fn record(&self, _: &span::Id, values: &span::Record<'_>) {
        values.record(&mut Line(&mut self.0.lock().unwrap()));
    }
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn event(&self, event: &Event<'_>) {
        let mut text = self.0.lock().unwrap();
        write!(text, "\n{} ", event.metadata().target()).unwrap();
        event.record(&mut Line(&mut text));
    }
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

struct Line<'l>(&'l mut String);

impl Visit for Line<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        write!(self.0, "{}={value:?} ", field.name()).unwrap();
    }
}

impl Secrets {
    /// Each secret as text, and where it stands for bytes, those bytes as well.
    fn spellings(&self) -> Vec<Vec<u8>> {
        let mut spellings: Vec<Vec<u8>> = Vec::new();
        for text in [&self.passwords, &self.tokens, &self.cookies, &self.csrf].into_iter().flatten() {
            assert!(text.len() >= 8, "a canary is no word that occurs by chance: {text:?}");
            spellings.push(text.clone().into_bytes());
        }
        for sealed in self.tokens.iter().chain(&self.csrf) {
            spellings.push(URL_SAFE_NO_PAD.decode(sealed).unwrap());
        }
        // A cookie is a key's number, what it says, and a tag; the secret is what it says.
        for cookie in &self.cookies {
            let bytes = URL_SAFE_NO_PAD.decode(cookie).unwrap();
            spellings.push(bytes[4..36].to_vec());
            spellings.push(bytes);
        }
        let hex: Vec<_> = spellings.iter().map(|bytes| hex(bytes).into_bytes()).collect();
        spellings.extend(hex);
        spellings
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

fn holds(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}

fn assert_nothing_of(secrets: &Secrets, place: &str, bytes: &[u8]) {
    assert!(!bytes.is_empty(), "{place} is empty");
    for secret in secrets.spellings() {
        assert!(!holds(bytes, &secret), "{place} holds the secret {}", String::from_utf8_lossy(&secret));
    }
}

/// One row as text, bytes in hexadecimal.
fn shown(row: &Row<'_>) -> Result<String, crate::Fault> {
    let Row::Sqlite(row) = row else { return row.get::<String>(0) };
    let columns = (0..row.as_ref().column_count()).map(|column| match row.get_ref(column).unwrap() {
        rusqlite::types::ValueRef::Null => String::new(),
        rusqlite::types::ValueRef::Integer(int) => int.to_string(),
        rusqlite::types::ValueRef::Real(real) => real.to_string(),
        rusqlite::types::ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned(),
        rusqlite::types::ValueRef::Blob(blob) => hex(blob),
    });
    Ok(columns.collect::<Vec<_>>().join("|"))
}

async fn every_row(app: &TestApp) -> String {
    let embedded = app.settings.database.url.starts_with("sqlite");
    let tables = if embedded {
        "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name"
    } else {
        "SELECT CAST(tablename AS TEXT) FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"
    };
    let tables = app.db().list(tables, &[], |row| row.get::<String>(0)).await.unwrap();
    assert_eq!(tables.len(), 40, "a table more or less: {tables:?}");
    let mut text = String::new();
    for table in tables {
        let sql = if embedded {
            format!("SELECT * FROM {table}")
        } else {
            format!("SELECT CAST(t AS TEXT) FROM {table} AS t")
        };
        let rows = app.db().list(&sql, &[], shown).await.unwrap();
        assert!(!rows.is_empty() || table == "outbox", "{table} is empty, so nothing is shown by it");
        writeln!(text, "{table}: {}", rows.join("\n")).unwrap();
    }
    text
}

on_every_engine! {
    /// Promise: `audit/no-secrets`
    async fn no_table_no_log_and_no_counter_holds_a_secret(app: TestApp) {
        let log = Log::default();
        let _ = tracing::subscriber::set_global_default(log.clone());
        let app = walk::with_a_provider(app).await;
        let secrets = walk::every_way(&app).await;
        assert!(crate::audit::seal(app.doorward.context()).await.unwrap() > 0);
        assert_nothing_of(&secrets, "the database", every_row(&app).await.as_bytes());
        assert_nothing_of(&secrets, "the stream", app.audit_lines().join("\n").as_bytes());
        assert_nothing_of(&secrets, "the metrics", app.doorward.metrics().as_bytes());
        // An outage makes the log speak, with whatever it knows about the requests that it breaks.
        let mut tx = app.db().begin(crate::operate::Durability::Full).await.unwrap();
        tx.batch("ALTER TABLE throttles RENAME TO elsewhere; ALTER TABLE sessions RENAME TO nowhere").await.unwrap();
        tx.commit().await.unwrap();
        let mut visitor = app.visitor();
        for password in &secrets.passwords {
            visitor.post("/auth/login", &[("email", "ann@new.example"), ("password", password)]).await;
            visitor.post("/auth/signup", &[("email", "ann@new.example"), ("password", password)]).await;
            visitor.post("/auth/password/reset", &[("token", &secrets.tokens[0]), ("new_password", password)]).await;
        }
        for cookie in &secrets.cookies {
            visitor.cookies.insert("dev-session".to_owned(), cookie.clone());
            visitor.get(&format!("/auth/email/confirm?token={}", secrets.tokens[0])).await;
        }
        let log = log.0.lock().unwrap().clone();
        assert!(log.contains("cannot answer"), "the log has heard of it: {log}");
        assert_nothing_of(&secrets, "the log", log.as_bytes());
    }
}

/// What is in the file beside the rows: free pages, the write-ahead log, what was deleted.
///
/// Promise: `audit/no-secrets`
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_byte_of_the_database_files_holds_a_secret() {
    let app = walk::with_a_provider(TestApp::new(Engine::Sqlite).await).await;
    let secrets = walk::every_way(&app).await;
    assert!(!events(&app).await.is_empty());
    for suffix in ["", "-wal"] {
        let bytes = std::fs::read(app.folder().join(format!("test.db{suffix}"))).unwrap();
        assert_nothing_of(&secrets, suffix, &bytes);
    }
    let wal = std::fs::read(app.folder().join("test.db-wal")).unwrap();
    assert!(holds(&wal, b"ann@new.example"), "what is stored in the clear would have been found");
}
