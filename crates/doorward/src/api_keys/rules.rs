//! What a key is, what may be made, and why not.

use std::time::Duration;

use axum::http::StatusCode;
use doorward_core::{AccountId, ApiKey, ApiKeyId, Digest, TenantId, Timestamp};
use serde_json::{Value, json};

use super::Settings;
use crate::{
    base::lifetime::LEEWAY,
    guard::{Denial, Problem},
    tenant_page::ActDenied,
    tokens::Scopes,
};

/// Whom a key acts for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    /// A person, in one tenant.
    Person(AccountId),
    /// The tenant itself.
    Tenant,
}

impl Owner {
    /// How programs name the kind of key.
    pub(super) fn kind(self) -> &'static str {
        match self {
            Self::Person(_) => PERSONAL,
            Self::Tenant => SERVICE,
        }
    }

    /// The person, when there is one.
    pub(super) fn account(self) -> Option<AccountId> {
        match self {
            Self::Person(account) => Some(account),
            Self::Tenant => None,
        }
    }
}

pub(super) const PERSONAL: &str = "personal";
pub(super) const SERVICE: &str = "service";

/// A key as it is stored. Where it is found stands beside it and is shown to nobody.
pub(crate) struct Key {
    pub(crate) id: ApiKeyId,
    pub(super) digest: Digest<ApiKey>,
    /// Its name for people.
    pub(crate) name: String,
    pub(crate) tenant: TenantId,
    pub(crate) owner: Owner,
    /// Who has made it, while that account is there.
    pub(crate) made_by: Option<AccountId>,
    /// The permissions that it has at most.
    pub(crate) scopes: Scopes,
    /// For whom its tokens are.
    pub(crate) resource: String,
    pub(crate) created_at: Timestamp,
    pub(crate) expires_at: Timestamp,
    pub(crate) last_used_at: Option<Timestamp>,
}

impl Key {
    /// Whether its time is over, or cannot be told because a clock was set back.
    pub(super) fn is_over(&self, now: Timestamp, settings: &Settings) -> bool {
        now >= self.expires_at || self.expires_at > now.after(settings.longest).after(LEEWAY)
    }
}

/// A key as those see it who run the service: what it is for, and nothing that works.
#[derive(Clone, Debug)]
pub struct KeyInfo {
    /// Its public name.
    pub id: ApiKeyId,
    /// Its name for people.
    pub name: String,
    /// The tenant that it is for.
    pub tenant: TenantId,
    /// The person that it acts for; `None` for one of a service.
    pub account: Option<AccountId>,
    /// Who has made it, while that account is there.
    pub made_by: Option<AccountId>,
    /// The permissions that it has at most.
    pub scopes: Vec<String>,
    /// For whom its tokens are.
    pub resource: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// When it was exchanged last, to the minute.
    pub last_used_at: Option<Timestamp>,
    /// Whether it works no more.
    pub is_over: bool,
}

impl KeyInfo {
    pub(super) fn of(key: Key, now: Timestamp, settings: &Settings) -> Self {
        Self {
            is_over: key.is_over(now, settings),
            id: key.id,
            account: key.owner.account(),
            name: key.name,
            tenant: key.tenant,
            made_by: key.made_by,
            scopes: key.scopes.iter().map(str::to_owned).collect(),
            resource: key.resource,
            created_at: key.created_at,
            expires_at: key.expires_at,
            last_used_at: key.last_used_at,
        }
    }

    /// All of it as JSON; `time` writes a moment.
    pub fn described(&self, time: impl Fn(Timestamp) -> Value) -> Value {
        json!({
            "id": self.id.to_string(),
            "name": self.name,
            "kind": self.kind(),
            "tenant": self.tenant.to_string(),
            "account": self.account.map(|account| account.to_string()),
            "made_by": self.made_by.map(|account| account.to_string()),
            "scopes": self.scopes,
            "resource": self.resource,
            "created_at": time(self.created_at),
            "expires_at": time(self.expires_at),
            "last_used_at": self.last_used_at.map(&time),
            "expired": self.is_over,
        })
    }

    /// How programs name the kind of key.
    pub fn kind(&self) -> &'static str {
        self.account.map_or(SERVICE, |_| PERSONAL)
    }
}

/// What somebody wants a key for, as they have written it.
pub(crate) struct Wish {
    pub(super) is_service: bool,
    pub(super) name: String,
    pub(super) scopes: Scopes,
    /// How long it is to work; `None` for as long as the settings say.
    pub(super) lifetime: Option<Duration>,
    /// Empty for the first that there is.
    pub(super) resource: String,
}

/// Reads how many days a key is to work; nothing means what the settings say.
pub(super) fn lifetime(days: &str, settings: &Settings) -> Result<Option<Duration>, MakeDenied> {
    if days.is_empty() {
        return Ok(None);
    }
    let days = if days.bytes().all(|b| b.is_ascii_digit()) { days.parse::<u32>().ok() } else { None };
    let span = days.filter(|days| *days > 0).map(|days| Duration::from_secs(u64::from(days) * DAY));
    let span = span.filter(|span| *span <= settings.longest);
    span.map(Some).ok_or(MakeDenied::Lifetime(settings.longest.as_secs() / DAY))
}

pub(super) const DAY: u64 = 86_400;

/// Why no key was made, or none taken back.
#[derive(Clone, Debug)]
pub(crate) enum MakeDenied {
    /// Whoever acts may not, or not any more.
    Act(ActDenied),
    /// The keys of services are not theirs to make.
    NotTheirs,
    /// There is no such kind of key.
    Kind,
    /// It has no name.
    Name,
    /// It would be good for nothing.
    NoScope,
    /// There is no such permission.
    UnknownScope,
    /// It would have a permission that its maker has not.
    ScopeNotYours(String),
    /// It would work for too long, or for no time; the most that may be is in days.
    Lifetime(u64),
    /// There is no such audience.
    Resource,
    /// There are as many as may be.
    TooMany,
    /// There is no such key here, or not any more.
    NoSuchKey,
}

impl Denial for MakeDenied {
    fn problem(&self) -> Problem {
        match self {
            Self::Act(denied) => denied.problem(),
            Self::NotTheirs => {
                let text = "Keys of services are made by those whose role allows it. Ask an owner.";
                Problem::plain(StatusCode::FORBIDDEN, "forbidden", text)
            }
            Self::Kind => Problem::field("kind", "kind_invalid", "A key is `personal` or of a `service`."),
            Self::Name => Problem::field("name", "name_invalid", "Give it a name of up to 100 characters."),
            Self::NoScope => {
                Problem::field("scopes", "scope_missing", "Choose what it may do: one permission at least.")
            }
            Self::UnknownScope => Problem::field("scopes", "unknown_permission", "There is no such permission here."),
            Self::ScopeNotYours(scope) => {
                let text = format!("You do not have the permission {scope} yourself, so no key of yours gets it.");
                Problem { status: StatusCode::FORBIDDEN, ..Problem::field("scopes", "scope_not_yours", text) }
            }
            Self::Lifetime(most) => {
                Problem::field("lifetime_days", "lifetime_invalid", format!("A key works for 1 to {most} days."))
            }
            Self::Resource => Problem::field("resource", "resource_invalid", "Keys are for no such audience here."),
            Self::TooMany => {
                let text = "There are as many keys as may be. Take one back that is not used any more.";
                Problem::plain(StatusCode::CONFLICT, "too_many_api_keys", text)
            }
            Self::NoSuchKey => {
                let text = "There is no such key; it may have been taken back, or have ended.";
                Problem::plain(StatusCode::NOT_FOUND, "no_such_api_key", text)
            }
        }
    }
}
