//! Did our own page send this? Asked of every request with an unsafe method, whatever its route.
//!
//! Browsers attach `Sec-Fetch-Site` and `Origin` themselves and no page can forge them, so they are the first half of
//! the protection against cross-site request forgery; the token is the second. A sibling subdomain (`same-site`) is
//! not our page. `Origin: null` is not ours either: a sandboxed frame sends it.

use axum::http::{HeaderMap, HeaderName, header::ORIGIN};

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Scheme, host and port of the site, as a browser writes it in an `Origin` header (RFC 6454 section 6.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Origin(String);

/// What the headers say about who sent the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sender {
    /// A page of ours, or the person themselves through the address bar.
    Ourselves,
    /// Not a current browser: neither header is there.
    Unknown,
    /// Somebody else's page, or headers that contradict each other.
    Foreign,
}

impl Origin {
    /// Takes the origin of an absolute http or https URL; `None` for anything else.
    pub(crate) fn of(url: &url::Url) -> Option<Self> {
        matches!(url.scheme(), "http" | "https").then(|| Self(url.origin().ascii_serialization()))
    }

    /// The text that an `Origin` header must equal, byte for byte.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Judges the headers of one request.
    pub(crate) fn sender(&self, headers: &HeaderMap) -> Sender {
        let site = single(headers, &SEC_FETCH_SITE);
        let origin = single(headers, &ORIGIN);
        match (site, origin) {
            (Header::Absent, Header::Absent) => Sender::Unknown,
            (Header::One("same-origin" | "none") | Header::Absent, Header::One(origin)) if origin == self.0 => {
                Sender::Ourselves
            }
            (Header::One("same-origin" | "none"), Header::Absent) => Sender::Ourselves,
            _ => Sender::Foreign,
        }
    }
}

enum Header<'h> {
    Absent,
    One(&'h str),
    Many,
}

/// A header that appears twice, or is not text, says nothing that can be believed.
fn single<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Header<'h> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Header::Absent,
        (Some(value), None) => value.to_str().map_or(Header::Many, Header::One),
        (Some(_), Some(_)) => Header::Many,
    }
}
