//! Tokens and digests.

use super::*;

fn token(byte: u8) -> Token<Reset> {
    Token::mint(&Same(byte))
}

/// Promise: `token/one-spelling`
#[test]
fn what_is_revealed_is_what_is_read() {
    let text = token(7).reveal();
    assert_eq!(text, "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc");
    let read = Token::<Reset>::parse(&text).unwrap();
    assert_eq!(read.expose(), &[7; 32]);
    assert!(read.digest().matches(&token(7).digest()));
    assert!(!read.digest().matches(&token(8).digest()));
}

/// Promise: `token/one-spelling`
#[test]
fn another_spelling_of_a_token_is_refused() {
    let text = token(7).reveal();
    // The last character of 43 carries two bits that mean nothing.
    let stray = ["d", "e", "f"].map(|last| format!("{}{last}", &text[..42]));
    let others = [
        format!("{text}="),
        format!(" {text}"),
        format!("{text}\n"),
        text[..42].to_owned(),
        format!("{text}A"),
        String::new(),
        text.replace('B', "+"),
        format!("{}/", &text[..42]),
        format!("{}=", &text[..42]),
        "ä".repeat(21) + "a",
        "\0".repeat(43),
        "A".repeat(44),
        "A".repeat(100_000),
    ];
    for other in stray.iter().chain(&others) {
        assert!(Token::<Reset>::parse(other).is_none(), "{other:?}");
    }
}

/// Promise: `token/kinds-apart`
#[test]
fn one_secret_has_another_digest_for_each_kind() {
    let bytes = [7; 32];
    let digests = [
        Token::<Reset>::from_bytes(bytes).digest().as_bytes().to_vec(),
        Token::<Signup>::from_bytes(bytes).digest().as_bytes().to_vec(),
        Token::<EmailChange>::from_bytes(bytes).digest().as_bytes().to_vec(),
        Token::<Session>::from_bytes(bytes).digest().as_bytes().to_vec(),
    ];
    for (at, digest) in digests.iter().enumerate() {
        assert!(!digests[at + 1..].contains(digest));
        assert_ne!(digest[..], bytes);
    }
    let names = [Reset::NAME, Signup::NAME, EmailChange::NAME, Session::NAME];
    assert!(names.iter().all(|name| names.iter().filter(|other| other.starts_with(*name)).count() == 1));
}

/// Promise: `token/kinds-apart`
#[test]
fn a_stored_digest_is_thirty_two_bytes() {
    let digest = token(7).digest();
    assert!(Digest::<Reset>::stored(digest.as_bytes()).unwrap().matches(&digest));
    for length in [0, 31, 33, 64] {
        assert!(Digest::<Reset>::stored(&vec![7; length]).is_none());
    }
    // The digest of a digest is another one: what rests does not open what it stands for.
    let stolen: [u8; 32] = digest.as_bytes().try_into().unwrap();
    assert!(!Token::<Reset>::from_bytes(stolen).digest().matches(&digest));
}

#[test]
fn a_token_is_made_of_what_the_generator_gives() {
    let [one, two] = [(); 2].map(|()| Token::<Session>::mint(&SystemEntropy));
    assert_ne!(one.expose(), two.expose());
    assert_ne!(one.expose(), &[0; 32]);
}

#[test]
fn texts_are_the_same_or_not() {
    assert!(same_text("", "") && same_text("abc", "abc"));
    for (sent, expected) in
        [("", "a"), ("a", ""), ("abc", "abd"), ("abc", "abcd"), ("abcd", "abc"), ("ABC", "abc"), ("é", "e\u{301}")]
    {
        assert!(!same_text(sent, expected), "{sent} and {expected}");
    }
}

#[test]
fn what_is_derived_depends_on_label_and_secret() {
    let one = derived(b"label", &[1; 32]);
    assert_eq!(one, derived(b"label", &[1; 32]));
    assert_ne!(one, derived(b"label", &[2; 32]));
    assert_ne!(one, derived(b"labem", &[1; 32]));
    assert_ne!(one, derived(b"", &[1; 32]));
    assert_ne!(one, [1; 32]);
}

proptest! {
    /// Promise: `token/one-spelling`
    #[test]
    fn any_text_is_read_as_at_most_itself(text in ".{0,60}") {
        if let Some(token) = Token::<Reset>::parse(&text) {
            prop_assert_eq!(token.reveal(), text);
        }
    }

    /// Promise: `token/one-spelling`
    #[test]
    fn any_text_of_the_right_letters_is_read_as_at_most_itself(text in "[A-Za-z0-9_-]{43}") {
        if let Some(token) = Token::<Reset>::parse(&text) {
            prop_assert_eq!(token.reveal(), text);
        }
    }
}
