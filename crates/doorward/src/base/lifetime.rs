//! Believing an expiry only as far as clocks can be believed.
//!
//! - `lifetime/clocks`: A link does not work for longer because a clock was set back, or because another node's is ahead.

use std::time::Duration;

use doorward_core::Timestamp;

use crate::context::Context;

/// The expiries of what still works at one moment.
///
/// Something that lives for half an hour never expires later than half an hour from now. If it does, the clock was set back
/// since it was made, or another node's is ahead; waiting for the end would let it work for longer than it may.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Working {
    /// What expires then or before is over.
    pub(crate) after: Timestamp,
    /// What expires after that was made by another clock.
    pub(crate) until: Timestamp,
}

impl Working {
    /// What works now, of things that work for `lifetime`.
    pub(crate) fn now(cx: &Context, lifetime: Duration) -> Self {
        let now = cx.clock.now();
        Self { after: now, until: now.after(lifetime).after(LEEWAY) }
    }
}

/// How far the clocks of two nodes may be apart.
pub(crate) const LEEWAY: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests;
