//! Keys that are not in the database, without which its hashes are worth nothing.
//!
//! A pepper is Argon2's own secret input (`K` in RFC 9106 §3.1), and its id stands in the hash as `keyid`, as the PHC string
//! format foresees. So hashes with and without pepper stand side by side, and a new pepper takes over one login at a time.

use crate::Secret;

/// One key and the name by which hashes refer to it.
pub struct Pepper {
    id: String,
    key: Secret,
}

impl Pepper {
    /// Accepts an id of 1 to 8 letters, digits, `-` or `_`, and a key of at least 32 bytes.
    pub fn new(id: &str, key: Secret) -> Result<Self, PepperDenied> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        if !(1..=8).contains(&id.len()) || !id.bytes().all(plain) {
            return Err(PepperDenied::Id);
        }
        if key.expose().len() < 32 {
            return Err(PepperDenied::Short);
        }
        Ok(Self { id: id.to_owned(), key })
    }

    pub(super) fn id(&self) -> &str {
        &self.id
    }

    pub(super) fn key(&self) -> &[u8] {
        self.key.expose()
    }
}

/// The peppers in use: at most one for new hashes, and those that older hashes still need.
#[derive(Default)]
pub struct Peppers {
    active: Option<Pepper>,
    retired: Vec<Pepper>,
}

impl Peppers {
    /// Gives the set for hashes without pepper.
    pub fn none() -> Self {
        Self::default()
    }

    /// Accepts a pepper for new hashes (none: from now on without) and those that only verify.
    ///
    /// A pepper may be forgotten once no stored hash names it; accounts whose hash still does need a reset.
    pub fn new(active: Option<Pepper>, retired: Vec<Pepper>) -> Result<Self, PepperDenied> {
        let mut ids: Vec<&str> = active.iter().chain(&retired).map(Pepper::id).collect();
        ids.sort_unstable();
        if ids.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(PepperDenied::Duplicate);
        }
        Ok(Self { active, retired })
    }

    pub(super) fn active(&self) -> Option<&Pepper> {
        self.active.as_ref()
    }

    pub(super) fn named(&self, id: &str) -> Option<&Pepper> {
        self.active.iter().chain(&self.retired).find(|pepper| pepper.id == id)
    }
}

/// Why a pepper cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PepperDenied {
    /// The id is not 1 to 8 letters, digits, `-` or `_`.
    Id,
    /// The key is shorter than 32 bytes.
    Short,
    /// Two peppers have one id.
    Duplicate,
}

impl std::fmt::Display for PepperDenied {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Id => "the id of a pepper must be 1 to 8 letters, digits, - or _",
            Self::Short => "the key of a pepper must have at least 32 bytes",
            Self::Duplicate => "two peppers have the same id",
        })
    }
}

impl std::error::Error for PepperDenied {}
