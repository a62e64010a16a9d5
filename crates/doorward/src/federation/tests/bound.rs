//! An answer counts where it was begun, once, and for ten minutes.

use super::*;

/// A way that was begun in this browser and walked to its end, but for the last step.
async fn walked(world: &World, browser: &mut Actor) -> String {
    let url = begin(browser, "/auth/providers/id", &[]).await;
    callback_of(&world.walk(&url, ANN).await)
}

/// One part of an address that leads back.
fn part(callback: &str, name: &str) -> String {
    let query = callback.split_once('?').unwrap().1;
    url::form_urlencoded::parse(query.as_bytes()).find(|(known, _)| known == name).unwrap().1.into_owned()
}

/// The same address with another value of one of its parts; empty to leave it out.
fn with(callback: &str, name: &str, value: Option<&str>) -> String {
    let (path, query) = callback.split_once('?').unwrap();
    let pairs = url::form_urlencoded::parse(query.as_bytes()).into_owned();
    let others = pairs.filter(|(known, _)| known != name);
    let more = value.map(|value| (name.to_owned(), value.to_owned()));
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(others.chain(more)).finish();
    format!("{path}?{query}")
}

async fn refused(world: &World, browser: &mut Actor, callback: &str, reason: &str) {
    let tokens = world.seen("POST /token").await;
    let answer = come_back(browser, &format!("http://localhost:4400{callback}")).await;
    assert!(answer.status >= 400, "{reason}: {}", answer.text());
    assert!(!answer.set_cookies().iter().any(|cookie| cookie.contains("session=")), "{reason}");
    assert_eq!(reasons(&world.app, Action::Login).await[0], format!("id: {reason}"));
    assert_eq!((world.seen("POST /token").await, world.app.count("sessions").await), (tokens, 0), "{reason}");
}

