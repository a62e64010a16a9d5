//! bcrypt (Provos and Mazières, 1999) as `$2a$`, `$2b$` and `$2y$`. The faulty `$2x$` is refused.

use base64::{
    Engine,
    alphabet::BCRYPT,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use zeroize::Zeroizing;

use crate::password::{Unreadable, phc};

/// A bcrypt hash as read.
pub(in crate::password) struct Bcrypt {
    cost: u32,
    salt: [u8; 16],
    tag: [u8; 23],
}

impl Bcrypt {
    /// Reads what follows `$2b$`: two digits of cost, 4 to 14, and `$` with 22 letters of salt and 31 of hash.
    pub(in crate::password) fn read(rest: &str) -> Result<Self, Unreadable> {
        let [cost, body] = phc::fields(rest)?;
        if cost.len() != 2 || body.len() != 53 || !body.is_ascii() {
            return Err(Unreadable::Malformed);
        }
        let cost = phc::decimal(cost.strip_prefix('0').unwrap_or(cost))?;
        match cost {
            0..4 => return Err(Unreadable::Malformed),
            4..=MAX_COST => {}
            _ => return Err(Unreadable::TooCostly),
        }
        let (salt, tag) = body.split_at(22);
        Ok(Self { cost, salt: decode(salt)?, tag: decode(tag)? })
    }

    /// Says whether `password` has this hash.
    ///
    /// bcrypt reads 72 bytes and, in most implementations, stops at a zero byte. A longer password, or one with a zero byte,
    /// is wrong whatever its beginning: a system that cut it would have let everybody in who knew the beginning. Its owner
    /// sets a new one. The work is done all the same, so that the time tells nothing about the account.
    pub(in crate::password) fn matches(&self, password: &str) -> bool {
        let bytes = password.as_bytes();
        let whole = bytes.len() <= MAX_BYTES && !bytes.contains(&0);
        let length = bytes.len().min(MAX_BYTES);
        let mut key = Zeroizing::new([0; MAX_BYTES]);
        key[..length].copy_from_slice(&bytes[..length]);
        // The terminating zero is part of the key where there is room for it.
        let tag = Zeroizing::new(bcrypt::bcrypt(self.cost, self.salt, &key[..(length + 1).min(MAX_BYTES)]));
        crate::secret::same(&tag[..23], &self.tag) & whole
    }
}

fn decode<const N: usize>(text: &str) -> Result<[u8; N], Unreadable> {
    let bytes = BASE64.decode(text).map_err(|_| Unreadable::Malformed)?;
    bytes.try_into().map_err(|_| Unreadable::Malformed)
}

const MAX_BYTES: usize = 72;
const MAX_COST: u32 = 14;

/// Old generators left the unused bits of the last letter set, so they are ignored.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &BCRYPT,
    GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_padding_mode(DecodePaddingMode::RequireNone)
        .with_decode_allow_trailing_bits(true),
);
