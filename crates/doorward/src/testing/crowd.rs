//! Many at the same moment, and a hashing pool without room for one more.

use std::{
    future::Future,
    net::Ipv4Addr,
    sync::{Arc, Condvar, Mutex},
    time::Duration,
};

use doorward_core::{EmailAddress, password::PasswordHash};
use tokio::{sync::watch, task::JoinSet};

use super::{Actor, Answer, PASSWORD, TestApp};
use crate::{
    error::Fault,
    guard::Visit,
    operate::{self, Durability, Transaction},
    sessions::DeviceLabel,
};

/// Lets all of them run at once and gathers what each was answered, in their order.
pub(crate) async fn at_once<F>(many: impl IntoIterator<Item = F>) -> Vec<F::Output>
where
    F: Future<Output: Send> + Send + 'static,
{
    let under_way: Vec<_> = many.into_iter().map(tokio::spawn).collect();
    let mut done = Vec::with_capacity(under_way.len());
    for one in under_way {
        done.push(one.await.unwrap());
    }
    done
}

/// What somebody is about to do, once and no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum About {
    /// To pay for a guess.
    Guessing,
    /// To spend a link.
    SpendingALink,
    /// To change something in a tenant.
    Acting,
    /// To come in by way of a provider.
    SigningIn,
    /// To make true that a domain was proved, after it was looked up.
    Proving,
}

/// Where those wait who are about to do something, while a test holds them back.
#[derive(Default)]
pub(crate) struct Meeting {
    held: watch::Sender<Option<About>>,
    waiting: watch::Sender<usize>,
}

impl Meeting {
    /// Says that somebody has got here, and goes on when nobody is held back.
    pub(crate) async fn reached(&self, about: About) {
        let mut held = self.held.subscribe();
        if *held.borrow_and_update() == Some(about) {
            self.waiting.send_modify(|waiting| *waiting += 1);
            held.wait_for(Option::is_none).await.unwrap();
        }
    }

    /// Waits until so many are held back.
    pub(crate) async fn joined_by(&self, many: usize) {
        self.waiting.subscribe().wait_for(|waiting| *waiting >= many).await.unwrap();
    }
}

/// Holds back everybody who is about to do this until all others have been answered, then lets them go together. Tells how
/// many they were, and gathers the answers in no order.
///
/// Without it hashing would let them come one after the other, and a check before the act would never be caught.
pub(crate) async fn meeting<F>(
    app: &TestApp,
    about: About,
    many: impl IntoIterator<Item = F>,
) -> (usize, Vec<F::Output>)
where
    F: Future<Output: Send> + Send + 'static,
{
    let meeting = &app.doorward.context().meeting;
    let mut waiting = meeting.waiting.subscribe();
    meeting.held.send_replace(Some(about));
    let mut under_way: JoinSet<_> = many.into_iter().collect();
    let mut done = Vec::new();
    while *waiting.borrow_and_update() < under_way.len() {
        tokio::select! {
            Some(one) = under_way.join_next() => done.push(one.unwrap()),
            _ = waiting.changed() => {}
        }
    }
    let met = meeting.waiting.send_replace(0);
    meeting.held.send_replace(None);
    done.extend(under_way.join_all().await);
    (met, done)
}

/// Lets two transactions do the same, the second before the first has committed; whether each found what it looked for.
pub(crate) async fn overlapping<T>(
    app: &TestApp,
    act: impl AsyncFn(&mut Transaction) -> Result<Option<T>, Fault>,
) -> [bool; 2] {
    let mut tx = app.db().begin(Durability::Full).await.unwrap();
    let first = act(&mut tx).await.unwrap();
    let second = async {
        let mut tx = app.db().begin(Durability::Full).await.unwrap();
        let found = act(&mut tx).await.unwrap();
        tx.commit().await.unwrap();
        found
    };
    let end_of_first = async {
        // PostgreSQL lets the second one in at once, so that it waits for the row; SQLite lets it wait for its turn.
        tokio::time::sleep(Duration::from_millis(250)).await;
        tx.commit().await.unwrap();
    };
    let (second, ()) = tokio::join!(second, end_of_first);
    [first.is_some(), second.is_some()]
}

/// What can be told apart from outside: status, headers without the date, and the body, with `typed` made the same.
pub(crate) fn seen(answer: &Answer, typed: &str) -> (u16, Vec<(String, String)>, String) {
    // A page repeats what was typed, so its length is the visitor's own.
    let same_for_all = |name: &str| !["date", "content-length"].contains(&name);
    let headers = answer.headers.iter().filter(|(name, _)| same_for_all(name.as_str()));
    let headers = headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()));
    (answer.status, headers.collect(), answer.text().replace(typed, "TYPED"))
}

/// One address of each kind that there is, all of one length: of somebody who was never here, of an account, of one that is
/// disabled, of a sign-up that waits, of a change of address that waits, of an account whose hash came from elsewhere, of one
/// at which somebody has failed too often, and of one that was deleted.
pub(crate) const EVERYBODY: [&str; 8] = [
    "stranger@example.com",
    "resident@example.com",
    "disabled@example.com",
    "awaiting@example.com",
    "incoming@example.com",
    "imported@example.com",
    "hindered@example.com",
    "departed@example.com",
];

