//! The guards in somebody else's application.

use std::time::Duration;

use doorward::testing::{Engine, TestApp};

use super::application;

async fn app() -> TestApp {
    TestApp::hosting(Engine::Sqlite, application).await
}

/// Promise: `guard/embedded`
#[tokio::test(flavor = "multi_thread")]
async fn nobody_sees_the_notebook_without_a_session() {
    let app = app().await;
    assert_eq!(app.visitor().get("/").await.status, 401);
    let page = app.visitor().in_browser().get("/").await;
    assert_eq!((page.status, page.header("location")), (303, "/auth/login?return_to=%2F"));
    assert_eq!(app.person("ann@example.com").await.get("/").await.status, 200);
}

/// Promise: `guard/embedded`
#[tokio::test(flavor = "multi_thread")]
async fn a_note_needs_the_token_of_this_session_and_our_own_page() {
    let app = app().await;
    let mut ann = app.person("ann@example.com").await;
    let note = [("text", "<b>buy milk")];
    assert_eq!(ann.post_with("", "/notes", &note).await.code(), "csrf_token_invalid");
    let foreign = app.person("bob@example.com").await.csrf_token().await;
    assert_eq!(ann.post_with(&foreign, "/notes", &note).await.code(), "csrf_token_invalid");
    let token = ann.csrf_token().await;
    let mut elsewhere = ann.clone();
    elsewhere.set_header("origin", "https://evil.example");
    assert_eq!(elsewhere.post_with(&token, "/notes", &note).await.code(), "foreign_origin");
    assert!(!ann.get("/").await.text().contains("milk"));
    assert_eq!(ann.post("/notes", &note).await.status, 303);
    assert!(ann.get("/").await.text().contains("&lt;b>buy milk"));
}

/// Promise: `guard/embedded`
#[tokio::test(flavor = "multi_thread")]
async fn deleting_everything_needs_a_recent_proof() {
    let app = app().await;
    let mut ann = app.person("ann@example.com").await;
    app.wait(Duration::from_secs(301));
    assert_eq!(ann.post("/notes/delete-all", &[]).await.code(), "reauthentication_required");
    let proof = [("password", doorward::testing::PASSWORD)];
    assert_eq!(ann.post("/auth/reauthenticate", &proof).await.status, 200);
    assert_eq!(ann.post("/notes/delete-all", &[]).await.status, 303);
}
