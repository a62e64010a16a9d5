//! The log of a tenant, on the page and as a file.

use std::{
    io::{Read, Write},
    net::TcpStream,
};

use super::*;

fn actions(answer: &Answer) -> Vec<String> {
    let events = answer.json()["events"].as_array().cloned().unwrap_or_default();
    events.iter().map(|one| one["action"].as_str().unwrap().to_owned()).collect()
}

/// Doubles the log, so often.
async fn grow(app: &TestApp, times: u32) {
    let sql = "INSERT INTO audit_events (at, actor, action, tenant, result)
        SELECT at, '=HYPERLINK(1)', action, tenant, result FROM audit_events";
    for _ in 0..times {
        let mut tx = app.db().begin(operate::Durability::Full).await.unwrap();
        tx.batch(sql).await.unwrap();
        tx.commit().await.unwrap();
    }
}

/// Begins to read an export and leaves it lying; what has not come yet stays where it is made.
async fn beginning(reader: &Actor) -> TcpStream {
    let address = reader.url("").trim_start_matches("http://").to_owned();
    let host = reader.headers.iter().find(|(name, _)| *name == "host").unwrap().1.clone();
    let cookie = reader.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ");
    let request = format!(
        "GET /auth/tenants/acme/audit/export?format=jsonl HTTP/1.1\r\nhost: {host}\r\ncookie: {cookie}\r\nconnection: close\r\n\r\n"
    );
    let ask = move || {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut first = [0; 1024];
        let read = stream.read(&mut first).unwrap();
        let first = String::from_utf8_lossy(&first[..read]).into_owned();
        assert!(first.starts_with("HTTP/1.1 200"), "{first}");
        stream
    };
    tokio::task::spawn_blocking(ask).await.unwrap()
}

/// Reads the rest; whether it came to its end (RFC 9112 section 7.1: a chunk of length 0).
async fn is_whole(mut stream: TcpStream) -> bool {
    let read = move || {
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest);
        rest.ends_with(b"\r\n0\r\n\r\n")
    };
    tokio::task::spawn_blocking(read).await.unwrap()
}

