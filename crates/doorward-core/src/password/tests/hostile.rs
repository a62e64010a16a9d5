//! Rows that somebody made up.

use proptest::prelude::*;

use super::*;
use crate::password::hash::Readable;

const SALT: &str = "MDEyMzQ1Njc4OWFiY2RlZg";
const TAG: &str = "69I7qCjDTsQwhQqFvpQJiqEI0lGQvxC84fXE0Ktxca4";

fn refused(text: &str) -> Option<Unreadable> {
    PasswordHash::imported(text).err()
}

/// Promise: `password/bounded`
#[test]
fn a_hash_that_asks_for_too_much_is_refused_before_any_work() {
    for text in [
        format!("$argon2id$v=19$m=262145,t=1,p=1${SALT}${TAG}"),
        format!("$argon2id$v=19$m=4294967295,t=1,p=1${SALT}${TAG}"),
        format!("$argon2id$v=19$m=262144,t=5,p=1${SALT}${TAG}"),
        format!("$argon2id$v=19$m=19456,t=11,p=1${SALT}${TAG}"),
        format!("$argon2id$v=19$m=19456,t=2,p=9${SALT}${TAG}"),
        format!("$argon2id$v=19$m=19456,t=2,p=16777215${SALT}${TAG}"),
        format!("$scrypt$ln=18,r=8,p=1${SALT}${TAG}"),
        format!("$scrypt$ln=17,r=8,p=3${SALT}${TAG}"),
        format!("$scrypt$ln=63,r=1,p=1${SALT}${TAG}"),
        format!("$scrypt$ln=1,r=4294967295,p=4294967295${SALT}${TAG}"),
        format!("$pbkdf2-sha256$i=4000001,l=32${SALT}${TAG}"),
        format!("$pbkdf2-sha256$i=2000001,l=64${SALT}${}", "A".repeat(86)),
        format!("$pbkdf2-sha512$i=2000001,l=64${SALT}${}", "A".repeat(86)),
        format!("$pbkdf2-sha256$i=4294967296,l=32${SALT}${TAG}"),
        "pbkdf2_sha256$4000001$saltsaltsaltsalt12$NnUApm59w3J7w/OV0vq5DEvFGiWCGiVmNDOdOlPHFOM=".to_owned(),
    ] {
        assert_eq!(refused(&text), Some(Unreadable::TooCostly), "{text}");
    }
}

/// Promise: `password/bounded`
#[test]
fn a_malformed_hash_is_refused() {
    for text in [
        "$argon2id$v=19$m=19456,t=2,p=1$$".to_owned(),
        format!("$argon2id$v=19$m=19456,t=2,p=1${SALT}"),
        format!("$argon2id$v=19$m=19456,t=2,p=1${SALT}${TAG}$"),
        format!("$argon2id$v=19$m=19456,t=2,p=1${SALT}${TAG} "),
        format!("$argon2id$v=19$m=19456,t=2,p=1${SALT}${TAG}="),
        format!("$argon2id$v=19$m=19456,t=2,p=1${SALT}${}", &TAG[..20]),
        format!("$argon2id$v=19$m=19456,t=2,p=1$c2FsdA${TAG}"),
        format!("$argon2id$v=20$m=19456,t=2,p=1${SALT}${TAG}"),
        format!("$argon2id$v=19$t=2,m=19456,p=1${SALT}${TAG}"),
        format!("$argon2id$v=19$m=19456,t=2${SALT}${TAG}"),
        format!("$argon2id$v=19$m=019456,t=2,p=1${SALT}${TAG}"),
        format!("$argon2id$v=19$m=+19456,t=2,p=1${SALT}${TAG}"),
        format!("$argon2id$v=19$m=,t=2,p=1${SALT}${TAG}"),
        format!("$argon2id$v=19$m=99999999999999999999,t=1,p=1${SALT}${TAG}"),
        format!("$argon2id$v=19$m=0,t=2,p=1${SALT}${TAG}"),
        format!("$argon2id$v=19$m=19456,t=0,p=1${SALT}${TAG}"),
        format!("$argon2id$v=19$m=19456,t=2,p=0${SALT}${TAG}"),
        format!("$argon2id$v=19$m=31,t=2,p=4${SALT}${TAG}"),
        format!("$argon2id$v=19$m=19456,t=2,p=1,data=AAAA${SALT}${TAG}"),
        format!("$argon2id$v=19$m=19456,t=2,p=1,keyid=${SALT}${TAG}"),
        format!("$argon2id$v=19$m=19456,t=2,p=1,keyid=//79${SALT}${TAG}"),
        format!("$scrypt$ln=0,r=8,p=1${SALT}${TAG}"),
        format!("$scrypt$ln=14,r=0,p=1${SALT}${TAG}"),
        format!("$pbkdf2-sha256$i=0,l=32${SALT}${TAG}"),
        format!("$pbkdf2-sha256$i=1000,l=64${SALT}${TAG}"),
        format!("$pbkdf2-sha256$1000${SALT}${TAG}"),
        "pbkdf2_sha256$600000$saltsaltsaltsalt12$NnUApm59w3J7w/OV0vq5DEvFGiWCGiVmNDOdOlPHFOM".to_owned(),
        "$2b$04$cVWp4XaNU8a4v1uMRum2SO026BWLIoQMD/TXg5uZV.0P.uO8m3YE".to_owned(),
        "$2b$04$cVWp4XaNU8a4v1uMRum2SO026BWLIoQMD/TXg5uZV.0P.uO8m3Yé".to_owned(),
        "5a0f3c1e9b7d2468ace013579bdf0246:19dacc".to_owned(),
        format!("5a0f3c1e9b7d2468ace013579bdf024g:{}", "0".repeat(128)),
        format!("5a0f3c1e9b7d2468ace013579bdf0246:{}", "g".repeat(128)),
        format!("5a0f3c1e9b7d2468ace013579bdf0246:{}", "0".repeat(127)),
        "x".repeat(513),
    ] {
        assert_eq!(refused(&text), Some(Unreadable::Malformed), "{text}");
    }
}

