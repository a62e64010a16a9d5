//! What is kept in memory, and when it must not be believed any more.

use std::sync::atomic::{AtomicI64, Ordering};

use super::{PAIRS, run, sqlite_path, write_pair};
use crate::{
    base::db::{Database, DatabaseUrl, Durability, Mark},
    testing::{Engine, TestApp},
};

/// The mark of two rows of the table of pairs.
fn mark(db: &Database, rows: [i64; 2]) -> Mark {
    let moment = db.moment().expect("nobody is writing");
    db.mark(&moment, rows.map(|row| ("pairs", row))).expect("nobody has written")
}

async fn pairs(app: &TestApp) {
    app.db().migrate(&[PAIRS], app.now()).await.unwrap();
    for pair in 0..10 {
        write_pair(app.db(), pair).await.unwrap();
    }
}

async fn execute(db: &Database, sql: &str) {
    let mut tx = db.begin(Durability::Relaxed).await.unwrap();
    tx.execute(sql, &[]).await.unwrap();
    tx.commit().await.unwrap();
}

/// Promise: `db/marks-fall`
#[tokio::test(flavor = "multi_thread")]
async fn a_mark_falls_with_its_rows_and_stands_otherwise() {
    let app = TestApp::new(Engine::Sqlite).await;
    pairs(&app).await;
    let db = app.db();
    for change in [
        "UPDATE pairs SET half = 7 WHERE id = 2",
        "UPDATE pairs SET half = half WHERE id = 2",
        "DELETE FROM pairs WHERE id = 2",
        "INSERT INTO pairs (id, pair, half) VALUES (2, 99, 99)",
        "INSERT INTO pairs (id, pair, half) VALUES (2, 5, 5) ON CONFLICT (id) DO UPDATE SET half = 6",
        "UPDATE pairs SET half = half + 20",
        // SQLite empties the table without looking at its rows, and names none.
        "DELETE FROM pairs",
    ] {
        let (touched, second, other) = (mark(db, [2, 3]), mark(db, [3, 2]), mark(db, [3, 4]));
        assert!(db.stands(&touched) && db.stands(&second) && db.stands(&other));
        execute(db, change).await;
        assert!(!db.stands(&touched) && !db.stands(&second), "after {change}");
        let all = !change.contains('2') || change.contains("20");
        assert_eq!(db.stands(&other), !all, "of another row, after {change}");
    }
    let before = mark(db, [3, 4]);
    run(db, "ALTER TABLE pairs RENAME TO others").await;
    assert!(!db.stands(&before), "the schema is not what it was");
}

/// Promise: `db/marks-fall`
#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_committed_fells_no_mark_and_what_may_have_been_fells_all() {
    let app = TestApp::new(Engine::Sqlite).await;
    pairs(&app).await;
    let db = app.db();
    let kept = mark(db, [1, 2]);
    let mut dropped = db.begin(Durability::Full).await.unwrap();
    dropped.execute("DELETE FROM pairs WHERE id = 1", &[]).await.unwrap();
    drop(dropped);
    drop(db.begin(Durability::Full).await.unwrap());
    assert!(db.stands(&kept), "nothing has changed");
    let mut failing = db.begin(Durability::Full).await.unwrap();
    failing
        .batch("PRAGMA defer_foreign_keys = ON; CREATE TABLE children (pair BIGINT REFERENCES pairs (id))")
        .await
        .unwrap();
    failing.execute("INSERT INTO children (pair) VALUES (1000)", &[]).await.unwrap();
    failing.commit().await.unwrap_err();
    assert!(!db.stands(&kept), "a failed commit may have changed anything");
}

