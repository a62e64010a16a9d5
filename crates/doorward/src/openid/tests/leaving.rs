use axum::http::Method;

use super::*;

fn query(parts: &[(&str, &str)]) -> String {
    let said = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(parts).finish();
    format!("/auth/oauth/logout?{said}")
}

/// Sends somebody there as another site does.
async fn sent(person: &mut Actor, parts: &[(&str, &str)]) -> crate::testing::Answer {
    let mut lured = person.clone();
    lured.set_header("sec-fetch-site", "cross-site");
    lured.set_header("origin", "https://rp.example");
    lured.get(&query(parts)).await
}

on_every_engine! {
    /// Promise: `openid/logout-asks`
    async fn no_other_site_logs_anybody_out(app: TestApp) {
        let (rp, mut ann) = (RelyingParty::registered(&app, "rp", |_| {}).await, app.person(ANN).await);
        let hint = text_of(&rp.tokens(&mut ann, "openid").await, "id_token");
        let all = [("id_token_hint", hint.as_str()), ("client_id", "rp"), ("post_logout_redirect_uri", BYE), ("logout_hint", ANN)];
        let answer = sent(&mut ann, &all).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let page = sent(&mut ann.clone().in_browser(), &all).await.text();
        assert!(page.contains("Log out?") && page.contains("Relying Party") && page.contains(ANN), "{page}");
        assert!(ann.is_signed_in().await, "being sent there ends nothing");
        let form: Vec<_> = all[..3].to_vec();
        let answer = ann.clone().post_with("", "/auth/oauth/logout/confirm", &form).await;
        assert_eq!((answer.status, answer.code().as_str()), (403, "csrf_token_invalid"));
        let token = ann.csrf_token().await;
        let mut lured = ann.clone();
        lured.set_header("origin", "https://rp.example");
        lured.set_header("sec-fetch-site", "cross-site");
        let answer = lured.post_with(&token, "/auth/oauth/logout/confirm", &form).await;
        assert_eq!((answer.status, answer.code().as_str()), (403, "foreign_origin"));
        let answer = lured.post_with("", "/auth/oauth/logout", &form).await;
        assert_eq!(answer.status, 303);
        assert!(answer.header("location").starts_with("/auth/oauth/logout?id_token_hint="), "{}", answer.header("location"));
        assert!(answer.set_cookies().is_empty());
        assert!(ann.is_signed_in().await);
        assert_eq!(app.visitor().post_with("", "/auth/oauth/logout/confirm", &form).await.status, 401);
    }

    /// Promise: `openid/logout-leads-home`
    async fn the_way_leads_to_no_address_that_is_not_the_clients_own(app: TestApp) {
        let rp = RelyingParty::registered(&app, "rp", |_| {}).await;
        RelyingParty::registered(&app, "other", |written| {
            written.post_logout_redirect_uris = vec!["https://other.example/bye".to_owned()];
        }).await;
        let mut ann = app.person(ANN).await;
        let answer = rp.tokens(&mut ann, "openid").await;
        let (hint, access) = (text_of(&answer, "id_token"), text_of(&answer, "access_token"));
        let forged = format!("{}.{}", hint.rsplit_once('.').unwrap().0, "A".repeat(86));
        let cases: [&[(&str, &str)]; 11] = [
            &[],
            &[("post_logout_redirect_uri", BYE)],
            &[("client_id", "rp")],
            &[("client_id", "rp"), ("post_logout_redirect_uri", "https://evil.example/")],
            &[("client_id", "rp"), ("post_logout_redirect_uri", "https://rp.example/bye/")],
            &[("client_id", "rp"), ("post_logout_redirect_uri", "https://rp.example/bye?next=https://evil.example")],
            &[("client_id", "rp"), ("post_logout_redirect_uri", "https://other.example/bye")],
            &[("client_id", "other"), ("id_token_hint", &hint), ("post_logout_redirect_uri", "https://other.example/bye")],
            &[("client_id", "nobody"), ("post_logout_redirect_uri", BYE)],
            &[("id_token_hint", &forged), ("post_logout_redirect_uri", BYE)],
            &[("id_token_hint", &access), ("post_logout_redirect_uri", BYE)],
        ];
        for parts in cases {
            let answer = sent(&mut ann, parts).await;
            assert_eq!((answer.status, &answer.json()["redirect_to"]), (200, &Value::Null), "{parts:?}");
            let answer = sent(&mut app.visitor().in_browser(), parts).await;
            assert_eq!((answer.status, answer.header("location")), (303, "/auth/login?done=logged-out"), "{parts:?}");
        }
        let mut leaving = app.logged_in(ANN).await;
        let answer = leaving.post("/auth/oauth/logout/confirm", cases[3]).await;
        assert_eq!(answer.json(), json!({ "logged_out": true, "redirect_to": null }));
        assert!(!leaving.is_signed_in().await);
    }

    /// Promise: `openid/logout-leads-home`
    async fn whoever_says_yes_is_logged_out_and_led_home(app: TestApp) {
        let (rp, mut ann) = (RelyingParty::registered(&app, "rp", |_| {}).await, app.person(ANN).await);
        let hint = text_of(&rp.tokens(&mut ann, "openid").await, "id_token");
        // A person is logged in for longer than an ID token lives.
        app.wait(Duration::from_secs(1800));
        let parts = [("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", BYE), ("state", "a b&c")];
        let expected = format!("{BYE}?state=a+b%26c");
        assert_eq!(sent(&mut ann, &parts).await.json()["redirect_to"], expected.as_str());
        let mut elsewhere = app.logged_in(ANN).await;
        let mut browser = ann.clone().in_browser();
        let page = browser.post("/auth/oauth/logout/confirm", &parts).await;
        assert_eq!((page.status, page.header("refresh")), (200, format!("0;url={expected}").as_str()), "{}", page.text());
        assert!(page.text().contains("Relying Party") && page.text().contains(&expected.replace('&', "&#38;")), "{}", page.text());
        assert!(!browser.is_signed_in().await && !ann.is_signed_in().await);
        assert!(elsewhere.is_signed_in().await, "other devices stay");
        assert!(app.audit_lines().iter().any(|line| line.contains("session.logout")));
        // Nobody is logged in here any more, so nothing is asked.
        let answer = sent(&mut browser, &parts).await;
        assert_eq!((answer.status, answer.header("location")), (303, expected.as_str()));
        let answer = browser.get(&query(&parts)).await;
        assert_eq!((answer.status, answer.header("refresh")), (200, format!("0;url={expected}").as_str()), "a page of ours led here");
    }

    /// Promise: `openid/logout-leads-home`
    async fn a_hint_is_too_old_one_day(app: TestApp) {
        let (rp, mut ann) = (RelyingParty::registered(&app, "rp", |_| {}).await, app.person(ANN).await);
        let hint = text_of(&rp.tokens(&mut ann, "openid").await, "id_token");
        let parts = [("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", BYE)];
        app.wait(Duration::from_secs(30 * 86_400 + 1));
        assert_eq!(sent(&mut app.visitor(), &parts).await.json()["redirect_to"], Value::Null);
        let mut visitor = app.visitor();
        let answer = visitor.send(Method::GET, "/auth/oauth/logout?client_id=rp&client_id=rp", "", None).await;
        assert_eq!(answer.status, 400, "said twice");
    }
}
