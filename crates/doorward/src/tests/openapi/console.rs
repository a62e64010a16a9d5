//! The routes of the console. It comes last: what the others did is what there is to see.

use std::time::Duration;

use doorward_core::AccountId;

use super::tour::Tour;
use crate::{audit, operate, testing::Actor};

const ANN: &str = "victim@example.com";
const WORKS: (&str, &str) = ("tenant", "globex");

pub(super) async fn all(tour: &mut Tour<'_>) {
    let app = tour.app;
    let root = app.account("root@example.com").await;
    let roles = vec!["admin".parse().unwrap()];
    assert!(operate::grant_operator(&app.doorward, root, roles).await.unwrap());
    let mut root_there = app.logged_in("root@example.com").await;
    let ann = app.account(ANN).await;
    many(tour, ann).await;
    panels(tour, &mut root_there).await;
    tenants(tour, &mut root_there).await;
    members(tour, &mut root_there, ann).await;
    invitations(tour, &mut root_there).await;
    domains(tour, &mut root_there).await;
    connections(tour, &mut root_there).await;
    accounts(tour, &mut root_there, (root, ann)).await;
    tour.visit(&mut root_there, "GET /admin/tenants/{tenant}/delete", &[WORKS]).await;
    tour.visit(&mut root_there, "POST /admin/tenants/{tenant}/delete", &[WORKS, ("slug", WORKS.1)]).await;
    tour.visit(&mut root_there, "GET /admin/tenants/{tenant}/delete", &[WORKS]).await;
    tour.visit(&mut root_there, "GET /admin/tenants/{tenant}", &[WORKS]).await;
    tour.visit(&mut root_there, "POST /admin/tenants/{tenant}/restore", &[WORKS]).await;
}

/// Gives an account more sessions and tenants than its page shows.
async fn many(tour: &Tour<'_>, ann: AccountId) {
    for number in 0..51 {
        tour.app.tenant(&format!("tenant{number}"), ann).await;
    }
    let mut logged_in = tour.app.logged_in(ANN).await;
    for kind in ["personal", "service"] {
        let form = [("name", "The builder"), ("scopes", "tenant:read"), ("kind", kind)];
        assert_eq!(logged_in.post("/auth/tenants/tenant0/api-keys", &form).await.status, 200);
        tour.app.wait(Duration::from_millis(5));
    }
    let mut tx = tour.app.db().begin(operate::Durability::Full).await.unwrap();
    for number in 1..=50_i64 {
        let sql = "INSERT INTO sessions (id, digest, account, created_at, seen_at, expires_at, proved_at, factors, device, address)
            SELECT id + $1, digest, account, created_at, seen_at, expires_at, proved_at, factors, device, address
            FROM sessions WHERE id = (SELECT MIN(id) FROM sessions WHERE account = $2)";
        tx.execute(sql, &[&number, &ann]).await.unwrap();
    }
    tx.execute("UPDATE api_keys SET last_used_at = created_at WHERE account IS NULL", &[]).await.unwrap();
    tx.commit().await.unwrap();
}

async fn panels(tour: &mut Tour<'_>, root: &mut Actor) {
    tour.visit(root, "GET /admin", &[]).await;
    for format in ["jsonl", "csv"] {
        tour.visit(root, "GET /admin/audit/export", &[("format", format)]).await;
    }
    for list in ["audit", "accounts", "tenants", "api-keys", "sessions"] {
        tour.visit(root, &format!("GET /admin/{list}"), &[]).await;
        tour.visit(root, &format!("GET /admin/{list}"), &[("limit", "1")]).await;
    }
    let keys = root.get("/auth/admin/api-keys?tenant=tenant0").await.json();
    let key = keys["api_keys"][0]["id"].as_str().unwrap().to_owned();
    tour.visit(root, "POST /admin/api-keys/{id}/revoke", &[("id", &key)]).await;
    tour.visit(root, "GET /admin/providers", &[]).await;
    tour.visit(root, "POST /admin/providers/{provider}/try", &[("provider", "id")]).await;
    audit::seal(tour.app.doorward.context()).await.unwrap();
    let form = [("email", "fay@example.com"), ("password", "an entirely good password")];
    assert_eq!(tour.app.visitor().post("/auth/signup", &form).await.status, 202, "a letter waits");
    tour.visit(root, "GET /admin/system", &[]).await;
}

async fn tenants(tour: &mut Tour<'_>, root: &mut Actor) {
    tour.visit(root, "POST /admin/tenants", &[("slug", WORKS.1), ("name", "Globex")]).await;
    tour.visit(root, "GET /admin/tenants/{tenant}/suspend", &[WORKS]).await;
    tour.visit(root, "POST /admin/tenants/{tenant}/suspend", &[WORKS]).await;
    tour.visit(root, "GET /admin/tenants/{tenant}/suspend", &[WORKS]).await;
    tour.visit(root, "GET /admin/tenants/{tenant}", &[WORKS]).await;
    tour.visit(root, "POST /admin/tenants/{tenant}/resume", &[WORKS]).await;
    let until = tour.app.now().after(Duration::from_secs(3600)).as_secs().to_string();
    tour.visit(root, "POST /admin/tenants/{tenant}/entitle", &[WORKS, ("plan", "pro"), ("until", &until)]).await;
    tour.visit(root, "GET /admin/tenants/{tenant}", &[WORKS]).await;
    // Whoever owns it lets anybody join.
    tour.visit(root, "GET /admin/tenants/{tenant}/suspend", &[("tenant", "acme")]).await;
    tour.visit(root, "GET /admin/tenants/{tenant}", &[("tenant", "acme")]).await;
    tour.visit(root, "GET /admin/tenants/{tenant}", &[("tenant", "acme"), ("limit", "1")]).await;
}

