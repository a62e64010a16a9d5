//! Which part of the library may use which: between features by the table in ARCHITECTURE.md, within a feature
//! `rules ← store ← flow ← http`.

use std::collections::{BTreeMap, BTreeSet};

use super::features::{FRAME, LIBRARY, folder, folders, module};
use crate::finding::Finding;
use crate::source::UsedPath;
use crate::tree::{File, Tree};

const TABLE_FILE: &str = "ARCHITECTURE.md";
/// The parts of a feature; each may use those before it.
/// What `rules.rs` must not reach: everything that does something.
const WORLD: [&[&str]; 5] = [&["context"], &["error"], &["features"], &["base", "db"], &["base", "mail"]];

const ORDER: [&str; 4] = ["rules", "store", "flow", "http"];

/// Finds imports against the direction, and a table that is absent, incomplete or circular.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let folders = folders(tree);
    let Some(table) = tree.file(TABLE_FILE).and_then(|file| Table::read(&file.text)) else {
        let what = "there is no table of layers between `<!-- layers -->` and `<!-- /layers -->`";
        let cure = "add one with the heading `| feature | may call |` and a row for each folder of the library";
        return if folders.is_empty() { Vec::new() } else { vec![Finding::new(TABLE_FILE, 1, "layers", what, cure)] };
    };
    let mut found = table.problems(&folders);
    for (file, rust) in tree.rust().filter(|(file, _)| file.path.starts_with(LIBRARY) && !file.is_test()) {
        let tests = rust.test_lines();
        let paths = rust.paths().into_iter().filter(|path| !tests.iter().any(|range| range.contains(&path.line)));
        found.extend(paths.flat_map(|path| Import::resolve(file, &path, &folders).problems(&table)));
    }
    found
}

/// The table of which feature may call which.
struct Table {
    line: usize,
    rows: BTreeMap<String, BTreeSet<String>>,
}

impl Table {
    fn read(text: &str) -> Option<Self> {
        let (before, rest) = text.split_once("<!-- layers -->")?;
        let (inside, _) = rest.split_once("<!-- /layers -->")?;
        let cells = |line: &str| line.trim().trim_matches('|').split('|').map(str::to_owned).collect::<Vec<_>>();
        let rows = inside.lines().filter(|line| line.trim_start().starts_with('|')).skip(2).map(cells);
        let row = |cells: Vec<String>| Some((names(cells.first()?).pop_first()?, names(cells.get(1)?)));
        Some(Self { line: before.lines().count(), rows: rows.filter_map(row).collect() })
    }

    fn allows(&self, from: &str, to: &str) -> bool {
        // Every folder stands on base, and every feature on guard, without saying so.
        let ground = to == "base" || (to == "guard" && from != "base");
        ground || self.rows.get(from).is_some_and(|row| row.contains(to))
    }

    fn problems(&self, folders: &BTreeSet<&str>) -> Vec<Finding> {
        let features = folders.iter().filter(|name| !FRAME.contains(name));
        let absent = features.filter(|name| !self.rows.contains_key(**name)).map(|name| {
            let cure = "add a row that names the features below it, or `nothing`";
            Finding::new(TABLE_FILE, self.line, "layers", format!("`{name}` has no row in the table of layers"), cure)
        });
        let circular = self.rows.keys().filter(|name| self.reaches(name, name, &mut BTreeSet::new())).map(|name| {
            let what = format!("`{name}` may call itself through the features that it may call");
            Finding::new(TABLE_FILE, self.line, "layers", what, "decide which of the two lies below the other")
        });
        absent.chain(circular).collect()
    }

    fn reaches<'t>(&'t self, from: &str, to: &str, seen: &mut BTreeSet<&'t str>) -> bool {
        self.rows
            .get(from)
            .into_iter()
            .flatten()
            .any(|next| next == to || (seen.insert(next) && self.reaches(next, to, seen)))
    }
}

/// The names in a cell: those in backticks if there are any, else all words but `nothing`.
fn names(cell: &str) -> BTreeSet<String> {
    let quoted: BTreeSet<String> = cell.split('`').skip(1).step_by(2).map(str::to_owned).collect();
    let plain = cell.split(|c: char| !crate::source::is_word(c)).filter(|word| !["", "nothing", "none"].contains(word));
    if quoted.is_empty() { plain.map(str::to_owned).collect() } else { quoted }
}

