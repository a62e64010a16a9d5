//! What an operator may set about API keys.

use std::time::Duration;

use crate::base::settings::{days, settings};

settings! {
    /// API keys of people and of tenants' services.
    "api_keys" Settings {
        /// How long a key works when its maker says nothing else.
        lifetime["lifetime_secs"]: Duration = days(90), days(1) => days(365);
        /// How long a key works at most: nobody remembers a key that never ends, but whoever has found it does. A shorter span
        /// voids at once the keys that have longer to go.
        longest["longest_secs"]: Duration = days(365), days(1) => days(365);
        /// Keys that one person may have, in all tenants together.
        per_account["per_account"]: u32 = 25, 1 => 1000;
        /// Keys that the services of one tenant may have.
        per_tenant["per_tenant"]: u32 = 100, 1 => 10_000;
        /// Access tokens that one key may be exchanged for in an hour. A token works for minutes, so a program that keeps it needs few.
        tokens_per_hour["tokens_per_hour"]: u32 = 600, 1 => 1_000_000;
        /// The audiences that a key may be for, each an absolute URI without a fragment (RFC 8707); the first is meant when its maker
        /// chooses none. Empty for the public URL of the site.
        resources["resources"]: Vec<String> = Vec::new();
    }
}
