use serde_json::Value;

use crate::support::{Site, on_every_engine, until};

fn cause_events(site: &Site) {
    site.logged_in("ann@example.com");
    site.visitor().log_in("ann@example.com", "a wrong password");
}

on_every_engine! {
    /// Promise: `server/audit-export`
    fn an_export_is_whole_and_parseable_in_both_forms(site: Site) {
        cause_events(&site);
        let searched = site.objects(&["audit", "search", "--json"]);
        assert!(searched.len() >= 3, "{searched:?}");
        let mut exported = site.objects(&["audit", "export", "--format", "jsonl"]);
        assert_eq!(exported.remove(0)["action"], "audit.exported");
        assert_eq!(exported, searched);
        let file = site.beside("events.csv");
        site.done(&["audit", "export", "--format", "csv", "--output", file.to_str().unwrap()]);
        let searched = site.objects(&["audit", "search", "--json"]);
        let csv = std::fs::read_to_string(&file).unwrap();
        let mut lines = csv.lines();
        assert_eq!(lines.next(), Some("id,at,actor,action,target,tenant,result,address,factors,detail"));
        let rows: Vec<Vec<String>> =
            lines.map(|line| line[1..line.len() - 1].split("\",\"").map(str::to_owned).collect()).collect();
        let of = |event: &Value| {
            ["id", "at", "actor", "action", "target", "tenant", "result", "address", "factors", "detail"]
                .map(|key| event[key].as_str().unwrap_or_default().to_owned())
                .to_vec()
        };
        assert_eq!(rows, searched.iter().map(of).collect::<Vec<_>>());
        // Progress is for somebody who is watching: to a pipe or a file nothing is said.
        let quiet = site.run(&["audit", "export", "--format", "csv"]);
        assert!(quiet.code == Some(0) && quiet.stderr.is_empty(), "{quiet:?}");
        let again = site.run(&["audit", "export", "--format", "csv", "--output", file.to_str().unwrap()]);
        assert_eq!(again.code, Some(1), "{again:?}");
    }

    fn a_search_finds_what_it_is_asked_for(site: Site) {
        cause_events(&site);
        let logins = site.objects(&["audit", "search", "--action", "login", "--json"]);
        let results: Vec<&str> = logins.iter().map(|event| event["result"].as_str().unwrap()).collect();
        assert_eq!(results, ["denied", "success"], "newest first");
        let refused = site.objects(&["audit", "search", "--result", "denied", "--json"]);
        assert_eq!(refused, logins[..1]);
        let tenant = "01890a5d-ac96-774b-bcce-b302099a8057";
        assert!(site.objects(&["audit", "search", "--tenant", tenant, "--json"]).is_empty());
        let of_ann = site.objects(&["audit", "search", "--user", "ann@example.com", "--json"]);
        assert!(of_ann.iter().any(|event| event["action"] == "account.created"));
        assert!(site.objects(&["audit", "search", "--until", "1h", "--json"]).is_empty());
        assert_eq!(site.objects(&["audit", "search", "--limit", "1", "--json"]).len(), 1);
        let tail = site.objects(&["audit", "tail", "--json"]);
        let mut newest_first = tail.clone();
        newest_first.reverse();
        assert_eq!(newest_first, site.objects(&["audit", "search", "--json"]));
        assert!(site.done(&["audit", "tail"]).contains("login denied"));
    }

    /// Promise: `server/operator-acts`
    fn what_an_operator_does_at_the_server_is_in_the_log(site: Site) {
        site.logged_in("ann@example.com");
        site.done(&["keys", "rotate"]);
        site.done(&["keys", "rotate", "--at-once"]);
        site.done(&["audit", "export", "--format", "csv"]);
        site.done(&["session", "revoke", "--user", "ann@example.com"]);
        site.done(&["user", "disable", "ann@example.com"]);
        let events = site.objects(&["audit", "search", "--json"]);
        let done: Vec<&str> =
            events.iter().filter(|event| event["actor"] == "operator").map(|e| e["action"].as_str().unwrap()).collect();
        let expected = [
            "account.disabled",
            "session.all_ended",
            "audit.exported",
            "keys.replaced",
            "keys.rotated",
            "account.created",
        ];
        assert_eq!(done, expected);
    }
}

