//! What a sign-up promises, over HTTP, on every engine.

use std::time::Duration;

use doorward_core::{Signup, Token};

use super::{flow::working, store};
use crate::{
    on_every_engine,
    operate::{self, Action, Filter, Recorded, Transaction},
    testing::{
        Actor, Answer, PASSWORD, TestApp,
        crowd::{
            About, EVERYBODY, FullPool, at_once, everybody, insist_as, meeting, only, overlapping, same_to_the_byte,
            seen,
        },
    },
};

const ANN: &str = "ann@example.com";
const OTHER: &str = "a quite different passphrase";

async fn sign_up(person: &mut Actor, email: &str, password: &str) -> Answer {
    let token = person.form_token().await;
    person.post_with(&token, "/auth/signup", &[("email", email), ("password", password)]).await
}

async fn confirm(person: &mut Actor, link: &str, password: &str) -> Answer {
    let token = person.form_token().await;
    person.post_with(&token, "/auth/email/verify", &[("token", link), ("password", password)]).await
}

/// Signs up and returns the token of the letter.
async fn link_for(app: &TestApp, email: &str, password: &str) -> String {
    assert_eq!(sign_up(&mut app.visitor(), email, password).await.status, 202);
    app.token_for(email).await
}

async fn log_in(app: &TestApp, email: &str, password: &str) -> Answer {
    app.visitor().post("/auth/login", &[("email", email), ("password", password)]).await
}

async fn events(app: &TestApp, action: Action) -> Vec<Recorded> {
    let filter = Filter { action: Some(action), ..Filter::default() };
    operate::search(app.db(), &filter, None, 1000).await.unwrap()
}

/// Somebody may make as many guesses, and be sent as many letters, as fifty at once do.
async fn lenient(mut app: TestApp) -> TestApp {
    (app.settings.attempts.free, app.settings.attempts.letters_per_account) = (50, 50);
    app.another().await
}

/// Makes sure that one got in, and that all others were told that the link is spent.
fn one_of(answers: &[Answer]) {
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
    only(&[200, 410], answers);
}

