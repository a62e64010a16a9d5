//! A filter as it stands in a form or an address.

use std::fmt::Display;

use doorward_core::{TenantId, Timestamp};

use super::{Action, Filter, Outcome};
use crate::guard::Problem;

/// What somebody wants to see of the log, in the words in which they ask; an empty text narrows nothing.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Asked<'a> {
    /// The name of an action.
    pub(crate) action: &'a str,
    /// An account's id.
    pub(crate) account: &'a str,
    /// `success` or `denied`.
    pub(crate) result: &'a str,
    /// The first day or moment.
    pub(crate) since: &'a str,
    /// The last day, or the moment at which it ends.
    pub(crate) until: &'a str,
}

impl Asked<'_> {
    /// Reads it; `tenant` is what the guard has let whoever asks into, or `None` for an operator, who may see all.
    pub(crate) fn filter(&self, tenant: Option<TenantId>) -> Result<Filter, Problem> {
        let named = |name: &str, all: &[Action]| all.iter().copied().find(|action| action.name() == name);
        let outcome = |name: &str| Outcome::ALL.iter().copied().find(|outcome| outcome.name() == name);
        Ok(Filter {
            account: read("account", self.account, |text| text.parse().ok())?,
            tenant,
            action: read("action", self.action, |text| named(text, Action::ALL))?,
            result: read("result", self.result, outcome)?,
            since: read("since", self.since, |text| moment(text, "T00:00:00Z"))?.unwrap_or_default(),
            // People mean the whole of the last day that they name.
            until: read("until", self.until, |text| moment(text, "T23:59:59.999999Z"))?,
        })
    }

    /// What narrows the log, for the address of another page of it.
    pub(crate) fn query(&self) -> String {
        let Self { action, account, result, since, until } = *self;
        let all = [("action", action), ("account", account), ("result", result), ("since", since), ("until", until)];
        let said = all.into_iter().filter(|(_, text)| !text.is_empty());
        url::form_urlencoded::Serializer::new(String::new()).extend_pairs(said).finish()
    }
}

/// Reads a moment (RFC 3339), or a day in UTC with the time `of_day`.
fn moment(text: &str, of_day: &str) -> Option<Timestamp> {
    // Only a bare date: a time without an offset would mean something else on each machine.
    let day = (text.len() == "2026-01-31".len()).then(|| format!("{text}{of_day}"));
    let at: jiff::Timestamp = day.as_deref().unwrap_or(text).parse().ok()?;
    Some(Timestamp::from_micros(at.as_microsecond()))
}

fn read<T>(field: &'static str, text: &str, parse: impl FnOnce(&str) -> Option<T>) -> Result<Option<T>, Problem> {
    let unknown =
        |text: &dyn Display| Problem::field(field, "filter_invalid", format!("Nothing is called {text} here."));
    match text {
        "" => Ok(None),
        text => parse(text).map(Some).ok_or_else(|| unknown(&text.chars().take(40).collect::<String>())),
    }
}
