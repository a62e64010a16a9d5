//! What an operator may set about sign-up.

use std::time::Duration;

use crate::base::settings::settings;

settings! {
    /// Sign-up.
    "signup" Settings {
        /// Whether strangers may sign up. Without it accounts are made with `doorward user create`.
        open["open"]: bool = true;
        /// How long a confirmation link works.
        lifetime["lifetime_secs"]: Duration = Duration::from_secs(86_400), Duration::from_secs(600) => Duration::from_secs(604_800);
    }
}
