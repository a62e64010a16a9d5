//! When a session is over, also when clocks disagree.

use std::{net::SocketAddr, sync::Arc};

use doorward_core::{AccountId, Clock, Digest, Session, SystemEntropy, Timestamp};

use super::*;
use crate::{
    Doorward,
    sessions::{Settings, rules::Record},
    testing::ManualClock,
};

/// A node on the same database whose clock is ahead of the others, or behind them.
async fn node(app: &TestApp, clock: &Arc<ManualClock>) -> Actor {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let builder = Doorward::builder(app.settings.clone()).keys(app.key_file().load().unwrap());
    let clock = Arc::clone(clock) as Arc<dyn Clock>;
    let doorward = builder.clock(clock).development_mailbox(app.folder().join("mailbox")).build().await.unwrap();
    let service = doorward.service().into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, service).await });
    Actor::new(address, app.origin())
}

fn record(seen_at: Timestamp, created_at: Timestamp, settings: &Settings) -> Record {
    Record {
        digest: Arc::new(Digest::<Session>::stored(&[1; 32]).unwrap()),
        account: AccountId::new(created_at, &SystemEntropy),
        created_at,
        seen_at,
        expires_at: created_at.after(settings.absolute),
        proved_at: created_at,
        factors: "".into(),
        recheck_at: None,
    }
}

/// Promise: `sessions/clocks`
#[test]
fn no_node_accepts_a_session_for_longer_than_the_limit_and_a_minute() {
    let settings = Settings::default();
    let second = Duration::from_secs(1);
    let begun = Timestamp::from_secs(1_800_000_000);
    for (created_at, seen_at, longest) in [
        (begun, begun, settings.idle),
        (begun, begun.after(2 * HOUR), settings.idle),
        (begun, begun.after(7 * HOUR + 30 * MINUTE), 30 * MINUTE),
    ] {
        let record = record(seen_at, created_at, &settings);
        let mut accepted = 0;
        let mut moment = begun.before(12 * HOUR);
        while moment < begun.after(24 * HOUR) {
            accepted += u64::from(!record.is_over(moment, &settings));
            moment = moment.after(second);
        }
        assert_eq!(accepted, (longest + MINUTE).as_secs(), "a node whose clock goes past every moment once");
    }
}

/// Promise: `sessions/clocks`
#[test]
fn the_end_of_time_is_no_reason_to_live_on() {
    let settings = Settings { absolute: Duration::MAX, idle: Duration::MAX, ..Settings::default() };
    let last = Timestamp::from_micros(i64::MAX);
    let begun = Timestamp::from_secs(1_800_000_000);
    assert!(record(begun, begun, &settings).is_over(last, &settings));
    assert!(record(last, last, &Settings::default()).is_over(begun, &Settings::default()));
    assert!(record(begun, begun, &Settings::default()).is_over(Timestamp::from_micros(i64::MIN), &Settings::default()));
}

