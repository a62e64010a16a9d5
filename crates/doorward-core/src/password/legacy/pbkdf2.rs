//! PBKDF2 (RFC 8018) with HMAC-SHA-256 or HMAC-SHA-512, as PHC string and as Django writes it.

use base64::{Engine, engine::general_purpose::STANDARD};
use pbkdf2::pbkdf2_hmac;
use sha2::{Sha256, Sha512};
use zeroize::Zeroizing;

use crate::password::{Unreadable, phc};

/// A PBKDF2 hash as read.
pub(in crate::password) struct Pbkdf2 {
    function: Function,
    iterations: u32,
    salt: Vec<u8>,
    tag: Vec<u8>,
}

#[derive(Clone, Copy)]
enum Function {
    Sha256,
    Sha512,
}

impl Pbkdf2 {
    /// Reads what follows `$pbkdf2-sha256$`: `i=…,l=…$salt$hash`.
    pub(in crate::password) fn read_sha256(rest: &str) -> Result<Self, Unreadable> {
        Self::read(Function::Sha256, rest)
    }

    /// Reads what follows `$pbkdf2-sha512$`.
    pub(in crate::password) fn read_sha512(rest: &str) -> Result<Self, Unreadable> {
        Self::read(Function::Sha512, rest)
    }

    /// Reads what follows `pbkdf2_sha256$` in Django: `iterations$salt$hash`, where the salt is plain text.
    pub(in crate::password) fn read_django(rest: &str) -> Result<Self, Unreadable> {
        let [iterations, salt, tag] = phc::fields(rest)?;
        let tag = STANDARD.decode(tag).map_err(|_| Unreadable::Malformed)?;
        Self {
            function: Function::Sha256,
            iterations: phc::decimal(iterations)?,
            salt: phc::within(salt.as_bytes().to_vec(), 1..=128)?,
            tag: phc::within(tag, 32..=32)?,
        }
        .bounded()
    }

    /// Says whether `password` has this hash.
    pub(in crate::password) fn matches(&self, password: &str) -> bool {
        let mut tag = Zeroizing::new([0; 64]);
        let tag = &mut tag[..self.tag.len()];
        match self.function {
            Function::Sha256 => pbkdf2_hmac::<Sha256>(password.as_bytes(), &self.salt, self.iterations, tag),
            Function::Sha512 => pbkdf2_hmac::<Sha512>(password.as_bytes(), &self.salt, self.iterations, tag),
        }
        crate::secret::same(tag, &self.tag)
    }

    fn read(function: Function, rest: &str) -> Result<Self, Unreadable> {
        let [parameters, salt, tag] = phc::fields(rest)?;
        let [iterations, length] = phc::numbers(parameters, ["i", "l"])?;
        let tag = phc::bytes(tag, 16..=64)?;
        if tag.len() != length as usize {
            return Err(Unreadable::Malformed);
        }
        Self { function, iterations, salt: phc::bytes(salt, 1..=128)?, tag }.bounded()
    }

    /// Four million blocks of SHA-256 or two of SHA-512: above every system's default of today, and under a second.
    fn bounded(self) -> Result<Self, Unreadable> {
        let (block, most) = match self.function {
            Function::Sha256 => (32, 4_000_000),
            Function::Sha512 => (64, 2_000_000),
        };
        let blocks = self.tag.len().div_ceil(block) as u64;
        match u64::from(self.iterations) * blocks {
            0 => Err(Unreadable::Malformed),
            rounds if rounds > most => Err(Unreadable::TooCostly),
            _ => Ok(self),
        }
    }
}
