//! What an operator may set about changes of address.

use std::time::Duration;

use crate::base::settings::settings;

settings! {
    /// Changes of address.
    "email_change" Settings {
        /// How long the link to the new address works.
        lifetime["lifetime_secs"]: Duration = Duration::from_secs(86_400), Duration::from_secs(600) => Duration::from_secs(604_800);
    }
}
