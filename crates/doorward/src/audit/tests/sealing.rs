//! Every event gets its seal, once, and nobody waits for it.

use super::*;
use crate::{
    audit::{
        nobody,
        seal::{checkpoint, seal_up_to},
        seals::{self, Stored},
    },
    operate::{Durability, Transaction},
};

/// Puts `count` events into the log, without going through a flow.
pub(super) async fn write(app: &TestApp, count: usize) {
    let cx = app.doorward.context();
    let mut tx = cx.db.begin(Durability::Full).await.unwrap();
    write_in(app, &mut tx, count).await;
    tx.commit().await.unwrap();
}

async fn write_in(app: &TestApp, tx: &mut Transaction, count: usize) {
    for _ in 0..count {
        let event = nobody(Action::Login, None, [192, 0, 2, 1].into());
        crate::audit::append(app.doorward.context(), tx, event).await.unwrap();
    }
}

pub(super) async fn sealed(app: &TestApp) -> u64 {
    seal(app.doorward.context()).await.unwrap()
}

/// Makes one seal over at most `most` events.
pub(super) async fn seal_some(app: &TestApp, most: i64) -> i64 {
    let mut tx = app.db().begin(Durability::Full).await.unwrap();
    let count = seal_up_to(app.doorward.context(), &mut tx, most).await.unwrap();
    if count > 0 {
        tx.commit().await.unwrap();
    }
    count
}

pub(super) async fn all(app: &TestApp) -> Vec<Stored> {
    seals::list(app.db(), 0, 1000).await.unwrap()
}

/// The seal of every event, oldest event first.
async fn seals_of_events(app: &TestApp) -> Vec<Option<i64>> {
    app.db().list("SELECT seal FROM audit_events ORDER BY id", &[], |row| row.get(0)).await.unwrap()
}

/// Checkpoints that went out on the stream since it was last asked.
fn streamed(app: &TestApp) -> Vec<String> {
    let objects = app.audit_lines().into_iter().map(|line| serde_json::from_str::<serde_json::Value>(&line).unwrap());
    objects.filter_map(|object| Some(object["checkpoint"].as_str()?.to_owned())).collect()
}

