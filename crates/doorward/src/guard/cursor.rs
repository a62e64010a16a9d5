//! The place in a list where its next page begins, as text that a browser carries and nobody else can make.
//!
//! A cursor is bound to its query: to the list, to who looks at it, and to everything that narrows it. So nobody takes the
//! page of one tenant and goes on in another, and a list that somebody may see is no way into one that they may not.

use doorward_core::{AccountId, Purpose};
use sha2::{Digest, Sha256};

use super::Problem;
use crate::context::Context;

/// A query whose answer comes in pages.
pub(crate) struct Listing(Sha256);

/// Who looks at a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Viewer {
    /// The person of an account.
    Account(AccountId),
    /// An operator, whoever that is.
    Operator,
}

/// The place in a list where its next page begins: 16 bytes that the list understands.
pub(crate) struct Cursor;

impl Listing {
    /// The list `name` as `viewer` sees it. One name means one order of one kind of thing.
    pub(crate) fn new(name: &'static str, viewer: Viewer) -> Self {
        let viewer = match viewer {
            Viewer::Account(account) => account.to_string(),
            Viewer::Operator => "operator".to_owned(),
        };
        Self(Sha256::new()).with("list", Some(name)).with("viewer", Some(&viewer))
    }

    /// The same list narrowed by `value`; what does not narrow it is `None`, which differs from an empty text.
    ///
    /// Every part says how long it is, so that no two queries read the same.
    pub(crate) fn with(self, name: &'static str, value: Option<&str>) -> Self {
        let sized = |hash: Sha256, text: &str| hash.chain_update((text.len() as u64).to_be_bytes()).chain_update(text);
        let hash = sized(self.0, name);
        Self(match value {
            None => hash.chain_update([0]),
            Some(value) => sized(hash.chain_update([1]), value),
        })
    }

    fn binding(&self) -> [u8; 32] {
        self.0.clone().finalize().into()
    }
}

impl Cursor {
    /// Writes the place `at` in `list`.
    pub(crate) fn write(cx: &Context, list: &Listing, at: [u8; 16]) -> String {
        let mut payload = [0; 48];
        payload[..16].copy_from_slice(&at);
        payload[16..].copy_from_slice(&list.binding());
        cx.keys().seal(Purpose::Cursor, &payload, cx.clock.now())
    }

    /// Reads a place in `list`; `None` for the beginning, which is the empty text. A text that is no cursor, is not ours or
    /// belongs to another query is refused.
    pub(crate) fn read(cx: &Context, list: &Listing, text: &str) -> Result<Option<[u8; 16]>, Problem> {
        if text.is_empty() {
            return Ok(None);
        }
        let place = cx.keys().open::<48>(Purpose::Cursor, text).and_then(|payload| {
            let (at, binding) = payload.split_first_chunk::<16>()?;
            (*binding == list.binding()).then_some(*at)
        });
        let invalid = || {
            Problem::field(
                "cursor",
                "cursor_invalid",
                "This page of the list is not there any more. Please start again.",
            )
        };
        place.map(Some).ok_or_else(invalid)
    }
}

/// How many entries a page of a list is to have: what a query says, 1 to 100, or 50 when it says nothing.
pub(crate) fn page_size(text: &str) -> Result<u32, Problem> {
    let said = if text.is_empty() { Some(50) } else { text.parse().ok() };
    let invalid = || Problem::field("limit", "limit_invalid", "A page has 1 to 100 entries.");
    said.filter(|size| (1..=100).contains(size)).ok_or_else(invalid)
}

/// The rows of a page, of which one more was read, and where the next one begins.
pub(crate) fn paged<T>(
    cx: &Context,
    list: &Listing,
    mut rows: Vec<T>,
    limit: u32,
    place: impl FnOnce(&T) -> [u8; 16],
) -> (Vec<T>, Option<String>) {
    let is_last = rows.len() <= limit as usize;
    rows.truncate(limit as usize);
    let last = rows.last().filter(|_| !is_last).map(place);
    (rows, last.map(|at| Cursor::write(cx, list, at)))
}

/// The place of a numbered row.
pub(crate) fn numbered(number: i64) -> [u8; 16] {
    i128::from(number).to_be_bytes()
}

/// The number of the row that a place names.
pub(crate) fn number(place: [u8; 16]) -> i64 {
    i128::from_be_bytes(place) as i64
}
