//! Every rule, red on a sample and green on a good one.

use super::check;
use crate::tree::Tree;

const FLOW: &str = "crates/doorward/src/sessions/flow.rs";
const LAYERS: &str = "# Layers\n<!-- layers -->\n| feature | may call |\n|---|---|\n| `sessions` | `audit`, `mail` |\n\
                      | audit | nothing |\n| `login` | `sessions` |\n| `guard` | `sessions` |\n<!-- /layers -->\n";

/// What the rules find in these files, each as `line: [rule] what`.
fn found(files: &[(&str, &str)]) -> Vec<String> {
    let mut files = files.to_vec();
    files.push(("ARCHITECTURE.md", LAYERS));
    let folders = ["audit", "login", "guard", "base"].map(|name| format!("crates/doorward/src/{name}/mod.rs"));
    files.extend(folders.iter().map(|path| (path.as_str(), "")));
    listed(&files)
}

fn listed(files: &[(&str, &str)]) -> Vec<String> {
    let found = check(&Tree::of(files)).into_iter();
    found.map(|finding| format!("{}: [{}] {}", finding.line, finding.rule, finding.what)).collect()
}

/// Asserts that `red` is found with `expected` and that `green` is not found at all.
fn assert_rule(path: &str, red: &str, expected: &str, green: &str) {
    assert_eq!(found(&[(path, red)]), [expected], "{red}");
    assert_eq!(found(&[(path, green)]), [""; 0], "{green}");
}

#[test]
fn files_have_at_most_500_lines_and_tests_900() {
    let lines = |count: usize| "// a line\n".repeat(count);
    assert_rule(FLOW, &lines(501), "501: [file-length] 501 lines; the limit is 500", &lines(500));
    for path in
        ["crates/doorward/src/sessions/tests.rs", "crates/doorward/tests/all.rs", "crates/doorward/src/testing/app.rs"]
    {
        assert_rule(path, &lines(901), "901: [file-length] 901 lines; the limit is 900", &lines(900));
    }
    assert_rule("packages/a/b.ts", &lines(501), "501: [file-length] 501 lines; the limit is 500", &lines(500));
    assert_eq!(found(&[("docs/a.md", &lines(901))]), [""; 0]);
}

#[test]
fn functions_have_at_most_70_lines_outside_tests() {
    let function = |inner: usize| format!("fn long() {{\n{}}}\n", "    let a = \"}\";\n".repeat(inner));
    assert_rule(FLOW, &function(69), "1: [function-length] `long` has 71 lines; the limit is 70", &function(68));
    assert_eq!(found(&[("crates/doorward/src/sessions/tests.rs", &function(200))]), [""; 0]);
    assert_eq!(found(&[(FLOW, &format!("#[cfg(test)]\nmod tests {{\n{}}}\n", function(200)))]), [""; 0]);
}

#[test]
fn the_head_of_a_feature_has_at_most_60_lines() {
    let head = |count: usize| "//! word\n".repeat(count);
    let expected = "61: [feature-head] 61 lines; a feature's mod.rs has at most 60";
    assert_rule("crates/doorward/src/sessions/mod.rs", &head(61), expected, &head(60));
    assert_rule("crates/doorward/src/sessions/devices/mod.rs", &head(61), expected, &head(60));
    for exempt in ["base/x", "guard/x", "testing"] {
        assert_eq!(found(&[(&format!("crates/doorward/src/{exempt}/mod.rs"), &head(61))]), [""; 0]);
    }
}

#[test]
fn lines_have_at_most_140_characters() {
    let line = |count: usize| format!("{}\n", "ü".repeat(count));
    assert_rule("a.css", &line(141), "1: [width] 141 characters; the limit is 140", &line(140));
    assert_eq!(found(&[("a.md", &line(200))]), [""; 0]);
}

#[test]
fn lines_do_not_end_in_white_space_and_files_end_in_one_line_feed() {
    assert_rule("a.md", "a \nb\n", "1: [white-space] the line ends in white space", "a\nb\n");
    assert_rule("a.md", "a\nb", "2: [final-newline] does not end in a line feed", "");
    assert_rule("a.md", "a\n\n", "2: [final-newline] ends in an empty line", "a\n");
    assert_eq!(found(&[("tests/snapshots/a.txt", "a \nb"), ("x/a.snap", "a \n")]), [""; 0]);
}

#[test]
fn nothing_names_a_folder_of_one_machine() {
    let [work, root] = super::text::MACHINE_FOLDERS;
    let expected = format!("1: [machine-path] names `{work}`, a folder of one machine");
    assert_rule(
        "a.md",
        &format!("see {work}x\n"),
        &expected,
        &format!("see https://example.com{work}x and ./a{work}b\n"),
    );
    let expected = format!("1: [machine-path] names `{root}`, a folder of one machine");
    assert_rule(FLOW, &format!("const A: &str = \"{root}x\";\n"), &expected, "const A: &str = \"~/x\";\n");
    assert_eq!(found(&[("a/package-lock.json", &format!("\"{work}x\"\n"))]), [""; 0]);
}

