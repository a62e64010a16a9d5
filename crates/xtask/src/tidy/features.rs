//! Which file of the library belongs to which feature.

use std::collections::BTreeSet;

use crate::tree::{File, Tree};

/// The source folder of the library, in which every folder is a feature or one of [`FRAME`].
pub(super) const LIBRARY: &str = "crates/doorward/src/";

/// The folders that are no features: what features stand on, and what tests use.
pub(super) const FRAME: [&str; 3] = ["base", "guard", "testing"];

/// Returns the names of the folders directly below the library's source folder.
pub(super) fn folders(tree: &Tree) -> BTreeSet<&str> {
    tree.files.iter().filter_map(folder).collect()
}

/// Returns the library folder in which a file lies; nothing for one in the source folder itself or elsewhere.
pub(super) fn folder(file: &File) -> Option<&str> {
    Some(file.path.strip_prefix(LIBRARY)?.split_once('/')?.0)
}

/// Returns the module path of a library file, for instance `sessions`, `store`.
pub(super) fn module(file: &File) -> Option<Vec<String>> {
    let path = file.path.strip_prefix(LIBRARY)?.strip_suffix(".rs")?;
    let path = path.strip_suffix("/mod").unwrap_or(path);
    Some(path.split('/').filter(|part| *part != "lib").map(str::to_owned).collect())
}
