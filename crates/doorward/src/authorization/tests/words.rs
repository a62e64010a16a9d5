//! What the pages say, and that it is plain.

use super::*;
use crate::config::PolicySettings;

const POLICY: &str = "[policy]
    permissions = [\"invoices:read\", \"invoices:write\"]
    [policy.about]
    \"invoices:read\" = \"See <b>all</b> invoices.\"
    [policy.roles.owner]
    permissions = [\"*\"]
    grants = [\"*\"]";
const READ: &str = "<li>See &#60;b&#62;all&#60;/b&#62; invoices.</li>";
const WRITE: &str = "<li>Do what is called “invoices:write” here.</li>";
const MEMBERS: &str = "<li>See who belongs to the organisation and who is invited.</li>";

/// The same on a policy of the application's own, with a client that may ask for everything there is.
async fn with_policy(fresh: &TestApp) -> (TestApp, Program) {
    let policy = PolicySettings::parse(POLICY).unwrap();
    let app = TestApp::with(fresh.engine(), |settings| settings.policy = policy).await;
    let scopes = ["openid", "profile", "email", "offline_access", "members:read", "invoices:read", "invoices:write"];
    let grants = texts(&["authorization_code", "refresh_token", "device_code"]);
    let written = operate::Registration { scopes: texts(&scopes), grants, ..programs::web() };
    let web = Program::registered(&app, written).await;
    (app, web)
}

/// That a page says all of this, in this order.
#[track_caller]
fn says(page: &str, parts: &[&str]) {
    let mut rest = page;
    for part in parts {
        let at = rest.find(part).unwrap_or_else(|| panic!("{part} is not where it should be in {page}"));
        rest = &rest[at + part.len()..];
    }
}

const ALL: (&str, &str) = ("scope", "invoices:write openid email members:read offline_access invoices:read profile");

on_every_engine! {
    /// Promise: `authorization/asked`, `policy/plain-words`
    async fn a_person_reads_what_would_be_possible_and_where(fresh: TestApp) {
        let (app, web) = with_policy(&fresh).await;
        let mut ann = ann(&app).await.in_browser();
        let page = web.ask(&mut ann, &[ALL]).await.text();
        says(&page, &[
            "<h1>Let The web app in?</h1>", "ann@example.com", "<h2>With your account it could</h2>",
            "<li>Know that it is you when you come back.</li>", "<li>See your name.</li>", "<li>See your email address.</li>",
            "<li>Stay connected after you have logged out.</li>",
            "<h2>In A tenant it could</h2>", READ, WRITE, MEMBERS, "Never more than you may do there yourself.",
            "until you take it back or it has not been here for 14 days, and for 30 days at most", "web.example.com",
        ]);
        let page = web.ask(&mut ann, &[("scope", "openid")]).await.text();
        assert!(!page.contains("See your name") && !page.contains("In A tenant"), "what is not asked for is not said: {page}");
        let page = web.ask(&mut ann, &[("scope", "invoices:read")]).await.text();
        assert!(page.contains(READ) && !page.contains(WRITE) && !page.contains("With your account"), "{page}");
    }

    /// Promise: `authorization/own-tenant`, `policy/plain-words`
    async fn with_several_organisations_the_page_says_where_once_one_is_chosen(fresh: TestApp) {
        let (app, web) = with_policy(&fresh).await;
        let mut ann = ann(&app).await.in_browser();
        let id = accounts(&app).await;
        app.tenant("other", id).await;
        let page = web.ask(&mut ann, &[ALL]).await.text();
        says(&page, &["With your account it could", "In which organisation?", "Choose an organisation", "There it could", READ]);
        let refused = web.decided(&mut ann, "allow", &[ALL]).await;
        assert_eq!(refused.status, 422);
        says(&refused.text(), &["Choose the organisation that is meant.", "There it could", READ, "Let it in"]);
    }

    /// Promise: `authorization/devices`, `policy/plain-words`
    async fn a_device_is_asked_about_in_the_same_words(fresh: TestApp) {
        let (app, web) = with_policy(&fresh).await;
        let mut ann = ann(&app).await.in_browser();
        let device = web.post(&app, "/auth/oauth/device", &[ALL]).await.json();
        let page = ann.post("/auth/device", &[("user_code", text(&device, "user_code"))]).await.text();
        says(&page, &["Let The web app in?", "With your account it could", "In A tenant it could", READ, WRITE, MEMBERS, "this very code"]);
    }

    /// Promise: `authorization/withdrawn`, `policy/plain-words`
    async fn the_list_says_what_each_app_may_do_where(fresh: TestApp) {
        let (app, web) = with_policy(&fresh).await;
        let mut ann = ann(&app).await;
        let id = accounts(&app).await;
        app.tenant("other", id).await;
        web.code(&mut ann, &[("scope", "openid invoices:read"), ("tenant", "acme")]).await;
        web.code(&mut ann, &[("scope", "email members:read"), ("tenant", "other")]).await;
        let told = ann.get("/auth/account/apps").await.json();
        assert_eq!(told["apps"][0]["tenants"], json!(["A tenant", "A tenant"]), "{told}");
        let page = ann.clone().in_browser().get("/auth/account/apps").await.text();
        says(&page, &["The web app", "With your account it may", "Know that it is you", "See your email address."]);
        let places: Vec<_> = page.split("In A tenant it may").skip(1).collect();
        assert_eq!(places.len(), 2, "{page}");
        let said = |sentence: &str| places.iter().filter(|place| place.contains(sentence)).count();
        assert_eq!((said(READ), said(MEMBERS), said(WRITE)), (1, 1, 0), "each where it was agreed to: {page}");
    }

    /// Promise: `authorization/withdrawn`
    async fn the_account_leads_to_the_list_and_the_list_says_what_was_done(app: TestApp) {
        let mut ann = ann(&app).await;
        let web = Program::web(&app).await;
        web.code(&mut ann, &[WANTS]).await;
        let mut browser = ann.in_browser();
        assert!(browser.get("/auth/account").await.text().contains("href=\"/auth/account/apps\""));
        let done = browser.post("/auth/account/apps/web/withdraw", &[]).await;
        assert_eq!(done.status, 303);
        let page = browser.get(done.header("location")).await.text();
        says(&page, &["The app is disconnected.", "No app may use your account."]);
    }
}

/// The one account that there is.
async fn accounts(app: &TestApp) -> doorward_core::AccountId {
    app.db().find("SELECT id FROM accounts", &[], |row| row.get(0)).await.unwrap().unwrap()
}
