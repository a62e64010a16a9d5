//! What a new hash costs.

use super::argon2::Cost;

/// The cost of new hashes: Argon2id with one lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parameters {
    memory_kib: u32,
    passes: u32,
}

impl Parameters {
    /// 19456 KiB and two passes, the middle one of the sets that OWASP and ASVS give as equal.
    pub const STANDARD: Self = Self { memory_kib: 19_456, passes: 2 };

    /// Accepts the sets of ASVS 5 Appendix C: at least 47104 KiB with one pass, 19456 with two, 12288 with three or more.
    ///
    /// Above, 10 passes, 256 MiB, and 1 GiB over all passes are the end: what may be configured must also be verifiable.
    /// The number of lanes is not a choice: Appendix C has one, and more would only help whoever computes them side by side,
    /// which a server does not.
    pub fn new(memory_kib: u32, passes: u32) -> Result<Self, ParametersDenied> {
        let least = match passes {
            0 => return Err(ParametersDenied::Passes),
            1 => 47_104,
            2 => 19_456,
            _ => 12_288,
        };
        if passes > Cost::MAX_PASSES {
            return Err(ParametersDenied::Passes);
        }
        let most = Cost::most_memory_kib(passes);
        if !(least..=most).contains(&memory_kib) {
            return Err(ParametersDenied::Memory { least, most });
        }
        Ok(Self { memory_kib, passes })
    }

    /// Gives the memory of one hash in KiB.
    pub fn memory_kib(self) -> u32 {
        self.memory_kib
    }

    /// Gives the number of passes over the memory.
    pub fn passes(self) -> u32 {
        self.passes
    }

    pub(super) fn cost(self) -> Cost {
        Cost { memory_kib: self.memory_kib, passes: self.passes, lanes: 1 }
    }
}

impl Default for Parameters {
    fn default() -> Self {
        Self::STANDARD
    }
}

/// Why a set of parameters cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParametersDenied {
    /// The number of passes is not within 1 to 10.
    Passes,
    /// The memory is not within `least` and `most`.
    Memory {
        /// The least memory in KiB for this number of passes.
        least: u32,
        /// The most memory in KiB for this number of passes.
        most: u32,
    },
}

impl std::fmt::Display for ParametersDenied {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Passes => write!(f, "Argon2id needs 1 to {} passes", Cost::MAX_PASSES),
            Self::Memory { least, most } => {
                write!(f, "Argon2id with this number of passes needs {least} to {most} KiB of memory")
            }
        }
    }
}

impl std::error::Error for ParametersDenied {}
