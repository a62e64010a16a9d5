//! What an operator may set about reset links.

use std::time::Duration;

use crate::base::settings::settings;

settings! {
    /// Reset links.
    "password_reset" Settings {
        /// How long a link works. Long enough to fetch the mail; NIST SP 800-63B-4 allows a day at most.
        lifetime["lifetime_secs"]: Duration = Duration::from_secs(1800), Duration::from_secs(300) => Duration::from_secs(86_400);
    }
}
