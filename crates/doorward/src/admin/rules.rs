//! What the panels have in common: who sees what, and how the text of a request is read.

use axum::http::StatusCode;
use doorward_core::{AccountId, RoleName, Timestamp};

use crate::{
    accounts::display_name,
    audit::rfc3339,
    guard::{Denial, Problem},
    operators::Powers,
    policy::OwnRoles,
};

/// The navigation of the console, and what its pages offer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Nav {
    pub(super) powers: Powers,
    /// The panel that the page belongs to.
    pub(super) here: &'static str,
}

impl Nav {
    /// Whether the operator holds the permission of this name; the templates ask.
    pub(crate) fn may(&self, name: &str) -> bool {
        self.powers.hold(name)
    }

    /// What says of a link that it leads to the panel that is open.
    pub(crate) fn is(&self, panel: &str) -> bool {
        self.here == panel
    }
}

/// Why the console did not do something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AdminDenied {
    /// There is no such account.
    NoSuchAccount,
    /// There is no such session.
    NoSuchSession,
    /// It would lock out whoever does it.
    OwnAccount,
    /// It is the account of an operator who may do more.
    MayDoMore,
    /// The tenant's name was not repeated.
    NotConfirmed,
}

impl Denial for AdminDenied {
    fn problem(&self) -> Problem {
        match self {
            Self::NoSuchAccount => {
                Problem::plain(StatusCode::NOT_FOUND, "no_such_account", "There is no such account, or not any more.")
            }
            Self::NoSuchSession => {
                let text = "There is no such session; it may have ended already.";
                Problem::plain(StatusCode::NOT_FOUND, "no_such_session", text)
            }
            Self::OwnAccount => {
                let text = "This is your own account: you would lock yourself out. Ask another operator.";
                Problem::plain(StatusCode::CONFLICT, "own_account", text)
            }
            Self::MayDoMore => {
                let text = "This account is an operator's who may do more than you. Ask one who may do as much.";
                Problem::plain(StatusCode::FORBIDDEN, "may_do_more", text)
            }
            Self::NotConfirmed => {
                let text = "Type the address of the organisation to confirm that you mean it.";
                Problem::field("slug", "not_confirmed", text)
            }
        }
    }
}

/// Reads the id of an account; what is none belongs to nobody.
pub(super) fn account_id(text: &str) -> Result<AccountId, Problem> {
    text.parse().map_err(|_| AdminDenied::NoSuchAccount.problem())
}

/// Reads what somebody searches for, without what no name can hold.
pub(super) fn beginning(text: &str) -> Result<String, Problem> {
    let too_long = || Problem::field("search", "search_too_long", "Search for at most 100 characters.");
    display_name(text).ok_or_else(too_long)
}

/// Reads names of roles with commas or spaces between.
pub(super) fn roles(text: &str) -> Result<OwnRoles, Problem> {
    let unknown = |_| Problem::field("roles", "unknown_role", "There is no such role.");
    let names = text.split([',', ' ']).filter(|name| !name.is_empty()).take(MOST_ROLES);
    Ok(OwnRoles::new(names.map(str::parse::<RoleName>).collect::<Result<_, _>>().map_err(unknown)?))
}

/// Reads a moment: a day, which begins in UTC, a moment as in RFC 3339, or seconds since the epoch. Empty is none.
pub(super) fn moment(field: &'static str, text: &str) -> Result<Option<Timestamp>, Problem> {
    let whole = || text.parse::<jiff::Timestamp>().ok();
    let of_day = || format!("{}T00:00:00Z", text.parse::<jiff::civil::Date>().ok()?).parse::<jiff::Timestamp>().ok();
    let of_secs = || text.parse().ok().map(Timestamp::from_secs);
    let of_text = |at: jiff::Timestamp| Timestamp::from_micros(at.as_microsecond());
    let invalid =
        || Problem::field(field, "moment_invalid", "Write a day as 2026-11-23, or a moment as 2026-11-23T08:00:00Z.");
    match text {
        "" => Ok(None),
        _ => whole().map(of_text).or_else(of_secs).or_else(|| of_day().map(of_text)).map(Some).ok_or_else(invalid),
    }
}

/// A moment to the minute, in UTC.
pub(super) fn stamp(at: Timestamp) -> String {
    rfc3339(at).get(..16).map_or_else(|| "?".to_owned(), |minute| format!("{} UTC", minute.replace('T', " ")))
}

/// A number up to `most`, and otherwise that it is more.
pub(super) fn counted(count: i64, most: i64) -> String {
    if count >= most { format!("{}+", most - 1) } else { count.to_string() }
}

/// Roles that one request may name.
const MOST_ROLES: usize = 64;