#[test]
fn nothing_is_left_over() {
    for mark in ["TODO", "FIXME", "XXX"] {
        let expected = format!("1: [leftover] `{mark}` is left over");
        assert_rule(
            FLOW,
            &format!("// {mark}: later\n"),
            &expected,
            &format!("const A: &str = \"{mark}\"; // {mark}S\n"),
        );
        assert_rule("a.mjs", &format!("f() // {mark}\n"), &expected, &format!("f() // a `{mark}` is spoken of\n"));
    }
    for call in ["dbg", "todo", "unimplemented"] {
        let expected = format!("1: [leftover] `{call}!` is left over");
        assert_rule(
            FLOW,
            &format!("const A: () = {call}!(1);\n"),
            &expected,
            &format!("fn {call}() {{}} // {call}!()\n"),
        );
    }
}

#[test]
fn no_test_is_ignored() {
    let expected = "1: [ignored-test] an ignored test keeps no promise";
    assert_rule(FLOW, "#[ignore = \"slow\"]\nfn a() {}\n", expected, "// #[ignore] is refused\nfn ignore() {}\n");
}

#[test]
fn dead_code_is_not_allowed() {
    let expected = "1: [dead-code] dead code is allowed here";
    assert_rule(FLOW, "#[allow(unused, dead_code)]\nfn a() {}\n", expected, "#[allow(unused)]\nfn dead_code() {}\n");
    assert_eq!(found(&[(FLOW, "#![allow(dead_code, reason = \"x\")]\n")]), [expected]);
}

#[test]
fn unwrap_is_for_tests() {
    let unwrap = "fn a() {\n    b.unwrap();\n}\n";
    assert_rule(
        FLOW,
        unwrap,
        "2: [unwrap] `unwrap` outside tests",
        "/// `a.unwrap()`\nfn a() { b.unwrap_or(\".unwrap()\") }\n",
    );
    assert_eq!(
        found(&[(FLOW, &format!("#[test]\n{unwrap}")), ("crates/doorward/src/sessions/tests.rs", unwrap)]),
        [""; 0]
    );
}

#[test]
fn no_code_is_commented_out() {
    let expected = "2: [commented-out] the comment ends like code";
    let green =
        "fn a() {\n    b(); // c();\n    // A sentence.\n}\n/// let a = 1;\n//! b {\nconst A: &str = \"\n// c;\n\";\n";
    assert_rule(FLOW, "fn a() {\n    // b();\n}\n", expected, green);
    assert_rule("a.mjs", "a();\n  // if (b) {\n", expected, "a();\n// prose\n");
}

#[test]
fn a_dependency_has_a_reason() {
    let red = "[dependencies]\naxum = \"1\"\n";
    let green = r#"[package]
name = "x"

[dependencies]
axum = "1" # serves the requests
# keeps the rows
sqlite = { version = "1", features = [
  "a",
] }
own = { path = "../own" }
shared.workspace = true

[features]
x = []
"#;
    assert_rule("a/Cargo.toml", red, "2: [reason] `axum` has no reason beside it", green);
    let spent = "[dev-dependencies]\n# serves the requests\naxum = \"1\"\ntower = \"#1\"\n";
    assert_eq!(found(&[("Cargo.toml", spent)]), ["4: [reason] `tower` has no reason beside it"]);
    let single = "[target.'cfg(unix)'.dependencies.axum]\nversion = \"1\"\n";
    assert_rule(
        "Cargo.toml",
        single,
        "1: [reason] `axum` has no reason beside it",
        "[dependencies.own]\npath = \"../own\"\n",
    );
    assert_eq!(
        found(&[("Cargo.toml", "[dependencies]\naxum = \"1\" # http\n")]),
        ["2: [reason] `axum` has no reason beside it"]
    );
}

#[test]
fn a_feature_calls_those_that_the_table_allows() {
    let expected = "1: [layers] `sessions` may not call `login`";
    let green = "use crate::{audit, base::db, guard, error::Fault};\nuse super::super::audit::flow;\n#[cfg(test)]\nuse crate::login;\n";
    assert_rule(FLOW, "use crate::{base, login::Done};\n", expected, green);
    assert_rule(FLOW, "fn a() { super::super::login::b() }\n", expected, "fn a() { super::login::b() }\n");
    assert_eq!(found(&[("crates/doorward/src/sessions/tests.rs", "use crate::login;\n")]), [""; 0]);
    assert_eq!(found(&[("crates/doorward/src/lib.rs", "use crate::login;\n")]), [""; 0]);
    let base = "crates/doorward/src/base/db.rs";
    assert_rule(base, "use crate::audit;\n", "1: [layers] `base` may not call `audit`", "use crate::error;\n");
    assert_rule(base, "use crate::guard;\n", "1: [layers] `base` may not call `guard`", "use crate::base;\n");
    assert_eq!(found(&[("crates/doorward/src/guard/caller.rs", "use crate::{base, sessions};\n")]), [""; 0]);
}

