//! The routes about apps, devices and clients.

use super::tour::Tour;
use crate::{
    operate,
    testing::programs::{Program, web},
};

const EVERYTHING: [(&str, &str); 14] = [
    ("id", "everything"),
    ("name", "Everything"),
    ("authentication", "secret"),
    ("keys", ""),
    ("grants", "authorization_code refresh_token"),
    ("scopes", "openid"),
    ("resources", "https://api.example.com"),
    ("redirect_uris", "https://everything.example.com/callback"),
    ("post_logout_redirect_uris", "https://everything.example.com/bye"),
    ("backchannel_logout_uri", "https://everything.example.com/logout"),
    ("tenant", "apps"),
    ("trusted", "on"),
    ("demands_dpop", "on"),
    ("algorithm", "ES256"),
];

pub(super) async fn all(tour: &mut Tour<'_>) {
    let app = tour.app;
    let uma = app.account("uma@example.com").await;
    app.tenant("apps", uma).await;
    let mut uma_there = app.logged_in("uma@example.com").await;
    let native = Program::native(app).await;
    for decision in ["allow", "deny", ""] {
        let device = native.post(app, "/auth/oauth/device", &[("scope", "openid tenant:read")]).await.json();
        let code = ("user_code", device["user_code"].as_str().unwrap());
        tour.visit(&mut uma_there, "GET /device", &[]).await;
        tour.visit(&mut uma_there, "POST /device", &[code]).await;
        let said = [code, ("decision", decision)];
        tour.visit(&mut uma_there, "POST /device/decide", &said[..if decision.is_empty() { 1 } else { 2 }]).await;
    }
    tour.visit(&mut uma_there, "GET /account/apps", &[]).await;
    tour.visit(&mut uma_there, "POST /account/apps/{client}/withdraw", &[("client", "native")]).await;
    console(tour).await;
}

async fn console(tour: &mut Tour<'_>) {
    let app = tour.app;
    let vera = app.account("vera@example.com").await;
    assert!(operate::grant_operator(&app.doorward, vera, vec!["admin".parse().unwrap()]).await.unwrap());
    let mut vera = app.logged_in("vera@example.com").await;
    tour.visit(&mut vera, "GET /admin/client-registration", &[]).await;
    tour.visit(&mut vera, "POST /admin/clients", &EVERYTHING).await;
    let least =
        [("name", "Least"), ("authentication", "secret"), ("grants", "client_credentials"), ("scopes", "openid")];
    tour.visit(&mut vera, "POST /admin/clients", &least).await;
    let public = [
        ("name", "Public"),
        ("authentication", "none"),
        ("grants", "authorization_code"),
        ("redirect_uris", "https://public.example.com/"),
    ];
    tour.visit(&mut vera, "POST /admin/clients", &public).await;
    Program::registered(app, web()).await;
    tour.visit(&mut vera, "GET /admin/clients", &[]).await;
    tour.visit(&mut vera, "GET /admin/clients", &[("limit", "1")]).await;
    let named = [("client", "web")];
    tour.visit(&mut vera, "GET /admin/clients/{client}", &named).await;
    tour.visit(&mut vera, "GET /admin/clients/{client}", &[("client", "everything")]).await;
    tour.visit(&mut vera, "POST /admin/clients/{client}/rotate", &named).await;
    for act in ["disable", "delete"] {
        tour.visit(&mut vera, &format!("GET /admin/clients/{{client}}/{act}"), &named).await;
    }
    tour.visit(&mut vera, "POST /admin/clients/{client}/disable", &named).await;
    tour.visit(&mut vera, "GET /admin/clients/{client}", &named).await;
    tour.visit(&mut vera, "POST /admin/clients/{client}/rotate", &named).await;
    tour.visit(&mut vera, "POST /admin/clients/{client}/enable", &named).await;
    tour.visit(&mut vera, "POST /admin/clients/{client}/delete", &named).await;
}