/// Brings everybody of [`EVERYBODY`] into their state, and their letters out of the way.
pub(crate) async fn everybody(app: &TestApp) {
    app.account("resident@example.com").await;
    operate::disable(&app.doorward, app.account("disabled@example.com").await).await.unwrap();
    let waiting = [("email", "awaiting@example.com"), ("password", PASSWORD)];
    assert_eq!(app.visitor().post("/auth/signup", &waiting).await.status, 202);
    let mut mover = app.person("mover@example.com").await;
    assert_eq!(mover.post("/auth/email/change", &[("email", "incoming@example.com")]).await.status, 202);
    let imported = EmailAddress::parse("imported@example.com").unwrap();
    let hash = PasswordHash::imported("$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW").unwrap();
    operate::import_hash(&app.doorward, &imported, &hash).await.unwrap();
    app.account("hindered@example.com").await;
    let wrong = [("email", "hindered@example.com"), ("password", "not the password")];
    let mut guesser = app.visitor();
    while guesser.post("/auth/login", &wrong).await.status == 401 {}
    operate::delete(&app.doorward, app.account("departed@example.com").await).await.unwrap();
    app.letters().await;
}

/// Makes sure that nothing tells the answers apart: status, headers without the date, and each byte of the body, except for
/// the address where it repeats what was typed.
pub(crate) fn same_to_the_byte(answers: &[(&str, Answer)]) {
    let all = |(typed, answer): &(&str, Answer)| (seen(answer, typed), answer.header("content-length").to_owned());
    for answer in answers {
        assert_eq!(all(answer), all(&answers[0]), "{} and {}", answer.0, answers[0].0);
    }
}

/// Makes sure that nobody was answered anything but `expected`, or that there was no room for another hash.
///
/// How many hashes fit depends on how busy the machine is on which the test runs.
pub(crate) fn only(expected: &[u16], answers: &[Answer]) {
    for answer in answers {
        assert!(expected.contains(&answer.status) || answer.code() == "busy", "{} {}", answer.status, answer.text());
    }
}

/// Sends a form from a browser of its own with the cookies and the token of `from`, so that many can do so at once.
pub(crate) fn post_as(
    from: &Actor,
    token: &str,
    path: &'static str,
    form: &[(&str, &str)],
) -> impl Future<Output = Answer> + use<> {
    let (mut browser, token) = (from.clone(), token.to_owned());
    let form: Vec<_> = form.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    async move {
        let form: Vec<_> = form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        browser.post_with(&token, path, &form).await
    }
}

/// The same, and once more as long as there is no room for another hash.
pub(crate) fn insist_as(
    from: &Actor,
    token: &str,
    path: &'static str,
    form: &[(&str, &str)],
) -> impl Future<Output = Answer> + use<> {
    let (browser, token) = (from.clone(), token.to_owned());
    let form: Vec<_> = form.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    async move {
        let form: Vec<_> = form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        loop {
            let answer = post_as(&browser, &token, path, &form).await;
            if answer.code() != "busy" {
                return answer;
            }
        }
    }
}

/// A visit from a browser that is new to everybody, for calls of a flow.
pub(crate) fn visit() -> Visit {
    Visit { address: Ipv4Addr::LOCALHOST.into(), device: DeviceLabel::of(""), device_mark: None }
}

/// The hashing pool of an application while nobody else gets in; dropping it lets everybody go.
pub(crate) struct FullPool {
    gate: Arc<Gate>,
    inside: JoinSet<bool>,
}

#[derive(Default)]
struct Gate {
    open: Mutex<bool>,
    opened: Condvar,
}

impl FullPool {
    /// Sends in jobs that do not end until one more is refused.
    pub(crate) async fn of(app: &TestApp) -> Self {
        let gate = Arc::new(Gate::default());
        let mut inside = JoinSet::new();
        for _ in 0..1100 {
            let (cx, gate) = (Arc::clone(app.doorward.context()), Arc::clone(&gate));
            inside.spawn(async move { cx.hashing.run(move |_| gate.wait()).await.is_ok() });
        }
        let first = inside.join_next().await.unwrap().unwrap();
        assert!(!first, "the first that comes back is one that was refused");
        // All that do not fit have been refused once only those inside are left.
        while inside.len() as i64 > app.doorward.context().metrics.hashing_waiting.get() {
            assert!(!inside.join_next().await.unwrap().unwrap());
        }
        Self { gate, inside }
    }

    /// Lets everybody go, and waits until they have gone.
    pub(crate) async fn empty(mut self) {
        self.gate.open();
        while self.inside.join_next().await.is_some() {}
    }
}

impl Drop for FullPool {
    fn drop(&mut self) {
        self.gate.open();
    }
}

impl Gate {
    fn wait(&self) {
        let open = self.open.lock().unwrap();
        drop(self.opened.wait_while(open, |open| !*open).unwrap());
    }

    fn open(&self) {
        *self.open.lock().unwrap() = true;
        self.opened.notify_all();
    }
}
