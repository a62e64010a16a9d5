//! What holds for text as such: width, white space, and no trace of one person's machine.

use crate::finding::Finding;
use crate::tree::{File, Tree};

const WIDTH: usize = 140;
const MEASURED: [&str; 11] = ["rs", "ts", "tsx", "js", "jsx", "mjs", "cjs", "css", "sql", "sh", "toml"];
/// Folders of one machine; no clone of the repository has them. Spelt in parts, so that this file passes its own rule.
pub(super) const MACHINE_FOLDERS: [&str; 2] = [concat!("/", "work/"), concat!("/", "root/")];

/// Finds lines that are too wide, end in white space, lack their end, or name a folder of one machine.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let ours = tree.files.iter().filter(|file| !is_lock(file));
    ours.flat_map(|file| lines(file).into_iter().chain(final_newline(file))).collect()
}

fn lines(file: &File) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut add = |line, rule, what: String, cure| found.push(Finding::new(&file.path, line, rule, what, cure));
    for (number, line) in file.lines() {
        let width = line.chars().count();
        if width > WIDTH && MEASURED.contains(&file.extension()) {
            add(
                number,
                "width",
                format!("{width} characters; the limit is {WIDTH}"),
                "break the line; in a Cargo.toml the reason may stand on the line before",
            );
        }
        if line != line.trim_end() && !is_recorded(file) {
            add(number, "white-space", "the line ends in white space".to_owned(), "remove it");
        }
        if let Some(folder) = MACHINE_FOLDERS.into_iter().find(|folder| names(line, folder)) {
            let cure =
                "use a path relative to the repository, a temporary folder, or an example such as /var/lib/doorward";
            add(number, "machine-path", format!("names `{folder}`, a folder of one machine"), cure);
        }
    }
    found
}

fn final_newline(file: &File) -> Option<Finding> {
    let complete = file.text.is_empty() || (file.text.ends_with('\n') && !file.text.ends_with("\n\n"));
    let what = if file.text.ends_with('\n') { "ends in an empty line" } else { "does not end in a line feed" };
    let last = file.text.lines().count();
    let broken = !complete && !is_recorded(file);
    broken.then(|| Finding::new(&file.path, last, "final-newline", what, "end the file with exactly one line feed"))
}

/// Tells whether `line` has `folder` at the beginning of a path, rather than in the middle of one.
fn names(line: &str, folder: &str) -> bool {
    line.match_indices(folder).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        !before.is_some_and(|c| c.is_alphanumeric() || "_-.~*)}>]".contains(c))
    })
}

/// Tells whether a package manager writes the file.
fn is_lock(file: &File) -> bool {
    file.extension() == "lock" || file.name() == "package-lock.json"
}

/// Tells whether the file records an answer byte for byte, so that its white space is not ours to change.
fn is_recorded(file: &File) -> bool {
    file.extension() == "snap" || file.path.split('/').any(|part| part == "snapshots" || part == "golden")
}
