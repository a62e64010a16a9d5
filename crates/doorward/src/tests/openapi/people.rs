//! The routes of a person, their account and their sessions.

use super::tour::Tour;
use crate::testing::{Actor, PASSWORD};

const ANN: &str = "ann@example.com";
const CLEO: &str = "cleo@example.com";
const NEW: &str = "nine dry otters under a bridge";

pub(super) async fn all(tour: &mut Tour<'_>) {
    let mut ann = outside(tour).await;
    sessions(tour, &mut ann).await;
    account(tour, &mut ann).await;
    tour.visit(&mut ann, "GET /logout", &[]).await;
    tour.visit(&mut ann, "POST /logout", &[]).await;
}

/// What needs no session; returns somebody who has one afterwards.
async fn outside(tour: &mut Tour<'_>) -> Actor {
    let app = tour.app;
    let mut ann = app.visitor();
    for path in [
        "csrf",
        "signup",
        "login",
        "login/organisation",
        "password/forgot",
        "openapi.json",
        "assets/style.css",
        "assets/theme.css",
        "assets/logo",
    ] {
        tour.visit(&mut ann, &format!("GET /{path}"), &[]).await;
    }
    tour.visit(&mut ann, "POST /signup", &[("email", ANN), ("password", PASSWORD)]).await;
    let token = app.token_for(ANN).await;
    tour.visit(&mut ann, "GET /email/verify", &[("token", &token)]).await;
    tour.visit(&mut ann, "POST /email/verify", &[("token", &token), ("password", PASSWORD)]).await;
    app.account(CLEO).await;
    let mut cleo = app.visitor();
    tour.visit(&mut cleo, "POST /password/forgot", &[("email", CLEO)]).await;
    let token = app.token_for(CLEO).await;
    tour.visit(&mut cleo, "GET /password/reset", &[("token", &token)]).await;
    tour.visit(&mut cleo, "POST /password/reset", &[("token", &token), ("new_password", NEW)]).await;
    for _ in 0..8 {
        let wrong = app.visitor().post("/auth/login", &[("email", CLEO), ("password", "it is another one")]).await;
        tour.refused(&wrong, "a wrong password");
    }
    let form = [("email", ANN), ("password", PASSWORD)];
    tour.visit(&mut app.visitor(), "POST /login", &form).await;
    assert_eq!(app.visitor().in_browser().post("/auth/login", &form).await.status, 303, "a person is led on");
    ann
}

async fn sessions(tour: &mut Tour<'_>, ann: &mut Actor) {
    tour.visit(ann, "GET /session", &[]).await;
    tour.visit(ann, "GET /sessions", &[]).await;
    tour.visit(ann, "GET /sessions", &[("limit", "1")]).await;
    for to in ["DELETE /sessions/{id}", "POST /sessions/{id}/revoke"] {
        let other = tour.app.logged_in(ANN).await.get("/auth/session").await.json();
        let id = [("id", other["session"]["id"].as_str().unwrap())];
        tour.visit(ann, "GET /sessions/{id}", &id).await;
        tour.visit(ann, to, &id).await;
    }
    tour.visit(ann, "DELETE /sessions", &[]).await;
    tour.visit(ann, "POST /sessions/revoke-others", &[]).await;
    tour.visit(&mut tour.app.person("dan@example.com").await, "POST /logout/everywhere", &[]).await;
}

async fn account(tour: &mut Tour<'_>, ann: &mut Actor) {
    tour.visit(ann, "GET /account", &[]).await;
    tour.visit(ann, "POST /account/profile", &[]).await;
    tour.visit(ann, "GET /reauthenticate", &[]).await;
    tour.visit(ann, "POST /reauthenticate", &[("password", PASSWORD)]).await;
    tour.visit(ann, "GET /password/change", &[]).await;
    tour.visit(ann, "POST /password/change", &[("new_password", NEW)]).await;
    tour.visit(ann, "GET /email/change", &[]).await;
    tour.visit(ann, "POST /email/change", &[("email", "ann@example.org")]).await;
    tour.visit(ann, "GET /email/change", &[]).await;
    let token = tour.app.token_for("ann@example.org").await;
    tour.visit(ann, "GET /email/confirm", &[("token", &token)]).await;
    tour.visit(ann, "POST /email/confirm", &[("token", &token)]).await;
}
