//! What a change of address promises, over HTTP, on every engine.

use std::time::Duration;

use doorward_core::{EmailAddress, Token};

use super::store::{self, working};
use crate::{
    accounts, on_every_engine,
    operate::{self, Transaction},
    testing::{
        Actor, Answer, PASSWORD, TestApp,
        crowd::{About, EVERYBODY, everybody, meeting, only, overlapping, post_as, same_to_the_byte},
    },
};

const ANN: &str = "ann@example.com";
const NEW: &str = "ann@new.example";
const OTHER: &str = "ann@other.example";
const BOB: &str = "bob@example.com";
const DAY: Duration = Duration::from_secs(86_400);

async fn ask(person: &mut Actor, email: &str) -> Answer {
    person.post("/auth/email/change", &[("email", email)]).await
}

async fn confirm(person: &mut Actor, token: &str) -> Answer {
    person.post("/auth/email/confirm", &[("token", token)]).await
}

async fn log_in(app: &TestApp, email: &str, password: &str) -> u16 {
    app.visitor().post("/auth/login", &[("email", email), ("password", password)]).await.status
}

async fn address_of(person: &mut Actor) -> String {
    person.get("/auth/session").await.json()["account"]["email"].as_str().unwrap_or_default().to_owned()
}

async fn successes(app: &TestApp) -> i64 {
    let sql = "SELECT COUNT(*) FROM audit_events WHERE action = 'email.changed' AND result = 'success'";
    app.db().list(sql, &[], |row| row.get(0)).await.unwrap()[0]
}

