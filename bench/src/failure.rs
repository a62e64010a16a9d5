//! Why a measurement could not be made.

/// What a step gives back.
pub(crate) type Outcome<T = ()> = Result<T, Failure>;

/// Says in a sentence what went wrong.
#[derive(Debug)]
pub(crate) struct Failure(String);

impl Failure {
    /// Makes one of a sentence.
    pub(crate) fn new(what: impl Into<String>) -> Self {
        Self(what.into())
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Every error of a library is good enough here: somebody at a terminal reads it.
impl<E: std::error::Error> From<E> for Failure {
    fn from(cause: E) -> Self {
        Self(cause.to_string())
    }
}
