//! Moments as people write them on a command line.

use std::time::Duration;

use doorward::core::{Clock, SystemClock, Timestamp};

/// Reads `2026-01-31T12:00:00Z`, `2026-01-31` (midnight, UTC), or a time that long ago: `90s`, `30m`, `12h`, `7d`.
pub(crate) fn parse(text: &str) -> Result<Timestamp, String> {
    let ago = || span(text).map(|span| SystemClock.now().before(span));
    absolute(text)
        .or_else(ago)
        .ok_or_else(|| "write 2026-01-31, 2026-01-31T12:00:00Z, or how long ago: 30m, 12h, 7d".to_owned())
}

/// Reads a moment that is still to come: a date, a time, or how long from now: `+30m`, `+12h`, `+31d`.
pub(crate) fn parse_to_come(text: &str) -> Result<Timestamp, String> {
    let now = SystemClock.now();
    let at = match text.strip_prefix('+') {
        Some(span_text) => span(span_text).map(|span| now.after(span)),
        None => absolute(text),
    };
    match at {
        Some(at) if at > now && at <= latest() => Ok(at),
        Some(_) => Err("it must be a moment to come, before the year 9999".to_owned()),
        None => Err("write 2027-01-31, 2027-01-31T12:00:00Z, or how long from now: +30m, +12h, +31d".to_owned()),
    }
}

fn absolute(text: &str) -> Option<Timestamp> {
    let at = text.parse::<jiff::Timestamp>().ok().or_else(|| midnight(text));
    at.map(|at| Timestamp::from_micros(at.as_microsecond()))
}

/// No later moment has a date that is written with four digits for its year.
fn latest() -> Timestamp {
    Timestamp::from_secs(253_370_764_800)
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
    fn what_is_to_come_is_read_and_what_has_passed_is_refused() {
        assert_eq!(parse_to_come("9998-01-01").unwrap(), Timestamp::from_secs(253_339_228_800));
        let (in_a_month, now) = (parse_to_come("+31d").unwrap(), SystemClock.now());
        assert!((31 * 86_400 - 5..=31 * 86_400).contains(&in_a_month.since(now).as_secs()));
        for text in [
            "1970-01-02",
            "2026-01-01T00:00:00Z",
            "+0s",
            "31d",
            "+",
            "+31",
            "-1d",
            "soon",
            "+9999999d",
            "+99999999999999999999d",
        ] {
            assert!(parse_to_come(text).is_err(), "{text}");
        }
    }

    #[test]
    fn everything_else_is_refused() {
        for text in ["", "yesterday", "12", "h", "-1h", "2026-13-01", "2026-01-01T10:00:00", "99999999999999999999d"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
