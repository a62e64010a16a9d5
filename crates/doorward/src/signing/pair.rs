//! Key pairs: making one, sealing its private half, opening it again, signing.

use doorward_core::{Entropy, KeyRing, Timestamp};
use doorward_verify::{Algorithm, PublicKey};
use ed25519_dalek::{Signer, SigningKey};
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use zeroize::Zeroizing;

use super::rules::Stored;
use crate::{base::sealed::Seals, error::Fault};

/// A pair in use.
pub(super) struct Pair {
    pub(super) public: PublicKey,
    private: Private,
}

enum Private {
    Ed(SigningKey),
    /// Not wiped when it is dropped: ring does not do that. What it was read from is.
    P256(EcdsaKeyPair),
}

/// A pair that is not in use yet: its public half, and what is to be sealed.
pub(super) struct Fresh {
    pub(super) public: Vec<u8>,
    private: Zeroizing<Vec<u8>>,
}

impl Fresh {
    /// Makes a pair.
    pub(super) fn make(algorithm: Algorithm, entropy: &dyn Entropy) -> Result<Self, Fault> {
        match algorithm {
            Algorithm::EdDsa => {
                let mut seed = Zeroizing::new(vec![0; 32]);
                entropy.fill(&mut seed);
                let key = SigningKey::from_bytes(seed.as_slice().try_into().expect("a seed has 32 bytes"));
                Ok(Self { public: key.verifying_key().to_bytes().to_vec(), private: seed })
            }
            Algorithm::Es256 => {
                // ring takes randomness from the operating system by itself, here and for each signature, and from nobody else.
                let made = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new());
                let private = Zeroizing::new(made.map_err(|_| unmade())?.as_ref().to_vec());
                let public = p256(&private)?.public_key().as_ref().to_vec();
                Ok(Self { public, private })
            }
            _ => Err(Fault::new("making a signing key", "tokens are signed with EdDSA and ES256 only")),
        }
    }

    /// Seals the private half for the row of this name.
    pub(super) fn seal(&self, (kid, algorithm): (&str, Algorithm), ring: &Sealing<'_>) -> Vec<u8> {
        let about = about(kid, algorithm, &self.public);
        seals(ring.ring).seal(&about, &self.private, (ring.entropy, ring.now))
    }
}

/// With what is sealed.
pub(super) struct Sealing<'r> {
    pub(super) ring: &'r KeyRing,
    pub(super) entropy: &'r dyn Entropy,
    pub(super) now: Timestamp,
}

impl Pair {
    /// Opens a row. What opens was sealed by us for this row; nothing else is a key.
    pub(super) fn open(row: &Stored, ring: &KeyRing) -> Result<Self, Fault> {
        Self::of(row, &unsealed(row, ring)?).ok_or_else(|| lost(row))
    }

    /// Signs; a failure is the operating system's, which gives no randomness.
    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Fault> {
        match &self.private {
            Private::Ed(key) => Ok(key.sign(message).to_bytes().to_vec()),
            Private::P256(key) => {
                let signature = key.sign(&SystemRandom::new(), message).map_err(|_| unmade())?;
                Ok(signature.as_ref().to_vec())
            }
        }
    }

    fn of(row: &Stored, private: &[u8]) -> Option<Self> {
        let (public, private, own) = match row.algorithm {
            Algorithm::EdDsa => {
                let key = SigningKey::from_bytes(private.try_into().ok()?);
                let public = PublicKey::ed25519(&key.verifying_key().to_bytes())?;
                let own = key.verifying_key().to_bytes().to_vec();
                (public, Private::Ed(key), own)
            }
            Algorithm::Es256 => {
                let key = p256(private).ok()?;
                let own = key.public_key().as_ref().to_vec();
                (PublicKey::p256(own.as_slice().try_into().ok()?)?, Private::P256(key), own)
            }
            _ => return None,
        };
        (own == row.public).then_some(Self { public, private })
    }
}

/// The private half of a row, which any key of the ring may have sealed.
pub(super) fn unsealed(row: &Stored, ring: &KeyRing) -> Result<Zeroizing<Vec<u8>>, Fault> {
    let about = about(&row.kid, row.algorithm, &row.public);
    seals(ring).open(&about, &row.sealed).ok_or_else(|| lost(row))
}

/// The private half of a row sealed once more, by the key of the ring that is in force; `None` when that one has sealed it.
pub(super) fn sealed_again(row: &Stored, sealing: &Sealing<'_>) -> Result<Option<Vec<u8>>, Fault> {
    let about = about(&row.kid, row.algorithm, &row.public);
    let seals = seals(sealing.ring);
    if seals.is_current(&about, &row.sealed, sealing.now) {
        return Ok(None);
    }
    Ok(Some(seals.seal(&about, &unsealed(row, sealing.ring)?, (sealing.entropy, sealing.now))))
}

fn seals(ring: &KeyRing) -> Seals<'_> {
    Seals { ring, use_of: SEEDS }
}

/// What a sealed private half belongs to: in another row it does not open.
fn about(kid: &str, algorithm: Algorithm, public: &[u8]) -> Vec<u8> {
    [kid.as_bytes(), &[0], algorithm.name().as_bytes(), &[0], public].concat()
}

fn p256(private: &[u8]) -> Result<EcdsaKeyPair, Fault> {
    EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, private, &SystemRandom::new())
        .map_err(|cause| Fault::new("reading a signing key", cause.to_string()))
}

fn lost(row: &Stored) -> Fault {
    let cause = format!(
        "no master key opens the signing key {} ({}): it was sealed by one that is gone from keys.file, or the row was changed. \
         Put the lost key back into keys.file, or run `doorward signing rotate --now`, which makes new signing keys and voids every \
         token of the old ones",
        row.kid,
        row.algorithm.name()
    );
    Fault::new("opening a signing key", cause)
}

fn unmade() -> Fault {
    Fault::new("signing", "the operating system gives no randomness")
}

/// The use for which seeds are derived from the master keys.
const SEEDS: &str = "doorward/signing-keys";