async fn members(tour: &mut Tour<'_>, root: &mut Actor, ann: AccountId) {
    let ann = ann.to_string();
    let of_ann = [WORKS, ("account", ann.as_str())];
    let joining = [WORKS, ("email", ANN), ("roles", "owner")];
    tour.visit(root, "POST /admin/tenants/{tenant}/members", &joining).await;
    let until = tour.app.now().after(Duration::from_secs(3600)).as_secs().to_string();
    let paid = [WORKS, of_ann[1], ("plan", "pro"), ("until", &until)];
    tour.visit(root, "POST /admin/tenants/{tenant}/entitle", &paid).await;
    tour.visit(root, "GET /admin/tenants/{tenant}/members/{account}", &of_ann).await;
    let bob = tour.app.account("bert@example.com").await.to_string();
    let of_bob = [WORKS, ("account", bob.as_str())];
    tour.visit(
        root,
        "POST /admin/tenants/{tenant}/members",
        &[WORKS, ("email", "bert@example.com"), ("roles", "member")],
    )
    .await;
    let given = [WORKS, of_bob[1], ("roles", "billing")];
    tour.visit(root, "POST /admin/tenants/{tenant}/members/{account}/roles", &given).await;
    tour.visit(root, "POST /admin/tenants/{tenant}/members/{account}/remove", &of_bob).await;
}

async fn invitations(tour: &mut Tour<'_>, root: &mut Actor) {
    let mut owner = tour.app.logged_in(ANN).await;
    let form = [("email", "guest@example.com"), ("roles", "member")];
    assert_eq!(owner.post("/auth/tenants/globex/invitations", &form).await.status, 200);
    let form = [WORKS, ("email", "other@example.com"), ("roles", "member")];
    let made = tour.visit(root, "POST /admin/tenants/{tenant}/invitations", &form).await.json();
    let invited = [WORKS, ("id", made["id"].as_str().unwrap())];
    tour.visit(root, "GET /admin/tenants/{tenant}/invitations", &[WORKS]).await;
    tour.visit(root, "GET /admin/tenants/{tenant}/invitations", &[WORKS, ("limit", "1")]).await;
    tour.visit(root, "POST /admin/tenants/{tenant}/invitations/{id}/resend", &invited).await;
    tour.visit(root, "POST /admin/tenants/{tenant}/invitations/{id}/revoke", &invited).await;
}

async fn domains(tour: &mut Tour<'_>, root: &mut Actor) {
    let panel = "/admin/tenants/{tenant}/domains";
    let globex = [WORKS, ("domain", "globex.example")];
    tour.visit(root, &format!("POST {panel}"), &globex).await;
    tour.visit(root, &format!("POST {panel}"), &[WORKS, globex[1], ("take_over", "on")]).await;
    tour.visit(root, &format!("GET {panel}"), &[WORKS]).await;
    // Whose record is gone.
    tour.visit(root, &format!("GET {panel}"), &[("tenant", "acme")]).await;
    tour.visit(root, &format!("POST {panel}/{{domain}}/withdraw"), &globex).await;
    tour.visit(root, &format!("GET {panel}"), &[WORKS]).await;
    tour.visit(root, &format!("POST {panel}/{{domain}}/remove"), &globex).await;
}

/// The provider that acme has brought.
async fn connections(tour: &mut Tour<'_>, root: &mut Actor) {
    let panel = "/admin/tenants/{tenant}/connections";
    let map = [WORKS, ("provider", "google"), ("organisation", "globex.example")];
    tour.visit(root, &format!("POST {panel}"), &map).await;
    let acme = ("tenant", "acme");
    let listed = tour.visit(root, &format!("GET {panel}"), &[acme]).await.json();
    let name = listed["connections"][0]["connection"].as_str().unwrap();
    tour.visit(root, &format!("POST {panel}/{{connection}}/remove"), &[acme, ("connection", name)]).await;
}

async fn accounts(tour: &mut Tour<'_>, root: &mut Actor, (own, ann): (AccountId, AccountId)) {
    let (own, ann) = (own.to_string(), ann.to_string());
    let of_ann = [("account", ann.as_str())];
    tour.visit(root, "GET /admin/accounts/{account}", &[("account", &own)]).await;
    tour.visit(root, "GET /admin/accounts/{account}", &of_ann).await;
    tour.visit(root, "GET /admin/accounts/{account}/tenants", &of_ann).await;
    tour.visit(root, "GET /admin/accounts/{account}/tenants", &[of_ann[0], ("limit", "1")]).await;
    let session = tour.app.logged_in(ANN).await.get("/auth/session").await.json();
    let session = [("id", session["session"]["id"].as_str().unwrap())];
    tour.visit(root, "POST /admin/sessions/{id}/revoke", &session).await;
    tour.visit(root, "POST /admin/accounts/{account}/end-sessions", &of_ann).await;
    tour.visit(root, "GET /admin/accounts/{account}/reset", &of_ann).await;
    tour.visit(root, "POST /admin/accounts/{account}/reset", &of_ann).await;
    tour.visit(root, "GET /admin/accounts/{account}/disable", &of_ann).await;
    tour.visit(root, "POST /admin/accounts/{account}/disable", &of_ann).await;
    tour.visit(root, "GET /admin/accounts/{account}", &of_ann).await;
    tour.visit(root, "GET /admin/accounts/{account}/disable", &of_ann).await;
    tour.visit(root, "POST /admin/accounts/{account}/enable", &of_ann).await;
}
