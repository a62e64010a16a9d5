//! Which text may become a password.

use zeroize::Zeroizing;

use super::{common, text};

/// How long a password may be, in Unicode code points after NFC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    min: u16,
    max: u16,
}

impl Policy {
    /// 12 to 128 code points.
    pub const STANDARD: Self = Self { min: 12, max: 128 };

    /// 15 to 128 code points: what NIST SP 800-63B-4 asks of a password that is the only factor.
    pub const STRICT: Self = Self { min: 15, max: 128 };

    /// Accepts a minimum of 12 to 64 and a maximum of 64 to 256 code points.
    ///
    /// Twelve is where the bundled list begins: below it the commonest passwords would pass. Somebody's 64 code points must
    /// be possible (NIST), and 256 of four bytes each are the 1024 bytes that a [`Guess`](super::Guess) may have.
    pub fn new(min: u16, max: u16) -> Result<Self, PolicyDenied> {
        if !(12..=64).contains(&min) {
            return Err(PolicyDenied::Minimum);
        }
        if !(64..=256).contains(&max) {
            return Err(PolicyDenied::Maximum);
        }
        Ok(Self { min, max })
    }

    /// Gives the least number of code points.
    pub fn min(self) -> u16 {
        self.min
    }

    /// Gives the greatest number of code points.
    pub fn max(self) -> u16 {
        self.max
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self::STANDARD
    }
}

/// Why a policy cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PolicyDenied {
    /// The minimum is not within 12 to 64.
    Minimum,
    /// The maximum is not within 64 to 256.
    Maximum,
}

impl std::fmt::Display for PolicyDenied {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Minimum => "the minimum length of a password must be 12 to 64",
            Self::Maximum => "the maximum length of a password must be 64 to 256",
        })
    }
}

impl std::error::Error for PolicyDenied {}

/// The words that a guesser tries first against this account on this site.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The name under which the site presents itself.
    pub service_name: &'a str,
    /// The account's own address.
    pub email: &'a str,
}

/// A password that its owner may set: NFC, of permitted length, not a known one.
///
/// Its text can only be hashed. It has no `Debug`, `Display`, `Serialize` or `Clone`, and is wiped when dropped.
pub struct Password(Zeroizing<String>);

impl Password {
    /// Accepts `text` as a new password of the account in `context`.
    ///
    /// Only the whole password is compared with the lists, without regard to case: `acme notes` is refused at Acme Notes,
    /// `acme notes for my cat` is not. The text passes through buffers of the normalisation, which are not wiped.
    pub fn new(text: &str, policy: &Policy, context: &Context<'_>) -> Result<Self, PasswordDenied> {
        let text = measured(text, policy)?;
        let folded = text::fold(&text);
        if is_own_email(&folded, context.email) {
            return Err(PasswordDenied::IsYourEmail);
        }
        if *folded == *text::fold(context.service_name) {
            return Err(PasswordDenied::IsServiceName);
        }
        if common::contains(&folded) {
            return Err(PasswordDenied::TooCommon);
        }
        Ok(Self(text))
    }

    /// Lends the text to the hash.
    pub(super) fn expose(&self) -> &str {
        &self.0
    }
}

/// Why a text may not become a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasswordDenied {
    /// It has fewer code points than `min`.
    TooShort {
        /// The least number of code points.
        min: u16,
    },
    /// It has more code points than `max`.
    TooLong {
        /// The greatest number of code points.
        max: u16,
    },
    /// It is one of the passwords that guessers try first.
    TooCommon,
    /// It is the account's own address, or the part of it before the `@`.
    IsYourEmail,
    /// It is the name of the service.
    IsServiceName,
}

impl PasswordDenied {
    /// Gives the stable public code.
    pub fn code(self) -> &'static str {
        match self {
            Self::TooShort { .. } => "too_short",
            Self::TooLong { .. } => "too_long",
            Self::TooCommon => "too_common",
            Self::IsYourEmail => "is_your_email",
            Self::IsServiceName => "is_service_name",
        }
    }
}

impl std::fmt::Display for PasswordDenied {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::TooShort { min } => {
                write!(f, "Choose a password of at least {min} characters; a few unrelated words are easy to remember.")
            }
            Self::TooLong { max } => write!(f, "Choose a password of at most {max} characters."),
            Self::TooCommon => f.write_str(
                "This password is on lists that attackers try first; choose one that nobody else would think of.",
            ),
            Self::IsYourEmail => {
                f.write_str("Choose a password that is not your email address; others know your address.")
            }
            Self::IsServiceName => {
                f.write_str("Choose a password that is not the name of this service; everybody knows it.")
            }
        }
    }
}

impl std::error::Error for PasswordDenied {}

fn measured(text: &str, policy: &Policy) -> Result<Zeroizing<String>, PasswordDenied> {
    let too_long = PasswordDenied::TooLong { max: policy.max };
    // Normalising costs time and memory, so megabytes are refused before it.
    if text.len() > super::guess::MAX_TYPED_BYTES {
        return Err(too_long);
    }
    let text = text::nfc(text);
    let length = text.chars().count();
    if length < usize::from(policy.min) {
        return Err(PasswordDenied::TooShort { min: policy.min });
    }
    if length > usize::from(policy.max) {
        return Err(too_long);
    }
    Ok(text)
}

fn is_own_email(folded: &str, email: &str) -> bool {
    let email = text::fold(email);
    let local = email.rsplit_once('@').map_or(email.as_str(), |(local, _)| local);
    folded == *email || folded == local
}
