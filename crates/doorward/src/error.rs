//! The two ways of saying no: a [`Denied`](Refusal::Denied) is expected and has a public code, a [`Fault`] is not.

use std::{error::Error, fmt};

/// The answer of a flow that did not happen.
#[derive(Debug)]
pub(crate) enum Refusal<D> {
    /// The flow's own rules say no; the caller may know why.
    Denied(D),
    /// Something we depend on failed; the caller learns that we cannot answer now, and nothing else.
    Fault(Fault),
}

/// An unexpected failure: a store that does not answer, a row that cannot be read.
///
/// It is logged once, where the reply is made, and becomes a 503 there. Its text never reaches the caller.
pub struct Fault {
    doing: &'static str,
    cause: Box<dyn Error + Send + Sync>,
}

impl Fault {
    /// Records what was being done, and what went wrong.
    pub fn new(doing: &'static str, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { doing, cause: cause.into() }
    }

    /// What went wrong, for those who know what it can be.
    pub(crate) fn cause(&self) -> &(dyn Error + Send + Sync + 'static) {
        self.cause.as_ref()
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.doing, self.cause)?;
        let mut source = self.cause.source();
        while let Some(inner) = source {
            write!(f, ": {inner}")?;
            source = inner.source();
        }
        Ok(())
    }
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Error for Fault {}

impl<D> From<Fault> for Refusal<D> {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl<D> Refusal<D> {
    /// Restates a denial of a lower flow in the words of the calling one.
    pub(crate) fn map<E>(self, restate: impl FnOnce(D) -> E) -> Refusal<E> {
        match self {
            Self::Denied(denied) => Refusal::Denied(restate(denied)),
            Self::Fault(fault) => Refusal::Fault(fault),
        }
    }
}
