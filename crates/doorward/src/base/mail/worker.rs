//! The worker that writes and sends what is due.

use std::{
    future::Future,
    pin::{Pin, pin},
    sync::Arc,
    time::Duration,
};

use tokio::sync::Notify;

use super::{
    letter::Letter,
    outbox::{self, Order},
    transport::Transport,
};
use crate::{base::panics::caught, context::Context, error::Fault};

/// Fills in the template of an order's letter; `None` when there is nothing to send after all.
pub(crate) type Compose =
    for<'c> fn(&'c Context, &'c Order) -> Pin<Box<dyn Future<Output = Result<Option<String>, Fault>> + Send + 'c>>;

/// A kind of letter and what writes it.
#[derive(Clone, Copy)]
pub(crate) struct Composer {
    pub(crate) kind: &'static str,
    pub(crate) compose: Compose,
}

/// The post office: how letters leave, and the bell that tells of new orders.
pub(crate) struct Post {
    pub(crate) transport: Transport,
    bell: Arc<Notify>,
}

impl Post {
    pub(crate) fn new(transport: Transport) -> Self {
        Self { transport, bell: Arc::new(Notify::new()) }
    }

    /// The bell to ring when an order has been committed.
    pub(crate) fn wake(&self) -> Arc<Notify> {
        Arc::clone(&self.bell)
    }

    /// Waits for the bell, or for the time when repeated tries may be due.
    pub(crate) async fn idle(&self) {
        let _ = tokio::time::timeout(Duration::from_secs(5), self.bell.notified()).await;
    }
}

/// Writes and sends everything that is due now; returns how many orders were taken up.
pub(crate) async fn deliver(cx: &Context, composers: &[Composer]) -> Result<usize, Fault> {
    let mut taken = 0;
    loop {
        let now = cx.clock.now();
        let Some(order) = outbox::claim(&cx.db, now, now.after(LEASE)).await? else { return Ok(taken) };
        taken += 1;
        // A panic over one letter would otherwise end the worker, and with it all others.
        match caught(pin!(attempt(cx, composers, &order))).await.and_then(|done| done) {
            Ok(result) => {
                cx.metrics.letter(result);
                outbox::remove(&cx.db, order.id).await?;
            }
            Err(fault) => again_later(cx, &order, &fault).await?,
        }
    }
}

async fn attempt(cx: &Context, composers: &[Composer], order: &Order) -> Result<&'static str, Fault> {
    let Some(composer) = composers.iter().find(|composer| composer.kind == order.kind) else {
        return Err(Fault::new("writing a letter", format!("nothing here writes letters of kind {}", order.kind)));
    };
    let Some(source) = (composer.compose)(cx, order).await? else { return Ok("unneeded") };
    let letter = Letter::written(&source, &cx.site.name);
    tokio::time::timeout(LEASE / 2, cx.post.transport.send(&order.recipient, &letter))
        .await
        .map_err(|_| Fault::new("sending a letter", "the mail server took too long"))??;
    Ok("sent")
}

/// Pauses of 10 s, 40 s, 90 s … up to an hour; after a day the order is given up, and the log says so.
async fn again_later(cx: &Context, order: &Order, fault: &Fault) -> Result<(), Fault> {
    let now = cx.clock.now();
    if now.since(order.created_at) > GIVE_UP {
        tracing::error!(kind = order.kind, %fault, "gave up on a letter after a day");
        cx.metrics.letter("given_up");
        return outbox::remove(&cx.db, order.id).await;
    }
    tracing::warn!(kind = order.kind, attempts = order.attempts, %fault, "a letter could not be sent, trying again later");
    cx.metrics.letter("postponed");
    let tries = u32::try_from(order.attempts).unwrap_or(u32::MAX).clamp(1, 60);
    let pause = (Duration::from_secs(10) * tries * tries).min(Duration::from_secs(3600));
    outbox::postpone(&cx.db, order.id, now.after(pause)).await
}

const LEASE: Duration = Duration::from_secs(60);
const GIVE_UP: Duration = Duration::from_secs(86_400);
