//! What a domain of a tenant is, which may be one, and what a record says.

use std::time::Duration;

use axum::http::StatusCode;
use doorward_core::{DomainName, Entropy, TenantId, Timestamp};

use super::Settings;
use crate::{
    attempts::Throttled,
    base::render::spoken,
    guard::{Denial, Problem},
    tenant_page::ActDenied,
};

/// A domain that a tenant claims, proved or not.
#[derive(Clone, Debug)]
pub struct Domain {
    pub(super) number: i64,
    /// The tenant.
    pub tenant: TenantId,
    /// The domain.
    pub name: DomainName,
    /// What the record must end with. It is in the public DNS by its nature, and means nothing for another tenant or domain.
    pub(super) token: String,
    /// When it came on the list.
    pub added_at: Timestamp,
    /// How and since when it is the tenant's; `None` while nobody has proved it.
    pub verified: Option<Proved>,
    /// When its record was last looked for, and an answer came.
    pub checked_at: Option<Timestamp>,
    /// Since when the record is gone that had proved it.
    pub missing_since: Option<Timestamp>,
}

/// How a domain was proved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proved {
    /// By what.
    pub by: Proof,
    /// Since when.
    pub at: Timestamp,
}

/// What proves a domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// Its record, which is looked for again and again.
    Dns,
    /// The word of an operator, until an operator takes it back.
    Operator,
}

impl Proof {
    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Dns => "dns",
            Self::Operator => "operator",
        }
    }

    pub(super) fn stored(text: &str) -> Option<Self> {
        [Self::Dns, Self::Operator].into_iter().find(|proof| proof.name() == text)
    }
}

impl Domain {
    /// The name under which the record stands.
    pub fn record_name(&self) -> String {
        format!("{LABEL}.{}", self.name)
    }

    /// What the record says.
    pub fn record_value(&self) -> String {
        format!("{BEGINNING}{}", self.token)
    }

    /// What records at that name say about it, each in one piece (RFC 7208 section 3.3).
    pub(super) fn judged(&self, records: &[Vec<u8>]) -> Seen {
        let value = self.record_value();
        if records.iter().any(|record| *record == value.as_bytes()) {
            Seen::Proved
        } else if records.iter().any(|record| record.starts_with(BEGINNING.as_bytes())) {
            Seen::Another
        } else {
            Seen::Nothing
        }
    }

    /// Whether its record has been gone for as long as it may.
    pub(super) fn is_lost(&self, now: Timestamp, settings: &Settings) -> bool {
        self.missing_since.is_some_and(|since| now.since(since) >= settings.grace)
    }
}

/// What a lookup that was answered has shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Seen {
    /// The record.
    Proved,
    /// A record of ours, for another tenant or from before.
    Another,
    /// No record of ours.
    Nothing,
}

/// Makes what the record of a new domain must end with. It is drawn and kept in the row of the tenant and the domain, and so it
/// stays when the signing keys change.
pub(super) fn new_token(entropy: &dyn Entropy) -> String {
    let mut random = [0; 16];
    entropy.fill(&mut random);
    random.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Reads a domain that a tenant may have, as a person types it.
pub(crate) fn claimable(text: &str, settings: &Settings) -> Result<DomainName, DomainDenied> {
    let name = DomainName::parse(text).map_err(|_| DomainDenied::Name)?;
    if name.as_str().len() > LONGEST {
        return Err(DomainDenied::Name);
    }
    if is_public_suffix(&name) {
        return Err(DomainDenied::PublicSuffix);
    }
    let refused = settings.refused.iter().filter_map(|text| DomainName::parse(text).ok()).any(|other| other == name);
    if refused || PUBLIC_MAIL.lines().any(|line| line == name.as_str()) {
        return Err(DomainDenied::PublicMail);
    }
    Ok(name)
}

/// Whether anybody may register names below it, as below `co.uk`. The list has names in their own letters.
fn is_public_suffix(name: &DomainName) -> bool {
    let name = name.in_own_letters();
    psl::suffix_str(&name).is_some_and(|suffix| suffix == name)
}

/// Why something about a domain was not done.
#[derive(Clone, Debug)]
pub(crate) enum DomainDenied {
    /// Whoever acts may not, or not any more.
    Act(ActDenied),
    /// The text is no domain.
    Name,
    /// Anybody may register names below it.
    PublicSuffix,
    /// Anybody may have an address there.
    PublicMail,
    /// There are as many as may be.
    TooMany,
    /// It is on the list already.
    AlreadyThere,
    /// It is not on the list, or not any more.
    NoSuchDomain,
    /// There is no record of ours; what was proved stays so for this long.
    NoRecord(Option<Duration>),
    /// There is a record of ours that says something else.
    OtherValue(Option<Duration>),
    /// Nobody has said whether there is a record.
    Unanswered,
    /// Another tenant has proved it before.
    Taken,
    /// Enough checks were asked for this hour.
    Throttled(Throttled),
}

impl DomainDenied {
    /// The word for it in the log, where it is the end of a check.
    pub(super) fn word(&self) -> &'static str {
        match self {
            Self::NoRecord(_) => "record_missing",
            Self::OtherValue(_) => "record_differs",
            Self::Unanswered => "no_answer",
            Self::Taken => "taken",
            _ => "refused",
        }
    }
}

