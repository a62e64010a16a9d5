//! One feature owns each table; nobody else's SQL names it.

use std::collections::BTreeMap;

use super::features::{LIBRARY, folder};
use crate::finding::Finding;
use crate::source::is_word;
use crate::tree::{File, Tree};

/// Words after which a statement names a table. Upper case, as this house writes SQL, so that prose does not match.
const BEFORE_A_TABLE: [&str; 5] = ["FROM", "INTO", "UPDATE", "JOIN", "TABLE"];
const BINARY: &str = "crates/doorward-server/src/";

/// Finds SQL that names a table of another feature.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let migrations = || tree.files.iter().filter(|file| file.extension() == "sql" && folder(file).is_some());
    let mut owners: BTreeMap<String, &str> = BTreeMap::new();
    for file in migrations() {
        for name in created(&file.text) {
            owners.entry(name).or_insert_with(|| folder(file).expect("migrations lie in a folder"));
        }
    }
    let ours = |file: &File| file.path.starts_with(LIBRARY) || file.path.starts_with(BINARY);
    let rust = tree.rust().filter(|(file, _)| ours(file) && !file.is_test()).flat_map(|(file, rust)| {
        let tests = rust.test_lines();
        let outside = rust.strings.iter().filter(move |text| !tests.iter().any(|range| range.contains(&text.line)));
        outside.map(move |text| (file, text.line, text.text.as_str()))
    });
    let texts = rust.chain(migrations().map(|file| (file, 1, file.text.as_str())));
    texts.flat_map(|(file, line, sql)| foreign(file, line, sql, &owners)).collect()
}

fn foreign(file: &File, first: usize, sql: &str, owners: &BTreeMap<String, &str>) -> Vec<Finding> {
    let mut found = Vec::new();
    for (line, table) in named(sql) {
        let owner = owners.get(&table).filter(|owner| folder(file) != Some(**owner));
        if let Some(owner) = owner {
            let what = format!("names the table `{table}`, which `{owner}` owns");
            let cure = "call a flow of the feature that owns it";
            found.push(Finding::new(&file.path, first + line, "tables", what, cure));
        }
    }
    found
}

/// The tables that a migration makes.
fn created(sql: &str) -> Vec<String> {
    let words: Vec<(usize, &str)> = words(sql);
    let name = |at: usize| {
        let is = |offset: usize, word: &str| words.get(at + offset).is_some_and(|(_, w)| w.eq_ignore_ascii_case(word));
        let name = if is(2, "IF") && is(3, "NOT") && is(4, "EXISTS") { at + 5 } else { at + 2 };
        if is(0, "CREATE") && is(1, "TABLE") { words.get(name) } else { None }
    };
    (0..words.len()).filter_map(name).map(|(_, word)| word.to_lowercase()).collect()
}

/// The tables that a statement names, each with its line counted from zero.
fn named(sql: &str) -> Vec<(usize, String)> {
    let words: Vec<_> =
        words(sql).into_iter().filter(|(_, word)| !["IF", "NOT", "EXISTS", "ONLY"].contains(word)).collect();
    let follows = |pair: &&[(usize, &str)]| BEFORE_A_TABLE.contains(&pair[0].1);
    words.windows(2).filter(follows).map(|pair| (pair[1].0, pair[1].1.to_lowercase())).collect()
}

fn words(sql: &str) -> Vec<(usize, &str)> {
    let lines = sql.lines().enumerate();
    lines
        .flat_map(|(number, line)| line.split(|c| !is_word(c)).filter(|w| !w.is_empty()).map(move |w| (number, w)))
        .collect()
}
