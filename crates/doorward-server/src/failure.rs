//! How a command ends when it could not do what it was asked: one sentence what, one what to do, and an exit code.

use std::{
    fmt::Display,
    io::{self, Write},
    process::ExitCode,
};

use doorward::{Fault, operate::ActError};

use crate::output::one_line;

/// Why a command ended without having done its work.
#[derive(Debug)]
pub(crate) struct Failure {
    code: u8,
    lines: Vec<String>,
}

/// The work could not be done.
const COULD_NOT: u8 = 1;
/// The command or the settings are wrong, and nothing was tried; clap exits with the same code.
const WRONG: u8 = 2;

impl Failure {
    /// The work could not be done.
    pub(crate) fn could_not(what: impl Display, cure: impl Display) -> Self {
        Self { code: COULD_NOT, lines: vec![format!("{what}. {cure}")] }
    }

    /// The command was not used as it is meant.
    pub(crate) fn usage(what: impl Display, cure: impl Display) -> Self {
        Self { code: WRONG, lines: vec![format!("{what}. {cure}")] }
    }

    /// The settings cannot be used; every mistake gets its line.
    pub(crate) fn settings(mistakes: Vec<String>) -> Self {
        Self { code: WRONG, lines: mistakes }
    }

    /// The reader of standard output has gone away, as `head` does, and has all that it wanted.
    pub(crate) fn output(cause: &io::Error) -> Self {
        match cause.kind() {
            io::ErrorKind::BrokenPipe => Self { code: 0, lines: Vec::new() },
            _ => Self::could_not(format!("cannot write the output: {cause}"), "Make room or choose another place."),
        }
    }

    /// The same failure of something that came after work that was done, which is told first.
    pub(crate) fn after(mut self, what: &str) -> Self {
        self.code = COULD_NOT;
        self.lines.insert(0, format!("{what}."));
        self
    }

    /// Writes the sentences to standard error and gives the exit code.
    pub(crate) fn tell(self) -> ExitCode {
        let mut stderr = io::stderr().lock();
        for line in &self.lines {
            // Nobody is left to be told when standard error is closed.
            let _ = writeln!(stderr, "doorward: {}", one_line(line));
        }
        ExitCode::from(self.code)
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        let cure = "Check that the database can be reached and written, and that `doorward migrate` has been run.";
        Self::could_not(fault, cure)
    }
}

impl From<ActError> for Failure {
    fn from(error: ActError) -> Self {
        match error {
            // It says what and what to do by itself.
            ActError::Denied { text, .. } => Self { code: COULD_NOT, lines: vec![text] },
            ActError::Fault(fault) => fault.into(),
        }
    }
}

/// The stable code of an act that was refused, for those who can say it better in their own words.
pub(crate) fn denied(error: &ActError) -> Option<&'static str> {
    match error {
        ActError::Denied { code, .. } => Some(code),
        ActError::Fault(_) => None,
    }
}
