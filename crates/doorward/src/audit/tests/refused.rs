//! What is recorded of links that work no more, and of sessions of somebody else.

use super::*;

const HOUR: Duration = Duration::from_secs(3600);

/// Action, actor, target and result of everything written since the log had `after` events.
async fn told(app: &TestApp, after: usize) -> Vec<(String, String, Option<String>, String)> {
    let found = events(app).await.into_iter().skip(after);
    found.map(|event| (event.action, event.actor, event.target, event.result)).collect()
}

fn denied(action: &str, actor: &str, target: Option<String>) -> (String, String, Option<String>, String) {
    (action.to_owned(), actor.to_owned(), target, "denied".to_owned())
}

fn counted(app: &TestApp, kind: &str) -> String {
    let metrics = app.doorward.metrics();
    let line = metrics.lines().find(|line| line.contains("links_refused_total") && line.contains(&format!("{kind:?}")));
    line.and_then(|line| line.rsplit(' ').next()).unwrap_or("0").to_owned()
}

on_every_engine! {
    /// Promise: `audit/refused-links`
    async fn an_expired_reset_link_is_recorded_once_and_an_unknown_one_never(app: TestApp) {
        let ann = format!("account:{}", app.account(ANN).await);
        let mut visitor = app.visitor();
        visitor.post("/auth/password/forgot", &[("email", ANN)]).await;
        let token = app.token_for(ANN).await;
        app.wait(HOUR);
        let before = events(&app).await.len();
        assert_eq!(visitor.get(&format!("/auth/password/reset?token={token}")).await.status, 410);
        assert!(told(&app, before).await.is_empty(), "looking changes nothing");
        let unknown = "A".repeat(43);
        for token in [&token, &token, &unknown] {
            assert_eq!(visitor.post("/auth/password/reset", &[("token", token), ("new_password", NEW)]).await.status, 410);
        }
        assert_eq!(told(&app, before).await, [denied("password.reset", "anonymous", Some(ann))]);
        assert_eq!(counted(&app, "reset"), "4");
    }

    /// Promise: `audit/refused-links`
    async fn a_reset_link_that_a_revocation_has_voided_is_recorded(app: TestApp) {
        let id = app.account(ANN).await;
        let mut visitor = app.visitor();
        visitor.post("/auth/password/forgot", &[("email", ANN)]).await;
        let token = app.token_for(ANN).await;
        operate::revoke_all_of(&app.doorward, id).await.unwrap();
        let before = events(&app).await.len();
        for _ in 0..2 {
            assert_eq!(visitor.post("/auth/password/reset", &[("token", &token), ("new_password", NEW)]).await.status, 410);
        }
        assert_eq!(told(&app, before).await, [denied("password.reset", "anonymous", Some(format!("account:{id}")))]);
    }

    /// Promise: `audit/refused-links`
    async fn an_expired_confirmation_link_is_recorded_once_and_a_spent_one_never(app: TestApp) {
        let mut visitor = app.visitor();
        visitor.post("/auth/signup", &[("email", ANN), ("password", PASSWORD)]).await;
        visitor.post("/auth/signup", &[("email", BOB), ("password", PASSWORD)]).await;
        let (late, spent) = (app.token_for(ANN).await, app.token_for(BOB).await);
        assert_eq!(app.visitor().post("/auth/email/verify", &[("token", &spent), ("password", PASSWORD)]).await.status, 200);
        app.wait(24 * HOUR);
        let before = events(&app).await.len();
        for token in [&late, &late, &spent] {
            let answer = visitor.post("/auth/email/verify", &[("token", token), ("password", PASSWORD)]).await;
            assert_eq!(answer.status, 410);
        }
        assert_eq!(told(&app, before).await, [denied("signup.completed", "anonymous", None)]);
        assert_eq!(counted(&app, "signup"), "3");
    }

    /// Promise: `audit/refused-links`
    async fn a_change_of_address_that_is_too_late_or_of_somebody_else_is_recorded(app: TestApp) {
        let (ann_id, bob_id) = (app.account(ANN).await, app.account(BOB).await);
        let (ann_id, bob_id) = (format!("account:{ann_id}"), format!("account:{bob_id}"));
        let (mut ann, mut bob) = (app.logged_in(ANN).await, app.logged_in(BOB).await);
        ann.post("/auth/email/change", &[("email", "ann@new.example")]).await;
        let token = app.token_for("ann@new.example").await;
        let before = events(&app).await.len();
        assert_eq!(bob.post("/auth/email/confirm", &[("token", &token)]).await.status, 410);
        assert_eq!(told(&app, before).await, [denied("email.changed", &bob_id, Some(ann_id.clone()))]);
        assert_eq!(ann.get(&format!("/auth/email/confirm?token={token}")).await.status, 200, "it stays hers");
        app.wait(24 * HOUR);
        let mut ann = app.logged_in(ANN).await;
        let before = events(&app).await.len();
        for token in [&token, &token, &"A".repeat(43)] {
            assert_eq!(ann.post("/auth/email/confirm", &[("token", token)]).await.status, 410);
        }
        assert_eq!(told(&app, before).await, [denied("email.changed", &ann_id, Some(ann_id.clone()))]);
    }

    /// Promise: `audit/foreign-session`
    async fn who_ends_the_session_of_somebody_else_is_recorded(app: TestApp) {
        app.account(BOB).await;
        let mut ann = app.person(ANN).await;
        let mut bob = app.logged_in(BOB).await;
        let who = bob.get("/auth/session").await.json();
        let actor = format!("account:{}", who["account"]["id"].as_str().unwrap());
        let id = ann.get("/auth/session").await.json()["session"]["id"].as_str().unwrap().to_owned();
        let before = events(&app).await.len();
        let unknown = bob.delete("/auth/sessions/0000000000000001").await;
        assert!(told(&app, before).await.is_empty(), "a session that nobody has is nobody's");
        let foreign = bob.delete(&format!("/auth/sessions/{id}")).await;
        assert_eq!((foreign.status, foreign.text()), (404, unknown.text()));
        assert_eq!(told(&app, before).await, [denied("session.revoked", &actor, Some(format!("session:{id}")))]);
        assert!(ann.is_signed_in().await);
    }

    /// Promise: `audit/login-session`
    async fn a_proof_names_its_factors(app: TestApp) {
        let mut ann = app.person(ANN).await;
        assert_eq!(ann.post("/auth/reauthenticate", &[("password", PASSWORD)]).await.status, 200);
        let last = events(&app).await.pop().unwrap();
        assert_eq!((last.action.as_str(), last.factors.as_deref()), ("reauthentication", Some("password")));
    }
}
