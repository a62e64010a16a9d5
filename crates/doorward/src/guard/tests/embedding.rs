//! The guards in an application's own routes.

use std::{net::SocketAddr, time::Duration};

use axum::{Router, routing::get};
use tokio::net::TcpListener;

use super::*;
use crate::{Reauthenticated, SignedIn, testing::providers::make_due};

async fn hello(person: SignedIn, body: String) -> String {
    format!("{}|{body}", person.account())
}

async fn danger(person: Reauthenticated) -> String {
    person.account().to_string()
}

async fn account_of(person: &mut Actor) -> doorward_core::AccountId {
    person.get("/auth/session").await.json()["account"]["id"].as_str().unwrap().parse().unwrap()
}

fn routes() -> Router {
    Router::new().route("/hello", get(hello).post(hello)).route("/danger", get(danger).post(danger))
}

/// Serves somebody's application and returns a browser in which `person` is logged in there too.
async fn serve(application: Router, app: &TestApp, person: &Actor) -> Actor {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut visitor = Actor::new(listener.local_addr().unwrap(), app.origin());
    let service = application.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, service).await });
    visitor.cookies = person.cookies.clone();
    visitor
}

on_every_engine! {
    /// Promise: `guard/every-route-guarded`
    async fn a_guard_admits_somebody_to_an_applications_own_route(app: TestApp) {
        let mut ann = app.person(ANN).await;
        let account = ann.get("/auth/session").await.json()["account"]["id"].as_str().unwrap().to_owned();
        let token = ann.csrf_token().await;
        let mut there = serve(app.doorward.protect(routes()).merge(app.doorward.router()), &app, &ann).await;
        assert_eq!(there.get("/hello").await.text(), format!("{account}|"));
        assert_eq!(there.get("/auth/session").await.status, 200, "our own routes lie beside them");
        let answer = there.post_with(&token, "/hello", &[("a", "1"), ("b", "2")]).await;
        assert_eq!(answer.text(), format!("{account}|a=1&b=2&csrf_token={token}"), "the handler gets the form whole");
        let mut program = there.clone();
        program.set_header("x-csrf-token", &token);
        let answer = program.send(Method::POST, "/hello", r#"{"a":1}"#, Some("application/json")).await;
        assert_eq!(answer.text(), format!("{account}|{{\"a\":1}}"));
        assert_eq!(there.post_with(&token, "/danger", &[]).await.text(), account);
    }

    /// Promise: `guard/peer-known`
    async fn without_the_peers_address_nothing_is_answered(app: TestApp) {
        let ann = app.person(ANN).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut there = Actor::new(listener.local_addr().unwrap(), app.origin());
        let application = app.doorward.protect(routes()).merge(app.doorward.router());
        tokio::spawn(async move { axum::serve(listener, application).await });
        there.cookies = ann.cookies.clone();
        for path in ["/auth/session", "/auth/login", "/hello"] {
            assert_eq!(verdict(&there.get(path).await), refused(503, "unavailable"), "{path}");
        }
    }

    /// Promise: `guard/every-route-guarded`
    async fn a_guard_sends_a_stranger_to_the_login_and_back(app: TestApp) {
        let mut stranger = serve(app.doorward.protect(routes()), &app, &app.visitor()).await;
        assert_eq!(verdict(&stranger.get("/hello").await), refused(401, "not_signed_in"));
        assert_eq!(verdict(&stranger.post_with("", "/danger", &[]).await), refused(401, "not_signed_in"));
        let mut page = stranger.clone().in_browser();
        let answer = page.get("/hello?tab=2").await;
        assert_eq!((answer.status, answer.header("location")), (303, "/auth/login?return_to=%2Fhello%3Ftab%3D2"));
        assert_eq!(page.get("//evil.example/hello").await.status, 404);
    }

    /// Promise: `guard/due-for-nothing`
    async fn a_session_that_is_to_be_rechecked_is_led_to_that_from_an_applications_own_route(app: TestApp) {
        let mut ann = app.person(ANN).await;
        let token = ann.csrf_token().await;
        let mut there = serve(app.doorward.protect(routes()).merge(app.doorward.router()), &app, &ann).await;
        assert_eq!(there.get("/hello").await.status, 200);
        make_due(&app, account_of(&mut ann).await).await;
        let due = refused(401, "provider_recheck_required");
        for path in ["/hello", "/danger"] {
            assert_eq!(verdict(&there.get(path).await), due, "{path}");
            assert_eq!(verdict(&there.post_with(&token, path, &[]).await), due, "{path}");
            assert_eq!(verdict(&there.post_with("x", path, &[]).await), refused(403, "csrf_token_invalid"), "{path}");
        }
        let mut page = there.clone().in_browser();
        let led = page.get("/hello?tab=2").await;
        assert_eq!((led.status, led.header("location")), (303, "/auth/recheck?return_to=%2Fhello%3Ftab%3D2"));
        let sent = page.post_with(&token, "/hello", &[("return_to", "/shop")]).await;
        assert_eq!((sent.status, sent.header("location")), (303, "/auth/recheck"), "what was sent is not sent again");
        assert_eq!(there.get("/auth/recheck").await.json()["due"], true);
        assert_eq!(there.post_with(&token, "/auth/logout", &[]).await.status, 200);
        assert_eq!(verdict(&there.get("/hello").await), refused(401, "not_signed_in"));
    }

    /// Promise: `guard/csrf`, `guard/origin`
    async fn a_guard_checks_origin_and_token_in_an_applications_own_route(app: TestApp) {
        let mut ann = app.person(ANN).await;
        let mut bob = app.person("bob@example.com").await;
        let (token, of_bob) = (ann.csrf_token().await, bob.csrf_token().await);
        let mut there = serve(app.doorward.protect(routes()), &app, &ann).await;
        for token in ["", &of_bob, "x"] {
            let answer = there.post_with(token, "/hello", &[]).await;
            assert_eq!(verdict(&answer), refused(403, "csrf_token_invalid"), "{token:?}");
        }
        let json = format!(r#"{{"csrf_token":"{token}"}}"#);
        let answer = there.send(Method::POST, "/hello", &json, Some("application/json")).await;
        assert_eq!(verdict(&answer), refused(403, "csrf_token_invalid"), "JSON sends its token in the header");
        let answer = there.send(Method::POST, &format!("/hello?csrf_token={token}"), "", None).await;
        assert_eq!(verdict(&answer), refused(403, "csrf_token_invalid"), "not in the query");
        for (origin, site) in [(EVIL, "cross-site"), ("null", "same-origin"), (EVIL, "same-origin")] {
            let mut lured = there.clone();
            lured.set_header("origin", origin);
            lured.set_header("sec-fetch-site", site);
            assert_eq!(verdict(&lured.post_with(&token, "/hello", &[]).await), refused(403, "foreign_origin"), "{origin}");
        }
        let mut silent = there.clone();
        silent.remove_header("origin");
        silent.remove_header("sec-fetch-site");
        assert_eq!(verdict(&silent.post_with(&token, "/hello", &[]).await), refused(403, "foreign_origin"));
    }

    /// Promise: `guard/every-route-guarded`
    async fn a_proof_grows_old_in_an_applications_own_route_too(app: TestApp) {
        let mut ann = app.person(ANN).await;
        let token = ann.csrf_token().await;
        let mut there = serve(app.doorward.protect(routes()), &app, &ann).await;
        assert_eq!(there.post_with(&token, "/danger", &[]).await.status, 200);
        app.wait(Duration::from_secs(300));
        let answer = there.post_with(&token, "/danger", &[]).await;
        assert_eq!(verdict(&answer), refused(403, "reauthentication_required"));
        assert_eq!(there.get("/hello").await.status, 200);
        assert_eq!(ann.post("/auth/logout", &[]).await.status, 200);
        assert_eq!(there.get("/hello").await.status, 401, "a logout counts there at once");
    }

    /// Promise: `guard/fail-closed`
    async fn a_guard_outside_the_layer_refuses_everybody(app: TestApp) {
        let mut ann = app.person(ANN).await;
        let token = ann.csrf_token().await;
        let mut there = serve(routes(), &app, &ann).await;
        assert_eq!(there.get("/hello").await.status, 503);
        assert_eq!(there.post_with(&token, "/danger", &[]).await.status, 503);
    }

    /// Promise: `guard/limits`
    async fn a_large_form_in_an_applications_own_route_sends_its_token_in_the_header(app: TestApp) {
        let mut ann = app.person(ANN).await;
        let token = ann.csrf_token().await;
        let mut there = serve(app.doorward.protect(routes()), &app, &ann).await;
        let large = "x".repeat(100_000);
        let answer = there.post_with(&token, "/hello", &[("text", &large)]).await;
        assert_eq!(verdict(&answer), refused(413, "body_too_large"));
        there.set_header("x-csrf-token", &token);
        let answer = there.post_with("", "/hello", &[("text", &large)]).await;
        assert_eq!(answer.status, 200);
        assert!(answer.text().ends_with(&large));
    }

    /// Promise: `guard/embedded-forms`
    async fn an_applications_form_finds_its_token_whatever_else_is_in_it(app: TestApp) {
        let mut ann = app.person(ANN).await;
        let token = ann.csrf_token().await;
        let mut there = serve(app.doorward.protect(routes()), &app, &ann).await;
        let many: String = (0..500).map(|n| format!("line_{n}=x&")).collect();
        let others = ["tag=a&tag=b&tag=b&", "lines[]=1&lines[]=2&", &many, "=&&=&x&", "%ff=%fe&a=%&b=%zz&", "text=a;b\r\n&", ""];
        for other in others {
            let last = format!("{other}csrf_token={token}");
            for body in [last, format!("csrf_token={token}&{other}"), format!("{other}csrf%5Ftoken={token}")] {
                let answer = there.send(Method::POST, "/hello", &body, Some(FORM)).await;
                assert_eq!(answer.status, 200, "{body:.80}");
                assert!(answer.text().ends_with(&format!("|{body}")), "the handler gets the form whole: {body:.80}");
            }
            for body in [other.to_owned(), format!("{other}csrf_token=x"), format!("{other}csrf_token="), format!("{other}token={token}")] {
                let answer = there.send(Method::POST, "/hello", &body, Some(FORM)).await;
                assert_eq!(verdict(&answer), refused(403, "csrf_token_invalid"), "{body:.80}");
            }
        }
        let twice = |first: &str, second: &str| format!("csrf_token={first}&csrf_token={second}");
        assert_eq!(there.send(Method::POST, "/hello", &twice(&token, "x"), Some(FORM)).await.status, 200, "the first one counts");
        let answer = there.send(Method::POST, "/hello", &twice("x", &token), Some(FORM)).await;
        assert_eq!(verdict(&answer), refused(403, "csrf_token_invalid"));
    }

    /// Promise: `guard/embedded-forms`
    async fn only_a_form_is_looked_into_and_however_its_type_is_spelt(app: TestApp) {
        let mut ann = app.person(ANN).await;
        let token = ann.csrf_token().await;
        let mut there = serve(app.doorward.protect(routes()), &app, &ann).await;
        let form = format!("csrf_token={token}");
        for spelt in ["Application/X-WWW-Form-URLEncoded; Charset=UTF-8", "application/x-www-form-urlencoded ;a=b"] {
            assert_eq!(there.send(Method::POST, "/hello", &form, Some(spelt)).await.status, 200, "{spelt}");
        }
        let others = ["application/x-www-form-urlencodedx", "text/plain; application/x-www-form-urlencoded"];
        for other in [None, Some("text/plain"), Some(others[0]), Some(others[1])] {
            let answer = there.send(Method::POST, "/hello", &form, other).await;
            assert_eq!(verdict(&answer), refused(403, "csrf_token_invalid"), "{other:?}");
        }
        // A form with files is the application's to read: its token goes in the header, which takes a script.
        let multipart = format!("--b\r\nContent-Disposition: form-data; name=\"csrf_token\"\r\n\r\n{token}\r\n--b--\r\n");
        let answer = there.send(Method::POST, "/hello", &multipart, Some("multipart/form-data; boundary=b")).await;
        assert_eq!(verdict(&answer), refused(403, "csrf_token_invalid"));
        there.set_header("x-csrf-token", &token);
        let answer = there.send(Method::POST, "/hello", &multipart, Some("multipart/form-data; boundary=b")).await;
        assert!(answer.status == 200 && answer.text().ends_with(&multipart), "{}", answer.text());
    }

    /// Promise: `guard/way-back`
    async fn the_way_back_leads_into_a_nested_application(app: TestApp) {
        let mut ann = app.person(ANN).await;
        let inside = Router::new().nest("/shop", app.doorward.protect(routes()));
        let outside = app.doorward.protect(Router::new().nest("/shop", routes()));
        let deep = Router::new().nest("/a", Router::new().nest("/shop", app.doorward.protect(routes())));
        for (application, prefix) in [(inside, ""), (outside, ""), (deep, "/a")] {
            let mut there = serve(application, &app, &ann).await.in_browser();
            assert_eq!(there.get(&format!("{prefix}/shop/hello")).await.status, 200);
            let mut stranger = there.clone();
            stranger.cookies.clear();
            let answer = stranger.get(&format!("{prefix}/shop/hello?tab=2")).await;
            let path = format!("{prefix}/shop/hello?tab=2");
            let back = url::form_urlencoded::byte_serialize(path.as_bytes()).collect::<String>();
            assert_eq!((answer.status, answer.header("location")), (303, format!("/auth/login?return_to={back}").as_str()));
        }
        app.wait(Duration::from_secs(300));
        let mut there = serve(Router::new().nest("/shop", app.doorward.protect(routes())), &app, &ann).await.in_browser();
        let answer = there.get("/shop/danger?x=1").await;
        assert_eq!((answer.status, answer.header("location")), (303, "/auth/reauthenticate?return_to=%2Fshop%2Fdanger%3Fx%3D1"));
        let token = ann.csrf_token().await;
        let answer = there.post_with(&token, "/shop/danger", &[]).await;
        assert_eq!(answer.header("location"), "/auth/reauthenticate?return_to=%2Fauth%2Faccount", "what was sent is not sent again");
    }
}
