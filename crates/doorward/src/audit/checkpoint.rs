//! What is kept elsewhere: a signed note of how many seals there were, and of the hash that stands for all of them.
//!
//! The form is that of C2SP [signed-note] and [tlog-checkpoint], which other programs can read and check. Where the
//! latter has the root of one tree over everything, this has the hash of the last seal: it is compared, and proves nothing
//! about single events without the log.
//!
//! [signed-note]: https://c2sp.org/signed-note
//! [tlog-checkpoint]: https://c2sp.org/tlog-checkpoint

use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD};
use doorward_core::Timestamp;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use sha2::{Digest, Sha256};

use super::{rules::rfc3339, tree::Hash};

/// What the log was at a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Whose log: the site's host, and `/audit`.
    pub origin: String,
    /// How many seals there were.
    pub seals: i64,
    /// How many events were sealed.
    pub events: i64,
    /// When this was signed, RFC 3339 in UTC.
    pub at: String,
    pub(super) chain: Hash,
}

/// Who signed a checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signature {
    /// A key that we know.
    Genuine,
    /// A key that this server no longer has, or never had: nothing can be said about it.
    UnknownKey,
}

/// Why a checkpoint is not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CheckpointError {
    /// It is not what a checkpoint looks like.
    Malformed,
    /// It is of the log of this other site.
    OtherSite(String),
    /// A key that we know should have signed it and did not: it was changed, or made up.
    Forged,
    /// The key that was given has not signed it.
    OtherKey,
}

/// The public half of a key that signs checkpoints.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    name: String,
    bytes: [u8; 32],
}

/// Signs checkpoints.
pub(super) struct Signer {
    key: Ed25519KeyPair,
    public: PublicKey,
}

impl Checkpoint {
    /// Makes the checkpoint of a log that ends in a seal with this hash.
    pub(super) fn new(origin: String, seals: i64, events: i64, chain: Hash, now: Timestamp) -> Self {
        Self { origin, seals, events, at: rfc3339(now), chain }
    }

    /// Reads a checkpoint of the log `origin`.
    ///
    /// With the key that was `given`, that one must have signed it. Otherwise one of the `known` ones must have, unless the
    /// signature is of a key that is none of them.
    pub(super) fn open(
        note: &str,
        origin: &str,
        known: &[PublicKey],
        given: Option<&PublicKey>,
    ) -> Result<(Self, Signature), CheckpointError> {
        let note = note.replace("\r\n", "\n");
        let (text, signatures) = split(&note).ok_or(CheckpointError::Malformed)?;
        let read = Self::parse(text).ok_or(CheckpointError::Malformed)?;
        let keys = given.map_or(known, std::slice::from_ref);
        let ours = signatures.iter().filter_map(|one| Some((keys.iter().find(|key| one.is_by(key))?, one)));
        let genuine: Vec<bool> = ours.map(|(key, one)| key.has_signed(text, &one.bytes)).collect();
        let signature = match genuine.as_slice() {
            [] if given.is_some() => return Err(CheckpointError::OtherKey),
            [] => Signature::UnknownKey,
            all if all.contains(&false) => return Err(CheckpointError::Forged),
            _ => Signature::Genuine,
        };
        if read.origin != origin {
            return Err(CheckpointError::OtherSite(read.origin));
        }
        Ok((read, signature))
    }

    fn text(&self) -> String {
        let Self { origin, seals, events, at, chain } = self;
        format!("{origin}\n{seals}\n{}\nevents {events}\ntime {at}\n", STANDARD.encode(chain.0))
    }

    /// Reads the text of a note; lines that were added later are somebody else's business, as in tlog-checkpoint.
    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        let origin = lines.next().filter(|line| !line.is_empty())?.to_owned();
        let seals = number(lines.next()?)?;
        let chain = Hash(STANDARD.decode(lines.next()?).ok()?.try_into().ok()?);
        let events = number(lines.next()?.strip_prefix("events ")?)?;
        let at = lines.next()?.strip_prefix("time ")?.to_owned();
        Some(Self { origin, seals, events, at, chain })
    }
}

