//! Coming in, and what becomes of whoever does.

use super::*;

on_every_engine! {
    /// Promise: `federation/own-session`, `federation/by-identity`
    async fn somebody_comes_in_and_comes_again(app: TestApp) {
        let world = World::with(app.engine(), &[ann()]).await;
        let (mut ann, answer) = world.comes(ANN).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let who = ann.get("/auth/session").await.json();
        assert_eq!((&who["account"]["email"], &who["account"]["name"]), (&ANN.into(), &"Ann Smith".into()));
        assert_eq!(who["session"]["factors"][0]["factor"], "provider");
        assert_eq!((&who["session"]["id"], &who["csrf_token"]), (&answer.json()["session"], &answer.json()["csrf_token"]));
        let (mut again, _) = world.comes(ANN).await;
        assert_eq!(again.get("/auth/session").await.json()["account"]["id"], who["account"]["id"]);
        assert_eq!((world.app.count("accounts").await, world.app.count("identities").await), (1, 1));
        assert_eq!(world.app.count("provider_flows").await, 0, "nothing is left of the way");
        let logins = events(&world.app, Action::Login).await;
        let said = |at: usize| (logins[at].result.as_str(), logins[at].factors.as_deref(), logins[at].detail.as_deref());
        let expected = ("success", Some("provider"), Some("id"));
        assert_eq!((logins.len(), said(0), said(1)), (2, expected, expected));
        let made = events(&world.app, Action::SignupCompleted).await;
        assert_eq!((made.len(), made[0].detail.as_deref()), (1, Some("id")));
    }

    /// Promise: `federation/own-session`
    async fn no_token_of_the_provider_is_kept_or_shown(app: TestApp) {
        let world = World::with(app.engine(), &[ann()]).await;
        let (mut ann, answer) = world.comes(ANN).await;
        let columns = "issuer || ' ' || subject || ' ' || account || ' ' || provider || ' ' || COALESCE(address, '')";
        let rows: Vec<String> = world.app.db().list(&format!("SELECT {columns} FROM identities"), &[], |row| row.get(0)).await.unwrap();
        let shown = [answer.text(), ann.get("/auth/account/identities").await.text(), rows.concat()].concat();
        for word in ["access_token", "id_token", "eyJ", "refresh"] {
            assert!(!shown.contains(word), "{word}: {shown}");
        }
    }

    /// Promise: `federation/clean-address`
    async fn a_person_is_led_on_without_the_code(app: TestApp) {
        let world = World::with(app.engine(), &[ann()]).await;
        let mut ann = world.app.visitor().in_browser();
        let token = ann.form_token().await;
        let leaving = ann.post_with(&token, "/auth/providers/id", &[("return_to", "/reports?page=2")]).await;
        assert_eq!((leaving.status, leaving.header("cache-control")), (200, "no-store"), "a form of ours does not lead to another site");
        let refresh = leaving.header("refresh").to_owned();
        let url = refresh.strip_prefix("0;url=").unwrap();
        let callback = world.walk(url, ANN).await;
        let answer = come_back(&mut ann, &callback).await;
        assert_eq!((answer.status, answer.header("location"), answer.text().as_str()), (303, "/reports?page=2", ""));
        assert_eq!((answer.header("referrer-policy"), answer.header("cache-control")), ("no-referrer", "no-store"));
        assert!(answer.set_cookies().iter().any(|cookie| cookie.starts_with("dev-provider=;") && cookie.contains("Max-Age=0")));
        assert!(ann.is_signed_in().await);
        // Neither does the answer to one who is refused.
        let answer = come_back(&mut ann, &callback).await;
        let way = answer.header("location").to_owned();
        assert_eq!((answer.status, answer.header("referrer-policy")), (303, "no-referrer"));
        assert!(way.starts_with("/auth/providers/id/failed?code=provider_login_stale&way=login"), "{way}");
        let page = ann.get(&way).await;
        assert!(page.text().contains("Begin again here") && page.text().contains("/auth/login"), "{}", page.text());
    }

    /// Promise: `federation/secrets-unseen`
    async fn each_way_has_a_challenge_and_a_nonce_of_its_own(app: TestApp) {
        let world = World::with(app.engine(), &[ann()]).await;
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..5 {
            let mut visitor = world.app.visitor();
            let url = url::Url::parse(&begin(&mut visitor, "/auth/providers/id", &[]).await).unwrap();
            let part = |name: &str| {
                let mut found = url.query_pairs().filter(|(known, _)| known == name);
                let (_, value) = found.next().unwrap_or_else(|| panic!("{name} in {url}"));
                assert!(found.next().is_none(), "{name} twice");
                value.into_owned()
            };
            assert_eq!((part("code_challenge_method"), part("response_type")), ("S256".to_owned(), "code".to_owned()));
            assert_eq!(part("redirect_uri"), "http://localhost:4400/auth/providers/id/callback");
            assert_eq!(part("scope"), "openid email profile");
            let kept = visitor.cookies["dev-provider"].clone();
            for value in [part("state"), part("nonce"), part("code_challenge"), kept] {
                assert_eq!(value.len(), 43);
                assert!(seen.insert(value), "each is its own");
            }
        }
    }

    /// Promise: `federation/own-session`
    async fn whoever_was_logged_in_before_is_not_any_more(app: TestApp) {
        let world = World::with(app.engine(), &[ann()]).await;
        let mut browser = world.app.person("bob@example.com").await;
        let before = browser.clone();
        assert_eq!(world.comes_in(&mut browser, ANN).await.status, 200);
        assert_eq!(browser.get("/auth/session").await.json()["account"]["email"], ANN);
        assert!(!before.clone().is_signed_in().await, "the session of before has ended");
    }

    /// Promise: `login/new-device-letter`
    async fn the_owner_is_told_of_a_browser_that_is_new_here_too(app: TestApp) {
        let world = World::with(app.engine(), &[ann()]).await;
        let (mut ann, _) = world.comes(ANN).await;
        assert_eq!(world.app.letters_to(ANN).await.len(), 0, "the account is new itself");
        world.comes_in(&mut ann, ANN).await;
        assert_eq!(world.app.letters_to(ANN).await.len(), 0, "the same browser");
        world.comes(ANN).await;
        assert_eq!(world.app.subjects_to(ANN).await, ["New login to your account"]);
    }

    async fn the_pages_have_a_button_with_a_mark(app: TestApp) {
        let world = World::with(app.engine(), &[ann()]).await;
        let mut visitor = world.app.visitor().in_browser();
        for (path, words) in [("/auth/login?return_to=/reports", "Log in with Example ID"), ("/auth/signup", "Sign up with Example ID")] {
            let page = visitor.get(path).await.text();
            assert!(page.contains(words) && page.contains("action=\"/auth/providers/id\"") && page.contains("<svg"), "{page}");
        }
        assert!(!app.visitor().in_browser().get("/auth/login").await.text().contains("providers"), "without one there is nothing");
    }

    /// Promise: `federation/fails-closed`
    async fn whoever_says_no_there_can_do_something_about_it(app: TestApp) {
        let world = World::with(app.engine(), &[ann()]).await;
        let mut ann = world.app.visitor();
        let url = begin(&mut ann, "/auth/providers/id", &[]).await;
        let callback = world.walked(json!({ "url": url, "login": ANN, "password": "password", "cancel": true })).await;
        let answer = come_back(&mut ann, &callback).await;
        assert_eq!((answer.status, answer.code().as_str()), (403, "provider_cancelled"));
        assert_eq!(reasons(&world.app, Action::Login).await, ["id: cancelled"]);
        assert_eq!((world.app.count("sessions").await, world.seen("POST /token").await), (0, 0));
    }

    /// Promise: `federation/fails-closed`
    async fn without_the_store_nobody_leaves_and_nobody_comes_back(app: TestApp) {
        let world = World::with(app.engine(), &[ann()]).await;
        let mut coming = world.app.visitor();
        let url = begin(&mut coming, "/auth/providers/id", &[]).await;
        let callback = world.walk(&url, ANN).await;
        let rename = async |from: &str, to: &str| {
            let mut tx = world.app.db().begin(operate::Durability::Full).await.unwrap();
            tx.batch(&format!("ALTER TABLE {from} RENAME TO {to}")).await.unwrap();
            tx.commit().await.unwrap();
        };
        for table in ["provider_flows", "identities"] {
            rename(table, "elsewhere").await;
            let answer = come_back(&mut coming.clone(), &callback).await;
            assert_eq!((answer.status, answer.code().as_str()), (503, "unavailable"), "{table}");
            rename("elsewhere", table).await;
        }
        assert_eq!(world.app.count("sessions").await, 0);
        rename("provider_flows", "elsewhere").await;
        assert_eq!(world.app.visitor().post("/auth/providers/id", &[]).await.status, 503);
    }

    async fn a_provider_that_is_not_there_is_none(app: TestApp) {
        let world = World::with(app.engine(), &[ann()]).await;
        let answer = world.app.visitor().post("/auth/providers/google", &[]).await;
        assert_eq!((answer.status, answer.code().as_str()), (404, "no_such_provider"));
        assert_eq!(world.app.visitor().get("/auth/providers/google/callback?code=a&state=b").await.status, 404);
        assert_eq!(world.app.visitor().get("/auth/providers/id/failed?code=anything").await.status, 404);
    }

    /// Promise: `federation/disabled-stays-out`
    async fn a_disabled_account_stays_out_whatever_the_provider_says(app: TestApp) {
        let world = World::with(app.engine(), &[ann()]).await;
        let (mut ann, _) = world.comes(ANN).await;
        let account = ann.get("/auth/session").await.json()["account"]["id"].as_str().unwrap().parse().unwrap();
        operate::disable(&world.app.doorward, account).await.unwrap();
        let (mut ann, answer) = world.comes(ANN).await;
        assert_eq!((answer.status, answer.code().as_str()), (403, "account_disabled"));
        assert!(!ann.is_signed_in().await);
        let refused = events(&world.app, Action::Login).await.remove(0);
        assert_eq!((refused.detail.as_deref(), refused.target), (Some("id: account_disabled"), Some(format!("account:{account}"))));
        operate::enable(&world.app.doorward, account).await.unwrap();
        assert_eq!(world.comes(ANN).await.1.status, 200);
    }

    /// C-18: whoever burns all guesses at a password keeps nobody out who needs none.
    async fn a_throttled_password_keeps_nobody_from_coming_by_a_provider(app: TestApp) {
        let world = World::with(app.engine(), &[ann()]).await;
        world.comes(ANN).await;
        for _ in 0..8 {
            world.app.visitor().post("/auth/login", &[("email", ANN), ("password", "a guess of somebody")]).await;
        }
        let throttled = world.app.visitor().post("/auth/login", &[("email", ANN), ("password", "one more guess")]).await;
        assert_eq!(throttled.status, 429);
        assert_eq!(world.comes(ANN).await.1.status, 200);
    }
}
