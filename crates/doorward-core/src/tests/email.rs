//! Mail addresses.

use super::*;

fn read(text: &str) -> Result<String, EmailDenied> {
    EmailAddress::parse(text).map(|email| email.to_string())
}

/// Promise: `email/one-mailbox`
#[test]
fn every_spelling_of_a_mailbox_is_one_address() {
    for text in [
        "ann@example.com",
        "ANN@EXAMPLE.COM",
        " ann@example.com\t\r\n",
        "Ann@Example.Com",
        "\u{a0}ann@example.com\u{2003}",
    ] {
        assert_eq!(read(text).as_deref(), Ok("ann@example.com"), "{text:?}");
    }
    let punycode = "ann@xn--bcher-kva.example";
    for text in [
        "ann@bücher.example",
        "ann@BÜCHER.example",
        "ann@bu\u{308}cher.example",
        "ann@xn--bcher-kva.example",
        "ann@XN--BCHER-KVA.example",
        "ann@bücher\u{3002}example",
        "ann@ｂücher．ｅxample",
    ] {
        assert_eq!(read(text).as_deref(), Ok(punycode), "{text:?}");
    }
}

/// Promise: `email/one-mailbox`
#[test]
fn different_mailboxes_stay_different() {
    // Dots and plus tags mean something at some providers and nothing at others, so they are kept.
    let texts = [
        "ann@example.com",
        "a.nn@example.com",
        "ann+doorward@example.com",
        "ann@example.org",
        "ann@mail.example.com",
        "anna@example.com",
    ];
    for (at, text) in texts.iter().enumerate() {
        assert_eq!(read(text).as_deref(), Ok(*text));
        assert!(!texts[at + 1..].contains(text));
    }
}

/// Promise: `email/plain`
#[test]
fn usual_addresses_are_taken() {
    for text in [
        "a@b.co",
        "ann.of.green.gables@example.museum",
        "user+tag@sub.domain.example",
        "!#$%&'*+/=?^_`{|}~-@example.com",
        "1@2.example",
        "ann@localhost",
        "o'brien@example.ie",
        "x@a-b.example",
        "x@1and1.example",
    ] {
        assert_eq!(read(text).as_deref(), Ok(text));
    }
    let longest = format!("{}@{}.{}.{}", "a".repeat(64), "b".repeat(63), "c".repeat(63), "d".repeat(61));
    assert_eq!((longest.len(), read(&longest).is_ok()), (254, true));
}

/// Promise: `email/plain`
#[test]
fn what_a_mail_server_could_read_otherwise_is_refused() {
    for (text, denied) in [
        ("", EmailDenied::Incomplete),
        ("ann", EmailDenied::Incomplete),
        ("@example.com", EmailDenied::Incomplete),
        ("ann@", EmailDenied::Incomplete),
        ("ann@evil.example@example.com", EmailDenied::Incomplete),
        ("ann@@example.com", EmailDenied::Incomplete),
        ("\"ann@evil.example\"@example.com", EmailDenied::Incomplete),
        ("\"ann\"@example.com", EmailDenied::Name),
        ("ann smith@example.com", EmailDenied::Name),
        ("ann,bob@example.com", EmailDenied::Name),
        ("ann;bob@example.com", EmailDenied::Name),
        ("<ann@example.com>", EmailDenied::Name),
        ("Ann <ann@example.com", EmailDenied::Name),
        ("ann(comment)@example.com", EmailDenied::Name),
        ("ann:bob@example.com", EmailDenied::Name),
        ("ann\\@example.com", EmailDenied::Name),
        (".ann@example.com", EmailDenied::Name),
        ("ann.@example.com", EmailDenied::Name),
        ("an..n@example.com", EmailDenied::Name),
        ("ann\0@example.com", EmailDenied::Name),
        ("ann\r\nBcc: bob@example.com", EmailDenied::Name),
        ("änn@example.com", EmailDenied::Name),
        ("ａnn@example.com", EmailDenied::Name),
        ("ann\u{200b}@example.com", EmailDenied::Name),
        ("аnn@example.com", EmailDenied::Name),
        ("ann%40evil.example\u{ff20}x@example.com", EmailDenied::Name),
        ("ann@example", EmailDenied::Domain),
        ("ann@example..com", EmailDenied::Domain),
        ("ann@.example.com", EmailDenied::Domain),
        ("ann@example.com.", EmailDenied::Domain),
        ("ann@-example.com", EmailDenied::Domain),
        ("ann@example-.com", EmailDenied::Domain),
        ("ann@[127.0.0.1]", EmailDenied::Domain),
        ("ann@127.0.0.1", EmailDenied::Domain),
        ("ann@exa mple.com", EmailDenied::Domain),
        ("ann@example.com\r\nRCPT TO:<bob@x>", EmailDenied::Incomplete),
        ("ann@exam_ple.com", EmailDenied::Domain),
        ("ann@example.com,b.example", EmailDenied::Domain),
        ("ann@example.com>", EmailDenied::Domain),
        ("ann@example.com:25", EmailDenied::Domain),
        ("ann@example.com/x", EmailDenied::Domain),
        ("ann@example.com%00", EmailDenied::Domain),
        ("ann@xn--a.example", EmailDenied::Domain),
        ("ann@ex\u{202e}ample.com", EmailDenied::Domain),
    ] {
        assert_eq!(read(text), Err(denied), "{text:?}");
    }
    for (name, label, rest) in [(65, 3, 3), (1, 64, 3), (64, 63, 130)] {
        let rest = ["b".repeat(60), "c".repeat(60), "d".repeat(60)].join(".")[..rest].to_owned();
        let text = format!("{}@{}.{rest}.example", "a".repeat(name), "b".repeat(label));
        assert!(read(&text).is_err(), "{} characters", text.len());
    }
    assert!(read(&format!("{}@example.com", "a".repeat(1_000_000))).is_err());
}

#[test]
fn a_masked_address_shows_one_letter() {
    assert_eq!(EmailAddress::parse("Ann@Example.com").unwrap().masked(), "a…@example.com");
    let email = EmailAddress::parse("a@example.com").unwrap();
    assert_eq!((email.masked().as_str(), email.name()), ("a…@example.com", "a"));
}

proptest! {
    /// Promise: `email/one-mailbox`
    #[test]
    fn reading_twice_is_reading_once(text in "\\PC{0,40}@?\\PC{0,40}") {
        if let Ok(email) = EmailAddress::parse(&text) {
            prop_assert_eq!(EmailAddress::parse(email.as_str()), Ok(email));
        }
    }

    /// Promise: `email/plain`
    #[test]
    fn whatever_is_taken_is_one_plain_line(text in "[a-zA-Z.+@\\-_ \u{ff41}-\u{ff5a}\u{3002}äß\u{200d}<>\r\n]{1,40}") {
        if let Ok(email) = EmailAddress::parse(&text) {
            prop_assert!(email.as_str().bytes().all(|b| b.is_ascii_graphic() && !b.is_ascii_uppercase() && !b"<>,;:\"\\[]()".contains(&b)));
            prop_assert_eq!(email.as_str().matches('@').count(), 1);
        }
    }
}