on_every_engine! {
    /// Promise: `tenant_page/own-log`
    async fn an_export_under_way_breaks_off_with_the_membership(app: TestApp) {
        let all = Acme::of(&app).await;
        // Longer than what fits between the two ends of a connection.
        grow(&app, 13).await;
        assert!(is_whole(beginning(&all.bob).await).await, "with the membership it comes to its end");
        let under_way = beginning(&all.bob).await;
        operate::remove_member(&app.doorward, all.acme, all.ids[1]).await.unwrap();
        assert!(!is_whole(under_way).await, "a former member reads on");
        let under_way = beginning(&all.ann).await;
        operate::disable(&app.doorward, all.ids[0]).await.unwrap();
        assert!(!is_whole(under_way).await, "somebody whose account was disabled reads on");
    }

    /// Promise: `tenant_page/own-log`
    async fn asking_for_the_headers_alone_takes_nothing_away(app: TestApp) {
        let mut all = Acme::of(&app).await;
        assert!(operate::grant_operator(&app.doorward, all.ids[1], vec!["admin".parse().unwrap()]).await.unwrap());
        let before = app.count("audit_events").await;
        for (path, events) in [("/auth/tenants/acme/audit/export", 1), ("/auth/admin/audit/export", 2)] {
            for query in ["?format=jsonl", "?format=csv"] {
                let head = all.bob.send(Method::HEAD, &format!("{path}{query}"), "", None).await;
                assert_eq!((head.status, head.body.len()), (200, 0), "{path}");
                assert!(head.header("content-disposition").starts_with("attachment; filename="), "{path}");
            }
            let head = all.bob.send(Method::HEAD, &format!("{path}?format=xml"), "", None).await;
            assert_eq!(head.status, 422, "{path}");
            assert_eq!(app.count("audit_events").await, before + events - 1, "{path}: nothing was taken away");
            assert_eq!(all.bob.get(&format!("{path}?format=jsonl")).await.status, 200);
            assert_eq!(app.count("audit_events").await, before + events, "{path}: now it was");
        }
    }

    /// Promise: `tenant_page/own-log`
    async fn the_log_shows_what_happened_in_this_tenant_only(app: TestApp) {
        let mut all = Acme::of(&app).await;
        all.dan.post("/auth/tenants/other/rename", &[("name", "A secret of dan's")]).await;
        all.ann.post(&all.path(2, "/roles"), &[("roles", "billing")]).await;
        let page = all.bob.get("/auth/tenants/acme/audit").await;
        assert_eq!(actions(&page), ["member.roles_changed", "member.joined", "member.joined", "tenant.created"]);
        let acme = all.acme.to_string();
        assert!(page.json()["events"].as_array().unwrap().iter().all(|event| event["tenant"] == acme.as_str()), "{}", page.text());
        let (ann, dan) = (all.ids[0], all.ids[3]);
        for (query, expected) in [
            ("action=member.joined".to_owned(), vec!["member.joined", "member.joined"]), ("result=denied".to_owned(), vec![]),
            (format!("account={ann}"), vec!["member.roles_changed"]), (format!("account={dan}"), vec![]),
            ("since=2999-01-01".to_owned(), vec![]), ("until=1999-01-01T00:00:00Z".to_owned(), vec![]), ("action=login".to_owned(), vec![]),
        ] {
            assert_eq!(actions(&all.bob.get(&format!("/auth/tenants/acme/audit?{query}")).await), expected, "{query}");
        }
        for query in ["action=nothing", "account=ann", "result=maybe", "since=yesterday", "until=2026-13-01", "tenant=other"] {
            let answer = all.bob.get(&format!("/auth/tenants/acme/audit?{query}")).await;
            assert!((400..=422).contains(&answer.status), "{query}: {}", answer.text());
        }
        // Somebody who looks for an account learns no address that is not in the log.
        let page = all.bob.clone().in_browser().get(&format!("/auth/tenants/acme/audit?account={dan}")).await;
        assert!(page.status == 200 && !page.text().contains(DAN), "{}", page.text());
        assert!(all.bob.clone().in_browser().get("/auth/tenants/acme/audit").await.text().contains(ANN));
    }

    /// Promise: `tenant_page/own-log`
    async fn members_are_not_told_which_operator_acted_and_from_where(app: TestApp) {
        let mut all = Acme::of(&app).await;
        let root = app.account("root@example.com").await;
        assert!(operate::grant_operator(&app.doorward, root, vec!["admin".parse().unwrap()]).await.unwrap());
        let mut operator = app.logged_in("root@example.com").await;
        assert_eq!(operator.post("/auth/admin/tenants/acme/suspend", &[]).await.status, 200);
        assert_eq!(operator.post("/auth/admin/tenants/acme/resume", &[]).await.status, 200);
        let events = all.bob.get("/auth/tenants/acme/audit?action=tenant.suspended").await.json();
        assert_eq!((&events["events"][0]["actor"], &events["events"][0]["address"]), (&json!("operator"), &Value::Null));
        for path in ["/audit", "/audit/export?format=jsonl", "/audit/export?format=csv"] {
            let text = all.bob.get(&format!("/auth/tenants/acme{path}")).await.text();
            assert!(text.contains("tenant.suspended") && !text.contains(&root.to_string()), "{path}: {text}");
        }
        let whole = operator.get("/auth/admin/audit/export?format=jsonl&tenant=acme").await.text();
        assert!(whole.contains(&root.to_string()), "operators are told");
    }

    /// Promise: `tenant_page/own-log`
    async fn an_export_is_whole_and_is_itself_an_event(app: TestApp) {
        let mut all = Acme::of(&app).await;
        let form = |count: usize| if count.is_multiple_of(2) { [("roles", "billing")] } else { [("roles", "member")] };
        for count in 0..4 {
            assert_eq!(said(&all.ann.post(&all.path(2, "/roles"), &form(count)).await), yes());
        }
        // Enough of them for more than one look at the log.
        grow(&app, 8).await;
        let sql = format!("SELECT COUNT(*) FROM audit_events WHERE tenant = '{}'", all.acme);
        let there: i64 = app.db().list(&sql, &[], |row| row.get(0)).await.unwrap()[0];
        assert!(there > 1000, "{there}");
        let lines = all.bob.get("/auth/tenants/acme/audit/export?format=jsonl").await;
        assert_eq!(lines.header("content-disposition"), "attachment; filename=\"acme-audit.jsonl\"");
        assert_eq!(lines.header("cache-control"), "no-store");
        let events: Vec<Value> = lines.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(events.len() as i64, there + 1);
        assert!(events.iter().all(|event| event["tenant"] == all.acme.to_string().as_str()));
        assert!(events.windows(2).all(|pair| pair[0]["id"].as_str() > pair[1]["id"].as_str()), "newest first, each once");
        assert_eq!((&events[0]["action"], &events[0]["actor"]), (&json!("audit.exported"), &json!(format!("account:{}", all.ids[1]))));
        let table = all.bob.get("/auth/tenants/acme/audit/export?format=csv&action=member.roles_changed").await;
        assert!(table.header("content-type").starts_with("text/csv"));
        let rows: Vec<_> = table.text().lines().map(str::to_owned).collect();
        assert_eq!((rows[0].as_str(), rows.len()), ("id,at,actor,action,target,tenant,result,address,factors,detail", 4 * 256 + 1));
        assert!(rows[1..].iter().all(|row| row.contains("member.roles_changed") && !row.contains(",\"=")), "{}", rows[1]);
        for query in ["", "?format=xml", "?format=csv&tenant=other"] {
            let answer = all.bob.get(&format!("/auth/tenants/acme/audit/export{query}")).await;
            assert!((400..=422).contains(&answer.status), "{query}: {}", answer.text());
        }
        let exports = all.bob.get("/auth/tenants/acme/audit?action=audit.exported").await;
        assert_eq!(actions(&exports).len(), 2, "what was refused is no export");
    }
}
