//! Which RSA keys are taken; only clients of a Doorward have them, never its tokens.

/// Whether a modulus and an exponent, big-endian without leading zeros, are a key that only its owner signs with.
pub(crate) fn is_sound(n: &[u8], e: &[u8]) -> bool {
    let Some(bits) = n.first().map(|first| n.len() * 8 - first.leading_zeros() as usize) else { return false };
    let is_exponent = e.first().is_some_and(|first| *first != 0) && e.len() <= 4;
    let exponent = e.iter().take(4).fold(0_u32, |value, byte| value << 8 | u32::from(*byte));
    // With 1 everything is its own signature; even numbers are no exponents.
    let is_exponent = is_exponent && exponent >= 3 && exponent % 2 == 1;
    n[0] != 0 && (2048..=8192).contains(&bits) && n[n.len() - 1] % 2 == 1 && is_exponent && !is_roca(n)
}

/// Whether the modulus was made as Infineon's library made them until 2017, so that it can be factored (ROCA, CVE-2017-15361):
/// its primes are powers of 65537 modulo every small prime, which of other moduli one in 2^27 is.
fn is_roca(n: &[u8]) -> bool {
    let is_prime = |number: &u32| (2..*number).all(|divisor| !number.is_multiple_of(divisor));
    (3..=167).filter(is_prime).all(|prime| {
        let rest = n.iter().fold(0, |rest, byte| (rest << 8 | u32::from(*byte)) % prime);
        let mut power = 1;
        (0..prime).any(|_| {
            power = power * (65537 % prime) % prime;
            power == rest
        })
    })
}
