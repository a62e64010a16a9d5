//! What `access` promises, over HTTP, on every engine.

use std::time::Duration;

use axum::http::Method;
use serde_json::{Value, json};

use crate::{
    on_every_engine, operate,
    testing::{Actor, Answer, TestApp},
};

mod forwarded;

const ANN: &str = "ann@example.com";
const BOB: &str = "bob@example.com";
const DAY: Duration = Duration::from_secs(86_400);

fn yes() -> (u16, String) {
    (200, String::new())
}

fn no(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

/// Ann owns acme and bob owns other; both are logged in.
async fn two_tenants(app: &TestApp) -> (Actor, Actor) {
    let (ann, bob) = (app.account(ANN).await, app.account(BOB).await);
    app.tenant("acme", ann).await;
    app.tenant("other", bob).await;
    (app.logged_in(ANN).await, app.logged_in(BOB).await)
}

async fn many(person: &mut Actor, questions: &[(&str, &str)]) -> Vec<(bool, String)> {
    let questions: Vec<_> =
        questions.iter().map(|(tenant, permission)| json!({ "tenant": tenant, "permission": permission })).collect();
    let answer = person.question(&json!({ "questions": questions })).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let one = |one: &Value| (one["allowed"].as_bool().unwrap(), one["code"].as_str().unwrap_or_default().to_owned());
    answer.json()["answers"].as_array().unwrap().iter().map(one).collect()
}

/// What tells two answers apart for whoever gets them: everything but the date.
fn shape(answer: &Answer) -> (u16, Vec<String>, Vec<u8>) {
    let headers = answer.headers.iter().filter(|(name, _)| *name != "date");
    (answer.status, headers.map(|header| format!("{header:?}")).collect(), answer.body.clone())
}

on_every_engine! {
    /// Promise: `access/tenant-first`
    async fn nobodys_role_in_one_tenant_says_anything_in_another(app: TestApp) {
        let (mut ann, mut bob) = two_tenants(&app).await;
        for permission in ["tenant:read", "tenant:delete", "members:manage", "audit:read"] {
            assert_eq!(ann.asks("acme", permission).await, yes(), "{permission}");
            assert_eq!(ann.asks("other", permission).await, no(404, "no_such_tenant"), "{permission}");
            assert_eq!(bob.asks("other", permission).await, yes(), "{permission}");
            assert_eq!(bob.asks("acme", permission).await, no(404, "no_such_tenant"), "{permission}");
        }
        let acme = operate::tenant(&app.doorward, "acme").await.unwrap().unwrap();
        let bob_id = app.doorward.account_of(&BOB.parse_address()).await.unwrap().unwrap();
        app.member(acme.id, bob_id, "member").await;
        assert_eq!(bob.asks("acme", "tenant:read").await, yes(), "at the next request");
        assert_eq!(bob.asks("acme", "tenant:delete").await, no(403, "forbidden"), "an owner elsewhere");
        assert_eq!(bob.asks(&acme.id.to_string(), "members:read").await, yes(), "by its id too");
        assert_eq!(app.visitor().asks("acme", "tenant:read").await, no(401, "not_signed_in"));
    }

    /// Promise: `access/stranger`, `access/says-nothing`
    async fn a_foreign_tenant_and_one_that_is_not_there_are_answered_alike(app: TestApp) {
        let (mut ann, _) = two_tenants(&app).await;
        let other = operate::tenant(&app.doorward, "other").await.unwrap().unwrap();
        let nothing = shape(&ann.question(&json!({ "tenant": "nothing-here", "permission": "tenant:read" })).await);
        let id = other.id.to_string();
        let upper = id.to_uppercase();
        let missing = "018f3f0a-0000-7000-8000-000000000000";
        let odd = ["", "OTHER", " other", "other\0", "%6fther", "../other", "acme,other"];
        let names = ["other", id.as_str(), &upper, missing].into_iter().chain(odd);
        for name in names {
            let answer = ann.question(&json!({ "tenant": name, "permission": "tenant:read" })).await;
            assert_eq!(shape(&answer), nothing, "{name:?}");
        }
        // Whatever it holds, and however it stands.
        operate::suspend_tenant(&app.doorward, other.id).await.unwrap();
        let answer = ann.question(&json!({ "tenant": "other", "permission": "tenant:read" })).await;
        assert_eq!(shape(&answer), nothing, "suspended");
        operate::delete_tenant(&app.doorward, other.id).await.unwrap();
        let answer = ann.question(&json!({ "tenant": "other", "permission": "tenant:read" })).await;
        assert_eq!(shape(&answer), nothing, "gone");
    }

    /// Promise: `access/says-nothing`
    async fn a_no_looks_the_same_whatever_the_tenant_holds(app: TestApp) {
        let (ann, bob) = (app.account(ANN).await, app.account(BOB).await);
        let (small, large) = (app.tenant("small", ann).await, app.tenant("large", ann).await);
        for number in 0..30 {
            let account = app.account(&format!("member{number}@example.com")).await;
            app.member(large, account, "admin").await;
        }
        for tenant in [small, large] {
            app.member(tenant, bob, "billing").await;
        }
        let mut billing = app.logged_in(BOB).await;
        let mut stranger = app.person("stranger@example.com").await;
        for path in ["/members", "/audit", "/settings", "/invitations", ""] {
            for accept in ["application/json", "text/html"] {
                let mut forbidden = Vec::new();
                let mut unknown = Vec::new();
                for slug in ["small", "large"] {
                    billing.set_header("accept", accept);
                    forbidden.push(billing.get(&format!("/auth/tenants/{slug}{path}")).await);
                }
                for slug in ["small", "large", "never"] {
                    stranger.set_header("accept", accept);
                    unknown.push(shape(&stranger.get(&format!("/auth/tenants/{slug}{path}")).await));
                }
                let expected = if path.is_empty() { 200 } else { 403 };
                assert!(forbidden.iter().all(|answer| answer.status == expected), "{path} {accept}");
                if expected == 403 {
                    // A page names the way back to itself, and so the tenant that was asked for.
                    let plain = |answer: &Answer, slug: &str| answer.text().replace(slug, "");
                    assert_eq!(plain(&forbidden[0], "small"), plain(&forbidden[1], "large"), "{path} {accept}");
                }
                assert_eq!(unknown[0].0, 404, "{path} {accept}");
                assert!(unknown.iter().all(|answer| *answer == unknown[2]), "{path} {accept}");
            }
        }
        for (person, status) in [(&mut billing, 403), (&mut stranger, 404)] {
            let ask = |tenant: &str| json!({ "tenant": tenant, "permission": "members:manage" });
            let (few, many) = (person.question(&ask("small")).await, person.question(&ask("large")).await);
            assert_eq!((few.status, shape(&few)), (status, shape(&many)));
        }
    }

    /// Promise: `access/names-its-tenant`
    async fn a_question_without_a_tenant_has_no_yes(app: TestApp) {
        let (mut ann, _) = two_tenants(&app).await;
        for question in [
            json!({}), json!({ "permission": "tenant:read" }), json!({ "tenant": "acme" }), json!([]), json!("acme"), json!(null),
            json!({ "tenant": null, "permission": "tenant:read" }), json!({ "tenant": ["acme"], "permission": "tenant:read" }),
            json!({ "tenant": "acme", "permission": ["tenant:read"] }),
            json!({ "tenant": "acme", "permission": "tenant:read", "role": "owner" }),
            json!({ "tenant": "acme", "permission": "tenant:read", "account": "x" }),
            json!({ "tenant": "acme", "permission": "tenant:read", "fresh_within": "60" }),
            json!({ "tenant": "acme", "permission": "tenant:read", "fresh_within": -1 }),
            json!({ "tenant": "acme", "permission": "tenant:read", "questions": [] }), json!({ "questions": [] }),
            json!({ "questions": [{ "permission": "tenant:read" }] }), json!({ "questions": [{ "tenant": "acme" }] }),
            json!({ "questions": vec![json!({ "tenant": "acme", "permission": "tenant:read" }); 101] }),
        ] {
            let answer = ann.question(&question).await;
            assert_eq!((answer.status, answer.code().as_str()), (422, "malformed_question"), "{question}");
        }
        let twice = r#"{"tenant": "other", "tenant": "acme", "permission": "tenant:read"}"#;
        let answer = ann.send(Method::POST, "/auth/check", twice, Some("application/json")).await;
        assert_eq!((answer.status, answer.code().as_str()), (422, "malformed_question"), "said twice");
        for permission in ["tenant:raed", "", "*", "tenant:*", "accounts:read", "Tenant:read", "tenant:read "] {
            assert_eq!(ann.asks("acme", permission).await, no(422, "unknown_permission"), "{permission:?}");
            assert_eq!(ann.asks("nothing-here", permission).await, no(422, "unknown_permission"), "{permission:?}");
        }
    }

    /// Promise: `access/batch`
    async fn many_questions_are_answered_as_each_of_them_alone(app: TestApp) {
        let (mut ann, _) = two_tenants(&app).await;
        let acme = operate::tenant(&app.doorward, "acme").await.unwrap().unwrap().id.to_string();
        let questions = [
            ("acme", "tenant:read"), ("other", "tenant:read"), (acme.as_str(), "tenant:delete"), ("acme", "tenant:raed"),
            ("nothing-here", "audit:read"), ("", "audit:read"), ("acme", "audit:read"),
        ];
        let mut alone = Vec::new();
        for (tenant, permission) in questions {
            let (status, code) = ann.asks(tenant, permission).await;
            alone.push((status == 200, code));
        }
        assert_eq!(many(&mut ann, &questions).await, alone);
        for question in questions {
            let (status, code) = ann.asks(question.0, question.1).await;
            assert_eq!(many(&mut ann, &[question; 100]).await, vec![(status == 200, code); 100], "{question:?}");
        }
        // What many have left in memory is believed no longer than what one has.
        let account = app.doorward.account_of(&ANN.parse_address()).await.unwrap().unwrap();
        let third = app.tenant("third", account).await;
        let of_two = [("acme", "tenant:read"), ("third", "tenant:read")];
        let allowed = async |ann: &mut Actor| many(ann, &of_two).await.into_iter().map(|(allowed, _)| allowed).collect::<Vec<_>>();
        for _ in 0..2 {
            assert_eq!(allowed(&mut ann).await, [true, true]);
        }
        operate::suspend_tenant(&app.doorward, third).await.unwrap();
        assert_eq!(allowed(&mut ann).await, [true, false], "suspended");
        operate::resume_tenant(&app.doorward, third).await.unwrap();
        let node = app.another().await;
        for _ in 0..2 {
            assert_eq!(allowed(&mut ann).await, [true, true]);
        }
        operate::rename_tenant(&node.doorward, third, &"fourth".parse().unwrap(), "Fourth").await.unwrap();
        assert_eq!(allowed(&mut ann).await, [true, false], "renamed on another node");
    }

    /// Promise: `access/fresh`
    async fn a_question_may_want_a_recent_proof(app: TestApp) {
        let (mut ann, _) = two_tenants(&app).await;
        let asks = async |ann: &mut Actor, secs: u64| {
            let answer = ann.question(&json!({ "tenant": "acme", "permission": "tenant:read", "fresh_within": secs })).await;
            (answer.status, answer.code())
        };
        assert_eq!(asks(&mut ann, 60).await, yes());
        assert_eq!(asks(&mut ann, 0).await, no(403, "reauthentication_required"));
        app.wait(Duration::from_secs(60));
        assert_eq!(asks(&mut ann, 60).await, no(403, "reauthentication_required"));
        assert_eq!(asks(&mut ann, 61).await, yes());
        let question = json!({ "questions": [{ "tenant": "acme", "permission": "tenant:read", "fresh_within": 60 }] });
        assert_eq!(ann.question(&question).await.json()["answers"][0]["code"], "reauthentication_required");
    }

    /// Promise: `tenants/next-request`
    async fn what_changes_holds_at_the_next_request_on_every_node(app: TestApp) {
        let (ann, bob) = (app.account(ANN).await, app.account(BOB).await);
        let acme = app.tenant("acme", ann).await;
        app.member(acme, bob, "admin").await;
        let node = app.another().await;
        let here = app.logged_in(BOB).await;
        let mut there = node.visitor();
        there.cookies = here.cookies.clone();
        let mut browsers = [here, there];
        let roles = |names: &[&str]| names.iter().map(|name| name.parse().unwrap()).collect::<Vec<_>>();
        let say = async |browsers: &mut [Actor; 2], expected: (u16, String), when: &str| {
            for (number, browser) in browsers.iter_mut().enumerate() {
                for _ in 0..2 {
                    assert_eq!(browser.asks("acme", "members:manage").await, expected, "{when}, node {number}");
                }
            }
        };
        say(&mut browsers, yes(), "an admin").await;
        operate::set_roles(&app.doorward, acme, bob, roles(&["member"])).await.unwrap();
        say(&mut browsers, no(403, "forbidden"), "demoted").await;
        operate::set_roles(&node.doorward, acme, bob, roles(&["admin", "billing"])).await.unwrap();
        say(&mut browsers, yes(), "promoted on the other node").await;
        operate::suspend_tenant(&app.doorward, acme).await.unwrap();
        say(&mut browsers, no(403, "tenant_suspended"), "suspended").await;
        operate::resume_tenant(&node.doorward, acme).await.unwrap();
        say(&mut browsers, yes(), "resumed").await;
        operate::close_tenant(&app.doorward, acme).await.unwrap();
        say(&mut browsers, no(403, "tenant_closing"), "closing").await;
        operate::restore_tenant(&app.doorward, acme).await.unwrap();
        say(&mut browsers, yes(), "restored").await;
        operate::remove_member(&node.doorward, acme, bob).await.unwrap();
        say(&mut browsers, no(404, "no_such_tenant"), "removed").await;
        operate::add_member(&app.doorward, acme, bob, roles(&["admin"])).await.unwrap();
        say(&mut browsers, yes(), "back").await;
        let slug = "acme-inc".parse().unwrap();
        operate::rename_tenant(&node.doorward, acme, &slug, "Acme Inc.").await.unwrap();
        say(&mut browsers, no(404, "no_such_tenant"), "by the name of before").await;
        let again = operate::create_tenant(&app.doorward, "acme".parse().unwrap(), "Acme", Some(ann)).await;
        assert!(matches!(again, Err(operate::ActError::Denied { code: "slug_taken", .. })), "and is nobody else's");
        operate::disable(&app.doorward, bob).await.unwrap();
        say(&mut browsers, no(401, "not_signed_in"), "disabled").await;
    }

    /// Promise: `tenants/paid-until`
    async fn a_plan_gives_its_role_until_its_moment(app: TestApp) {
        let app = TestApp::with(app.engine(), |settings| {
            settings.policy = crate::config::PolicySettings::parse(crate::config::POLICY_EXAMPLES[1].2).unwrap();
        }).await;
        let (ann, bob) = (app.account(ANN).await, app.account(BOB).await);
        let site = app.tenant("site", ann).await;
        app.member(site, bob, "reader").await;
        let plan = || "monthly".parse().unwrap();
        let read = async |app: &TestApp| app.logged_in(BOB).await;
        assert_eq!(read(&app).await.asks("site", "articles:read-paid").await, no(403, "forbidden"));
        operate::entitle(&app.doorward, site, Some(bob), plan(), app.now().after(DAY)).await.unwrap();
        assert_eq!(read(&app).await.asks("site", "articles:read-paid").await, yes());
        app.wait(DAY - Duration::from_micros(1));
        let mut reader = read(&app).await;
        assert_eq!(reader.asks("site", "articles:read-paid").await, yes(), "to the last moment");
        app.wait(Duration::from_micros(1));
        assert_eq!(reader.asks("site", "articles:read-paid").await, no(403, "forbidden"), "by itself");
        assert_eq!(reader.asks("site", "articles:read-free").await, yes(), "what they are without it stays");
        operate::entitle(&app.doorward, site, None, plan(), app.now().after(DAY)).await.unwrap();
        assert_eq!(reader.asks("site", "articles:read-paid").await, yes(), "all of the tenant");
        operate::entitle(&app.doorward, site, None, plan(), app.now()).await.unwrap();
        assert_eq!(reader.asks("site", "articles:read-paid").await, no(403, "forbidden"), "ended before its time");
        let unknown = operate::entitle(&app.doorward, site, None, "gold".parse().unwrap(), app.now().after(DAY)).await;
        assert!(matches!(unknown, Err(operate::ActError::Denied { code: "unknown_plan", .. })));
    }

    /// Promise: `access/question-only`
    async fn a_question_is_answered_to_no_other_sites_page(app: TestApp) {
        let (mut ann, _) = two_tenants(&app).await;
        let body = r#"{"tenant": "acme", "permission": "tenant:read"}"#;
        for (origin, site) in [("https://evil.example", "cross-site"), ("null", "cross-site"), ("https://evil.example", "same-site")] {
            let mut lured = ann.clone();
            lured.set_header("origin", origin);
            lured.set_header("sec-fetch-site", site);
            let answer = lured.send(Method::POST, "/auth/check", body, Some("application/json")).await;
            assert_eq!((answer.status, answer.code().as_str()), (403, "foreign_origin"));
        }
        for content_type in [Some("text/plain"), Some("application/x-www-form-urlencoded"), None] {
            let answer = ann.send(Method::POST, "/auth/check", body, content_type).await;
            assert_eq!((answer.status, answer.code().as_str()), (415, "unsupported_media_type"), "{content_type:?}");
        }
        let mut program = ann.clone();
        program.remove_header("origin");
        program.remove_header("sec-fetch-site");
        assert_eq!(program.asks("acme", "tenant:read").await, yes(), "an application's server asks without a browser's headers");
        for method in [Method::GET, Method::PUT, Method::DELETE, Method::PATCH] {
            assert_eq!(ann.send(method, "/auth/check", "", None).await.status, 405);
        }
    }
}

trait ParseAddress {
    fn parse_address(&self) -> doorward_core::EmailAddress;
}

impl ParseAddress for str {
    fn parse_address(&self) -> doorward_core::EmailAddress {
        doorward_core::EmailAddress::parse(self).unwrap()
    }
}
