//! What the audit log promises, over HTTP, on every engine.

mod canaries;
mod hostile;
mod reading;
mod refused;
mod sealing;
mod verifying;
mod walk;

use std::{collections::BTreeSet, net::IpAddr, time::Duration};

use doorward_core::{
    AccountId, Digest, EmailAddress, Reset, Secret, SessionId, SystemEntropy, TenantId, Timestamp, Token,
    password::{Guess, Password, PasswordHash},
};

use super::{Action, By, Detail, Event, Filter, Outcome, Recorded, Target, by, rules, seal, search};
use crate::{
    base::settings::SecretText,
    on_every_engine, operate,
    testing::{Actor, PASSWORD, TestApp, kinds::implements},
};

const ANN: &str = "ann@example.com";
const BOB: &str = "bob@example.com";
const NEW: &str = "a quite different passphrase";

async fn run(app: &TestApp, sql: &str) {
    let mut tx = app.db().begin(operate::Durability::Full).await.unwrap();
    tx.batch(sql).await.unwrap();
    tx.commit().await.unwrap();
}

/// Everything in the log, oldest first.
async fn events(app: &TestApp) -> Vec<Recorded> {
    let mut found = search(app.db(), &Filter::default(), None, 1000).await.unwrap();
    found.reverse();
    found
}

/// Action and result of every event since the log had `after` events.
async fn since(app: &TestApp, after: usize) -> Vec<(String, String)> {
    events(app).await.into_iter().skip(after).map(|event| (event.action, event.result)).collect()
}

/// What flows change, as text that two moments can be compared by.
async fn state(app: &TestApp) -> Vec<String> {
    let mut state = Vec::new();
    for sql in [
        "SELECT email || name || epoch || COALESCE(disabled_at, 0) FROM accounts ORDER BY id",
        "SELECT hash FROM passwords ORDER BY account",
        "SELECT account || id || proved_at FROM sessions ORDER BY id",
        "SELECT account || expires_at FROM password_resets ORDER BY account",
        "SELECT email || expires_at FROM email_changes ORDER BY account",
        "SELECT email || hash FROM signups ORDER BY id",
        "SELECT kind || reference FROM outbox ORDER BY id",
    ] {
        state.extend(app.db().list(sql, &[], |row| row.get::<String>(0)).await.unwrap());
    }
    state
}

/// Everything that one can try, each ready to be tried once.
struct Tries {
    ann: Actor,
    visitor: Actor,
    reset: String,
    signup: String,
    change: String,
    other: String,
}

impl Tries {
    async fn new(app: &TestApp) -> Self {
        let mut ann = app.person(ANN).await;
        let mut phone = app.logged_in(ANN).await;
        let mut visitor = app.visitor();
        visitor.post("/auth/signup", &[("email", "new@example.com"), ("password", PASSWORD)]).await;
        visitor.post("/auth/password/forgot", &[("email", ANN)]).await;
        ann.post("/auth/email/change", &[("email", "ann@new.example")]).await;
        let other = phone.get("/auth/session").await.json()["session"]["id"].as_str().unwrap().to_owned();
        Self {
            reset: app.token_for(ANN).await,
            signup: app.token_for("new@example.com").await,
            change: app.token_for("ann@new.example").await,
            ann,
            visitor,
            other,
        }
    }

    /// Sends every request that changes something; those of the session first, as later ones would end it.
    async fn send(&mut self) -> Vec<(String, u16)> {
        let revoke = format!("/auth/sessions/{}/revoke", self.other);
        let own: [(&str, &[(&str, &str)]); 9] = [
            ("/auth/account/profile", &[("display_name", "Ann")]),
            (&revoke, &[]),
            ("/auth/sessions/revoke-others", &[]),
            ("/auth/logout/everywhere", &[]),
            ("/auth/email/change", &[("email", "ann@other.example")]),
            ("/auth/email/confirm", &[("token", &self.change)]),
            ("/auth/password/change", &[("new_password", NEW)]),
            ("/auth/reauthenticate", &[("password", PASSWORD)]),
            ("/auth/logout", &[]),
        ];
        let mut answers = Vec::new();
        for (path, form) in own {
            answers.push((path.to_owned(), self.ann.post(path, form).await.status));
        }
        let public: [(&str, &[(&str, &str)]); 6] = [
            ("/auth/login", &[("email", ANN), ("password", PASSWORD)]),
            ("/auth/login", &[("email", ANN), ("password", "not the password")]),
            ("/auth/signup", &[("email", "more@example.com"), ("password", PASSWORD)]),
            ("/auth/email/verify", &[("token", &self.signup), ("password", PASSWORD)]),
            ("/auth/email/verify", &[("token", &self.signup), ("password", "not the password")]),
            ("/auth/password/reset", &[("token", &self.reset), ("new_password", NEW)]),
        ];
        for (path, form) in public {
            answers.push((path.to_owned(), self.visitor.post(path, form).await.status));
        }
        answers
    }
}

