//! What was done to the log is found. Whoever does it here has every power over the database.

use super::{
    sealing::{all, seal_some, sealed, write},
    *,
};
use crate::audit::{
    Checkpoint, CheckpointError, Kind, PublicKey, Signature, Verified, checkpoint, read_checkpoint, verify,
};

async fn verified(app: &TestApp, kept: Option<&Checkpoint>) -> Verified {
    verify(&app.doorward, kept, |_, _| {}).await.unwrap()
}

/// Where something is wrong, and what.
async fn findings(app: &TestApp, kept: Option<&Checkpoint>) -> Vec<(i64, Kind)> {
    verified(app, kept).await.findings.into_iter().map(|finding| (finding.seal, finding.kind)).collect()
}

/// A log of three seals of four events, in which every field has a value somewhere, and its checkpoint.
async fn a_log(app: &TestApp) -> Checkpoint {
    write(app, 12).await;
    run(
        app,
        "UPDATE audit_events SET target = 'account:x', tenant = 'here', factors = 'password', detail = 'owner' WHERE id = 6",
    )
    .await;
    for _ in 0..3 {
        assert_eq!(seal_some(app, 4).await, 4);
    }
    let kept = checkpoint(&app.doorward).await.unwrap().checkpoint;
    assert_eq!(findings(app, Some(&kept)).await, []);
    kept
}

/// Computes every seal anew, as somebody does who has the program and the database.
async fn seal_anew(app: &TestApp) {
    run(app, "UPDATE audit_events SET seal = NULL; DELETE FROM audit_seals").await;
    while seal_some(app, 4).await > 0 {}
}

