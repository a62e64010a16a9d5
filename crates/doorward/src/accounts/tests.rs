//! What accounts promise, over HTTP, on every engine.

use doorward_core::{AccountId, EmailAddress};

use crate::{
    on_every_engine,
    operate::{self, Action, Filter},
    testing::{Actor, PASSWORD, TestApp, crowd::at_once},
};

mod meeting;

const ANN: &str = "ann@example.com";

async fn log_in(app: &TestApp, email: &str) -> u16 {
    app.visitor().post("/auth/login", &[("email", email), ("password", PASSWORD)]).await.status
}

async fn rename(person: &mut Actor, name: &str) -> u16 {
    person.post("/auth/account/profile", &[("display_name", name)]).await.status
}

async fn name(person: &mut Actor) -> String {
    person.get("/auth/session").await.json()["account"]["name"].as_str().unwrap().to_owned()
}

async fn results(app: &TestApp, action: Action) -> Vec<(String, Option<String>, String)> {
    let filter = Filter { action: Some(action), ..Filter::default() };
    let events = operate::search(app.db(), &filter, None, 100).await.unwrap();
    events.into_iter().map(|event| (event.actor, event.target, event.result)).collect()
}

fn nobody() -> AccountId {
    "018f3f0a-0000-7000-8000-000000000000".parse().unwrap()
}

