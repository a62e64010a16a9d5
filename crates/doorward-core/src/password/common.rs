//! The bundled list of passwords that guessers try first.
//!
//! The list holds the first five bytes of each entry's SHA-256, sorted: a third of the size of the text, found by binary
//! search without unpacking, and no catalogue of obscenities in the binary. Two texts sharing five bytes cost somebody a
//! second choice once in about ten million passwords. `data/README.md` names the sources.

use sha2::{Digest, Sha256};

const RECORD: usize = 5;

static LIST: &[u8] = include_bytes!("../../data/common_passwords.bin");

/// Says whether the folded password as a whole is on the list.
pub(super) fn contains(folded: &str) -> bool {
    let digest = Sha256::digest(folded.as_bytes());
    let key = digest.first_chunk::<RECORD>().expect("a SHA-256 digest has 32 bytes");
    records().binary_search(key).is_ok()
}

/// Lends the records, sorted.
pub(super) fn records() -> &'static [[u8; RECORD]] {
    LIST.as_chunks().0
}
