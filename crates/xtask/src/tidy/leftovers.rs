//! What is left over from writing and has no place in what is read: markers, debugging aids, code that does nothing.

use crate::finding::Finding;
use crate::source::{Passage, RustText, words};
use crate::tree::{File, Tree};

const MARKERS: [&str; 3] = ["TODO", "FIXME", "XXX"];
const MACROS: [&str; 3] = ["dbg", "todo", "unimplemented"];
const MARKED: [&str; 12] = ["ts", "tsx", "js", "jsx", "mjs", "cjs", "css", "sql", "sh", "toml", "html", "md"];
const SCRIPTS: [&str; 6] = ["ts", "tsx", "js", "jsx", "mjs", "cjs"];

/// Finds markers, debugging macros, ignored tests, allowed dead code, `unwrap` outside tests, and commented-out code.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let rust = tree.rust().flat_map(|(file, rust)| {
        let comments = rust.comments.iter().flat_map(|comment| in_comment(file, rust, comment));
        comments.chain(in_code(file, rust)).collect::<Vec<_>>()
    });
    rust.chain(tree.files.iter().flat_map(in_other_files)).collect()
}

fn in_comment(file: &File, rust: &RustText, comment: &Passage) -> Vec<Finding> {
    let before = rust.code[..comment.at].rsplit('\n').next().unwrap_or_default();
    let is_doc = comment.text.starts_with("///") || comment.text.starts_with("//!");
    let alone = before.trim().is_empty() && comment.text.starts_with("//") && !is_doc;
    let code = (alone && looks_like_code(&comment.text)).then(|| commented_out(file, comment.line));
    (comment.line..).zip(comment.text.lines()).filter_map(|(line, text)| marker(file, line, text)).chain(code).collect()
}

fn in_code(file: &File, rust: &RustText) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut add = |at, rule, what: String, cure| found.push(Finding::new(&file.path, rust.line(at), rule, what, cure));
    for name in MACROS {
        for at in words(&rust.code, name).filter(|at| rust.code[at + name.len()..].starts_with('!')) {
            add(
                at,
                "leftover",
                format!("`{name}!` is left over"),
                "write what belongs here, or open an issue and refuse",
            );
        }
    }
    for (at, _) in rust.code.match_indices("#[ignore") {
        add(at, "ignored-test", "an ignored test keeps no promise".to_owned(), "make it run everywhere, or delete it");
    }
    for (at, _) in rust.code.match_indices("allow(").filter(|(at, _)| allows_dead_code(&rust.code[*at..])) {
        add(at, "dead-code", "dead code is allowed here".to_owned(), "delete what nobody uses");
    }
    let tests = rust.test_lines();
    let in_test = |at| file.is_test() || tests.iter().any(|range| range.contains(&rust.line(at)));
    for (at, _) in rust.code.match_indices(".unwrap()").filter(|(at, _)| !in_test(*at)) {
        add(
            at,
            "unwrap",
            "`unwrap` outside tests".to_owned(),
            "return the error, or state the invariant with `expect`",
        );
    }
    found
}

fn in_other_files(file: &File) -> Vec<Finding> {
    let marks = file.lines().filter(|_| MARKED.contains(&file.extension()));
    let marks = marks.filter_map(|(number, line)| marker(file, number, line));
    let script = file.lines().filter(|_| SCRIPTS.contains(&file.extension()));
    let code = script.filter(|(_, line)| line.trim_start().starts_with("//") && looks_like_code(line));
    marks.chain(code.map(|(number, _)| commented_out(file, number))).collect()
}

fn marker(file: &File, line: usize, text: &str) -> Option<Finding> {
    // In backticks the word is spoken about, not used.
    let used = |mark: &str| words(text, mark).any(|at| !text[..at].ends_with('`'));
    let mark = MARKERS.into_iter().find(|mark| used(mark))?;
    let cure = "do it now, or open an issue and say in the text what holds today";
    Some(Finding::new(&file.path, line, "leftover", format!("`{mark}` is left over"), cure))
}

fn commented_out(file: &File, line: usize) -> Finding {
    let what = "the comment ends like code";
    Finding::new(
        &file.path,
        line,
        "commented-out",
        what,
        "delete the code; if it is prose, end the line with a word or a stop",
    )
}

fn looks_like_code(comment: &str) -> bool {
    comment.trim_end().ends_with([';', '{'])
}

fn allows_dead_code(attribute: &str) -> bool {
    let inside = attribute.split(')').next().unwrap_or_default();
    words(inside, "dead_code").next().is_some()
}
