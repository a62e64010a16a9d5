//! What passwords promise, over HTTP, on every engine.

mod bounded;
mod changing;
mod imports;

use doorward_core::{
    EmailAddress,
    password::{Guess, PasswordHash},
};

use crate::{
    accounts::Account,
    attempts::{Refund, Spent, Throttled},
    context::Context,
    on_every_engine, operate,
    testing::{Actor, Answer, PASSWORD, TestApp, kinds::implements},
};

const ANN: &str = "ann@example.com";

async fn sign_up(app: &TestApp, password: &str) -> Answer {
    app.visitor().post("/auth/signup", &[("email", ANN), ("password", password)]).await
}

async fn log_in(app: &TestApp, email: &str, password: &str) -> u16 {
    app.visitor().post("/auth/login", &[("email", email), ("password", password)]).await.status
}

/// Makes an account with this very password.
async fn account_with(app: &TestApp, email: &str, password: &str) {
    let email = EmailAddress::parse(email).unwrap();
    let password = operate::new_password(&app.doorward, &email, password).unwrap();
    operate::create_account(&app.doorward, &email, password).await.unwrap().unwrap();
}

async fn hash_of(app: &TestApp, email: &str) -> String {
    let sql = "SELECT hash FROM passwords JOIN accounts ON accounts.id = passwords.account WHERE email = $1";
    app.db().list(sql, &[&email], |row| row.get(0)).await.unwrap().remove(0)
}

