//! Names of domains in one canonical spelling, so that one domain is one name.
//!
//! - `domain/one-spelling`: All spellings of a domain are one name: small letters, ASCII (IDNA), no dot at the end.
//! - `domain/plain`: An address, a port, a path, a name of one label and what no mail domain can be is no domain.

use std::{fmt, str::FromStr, sync::Arc};

use crate::email::is_mail_domain;

/// A domain that mail addresses may end with, in lower case and in ASCII (IDNA, UTS 46), without a dot at its end.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DomainName(Arc<str>);

/// A text is no domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DomainDenied;

impl DomainName {
    /// Reads a domain as a person types it; white space around it, and one dot at its end, are ignored.
    pub fn parse(text: &str) -> Result<Self, DomainDenied> {
        let text = text.trim();
        if text.len() > 512 {
            return Err(DomainDenied);
        }
        let ascii = idna::domain_to_ascii_strict(text.strip_suffix('.').unwrap_or(text)).map_err(|_| DomainDenied)?;
        ascii.parse()
    }

    /// The canonical spelling.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name in the letters of its language; to compare with lists, and not to show: letters of two scripts look alike.
    pub fn in_own_letters(&self) -> String {
        idna::domain_to_unicode(&self.0).0
    }
}

impl FromStr for DomainName {
    type Err = DomainDenied;

    /// Restores a domain from its canonical spelling, and takes no other.
    fn from_str(text: &str) -> Result<Self, DomainDenied> {
        let lower = !text.bytes().any(|b| b.is_ascii_uppercase());
        let plain = lower && text.len() <= LONGEST && text.contains('.') && is_mail_domain(text);
        if plain { Ok(Self(text.into())) } else { Err(DomainDenied) }
    }
}

impl fmt::Display for DomainName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Display for DomainDenied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a domain is like example.com, without anything before or behind it")
    }
}

impl std::error::Error for DomainDenied {}

/// The longest name of a host (RFC 1035 section 2.3.4), as text.
const LONGEST: usize = 253;
