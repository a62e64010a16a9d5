//! Promises and tests that agree, and every way in which they may not.

use super::examine;
use crate::tree::Tree;

const HEAD: &str = "crates/doorward/src/password_reset/mod.rs";
const TESTS: &str = "crates/doorward/src/password_reset/tests.rs";
const MADE: &str = "\
//! Resets.
//!
//! - `password_reset/works-once`: A link works
//!   once.
//!
//! - `rules.rs`: other list
";
const KEPT: &str = "\
/// Shows it.
/// Promise: `password_reset/works-once`
#[tokio::test(flavor = \"a\")]
async fn twice_is_refused() {}
";

/// What is found in these files, each as one line.
fn found(files: &[(&str, &str)]) -> Vec<String> {
    let found = examine(&Tree::of(files)).1;
    found.into_iter().map(|finding| format!("{}: {}", finding.line, finding.what)).collect()
}

#[test]
fn a_kept_promise_is_a_row() {
    let (table, findings) = examine(&Tree::of(&[(HEAD, MADE), (TESTS, KEPT)]));
    assert_eq!(findings, []);
    assert_eq!(
        table.lines().last().unwrap(),
        "| `password_reset/works-once` | A link works once. | [password_reset](../../crates/doorward/src/password_reset) | \
         [password_reset/tests.rs](../../crates/doorward/src/password_reset/tests.rs): twice_is_refused |"
    );
}

#[test]
fn a_promise_without_a_test_is_found() {
    assert_eq!(found(&[(HEAD, MADE)]), ["3: no test keeps `password_reset/works-once`"]);
}

#[test]
fn a_test_of_an_unknown_promise_is_found() {
    let two = KEPT.replace("once`", "once`, `password_reset/other`");
    assert_eq!(found(&[(HEAD, MADE), (TESTS, &two)]), ["2: nobody promises `password_reset/other`"]);
}

#[test]
fn a_promise_made_twice_is_found() {
    let twice = MADE.replace("//! - `rules.rs`: other list", "//! - `password_reset/works-once`: Again.");
    let expected = format!("6: `password_reset/works-once` is already promised at {HEAD}:3");
    assert_eq!(found(&[(HEAD, &twice), (TESTS, KEPT)]), [expected]);
}

#[test]
fn a_promise_in_another_feature_or_without_a_stop_is_found() {
    let path = "crates/doorward/src/sessions/mod.rs";
    let expected = "3: `password_reset/works-once` is promised in doorward/sessions";
    assert_eq!(found(&[(path, MADE), (TESTS, KEPT)]), [expected]);
    let endless = MADE.replace("once.", "once");
    assert_eq!(
        found(&[(HEAD, &endless), (TESTS, KEPT)]),
        ["3: `password_reset/works-once` does not end in a full stop"]
    );
}

#[test]
fn nested_features_and_other_crates_promise_under_their_own_name() {
    let totp = "//! - `totp/once`: A code works once.\n";
    let core = "//! - `core/slow`: Hashing is slow.\n//! - `password/slow`: Hashing is slow.\n";
    let tests = "/// Promise: `totp/once`, `core/slow`\n/// Promise: `password/slow`\nfn f() {}\n";
    let files = [
        ("crates/doorward/src/mfa/totp/mod.rs", totp),
        ("crates/doorward-core/src/password/mod.rs", core),
        (TESTS, tests),
    ];
    assert_eq!(found(&files), [""; 0]);
}

#[test]
fn only_a_test_keeps_a_promise() {
    let flow = "crates/doorward/src/password_reset/flow.rs";
    let unmade = "3: no test keeps `password_reset/works-once`";
    let misplaced = "2: no test follows the line that names a promise";
    assert_eq!(
        found(&[(HEAD, MADE), (flow, &KEPT.replace("#[tokio::test(flavor = \"a\")]", ""))]),
        [misplaced, unmade]
    );
    let apart = KEPT.replace("async fn", "struct Between;\nfn");
    assert_eq!(found(&[(HEAD, MADE), (TESTS, &apart)]), [misplaced, unmade]);
    let inline = format!("#[cfg(test)]\nmod tests {{\n{KEPT}}}\n");
    assert_eq!(found(&[(HEAD, MADE), (flow, &inline)]), [""; 0]);
}

#[test]
fn browser_tests_and_cases_that_must_not_compile_keep_promises() {
    let name = |path: &str, text: &str| {
        examine(&Tree::of(&[(HEAD, MADE), (path, text)])).0.rsplit(": ").next().unwrap().to_owned()
    };
    let line = "// Promise: `password_reset/works-once`\n";
    assert_eq!(name("tests/browser/reset.mjs", &format!("{line}await step('twice', async () => {{")), "twice |\n");
    assert_eq!(
        name("tests/browser/reset.mjs", &format!("{line}export async function reset(page, x = 'y') {{")),
        "reset |\n"
    );
    assert_eq!(
        name("crates/doorward/tests/compile_fail/no_guard.rs", &format!("{line}use x;\nfn main() {{}}")),
        "no_guard |\n"
    );
}

#[test]
fn a_promise_within_a_string_is_none() {
    let sample = format!("const SAMPLE: &str = r#\"\n{MADE}\"#;\n");
    assert_eq!(found(&[("crates/doorward/src/password_reset/flow.rs", &sample)]), [""; 0]);
}
