//! The path to return to.

use super::*;

/// What has led other systems' users away from the site after their login, and relatives of it.
const LEAVING: [&str; 60] = [
    "//evil.example",
    "///evil.example",
    "////evil.example/x",
    "/\\evil.example",
    "\\/evil.example",
    "\\\\evil.example",
    "/%2f/evil.example",
    "/%2fevil.example",
    "/%2F%2Fevil.example",
    "/%5cevil.example",
    "/%5C/evil.example",
    "https:evil.example",
    "https://evil.example",
    "http:///evil.example",
    "https:/evil.example",
    "HTTPS://evil.example",
    "https:\\\\evil.example",
    "://evil.example",
    ":evil.example",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "java\tscript:alert(1)",
    "data:text/html,<script>",
    "vbscript:x",
    "mailto:ann@example.com",
    "/\t/evil.example",
    "/\n/evil.example",
    "/\r/evil.example",
    "\t//evil.example",
    " //evil.example",
    "\u{a0}//evil.example",
    "/ /evil.example",
    "/\0/evil.example",
    "/%09/evil.example",
    "/%0d%0aLocation:%20https://evil.example",
    "/\r\nSet-Cookie: dev-session=x",
    "/%00//evil.example",
    "@evil.example",
    "/@evil.example/../..//evil.example",
    "evil.example",
    "www.evil.example/auth",
    "/auth//evil.example",
    "/auth/..//evil.example",
    "/..//evil.example",
    "/.//evil.example",
    "/auth/../../evil",
    "/./auth",
    "/auth/.",
    "/%2e%2e/%2e%2e//evil.example",
    "/.%2e/evil",
    "/evil\u{3002}example",
    "//evil\u{3002}example",
    "/\u{2f}/evil.example",
    "/\u{ff0f}evil.example",
    "/\u{ff3c}evil.example",
    "/\u{202e}elpmaxe.live//",
    "/auth#//evil.example",
    "/auth?x=1?return_to=//evil.example",
    "",
    "?return_to=/auth",
];

/// Promise: `local_path/stays-here`
#[test]
fn nothing_that_leads_away_is_a_path() {
    for text in LEAVING {
        assert!(LocalPath::parse(text).is_none(), "{text:?}");
    }
    for character in "\\#\"<>`\u{7f} ".chars() {
        assert!(LocalPath::parse(&format!("/auth{character}x")).is_none(), "{character:?} in the path");
        assert!(LocalPath::parse(&format!("/auth?x={character}x")).is_none(), "{character:?} in the query");
    }
}

/// Promise: `local_path/stays-here`
#[test]
fn a_path_of_ours_is_taken_as_it_is() {
    for text in [
        "/",
        "/auth/account",
        "/auth/email/verify?token=abc_-123",
        "/dashboard/",
        "/search?q=a%20b&page=2",
        "/p?next=//evil.example",
        "/p?u=https://x.example/",
        "/a:b",
        "/~ann",
        "/a;v=1",
        "/x@y",
        "/%41bc",
        "/a..b/...",
        "/.well-known/change-password",
        "/%252f",
        "/a%20b",
        "/!$&'()*+,=",
        "/?",
    ] {
        assert_eq!(LocalPath::parse(text).unwrap().as_str(), text);
    }
}

/// Promise: `local_path/stays-here`
#[test]
fn a_path_is_bounded() {
    let path = |length: usize| format!("/{}", "a".repeat(length - 1));
    assert!(LocalPath::parse(&path(LocalPath::MAX_LENGTH)).is_some());
    assert!(LocalPath::parse(&path(LocalPath::MAX_LENGTH + 1)).is_none());
}

proptest! {
    /// Promise: `local_path/stays-here`
    #[test]
    fn whatever_is_taken_begins_with_one_slash_and_is_plain(text in "[/\\\\.%a-f02359A-F?#@:\t\r\n \u{3002}]{0,20}") {
        if let Some(path) = LocalPath::parse(&text) {
            let bytes = path.as_str().as_bytes();
            prop_assert!(bytes[0] == b'/' && bytes.get(1) != Some(&b'/'));
            prop_assert!(bytes.iter().all(|b| b.is_ascii_graphic() && *b != b'\\'));
        }
    }
}
