//! What the mailbox promises, over HTTP.

use crate::testing::{Engine, TestApp};

const ANN: &str = "ann@example.com";

/// Promise: `mailbox/development-only`
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_doorward_that_sends_letters_has_no_mailbox() {
    let app = TestApp::with(Engine::Sqlite, |settings| settings.mail.smtp_host = "localhost".to_owned()).await;
    app.account(ANN).await;
    app.visitor().post("/auth/password/forgot", &[("email", ANN)]).await;
    for path in ["/auth/dev/mailbox", "/auth/dev/mailbox/000001", "/auth/dev/mailbox/"] {
        let answer = app.visitor().get(path).await;
        assert_eq!((answer.status, answer.code().as_str()), (404, "not_found"), "{path}");
    }
    let page = app.visitor().in_browser().get("/auth/login").await.text();
    assert!(!page.contains("mailbox") && !page.contains("Development"), "nor a sign that there could be one");
    assert!(!app.folder().join("mailbox").exists());
    let described = app.visitor().get("/auth/openapi.json").await.text();
    assert!(!described.contains("mailbox"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn letters_are_shown_newest_first_with_their_links() {
    let app = TestApp::new(Engine::Sqlite).await;
    app.account(ANN).await;
    let mut visitor = app.visitor().in_browser();
    assert!(visitor.get("/auth/dev/mailbox").await.text().contains("No letters yet."));
    visitor.post("/auth/signup", &[("email", "new@example.com"), ("password", crate::testing::PASSWORD)]).await;
    app.letters().await;
    visitor.post("/auth/password/forgot", &[("email", ANN)]).await;
    let token = app.token_for(ANN).await;
    let list = visitor.get("/auth/dev/mailbox").await.text();
    assert!(list.find("/auth/dev/mailbox/000002").unwrap() < list.find("/auth/dev/mailbox/000001").unwrap());
    let link = format!("{}/auth/password/reset?token={token}", app.origin());
    let letter = visitor.get("/auth/dev/mailbox/000002").await.text();
    assert!(letter.contains(&format!("<a href=\"{link}\">{link}</a>")), "{letter}");
    for id in ["000003", "../keys", "..%2fkeys", "%2e%2e%2fkeys", "000002.json", "%00", "2"] {
        let answer = visitor.get(&format!("/auth/dev/mailbox/{id}")).await;
        assert_eq!(answer.status, 404, "{id}");
    }
}

/// A line that only begins like our own address is another site's.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_links_to_this_site_can_be_clicked() {
    let app = TestApp::new(Engine::Sqlite).await;
    let mailbox = app.folder().join("mailbox");
    std::fs::create_dir_all(&mailbox).unwrap();
    let text = "http://localhost:4400@evil.example/\nhttp://localhost:44001/\nhttp://localhost:4400/auth/login\njavascript:alert(1)\n<b>";
    let letter = serde_json::json!({ "to": "<b>@example.com", "subject": "<i>", "text": text, "html": "" });
    std::fs::write(mailbox.join("000001.json"), letter.to_string()).unwrap();
    let page = app.visitor().in_browser().get("/auth/dev/mailbox/000001").await.text();
    let links: Vec<_> =
        page.split("<p class=\"letter\">").nth(1).unwrap().split("</p>").next().unwrap().matches("<a href").collect();
    assert_eq!(links.len(), 1, "{page}");
    assert!(page.contains("<a href=\"http://localhost:4400/auth/login\">"));
    assert!(!page.contains("<b>") && !page.contains("<i>"));
}

/// Letters hold working links: nobody else on the machine may read them.
#[cfg(unix)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn letters_are_readable_by_their_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let app = TestApp::new(Engine::Sqlite).await;
    app.account(ANN).await;
    app.visitor().post("/auth/password/forgot", &[("email", ANN)]).await;
    app.letters().await;
    let mode = std::fs::metadata(app.folder().join("mailbox/000001.json")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

/// What a kill left behind is not shown, and its number is not given again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_letter_is_there_whole_or_not_at_all() {
    let app = TestApp::new(Engine::Sqlite).await;
    app.account(ANN).await;
    let mailbox = app.folder().join("mailbox");
    std::fs::create_dir_all(&mailbox).unwrap();
    std::fs::write(mailbox.join("000001.new"), "{ \"to\": \"an").unwrap();
    app.visitor().post("/auth/password/forgot", &[("email", ANN)]).await;
    app.letters().await;
    let list = app.visitor().get("/auth/dev/mailbox").await;
    assert_eq!((list.status, list.json()["letters"].as_array().unwrap().len()), (200, 1), "{}", list.text());
    let mut names: Vec<_> = std::fs::read_dir(&mailbox).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["000001.new", "000002.json"]);
}

/// Promise: `mailbox/own-host`
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_that_was_rebound_to_this_machine_reads_no_letter() {
    let app = TestApp::new(Engine::Sqlite).await;
    app.account(ANN).await;
    let mut visitor = app.visitor();
    visitor.post("/auth/password/forgot", &[("email", ANN)]).await;
    app.letters().await;
    for host in ["evil.example", "evil.example:4400", "host:4400", "localhost", "localhost:4400.evil.example"] {
        visitor.set_header("host", host);
        for path in ["/auth/dev/mailbox", "/auth/dev/mailbox/000001"] {
            let answer = visitor.get(path).await;
            assert_eq!((answer.status, answer.text().contains("token=")), (421, false), "{host}");
        }
    }
    visitor.set_header("host", "localhost:4400");
    assert_eq!(visitor.get("/auth/dev/mailbox/000001").await.status, 200);
}
