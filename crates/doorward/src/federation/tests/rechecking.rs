//! Sessions whose provider is asked once more who their person is.

use std::collections::BTreeSet;

use axum::http::Method;
use doorward_core::{AccountId, Timestamp};

use super::*;
use crate::{
    config::ProvidersSettings,
    testing::{
        Engine,
        programs::{Program, parameter},
        providers::{make_due, recheck},
    },
};

const SPAN: &str = "recheck_secs = 300";
const BOB: &str = "bob@example.com";

fn bob() -> serde_json::Value {
    json!({ "sub": "bob-1", "login": BOB, "password": "password", "email": BOB, "email_verified": true })
}

async fn rechecking(engine: Engine, accounts: &[serde_json::Value]) -> World {
    World::changed(engine, accounts, SPAN, |_| {}).await
}

/// Ann has come by the provider, and her session is to be rechecked.
async fn due(engine: Engine) -> (World, Actor) {
    let world = rechecking(engine, &[ann(), bob()]).await;
    let (mut ann, _) = world.comes(ANN).await;
    assert!(ann.is_signed_in().await);
    world.app.wait(Duration::from_secs(300));
    assert_eq!(said(&mut ann).await, DUE);
    (world, ann)
}

const DUE: (u16, &str) = (401, "provider_recheck_required");
const IN: (u16, &str) = (200, "");

/// What a session gives.
async fn said(person: &mut Actor) -> (u16, &'static str) {
    let answer = person.get("/auth/session").await;
    match (answer.status, answer.code().as_str()) {
        (200, _) => IN,
        (401, "provider_recheck_required") => DUE,
        (401, "not_signed_in") => OUT,
        (status, code) => panic!("{status} {code}"),
    }
}

const OUT: (u16, &str) = (401, "not_signed_in");

fn way_of(answer: &Answer) -> String {
    answer.json()["redirect_to"].as_str().unwrap_or_else(|| panic!("{}", answer.text())).to_owned()
}

fn refused(answer: &Answer) -> (u16, String) {
    (answer.status, answer.code())
}

