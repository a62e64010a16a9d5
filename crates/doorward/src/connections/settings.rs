//! What an operator may set about providers that tenants bring.

use std::time::Duration;

use crate::base::settings::{days, settings};

settings! {
    /// Providers that tenants have brought.
    "connections" Settings {
        /// Whether tenants may bring a provider of their own. While they may not, those that there are lead nowhere.
        allowed["allowed"]: bool = true;
        /// Whether somebody who comes for the first time by the provider of their organisation gets an account, also where
        /// `signup.open` says that strangers do not.
        sign_up["sign_up"]: bool = false;
        /// Providers that one tenant may have.
        per_tenant["per_tenant"]: u32 = 3, 1 => 20;
        /// Whether such a provider may be at an address that only this network reaches. Tenants would then make this service
        /// call what they name there.
        allow_private_addresses["allow_private_addresses"]: bool = false;
        /// How long a session that such a provider has opened gives access until it is asked once more who that is. Without it
        /// it is not asked again.
        recheck["recheck_secs"]: Option<Duration> = None, Some(Duration::from_secs(300)) => Some(days(30));
    }
}
