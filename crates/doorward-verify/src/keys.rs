//! Public keys, each for one algorithm.
//!
//! - `verify/sound-keys`: A key for which anybody can sign is no key: of small order, too short, or known to be factored.

use ed25519_dalek::{Signature, Verifier as _, VerifyingKey};
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256,
    RsaPublicKeyComponents, UnparsedPublicKey,
};

/// How a token is signed. There is nothing symmetric and no `none` among them, so neither can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// Ed25519 (RFC 8037).
    EdDsa,
    /// ECDSA with P-256 and SHA-256 (RFC 7518 section 3.4).
    Es256,
    /// ECDSA with P-384 and SHA-384.
    Es384,
    /// RSASSA-PKCS1-v1_5 with SHA-256 (RFC 7518 section 3.3).
    Rs256,
    /// RSASSA-PSS with SHA-256 (RFC 7518 section 3.5).
    Ps256,
}

impl Algorithm {
    /// Every one there is.
    pub const ALL: [Self; 5] = [Self::EdDsa, Self::Es256, Self::Es384, Self::Rs256, Self::Ps256];

    /// The name in a header.
    pub const fn name(self) -> &'static str {
        self.names()[0]
    }

    /// Every name under which it is known. Ed25519 has two: that of its family, and its own (RFC 9864 section 2.2), which some
    /// libraries write.
    pub const fn names(self) -> &'static [&'static str] {
        match self {
            Self::EdDsa => &["EdDSA", "Ed25519"],
            Self::Es256 => &["ES256"],
            Self::Es384 => &["ES384"],
            Self::Rs256 => &["RS256"],
            Self::Ps256 => &["PS256"],
        }
    }

    /// The algorithm that is known under this name; names are compared byte by byte.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.names().contains(&name))
    }
}

/// A key that verifies, ready for use.
#[derive(Clone, Debug)]
pub struct PublicKey(pub(crate) Kind);

#[derive(Clone, Debug)]
pub(crate) enum Kind {
    Ed(Box<VerifyingKey>),
    P256([u8; 65]),
    P384(Box<[u8; 97]>),
    Rsa { n: Vec<u8>, e: Vec<u8>, pss: bool },
}

impl PublicKey {
    /// An Ed25519 key from its 32 bytes; `None` when they are no point, another spelling of one, or one of small order, for
    /// which a signature over anything is easily found.
    pub fn ed25519(bytes: &[u8; 32]) -> Option<Self> {
        let key = VerifyingKey::from_bytes(bytes).ok().filter(|key| !key.is_weak())?;
        // The library takes a coordinate that was not reduced (RFC 8032 section 5.1.3, step 1) and keeps it as it came.
        let is_canonical = key.to_edwards().compress().as_bytes() == bytes;
        is_canonical.then(|| Self(Kind::Ed(Box::new(key))))
    }

    /// A P-256 key from its uncompressed point (SEC 1 section 2.3.3): 4, x, y. Whether it lies on the curve is found when it
    /// verifies: nothing verifies with one that does not.
    pub fn p256(point: &[u8; 65]) -> Option<Self> {
        (point[0] == 4).then_some(Self(Kind::P256(*point)))
    }

    /// The one algorithm that it verifies.
    pub fn algorithm(&self) -> Algorithm {
        match &self.0 {
            Kind::Ed(_) => Algorithm::EdDsa,
            Kind::P256(_) => Algorithm::Es256,
            Kind::P384(_) => Algorithm::Es384,
            Kind::Rsa { pss: false, .. } => Algorithm::Rs256,
            Kind::Rsa { pss: true, .. } => Algorithm::Ps256,
        }
    }

    /// The same RSA key for the other way of padding, as a client may choose per token; any other key stays as it is.
    #[must_use]
    pub fn with_algorithm(&self, algorithm: Algorithm) -> Self {
        match (&self.0, algorithm) {
            (Kind::Rsa { n, e, .. }, Algorithm::Rs256 | Algorithm::Ps256) => {
                Self(Kind::Rsa { n: n.clone(), e: e.clone(), pss: algorithm == Algorithm::Ps256 })
            }
            _ => self.clone(),
        }
    }

    /// Whether `signature` is this key's over `message`.
    ///
    /// For one message there may be several such signatures (ECDSA: s and n − s), so a signature names nothing.
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        match &self.0 {
            Kind::Ed(key) => {
                Signature::from_slice(signature).is_ok_and(|signature| key.verify(message, &signature).is_ok())
            }
            Kind::P256(point) => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(message, signature).is_ok()
            }
            Kind::P384(point) => {
                UnparsedPublicKey::new(&ECDSA_P384_SHA384_FIXED, point.as_slice()).verify(message, signature).is_ok()
            }
            Kind::Rsa { n, e, pss } => {
                let way = if *pss { &RSA_PSS_2048_8192_SHA256 } else { &RSA_PKCS1_2048_8192_SHA256 };
                RsaPublicKeyComponents { n, e }.verify(way, message, signature).is_ok()
            }
        }
    }
}
