//! Letting clients in.

mod words;

use std::time::Duration;

use axum::http::Method;
use serde_json::{Value, json};

use crate::{
    on_every_engine, operate,
    testing::{
        Actor, PASSWORD, TestApp,
        programs::{self, Program, VERIFIER, bare, parameter, part, texts},
    },
};

const ANN: &str = "ann@example.com";
const WANTS: (&str, &str) = ("scope", "openid offline_access tenant:read");

async fn ann(app: &TestApp) -> Actor {
    let ann = app.account(ANN).await;
    app.tenant("acme", ann).await;
    app.logged_in(ANN).await
}

fn text<'a>(of: &'a Value, name: &str) -> &'a str {
    of[name].as_str().unwrap_or_default()
}

/// The error that an answer brings back to the client, and that the rest of it is as it must be.
fn told(app: &TestApp, client: &Program, answer: &crate::testing::Answer) -> String {
    let json = answer.json();
    let way = text(&json, "redirect_to");
    assert!(way.starts_with(&client.redirect_uri), "{} {}", answer.status, answer.text());
    assert_eq!(parameter(way, "iss"), Some(format!("{}/auth", app.origin())));
    assert_eq!(parameter(way, "state").as_deref(), Some("a state"));
    assert_eq!(parameter(way, "code"), None);
    parameter(way, "error").unwrap_or_default()
}

async fn error_of(app: &TestApp, client: &Program, code: &str) -> String {
    text(&client.exchange(app, code).await.json(), "error").to_owned()
}

