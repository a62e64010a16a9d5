//! What the account page promises, over HTTP, on every engine.

use std::time::Duration;

use crate::{
    on_every_engine,
    testing::{Actor, Answer},
};

const ANN: &str = "ann@example.com";
const BOB: &str = "bob@example.com";

/// The forms that need a recent proof, filled in with what will not do.
const GUARDED: [(&str, [(&str, &str); 1]); 2] =
    [("/auth/password/change", [("new_password", "short")]), ("/auth/email/change", [("email", "nobody")])];

async fn rename(person: &mut Actor, name: &str) -> Answer {
    person.post("/auth/account/profile", &[("display_name", name)]).await
}

on_every_engine! {
    /// Promise: `account_page/own`
    async fn one_sees_ones_own_account_only(app: TestApp) {
        let mut ann = app.person(ANN).await;
        let mut bob = app.person(BOB).await;
        rename(&mut ann, "Ann Smith").await;
        rename(&mut bob, "Bob Jones").await;
        bob.post("/auth/email/change", &[("email", "bob@new.example")]).await;
        assert_eq!(ann.get("/auth/account").await.json()["email"], ANN);
        let page = ann.in_browser().get("/auth/account").await.text();
        assert!(page.contains("Ann Smith") && page.contains(ANN));
        assert!(!page.contains("Bob") && !page.contains("bob@"));
        assert_eq!(page.matches("<li class=\"row\">").count(), 1, "one device, one's own");
    }

    /// Promise: `account_page/own`
    async fn nobody_names_the_account_to_be_changed(app: TestApp) {
        let id = app.account(BOB).await.to_string();
        let mut ann = app.person(ANN).await;
        for (name, value) in [("account", id.as_str()), ("id", &id), ("email", BOB), ("role", "admin"), ("disabled_at", "0")] {
            let answer = ann.post("/auth/account/profile", &[("display_name", "Mallory"), (name, value)]).await;
            assert_eq!((answer.status, answer.code().as_str()), (422, "unknown_field"), "{name}");
        }
        let names = app.db().list("SELECT name FROM accounts", &[], |row| row.get::<String>(0)).await.unwrap();
        assert_eq!(names, ["", ""]);
    }

    /// Promise: `account_page/own`
    async fn strangers_are_sent_to_log_in(app: TestApp) {
        let mut visitor = app.visitor();
        assert_eq!(visitor.get("/auth/account").await.code(), "not_signed_in");
        assert_eq!(rename(&mut visitor, "Mallory").await.status, 401);
        let page = visitor.in_browser().get("/auth/account").await;
        assert_eq!((page.status, page.header("location")), (303, "/auth/login?return_to=%2Fauth%2Faccount"));
    }

    /// Promise: `account_page/escapes`
    async fn a_name_is_shown_as_text(app: TestApp) {
        let mut ann = app.person(ANN).await;
        let names = [
            "<script>alert(1)</script>", "\" autofocus onfocus=alert(1) x=\"", "{{ 7 * 7 }}", "'><img src=x>", "a&lt;b", "日本語 👩‍🚀",
        ];
        for name in names {
            let answer = rename(&mut ann, name).await;
            assert_eq!((answer.status, answer.json()["name"].as_str()), (200, Some(name)));
            let page = ann.clone().in_browser().get("/auth/account").await.text();
            let shown = name.replace('&', "&#38;").replace('"', "&#34;").replace('\'', "&#39;").replace('<', "&#60;").replace('>', "&#62;");
            assert!(page.contains(&format!("<p class=\"lede\">{shown} · ann@example.com</p>")), "{name}\n{page}");
            assert!(page.contains(&format!("value=\"{shown}\" autocomplete=\"name\"")), "{name}\n{page}");
            assert_eq!(ann.get("/auth/session").await.json()["account"]["name"], name);
        }
    }

    /// Promise: `account_page/escapes`
    async fn what_is_typed_into_any_form_comes_back_as_text(app: TestApp) {
        const TYPED: &str = "\"><script>alert('x')</script>@example.com";
        let mut visitor = app.visitor().in_browser();
        for (path, form) in [
            ("/auth/login", &[("email", TYPED), ("password", TYPED)][..]),
            ("/auth/signup", &[("email", TYPED), ("password", TYPED)]),
            ("/auth/password/forgot", &[("email", TYPED)]),
            ("/auth/password/forgot", &[("email", TYPED), ("return_to", "/\"><script>alert(1)</script>")]),
        ] {
            let page = visitor.post(path, form).await;
            assert_eq!(page.status, 422, "{path}");
            let page = page.text();
            assert!(!page.contains("<script") && !page.contains("alert('"), "{path}\n{page}");
            assert!(page.contains("&#34;&#62;&#60;script&#62;alert(&#39;x&#39;)"), "{path}\n{page}");
            assert!(!page.contains("type=\"password\" value"), "no password comes back");
        }
    }

    async fn the_agent_of_a_browser_is_not_shown(app: TestApp) {
        app.account(ANN).await;
        let mut ann = app.visitor();
        ann.set_header("user-agent", "<script>alert(1)</script> Firefox/1 Linux");
        ann.post("/auth/login", &[("email", ANN), ("password", crate::testing::PASSWORD)]).await;
        let page = ann.in_browser().get("/auth/account").await.text();
        assert!(page.contains("Firefox on Linux") && !page.contains("script"));
    }

    async fn a_name_has_a_hundred_characters_and_no_control_codes(app: TestApp) {
        let mut ann = app.person(ANN).await;
        assert_eq!(rename(&mut ann, &"é".repeat(100)).await.status, 200);
        assert_eq!(rename(&mut ann, &"é".repeat(101)).await.code(), "name_too_long");
        assert_eq!(rename(&mut ann, "  A\r\nn\u{1b}[31mn\0 ").await.json()["name"], "An[31mn");
        assert_eq!(rename(&mut ann, "").await.json()["name"], "");
    }

    async fn a_name_that_is_too_long_comes_back_to_be_shortened(app: TestApp) {
        let mut ann = app.person(ANN).await.in_browser();
        rename(&mut ann, "Ann").await;
        let typed = "Ann ".repeat(30);
        let page = rename(&mut ann, &typed).await;
        assert_eq!(page.status, 422);
        assert!(page.text().contains(&format!("value=\"{typed}\"")), "{}", page.text());
        assert!(page.text().contains("<p class=\"lede\">Ann · ann@example.com</p>"), "the name is still the one that is kept");
    }

    async fn the_forms_that_need_a_proof_are_there_while_there_is_one(app: TestApp) {
        let mut ann = app.person(ANN).await.in_browser();
        let guarded = ["action=\"/auth/email/change\"", "action=\"/auth/password/change\""];
        let page = ann.get("/auth/account").await.text();
        assert!(guarded.iter().all(|form| page.contains(form)) && !page.contains("/auth/reauthenticate"));
        app.wait(Duration::from_secs(300));
        let page = ann.get("/auth/account").await.text();
        assert!(!guarded.iter().any(|form| page.contains(form)));
        assert!(page.contains("href=\"/auth/email/change\"") && page.contains("href=\"/auth/password/change\""));
    }

    /// Promise: `guard/way-back`
    async fn each_guarded_form_has_a_page_to_which_a_proof_leads_back(app: TestApp) {
        let mut ann = app.person(ANN).await.in_browser();
        for (path, form) in GUARDED {
            let page = ann.get(path).await;
            assert!(page.status == 200 && page.text().contains(&format!("action=\"{path}\"")), "{}", page.text());
            app.wait(Duration::from_secs(300));
            let reauthenticate = format!("/auth/reauthenticate?return_to={}", path.replace('/', "%2F"));
            for sent in [ann.get(path).await, ann.post(path, &form).await] {
                assert_eq!((sent.status, sent.header("location")), (303, reauthenticate.as_str()), "{path}");
            }
            let page = ann.get(&reauthenticate).await.text();
            assert!(page.contains(&format!("name=\"return_to\" value=\"{path}\"")), "{page}");
            let proof = [("password", crate::testing::PASSWORD), ("return_to", path)];
            assert_eq!(ann.post("/auth/reauthenticate", &proof).await.header("location"), path);
            assert_eq!(ann.get(path).await.status, 200);
        }
    }

    async fn a_guarded_form_that_is_refused_comes_back_on_its_own_page(app: TestApp) {
        let mut ann = app.person(ANN).await.in_browser();
        ann.post("/auth/email/change", &[("email", "ann@new.example")]).await;
        for (path, form) in GUARDED {
            let refused = ann.post(path, &form).await;
            let page = refused.text();
            assert_eq!(refused.status, 422, "{path}");
            assert!(page.contains("aria-invalid=\"true\" autofocus") && page.matches("<form class=\"stack\"").count() == 1, "{page}");
            let again = ann.get(path).await;
            let heading = |page: &str| page.split_once("<h1>").unwrap().1.split_once('<').unwrap().0.to_owned();
            assert_eq!((again.status, heading(&again.text())), (200, heading(&page)), "{path} can be loaded again");
        }
        assert!(ann.get("/auth/email/change").await.text().contains("Waiting for confirmation: ann@new.example"));
        assert_eq!(ann.get("/auth/email/change").await.set_cookies(), Vec::<String>::new());
    }

    async fn programs_get_the_token_where_people_get_a_form(app: TestApp) {
        let mut ann = app.person(ANN).await;
        let token = ann.csrf_token().await;
        for path in ["/auth/password/change", "/auth/email/change", "/auth/logout"] {
            assert_eq!(ann.get(path).await.json()["csrf_token"], token, "{path}");
            assert_eq!(app.visitor().get(path).await.code(), "not_signed_in", "{path}");
        }
        assert_eq!(ann.get("/auth/email/change").await.json()["email"], ANN);
        app.wait(Duration::from_secs(300));
        for (path, _) in GUARDED {
            let answer = ann.get(path).await;
            assert_eq!((answer.status, answer.code().as_str()), (403, "reauthentication_required"), "{path}");
        }
        assert_eq!(ann.get("/auth/logout").await.status, 200);
    }

    async fn devices_are_listed_with_a_way_to_end_each(app: TestApp) {
        let mut ann = app.person(ANN).await;
        app.wait(Duration::from_secs(7200 - 3660));
        assert!(ann.is_signed_in().await);
        let mut phone = app.logged_in(ANN).await;
        let id = ann.get("/auth/session").await.json()["session"]["id"].as_str().unwrap().to_owned();
        let page = phone.clone().in_browser().get("/auth/account").await.text();
        assert_eq!((page.matches("<li class=\"row\">").count(), page.matches("This device").count()), (2, 1));
        assert!(page.contains(&format!("action=\"/auth/sessions/{id}/revoke\"")) && page.contains("Logged in 59 minutes ago"));
        let done = phone.clone().in_browser().post(&format!("/auth/sessions/{id}/revoke"), &[]).await;
        assert_eq!(done.header("location"), "/auth/account?done=device-logged-out");
        assert!(!ann.is_signed_in().await && phone.is_signed_in().await);
    }
}
