//! What rests in the database for a password.

use super::{
    argon2::{Argon2Hash, Variant},
    legacy::{bcrypt::Bcrypt, pbkdf2::Pbkdf2, scrypt::Scrypt},
};

/// The stored form of a password.
///
/// Whoever has it can test guesses at leisure, so it has no `Debug`, `Display`, `Serialize` or `Clone`.
pub struct PasswordHash(String);

impl PasswordHash {
    /// Takes text from the database. Text that is no hash shows when it is checked.
    pub fn stored(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Takes a hash from another system, having made sure that it can be checked here.
    ///
    /// A `keyid` is not looked up; whether its pepper is known shows when it is checked.
    pub fn imported(text: impl Into<String>) -> Result<Self, Unreadable> {
        let text = text.into();
        Readable::read(&text)?;
        Ok(Self(text))
    }

    /// Lends the text for storage.
    pub fn as_phc(&self) -> &str {
        &self.0
    }
}

/// Why a stored hash cannot be checked. It is the operator's matter, never the stranger's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// The text breaks the rules of its scheme.
    Malformed,
    /// The text names no scheme that is verified here.
    UnknownScheme,
    /// The text asks for more work or memory than one check may cost.
    TooCostly,
    /// The hash was made with a pepper that is not configured.
    UnknownPepper,
    /// The machine has no memory for the check.
    OutOfMemory,
}

impl Unreadable {
    /// Gives the stable code for logs.
    pub fn code(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::UnknownScheme => "unknown_scheme",
            Self::TooCostly => "too_costly",
            Self::UnknownPepper => "unknown_pepper",
            Self::OutOfMemory => "out_of_memory",
        }
    }
}

impl std::fmt::Display for Unreadable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Malformed => "the stored password hash is malformed",
            Self::UnknownScheme => "the stored password hash is of a scheme that is not verified",
            Self::TooCostly => "the stored password hash asks for more than one check may cost",
            Self::UnknownPepper => "the stored password hash was made with a pepper that is not configured",
            Self::OutOfMemory => "there is no memory to check the stored password hash",
        })
    }
}

impl std::error::Error for Unreadable {}

/// A stored hash as read.
pub(super) enum Readable {
    Argon2(Argon2Hash),
    Bcrypt(Bcrypt),
    Pbkdf2(Pbkdf2),
    Scrypt(Scrypt),
}

impl Readable {
    /// Reads the text of a stored hash; every cost is within its bound afterwards.
    pub(super) fn read(text: &str) -> Result<Self, Unreadable> {
        if text.len() > MAX_TEXT_BYTES {
            return Err(Unreadable::Malformed);
        }
        if let Some(rest) = text.strip_prefix("pbkdf2_sha256$") {
            return Pbkdf2::read_django(rest).map(Self::Pbkdf2);
        }
        if let Some((salt, key)) = text.split_once(':') {
            return Scrypt::read_better_auth(salt, key).map(Self::Scrypt);
        }
        let (scheme, rest) =
            text.strip_prefix('$').and_then(|text| text.split_once('$')).ok_or(Unreadable::UnknownScheme)?;
        match scheme {
            "argon2id" => Argon2Hash::read(Variant::Id, rest).map(Self::Argon2),
            "argon2i" => Argon2Hash::read(Variant::I, rest).map(Self::Argon2),
            "argon2d" => Argon2Hash::read(Variant::D, rest).map(Self::Argon2),
            "2a" | "2b" | "2y" => Bcrypt::read(rest).map(Self::Bcrypt),
            "scrypt" => Scrypt::read(rest).map(Self::Scrypt),
            "pbkdf2-sha256" => Pbkdf2::read_sha256(rest).map(Self::Pbkdf2),
            "pbkdf2-sha512" => Pbkdf2::read_sha512(rest).map(Self::Pbkdf2),
            _ => Err(Unreadable::UnknownScheme),
        }
    }
}

/// Longer than any hash of any scheme here.
const MAX_TEXT_BYTES: usize = 512;
