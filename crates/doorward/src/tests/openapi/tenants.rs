//! The routes of tenants and of those who ask about them.

use axum::http::Method;
use serde_json::json;

use super::tour::Tour;
use crate::{
    operate,
    testing::{Actor, dns::NameServer, programs::bare},
};

const DORA: &str = "dora@example.com";
const ACME: (&str, &str) = ("tenant", "acme");

pub(super) async fn all(tour: &mut Tour<'_>) {
    let mut owner = tour.app.person("owner@example.com").await;
    made(tour, &mut owner).await;
    let mut bob = tour.app.person("bob@example.com").await;
    tour.visit(&mut bob, "GET /tenants/{tenant}/join", &[ACME]).await;
    tour.visit(&mut bob, "POST /tenants/{tenant}/join", &[ACME]).await;
    invited(tour, &mut owner).await;
    asked(tour, &mut owner).await;
    keys(tour, &mut owner).await;
    domains(tour, &mut owner).await;
    connections(tour, &mut owner).await;
    members(tour, &mut owner).await;
    tour.visit(&mut bob, "POST /tenants/{tenant}/leave", &[ACME]).await;
    for format in ["jsonl", "csv"] {
        tour.visit(&mut owner, "GET /tenants/{tenant}/audit/export", &[ACME, ("format", format)]).await;
    }
    tour.visit(&mut owner, "GET /tenants/{tenant}/audit", &[ACME]).await;
    tour.visit(&mut owner, "GET /tenants/{tenant}/audit", &[ACME, ("limit", "1")]).await;
    tour.visit(&mut owner, "GET /tenants/{tenant}/delete", &[ACME]).await;
    tour.visit(&mut owner, "POST /tenants/{tenant}/delete", &[ACME]).await;
    tour.visit(&mut owner, "GET /tenants/{tenant}/delete", &[ACME]).await;
    tour.visit(&mut owner, "POST /tenants/{tenant}/restore", &[ACME]).await;
}

async fn made(tour: &mut Tour<'_>, owner: &mut Actor) {
    tour.visit(owner, "POST /tenants", &[("name", "Works")]).await;
    tour.visit(owner, "POST /tenants", &[("name", "Acme"), ("slug", "acme")]).await;
    tour.visit(owner, "GET /tenants", &[]).await;
    tour.visit(owner, "GET /tenants", &[("limit", "1")]).await;
    tour.visit(owner, "GET /tenants/{tenant}", &[ACME]).await;
    tour.visit(owner, "GET /tenants/{tenant}/roles", &[ACME]).await;
    tour.visit(owner, "POST /tenants/{tenant}/rename", &[ACME, ("name", "Acme & Co")]).await;
    tour.visit(owner, "POST /tenants/{tenant}/open", &[ACME]).await;
    tour.visit(owner, "POST /tenants/{tenant}/open", &[ACME, ("role", "member")]).await;
    tour.visit(owner, "GET /tenants/{tenant}/settings", &[ACME]).await;
}

async fn invited(tour: &mut Tour<'_>, owner: &mut Actor) {
    let mut dora = tour.app.person(DORA).await;
    let mut ids = Vec::new();
    for email in ["eve@example.com", "fay@example.com", DORA] {
        let form = [ACME, ("email", email), ("roles", "member")];
        let made = tour.visit(owner, "POST /tenants/{tenant}/invitations", &form).await.json();
        ids.push(made["id"].as_str().unwrap().to_owned());
    }
    tour.visit(owner, "GET /tenants/{tenant}/invitations", &[ACME]).await;
    tour.visit(owner, "GET /tenants/{tenant}/invitations", &[ACME, ("limit", "1")]).await;
    tour.visit(owner, "POST /tenants/{tenant}/invitations/{id}/resend", &[ACME, ("id", &ids[0])]).await;
    tour.visit(owner, "POST /tenants/{tenant}/invitations/{id}/revoke", &[ACME, ("id", &ids[0])]).await;
    tour.visit(owner, "DELETE /tenants/{tenant}/invitations/{id}", &[ACME, ("id", &ids[1])]).await;
    let token = tour.app.token_for(DORA).await;
    tour.visit(&mut dora, "GET /invitations/accept", &[("token", &token)]).await;
    tour.visit(&mut dora, "POST /invitations/accept", &[("token", &token)]).await;
}

