//! Bytes that must not be printed, cloned by accident, or left in freed memory.

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// Secret bytes from outside: a signing key, a pepper, a mail password.
///
/// It has no `Debug`, `Display` or `Serialize`, and its memory is wiped when it is dropped.
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// Takes ownership of `bytes`.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// Lends the bytes to the one call that needs them.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// Lends the text to the one call that needs it; `None` when the bytes are not UTF-8.
    pub fn expose_text(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok()
    }
}

/// Compares two byte strings in time that depends on their length only.
pub(crate) fn same(a: &[u8], b: &[u8]) -> bool {
    a.ct_eq(b).into()
}

/// Compares a text that somebody sent with the one that is expected, in time that depends on their lengths only.
pub fn same_text(sent: &str, expected: &str) -> bool {
    same(sent.as_bytes(), expected.as_bytes())
}

/// Derives 32 secret bytes from a secret seed and these parts: HMAC-SHA256 over each part with its length before it.
pub fn keyed(seed: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    use hmac::{Hmac, KeyInit, Mac};
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(seed).expect("HMAC takes keys of any length");
    for part in parts {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// Derives 32 public bytes from a secret: SHA-256 of the label and the secret. The secret cannot be computed back.
pub fn derived(label: &[u8], secret: &[u8; 32]) -> [u8; 32] {
    use sha2::{Digest, Sha256};
    Sha256::new().chain_update(label).chain_update([0]).chain_update(secret).finalize().into()
}
