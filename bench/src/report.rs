//! What was found, as a table for people and as JSON for programs.

use std::{fmt, path::Path};

use serde_json::{Map, Value, json};

use crate::failure::Outcome;

/// The result of one measurement.
pub(crate) struct Report {
    name: &'static str,
    columns: Vec<&'static str>,
    rows: Vec<Vec<Cell>>,
    targets: Vec<Target>,
    notes: Vec<String>,
}

/// One value and how many digits of it mean something.
pub(crate) enum Cell {
    Text(String),
    Number(f64, usize),
}

/// A number that ought to be reached, and what was.
struct Target {
    what: String,
    limit: String,
    reached: f64,
    met: bool,
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl Report {
    /// Begins one with the columns of its table.
    pub(crate) fn new(name: &'static str, columns: &[&'static str]) -> Self {
        Self { name, columns: columns.to_vec(), rows: Vec::new(), targets: Vec::new(), notes: Vec::new() }
    }

    /// Adds a line to the table.
    pub(crate) fn row(&mut self, cells: Vec<Cell>) {
        self.rows.push(cells);
    }

    /// Says whether a number came out at `limit` or above.
    pub(crate) fn at_least(&mut self, what: impl Into<String>, limit: f64, reached: f64) {
        let met = reached >= limit;
        self.targets.push(Target { what: what.into(), limit: format!("at least {limit}"), reached, met });
    }

    /// Says whether a number came out at `limit` or below.
    pub(crate) fn at_most(&mut self, what: impl Into<String>, limit: f64, reached: f64) {
        let met = reached <= limit;
        self.targets.push(Target { what: what.into(), limit: format!("at most {limit}"), reached, met });
    }

    /// Adds a sentence.
    pub(crate) fn note(&mut self, text: impl Into<String>) {
        self.notes.push(text.into());
    }

    /// Writes several reports to a file.
    pub(crate) fn write(reports: &[Self], path: &Path) -> Outcome {
        let all: Map<String, Value> = reports.iter().map(|report| (report.name.to_owned(), report.json())).collect();
        std::fs::write(path, format!("{:#}\n", Value::Object(all)))?;
        Ok(())
    }

    fn json(&self) -> Value {
        let rows = self.rows.iter().map(|row| {
            let cells = self.columns.iter().zip(row).map(|(column, cell)| ((*column).to_owned(), cell.json()));
            Value::Object(cells.collect())
        });
        let targets = self.targets.iter().map(
            |target| json!({ "what": target.what, "limit": target.limit, "reached": target.reached, "met": target.met }),
        );
        json!({ "rows": rows.collect::<Vec<_>>(), "targets": targets.collect::<Vec<_>>(), "notes": self.notes })
    }
}

impl Cell {
    fn json(&self) -> Value {
        match self {
            Self::Text(text) => json!(text),
            Self::Number(number, _) => json!(number),
        }
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.pad(text),
            Self::Number(number, digits) => f.pad(&format!("{number:.digits$}")),
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\n{}", self.name)?;
        let width = |column: usize| {
            let cells = self.rows.iter().map(|row| row[column].to_string().chars().count());
            cells.chain([self.columns[column].chars().count()]).max().unwrap_or_default()
        };
        let widths: Vec<usize> = (0..self.columns.len()).map(width).collect();
        let line = |f: &mut fmt::Formatter<'_>, cells: &[String]| {
            let padded =
                cells.iter().zip(&widths).enumerate().map(|(at, (cell, width))| {
                    if at == 0 { format!("{cell:<width$}") } else { format!("{cell:>width$}") }
                });
            writeln!(f, "  {}", padded.collect::<Vec<_>>().join("  ").trim_end())
        };
        line(f, &self.columns.iter().map(|column| (*column).to_owned()).collect::<Vec<_>>())?;
        for row in &self.rows {
            line(f, &row.iter().map(Cell::to_string).collect::<Vec<_>>())?;
        }
        for target in &self.targets {
            let verdict = if target.met { "reached" } else { "MISSED" };
            writeln!(f, "  {verdict}: {} {:.3} (target: {})", target.what, target.reached, target.limit)?;
        }
        self.notes.iter().try_for_each(|note| writeln!(f, "  {note}"))
    }
}
