//! Why a command could not do its work, and what to do about it.

/// Carries what a command gives back when it succeeds.
pub(crate) type Outcome<T = ()> = Result<T, Failure>;

/// Says what went wrong and the cure, each in one sentence for the person at the terminal.
#[derive(Debug)]
pub(crate) struct Failure {
    /// What went wrong or is missing.
    pub(crate) what: String,
    /// What to do about it.
    pub(crate) cure: String,
}

impl Failure {
    /// Makes a failure of what went wrong and its cure.
    pub(crate) fn new(what: impl Into<String>, cure: impl Into<String>) -> Self {
        Self { what: what.into(), cure: cure.into() }
    }

    /// Makes a failure of a command line that cannot be understood.
    pub(crate) fn usage(what: impl Into<String>) -> Self {
        Self::new(what, "`cargo xtask --help` shows every command with examples")
    }

    /// Makes a failure of a file or folder that cannot be read or written.
    pub(crate) fn file(path: impl AsRef<std::path::Path>, error: &std::io::Error) -> Self {
        Self::new(format!("{}: {error}", path.as_ref().display()), "check that it exists and who may read and write it")
    }
}
