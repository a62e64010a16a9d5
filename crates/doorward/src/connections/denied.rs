//! Why something about a connection was not done, and what is said then.

use axum::http::StatusCode;

use crate::{
    federation::BroughtDenied,
    guard::{Denial, Problem},
    tenant_page::ActDenied,
    tenants,
};

/// Why something about a connection was not done.
#[derive(Clone, Debug)]
pub(crate) enum ConnectionDenied {
    /// Whoever acts may not, or not any more.
    Act(ActDenied),
    /// It is about who is let in how.
    Entry(EntryDenied),
    /// It is about a rule.
    Rule(RuleDenied),
    /// The operator does not let tenants bring providers.
    NotAllowed,
    /// There is no such kind of provider.
    Kind,
    /// The text cannot stand on a button.
    Label,
    /// There is no client id.
    ClientId,
    /// There is no secret.
    Secret,
    /// There is no issuer, or it is none that is called.
    Issuer,
    /// It is no domain.
    Domain,
    /// It is no id of a directory.
    Directory,
    /// The domain is none that the tenant has proved.
    NotProved,
    /// Another tenant has these people, or this one has them already.
    Taken,
    /// The role is none that somebody may get by joining.
    Role,
    /// Nothing is written about it that could be tried.
    NotWritten,
    /// There are as many as may be.
    TooMany,
    /// It is not there, or not any more.
    NoSuchConnection,
}

impl From<BroughtDenied> for ConnectionDenied {
    fn from(denied: BroughtDenied) -> Self {
        match denied.0 {
            "kind" => Self::Kind,
            "tenants" => Self::Directory,
            "domains" => Self::Domain,
            _ => Self::Issuer,
        }
    }
}

impl Denial for ConnectionDenied {
    fn problem(&self) -> Problem {
        match self {
            Self::Act(denied) => denied.problem(),
            Self::Entry(denied) => denied.problem(),
            Self::Rule(denied) => denied.problem(),
            Self::NotAllowed => {
                let text = "Here organisations have no login of their own. Ask whoever runs the service.";
                Problem::plain(StatusCode::FORBIDDEN, "connections_not_allowed", text)
            }
            Self::Kind => Problem::field("kind", "kind_unknown", "Choose one of the list."),
            Self::Label => Problem::field("label", "label_invalid", "Write what people call it, in up to 100 letters."),
            Self::ClientId => {
                Problem::field("client_id", "client_id_missing", "Write the client id that the provider gave you.")
            }
            Self::Secret => Problem::field(
                "client_secret",
                "client_secret_missing",
                "Write the secret that the provider gave you, also when it is the one of before.",
            ),
            Self::Issuer => Problem::field(
                "issuer",
                "issuer_invalid",
                "Write the provider's issuer exactly as it says it, such as https://id.example.com; it must be a public address.",
            ),
            Self::Domain => Problem::field(
                "organisation",
                "organisation_invalid",
                "Write the domain of your organisation as Google knows it, such as example.com.",
            ),
            Self::Directory => Problem::field(
                "organisation",
                "organisation_invalid",
                "Write the id of your directory, as Microsoft's portal shows it: 32 digits with four hyphens.",
            ),
            Self::NotProved => Problem::field(
                "organisation",
                "domain_not_proved",
                "Your organisation has not proved this domain. Prove it on the page Domains first.",
            ),
            Self::Taken => Problem {
                status: StatusCode::CONFLICT,
                ..Problem::field(
                    "organisation",
                    "organisation_taken",
                    "Its people belong to an organisation here already.",
                )
            },
            Self::Role => Problem::field(
                "role",
                "role_unfit",
                "Choose a role that you may give and that gives no others; nobody gets more just by joining.",
            ),
            Self::NotWritten => {
                let text = "There is nothing to be tried. Write first what the provider gave you, and save it.";
                Problem::plain(StatusCode::CONFLICT, "connection_not_written", text)
            }
            Self::TooMany => {
                let text = "There are as many as may be. Remove one first.";
                Problem::plain(StatusCode::CONFLICT, "too_many_connections", text)
            }
            Self::NoSuchConnection => {
                let text = "There is no such provider here; it may have been removed.";
                Problem::plain(StatusCode::NOT_FOUND, "no_such_connection", text)
            }
        }
    }
}

/// Why nobody was let in, or nothing was changed about who is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum EntryDenied {
    /// There is no such tenant, or not for whoever asks.
    NoSuchTenant,
    /// There is no such owner.
    NoSuchOwner,
    /// There would be no provider by which people come in.
    NoDoor,
    /// There would be no owner who can do without.
    NoBreaker,
    /// Whoever wants to come in without the provider was not named for it.
    NoGlass,
    /// The session is over.
    LoggedOut,
}

impl Denial for EntryDenied {
    fn problem(&self) -> Problem {
        match self {
            Self::NoSuchTenant => tenants::no_such_tenant(),
            Self::NoSuchOwner => Problem::plain(
                StatusCode::NOT_FOUND,
                "no_such_owner",
                "There is no such owner; only owners can be named.",
            ),
            Self::NoDoor => {
                let text = "People are to come by a provider of yours, and there would be none. Let them log in any way first.";
                Problem::plain(StatusCode::CONFLICT, "no_provider_left", text)
            }
            Self::NoBreaker => {
                let text =
                    "Name an owner first who may come in without the provider, for the day when it does not work.";
                Problem::plain(StatusCode::CONFLICT, "break_glass_missing", text)
            }
            Self::NoGlass => {
                let text = "You were not named for coming in without your organisation's login. Ask an owner.";
                Problem::plain(StatusCode::FORBIDDEN, "break_glass_not_yours", text)
            }
            Self::LoggedOut => Problem::plain(
                StatusCode::UNAUTHORIZED,
                "not_signed_in",
                "You have been logged out meanwhile. Log in again.",
            ),
        }
    }
}

impl From<EntryDenied> for ConnectionDenied {
    fn from(denied: EntryDenied) -> Self {
        Self::Entry(denied)
    }
}

/// Why a rule was not written.
#[derive(Clone, Copy, Debug)]
pub(crate) enum RuleDenied {
    /// It is no name of a claim.
    Claim,
    /// It is no value of one.
    Value,
    /// The role is none that a rule may give.
    Role,
    /// There are as many rules as may be.
    TooMany,
}

impl Denial for RuleDenied {
    fn problem(&self) -> Problem {
        match self {
            Self::Claim => Problem::field("claim", "claim_invalid", "Write the name of a claim, such as groups."),
            Self::Value => {
                Problem::field("value", "value_invalid", "Write a value of it, exactly as the provider says it.")
            }
            Self::Role => Problem::field(
                "role",
                "role_unfit",
                "Choose a role that you may give, and not the owner's; nobody becomes an owner by a provider.",
            ),
            Self::TooMany => {
                let text = "There are as many rules as may be. Remove one first.";
                Problem::plain(StatusCode::CONFLICT, "too_many_rules", text)
            }
        }
    }
}

impl From<RuleDenied> for ConnectionDenied {
    fn from(denied: RuleDenied) -> Self {
        Self::Rule(denied)
    }
}
