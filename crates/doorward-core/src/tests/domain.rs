//! Names of domains.

use crate::{DomainName, EmailAddress};

fn parsed(text: &str) -> Option<String> {
    DomainName::parse(text).ok().map(|name| name.to_string())
}

/// Promise: `domain/one-spelling`
#[test]
fn all_spellings_of_a_domain_are_one_name() {
    for text in
        ["example.com", " EXAMPLE.com\t", "Example.Com.", "ｅｘａｍｐｌｅ．ｃｏｍ", "example。com", "exam\u{ad}ple.com"]
    {
        assert_eq!(parsed(text).as_deref(), Some("example.com"), "{text:?}");
    }
    for text in ["Bücher.example", "bücher.example.", "xn--bcher-kva.example", "XN--BCHER-KVA.EXAMPLE"] {
        assert_eq!(parsed(text).as_deref(), Some("xn--bcher-kva.example"), "{text:?}");
    }
    // The domain of an address is spelled as the domain itself, or the two would never meet.
    for text in ["example.com", "Bücher.example", "straße.example", "a-b.c-d.example"] {
        let address = EmailAddress::parse(&format!("ann@{text}")).unwrap();
        assert_eq!(Some(address.domain()), parsed(text).as_deref(), "{text}");
    }
    assert_eq!(DomainName::parse("XN--BCHER-KVA.example").unwrap().in_own_letters(), "bücher.example");
    assert_eq!("example.com".parse::<DomainName>().unwrap().as_str(), "example.com");
    for text in ["Example.com", "example.com.", "bücher.example", " example.com"] {
        assert!(text.parse::<DomainName>().is_err(), "{text:?} is not stored so");
    }
}

/// Promise: `domain/plain`
#[test]
fn what_is_no_domain_is_refused() {
    let long_label = format!("{}.com", "a".repeat(64));
    let long_name = format!("{}com", "a.".repeat(126));
    let longest = format!("{}.com", vec!["a".repeat(61); 4].join("."));
    for text in [
        "",
        ".",
        "..",
        "com",
        "localhost",
        "example..com",
        ".example.com",
        "example.com..",
        "127.0.0.1",
        "1.2.3.4",
        "0x7f.1",
        "[::1]",
        "::1",
        "example.com:53",
        "https://example.com",
        "example.com/",
        "example.com?x",
        "ann@example.com",
        "@example.com",
        "*.example.com",
        "_dmarc.example.com",
        "-a.example",
        "a-.example",
        "exa mple.com",
        "example.com\n.evil.example",
        "example.com\0",
        "xn--.example",
        "xn--a.example",
        "ex\u{200b}ample.123",
        "example.com#",
        "user:pw@example.com",
        &long_label,
        &long_name,
        &"a.".repeat(300),
    ] {
        assert_eq!(parsed(text), None, "{text:?}");
    }
    assert_eq!(longest.len(), 251);
    assert!(parsed(&longest).is_some());
}
