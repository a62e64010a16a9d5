//! What `tenants` promises, over HTTP, on every engine.

mod owners;

use std::time::Duration;

use doorward_core::AccountId;

use crate::{
    features, on_every_engine,
    operate::{self, Deletion},
    testing::{Actor, Answer, Engine, TestApp, crowd::at_once},
};

const ANN: &str = "ann@example.com";
const BOB: &str = "bob@example.com";
const DAY: Duration = Duration::from_secs(86_400);

fn said(answer: &Answer) -> (u16, String) {
    (answer.status, answer.code())
}

fn no(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

fn yes() -> (u16, String) {
    no(200, "")
}

async fn make(person: &mut Actor, slug: &str) -> (u16, String) {
    said(&person.post("/auth/tenants", &[("name", "A tenant"), ("slug", slug)]).await)
}

async fn memberships(app: &TestApp, account: AccountId) -> i64 {
    app.db().list("SELECT COUNT(*) FROM memberships WHERE account = $1", &[&account], |row| row.get(0)).await.unwrap()
        [0]
}

on_every_engine! {
    /// Promise: `tenants/many`
    async fn two_tabs_on_two_tenants_each_ask_about_their_own(app: TestApp) {
        let (ann_id, bob_id) = (app.account(ANN).await, app.account(BOB).await);
        let (first, second) = (app.tenant("first", ann_id).await, app.tenant("second", bob_id).await);
        app.member(second, ann_id, "member").await;
        let mut ann = app.logged_in(ANN).await;
        let mut other_tab = ann.clone();
        for _ in 0..2 {
            assert_eq!(ann.get("/auth/tenants/first").await.json()["tenant"]["id"], first.to_string());
            assert_eq!(other_tab.get("/auth/tenants/second").await.json()["tenant"]["id"], second.to_string());
            assert_eq!(ann.asks("first", "tenant:delete").await, yes());
            assert_eq!(other_tab.asks("second", "tenant:delete").await, no(403, "forbidden"));
        }
        assert_eq!(said(&ann.post("/auth/tenants/first/rename", &[("name", "First!")]).await), yes());
        assert_eq!(said(&other_tab.post("/auth/tenants/second/rename", &[("name", "Second!")]).await), no(403, "forbidden"));
        assert_eq!(said(&other_tab.post("/auth/tenants/second/leave", &[]).await), yes());
        assert_eq!(ann.asks("first", "tenant:read").await, yes(), "leaving one tenant is leaving one tenant");
        assert_eq!(memberships(&app, ann_id).await, 1);
    }

    /// Promise: `tenants/last-owner`
    async fn the_last_owner_stays(app: TestApp) {
        let (ann_id, bob_id) = (app.account(ANN).await, app.account(BOB).await);
        let acme = app.tenant("acme", ann_id).await;
        app.member(acme, bob_id, "admin").await;
        let mut ann = app.logged_in(ANN).await;
        let hers = format!("/auth/tenants/acme/members/{ann_id}");
        assert_eq!(said(&ann.post("/auth/tenants/acme/leave", &[]).await), no(409, "last_owner"));
        assert_eq!(said(&ann.post(&format!("{hers}/roles"), &[("roles", "admin")]).await), no(409, "last_owner"));
        assert_eq!(said(&ann.post(&format!("{hers}/remove"), &[]).await), no(409, "last_owner"));
        assert_eq!(said(&ann.delete(&hers).await), no(409, "last_owner"));
        assert_eq!(operate::delete(&app.doorward, ann_id).await.unwrap(), Deletion::OwnsTenants(vec![acme]));
        let demoted = operate::set_roles(&app.doorward, acme, ann_id, vec!["member".parse().unwrap()]).await;
        assert!(demoted.is_err() && operate::remove_member(&app.doorward, acme, ann_id).await.is_err(), "nor by an operator");
        assert_eq!(ann.asks("acme", "tenant:delete").await, yes());
        let page = ann.clone().in_browser().post("/auth/tenants/acme/leave", &[]).await;
        assert!(page.status == 409 && page.text().contains("Make another member one first."), "{}", page.text());
        assert_eq!(said(&ann.post(&format!("/auth/tenants/acme/members/{bob_id}/roles"), &[("roles", "owner")]).await), yes());
        assert_eq!(said(&ann.post("/auth/tenants/acme/leave", &[]).await), yes());
        assert_eq!(operate::delete(&app.doorward, ann_id).await.unwrap(), Deletion::Done);
        assert_eq!(operate::delete(&app.doorward, bob_id).await.unwrap(), Deletion::OwnsTenants(vec![acme]));
    }

    /// Promise: `tenants/waits`
    async fn a_tenant_that_is_to_be_deleted_waits_closed_and_is_gone_then(app: TestApp) {
        let (ann_id, bob_id) = (app.account(ANN).await, app.account(BOB).await);
        let acme = app.tenant("acme", ann_id).await;
        app.member(acme, bob_id, "admin").await;
        let (mut ann, mut bob) = (app.logged_in(ANN).await, app.logged_in(BOB).await);
        assert_eq!(said(&ann.post("/auth/tenants/acme/delete", &[]).await), yes());
        let waits = ann.get("/auth/tenants/acme/delete").await.json();
        assert_eq!(said(&ann.post("/auth/tenants/acme/delete", &[]).await), yes());
        assert_eq!(ann.get("/auth/tenants/acme/delete").await.json(), waits, "asking again does not put it off");
        for path in ["", "/members", "/audit", "/settings", "/roles"] {
            assert_eq!(said(&ann.get(&format!("/auth/tenants/acme{path}")).await), no(403, "tenant_closing"), "{path}");
            assert_eq!(said(&bob.get(&format!("/auth/tenants/acme{path}")).await), no(403, "tenant_closing"), "{path}");
        }
        assert_eq!(said(&bob.post("/auth/tenants/acme/restore", &[]).await), no(403, "forbidden"));
        assert_eq!(said(&bob.post("/auth/tenants/acme/leave", &[]).await), no(403, "tenant_closing"));
        assert!(ann.clone().in_browser().get("/auth/tenants").await.text().contains("/auth/tenants/acme/delete"));
        assert_eq!(said(&ann.post("/auth/tenants/acme/restore", &[]).await), yes());
        assert_eq!(bob.asks("acme", "tenant:read").await, yes(), "open again");
        app.wait(20 * DAY);
        features::purge(app.doorward.context()).await.unwrap();
        let (mut ann, mut bob) = (app.logged_in(ANN).await, app.logged_in(BOB).await);
        assert_eq!(bob.asks("acme", "tenant:read").await, yes(), "what was kept is kept");
        assert_eq!(said(&ann.post("/auth/tenants/acme/delete", &[]).await), yes());
        app.wait(13 * DAY);
        features::purge(app.doorward.context()).await.unwrap();
        assert_eq!(app.logged_in(BOB).await.asks("acme", "tenant:read").await, no(403, "tenant_closing"), "a day early");
        app.wait(DAY);
        features::purge(app.doorward.context()).await.unwrap();
        let mut ann = app.logged_in(ANN).await;
        assert_eq!(ann.asks("acme", "tenant:read").await, no(404, "no_such_tenant"));
        assert_eq!(ann.asks(&acme.to_string(), "tenant:delete").await, no(404, "no_such_tenant"));
        assert_eq!((app.count("tenants").await, app.count("memberships").await), (0, 0));
        let filter = operate::Filter { tenant: Some(acme), ..Default::default() };
        let events = operate::search(app.db(), &filter, None, 100).await.unwrap();
        assert_eq!((events[0].action.as_str(), events[0].actor.as_str()), ("tenant.deleted", "doorward"));
        assert_eq!(make(&mut ann, "acme").await, no(422, "slug_taken"), "and its slug stays its own");
    }

    /// Promise: `tenant_page/open`
    async fn nobody_gets_by_joining_a_role_that_gives_others(app: TestApp) {
        let ann = app.account("ann@example.com").await;
        let acme = app.tenant("acme", ann).await;
        let mut owner = app.logged_in("ann@example.com").await;
        for role in ["admin", "owner"] {
            let answer = owner.post("/auth/tenants/acme/open", &[("role", role)]).await;
            assert_eq!((answer.status, answer.code().as_str()), (422, "role_too_much"), "{role}");
            let role = role.parse().unwrap();
            assert!(operate::open_tenant(&app.doorward, acme, Some(&role)).await.is_err());
        }
        assert_eq!(owner.post("/auth/tenants/acme/open", &[("role", "member")]).await.status, 200);
    }

    /// Promise: `tenants/slug-stays`
    async fn a_slug_that_was_given_up_becomes_nobody_elses(app: TestApp) {
        let (ann, bob) = (app.account("ann@example.com").await, app.account("bob@example.com").await);
        let (acme, gone) = (app.tenant("acme", ann).await, app.tenant("gone", ann).await);
        let mut eve = app.logged_in("bob@example.com").await;
        let other = app.tenant("other", bob).await;
        let slug = |name: &str| name.parse::<doorward_core::Slug>().unwrap();
        operate::rename_tenant(&app.doorward, acme, &slug("acme-inc"), "Acme").await.unwrap();
        operate::delete_tenant(&app.doorward, gone).await.unwrap();
        for name in ["acme", "gone"] {
            assert_eq!(make(&mut eve, name).await, (422, "slug_taken".to_owned()), "{name}");
            assert!(operate::create_tenant(&app.doorward, slug(name), "Mine", Some(bob)).await.is_err(), "{name}");
            assert!(operate::rename_tenant(&app.doorward, other, &slug(name), "Mine").await.is_err(), "{name}");
            assert_eq!(eve.asks(name, "tenant:read").await.0, 404, "{name}");
        }
        operate::rename_tenant(&app.doorward, acme, &slug("acme"), "Acme").await.unwrap();
        assert_eq!(app.logged_in("ann@example.com").await.asks("acme", "tenant:delete").await.0, 200, "its own again");
        for number in 0..19 {
            operate::rename_tenant(&app.doorward, acme, &slug(&format!("acme-{number}")), "Acme").await.unwrap();
        }
        let one_more = operate::rename_tenant(&app.doorward, acme, &slug("acme-more"), "Acme").await;
        assert!(matches!(one_more, Err(operate::ActError::Denied { code: "too_many_slugs", .. })), "{one_more:?}");
    }


    /// Promise: `tenants/one-slug`
    async fn a_slug_that_many_ask_for_at_once_is_one_tenants(app: TestApp) {
        let (mut ann, mut bob) = (app.person(ANN).await, app.person(BOB).await);
        let tokens = [ann.csrf_token().await, bob.csrf_token().await];
        let many = (0..20).map(|count| {
            let (mut browser, token) = (if count % 2 == 0 { ann.clone() } else { bob.clone() }, tokens[count % 2].clone());
            async move { browser.post_with(&token, "/auth/tenants", &[("name", "Acme"), ("slug", "acme")]).await }
        });
        let answers: Vec<_> = at_once(many.collect::<Vec<_>>()).await.iter().map(said).collect();
        assert_eq!(answers.iter().filter(|answer| **answer == yes()).count(), 1, "{answers:?}");
        assert!(answers.iter().all(|answer| [yes(), no(422, "slug_taken")].contains(answer)), "{answers:?}");
        assert_eq!((app.count("tenants").await, app.count("memberships").await), (1, 1));
        assert_eq!(make(&mut ann, "beta").await, yes());
        let taken = ann.post("/auth/tenants/beta/rename", &[("name", "Beta"), ("slug", "acme")]).await;
        assert!([no(422, "slug_taken"), no(404, "no_such_tenant")].contains(&said(&taken)), "{}", taken.text());
        let beta = operate::tenant(&app.doorward, "beta").await.unwrap().unwrap().id.to_string();
        for slug in [beta.as_str(), &beta.replace('-', "")[..32], "018f3f0a-0000-7000-8000-000000000000"] {
            assert_eq!(make(&mut bob, slug).await, no(422, "slug_invalid"), "{slug} could be taken for an id");
        }
    }
}

/// Promise: `tenants/limits`
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tenants_of_an_account_and_members_of_a_tenant_are_limited() {
    let limited = |settings: &mut crate::Settings| {
        (settings.tenants.owned, settings.tenants.joined, settings.tenants.members) = (2, 3, 3);
    };
    let app = TestApp::with(Engine::Sqlite, limited).await;
    let mut ann = app.person(ANN).await;
    let token = ann.csrf_token().await;
    let many =
        (0..10).map(|count| {
            let (mut browser, token) = (ann.clone(), token.clone());
            async move {
                browser.post_with(&token, "/auth/tenants", &[("name", "T"), ("slug", &format!("own-{count}"))]).await
            }
        });
    let answers: Vec<_> = at_once(many.collect::<Vec<_>>()).await.iter().map(said).collect();
    assert_eq!(answers.iter().filter(|answer| **answer == yes()).count(), 2, "{answers:?}");
    assert!(answers.iter().all(|answer| [yes(), no(409, "too_many_tenants")].contains(answer)), "{answers:?}");
    let bob = app.account(BOB).await;
    for slug in ["first", "second"] {
        let tenant = app.tenant(slug, bob).await;
        operate::open_tenant(&app.doorward, tenant, Some(&"member".parse().unwrap())).await.unwrap();
    }
    assert_eq!(said(&ann.post("/auth/tenants/first/join", &[]).await), yes());
    assert_eq!(said(&ann.post("/auth/tenants/second/join", &[]).await), no(409, "too_many_tenants"));
    for (email, expected) in [("c@example.com", yes()), ("d@example.com", no(409, "too_many_members"))] {
        let mut person = app.person(email).await;
        assert_eq!(said(&person.post("/auth/tenants/first/join", &[]).await), expected, "{email}");
    }
}
