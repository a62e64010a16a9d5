//! What an operator may set about invitations.

use std::time::Duration;

use crate::base::settings::settings;

settings! {
    /// Invitations to tenants.
    "invitations" Settings {
        /// How long the link of an invitation works.
        lifetime["lifetime_secs"]: Duration = Duration::from_secs(259_200), Duration::from_secs(3600) => Duration::from_secs(2_592_000);
        /// Invitations of one tenant that may wait to be accepted.
        waiting["waiting_per_tenant"]: u32 = 100, 1 => 10_000;
        /// Letters with an invitation that one member may have sent in an hour, to whomever, in all tenants together.
        letters_per_member["letters_per_member"]: u32 = 50, 1 => 10_000;
        /// Letters with an invitation that the members of one tenant may have sent in an hour.
        letters_per_tenant["letters_per_tenant"]: u32 = 200, 1 => 100_000;
    }
}
