//! Secrets at rest, sealed with ChaCha20-Poly1305 (RFC 8439 section 2.8) under a key that comes of the master keys.
//!
//! What was sealed opens with the words that it was sealed about, and with no others: moved to another row it is no secret there.
//! Whoever has the database alone has nothing.

use doorward_core::{Entropy, KeyRing, Timestamp};
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use zeroize::Zeroizing;

/// One use of sealed secrets, with a seed of its own from each master key. A seed seals few of them in its life; where there are
/// many, each row has a key of its own.
#[derive(Clone, Copy)]
pub(crate) struct Seals<'r> {
    /// The master keys.
    pub(crate) ring: &'r KeyRing,
    /// The name of the use.
    pub(crate) use_of: &'static str,
}

impl Seals<'_> {
    /// Seals with the master key in force.
    pub(crate) fn seal(&self, about: &[u8], secret: &[u8], (entropy, now): (&dyn Entropy, Timestamp)) -> Vec<u8> {
        seal(&self.ring.seed(self.use_of, now), about, secret, entropy)
    }

    /// Opens what any master key of the ring has sealed.
    pub(crate) fn open(&self, about: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        self.ring.seeds(self.use_of).iter().find_map(|seed| open(seed, about, sealed))
    }

    /// Whether the master key in force has sealed it.
    pub(crate) fn is_current(&self, about: &[u8], sealed: &[u8], now: Timestamp) -> bool {
        open(&self.ring.seed(self.use_of, now), about, sealed).is_some()
    }
}

/// Seals: nonce, then the rest. A key is to seal few secrets in its life, so that a nonce at random is never the same twice.
pub(crate) fn seal(key: &[u8; 32], about: &[u8], secret: &[u8], entropy: &dyn Entropy) -> Vec<u8> {
    let mut nonce = [0; NONCE_LEN];
    entropy.fill(&mut nonce);
    let mut bytes = Zeroizing::new(secret.to_vec());
    let tag = cipher(key).seal_in_place_separate_tag(
        Nonce::assume_unique_for_key(nonce),
        Aad::from(about),
        bytes.as_mut_slice(),
    );
    let tag = tag.expect("a secret is shorter than what can be sealed at once");
    [&nonce, bytes.as_slice(), tag.as_ref()].concat()
}

/// Opens what this key has sealed about the same.
pub(crate) fn open(key: &[u8; 32], about: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (nonce, rest) = sealed.split_first_chunk::<NONCE_LEN>()?;
    let mut bytes = Zeroizing::new(rest.to_vec());
    let nonce = Nonce::assume_unique_for_key(*nonce);
    let length = cipher(key).open_in_place(nonce, Aad::from(about), bytes.as_mut_slice()).ok()?.len();
    // Only gets shorter: nothing is moved to other memory.
    bytes.truncate(length);
    Some(bytes)
}

fn cipher(key: &[u8; 32]) -> LessSafeKey {
    LessSafeKey::new(UnboundKey::new(&CHACHA20_POLY1305, key).expect("a key of ChaCha20-Poly1305 has 32 bytes"))
}
