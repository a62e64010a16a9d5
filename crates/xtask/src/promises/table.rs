//! The table of promises as a document.

use std::fmt::Write;

use super::{Keeper, Promise};

const HEAD: &str = "\
# Promises

What Doorward promises, the folder that keeps each promise, and the tests that hold it to its word. `cargo xtask promises`
writes this file from the documentation of the modules and of the tests.

| promise | sentence | kept in | tests |
|---|---|---|---|
";

/// Writes the table; promises and tests are sorted already.
pub(super) fn render(promises: &[Promise], keepers: &[Keeper]) -> String {
    let mut table = HEAD.to_owned();
    for promise in promises {
        let tests: Vec<String> = keepers.iter().filter(|keeper| keeper.id == promise.id).map(test).collect();
        let (id, sentence) = (&promise.id, promise.sentence.replace('|', "\\|"));
        let row = writeln!(table, "| `{id}` | {sentence} | {} | {} |", folder(&promise.path), tests.join("<br>"));
        row.expect("writing to a String does not fail");
    }
    table
}

fn folder(path: &str) -> String {
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    format!("[{}](../../{folder})", short(folder))
}

fn test(keeper: &Keeper) -> String {
    format!("[{}](../../{}): {}", short(&keeper.path), keeper.path, keeper.test.replace('|', "\\|"))
}

/// A path as it is spoken of: from the library's source folder where it lies in it.
fn short(path: &str) -> &str {
    let path = path.strip_prefix("crates/").unwrap_or(path);
    path.strip_prefix("doorward/src/").unwrap_or(path)
}