impl Denial for DomainDenied {
    fn problem(&self) -> Problem {
        let conflict = |code, text: String| Problem::plain(StatusCode::CONFLICT, code, text);
        let still = |left: &Option<Duration>| match left {
            Some(left) => format!(" It still counts as yours for {}.", spoken(*left)),
            None => String::new(),
        };
        match self {
            Self::Act(denied) => denied.problem(),
            Self::Name => Problem::field(
                "domain",
                "domain_invalid",
                "Write a domain like example.com, and nothing before or behind it.",
            ),
            Self::PublicSuffix => {
                let text = "Anybody may have a name below this one. Write the domain that is yours.";
                Problem::field("domain", "domain_public", text)
            }
            Self::PublicMail => Problem::field(
                "domain",
                "domain_public",
                "Anybody may have an address there, so it is no organisation's.",
            ),
            Self::TooMany => {
                conflict("too_many_domains", "There are as many domains as may be. Remove one first.".to_owned())
            }
            Self::AlreadyThere => Problem {
                status: StatusCode::CONFLICT,
                ..Problem::field("domain", "domain_there", "It is on the list already.")
            },
            Self::NoSuchDomain => {
                let text = "This domain is not on the list; it may have been removed.";
                Problem::plain(StatusCode::NOT_FOUND, "no_such_domain", text)
            }
            Self::NoRecord(left) => {
                let text = "There is no such record. It may take an hour until a new one is seen everywhere.";
                conflict("record_missing", format!("{text}{}", still(left)))
            }
            Self::OtherValue(left) => {
                let text = "There is a record, and its value is another one. Copy the value once more.";
                conflict("record_differs", format!("{text}{}", still(left)))
            }
            Self::Unanswered => {
                let text = "The servers of this domain gave no answer. Nothing has changed; try again in a while.";
                Problem::plain(StatusCode::BAD_GATEWAY, "no_answer", text)
            }
            Self::Taken => {
                let text = "Your record is right, and another organisation has proved this domain before. Ask whoever runs the \
                    service to move it.";
                conflict("domain_taken", text.to_owned())
            }
            Self::Throttled(throttled) => {
                let text = "That was checked often enough for now. Wait a little and try again.";
                Problem::plain(StatusCode::TOO_MANY_REQUESTS, "too_many_attempts", text)
                    .retry_after(throttled.wait().unwrap_or(Duration::from_secs(3600)))
            }
        }
    }
}

const PUBLIC_MAIL: &str = include_str!("public-mail.txt");
/// The label under which the record stands: a name of its own, so that it is in nobody's way (RFC 8552).
pub(super) const LABEL: &str = "_doorward-challenge";
/// How the record begins.
const BEGINNING: &str = "doorward-domain-verification=";
/// The longest domain below which the label still fits into a name.
const LONGEST: usize = 253 - LABEL.len() - 1;