/// One path that a library file names, seen from the root of the crate.
struct Import<'f> {
    file: &'f File,
    line: usize,
    /// The folder of the file, unless it lies in the source folder itself.
    from: Option<&'f str>,
    /// The module of the file.
    module: Vec<String>,
    /// The path named.
    target: Vec<String>,
    /// Whether the path leads into a folder of the library.
    into_folder: bool,
}

impl<'f> Import<'f> {
    fn resolve(file: &'f File, path: &UsedPath, folders: &BTreeSet<&str>) -> Self {
        let module = module(file).unwrap_or_default();
        let mut target = module.clone();
        for part in &path.parts {
            match part.as_str() {
                "crate" => target.clear(),
                "self" => {}
                "super" => _ = target.pop(),
                name => target.push(name.to_owned()),
            }
        }
        let into_folder = target.first().is_some_and(|first| folders.contains(first.as_str()));
        Self { file, line: path.line, from: folder(file), module, target, into_folder }
    }

    fn problems(&self, table: &Table) -> Vec<Finding> {
        let found = [self.against_table(table), self.impure_rules(), self.foreign_store(), self.http(), self.upward()];
        found.into_iter().flatten().collect()
    }

    fn against_table(&self, table: &Table) -> Option<Finding> {
        let (from, to) = (self.from?, self.target.first()?);
        let wrong = self.into_folder && from != to && !table.allows(from, to);
        let cure =
            "move the call up, take what is needed as an argument, or change the table in ARCHITECTURE.md and say why";
        wrong.then(|| self.finding(format!("`{from}` may not call `{to}`"), cure))
    }

    /// `rules.rs` decides on what it is given, so that its decisions can be tested without a world around them.
    fn impure_rules(&self) -> Option<Finding> {
        let is_rules = self.part() == Some("rules") && self.is_feature();
        let world =
            WORLD.iter().any(|place| place.iter().zip(&self.target).filter(|(a, b)| *a == b).count() == place.len());
        let cure = "take what is needed as an argument; rules know types, never the database, the mail or the context";
        (is_rules && world).then(|| self.finding(format!("rules use `{}`", self.target.join("::")), cure))
    }

    fn foreign_store(&self) -> Option<Finding> {
        let owner = self.owner_of("store")?;
        let foreign = self.from.is_some() && !self.module.starts_with(owner);
        let cure = "call a flow of that feature; one feature owns each table";
        foreign.then(|| self.finding(format!("the store of `{}` is its own", owner.join("::")), cure))
    }

    fn http(&self) -> Option<Finding> {
        let owner = self.owner_of("http")?;
        let own_head = self.module == owner;
        let inside = self.module.starts_with(owner) && self.part() == Some("http");
        let wiring = self.module.first().is_some_and(|first| first == "features")
            || self.module.starts_with(&["guard".to_owned(), "routes".to_owned()]);
        let cure = "call the flow; only the feature's mod.rs and the list of routes know its handlers";
        let wrong = !own_head && !inside && !wiring;
        wrong.then(|| self.finding(format!("imports the handlers of `{}`", owner.join("::")), cure))
    }

    fn upward(&self) -> Option<Finding> {
        let rank = |part: &str| ORDER.iter().position(|name| *name == part);
        let own = rank(self.part()?)?;
        let same = self.is_feature() && self.target.first().map(String::as_str) == self.from;
        let used = self.target.iter().find_map(|part| rank(part).map(|rank| (part, rank)))?;
        let what = format!("`{}` uses `{}`", ORDER[own], used.0);
        (same && used.1 > own).then(|| self.finding(what, "the direction is rules ← store ← flow ← http"))
    }

    /// The feature whose `part` the path goes through; nothing for a folder that is no feature.
    fn owner_of(&self, part: &str) -> Option<&[String]> {
        let at = self.target.iter().position(|name| name == part).filter(|at| *at > 0 && self.into_folder)?;
        (!FRAME.contains(&self.target[0].as_str())).then(|| &self.target[..at])
    }

    /// The part of its feature to which the file belongs.
    fn part(&self) -> Option<&str> {
        self.module.iter().skip(1).map(String::as_str).find(|part| ORDER.contains(part))
    }

    fn is_feature(&self) -> bool {
        self.from.is_some_and(|from| !FRAME.contains(&from))
    }

    fn finding(&self, what: String, cure: &'static str) -> Finding {
        Finding::new(&self.file.path, self.line, "layers", what, cure)
    }
}
