//! Public names of things. None of them is a secret, and none of them opens anything.
//!
//! - `ids/ordered`: Names that are made later come later, so rows made together lie together.

use std::{fmt, str::FromStr};

use uuid::Uuid;

use crate::{Entropy, Timestamp};

macro_rules! uuid_ids {
    ($($(#[$doc:meta])* $id:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $id(Uuid);

        impl $id {
            /// Makes a new id.
            pub fn new(now: Timestamp, entropy: &dyn Entropy) -> Self {
                Self(version_7(now, entropy))
            }

            /// The 16 bytes of it, which are in the order in which ids are made.
            pub const fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }

            /// Restores an id from its 16 bytes.
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(Uuid::from_bytes(bytes))
            }
        }

        impl fmt::Display for $id {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.0.hyphenated().encode_lower(&mut Uuid::encode_buffer()))
            }
        }

        impl FromStr for $id {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    )*};
}

uuid_ids! {
    /// Names an account: a version 7 UUID (RFC 9562), so that rows made together lie together.
    AccountId;
    /// Names a tenant: a version 7 UUID, like an account's.
    TenantId;
    /// Names an invitation: a version 7 UUID, like an account's. It opens nothing; the token in the letter does.
    InvitationId;
    /// Names what a client was given by a person, for as long as it is renewed: a version 7 UUID, like an account's.
    FamilyId;
    /// Names an API key: a version 7 UUID, like an account's.
    ApiKeyId;
}

fn version_7(now: Timestamp, entropy: &dyn Entropy) -> Uuid {
    let mut random = [0; 10];
    entropy.fill(&mut random);
    let millis = now.as_micros().div_euclid(1000).max(0).unsigned_abs();
    uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
}

/// Names a session, for the list of devices and for revoking one; it is not the secret in the cookie.
///
/// 43 bits of milliseconds, then 20 random bits: time-ordered keys keep inserts at the right edge of the table, which is
/// what keeps the cost of one more session flat. Two sessions of one millisecond collide once in a million; the insert
/// then changes nothing and is tried again with another id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionId(i64);

impl SessionId {
    /// Makes a new id.
    pub fn new(now: Timestamp, entropy: &dyn Entropy) -> Self {
        let mut random = [0; 4];
        entropy.fill(&mut random);
        let millis = now.as_micros().div_euclid(1000).clamp(0, (1 << 43) - 1);
        Self(millis << 20 | i64::from(u32::from_le_bytes(random) & 0xf_ffff))
    }

    /// Restores an id from its stored form.
    pub const fn from_i64(id: i64) -> Self {
        Self(id)
    }

    /// The stored form.
    pub const fn as_i64(self) -> i64 {
        self.0
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl FromStr for SessionId {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // An id has one spelling: sixteen lower-case hexadecimal digits.
        let canonical = text.len() == 16 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        i64::from_str_radix(if canonical { text } else { "" }, 16).map(Self::from_i64)
    }
}
