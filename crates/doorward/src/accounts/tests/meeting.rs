//! Flows of one account, or for one address, that meet in the database.

use std::time::Duration;

use doorward_core::EmailAddress;

use crate::{
    on_every_engine,
    operate::{self, Durability},
    testing::{
        Actor, Answer, PASSWORD, TestApp,
        crowd::{at_once, only, post_as},
    },
};

const ANN: &str = "ann@example.com";
const NEW: &str = "ann@new.example";
const ROUNDS: usize = 12;

/// What somebody does to their account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    /// Sets a password with a link.
    Reset,
    /// Takes another address with a link.
    Move,
    /// Sets a password while logged in.
    Change,
    /// Ends all other sessions.
    EndOthers,
    /// An operator removes the account.
    Delete,
}

/// Somebody with a reset link and a link to a new address in hand.
struct Somebody {
    person: Actor,
    csrf: String,
    reset: String,
    to_new: String,
    email: String,
}

impl Somebody {
    async fn of(app: &TestApp, email: &str, new: &str) -> Self {
        let mut person = app.person(email).await;
        app.visitor().post("/auth/password/forgot", &[("email", email)]).await;
        person.post("/auth/email/change", &[("email", new)]).await;
        let (reset, to_new) = (app.token_for(email).await, app.token_for(new).await);
        let csrf = person.csrf_token().await;
        Self { person, csrf, reset, to_new, email: email.to_owned() }
    }

    /// Begins an act and does not wait for it.
    async fn begin(&self, app: &TestApp, act: Act) -> tokio::task::JoinHandle<Option<Answer>> {
        let new = ("new_password", "a quite different passphrase");
        if act == Act::Delete {
            let doorward = app.doorward.clone();
            let id = doorward.account_of(&EmailAddress::parse(&self.email).unwrap()).await.unwrap();
            return tokio::spawn(async move {
                if let Some(id) = id {
                    operate::delete(&doorward, id).await.unwrap();
                }
                None
            });
        }
        let mut visitor = app.visitor();
        let form = visitor.form_token().await;
        let answer = match act {
            Act::Reset => post_as(&visitor, &form, "/auth/password/reset", &[("token", &self.reset), new]),
            Act::Move => post_as(&self.person, &self.csrf, "/auth/email/confirm", &[("token", &self.to_new)]),
            Act::Change => post_as(&self.person, &self.csrf, "/auth/password/change", &[new]),
            _ => post_as(&self.person, &self.csrf, "/auth/logout/everywhere", &[]),
        };
        tokio::spawn(async move { Some(answer.await) })
    }
}

/// Somebody who may be sent any number of letters.
async fn generous(mut app: TestApp) -> TestApp {
    app.settings.attempts.letters_per_account = 10_000;
    app.another().await
}

/// Does both acts so that each has taken what it takes before the accounts, and the first goes before the second there.
async fn meet(app: &TestApp, somebody: &Somebody, first: Act, second: Act) -> Vec<Answer> {
    let mut tx = app.db().begin(Durability::Relaxed).await.unwrap();
    tx.execute("UPDATE accounts SET name = name", &[]).await.unwrap();
    let first = somebody.begin(app, first).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    let second = somebody.begin(app, second).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    tx.commit().await.unwrap();
    [first.await.unwrap(), second.await.unwrap()].into_iter().flatten().collect()
}

on_every_engine! {
    /// Promise: `accounts/first-locked`
    async fn flows_of_one_account_wait_for_each_other_and_never_in_a_circle(app: TestApp) {
        let app = generous(app).await;
        let pairs = [
            (Act::Delete, Act::Reset), (Act::Delete, Act::Move), (Act::Reset, Act::Move), (Act::Move, Act::Reset),
            (Act::Change, Act::Reset), (Act::EndOthers, Act::Move),
        ];
        for (round, (first, second)) in pairs.into_iter().enumerate() {
            let (email, new) = (format!("ann{round}@example.com"), format!("ann{round}@new.example"));
            let somebody = Somebody::of(&app, &email, &new).await;
            let answers = meet(&app, &somebody, first, second).await;
            only(&[200, 401, 410], &answers);
            // A hash takes as long as it takes, so only these two are sure to come in their order.
            if second == Act::Move && [Act::Delete, Act::EndOthers].contains(&first) {
                let done = answers.iter().filter(|answer| answer.status == 200).count();
                assert_eq!(done, usize::from(first != Act::Delete), "{first:?} voids {second:?}: {answers:?}");
            }
        }
    }

    /// Promise: `accounts/first-locked`
    async fn whatever_meets_nobody_is_turned_away_by_the_store(app: TestApp) {
        let app = generous(app).await;
        for round in 0..ROUNDS {
            let (email, new) = (format!("ann{round}@example.com"), format!("ann{round}@new.example"));
            let somebody = Somebody::of(&app, &email, &new).await;
            let mut begun = Vec::new();
            for act in [Act::Reset, Act::Move, Act::Change, Act::EndOthers, Act::Delete] {
                begun.push(somebody.begin(&app, act).await);
            }
            let mut answers = Vec::new();
            for one in begun {
                answers.extend(one.await.unwrap());
            }
            only(&[200, 401, 410], &answers);
        }
    }

    /// Promise: `accounts/one-per-address`
    async fn of_two_accounts_that_take_one_address_at_once_one_gets_it(app: TestApp) {
        let app = generous(app).await;
        let ann = Somebody::of(&app, ANN, NEW).await;
        let bob = Somebody::of(&app, "bob@example.com", NEW).await;
        let mut tx = app.db().begin(Durability::Relaxed).await.unwrap();
        tx.execute("UPDATE accounts SET name = name", &[]).await.unwrap();
        // Both have looked whether the address is free before either takes it.
        let (first, second) = (ann.begin(&app, Act::Move).await, bob.begin(&app, Act::Move).await);
        tokio::time::sleep(Duration::from_millis(500)).await;
        tx.commit().await.unwrap();
        let answers = [first.await.unwrap().unwrap(), second.await.unwrap().unwrap()];
        let mut verdicts = answers.map(|answer| (answer.status, answer.code()));
        verdicts.sort();
        assert_eq!(verdicts, [(200, String::new()), (410, "link_spent".to_owned())]);
        let log_in = |email: &'static str| {
            let mut visitor = app.visitor();
            async move { visitor.post("/auth/login", &[("email", email), ("password", PASSWORD)]).await.status }
        };
        let mut logins = at_once([log_in(ANN), log_in("bob@example.com"), log_in(NEW)]).await;
        logins.sort_unstable();
        assert_eq!(logins, [200, 200, 401], "the other one keeps the address it had");
    }
}
