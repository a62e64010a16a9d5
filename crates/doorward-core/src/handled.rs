//! Tokens that live long and travel between programs: a secret, and the handle under which it is found.
//!
//! A prefix tells scanners of source code and logs what they have found, and a checksum tells a token from a text that looks
//! like one: what was cut or mistyped is refused before anything is looked up, and is never taken for a stolen token that
//! comes back.
//!
//! - `handled/one-spelling`: Such a token has one spelling; one that was cut, changed or is of another kind is refused.

use std::marker::PhantomData;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use zeroize::Zeroizing;

use crate::{ApiKey, Entropy, Refresh, token::Kind, token::Token};

/// What such a token begins with.
pub trait Prefixed: Kind {
    /// The prefix; what follows it are 70 letters of base64url.
    const PREFIX: &'static str;
}

impl Prefixed for Refresh {
    const PREFIX: &'static str = "dwr_";
}

impl Prefixed for ApiKey {
    const PREFIX: &'static str = "dwk_";
}

/// Where a token is found. It is part of the token and stands nowhere else that people see: who knows one has had the token.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Handle([u8; 16]);

/// A token with its handle, on its way to or from a program.
pub struct Handled<K: Prefixed> {
    handle: Handle,
    token: Token<K>,
    kind: PhantomData<K>,
}

impl Handle {
    /// Makes a new one.
    pub fn mint(entropy: &dyn Entropy) -> Self {
        let mut bytes = [0; 16];
        entropy.fill(&mut bytes);
        Self(bytes)
    }

    /// Restores one from its stored bytes; `None` when they are not 16.
    pub fn stored(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// The bytes to store.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl<K: Prefixed> Handled<K> {
    /// Puts a token under a handle.
    pub fn new(handle: Handle, token: Token<K>) -> Self {
        Self { handle, token, kind: PhantomData }
    }

    /// Makes a new token under a new handle.
    pub fn mint(entropy: &dyn Entropy) -> Self {
        Self::new(Handle::mint(entropy), Token::mint(entropy))
    }

    /// Reads one: its prefix, then handle, secret and checksum in canonical unpadded base64url.
    pub fn parse(text: &str) -> Option<Self> {
        let encoded = text.strip_prefix(K::PREFIX)?;
        // The decoder wants room for a full last group and refuses stray trailing bits.
        let mut room = Zeroizing::new([0; LENGTH + 2]);
        let fits = encoded.len() == (LENGTH * 4).div_ceil(3);
        let length = fits.then(|| URL_SAFE_NO_PAD.decode_slice(encoded, room.as_mut_slice()).ok())??;
        let (signed, checksum) = room[..length].split_at_checked(CHECKED)?;
        if checksum != checksum_of::<K>(signed) {
            return None;
        }
        let handle = Handle::stored(&signed[..16])?;
        Some(Self::new(handle, Token::from_bytes(signed[16..].try_into().ok()?)))
    }

    /// Where it is found.
    pub fn handle(&self) -> Handle {
        self.handle
    }

    /// The secret.
    pub fn token(&self) -> &Token<K> {
        &self.token
    }

    /// Gives the text to the one answer that carries it.
    pub fn reveal(self) -> String {
        let mut bytes = Zeroizing::new([0; LENGTH]);
        bytes[..16].copy_from_slice(&self.handle.0);
        bytes[16..CHECKED].copy_from_slice(self.token.expose());
        let checksum = checksum_of::<K>(&bytes[..CHECKED]);
        bytes[CHECKED..].copy_from_slice(&checksum);
        format!("{}{}", K::PREFIX, URL_SAFE_NO_PAD.encode(bytes.as_slice()))
    }
}

const CHECKED: usize = 16 + 32;
const LENGTH: usize = CHECKED + 4;

/// CRC-32 (ISO 3309) of the prefix and the rest. It finds accidents and no attacks.
fn checksum_of<K: Prefixed>(bytes: &[u8]) -> [u8; 4] {
    let mut sum = u32::MAX;
    for byte in K::PREFIX.bytes().chain(bytes.iter().copied()) {
        sum ^= u32::from(byte);
        for _ in 0..8 {
            sum = if sum & 1 == 1 { (sum >> 1) ^ 0xedb8_8320 } else { sum >> 1 };
        }
    }
    (!sum).to_be_bytes()
}
