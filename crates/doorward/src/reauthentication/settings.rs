//! What an operator may set about proving oneself once more.

use std::time::Duration;

use crate::base::settings::settings;

settings! {
    /// Proving oneself once more before what matters.
    "reauthentication" Settings {
        /// How long such a proof is good.
        valid["valid_secs"]: Duration = Duration::from_secs(300), Duration::from_secs(30) => Duration::from_secs(3600);
    }
}
