//! How far something is, on standard error, when somebody is watching.

use std::{
    fmt::Arguments,
    io::{self, IsTerminal, Write},
};

/// One line that is written over and over.
pub(super) struct Progress {
    shown: bool,
}

impl Progress {
    /// Begins one, to be shown only if `wanted`.
    pub(super) fn new(wanted: bool) -> Self {
        Self { shown: wanted && io::stderr().is_terminal() }
    }

    /// Says how far it is.
    pub(super) fn show(&mut self, text: Arguments<'_>) {
        if self.shown {
            // Progress that cannot be shown is no reason to stop.
            let _ = write!(io::stderr(), "\r{text}");
        }
    }

    /// Says that it is done.
    pub(super) fn end(mut self, text: Arguments<'_>) {
        self.show(text);
        if self.shown {
            let _ = writeln!(io::stderr());
        }
    }
}
