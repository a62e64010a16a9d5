//! The one place in which this crate asks what time it is.

use std::time::{Duration, Instant};

/// Runs `work` and tells how long it took.
#[allow(clippy::disallowed_methods, reason = "durations are shown to a person and decide nothing")]
pub(super) fn timed<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let start = Instant::now();
    let result = work();
    (start.elapsed(), result)
}
