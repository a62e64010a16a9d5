use serde_json::Value;

use crate::support::{Site, until};

fn site_with_events() -> Site {
    let site = Site::dev(&["--audit-stream"]);
    site.logged_in("ann@example.com");
    site.visitor().log_in("ann@example.com", "a wrong password");
    site
}

/// Promise: `server/audit-export`
#[test]
fn an_export_is_whole_and_parseable_in_both_forms() {
    let site = site_with_events();
    let searched = site.objects(&["audit", "search", "--json"]);
    assert!(searched.len() >= 3, "{searched:?}");
    assert_eq!(site.objects(&["audit", "export", "--format", "jsonl"]), searched);
    let file = site.beside("events.csv");
    site.done(&["audit", "export", "--format", "csv", "--output", file.to_str().unwrap()]);
    let csv = std::fs::read_to_string(&file).unwrap();
    let mut lines = csv.lines();
    assert_eq!(lines.next(), Some("id,at,actor,action,target,tenant,result,address,factors"));
    let rows: Vec<Vec<String>> =
        lines.map(|line| line[1..line.len() - 1].split("\",\"").map(str::to_owned).collect()).collect();
    let of = |event: &Value| {
        ["id", "at", "actor", "action", "target", "tenant", "result", "address", "factors"]
            .map(|key| event[key].as_str().unwrap_or_default().to_owned())
            .to_vec()
    };
    assert_eq!(rows, searched.iter().map(of).collect::<Vec<_>>());
    let again = site.run(&["audit", "export", "--format", "csv", "--output", file.to_str().unwrap()]);
    assert_eq!(again.code, Some(1), "{again:?}");
}

#[test]
fn a_search_finds_what_it_is_asked_for() {
    let site = site_with_events();
    let logins = site.objects(&["audit", "search", "--action", "login", "--json"]);
    let results: Vec<&str> = logins.iter().map(|event| event["result"].as_str().unwrap()).collect();
    assert_eq!(results, ["denied", "success"], "newest first");
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

/// Promise: `server/audit-lines`
#[test]
fn the_stream_has_each_event_of_the_server_as_a_line_of_json() {
    let mut site = site_with_events();
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
