//! What the scanner must not be fooled by.

use super::RustText;

fn code(text: &str) -> String {
    RustText::scan(text).code
}

fn paths(text: &str) -> Vec<String> {
    RustText::scan(text).paths().into_iter().map(|path| path.parts.join("::")).collect()
}

fn functions(text: &str) -> Vec<(String, usize, usize)> {
    let found = RustText::scan(text).functions();
    found.into_iter().map(|function| (function.name, *function.lines.start(), *function.lines.end())).collect()
}

#[test]
fn comments_and_literals_are_blanked_and_nothing_else_is() {
    assert_eq!(code("a(\"}\"); // }\nb"), "a(\" \");     \nb");
    assert_eq!(code("/* { /* } */ { */x").trim_start(), "x");
    assert_eq!(code(r##"r#"a"}"#;x"##), r##"r#"   "#;x"##);
    assert_eq!(code(r#""\"{";y"#), "\"   \";y");
    assert_eq!(code("b\"{\" br\"{\""), "b\" \" br\" \"");
}

#[test]
fn a_lifetime_is_not_a_character() {
    assert_eq!(code("fn f<'a>(x: &'a str) {}"), "fn f<'a>(x: &'a str) {}");
    assert_eq!(code(r"['{', '\'', '\u{7d}', 'ü', b'{']").replace(' ', ""), "[,,,,b]");
    assert_eq!(code("'l: loop {}"), "'l: loop {}");
}

#[test]
fn offsets_survive_characters_of_several_bytes() {
    let scanned = RustText::scan("// ä€\n\"ü\"\nfn f() {}\n");
    assert_eq!(scanned.functions()[0].lines, 3..=3);
    assert_eq!(scanned.strings[0].line, 2);
    assert_eq!(scanned.comments[0].text, "// ä€");
}

#[test]
fn a_function_ends_at_its_own_brace() {
    let text =
        "fn a() -> Buffer<{ N }>\nwhere T: X,\n{\n  let s = \"}\";\n  fn b() {}\n}\nfn c();\ntype F = fn(u8) -> u8;\n";
    assert_eq!(functions(text), [("a".to_owned(), 1, 6), ("b".to_owned(), 5, 5)]);
}

#[test]
fn test_code_is_known_by_its_attribute() {
    let text =
        "fn a() {}\n#[cfg(test)]\nmod tests {\n}\n#[cfg(not(test))]\nfn b() {}\n#[tokio::test]\nasync fn c() {\n}\n";
    assert_eq!(RustText::scan(text).test_lines(), [2..=4, 7..=9]);
    assert!(RustText::scan("#![cfg_attr(test, allow(x))]\nfn a() {}").test_lines().is_empty());
    assert_eq!(RustText::scan("#![cfg(test)]\nfn a() {}").test_lines(), [1..=2]);
}

#[test]
fn groups_of_use_are_taken_apart() {
    let text = "use crate::{a::{b, c as d}, e::*, f};\nuse super::super::g::H;";
    assert_eq!(paths(text), ["crate::a::b", "crate::a::c", "crate::e::*", "crate::f", "super::super::g::H"]);
}

#[test]
fn paths_in_expressions_count_and_visibilities_do_not() {
    assert_eq!(paths("pub(crate) fn f() { crate::a::g::<u8>(self::b::C, self.d) }"), ["crate::a::g", "self::b::C"]);
    assert_eq!(paths("// crate::x::y\nlet s = \"crate::x\";"), [""; 0]);
}
