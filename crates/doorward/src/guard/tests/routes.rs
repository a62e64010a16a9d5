//! Every route, whatever feature it belongs to: a new one is tried here without being mentioned.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use axum::{extract::Request, http::HeaderMap};

use super::{
    super::{Fields, Input, NoInput, Person, Public, Reauthenticated, Refused, Reply, SignedIn, caller::Caller},
    super::{guards::Guard, routes::Handler},
    *,
};
use crate::{context::Context, sessions::Live, testing::kinds::implements};

/// The routes that need nobody to be logged in, each signed off by a person; no command writes this file.
const SIGNED_OFF: &str = include_str!("../../../public-routes.txt");

/// Promise: `guard/every-route-guarded`
#[test]
fn a_public_route_has_a_line_that_a_person_wrote() {
    let lines = SIGNED_OFF.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let mut signed_off = BTreeSet::new();
    for line in lines {
        let mut words = line.splitn(3, char::is_whitespace);
        let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let reason = words.next().unwrap_or_default().trim();
        assert!(reason.ends_with('.') && reason.len() > 10, "a public route needs a reason: {line}");
        assert!(signed_off.insert(format!("{method} {path}")), "twice: {line}");
    }
    let public: BTreeSet<_> = table().iter().filter(|route| is_for_all(route)).map(name_of).collect();
    let missing: Vec<_> = public.difference(&signed_off).collect();
    assert!(missing.is_empty(), "public, and nobody has said why in public-routes.txt: {missing:?}");
    let stale: Vec<_> = signed_off.difference(&public).collect();
    assert!(stale.is_empty(), "in public-routes.txt, but no public route: {stale:?}");
}

/// Promise: `guard/every-route-guarded`
#[test]
fn the_table_names_a_guard_and_a_purpose_for_each_route() {
    let mut seen = BTreeSet::new();
    for route in table() {
        let plain = ["Public", "Program", "Arrived", "Landing", "Holder", "SignedIn", "Reauthenticated", "Forwarded"]
            .contains(&route.guard.as_str());
        let of = |guard: &str| {
            let inner = route.guard.strip_prefix(guard).and_then(|rest| rest.strip_prefix('<')?.strip_suffix('>'));
            inner.is_some_and(|permission| permission.contains(':'))
        };
        assert!(plain || of("Member") || of("RecentMember") || of("Operator"), "{}: {}", name_of(&route), route.guard);
        assert!(route.doc.ends_with('.'), "{}", name_of(&route));
        assert!(seen.insert(name_of(&route)), "{} is there twice", name_of(&route));
    }
}

/// Promise: `guard/every-route-guarded`
#[test]
fn a_handler_whose_first_parameter_is_no_guard_is_no_route() {
    type Answered = std::future::Ready<Result<Reply, Refused>>;
    assert!(implements!(Public: Guard) && implements!(SignedIn: Guard) && implements!(Person: Guard));
    assert!(
        implements!(Reauthenticated: Guard) && implements!(fn(Public, NoInput) -> Answered: Handler<Public, NoInput>)
    );
    // `Routes` takes a `Handler<G, I>` whose `G` is a `Guard` and whose `I` is an `Input`.
    assert!(!implements!(NoInput: Guard) && !implements!(Caller: Guard) && !implements!(Fields: Guard));
    assert!(!implements!(Arc<Context>: Guard) && !implements!(Request: Guard) && !implements!(HeaderMap: Guard));
    assert!(!implements!(Option<Public>: Guard) && !implements!((): Guard) && !implements!(Live: Guard));
    assert!(!implements!(Public: Input) && !implements!(Request: Input) && !implements!(HeaderMap: Input));
    assert!(!implements!(fn(Public) -> Answered: Handler<Public, NoInput>), "a guard and no input");
    assert!(!implements!(fn(NoInput) -> Answered: Handler<Public, NoInput>), "an input and no guard");
    assert!(!implements!(fn(NoInput, Public) -> Answered: Handler<Public, NoInput>), "the guard comes first");
    assert!(
        !implements!(fn(Public, NoInput, HeaderMap) -> Answered: Handler<Public, NoInput>),
        "nothing past the guard"
    );
}

