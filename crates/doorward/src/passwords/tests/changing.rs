//! Setting a new password while logged in.

use std::time::Duration;

use super::*;
use crate::operate::{Action, Filter};

const NEW: &str = "a quite different passphrase";

async fn change(person: &mut Actor, password: &str) -> Answer {
    person.post("/auth/password/change", &[("new_password", password)]).await
}

on_every_engine! {
    /// Promise: `passwords/change`
    async fn a_new_password_ends_every_other_session(app: TestApp) {
        let mut laptop = app.person(ANN).await;
        let mut phone = app.logged_in(ANN).await;
        let mut bob = app.person("bob@example.com").await;
        let stolen = laptop.clone();
        let (cookie, token) = (laptop.session_cookie().unwrap().to_owned(), laptop.csrf_token().await);
        let answer = change(&mut laptop, NEW).await;
        assert_eq!((answer.status, &answer.json()["changed"]), (200, &true.into()), "{}", answer.text());

        assert!(laptop.is_signed_in().await, "this one goes on");
        assert_ne!(laptop.session_cookie(), Some(cookie.as_str()));
        assert!(!stolen.clone().is_signed_in().await, "under another cookie");
        assert_eq!(answer.json()["csrf_token"], laptop.csrf_token().await);
        let stale = laptop.clone().post_with(&token, "/auth/logout", &[]).await;
        assert_eq!((stale.status, stale.code().as_str()), (403, "csrf_token_invalid"));
        assert!(!phone.is_signed_in().await);
        assert!(bob.is_signed_in().await);
        assert_eq!(log_in(&app, ANN, PASSWORD).await, 401, "the old password is dead");
        assert_eq!(log_in(&app, ANN, NEW).await, 200);
    }

    async fn the_owner_is_told_and_the_log_knows(app: TestApp) {
        let mut ann = app.person(ANN).await;
        change(&mut ann, NEW).await;
        let last = app.letters_to(ANN).await.pop().unwrap();
        assert_eq!(last.subject, "Your password was changed");
        assert!(last.text.contains("http://localhost:4400/auth/password/forgot") && !last.text.contains(NEW));
        let filter = Filter { action: Some(Action::PasswordChanged), ..Filter::default() };
        let events = operate::search(app.db(), &filter, None, 10).await.unwrap();
        assert_eq!((events.len(), events[0].result.as_str()), (1, "success"));
        assert!(events[0].actor.starts_with("account:") && events[0].target.as_ref() == Some(&events[0].actor));
    }

    /// Promise: `passwords/change`, `reauthentication/recent`
    async fn a_proof_older_than_five_minutes_is_not_enough(app: TestApp) {
        let mut ann = app.person(ANN).await;
        app.wait(Duration::from_secs(300));
        let answer = change(&mut ann, NEW).await;
        assert_eq!((answer.status, answer.code().as_str()), (403, "reauthentication_required"));
        let page = change(&mut ann.clone().in_browser(), NEW).await;
        assert_eq!((page.status, page.header("location")), (303, "/auth/reauthenticate?return_to=%2Fauth%2Fpassword%2Fchange"));
        assert_eq!(log_in(&app, ANN, PASSWORD).await, 200, "nothing was changed");
        assert_eq!(ann.post("/auth/reauthenticate", &[("password", PASSWORD)]).await.status, 200);
        app.wait(Duration::from_secs(299));
        assert_eq!(change(&mut ann, NEW).await.status, 200);
        app.wait(Duration::from_secs(1));
        assert_eq!(change(&mut ann, PASSWORD).await.code(), "reauthentication_required", "a change is no proof");
    }

    async fn a_change_needs_a_session_and_its_token(app: TestApp) {
        let mut ann = app.person(ANN).await;
        assert_eq!(change(&mut app.visitor(), NEW).await.status, 401);
        let form = [("new_password", NEW)];
        let bobs = app.person("bob@example.com").await.csrf_token().await;
        for token in ["", "x", &bobs] {
            assert_eq!(ann.clone().post_with(token, "/auth/password/change", &form).await.status, 403);
        }
        let token = ann.csrf_token().await;
        let mut forged = ann.clone();
        forged.set_header("origin", "https://evil.example");
        assert_eq!(forged.post_with(&token, "/auth/password/change", &form).await.code(), "foreign_origin");
        assert_eq!(log_in(&app, ANN, PASSWORD).await, 200);
    }

    /// Promise: `passwords/policy`
    async fn the_policy_holds_here_too(app: TestApp) {
        let mut ann = app.person(ANN).await;
        for (password, code) in [("short", "too_short"), ("passwordpassword", "too_common"), (ANN, "is_your_email")] {
            let answer = change(&mut ann, password).await;
            assert_eq!((answer.status, answer.code().as_str()), (422, code));
            assert_eq!(answer.json()["errors"][0]["field"], "new_password");
        }
        let page = change(&mut ann.clone().in_browser(), "elevenchars").await;
        assert_eq!(page.status, 422);
        assert!(page.text().contains("at least 12") && !page.text().contains("elevenchars"));
        assert!(ann.is_signed_in().await);
        let page = change(&mut ann.clone().in_browser(), NEW).await;
        assert_eq!((page.status, page.header("location")), (303, "/auth/account?done=password-changed"));
    }

    /// A new password must not be set by a session that somebody has ended in the same moment.
    async fn of_two_changes_at_once_one_happens(app: TestApp) {
        let mut ann = app.person(ANN).await;
        let token = ann.csrf_token().await;
        let racers = (0..6).map(|n| {
            let (mut racer, token) = (ann.clone(), token.clone());
            async move {
                let password = format!("passphrase of racer {n}");
                let answer = racer.post_with(&token, "/auth/password/change", &[("new_password", &password)]).await;
                (answer.status, password)
            }
        });
        let answers = crate::testing::crowd::at_once(racers).await;
        let winners: Vec<_> = answers.iter().filter(|(status, _)| *status == 200).collect();
        assert!(winners.len() == 1 && answers.iter().all(|(status, _)| matches!(status, 200 | 401)), "{answers:?}");
        assert_eq!(log_in(&app, ANN, &winners[0].1).await, 200);
        assert_eq!(app.count("sessions").await, 2);
    }
}
