//! Moments as people write them on a command line.

use std::time::Duration;

use doorward::core::{Clock, SystemClock, Timestamp};

/// Reads `2026-01-31T12:00:00Z`, `2026-01-31` (midnight, UTC), or a time that long ago: `90s`, `30m`, `12h`, `7d`.
pub(crate) fn parse(text: &str) -> Result<Timestamp, String> {
    let absolute = text.parse::<jiff::Timestamp>().ok().or_else(|| midnight(text));
    let absolute = absolute.map(|at| Timestamp::from_micros(at.as_microsecond()));
    let ago = || span(text).map(|span| SystemClock.now().before(span));
    absolute
        .or_else(ago)
        .ok_or_else(|| "write 2026-01-31, 2026-01-31T12:00:00Z, or how long ago: 30m, 12h, 7d".to_owned())
}

fn midnight(text: &str) -> Option<jiff::Timestamp> {
    // Only a bare date: a time without an offset would mean something else on each machine.
    let bare = text.len() == "2026-01-31".len();
    bare.then(|| format!("{text}T00:00:00Z").parse().ok())?
}

fn span(text: &str) -> Option<Duration> {
    let (unit, secs) =
        [('s', 1), ('m', 60), ('h', 3600), ('d', 86_400)].into_iter().find(|(unit, _)| text.ends_with(*unit))?;
    let count: u64 = text.strip_suffix(unit)?.parse().ok()?;
    count.checked_mul(secs).map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_times_and_spans_are_read() {
        assert_eq!(parse("1970-01-02").unwrap(), Timestamp::from_secs(86_400));
        assert_eq!(parse("1970-01-01T00:00:10Z").unwrap(), Timestamp::from_secs(10));
        assert_eq!(parse("1970-01-01T02:00:00+02:00").unwrap(), Timestamp::from_secs(0));
        let (hour_ago, now) = (parse("1h").unwrap(), SystemClock.now());
        assert!((3600..3605).contains(&now.since(hour_ago).as_secs()));
    }

    #[test]
    fn everything_else_is_refused() {
        for text in ["", "yesterday", "12", "h", "-1h", "2026-13-01", "2026-01-01T10:00:00", "99999999999999999999d"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
