//! Ended is ended: on every node, for every request, whatever was under way.

use doorward_core::{AccountId, Timestamp};

use super::*;
use crate::{
    accounts::{self, Standing},
    guard::Visit,
    ladder::{self, Done, Factor, FirstFactor},
    sessions::{self, DeviceLabel, Live, Presented, flow},
};

/// Stands for a password that was checked.
struct Checked(Standing, Timestamp);

impl FirstFactor for Checked {
    fn factor(&self) -> Factor {
        Factor::Password
    }

    fn standing(&self) -> Standing {
        self.0
    }

    fn proved_at(&self) -> Timestamp {
        self.1
    }
}

fn visit() -> Visit {
    Visit { address: std::net::Ipv4Addr::LOCALHOST.into(), device: DeviceLabel::of(""), device_mark: None }
}

/// What a request has in its hand after its guard has let it in.
async fn admitted(app: &TestApp, person: &Actor) -> Live {
    let cx = app.doorward.context();
    let presented = Presented::open(&cx.keys(), person.session_cookie().unwrap()).unwrap();
    sessions::check(cx, presented).await.unwrap().live().expect("the session is live")
}

async fn proof(app: &TestApp, account: AccountId) -> Done {
    let account = accounts::by_id(app.db(), account).await.unwrap().unwrap();
    ladder::first(Checked(account.standing(), app.now())).top()
}

/// Goes on with a renewal that was let in before; whether it succeeded.
async fn renew(app: &TestApp, live: &Live) -> bool {
    let cx = app.doorward.context();
    let done = proof(app, live.account).await;
    let mut tx = cx.db.begin(Durability::Full).await.unwrap();
    let opened = sessions::renew(cx, &mut tx, live, &done).await.unwrap();
    tx.commit().await.unwrap();
    opened.is_some()
}

/// The same for a change of password or address.
async fn renew_alone(app: &TestApp, live: &Live) -> bool {
    let cx = app.doorward.context();
    let mut tx = cx.db.begin(Durability::Full).await.unwrap();
    match sessions::renew_alone(cx, &mut tx, live).await.unwrap() {
        Some(_) => tx.commit().await.map(|()| true).unwrap(),
        None => false,
    }
}

