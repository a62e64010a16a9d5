//! Clients in the operator's console.

use super::*;

const ROOT: &str = "root@example.com";

async fn operator(app: &TestApp, role: &str) -> Actor {
    let email = format!("{role}@example.com");
    let account = app.account(&email).await;
    assert!(operate::grant_operator(&app.doorward, account, vec![role.parse().unwrap()]).await.unwrap());
    app.logged_in(&email).await
}

const FORM: [(&str, &str); 5] = [
    ("name", "Books & <b>Co</b>"),
    ("id", "books"),
    ("authentication", "secret"),
    ("grants", "authorization_code, refresh_token"),
    ("redirect_uris", "https://a.example/cb\r\nhttps://b.example/cb\n"),
];

on_every_engine! {
    /// Promise: `clients/operators-only`, `clients/digest-at-rest`
    async fn a_client_is_registered_in_the_console_and_its_secret_shown_once(app: TestApp) {
        let program = program(&app).await;
        let mut admin = operator(&app, "admin").await;
        let answer = admin.post("/auth/admin/clients", &FORM).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let made = answer.json();
        let secret = made["secret"].as_str().unwrap().to_owned();
        assert_eq!((&made["of_settings"], &made["created_at"]), (&json!(false), &json!(app.now().as_secs())));
        assert_eq!(made["resources"], json!([app.origin()]), "as it is found afterwards");
        assert_eq!(made["redirect_uris"], json!(["https://a.example/cb", "https://b.example/cb"]));
        assert_eq!(asked(&program, &basic("books", &secret), &[]).await, "books");
        let seen = admin.get("/auth/admin/clients/books").await;
        assert!(seen.status == 200 && seen.json()["secret"].is_null() && !seen.text().contains(&secret), "{}", seen.text());
        assert_eq!(answer.header("cache-control"), "no-store");
        let rotated = admin.post("/auth/admin/clients/books/rotate", &[("hours", "1")]).await.json();
        let newer = rotated["secret"].as_str().unwrap().to_owned();
        assert_eq!(rotated["secret_before_until"], app.now().as_secs() + 3600);
        for good in [&secret, &newer] {
            assert_eq!(asked(&program, &basic("books", good), &[]).await, "books");
        }
        for hours in ["721", "-1", "x", "1.5"] {
            assert_eq!(admin.post("/auth/admin/clients/books/rotate", &[("hours", hours)]).await.code(), "hours_invalid");
        }
        let mut page = admin.clone().in_browser();
        let form = [&[("id", "pages")], &FORM[2..], &[("name", "Pages")]].concat();
        let shown = page.post("/auth/admin/clients", &form).await.text();
        assert!(shown.contains("dws_") && shown.contains("Shown this once"), "{shown}");
        assert!(!page.get("/auth/admin/clients/pages").await.text().contains("dws_"));
        let text = page.get("/auth/admin/clients/books").await.text();
        assert!(text.contains("Books &#38; &#60;b&#62;Co") && !text.contains("<b>Co"), "{text}");
        for action in ["client.registered", "client.secret_rotated"] {
            assert!(events(&app, action).await.iter().all(|event| event.actor.starts_with("operator:")), "{action}");
        }
    }

    /// Promise: `clients/operators-only`
    async fn what_the_console_does_to_a_client_holds_and_is_written_down(app: TestApp) {
        let program = program(&app).await;
        let secret = registered(&app, &service("billing")).await;
        let mut admin = operator(&app, "admin").await;
        for (act, action, expected) in [
            ("disable", "client.disabled", UNPROVED),
            ("enable", "client.enabled", "billing"),
            ("delete", "client.deleted", UNPROVED),
        ] {
            let path = format!("/auth/admin/clients/billing/{act}");
            if act != "enable" {
                let page = admin.clone().in_browser().get(&path).await;
                assert!(page.status == 200 && page.text().contains(&format!("action=\"{path}\"")), "{}", page.text());
            }
            assert_eq!(admin.post(&path, &[]).await.status, 200, "{act}");
            assert_eq!(asked(&program, &basic("billing", &secret), &[]).await, expected, "{act}");
            let written = events(&app, action).await;
            assert_eq!((written.len(), written[0].target.as_deref()), (1, Some("client:billing")), "{act}");
        }
        assert_eq!(admin.post("/auth/admin/clients/billing/delete", &[]).await.code(), "no_such_client");
        assert_eq!(admin.get("/auth/admin/clients/Not%20one").await.code(), "no_such_client");
    }

    /// Promise: `clients/operators-only`
    async fn a_form_that_was_refused_comes_back_with_what_was_typed(app: TestApp) {
        let mut admin = operator(&app, "admin").await;
        for (name, value, code) in [
            ("redirect_uris", "http://localhost/cb", "client_invalid"),
            ("tenant", "nowhere", "no_such_tenant"),
            ("id", "Not One", "client_invalid"),
            ("trusted", "perhaps", "client_invalid"),
            ("algorithm", "RS256", "client_invalid"),
        ] {
            let mut form: Vec<_> = FORM.into_iter().filter(|(known, _)| *known != name).collect();
            form.push((name, value));
            let answer = admin.post("/auth/admin/clients", &form).await;
            assert_eq!((answer.status, answer.code().as_str()), (422, code), "{name}");
            assert_eq!(answer.json()["errors"][0]["field"], name, "{}", answer.text());
            let page = admin.clone().in_browser().post("/auth/admin/clients", &form).await;
            assert!(page.status == 422 && page.text().contains("Books &#38; &#60;b&#62;Co"), "{}", page.text());
            assert!(["trusted", "algorithm"].contains(&name) || page.text().contains(value), "{name}");
        }
        assert_eq!(app.count("clients").await, 0);
        let mut auditor = operator(&app, "auditor").await;
        assert_eq!(auditor.post("/auth/admin/clients", &FORM).await.code(), "forbidden");
        let mut support = operator(&app, "support").await;
        assert_eq!(support.get("/auth/admin/clients").await.code(), "forbidden");
        assert_eq!(auditor.get("/auth/admin/clients").await.status, 200);
        assert_eq!(app.person(ROOT).await.get("/auth/admin/clients").await.status, 404);
    }

    /// Promise: `clients/operators-only`
    async fn the_list_comes_in_pages(app: TestApp) {
        let mut admin = operator(&app, "admin").await;
        for number in 0..7 {
            registered(&app, &service(&format!("c{number}"))).await;
        }
        let (mut found, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = admin.get(&format!("/auth/admin/clients?limit=3&cursor={cursor}")).await.json();
            found.extend(page["clients"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned()));
            match page["next"].as_str() {
                Some(next) => cursor = next.to_owned(),
                None => break,
            }
        }
        assert_eq!(found, ["c6", "c5", "c4", "c3", "c2", "c1", "c0"]);
        assert_eq!(admin.get("/auth/admin/tenants?cursor=").await.status, 200);
        let of_tenants = admin.get(&format!("/auth/admin/tenants?cursor={cursor}")).await;
        assert_eq!(of_tenants.status, 422, "a cursor of one list is none of another");
    }
}