on_every_engine! {
    /// Promise: `authorization/names-issuer`, `authorization/asked`
    async fn a_person_is_asked_and_the_answer_names_whose_it_is(app: TestApp) {
        let mut ann = ann(&app).await;
        let web = Program::web(&app).await;
        let asked = web.ask(&mut ann, &[WANTS]).await;
        let question = asked.json();
        assert_eq!(question["client"], json!({ "id": "web", "name": "The web app" }), "{}", asked.text());
        assert_eq!(question["scopes"], json!(["offline_access", "openid", "tenant:read"]));
        assert_eq!(question["tenants"].as_array().unwrap().len(), 1);
        let lasts = "It is let in until you take it back or it has not been here for 14 days, and for 30 days at most.";
        assert_eq!(question["lasts"], json!(lasts));
        let bound = web.ask(&mut ann, &[("scope", "openid")]).await.json();
        assert!(text(&bound, "lasts").starts_with("It is let in until you log out, you take it back"), "{bound}");
        assert_eq!(app.count("authorization_codes").await, 0, "asking gives nothing");
        let answer = web.decided(&mut ann, "allow", &[WANTS]).await.json();
        let way = text(&answer, "redirect_to");
        assert!(way.starts_with("https://web.example.com/callback?code="), "{way}");
        assert_eq!(parameter(way, "iss"), Some(format!("{}/auth", app.origin())));
        assert_eq!(parameter(way, "state").as_deref(), Some("a state"));
    }

    /// Promise: `authorization/asked`
    async fn a_no_is_a_no(app: TestApp) {
        let mut ann = ann(&app).await;
        let web = Program::web(&app).await;
        for decision in ["deny", "", "Allow", "allow "] {
            let answer = web.decided(&mut ann, decision, &[WANTS]).await;
            assert_eq!(told(&app, &web, &answer), "access_denied", "{decision:?}");
        }
        assert_eq!(app.count("authorization_codes").await + app.count("consents").await, 0);
    }

    /// Promise: `authorization/asked`
    async fn nobody_agrees_for_somebody_else(app: TestApp) {
        let mut ann = ann(&app).await;
        let web = Program::web(&app).await;
        let mut form: Vec<_> = web.request(&[WANTS]);
        form.push(("decision".to_owned(), "allow".to_owned()));
        let form: Vec<_> = form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let forged = ann.post_with("A".repeat(43).as_str(), "/auth/oauth/authorize", &form).await;
        assert_eq!((forged.status, forged.code().as_str()), (403, "csrf_token_invalid"));
        let mut foreign = ann.clone();
        foreign.set_header("origin", "https://else.example.com");
        foreign.set_header("sec-fetch-site", "cross-site");
        let token = ann.csrf_token().await;
        let forged = foreign.post_with(&token, "/auth/oauth/authorize", &form).await;
        assert_eq!((forged.status, forged.code().as_str()), (403, "foreign_origin"));
        let stranger = app.visitor().post("/auth/oauth/authorize", &form).await;
        assert_eq!(stranger.status, 401);
        assert_eq!(app.count("authorization_codes").await, 0);
    }

    /// Row O-34.
    ///
    /// Promise: `authorization/own-address`
    async fn an_answer_goes_to_a_registered_address_and_no_other(app: TestApp) {
        let mut ann = ann(&app).await;
        let (web, native) = (Program::web(&app).await, Program::native(&app).await);
        for foreign in [
            "", "https://else.example.com/callback", "https://web.example.com/callback/", "https://web.example.com/callback?x=1",
            "https://web.example.com:444/callback", "https://web.example.com/callback#x", "http://web.example.com/callback",
            "https://web.example.com.else.example/callback", "https://web.example.com@else.example/callback",
            "https://web.example.com/../callback", "https://WEB.example.com/callback", "javascript:alert(1)", "/callback",
            "https://native.example.com/callback", "http://127.0.0.1/callback",
        ] {
            // An error that could be told to the client is told to nobody, too.
            for more in [WANTS, ("response_type", "token")] {
                let answer = web.ask(&mut ann, &[("redirect_uri", foreign), more]).await;
                assert_eq!((answer.status, answer.code().as_str()), (400, "redirect_uri_mismatch"), "{foreign}");
                assert!(answer.header("location").is_empty() && answer.header("refresh").is_empty());
            }
            let answer = web.decided(&mut ann, "allow", &[("redirect_uri", foreign), WANTS]).await;
            assert_eq!((answer.status, answer.code().as_str()), (400, "redirect_uri_mismatch"), "{foreign}");
        }
        let port = [("redirect_uri", "http://127.0.0.1:51234/callback"), WANTS];
        assert_eq!(native.ask(&mut ann, &port).await.status, 200, "a loopback address has any port");
        let unknown = Program { id: "nobody".to_owned(), ..web.clone() };
        let answer = unknown.ask(&mut ann, &[WANTS]).await;
        assert_eq!((answer.status, answer.code().as_str()), (400, "unknown_client"));
        operate::disable_client(&app.doorward, &web.name()).await.unwrap();
        assert_eq!(web.ask(&mut ann, &[WANTS]).await.code(), "unknown_client");
    }

    /// Row O-34.
    ///
    /// Promise: `authorization/pkce`
    async fn without_s256_there_is_no_code(app: TestApp) {
        let mut ann = ann(&app).await;
        let web = Program::web(&app).await;
        for more in [
            [("code_challenge", ""), ("code_challenge_method", "")],
            [("code_challenge", VERIFIER), ("code_challenge_method", "plain")],
            [("code_challenge", VERIFIER), ("code_challenge_method", "")],
            [("code_challenge", ""), ("code_challenge_method", "S256")],
            [("code_challenge", "short"), ("code_challenge_method", "S256")],
            [("code_challenge_method", "s256"), WANTS],
        ] {
            assert_eq!(told(&app, &web, &web.ask(&mut ann, &more).await), "invalid_request", "{more:?}");
            assert_eq!(told(&app, &web, &web.decided(&mut ann, "allow", &more).await), "invalid_request");
        }
    }

    /// Promise: `authorization/pkce`
    async fn a_code_is_worth_nothing_without_its_verifier(app: TestApp) {
        let mut ann = ann(&app).await;
        let web = Program::web(&app).await;
        let other = VERIFIER.replace("letters", "LETTERS");
        for verifier in ["", other.as_str(), &VERIFIER[1..], "short"] {
            let code = web.code(&mut ann, &[WANTS]).await;
            let form = [
                ("grant_type", "authorization_code"), ("code", code.as_str()), ("redirect_uri", &web.redirect_uri),
                ("code_verifier", verifier),
            ];
            let answer = web.post(&app, "/auth/oauth/token", &form).await;
            assert_eq!((answer.status, text(&answer.json(), "error")), (400, "invalid_grant"), "{verifier}");
            assert_eq!(error_of(&app, &web, &code).await, "invalid_grant", "whoever tried has used it up");
        }
        assert_eq!(app.count("refresh_families").await, 0);
    }

    /// Promise: `authorization/once`
    async fn a_code_that_comes_again_ends_what_came_of_it(app: TestApp) {
        let mut ann = ann(&app).await;
        let web = Program::web(&app).await;
        let code = web.code(&mut ann, &[WANTS]).await;
        let given = web.exchange(&app, &code).await.json();
        let (refresh, access) = (text(&given, "refresh_token"), text(&given, "access_token"));
        assert_eq!(web.introspect(&app, access).await["active"], true);
        assert_eq!(error_of(&app, &web, &code).await, "invalid_grant");
        assert_eq!(web.introspect(&app, access).await, json!({ "active": false }));
        assert_eq!(web.renewed(&app, refresh).await, Err("invalid_grant".to_owned()));
    }

    /// Promise: `authorization/once`
    async fn a_code_of_a_client_without_refresh_tokens_ends_its_access_token(app: TestApp) {
        let mut ann = ann(&app).await;
        let written = operate::Registration { grants: texts(&["authorization_code"]), ..programs::web() };
        let web = Program::registered(&app, written).await;
        let code = web.code(&mut ann, &[("scope", "openid tenant:read")]).await;
        let given = web.exchange(&app, &code).await.json();
        assert_eq!(given["refresh_token"], Value::Null);
        assert_eq!(web.introspect(&app, text(&given, "access_token")).await["active"], true);
        assert_eq!(error_of(&app, &web, &code).await, "invalid_grant");
        assert_eq!(web.introspect(&app, text(&given, "access_token")).await, json!({ "active": false }));
    }

    /// Promise: `authorization/once`
    async fn fifty_exchanges_of_one_code_bring_one_answer(app: TestApp) {
        let mut ann = ann(&app).await;
        let web = Program::web(&app).await;
        let code = web.code(&mut ann, &[WANTS]).await;
        let (app, mut tasks) = (std::sync::Arc::new(app), tokio::task::JoinSet::new());
        for _ in 0..50 {
            let (app, web, code) = (app.clone(), web.clone(), code.clone());
            tasks.spawn(async move { web.exchange(&app, &code).await.status });
        }
        let all = tasks.join_all().await;
        assert_eq!(all.iter().filter(|status| **status == 200).count(), 1, "{all:?}");
        assert_eq!(app.count("refresh_families").await, 0, "and it was ended, since the code came again");
    }

    /// Promise: `authorization/bound`
    async fn a_code_is_worth_nothing_elsewhere_or_later(app: TestApp) {
        let mut ann = ann(&app).await;
        let (web, native) = (Program::web(&app).await, Program::native(&app).await);
        let code = web.code(&mut ann, &[WANTS]).await;
        assert_eq!(error_of(&app, &native, &code).await, "invalid_grant", "another client");
        assert_eq!(web.exchange(&app, &code).await.status, 200, "which does not use it up");
        let code = native.code(&mut ann, &[WANTS]).await;
        let elsewhere = Program { redirect_uri: "https://native.example.com/callback".to_owned(), ..native.clone() };
        assert_eq!(error_of(&app, &elsewhere, &code).await, "invalid_grant", "another address");
        let code = web.code(&mut ann, &[WANTS]).await;
        app.wait(Duration::from_secs(60));
        assert_eq!(error_of(&app, &web, &code).await, "invalid_grant", "a minute later");
        let code = web.code(&mut ann, &[WANTS]).await;
        app.clock.set_back(Duration::from_secs(600));
        assert_eq!(error_of(&app, &web, &code).await, "invalid_grant", "after a clock was set back");
        app.wait(Duration::from_secs(600));
        for made_up in ["", "A", "A".repeat(43).as_str(), &"A".repeat(5000)] {
            assert_eq!(error_of(&app, &web, made_up).await, "invalid_grant");
        }
    }

    /// Promise: `authorization/bound`
    async fn a_code_is_worth_nothing_when_its_session_is_over(app: TestApp) {
        let web = Program::web(&app).await;
        for how in ["logout", "everywhere", "disabled", "membership"] {
            let email = format!("{how}@example.com");
            let (account, owner) = (app.account(&email).await, app.account(&format!("owner-{how}@example.com")).await);
            let tenant = app.tenant(how, owner).await;
            app.member(tenant, account, "member").await;
            let mut person = app.logged_in(&email).await;
            let code = web.code(&mut person, &[WANTS]).await;
            match how {
                "logout" => assert_eq!(person.post("/auth/logout", &[]).await.status, 200),
                "everywhere" => assert_eq!(person.post("/auth/logout/everywhere", &[]).await.status, 200),
                "disabled" => assert!(operate::disable(&app.doorward, account).await.unwrap()),
                _ => operate::remove_member(&app.doorward, tenant, account).await.unwrap(),
            }
            assert_eq!(error_of(&app, &web, &code).await, "invalid_grant", "{how}");
        }
        assert_eq!(app.count("refresh_families").await, 0);
    }

    /// Promise: `authorization/remembered`, `authorization/withdrawn`
    async fn what_was_agreed_to_is_not_asked_again_until_it_is_taken_back(app: TestApp) {
        let mut ann = ann(&app).await;
        let web = Program::web(&app).await;
        let given = web.tokens(&app, &mut ann, &[WANTS]).await;
        let again = web.ask(&mut ann, &[("scope", "openid tenant:read")]).await.json();
        assert!(parameter(text(&again, "redirect_to"), "code").is_some(), "fewer scopes: {again}");
        let more = web.ask(&mut ann, &[("scope", "openid members:read")]).await.json();
        assert_eq!(more["redirect_to"], Value::Null, "more is asked about: {more}");
        let consent = web.ask(&mut ann, &[WANTS, ("prompt", "consent")]).await.json();
        assert_eq!(consent["redirect_to"], Value::Null, "and when the client wants it");
        let apps = ann.get("/auth/account/apps").await.json();
        assert_eq!(apps["apps"][0]["client"], "web", "{apps}");
        assert_eq!(apps["apps"][0]["tenants"], json!(["A tenant"]));
        let mut bob = app.person("bob@example.com").await;
        assert_eq!(bob.get("/auth/account/apps").await.json()["apps"], json!([]));
        let not_his = bob.post("/auth/account/apps/web/withdraw", &[]).await;
        assert_eq!((not_his.status, not_his.code().as_str()), (404, "no_such_app"));
        let code = web.code(&mut ann, &[WANTS]).await;
        assert_eq!(ann.post("/auth/account/apps/web/withdraw", &[]).await.status, 200);
        assert_eq!(web.renewed(&app, text(&given, "refresh_token")).await, Err("invalid_grant".to_owned()));
        assert_eq!(web.introspect(&app, text(&given, "access_token")).await, json!({ "active": false }));
        assert_eq!(error_of(&app, &web, &code).await, "invalid_grant", "a code under way as well");
        assert_eq!(ann.get("/auth/account/apps").await.json()["apps"], json!([]));
        assert_eq!(web.ask(&mut ann, &[WANTS]).await.json()["redirect_to"], Value::Null, "and asks again");
    }

    /// Promise: `authorization/remembered`
    async fn an_app_of_the_device_itself_is_asked_about_each_time(app: TestApp) {
        let mut ann = ann(&app).await;
        let native = Program::native(&app).await;
        let on_web = Program { redirect_uri: "https://native.example.com/callback".to_owned(), ..native.clone() };
        native.code(&mut ann, &[WANTS]).await;
        let answer = on_web.ask(&mut ann, &[WANTS]).await.json();
        assert!(parameter(text(&answer, "redirect_to"), "code").is_some(), "an address of its own is enough: {answer}");
        let again = native.ask(&mut ann, &[WANTS]).await.json();
        assert_eq!(again["redirect_to"], Value::Null, "any program of this computer could ask so: {again}");
    }

    /// Promise: `authorization/own-tenant`
    async fn a_person_chooses_among_their_own_tenants(app: TestApp) {
        let (ann, bob) = (app.account(ANN).await, app.account("bob@example.com").await);
        let (acme, ours) = (app.tenant("acme", ann).await, app.tenant("ours", ann).await);
        let theirs = app.tenant("theirs", bob).await;
        let mut ann = app.logged_in(ANN).await;
        let web = Program::web(&app).await;
        assert_eq!(web.ask(&mut ann, &[WANTS]).await.json()["tenants"].as_array().unwrap().len(), 2);
        let none = web.decided(&mut ann, "allow", &[WANTS]).await;
        assert_eq!((none.status, none.code().as_str()), (422, "tenant_missing"));
        for foreign in ["theirs", &theirs.to_string(), "nowhere", "A B"] {
            let answer = web.decided(&mut ann, "allow", &[WANTS, ("choice", foreign)]).await;
            assert_eq!((answer.status, answer.code().as_str()), (404, "no_such_tenant"), "{foreign}");
            let named = web.ask(&mut ann, &[WANTS, ("tenant", foreign)]).await;
            let expected = if foreign == "A B" { "invalid_request" } else { "access_denied" };
            assert_eq!(told(&app, &web, &named), expected, "{foreign}");
        }
        let given = web.tokens(&app, &mut ann, &[WANTS, ("choice", "ours")]).await;
        assert_eq!(part(text(&given, "access_token"), 1)["tenant"], ours.to_string());
        let given = web.tokens(&app, &mut ann, &[WANTS, ("tenant", "acme")]).await;
        assert_eq!(part(text(&given, "access_token"), 1)["tenant"], acme.to_string());
        let mismatch = web.decided(&mut ann, "allow", &[WANTS, ("tenant", "acme"), ("choice", "ours")]).await;
        assert_eq!(mismatch.code(), "no_such_tenant");
        let nowhere = web.tokens(&app, &mut ann, &[("scope", "openid email")]).await;
        assert_eq!(part(text(&nowhere, "access_token"), 1)["tenant"], Value::Null, "no permission, no tenant");
        operate::suspend_tenant(&app.doorward, acme).await.unwrap();
        assert_eq!(told(&app, &web, &web.ask(&mut ann, &[WANTS, ("tenant", "acme")]).await), "access_denied");
    }

    /// Promise: `authorization/own-tenant`
    async fn a_client_of_a_tenant_asks_about_no_other(app: TestApp) {
        let ann = app.account(ANN).await;
        let acme = app.tenant("acme", ann).await;
        app.tenant("ours", ann).await;
        let written = operate::Registration { tenant: Some(acme), ..programs::web() };
        let web = Program::registered(&app, written).await;
        let mut ann = app.logged_in(ANN).await;
        let given = web.tokens(&app, &mut ann, &[WANTS]).await;
        assert_eq!(part(text(&given, "access_token"), 1)["tenant"], acme.to_string());
        assert_eq!(told(&app, &web, &web.ask(&mut ann, &[WANTS, ("tenant", "ours")]).await), "invalid_request");
        let mut bob = app.person("bob@example.com").await;
        assert_eq!(told(&app, &web, &web.ask(&mut bob, &[WANTS]).await), "access_denied");
    }

    /// Promise: `authorization/proved`
    async fn a_client_gets_a_recent_proof_or_no_answer(app: TestApp) {
        let mut ann = ann(&app).await;
        let web = Program::web(&app).await;
        web.code(&mut ann, &[WANTS]).await;
        let mut stranger = app.visitor();
        assert_eq!(told(&app, &web, &web.ask(&mut stranger, &[WANTS, ("prompt", "none")]).await), "login_required");
        app.wait(Duration::from_secs(120));
        for young in [("max_age", "60"), ("max_age", "0"), ("prompt", "login")] {
            let answer = web.ask(&mut ann, &[WANTS, young]).await;
            assert_eq!((answer.status, answer.code().as_str()), (403, "reauthentication_required"), "{young:?}");
            let decided = web.decided(&mut ann, "allow", &[WANTS, young]).await;
            assert_eq!(decided.code(), "reauthentication_required", "nor is it a matter of the form");
        }
        let none = web.ask(&mut ann, &[WANTS, ("max_age", "60"), ("prompt", "none")]).await;
        assert_eq!(told(&app, &web, &none), "login_required");
        let fine = web.ask(&mut ann, &[WANTS, ("max_age", "600"), ("prompt", "none")]).await.json();
        assert!(parameter(text(&fine, "redirect_to"), "code").is_some(), "{fine}");
        // The way that a browser goes: away, a proof, and back with it.
        let mut browser = ann.clone().in_browser();
        let sent = web.ask(&mut browser, &[WANTS, ("prompt", "login")]).await;
        assert_eq!(sent.status, 303);
        let way = url::Url::parse(&format!("http://localhost{}", sent.header("location"))).unwrap();
        let back = way.query_pairs().find(|(name, _)| name == "return_to").unwrap().1.into_owned();
        assert_eq!(browser.get(&back).await.status, 303, "without a proof it leads away again");
        ann.post("/auth/reauthenticate", &[("password", PASSWORD)]).await;
        let answer = ann.get(&back).await.json();
        assert!(parameter(text(&answer, "redirect_to"), "code").is_some(), "{answer}");
        let forged = back.replace("asked_at=", "asked_at=A");
        assert_eq!(ann.get(&forged).await.code(), "reauthentication_required", "a mark that is not ours is none");
    }

    /// Promise: `authorization/own-address`
    async fn a_form_of_ours_leads_to_no_other_site(app: TestApp) {
        let ann = ann(&app).await;
        let web = Program::web(&app).await;
        let mut browser = ann.clone().in_browser();
        let page = web.decided(&mut browser, "allow", &[WANTS]).await;
        assert_eq!(page.status, 200, "browsers let a form lead nowhere that its page does not name");
        assert!(page.header("refresh").starts_with("0;url=https://web.example.com/callback?code="), "{:?}", page.headers);
        assert_eq!(page.header("referrer-policy"), "same-origin", "no other site learns where somebody came from");
        let mut arriving = ann.clone().in_browser();
        arriving.set_header("sec-fetch-site", "cross-site");
        let answer = web.ask(&mut arriving, &[WANTS]).await;
        assert_eq!(answer.status, 303);
        assert!(answer.header("location").starts_with("https://web.example.com/callback?code="));
    }

    /// Promise: `authorization/own-address`
    async fn what_is_wrong_is_told_to_the_client(app: TestApp) {
        let mut ann = ann(&app).await;
        let web = Program::web(&app).await;
        for (more, expected) in [
            (("response_type", "token"), "unsupported_response_type"),
            (("response_type", "code id_token"), "unsupported_response_type"),
            (("response_type", ""), "unsupported_response_type"),
            (("response_mode", "fragment"), "invalid_request"),
            (("scope", "invoices:fly"), "invalid_scope"),
            (("scope", "openid \"quoted\""), "invalid_scope"),
            (("resource", "https://else.example.com"), "invalid_target"),
            (("request", "e30.e30."), "request_not_supported"),
            (("prompt", "none login"), "invalid_request"),
            (("prompt", "never"), "invalid_request"),
            (("max_age", "-1"), "invalid_request"),
            (("max_age", "1e3"), "invalid_request"),
            (("dpop_jkt", "short"), "invalid_request"),
        ] {
            assert_eq!(told(&app, &web, &web.ask(&mut ann, &[more]).await), expected, "{more:?}");
        }
        let twice = format!("/auth/oauth/authorize?{}&client_id=web", "client_id=native");
        assert_eq!(ann.get(&twice).await.code(), "repeated_field");
        let unknown = web.ask(&mut ann, &[WANTS, ("ui_locales", "de"), ("made_up", "x")]).await;
        assert_eq!(unknown.status, 200, "what we do not know is ignored (RFC 6749 section 3.1)");
    }

    /// Promise: `authorization/pushed`
    async fn a_pushed_request_is_its_clients_and_works_once(app: TestApp) {
        let mut ann = ann(&app).await;
        let (web, native) = (Program::web(&app).await, Program::native(&app).await);
        let request = web.request(&[WANTS]);
        let form: Vec<_> = request.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let stranger = bare(&app).send(Method::POST, "/auth/oauth/par", "client_id=web", Some("application/x-www-form-urlencoded")).await;
        assert_eq!((stranger.status, text(&stranger.json(), "error")), (401, "invalid_client"));
        let foreign = [("redirect_uri", "https://else.example.com/"), ("response_type", "code")];
        assert_eq!(web.post(&app, "/auth/oauth/par", &foreign).await.status, 400);
        let pushed = web.post(&app, "/auth/oauth/par", &form).await;
        assert_eq!(pushed.status, 201, "{}", pushed.text());
        let uri = text(&pushed.json(), "request_uri").to_owned();
        let brief = |client: &str| format!("/auth/oauth/authorize?client_id={client}&request_uri={uri}");
        assert_eq!(ann.get(&brief(&native.id)).await.code(), "request_expired", "another client's");
        assert_eq!(ann.get(&brief("web")).await.json()["client"]["id"], "web");
        assert_eq!(ann.get(&brief("web")).await.status, 200, "looking does not spend it: its person may log in first");
        // What stands beside it does not count.
        let smuggled = format!("{}&scope=members:manage&redirect_uri=https://else.example.com/", brief("web"));
        assert_eq!(ann.get(&smuggled).await.json()["scopes"], json!(["offline_access", "openid", "tenant:read"]));
        let decide = [("client_id", "web"), ("request_uri", uri.as_str()), ("decision", "allow")];
        let answer = ann.post("/auth/oauth/authorize", &decide).await.json();
        let code = parameter(text(&answer, "redirect_to"), "code").unwrap();
        assert_eq!(web.exchange(&app, &code).await.status, 200);
        assert_eq!(ann.post("/auth/oauth/authorize", &decide).await.code(), "request_expired", "once");
        let pushed = web.post(&app, "/auth/oauth/par", &form).await.json();
        app.wait(Duration::from_secs(600));
        let late = format!("/auth/oauth/authorize?client_id=web&request_uri={}", text(&pushed, "request_uri"));
        assert_eq!(app.logged_in(ANN).await.get(&late).await.code(), "request_expired");
    }

    /// Promise: `authorization/digest-at-rest`
    async fn no_code_rests(app: TestApp) {
        let mut ann = ann(&app).await;
        let (web, native) = (Program::web(&app).await, Program::native(&app).await);
        let code = web.code(&mut ann, &[WANTS]).await;
        let device = native.post(&app, "/auth/oauth/device", &[WANTS]).await.json();
        let sql = "SELECT digest FROM authorization_codes UNION ALL SELECT digest FROM device_codes
            UNION ALL SELECT user_code FROM device_codes";
        let rows = app.db().list(sql, &[], |row| row.get::<Vec<u8>>(0)).await.unwrap();
        assert_eq!(rows.len(), 3);
        use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
        for text in [code.as_str(), text(&device, "device_code")] {
            let bytes = URL_SAFE_NO_PAD.decode(text).unwrap();
            assert!(rows.iter().all(|row| *row != bytes && row.as_slice() != text.as_bytes()));
        }
        let plain = text(&device, "user_code").replace('-', "");
        assert!(rows.iter().all(|row| !row.windows(8).any(|some| some == plain.as_bytes())));
    }
}

