//! Where functions and tests begin and end.

use std::ops::RangeInclusive;

use super::{RustText, leading_word, words};

/// Holds a function with a body.
pub(crate) struct Function {
    /// Its name.
    pub(crate) name: String,
    /// From the line of `fn` to the line of its last brace.
    pub(crate) lines: RangeInclusive<usize>,
    /// The offset of `fn`.
    pub(crate) at: usize,
}

impl RustText {
    /// Returns every function that has a body, nested ones too.
    pub(crate) fn functions(&self) -> Vec<Function> {
        words(&self.code, "fn").filter_map(|at| self.function(at)).collect()
    }

    /// Returns the lines that exist in test builds only: items below `#[test]` and its kin, and below `#[cfg(test)]`.
    pub(crate) fn test_lines(&self) -> Vec<RangeInclusive<usize>> {
        let mut found = Vec::new();
        for (at, opening) in self.code.match_indices("#[").chain(self.code.match_indices("#![")) {
            let Some(end) = closing(&self.code, at + opening.len() - 1) else { continue };
            if !is_test_only(&self.code[at + opening.len()..end]) {
                continue;
            }
            let last = if opening == "#![" { self.code.len() } else { item_end(&self.code, end + 1) };
            found.push(self.line(at)..=self.line(last));
        }
        found
    }

    fn function(&self, at: usize) -> Option<Function> {
        let name = leading_word(self.code[at + 2..].trim_start());
        let open = body(&self.code, at + 2)?;
        let close = closing(&self.code, open)?;
        // `fn(u8) -> bool` is a type and has no name.
        (!name.is_empty()).then(|| Function { name: name.to_owned(), lines: self.line(at)..=self.line(close), at })
    }
}

/// Returns the offset of the bracket that closes the one at `open`.
pub(super) fn closing(code: &str, open: usize) -> Option<usize> {
    let mut depth = 0_usize;
    for (offset, character) in code[open..].char_indices() {
        match character {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.checked_sub(1)?,
            _ => {}
        }
        if depth == 0 {
            return Some(open + offset);
        }
    }
    None
}

/// The offset of the brace that opens an item's body, or nothing for one that ends in a semicolon.
fn body(code: &str, from: usize) -> Option<usize> {
    let mut at = from;
    while let Some(character) = code[at..].chars().next() {
        match character {
            ';' | '}' | ')' | ']' => return None,
            // A brace right after `<` is the value of a const parameter, as in `Buffer<{ SIZE }>`.
            '{' if !code[from..at].trim_end().ends_with('<') => return Some(at),
            '(' | '[' | '{' => at = closing(code, at)?,
            _ => {}
        }
        at += code[at..].chars().next().map_or(1, char::len_utf8);
    }
    None
}

/// The offset of the last character of the item that follows an attribute.
fn item_end(code: &str, from: usize) -> usize {
    let semicolon = code[from..].find(';').map_or(code.len(), |offset| from + offset);
    body(code, from).and_then(|open| closing(code, open)).unwrap_or(semicolon)
}

/// Tells whether an attribute, such as `tokio::test(flavor = "…")` or `cfg(all(test, unix))`, is for test builds only.
fn is_test_only(attribute: &str) -> bool {
    let negated = attribute.replace(' ', "").contains("not(test");
    !attribute.starts_with("cfg_attr") && !negated && words(attribute, "test").next().is_some()
}