on_every_engine! {
    async fn a_log_of_any_length_that_nobody_touched_is_sound(app: TestApp) {
        for written in 0..6 {
            let found = verified(&app, None).await;
            assert_eq!((found.events, found.unsealed, found.findings), ((0..written).sum(), 0, vec![]));
            write(&app, written as usize).await;
            assert_eq!(verified(&app, None).await.unsealed, written);
            let kept = checkpoint(&app.doorward).await.unwrap();
            assert_eq!(kept.checkpoint.events, (0..=written).sum::<i64>());
            assert_eq!(findings(&app, Some(&kept.checkpoint)).await, []);
        }
        assert_eq!(verified(&app, None).await.seals, 5);
    }

    async fn a_checkpoint_of_the_empty_log_is_one_of_every_log(app: TestApp) {
        let empty = checkpoint(&app.doorward).await.unwrap().checkpoint;
        assert_eq!((empty.seals, empty.events), (0, 0));
        a_log(&app).await;
        assert_eq!(findings(&app, Some(&empty)).await, []);
    }

    async fn the_walk_says_how_far_it_is(app: TestApp) {
        a_log(&app).await;
        let mut told = Vec::new();
        verify(&app.doorward, None, |done, of| told.push((done, of))).await.unwrap();
        assert_eq!(told, [(4, 12), (8, 12), (12, 12)]);
    }

    /// Promise: `audit/tamper-evident`
    async fn an_event_that_was_altered_in_any_field_is_found(app: TestApp) {
        a_log(&app).await;
        for (column, value) in [
            ("at", "at + 1"), ("actor", "'operator'"), ("action", "'session.logout'"), ("target", "'account:y'"),
            ("target", "NULL"),
            ("target", "''"), ("tenant", "'there'"), ("tenant", "NULL"), ("result", "'denied'"), ("address", "'192.0.2.2'"),
            ("address", "NULL"), ("factors", "'password,otp'"), ("factors", "NULL"),
            ("detail", "'viewer'"), ("detail", "NULL"), ("detail", "''"),
        ] {
            let keep = format!("CREATE TABLE kept AS SELECT id, {column} AS was FROM audit_events WHERE id = 6");
            run(&app, &format!("{keep}; UPDATE audit_events SET {column} = {value} WHERE id = 6")).await;
            assert_eq!(findings(&app, None).await, [(2, Kind::EventsAltered)], "{column} = {value}");
            run(&app, &format!("UPDATE audit_events SET {column} = (SELECT was FROM kept) WHERE id = 6; DROP TABLE kept")).await;
            assert_eq!(findings(&app, None).await, [], "{column} is back");
        }
        run(&app, "UPDATE audit_events SET tenant = detail, detail = tenant WHERE id = 6").await;
        assert_eq!(findings(&app, None).await, [(2, Kind::EventsAltered)]);
    }

    /// Promise: `audit/tamper-evident`
    async fn an_event_that_was_removed_is_found(app: TestApp) {
        a_log(&app).await;
        run(&app, "DELETE FROM audit_events WHERE id = 7").await;
        let found = verified(&app, None).await;
        assert_eq!(found.findings.len(), 1);
        let expected = "seal 2 (events 0000000000000005 to 0000000000000008, 2026-11-23T08:00:00Z to 2026-11-23T08:00:00Z): its events \
            do not add up to what was sealed: 1 of 4 is missing";
        assert_eq!((found.findings[0].kind, found.findings[0].text.as_str()), (Kind::EventsMissing, expected));
        run(&app, "DELETE FROM audit_events WHERE id > 8").await;
        assert_eq!(findings(&app, None).await, [(2, Kind::EventsMissing), (3, Kind::EventsMissing)]);
        run(&app, "DELETE FROM audit_events").await;
        assert_eq!(findings(&app, None).await.len(), 3);
    }

    /// Promise: `audit/tamper-evident`
    async fn an_event_that_was_added_to_the_past_is_found(app: TestApp) {
        a_log(&app).await;
        let add = |id: i64, seal: &str| {
            let values = format!("{id}, 1, 'operator', 'login', 'success', {seal}");
            format!("INSERT INTO audit_events (id, at, actor, action, result, seal) VALUES ({values})")
        };
        for (id, seal, expected) in [
            (-5, "2", vec![(2, Kind::EventsAdded)]),
            (500, "3", vec![(3, Kind::EventsAdded)]),
            (500, "4", vec![(4, Kind::SealUnknown)]),
            (500, "0", vec![(0, Kind::SealUnknown)]),
            (500, "-9223372036854775807", vec![(-9223372036854775807, Kind::SealUnknown)]),
            (500, "9223372036854775807", vec![(i64::MAX, Kind::SealUnknown)]),
            (500, "NULL", vec![]),
        ] {
            run(&app, &add(id, seal)).await;
            assert_eq!(findings(&app, None).await, expected, "{id} {seal}");
            run(&app, &format!("DELETE FROM audit_events WHERE id = {id}")).await;
        }
        for id in 1000..2000 {
            run(&app, &add(id, "2")).await;
        }
        assert_eq!(findings(&app, None).await, [(2, Kind::EventsAdded)], "however many");
    }

    /// Promise: `audit/tamper-evident`
    async fn events_that_were_renumbered_reordered_or_put_elsewhere_are_found(app: TestApp) {
        a_log(&app).await;
        for (there, back, expected) in [
            ("SET id = 60 WHERE id = 6", "SET id = 6 WHERE id = 60", vec![(2, Kind::EventsAltered)]),
            ("SET id = -id WHERE seal = 2", "SET id = -id WHERE seal = 2", vec![(2, Kind::EventsAltered)]),
            ("SET seal = 3 WHERE id = 6", "SET seal = 2 WHERE id = 6", vec![(2, Kind::EventsMissing), (3, Kind::EventsAdded)]),
            ("SET seal = NULL WHERE id = 6", "SET seal = 2 WHERE id = 6", vec![(2, Kind::EventsMissing)]),
            (
                "SET seal = 5 - seal WHERE seal > 1", "SET seal = 5 - seal WHERE seal > 1",
                vec![(2, Kind::EventsAltered), (3, Kind::EventsAltered)],
            ),
        ] {
            run(&app, &format!("UPDATE audit_events {there}")).await;
            assert_eq!(findings(&app, None).await, expected, "{there}");
            run(&app, &format!("UPDATE audit_events {back}")).await;
            assert_eq!(findings(&app, None).await, [], "{back}");
        }
        run(&app, "UPDATE audit_events SET seal = NULL WHERE id = 6").await;
        sealed(&app).await;
        assert_eq!(findings(&app, None).await, [(2, Kind::EventsMissing)], "a seal anew makes nothing good");
    }

    /// Promise: `audit/tamper-evident`
    async fn a_seal_that_was_edited_is_found(app: TestApp) {
        a_log(&app).await;
        for column in ["events", "total", "first_event", "last_event", "first_at", "last_at", "sealed_at"] {
            for value in ["+ 1", "- 9223372036854775807"] {
                run(&app, &format!("CREATE TABLE kept AS SELECT {column} AS was FROM audit_seals WHERE id = 2")).await;
                run(&app, &format!("UPDATE audit_seals SET {column} = {column} {value} WHERE id = 2")).await;
                let found = findings(&app, None).await;
                assert!(found.contains(&(2, Kind::SealAltered)), "{column} {value}: {found:?}");
                run(&app, &format!("UPDATE audit_seals SET {column} = (SELECT was FROM kept) WHERE id = 2; DROP TABLE kept")).await;
            }
        }
        assert_eq!(findings(&app, None).await, []);
        run(&app, "UPDATE audit_seals SET root = chain WHERE id = 2").await;
        assert_eq!(findings(&app, None).await, [(2, Kind::SealAltered), (2, Kind::EventsAltered)]);
    }

    /// Promise: `audit/tamper-evident`
    async fn a_hash_that_is_none_is_found(app: TestApp) {
        a_log(&app).await;
        let mut tx = app.db().begin(operate::Durability::Full).await.unwrap();
        let bytes = crate::base::db::Value::bytes(b"short");
        tx.execute("UPDATE audit_seals SET chain = $1 WHERE id = 2", &[&bytes]).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(findings(&app, None).await, [(2, Kind::SealAltered), (3, Kind::SealAltered)]);
    }

    /// Promise: `audit/tamper-evident`
    async fn a_seal_that_is_not_there_is_found(app: TestApp) {
        a_log(&app).await;
        run(&app, "DELETE FROM audit_seals WHERE id = 2").await;
        assert_eq!(findings(&app, None).await, [(2, Kind::SealMissing)]);
        run(&app, "DELETE FROM audit_seals WHERE id = 1").await;
        let found = verified(&app, None).await.findings;
        assert_eq!(found[0].text, "seals 1 to 2 are missing");
        run(&app, "UPDATE audit_seals SET id = 9223372036854775807").await;
        assert!(!findings(&app, None).await.is_empty());
        run(&app, "UPDATE audit_seals SET id = -9223372036854775807").await;
        assert!(!findings(&app, None).await.is_empty());
    }

    /// Promise: `audit/tamper-evident`, `audit/checkpoint-tells`
    async fn a_log_that_was_cut_off_is_found(app: TestApp) {
        let kept = a_log(&app).await;
        run(&app, "DELETE FROM audit_seals WHERE id = 3").await;
        assert_eq!(findings(&app, None).await, [(3, Kind::SealUnknown)], "its events are still there");
        assert_eq!(findings(&app, Some(&kept)).await, [(3, Kind::SealUnknown), (3, Kind::CutOff)]);
        run(&app, "DELETE FROM audit_events WHERE seal = 3").await;
        assert_eq!(findings(&app, None).await, [], "the log alone cannot tell");
        assert_eq!(findings(&app, Some(&kept)).await, [(3, Kind::CutOff)]);
        run(&app, "DELETE FROM audit_seals; DELETE FROM audit_events").await;
        assert_eq!(findings(&app, None).await, []);
        assert_eq!(findings(&app, Some(&kept)).await, [(1, Kind::CutOff)]);
        // What comes after fills the numbers up again, and is not what was there.
        for _ in 0..5 {
            write(&app, 4).await;
            sealed(&app).await;
        }
        assert_eq!(findings(&app, None).await, []);
        assert_eq!(findings(&app, Some(&kept)).await, [(3, Kind::CheckpointDiffers)]);
    }

    /// Promise: `audit/checkpoint-tells`
    async fn a_log_whose_seals_were_all_computed_anew_is_found_by_the_checkpoint(app: TestApp) {
        let kept = a_log(&app).await;
        for change in [
            "UPDATE audit_events SET actor = 'operator' WHERE id = 1",
            "DELETE FROM audit_events WHERE id = 12",
            "UPDATE audit_events SET at = at + 1 WHERE id = 12",
        ] {
            run(&app, change).await;
            seal_anew(&app).await;
            assert_eq!(findings(&app, None).await, [], "the log alone cannot tell");
            let found = findings(&app, Some(&kept)).await;
            assert_eq!(found, [(3, Kind::CheckpointDiffers)], "{change}");
            write(&app, 9).await;
            sealed(&app).await;
            assert_eq!(findings(&app, Some(&kept)).await, [(3, Kind::CheckpointDiffers)], "{change}, later");
        }
    }

    /// Promise: `audit/kept`
    async fn what_is_removed_for_its_age_is_told_apart_from_what_is_removed(app: TestApp) {
        let kept = a_log(&app).await;
        run(&app, "UPDATE audit_seals SET purged_at = 1 WHERE id = 2; DELETE FROM audit_events WHERE seal = 2").await;
        assert_eq!(findings(&app, None).await, [(2, Kind::PurgedEarly)], "it is not old enough");
        app.wait(app.settings.audit.keep + Duration::from_secs(1));
        write(&app, 2).await;
        sealed(&app).await;
        crate::features::purge(app.doorward.context()).await.unwrap();
        let found = verified(&app, Some(&kept)).await;
        assert_eq!((found.seals, found.events, found.purged, found.findings), (4, 2, 12, vec![]));
        run(&app, "UPDATE audit_seals SET purged_at = NULL WHERE id = 1").await;
        assert_eq!(findings(&app, None).await, [(1, Kind::EventsMissing)]);
        run(&app, "UPDATE audit_seals SET purged_at = 1 WHERE id = 1").await;
        run(&app, "UPDATE audit_events SET seal = 1 WHERE id = 13").await;
        assert_eq!(findings(&app, None).await, [(1, Kind::EventsAdded), (4, Kind::EventsMissing)]);
        run(&app, "UPDATE audit_events SET seal = 4 WHERE id = 13; DELETE FROM audit_seals WHERE id = 1").await;
        assert_eq!(findings(&app, Some(&kept)).await, [(1, Kind::SealMissing)]);
    }

    /// Promise: `audit/checkpoint-forged`
    async fn a_checkpoint_outlives_a_rotation_and_then_the_keys_that_signed_it(app: TestApp) {
        write(&app, 3).await;
        let kept = checkpoint(&app.doorward).await.unwrap();
        let read = |key: Option<&PublicKey>| read_checkpoint(&app.doorward, &kept.text, key).map(|(_, by)| by);
        assert_eq!(read(None), Ok(Signature::Genuine));
        let (file, hour) = (app.key_file(), Duration::from_secs(3600));
        file.rotate(app.now(), Duration::ZERO, hour, &SystemEntropy).unwrap();
        app.doorward.replace_keys(file.load().unwrap());
        assert_eq!(read(None), Ok(Signature::Genuine));
        let newer = checkpoint(&app.doorward).await.unwrap();
        assert_ne!(newer.public_key, kept.public_key);
        file.replace_all(app.now(), &SystemEntropy).unwrap();
        app.doorward.replace_keys(file.load().unwrap());
        assert_eq!(read(None), Ok(Signature::UnknownKey));
        assert_eq!(read(Some(&kept.public_key)), Ok(Signature::Genuine));
        assert_eq!(read(Some(&newer.public_key)), Err(CheckpointError::OtherKey));
        run(&app, "DELETE FROM audit_events WHERE id = 2").await;
        seal_anew(&app).await;
        let (kept, _) = read_checkpoint(&app.doorward, &kept.text, None).unwrap();
        assert_eq!(findings(&app, Some(&kept)).await, [(1, Kind::CheckpointDiffers)], "it is compared all the same");
        assert_eq!(all(&app).await.len(), 1);
    }

    /// Promise: `audit/checkpoint-forged`
    async fn a_forged_checkpoint_is_refused(app: TestApp) {
        write(&app, 3).await;
        let kept = checkpoint(&app.doorward).await.unwrap();
        for (from, to, refused) in [
            ("events 3", "events 4", CheckpointError::Forged),
            ("\n1\n", "\n0\n", CheckpointError::Forged),
            ("localhost:4400/audit\n", "elsewhere.example/audit\n", CheckpointError::Forged),
            ("events 3", "three events", CheckpointError::Malformed),
        ] {
            let forged = kept.text.replacen(from, to, 1);
            assert_eq!(read_checkpoint(&app.doorward, &forged, None).unwrap_err(), refused, "{forged}");
        }
        let elsewhere = TestApp::with(crate::testing::Engine::Sqlite, |settings| {
            settings.site.public_url = "http://localhost:4401".to_owned();
        }).await;
        let other = checkpoint(&elsewhere.doorward).await.unwrap();
        let refused = Err(CheckpointError::OtherSite("localhost:4401/audit".to_owned()));
        assert_eq!(read_checkpoint(&app.doorward, &other.text, None), refused);
    }
}

/// Columns of SQLite hold whatever is put there.
///
/// Promise: `audit/tamper-evident`
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_that_was_made_unreadable_is_found() {
    let app = TestApp::new(crate::testing::Engine::Sqlite).await;
    a_log(&app).await;
    run(&app, "UPDATE audit_events SET actor = x'ff00' WHERE id = 6; UPDATE audit_events SET at = 'now' WHERE id = 12")
        .await;
    assert_eq!(findings(&app, None).await, [(2, Kind::EventsAltered), (3, Kind::EventsAltered)]);
}