on_every_engine! {
    /// Promise: `sessions/ends-at-once`
    async fn a_logout_counts_on_every_node(app: TestApp) {
        let other = app.another().await;
        let mut ann = app.person(ANN).await;
        let mut there = at(&other, &ann);
        assert!(there.is_signed_in().await);
        let answer = ann.post("/auth/logout", &[]).await;
        assert_eq!(answer.status, 200);
        assert_eq!(ann.session_cookie(), None, "the browser forgets it too");
        assert_eq!(there.get("/auth/session").await.code(), "not_signed_in");
        assert_eq!(there.post_with("x", "/auth/logout", &[]).await.status, 403);
    }

    /// Promise: `sessions/ends-at-once`
    async fn every_way_to_end_a_session_counts_on_every_node(app: TestApp) {
        let other = app.another().await;
        let account = app.account(ANN).await;
        for way in ["revoked", "all of the account", "everything", "disabled", "others", "deleted"] {
            if way == "others" {
                operate::enable(&app.doorward, account).await.unwrap();
            }
            let mut ann = app.logged_in(ANN).await;
            let mut there = at(&other, &ann);
            assert!(there.is_signed_in().await);
            let live = admitted(&app, &ann).await;
            match way {
                "revoked" => assert!(operate::revoke(&app.doorward, live.id).await.unwrap()),
                "all of the account" => assert_eq!(operate::revoke_all_of(&app.doorward, account).await.unwrap(), 1),
                "everything" => assert_eq!(operate::revoke_everything(&app.doorward).await.unwrap(), 1),
                "disabled" => assert!(operate::disable(&app.doorward, account).await.unwrap()),
                "others" => {
                    let mut phone = app.logged_in(ANN).await;
                    assert_eq!(phone.post("/auth/sessions/revoke-others", &[]).await.json()["ended"], 1);
                    assert!(phone.is_signed_in().await);
                }
                _ => assert_eq!(operate::delete(&app.doorward, account).await.unwrap(), operate::Deletion::Done),
            }
            assert_eq!(there.get("/auth/session").await.status, 401, "{way}");
            assert_eq!(ann.get("/auth/session").await.status, 401, "{way}");
            assert!(!renew_alone(&app, &live).await, "{way}: a renewal under way does not bring it back");
            assert_eq!(ann.get("/auth/session").await.status, 401, "{way}");
            if way == "disabled" {
                operate::enable(&app.doorward, account).await.unwrap();
            }
            if way == "everything" {
                assert!(!operate::revoke(&app.doorward, live.id).await.unwrap(), "twice is once");
            }
        }
    }

    /// Promise: `sessions/ends-at-once`
    async fn a_renewal_under_way_does_not_undo_a_logout(app: TestApp) {
        let mut ann = app.person(ANN).await;
        let live = admitted(&app, &ann).await;
        assert_eq!(ann.post("/auth/logout", &[]).await.status, 200);
        assert!(!renew(&app, &live).await);
        assert!(!renew_alone(&app, &live).await);
        assert_eq!(app.count("sessions").await, 0);
    }

    /// Promise: `sessions/ends-at-once`
    async fn a_logout_under_way_ends_what_was_renewed_meanwhile(app: TestApp) {
        for renewed_by in ["reauthentication", "change of password"] {
            let mut ann = if renewed_by == "reauthentication" { app.person(ANN).await } else { app.logged_in(ANN).await };
            let live = admitted(&app, &ann).await;
            let (path, field, value) = match renewed_by {
                "reauthentication" => ("/auth/reauthenticate", "password", PASSWORD),
                _ => ("/auth/password/change", "new_password", "a quite different passphrase"),
            };
            assert_eq!(ann.post(path, &[(field, value)]).await.status, 200);
            assert!(ann.is_signed_in().await);
            flow::log_out(app.doorward.context(), &live, &visit()).await.unwrap();
            assert!(!ann.is_signed_in().await, "logged out after a {renewed_by}");
        }
    }

    /// Promise: `sessions/ends-at-once`
    async fn a_thief_who_renews_does_not_outrun_the_owner(app: TestApp) {
        let mut owner = app.person(ANN).await;
        let mut thief = app.logged_in(ANN).await;
        let listed = owner.get("/auth/sessions").await.json();
        let theirs = listed["sessions"].as_array().unwrap().iter().find(|session| session["current"] == false).unwrap();
        let name = theirs["id"].as_str().unwrap();
        // The owner looks at the list; before the owner's request arrives, the thief renews.
        assert_eq!(thief.post("/auth/reauthenticate", &[("password", PASSWORD)]).await.status, 200);
        assert_eq!(owner.delete(&format!("/auth/sessions/{name}")).await.status, 200);
        assert!(!thief.is_signed_in().await);
    }

    /// Promise: `sessions/ends-at-once`
    async fn when_a_logout_and_a_renewal_race_an_acknowledged_logout_holds(app: TestApp) {
        app.account(ANN).await;
        for round in 0..20 {
            let mut ann = app.logged_in(ANN).await;
            let token = ann.csrf_token().await;
            let (mut leaving, mut staying, of_renewal) = (ann.clone(), ann.clone(), token.clone());
            let logout = tokio::spawn(async move { leaving.post_with(&token, "/auth/logout", &[]).await.status });
            let renewal = tokio::spawn(async move {
                let status = staying.post_with(&of_renewal, "/auth/reauthenticate", &[("password", PASSWORD)]).await.status;
                (status, staying)
            });
            let (logout, (renewal, mut renewed)) = (logout.await.unwrap(), renewal.await.unwrap());
            assert!(matches!(logout, 200 | 401 | 403) && matches!(renewal, 200 | 401), "{logout}, {renewal}");
            if logout == 200 {
                assert!(!ann.is_signed_in().await && !renewed.is_signed_in().await, "round {round}: {logout}, {renewal}");
            }
        }
    }

    /// Promise: `sessions/ends-at-once`
    async fn of_fifty_renewals_at_once_one_succeeds(app: TestApp) {
        let ann = app.person(ANN).await;
        let account = admitted(&app, &ann).await.account;
        let mut let_in = Vec::new();
        for _ in 0..50 {
            let_in.push((admitted(&app, &ann).await, proof(&app, account).await));
        }
        let mut tries = Vec::new();
        for (live, done) in let_in {
            let doorward = app.doorward.clone();
            tries.push(tokio::spawn(async move {
                let cx = doorward.context();
                let mut tx = cx.db.begin(Durability::Full).await.unwrap();
                let opened = sessions::renew(cx, &mut tx, &live, &done).await.unwrap();
                tx.commit().await.unwrap();
                opened.is_some()
            }));
        }
        let mut winners = 0;
        for renewal in tries {
            winners += u32::from(renewal.await.unwrap());
        }
        assert_eq!(winners, 1);
        assert_eq!(app.count("sessions").await, 1);
    }

    /// Promise: `sessions/ends-at-once`
    async fn two_changes_at_once_leave_at_most_one_session(app: TestApp) {
        app.account(ANN).await;
        for _ in 0..10 {
            let (mut let_in, mut tries) = (Vec::new(), Vec::new());
            for _ in 0..4 {
                let_in.push(admitted(&app, &app.logged_in(ANN).await).await);
            }
            for live in let_in {
                let doorward = app.doorward.clone();
                tries.push(tokio::spawn(async move {
                    let cx = doorward.context();
                    let mut tx = cx.db.begin(Durability::Full).await.unwrap();
                    match sessions::renew_alone(cx, &mut tx, &live).await.expect("no deadlock") {
                        Some(_) => tx.commit().await.map(|()| true).unwrap(),
                        None => false,
                    }
                }));
            }
            let mut winners = 0;
            for change in tries {
                winners += u32::from(change.await.unwrap());
            }
            assert_eq!((winners, app.count("sessions").await), (1, 1));
        }
    }

    /// Promise: `sessions/ends-at-once`
    async fn noting_its_use_does_not_bring_a_session_back(app: TestApp) {
        let mut ann = app.person(ANN).await;
        let live = admitted(&app, &ann).await;
        ann.post("/auth/logout", &[]).await;
        let mut tx = app.db().begin(Durability::Relaxed).await.unwrap();
        crate::sessions::store::touch(&mut tx, live.id, app.now().after(MINUTE)).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(app.count("sessions").await, 0);
    }

    /// Promise: `sessions/no-lockout`
    async fn a_stranger_who_burns_all_guesses_does_not_disturb_who_is_in(app: TestApp) {
        let mut app = app;
        app.settings.attempts.free = 20;
        app.settings.attempts.hard_stop = 10;
        let app = app.another().await;
        let mut ann = app.person(ANN).await;
        let known = ann.cookies["dev-device"].clone();
        for n in 0..12 {
            let answer = app.visitor().post("/auth/login", &[("email", ANN), ("password", "not the password")]).await;
            assert_eq!(answer.status, if n < 10 { 401 } else { 429 }, "guess {n}");
        }
        assert_eq!(app.visitor().post("/auth/login", &[("email", ANN), ("password", PASSWORD)]).await.status, 429);
        assert!(ann.is_signed_in().await);
        assert_eq!(ann.post("/auth/account/profile", &[("display_name", "Ann")]).await.status, 200);
        assert_eq!(ann.post("/auth/reauthenticate", &[("password", PASSWORD)]).await.status, 200, "and proves herself");
        let mut at_home = app.visitor();
        at_home.cookies.insert("dev-device".to_owned(), known);
        assert_eq!(log_in(&mut at_home, ANN).await.status, 200, "and logs in where she did before");
    }
}