#[test]
fn an_unknown_scheme_is_said_to_be_one() {
    for text in [
        "",
        "$",
        "plaintext",
        "!",
        "$1$salt$hash",
        "$5$rounds=5000$salt$hash",
        "$2x$05$x",
        "$argon2$v=19$x",
        "{SSHA}x",
        "md5$a$b",
    ] {
        assert_eq!(refused(text), Some(Unreadable::UnknownScheme), "{text}");
    }
}

#[test]
fn a_guess_has_an_upper_bound() {
    assert!(Guess::new(&"x".repeat(1024)).is_ok());
    assert_eq!(Guess::new(&"x".repeat(1025)).err(), Some(GuessTooLong));
    // Decomposed text may be longer, as long as what it stands for is not.
    assert!(Guess::new(&"e\u{301}".repeat(512)).is_ok());
    assert_eq!(Guess::new(&"e\u{301}".repeat(513)).err(), Some(GuessTooLong));
    // The opposite: a note that NFC writes with three characters.
    assert_eq!(Guess::new(&"\u{1D160}".repeat(250)).err(), Some(GuessTooLong));
    assert_eq!(Guess::new(&"x".repeat(100_000_000)).err(), Some(GuessTooLong));
}

/// Text close to what is read: pieces of real hashes, shuffled, cut and repeated.
fn nearly_a_hash() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("$".to_owned()),
        Just(",".to_owned()),
        Just(":".to_owned()),
        Just("=".to_owned()),
        proptest::sample::select(vec![
            "argon2id",
            "argon2i",
            "argon2d",
            "v=19",
            "v=16",
            "m=8",
            "m=64",
            "t=1",
            "p=1",
            "keyid=AAAA",
            "2b",
            "2y",
            "04",
            "scrypt",
            "ln=1",
            "r=1",
            "pbkdf2-sha256",
            "pbkdf2-sha512",
            "pbkdf2_sha256",
            "i=1",
            "l=32",
            SALT,
            TAG,
            "m=8,t=1,p=1",
            "ln=1,r=1,p=1",
            "i=1,l=32",
            "cVWp4XaNU8a4v1uMRum2SO026BWLIoQMD/TXg5uZV.0P.uO8m3YEm",
        ])
        .prop_map(str::to_owned),
        "[0-9]{1,12}",
        "[0-9a-f]{32,128}",
        "\\PC{0,4}",
    ];
    proptest::collection::vec(piece, 0..16).prop_map(|pieces| pieces.concat())
}

/// A real hash with one piece of it replaced.
fn damaged() -> impl Strategy<Value = String> {
    let whole = proptest::sample::select(vec![
        format!("$argon2id$v=19$m=64,t=1,p=1${SALT}${TAG}"),
        format!("$scrypt$ln=4,r=1,p=1${SALT}${TAG}"),
        format!("$pbkdf2-sha256$i=10,l=32${SALT}${TAG}"),
        "pbkdf2_sha256$10$saltsaltsaltsalt12$NnUApm59w3J7w/OV0vq5DEvFGiWCGiVmNDOdOlPHFOM=".to_owned(),
        "$2b$04$cVWp4XaNU8a4v1uMRum2SO026BWLIoQMD/TXg5uZV.0P.uO8m3YEm".to_owned(),
    ]);
    (whole, any::<proptest::sample::Index>(), 0..4_usize, "\\PC{0,3}").prop_map(|(whole, at, cut, graft)| {
        let at = at.index(whole.len());
        format!("{}{graft}{}", &whole[..at], &whole[(at + cut).min(whole.len())..])
    })
}

proptest! {
    /// Promise: `password/bounded`
    #[test]
    fn no_text_makes_the_reader_panic(text in prop_oneof![nearly_a_hash(), damaged(), any::<String>()]) {
        let _ = Readable::read(&text);
    }

    #[test]
    fn a_damaged_hash_is_never_right(at in any::<proptest::sample::Index>(), cut in 0..4_usize, graft in "[!-~]{0,3}") {
        let whole = format!("$argon2id$v=19$m=64,t=1,p=1${SALT}$/ur5fLELUb1eXkT9oKHqq6gHGZ9Phwgbj4qyIcCNaYc");
        prop_assert_eq!(verdict(&whole, RIGHT), Ok(Verdict::Right(Freshness::Outdated)));
        let at = at.index(whole.len());
        let damaged = format!("{}{graft}{}", &whole[..at], &whole[(at + cut).min(whole.len())..]);
        prop_assume!(damaged != whole);
        prop_assert!(!matches!(verdict(&damaged, RIGHT), Ok(Verdict::Right(_))), "{}", damaged);
    }
}
