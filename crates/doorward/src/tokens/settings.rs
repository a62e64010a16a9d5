//! What an operator may set about tokens.

use std::time::Duration;

use crate::base::settings::{days, settings};

settings! {
    /// Tokens for programs.
    "tokens" Settings {
        /// How long an access token lives. Nobody asks us about it meanwhile, so it is what a revocation may take; RFC 9700 wants it short.
        access_lifetime["access_lifetime_secs"]: Duration = Duration::from_secs(300), Duration::from_secs(60) => Duration::from_secs(600);
        /// After how long without a use a refresh token ends.
        refresh_idle["refresh_idle_secs"]: Duration = days(14), Duration::from_secs(3600) => days(90);
        /// How long after the person has let a client in its refresh tokens end, however often they are used.
        refresh_absolute["refresh_absolute_secs"]: Duration = days(30), Duration::from_secs(3600) => days(365);
        /// How long after a rotation the token before is answered with the same new one: an answer may be lost on its way.
        /// A use later than that, or of an older one, ends the family.
        refresh_grace["refresh_grace_secs"]: Duration = Duration::from_secs(10), Duration::from_secs(0) => Duration::from_secs(60);
    }
}
