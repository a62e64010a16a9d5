//! The guards in somebody else's application.

use std::time::Duration;

use doorward::testing::{Actor, Engine, TestApp};

use super::{application, policy};

const NOTE: [(&str, &str); 1] = [("text", "<b>buy milk")];

async fn app() -> TestApp {
    TestApp::hosting_with(
        Engine::Sqlite,
        |settings| settings.policy = policy().expect("the policy is sound"),
        application,
    )
    .await
}

/// Makes the team `acme` and one member of it; another owns it.
async fn member(app: &TestApp, role: &str) -> Actor {
    let acme = app.tenant("acme", app.account("owner@example.com").await).await;
    app.member(acme, app.account("ann@example.com").await, role).await;
    app.logged_in("ann@example.com").await
}

/// Promise: `guard/embedded`
#[tokio::test(flavor = "multi_thread")]
async fn nobody_sees_a_notebook_without_a_session() {
    let app = app().await;
    for path in ["/", "/acme/notes"] {
        assert_eq!(app.visitor().get(path).await.status, 401);
        let page = app.visitor().in_browser().get(path).await;
        let way = format!("/auth/login?return_to={}", path.replace('/', "%2F"));
        assert_eq!((page.status, page.header("location")), (303, way.as_str()));
    }
    assert_eq!(app.person("ann@example.com").await.get("/").await.status, 200);
}

/// Promise: `guard/embedded`
#[tokio::test(flavor = "multi_thread")]
async fn to_a_member_of_another_team_there_is_no_notebook() {
    let app = app().await;
    let mut ann = member(&app, "writer").await;
    ann.post("/acme/notes", &NOTE).await;
    app.tenant("other", app.account("eve@example.com").await).await;
    let mut eve = app.logged_in("eve@example.com").await;
    assert_eq!(eve.get("/other/notes").await.status, 200);
    for path in ["/acme/notes", "/nowhere/notes"] {
        let answer = eve.get(path).await;
        assert_eq!((answer.status, answer.code().as_str()), (404, "no_such_tenant"), "{path}");
        assert_eq!(eve.post(path, &NOTE).await.status, 404, "{path}");
    }
    assert_eq!(eve.post("/acme/notes/delete-all", &[]).await.status, 404);
    assert!(!eve.get("/other/notes").await.text().contains("milk"), "each team has its own notes");
    assert!(ann.get("/acme/notes").await.text().contains("milk"));
}

/// Promise: `guard/embedded`
#[tokio::test(flavor = "multi_thread")]
async fn a_member_without_the_permission_reads_and_does_not_write() {
    let app = app().await;
    let mut ann = member(&app, "reader").await;
    assert_eq!(ann.get("/acme/notes").await.status, 200);
    for path in ["/acme/notes", "/acme/notes/delete-all"] {
        let answer = ann.post(path, &NOTE).await;
        assert_eq!((answer.status, answer.code().as_str()), (403, "forbidden"), "{path}");
    }
    assert!(!ann.get("/acme/notes").await.text().contains("milk"));
}

/// Promise: `guard/embedded`
#[tokio::test(flavor = "multi_thread")]
async fn a_note_needs_the_token_of_this_session_and_our_own_page() {
    let app = app().await;
    let mut ann = member(&app, "writer").await;
    assert_eq!(ann.post_with("", "/acme/notes", &NOTE).await.code(), "csrf_token_invalid");
    let foreign = app.person("bob@example.com").await.csrf_token().await;
    assert_eq!(ann.post_with(&foreign, "/acme/notes", &NOTE).await.code(), "csrf_token_invalid");
    let token = ann.csrf_token().await;
    let mut elsewhere = ann.clone();
    elsewhere.set_header("origin", "https://evil.example");
    assert_eq!(elsewhere.post_with(&token, "/acme/notes", &NOTE).await.code(), "foreign_origin");
    assert!(!ann.get("/acme/notes").await.text().contains("milk"));
    let added = ann.post("/acme/notes", &NOTE).await;
    assert_eq!((added.status, added.header("location")), (303, "/acme/notes"));
    assert!(ann.get("/acme/notes").await.text().contains("&lt;b>buy milk"));
}

/// Promise: `guard/embedded`
#[tokio::test(flavor = "multi_thread")]
async fn deleting_everything_needs_a_recent_proof() {
    let app = app().await;
    let mut ann = member(&app, "writer").await;
    app.wait(Duration::from_secs(301));
    assert_eq!(ann.post("/acme/notes/delete-all", &[]).await.code(), "reauthentication_required");
    let proof = [("password", doorward::testing::PASSWORD)];
    assert_eq!(ann.post("/auth/reauthenticate", &proof).await.status, 200);
    assert_eq!(ann.post("/acme/notes/delete-all", &[]).await.status, 303);
}

/// Promise: `guard/no-cookie-for-programs`
#[tokio::test(flavor = "multi_thread")]
async fn a_program_needs_a_token_and_a_session_is_none() {
    let app = app().await;
    let mut ann = member(&app, "writer").await;
    assert_eq!(ann.get("/acme/notes").await.status, 200);
    for person in [&mut ann, &mut app.visitor()] {
        let answer = person.get("/api/acme/notes").await;
        assert_eq!((answer.status, answer.code().as_str()), (401, "invalid_token"));
    }
}