/// Promise: `audit/no-secrets`
#[test]
fn an_event_is_made_of_ids_addresses_and_our_own_words() {
    type Whom = (rules::Actor, Option<Target>, Option<IpAddr>);
    let account = AccountId::new(Timestamp::default(), &SystemEntropy);
    // Without dots: a new field does not compile until it stands here, and its type is none that a text or secret becomes.
    let Event { actor, client, action, target, tenant, detail, outcome, address, factors } =
        by(account, Action::Login, [127, 0, 0, 1].into());
    let (_, _, _, _): (Whom, Action, Outcome, Vec<&'static str>) = ((actor, target, address), action, outcome, factors);
    let (_, _, _): (Option<TenantId>, Option<Detail>, Option<doorward_core::ClientId>) = (tenant, detail, client);
    assert!(implements!(AccountId: Into<AccountId>), "the question can be answered with yes");
    macro_rules! becomes_nothing {
        ($($secret:ty),*) => {$(
            assert!(!implements!($secret: Into<Event>) && !implements!($secret: Into<rules::Actor>), stringify!($secret));
            assert!(!implements!($secret: Into<Target>) && !implements!($secret: Into<Action>), stringify!($secret));
            assert!(!implements!($secret: Into<Outcome>) && !implements!($secret: Into<AccountId>), stringify!($secret));
            assert!(!implements!($secret: Into<SessionId>) && !implements!($secret: Into<IpAddr>), stringify!($secret));
            assert!(!implements!($secret: Into<&'static str>), stringify!($secret));
        )*};
    }
    becomes_nothing!(
        Token<Reset>,
        Digest<Reset>,
        Secret,
        SecretText,
        Password,
        Guess,
        PasswordHash,
        EmailAddress,
        String
    );
}

on_every_engine! {
    /// Promise: `audit/with-the-change`
    async fn what_cannot_be_recorded_is_not_done(app: TestApp) {
        let mut tries = Tries::new(&app).await;
        let id = app.account(BOB).await;
        let before = state(&app).await;
        app.audit_lines();
        run(&app, "ALTER TABLE audit_events RENAME TO elsewhere").await;
        for (path, status) in tries.send().await {
            assert_eq!(status, 503, "{path}");
        }
        assert_eq!(tries.visitor.session_cookie(), None);
        assert!(operate::disable(&app.doorward, id).await.is_err());
        assert!(operate::delete(&app.doorward, id).await.is_err());
        assert!(operate::revoke_everything(&app.doorward).await.is_err());
        run(&app, "ALTER TABLE elsewhere RENAME TO audit_events").await;
        assert_eq!(state(&app).await, before);
        assert!(app.audit_lines().is_empty(), "nor does the stream tell of what was not done");
        assert!(tries.ann.is_signed_in().await);
        let reset = tries.visitor.post("/auth/password/reset", &[("token", &tries.reset), ("new_password", NEW)]).await;
        assert_eq!(reset.status, 200, "no link was spent for nothing");
    }

    /// Promise: `audit/with-the-change`
    async fn what_is_not_done_is_not_recorded(app: TestApp) {
        let mut tries = Tries::new(&app).await;
        let written = events(&app).await;
        let before = state(&app).await;
        app.audit_lines();
        run(&app, "ALTER TABLE outbox RENAME TO elsewhere").await;
        for (path, form) in [
            ("/auth/email/change", &[("email", "ann@other.example")][..]),
            ("/auth/email/confirm", &[("token", &tries.change)]),
            ("/auth/password/change", &[("new_password", NEW)]),
        ] {
            assert_eq!(tries.ann.post(path, form).await.status, 503, "{path}");
        }
        for (path, form) in [
            ("/auth/login", &[("email", ANN), ("password", PASSWORD)][..]),
            ("/auth/signup", &[("email", "more@example.com"), ("password", PASSWORD)]),
            ("/auth/password/reset", &[("token", &tries.reset), ("new_password", NEW)]),
        ] {
            assert_eq!(app.visitor().post(path, form).await.status, 503, "{path}");
        }
        run(&app, "ALTER TABLE elsewhere RENAME TO outbox").await;
        assert_eq!(events(&app).await.len(), written.len());
        assert_eq!(state(&app).await, before);
        assert!(app.audit_lines().is_empty());
    }

    /// Promise: `audit/with-the-change`, `audit/login-session`
    async fn each_try_is_recorded_with_its_result(app: TestApp) {
        let id = app.account(ANN).await;
        let before = events(&app).await.len();
        let mut visitor = app.visitor();
        visitor.set_header("x-forwarded-for", "203.0.113.9");
        for (email, password) in [(ANN, "not the password"), ("nobody@example.com", PASSWORD), (ANN, PASSWORD)] {
            visitor.post("/auth/login", &[("email", email), ("password", password)]).await;
        }
        let found = events(&app).await.split_off(before);
        let told: Vec<_> = found.iter().map(|e| (e.actor.as_str(), e.target.as_deref(), e.result.as_str())).collect();
        let id_of_session = visitor.get("/auth/session").await.json()["session"]["id"].as_str().unwrap().to_owned();
        let (ann, session) = (format!("account:{id}"), format!("session:{id_of_session}"));
        assert_eq!(told, [
            ("anonymous", Some(ann.as_str()), "denied"),
            ("anonymous", None, "denied"),
            (ann.as_str(), Some(session.as_str()), "success"),
        ]);
        assert_eq!(found.iter().map(|e| e.factors.as_deref()).collect::<Vec<_>>(), [None, None, Some("password")]);
        for event in found {
            assert_eq!((event.action.as_str(), event.address.as_deref(), event.tenant), ("login", Some("127.0.0.1"), None));
            assert_eq!(event.at, "2026-11-23T08:00:00Z");
        }
    }

    /// Promise: `audit/with-the-change`
    async fn a_session_is_named_where_it_is_what_was_ended(app: TestApp) {
        let mut ann = app.person(ANN).await;
        let mut phone = app.logged_in(ANN).await;
        let id = |answer: crate::testing::Answer| answer.json()["session"]["id"].as_str().unwrap().to_owned();
        let (here, there) = (id(ann.get("/auth/session").await), id(phone.get("/auth/session").await));
        ann.delete(&format!("/auth/sessions/{there}")).await;
        ann.post("/auth/logout", &[]).await;
        let last = events(&app).await.into_iter().rev().take(2).map(|event| (event.action, event.target.unwrap()));
        let expected = [("session.logout", here), ("session.revoked", there)].map(|(a, id)| (a.to_owned(), format!("session:{id}")));
        assert_eq!(last.collect::<Vec<_>>(), expected);
    }

    async fn one_finds_events_by_account_action_and_time(app: TestApp) {
        let ann = app.account(ANN).await;
        let bob = app.account(BOB).await;
        app.wait(Duration::from_secs(10));
        let first = app.now();
        app.logged_in(ANN).await;
        app.logged_in(BOB).await;
        app.wait(Duration::from_secs(10));
        let second = app.now();
        app.logged_in(ANN).await;
        operate::disable(&app.doorward, ann).await.unwrap();
        let count = async |filter: Filter| search(app.db(), &filter, None, 1000).await.unwrap().len();
        assert_eq!(count(Filter::default()).await, 6);
        assert_eq!(count(Filter { account: Some(ann), ..Filter::default() }).await, 4, "by them and about them");
        assert_eq!(count(Filter { account: Some(bob), ..Filter::default() }).await, 2);
        assert_eq!(count(Filter { action: Some(Action::Login), ..Filter::default() }).await, 3);
        assert_eq!(count(Filter { account: Some(ann), action: Some(Action::Login), ..Filter::default() }).await, 2);
        assert_eq!(count(Filter { action: Some(Action::Logout), ..Filter::default() }).await, 0);
        assert_eq!(count(Filter { since: first, ..Filter::default() }).await, 4);
        assert_eq!(count(Filter { until: Some(first), ..Filter::default() }).await, 2, "the end is not part of it");
        assert_eq!(count(Filter { since: first, until: Some(second), ..Filter::default() }).await, 2);
        assert_eq!(count(Filter { since: second, until: Some(first), ..Filter::default() }).await, 0);
    }

    async fn pages_follow_each_other_without_gap_or_overlap(app: TestApp) {
        for n in 0..25 {
            app.account(&format!("person{n}@example.com")).await;
        }
        let (mut before, mut ids, mut sizes) = (None, Vec::new(), Vec::new());
        loop {
            let page = search(app.db(), &Filter::default(), before, 10).await.unwrap();
            let Some(last) = page.last() else { break };
            before = Some(last.id);
            sizes.push(page.len());
            ids.extend(page.iter().map(|event| event.id));
            // What is written meanwhile is newer than every page to come.
            app.account(&format!("meanwhile{}@example.com", ids.len())).await;
        }
        assert_eq!(sizes, [10, 10, 5]);
        assert!(ids.is_sorted_by(|a, b| a > b), "newest first: {ids:?}");
        assert_eq!(search(app.db(), &Filter::default(), None, 0).await.unwrap().len(), 1, "at least one");
        assert_eq!(search(app.db(), &Filter::default(), None, u32::MAX).await.unwrap().len(), 28, "and no more than a thousand");
        assert!(search(app.db(), &Filter::default(), Some(i64::MIN), 10).await.unwrap().is_empty());
    }

    /// Promise: `audit/kept`
    async fn events_are_kept_as_long_as_the_settings_say(app: TestApp) {
        app.account(ANN).await;
        seal(app.doorward.context()).await.unwrap();
        let keep = app.settings.audit.keep;
        app.wait(keep);
        app.account(BOB).await;
        seal(app.doorward.context()).await.unwrap();
        crate::features::purge(app.doorward.context()).await.unwrap();
        assert_eq!(events(&app).await.len(), 2, "to the last moment");
        app.wait(Duration::from_micros(1));
        crate::features::purge(app.doorward.context()).await.unwrap();
        let left = events(&app).await;
        assert_eq!(left.len(), 1);
        assert_eq!(since(&app, 0).await, [("account.created".to_owned(), "success".to_owned())]);
    }

    /// An address that made a proxy up is not recorded, and one that a proxy of ours names is.
    async fn the_address_is_the_one_that_can_be_believed(app: TestApp) {
        app.account(ANN).await;
        let proxied = TestApp::with(
            if app.settings.database.url.starts_with("sqlite") { crate::testing::Engine::Sqlite } else { crate::testing::Engine::Postgres },
            |settings| settings.site.trusted_proxies = vec!["127.0.0.1".to_owned()],
        ).await;
        proxied.account(ANN).await;
        for (app, sent, recorded) in [
            (&app, "203.0.113.9", "127.0.0.1"), (&proxied, "203.0.113.9", "203.0.113.9"),
            (&proxied, "evil, 203.0.113.9", "203.0.113.9"), (&proxied, "203.0.113.9, evil", "127.0.0.1"),
            (&proxied, "2001:db8::1", "2001:db8::1"), (&proxied, "::ffff:203.0.113.9", "203.0.113.9"),
            (&proxied, "a", "127.0.0.1"), (&proxied, "", "127.0.0.1"), (&proxied, "1.2.3.4\", \"actor\": \"operator", "127.0.0.1"),
        ] {
            let mut visitor = app.visitor();
            visitor.set_header("x-forwarded-for", sent);
            visitor.post("/auth/login", &[("email", ANN), ("password", PASSWORD)]).await;
            let last = events(app).await.pop().unwrap();
            assert_eq!(last.address.as_deref(), Some(recorded), "{sent:?}");
        }
    }
}

#[test]
fn every_action_has_a_name_of_its_own() {
    let names: BTreeSet<_> = Action::ALL.iter().map(|action| action.name()).collect();
    assert_eq!(names.len(), Action::ALL.len());
    for name in names {
        assert!(name.bytes().all(|b| b.is_ascii_lowercase() || b == b'.' || b == b'_'), "{name}");
    }
}
