//! Files, functions and the heads of features that have grown too long to be read at once.

use super::features::{FRAME, folder};
use crate::finding::Finding;
use crate::tree::{File, Tree};

const FILE_LINES: usize = 500;
const TEST_FILE_LINES: usize = 900;
const FUNCTION_LINES: usize = 70;
const HEAD_LINES: usize = 60;
const SOURCES: [&str; 8] = ["rs", "ts", "tsx", "js", "jsx", "mjs", "cjs", "css"];

/// Finds files, functions and `mod.rs` of features beyond their limit.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let sources = tree.files.iter().filter(|file| SOURCES.contains(&file.extension()));
    sources
        .flat_map(|file| file_length(file).into_iter().chain(head_length(file)).chain(function_lengths(file)))
        .collect()
}

fn file_length(file: &File) -> Option<Finding> {
    let limit = if file.is_test() { TEST_FILE_LINES } else { FILE_LINES };
    let lines = file.text.lines().count();
    let what = format!("{lines} lines; the limit is {limit}");
    (lines > limit)
        .then(|| Finding::new(&file.path, limit + 1, "file-length", what, "split it by what its parts are for"))
}

fn head_length(file: &File) -> Option<Finding> {
    let is_head = file.name() == "mod.rs" && folder(file).is_some_and(|name| !FRAME.contains(&name));
    let lines = file.text.lines().count();
    let what = format!("{lines} lines; a feature's mod.rs has at most {HEAD_LINES}");
    let cure = "keep purpose, promises and exports; move the rest to rules, store, flow or http";
    (is_head && lines > HEAD_LINES).then(|| Finding::new(&file.path, HEAD_LINES + 1, "feature-head", what, cure))
}

fn function_lengths(file: &File) -> Vec<Finding> {
    let Some(rust) = file.rust.as_ref().filter(|_| !file.is_test()) else { return Vec::new() };
    let tests = rust.test_lines();
    let finding = |function: crate::source::Function| {
        let (first, lines) = (*function.lines.start(), function.lines.count());
        let what = format!("`{}` has {lines} lines; the limit is {FUNCTION_LINES}", function.name);
        let outside = !tests.iter().any(|range| range.contains(&first));
        let cure = "give its steps names of their own";
        (outside && lines > FUNCTION_LINES).then(|| Finding::new(&file.path, first, "function-length", what, cure))
    };
    rust.functions().into_iter().filter_map(finding).collect()
}
