//! What is said when something is wrong: a problem document (RFC 9457), or sentences in a page.

use std::time::Duration;

use axum::http::StatusCode;
use serde::Serialize;

/// What is wrong, in a form that people and programs can act on.
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    pub(crate) status: StatusCode,
    pub(crate) code: &'static str,
    pub(crate) items: Vec<Item>,
    pub(crate) retry_after: Option<Duration>,
}

/// One complaint: about a field, or about the whole form when `field` is empty.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Item {
    pub(crate) field: &'static str,
    pub(crate) text: String,
}

impl Problem {
    /// Nothing is wrong.
    pub(crate) const NONE: Self = Self { status: StatusCode::OK, code: "", items: Vec::new(), retry_after: None };

    /// Something is wrong with the request as a whole.
    pub(crate) fn plain(status: StatusCode, code: &'static str, text: impl Into<String>) -> Self {
        Self { status, code, items: vec![Item { field: "", text: text.into() }], retry_after: None }
    }

    /// A field cannot be used as it is (422).
    pub(crate) fn field(field: &'static str, code: &'static str, text: impl Into<String>) -> Self {
        Self {
            status: StatusCode::UNPROCESSABLE_ENTITY,
            code,
            items: vec![Item { field, text: text.into() }],
            retry_after: None,
        }
    }

    /// The same request may work after `wait`, in whole seconds rounded up: who comes a moment early would be refused.
    pub(crate) fn retry_after(mut self, wait: Duration) -> Self {
        let secs = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        self.retry_after = Some(Duration::from_secs(secs.max(1)));
        self
    }

    /// Whether there is nothing to complain about; the templates ask.
    pub(crate) fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// The complaints, for the summary above a form.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Item> {
        self.items.iter()
    }

    /// The complaint about one field.
    pub(crate) fn about(&self, field: &str) -> Option<&str> {
        self.items.iter().find(|item| item.field == field).map(|item| item.text.as_str())
    }

    /// All complaints in one text.
    pub(crate) fn text(&self) -> String {
        self.items.iter().map(|item| item.text.as_str()).collect::<Vec<_>>().join(" ")
    }
}
