//! Where a person goes after logging in: a path on this site, whatever the address bar was made to say.
//!
//! - `local_path/stays-here`: A path to return to cannot leave the site, however a browser or a proxy reads it.

/// A path with optional query on our own origin.
///
/// Refused is everything a browser or a proxy could read as another site: a second slash or a backslash, also encoded,
/// anywhere in the path; dot segments; control characters (a tab vanishes in the URL standard's parser); a fragment.
/// What is left is plain ASCII and goes into a `Location` header unchanged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalPath(String);

impl LocalPath {
    /// The longest path that is taken along, in bytes.
    pub const MAX_LENGTH: usize = 4096;

    /// Reads a path; `None` when it could lead away from this site.
    pub fn parse(text: &str) -> Option<Self> {
        let (path, query) = text.split_once('?').unwrap_or((text, ""));
        let fits = text.len() <= Self::MAX_LENGTH && path.starts_with('/');
        let plain =
            text.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'\\' | b'#' | b'"' | b'<' | b'>' | b'`'));
        (fits && plain && is_straight(path) && !query.contains('?')).then(|| Self(text.to_owned()))
    }

    /// The path as it goes into a `Location` header.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_straight(path: &str) -> bool {
    let lower = path.to_ascii_lowercase();
    let hidden = ["//", "%2f", "%5c", "%2e", "%00", "%09", "%0a", "%0d"].iter().any(|part| lower.contains(part));
    !hidden && !path.split('/').any(|segment| matches!(segment, "." | ".."))
}