fn no(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

/// Goes to the provider and back as somebody.
async fn there_and_back(world: &World, person: &mut Actor, login: &str) -> Answer {
    let way = way_of(&recheck(person, &[]).await);
    let callback = world.walk(&way, login).await;
    come_back(person, &callback).await
}

async fn account_of(person: &mut Actor) -> AccountId {
    person.get("/auth/session").await.json()["account"]["id"].as_str().unwrap().parse().unwrap()
}

async fn next(app: &TestApp) -> Option<Timestamp> {
    app.db().find("SELECT recheck_at FROM sessions", &[], |row| row.get(0)).await.unwrap().unwrap()
}

on_every_engine! {
    /// Promise: `federation/rechecked`
    async fn a_session_gives_access_until_the_moment_and_after_the_provider_has_said_who_it_is(app: TestApp) {
        let world = rechecking(app.engine(), &[ann()]).await;
        let (mut ann, _) = world.comes(ANN).await;
        let before = ann.get("/auth/session").await.json();
        world.app.wait(Duration::from_millis(299_999));
        assert_eq!(said(&mut ann).await, IN);
        world.app.wait(Duration::from_millis(1));
        assert_eq!(said(&mut ann).await, DUE);
        let mut old = ann.clone();
        let way = way_of(&recheck(&mut ann, &[("return_to", "/reports")]).await);
        assert!(!way.contains("prompt=") && !way.contains("max_age="), "it is the provider's to know whom it asks: {way}");
        assert_eq!(said(&mut ann).await, DUE, "to set out is not to come back");
        let callback = world.walk(&way, ANN).await;
        let answer = come_back(&mut ann, &callback).await;
        assert_eq!((answer.status, &answer.json()["rechecked"]), (200, &json!(true)), "{}", answer.text());
        let after = ann.get("/auth/session").await.json();
        assert_eq!(after["csrf_token"], answer.json()["csrf_token"]);
        for kept in ["id", "created_at", "expires_at", "proved_at", "factors"] {
            assert_eq!(after["session"][kept], before["session"][kept], "{kept}");
        }
        assert_eq!(said(&mut old).await, OUT, "the session has a new secret");
        let event = events(&world.app, Action::SessionRechecked).await.remove(0);
        let on = format!("session:{}", before["session"]["id"].as_str().unwrap());
        assert_eq!((event.result.as_str(), event.detail.as_deref(), event.target.as_deref()), ("success", Some("id"), Some(on.as_str())));
        let guarded = ann.post("/auth/password/change", &[("new_password", PASSWORD)]).await;
        assert_eq!(guarded.code(), "reauthentication_required", "it is no proof");
        world.app.wait(Duration::from_secs(299));
        assert_eq!(said(&mut ann).await, IN);
        world.app.wait(Duration::from_secs(1));
        assert_eq!(said(&mut ann).await, DUE);
    }

    /// Promise: `federation/rechecked`
    async fn nobody_is_asked_again_where_nothing_says_so(app: TestApp) {
        let plain = World::with(app.engine(), &[ann()]).await;
        let (mut ann, _) = plain.comes(ANN).await;
        assert_eq!(next(&plain.app).await, None);
        plain.app.wait(Duration::from_secs(3500));
        assert_eq!(said(&mut ann).await, IN);
        assert_eq!(ann.get("/auth/recheck").await.json()["due"], false);
        let page = ann.in_browser().get("/auth/recheck?return_to=%2Freports").await;
        assert!(page.status == 200 && page.text().contains("href=\"/reports\""), "{}", page.text());
        // Beside a provider that is asked again, a password opens a session as ever.
        let world = rechecking(app.engine(), &[]).await;
        let mut pat = world.app.person("pat@example.com").await;
        world.app.wait(Duration::from_secs(3500));
        assert_eq!(said(&mut pat).await, IN);
        assert_eq!(refused(&recheck(&mut pat, &[]).await), no(404, "no_such_provider"));
    }

    /// Promise: `federation/rechecked`, `guard/due-for-nothing`
    async fn people_are_led_to_the_provider_and_back_to_where_they_were(app: TestApp) {
        let (world, ann) = due(app.engine()).await;
        let mut ann = ann.in_browser();
        let led = ann.get("/auth/account?tab=2").await;
        let page = "/auth/recheck?return_to=%2Fauth%2Faccount%3Ftab%3D2";
        assert_eq!((led.status, led.header("location")), (303, page));
        let text = ann.get(page).await.text();
        assert!(text.contains("Continue with Example ID") && text.contains("Log out"), "{text}");
        assert!(text.contains("value=\"/auth/account?tab=2\""), "{text}");
        assert!(!text.contains("<script") && !text.contains("href=\"/auth/account\""), "{text}");
        let mut program = ann.clone();
        program.set_header("accept", "application/json");
        let asked = program.get("/auth/recheck").await.json();
        assert_eq!((&asked["due"], &asked["provider"]), (&json!(true), &json!("id")));
        let token = asked["csrf_token"].as_str().unwrap();
        assert_eq!(program.post_with("x", "/auth/recheck", &[]).await.code(), "csrf_token_invalid");
        let onward = ann.post_with(token, "/auth/recheck", &[("return_to", "/auth/account?tab=2")]).await;
        let refresh = onward.header("refresh").to_owned();
        assert_eq!(onward.status, 200, "a form of ours does not lead to another site: {}", onward.text());
        let callback = world.walk(refresh.strip_prefix("0;url=").unwrap(), ANN).await;
        let back = come_back(&mut ann, &callback).await;
        assert_eq!((back.status, back.header("location")), (303, "/auth/account?tab=2"));
        assert_eq!(ann.get("/auth/account").await.status, 200);
    }

    /// Promise: `guard/due-for-nothing`
    async fn a_proxy_is_told_where_the_person_goes(app: TestApp) {
        let (_world, mut ann) = due(app.engine()).await;
        ann.set_header("x-original-method", "GET");
        ann.set_header("x-original-uri", "/reports?page=2");
        let answer = ann.get("/auth/verify").await;
        assert_eq!(refused(&answer), no(DUE.0, DUE.1));
        assert_eq!(answer.header("x-doorward-code"), DUE.1);
        assert_eq!(answer.header("x-doorward-login"), "/auth/recheck?return_to=%2Freports%3Fpage%3D2");
        assert_eq!(refused(&ann.question(&json!({ "tenant": "acme", "permission": "tenant:read" })).await), no(DUE.0, DUE.1));
    }

    /// Promise: `sessions/due`
    async fn whoever_is_to_be_rechecked_can_log_out(app: TestApp) {
        let (world, mut ann) = due(app.engine()).await;
        let mut other = ann.clone();
        let token = ann.get("/auth/logout").await.json()["csrf_token"].as_str().unwrap().to_owned();
        let page = ann.clone().in_browser().get("/auth/logout").await.text();
        assert!(page.contains(ANN) && !page.contains("<nav"), "{page}");
        assert_eq!(ann.post_with(&token, "/auth/logout", &[]).await.json()["logged_out"], true);
        assert_eq!((said(&mut other).await, world.app.count("sessions").await), (OUT, 0));
        // And where a client has sent them.
        let (mut ann, _) = world.comes(ANN).await;
        make_due(&world.app, account_of(&mut ann).await).await;
        let token = ann.get("/auth/oauth/logout").await.json()["csrf_token"].as_str().unwrap().to_owned();
        assert_eq!(ann.post_with(&token, "/auth/oauth/logout/confirm", &[]).await.json()["logged_out"], true);
        assert_eq!(world.app.count("sessions").await, 0);
    }

    /// Promise: `federation/rechecked-as-before`
    async fn nobody_else_carries_a_session_on(app: TestApp) {
        let (world, mut ann) = due(app.engine()).await;
        let cookie = ann.session_cookie().unwrap().to_owned();
        assert_eq!(refused(&there_and_back(&world, &mut ann, BOB).await), no(403, "another_identity"));
        // Not even by another identity that leads into the same account.
        let account = world.app.db().find("SELECT account FROM sessions", &[], |row| row.get::<AccountId>(0)).await.unwrap().unwrap();
        let sql = "INSERT INTO identities (issuer, subject, account, provider, created_at, used_at)
            SELECT issuer, 'bob-1', $1, provider, created_at, used_at FROM identities WHERE account = $1";
        assert_eq!(world.app.db().change(sql, &[&account]).await.unwrap(), 1);
        assert_eq!(refused(&there_and_back(&world, &mut ann, BOB).await), no(403, "another_identity"));
        let way = way_of(&recheck(&mut ann, &[]).await);
        let callback = world.walked(json!({ "url": way, "cancel": true })).await;
        assert_eq!(refused(&come_back(&mut ann, &callback).await), no(403, "provider_cancelled"));
        assert_eq!((said(&mut ann).await, ann.session_cookie().unwrap()), (DUE, cookie.as_str()), "it is neither carried on nor ended");
        let expected = ["id: cancelled", "id: another_identity", "id: another_identity"];
        assert_eq!(reasons(&world.app, Action::SessionRechecked).await, expected);
        let failed = "/auth/providers/id/failed?code=another_identity&way=recheck&return_to=%2Freports";
        let page = ann.clone().in_browser().get(failed).await.text();
        assert!(page.contains("somebody else") && page.contains("href=\"/auth/recheck?return_to=%2Freports\""), "{page}");
        assert_eq!(there_and_back(&world, &mut ann, ANN).await.status, 200);
        assert_eq!(said(&mut ann).await, IN);
    }

    /// Promise: `federation/rechecked-as-before`, `federation/bound`
    async fn an_answer_counts_once_in_its_session_and_its_browser(app: TestApp) {
        let (world, mut ann) = due(app.engine()).await;
        let (mut second, _) = world.comes(ANN).await;
        make_due(&world.app, account_of(&mut second).await).await;
        let way = way_of(&recheck(&mut ann, &[]).await);
        let callback = world.walk(&way, ANN).await;
        let mut stranger = world.app.visitor();
        assert_eq!(refused(&come_back(&mut stranger, &callback).await), no(400, "provider_login_stale"));
        assert_eq!(refused(&come_back(&mut second, &callback).await), no(400, "provider_login_stale"));
        // Another session of the same person, in a browser that has what the first one kept of its way.
        second.cookies.insert("dev-provider".to_owned(), ann.cookies["dev-provider"].clone());
        assert_eq!(refused(&come_back(&mut second, &callback).await), no(401, "not_signed_in"));
        assert_eq!((said(&mut ann).await, said(&mut second).await), (DUE, DUE));
        assert_eq!(refused(&come_back(&mut ann, &callback).await), no(400, "provider_login_stale"), "it was used up");
        let way = way_of(&recheck(&mut ann, &[]).await);
        let callback = world.walk(&way, ANN).await;
        let kept = ann.cookies["dev-provider"].clone();
        assert_eq!(come_back(&mut ann, &callback).await.status, 200);
        ann.cookies.insert("dev-provider".to_owned(), kept);
        assert_eq!(refused(&come_back(&mut ann, &callback).await), no(400, "provider_login_stale"));
        assert_eq!((said(&mut ann).await, said(&mut second).await), (IN, DUE), "each session for itself");
        // What was begun for a login or a proof rechecks nothing.
        let url = begin(&mut ann, "/auth/providers/id/reauthenticate", &[]).await;
        make_due(&world.app, account_of(&mut ann).await).await;
        let callback = world.walk(&url, ANN).await;
        assert_eq!(refused(&come_back(&mut ann, &callback).await), no(401, "not_signed_in"));
        assert_eq!(said(&mut ann).await, DUE);
    }

    /// Promise: `federation/rechecked-as-before`
    async fn whoever_may_not_come_in_is_not_carried_on(app: TestApp) {
        let (world, mut ann) = due(app.engine()).await;
        let change = async |sql: &'static str| assert_eq!(world.app.db().change(sql, &[]).await.unwrap(), 1, "{sql}");
        let way = way_of(&recheck(&mut ann, &[]).await);
        let callback = world.walk(&way, ANN).await;
        // As if both happened at this very moment; whoever disables an account ends its sessions too.
        change("UPDATE accounts SET disabled_at = created_at").await;
        assert_eq!(refused(&come_back(&mut ann, &callback).await), no(403, "account_disabled"));
        change("UPDATE accounts SET disabled_at = NULL").await;
        assert_eq!(said(&mut ann).await, DUE);
        let way = way_of(&recheck(&mut ann, &[]).await);
        let callback = world.walk(&way, ANN).await;
        change("DELETE FROM identities").await;
        assert_eq!(refused(&come_back(&mut ann, &callback).await), no(403, "wrong_account"));
        assert_eq!(said(&mut ann).await, DUE);
        // What is no way in any more has nobody to ask, so the session is over.
        assert_eq!(ann.get("/auth/recheck").await.json()["provider"], serde_json::Value::Null);
        assert_eq!(refused(&recheck(&mut ann, &[]).await), no(404, "no_such_provider"));
        assert_eq!(reasons(&world.app, Action::SessionRechecked).await, ["id: wrong_account", "id: account_disabled"]);
    }

    /// Promise: `federation/rechecked-as-before`
    async fn a_session_whose_provider_is_gone_is_over_when_it_is_due(app: TestApp) {
        let world = rechecking(app.engine(), &[ann()]).await;
        let (ann, _) = world.comes(ANN).await;
        let without = world.app.another_with(|settings| settings.providers = Default::default()).await;
        let mut there = without.visitor();
        there.cookies = ann.cookies.clone();
        assert_eq!(said(&mut there).await, IN, "until then");
        without.wait(Duration::from_secs(300));
        assert_eq!(said(&mut there).await, DUE);
        assert_eq!(refused(&recheck(&mut there, &[]).await), no(404, "no_such_provider"));
        let mut page = there.clone().in_browser();
        let text = page.get("/auth/recheck?return_to=%2Freports").await.text();
        assert!(text.contains("href=\"/auth/login?return_to=") && text.contains("Log in again"), "{text}");
        assert!(!text.contains("Continue with"), "{text}");
        assert_eq!(without.count("sessions").await, 1);
        // A login in that browser ends it.
        without.account("pat@example.com").await;
        let token = there.form_token().await;
        let form = [("email", "pat@example.com"), ("password", PASSWORD)];
        assert_eq!(there.post_with(&token, "/auth/login", &form).await.status, 200);
        assert_eq!((said(&mut there).await, without.count("sessions").await), (IN, 1));
    }

    /// Promise: `federation/rechecked`, `federation/fails-closed`
    async fn a_provider_that_does_not_answer_carries_nothing_on(app: TestApp) {
        let (world, mut ann) = due(app.engine()).await;
        let way = way_of(&recheck(&mut ann, &[]).await);
        let callback = world.walk(&way, ANN).await;
        let World { app, provider } = world;
        drop(provider);
        assert_eq!(refused(&come_back(&mut ann, &callback).await), no(503, "provider_unavailable"));
        assert_eq!(said(&mut ann).await, DUE);
        // And one that was never reached.
        let another = app.another().await;
        let mut there = another.visitor();
        there.cookies = ann.cookies.clone();
        assert_eq!(refused(&recheck(&mut there, &[]).await), no(503, "provider_unavailable"));
        assert_eq!(said(&mut there).await, DUE);
        let words: BTreeSet<_> = reasons(&app, Action::SessionRechecked).await.into_iter().collect();
        assert_eq!(words, BTreeSet::from(["id: unreachable".to_owned()]));
    }

    /// Promise: `federation/rechecked`
    async fn a_proof_by_the_same_provider_puts_it_off_and_no_other_proof_does(app: TestApp) {
        let world = rechecking(app.engine(), &[ann()]).await;
        let (mut ann, _) = world.comes(ANN).await;
        assert_eq!(ann.post("/auth/password/change", &[("new_password", PASSWORD)]).await.status, 200);
        let soon = world.app.now().after(Duration::from_secs(10));
        world.app.db().change("UPDATE sessions SET recheck_at = $1", &[&soon]).await.unwrap();
        assert_eq!(ann.post("/auth/reauthenticate", &[("password", PASSWORD)]).await.status, 200);
        assert_eq!(next(&world.app).await, Some(soon));
        // The same person of the same issuer, by a provider that is not asked again.
        let one = |name: &str, lines: &str| format!(
            "[providers.{name}]\nkind = \"openid\"\nissuer = \"{}\"\nclient_id = \"doorward\"\n\
             client_secret = \"a secret of the provider's\"\n{lines}\n",
            world.provider.text("issuer")
        );
        let both = ProvidersSettings::parse(&[one("id", SPAN), one("lax", "")].concat()).unwrap();
        let node = world.app.another_with(|settings| settings.providers = both).await;
        let uris = ["id", "lax"].map(|name| format!("http://localhost:4400/auth/providers/{name}/callback"));
        world.provider.desk(Method::PUT, "/client", &json!({ "redirect_uris": uris })).await;
        let mut there = node.visitor();
        there.cookies = ann.cookies.clone();
        let url = begin(&mut there, "/auth/providers/lax/reauthenticate", &[]).await;
        let callback = world.walk(&url, ANN).await;
        assert_eq!(come_back(&mut there, &callback).await.status, 200);
        assert_eq!(next(&world.app).await, Some(soon));
        ann.cookies = there.cookies.clone();
        let url = begin(&mut ann, "/auth/providers/id/reauthenticate", &[]).await;
        let callback = world.walk(&url, ANN).await;
        assert_eq!(come_back(&mut ann, &callback).await.status, 200);
        assert_eq!(next(&world.app).await, Some(world.app.now().after(Duration::from_secs(300))));
    }

    /// Promise: `federation/rechecked`
    async fn clients_get_nothing_while_a_session_is_due_and_go_on_afterwards(app: TestApp) {
        let world = rechecking(app.engine(), &[ann()]).await;
        let web = Program::web(&world.app).await;
        let (mut ann, _) = world.comes(ANN).await;
        let text = |of: &serde_json::Value, name: &str| of[name].as_str().unwrap().to_owned();
        let given = web.tokens(&world.app, &mut ann, &[("scope", "openid profile")]).await;
        let stays = web.tokens(&world.app, &mut ann, &[("scope", "openid offline_access")]).await;
        let code = web.code(&mut ann, &[("scope", "openid")]).await;
        let csrf = ann.csrf_token().await;
        make_due(&world.app, account_of(&mut ann).await).await;
        let refresh = text(&given, "refresh_token");
        let answer = web.refresh(&world.app, &refresh).await;
        assert_eq!((answer.status, &answer.json()["error"]), (400, &json!("invalid_grant")));
        assert!(answer.json()["error_description"].as_str().unwrap().contains("once more"), "{}", answer.text());
        for name in ["access_token", "refresh_token"] {
            assert_eq!(web.introspect(&world.app, &text(&given, name)).await["active"], false, "{name}");
        }
        assert!(web.renewed(&world.app, &text(&stays, "refresh_token")).await.is_ok(), "it was let stay without a session");
        assert_eq!(web.exchange(&world.app, &code).await.json()["error"], "invalid_grant");
        assert_eq!(refused(&web.ask(&mut ann, &[("scope", "openid")]).await), no(DUE.0, DUE.1));
        let silent = web.ask(&mut ann, &[("scope", "openid"), ("prompt", "none")]).await.json();
        assert_eq!(parameter(silent["redirect_to"].as_str().unwrap(), "error").as_deref(), Some("login_required"));
        let mut form = web.request(&[("scope", "openid")]);
        form.push(("decision".to_owned(), "allow".to_owned()));
        let form: Vec<_> = form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(refused(&ann.post_with(&csrf, "/auth/oauth/authorize", &form).await), no(DUE.0, DUE.1));
        let led = web.ask(&mut ann.clone().in_browser(), &[("scope", "openid")]).await;
        let to = led.header("location");
        assert!(led.status == 303 && to.starts_with("/auth/recheck?return_to=%2Fauth%2Foauth%2Fauthorize%3F"), "{to}");
        assert_eq!(there_and_back(&world, &mut ann, ANN).await.status, 200);
        assert_eq!(web.introspect(&world.app, &text(&given, "access_token")).await["active"], true);
        let renewed = web.renewed(&world.app, &refresh).await.unwrap();
        assert_ne!(renewed, refresh);
    }
}
