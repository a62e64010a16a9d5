//! A clock that moves when a test says so.

use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::Duration,
};

use doorward_core::{Clock, Timestamp};

/// A clock that a test holds in its hand.
#[derive(Debug)]
pub struct ManualClock(AtomicI64);

impl ManualClock {
    /// Starts in the morning of 2026-11-23.
    pub(crate) fn new() -> Self {
        Self(AtomicI64::new(1_795_420_800_000_000))
    }

    /// Lets time pass.
    pub fn advance(&self, span: Duration) {
        self.0.fetch_add(i64::try_from(span.as_micros()).expect("a test's pauses are short"), Ordering::SeqCst);
    }

    /// Sets the clock back, as an operator or a time server may.
    pub fn set_back(&self, span: Duration) {
        self.0.fetch_sub(i64::try_from(span.as_micros()).expect("a test's pauses are short"), Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::SeqCst))
    }
}
