//! Several workers, and one whose letter cannot be written.

use std::{future::Future, pin::Pin, time::Duration};

use super::super::{Composer, Order, deliver, outbox};
use crate::{context::Context, error::Fault, on_every_engine, testing::crowd::at_once};

const ANN: &str = "ann@example.com";

type Written<'c> = Pin<Box<dyn Future<Output = Result<Option<String>, Fault>> + Send + 'c>>;

fn panicking<'c>(_: &'c Context, order: &'c Order) -> Written<'c> {
    Box::pin(async move { panic!("no letter for {:?}", order.recipient) })
}

on_every_engine! {
    /// Promise: `mail/once`
    async fn who_comes_second_to_an_order_takes_the_next_at_once(app: TestApp) {
        for round in 0..10 {
            for _ in 0..8 {
                app.visitor().post("/auth/password/forgot", &[("email", ANN)]).await;
            }
            let (db, now) = (app.db().clone(), app.now());
            let lease = now.after(Duration::from_secs(60));
            let taken = at_once((0..8).map(|_| {
                let db = db.clone();
                async move { outbox::claim(&db, now, lease).await.unwrap().map(|order| order.id) }
            }))
            .await;
            let mut ids: Vec<_> = taken.into_iter().flatten().collect();
            ids.sort_unstable();
            ids.dedup();
            assert_eq!(ids.len(), 8, "round {round}: each worker has an order of its own");
        }
    }

    /// Promise: `mail/tries-again`
    async fn a_letter_whose_writing_panics_is_tried_again_and_the_worker_goes_on(app: TestApp) {
        app.account(ANN).await;
        app.visitor().post("/auth/password/forgot", &[("email", ANN)]).await;
        let cx = app.doorward.context();
        let composers: Vec<_> = crate::features::composers();
        let broken: Vec<_> = composers.iter().map(|one| Composer { kind: one.kind, compose: panicking }).collect();
        assert_eq!(deliver(cx, &broken).await.unwrap(), 1);
        assert_eq!(app.count("outbox").await, 1);
        app.wait(Duration::from_secs(10));
        assert_eq!(app.letters_to(ANN).await.len(), 1);
        assert_eq!(app.count("outbox").await, 0);
    }
}
