//! Names that people choose for what they and programs speak of: roles, plans, and tenants in addresses.
//!
//! Each has one spelling, so that two of them that look alike are one, and none can be taken for something else: a role name
//! holds no separator of a list, and a slug is never read as an id.
//!
//! - `names/one-spelling`: A name has one spelling, in letters that cannot be confused; anything else is refused.

use std::{fmt, str::FromStr, sync::Arc};

/// Why a text is no name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NameDenied(&'static str);

impl fmt::Display for NameDenied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for NameDenied {}

macro_rules! names {
    ($($(#[$doc:meta])* $name:ident: $what:literal, $separators:literal, $least:literal..=$most:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Arc<str>);

        impl $name {
            /// What it must be, in words.
            pub const SHAPE: &'static str = $what;

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = NameDenied;

            fn from_str(text: &str) -> Result<Self, NameDenied> {
                let fits = ($least..=$most).contains(&text.len()) && is_plain(text, $separators);
                if fits { Ok(Self(text.into())) } else { Err(NameDenied($what)) }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }
    )*};
}

names! {
    /// The name of a role.
    RoleName: "1 to 32 small letters, digits, - or _, with a letter first", b"-_", 1..=32;
    /// The name of a plan that somebody may have paid for.
    PlanName: "1 to 32 small letters, digits, - or _, with a letter first", b"-_", 1..=32;
    /// The name of a provider by which people may log in.
    ProviderName: "1 to 32 small letters, digits, - or _, with a letter first", b"-_", 1..=32;
    /// The name of a client, a program that may ask for tokens. It is shorter than a UUID in any of its spellings, of which one
    /// has 32 digits without a hyphen, so no client is ever taken for an account.
    ClientId: "2 to 31 small letters, digits, - or _, with a letter first", b"-_", 2..=31;
    /// A tenant's name in addresses. An id has 36 characters and is therefore never a slug.
    Slug: "2 to 32 small letters, digits or -, with a letter first and no - at the end", b"-", 2..=32;
}

fn is_plain(text: &str, separators: &[u8]) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || separators.contains(&b);
    let letter_first = text.starts_with(|c: char| c.is_ascii_lowercase());
    letter_first && text.bytes().all(plain) && !text.ends_with(['-', '_'])
}
