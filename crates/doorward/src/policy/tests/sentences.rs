//! What people read of a permission.

use super::{OWN, OWNER, parsed, refuses_all, told};
use crate::policy::{EXAMPLES, Settings};

fn with(about: &str) -> String {
    format!("[policy]\npermissions = [\"invoices:read\", \"invoices:write\"]\n[policy.about]\n{about}\n{OWNER}")
}

/// Promise: `policy/checked-at-start`
#[test]
fn a_sentence_about_nothing_or_that_says_nothing_is_refused() {
    let long = format!("\"invoices:read\" = \"{}\"", "a".repeat(201));
    let cases = [
        ("\"invoice:read\" = \"See.\"", "policy.about.invoice:read", "Did you mean `invoices:read`?"),
        ("\"rockets:launch\" = \"See.\"", "policy.about.rockets:launch", "Add it to policy.permissions, or remove it."),
        ("\"invoices:*\" = \"See.\"", "policy.about.invoices:*", "is no permission that there is"),
        ("\"members:read\" = \"Harmless.\"", "policy.about.members:read", "is Doorward's own"),
        ("\"invoices:read\" = \"\"", "policy.about.invoices:read", "one line of up to 200 characters"),
        ("\"invoices:read\" = \"  \"", "policy.about.invoices:read", "one line of up to 200 characters"),
        ("\"invoices:read\" = \"One\\nTwo\"", "policy.about.invoices:read", "one line of up to 200 characters"),
        ("\"invoices:read\" = 7", "policy.about.invoices:read", "one line of up to 200 characters"),
        (long.as_str(), "policy.about.invoices:read", "one line of up to 200 characters"),
    ];
    for (about, key, part) in cases {
        refuses_all(&with(about), &[key, part]);
    }
    let list = "[policy]\nabout = [\"invoices:read\"]\n";
    refuses_all(&format!("{list}{OWNER}"), &["policy.about", "it must be a table"]);
    assert_eq!(told(&with(&long.replace(&"a".repeat(201), &"ä".repeat(200)))), Vec::<String>::new());
}

/// Promise: `policy/plain-words`
#[test]
fn every_permission_has_a_sentence() {
    let policy = parsed(&with("\"invoices:read\" = \"See the invoices.\""));
    assert_eq!(policy.about("invoices:read"), "See the invoices.");
    assert_eq!(policy.about("invoices:write"), "Do what is called “invoices:write” here.");
    assert_eq!(policy.about("invoices:gone"), "Do what is called “invoices:gone” here.");
    assert_eq!(policy.untold().collect::<Vec<_>>(), ["invoices:write"]);
    for (name, sentence) in OWN {
        assert_eq!(policy.about(name), sentence);
    }
    for (name, sentence) in policy.permissions() {
        let is_one = sentence.starts_with(char::is_uppercase) && sentence.ends_with('.') && !sentence.contains(". ");
        assert!(is_one, "{name}: {sentence}");
    }
}

/// Promise: `policy/plain-words`, `policy/examples`
#[test]
fn the_examples_say_what_each_of_their_permissions_is_for() {
    for (name, _, text) in EXAMPLES {
        assert_eq!(parsed(text).untold().collect::<Vec<_>>(), Vec::<&str>::new(), "{name}");
    }
    assert_eq!(Settings::default().policy().untold().count(), 0);
}
