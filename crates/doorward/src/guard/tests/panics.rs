//! A fault in the program itself: one request is answered 503, and everybody else goes on.

use std::{
    net::SocketAddr,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use axum::{Router, http::StatusCode, middleware, routing::get};
use doorward_core::{Clock, Timestamp};
use tokio::net::TcpListener;

use super::*;
use crate::{
    Doorward, SignedIn,
    guard::{NoInput, Public, Refused, Reply, Routes},
    operate::Durability,
    testing::ManualClock,
};

async fn at_once(_: Public, _: NoInput) -> Result<Reply, Refused> {
    panic!("with a secret in it")
}

/// Panics after it has taken every session away, with the transaction still open.
async fn midway(visitor: Public, _: NoInput) -> Result<Reply, Refused> {
    let mut tx = visitor.cx().db.begin(Durability::Full).await?;
    tx.execute("DELETE FROM sessions", &[]).await?;
    tokio::task::yield_now().await;
    panic!("with a secret in it")
}

async fn of_somebody(person: SignedIn) -> String {
    panic!("{} had a secret", person.account())
}

async fn of_nobody() -> String {
    panic!("with a secret in it")
}

/// A layer of an application that answers for its own panics.
async fn catching(request: axum::extract::Request, next: middleware::Next) -> (StatusCode, String) {
    match crate::base::panics::caught(pin!(next.run(request))).await {
        Ok(_) => (StatusCode::OK, String::new()),
        Err(_) => (StatusCode::INTERNAL_SERVER_ERROR, "sorry".to_owned()),
    }
}

/// A clock that panics when it is told to.
struct Broken(Arc<ManualClock>, Arc<AtomicBool>);

impl Clock for Broken {
    fn now(&self) -> Timestamp {
        assert!(!self.1.load(Ordering::SeqCst), "with a secret in it");
        self.0.now()
    }
}

/// Serves something beside the application, on the same database, to somebody with the same cookies.
async fn beside(app: &TestApp, service: Router, person: &Actor) -> Actor {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut visitor = Actor::new(listener.local_addr().unwrap(), app.origin());
    visitor.cookies = person.cookies.clone();
    let service = service.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, service).await });
    visitor
}

fn faults(doorward: &Doorward) -> u64 {
    doorward.context().metrics.faults.get()
}

fn panicking(app: &TestApp) -> Router {
    let mut routes = Routes::default();
    routes.get("/at-once", at_once, "Panics.");
    routes.get("/midway", midway, "Panics.");
    routes.post("/midway", midway, "Panics.");
    routes.router(app.doorward.context())
}

on_every_engine! {
    /// Promise: `guard/panics-end-there`
    async fn a_handler_that_panics_is_answered_503_with_a_reference(app: TestApp) {
        let mut ann = app.person(ANN).await;
        let token = ann.form_token().await;
        let mut there = beside(&app, panicking(&app), &ann).await;
        let before = faults(&app.doorward);
        for (round, path) in (1..).zip(["/auth/at-once", "/auth/midway"]) {
            let answer = there.get(path).await;
            assert_eq!(verdict(&answer), refused(503, "unavailable"), "{path}");
            assert_eq!(answer.header("retry-after"), "2");
            assert!(answer.json()["reference"].as_str().is_some_and(|text| text.len() == 8), "{}", answer.text());
            assert_eq!(answer.header("cache-control"), "no-store");
            assert!(!answer.text().contains("secret"), "{}", answer.text());
            assert_eq!(faults(&app.doorward), before + round, "it is told once");
        }
        let page = there.clone().in_browser().get("/auth/at-once").await;
        assert!(page.status == 503 && page.text().contains("quote this reference") && !page.text().contains("secret"), "{}", page.text());
        assert_eq!(verdict(&there.post_with(&token, "/auth/midway", &[]).await), refused(503, "unavailable"));
    }

    /// Promise: `guard/panics-end-there`, `db/all-or-nothing`
    async fn what_a_panicking_handler_had_begun_is_undone_and_others_go_on(app: TestApp) {
        let mut ann = app.person(ANN).await;
        let mut there = beside(&app, panicking(&app), &ann).await;
        // More often than there are connections: one that was left in its transaction would be missed.
        for _ in 0..40 {
            assert_eq!(there.get("/auth/midway").await.status, 503);
        }
        assert_eq!(app.count("sessions").await, 1);
        assert!(ann.is_signed_in().await);
        assert_eq!(ann.post("/auth/account/profile", &[("display_name", "Ann")]).await.status, 200, "one may write again");
        assert_eq!(app.visitor().post("/auth/login", &[("email", ANN), ("password", PASSWORD)]).await.status, 200);
    }

    /// Promise: `guard/panics-end-there`
    async fn a_guard_that_panics_is_503_in_an_applications_own_route_too(app: TestApp) {
        let ann = app.person(ANN).await;
        let broken = Arc::new(AtomicBool::new(false));
        let clock = Arc::new(Broken(Arc::clone(&app.clock), Arc::clone(&broken)));
        let keys = app.key_file().load().unwrap();
        let mailbox = app.folder().join("mailbox");
        let doorward = Doorward::builder(app.settings.clone()).keys(keys).development_mailbox(mailbox).clock(clock);
        let doorward = doorward.open().await.unwrap();
        let own = Router::new().route("/hello", get(|person: SignedIn| async move { person.account().to_string() }));
        let mut there = beside(&app, doorward.protect(own).merge(doorward.router()), &ann).await;
        assert_eq!(there.get("/hello").await.status, 200);
        broken.store(true, Ordering::SeqCst);
        for path in ["/hello", "/auth/session", "/auth/account"] {
            assert_eq!(verdict(&there.get(path).await), refused(503, "unavailable"), "{path}");
        }
        assert_eq!(faults(&doorward), 3);
        broken.store(false, Ordering::SeqCst);
        assert_eq!((there.get("/hello").await.status, there.get("/auth/session").await.status), (200, 200));
    }

    /// Promise: `guard/panics-end-there`
    async fn a_panic_of_an_application_is_503_and_leaves_its_guards_as_they_were(app: TestApp) {
        let ann = app.person(ANN).await;
        let own = Router::new().route("/panics", get(of_somebody)).route("/open", get(of_nobody));
        let own = own.route("/hello", get(async |_: SignedIn| "hello"));
        let mut there = beside(&app, app.doorward.protect(own), &ann).await;
        let before = faults(&app.doorward);
        for (round, path) in (1..).zip(["/panics", "/open"].repeat(10)) {
            let answer = there.get(path).await;
            assert_eq!(verdict(&answer), refused(503, "unavailable"), "{path}");
            assert!(!answer.text().contains("secret"), "{}", answer.text());
            assert_eq!(faults(&app.doorward), before + round, "it is told once");
        }
        let page = there.clone().in_browser().get("/panics").await;
        assert!(page.status == 503 && page.text().contains("quote this reference"), "{}", page.text());
        assert_eq!(there.get("/hello").await.text(), "hello");
    }

    /// An application that has an answer of its own for its panics keeps it.
    async fn what_an_application_catches_itself_is_its_own_affair(app: TestApp) {
        let ann = app.person(ANN).await;
        let own = Router::new().route("/panics", get(of_somebody)).layer(middleware::from_fn(catching));
        let mut there = beside(&app, app.doorward.protect(own), &ann).await;
        let answer = there.get("/panics").await;
        assert_eq!((answer.status, answer.text().as_str()), (500, "sorry"));
    }
}