async fn keys(tour: &mut Tour<'_>, owner: &mut Actor) {
    let mut ids = Vec::new();
    for _ in 0..2 {
        let form = [ACME, ("name", "The builder"), ("scope_tenant:read", "on")];
        let made = tour.visit(owner, "POST /tenants/{tenant}/api-keys", &form).await.json();
        let key = made["key"].as_str().unwrap();
        let form = format!(
            "grant_type=urn:ietf:params:oauth:grant-type:token-exchange&subject_token={key}&\
                subject_token_type=urn:doorward:params:oauth:token-type:api-key"
        );
        let form_type = Some("application/x-www-form-urlencoded");
        assert_eq!(bare(tour.app).send(Method::POST, "/auth/oauth/token", &form, form_type).await.status, 200);
        ids.push(made["id"].as_str().unwrap().to_owned());
    }
    tour.visit(owner, "GET /tenants/{tenant}/api-keys", &[ACME]).await;
    tour.visit(owner, "GET /tenants/{tenant}/api-keys", &[ACME, ("limit", "1")]).await;
    tour.visit(owner, "POST /tenants/{tenant}/api-keys/{id}/revoke", &[ACME, ("id", &ids[0])]).await;
    tour.visit(owner, "DELETE /tenants/{tenant}/api-keys/{id}", &[ACME, ("id", &ids[1])]).await;
}

async fn domains(tour: &mut Tour<'_>, owner: &mut Actor) {
    for domain in ["acme.example", "more.example"] {
        tour.visit(owner, "POST /tenants/{tenant}/domains", &[ACME, ("domain", domain)]).await;
    }
    let listed = tour.visit(owner, "GET /tenants/{tenant}/domains", &[ACME]).await.json();
    let one = &listed["domains"][0];
    let record = (one["record_name"].as_str().unwrap(), one["record_value"].as_str().unwrap());
    let [acme, more] = ["acme.example", "more.example"].map(|domain| [ACME, ("domain", domain)]);
    let server = NameServer::with(tour.app, &[record]);
    tour.visit(owner, "POST /tenants/{tenant}/domains/{domain}/check", &acme).await;
    drop(server);
    let _gone = NameServer::with(tour.app, &[]);
    let answer = owner.post("/auth/tenants/acme/domains/acme.example/check", &[]).await;
    tour.refused(&answer, "a record that is gone");
    tour.visit(owner, "GET /tenants/{tenant}/domains", &[ACME]).await;
    tour.visit(owner, "DELETE /tenants/{tenant}/domains/{domain}", &more).await;
    let again = [ACME, ("domain", "again.example")];
    tour.visit(owner, "POST /tenants/{tenant}/domains", &again).await;
    tour.visit(owner, "POST /tenants/{tenant}/domains/{domain}/remove", &again).await;
}

