//! What `tenant_page` promises, over HTTP, on every engine.

mod log;
mod races;
mod smuggling;

use std::time::Duration;

use axum::http::Method;
use doorward_core::{AccountId, TenantId};
use serde_json::{Value, json};

use crate::{
    on_every_engine, operate,
    testing::{
        Actor, Answer, Engine, TestApp,
        acme::{ANN, Acme, BOB, CEM, DAN},
    },
};

const FORM: &str = "application/x-www-form-urlencoded";
const STALE: Duration = Duration::from_secs(600);

fn said(answer: &Answer) -> (u16, String) {
    (answer.status, answer.code())
}

fn no(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

fn yes() -> (u16, String) {
    no(200, "")
}

/// Everything that there is of tenants and memberships, as text that two moments can be compared by.
async fn state(app: &TestApp) -> Vec<String> {
    let mut state = Vec::new();
    for sql in [
        "SELECT id || slug || name || COALESCE(open_role, '') || entitlements || COALESCE(suspended_at, 0) || COALESCE(delete_at, 0)
            FROM tenants ORDER BY id",
        "SELECT tenant || account || roles || is_owner || entitlements FROM memberships ORDER BY tenant, account",
    ] {
        state.extend(app.db().list(sql, &[], |row| row.get::<String>(0)).await.unwrap());
    }
    state
}

async fn roles_of(app: &TestApp, tenant: TenantId, account: AccountId) -> String {
    let sql = "SELECT roles FROM memberships WHERE tenant = $1 AND account = $2";
    app.db().find(sql, &[&tenant, &account], |row| row.get(0)).await.unwrap().unwrap_or_default()
}

fn slugs(answer: &Answer) -> Vec<String> {
    let tenants = answer.json()["tenants"].as_array().cloned().unwrap_or_default();
    tenants.iter().map(|one| one["slug"].as_str().unwrap().to_owned()).collect()
}

on_every_engine! {
    /// Promise: `tenant_page/own`
    async fn a_stranger_and_a_visitor_get_nowhere(app: TestApp) {
        let mut all = Acme::of(&app).await;
        let before = state(&app).await;
        let looks = ["", "/members", "/roles", "/audit", "/audit/export?format=csv", "/settings", "/delete", "/join"];
        let acts = ["/rename", "/open", "/delete", "/restore", "/leave", "/join"];
        for name in ["acme".to_owned(), all.acme.to_string(), "nothing-here".to_owned()] {
            for rest in looks.into_iter().chain(["/members/018f3f0a-0000-7000-8000-000000000000"]) {
                let path = format!("/auth/tenants/{name}{rest}");
                assert_eq!(said(&all.dan.get(&path).await), no(404, "no_such_tenant"), "{path}");
                assert_eq!(said(&app.visitor().get(&path).await), no(401, "not_signed_in"), "{path}");
            }
            for rest in acts {
                let path = format!("/auth/tenants/{name}{rest}");
                assert_eq!(said(&all.dan.post(&path, &[]).await), no(404, "no_such_tenant"), "{path}");
            }
        }
        for rest in ["/roles", "/remove"] {
            assert_eq!(said(&all.dan.post(&all.path(2, rest), &[]).await), no(404, "no_such_tenant"), "{rest}");
        }
        assert_eq!(said(&all.dan.delete(&all.path(2, "")).await), no(404, "no_such_tenant"));
        assert_eq!(state(&app).await, before);
    }

    /// Promise: `tenant_page/own`
    async fn a_member_does_what_their_roles_allow_and_no_more(app: TestApp) {
        let mut all = Acme::of(&app).await;
        let before = state(&app).await;
        for (path, form) in [
            ("/auth/tenants/acme/rename", &[("name", "Mine")][..]), ("/auth/tenants/acme/open", &[("role", "admin")]),
            ("/auth/tenants/acme/delete", &[]), ("/auth/tenants/acme/restore", &[]),
            (all.path(1, "/remove").as_str(), &[]), (all.path(2, "/roles").as_str(), &[("roles", "owner")]),
        ] {
            assert_eq!(said(&all.cem.post(path, form).await), no(403, "forbidden"), "{path}");
        }
        for rest in ["/settings", "/delete", "/audit", "/audit/export?format=jsonl"] {
            assert_eq!(said(&all.cem.get(&format!("/auth/tenants/acme{rest}")).await), no(403, "forbidden"), "{rest}");
        }
        assert_eq!(said(&all.bob.post("/auth/tenants/acme/delete", &[]).await), no(403, "forbidden"));
        assert_eq!(state(&app).await, before);
        for rest in ["", "/members", "/roles"] {
            assert_eq!(all.cem.get(&format!("/auth/tenants/acme{rest}")).await.status, 200, "{rest}");
        }
        let sees = all.cem.get("/auth/tenants/acme").await.json();
        assert_eq!(sees["tenant"]["roles"], json!(["member"]));
        assert_eq!(sees["permissions"], json!(["members:read", "tenant:read"]));
        assert_eq!(said(&all.bob.post("/auth/tenants/acme/rename", &[("name", "Acme & Sons"), ("slug", "")]).await), yes());
        assert_eq!(all.cem.get("/auth/tenants/acme").await.json()["tenant"]["name"], "Acme & Sons");
    }

    /// Promise: `tenant_page/own`
    async fn somebody_gives_and_takes_the_roles_that_they_may(app: TestApp) {
        let mut all = Acme::of(&app).await;
        let [ann, _, cem, dan] = all.ids;
        for (whom, roles, refusal) in [
            (2, "owner", no(403, "role_not_yours")), (2, "owner,member", no(403, "role_not_yours")),
            (0, "member", no(403, "role_not_yours")),
            (2, "nothing", no(422, "unknown_role")), (2, "", no(422, "role_missing")), (2, " , ", no(422, "role_missing")),
            (2, "Admin", no(422, "unknown_role")), (2, "admin;member", no(422, "unknown_role")), (3, "member", no(404, "no_such_member")),
        ] {
            let answer = all.bob.post(&all.path(whom, "/roles"), &[("roles", roles)]).await;
            assert_eq!(said(&answer), refusal, "{whom} {roles}");
        }
        assert_eq!(said(&all.bob.post(&all.path(0, "/remove"), &[]).await), no(403, "role_not_yours"));
        assert_eq!(said(&all.bob.delete(&all.path(3, "")).await), no(404, "no_such_member"));
        assert_eq!(said(&all.bob.post("/auth/tenants/acme/members/nobody/roles", &[("roles", "member")]).await), no(404, "no_such_member"));
        assert_eq!((roles_of(&app, all.acme, cem).await, roles_of(&app, all.acme, ann).await), ("member".into(), "owner".into()));
        assert_eq!(roles_of(&app, all.other, dan).await, "owner");
        assert_eq!(said(&all.bob.post(&all.path(2, "/roles"), &[("roles", "billing, member")]).await), yes());
        assert_eq!(roles_of(&app, all.acme, cem).await, "billing,member");
        // The form has a field for each role that is ticked.
        assert_eq!(said(&all.bob.post(&all.path(2, "/roles"), &[("role_admin", "on")]).await), yes());
        assert_eq!(said(&all.bob.post(&all.path(2, "/roles"), &[("role_admin", "yes")]).await), no(422, "role_invalid"));
        assert_eq!(said(&all.bob.post(&all.path(2, "/roles"), &[("role_owner", "on")]).await), no(403, "role_not_yours"));
        assert_eq!(roles_of(&app, all.acme, cem).await, "admin");
        assert_eq!(said(&all.bob.delete(&all.path(2, "")).await), yes());
        assert_eq!(all.cem.asks("acme", "tenant:read").await, no(404, "no_such_tenant"));
        // Somebody's roles are not the worse for standing on a page whose reader may not give them.
        let page = all.bob.clone().in_browser().get(&all.path(0, "")).await.text();
        assert!(page.contains("<input type=\"hidden\" name=\"role_owner\" value=\"on\">") && !page.contains("id=\"role_owner\""), "{page}");
    }

    /// Promise: `tenant_page/own`
    async fn somebody_is_given_every_role_of_a_large_policy(fresh: TestApp) {
        let names: Vec<String> = (1..64).map(|number| format!("a-role-with-a-name-of-32-chars{number:02}")).collect();
        let more: String = names.iter().map(|name| format!("[policy.roles.{name}]\npermissions = []\n")).collect();
        let policy = format!("[policy.roles.owner]\npermissions = [\"*\"]\ngrants = [\"*\"]\n{more}");
        let policy = crate::config::PolicySettings::parse(&policy).unwrap();
        let app = TestApp::with(fresh.engine(), |settings| settings.policy = policy).await;
        let (ann, bob) = (app.account(ANN).await, app.account(BOB).await);
        let acme = app.tenant("acme", ann).await;
        app.member(acme, bob, &names[0]).await;
        let mut ann = app.logged_in(ANN).await.in_browser();
        let path = format!("/auth/tenants/acme/members/{bob}");
        let page = ann.get(&path).await.text();
        let boxes: Vec<String> = names.iter().map(|name| format!("role_{name}")).chain(["role_owner".to_owned()]).collect();
        assert!(boxes.iter().all(|name| page.contains(&format!("name=\"{name}\""))), "{page}");
        let form: Vec<_> = boxes.iter().map(|name| (name.as_str(), "on")).chain([("return_to", path.as_str())]).collect();
        let answer = ann.post(&format!("{path}/roles"), &form).await;
        assert_eq!(answer.status, 303, "{}", answer.text());
        assert_eq!(roles_of(&app, acme, bob).await.split(',').count(), 64);
    }

    /// Promise: `tenant_page/owner-proved`
    async fn the_owners_role_wants_a_recent_proof(app: TestApp) {
        let mut all = Acme::of(&app).await;
        let [_, bob, cem, _] = all.ids;
        app.wait(STALE);
        let before = state(&app).await;
        let give = all.path(1, "/roles");
        assert_eq!(said(&all.ann.post(&give, &[("roles", "owner,admin")]).await), no(403, "reauthentication_required"));
        assert_eq!(said(&all.ann.post("/auth/tenants/acme/delete", &[]).await), no(403, "reauthentication_required"));
        let back = format!("/auth/tenants/acme/members/{bob}");
        let mut browser = all.ann.clone().in_browser();
        let answer = browser.post(&give, &[("role_owner", "on"), ("return_to", &back)]).await;
        let way = format!("/auth/reauthenticate?return_to={}", back.replace('/', "%2F"));
        assert_eq!((answer.status, answer.header("location")), (303, way.as_str()));
        let answer = browser.post(&give, &[("role_owner", "on"), ("return_to", "https://evil.example/")]).await;
        assert_eq!(answer.header("location"), "/auth/reauthenticate?return_to=%2Fauth%2Faccount");
        assert_eq!(state(&app).await, before);
        assert_eq!(said(&all.ann.post(&all.path(2, "/roles"), &[("roles", "billing")]).await), yes(), "any other role");
        assert_eq!(roles_of(&app, all.acme, cem).await, "billing");
        let mut fresh = app.logged_in(ANN).await;
        assert_eq!(said(&fresh.post(&give, &[("roles", "owner")]).await), yes());
        assert_eq!(said(&all.ann.post(&all.path(1, "/remove"), &[]).await), no(403, "reauthentication_required"));
        assert_eq!(said(&all.ann.post(&give, &[("roles", "member")]).await), no(403, "reauthentication_required"));
        // Nor does a browser that was left open give an owner's place away.
        let (mut browser, before) = (all.ann.clone().in_browser(), state(&app).await);
        assert_eq!(said(&all.ann.post("/auth/tenants/acme/leave", &[]).await), no(403, "reauthentication_required"));
        let answer = browser.post("/auth/tenants/acme/leave", &[]).await;
        assert!(answer.status == 303 && answer.header("location").starts_with("/auth/reauthenticate?"), "{}", answer.status);
        assert_eq!(state(&app).await, before);
        assert_eq!(said(&all.cem.post("/auth/tenants/acme/leave", &[]).await), yes(), "in any other role");
        assert_eq!(said(&fresh.post("/auth/tenants/acme/leave", &[]).await), yes(), "with a proof");
        assert_eq!(roles_of(&app, all.acme, bob).await, "owner");
    }

    /// Promise: `tenant_page/own`
    async fn somebody_makes_a_tenant_of_their_own(app: TestApp) {
        let mut all = Acme::of(&app).await;
        let refusals = [
            ("", "", no(422, "name_invalid")), ("\u{202e}\u{7}", "", no(422, "name_invalid")), ("X", "x", no(422, "slug_invalid")),
            ("X", "UP", no(422, "slug_invalid")), ("X", "a/b", no(422, "slug_invalid")), ("X", "acme", no(422, "slug_taken")),
        ];
        for (name, slug, refusal) in refusals {
            assert_eq!(said(&all.cem.post("/auth/tenants", &[("name", name), ("slug", slug)]).await), refusal, "{name} {slug}");
        }
        let page = all.cem.clone().in_browser().post("/auth/tenants", &[("name", "Zoë & Co"), ("slug", "acme")]).await;
        assert!(page.status == 422 && page.text().contains("value=\"Zoë &#38; Co\""), "{}", page.text());
        let made = all.cem.post("/auth/tenants", &[("name", "Müller & Söhne"), ("slug", "")]).await;
        assert_eq!((said(&made), made.json()["slug"].as_str()), (yes(), Some("mueller-soehne")));
        let again = all.cem.post("/auth/tenants", &[("name", "Müller & Söhne")]).await.json();
        let again = again["slug"].as_str().unwrap();
        assert!(again.starts_with("mueller-soehne-") && again.len() == 19, "{again}");
        let unnamed = all.cem.post("/auth/tenants", &[("name", "日本"), ("slug", "")]).await.json();
        assert!(unnamed["slug"].as_str().unwrap().starts_with("org-"), "{unnamed}");
        assert_eq!(slugs(&all.cem.get("/auth/tenants").await), ["acme", "mueller-soehne", again, unnamed["slug"].as_str().unwrap()]);
        assert_eq!(all.cem.asks("mueller-soehne", "tenant:delete").await, yes());
    }

    /// Promise: `tenant_page/open`
    async fn whoever_joins_gets_the_role_that_was_chosen(app: TestApp) {
        let mut all = Acme::of(&app).await;
        let dan = all.ids[3];
        let not_yours = || no(403, "role_not_yours");
        for (role, refusal) in [("owner", not_yours()), ("nothing", not_yours()), ("NO", no(422, "unknown_role"))] {
            assert_eq!(said(&all.bob.post("/auth/tenants/acme/open", &[("role", role)]).await), refusal, "{role}");
        }
        assert_eq!(said(&all.ann.post("/auth/tenants/acme/open", &[("role", "owner")]).await), no(422, "role_too_much"));
        assert_eq!(said(&all.dan.post("/auth/tenants/acme/join", &[]).await), no(404, "no_such_tenant"));
        assert_eq!(said(&all.bob.post("/auth/tenants/acme/open", &[("role", "billing")]).await), yes());
        assert_eq!(all.dan.get("/auth/tenants/acme/join").await.json()["role"], "billing");
        for smuggled in ["role", "roles", "role_admin", "account"] {
            let answer = all.dan.post("/auth/tenants/acme/join", &[(smuggled, "admin")]).await;
            assert_eq!(said(&answer), no(422, "unknown_field"), "{smuggled}");
        }
        assert_eq!(said(&all.dan.post("/auth/tenants/acme/join", &[]).await), yes());
        assert_eq!(roles_of(&app, all.acme, dan).await, "billing");
        assert_eq!(said(&all.dan.post("/auth/tenants/acme/join", &[]).await), no(409, "already_member"));
        assert_eq!(said(&all.cem.post("/auth/tenants/acme/join", &[]).await), no(409, "already_member"), "nor another role");
        assert_eq!(said(&all.dan.post("/auth/tenants/acme/leave", &[]).await), yes());
        operate::suspend_tenant(&app.doorward, all.acme).await.unwrap();
        assert_eq!(said(&all.dan.post("/auth/tenants/acme/join", &[]).await), no(404, "no_such_tenant"), "suspended");
        operate::resume_tenant(&app.doorward, all.acme).await.unwrap();
        assert_eq!(said(&all.bob.post("/auth/tenants/acme/open", &[("role", "")]).await), yes());
        assert_eq!(said(&all.dan.get("/auth/tenants/acme/join").await), no(404, "no_such_tenant"), "closed again");
    }

    /// Promise: `tenant_page/pages`
    async fn the_list_of_tenants_comes_in_pages(app: TestApp) {
        let mut all = Acme::of(&app).await;
        for slug in ["zoo", "bar"] {
            app.tenant(slug, all.ids[0]).await;
        }
        let whole = all.ann.get("/auth/tenants").await;
        assert_eq!((slugs(&whole), &whole.json()["next"]), (vec!["acme".to_owned(), "zoo".into(), "bar".into()], &Value::Null));
        let (mut seen, mut next) = (Vec::new(), String::new());
        for left in [1, 0] {
            let page = all.ann.get(&format!("/auth/tenants?limit=2&cursor={next}")).await;
            assert!(slugs(&page).len() <= 2 && page.json()["next"].is_string() == (left > 0));
            seen.extend(slugs(&page));
            next = page.json()["next"].as_str().unwrap_or_default().to_owned();
            if left > 0 {
                assert_eq!(said(&all.bob.get(&format!("/auth/tenants?cursor={next}")).await), no(422, "cursor_invalid"));
            }
        }
        assert_eq!(seen, slugs(&whole));
        for limit in ["0", "101", "-1", "x"] {
            assert_eq!(said(&all.ann.get(&format!("/auth/tenants?limit={limit}")).await), no(422, "limit_invalid"), "{limit}");
        }
        let mut ann = all.ann.clone().in_browser();
        let page = ann.get("/auth/tenants?limit=2").await.text();
        let (_, link) = page.split_once("/auth/tenants?cursor=").expect("the page leads to the next one");
        let rest = ann.get(&format!("/auth/tenants?cursor={}", link.split('"').next().unwrap())).await.text();
        assert!(rest.contains("/auth/tenants/bar\"") && !rest.contains("/auth/tenants/zoo\""), "{rest}");
    }

    /// Promise: `tenant_page/own`
    async fn members_come_page_by_page(app: TestApp) {
        let mut all = Acme::of(&app).await;
        let mut seen: Vec<Value> = Vec::new();
        let mut next = String::new();
        for _ in 0..3 {
            let page = all.cem.get(&format!("/auth/tenants/acme/members?limit=1&cursor={next}")).await.json();
            assert_eq!(page["members"].as_array().unwrap().len(), 1);
            seen.extend(page["members"].as_array().unwrap().iter().map(|one| one["email"].clone()));
            next = page["next"].as_str().unwrap_or_default().to_owned();
        }
        assert_eq!((seen, next.as_str()), (vec![json!(ANN), json!(BOB), json!(CEM)], ""));
        for limit in ["0", "101", "-1", "x", "1e3"] {
            assert_eq!(said(&all.cem.get(&format!("/auth/tenants/acme/members?limit={limit}")).await), no(422, "limit_invalid"), "{limit}");
        }
        operate::disable(&app.doorward, all.ids[1]).await.unwrap();
        let page = all.cem.get("/auth/tenants/acme/members").await.json();
        let bob = &page["members"][1];
        assert_eq!((&bob["disabled"], &bob["roles"], &page["next"]), (&json!(true), &json!(["admin"]), &Value::Null));
    }
}

/// Promise: `tenant_page/own`
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_self_service_nobody_makes_a_tenant() {
    let app = TestApp::with(Engine::Sqlite, |settings| settings.tenants.self_service = false).await;
    let mut ann = app.person(ANN).await;
    let answer = ann.post("/auth/tenants", &[("name", "Mine"), ("slug", "mine")]).await;
    assert_eq!(said(&answer), no(403, "tenants_not_self_service"));
    assert_eq!(app.count("tenants").await, 0);
    assert!(!ann.clone().in_browser().get("/auth/tenants").await.text().contains("action=\"/auth/tenants\""));
}