on_every_engine! {
    /// Promise: `operator/disabled-sessions-end`
    async fn disabling_ends_every_session_and_nobody_elses(app: TestApp) {
        let mut laptop = app.person(ANN).await;
        let mut phone = app.logged_in(ANN).await;
        let mut bob = app.person("bob@example.com").await;
        let account = app.doorward.account_of(&EmailAddress::parse(ANN).unwrap()).await.unwrap().unwrap();
        assert!(operate::disable(&app.doorward, account).await.unwrap());
        assert!(!laptop.is_signed_in().await && !phone.is_signed_in().await);
        assert!(bob.is_signed_in().await);
        let target = Some(format!("account:{account}"));
        assert_eq!(results(&app, Action::AccountDisabled).await, [("operator".to_owned(), target, "success".to_owned())]);
    }

    /// Promise: `operator/disabled-stays-out`
    async fn a_disabled_account_stays_out_by_every_door(app: TestApp) {
        let mut ann = app.person(ANN).await;
        app.visitor().post("/auth/password/forgot", &[("email", ANN)]).await;
        let link = app.token_for(ANN).await;
        let account = app.doorward.account_of(&EmailAddress::parse(ANN).unwrap()).await.unwrap().unwrap();
        operate::disable(&app.doorward, account).await.unwrap();
        assert_eq!(log_in(&app, ANN).await, 401);
        let form = [("token", link.as_str()), ("new_password", "a quite different passphrase")];
        assert_eq!(app.visitor().post("/auth/password/reset", &form).await.status, 410, "a link from before");
        let before = app.letters_to(ANN).await.len();
        app.visitor().post("/auth/password/forgot", &[("email", ANN)]).await;
        assert_eq!(app.letters_to(ANN).await.len(), before, "and no new one");
        app.visitor().post("/auth/signup", &[("email", ANN), ("password", PASSWORD)]).await;
        assert_eq!(app.letters_to(ANN).await.pop().unwrap().token(), None, "nor an account beside it");
        assert_eq!(app.count("sessions").await, 0);

        assert!(operate::enable(&app.doorward, account).await.unwrap());
        assert!(!ann.is_signed_in().await, "what ended stays ended");
        assert_eq!(log_in(&app, ANN).await, 200);
        assert_eq!(results(&app, Action::AccountEnabled).await.len(), 1);
    }

    async fn who_is_not_there_is_not_disabled_enabled_or_deleted(app: TestApp) {
        assert!(!operate::disable(&app.doorward, nobody()).await.unwrap());
        assert!(!operate::enable(&app.doorward, nobody()).await.unwrap());
        assert_eq!(operate::delete(&app.doorward, nobody()).await.unwrap(), operate::Deletion::NoSuchAccount);
        assert_eq!(app.count("audit_events").await, 0, "no event without its change");
    }

    /// Promise: `accounts/one-per-address`
    async fn of_twenty_who_make_it_at_once_one_does(app: TestApp) {
        let spellings = ["ann@bücher.example", "ANN@xn--bcher-kva.example", "aNn@BÜCHER.example", "ann@bu\u{308}cher.example"];
        let tries = spellings.iter().cycle().take(20).map(|email| {
            let (doorward, email) = (app.doorward.clone(), EmailAddress::parse(email).unwrap());
            async move {
                let password = operate::new_password(&doorward, &email, PASSWORD).unwrap();
                operate::create_account(&doorward, &email, password).await.unwrap()
            }
        });
        let made: Vec<_> = at_once(tries).await.into_iter().flatten().collect();
        assert_eq!(made.len(), 1);
        assert_eq!((app.count("accounts").await, app.count("passwords").await), (1, 1));
        let created = results(&app, Action::AccountCreated).await;
        assert_eq!(created, [("operator".to_owned(), Some(format!("account:{}", made[0])), "success".to_owned())]);
        for email in spellings {
            assert_eq!(log_in(&app, email).await, 200);
        }
    }

    /// Promise: `accounts/one-per-address`
    async fn addresses_that_only_look_alike_are_two_accounts(app: TestApp) {
        app.account("ann@example.com").await;
        for other in ["ann+news@example.com", "a.nn@example.com", "ann@example.org", "ann@ex\u{430}mple.com"] {
            assert_eq!(log_in(&app, other).await, 401);
            app.account(other).await;
        }
        assert_eq!(app.count("accounts").await, 5);
        let look_alikes = ["ann\u{ff20}example.com", "ann@example.com@example.com", "ann@example\u{3002}com\0"];
        let odd = ["ann @example.com", "\"ann\"@example.com", "ann@[127.0.0.1]"];
        for hostile in look_alikes.into_iter().chain(odd) {
            assert_eq!(log_in(&app, hostile).await, 422, "{hostile}");
        }
    }

    /// Promise: `accounts/own-profile`
    async fn a_person_changes_their_own_name(app: TestApp) {
        let mut ann = app.person(ANN).await;
        let mut bob = app.person("bob@example.com").await;
        assert_eq!(rename(&mut ann, "  Ann of Green Gables ").await, 200);
        assert_eq!(name(&mut ann).await, "Ann of Green Gables");
        assert_eq!(name(&mut bob).await, "");
        assert_eq!(rename(&mut ann, &"é".repeat(100)).await, 200);
        assert_eq!(rename(&mut ann, &"é".repeat(101)).await, 422);
        assert_eq!(name(&mut ann).await, "é".repeat(100));
        assert_eq!(rename(&mut ann, "a\u{0}b\u{1b}[31m\r\nc").await, 200);
        assert_eq!(name(&mut ann).await, "ab[31mc");
        let turned: String = (0x202a..=0x202e).chain(0x2066..=0x2069).chain([0x200e, 0x200f]).filter_map(char::from_u32).collect();
        assert_eq!(rename(&mut ann, &format!("a{turned}\u{5d0}\u{200d}b")).await, 200);
        assert_eq!(name(&mut ann).await, "a\u{5d0}\u{200d}b", "nothing that turns the text around it");
        assert_eq!(rename(&mut ann, "").await, 200);
        assert_eq!(name(&mut ann).await, "");
        assert_eq!(results(&app, Action::ProfileChanged).await.len(), 5);
    }

    /// Promise: `accounts/own-profile`
    async fn nothing_that_decides_who_they_are(app: TestApp) {
        let mut ann = app.person(ANN).await;
        let bob = app.account("bob@example.com").await.to_string();
        for (field, value) in [
            ("email", "bob@example.com"), ("id", bob.as_str()), ("account", &bob), ("epoch", "0"), ("disabled_at", ""),
            ("password", PASSWORD), ("role", "operator"), ("_method", "DELETE"),
        ] {
            let answer = ann.post("/auth/account/profile", &[("display_name", "Eve"), (field, value)]).await;
            assert_eq!((answer.status, answer.code().as_str()), (422, "unknown_field"), "{field}");
        }
        assert_eq!(name(&mut ann).await, "");
        assert_eq!(app.visitor().post("/auth/account/profile", &[("display_name", "Eve")]).await.status, 401);
    }

    /// Promise: `operator/deleted-is-gone`
    async fn a_deleted_account_leaves_its_id_in_the_audit_log_and_nothing_else(app: TestApp) {
        let mut bob = app.person("bob@example.com").await;
        app.letters().await;
        let tables = ["accounts", "passwords", "sessions", "password_resets", "email_changes", "signups", "outbox"];
        let mut before = Vec::new();
        for table in tables {
            before.push(app.count(table).await);
        }

        let mut ann = app.person(ANN).await;
        app.visitor().post("/auth/password/forgot", &[("email", ANN)]).await;
        ann.post("/auth/email/change", &[("email", "ann@example.org")]).await;
        app.visitor().post("/auth/signup", &[("email", ANN), ("password", PASSWORD)]).await;
        app.letters().await;
        app.visitor().post("/auth/password/forgot", &[("email", ANN)]).await;
        for table in &tables {
            assert!(app.count(table).await > before[tables.iter().position(|other| other == table).unwrap()], "{table}");
        }
        let account = app.doorward.account_of(&EmailAddress::parse(ANN).unwrap()).await.unwrap().unwrap();
        assert_eq!(operate::delete(&app.doorward, account).await.unwrap(), operate::Deletion::Done);
        let sent = app.letters_to(ANN).await.len();

        for (table, before) in tables.iter().zip(before) {
            assert_eq!(app.count(table).await, before, "{table}");
        }
        assert!(!ann.is_signed_in().await);
        assert_eq!(log_in(&app, ANN).await, 401);
        assert!(bob.is_signed_in().await);
        let event = results(&app, Action::AccountDeleted).await.remove(0);
        assert_eq!(event.1, Some(format!("account:{account}")));
        app.visitor().post("/auth/password/forgot", &[("email", ANN)]).await;
        assert_eq!(app.letters_to(ANN).await.len(), sent);
    }

    /// Promise: `operator/deleted-is-gone`
    async fn an_address_begins_anew_after_its_account_was_deleted(app: TestApp) {
        let account = app.account(ANN).await;
        for _ in 0..7 {
            app.visitor().post("/auth/login", &[("email", ANN), ("password", "not the password")]).await;
        }
        assert_eq!(log_in(&app, ANN).await, 429);
        operate::delete(&app.doorward, account).await.unwrap();
        assert_ne!(app.account(ANN).await, account);
        assert_eq!(log_in(&app, ANN).await, 200);
    }

    async fn accounts_are_listed_by_address_a_piece_at_a_time(app: TestApp) {
        for email in ["cid@example.com", ANN, "bob@example.com"] {
            app.account(email).await;
        }
        let listed = async |after: &str, limit| {
            let accounts = operate::list(&app.doorward, after, limit).await.unwrap();
            accounts.iter().map(|account| account.email.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(listed("", 2).await, [ANN, "bob@example.com"]);
        assert_eq!(listed("bob@example.com", 2).await, ["cid@example.com"]);
        assert_eq!(listed("cid@example.com", 2).await, Vec::<String>::new());
        assert_eq!(listed("", 0).await.len(), 1);
    }
}
