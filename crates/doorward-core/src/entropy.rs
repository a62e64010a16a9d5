//! Randomness as a parameter: nothing in Doorward asks the machine for random bytes except [`SystemEntropy`].

/// Gives random bytes fit for keys.
pub trait Entropy: Send + Sync {
    /// Fills `buffer`.
    fn fill(&self, buffer: &mut [u8]);
}

/// The operating system's generator.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    #[allow(clippy::disallowed_methods, reason = "the one place that takes randomness")]
    fn fill(&self, buffer: &mut [u8]) {
        // A machine without randomness cannot make a safe token; stopping the request is the only honest answer.
        getrandom::fill(buffer).expect("the operating system's random generator answers");
    }
}
