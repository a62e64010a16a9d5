//! The tests that say which promise they keep.

use crate::finding::Finding;
use crate::source::{Function, Passage, RustText, leading_word};
use crate::tree::{File, Tree};

/// Holds a test and one of the promises that it keeps.
pub(super) struct Keeper {
    /// The id of the promise.
    pub(super) id: String,
    /// The file of the test.
    pub(super) path: String,
    /// The line that names the promise.
    pub(super) line: usize,
    /// The name of the test.
    pub(super) test: String,
}

/// Returns every test that names promises, and the lines that name promises away from any test.
pub(super) fn read(tree: &Tree) -> (Vec<Keeper>, Vec<Finding>) {
    let (mut keepers, mut findings) = (Vec::new(), Vec::new());
    for file in tree.files.iter().filter(|file| !file.path.starts_with("crates/xtask/")) {
        for (line, text, test) in claims(file) {
            let ids: Vec<&str> = text.split('`').skip(1).step_by(2).collect();
            let keeper =
                |test: &str, id: &str| Keeper { id: id.into(), path: file.path.clone(), line, test: test.into() };
            match test {
                Some(test) if !ids.is_empty() => keepers.extend(ids.into_iter().map(|id| keeper(&test, id))),
                Some(_) => findings.push(misplaced(file, line, "the line names no promise in backticks")),
                None => findings.push(misplaced(file, line, "no test follows the line that names a promise")),
            }
        }
    }
    keepers.sort_by(|a, b| (&a.id, &a.path, &a.test).cmp(&(&b.id, &b.path, &b.test)));
    (keepers, findings)
}

fn misplaced(file: &File, line: usize, what: &str) -> Finding {
    let cure = "put /// Promise: `feature/id` into the documentation of the test that keeps it";
    Finding::new(&file.path, line, "promise", what, cure)
}

/// The lines of a file that begin with `Promise:`, with what they say and the test that follows.
fn claims(file: &File) -> Vec<(usize, String, Option<String>)> {
    if let Some(rust) = &file.rust {
        let claims = rust.comments.iter().filter_map(|comment| Some((comment, claim(&comment.text)?)));
        return claims.map(|(comment, text)| (comment.line, text.to_owned(), rust_test(file, rust, comment))).collect();
    }
    let is_script = file.is_test() && ["mjs", "js", "ts", "tsx"].contains(&file.extension());
    let claims = file.lines().filter(|_| is_script).filter_map(|(line, text)| Some((line, claim(text)?)));
    claims.map(|(line, text)| (line, text.to_owned(), script_test(file, line))).collect()
}

fn claim(comment: &str) -> Option<&str> {
    comment.trim_start().strip_prefix("//")?.trim_start_matches('/').trim_start().strip_prefix("Promise:")
}

/// The name of the Rust test below a comment; a case that must not compile is called after its file.
fn rust_test(file: &File, rust: &RustText, comment: &Passage) -> Option<String> {
    if ["/compile_fail/", "/ui/"].iter().any(|folder| file.path.contains(folder)) {
        return Some(file.name().trim_end_matches(".rs").to_owned());
    }
    let function = rust.functions().into_iter().find(|function| function.at > comment.at)?;
    let tests = rust.test_lines();
    let runs = file.is_test() || tests.iter().any(|range| range.contains(function.lines.start()));
    (runs && is_beside(rust, comment, &function)).then_some(function.name)
}

/// Tells whether nothing but attributes, comments and words such as `async` stands between a comment and a function.
fn is_beside(rust: &RustText, comment: &Passage, function: &Function) -> bool {
    let mut depth = 0;
    let between = rust.code[comment.at..function.at].chars();
    let outside = between.filter(|character| {
        depth += i32::from(*character == '[') - i32::from(*character == ']');
        depth == 0
    });
    !outside.into_iter().any(|character| [';', '{', '}', '='].contains(&character))
}

/// The name of the JavaScript test below a line: the first text of its call, or the name of its function.
fn script_test(file: &File, line: usize) -> Option<String> {
    let below = file.text.lines().skip(line).map(str::trim);
    let code = below.into_iter().find(|text| !text.starts_with("//") && !text.starts_with('*') && !text.is_empty())?;
    let word_after =
        |keyword: &str| code.split_once(keyword).map(|(_, rest)| leading_word(rest.trim_start()).to_owned());
    let named = word_after("function ").or_else(|| code.starts_with("const ").then(|| word_after("const "))?);
    let quoted = |quote: char| code.split(quote).nth(1).map(str::to_owned);
    named.or_else(|| quoted(code.chars().find(|c| ['"', '\'', '`'].contains(c))?))
}
