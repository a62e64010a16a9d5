use std::sync::{Arc, Mutex};

use super::*;

/// Collects what the JSON formatter writes.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl io::Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Promise: `server/one-event-one-line`
#[test]
fn hostile_fields_are_one_parseable_line_of_json() {
    let kept = Kept::default();
    let writer = kept.clone();
    let layer =
        tracing_subscriber::fmt::layer().with_ansi(false).with_writer(move || writer.clone()).event_format(Json);
    let hostile = "a\r\nb\u{1b}[31mc\u{2028}d\"}\u{0}e\u{202e}f";
    let long = "x".repeat(10_000_000);
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
        tracing::info!(hostile, long, count = 3_u64, "two\nlines");
    });
    let written = String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
    let line = one_line(written.strip_suffix('\n').unwrap());
    assert!(line.len() < 3 * LONGEST, "{}", line.len());
    let event: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(event["hostile"], hostile);
    assert_eq!(event["message"], "two\nlines");
    assert_eq!(event["count"], 3);
    assert_eq!(event["level"], "INFO");
}

/// Promise: `server/one-event-one-line`
#[test]
fn nothing_that_moves_a_terminal_survives() {
    let safe = one_line("a\u{1b}[2Jb\rc\u{9b}d\u{7f}e\u{2029}f\u{2066}g");
    assert_eq!(safe, "a\\u001b[2Jb\\u000dc\\u009bd\\u007fe\\u2029f\\u2066g");
}