/// Promise: `attempts/paid-before`
#[test]
fn one_receipt_pays_for_one_guess() {
    assert!(implements!(Throttled: Clone), "the question can be answered with yes");
    // By value, and there is no second one: checking consumes the receipt, and gives back one for what was right.
    fn consumes<Done>(_: impl AsyncFn(&'static Context, Spent, Option<&'static Account>, Guess) -> Done) {}
    fn consumes_for_link<Done>(_: impl AsyncFn(&'static Context, Spent, PasswordHash, Guess) -> Done) {}
    consumes(super::check);
    consumes_for_link(super::check_pending);
    assert!(!implements!(Spent: Clone) && !implements!(Spent: Default) && !implements!(&'static Spent: Into<Spent>));
    assert!(!implements!(Refund: Clone) && !implements!(Refund: Default) && !implements!(Refund: Into<Spent>));
    assert!(!implements!(Guess: Clone), "nor does one guess become two");
}

on_every_engine! {
    /// Promise: `passwords/policy`
    async fn length_is_counted_in_code_points(app: TestApp) {
        let enough = [
            "twelve chars".to_owned(), "🦉".repeat(12), "e\u{301}".repeat(12), "   a   b   c".to_owned(), "\u{1100}\u{1161}".repeat(12),
            "x y".repeat(42), "🦉🦆".repeat(64), "e\u{301}".repeat(128),
        ];
        for password in enough {
            assert_eq!(sign_up(&app, &password).await.status, 202, "{password}");
        }
        // Eleven that were typed with twenty-two keys are eleven.
        let short = [String::new(), "elevenchars".to_owned(), "🦉".repeat(11), "e\u{301}".repeat(11)];
        for password in short {
            let answer = sign_up(&app, &password).await;
            assert_eq!((answer.status, answer.code().as_str()), (422, "too_short"), "{password}");
            assert_eq!(answer.json()["errors"][0]["field"], "password");
        }
        for password in ["x".repeat(129), "🦉".repeat(129), "x".repeat(5000)] {
            assert_eq!(sign_up(&app, &password).await.code(), "too_long");
        }
    }

    /// Promise: `passwords/policy`
    async fn what_guessers_try_first_is_refused(app: TestApp) {
        let mut app = app;
        app.settings.site.name = "Acme Notes Online".to_owned();
        let app = app.another().await;
        for (password, code) in [
            ("passwordpassword", "too_common"), ("PasswordPassword", "too_common"), ("qwertyuiop123", "too_common"),
            ("123456789012", "too_common"), (ANN, "is_your_email"), ("ANN@example.com", "is_your_email"),
            ("acme notes online", "is_service_name"), ("ACME NOTES ONLINE", "is_service_name"),
        ] {
            let answer = sign_up(&app, password).await;
            assert_eq!((answer.status, answer.code().as_str()), (422, code), "{password}");
            assert!(!answer.text().contains(password), "a refusal does not repeat the password");
        }
        // Nothing else is asked of it, and only the whole password is compared.
        for password in ["aaaaaaaaaaaab", "passwordpassword for my cat", "acme notes online too", "ann@example.com!"] {
            assert_eq!(sign_up(&app, password).await.status, 202, "{password}");
        }
        assert_eq!(app.count("signups").await, 4);
    }

    /// Promise: `passwords/policy`
    async fn an_operator_may_ask_for_more(app: TestApp) {
        let mut app = app;
        (app.settings.passwords.min_length, app.settings.passwords.max_length) = (15, 64);
        let app = app.another().await;
        let answer = sign_up(&app, "fourteen chars").await;
        assert_eq!(answer.code(), "too_short");
        assert!(answer.json()["detail"].as_str().unwrap().contains("at least 15"));
        assert_eq!(sign_up(&app, "fifteen charact").await.status, 202);
        assert_eq!(sign_up(&app, &"x y".repeat(22)).await.code(), "too_long");
    }

    /// Promise: `passwords/whole`
    async fn the_whole_password_counts(app: TestApp) {
        let long: String = ('\u{4e00}'..).take(128).collect();
        account_with(&app, ANN, &long).await;
        let shortened: String = long.chars().take(127).collect();
        let other_end = format!("{shortened}x");
        for wrong in [&shortened, &other_end, &format!("{long}x"), &format!("x{long}")] {
            assert_eq!(log_in(&app, ANN, wrong).await, 401);
        }
        assert_eq!(log_in(&app, ANN, &long).await, 200);
    }

    /// Promise: `passwords/whole`
    async fn white_space_and_case_count(app: TestApp) {
        let spaced = "  Wet herons, on a fence ";
        account_with(&app, ANN, spaced).await;
        for wrong in ["Wet herons, on a fence", "  wet herons, on a fence ", "  Wet herons, on a fence", "  Wet  herons, on a fence "] {
            assert_eq!(log_in(&app, ANN, wrong).await, 401, "{wrong:?}");
        }
        assert_eq!(log_in(&app, ANN, spaced).await, 200);
        account_with(&app, "bob@example.com", "wet\0herons on a fence").await;
        assert_eq!(log_in(&app, "bob@example.com", "wet").await, 401);
        assert_eq!(log_in(&app, "bob@example.com", "wet\0herons on a fense").await, 401);
        assert_eq!(log_in(&app, "bob@example.com", "wet\0herons on a fence").await, 200);
    }

    async fn one_password_on_two_keyboards_is_one_password(app: TestApp) {
        account_with(&app, ANN, "crème brûlée today").await;
        assert_eq!(log_in(&app, ANN, "cre\u{300}me bru\u{302}le\u{301}e today").await, 200);
        account_with(&app, "bob@example.com", "cre\u{300}me bru\u{302}le\u{301}e today").await;
        assert_eq!(log_in(&app, "bob@example.com", "crème brûlée today").await, 200);
        assert_eq!(log_in(&app, ANN, "creme brulee today").await, 401);
        assert_eq!(log_in(&app, ANN, "crème brûlée toda\u{ff59}").await, 401, "compatible is not equal");
    }

    async fn what_rests_is_a_hash_of_todays_parameters_with_its_own_salt(app: TestApp) {
        account_with(&app, ANN, PASSWORD).await;
        account_with(&app, "bob@example.com", PASSWORD).await;
        let (anns, bobs) = (hash_of(&app, ANN).await, hash_of(&app, "bob@example.com").await);
        assert!(anns.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{anns}");
        assert_ne!(anns, bobs);
    }
}
