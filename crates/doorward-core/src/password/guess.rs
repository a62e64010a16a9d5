//! Text that somebody says is the password of an account.

use zeroize::Zeroizing;

use super::text;

/// The longest guess, in bytes of its NFC form.
const MAX_BYTES: usize = 1024;

/// The longest text that is normalised at all: decomposed text is up to three times as long as its NFC form.
pub(super) const MAX_TYPED_BYTES: usize = 4 * MAX_BYTES;

/// A password to be checked.
///
/// No policy applies, so that passwords imported from elsewhere go on working. It has no `Debug`, `Display`, `Serialize` or
/// `Clone`, and is wiped when dropped.
pub struct Guess {
    normal: Zeroizing<String>,
    typed: Option<Zeroizing<String>>,
}

impl Guess {
    /// Accepts text of at most 1024 bytes in NFC (4096 as typed), which every permitted [`Password`](super::Password) keeps.
    pub fn new(text: &str) -> Result<Self, GuessTooLong> {
        if text.len() > MAX_TYPED_BYTES {
            return Err(GuessTooLong);
        }
        let normal = text::nfc(text);
        if normal.len() > MAX_BYTES {
            return Err(GuessTooLong);
        }
        let typed = (*normal != text).then(|| Zeroizing::new(text.to_owned()));
        Ok(Self { normal, typed })
    }

    /// Lends the NFC form.
    pub(super) fn normal(&self) -> &str {
        &self.normal
    }

    /// Lends the forms to try in turn: NFC, and the text as typed where that differs.
    ///
    /// A system that did not normalise has hashed what its keyboards sent, so an imported hash may match the second form
    /// only. For our own hashes the second try cannot succeed; it is made all the same, so that neither the account's kind
    /// of hash nor its existence shows in the time.
    pub(super) fn forms(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.normal.as_str()).chain(self.typed.as_ref().map(|typed| typed.as_str()))
    }
}

/// The guess is longer than any password can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GuessTooLong;

impl std::fmt::Display for GuessTooLong {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the password is longer than any that can be set here")
    }
}

impl std::error::Error for GuessTooLong {}
