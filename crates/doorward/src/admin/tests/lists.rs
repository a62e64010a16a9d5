//! Finding things, page by page, whatever somebody types.

use super::*;

/// All that a list has, in pages of `limit`.
async fn all(actor: &mut Actor, path: &str, key: &str, limit: u32) -> Vec<Value> {
    let mut found = Vec::new();
    let mut cursor = String::new();
    loop {
        let sign = if path.contains('?') { '&' } else { '?' };
        let answer = actor.get(&format!("{path}{sign}limit={limit}&cursor={cursor}")).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        let page = answer.json();
        assert!(page[key].as_array().unwrap().len() <= limit as usize);
        found.extend(page[key].as_array().unwrap().iter().cloned());
        match page["next"].as_str() {
            Some(next) => cursor = next.to_owned(),
            None => return found,
        }
    }
}

fn texts(found: &[Value], field: &str) -> Vec<String> {
    found.iter().map(|one| one[field].as_str().unwrap_or_default().to_owned()).collect()
}

async fn search(actor: &mut Actor, what: &str) -> Vec<String> {
    let what: String = url::form_urlencoded::byte_serialize(what.as_bytes()).collect();
    texts(&all(actor, &format!("/auth/admin/accounts?search={what}"), "accounts", 100).await, "email")
}