on_every_engine! {
    /// Promise: `email_change/needs-proof`
    async fn asking_without_a_recent_proof_changes_nothing(app: TestApp) {
        let mut ann = app.person(ANN).await;
        app.letters().await;
        app.wait(Duration::from_secs(300));
        let answer = ask(&mut ann, NEW).await;
        assert_eq!((answer.status, answer.code().as_str()), (403, "reauthentication_required"));
        let answer = ask(&mut app.visitor(), NEW).await;
        assert_eq!((answer.status, answer.code().as_str()), (401, "not_signed_in"));
        assert_eq!((app.count("email_changes").await, app.count("outbox").await), (0, 0));
        ann.post("/auth/reauthenticate", &[("password", PASSWORD)]).await;
        assert_eq!(ask(&mut ann, NEW).await.status, 202);
    }

    /// Promise: `email_change/confirmed-there`
    async fn until_it_is_confirmed_the_old_address_stays(app: TestApp) {
        let mut ann = app.person(ANN).await;
        ask(&mut ann, NEW).await;
        app.token_for(NEW).await;
        assert_eq!(address_of(&mut ann).await, ANN);
        assert_eq!((log_in(&app, NEW, PASSWORD).await, log_in(&app, ANN, PASSWORD).await), (401, 200));
        assert!(ann.clone().in_browser().get("/auth/account").await.text().contains("Waiting for confirmation: ann@new.example"));
    }

    /// Promise: `email_change/confirmed-there`
    async fn a_link_of_another_account_is_refused(app: TestApp) {
        let mut ann = app.person(ANN).await;
        let mut bob = app.person(BOB).await;
        ask(&mut ann, NEW).await;
        let token = app.token_for(NEW).await;
        let answer = confirm(&mut bob, &token).await;
        assert_eq!((answer.status, answer.code().as_str()), (410, "link_spent"));
        assert_eq!(bob.get(&format!("/auth/email/confirm?token={token}")).await.status, 410);
        assert_eq!((address_of(&mut bob).await, address_of(&mut ann).await), (BOB.to_owned(), ANN.to_owned()));
        assert_eq!(confirm(&mut app.visitor(), &token).await.status, 401);
        assert_eq!(confirm(&mut ann, &token).await.status, 200, "nobody else has spent it");
    }

    /// Promise: `email_change/confirmed-there`
    async fn looking_at_the_link_does_not_spend_it(app: TestApp) {
        let mut ann = app.person(ANN).await;
        ask(&mut ann, NEW).await;
        let token = app.token_for(NEW).await;
        let path = format!("/auth/email/confirm?token={token}");
        for _ in 0..2 {
            assert_eq!(ann.get(&path).await.json()["email"], NEW);
        }
        assert_eq!(address_of(&mut ann).await, ANN);
        let stranger = app.visitor().in_browser().get(&path).await;
        assert_eq!(stranger.status, 303);
        assert!(stranger.header("location").starts_with("/auth/login?return_to=%2Fauth%2Femail%2Fconfirm%3Ftoken%3D"));
        assert_eq!(confirm(&mut ann, &token).await.status, 200);
    }

    /// Promise: `email_change/confirmed-there`
    async fn a_used_link_is_refused(app: TestApp) {
        let mut ann = app.person(ANN).await;
        ask(&mut ann, NEW).await;
        let token = app.token_for(NEW).await;
        assert_eq!(confirm(&mut ann, &token).await.status, 200);
        assert_eq!(confirm(&mut ann, &token).await.code(), "link_spent");
        assert_eq!((app.count("email_changes").await, successes(&app).await), (0, 1));
    }

    /// Promise: `email_change/confirmed-there`
    async fn a_link_works_for_a_day(app: TestApp) {
        for (wait, status) in [(DAY, 410), (DAY - Duration::from_secs(1), 200)] {
            let email = if status == 200 { "kim@example.com" } else { ANN };
            let new = format!("new.{email}");
            let mut person = app.person(email).await;
            ask(&mut person, &new).await;
            let token = app.token_for(&new).await;
            app.wait(wait);
            assert_eq!(confirm(&mut app.logged_in(email).await, &token).await.status, status);
        }
    }

    /// Promise: `email_change/confirmed-there`
    async fn of_fifty_at_once_one_is_done(app: TestApp) {
        let mut ann = app.person(ANN).await;
        let mut phone = app.logged_in(ANN).await;
        ask(&mut ann, NEW).await;
        let token = app.token_for(NEW).await;
        let devices = [(ann.csrf_token().await, ann), (phone.csrf_token().await, phone)];
        let racers = devices.iter().cycle().take(50);
        let racers = racers.map(|(csrf, racer)| post_as(racer, csrf, "/auth/email/confirm", &[("token", &token)]));
        let (met, answers) = meeting(&app, About::SpendingALink, racers).await;
        assert_eq!(met, 50, "all of them saw a link that works");
        only(&[200, 410], &answers);
        let done = answers.iter().filter(|answer| answer.status == 200).count();
        assert_eq!((done, successes(&app).await, app.count("sessions").await), (1, 1, 1));
        assert_eq!(log_in(&app, NEW, PASSWORD).await, 200);
    }

    /// Promise: `email_change/confirmed-there`
    async fn a_link_that_is_being_spent_is_nobody_elses(app: TestApp) {
        let mut ann = app.person(ANN).await;
        ask(&mut ann, NEW).await;
        let digest = Token::parse(&app.token_for(NEW).await).unwrap().digest();
        let id = app.doorward.account_of(&EmailAddress::parse(ANN).unwrap()).await.unwrap().unwrap();
        let standing = accounts::by_id(app.db(), id).await.unwrap().unwrap().standing();
        let spend = async |tx: &mut Transaction| store::spend(tx, standing, &digest, working(app.doorward.context())).await;
        assert_eq!(overlapping(&app, spend).await, [true, false]);
    }

    /// Promise: `email_change/one-row`
    async fn a_link_confirms_the_address_it_was_sent_to(app: TestApp) {
        let mut ann = app.person(ANN).await;
        ask(&mut ann, NEW).await;
        let first = app.token_for(NEW).await;
        ask(&mut ann, OTHER).await;
        assert_eq!(confirm(&mut ann, &first).await.status, 410, "replaced, even before the second letter is written");
        let second = app.token_for(OTHER).await;
        assert_eq!(confirm(&mut ann, &first).await.status, 410);
        assert_eq!(confirm(&mut ann, &second).await.status, 200);
        assert_eq!(address_of(&mut ann).await, OTHER);
    }

    /// Promise: `email_change/one-row`
    async fn of_two_requests_at_once_a_link_confirms_its_own_address(app: TestApp) {
        let mut ann = app.person(ANN).await;
        let csrf = ann.csrf_token().await;
        let asks = [NEW, OTHER].map(|email| {
            let (mut racer, csrf) = (ann.clone(), csrf.clone());
            tokio::spawn(async move { racer.post_with(&csrf, "/auth/email/change", &[("email", email)]).await.status })
        });
        let deliver = {
            let doorward = app.doorward.clone();
            tokio::spawn(async move { doorward.deliver_letters().await })
        };
        for ask in asks {
            assert_eq!(ask.await.unwrap(), 202);
        }
        deliver.await.unwrap().unwrap();
        let mut changed = Vec::new();
        for email in [NEW, OTHER] {
            for token in app.letters_to(email).await.iter().filter_map(crate::testing::TestLetter::token) {
                if confirm(&mut ann, &token).await.status == 200 {
                    assert_eq!(address_of(&mut ann).await, email);
                    changed.push(email);
                }
            }
        }
        assert_eq!(changed.len(), 1, "one row, one link");
    }

    /// Promise: `email_change/one-row`
    async fn a_letter_that_was_overtaken_carries_no_link(app: TestApp) {
        let mut ann = app.person(ANN).await;
        ask(&mut ann, NEW).await;
        ask(&mut ann, OTHER).await;
        assert!(app.subjects_to(NEW).await.is_empty());
        assert_eq!(app.subjects_to(OTHER).await, ["Confirm your new address"]);
    }

    /// Promise: `email_change/old-told`
    async fn the_old_address_is_told_twice(app: TestApp) {
        let mut ann = app.person(ANN).await;
        ask(&mut ann, NEW).await;
        let token = app.token_for(NEW).await;
        assert_eq!(app.subjects_to(ANN).await, ["New login to your account", "A change of your address was asked for"]);
        confirm(&mut ann, &token).await;
        let last = app.letters_to(ANN).await.pop().unwrap();
        assert_eq!(last.subject, "Your address was changed");
        assert!(last.text.contains(NEW), "{}", last.text);
        assert_eq!(app.subjects_to(NEW).await, ["Confirm your new address"]);
    }

    /// Promise: `email_change/says-nothing`
    async fn the_answer_is_the_same_for_every_address(app: TestApp) {
        let mut app = app;
        app.settings.attempts.letters_per_account = 20;
        let app = app.another().await;
        everybody(&app).await;
        let own = "whoasked@example.com";
        let mut ann = app.person(own).await;
        for accept in ["application/json", "text/html"] {
            ann.set_header("accept", accept);
            let mut answers = Vec::new();
            for email in EVERYBODY.into_iter().chain([own]) {
                let before = app.letters_to(email).await.len();
                answers.push((email, ask(&mut ann, email).await));
                let is_free = ["stranger", "awaiting", "incoming", "departed"].iter().any(|free| email.starts_with(free));
                let letter = if is_free { "Confirm your new address" } else { "This address already has an account" };
                assert_eq!(app.subjects_to(email).await[before], letter, "{email}");
            }
            assert_eq!(answers[0].1.status, 202);
            same_to_the_byte(&answers);
        }
    }

    /// Promise: `email_change/says-nothing`
    async fn the_owner_of_a_taken_address_is_told_and_keeps_it(app: TestApp) {
        let mut bob = app.person(BOB).await;
        let mut ann = app.person(ANN).await;
        app.letters().await;
        assert_eq!(ask(&mut ann, BOB).await.status, 202);
        let told = app.letters_to(BOB).await.pop().unwrap();
        assert_eq!((told.subject.as_str(), told.token()), ("This address already has an account", None));
        assert!(bob.is_signed_in().await);
        assert_eq!(address_of(&mut ann).await, ANN);
    }

    /// Promise: `email_change/confirmed-there`
    async fn an_address_that_was_taken_meanwhile_is_not_taken_away(app: TestApp) {
        let mut ann = app.person(ANN).await;
        ask(&mut ann, NEW).await;
        let token = app.token_for(NEW).await;
        let mut owner = app.person(NEW).await;
        assert_eq!(confirm(&mut ann, &token).await.code(), "link_spent");
        assert_eq!((address_of(&mut ann).await, address_of(&mut owner).await), (ANN.to_owned(), NEW.to_owned()));
        assert_eq!(successes(&app).await, 0);
    }

    /// Promise: `email_change/confirmed-there`
    async fn of_two_accounts_at_once_one_gets_the_address(app: TestApp) {
        let mut people = Vec::new();
        for email in [ANN, BOB] {
            let mut person = app.person(email).await;
            ask(&mut person, NEW).await;
            people.push((person.csrf_token().await, app.token_for(NEW).await, person));
        }
        let racers = people.iter().map(|(csrf, token, person)| post_as(person, csrf, "/auth/email/confirm", &[("token", token)]));
        let (met, answers) = meeting(&app, About::SpendingALink, racers).await;
        assert_eq!(met, 2);
        only(&[200, 410], &answers);
        let done = answers.iter().filter(|answer| answer.status == 200).count();
        let owners = app.db().list("SELECT COUNT(*) FROM accounts WHERE email = 'ann@new.example'", &[], |row| row.get::<i64>(0));
        assert_eq!((done, owners.await.unwrap()[0], successes(&app).await), (1, 1, 1));
    }

    /// Promise: `email_change/ends-others`
    async fn other_sessions_end_and_this_one_gets_a_new_id(app: TestApp) {
        let mut ann = app.person(ANN).await;
        let mut phone = app.logged_in(ANN).await;
        let mut bob = app.person(BOB).await;
        ask(&mut ann, NEW).await;
        let token = app.token_for(NEW).await;
        let mut before = ann.clone();
        let old = ann.get("/auth/session").await.json();
        let done = confirm(&mut ann, &token).await;
        assert_eq!(done.status, 200);
        let new = ann.get("/auth/session").await.json();
        assert_ne!(before.session_cookie(), ann.session_cookie());
        assert_eq!(new["csrf_token"], done.json()["csrf_token"]);
        assert_ne!(new["csrf_token"], old["csrf_token"]);
        assert_eq!(new["session"]["expires_at"], old["session"]["expires_at"], "no session gets older by that");
        assert!(!before.is_signed_in().await && !phone.is_signed_in().await);
        assert!(bob.is_signed_in().await, "somebody else stays logged in");
        let stale = ann.post_with(old["csrf_token"].as_str().unwrap(), "/auth/logout", &[]).await;
        assert_eq!(stale.code(), "csrf_token_invalid");
    }

    /// Promise: `email_change/ends-others`
    async fn one_logs_in_with_the_new_address_only(app: TestApp) {
        let mut ann = app.person(ANN).await;
        ask(&mut ann, "  Ann@NEW.example ").await;
        let token = app.token_for(NEW).await;
        confirm(&mut ann, &token).await;
        assert_eq!((log_in(&app, ANN, PASSWORD).await, log_in(&app, NEW, PASSWORD).await), (401, 200));
        assert!(app.account(ANN).await.to_string().len() == 36, "the old address is free for somebody else");
    }

    /// Promise: `email_change/old-links-void`
    async fn a_reset_link_that_went_to_the_old_address_is_void(app: TestApp) {
        let mut ann = app.person(ANN).await;
        app.visitor().post("/auth/password/forgot", &[("email", ANN)]).await;
        let reset = app.token_for(ANN).await;
        ask(&mut ann, NEW).await;
        let token = app.token_for(NEW).await;
        app.visitor().post("/auth/password/forgot", &[("email", ANN)]).await;
        assert_eq!(confirm(&mut ann, &token).await.status, 200);
        let form = [("token", reset.as_str()), ("new_password", "a quite different passphrase")];
        assert_eq!(app.visitor().post("/auth/password/reset", &form).await.status, 410);
        let late = app.letters_to(ANN).await.into_iter().filter(|letter| letter.subject == "Set a new password").count();
        assert_eq!(late, 1, "the letter that was ordered before and written after is not sent");
        assert_eq!(app.count("password_resets").await, 0);
    }

    /// Promise: `email_change/dies-with-recovery`
    async fn a_thief_who_asked_loses_the_link_with_the_session(app: TestApp) {
        const CHOSEN: &str = "a quite different passphrase";
        for way in ["reset", "password", "everywhere"] {
            let (owner, thiefs) = (format!("{way}@example.com"), format!("{way}@thief.example"));
            let mut thief = app.person(&owner).await;
            ask(&mut thief, &thiefs).await;
            let token = app.token_for(&thiefs).await;
            let mut ann = app.logged_in(&owner).await;
            let password = match way {
                "reset" => {
                    let mut ann = app.visitor();
                    ann.post("/auth/password/forgot", &[("email", &owner)]).await;
                    let reset = app.token_for(&owner).await;
                    ann.post("/auth/password/reset", &[("token", &reset), ("new_password", CHOSEN)]).await;
                    CHOSEN
                }
                "password" => {
                    assert_eq!(ann.post("/auth/password/change", &[("new_password", CHOSEN)]).await.status, 200);
                    CHOSEN
                }
                _ => {
                    assert_eq!(ann.post("/auth/sessions/revoke-others", &[]).await.status, 200);
                    PASSWORD
                }
            };
            let mut ann = app.visitor();
            assert_eq!(ann.post("/auth/login", &[("email", &owner), ("password", password)]).await.status, 200);
            assert_eq!(ann.get(&format!("/auth/email/confirm?token={token}")).await.status, 410, "{way}");
            assert_eq!(confirm(&mut ann, &token).await.status, 410, "{way}");
            let page = ann.clone().in_browser().get("/auth/account").await.text();
            assert!(!page.contains("Waiting for confirmation"), "{way}");
            assert_eq!(ask(&mut ann, &format!("{way}@new.example")).await.status, 202, "{way}: the owner may ask again");
            let token = app.token_for(&format!("{way}@new.example")).await;
            assert_eq!(confirm(&mut ann, &token).await.status, 200, "{way}");
        }
    }

    /// Promise: `email_change/dies-with-recovery`
    async fn a_letter_written_after_the_recovery_carries_no_link(app: TestApp) {
        let mut thief = app.person(ANN).await;
        app.letters().await;
        ask(&mut thief, "ann@thief.example").await;
        app.logged_in(ANN).await.post("/auth/logout/everywhere", &[]).await;
        assert!(app.letters_to("ann@thief.example").await.is_empty());
    }

    /// Promise: `email_change/mail-limit`
    async fn an_account_asks_three_times_an_hour(app: TestApp) {
        let mut ann = app.person(ANN).await;
        let mut bob = app.person(BOB).await;
        for n in 0..3 {
            assert_eq!(ask(&mut ann, &format!("target{n}@example.com")).await.status, 202);
        }
        let answer = ask(&mut ann, "target3@example.com").await;
        assert_eq!((answer.status, answer.code().as_str(), answer.header("retry-after")), (429, "too_many_attempts", "3600"));
        assert!(app.letters_to("target3@example.com").await.is_empty());
        assert_eq!(ask(&mut bob, "bobs@example.com").await.status, 202, "somebody else's hour is their own");
        app.wait(Duration::from_secs(3600));
        let mut ann = app.logged_in(ANN).await;
        assert_eq!(ask(&mut ann, "target3@example.com").await.status, 202);
    }

    /// Promise: `email_change/mail-limit`
    async fn many_accounts_do_not_send_more_to_one_address(app: TestApp) {
        for n in 0..5 {
            let mut person = app.person(&format!("person{n}@example.com")).await;
            assert_eq!(ask(&mut person, NEW).await.status, 202);
        }
        assert_eq!(app.letters_to(NEW).await.len(), 3);
    }

    async fn a_text_that_is_no_address_comes_back_with_the_form(app: TestApp) {
        let mut ann = app.person(ANN).await.in_browser();
        let script = "\"><script>alert(1)</script>@example.com";
        for typed in ["", "ann", "ann@", "ann@localhost@example.com", script, "ann\r\nbcc:x@example.com"] {
            let answer = ask(&mut ann, typed).await;
            assert_eq!(answer.status, 422, "{typed:?}");
            let shown = typed.replace('"', "&#34;").replace('<', "&#60;").replace('>', "&#62;");
            assert!(answer.text().contains(&format!("value=\"{shown}\"")), "{typed:?}\n{}", answer.text());
        }
        assert_eq!((app.count("email_changes").await, successes(&app).await), (0, 0));
    }

    async fn a_token_of_another_kind_is_no_link(app: TestApp) {
        let mut ann = app.person(ANN).await;
        app.visitor().post("/auth/password/forgot", &[("email", ANN)]).await;
        let reset = app.token_for(ANN).await;
        ask(&mut ann, NEW).await;
        app.token_for(NEW).await;
        for token in [reset.as_str(), "", "x", "\0", &"A".repeat(43), &"A".repeat(10_000)] {
            let answer = confirm(&mut ann, token).await;
            assert_eq!((answer.status, answer.code().as_str()), (410, "link_spent"), "{token:?}");
        }
        assert_eq!(address_of(&mut ann).await, ANN);
    }

    async fn people_are_led_to_their_account(app: TestApp) {
        let mut ann = app.person(ANN).await.in_browser();
        let asked = ask(&mut ann, NEW).await;
        assert!(asked.text().contains("<h1>Check your mail</h1>") && asked.text().contains(NEW));
        let token = app.token_for(NEW).await;
        let page = ann.get(&format!("/auth/email/confirm?token={token}")).await;
        assert!(page.text().contains(&format!("<input type=\"hidden\" name=\"token\" value=\"{token}\">")));
        let done = confirm(&mut ann, &token).await;
        assert_eq!((done.status, done.header("location")), (303, "/auth/account?done=email-changed"));
        let account = ann.get(done.header("location")).await.text();
        assert!(account.contains("Your address is changed.") && account.contains(NEW) && !account.contains(ANN));
    }

    async fn what_nobody_confirmed_is_cleared_away(app: TestApp) {
        let mut ann = app.person(ANN).await;
        ask(&mut ann, NEW).await;
        app.wait(DAY - Duration::from_secs(1));
        crate::features::purge(app.doorward.context()).await.unwrap();
        assert_eq!(app.count("email_changes").await, 1);
        app.wait(Duration::from_secs(1));
        crate::features::purge(app.doorward.context()).await.unwrap();
        assert_eq!(app.count("email_changes").await, 0);
    }

    async fn a_deleted_account_leaves_no_change_behind(app: TestApp) {
        let mut ann = app.person(ANN).await;
        ask(&mut ann, NEW).await;
        let email = EmailAddress::parse(ANN).unwrap();
        let id = app.doorward.account_of(&email).await.unwrap().unwrap();
        assert_eq!(operate::delete(&app.doorward, id).await.unwrap(), operate::Deletion::Done);
        assert_eq!(app.count("email_changes").await, 0);
        assert!(app.letters_to(NEW).await.is_empty(), "a letter about nobody is not written");
    }
}
