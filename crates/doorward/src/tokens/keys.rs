//! The name under which an API key stands where a client's name stands: in the tokens that it was exchanged for.
//!
//! It is `key-` and the key's id in base 36: 29 letters, so it is a [`ClientId`], and no client is registered under it.

use doorward_core::{ApiKeyId, ClientId};

use crate::clients::OF_KEYS;

/// The name of a key.
pub(crate) fn name_of_key(id: ApiKeyId) -> ClientId {
    let mut rest = u128::from_be_bytes(*id.as_bytes());
    let mut digits = [0; DIGITS];
    for place in digits.iter_mut().rev() {
        *place = ALPHABET[(rest % 36) as usize];
        rest /= 36;
    }
    let digits = std::str::from_utf8(&digits).expect("the alphabet is ASCII");
    format!("{OF_KEYS}{digits}").parse().expect("small letters and digits after a letter are a name")
}

/// The key of a name; `None` when it is a client's.
pub(crate) fn key_named(name: &ClientId) -> Option<ApiKeyId> {
    let digits = name.as_str().strip_prefix(OF_KEYS).filter(|digits| digits.len() == DIGITS)?;
    u128::from_str_radix(digits, 36).ok().map(|number| ApiKeyId::from_bytes(number.to_be_bytes()))
}

/// So many digits of base 36 hold 128 bits.
const DIGITS: usize = 25;
const ALPHABET: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
