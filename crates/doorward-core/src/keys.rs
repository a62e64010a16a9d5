//! Several signing keys at once: the newest that is in force signs, every kept one still verifies.
//!
//! A new key gets a moment from which it signs. Until then it only verifies, so that every node knows it before any
//! node uses it, and a rotation logs nobody out.
//!
//! - `keys/rotation`: The newest key in force signs; every kept key verifies, and a removed one does not.
//! - `keys/purpose`: A value that was sealed for one purpose opens for no other.
//! - `keys/unforgeable`: A value that was changed, cut or spelt otherwise does not open.
//! - `keys/seeds`: What is derived from a key for one use tells nothing of what is derived for another, nor of a cookie's key.
//! - `keys/real`: Keys that are short, repeated or samples make no ring.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::{Secret, Timestamp, secret::same};

/// What a sealed value is for; a value sealed for one purpose does not open for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The cookie of a session.
    Session,
    /// The cookie that protects forms before there is a session.
    Form,
    /// The cookie that marks a browser in which somebody has logged in before.
    Device,
    /// The place in a list from which its next page begins.
    Cursor,
    /// A moment that comes back with an address of ours.
    Moment,
}

/// One secret of the ring.
pub struct Key {
    /// Names the key in what it signs.
    pub id: u32,
    /// The moment from which it signs.
    pub signs_from: Timestamp,
    /// At least 32 bytes.
    pub secret: Secret,
}

/// Why a set of keys cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyRingError {
    /// There is no key.
    Empty,
    /// A key is shorter than 32 bytes.
    Short,
    /// Two keys have one id.
    Duplicate,
    /// A key is one repeated byte: a sample that somebody forgot to replace.
    Sample,
}

impl std::fmt::Display for KeyRingError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Empty => "there is no key; make one with `doorward keys rotate`",
            Self::Short => "a key is shorter than 32 bytes; make one with `doorward keys rotate`",
            Self::Duplicate => "two keys have the same id; remove one",
            Self::Sample => "a key is a sample value; make a real one with `doorward keys rotate`",
        })
    }
}

impl std::error::Error for KeyRingError {}

/// The keys in force.
pub struct KeyRing {
    keys: Vec<Keyed>,
}

struct Keyed {
    id: u32,
    signs_from: Timestamp,
    macs: [Hmac<Sha256>; 5],
    seeds: Hmac<Sha256>,
}

const TAG: usize = 32;
const ID: usize = 4;

impl KeyRing {
    /// Checks the keys and prepares them for use; the order does not matter.
    pub fn new(keys: Vec<Key>) -> Result<Self, KeyRingError> {
        let mut ring = Vec::with_capacity(keys.len());
        for key in keys {
            let secret = key.secret.expose();
            if secret.len() < 32 {
                return Err(KeyRingError::Short);
            }
            if secret.iter().all(|b| *b == secret[0]) {
                return Err(KeyRingError::Sample);
            }
            if ring.iter().any(|other: &Keyed| other.id == key.id) {
                return Err(KeyRingError::Duplicate);
            }
            let macs = ["session", "form", "device", "cursor", "moment"]
                .map(|purpose| subkey(secret, "doorward/cookie/", purpose));
            let seeds = subkey(secret, "doorward/", "seeds");
            ring.push(Keyed { id: key.id, signs_from: key.signs_from, macs, seeds });
        }
        ring.sort_by_key(|key| std::cmp::Reverse((key.signs_from, key.id)));
        if ring.is_empty() { Err(KeyRingError::Empty) } else { Ok(Self { keys: ring }) }
    }

    /// Signs `payload` with the newest key in force and returns it as base64url text: key id, payload, HMAC-SHA256.
    pub fn seal(&self, purpose: Purpose, payload: &[u8], now: Timestamp) -> String {
        let key = self.signer(now);
        let mut bytes = Zeroizing::new(Vec::with_capacity(ID + payload.len() + TAG));
        bytes.extend_from_slice(&key.id.to_be_bytes());
        bytes.extend_from_slice(payload);
        let tag = key.tag(purpose, &bytes);
        bytes.extend_from_slice(&tag);
        URL_SAFE_NO_PAD.encode(bytes.as_slice())
    }

    /// Returns the payload of `N` bytes when `text` was sealed for `purpose` by a key of this ring.
    ///
    /// Nothing but this decides whether a cookie is ours, so a forged one costs no look into the store.
    pub fn open<const N: usize>(&self, purpose: Purpose, text: &str) -> Option<Zeroizing<[u8; N]>> {
        let mut room = Zeroizing::new([0; 160]);
        let fits = text.len() == ((ID + N + TAG) * 4).div_ceil(3);
        let length = fits.then(|| URL_SAFE_NO_PAD.decode_slice(text, room.as_mut_slice()).ok())??;
        if length != ID + N + TAG {
            return None;
        }
        let (signed, tag) = room[..length].split_at(ID + N);
        let id = u32::from_be_bytes(signed[..ID].try_into().ok()?);
        let key = self.keys.iter().find(|key| key.id == id)?;
        let genuine = same(&key.tag(purpose, signed), tag);
        genuine.then(|| signed[ID..].try_into().map(Zeroizing::new).ok())?
    }

    /// Derives 32 secret bytes for the use `name` from the newest key in force, to make a key of another kind of.
    pub fn seed(&self, name: &str, now: Timestamp) -> Zeroizing<[u8; 32]> {
        self.signer(now).seed(name)
    }

    /// The same of every key of this ring: whatever one of them has signed can be checked while it is kept.
    pub fn seeds(&self, name: &str) -> Vec<Zeroizing<[u8; 32]>> {
        self.keys.iter().map(|key| key.seed(name)).collect()
    }

    /// Since when each key signs, newest first; a moment in the future is when it begins.
    pub fn signs_from(&self) -> impl Iterator<Item = (u32, Timestamp)> {
        self.keys.iter().map(|key| (key.id, key.signs_from))
    }

    fn signer(&self, now: Timestamp) -> &Keyed {
        let oldest = self.keys.last().expect("a key ring has at least one key");
        self.keys.iter().find(|key| key.signs_from <= now).unwrap_or(oldest)
    }
}

impl Keyed {
    fn tag(&self, purpose: Purpose, message: &[u8]) -> [u8; TAG] {
        self.macs[purpose as usize].clone().chain_update(message).finalize().into_bytes().into()
    }

    fn seed(&self, name: &str) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.seeds.clone().chain_update(name).finalize().into_bytes().into())
    }
}

/// Derives the key of one purpose (HMAC as a key derivation function, NIST SP 800-108 with one block).
fn subkey(secret: &[u8], label: &str, purpose: &str) -> Hmac<Sha256> {
    let root = Hmac::<Sha256>::new_from_slice(secret).expect("HMAC takes keys of any length");
    let derived = Zeroizing::new(root.chain_update(label).chain_update(purpose).finalize().into_bytes().to_vec());
    Hmac::new_from_slice(&derived).expect("HMAC takes keys of any length")
}
