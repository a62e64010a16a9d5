//! Writing events to a file, for another program.
//!
//! - `server/audit-export`: An export is whole and parseable, as lines of JSON or as CSV that a spreadsheet cannot execute.

use std::{
    fs,
    io::{self, IsTerminal, Write},
    path::{Path, PathBuf},
};

use clap::{Args, ValueEnum};
use doorward::{
    Doorward,
    operate::{self, Act},
};

use super::{Which, progress::Progress};
use crate::failure::Failure;

/// `doorward audit export`
#[derive(Args)]
#[command(after_help = "\
Examples:
  doorward audit export --format jsonl --since 2026-01-01 --until 2026-02-01 --output january.jsonl
  doorward audit export --format csv --user ann@example.com > ann.csv")]
pub(crate) struct Export {
    #[command(flatten)]
    which: Which,
    /// How to write
    #[arg(long, value_enum)]
    format: Format,
    /// The file to write; it must not exist [default: standard output]
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    /// One JSON object for each line
    Jsonl,
    /// RFC 4180 with a line of headings
    Csv,
}

impl Export {
    pub(super) async fn run(self, doorward: &Doorward) -> Result<(), Failure> {
        let filter = self.which.filter(doorward).await?;
        // Before anything is read: an export that is cut off, as by `head`, was one all the same.
        operate::note(doorward, Act::AuditExported).await?;
        let mut sink: Box<dyn Write> = match &self.output {
            Some(path) => Box::new(io::BufWriter::new(create(path)?)),
            None => Box::new(io::BufWriter::new(io::stdout().lock())),
        };
        let format = match self.format {
            Format::Jsonl => operate::Format::Jsonl,
            Format::Csv => operate::Format::Csv,
        };
        let mut export = operate::Export::new(filter, format);
        // Between the lines of the export on one screen it would only disturb.
        let mut progress = Progress::new(self.output.is_some() || !io::stdout().is_terminal());
        while let Some(piece) = export.next(doorward.database()).await? {
            sink.write_all(piece.as_bytes()).map_err(|cause| Failure::output(&cause))?;
            progress.show(format_args!("{} events", export.events()));
        }
        sink.flush().map_err(|cause| Failure::output(&cause))?;
        progress.end(format_args!("{} events, done", export.events()));
        Ok(())
    }
}

pub(super) fn create(path: &Path) -> Result<fs::File, Failure> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    // Who did what from which address is nobody else's business.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map_err(|cause| {
        Failure::could_not(
            format!("cannot write {}: {cause}", path.display()),
            "Choose another name, or remove what is there.",
        )
    })
}
