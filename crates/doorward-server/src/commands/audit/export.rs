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
    operate::{self, Act, Recorded},
};

use super::{Which, json_of, read::Pages};
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
        let mut put = |line: &str| writeln!(sink, "{line}").map_err(|cause| Failure::output(&cause));
        if matches!(self.format, Format::Csv) {
            put(&HEADINGS.join(","))?;
        }
        let mut progress = Progress::new(self.output.is_some());
        let mut pages = Pages::new(doorward, filter);
        loop {
            let page = pages.next().await?;
            if page.is_empty() {
                break;
            }
            for event in &page {
                match self.format {
                    Format::Jsonl => put(&json_of(event))?,
                    Format::Csv => put(&csv(event))?,
                }
            }
            progress.add(page.len());
        }
        sink.flush().map_err(|cause| Failure::output(&cause))?;
        progress.end();
        Ok(())
    }
}

fn create(path: &Path) -> Result<fs::File, Failure> {
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

fn csv(event: &Recorded) -> String {
    let id = format!("{:016x}", event.id);
    let optional = |text: &Option<String>| text.clone().unwrap_or_default();
    let fields = [
        id,
        event.at.clone(),
        event.actor.clone(),
        event.action.clone(),
        optional(&event.target),
        optional(&event.tenant),
        event.result.clone(),
        optional(&event.address),
        optional(&event.factors),
        optional(&event.detail),
    ];
    fields.map(|field| cell(&field)).join(",")
}

/// A quoted field. One that a spreadsheet would take for a formula (OWASP: CSV injection) gets an apostrophe before it.
fn cell(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']);
    format!("\"{}{}\"", if formula { "'" } else { "" }, text.replace('"', "\"\""))
}

/// Counts on standard error, when somebody is watching and the events go elsewhere.
struct Progress {
    count: usize,
    shown: bool,
}

impl Progress {
    fn new(to_file: bool) -> Self {
        let elsewhere = to_file || !io::stdout().is_terminal();
        Self { count: 0, shown: elsewhere && io::stderr().is_terminal() }
    }

    fn add(&mut self, events: usize) {
        self.count += events;
        if self.shown {
            // Progress that cannot be shown is no reason to stop.
            let _ = write!(io::stderr(), "\r{} events", self.count);
        }
    }

    fn end(self) {
        if self.shown {
            let _ = writeln!(io::stderr(), "\r{} events, done", self.count);
        }
    }
}

const HEADINGS: [&str; 10] =
    ["id", "at", "actor", "action", "target", "tenant", "result", "address", "factors", "detail"];

#[cfg(test)]
mod tests {
    use super::*;

    /// Promise: `server/audit-export`
    #[test]
    fn a_cell_is_quoted_and_never_a_formula() {
        let cases = [
            ("plain", "\"plain\""),
            ("two \"words\", and more", "\"two \"\"words\"\", and more\""),
            ("=1+1", "\"'=1+1\""),
            ("+49", "\"'+49\""),
            ("-1", "\"'-1\""),
            ("@SUM(A1)", "\"'@SUM(A1)\""),
            ("\t=1", "\"'\t=1\""),
            ("", "\"\""),
        ];
        for (text, expected) in cases {
            assert_eq!(cell(text), expected);
        }
    }
}