on_every_engine! {
    async fn somebody_signs_up_and_is_in(app: TestApp) {
        let mut ann = app.visitor();
        let answer = sign_up(&mut ann, ANN, PASSWORD).await;
        assert_eq!((answer.status, answer.text().as_str()), (202, r#"{"sent":true}"#));
        assert!(!ann.is_signed_in().await);
        let link = app.token_for(ANN).await;
        let page = ann.get(&format!("/auth/email/verify?token={link}")).await;
        assert_eq!((page.status, page.json()["email"].as_str()), (200, Some(ANN)));
        let answer = confirm(&mut ann, &link, PASSWORD).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let who = ann.get("/auth/session").await.json();
        assert_eq!(who["account"]["email"], ANN);
        assert_eq!(who["session"]["id"], answer.json()["session"]);
        assert_eq!(who["csrf_token"], answer.json()["csrf_token"]);
        assert_eq!(log_in(&app, ANN, PASSWORD).await.status, 200);
        let (asked, done) = (events(&app, Action::SignupRequested).await, events(&app, Action::SignupCompleted).await);
        assert_eq!((asked.len(), asked[0].actor.as_str(), &asked[0].target), (1, "anonymous", &None));
        assert_eq!((done.len(), done[0].result.as_str()), (1, "success"));
        assert_eq!(done[0].actor, format!("account:{}", who["account"]["id"].as_str().unwrap()));
    }

    /// The letter of the sign-up is enough: the browser in which somebody confirms is no surprise to them.
    async fn confirming_is_no_login_from_a_new_device(app: TestApp) {
        let link = link_for(&app, ANN, PASSWORD).await;
        let mut ann = app.visitor();
        assert_eq!(confirm(&mut ann, &link, PASSWORD).await.status, 200);
        assert_eq!(app.letters_to(ANN).await.len(), 1);
        let token = ann.form_token().await;
        ann.post_with(&token, "/auth/login", &[("email", ANN), ("password", PASSWORD)]).await;
        assert_eq!(app.letters_to(ANN).await.len(), 1, "the browser is known from now on");
    }

    /// Promise: `signup/same-answer`
    async fn the_answer_is_the_same_for_everybody(app: TestApp) {
        let mut app = app;
        app.settings.attempts.letters_per_account = 20;
        let app = app.another().await;
        everybody(&app).await;
        for accept in ["application/json", "text/html"] {
            let mut visitor = app.visitor();
            visitor.set_header("accept", accept);
            let token = visitor.form_token().await;
            let mut answers = Vec::new();
            for email in EVERYBODY {
                let before = app.letters_to(email).await.len();
                let form = [("email", email), ("password", PASSWORD)];
                answers.push((email, visitor.post_with(&token, "/auth/signup", &form).await));
                let letters = app.letters_to(email).await.split_off(before);
                let has_account = ["resident", "disabled", "imported", "hindered"].iter().any(|own| email.starts_with(own));
                let letter = if has_account { "You already have an account" } else { "Confirm your address" };
                assert_eq!((letters.len(), letters[0].subject.as_str()), (1, letter), "{email}");
                assert_eq!(letters[0].token().is_none(), has_account, "{email}");
            }
            assert_eq!(answers[0].1.status, 202);
            same_to_the_byte(&answers);
        }
    }

    /// Promise: `signup/owner-told`
    async fn an_owner_is_told_that_somebody_tried(app: TestApp) {
        let account = app.account(ANN).await;
        sign_up(&mut app.visitor(), "ANN@EXAMPLE.com", OTHER).await;
        let letters = app.letters_to(ANN).await;
        assert_eq!(letters.len(), 1);
        assert_eq!(letters[0].subject, "You already have an account");
        assert_eq!(letters[0].token(), None, "there is nothing to confirm");
        assert_eq!(log_in(&app, ANN, OTHER).await.status, 401);
        assert_eq!(log_in(&app, ANN, PASSWORD).await.status, 200);
        operate::disable(&app.doorward, account).await.unwrap();
        sign_up(&mut app.visitor(), ANN, OTHER).await;
        let last = app.letters_to(ANN).await.pop().unwrap();
        assert_eq!((last.subject.as_str(), last.token()), ("You already have an account", None));
    }

    /// Promise: `signup/no-account-unverified`
    async fn there_is_no_account_before_the_address_is_confirmed(app: TestApp) {
        link_for(&app, ANN, PASSWORD).await;
        assert_eq!((app.count("accounts").await, app.count("passwords").await), (0, 0));
        let (waiting, nobody) = (log_in(&app, ANN, PASSWORD).await, log_in(&app, "nobody@example.com", PASSWORD).await);
        assert_eq!(waiting.status, 401);
        assert_eq!(seen(&waiting, ANN), seen(&nobody, "nobody@example.com"));
        app.visitor().post("/auth/password/forgot", &[("email", ANN)]).await;
        assert_eq!(app.letters_to(ANN).await.len(), 1, "there is no password to set anew");
    }

    /// Promise: `signup/link-needs-password`
    async fn the_link_alone_makes_nothing(app: TestApp) {
        // A stranger signs up with Ann's address and waits; Ann opens the link and types a password of her own.
        let link = link_for(&app, ANN, PASSWORD).await;
        let mut ann = app.visitor();
        for wrong in [OTHER, "", "Seven wet herons on a fence", &format!("{PASSWORD} ")] {
            let answer = confirm(&mut ann, &link, wrong).await;
            assert_eq!((answer.status, answer.code().as_str()), (403, "wrong_password"), "{wrong:?}");
        }
        assert_eq!((app.count("accounts").await, app.count("sessions").await), (0, 0));
        let denied = events(&app, Action::SignupCompleted).await;
        assert_eq!(denied.len(), 4);
        assert!(denied.iter().all(|event| event.result == "denied" && event.actor == "anonymous"));
        // Her own try, beside the stranger's, is the one that counts.
        let own = link_for(&app, ANN, OTHER).await;
        assert_eq!(confirm(&mut ann, &own, OTHER).await.status, 200);
        assert_eq!(confirm(&mut app.visitor(), &link, PASSWORD).await.status, 410);
        assert_eq!(log_in(&app, ANN, PASSWORD).await.status, 401);
        assert_eq!(log_in(&app, ANN, OTHER).await.status, 200);
    }

    async fn looking_at_a_link_changes_nothing(app: TestApp) {
        let link = link_for(&app, ANN, PASSWORD).await;
        let mut scanner = app.visitor().in_browser();
        for _ in 0..3 {
            let page = scanner.get(&format!("/auth/email/verify?token={link}")).await;
            assert_eq!(page.status, 200);
            assert!(page.text().contains(ANN) && page.text().contains(&link));
        }
        assert_eq!(app.count("accounts").await, 0);
        assert_eq!(confirm(&mut app.visitor(), &link, PASSWORD).await.status, 200);
    }

    /// Promise: `signup/works-once`
    async fn a_used_link_is_refused(app: TestApp) {
        let link = link_for(&app, ANN, PASSWORD).await;
        assert_eq!(confirm(&mut app.visitor(), &link, PASSWORD).await.status, 200);
        let again = confirm(&mut app.visitor(), &link, PASSWORD).await;
        assert_eq!((again.status, again.code().as_str()), (410, "link_spent"));
        assert_eq!(app.count("sessions").await, 1);
    }

    /// Promise: `signup/works-once`
    async fn of_fifty_who_confirm_at_once_one_gets_in(app: TestApp) {
        let app = lenient(app).await;
        let link = link_for(&app, ANN, PASSWORD).await;
        let mut ann = app.visitor();
        let token = ann.form_token().await;
        let form = [("token", link.as_str()), ("password", PASSWORD)];
        let racers = (0..50).map(|_| insist_as(&ann, &token, "/auth/email/verify", &form));
        let (met, answers) = meeting(&app, About::SpendingALink, racers).await;
        assert_eq!(met, 50, "all of them saw a link that works");
        one_of(&answers);
        assert_eq!((app.count("accounts").await, app.count("sessions").await), (1, 1));
        let done = events(&app, Action::SignupCompleted).await;
        assert_eq!(done.iter().filter(|event| event.result == "success").count(), 1);
    }

    /// Promise: `signup/works-once`
    async fn a_link_that_is_being_spent_is_nobody_elses(app: TestApp) {
        let digest = Token::parse(&link_for(&app, ANN, PASSWORD).await).unwrap().digest();
        let spent = overlapping(&app, async |tx: &mut Transaction| store::spend(tx, &digest, working(app.doorward.context())).await).await;
        assert_eq!(spent, [true, false]);
    }

    /// Promise: `signup/same-answer`, `accounts/one-per-address`
    async fn fifty_spellings_at_once_are_one_account(app: TestApp) {
        let app = lenient(app).await;
        let spellings = [
            "ann@bücher.example", "ANN@BÜCHER.EXAMPLE", "Ann@xn--bcher-kva.example", " ann@Bu\u{308}cher.example ",
            "aNN@XN--BCHER-KVA.example",
        ];
        let mut visitor = app.visitor();
        let token = visitor.form_token().await;
        let forms = spellings.iter().cycle().take(50).map(|email| [("email", *email), ("password", PASSWORD)]);
        let answers = at_once(forms.map(|form| insist_as(&visitor, &token, "/auth/signup", &form))).await;
        let sent: Vec<_> = answers.iter().map(|answer| seen(answer, "-")).collect();
        assert!(sent.iter().all(|answer| answer.0 == 202 && *answer == sent[0]));
        let letters = app.letters().await;
        assert!(letters.iter().all(|letter| letter.to == "ann@xn--bcher-kva.example"));
        let links: Vec<_> = letters.iter().filter_map(crate::testing::TestLetter::token).collect();
        assert_eq!(links.len(), 50);
        let racers = links.iter().map(|link| {
            insist_as(&visitor, &token, "/auth/email/verify", &[("token", link), ("password", PASSWORD)])
        });
        let (met, answers) = meeting(&app, About::SpendingALink, racers).await;
        assert_eq!(met, 50, "all of them saw an address without an account");
        one_of(&answers);
        assert_eq!((app.count("accounts").await, app.count("sessions").await, app.count("signups").await), (1, 1, 0));
        for email in spellings {
            assert_eq!(log_in(&app, email, PASSWORD).await.status, 200, "{email:?}");
        }
    }

    /// Two links of one address lock the same two rows; locked in turns they would wait for each other.
    async fn links_of_one_address_do_not_wait_for_each_other(app: TestApp) {
        for round in 0..8 {
            let email = format!("ann{round}@example.com");
            let mut links = Vec::new();
            for _ in 0..3 {
                links.push(link_for(&app, &email, PASSWORD).await);
            }
            let mut visitor = app.visitor();
            let token = visitor.form_token().await;
            let racers = links.iter().map(|link| {
                insist_as(&visitor, &token, "/auth/email/verify", &[("token", link), ("password", PASSWORD)])
            });
            let (met, answers) = meeting(&app, About::SpendingALink, racers).await;
            assert_eq!(met, 3);
            one_of(&answers);
            assert!(app.doorward.metrics().contains("doorward_faults_total 0"));
        }
    }

    /// Promise: `signup/expires`
    async fn a_link_works_for_a_day(app: TestApp) {
        let link = link_for(&app, ANN, PASSWORD).await;
        app.wait(Duration::from_secs(86_400));
        let page = app.visitor().get(&format!("/auth/email/verify?token={link}")).await;
        assert_eq!((page.status, page.code().as_str()), (410, "link_spent"));
        assert_eq!(confirm(&mut app.visitor(), &link, PASSWORD).await.code(), "link_spent");
        let link = link_for(&app, ANN, PASSWORD).await;
        app.wait(Duration::from_secs(86_399));
        assert_eq!(confirm(&mut app.visitor(), &link, PASSWORD).await.status, 200);
    }

    /// The letter promises a day, so the day begins with the letter and not with the request.
    async fn the_day_begins_with_the_letter(app: TestApp) {
        sign_up(&mut app.visitor(), ANN, PASSWORD).await;
        app.wait(Duration::from_secs(5 * 3600));
        let link = app.token_for(ANN).await;
        app.wait(Duration::from_secs(86_399));
        assert_eq!(confirm(&mut app.visitor(), &link, PASSWORD).await.status, 200);
    }

    /// Promise: `signup/newest-per-try`
    async fn each_try_has_its_link_and_a_success_voids_the_others(app: TestApp) {
        let first = link_for(&app, ANN, PASSWORD).await;
        let second = link_for(&app, ANN, OTHER).await;
        assert_ne!(first, second);
        assert_eq!(confirm(&mut app.visitor(), &first, OTHER).await.status, 403, "each link has its own password");
        assert_eq!(confirm(&mut app.visitor(), &first, PASSWORD).await.status, 200);
        assert_eq!(confirm(&mut app.visitor(), &second, OTHER).await.status, 410);
        assert_eq!(app.count("signups").await, 0);
    }

    /// Promise: `signup/mail-limit`
    async fn three_letters_an_hour(app: TestApp) {
        for _ in 0..5 {
            assert_eq!(sign_up(&mut app.visitor(), ANN, PASSWORD).await.status, 202);
        }
        assert_eq!(app.letters_to(ANN).await.len(), 3);
        sign_up(&mut app.visitor(), "bob@example.com", PASSWORD).await;
        assert_eq!(app.letters_to("bob@example.com").await.len(), 1, "another address has a limit of its own");
        app.wait(Duration::from_secs(3601));
        sign_up(&mut app.visitor(), ANN, PASSWORD).await;
        assert_eq!(app.letters_to(ANN).await.len(), 4);
    }

    /// Promise: `signup/no-lockout`
    async fn strangers_cannot_keep_an_owner_from_confirming(app: TestApp) {
        let mut app = app;
        (app.settings.attempts.hard_stop, app.settings.attempts.longest_wait) = (10, Duration::from_secs(30));
        let app = app.another().await;
        for _ in 0..10 {
            assert_eq!(log_in(&app, ANN, "not the password").await.status, 401);
            app.wait(Duration::from_secs(31));
        }
        assert_eq!(log_in(&app, ANN, PASSWORD).await.status, 429);
        let link = link_for(&app, ANN, PASSWORD).await;
        assert_eq!(confirm(&mut app.visitor(), &link, PASSWORD).await.status, 200);
        assert_eq!(log_in(&app, ANN, PASSWORD).await.status, 200, "an account begins without failures of others");
    }

    /// Whoever holds the link, perhaps through a leaked mail, still cannot try every password.
    async fn guesses_with_a_link_are_throttled(app: TestApp) {
        let link = link_for(&app, ANN, PASSWORD).await;
        let other = link_for(&app, "bob@example.com", PASSWORD).await;
        for _ in 0..6 {
            assert_eq!(confirm(&mut app.visitor(), &link, OTHER).await.status, 403);
        }
        let answer = confirm(&mut app.visitor(), &link, PASSWORD).await;
        assert_eq!((answer.status, answer.header("retry-after")), (429, "30"));
        assert_eq!(confirm(&mut app.visitor(), &other, PASSWORD).await.status, 200, "another link has its own counter");
        app.wait(Duration::from_secs(30));
        assert_eq!(confirm(&mut app.visitor(), &link, PASSWORD).await.status, 200);
    }

    async fn what_is_no_link_of_ours_is_answered_like_a_spent_one(app: TestApp) {
        let used = link_for(&app, ANN, PASSWORD).await;
        confirm(&mut app.visitor(), &used, PASSWORD).await;
        app.visitor().post("/auth/password/forgot", &[("email", ANN)]).await;
        let reset = app.token_for(ANN).await;
        assert_ne!(reset, used);
        let overtaken = {
            let link = link_for(&app, "bob@example.com", OTHER).await;
            app.account("bob@example.com").await;
            link
        };
        let (zeros, long) = ("A".repeat(43), "A".repeat(10_000));
        let mut visitor = app.visitor();
        let token = visitor.form_token().await;
        let mut answers = Vec::new();
        for link in [used.as_str(), &reset, &overtaken, &zeros, &long, "", "x"] {
            let form = [("token", link), ("password", OTHER)];
            let answer = visitor.post_with(&token, "/auth/email/verify", &form).await;
            assert_eq!(answer.status, 410, "{link}");
            answers.push(seen(&answer, link));
            assert!(answers.iter().all(|answer| *answer == answers[0]) || link.len() < 2);
        }
        assert_eq!(log_in(&app, "bob@example.com", OTHER).await.status, 401);
    }

    async fn the_database_does_not_know_the_link(app: TestApp) {
        let link = link_for(&app, ANN, PASSWORD).await;
        let digests = app.db().list("SELECT digest FROM signups", &[], |row| row.get::<Vec<u8>>(0)).await.unwrap();
        let token = Token::<Signup>::parse(&link).unwrap();
        assert_eq!(digests, [token.digest().as_bytes()]);
        assert_ne!(digests[0], token.expose());
    }

    async fn a_closed_sign_up_says_so_to_everybody(app: TestApp) {
        let mut app = app;
        app.account(ANN).await;
        app.settings.signup.open = false;
        let app = app.another().await;
        let mut visitor = app.visitor();
        let taken = sign_up(&mut visitor, ANN, PASSWORD).await;
        let free = sign_up(&mut visitor, "bob@example.com", PASSWORD).await;
        assert_eq!((taken.status, taken.code().as_str()), (403, "signup_closed"));
        assert_eq!(seen(&taken, ANN), seen(&free, "bob@example.com"));
        assert_eq!((app.count("signups").await, app.count("outbox").await), (0, 0));
    }

    /// A machine over its limit is refused before it can make us hash anything.
    async fn requests_are_counted_before_anything_is_hashed(app: TestApp) {
        let mut app = app;
        app.settings.attempts.letters_per_address = 5;
        let app = app.another().await;
        let full = FullPool::of(&app).await;
        for _ in 0..5 {
            let answer = sign_up(&mut app.visitor(), ANN, PASSWORD).await;
            assert_eq!((answer.status, answer.code().as_str()), (503, "busy"));
        }
        let answer = sign_up(&mut app.visitor(), ANN, PASSWORD).await;
        assert_eq!((answer.status, answer.code().as_str()), (429, "too_many_attempts"));
        full.empty().await;
        assert_eq!(sign_up(&mut app.visitor(), "bob@example.com", PASSWORD).await.status, 429);
        app.wait(Duration::from_secs(3600));
        assert_eq!(sign_up(&mut app.visitor(), ANN, PASSWORD).await.status, 202);
    }

    async fn a_refused_form_comes_back_with_the_address_and_without_the_password(app: TestApp) {
        let mut ann = app.visitor().in_browser();
        assert!(ann.get("/auth/signup").await.text().contains("name=\"csrf_token\""));
        let secret = "elevenchars";
        let answer = sign_up(&mut ann, "<ann>@example.com", secret).await;
        assert_eq!(answer.status, 422);
        assert!(answer.text().contains("value=\"&#60;ann&#62;@example.com\""), "{}", answer.text());
        let answer = sign_up(&mut ann, ANN, secret).await;
        assert_eq!(answer.status, 422);
        assert!(answer.text().contains(&format!("value=\"{ANN}\"")), "{}", answer.text());
        assert!(!answer.text().contains(secret));
        let answer = sign_up(&mut ann, ANN, PASSWORD).await;
        assert_eq!(answer.status, 202);
        let link = app.token_for(ANN).await;
        let answer = confirm(&mut ann, &link, OTHER).await;
        assert_eq!(answer.status, 403);
        assert!(answer.text().contains(&link) && !answer.text().contains(OTHER));
        let answer = confirm(&mut ann, &link, PASSWORD).await;
        assert_eq!((answer.status, answer.header("location")), (303, "/auth/account?done=confirmed"));
        assert_eq!(ann.get("/auth/account?done=confirmed").await.status, 200);
    }

    async fn confirming_ends_the_session_that_the_browser_had(app: TestApp) {
        let mut browser = app.person("bob@example.com").await;
        let bobs = browser.clone();
        let link = link_for(&app, ANN, PASSWORD).await;
        assert_eq!(confirm(&mut browser, &link, PASSWORD).await.status, 200);
        assert_eq!(browser.get("/auth/session").await.json()["account"]["email"], ANN);
        assert!(!bobs.clone().is_signed_in().await);
    }

    async fn what_nobody_confirms_is_cleared_away(app: TestApp) {
        link_for(&app, ANN, PASSWORD).await;
        app.wait(Duration::from_secs(86_399));
        crate::features::purge(app.doorward.context()).await.unwrap();
        assert_eq!(app.count("signups").await, 1);
        app.wait(Duration::from_secs(1));
        crate::features::purge(app.doorward.context()).await.unwrap();
        assert_eq!(app.count("signups").await, 0);
    }
}