on_every_engine! {
    /// Promise: `admin/searches`
    async fn accounts_are_found_by_address_name_and_id_and_by_no_pattern(app: TestApp) {
        let (mut admin, _) = operator(&app, ROOT, "admin").await;
        app.wait(Duration::from_millis(5));
        for (email, name) in [
            ("ann@example.com", "Ärger 100%"), ("anna@example.com", "anna_b"), ("bob@example.com", "Ann's <b>Bob</b>"),
            ("a%n@example.com", "%"), ("a_n@example.com", ""),
        ] {
            let id = app.account(email).await;
            operate::rename(&app.doorward, id, name).await.unwrap();
            app.wait(Duration::from_millis(5));
        }
        let id = app.doorward.account_of(&"bob@example.com".parse_email()).await.unwrap().unwrap().to_string();
        for (what, expected) in [
            ("ann@example.com", &["ann@example.com"][..]),
            ("ANN@Example.com", &["ann@example.com"]),
            ("ann", &["bob@example.com", "anna@example.com", "ann@example.com"]),
            ("Ann's", &["bob@example.com"]),
            ("Är", &["ann@example.com"]),
            (&id, &["bob@example.com"]),
            ("%", &["a%n@example.com"]),
            ("a%", &["a%n@example.com"]),
            ("a_", &["a_n@example.com"]),
            ("_", &[]),
            ("*", &[]),
            ("' OR 1=1 --", &[]),
            ("example.com", &[]),
            ("\\", &[]),
            ("\0", &["a_n@example.com", "a%n@example.com", "bob@example.com", "anna@example.com", "ann@example.com", ROOT]),
        ] {
            assert_eq!(search(&mut admin, what).await, expected, "{what:?}");
        }
        let long = "a".repeat(101);
        assert_eq!(admin.get(&format!("/auth/admin/accounts?search={long}")).await.code(), "search_too_long");
    }

    /// Promise: `admin/searches`
    async fn what_people_call_themselves_is_shown_as_text(app: TestApp) {
        const HOSTILE: &str = "\"><script>alert(1)</script><img src=x onerror=y>{{7*7}}";
        let (admin, _) = operator(&app, ROOT, "admin").await;
        let mut admin = admin.in_browser();
        let ann = app.account(ANN).await;
        operate::rename(&app.doorward, ann, HOSTILE).await.unwrap();
        let slug = "acme".parse().unwrap();
        operate::create_tenant(&app.doorward, slug, HOSTILE, Some(ann)).await.unwrap();
        let typed: String = url::form_urlencoded::byte_serialize(HOSTILE.as_bytes()).collect();
        for path in [
            "/auth/admin/accounts".to_owned(), format!("/auth/admin/accounts/{ann}"), "/auth/admin/tenants".to_owned(),
            "/auth/admin/tenants/acme".to_owned(), format!("/auth/admin/tenants/acme/members/{ann}"),
            "/auth/admin/tenants/acme/suspend".to_owned(), "/auth/admin/tenants/acme/delete".to_owned(),
            format!("/auth/admin/accounts?search={typed}"), format!("/auth/admin/tenants?search={typed}"),
        ] {
            let page = admin.get(&path).await;
            assert_eq!(page.status, 200, "{path}");
            let page = page.text();
            assert!(!page.contains("<script") && !page.contains("<img") && page.contains("&#60;script&#62;"), "{path}\n{page}");
        }
        for form in [[("slug", HOSTILE), ("name", HOSTILE), ("email", HOSTILE)], [("slug", "ok"), ("name", HOSTILE), ("email", HOSTILE)]] {
            let page = admin.post("/auth/admin/tenants", &form).await;
            assert!(page.status == 422 && !page.text().contains("<script"), "{}", page.text());
        }
        for query in ["tenant", "account", "action", "result", "since", "until", "cursor", "limit"] {
            let page = admin.get(&format!("/auth/admin/audit?{query}={typed}")).await;
            assert!(page.status == 422 && !page.text().contains("<script"), "{query}: {}", page.status);
        }
    }

    /// Promise: `admin/audited`
    async fn the_log_is_taken_away_as_a_file_and_says_so(app: TestApp) {
        let (mut admin, root) = operator(&app, ROOT, "admin").await;
        let owner = app.account("owner@example.com").await;
        app.tenant("acme", owner).await;
        let listed = all(&mut admin, "/auth/admin/audit?tenant=acme", "events", 100).await;
        assert_eq!(listed.len(), 1);
        let lines = admin.get("/auth/admin/audit/export?format=jsonl&tenant=acme").await;
        assert_eq!((lines.status, lines.header("content-type")), (200, "application/jsonl"));
        assert!(lines.header("content-disposition").starts_with("attachment"));
        assert_eq!(serde_json::from_str::<Value>(lines.text().trim()).unwrap(), listed[0]);
        let table = admin.get("/auth/admin/audit/export?format=csv&action=tenant.created").await.text();
        assert_eq!(table.lines().count(), 2, "the headings and the one event: {table}");
        let exports = all(&mut admin, "/auth/admin/audit?action=audit.exported", "events", 100).await;
        assert_eq!(texts(&exports, "actor"), vec![format!("operator:{root}"); 2]);
        for refused in ["", "?format=xml", "?format=csv&tenant=nothing", "?format=csv&cursor=x"] {
            assert_eq!(admin.get(&format!("/auth/admin/audit/export{refused}")).await.status, 422, "{refused}");
        }
        assert_eq!(all(&mut admin, "/auth/admin/audit?action=audit.exported", "events", 100).await.len(), 2);
    }

    /// Promise: `admin/pages`
    async fn every_list_is_complete_in_pages_of_any_size(app: TestApp) {
        let (mut admin, root) = operator(&app, ROOT, "admin").await;
        for number in 0..7 {
            let account = app.account(&format!("person{number}@example.com")).await;
            app.tenant(&format!("tenant{number}"), account).await;
            app.logged_in(&format!("person{number}@example.com")).await;
            app.wait(Duration::from_millis(5));
        }
        let owner = app.doorward.account_of(&"person0@example.com".parse_email()).await.unwrap().unwrap();
        let tenant = operate::tenant(&app.doorward, "tenant0").await.unwrap().unwrap().id;
        assert_ne!(owner, root);
        for number in 1..7 {
            let email = format!("person{number}@example.com").parse_email();
            let account = app.doorward.account_of(&email).await.unwrap().unwrap();
            app.member(tenant, account, "member").await;
        }
        for number in 1..7 {
            let tenant = operate::tenant(&app.doorward, &format!("tenant{number}")).await.unwrap().unwrap().id;
            app.member(tenant, owner, "member").await;
            app.logged_in("person0@example.com").await;
        }
        let of_owner = [format!("/auth/admin/sessions?account={owner}"), format!("/auth/admin/accounts/{owner}/tenants")];
        for (path, key, count, field) in [
            (of_owner[0].as_str(), "sessions", 7, "id"),
            (&of_owner[1], "tenants", 7, "slug"),
            ("/auth/admin/accounts", "accounts", 8, "id"),
            ("/auth/admin/tenants", "tenants", 7, "id"),
            ("/auth/admin/tenants?search=tenant", "tenants", 7, "id"),
            ("/auth/admin/tenants/tenant0", "members", 7, "account"),
            ("/auth/admin/sessions", "sessions", 14, "id"),
            ("/auth/admin/audit?action=login", "events", 14, "id"),
        ] {
            let whole = texts(&all(&mut admin, path, key, 100).await, field);
            assert_eq!(whole.len(), count, "{path}");
            for limit in [1, 2, 3, 7, 8] {
                assert_eq!(texts(&all(&mut admin, path, key, limit).await, field), whole, "{path} by {limit}");
            }
        }
    }

    /// Promise: `admin/pages`
    async fn a_cursor_of_another_list_or_search_is_refused(app: TestApp) {
        let (mut admin, _) = operator(&app, ROOT, "admin").await;
        for number in 0..3 {
            let account = app.account(&format!("ann{number}@example.com")).await;
            app.tenant(&format!("acme{number}"), account).await;
            app.logged_in(&format!("ann{number}@example.com")).await;
        }
        let whose = [app.account("many@example.com").await, app.account("more@example.com").await];
        for number in 0..3 {
            let tenant = operate::tenant(&app.doorward, &format!("acme{number}")).await.unwrap().unwrap().id;
            for account in whose {
                app.member(tenant, account, "member").await;
            }
        }
        for email in ["many@example.com", "many@example.com", "more@example.com", "more@example.com"] {
            app.logged_in(email).await;
        }
        let narrowed = whose.map(|account| {
            [format!("/auth/admin/sessions?limit=1&account={account}"), format!("/auth/admin/accounts/{account}/tenants?limit=1")]
        });
        let lists = [
            &narrowed[0][0], &narrowed[0][1], &narrowed[1][0], &narrowed[1][1],
            "/auth/admin/accounts?limit=1", "/auth/admin/accounts?limit=1&search=ann", "/auth/admin/tenants?limit=1",
            "/auth/admin/tenants?limit=1&search=acme", "/auth/admin/sessions?limit=1", "/auth/admin/audit?limit=1",
            "/auth/admin/audit?limit=1&action=login",
        ];
        let mut cursors = Vec::new();
        for list in lists {
            cursors.push(admin.get(list).await.json()["next"].as_str().unwrap().to_owned());
        }
        for (at, list) in lists.iter().enumerate() {
            for (of, cursor) in cursors.iter().enumerate() {
                let answer = admin.get(&format!("{list}&cursor={cursor}")).await;
                let expected = if at == of { (200, String::new()) } else { (422, "cursor_invalid".to_owned()) };
                assert_eq!(verdict(&answer), expected, "{list} with the cursor of {}", lists[of]);
            }
        }
        for limit in ["0", "101", "-1", "1.5", "x", "99999999999999999999"] {
            let answer = admin.get(&format!("/auth/admin/accounts?limit={limit}")).await;
            assert_eq!(verdict(&answer), (422, "limit_invalid".to_owned()), "{limit}");
        }
        let member = app.logged_in("ann0@example.com").await;
        assert_eq!(member.clone().get(&format!("{}&cursor={}", lists[4], cursors[4])).await.status, 404);
    }

    /// Promise: `admin/pages`
    async fn the_page_of_an_account_leads_to_the_rest_of_its_lists(app: TestApp) {
        let (mut admin, _) = operator(&app, ROOT, "admin").await;
        let ann = app.account(ANN).await;
        app.logged_in(ANN).await;
        let path = format!("/auth/admin/accounts/{ann}");
        let (sessions, tenants) = (format!("/auth/admin/sessions?account={ann}"), format!("{path}/tenants"));
        let page = admin.clone().in_browser().get(&path).await.text();
        assert!(!page.contains(&sessions) && !page.contains(&tenants), "there is no more than this");
        for number in 0..51 {
            app.tenant(&format!("tenant{number}"), ann).await;
        }
        let mut tx = app.db().begin(operate::Durability::Full).await.unwrap();
        for number in 1..=50_i64 {
            let sql = "INSERT INTO sessions (id, digest, account, created_at, seen_at, expires_at, proved_at, factors, device, address)
                SELECT id + $1, digest, account, created_at, seen_at, expires_at, proved_at, factors, device, address
                FROM sessions WHERE id = (SELECT MIN(id) FROM sessions WHERE account = $2)";
            tx.execute(sql, &[&number, &ann]).await.unwrap();
        }
        tx.commit().await.unwrap();
        let account = admin.get(&path).await.json();
        for (key, list) in [("sessions", &sessions), ("tenants", &tenants)] {
            assert_eq!(account[key].as_array().map(Vec::len), Some(50), "{key}");
            let sign = if list.contains('?') { '&' } else { '?' };
            let next = account[format!("{key}_next")].as_str().unwrap();
            let rest = admin.get(&format!("{list}{sign}cursor={next}")).await.json();
            assert_eq!((rest[key].as_array().map(Vec::len), &rest["next"]), (Some(1), &Value::Null), "{rest}");
            let mut browser = admin.clone().in_browser();
            assert!(browser.get(&path).await.text().contains(&format!("href=\"{list}\"")), "{list}");
            let page = browser.get(list).await.text();
            let (_, link) = page.split_once("class=\"button small\" href=\"/auth/admin/").expect("a link to the next page");
            let link = link.split('"').next().unwrap().replace("&#38;", "&");
            let page = browser.get(&format!("/auth/admin/{link}")).await;
            assert!(page.status == 200 && page.text().contains(ANN) && !page.text().contains("cursor="), "{link}");
        }
        let nobody = admin.get("/auth/admin/sessions?account=nobody").await;
        assert_eq!(verdict(&nobody), (404, "no_such_account".to_owned()));
    }

    async fn the_log_is_narrowed_by_everything(app: TestApp) {
        let (ann, _, tenant, _) = victim(&app).await;
        let (mut admin, root) = operator(&app, ROOT, "admin").await;
        app.visitor().post("/auth/login", &[("email", ANN), ("password", "not the password")]).await;
        admin.post(&format!("/auth/admin/accounts/{ann}/disable"), &[]).await;
        for (query, expected) in [
            ("action=login&result=denied".to_owned(), 1), (format!("account={ann}&action=login"), 2),
            ("account=ann@example.com&action=account.disabled".to_owned(), 1), (format!("account={root}&action=account.disabled"), 1),
            ("tenant=acme".to_owned(), 1), (format!("tenant={tenant}"), 1), ("since=2099-01-01".to_owned(), 0),
            ("until=1970-01-02".to_owned(), 0), ("since=2026-11-23&until=2026-11-24&action=tenant.created".to_owned(), 1),
            ("since=1795420800&action=account.disabled".to_owned(), 1), ("since=2026-11-23T09:00:00Z".to_owned(), 0),
        ] {
            let answer = admin.get(&format!("/auth/admin/audit?{query}")).await;
            assert_eq!(answer.json()["events"].as_array().map(Vec::len), Some(expected), "{query}: {}", answer.text());
        }
        for query in ["action=nothing", "result=maybe", "account=nobody@example.com", "tenant=globex", "tenant=A B", "since=soon"] {
            let query = query.replace(' ', "%20");
            assert_eq!(admin.get(&format!("/auth/admin/audit?{query}")).await.status, 422, "{query}");
        }
    }

    async fn an_account_shows_where_it_is_and_where_it_belongs(app: TestApp) {
        let (ann, session, _, _) = victim(&app).await;
        let (mut admin, _) = operator(&app, ROOT, "auditor").await;
        let account = admin.get(&format!("/auth/admin/accounts/{ann}")).await.json();
        assert_eq!((account["email"].as_str(), account["sessions"][0]["id"].as_str()), (Some(ANN), Some(session.as_str())));
        let belongs = &account["tenants"][0];
        assert_eq!((belongs["slug"].as_str(), belongs["roles"][0].as_str()), (Some("acme"), Some("owner")));
        let page = admin.clone().in_browser().get(&format!("/auth/admin/accounts/{ann}")).await.text();
        assert!(page.contains("Firefox on Linux") && page.contains("acme · owner"), "{page}");
        let system = admin.get("/auth/admin/system").await.json();
        let engine = if app.engine() == crate::testing::Engine::Sqlite { "SQLite" } else { "PostgreSQL" };
        assert_eq!((system["database"]["engine"].as_str(), system["keys"][0]["signs"].as_bool()), (Some(engine), Some(true)));
        assert!(!system.to_string().contains("secret"));
    }
}

/// An address from text that is one.
trait ParseEmail {
    fn parse_email(&self) -> doorward_core::EmailAddress;
}

impl ParseEmail for str {
    fn parse_email(&self) -> doorward_core::EmailAddress {
        doorward_core::EmailAddress::parse(self).unwrap()
    }
}
