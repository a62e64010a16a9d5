//! A panic in one piece of work becomes a fault of that piece.

use std::{
    future::{Future, poll_fn},
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    task::Poll,
};

use crate::error::Fault;

/// Does `work`; a panic in it ends there and is a fault, told like any other.
///
/// What the work had open is dropped by then, so its transaction is undone. The panic's message is not taken over: it may
/// quote what somebody sent, and the panic hook has been told where it happened.
pub(crate) async fn caught<T>(mut work: Pin<&mut impl Future<Output = T>>) -> Result<T, Fault> {
    poll_fn(|waker| {
        // Nothing sees what the panic left half done: the work is never polled again, a transaction that is dropped is
        // rolled back, and what requests share (readers, keys, the hashing pool) takes no notice of poisoned locks.
        match catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(waker))) {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(done)) => Poll::Ready(Ok(done)),
            Err(_) => Poll::Ready(Err(Fault::new("doing what was asked", "it panicked; please report this"))),
        }
    })
    .await
}
