//! What operators promises, over HTTP, on every engine.

use std::time::Duration;

use doorward_core::AccountId;

use crate::{
    features::{self, Stage},
    on_every_engine, operate,
    testing::{Actor, TestApp},
};

const ANN: &str = "ann@example.com";
const BOB: &str = "bob@example.com";

async fn grant(app: &TestApp, account: AccountId, role: &str) {
    let roles = vec![role.parse().unwrap()];
    assert!(operate::grant_operator(&app.doorward, account, roles).await.unwrap());
}

async fn status(actor: &mut Actor, path: &str) -> u16 {
    actor.get(path).await.status
}

on_every_engine! {
    /// Promise: `operators/command-line-only`
    async fn no_request_makes_an_operator(app: TestApp) {
        let ann = app.account(ANN).await;
        let bob = app.account(BOB).await;
        grant(&app, ann, "admin").await;
        let mut admin = app.logged_in(ANN).await;
        let before = operate::operators(&app.doorward).await.unwrap();
        let token = admin.csrf_token().await;
        let bob = bob.to_string();
        for route in features::routes(Stage::Development).table.into_iter().filter(|route| !route.only_asks()) {
            let path = route.path.replace("{account}", &bob).replace("{id}", &bob).replace("{tenant}", "acme");
            for smuggled in ["roles", "role", "operator", "operator_roles", "is_operator"] {
                let form = [(smuggled, "admin"), ("email", BOB)];
                let mut sender = admin.clone();
                sender.set_header("x-csrf-token", &token);
                sender.post_with("", &format!("/auth{path}"), &form).await;
            }
        }
        for role in ["owner", "member", "billing", "root", "superuser"] {
            // Names of roles in tenants, and what an operator's role may be called elsewhere.
            let unknown = vec![role.parse().unwrap()];
            assert!(!operate::grant_operator(&app.doorward, ann, unknown).await.unwrap(), "{role}");
        }
        let after = operate::operators(&app.doorward).await.unwrap();
        assert_eq!(format!("{after:?}"), format!("{before:?}"));
        assert_eq!(status(&mut app.logged_in(BOB).await, "/auth/admin").await, 404);
    }

    /// Promise: `operators/next-request`
    async fn other_roles_hold_at_the_next_request_on_every_node(app: TestApp) {
        let ann = app.account(ANN).await;
        grant(&app, ann, "auditor").await;
        let other = app.another().await;
        let mut here = app.logged_in(ANN).await;
        let mut there = other.logged_in(ANN).await;
        for actor in [&mut here, &mut there] {
            assert_eq!(status(actor, "/auth/admin/audit").await, 200);
        }
        grant(&app, ann, "support").await;
        for actor in [&mut here, &mut there] {
            assert_eq!(status(actor, "/auth/admin/audit").await, 403);
            assert_eq!(status(actor, "/auth/admin/accounts").await, 200);
        }
        assert!(operate::revoke_operator(&other.doorward, ann).await.unwrap());
        for actor in [&mut here, &mut there] {
            assert_eq!(status(actor, "/auth/admin/accounts").await, 404);
            assert!(actor.is_signed_in().await, "as a person they stay");
        }
        grant(&app, ann, "admin").await;
        assert_eq!(status(&mut here, "/auth/admin/audit").await, 200);
        operate::disable(&app.doorward, ann).await.unwrap();
        for actor in [&mut here, &mut there] {
            assert_eq!(status(actor, "/auth/admin/audit").await, 401);
        }
    }

    /// Promise: `operators/unknown`
    async fn to_everybody_else_there_is_no_console(app: TestApp) {
        let ann = app.account(ANN).await;
        app.tenant("acme", ann).await;
        let mut owner = app.logged_in(ANN).await;
        for accept in ["application/json", "text/html"] {
            owner.set_header("accept", accept);
            let nowhere = owner.get("/auth/nowhere").await;
            let console = owner.get("/auth/admin").await;
            assert_eq!((console.status, console.status), (404, nowhere.status));
            if accept == "application/json" {
                assert_eq!(console.text(), nowhere.text());
            }
        }
        owner.set_header("accept", "text/html");
        assert!(!owner.get("/auth/account").await.text().contains("/auth/admin"), "nor a way to it");
        grant(&app, ann, "support").await;
        assert!(owner.get("/auth/account").await.text().contains("href=\"/auth/admin\""));
    }

    /// Promise: `operators/proof`
    async fn a_stolen_session_without_a_recent_proof_changes_nothing(app: TestApp) {
        let (ann, bob) = (app.account(ANN).await, app.account(BOB).await);
        grant(&app, ann, "admin").await;
        let mut admin = app.logged_in(ANN).await;
        app.wait(Duration::from_secs(300));
        assert_eq!(status(&mut admin, &format!("/auth/admin/accounts/{bob}")).await, 200, "looking needs none");
        let path = format!("/auth/admin/accounts/{bob}/disable");
        assert_eq!(admin.post(&path, &[]).await.code(), "reauthentication_required");
        let sent = admin.clone().in_browser().post(&path, &[]).await;
        let back = format!("/auth/reauthenticate?return_to={}", path.replace('/', "%2F"));
        assert_eq!((sent.status, sent.header("location")), (303, back.as_str()));
        assert!(operate::list(&app.doorward, "", 10).await.unwrap().iter().all(|one| one.disabled_at.is_none()));
        let proof = [("password", crate::testing::PASSWORD)];
        assert_eq!(admin.post("/auth/reauthenticate", &proof).await.status, 200);
        assert_eq!(admin.post(&path, &[]).await.status, 200);
    }
}
