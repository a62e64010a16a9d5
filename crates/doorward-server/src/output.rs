//! What goes to standard output: lines for people or JSON for scripts, never a control character from somebody's data.

use std::{
    fmt::Write as _,
    io::{self, Write as _},
};

use doorward::core::Timestamp;

use crate::failure::Failure;

/// Writes one line.
pub(crate) fn line(text: &str) -> Result<(), Failure> {
    writeln!(io::stdout().lock(), "{text}").map_err(|cause| Failure::output(&cause))
}

/// Writes text that has its own line ends.
pub(crate) fn text(text: &str) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()).map_err(|cause| Failure::output(&cause))
}

/// Writes one object as one line of JSON.
pub(crate) fn json(value: &serde_json::Value) -> Result<(), Failure> {
    line(&value.to_string())
}

/// Writes rows in columns, the first row being the headings.
pub(crate) fn table(rows: &[impl AsRef<[String]>]) -> Result<(), Failure> {
    let safe = |row: &[String]| row.iter().map(|cell| one_line(cell)).collect::<Vec<_>>();
    let rows: Vec<Vec<String>> = rows.iter().map(|row| safe(row.as_ref())).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    for row in &rows {
        let cells = row.iter().enumerate().map(|(column, cell)| format!("{cell:width$}", width = width(column)));
        line(cells.collect::<Vec<_>>().join("  ").trim_end())?;
    }
    Ok(())
}

/// Replaces everything that could end a line, move the cursor or turn the reading direction by its number.
///
/// The form `\u001b` is also how JSON writes it, so a line of JSON stays one.
pub(crate) fn one_line(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        if is_hostile(character) {
            let _ = write!(safe, "\\u{:04x}", u32::from(character));
        } else {
            safe.push(character);
        }
    }
    safe
}

/// A moment as RFC 3339 in UTC, to the second.
pub(crate) fn time(at: Timestamp) -> String {
    jiff::Timestamp::from_second(at.as_secs()).map_or_else(|_| "?".to_owned(), |at| at.to_string())
}

/// Control characters (C0, DEL, C1), line and paragraph separators, and the marks that reorder text on a screen.
fn is_hostile(character: char) -> bool {
    let separators = matches!(character, '\u{2028}' | '\u{2029}');
    let reordering = matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    character.is_control() || separators || reordering
}
