//! Many who read at the same time, on PostgreSQL over connections that they share.

use std::time::Duration;

use super::{PAIRS, cancelled_after, write_pair};
use crate::{
    base::db::{Database, Durability},
    on_every_engine,
    testing::{Engine, TestApp},
};

async fn pair(db: &Database, pair: i64) -> Result<Option<i64>, crate::Fault> {
    db.find("SELECT pair FROM pairs WHERE pair = $1 AND half = 1", &[&pair], |row| row.get(0)).await
}

async fn halves(db: &Database, pair: i64) -> Result<Vec<(i64, i64)>, crate::Fault> {
    let sql = "SELECT pair, half FROM pairs WHERE pair = $1 ORDER BY half";
    db.few(sql, &[&pair], |row| Ok((row.get(0)?, row.get(1)?))).await
}

on_every_engine! {
    /// Promise: `db/own-answer`
    async fn whoever_reads_in_a_crowd_gets_their_own_answer(app: TestApp) {
        app.db().migrate(&[PAIRS], app.now()).await.unwrap();
        for pair in 0..20 {
            write_pair(app.db(), pair).await.unwrap();
        }
        let everybody: Vec<_> = (0..400)
            .map(|number: i64| {
                let db = app.db().clone();
                tokio::spawn(async move {
                    let wanted = number % 25;
                    if number % 3 == 0 {
                        // Somebody who goes away leaves no answer to the next one.
                        cancelled_after(usize::try_from(number % 4).unwrap(), pair(&db, wanted)).await;
                    }
                    let there = wanted < 20;
                    assert_eq!(pair(&db, wanted).await.unwrap(), there.then_some(wanted));
                    let both = [(wanted, 0), (wanted, 1)];
                    assert_eq!(halves(&db, wanted).await.unwrap(), if there { &both[..] } else { &[] });
                })
            })
            .collect();
        for one in everybody {
            one.await.unwrap();
        }
    }

    /// Promise: `db/own-answer`
    async fn whoever_reads_after_a_commit_reads_what_it_wrote(app: TestApp) {
        app.db().migrate(&[PAIRS], app.now()).await.unwrap();
        for number in 0..60 {
            assert_eq!(pair(app.db(), number).await.unwrap(), None);
            write_pair(app.db(), number).await.unwrap();
            assert_eq!(pair(app.db(), number).await.unwrap(), Some(number));
        }
    }
}

/// Promise: `db/own-answer`
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn behind_a_read_that_hangs_nobody_stands_in_line() {
    let app = TestApp::new(Engine::Postgres).await;
    app.db().migrate(&[PAIRS], app.now()).await.unwrap();
    let mut lock = app.db().begin(Durability::Full).await.unwrap();
    lock.batch("LOCK TABLE pairs IN ACCESS EXCLUSIVE MODE").await.unwrap();
    let hanging: Vec<_> = (0..3)
        .map(|number| {
            let db = app.db().clone();
            tokio::spawn(async move { pair(&db, number).await })
        })
        .collect();
    let waiting =
        "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    while super::one(app.db(), waiting).await < 3 {}
    let others = async {
        for _ in 0..50 {
            app.db().ping().await.unwrap();
        }
    };
    tokio::time::timeout(Duration::from_secs(3), others).await.expect("others are answered meanwhile");
    lock.commit().await.unwrap();
    for one in hanging {
        assert_eq!(one.await.unwrap().unwrap(), None);
    }
}
