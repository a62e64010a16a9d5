//! Many who read the same or change one thing at the same time, and so do it together.

use std::time::Duration;

use super::{PAIRS, cancelled_after, one, write_pair};
use crate::{
    base::db::{Database, Durability},
    on_every_engine,
    testing::{Engine, TestApp},
};

/// The name of the first migration.
const FIRST: &str = "0001_audit_events";

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

    /// Promise: `db/own-answer`
    async fn one_who_cannot_be_answered_stands_in_nobodys_way(app: TestApp) {
        let name = |db: Database, name: String| async move {
            let sql = "SELECT name FROM schema_migrations WHERE name = $1";
            db.find(sql, &[&name], |row| row.get::<String>(0)).await
        };
        let everybody: Vec<_> = (0..60)
            .map(|number| {
                // No text of PostgreSQL has this character.
                let asked = if number % 20 == 7 { format!("{number}\0") } else { FIRST.to_owned() };
                let is_odd = asked != FIRST;
                (is_odd, tokio::spawn(name(app.db().clone(), asked)))
            })
            .collect();
        for (is_odd, one) in everybody {
            let answer = one.await.unwrap();
            if is_odd {
                assert!(answer.is_err() || answer.is_ok_and(|found| found.is_none()));
            } else {
                assert_eq!(answer.unwrap().as_deref(), Some(FIRST));
            }
        }
    }

    /// Promise: `db/one-wins`
    async fn of_many_who_set_a_row_one_does_and_each_row_by_itself(app: TestApp) {
        app.db().migrate(&[PAIRS], app.now()).await.unwrap();
        let other = app.another().await;
        for pair in 0..10 {
            write_pair(app.db(), pair).await.unwrap();
        }
        let sql = "UPDATE pairs SET half = half + $1 WHERE pair = $2 AND half = $3";
        for round in 0..5_i64 {
            let everybody: Vec<_> = (0..120_i64)
                .map(|number| {
                    let db = if number % 2 == 0 { app.db() } else { other.db() }.clone();
                    tokio::spawn(async move {
                        let (pair, half) = (number % 12, 1 + round * 10);
                        (pair, db.compare_and_set(sql, &[&10_i64, &pair, &half]).await.unwrap())
                    })
                })
                .collect();
            let mut set = [0; 12];
            for one in everybody {
                let (pair, is_set) = one.await.unwrap();
                set[usize::try_from(pair).unwrap()] += i32::from(is_set);
            }
            assert_eq!(set, [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0], "round {round}");
        }
        assert_eq!(one(app.db(), "SELECT COUNT(*) FROM pairs WHERE half = 51").await, 10);
        assert_eq!(one(app.db(), "SELECT COUNT(*) FROM pairs WHERE half = 0").await, 10, "and nothing else");
    }

    /// Promise: `db/all-or-nothing`
    async fn a_change_that_fails_takes_no_other_with_it(app: TestApp) {
        app.db().migrate(&[PAIRS], app.now()).await.unwrap();
        write_pair(app.db(), 0).await.unwrap();
        let everybody: Vec<_> = (0..100_i64)
            .map(|number| {
                let db = app.db().clone();
                tokio::spawn(async move {
                    // Every fourth wants what is taken.
                    let pair = if number % 4 == 0 { 0 } else { number };
                    let sql = "INSERT INTO pairs (pair, half) VALUES ($1, $2)";
                    (pair, db.change(sql, &[&pair, &0_i64]).await)
                })
            })
            .collect();
        for one in everybody {
            let (pair, changed) = one.await.unwrap();
            match pair {
                0 => drop(changed.unwrap_err()),
                _ => assert_eq!(changed.unwrap(), 1),
            }
        }
        assert_eq!(one(app.db(), "SELECT COUNT(*) FROM pairs WHERE half = 0").await, 76);
    }

    /// Promise: `db/own-answer`
    async fn who_goes_away_while_changing_leaves_the_others_their_own_answer(app: TestApp) {
        app.db().migrate(&[PAIRS], app.now()).await.unwrap();
        write_pair(app.db(), 1).await.unwrap();
        let sql = "UPDATE pairs SET half = half WHERE pair = $1 AND half = 1";
        let everybody: Vec<_> = (0..200_i64)
            .map(|number| {
                let db = app.db().clone();
                tokio::spawn(async move {
                    if number % 3 == 0 {
                        let times = usize::try_from(number % 4).unwrap();
                        cancelled_after(times, db.compare_and_set(sql, &[&1_i64])).await;
                    }
                    let pair = number % 2;
                    (pair, db.change(sql, &[&pair]).await.unwrap(), db.compare_and_set(sql, &[&2_i64]).await.unwrap())
                })
            })
            .collect();
        for one in everybody {
            let (pair, changed, other) = one.await.unwrap();
            assert_eq!((i64::try_from(changed).unwrap(), other), (pair, false));
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
    while one(app.db(), waiting).await < 3 {}
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
