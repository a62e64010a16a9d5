//! Makes hashes and checks guesses against them.

use std::sync::Arc;

use zeroize::Zeroizing;

use super::{
    Guess, Parameters, Password, PasswordHash, Peppers, Unreadable,
    argon2::{Argon2Engine, Argon2Hash, OutOfMemory, Pooled, Recipe, Variant, Version},
    hash::Readable,
};
use crate::Entropy;

/// A worker that hashes with memory of its own, one password at a time.
///
/// It keeps as much memory as one hash needs, mapped from its making and wiped after every hash. [`Hasher::rest`] gives
/// the memory back for as long as nothing is hashed. How many there are bounds what a flood of logins can cost.
pub struct Hasher {
    parameters: Parameters,
    peppers: Arc<Peppers>,
    engine: Box<dyn Argon2Engine>,
}

/// What a check found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Verdict {
    /// The guess is not the password.
    Wrong,
    /// The guess is the password.
    Right(Freshness),
}

/// Whether the stored hash is as a new one would be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// The hash stays.
    Current,
    /// The hash has other parameters, another pepper or another scheme: store what [`Hasher::rehash`] makes instead.
    Outdated,
}

impl Hasher {
    /// Makes a worker and sets its memory aside.
    ///
    /// Fails with [`Unreadable::OutOfMemory`] only: better at start than at the first login.
    pub fn new(parameters: Parameters, peppers: Arc<Peppers>) -> Result<Self, Unreadable> {
        let engine = Pooled::new(parameters.cost())?;
        Ok(Self::over(Box::new(engine), parameters, peppers))
    }

    /// Makes a worker over an engine, which must have the memory for `parameters`.
    pub(super) fn over(engine: Box<dyn Argon2Engine>, parameters: Parameters, peppers: Arc<Peppers>) -> Self {
        Self { parameters, peppers, engine }
    }

    /// Gives the memory back to the machine until the next hash, which takes a little longer; the room stays ours.
    pub fn rest(&mut self) {
        self.engine.rest();
    }

    /// Hashes a new password.
    pub fn hash(&mut self, password: &Password, entropy: &dyn Entropy) -> PasswordHash {
        self.make(password.expose(), entropy)
    }

    /// Hashes a guess again, after [`check`](Self::check) found it right and the hash outdated.
    ///
    /// No policy applies: an imported password may be shorter than a new one could be.
    pub fn rehash(&mut self, guess: &Guess, entropy: &dyn Entropy) -> PasswordHash {
        self.make(guess.normal(), entropy)
    }

    /// Compares a guess with a stored hash, in constant time as far as their contents go.
    ///
    /// A hash that cannot be read costs a whole check before the error returns, so that the reply's time does not point out
    /// the account; the caller answers as for a wrong password and tells the operator.
    pub fn check(&mut self, guess: &Guess, stored: &PasswordHash) -> Result<Verdict, Unreadable> {
        let result = Readable::read(stored.as_phc()).and_then(|stored| self.compare(guess, &stored));
        if result.is_err() {
            let _ = self.check_nobody(guess);
        }
        result
    }

    /// Does the work of a check where there is no account or no password; always [`Verdict::Wrong`].
    pub fn check_nobody(&mut self, guess: &Guess) -> Verdict {
        for form in guess.forms() {
            let tag = self.derive(form, &NOBODY_SALT);
            // The comparison belongs to the cost; its result must not decide anything, not even by accident.
            std::hint::black_box(crate::secret::same(&*tag, &[0; TAG]));
        }
        Verdict::Wrong
    }

    fn make(&mut self, text: &str, entropy: &dyn Entropy) -> PasswordHash {
        let mut salt = [0; SALT];
        entropy.fill(&mut salt);
        let tag = self.derive(text, &salt);
        let key_id = self.peppers.active().map(|pepper| pepper.id());
        PasswordHash::stored(Argon2Hash::write(self.parameters.cost(), key_id, &salt, &*tag))
    }

    fn derive(&mut self, text: &str, salt: &[u8; SALT]) -> Zeroizing<[u8; TAG]> {
        let mut tag = Zeroizing::new([0; TAG]);
        let recipe = Recipe {
            variant: Variant::Id,
            version: Version::V19,
            cost: self.parameters.cost(),
            salt,
            secret: self.peppers.active().map_or(&[], |pepper| pepper.key()),
        };
        self.engine
            .derive(&recipe, text.as_bytes(), &mut *tag)
            .expect("the memory was set aside when the hasher was made");
        tag
    }

    fn compare(&mut self, guess: &Guess, stored: &Readable) -> Result<Verdict, Unreadable> {
        let mut verdict = Verdict::Wrong;
        for (form, text) in guess.forms().enumerate() {
            if self.matches(text, stored)? {
                verdict = Verdict::Right(if form == 0 { self.freshness(stored) } else { Freshness::Outdated });
                break;
            }
        }
        Ok(verdict)
    }

    fn matches(&mut self, text: &str, stored: &Readable) -> Result<bool, Unreadable> {
        match stored {
            Readable::Argon2(hash) => {
                let secret = match &hash.key_id {
                    Some(id) => self.peppers.named(id).ok_or(Unreadable::UnknownPepper)?.key(),
                    None => &[],
                };
                Ok(hash.matches(self.engine.as_mut(), secret, text.as_bytes())?)
            }
            Readable::Bcrypt(hash) => Ok(hash.matches(text)),
            Readable::Pbkdf2(hash) => Ok(hash.matches(text)),
            Readable::Scrypt(hash) => Ok(hash.matches(text)),
        }
    }

    fn freshness(&self, stored: &Readable) -> Freshness {
        let current = match stored {
            Readable::Argon2(hash) => {
                (hash.variant, hash.version, hash.cost) == (Variant::Id, Version::V19, self.parameters.cost())
                    && hash.salt.len() >= SALT
                    && hash.tag.len() >= TAG
                    && hash.key_id.as_deref() == self.peppers.active().map(|pepper| pepper.id())
            }
            _ => false,
        };
        if current { Freshness::Current } else { Freshness::Outdated }
    }
}

impl From<OutOfMemory> for Unreadable {
    fn from(OutOfMemory: OutOfMemory) -> Self {
        Self::OutOfMemory
    }
}

const SALT: usize = 16;
const TAG: usize = 32;
const NOBODY_SALT: [u8; SALT] = *b"nobody at home :";
