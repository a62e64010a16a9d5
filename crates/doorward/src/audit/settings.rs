//! What an operator may set about the audit log.

use std::time::Duration;

use crate::base::settings::settings;

settings! {
    /// The audit log.
    "audit" Settings {
        /// How long an event is kept. Thirteen months cover a yearly review.
        keep["keep_secs"]: Duration = Duration::from_secs(34_300_800), Duration::from_secs(86_400) => Duration::from_secs(315_360_000);
        /// Whether each event is also written to standard output as one line of JSON.
        stream["stream"]: bool = false;
    }
}
