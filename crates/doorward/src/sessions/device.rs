//! A session as pages show it.

use doorward_core::{SessionId, Timestamp};

use super::rules::Listed;
use crate::base::render::ago;

/// A line in the list of devices; `devices.html` writes it.
pub(crate) struct Device {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) address: String,
    pub(crate) logged_in: String,
    pub(crate) last_seen: String,
    pub(crate) this: bool,
}

impl Device {
    /// The lines for `listed`, as they are at `now` for somebody in the session `current`.
    pub(crate) fn all(listed: Vec<Listed>, current: SessionId, now: Timestamp) -> Vec<Self> {
        let line = |listed: Listed| Self {
            id: listed.id.to_string(),
            name: listed.device,
            address: listed.address,
            logged_in: ago(listed.created_at, now),
            last_seen: ago(listed.seen_at, now),
            this: listed.id == current,
        };
        listed.into_iter().map(line).collect()
    }
}
