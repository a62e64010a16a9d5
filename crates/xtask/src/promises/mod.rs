//! Promises, the tests that keep them, and the table of both.
//!
//! A promise is a line of a module's documentation, ``//! - `feature/id`: A sentence.``; it may go on in indented lines.
//! A test keeps it with a line of its own documentation, ``/// Promise: `feature/id` ``, or several ids with commas
//! between them. A promise that nobody tests and a test of a promise that nobody made are both errors.

mod keepers;
mod made;
mod table;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use keepers::Keeper;
use made::Promise;

use crate::finding::{Finding, report};
use crate::tree::{Tree, root};
use crate::{Failure, Outcome};

/// Where the table of promises lies.
const TABLE: &str = "docs/reference/promises.md";

/// Writes the table of promises, or with `--check` compares it, after making sure that promises and tests agree.
pub(crate) fn run(args: &[String]) -> Outcome {
    let check = match args {
        [] => false,
        [arg] if arg == "--check" => true,
        [arg, ..] => return Err(Failure::usage(format!("`promises` knows `--check` only, not `{arg}`"))),
    };
    let tree = Tree::read(&root())?;
    let (table, findings) = examine(&tree);
    report("promises", findings)?;
    if check {
        compare(&tree, &table)?
    } else {
        write(&table)?
    }
    println!("promises: {} in {TABLE}", table.lines().filter(|line| line.starts_with("| `")).count());
    Ok(())
}

fn compare(tree: &Tree, table: &str) -> Outcome {
    let same = tree.file(TABLE).is_some_and(|file| file.text == table);
    let stale =
        || Failure::new(format!("{TABLE} is not what the code says"), "run `cargo xtask promises` and commit the file");
    if same { Ok(()) } else { Err(stale()) }
}

fn write(table: &str) -> Outcome {
    let path = root().join(TABLE);
    let folder = path.parent().expect("the table lies in a folder");
    std::fs::create_dir_all(folder).map_err(|error| Failure::file(folder, &error))?;
    std::fs::write(&path, table).map_err(|error| Failure::file(&path, &error))
}

/// Returns the table and everything in which promises and tests disagree.
fn examine(tree: &Tree) -> (String, Vec<Finding>) {
    let (promises, mut findings) = made::read(tree);
    let (keepers, misplaced) = keepers::read(tree);
    findings.extend(misplaced);
    findings.extend(repeated(&promises));
    findings.extend(untested(&promises, &keepers));
    findings.extend(unknown(&promises, &keepers));
    (table::render(&promises, &keepers), findings)
}

fn repeated(promises: &[Promise]) -> Vec<Finding> {
    let mut first: BTreeMap<&str, &Promise> = BTreeMap::new();
    let mut found = Vec::new();
    for promise in promises {
        if let Some(earlier) = first.insert(&promise.id, promise) {
            let what = format!("`{}` is already promised at {}:{}", promise.id, earlier.path, earlier.line);
            found.push(Finding::new(
                &promise.path,
                promise.line,
                "promise",
                what,
                "give one of them another id, or delete it",
            ));
        }
    }
    found
}

fn untested(promises: &[Promise], keepers: &[Keeper]) -> Vec<Finding> {
    let kept: BTreeSet<&str> = keepers.iter().map(|keeper| keeper.id.as_str()).collect();
    let bare = promises.iter().filter(|promise| !kept.contains(promise.id.as_str()));
    let cure = "write the test, with the line /// Promise: `feature/id` in its documentation, or take the promise back";
    let finding = |promise: &Promise| {
        Finding::new(&promise.path, promise.line, "promise", format!("no test keeps `{}`", promise.id), cure)
    };
    bare.map(finding).collect()
}

fn unknown(promises: &[Promise], keepers: &[Keeper]) -> Vec<Finding> {
    let made: BTreeSet<&str> = promises.iter().map(|promise| promise.id.as_str()).collect();
    let stray = keepers.iter().filter(|keeper| !made.contains(keeper.id.as_str()));
    let cure = "correct the id, or make the promise in the documentation of the feature's mod.rs";
    let finding = |keeper: &Keeper| {
        Finding::new(&keeper.path, keeper.line, "promise", format!("nobody promises `{}`", keeper.id), cure)
    };
    stray.map(finding).collect()
}
