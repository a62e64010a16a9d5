//! Argon2 (RFC 9106): the engine that computes it, and how its hashes are written.

use zeroize::Zeroizing;

use super::{Unreadable, phc};

/// Computes Argon2 tags.
///
/// The implementation in use is fast, young and unaudited, so it stands behind this trait: the tests run the same recipes
/// through a second, independent one, and either can be replaced without touching a caller.
pub(super) trait Argon2Engine: Send {
    /// Fills `tag`; fails only when the machine has no memory for it.
    fn derive(&mut self, recipe: &Recipe<'_>, password: &[u8], tag: &mut [u8]) -> Result<(), OutOfMemory>;

    /// Gives memory that is kept back to the machine; what is set aside stays so.
    fn rest(&mut self);
}

/// Everything besides password and tag length that decides a tag.
pub(super) struct Recipe<'a> {
    pub(super) variant: Variant,
    pub(super) version: Version,
    pub(super) cost: Cost,
    pub(super) salt: &'a [u8],
    /// The pepper; empty without one.
    pub(super) secret: &'a [u8],
}

/// The three members of the family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Variant {
    D,
    I,
    Id,
}

/// The two revisions: 1.0 (16) and 1.3 (19, RFC 9106).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version {
    V16,
    V19,
}

/// Memory, passes and lanes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cost {
    pub(super) memory_kib: u32,
    pub(super) passes: u32,
    pub(super) lanes: u32,
}

impl Cost {
    pub(super) const MAX_PASSES: u32 = 10;
    const MAX_LANES: u32 = 8;

    /// Gives the most memory for a number of passes: 256 MiB, and 1 GiB written over all passes, which is under a second.
    ///
    /// An imported row must not be able to take the machine's memory or a worker's time.
    pub(super) fn most_memory_kib(passes: u32) -> u32 {
        (1_048_576 / passes.max(1)).min(262_144)
    }

    fn bounded(self) -> Result<Self, Unreadable> {
        let most = Self::most_memory_kib(self.passes);
        if self.memory_kib > most || self.passes > Self::MAX_PASSES || self.lanes > Self::MAX_LANES {
            return Err(Unreadable::TooCostly);
        }
        let valid = self.passes >= 1 && self.lanes >= 1 && self.memory_kib >= 8 * self.lanes;
        if valid { Ok(self) } else { Err(Unreadable::Malformed) }
    }
}

/// The machine has no memory for a hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct OutOfMemory;

/// `argon2_rust` over memory that is kept, mapped and wiped, from one hash to the next.
///
/// Built without its `parallel` feature: several lanes are computed one after the other on the caller's thread.
pub(super) struct Pooled {
    own: Cost,
    hasher: argon2_rust::Hasher,
}

impl Pooled {
    /// Sets aside the memory for hashes of `own` cost; later hashes up to that size allocate nothing.
    pub(super) fn new(own: Cost) -> Result<Self, OutOfMemory> {
        let mut hasher = library(Variant::Id, Version::V19, own, 32).hasher();
        hasher.reserve().map_err(|_| OutOfMemory)?;
        Ok(Self { own, hasher })
    }

    #[cfg(test)]
    pub(super) fn kept_kib(&self) -> usize {
        self.hasher.reserved_blocks()
    }
}

impl Argon2Engine for Pooled {
    fn derive(&mut self, recipe: &Recipe<'_>, password: &[u8], tag: &mut [u8]) -> Result<(), OutOfMemory> {
        let argon2 = library(recipe.variant, recipe.version, recipe.cost, tag.len());
        let result = if recipe.cost.memory_kib > self.own.memory_kib {
            // Kept memory would never shrink again, so a hash above its size gets memory that is freed with it.
            argon2.hash_into_with_ad(password, recipe.salt, recipe.secret, &[], tag)
        } else {
            self.hasher.set_argon2(argon2);
            self.hasher.hash_into_with_ad(password, recipe.salt, recipe.secret, &[], tag)
        };
        result.map_err(|_| OutOfMemory)
    }

