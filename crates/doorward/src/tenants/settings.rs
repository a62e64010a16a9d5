//! What an operator may set about tenants.

use std::time::Duration;

use crate::base::settings::settings;

settings! {
    /// Tenants.
    "tenants" Settings {
        /// Whether anybody who is logged in may make a tenant. Otherwise operators do.
        self_service["self_service"]: bool = true;
        /// Tenants that one account may own. Operators may give it more.
        owned["owned_per_account"]: u32 = 10, 1 => 1000;
        /// Tenants that one account may belong to.
        joined["joined_per_account"]: u32 = 100, 1 => 1000;
        /// Members of one tenant.
        members["members_per_tenant"]: u32 = 10_000, 1 => 1_000_000;
        /// How long a tenant that is to be deleted waits for somebody to change their mind. Its members are kept out meanwhile.
        waiting["deletion_waits_secs"]: Duration = Duration::from_secs(1_209_600), Duration::ZERO => Duration::from_secs(7_776_000);
        /// Memberships in use that stay in memory while nothing changes them, at about 400 bytes each; 0 reads the database
        /// for every question. Only an embedded database can say at once whether something has changed.
        kept["kept"]: u32 = 100_000, 0 => 10_000_000;
    }
}
