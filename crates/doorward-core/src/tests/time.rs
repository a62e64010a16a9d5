//! Moments and the names that are made of them.

use super::*;

/// Promise: `clock/saturates`
#[test]
fn the_end_of_time_is_the_end() {
    let (first, last) = (Timestamp::from_micros(i64::MIN), Timestamp::from_micros(i64::MAX));
    assert_eq!(last.after(Duration::from_secs(1)), last);
    assert_eq!(first.before(Duration::from_secs(1)), first);
    assert_eq!(Timestamp::from_secs(0).after(Duration::MAX), last);
    assert_eq!(Timestamp::from_secs(i64::MAX), last);
    assert_eq!(Timestamp::from_secs(i64::MIN), first);
    assert_eq!(first.since(last), Duration::ZERO);
    assert_eq!(last.since(first), Duration::from_micros(i64::MAX.unsigned_abs()));
}

/// Promise: `clock/saturates`
#[test]
fn a_clock_that_was_set_back_makes_no_negative_span() {
    let now = Timestamp::from_secs(1_800_000_000);
    assert_eq!(now.since(now.after(Duration::from_secs(5))), Duration::ZERO);
    assert_eq!(now.after(Duration::from_secs(5)).since(now), Duration::from_secs(5));
}

#[test]
fn seconds_are_rounded_down() {
    for (micros, secs) in [(0, 0), (999_999, 0), (1_000_000, 1), (-1, -1), (-1_000_000, -1), (-1_000_001, -2)] {
        assert_eq!(Timestamp::from_micros(micros).as_secs(), secs, "{micros}");
    }
    assert!(SystemClock.now() > Timestamp::from_secs(1_700_000_000));
}

/// Promise: `ids/ordered`
#[test]
fn later_names_come_later() {
    let now = Timestamp::from_secs(1_800_000_000);
    let later = now.after(Duration::from_millis(1));
    assert!(SessionId::new(now, &Same(0xff)) < SessionId::new(later, &Same(0)));
    assert!(AccountId::new(now, &Same(0xff)) < AccountId::new(later, &Same(0)));
    let wrap = Timestamp::from_secs(1 << 31);
    assert!(SessionId::new(wrap.before(Duration::from_secs(1)), &Same(0xff)) < SessionId::new(wrap, &Same(0)), "2038");
    for odd in [Timestamp::from_micros(i64::MIN), Timestamp::from_micros(-1), Timestamp::from_micros(i64::MAX)] {
        let id = SessionId::new(odd, &Same(0xff));
        assert!(id.as_i64() >= 0, "{odd:?}");
        assert_eq!(id.to_string().parse(), Ok(id), "{odd:?}");
        let account = AccountId::new(odd, &Same(0xff));
        assert_eq!(account.to_string().parse(), Ok(account), "{odd:?}");
    }
}

#[test]
fn a_session_has_one_name() {
    let id = SessionId::from_i64(0x0123_4567_89ab_cdef);
    assert_eq!(id.to_string(), "0123456789abcdef");
    assert_eq!("0123456789abcdef".parse(), Ok(id));
    for other in [
        "",
        "0",
        "123456789abcdef",
        "00123456789abcdef",
        "0123456789ABCDEF",
        "+123456789abcdef",
        "-123456789abcdef",
        "ffffffffffffffff",
        "0x23456789abcdef",
        " 123456789abcdef",
        "０123456789abcde",
        "ä123456789abcd",
    ] {
        assert!(other.parse::<SessionId>().is_err(), "{other}");
    }
}

#[test]
fn an_account_is_named_by_a_version_7_uuid() {
    let id = AccountId::new(Timestamp::from_secs(1_800_000_000), &Same(0xff)).to_string();
    assert_eq!((&id[..13], &id[14..15], id.len()), ("01a3185c-5000", "7", 36));
    assert!("not an account".parse::<AccountId>().is_err());
}

proptest! {
    /// Promise: `clock/saturates`
    #[test]
    fn what_is_added_is_taken_away_again(micros in i64::MIN..i64::MAX, span in 0..u64::MAX) {
        let (moment, span) = (Timestamp::from_micros(micros), Duration::from_micros(span));
        prop_assert!(moment.after(span) >= moment && moment.before(span) <= moment);
        if moment.after(span) < Timestamp::from_micros(i64::MAX) {
            prop_assert_eq!(moment.after(span).before(span), moment);
        }
    }
}