on_every_engine! {
    /// O-01, O-02, O-04, C-16.
    ///
    /// Promise: `federation/bound`
    async fn an_answer_without_its_state_or_its_browser_is_none(app: TestApp) {
        let world = World::with(app.engine(), &[ann()]).await;
        let mut browser = world.app.visitor();
        let callback = walked(&world, &mut browser).await;
        let mut stranger = world.app.visitor();
        let unknown = "A".repeat(43);
        refused(&world, &mut stranger.clone(), &with(&callback, "state", None), "state_missing").await;
        refused(&world, &mut browser.clone(), &with(&callback, "state", None), "state_missing").await;
        refused(&world, &mut browser.clone(), &with(&callback, "state", Some("")), "state_missing").await;
        refused(&world, &mut stranger.clone(), "/auth/providers/id/callback", "state_missing").await;
        for state in [unknown.as_str(), "x", "null", "0", &"A".repeat(5000)] {
            refused(&world, &mut browser.clone(), &with(&callback, "state", Some(state)), "state_unknown").await;
        }
        refused(&world, &mut stranger, &callback, "state_of_other_browser").await;
        let mut other = world.app.visitor();
        walked(&world, &mut other).await;
        refused(&world, &mut other, &callback, "state_of_other_browser").await;
        let mut empty = browser.clone();
        empty.cookies.insert("dev-provider".to_owned(), String::new());
        refused(&world, &mut empty, &callback, "state_of_other_browser").await;
        let twice = format!("{callback}&state={unknown}");
        refused(&world, &mut browser.clone(), &twice, "answer_malformed").await;
        assert_eq!(come_back(&mut browser, &format!("http://localhost:4400{callback}")).await.status, 200, "the right one still counts");
    }

    /// Promise: `federation/bound`
    async fn of_two_tabs_the_one_that_left_last_comes_back(app: TestApp) {
        let world = World::with(app.engine(), &[ann()]).await;
        let mut browser = world.app.visitor();
        let first = walked(&world, &mut browser).await;
        let second = walked(&world, &mut browser).await;
        refused(&world, &mut browser.clone(), &first, "state_of_other_browser").await;
        assert_eq!(come_back(&mut browser, &format!("http://localhost:4400{second}")).await.status, 200);
    }

    /// Promise: `federation/bound`
    async fn an_answer_counts_once_and_for_ten_minutes(app: TestApp) {
        let world = World::with(app.engine(), &[ann()]).await;
        let mut browser = world.app.visitor();
        let late = walked(&world, &mut browser).await;
        world.app.wait(Duration::from_secs(600));
        refused(&world, &mut browser.clone(), &late, "state_expired").await;
        world.app.clock.set_back(Duration::from_secs(600));
        let callback = walked(&world, &mut browser).await;
        world.app.wait(Duration::from_secs(599));
        world.app.clock.set_back(Duration::from_secs(599));
        let mut again = browser.clone();
        assert_eq!(come_back(&mut browser, &format!("http://localhost:4400{callback}")).await.status, 200);
        let answer = come_back(&mut again, &format!("http://localhost:4400{callback}")).await;
        assert_eq!((answer.status, answer.code().as_str()), (400, "provider_login_stale"));
        assert_eq!((reasons(&world.app, Action::Login).await[0].as_str(), world.app.count("sessions").await), ("id: state_unknown", 1));
    }

    /// O-33.
    ///
    /// Promise: `federation/bound`
    async fn two_who_come_back_with_one_answer_make_one_session(app: TestApp) {
        let world = World::with(app.engine(), &[ann()]).await;
        let mut browser = world.app.visitor();
        let callback = walked(&world, &mut browser).await;
        let coming = (0..8).map(|_| {
            let (mut browser, callback) = (browser.clone(), callback.clone());
            async move { browser.get(&callback).await.status }
        });
        let mut statuses: Vec<u16> = at_once(coming).await;
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 400, 400, 400, 400, 400, 400, 400]);
        assert_eq!((world.app.count("sessions").await, world.seen("POST /token").await), (1, 1));
    }

    /// O-07: the code of somebody else, in an answer to one's own question.
    ///
    /// Promise: `federation/secrets-unseen`
    async fn a_code_that_was_stolen_is_worth_nothing(app: TestApp) {
        let bob = json!({ "sub": "bob", "login": "bob", "password": "password", "email": "bob@example.com", "email_verified": true });
        let world = World::with(app.engine(), &[ann(), bob]).await;
        let (mut victim, mut thief) = (world.app.visitor(), world.app.visitor());
        let of_victim = walked(&world, &mut victim).await;
        let code = part(&of_victim, "code");
        let url = begin(&mut thief, "/auth/providers/id", &[]).await;
        let of_thief = callback_of(&world.walk(&url, "bob").await);
        let injected = with(&of_thief, "code", Some(&code));
        let answer = come_back(&mut thief, &format!("http://localhost:4400{injected}")).await;
        assert_eq!((answer.status, answer.code().as_str()), (502, "provider_answer_refused"));
        assert_eq!(reasons(&world.app, Action::Login).await, ["id: token_refused"]);
        assert_eq!(world.app.count("sessions").await, 0);
    }

    /// O-05: what is worth something in one place is worth nothing in another.
    ///
    /// Promise: `federation/bound`
    async fn a_state_is_no_other_token_and_no_other_token_a_state(app: TestApp) {
        let world = World::with(app.engine(), &[ann()]).await;
        world.app.account(ANN).await;
        world.app.visitor().post("/auth/password/forgot", &[("email", ANN)]).await;
        let reset = world.app.token_for(ANN).await;
        let mut browser = world.app.visitor();
        let callback = walked(&world, &mut browser).await;
        refused(&world, &mut browser.clone(), &with(&callback, "state", Some(&reset)), "state_unknown").await;
        let kept = browser.cookies["dev-provider"].clone();
        refused(&world, &mut browser.clone(), &with(&callback, "state", Some(&kept)), "state_unknown").await;
        let state = part(&callback, "state");
        for token in [state, kept] {
            let form = [("token", token.as_str()), ("new_password", "a quite different passphrase")];
            assert_eq!(world.app.visitor().post("/auth/password/reset", &form).await.code(), "link_spent");
            let form = [("token", token.as_str()), ("password", PASSWORD)];
            assert_eq!(world.app.visitor().post("/auth/email/verify", &form).await.code(), "link_spent");
        }
    }

    /// Some providers answer with a form of their own site, with which a browser sends none of our cookies.
    ///
    /// Promise: `federation/bound`, `guard/landing`
    async fn an_answer_may_come_as_a_form_and_counts_no_more_for_that(app: TestApp) {
        let world = World::with(app.engine(), &[ann()]).await;
        let mut browser = world.app.visitor();
        let callback = walked(&world, &mut browser).await;
        let (path, query) = callback.split_once('?').unwrap();
        let mut form = world.app.visitor().in_browser();
        form.set_header("origin", "https://appleid.apple.com");
        form.set_header("sec-fetch-site", "cross-site");
        let sends = async |form: &mut Actor, body: &str| {
            form.send(axum::http::Method::POST, path, body, Some("application/x-www-form-urlencoded")).await
        };
        let answer = sends(&mut form, &format!("{query}&user=%7B%22email%22%3A%22evil%40example.com%22%7D")).await;
        assert_eq!((answer.status, answer.header("referrer-policy")), (303, "no-referrer"));
        let to = answer.header("location").to_owned();
        assert!(to.starts_with(path) && !to.contains("user"), "{to}");
        refused(&world, &mut world.app.visitor(), &to, "state_of_other_browser").await;
        let twice = sends(&mut form, &format!("{query}&state=x")).await.header("location").to_owned();
        refused(&world, &mut browser.clone(), &twice, "answer_malformed").await;
        assert_eq!(come_back(&mut browser, &format!("http://localhost:4400{to}")).await.status, 200);
    }

    /// O-18.
    ///
    /// Promise: `federation/bound`
    async fn the_way_back_is_that_of_the_settings(app: TestApp) {
        let world = World::with(app.engine(), &[ann()]).await;
        let mut visitor = world.app.visitor();
        let token = visitor.form_token().await;
        for (name, value) in [("x-forwarded-host", "evil.example"), ("forwarded", "host=evil.example"), ("x-forwarded-proto", "gopher")] {
            visitor.set_header(name, value);
        }
        let answer = visitor.post_with(&token, "/auth/providers/id", &[]).await;
        let url = answer.json()["redirect_to"].as_str().unwrap().to_owned();
        assert!(url.contains("redirect_uri=http%3A%2F%2Flocalhost%3A4400%2Fauth%2Fproviders%2Fid%2Fcallback"), "{url}");
        for field in ["redirect_uri", "code_challenge", "state", "nonce", "email", "account"] {
            assert_eq!(visitor.post_with(&token, "/auth/providers/id", &[(field, "x")]).await.code(), "unknown_field", "{field}");
        }
    }
}
