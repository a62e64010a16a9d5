//! The paths within the crate that a file names, with the groups of `use` taken apart.

use super::{RustText, leading_word, words};

/// Holds a path that begins at `crate`, `self` or `super`, as written.
#[derive(Debug, PartialEq)]
pub(crate) struct UsedPath {
    /// The line on which it begins, counted from one.
    pub(crate) line: usize,
    /// Its parts, for instance `crate`, `sessions`, `store`, `Row`; a glob is `*`.
    pub(crate) parts: Vec<String>,
}

impl RustText {
    /// Returns every path that begins at `crate`, `self` or `super`, a group giving one path per member.
    pub(crate) fn paths(&self) -> Vec<UsedPath> {
        let mut found = Vec::new();
        for start in ["crate", "self", "super"] {
            for at in words(&self.code, start) {
                let inside = self.code[..at].trim_end().ends_with("::");
                if !inside && self.code[at + start.len()..].trim_start().starts_with("::") {
                    let mut ends = Vec::new();
                    read(&self.code[at..], &mut Vec::new(), &mut ends);
                    found.extend(ends.into_iter().map(|parts| UsedPath { line: self.line(at), parts }));
                }
            }
        }
        found.sort_by_key(|path| path.line);
        found
    }
}

/// Reads one branch of a path into `found` and returns what follows it.
fn read<'c>(code: &'c str, before: &mut Vec<String>, found: &mut Vec<Vec<String>>) -> &'c str {
    let depth = before.len();
    let mut rest = code.trim_start();
    loop {
        if let Some(group) = rest.strip_prefix('{') {
            rest = read_group(group, before, found);
            break;
        }
        let word = if rest.starts_with('*') { "*" } else { leading_word(rest) };
        if !word.is_empty() {
            before.push(word.to_owned());
        }
        rest = rest[word.len()..].trim_start();
        match rest.strip_prefix("::").map(str::trim_start) {
            Some(next) if !word.is_empty() && !next.starts_with('<') => rest = next,
            _ => {
                found.push(before.clone());
                break;
            }
        }
    }
    before.truncate(depth);
    rest
}

fn read_group<'c>(code: &'c str, before: &mut Vec<String>, found: &mut Vec<Vec<String>>) -> &'c str {
    let mut rest = code;
    loop {
        rest = rest.trim_start();
        if rest.is_empty() || rest.starts_with('}') {
            return rest.get(1..).unwrap_or_default();
        }
        rest = read(rest, before, found);
        // What is left of this member is `as name`.
        rest = &rest[rest.find([',', '}']).unwrap_or(rest.len())..];
        rest = rest.strip_prefix(',').unwrap_or(rest);
    }
}
