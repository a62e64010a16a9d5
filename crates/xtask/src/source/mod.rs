//! A scanner that tells Rust code from its comments and literals, and the few structures that checks ask for.
//!
//! It is no parser: it knows strings, raw strings, characters, lifetimes, nested comments and matching braces, which is
//! what is needed to say where a function ends or which path a `use` names, and nothing that a new edition can break.

mod paths;
mod scan;
mod spans;
#[cfg(test)]
mod tests;

pub(crate) use paths::UsedPath;
pub(crate) use scan::{Passage, RustText};
pub(crate) use spans::Function;

/// Tells whether a character may stand in an identifier.
pub(crate) fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// Returns the offsets at which `word` stands by itself, not inside a longer identifier.
pub(crate) fn words<'t>(text: &'t str, word: &'t str) -> impl Iterator<Item = usize> + 't {
    text.match_indices(word).map(|(at, _)| at).filter(move |at| {
        let before = text[..*at].chars().next_back().is_some_and(is_word);
        let after = text[at + word.len()..].chars().next().is_some_and(is_word);
        !before && !after
    })
}

/// Returns the identifier with which `text` begins; empty if it begins with none.
pub(crate) fn leading_word(text: &str) -> &str {
    &text[..text.find(|c| !is_word(c)).unwrap_or(text.len())]
}