/// Promise: `db/marks-fall`
#[tokio::test(flavor = "multi_thread")]
async fn a_change_by_another_process_fells_every_mark() {
    let app = TestApp::new(Engine::Sqlite).await;
    pairs(&app).await;
    let db = app.db();
    let kept = mark(db, [1, 2]);
    // Another handle, which tells this one nothing, is what another process is.
    let other = rusqlite::Connection::open(sqlite_path(&app)).unwrap();
    other.execute_batch("BEGIN IMMEDIATE; UPDATE pairs SET half = 50 WHERE id = 9").unwrap();
    assert!(db.stands(&kept), "not committed yet");
    let moment = db.moment().unwrap();
    other.execute_batch("COMMIT").unwrap();
    assert!(!db.stands(&kept));
    // What was read before the other's commit must not be marked as if it had been read after it.
    let late = db.mark(&moment, [("pairs", 9), ("pairs", 9)]);
    assert!(late.is_none_or(|mark| !db.stands(&mark)));
    // Taken note of, it is past, for a reader and for a writer.
    let fresh = mark(db, [1, 9]);
    assert!(db.stands(&fresh) && !db.stands(&kept));
    other.execute_batch("UPDATE pairs SET half = 51 WHERE id = 9").unwrap();
    execute(db, "UPDATE pairs SET half = 52 WHERE id = 5").await;
    assert!(!db.stands(&fresh), "our own commit does not cover up the other's");
    // Folding the log into the file changes nothing, and a log that begins anew is no reason for alarm either.
    other.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    execute(db, "UPDATE pairs SET half = 53 WHERE id = 5").await;
    let again = mark(db, [1, 9]);
    execute(db, "UPDATE pairs SET half = 54 WHERE id = 5").await;
    assert!(db.stands(&again), "what was read after it stands");
}

/// Promise: `db/marks-fall`
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nothing_out_of_date_stands_while_many_write() {
    const ROUNDS: i64 = 400;
    let app = TestApp::new(Engine::Sqlite).await;
    pairs(&app).await;
    let db = app.db().clone();
    let second = Database::open(&DatabaseUrl::parse(&app.settings.database.url).unwrap(), None).await.unwrap();
    execute(&db, "UPDATE pairs SET pair = 1000, half = 0 WHERE id = 1").await;
    // The last value of row 1 that was acknowledged to anybody.
    let acknowledged = std::sync::Arc::new(AtomicI64::new(0));
    let done = std::sync::Arc::new(AtomicI64::new(0));
    let writers = [db.clone(), second].map(|db| {
        let (acknowledged, done) = (acknowledged.clone(), done.clone());
        tokio::spawn(async move {
            for _ in 0..ROUNDS {
                let mut tx = db.begin(Durability::Relaxed).await.unwrap();
                let sql = "UPDATE pairs SET half = half + 1 WHERE id = 1 RETURNING half";
                let value = tx.find(sql, &[], |row| row.get::<i64>(0)).await.unwrap().unwrap();
                tx.commit().await.unwrap();
                acknowledged.fetch_max(value, Ordering::SeqCst);
                tokio::task::yield_now().await;
            }
            done.fetch_add(1, Ordering::SeqCst);
        })
    });
    let readers = (0..3).map(|_| {
        let (db, acknowledged, done) = (db.clone(), acknowledged.clone(), done.clone());
        tokio::spawn(async move {
            let (mut kept, mut believed) = (None::<(Mark, i64)>, 0);
            while done.load(Ordering::SeqCst) < 2 {
                let least = acknowledged.load(Ordering::SeqCst);
                if let Some((mark, value)) = &kept
                    && db.stands(mark)
                {
                    assert!(*value >= least, "{value} was believed after {least} had been acknowledged");
                    believed += 1;
                } else {
                    let moment = db.moment();
                    let sql = "SELECT half FROM pairs WHERE id = 1";
                    let value = db.find(sql, &[], |row| row.get::<i64>(0)).await.unwrap().unwrap();
                    let mark = moment.and_then(|moment| db.mark(&moment, [("pairs", 1), ("pairs", 1)]));
                    kept = mark.map(|mark| (mark, value));
                }
                tokio::task::yield_now().await;
            }
            believed
        })
    });
    let readers: Vec<_> = readers.collect();
    for writer in writers {
        writer.await.unwrap();
    }
    let mut believed = 0;
    for reader in readers {
        believed += reader.await.unwrap();
    }
    assert!(believed > 0, "nothing was ever kept, so nothing was tested");
}
