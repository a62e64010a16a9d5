//! The two forms in which passwords are compared, built without leaving copies in freed memory.

use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

/// Gives the canonical composition (NFC, Unicode Annex 15), so that one password typed on two keyboards is one password.
pub(super) fn nfc(text: &str) -> Zeroizing<String> {
    collect(text.nfc())
}

/// Gives the compatibility composition (NFKC) that some imported hashes were made of.
pub(super) fn nfkc(text: &str) -> Zeroizing<String> {
    collect(text.nfkc())
}

/// Removes the differences of case; for comparing with lists only, never for hashing.
///
/// Upper before lower case unites what has no simple pair (`ß` with `SS`, the two lower-case sigmas). The program that makes
/// the bundled list folds in the same way.
pub(super) fn fold(text: &str) -> Zeroizing<String> {
    let folded = collect(text.chars().flat_map(char::to_uppercase).flat_map(char::to_lowercase));
    nfc(&folded)
}

/// Measures first and allocates once: a growing `String` leaves its former buffers behind, unwiped.
fn collect(chars: impl Iterator<Item = char> + Clone) -> Zeroizing<String> {
    let length = chars.clone().map(char::len_utf8).sum();
    let mut text = Zeroizing::new(String::with_capacity(length));
    text.extend(chars);
    text
}
