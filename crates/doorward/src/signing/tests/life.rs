//! From the making of a key to its end.

use std::sync::Arc;

use super::*;
use crate::{
    audit::By,
    base::settings::Section,
    operate::{Durability, Filter, search},
    signing::{flow::Place, store},
    testing::crowd::at_once,
};

/// Brings an application to the moment in which its first key has a successor that does not sign yet.
async fn published(app: &TestApp) -> String {
    let old = token(app).await;
    app.wait(29 * DAY);
    keep(app).await;
    old
}

async fn does(app: &TestApp) -> Vec<&'static str> {
    keys(app).await.iter().map(|key| key.does).collect()
}

async fn actions(app: &TestApp) -> Vec<String> {
    let events = search(app.db(), &Filter::default(), None, 100).await.unwrap();
    events.into_iter().rev().map(|event| format!("{} {}", event.actor, event.action)).collect()
}

on_every_engine! {
    /// Row J-20.
    ///
    /// Promise: `signing/published-ahead`
    async fn a_key_is_published_a_day_before_it_signs(app: TestApp) {
        let first = kid(&token(&app).await);
        app.wait(29 * DAY - MINUTE);
        keep(&app).await;
        assert_eq!(does(&app).await, ["signs"], "not before its time");
        app.wait(MINUTE);
        keep(&app).await;
        keep(&app).await;
        assert_eq!(does(&app).await, ["signs", "will sign"]);
        let published = app.visitor().get("/auth/oauth/jwks").await.text();
        app.wait(DAY - Duration::from_secs(1));
        assert_eq!(kid(&token(&app).await), first);
        app.wait(Duration::from_secs(1));
        let token = token(&app).await;
        assert_ne!(kid(&token), first);
        assert!(in_set(&KeySet::parse(&published).unwrap(), &token), "whoever has the set of yesterday knows the key");
        assert_eq!(actions(&app).await, ["doorward signing.rotated", "doorward signing.rotated"]);
    }

    /// Promise: `signing/published-ahead`
    async fn nobody_may_keep_the_key_set_for_longer_than_a_key_waits(app: TestApp) {
        let answer = app.visitor().get("/auth/oauth/jwks").await;
        assert_eq!(answer.header("cache-control"), "public, max-age=300");
        assert!(answer.headers.get("set-cookie").is_none());
        let reference = crate::signing::Settings::reference();
        let ahead = reference.iter().find(|entry| entry.key == "publish_ahead_secs").unwrap();
        let (least, most): (u64, u64) = ahead.bounds.as_ref().map(|(low, high)| (low.parse().unwrap(), high.parse().unwrap())).unwrap();
        assert!(least > 2 * 300, "{least}");
        let every = reference.iter().find(|entry| entry.key == "rotate_every_secs").unwrap();
        assert!(every.bounds.as_ref().unwrap().0.parse::<u64>().unwrap() > most, "one waits at a time");
    }

    /// Promise: `signing/published-ahead`
    async fn a_rotation_on_command_waits_for_those_who_verify(app: TestApp) {
        let before = token(&app).await;
        for _ in 0..3 {
            let listed = operate::rotate_signing_keys(&app.doorward).await.unwrap();
            assert_eq!(listed.len(), 2, "one waits at a time");
            assert_eq!(listed[1].signs_from, app.now().after(DAY));
        }
        assert_eq!(kid(&token(&app).await), kid(&before));
        app.wait(DAY);
        assert_ne!(kid(&token(&app).await), kid(&before));
        assert_eq!(actions(&app).await, ["doorward signing.rotated", "operator signing.rotated"]);
    }

    /// Row J-20.
    ///
    /// Promise: `signing/retires`
    async fn an_old_token_verifies_until_its_end_and_its_key_no_longer(app: TestApp) {
        published(&app).await;
        app.wait(DAY - Duration::from_secs(1));
        let last = token(&app).await;
        app.wait(Duration::from_secs(1));
        assert_ne!(kid(&token(&app).await), kid(&last));
        app.wait(15 * MINUTE);
        keep(&app).await;
        assert!(verifies(&app, &last).await, "it lives for a quarter of an hour");
        app.wait(2 * MINUTE - Duration::from_secs(1));
        keep(&app).await;
        assert!(verifies(&app, &last).await, "and clocks are a minute apart at most");
        app.wait(Duration::from_secs(1));
        assert!(!verifies(&app, &last).await);
        assert_eq!(app.count("signing_keys").await, 2, "whether or not anybody clears away");
        keep(&app).await;
        assert_eq!(app.count("signing_keys").await, 1);
        assert_eq!(does(&app).await, ["signs"]);
    }

    /// Rows J-20 and J-21.
    ///
    /// Promise: `signing/emergency`
    async fn after_an_emergency_no_older_key_verifies_anywhere(app: TestApp) {
        let other = app.another().await;
        let mut tokens = vec![published(&app).await];
        for algorithm in [Algorithm::EdDsa, Algorithm::Es256] {
            tokens.push(sign(&other, algorithm).await.unwrap());
        }
        for token in &tokens {
            assert!(verifies(&app, token).await && verifies(&other, token).await);
        }
        let before: Vec<_> = keys(&app).await.into_iter().map(|key| key.kid).collect();
        assert_eq!(before.len(), 3, "one of them waits");
        let listed = operate::replace_signing_keys(&app.doorward).await.unwrap();
        assert!(listed.iter().all(|key| key.does == "signs" && !before.contains(&key.kid)));
        assert_eq!((listed.len(), app.count("signing_keys").await), (2, 2));
        for node in [&app, &other] {
            for token in &tokens {
                assert!(!verifies(node, token).await);
            }
            let token = token(node).await;
            assert!(!before.contains(&kid(&token)));
            assert!(verifies(&app, &token).await && verifies(&other, &token).await);
        }
        assert_eq!(actions(&app).await.last().unwrap(), "operator signing.replaced");
    }

    /// Promise: `signing/one-successor`
    async fn twenty_at_once_on_two_nodes_make_one_key(app: TestApp) {
        let other = app.another().await;
        let nodes = || (0..20).map(|at| Arc::clone(if at % 2 == 0 { &app } else { &other }.doorward.context()));
        let signed = async |nodes: Vec<Arc<crate::context::Context>>| {
            let claims = json!({ "sub": "ann" });
            let sign = |cx: Arc<crate::context::Context>| {
                let claims = claims.clone();
                async move { flow::sign(&cx, "at+jwt", Algorithm::EdDsa, &claims).await.unwrap() }
            };
            at_once(nodes.into_iter().map(sign)).await
        };
        let first = signed(nodes().collect()).await;
        assert_eq!(app.count("signing_keys").await, 1);
        assert!(first.iter().all(|token| kid(token) == kid(&first[0])));
        app.wait(29 * DAY);
        for result in at_once(nodes().map(|cx| async move { flow::keep(&cx).await })).await {
            result.unwrap();
        }
        assert_eq!(does(&app).await, ["signs", "will sign"]);
        app.wait(DAY);
        let second = signed(nodes().collect()).await;
        assert!(second.iter().all(|token| kid(token) == kid(&second[0]) && kid(token) != kid(&first[0])));
        assert_eq!(actions(&app).await.len(), 2, "and what was not made is not in the log");
    }

    /// Promise: `signing/one-successor`
    async fn emergencies_at_once_leave_one_key(app: TestApp) {
        let other = app.another().await;
        let before = published(&app).await;
        let nodes = (0..16).map(|at| if at % 2 == 0 { &app } else { &other }.doorward.clone());
        let replaced = at_once(nodes.map(|node| async move { operate::replace_signing_keys(&node).await })).await;
        assert!(replaced.iter().any(Result::is_ok), "{replaced:?}");
        assert_eq!(app.count("signing_keys").await, 1);
        assert_eq!(kid(&token(&app).await), kid(&token(&other).await));
        assert!(!verifies(&other, &before).await);
    }

    /// What one of two nodes has read may be of before the other's two emergencies.
    ///
    /// Promise: `signing/one-successor`, `signing/emergency`
    async fn who_looked_before_others_acted_makes_no_key(app: TestApp) {
        published(&app).await;
        let read = store::all(app.db(), app.now()).await.unwrap();
        for _ in 0..3 {
            operate::replace_signing_keys(&app.doorward).await.unwrap();
        }
        let (cx, now) = (app.doorward.context(), app.now());
        let stale = read.iter().map(|key| Place::after(key, now)).chain([Place::first(Algorithm::EdDsa, now)]);
        for place in stale {
            flow::add(cx, By::DOORWARD, place).await.unwrap();
            assert_eq!(does(&app).await, ["signs"]);
        }
        assert_eq!(actions(&app).await.len(), 5, "two that were made and three that replaced all");
    }

    /// Promise: `signing/clocks`
    async fn a_clock_that_was_set_back_stops_no_signing(app: TestApp) {
        let old = published(&app).await;
        app.wait(DAY);
        let new = token(&app).await;
        app.clock.set_back(2 * DAY);
        let again = token(&app).await;
        assert_eq!(kid(&again), kid(&old), "the moment decides, on whatever node");
        assert!(verifies(&app, &again).await && verifies(&app, &new).await);
        app.clock.set_back(60 * DAY);
        keep(&app).await;
        let again = token(&app).await;
        assert_eq!(kid(&again), kid(&old), "before the first key was made it is the one that is known longest");
        assert!(verifies(&app, &again).await);
        assert_eq!(app.count("signing_keys").await, 2);
    }

    /// Promise: `signing/clocks`, `signing/emergency`
    async fn a_clock_that_was_set_back_brings_no_removed_key_back(app: TestApp) {
        let stolen = published(&app).await;
        operate::replace_signing_keys(&app.doorward).await.unwrap();
        app.clock.set_back(DAY);
        assert!(!verifies(&app, &stolen).await);
        let token = token(&app).await;
        assert_ne!(kid(&token), kid(&stolen));
        assert!(verifies(&app, &token).await);
    }

    /// Promise: `db/fail-closed`
    async fn without_the_table_nothing_is_signed_and_nothing_verifies(app: TestApp) {
        token(&app).await;
        let mut tx = app.db().begin(Durability::Full).await.unwrap();
        tx.batch("ALTER TABLE signing_keys RENAME TO elsewhere").await.unwrap();
        tx.commit().await.unwrap();
        assert!(sign(&app, Algorithm::EdDsa).await.is_err());
        assert!(flow::key_set(app.doorward.context()).await.is_err());
        let answer = app.visitor().get("/auth/oauth/jwks").await;
        assert_eq!((answer.status, answer.json()["error"].as_str()), (503, Some("temporarily_unavailable")));
        assert_eq!(answer.header("cache-control"), "no-store", "nobody keeps that");
    }

    async fn the_worker_looks_after_the_keys(app: TestApp) {
        token(&app).await;
        app.wait(29 * DAY);
        let stop = async {
            while app.count("signing_keys").await < 2 {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), app.doorward.work(stop)).await.unwrap();
    }
}
