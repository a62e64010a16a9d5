//! What an operator may set about the keys of tokens.

use std::time::Duration;

use crate::base::settings::{days, settings};

settings! {
    /// The keys that sign tokens.
    "signing" Settings {
        /// How long a key signs before the next one does. A key that leaks unseen is worth something for as long.
        rotate_every["rotate_every_secs"]: Duration = days(30), days(7) => days(366);
        /// How long a key is published before it signs, so that every service that verifies knows it by then. Services may keep the
        /// key set for five minutes.
        publish_ahead["publish_ahead_secs"]: Duration = days(1), Duration::from_secs(900) => days(3);
    }
}