    fn rest(&mut self) {
        // Mapped memory takes up no room before it is written to. While there is no address space for another mapping,
        // the old one stays.
        if let Ok(fresh) = Self::new(self.own) {
            *self = fresh;
        }
    }
}

fn library(variant: Variant, version: Version, cost: Cost, tag_len: usize) -> argon2_rust::Argon2 {
    use argon2_rust::params::{Memory, TagLen};
    let algorithm = match variant {
        Variant::D => argon2_rust::Algorithm::Argon2d,
        Variant::I => argon2_rust::Algorithm::Argon2i,
        Variant::Id => argon2_rust::Algorithm::Argon2id,
    };
    let version = match version {
        Version::V16 => argon2_rust::Version::V0x10,
        Version::V19 => argon2_rust::Version::V0x13,
    };
    let params = argon2_rust::Params::builder()
        .memory(Memory::kib(cost.memory_kib.into()))
        .passes(cost.passes)
        .lanes(cost.lanes)
        .threads(1)
        .tag_len(TagLen::bytes(tag_len as u64))
        .build()
        .expect("costs and lengths are bounded where they are read");
    argon2_rust::Argon2::new(algorithm, version, params)
}

/// An Argon2 hash as read.
pub(super) struct Argon2Hash {
    pub(super) variant: Variant,
    pub(super) version: Version,
    pub(super) cost: Cost,
    pub(super) key_id: Option<String>,
    pub(super) salt: Vec<u8>,
    pub(super) tag: Vec<u8>,
}

impl Argon2Hash {
    /// Reads what follows `$argon2…$`: `[v=19$]m=…,t=…,p=…[,keyid=…]$salt$tag`. Without `v` the version is 16.
    ///
    /// Associated data (`data=`) is refused. A tag has 16 to 64 bytes: below, chance matches come within reach.
    pub(super) fn read(variant: Variant, rest: &str) -> Result<Self, Unreadable> {
        let (version, rest) = match rest.split_once('$') {
            Some(("v=19", rest)) => (Version::V19, rest),
            Some(("v=16", rest)) => (Version::V16, rest),
            _ => (Version::V16, rest),
        };
        let [parameters, salt, tag] = phc::fields(rest)?;
        let (numbers, key_id) = match parameters.split_once(",keyid=") {
            Some((numbers, key_id)) => (numbers, Some(read_key_id(key_id)?)),
            None => (parameters, None),
        };
        let [memory_kib, passes, lanes] = phc::numbers(numbers, ["m", "t", "p"])?;
        Ok(Self {
            variant,
            version,
            cost: Cost { memory_kib, passes, lanes }.bounded()?,
            key_id,
            salt: phc::bytes(salt, 8..=64)?,
            tag: phc::bytes(tag, 16..=64)?,
        })
    }

    /// Writes the PHC string of an Argon2id hash of version 19.
    pub(super) fn write(cost: Cost, key_id: Option<&str>, salt: &[u8], tag: &[u8]) -> String {
        let Cost { memory_kib, passes, lanes } = cost;
        let key_id = key_id.map_or_else(String::new, |id| format!(",keyid={}", phc::text(id.as_bytes())));
        format!("$argon2id$v=19$m={memory_kib},t={passes},p={lanes}{key_id}${}${}", phc::text(salt), phc::text(tag))
    }

    /// Says whether `password`, with the pepper `secret`, has this hash.
    pub(super) fn matches(
        &self,
        engine: &mut dyn Argon2Engine,
        secret: &[u8],
        password: &[u8],
    ) -> Result<bool, OutOfMemory> {
        let mut tag = Zeroizing::new([0; 64]);
        let tag = &mut tag[..self.tag.len()];
        let recipe = Recipe { variant: self.variant, version: self.version, cost: self.cost, salt: &self.salt, secret };
        engine.derive(&recipe, password, tag)?;
        Ok(crate::secret::same(tag, &self.tag))
    }
}

fn read_key_id(text: &str) -> Result<String, Unreadable> {
    String::from_utf8(phc::bytes(text, 1..=8)?).map_err(|_| Unreadable::Malformed)
}
