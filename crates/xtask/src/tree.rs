//! The files of the repository as text, read once and handed to every check.

use std::path::{Path, PathBuf};

use crate::source::RustText;
use crate::{Failure, Outcome};

/// Returns the root of the repository.
pub(crate) fn root() -> PathBuf {
    let own = std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
    own.ancestors().nth(2).expect("xtask lies two folders below the root").to_owned()
}

/// Holds every text file of the repository, sorted by path.
pub(crate) struct Tree {
    /// The files, sorted by path.
    pub(crate) files: Vec<File>,
}

/// Holds one text file.
pub(crate) struct File {
    /// The path from the root, with `/` between its parts.
    pub(crate) path: String,
    /// The whole text.
    pub(crate) text: String,
    /// The text as a Rust scanner sees it; present for Rust files only.
    pub(crate) rust: Option<RustText>,
}

impl Tree {
    /// Reads every file that is UTF-8, apart from folders that hold no work of ours.
    pub(crate) fn read(root: &Path) -> Outcome<Self> {
        let mut files = Vec::new();
        let mut folders = vec![PathBuf::new()];
        while let Some(folder) = folders.pop() {
            let listed = root.join(&folder);
            for entry in std::fs::read_dir(&listed).map_err(|error| Failure::file(&listed, &error))? {
                let entry = entry.map_err(|error| Failure::file(&listed, &error))?;
                let path = folder.join(entry.file_name());
                let kind = entry.file_type().map_err(|error| Failure::file(&path, &error))?;
                if kind.is_dir() && !FOREIGN.contains(&entry.file_name().to_string_lossy().as_ref()) {
                    folders.push(path);
                } else if kind.is_file() {
                    let bytes = std::fs::read(root.join(&path)).map_err(|error| Failure::file(&path, &error))?;
                    files.extend(String::from_utf8(bytes).ok().map(|text| File::new(path.to_string_lossy(), text)));
                }
            }
        }
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(Self { files })
    }

    /// Makes a tree of paths and texts, for tests.
    #[cfg(test)]
    pub(crate) fn of(files: &[(&str, &str)]) -> Self {
        Self { files: files.iter().map(|(path, text)| File::new(*path, (*text).to_owned())).collect() }
    }

    /// Returns the Rust files with what the scanner found in them.
    pub(crate) fn rust(&self) -> impl Iterator<Item = (&File, &RustText)> {
        self.files.iter().filter_map(|file| Some((file, file.rust.as_ref()?)))
    }

    /// Returns the file at this path.
    pub(crate) fn file(&self, path: &str) -> Option<&File> {
        self.files.iter().find(|file| file.path == path)
    }
}

impl File {
    fn new(path: impl Into<String>, text: String) -> Self {
        let path = path.into();
        let rust = path.ends_with(".rs").then(|| RustText::scan(&text));
        Self { path, text, rust }
    }

    /// Returns what follows the last dot of the name, or nothing.
    pub(crate) fn extension(&self) -> &str {
        self.name().rsplit_once('.').map_or("", |(_, extension)| extension)
    }

    /// Returns the last part of the path.
    pub(crate) fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }

    /// Tells whether the whole file serves tests: `tests.rs`, or anything under `tests/` or `testing/`.
    pub(crate) fn is_test(&self) -> bool {
        self.name() == "tests.rs" || self.path.split('/').any(|part| part == "tests" || part == "testing")
    }

    /// Returns the lines, counted from one.
    pub(crate) fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        (1..).zip(self.text.lines())
    }
}

/// Folders that hold no work of ours: build output, other people's packages, what a run leaves behind.
const FOREIGN: [&str; 9] =
    ["target", ".git", "node_modules", ".doorward", "artefacts", ".next", "corpus", "test-results", "__pycache__"];