on_every_engine! {
    /// Promise: `guard/csrf`, `guard/session-token-only`
    async fn no_route_changes_anything_without_its_token(app: TestApp) {
        let mut ann = app.person(ANN).await;
        let mut bob = app.person("bob@example.com").await;
        let (of_ann, of_her_form, of_bob) = (ann.csrf_token().await, ann.form_token().await, bob.csrf_token().await);
        for route in changing() {
            let foreign = if route.guard == "Public" { &of_ann } else { &of_her_form };
            let (short, long, garbage) = (&of_ann[1..], format!("{of_ann}A"), "A".repeat(43));
            for token in [foreign, &of_bob, "", "null", short, &long, &garbage] {
                let answer = knock_with(&ann, token, &route).await;
                assert_eq!(verdict(&answer), refused(403, "csrf_token_invalid"), "{} with {token:?}", name_of(&route));
            }
            let answer = knock(&mut ann.clone(), &route).await;
            assert_eq!(verdict(&answer), refused(403, "csrf_token_invalid"), "{} without any", name_of(&route));
        }
        assert!(ann.is_signed_in().await);
    }

    /// Promise: `guard/origin`
    async fn no_route_changes_anything_for_another_site(app: TestApp) {
        let mut ann = app.person(ANN).await;
        for route in changing() {
            let token = token_for(&mut ann, &route).await;
            for (origin, site) in [(EVIL, "cross-site"), (EVIL, "same-origin"), ("null", "same-origin"), ("null", "none")] {
                let mut lured = ann.clone();
                lured.set_header("origin", origin);
                lured.set_header("sec-fetch-site", site);
                let answer = knock_with(&lured, &token, &route).await;
                assert_eq!(verdict(&answer), refused(403, "foreign_origin"), "{} from {origin}, {site}", name_of(&route));
            }
            let mut silent = ann.clone();
            silent.remove_header("origin");
            silent.remove_header("sec-fetch-site");
            let answer = knock_with(&silent, &token, &route).await;
            assert_eq!(verdict(&answer), refused(403, "foreign_origin"), "{} without a word", name_of(&route));
        }
        assert!(ann.is_signed_in().await);
    }

    /// Promise: `guard/csrf`
    async fn every_route_lets_its_own_page_through(app: TestApp) {
        for (count, route) in changing().iter().enumerate() {
            let mut person = app.person(&format!("person{count}@example.com")).await;
            let token = token_for(&mut person, route).await;
            let answer = knock_with(&person, &token, route).await;
            let at_the_gate = ["csrf_token_invalid", "foreign_origin", "not_signed_in", "reauthentication_required"];
            assert!(!at_the_gate.contains(&answer.code().as_str()), "{}: {}", name_of(route), answer.text());
            assert!(answer.status < 500, "{}: {}", name_of(route), answer.text());
        }
    }

    /// Promise: `guard/every-route-guarded`
    async fn a_stranger_gets_nowhere_but_to_the_login(app: TestApp) {
        let mut stranger = app.visitor();
        let token = stranger.form_token().await;
        for route in table().into_iter().filter(|route| !is_for_all(route)) {
            let answer = knock_with(&stranger, &token, &route).await;
            assert_eq!(verdict(&answer), refused(401, "not_signed_in"), "{}", name_of(&route));
            let answer = knock_with(&stranger.clone().in_browser(), &token, &route).await;
            if route.is_data() {
                assert_eq!(verdict(&answer), refused(401, "not_signed_in"), "{} redirects a program", name_of(&route));
                continue;
            }
            assert_eq!(answer.status, 303, "{}", name_of(&route));
            let way = answer.header("location");
            assert!(way.starts_with("/auth/login"), "{}: {way}", name_of(&route));
            let back = way.strip_prefix("/auth/login?return_to=%2Fauth%2F");
            // Whoever came to log out is not led back to it.
            let comes_back = route.method == Method::GET && route.path != "/logout";
            assert_eq!(back.is_some(), comes_back, "{}: {way}", name_of(&route));
        }
    }

    /// Promise: `guard/every-route-guarded`
    async fn an_old_proof_does_not_open_what_needs_a_recent_one(app: TestApp) {
        let mut ann = app.person(ANN).await;
        let token = ann.csrf_token().await;
        app.wait(Duration::from_secs(300));
        let guarded: Vec<_> = table().into_iter().filter(|route| route.guard == "Reauthenticated").collect();
        assert!(!guarded.is_empty());
        for route in guarded {
            let answer = knock_with(&ann, &token, &route).await;
            assert_eq!(verdict(&answer), refused(403, "reauthentication_required"), "{}", name_of(&route));
            let answer = knock_with(&ann.clone().in_browser(), &token, &route).await;
            let back = path_of(&route).replace('/', "%2F");
            assert_eq!((answer.status, answer.header("location")), (303, format!("/auth/reauthenticate?return_to={back}").as_str()));
        }
    }

    /// Promise: `ladder/proofs-only`
    async fn no_route_makes_a_session_for_somebody_without_a_proof(app: TestApp) {
        app.account(ANN).await;
        let mut stranger = app.visitor();
        let token = stranger.form_token().await;
        for route in table() {
            let mut guessing = stranger.clone();
            guessing.set_header("x-csrf-token", &token);
            // The one plausible value that would be a proof.
            let answer = if route.fields.iter().any(|field| field.name == "password") {
                let form = [("email", ANN), ("password", "not her password"), ("token", &"A".repeat(43))];
                let form: Vec<_> = form.into_iter().filter(|(name, _)| route.fields.iter().any(|field| field.name == *name)).collect();
                guessing.post_with("", &path_of(&route), &form).await
            } else {
                knock(&mut guessing, &route).await
            };
            assert!(!answer.set_cookies().iter().any(|cookie| cookie.contains("session=")), "{}", name_of(&route));
            assert_eq!(app.count("sessions").await, 0, "{}", name_of(&route));
        }
    }
}