on_every_engine! {
    /// Promise: `sessions/expires`
    async fn an_unused_session_ends_after_an_hour(app: TestApp) {
        let mut ann = app.person(ANN).await;
        app.wait(HOUR - Duration::from_micros(1));
        assert!(ann.is_signed_in().await, "and was used by that");
        app.wait(HOUR - Duration::from_micros(1));
        assert!(ann.is_signed_in().await);
        app.wait(HOUR);
        assert_eq!(ann.get("/auth/session").await.code(), "not_signed_in");
        let token = "A".repeat(43);
        assert_eq!(ann.post_with(&token, "/auth/logout", &[]).await.status, 403);
    }

    /// Promise: `sessions/expires`
    async fn a_session_in_use_ends_after_eight_hours(app: TestApp) {
        let mut ann = app.person(ANN).await;
        let who = ann.get("/auth/session").await.json();
        let begun = app.now().as_secs();
        assert_eq!(who["session"]["created_at"], begun);
        assert_eq!(who["session"]["expires_at"], begun + 28_800);
        assert_eq!(who["session"]["idle_expires_at"], begun + 3600);
        for _ in 0..15 {
            app.wait(30 * MINUTE);
            assert!(ann.is_signed_in().await);
        }
        assert_eq!(ann.post("/auth/reauthenticate", &[("password", PASSWORD)]).await.status, 200, "a proof does not prolong it");
        app.wait(30 * MINUTE - Duration::from_micros(1));
        let who = ann.get("/auth/session").await.json();
        assert_eq!(who["session"]["expires_at"], begun + 28_800);
        assert_eq!(who["session"]["idle_expires_at"], begun + 28_800, "use does not reach beyond the end");
        app.wait(Duration::from_micros(1));
        assert_eq!(ann.get("/auth/session").await.status, 401);
        assert!(operate::sessions(&app.doorward, None, 10).await.unwrap().is_empty());
    }

    /// Promise: `sessions/expires`
    async fn use_is_noted_to_the_minute_and_never_in_favour_of_a_longer_life(app: TestApp) {
        let mut ann = app.person(ANN).await;
        app.wait(MINUTE);
        assert!(ann.is_signed_in().await, "noted only beyond a minute");
        app.wait(HOUR - MINUTE);
        assert!(!ann.is_signed_in().await, "an hour after what was noted");
    }

    /// Promise: `sessions/expires`
    async fn what_is_over_is_cleared_away(app: TestApp) {
        app.account(ANN).await;
        for _ in 0..3 {
            app.logged_in(ANN).await;
        }
        app.wait(4 * HOUR);
        let mut ann = app.logged_in(ANN).await;
        app.wait(4 * HOUR);
        crate::features::purge(app.doorward.context()).await.unwrap();
        assert_eq!(app.count("sessions").await, 1);
        assert!(!ann.is_signed_in().await, "it was not used for four hours");
    }

    /// Promise: `sessions/clocks`
    async fn a_clock_that_is_set_back_prolongs_nothing(app: TestApp) {
        let mut ann = app.person(ANN).await;
        app.wait(50 * MINUTE);
        assert!(ann.is_signed_in().await);
        app.clock.set_back(HOUR);
        assert!(!ann.is_signed_in().await, "used in the future");
        assert_eq!(log_in(&mut app.visitor(), ANN).await.status, 200, "a new login works at once");
        app.wait(HOUR - MINUTE - Duration::from_micros(1));
        assert!(!ann.is_signed_in().await);
        app.wait(Duration::from_micros(1));
        assert!(ann.is_signed_in().await, "the clock has caught up to the minute");
        app.wait(HOUR + MINUTE - Duration::from_micros(1));
        assert!(ann.is_signed_in().await);
        app.wait(HOUR);
        assert!(!ann.is_signed_in().await, "no longer than an hour after it was used");
    }

    /// Promise: `sessions/clocks`
    async fn nodes_ten_minutes_apart_make_no_session_live_longer(app: TestApp) {
        app.account(ANN).await;
        let clock = Arc::new(ManualClock::new());
        clock.advance(10 * MINUTE);
        let mut ahead = node(&app, &clock).await;
        assert_eq!(log_in(&mut ahead, ANN).await.status, 200);
        let mut ann = at(&app, &ahead);
        let wait = |span: Duration| {
            app.wait(span);
            clock.advance(span);
        };
        assert!(!ann.is_signed_in().await, "it begins ten minutes from now");
        wait(9 * MINUTE);
        assert!(ann.is_signed_in().await);
        // By either clock it ends at the moment that was fixed when it began: eight hours by the clock of that node.
        for _ in 0..15 {
            wait(30 * MINUTE);
            assert!(ahead.clone().get("/auth/session").await.status == 200 || ann.is_signed_in().await);
        }
        wait(31 * MINUTE);
        let mut late = ahead.clone();
        assert!(!late.is_signed_in().await, "eight hours by the clock that is ahead");
        wait(10 * MINUTE);
        assert!(!ann.is_signed_in().await, "eight hours and the leeway by the other one");
    }

    /// Promise: `sessions/clocks`
    async fn nothing_special_happens_in_2038(app: TestApp) {
        app.account(ANN).await;
        let wrap = Duration::from_secs((1 << 31) - app.now().as_secs().unsigned_abs());
        app.wait(wrap - 10 * MINUTE);
        let mut ann = app.logged_in(ANN).await;
        app.wait(20 * MINUTE);
        let who = ann.get("/auth/session").await.json();
        assert_eq!(who["session"]["expires_at"], (1_i64 << 31) - 600 + 28_800);
        app.wait(HOUR);
        assert!(!ann.is_signed_in().await);
        let mut later = app.logged_in(ANN).await;
        assert!(later.is_signed_in().await);
        assert!(*name_of(&mut later).await > *who["session"]["id"].as_str().unwrap(), "names stay in the order of time");
    }
}
