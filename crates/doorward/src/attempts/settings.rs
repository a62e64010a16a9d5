//! What an operator may set about failed attempts.

use std::time::Duration;

use crate::base::settings::settings;

settings! {
    /// Failed attempts to log in.
    "attempts" Settings {
        /// Failures in a row of one account (or of its known devices together) that cost no wait.
        free["free"]: u32 = 5, 3 => 20;
        /// The wait after the first failure beyond that; it doubles with each further one.
        first_wait["first_wait_secs"]: Duration = Duration::from_secs(30), Duration::from_secs(1) => Duration::from_secs(3600);
        /// The longest wait between two failures.
        longest_wait["longest_wait_secs"]: Duration = Duration::from_secs(3600), Duration::from_secs(30) => Duration::from_secs(86_400);
        /// Failures in a row after which the password works no more until it is reset (NIST SP 800-63B-4: at most 100).
        hard_stop["hard_stop"]: u32 = 100, 10 => 100;
        /// Failures from one address (an IPv6 /64 counts as one), over all accounts, that cost no wait. A company behind one address
        /// needs more of them than a person; they are forgotten after an hour.
        free_per_address["free_per_address"]: u32 = 50, 5 => 10_000;
        /// Requests for letters (sign-up, reset) that one address may make in an hour.
        letters_per_address["letters_per_address"]: u32 = 60, 5 => 10_000;
        /// Letters of one kind that one account or address is sent in an hour.
        letters_per_account["letters_per_account"]: u32 = 3, 1 => 20;
    }
}
