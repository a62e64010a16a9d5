//! What an operator may set about domains of tenants.

use std::{
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use doorward_core::DomainName;

use crate::base::settings::{SettingsError, days, settings};

settings! {
    /// Email domains that tenants have proved to be theirs.
    "domains" Settings {
        /// The resolvers that records are asked of, as `ADDRESS` or `ADDRESS:PORT`, in their order. Empty for those of the system.
        /// One that validates DNSSEC is better: what it says decides whose a domain is.
        resolvers["resolvers"]: Vec<String> = Vec::new();
        /// How long one lookup may take, over all resolvers and tries.
        timeout["timeout_secs"]: Duration = Duration::from_secs(5), Duration::from_secs(1) => Duration::from_secs(30);
        /// How often the record of a proved domain is looked for again.
        recheck["recheck_secs"]: Duration = days(1), Duration::from_secs(3600) => days(7);
        /// For how long a domain stays proved while its record is gone. A zone that somebody is moving comes back; a domain that
        /// was sold does not.
        grace["grace_secs"]: Duration = days(7), days(1) => days(90);
        /// Domains that one tenant may have on its list.
        per_tenant["per_tenant"]: u32 = 20, 1 => 100;
        /// Checks that the people of one tenant may ask for in an hour.
        checks_per_hour["checks_per_hour"]: u32 = 30, 1 => 1000;
        /// Further domains that no tenant may have. Those of public mail services are known, and so are public suffixes.
        refused["refused"]: Vec<String> = Vec::new();
    }
}

impl Settings {
    /// Reads the addresses of the resolvers.
    pub(super) fn servers(&self) -> Option<Vec<SocketAddr>> {
        let one = |text: &String| {
            let plain = text.parse::<IpAddr>().ok().map(|address| SocketAddr::new(address, 53));
            plain.or_else(|| text.parse().ok())
        };
        self.resolvers.iter().map(one).collect()
    }

    /// Says what is written as an address and is none, or as a domain.
    pub(crate) fn mistakes(&self) -> Vec<SettingsError> {
        let error = |key: &str, problem: &str, cure: &str| SettingsError {
            key: format!("domains.{key}"),
            problem: problem.to_owned(),
            cure: cure.to_owned(),
        };
        let few = self.servers().is_some_and(|servers| servers.len() <= MOST_RESOLVERS);
        let resolvers = (!few).then(|| {
            error(
                "resolvers",
                "it is no list of up to three addresses",
                "Write \"192.0.2.53\" or \"[2001:db8::53]:5353\".",
            )
        });
        let refused = self.refused.iter().any(|text| DomainName::parse(text).is_err());
        let refused =
            refused.then(|| error("refused", "one of them is no domain", "Write domains as in \"example.com\"."));
        resolvers.into_iter().chain(refused).collect()
    }
}

/// As many as the system's resolver takes.
const MOST_RESOLVERS: usize = 3;
