//! The rules of the house that no compiler checks.
//!
//! Each rule is a function from the repository's files to findings, with a sample that turns it red and one that leaves
//! it green in `tests.rs`.

mod features;
mod layers;
mod leftovers;
mod manifests;
mod size;
mod tables;
#[cfg(test)]
mod tests;
mod text;

use crate::Outcome;
use crate::finding::{Finding, report};
use crate::tree::{Tree, root};

/// Checks the whole repository and prints what it finds.
pub(crate) fn run() -> Outcome {
    let tree = Tree::read(&root())?;
    report("tidy", check(&tree))?;
    println!("tidy: {} files, nothing to find", tree.files.len());
    Ok(())
}

/// Applies every rule.
fn check(tree: &Tree) -> Vec<Finding> {
    RULES.iter().flat_map(|rule| rule(tree)).collect()
}

const RULES: [fn(&Tree) -> Vec<Finding>; 6] =
    [size::check, text::check, leftovers::check, manifests::check, layers::check, tables::check];
