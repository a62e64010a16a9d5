//! Dice that can be thrown again: SplitMix64 from a seed that every failure tells.

use std::{collections::hash_map::RandomState, env, hash::BuildHasher};

use super::tell;

/// A stream of choices.
pub(crate) struct Random(u64);

impl Random {
    /// Takes the seed from `DOORWARD_CRASH_SEED`, or another one each time.
    pub(crate) fn seeded() -> Self {
        let given = env::var("DOORWARD_CRASH_SEED").ok().map(|text| text.parse().expect("a seed is a number"));
        // RandomState is the standard library's only public source of an unpredictable number.
        let seed = given.unwrap_or_else(|| RandomState::new().hash_one(0) >> 32);
        tell(&format!("repeat the choices with DOORWARD_CRASH_SEED={seed}"));
        Self(seed)
    }

    /// Another stream, for one part of a test.
    pub(crate) fn fork(&mut self) -> Self {
        Self(self.next())
    }

    /// A number below `end`.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end as u64).unwrap()
    }

    /// Heads or tails.
    pub(crate) fn heads(&mut self) -> bool {
        self.below(2) == 0
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}