on_every_engine! {
    /// Promise: `audit/sealed-once`
    async fn every_event_is_sealed_in_batches_and_none_twice(app: TestApp) {
        assert_eq!(sealed(&app).await, 0, "there is nothing");
        assert!(all(&app).await.is_empty());
        write(&app, 7).await;
        for expected in [3, 3, 1, 0] {
            assert_eq!(seal_some(&app, 3).await, expected);
        }
        assert_eq!(seals_of_events(&app).await, [1, 1, 1, 2, 2, 2, 3].map(Some));
        let told = all(&app).await.into_iter().map(|stored| (stored.seal.id, stored.seal.events, stored.seal.total));
        assert_eq!(told.collect::<Vec<_>>(), [(1, 3, 3), (2, 3, 6), (3, 1, 7)]);
        write(&app, 2).await;
        assert_eq!((sealed(&app).await, sealed(&app).await), (1, 0));
        assert_eq!(seals_of_events(&app).await.split_off(7), [4, 4].map(Some));
    }

    /// Promise: `audit/sealed-once`
    async fn a_long_log_that_was_never_sealed_is_sealed_in_one_go(app: TestApp) {
        write(&app, 2_345).await;
        assert_eq!(sealed(&app).await, 3);
        let counts: Vec<i64> = all(&app).await.iter().map(|stored| stored.seal.events).collect();
        assert_eq!(counts, [1000, 1000, 345]);
    }

    /// Promise: `audit/sealed-once`
    async fn of_two_nodes_that_seal_at_once_one_does(app: TestApp) {
        let second = app.another().await;
        write(&app, 5).await;
        let cx = app.doorward.context();
        let mut tx = cx.db.begin(Durability::Full).await.unwrap();
        assert_eq!(seal_up_to(cx, &mut tx, 3).await.unwrap(), 3);
        let other = tokio::spawn(async move { (seal_some(&second, 3).await, second) });
        tokio::time::sleep(Duration::from_millis(250)).await;
        tx.commit().await.unwrap();
        let (count, second) = other.await.unwrap();
        // The second one waits; in an embedded database for its turn, and then it seals the rest.
        let embedded = app.settings.database.url.starts_with("sqlite");
        assert_eq!(count, if embedded { 2 } else { 0 });
        sealed(&second).await;
        assert_eq!(seals_of_events(&app).await, [1, 1, 1, 2, 2].map(Some));
        assert_eq!(all(&app).await.last().unwrap().seal.total, 5);
    }

    /// Promise: `audit/sealed-once`
    async fn nodes_that_seal_all_the_time_seal_each_event_once(app: TestApp) {
        let nodes = [app.another().await, app.another().await, app.another().await];
        let writing = async {
            for _ in 0..20 {
                write(&app, 3).await;
            }
        };
        let sealing = nodes.iter().map(|node| node.doorward.clone()).map(|doorward| {
            tokio::spawn(async move {
                for _ in 0..20 {
                    seal(doorward.context()).await.unwrap();
                }
            })
        });
        let sealing: Vec<_> = sealing.collect();
        writing.await;
        for node in sealing {
            node.await.unwrap();
        }
        sealed(&app).await;
        assert!(seals_of_events(&app).await.iter().all(Option::is_some));
        let stored = all(&app).await;
        assert_eq!(stored.iter().map(|stored| stored.seal.events).sum::<i64>(), 60);
        let verified = crate::audit::verify(&app.doorward, None, |_, _| {}).await.unwrap();
        assert_eq!((verified.events, verified.findings), (60, vec![]));
    }

    /// Promise: `audit/sealed-once`
    async fn a_seal_that_is_not_committed_leaves_nothing(app: TestApp) {
        write(&app, 2).await;
        let cx = app.doorward.context();
        let mut tx = cx.db.begin(Durability::Full).await.unwrap();
        assert_eq!(seal_up_to(cx, &mut tx, 10).await.unwrap(), 2);
        drop(tx);
        app.audit_lines();
        assert_eq!(seal_some(&app, 10).await, 2);
        assert_eq!(streamed(&app).len(), 1, "nor was it told");
        assert_eq!(all(&app).await.len(), 1);
    }

    /// A checkpoint leaves the machine with the stream: that is what keeps it elsewhere.
    async fn the_stream_has_the_checkpoint_of_each_seal(app: TestApp) {
        write(&app, 5).await;
        app.audit_lines();
        seal_some(&app, 3).await;
        seal_some(&app, 3).await;
        let streamed = streamed(&app);
        let told: Vec<Vec<&str>> = streamed.iter().map(|note| note.lines().take(2).collect()).collect();
        assert_eq!(told, [["localhost:4400/audit", "1"], ["localhost:4400/audit", "2"]]);
        for note in &streamed {
            let (checkpoint, _) = crate::audit::read_checkpoint(&app.doorward, note, None).unwrap();
            let verified = crate::audit::verify(&app.doorward, Some(&checkpoint), |_, _| {}).await.unwrap();
            assert_eq!(verified.findings, []);
        }
        let last = checkpoint(&app.doorward).await.unwrap();
        assert_eq!(last.text, streamed[1]);
    }

    async fn the_worker_seals(app: TestApp) {
        write(&app, 3).await;
        let doorward = app.doorward.clone();
        let (end, ended) = tokio::sync::oneshot::channel::<()>();
        let working = tokio::spawn(async move { doorward.work(async { drop(ended.await) }).await });
        for _ in 0..500 {
            if all(&app).await.len() == 1 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        end.send(()).unwrap();
        working.await.unwrap();
        assert_eq!(seals_of_events(&app).await, [Some(1); 3]);
    }

    /// Promise: `audit/kept`
    async fn what_has_no_seal_is_kept_however_old_it_is(app: TestApp) {
        write(&app, 3).await;
        app.wait(app.settings.audit.keep * 2);
        crate::features::purge(app.doorward.context()).await.unwrap();
        assert_eq!(events(&app).await.len(), 3);
        sealed(&app).await;
        crate::features::purge(app.doorward.context()).await.unwrap();
        assert_eq!(events(&app).await.len(), 0);
    }

    /// Promise: `audit/kept`
    async fn a_seal_goes_as_a_whole_once_its_youngest_event_is_old_enough(app: TestApp) {
        let keep = app.settings.audit.keep;
        write(&app, 2).await;
        app.wait(Duration::from_secs(60));
        write(&app, 1).await;
        sealed(&app).await;
        write(&app, 1).await;
        sealed(&app).await;
        app.wait(keep);
        crate::features::purge(app.doorward.context()).await.unwrap();
        assert_eq!(events(&app).await.len(), 4, "the third of them is not older than that");
        app.wait(Duration::from_micros(1));
        crate::features::purge(app.doorward.context()).await.unwrap();
        assert_eq!(events(&app).await.len(), 0);
        let stored = all(&app).await;
        assert_eq!(stored.len(), 2, "what they say stays");
        assert!(stored.iter().all(|stored| stored.purged_at == Some(app.now())));
    }
}

/// On PostgreSQL ids are taken before they are committed.
///
/// Promise: `audit/sealed-once`
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_that_is_committed_late_gets_into_the_next_seal() {
    let app = TestApp::new(crate::testing::Engine::Postgres).await;
    let mut late = app.db().begin(Durability::Full).await.unwrap();
    write_in(&app, &mut late, 1).await;
    write(&app, 2).await;
    assert_eq!(sealed(&app).await, 1);
    late.commit().await.unwrap();
    assert_eq!(seals_of_events(&app).await, [None, Some(1), Some(1)], "its id is the smallest");
    assert_eq!(sealed(&app).await, 1);
    assert_eq!(seals_of_events(&app).await, [Some(2), Some(1), Some(1)]);
    let verified = crate::audit::verify(&app.doorward, None, |_, _| {}).await.unwrap();
    assert_eq!((verified.events, verified.findings), (3, vec![]));
}

/// Promise: `audit/sealing-holds-up-nobody`
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn somebody_logs_in_while_a_seal_is_being_made() {
    let app = TestApp::new(crate::testing::Engine::Postgres).await;
    let mut ann = app.person(ANN).await;
    let cx = app.doorward.context();
    let mut tx = cx.db.begin(Durability::Full).await.unwrap();
    let sealing = seal_up_to(cx, &mut tx, 1000).await.unwrap();
    assert!(sealing > 0);
    // It is not committed yet, and nobody minds.
    app.logged_in(ANN).await;
    assert_eq!(ann.post("/auth/logout", &[]).await.status, 200);
    tx.commit().await.unwrap();
    assert!(seals_of_events(&app).await.len() as i64 > sealing);
    assert_eq!(sealed(&app).await, 1);
}
