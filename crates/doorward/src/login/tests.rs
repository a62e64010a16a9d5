//! What a login promises, over HTTP, on every engine.

mod returning;
mod uniform;

use std::time::Duration;

use doorward_core::{EmailAddress, password::Guess};

use crate::{
    accounts, attempts,
    base::db::Durability,
    ladder, login, on_every_engine,
    operate::{self, Action, Filter, Recorded},
    passwords,
    testing::{
        Actor, Answer, PASSWORD, TestApp,
        crowd::{at_once, only, post_as, visit},
    },
};

const ANN: &str = "ann@example.com";
const WRONG: &str = "not the password";

async fn log_in(person: &mut Actor, email: &str, password: &str) -> Answer {
    let token = person.form_token().await;
    person.post_with(&token, "/auth/login", &[("email", email), ("password", password)]).await
}

async fn logins(app: &TestApp) -> Vec<Recorded> {
    let filter = Filter { action: Some(Action::Login), ..Filter::default() };
    operate::search(app.db(), &filter, None, 1000).await.unwrap()
}

on_every_engine! {
    async fn somebody_logs_in(app: TestApp) {
        let account = app.account(ANN).await;
        let mut ann = app.visitor();
        let answer = log_in(&mut ann, " Ann@Example.COM ", PASSWORD).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let who = ann.get("/auth/session").await.json();
        assert_eq!((&who["session"]["id"], &who["csrf_token"]), (&answer.json()["session"], &answer.json()["csrf_token"]));
        assert_eq!(who["account"]["id"], account.to_string());
        assert_eq!(who["session"]["factors"][0]["factor"], "password");
        let event = logins(&app).await.remove(0);
        assert_eq!((event.actor, event.result.as_str()), (format!("account:{account}"), "success"));
        let session = who["session"]["id"].as_str().unwrap();
        assert_eq!((event.target, event.address.as_deref()), (Some(format!("session:{session}")), Some("127.0.0.1")));
        assert!(app.doorward.metrics().contains("doorward_logins_total{result=\"success\"} 1"));
    }

    async fn each_failure_is_one_event_that_names_no_guess(app: TestApp) {
        let account = app.account(ANN).await;
        let disabled = app.account("bob@example.com").await;
        operate::disable(&app.doorward, disabled).await.unwrap();
        for (email, password, target) in [
            (ANN, WRONG, Some(account)), ("bob@example.com", PASSWORD, Some(disabled)), ("nobody@example.com", WRONG, None),
        ] {
            assert_eq!(log_in(&mut app.visitor(), email, password).await.code(), "login_failed");
            let event = logins(&app).await.remove(0);
            assert_eq!((event.actor.as_str(), event.result.as_str()), ("anonymous", "denied"));
            assert_eq!(event.target, target.map(|account| format!("account:{account}")));
            let line = serde_json::to_string(&event).unwrap();
            assert!(!line.contains(WRONG) && !line.contains(PASSWORD) && !line.contains("example.com"), "{line}");
        }
        assert_eq!(logins(&app).await.len(), 3);
    }

    /// Promise: `login/new-device-letter`
    async fn the_owner_is_told_of_a_browser_that_is_new(app: TestApp) {
        app.account(ANN).await;
        let mut laptop = app.visitor();
        log_in(&mut laptop, ANN, PASSWORD).await;
        let letters = app.letters_to(ANN).await;
        assert_eq!(letters.len(), 1);
        assert_eq!(letters[0].subject, "New login to your account");
        assert!(letters[0].text.contains("Firefox on Linux, address 127.0.0.1"), "{}", letters[0].text);
        log_in(&mut laptop, ANN, PASSWORD).await;
        assert_eq!(app.letters_to(ANN).await.len(), 1, "the same browser again is no news");
        laptop.post("/auth/logout", &[]).await;
        log_in(&mut laptop, ANN, PASSWORD).await;
        assert_eq!(app.letters_to(ANN).await.len(), 1, "nor after logging out");
        log_in(&mut app.visitor(), ANN, PASSWORD).await;
        assert_eq!(app.letters_to(ANN).await.len(), 2);
    }

    /// Promise: `login/new-device-letter`
    async fn after_a_reset_every_other_browser_is_new(app: TestApp) {
        const NEW: &str = "a quite different passphrase";
        let mut thief = app.person(ANN).await;
        let mut ann = app.logged_in(ANN).await;
        ann.post("/auth/logout", &[]).await;
        ann.post("/auth/password/forgot", &[("email", ANN)]).await;
        let token = app.token_for(ANN).await;
        assert_eq!(ann.post("/auth/password/reset", &[("token", &token), ("new_password", NEW)]).await.status, 200);
        let before = app.letters_to(ANN).await.len();
        assert_eq!(log_in(&mut ann, ANN, NEW).await.status, 200);
        assert_eq!(app.letters_to(ANN).await.len(), before, "hers is the one that the reset has marked");
        thief.cookies.remove("dev-session");
        assert_eq!(log_in(&mut thief, ANN, NEW).await.status, 200);
        assert_eq!(app.letters_to(ANN).await.last().unwrap().subject, "New login to your account");
    }

    /// Promise: `login/new-device-letter`
    async fn the_letter_comes_although_the_intruder_has_left(app: TestApp) {
        app.account(ANN).await;
        let mut intruder = app.visitor();
        intruder.set_header("user-agent", "<script>alert(1)</script> https://evil.example");
        log_in(&mut intruder, ANN, PASSWORD).await;
        intruder.post("/auth/logout", &[]).await;
        let letters = app.letters_to(ANN).await;
        assert_eq!(letters.len(), 1);
        assert!(!letters[0].text.contains("evil") && !letters[0].html.contains("script"));
    }

    async fn a_failed_login_sends_no_letter(app: TestApp) {
        app.account(ANN).await;
        log_in(&mut app.visitor(), ANN, WRONG).await;
        log_in(&mut app.visitor(), "nobody@example.com", WRONG).await;
        assert_eq!(app.letters().await.len(), 0);
        assert_eq!(app.count("outbox").await, 0);
    }

    /// Promise: `login/forged-login`
    async fn another_site_cannot_log_somebody_in(app: TestApp) {
        app.account("mallory@example.com").await;
        let mut ann = app.person(ANN).await;
        let before = ann.session_cookie().unwrap().to_owned();
        let token = ann.form_token().await;
        let mallorys = app.visitor().form_token().await;
        let form = [("email", "mallory@example.com"), ("password", PASSWORD)];
        let headers: [&[(&str, &str)]; 7] = [
            &[("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")],
            &[("sec-fetch-site", "same-site"), ("origin", "http://evil.localhost:4400")],
            &[("origin", "https://evil.example")],
            &[("origin", "null")],
            &[("sec-fetch-site", "cross-site")],
            &[("sec-fetch-site", "same-origin"), ("origin", "http://localhost:4401")],
            &[],
        ];
        for set in headers {
            let mut forged = ann.clone();
            forged.remove_header("sec-fetch-site");
            forged.remove_header("origin");
            set.iter().for_each(|(name, value)| forged.set_header(if *name == "origin" { "origin" } else { "sec-fetch-site" }, value));
            let answer = forged.post_with(&token, "/auth/login", &form).await;
            assert_eq!((answer.status, answer.code().as_str()), (403, "foreign_origin"), "{set:?}");
            assert!(answer.set_cookies().is_empty(), "{set:?}");
        }
        for token in ["", "x", &mallorys] {
            let answer = ann.clone().post_with(token, "/auth/login", &form).await;
            assert_eq!((answer.status, answer.code().as_str()), (403, "csrf_token_invalid"));
        }
        let mut without_cookie = app.visitor();
        assert_eq!(without_cookie.post_with(&token, "/auth/login", &form).await.code(), "csrf_token_invalid");
        assert_eq!(without_cookie.session_cookie(), None);
        let by_link = ann.clone().get(&format!("/auth/login?email=mallory@example.com&password={}", PASSWORD.replace(' ', "+"))).await;
        assert_eq!(by_link.status, 422);
        assert_eq!(ann.session_cookie(), Some(before.as_str()));
        assert_eq!(ann.get("/auth/session").await.json()["account"]["email"], ANN);
        assert_eq!(app.count("sessions").await, 1);
    }

    /// A form that plain HTML can send across sites, dressed as JSON, is no body that we read.
    async fn a_body_of_another_type_is_refused(app: TestApp) {
        app.account(ANN).await;
        let mut visitor = app.visitor();
        let token = visitor.form_token().await;
        visitor.set_header("x-csrf-token", &token);
        let body = format!(r#"{{"email":"{ANN}","password":"{PASSWORD}"}}"#);
        for content_type in [Some("text/plain"), Some("multipart/form-data; boundary=x"), Some("application/jsonp"), None] {
            let answer = visitor.send(axum::http::Method::POST, "/auth/login", &body, content_type).await;
            assert_eq!(answer.status, 415, "{content_type:?}");
        }
        assert_eq!(app.count("sessions").await, 0);
        let answer = visitor.send(axum::http::Method::POST, "/auth/login", &body, Some("application/json")).await;
        assert_eq!(answer.status, 200);
    }

    async fn pages_take_people_in_and_on(app: TestApp) {
        app.account(ANN).await;
        let mut ann = app.visitor().in_browser();
        let page = ann.get("/auth/login").await;
        assert_eq!((page.status, page.header("content-type")), (200, "text/html; charset=utf-8"));
        let answer = log_in(&mut ann, ANN, WRONG).await;
        assert_eq!(answer.status, 401);
        assert!(answer.text().contains(&format!("value=\"{ANN}\"")), "{}", answer.text());
        assert!(!answer.text().contains(WRONG));
        let answer = log_in(&mut ann, "ann\"><script>@example.com", WRONG).await;
        assert_eq!(answer.status, 422);
        assert!(!answer.text().contains("<script>") && !answer.text().contains(WRONG));
        let answer = log_in(&mut ann, ANN, PASSWORD).await;
        assert_eq!((answer.status, answer.header("location"), answer.text().as_str()), (303, "/auth/account", ""));
        assert!(ann.get("/auth/account").await.text().contains(ANN));
    }

    async fn what_no_password_can_be_is_refused_unhashed(app: TestApp) {
        app.account(ANN).await;
        for long in ["x".repeat(1025), "x".repeat(5000), "e\u{301}".repeat(1500)] {
            let answer = log_in(&mut app.visitor(), ANN, &long).await;
            assert_eq!((answer.status, answer.code().as_str()), (422, "password_too_long"));
        }
        let answer = log_in(&mut app.visitor(), ANN, &"x".repeat(70 * 1024)).await;
        assert_eq!((answer.status, answer.code().as_str()), (413, "body_too_large"));
        assert_eq!(logins(&app).await.len(), 0, "nothing was evaluated");
        assert_eq!(log_in(&mut app.visitor(), ANN, &"x".repeat(1024)).await.status, 401);
    }

    /// Promise: `operator/disabled-stays-out`
    async fn a_login_under_way_does_not_finish_after_a_revocation(app: TestApp) {
        for revocation in 0..5 {
            let email = EmailAddress::parse(&format!("ann{revocation}@example.com")).unwrap();
            let account = app.account(email.as_str()).await;
            let cx = app.doorward.context();
            let before = accounts::by_email(&cx.db, &email).await.unwrap().unwrap();
            let spent = attempts::pay(cx, &email, None, &visit()).await.unwrap();
            let right = passwords::check(cx, spent, Some(&before), Guess::new(PASSWORD).unwrap()).await.unwrap().unwrap();
            let done = ladder::first(right.proof).top();
            match revocation {
                0 => assert!(operate::disable(&app.doorward, account).await.unwrap()),
                1 => {
                    assert!(operate::disable(&app.doorward, account).await.unwrap());
                    assert!(operate::enable(&app.doorward, account).await.unwrap());
                }
                2 => assert_eq!(operate::revoke_all_of(&app.doorward, account).await.unwrap(), 0),
                3 => assert_eq!(operate::delete(&app.doorward, account).await.unwrap(), operate::Deletion::Done),
                _ => {
                    app.visitor().post("/auth/password/forgot", &[("email", email.as_str())]).await;
                    let token = app.token_for(email.as_str()).await;
                    let form = [("token", token.as_str()), ("new_password", "a quite different passphrase")];
                    assert_eq!(app.visitor().post("/auth/password/reset", &form).await.status, 200);
                }
            }
            let mut tx = cx.db.begin(Durability::Relaxed).await.unwrap();
            let entered = login::enter(cx, &mut tx, attempts::Owner::of(&before), &done, &visit(), None).await.unwrap();
            assert!(entered.is_none(), "revocation {revocation}");
            tx.commit().await.unwrap();
            assert_eq!(app.count("sessions").await, 0);
        }
    }

    /// Promise: `operator/disabled-stays-out`, `operator/disabled-sessions-end`
    async fn whoever_races_against_being_disabled_loses(app: TestApp) {
        let mut app = app;
        app.settings.attempts.free = 20;
        let app = app.another().await;
        for round in 0..24 {
            let email = format!("ann{round}@example.com");
            let account = app.account(&email).await;
            let mut visitor = app.visitor();
            let token = visitor.form_token().await;
            let form = [("email", email.as_str()), ("password", PASSWORD)];
            let mut racers = tokio::task::JoinSet::new();
            for _ in 0..8 {
                racers.spawn(post_as(&visitor, &token, "/auth/login", &form));
            }
            let mut answers = Vec::new();
            for _ in 0..round % 8 {
                answers.push(racers.join_next().await.unwrap().unwrap());
            }
            assert!(operate::disable(&app.doorward, account).await.unwrap());
            assert_eq!(app.count("sessions").await, 0, "round {round}: none survives");
            answers.extend(racers.join_all().await);
            assert_eq!(app.count("sessions").await, 0, "round {round}: none appears");
            only(&[200, 401], &answers);
            for answer in answers.iter().filter(|answer| answer.status == 200) {
                let mut winner = app.visitor();
                let cookies = answer.set_cookies();
                let session = cookies.iter().find_map(|cookie| cookie.strip_prefix("dev-session=")).unwrap();
                winner.cookies.insert("dev-session".to_owned(), session.split(';').next().unwrap().to_owned());
                assert!(!winner.is_signed_in().await);
            }
        }
    }

    /// A renewed hash locks the password, a reset locks the account; locked in turns they would wait for each other.
    async fn a_login_that_renews_its_hash_and_a_revocation_do_not_wait_for_each_other(app: TestApp) {
        let bcrypt = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";
        let hash = || doorward_core::password::PasswordHash::imported(bcrypt).unwrap();
        for round in 0..12 {
            let email = EmailAddress::parse(&format!("ann{round}@example.com")).unwrap();
            operate::import_hash(&app.doorward, &email, &hash()).await.unwrap().unwrap();
            app.visitor().post("/auth/password/forgot", &[("email", email.as_str())]).await;
            let token = app.token_for(email.as_str()).await;
            let mut visitor = app.visitor();
            let csrf = visitor.form_token().await;
            let login = [("email", email.as_str()), ("password", "U*U")];
            let reset = [("token", token.as_str()), ("new_password", PASSWORD)];
            let (login, reset) = tokio::join!(
                tokio::spawn(post_as(&visitor, &csrf, "/auth/login", &login)),
                tokio::spawn(post_as(&visitor, &csrf, "/auth/password/reset", &reset)),
            );
            assert_eq!(reset.unwrap().status, 200);
            only(&[200, 401], &[login.unwrap()]);
            assert_eq!(app.count("sessions").await, 0, "round {round}");
            assert_eq!(log_in(&mut app.visitor(), email.as_str(), "U*U").await.status, 401, "the old password is dead");
            assert_eq!(log_in(&mut app.visitor(), email.as_str(), PASSWORD).await.status, 200);
            operate::revoke_everything(&app.doorward).await.unwrap();
        }
    }

    async fn logins_of_one_account_at_once_all_succeed(app: TestApp) {
        app.account(ANN).await;
        let mut visitor = app.visitor();
        let token = visitor.form_token().await;
        let form = [("email", ANN), ("password", PASSWORD)];
        let answers = at_once((0..6).map(|_| post_as(&visitor, &token, "/auth/login", &form))).await;
        only(&[200], &answers);
        assert_eq!(app.count("sessions").await, answers.iter().filter(|answer| answer.status == 200).count() as i64);
        assert_eq!(log_in(&mut app.visitor(), ANN, PASSWORD).await.status, 200, "none of them was a failure");
    }

    async fn the_last_login_is_noted(app: TestApp) {
        app.account(ANN).await;
        let last = async || operate::list(&app.doorward, "", 10).await.unwrap()[0].last_login_at;
        assert_eq!(last().await, None);
        app.wait(Duration::from_secs(60));
        log_in(&mut app.visitor(), ANN, WRONG).await;
        assert_eq!(last().await, None);
        log_in(&mut app.visitor(), ANN, PASSWORD).await;
        assert_eq!(last().await, Some(app.now()));
    }
}