/// Promise: `server/operator-acts`
#[test]
fn a_copy_of_the_database_is_in_the_log() {
    let site = Site::dev(&[]);
    site.done(&["backup", "--output", site.beside("copy.db").to_str().unwrap()]);
    let events = site.objects(&["audit", "search", "--json"]);
    assert_eq!((&events[0]["actor"], &events[0]["action"]), (&"operator".into(), &"backup.made".into()));
}

/// Promise: `server/operator-acts`
#[test]
fn keys_are_kept_and_it_is_said_when_the_log_cannot_be_written() {
    let site = Site::dev(&[]);
    let mut ann = site.logged_in("ann@example.com");
    let db = rusqlite::Connection::open(site.data().join("doorward.db")).unwrap();
    db.execute("ALTER TABLE audit_events RENAME TO elsewhere", []).unwrap();
    let said = site.run(&["keys", "rotate", "--lead", "0"]);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.stdout.contains("Added key"), "{said:?}");
    assert!(
        said.stderr.contains("the keys are changed and in force; only the audit log could not be told"),
        "{said:?}"
    );
    assert_eq!(site.objects(&["keys", "list", "--json"]).len(), 2);
    let said = site.run(&["backup", "--output", site.beside("copy.db").to_str().unwrap()]);
    assert!(said.code == Some(1) && said.stderr.contains("the copy is made"), "{said:?}");
    assert!(site.beside("copy.db").exists());
    let said = site.run(&["audit", "export", "--format", "csv"]);
    assert!(said.code == Some(1) && said.stdout.is_empty(), "an export that cannot be recorded is none: {said:?}");
    db.execute("ALTER TABLE elsewhere RENAME TO audit_events", []).unwrap();
    assert!(ann.is_in());
}

on_every_engine! {
    /// Promise: `server/audit-lines`
    fn the_stream_has_each_event_of_the_server_as_a_line_of_json(site: Site) {
        let mut site = site;
        cause_events(&site);
        let lines = |site: &Site| -> Vec<Value> {
            let lines = site.stdout().into_iter().filter(|line| line.starts_with('{'));
            lines.map(|line| serde_json::from_str(&line).unwrap()).collect()
        };
        until("both logins are there", || lines(&site).iter().filter(|event| event["action"] == "login").count() == 2);
        let searched = site.objects(&["audit", "search", "--action", "login", "--json"]);
        assert_eq!(site.stop(), Some(0));
        let mut streamed: Vec<Value> = lines(&site).into_iter().filter(|event| event["action"] == "login").collect();
        streamed.reverse();
        assert_eq!(streamed, searched);
    }
}

fn file(site: &Site, name: &str) -> String {
    site.beside(name).display().to_string()
}

on_every_engine! {
    /// Promise: `server/audit-verify`
    fn a_log_that_nobody_touched_is_sound_with_and_without_its_checkpoint(site: Site) {
        let mut site = site;
        cause_events(&site);
        let kept = file(&site, "kept");
        site.done(&["audit", "checkpoint", "--output", &kept]);
        assert_eq!(site.run(&["audit", "checkpoint", "--output", &kept]).code, Some(1), "never over something else");
        assert!(site.done(&["audit", "verify"]).ends_with("Nothing is wrong.\n"));
        site.visitor().log_in("ann@example.com", "a wrong password");
        assert_eq!(site.stop(), Some(0));
        let said = site.done(&["audit", "verify", "--checkpoint", &kept]);
        assert!(said.contains("Compared with the checkpoint of ") && said.ends_with("Nothing is wrong.\n"), "{said}");
        let found = &site.objects(&["audit", "verify", "--checkpoint", &kept, "--json"])[0];
        assert_eq!(found["checkpoint"]["signature"], "genuine");
        assert_eq!(found["findings"], serde_json::json!([]));
        let told = &site.objects(&["audit", "checkpoint", "--json"])[0];
        // The public URL of the settings: in development the usual one, whichever port was free.
        let own = format!("localhost:{}/audit", site.port);
        assert!(["localhost:4400/audit", &own].contains(&told["origin"].as_str().unwrap()), "{told}");
        assert!(told["events"].as_i64().unwrap() >= 3 && told["checkpoint"].as_str().unwrap().contains("\nevents "));
        assert_eq!(format!("{}\n", told["public_key"].as_str().unwrap()), site.done(&["audit", "checkpoint", "--public-key"]));
    }

    /// Promise: `server/audit-verify`
    fn a_checkpoint_whose_key_is_gone_is_compared_and_said_to_be_unchecked(site: Site) {
        cause_events(&site);
        let kept = file(&site, "kept");
        site.done(&["audit", "checkpoint", "--output", &kept]);
        let key = site.done(&["audit", "checkpoint", "--public-key"]);
        site.done(&["keys", "rotate", "--at-once"]);
        let said = site.done(&["audit", "verify", "--checkpoint", &kept]);
        assert!(said.contains("signed by a key that this server no longer has"), "{said}");
        let said = site.done(&["audit", "verify", "--checkpoint", &kept, "--public-key", &key]);
        assert!(!said.contains("no longer has"), "{said}");
        let other = site.done(&["audit", "checkpoint", "--public-key"]);
        let said = site.run(&["audit", "verify", "--checkpoint", &kept, "--public-key", &other]);
        assert!(said.code == Some(1) && said.stderr.contains("the key that was given has not signed it"), "{said:?}");
        assert_eq!(site.run(&["audit", "verify", "--checkpoint", &kept, "--public-key", "x"]).code, Some(2));
        let forged = file(&site, "forged");
        let made = site.done(&["audit", "checkpoint"]).replacen("events ", "events 9", 1);
        std::fs::write(&forged, made).unwrap();
        let said = site.run(&["audit", "verify", "--checkpoint", &forged]);
        assert!(said.code == Some(1) && said.stderr.contains("it was changed or made up"), "{said:?}");
        assert_eq!(site.run(&["audit", "verify", "--checkpoint", &file(&site, "nowhere")]).code, Some(1));
    }
}