#[test]
fn the_table_of_layers_is_there_and_complete_and_has_no_circle() {
    let feature = ("crates/doorward/src/sessions/mod.rs", "");
    let absent = "1: [layers] there is no table of layers between `<!-- layers -->` and `<!-- /layers -->`";
    assert_eq!(listed(&[feature]), [absent]);
    assert_eq!(
        found(&[("crates/doorward/src/tokens/mod.rs", "")]),
        ["1: [layers] `tokens` has no row in the table of layers"]
    );
    let circle = LAYERS.replace("| audit | nothing |", "| audit | `login` |");
    let itself = |name| format!("1: [layers] `{name}` may call itself through the features that it may call");
    let expected = ["audit", "login", "sessions"].map(itself);
    assert_eq!(listed(&[feature, ("ARCHITECTURE.md", &circle)]), expected);
}

#[test]
fn rules_are_pure() {
    let rules = "crates/doorward/src/sessions/rules.rs";
    let green = "use doorward_core::Secret;\nuse super::rules::Limit;\nuse crate::sessions::settings::Settings;\n";
    assert_rule(rules, "use crate::base::db;\n", "1: [layers] rules use `base::db`", green);
    assert_rule(rules, "use crate::error::Fault;\n", "1: [layers] rules use `error::Fault`", green);
}

#[test]
fn parts_of_a_feature_use_those_before_them() {
    let store = "crates/doorward/src/sessions/store.rs";
    assert_rule(store, "use super::flow::open;\n", "1: [layers] `store` uses `flow`", "use super::rules::Limit;\n");
    let rules = "crates/doorward/src/sessions/rules.rs";
    assert_rule(rules, "use super::store;\n", "1: [layers] `rules` uses `store`", "use super::Limit;\n");
}

#[test]
fn a_store_is_used_by_its_own_feature_only() {
    let flow = "crates/doorward/src/login/flow.rs";
    let expected = "1: [layers] the store of `sessions` is its own";
    let store = ("crates/doorward/src/sessions/store.rs", "");
    assert_eq!(found(&[store, (flow, "use crate::sessions::{store::Row, Session};\n")]), [expected]);
    assert_eq!(found(&[store, (flow, "use crate::sessions::open;\nuse crate::base::db::store;\n")]), [""; 0]);
    assert_eq!(found(&[store, (FLOW, "use super::store;\nuse crate::sessions::store;\n")]), [""; 0]);
}

#[test]
fn handlers_are_known_to_their_head_and_the_routes_only() {
    let http = ("crates/doorward/src/sessions/http.rs", "use super::http::parts;\n");
    let import = "use crate::sessions::http::routes;\n";
    let expected = "1: [layers] imports the handlers of `sessions`";
    for red in
        ["crates/doorward/src/login/http.rs", "crates/doorward/src/lib.rs", "crates/doorward/src/sessions/admin.rs"]
    {
        assert_eq!(found(&[http, (red, import)]), [expected], "{red}");
    }
    for green in ["features.rs", "guard/routes.rs", "guard/routes/list.rs", "sessions/mod.rs"] {
        assert_eq!(found(&[http, (&format!("crates/doorward/src/{green}"), import)]), [""; 0], "{green}");
    }
    assert_eq!(found(&[(FLOW, "use axum::http::StatusCode;\n")]), [""; 0]);
}

#[test]
fn a_table_is_named_by_its_owner_only() {
    let migration =
        ("crates/doorward/src/audit/0001_audit.sql", "CREATE TABLE IF NOT EXISTS audit_events (\n  id BLOB\n);\n");
    let sql = "const A: &str = \"SELECT *\n  FROM audit_events\";\n";
    let expected = "2: [tables] names the table `audit_events`, which `audit` owns";
    assert_eq!(found(&[migration, (FLOW, sql)]), [expected]);
    assert_eq!(found(&[migration, ("crates/doorward-server/src/main.rs", sql)]), [expected]);
    let green = "// FROM audit_events\nconst A: &str = \"mail from audit_events\";\n";
    let own = ("crates/doorward/src/audit/store.rs", sql);
    let tests = ("crates/doorward/src/sessions/tests.rs", sql);
    assert_eq!(found(&[migration, own, tests, (FLOW, green)]), [""; 0]);
    let again =
        ("crates/doorward/src/sessions/0002_more.sql", "ALTER TABLE audit_events ADD x;\nDROP TABLE sessions;\n");
    assert_eq!(found(&[migration, again]), ["1: [tables] names the table `audit_events`, which `audit` owns"]);
}