/// What a device is told when it asks.
async fn poll(app: &TestApp, client: &Program, device: &Value) -> Value {
    let form =
        [("grant_type", "urn:ietf:params:oauth:grant-type:device_code"), ("device_code", text(device, "device_code"))];
    client.post(app, "/auth/oauth/token", &form).await.json()
}

on_every_engine! {
    /// Promise: `authorization/devices`
    async fn a_device_is_let_in_by_its_code(app: TestApp) {
        let mut ann = ann(&app).await;
        let native = Program::native(&app).await;
        let device = native.post(&app, "/auth/oauth/device", &[WANTS]).await.json();
        assert_eq!(device["interval"], 5, "{device}");
        let code = text(&device, "user_code");
        assert_eq!(text(&poll(&app, &native, &device).await, "error"), "authorization_pending");
        assert_eq!(text(&poll(&app, &native, &device).await, "error"), "slow_down");
        app.wait(Duration::from_secs(11));
        assert_eq!(text(&poll(&app, &native, &device).await, "error"), "authorization_pending");
        // However it is typed.
        let typed = code.to_lowercase().replace('-', " ");
        let shown = ann.post("/auth/device", &[("user_code", &typed)]).await.json();
        assert_eq!(shown["client"]["id"], "native", "{shown}");
        let decided = ann.post("/auth/device/decide", &[("user_code", code), ("decision", "allow")]).await;
        assert_eq!(decided.json(), json!({ "allowed": true }), "{}", decided.text());
        app.wait(Duration::from_secs(11));
        let other = Program::registered(&app, operate::Registration { id: "other".to_owned(), ..programs::native() }).await;
        assert_eq!(text(&poll(&app, &other, &device).await, "error"), "expired_token", "another client's");
        let given = poll(&app, &native, &device).await;
        assert_eq!(part(text(&given, "access_token"), 1)["permissions"], json!(["tenant:read"]), "{given}");
        assert!(native.renewed(&app, text(&given, "refresh_token")).await.is_ok());
        assert_eq!(text(&poll(&app, &native, &device).await, "error"), "expired_token", "once");
        let again = ann.post("/auth/device", &[("user_code", code)]).await;
        assert_eq!(again.code(), "no_such_code");
    }

    /// Promise: `authorization/devices`
    async fn a_device_is_turned_away_or_comes_too_late(app: TestApp) {
        let mut ann = ann(&app).await;
        let native = Program::native(&app).await;
        let device = native.post(&app, "/auth/oauth/device", &[WANTS]).await.json();
        let code = text(&device, "user_code");
        assert_eq!(ann.post("/auth/device/decide", &[("user_code", code), ("decision", "deny")]).await.status, 200);
        let twice = ann.post("/auth/device/decide", &[("user_code", code), ("decision", "allow")]).await;
        assert_eq!(twice.code(), "no_such_code", "who has said no has said so");
        assert_eq!(text(&poll(&app, &native, &device).await, "error"), "access_denied");
        let device = native.post(&app, "/auth/oauth/device", &[WANTS]).await.json();
        let code = text(&device, "user_code");
        ann.post("/auth/device/decide", &[("user_code", code), ("decision", "allow")]).await;
        assert_eq!(ann.post("/auth/logout/everywhere", &[]).await.status, 200);
        assert_eq!(text(&poll(&app, &native, &device).await, "error"), "invalid_grant", "everywhere is there as well");
        let device = native.post(&app, "/auth/oauth/device", &[WANTS]).await.json();
        app.wait(Duration::from_secs(600));
        assert_eq!(text(&poll(&app, &native, &device).await, "error"), "expired_token");
        let late = app.logged_in(ANN).await.post("/auth/device", &[("user_code", text(&device, "user_code"))]).await;
        assert_eq!(late.code(), "no_such_code");
    }

    /// Promise: `authorization/devices`
    async fn nobody_guesses_codes(app: TestApp) {
        let mut ann = ann(&app).await;
        for _ in 0..20 {
            assert_eq!(ann.post("/auth/device", &[("user_code", "BCDF-GHJK")]).await.code(), "no_such_code");
        }
        let stopped = ann.post("/auth/device", &[("user_code", "BCDF-GHJL")]).await;
        assert_eq!(stopped.status, 429, "{}", stopped.text());
        assert!(!stopped.header("retry-after").is_empty());
        let mut bob = app.person("bob@example.com").await;
        assert_eq!(bob.post("/auth/device", &[("user_code", "BCDF-GHJK")]).await.code(), "no_such_code");
        assert_eq!(app.visitor().post("/auth/device", &[("user_code", "BCDF-GHJK")]).await.status, 401);
    }

    /// Promise: `authorization/devices`
    async fn a_link_with_a_code_decides_nothing(app: TestApp) {
        let ann = ann(&app).await;
        let native = Program::native(&app).await;
        let device = native.post(&app, "/auth/oauth/device", &[WANTS]).await.json();
        let complete = text(&device, "verification_uri_complete").replace(&app.origin(), "");
        let page = ann.clone().in_browser().get(&complete).await;
        assert!(page.text().contains(&format!("value=\"{}\"", text(&device, "user_code"))), "it fills the form");
        assert_eq!(text(&poll(&app, &native, &device).await, "error"), "authorization_pending");
        let web = Program::web(&app).await;
        let none = web.post(&app, "/auth/oauth/device", &[WANTS]).await;
        assert_eq!(text(&none.json(), "error"), "unauthorized_client");
    }
}
