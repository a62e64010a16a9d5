//! What an operator may set about sessions.

use std::time::Duration;

use crate::base::settings::settings;

settings! {
    /// Sessions of browsers.
    "sessions" Settings {
        /// How long a session lasts at most.
        absolute["absolute_secs"]: Duration = Duration::from_secs(28_800), Duration::from_secs(300) => Duration::from_secs(2_592_000);
        /// How long a session lasts without being used. Use is noted to the minute.
        idle["idle_secs"]: Duration = Duration::from_secs(3600), Duration::from_secs(120) => Duration::from_secs(2_592_000);
        /// Sessions of one account at a time; one more ends the oldest.
        per_account["per_account"]: u32 = 100, 1 => 1000;
        /// Sessions in use that stay in memory while nothing changes them, at about 500 bytes each; 0 reads the database
        /// for every request. Only an embedded database can say at once whether something has changed.
        kept["kept"]: u32 = 100_000, 0 => 10_000_000;
    }
}
