//! What a reset promises, over HTTP, on every engine.

use std::time::Duration;

use doorward_core::Token;

use super::{flow::working, store};
use crate::{
    on_every_engine,
    operate::Transaction,
    testing::{
        Actor, Answer, PASSWORD, TestApp,
        crowd::{About, EVERYBODY, everybody, insist_as, meeting, overlapping, same_to_the_byte},
    },
};

const ANN: &str = "ann@example.com";
const NEW: &str = "a quite different passphrase";

async fn ask(person: &mut Actor, email: &str) -> Answer {
    person.post("/auth/password/forgot", &[("email", email)]).await
}

async fn redeem(person: &mut Actor, token: &str, password: &str) -> Answer {
    person.post("/auth/password/reset", &[("token", token), ("new_password", password)]).await
}

async fn log_in(app: &TestApp, password: &str) -> u16 {
    app.visitor().post("/auth/login", &[("email", ANN), ("password", password)]).await.status
}

on_every_engine! {
    /// Promise: `password_reset/works-once`
    async fn a_used_link_is_refused(app: TestApp) {
        app.account(ANN).await;
        let mut ann = app.visitor();
        ask(&mut ann, ANN).await;
        let token = app.token_for(ANN).await;
        assert_eq!(redeem(&mut ann, &token, NEW).await.status, 200);
        let again = redeem(&mut ann, &token, "yet another passphrase").await;
        assert_eq!((again.status, again.code().as_str()), (410, "link_spent"));
        assert_eq!(log_in(&app, NEW).await, 200);
    }

    /// Promise: `password_reset/works-once`
    async fn of_fifty_at_once_one_sets_its_password(app: TestApp) {
        app.account(ANN).await;
        let mut ann = app.visitor();
        ask(&mut ann, ANN).await;
        let token = app.token_for(ANN).await;
        let csrf = ann.form_token().await;
        let racers = (0..50).map(|n| {
            let password = format!("passphrase of racer {n}");
            let answer = insist_as(&ann, &csrf, "/auth/password/reset", &[("token", &token), ("new_password", &password)]);
            async move { (password, answer.await) }
        });
        let (met, answers) = meeting(&app, About::SpendingALink, racers).await;
        assert_eq!(met, 50, "all of them saw a link that works");
        let (winners, losers): (Vec<_>, Vec<_>) = answers.into_iter().partition(|(_, answer)| answer.status == 200);
        assert_eq!(winners.len(), 1);
        assert!(losers.iter().all(|(_, answer)| (answer.status, answer.code().as_str()) == (410, "link_spent")));
        assert_eq!(log_in(&app, &winners[0].0).await, 200);
        assert_eq!(log_in(&app, &losers[0].0).await, 401);
        let sql = "SELECT COUNT(*) FROM audit_events WHERE action = 'password.reset' AND result = 'success'";
        let successes = app.db().list(sql, &[], |row| row.get::<i64>(0)).await.unwrap();
        assert_eq!(successes, [1]);
    }

    /// Promise: `password_reset/works-once`
    async fn a_link_that_is_being_spent_is_nobody_elses(app: TestApp) {
        app.account(ANN).await;
        ask(&mut app.visitor(), ANN).await;
        let digest = Token::parse(&app.token_for(ANN).await).unwrap().digest();
        let spent = overlapping(&app, async |tx: &mut Transaction| store::spend(tx, &digest, working(app.doorward.context())).await).await;
        assert_eq!(spent, [true, false]);
    }

    /// Promise: `password_reset/expires`
    async fn a_link_works_for_thirty_minutes(app: TestApp) {
        app.account(ANN).await;
        let mut ann = app.visitor();
        ask(&mut ann, ANN).await;
        let token = app.token_for(ANN).await;
        app.wait(Duration::from_secs(1800));
        assert_eq!(redeem(&mut ann, &token, NEW).await.code(), "link_spent");
        ask(&mut ann, ANN).await;
        let token = app.token_for(ANN).await;
        app.wait(Duration::from_secs(1799));
        assert_eq!(redeem(&mut ann, &token, NEW).await.status, 200);
    }

    /// Promise: `password_reset/newest-only`
    async fn an_older_link_is_void(app: TestApp) {
        app.account(ANN).await;
        let mut ann = app.visitor();
        ask(&mut ann, ANN).await;
        let older = app.token_for(ANN).await;
        ask(&mut ann, ANN).await;
        let newer = app.token_for(ANN).await;
        assert_ne!(older, newer);
        assert_eq!(redeem(&mut ann, &older, NEW).await.status, 410);
        assert_eq!(redeem(&mut ann, &newer, NEW).await.status, 200);
    }

    /// Promise: `password_reset/dies-with-recovery`
    async fn a_link_does_not_outlive_a_change_of_password_or_a_revocation(app: TestApp) {
        let mut ann = app.person(ANN).await;
        let mut visitor = app.visitor();
        ask(&mut visitor, ANN).await;
        let token = app.token_for(ANN).await;
        assert_eq!(ann.post("/auth/password/change", &[("new_password", NEW)]).await.status, 200);
        assert_eq!(redeem(&mut visitor, &token, "yet another passphrase").await.code(), "link_spent");
        ask(&mut visitor, ANN).await;
        let token = app.token_for(ANN).await;
        assert_eq!(ann.post("/auth/sessions/revoke-others", &[]).await.status, 200);
        assert_eq!(redeem(&mut visitor, &token, "yet another passphrase").await.code(), "link_spent");
        ask(&mut visitor, ANN).await;
        let token = app.token_for(ANN).await;
        assert_eq!(ann.post("/auth/logout/everywhere", &[]).await.status, 200);
        assert_eq!(redeem(&mut visitor, &token, "yet another passphrase").await.code(), "link_spent");
        assert_eq!(log_in(&app, NEW).await, 200);
    }

    /// Promise: `password_reset/says-nothing`
    async fn the_answer_is_the_same_for_everybody(app: TestApp) {
        everybody(&app).await;
        for accept in ["application/json", "text/html"] {
            let mut visitor = app.visitor();
            visitor.set_header("accept", accept);
            let mut answers = Vec::new();
            for email in EVERYBODY {
                let before = app.letters_to(email).await.len();
                answers.push((email, ask(&mut visitor, email).await));
                let letters = app.letters_to(email).await.split_off(before);
                let may_come_in = ["resident", "imported", "hindered"].iter().any(|own| email.starts_with(own));
                assert_eq!(letters.len(), usize::from(may_come_in), "{email}");
                assert!(letters.iter().all(|letter| letter.subject == "Set a new password"), "{email}");
            }
            assert_eq!(answers[0].1.status, 202);
            same_to_the_byte(&answers);
        }
    }

    /// Promise: `password_reset/ends-sessions`
    async fn every_session_ends(app: TestApp) {
        let mut laptop = app.person(ANN).await;
        let mut phone = app.logged_in(ANN).await;
        let mut bob = app.person("bob@example.com").await;
        let mut ann = app.visitor();
        ask(&mut ann, ANN).await;
        let token = app.token_for(ANN).await;
        assert!(laptop.is_signed_in().await);
        assert_eq!(redeem(&mut ann, &token, NEW).await.status, 200);
        assert!(!laptop.is_signed_in().await);
        assert!(!phone.is_signed_in().await);
        assert!(bob.is_signed_in().await, "somebody else stays logged in");
        assert_eq!(log_in(&app, PASSWORD).await, 401, "the old password is dead");
    }

    /// Promise: `password_reset/no-login`
    async fn a_reset_opens_no_session(app: TestApp) {
        app.account(ANN).await;
        let mut ann = app.visitor();
        ask(&mut ann, ANN).await;
        let token = app.token_for(ANN).await;
        assert_eq!(redeem(&mut ann, &token, NEW).await.status, 200);
        assert_eq!(ann.session_cookie(), None);
        assert_eq!(app.count("sessions").await, 0);
    }

    /// Promise: `password_reset/own-host`
    async fn a_poisoned_host_does_not_reach_the_letter(app: TestApp) {
        app.account(ANN).await;
        let poisons = [
            ("host", "evil.example"), ("host", "localhost:4400@evil.example"), ("host", "localhost.:4400"),
            ("x-forwarded-host", "evil.example"), ("forwarded", "host=evil.example"), ("x-original-host", "evil.example"),
            ("x-forwarded-server", "evil.example"), ("x-host", "evil.example"),
        ];
        for (name, value) in poisons {
            let mut visitor = app.visitor();
            let csrf = visitor.form_token().await;
            visitor.set_header(name, value);
            let answer = visitor.post_with(&csrf, "/auth/password/forgot", &[("email", ANN)]).await;
            assert!(matches!(answer.status, 202 | 400), "{name}: {value} gave {}", answer.status);
            app.letters().await;
            app.wait(Duration::from_secs(3601));
        }
        let letters = app.letters_to(ANN).await;
        assert!(letters.len() >= 7, "{} letters", letters.len());
        for letter in letters {
            assert!(letter.text.contains("http://localhost:4400/auth/password/reset?token="), "{}", letter.text);
            assert!(!letter.text.contains("evil") && !letter.html.contains("evil"));
        }
    }

    /// Promise: `password_reset/mail-limit`
    async fn three_letters_an_hour(app: TestApp) {
        app.account(ANN).await;
        let mut ann = app.visitor();
        // Minutes after the first request, and how many letters there are by then.
        for (minute, letters) in [(0, 2), (29, 2), (30, 3), (59, 3), (60, 5), (89, 5), (90, 6), (119, 6), (120, 8)] {
            for _ in 0..5 {
                assert_eq!(ask(&mut ann, ANN).await.status, 202);
            }
            assert_eq!(app.letters_to(ANN).await.len(), letters, "after {minute} minutes");
            let next = [29, 30, 59, 60, 89, 90, 119, 120, 120].into_iter().find(|next| *next > minute).unwrap_or(minute);
            app.wait(Duration::from_secs(60 * (next - minute)));
        }
    }

    /// Promise: `password_reset/always-a-link`
    async fn strangers_who_ask_all_the_time_leave_the_owner_a_link(app: TestApp) {
        app.account(ANN).await;
        let mut stranger = app.visitor();
        for minute in 0..150 {
            for _ in 0..2 {
                ask(&mut stranger, ANN).await;
            }
            ask(&mut app.visitor(), ANN).await;
            let token = app.token_for(ANN).await;
            let page = app.visitor().in_browser().get(&format!("/auth/password/reset?token={token}")).await;
            assert_eq!(page.status, 200, "after {minute} minutes the newest link is dead and no other comes");
            app.wait(Duration::from_secs(60));
        }
    }

    /// Promise: `password_reset/way-out`
    async fn a_locked_out_owner_resets_and_gets_in(app: TestApp) {
        app.account(ANN).await;
        let mut stranger = app.visitor();
        for _ in 0..6 {
            stranger.post("/auth/login", &[("email", ANN), ("password", "not the password")]).await;
        }
        assert_eq!(log_in(&app, PASSWORD).await, 429);
        let mut ann = app.visitor();
        ask(&mut ann, ANN).await;
        let token = app.token_for(ANN).await;
        assert_eq!(redeem(&mut ann, &token, NEW).await.status, 200);
        assert_eq!(log_in(&app, NEW).await, 200);
    }

    /// Promise: `password_reset/digest-at-rest`
    async fn the_database_does_not_know_the_link(app: TestApp) {
        app.account(ANN).await;
        let mut ann = app.visitor();
        ask(&mut ann, ANN).await;
        let before = app.db().list("SELECT reference FROM outbox", &[], |row| row.get::<String>(0)).await.unwrap();
        assert_eq!(before, ["127.0.0.1"], "the order knows no token");
        let token = app.token_for(ANN).await;
        let digests = app.db().list("SELECT digest FROM password_resets", &[], |row| row.get::<Vec<u8>>(0)).await.unwrap();
        let raw = doorward_core::Token::<doorward_core::Reset>::parse(&token).unwrap();
        assert_eq!(digests.len(), 1);
        assert_ne!(digests[0], raw.expose());
        assert_eq!(digests[0], raw.digest().as_bytes());
        assert_eq!(app.count("outbox").await, 0);
    }

    /// Promise: `password_reset/told`
    async fn the_owner_is_told(app: TestApp) {
        app.account(ANN).await;
        let mut ann = app.visitor();
        ask(&mut ann, ANN).await;
        let token = app.token_for(ANN).await;
        redeem(&mut ann, &token, NEW).await;
        let last = app.letters_to(ANN).await.pop().unwrap();
        assert_eq!(last.subject, "Your password was changed");
    }

    async fn a_refused_password_leaves_the_link_usable(app: TestApp) {
        app.account(ANN).await;
        let mut ann = app.visitor();
        ask(&mut ann, ANN).await;
        let token = app.token_for(ANN).await;
        for (password, code) in [("short", "too_short"), ("passwordpassword", "too_common"), (ANN, "is_your_email")] {
            let answer = redeem(&mut ann, &token, password).await;
            assert_eq!((answer.status, answer.code().as_str()), (422, code));
        }
        let mut page = ann.clone().in_browser();
        let answer = redeem(&mut page, &token, "short").await;
        assert!(answer.text().contains(&token), "the form comes back with its link");
        assert_eq!(redeem(&mut ann, &token, NEW).await.status, 200);
    }

    async fn a_token_of_another_kind_is_no_reset_link(app: TestApp) {
        app.account(ANN).await;
        let mut visitor = app.visitor();
        visitor.post("/auth/signup", &[("email", "new@example.com"), ("password", PASSWORD)]).await;
        let signup = app.token_for("new@example.com").await;
        for token in [signup.as_str(), "", "x", &"A".repeat(43), &"A".repeat(10_000)] {
            assert_eq!(redeem(&mut visitor, token, NEW).await.status, 410);
        }
    }
}
