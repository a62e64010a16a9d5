//! Tokens with a handle.

use super::*;
use crate::{ApiKey, Handled, Refresh};

fn text() -> String {
    Handled::<Refresh>::mint(&Same(7)).reveal()
}

/// Promise: `handled/one-spelling`
#[test]
fn what_is_revealed_is_found_again() {
    let text = text();
    assert!(text.starts_with("dwr_") && text.len() == 74, "{text}");
    let read = Handled::<Refresh>::parse(&text).unwrap();
    assert_eq!(read.handle().as_bytes(), [7; 16]);
    assert_eq!(read.token().expose(), &[7; 32]);
    assert_eq!(read.reveal(), text);
}

/// Promise: `handled/one-spelling`
#[test]
fn a_token_that_was_cut_or_changed_is_refused() {
    let text = text();
    assert!(Handled::<Refresh>::parse(&text).is_some());
    for at in 0..text.len() {
        for other in ["A", "-", "=", ".", "\u{0}"] {
            let changed = format!("{}{other}{}", &text[..at], &text[at + 1..]);
            assert!(changed == text || Handled::<Refresh>::parse(&changed).is_none(), "{changed}");
        }
        assert!(Handled::<Refresh>::parse(&text[..at]).is_none());
    }
    for other in [format!("{text}="), format!("{text}A"), format!(" {text}"), text.replacen("dwr_", "DWR_", 1)] {
        assert!(Handled::<Refresh>::parse(&other).is_none(), "{other}");
    }
}

/// Promise: `handled/one-spelling`
#[test]
fn a_token_of_one_kind_is_none_of_another() {
    let text = text();
    assert!(Handled::<ApiKey>::parse(&text).is_none());
    // The prefix is in the checksum, so that nobody makes one of the other by writing another.
    assert!(Handled::<ApiKey>::parse(&text.replacen("dwr_", "dwk_", 1)).is_none());
}
