//! Mail addresses in one canonical spelling, so that one mailbox is one account.
//!
//! - `email/one-mailbox`: All spellings of an address that reach one mailbox are one address.
//! - `email/plain`: What a mail server could read as another mailbox, or as more than one, is refused.

use std::fmt;

/// A mail address that a letter can be sent to, in lower case, its domain in ASCII (IDNA, UTS 46).
///
/// The local part is an ASCII dot-atom (RFC 5321 section 4.1.2). Quoted local parts, comments, address literals and
/// non-ASCII local parts are refused: full-width look-alikes of `@` and `.` have been used to reach somebody else's
/// account. Upper and lower case name the same mailbox here, as they do at every large provider.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EmailAddress(String);

/// Why a text is not a usable mail address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EmailDenied {
    /// There is no single `@` between a name and a domain.
    Incomplete,
    /// The name before the `@` holds something other than letters, digits and the usual signs, or is too long.
    Name,
    /// The domain is not one that mail can be sent to.
    Domain,
}

impl EmailAddress {
    /// Reads an address as a person types it; white space around it is ignored.
    pub fn parse(text: &str) -> Result<Self, EmailDenied> {
        let text = text.trim();
        let (name, domain) = text.split_once('@').ok_or(EmailDenied::Incomplete)?;
        if name.is_empty() || domain.is_empty() || domain.contains('@') || text.len() > 512 {
            return Err(EmailDenied::Incomplete);
        }
        if !is_dot_atom(name) || name.len() > 64 {
            return Err(EmailDenied::Name);
        }
        let domain = idna::domain_to_ascii_strict(domain).map_err(|_| EmailDenied::Domain)?;
        if !is_mail_domain(&domain) || name.len() + 1 + domain.len() > 254 {
            return Err(EmailDenied::Domain);
        }
        Ok(Self(format!("{}@{domain}", name.to_ascii_lowercase())))
    }

    /// Restores an address from its canonical spelling; `None` for any other text, also when it could be parsed.
    pub fn stored(text: &str) -> Option<Self> {
        let (name, domain) = text.split_once('@')?;
        let canonical = is_dot_atom(name) && is_mail_domain(domain) && text.len() <= 254 && name.len() <= 64;
        let lower = !text.bytes().any(|b| b.is_ascii_uppercase());
        (canonical && lower).then(|| Self(text.to_owned()))
    }

    /// The canonical spelling.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part before the `@`.
    pub fn name(&self) -> &str {
        self.0.split_once('@').map_or("", |(name, _)| name)
    }

    /// The part behind the `@`, spelled as a [`DomainName`](crate::DomainName) is.
    pub fn domain(&self) -> &str {
        self.0.split_once('@').map_or("", |(_, domain)| domain)
    }

    /// The address with most of its name hidden (`a…@example.com`), for pages that others may see over a shoulder.
    pub fn masked(&self) -> String {
        let (name, domain) = self.0.split_once('@').unwrap_or_default();
        format!("{}…@{domain}", &name[..name.len().min(1)])
    }
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for EmailDenied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Incomplete => "Enter a full address such as name@example.com.",
            Self::Name => "The part before the @ may hold letters, digits, dots and the signs + - _ only.",
            Self::Domain => "The part after the @ is not a domain that mail can be sent to.",
        })
    }
}

impl std::error::Error for EmailDenied {}

fn is_dot_atom(name: &str) -> bool {
    let atom = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+/=?^_`{|}~-".contains(&b);
    name.split('.').all(|part| !part.is_empty() && part.bytes().all(atom))
}

/// Whether mail may be sent to a domain; that it is in lower case is asked apart.
pub(crate) fn is_mail_domain(domain: &str) -> bool {
    let label = |part: &str| {
        (1..=63).contains(&part.len())
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !part.starts_with('-')
            && !part.ends_with('-')
    };
    let dotted = domain.contains('.') || domain == "localhost";
    let numeric = domain.rsplit('.').next().is_some_and(|last| last.bytes().all(|b| b.is_ascii_digit()));
    dotted && !numeric && domain.split('.').all(label)
}

#[cfg(test)]
mod tests;
