//! Every dependency says why it is there, beside its line in `Cargo.toml`.

use crate::finding::Finding;
use crate::tree::{File, Tree};

/// Finds dependencies without a reason.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    tree.files.iter().filter(|file| file.name() == "Cargo.toml").flat_map(manifest).collect()
}

fn manifest(file: &File) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut section = Section::Other;
    // How many brackets of a value that runs over several lines are still open.
    let mut open = 0;
    let mut explained = false;
    for (number, line) in file.lines() {
        let (statement, comment) = split(line);
        let reason = comment.is_some_and(|text| text.chars().filter(|c| c.is_alphabetic()).count() >= MIN_REASON);
        if open == 0 && statement.starts_with('[') {
            section = Section::of(statement);
        }
        let name = if open == 0 { section.dependency(statement) } else { None };
        if let Some(name) = name.filter(|_| !reason && !explained && !is_ours(file, statement, number)) {
            let cure = "say in a comment on its line, or on the line before, what it is for and why this one";
            found.push(Finding::new(&file.path, number, "reason", format!("`{name}` has no reason beside it"), cure));
        }
        open += depth(statement);
        explained = statement.is_empty() && reason;
    }
    found
}

/// A comment shorter than this many letters explains nothing.
const MIN_REASON: usize = 8;

/// What the lines below a heading are.
enum Section {
    /// `[dependencies]` and its kin: one dependency per line.
    List,
    /// `[dependencies.name]`: the heading itself is the dependency.
    Single,
    Other,
}

impl Section {
    fn of(heading: &str) -> Self {
        let path = heading.trim_matches(['[', ']']);
        let lists = ["dependencies", "dev-dependencies", "build-dependencies"];
        let last = path.rsplit('.').next().unwrap_or_default();
        let parent = path.rsplit('.').nth(1).unwrap_or_default();
        match () {
            () if lists.contains(&last) => Self::List,
            () if lists.contains(&parent) => Self::Single,
            () => Self::Other,
        }
    }

    /// The dependency that a statement introduces.
    fn dependency<'s>(&self, statement: &'s str) -> Option<&'s str> {
        match self {
            Self::List if !statement.starts_with('[') => Some(statement.split_once('=')?.0.trim()),
            Self::Single if statement.starts_with('[') => statement.trim_matches(['[', ']']).rsplit('.').next(),
            _ => None,
        }
    }
}

/// Tells whether a dependency is one of this workspace, or takes version and reason from the workspace's own list.
fn is_ours(file: &File, statement: &str, number: usize) -> bool {
    let below = file.text.lines().skip(number).take_while(|line| !line.starts_with('['));
    let single = below.filter(|_| statement.starts_with('[')).any(|line| split(line).0.starts_with("path"));
    let flat = statement.replace(' ', "");
    single || flat.contains("path=") || flat.contains("workspace=true")
}

/// Splits a line into its statement and its comment, minding `#` in strings.
fn split(line: &str) -> (&str, Option<&str>) {
    let mut quote = None;
    for (at, character) in line.char_indices() {
        match character {
            '#' if quote.is_none() => return (line[..at].trim(), Some(&line[at..])),
            '"' | '\'' if quote == Some(character) => quote = None,
            '"' | '\'' if quote.is_none() => quote = Some(character),
            _ => {}
        }
    }
    (line.trim(), None)
}

fn depth(statement: &str) -> i32 {
    let opened = statement.matches(['[', '{']).count();
    let closed = statement.matches([']', '}']).count();
    i32::try_from(opened).unwrap_or(i32::MAX) - i32::try_from(closed).unwrap_or(i32::MAX)
}