/// Promise: `server/audit-lines`
#[test]
fn the_stream_has_a_checkpoint_that_can_be_kept() {
    let mut site = Site::serve(&["--audit-stream"], "");
    cause_events(&site);
    assert_eq!(site.stop(), Some(0));
    site.start(&["serve", "--audit-stream"]);
    let line = |site: &Site| site.stdout().into_iter().find(|line| line.starts_with("{\"checkpoint\""));
    until("the server seals what was written before", || line(&site).is_some());
    let note: Value = serde_json::from_str(&line(&site).unwrap()).unwrap();
    std::fs::write(site.beside("kept"), note["checkpoint"].as_str().unwrap()).unwrap();
    let found = &site.objects(&["audit", "verify", "--checkpoint", &file(&site, "kept"), "--json"])[0];
    assert_eq!(found["checkpoint"]["signature"], "genuine");
    assert!(found["checkpoint"]["events"].as_i64().unwrap() >= 3);
}

/// Promise: `server/audit-verify`
#[test]
fn what_was_done_to_the_log_is_found_while_the_server_runs_and_after() {
    let mut site = Site::dev(&[]);
    cause_events(&site);
    let kept = file(&site, "kept");
    site.done(&["audit", "checkpoint", "--output", &kept]);
    let db = rusqlite::Connection::open(site.data().join("doorward.db")).unwrap();
    db.execute("UPDATE audit_events SET actor = 'operator' WHERE result = 'denied'", []).unwrap();
    let said = site.run(&["audit", "verify"]);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.stdout.starts_with("seal ") && said.stdout.contains("at least one was altered"), "{said:?}");
    assert!(said.stderr.contains("the audit log is not what was sealed"), "{said:?}");
    let said = site.run(&["audit", "verify", "--json"]);
    let found: Value = serde_json::from_str(&said.stdout).unwrap();
    assert_eq!((said.code, &found["findings"][0]["kind"]), (Some(1), &"events_altered".into()));
    // Whoever computes all seals anew is found by what is kept elsewhere.
    assert_eq!(site.stop(), Some(0));
    db.execute_batch("UPDATE audit_events SET seal = NULL; DELETE FROM audit_seals").unwrap();
    site.done(&["audit", "checkpoint"]);
    assert!(site.done(&["audit", "verify"]).contains("No checkpoint was given"));
    let said = site.run(&["audit", "verify", "--checkpoint", &kept]);
    assert!(said.code == Some(1) && !said.stdout.contains("Nothing is wrong"), "{said:?}");
    db.execute_batch("DELETE FROM audit_events; DELETE FROM audit_seals").unwrap();
    let said = site.run(&["audit", "verify", "--checkpoint", &kept]);
    assert!(said.code == Some(1) && said.stdout.contains("it was cut off"), "{said:?}");
}
