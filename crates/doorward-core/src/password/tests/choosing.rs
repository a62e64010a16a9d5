use proptest::prelude::*;

use super::*;
use crate::password::{common, text};

/// Promise: `password/free-choice`
#[test]
fn letters_alone_and_spaces_alone_do() {
    for text in [
        "plumvioletkettle",
        "three wet otters",
        "ДождьИдётТретийДень",
        "😀😃😄😁😆😅🤣😂🙂🙃😉😊",
        "tab\tand\u{1F}unit sep",
    ] {
        assert!(choose(text).is_ok(), "{text}");
    }
}

#[test]
fn length_is_counted_in_code_points_after_nfc() {
    assert_eq!(denied("elevenchars"), "too_short");
    assert!(choose("twelve-chars").is_ok());
    // Eleven letters with an accent each: 22 code points as typed, 11 as they count.
    assert_eq!(denied(&"e\u{301}".repeat(11)), "too_short");
    assert!(choose(&"xy\u{e9}z".repeat(32)).is_ok());
    assert_eq!(denied(&("xy\u{e9}z".repeat(32) + "x")), "too_long");
    assert!(choose(&"xye\u{301}z".repeat(32)).is_ok());
    assert_eq!(denied(&"x".repeat(10_000_000)), "too_long");
}

#[test]
fn the_strict_policy_asks_for_fifteen() {
    let context = Context { service_name: "", email: "" };
    let choose = |text| Password::new(text, &Policy::STRICT, &context).err();
    assert_eq!(choose("fourteen-chars"), Some(PasswordDenied::TooShort { min: 15 }));
    assert_eq!(choose("fifteen--chars!"), None);
}

#[test]
fn a_policy_cannot_undercut_the_list_or_outgrow_a_guess() {
    assert_eq!(Policy::new(11, 128), Err(PolicyDenied::Minimum));
    assert_eq!(Policy::new(65, 128), Err(PolicyDenied::Minimum));
    assert_eq!(Policy::new(12, 63), Err(PolicyDenied::Maximum));
    assert_eq!(Policy::new(12, 257), Err(PolicyDenied::Maximum));
    let widest = Policy::new(12, 256).unwrap();
    let longest = "\u{10FFFD}".repeat(255) + "x";
    let context = Context { service_name: "", email: "" };
    assert!(Password::new(&longest, &widest, &context).is_ok());
    assert!(Guess::new(&longest).is_ok());
}

/// Promise: `password/free-choice`
#[test]
fn what_guessers_try_first_is_refused_in_any_case() {
    for text in [
        "passwordpassword",
        "PasswordPassword",
        "qwertyuiop[]",
        "1qaz2wsx3edc",
        "1QAZ2WSX3EDC4RFV",
        "123456789012",
        "111111111111",
        "abcdefghijklmnop",
        "password2026!",
        "Welcome12345",
        "P@ssw0rd1234",
        "Administrator123",
        "correct horse battery staple",
        "CorrectHorseBatteryStaple",
        "ЙЦУКЕНГШЩЗХЪ",
        "iloveyouiloveyou",
        "unbelievable",
    ] {
        assert_eq!(denied(text), "too_common", "{text}");
    }
}

#[test]
fn the_account_and_the_service_are_no_passwords() {
    assert_eq!(denied("ann.of.green.gables@example.org"), "is_your_email");
    assert_eq!(denied("Ann.Of.Green.Gables@Example.ORG"), "is_your_email");
    assert_eq!(denied("ANN.OF.GREEN.GABLES"), "is_your_email");
    assert_eq!(denied("acme notes ONLINE"), "is_service_name");
}

/// Promise: `password/free-choice`
#[test]
fn a_refused_word_inside_a_password_is_no_reason() {
    assert!(choose("acme notes online, my cat says").is_ok());
    assert!(choose("ann.of.green.gables has 7 hats").is_ok());
    assert!(choose("passwordpassword but longer").is_ok());
}

#[test]
fn case_is_folded_beyond_ascii() {
    let same = |a, b| assert_eq!(*text::fold(a), *text::fold(b));
    same("STRASSE", "straße");
    same("ΟΔΥΣΣΕΥΣ", "οδυσσευς");
    same("E\u{301}COLE", "école");
    same("ÇELİK", "çeli\u{307}k");
}

#[test]
fn every_denial_says_what_to_do() {
    let all = [
        PasswordDenied::TooShort { min: 12 },
        PasswordDenied::TooLong { max: 128 },
        PasswordDenied::TooCommon,
        PasswordDenied::IsYourEmail,
        PasswordDenied::IsServiceName,
    ];
    for denied in all {
        assert!(denied.to_string().to_lowercase().contains("choose a password") || denied == PasswordDenied::TooCommon);
        assert!(denied.to_string().ends_with(['.']), "{denied}");
    }
    assert_eq!(
        all.map(PasswordDenied::code),
        ["too_short", "too_long", "too_common", "is_your_email", "is_service_name"]
    );
}

#[test]
fn the_list_is_sorted_and_of_a_reasonable_size() {
    assert!(common::records().is_sorted());
    assert!((50_000..200_000).contains(&common::records().len()));
}

proptest! {
    #[test]
    fn what_nobody_thought_of_passes(bytes in any::<[u8; 12]>()) {
        let text: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        // The first cases that proptest tries are the simplest, and a row of zeros is on the list for good reason.
        prop_assume!(bytes.iter().collect::<std::collections::HashSet<_>>().len() > 6);
        prop_assert!(choose(&text).is_ok());
    }

    #[test]
    fn a_permitted_password_can_be_guessed(text in any::<String>()) {
        if choose(&text).is_ok() {
            prop_assert!(Guess::new(&text).is_ok());
        }
    }
}
