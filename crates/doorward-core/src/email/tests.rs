//! Reading what was stored.

use super::EmailAddress;

#[test]
fn what_was_parsed_is_restored() {
    for text in
        ["ann@example.com", "Ann.B+c@EXAMPLE.com", "a@localhost", "x@bücher.example", "o'neil_{}@xn--bcher-kva.example"]
    {
        let parsed = EmailAddress::parse(text).unwrap();
        assert_eq!(EmailAddress::stored(parsed.as_str()), Some(parsed), "{text}");
    }
}

#[test]
fn another_spelling_is_not_restored() {
    for text in [
        "",
        "nobody",
        "@",
        "ann@",
        "@example.com",
        "Ann@example.com",
        "ann@Example.com",
        "a@b@c.example",
        "ann@example",
    ] {
        assert_eq!(EmailAddress::stored(text), None, "{text}");
    }
    for text in [" ann@example.com", "ann@example.com\n", "ann@bücher.example", "ann@-a.example", "a..b@example.com"] {
        assert_eq!(EmailAddress::stored(text), None, "{text}");
    }
}
