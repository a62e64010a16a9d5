//! What an operator is.

use std::net::IpAddr;

use axum::http::StatusCode;
use doorward_core::{AccountId, RoleName, Timestamp};

use crate::{
    audit::{Action, By, Event},
    guard::{Denial, Problem},
    policy::{OwnRoles, Permissions, Policy},
};

/// An account that runs the service.
#[derive(Clone, Debug)]
pub struct Operator {
    /// Which account.
    pub account: AccountId,
    /// Its roles in the console.
    pub roles: Vec<RoleName>,
    /// Since when it has them.
    pub granted_at: Timestamp,
}

/// Whether powers reach as far as a permission.
type Reaches = fn(&Powers) -> bool;

/// Whoever acts for the service: who it was for the log, and who is asked again before the act becomes true.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hand {
    by: By,
    /// The operator in the console and whether their powers reach this far; nobody is asked at the command line.
    pub(super) asked: Option<(AccountId, Reaches)>,
}

impl Hand {
    /// Somebody at the command line of the server.
    pub(crate) const COMMAND_LINE: Self = Self { by: By::COMMAND_LINE, asked: None };

    /// An operator in the console, in what needs `P`.
    pub(crate) fn of<P: Power>(account: AccountId, address: IpAddr) -> Self {
        Self { by: By::operator(account, address), asked: Some((account, P::is_in)) }
    }

    /// Something that they did.
    pub(crate) fn did(self, action: Action) -> Event {
        self.by.did(action)
    }
}

/// A permission of the console as a type.
pub(crate) trait Power: Send + Sync + 'static {
    /// The name in the policy.
    const NAME: &'static str;

    /// Whether somebody who holds this may do it.
    fn is_in(powers: &Powers) -> bool {
        powers.hold(Self::NAME)
    }
}

/// What an operator may do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Powers {
    held: Permissions,
    /// Whether the policy knows a role of theirs.
    enters: bool,
}

impl Powers {
    /// What these roles hold together; those that the policy has forgotten hold nothing.
    pub(super) fn of(policy: &Policy, roles: &OwnRoles) -> Self {
        let enters = roles.iter().any(|role| policy.knows_operator(role));
        Self { held: policy.held_by_operator(roles), enters }
    }

    /// Whether they hold the permission of this name.
    pub(crate) fn hold(&self, name: &str) -> bool {
        Policy::of_operators(name).is_some_and(|permission| self.held.hold(permission))
    }

    /// Whether they hold all that the others hold.
    pub(crate) fn cover(&self, others: &Self) -> bool {
        self.held.and(&others.held) == self.held
    }
}

/// The permissions of the console's own routes.
pub(crate) mod power {
    macro_rules! powers {
        ($($(#[$doc:meta])* $power:ident = $name:literal;)*) => {$(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug)]
            pub(crate) enum $power {}

            impl super::Power for $power {
                const NAME: &'static str = $name;
            }
        )*};
    }

    /// Enters the console, whatever there is to see.
    #[derive(Clone, Copy, Debug)]
    pub(crate) enum Enter {}

    impl super::Power for Enter {
        const NAME: &'static str = "console:enter";

        fn is_in(powers: &super::Powers) -> bool {
            powers.enters
        }
    }

    powers! {
        /// Sees accounts.
        AccountsRead = "accounts:read";
        /// Changes them.
        AccountsManage = "accounts:manage";
        /// Sees tenants.
        TenantsRead = "tenants:read";
        /// Changes them.
        TenantsManage = "tenants:manage";
        /// Sees clients.
        ClientsRead = "clients:read";
        /// Registers and changes them.
        ClientsManage = "clients:manage";
        /// Sees API keys.
        ApiKeysRead = "api_keys:read";
        /// Takes them back.
        ApiKeysManage = "api_keys:manage";
        /// Sees providers.
        ProvidersRead = "providers:read";
        /// Tries them out.
        ProvidersTry = "providers:try";
        /// Says who is entitled to what.
        EntitlementsManage = "entitlements:manage";
        /// Ends sessions.
        SessionsManage = "sessions:manage";
        /// Reads the whole log.
        AuditRead = "audit:read";
        /// Sees how the system does.
        SystemRead = "system:read";
    }
}

/// Why somebody is no operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OperatorDenied {
    /// They are none at all: to them there is no console.
    NotOne,
    /// Their roles do not hold the permission.
    Forbidden,
}

impl Denial for OperatorDenied {
    fn problem(&self) -> Problem {
        match self {
            Self::NotOne => Problem::plain(StatusCode::NOT_FOUND, "not_found", "There is nothing at this address."),
            Self::Forbidden => {
                let text = "Your role as an operator does not reach this far.";
                Problem::plain(StatusCode::FORBIDDEN, "forbidden", text)
            }
        }
    }
}
