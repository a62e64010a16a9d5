use std::{fs, os::unix::fs::PermissionsExt};

use rusqlite::Connection;
use serde_json::json;

use crate::support::Site;

/// Tables that a backup keeps: none of their rows lets anybody in.
const KEPT: [&str; 23] = [
    "accounts",
    "api_keys",
    "audit_events",
    "audit_seals",
    "client_assertions",
    "clients",
    "connection_rules",
    "connections",
    "consents",
    "departed_members",
    "dpop_proofs",
    "identities",
    "memberships",
    "operators",
    "owner_role",
    "passwords",
    "retired_slugs",
    "revoked_tokens",
    "ruled_roles",
    "schema_migrations",
    "tenant_domains",
    "tenants",
    "throttles",
];
const EMPTIED: [&str; 17] = [
    "authorization_codes",
    "client_logins",
    "device_codes",
    "email_changes",
    "invitations",
    "outbox",
    "password_resets",
    "provider_flows",
    "provider_logouts",
    "provider_sessions",
    "provider_tokens",
    "pushed_requests",
    "refresh_families",
    "sessions",
    "signing_keys",
    "signups",
    "tenant_entries",
];

/// Promise: `server/backup-logs-nobody-in`
#[test]
fn a_restored_backup_brings_no_session_and_no_link_back() {
    let mut site = Site::dev(&[]);
    let mut ann = site.logged_in("ann@example.com");
    let mut visitor = site.visitor();
    visitor.begin();
    visitor.post("/auth/password/forgot", &json!({ "email": "ann@example.com" }));
    visitor.post("/auth/signup", &json!({ "email": "new@example.com", "password": "a lamp beside the harbour" }));
    let reset = site.token_for("ann@example.com", "/auth/password/reset");
    let signup = site.token_for("new@example.com", "/auth/email/verify");
    let copy = site.beside("copy.db");
    site.done(&["backup", "--output", copy.to_str().unwrap()]);
    assert!(ann.is_in(), "the running server is not disturbed");

    let db = site.data().join("doorward.db");
    assert_eq!(site.stop(), Some(0));
    for file in ["doorward.db-wal", "doorward.db-shm"] {
        let _ = fs::remove_file(site.data().join(file));
    }
    fs::copy(&copy, &db).unwrap();
    site.start(&["dev", "--port", &site.port.to_string()]);
    assert!(!ann.is_in());
    let used =
        visitor.post("/auth/password/reset", &json!({ "token": reset, "new_password": "another harbour and a lamp" }));
    assert!((400..500).contains(&used.status), "{used:?}");
    let used = visitor.post("/auth/email/verify", &json!({ "token": signup, "password": "a lamp beside the harbour" }));
    assert!((400..500).contains(&used.status), "{used:?}");
    assert_eq!(ann.log_in("ann@example.com", "seven brown kettles sing").status, 200);
}

/// Promise: `server/backup-logs-nobody-in`
#[test]
fn every_table_is_either_kept_or_emptied_on_purpose() {
    let site = Site::dev(&[]);
    site.logged_in("ann@example.com");
    let copy = site.beside("copy.db");
    site.done(&["backup", "--output", copy.to_str().unwrap()]);
    let db = Connection::open(&copy).unwrap();
    let names = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name";
    let tables: Vec<String> =
        db.prepare(names).unwrap().query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    let mut known = [&KEPT[..], &EMPTIED].concat();
    known.sort_unstable();
    assert_eq!(tables, known, "decide for a new table whether its rows let anybody in");
    let count =
        |table: &str| db.query_row(&format!("SELECT COUNT(*) FROM {table}"), [], |row| row.get::<_, i64>(0)).unwrap();
    assert!(EMPTIED.iter().all(|table| count(table) == 0));
    assert_eq!((count("accounts"), count("passwords")), (1, 1));
}

/// Promise: `server/backup-private`
#[test]
fn a_backup_is_private_whole_and_never_over_something_else() {
    let site = Site::dev(&[]);
    let copy = site.beside("copy.db");
    site.done(&["backup", "--output", copy.to_str().unwrap()]);
    assert_eq!(fs::metadata(&copy).unwrap().permissions().mode() & 0o777, 0o600);
    let again = site.run(&["backup", "--output", copy.to_str().unwrap()]);
    assert_eq!(again.code, Some(1), "{again:?}");
    assert!(again.stderr.contains("exists already"), "{again:?}");
    let nowhere = site.beside("no/such/folder/copy.db");
    assert_eq!(site.run(&["backup", "--output", nowhere.to_str().unwrap()]).code, Some(1));
    let left = fs::read_dir(site.beside("")).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    assert!(left.into_iter().all(|name| !name.contains("unfinished")));
}
