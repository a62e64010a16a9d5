//! The pieces of which stored hashes are written: fields between `$`, decimals, Base64.

use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};

use super::Unreadable;

/// Splits `text` at each `$` into exactly `N` fields.
pub(super) fn fields<const N: usize>(text: &str) -> Result<[&str; N], Unreadable> {
    exactly(text.split('$'))
}

/// Reads `name=value` pairs, separated by commas, in the order of `names` and nothing else.
pub(super) fn numbers<const N: usize>(text: &str, names: [&str; N]) -> Result<[u32; N], Unreadable> {
    let pairs: [&str; N] = exactly(text.split(','))?;
    let mut numbers = [0; N];
    for ((number, pair), name) in numbers.iter_mut().zip(pairs).zip(names) {
        *number = decimal(named(pair, name)?)?;
    }
    Ok(numbers)
}

/// Takes the value of `name=value`.
pub(super) fn named<'a>(pair: &'a str, name: &str) -> Result<&'a str, Unreadable> {
    pair.strip_prefix(name).and_then(|rest| rest.strip_prefix('=')).ok_or(Unreadable::Malformed)
}

/// Reads a decimal number without sign and without leading zeros.
pub(super) fn decimal(text: &str) -> Result<u32, Unreadable> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    // A number too large for 32 bits is above every bound as well.
    let parsed = text.parse::<u64>().ok().filter(|_| plain).ok_or(Unreadable::Malformed)?;
    u32::try_from(parsed).map_err(|_| Unreadable::TooCostly)
}

/// Reads Base64 without padding, of a length within `bounds`.
pub(super) fn bytes(text: &str, bounds: std::ops::RangeInclusive<usize>) -> Result<Vec<u8>, Unreadable> {
    let bytes = STANDARD_NO_PAD.decode(text).map_err(|_| Unreadable::Malformed)?;
    within(bytes, bounds)
}

/// Lets bytes pass whose number is within `bounds`.
pub(super) fn within(bytes: Vec<u8>, bounds: std::ops::RangeInclusive<usize>) -> Result<Vec<u8>, Unreadable> {
    if bounds.contains(&bytes.len()) { Ok(bytes) } else { Err(Unreadable::Malformed) }
}

/// Writes Base64 without padding.
pub(super) fn text(bytes: &[u8]) -> String {
    STANDARD_NO_PAD.encode(bytes)
}

fn exactly<'a, const N: usize>(mut parts: impl Iterator<Item = &'a str>) -> Result<[&'a str; N], Unreadable> {
    let mut found = [""; N];
    for slot in &mut found {
        *slot = parts.next().ok_or(Unreadable::Malformed)?;
    }
    if parts.next().is_some() { Err(Unreadable::Malformed) } else { Ok(found) }
}
