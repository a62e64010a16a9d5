//! What an operator may set about letting clients in.

use std::time::Duration;

use crate::base::settings::settings;

settings! {
    /// Letting clients in.
    "authorization" Settings {
        /// How long a code works. A client exchanges it at once; OAuth 2.1 allows ten minutes.
        code_lifetime["code_lifetime_secs"]: Duration = Duration::from_secs(60), Duration::from_secs(10) => Duration::from_secs(600);
        /// How long a request that a client has pushed waits for its person, who may have to log in first.
        pushed_lifetime["pushed_lifetime_secs"]: Duration = Duration::from_secs(600), Duration::from_secs(60) => Duration::from_secs(3600);
        /// How long somebody has to enter the code that a device shows.
        device_lifetime["device_lifetime_secs"]: Duration = Duration::from_secs(600), Duration::from_secs(60) => Duration::from_secs(1800);
        /// How many codes of devices somebody may enter in an hour. A code has 34 bits; whoever guesses must not get far.
        device_tries["device_tries"]: u32 = 20, 5 => 1000;
    }
}