async fn connections(tour: &mut Tour<'_>, owner: &mut Actor) {
    let listed = "GET /tenants/{tenant}/connections";
    tour.visit(owner, listed, &[ACME]).await;
    let mut names = Vec::new();
    for kind in ["openid", "openid", "entra"] {
        let new = [ACME, ("kind", kind), ("label", "Acme ID")];
        let made = tour.visit(owner, "POST /tenants/{tenant}/connections", &new).await.json();
        names.push(made["connection"].as_str().unwrap().to_owned());
    }
    let each = "/tenants/{tenant}/connections/{connection}";
    let of = |name| [ACME, ("connection", name)];
    let form = [("client_id", "x"), ("client_secret", "y"), ("issuer", "https://id.acme.example")];
    tour.visit(owner, &format!("POST {each}"), &[&of(&names[0])[..], &form].concat()).await;
    let directory =
        [("client_id", "x"), ("client_secret", "y"), ("organisation", "8e6f3a52-1c1b-4f7a-9a51-0d6a3c0b2f11")];
    tour.visit(owner, &format!("POST {each}"), &[&of(&names[2])[..], &directory].concat()).await;
    let answer = owner.post(&format!("/auth/tenants/acme/connections/{}", names[0]), &[]).await;
    tour.refused(&answer, "nothing is written");
    tour.visit(owner, &format!("GET {each}"), &of(&names[0])).await;
    tour.visit(owner, listed, &[ACME]).await;
    tour.visit(owner, &format!("POST {each}/try"), &of(&names[0])).await;
    let rule = [("claim", "groups"), ("value", "staff"), ("role", "member")];
    for act in ["rules", "rules/remove", "rules"] {
        tour.visit(owner, &format!("POST {each}/{act}"), &[&of(&names[0])[..], &rule].concat()).await;
    }
    tour.visit(owner, &format!("GET {each}"), &of(&names[0])).await;
    tour.visit(owner, &format!("POST {each}/joining"), &of(&names[0])).await;
    tour.visit(owner, &format!("POST {each}/joining"), &[&of(&names[0])[..], &[("role", "member")]].concat()).await;
    tour.visit(owner, &format!("GET {each}"), &of(&names[0])).await;
    tour.visit(owner, &format!("DELETE {each}"), &of(&names[1])).await;
    tour.visit(owner, &format!("POST {each}/remove"), &of(&names[2])).await;
    let me = owner.get("/auth/session").await.json()["account"]["id"].as_str().unwrap().to_owned();
    let glass = [ACME, ("account", &*me), ("may", "on")];
    tour.visit(owner, "POST /tenants/{tenant}/members/{account}/break-glass", &glass).await;
    tour.visit(owner, listed, &[ACME]).await;
    tour.visit(owner, "POST /tenants/{tenant}/sign-in", &[ACME, ("only_own", "on")]).await;
    tour.visit(owner, "GET /tenants/{tenant}/enter", &[ACME]).await;
    tour.visit(owner, "POST /tenants/{tenant}/enter", &[ACME]).await;
    tour.visit(owner, "POST /tenants/{tenant}/sign-in", &[ACME]).await;
    tour.visit(owner, "POST /tenants/{tenant}/members/{account}/break-glass", &glass[..2]).await;
    let claim = [ACME, ("provider", "google"), ("organisation", "acme.example")];
    tour.visit(owner, "POST /tenants/{tenant}/organisations", &claim).await;
    tour.visit(owner, listed, &[ACME]).await;
}

async fn asked(tour: &mut Tour<'_>, owner: &mut Actor) {
    let one = json!({ "tenant": "acme", "permission": "tenant:read", "fresh_within": 60 });
    let other = json!({ "tenant": "nowhere", "permission": "tenant:read" });
    tour.ask(owner, "POST /check", &one).await;
    tour.ask(owner, "POST /check", &json!({ "questions": [one, other] })).await;
    let question = [ACME, ("permission", "tenant:read")];
    let rest = [ACME, ("permission", "tenant:read"), ("rest", "shop/basket")];
    let mut proxy = owner.clone();
    proxy.set_header("x-forwarded-method", "GET");
    tour.visit(&mut proxy, "GET /verify", &question).await;
    tour.visit(owner, "GET /verify/{tenant}/{permission}/{rest}", &rest).await;
    tour.visit(owner, "GET /verify/{tenant}/{permission}/", &question).await;
}

async fn members(tour: &mut Tour<'_>, owner: &mut Actor) {
    tour.visit(owner, "GET /tenants/{tenant}/members", &[ACME]).await;
    tour.visit(owner, "GET /tenants/{tenant}/members", &[ACME, ("limit", "1")]).await;
    let cem = tour.app.account("cem@example.com").await;
    let acme = operate::tenant(&tour.app.doorward, "acme").await.unwrap().unwrap().id;
    tour.app.member(acme, cem, "member").await;
    let of_cem = [ACME, ("account", &cem.to_string())];
    tour.visit(owner, "GET /tenants/{tenant}/members/{account}", &of_cem).await;
    // A form names each role in a field of its own.
    let ticked = [of_cem[0], of_cem[1], ("role_billing", "on")];
    tour.visit(owner, "POST /tenants/{tenant}/members/{account}/roles", &ticked).await;
    tour.visit(owner, "POST /tenants/{tenant}/members/{account}/remove", &of_cem).await;
    tour.app.member(acme, cem, "member").await;
    tour.visit(owner, "DELETE /tenants/{tenant}/members/{account}", &of_cem).await;
}