impl Signer {
    /// Makes the key that signs for the log `origin` from 32 secret bytes.
    pub(super) fn new(origin: &str, seed: &[u8; 32]) -> Self {
        let key = Ed25519KeyPair::from_seed_unchecked(seed).expect("any 32 bytes are the seed of an Ed25519 key");
        let bytes = key.public_key().as_ref().try_into().expect("a public key of Ed25519 has 32 bytes");
        Self { key, public: PublicKey { name: origin.to_owned(), bytes } }
    }

    /// The public half.
    pub(super) fn public(&self) -> &PublicKey {
        &self.public
    }

    /// Writes the signed note.
    pub(super) fn sign(&self, checkpoint: &Checkpoint) -> String {
        self.note(&checkpoint.text())
    }

    fn note(&self, text: &str) -> String {
        let signature = self.key.sign(text.as_bytes());
        let line = STANDARD.encode([&self.public.id()[..], signature.as_ref()].concat());
        format!("{text}\n\u{2014} {} {line}\n", self.public.name)
    }
}

impl PublicKey {
    /// Reads a key in the form that signed-note gives it: `NAME+ID+BASE64`.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.trim().splitn(3, '+');
        let (name, id, key) = (parts.next()?, parts.next()?, STANDARD.decode(parts.next()?).ok()?);
        let (kind, bytes) = key.split_first()?;
        let key = Self { name: name.to_owned(), bytes: bytes.try_into().ok()? };
        (*kind == KIND && !name.is_empty() && hex(&key.id()) == id).then_some(key)
    }

    fn id(&self) -> [u8; 4] {
        let hash =
            Sha256::new().chain_update(&self.name).chain_update([b'\n', KIND]).chain_update(self.bytes).finalize();
        [hash[0], hash[1], hash[2], hash[3]]
    }

    fn has_signed(&self, text: &str, signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, self.bytes).verify(text.as_bytes(), signature).is_ok()
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = STANDARD.encode([&[KIND], &self.bytes[..]].concat());
        write!(f, "{}+{}+{key}", self.name, hex(&self.id()))
    }
}

impl fmt::Display for CheckpointError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed => f.write_str("it is no checkpoint"),
            Self::OtherSite(site) => write!(f, "it is of another log, {site}"),
            Self::Forged => {
                f.write_str("its signature is not that of the key that it names: it was changed or made up")
            }
            Self::OtherKey => f.write_str("the key that was given has not signed it"),
        }
    }
}

impl std::error::Error for CheckpointError {}

/// One line under a note.
struct Signed<'n> {
    name: &'n str,
    id: [u8; 4],
    bytes: Vec<u8>,
}

impl Signed<'_> {
    fn is_by(&self, key: &PublicKey) -> bool {
        self.name == key.name && self.id == key.id()
    }
}

/// Takes a note apart into its text, with the last line's end, and the signatures under it, of which there is at least one.
fn split(note: &str) -> Option<(&str, Vec<Signed<'_>>)> {
    let at = note.rfind("\n\n")?;
    let (text, below) = (&note[..=at], &note[at + 2..]);
    let signed = |line| -> Option<Signed<'_>> {
        let (name, signature) = str::strip_prefix(line, "\u{2014} ")?.split_once(' ')?;
        let bytes = STANDARD.decode(signature).ok()?;
        let (id, bytes) = bytes.split_first_chunk::<4>()?;
        Some(Signed { name, id: *id, bytes: bytes.to_owned() })
    };
    let signatures = below.lines().map(signed).collect::<Option<Vec<_>>>()?;
    (!signatures.is_empty()).then_some((text, signatures))
}

/// A decimal number in its one spelling.
fn number(text: &str) -> Option<i64> {
    text.parse().ok().filter(|number: &i64| *number >= 0 && number.to_string() == text)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Ed25519, as signed-note numbers the kinds of signatures.
const KIND: u8 = 1;

#[cfg(test)]
mod tests;
