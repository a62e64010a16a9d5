//! What a seal says of its events: one hash, which any change of any of them changes.
//!
//! The hash of a batch is the root of a Merkle tree (RFC 6962 section 2.1), whose leaves are the events in the order of
//! their ids. Each seal is then hashed together with the hash of the one before it: the last of these hashes stands for
//! every event that was ever sealed.

use doorward_core::Timestamp;
use sha2::{Digest, Sha256};

use crate::base::db::{Bind, Value};

/// A SHA-256 hash; nothing in it is secret.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Hash(pub(super) [u8; 32]);

/// A Merkle tree that grows leaf by leaf and keeps no more of it than the roots of its full subtrees.
#[derive(Default)]
pub(super) struct Tree {
    /// From the largest subtree to the smallest, each with the logarithm of its size.
    roots: Vec<(u32, Hash)>,
}

/// One event as it lies in the database, to be hashed.
pub(super) struct Leaf {
    pub(super) id: i64,
    pub(super) at: Timestamp,
    pub(super) bytes: Vec<u8>,
}

/// What is said of a batch of events, and what the log was before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Seal {
    /// 1 for the first one ever, and then without gaps.
    pub(super) id: i64,
    /// How many events are in it.
    pub(super) events: i64,
    /// How many there are in this one and all before it.
    pub(super) total: i64,
    pub(super) first_event: i64,
    pub(super) last_event: i64,
    pub(super) first_at: Timestamp,
    pub(super) last_at: Timestamp,
    pub(super) root: Hash,
    pub(super) sealed_at: Timestamp,
}

impl Tree {
    /// Adds the next leaf.
    pub(super) fn push(&mut self, leaf: &[u8]) {
        let mut node = (0, Hash::of(&[&[LEAF], leaf]));
        while let Some((size, left)) = self.roots.pop_if(|(size, _)| *size == node.0) {
            node = (size + 1, Hash::of(&[&[NODE], &left.0, &node.1.0]));
        }
        self.roots.push(node);
    }

    /// The root; of no leaf at all, the hash of nothing.
    pub(super) fn root(self) -> Hash {
        let joined = self.roots.into_iter().rev().map(|(_, root)| root);
        joined.reduce(|right, left| Hash::of(&[&[NODE], &left.0, &right.0])).unwrap_or_else(|| Hash::of(&[]))
    }
}

impl Seal {
    /// The hash of this seal and of all before it, of which the last one's is `before`.
    pub(super) fn chain(&self, before: &Hash) -> Hash {
        let numbers = [self.id, self.events, self.total, self.first_event, self.last_event].map(i64::to_be_bytes);
        let moments = [self.first_at, self.last_at, self.sealed_at].map(|at| at.as_micros().to_be_bytes());
        Hash::of(&[&[CHAIN], &before.0, numbers.as_flattened(), moments.as_flattened(), &self.root.0])
    }
}

impl Hash {
    /// The hash before the first seal.
    pub(super) const NOTHING: Self = Self([0; 32]);

    /// A hash that was stored; what is none equals no hash that was ever computed.
    pub(super) fn stored(bytes: &[u8]) -> Self {
        bytes.try_into().map_or(Self::NOTHING, Self)
    }

    fn of(parts: &[&[u8]]) -> Self {
        let hash = parts.iter().fold(Sha256::new(), |hash, part| hash.chain_update(part));
        Self(hash.finalize().into())
    }
}

impl Bind for Hash {
    fn value(&self) -> Value<'_> {
        Value::bytes(&self.0)
    }
}

/// Spells what an event says: id and moment, then each text with its length, so that nothing can move from one to the next,
/// and `None` otherwise than an empty text.
///
/// A field that comes later is spelt only where it has a value, so that the seals of older events stay true.
pub(super) fn spell(id: i64, at: Timestamp, texts: [Option<&str>; 8]) -> Vec<u8> {
    let mut bytes = [id, at.as_micros()].map(i64::to_be_bytes).concat();
    for text in texts {
        bytes.push(u8::from(text.is_some()));
        if let Some(text) = text {
            bytes.extend((text.len() as u64).to_be_bytes());
            bytes.extend(text.as_bytes());
        }
    }
    bytes
}

/// What keeps the hash of one thing from being that of another.
const LEAF: u8 = 0;
const NODE: u8 = 1;
const CHAIN: u8 = 2;

#[cfg(test)]
mod tests;
