//! The promises that modules make in their documentation.

use crate::finding::Finding;
use crate::source::Passage;
use crate::tree::{File, Tree};

/// Holds one promise.
pub(super) struct Promise {
    /// Its id, for instance `password_reset/works-once`.
    pub(super) id: String,
    /// What is promised, ending in a full stop.
    pub(super) sentence: String,
    /// The file that makes it.
    pub(super) path: String,
    /// The line that makes it.
    pub(super) line: usize,
}

/// Returns every promise of the workspace, sorted by id, and those that are made in the wrong form or place.
pub(super) fn read(tree: &Tree) -> (Vec<Promise>, Vec<Finding>) {
    let mut promises = Vec::new();
    for (file, rust) in tree.rust().filter(|(file, _)| may_promise(file)) {
        promises.extend(of_file(file, &rust.comments));
    }
    promises.sort_by(|a, b| (&a.id, &a.path).cmp(&(&b.id, &b.path)));
    let findings = promises.iter().filter_map(misshapen).collect();
    (promises, findings)
}

/// Tells whether the documentation of a file may promise: that of a crate's front door is a tour of other files.
///
/// A crate that holds nothing but tests has nowhere else to say what they are for.
fn may_promise(file: &File) -> bool {
    if file.path.starts_with("tests/") {
        return file.path.ends_with("/src/lib.rs");
    }
    let ours = file.path.starts_with("crates/") && !file.path.starts_with("crates/xtask/");
    ours && file.path.contains("/src/") && !["lib.rs", "main.rs"].contains(&file.name()) && !file.is_test()
}

fn of_file(file: &File, comments: &[Passage]) -> Vec<Promise> {
    let mut found: Vec<Promise> = Vec::new();
    let mut open = false;
    for comment in comments {
        let Some(text) = comment.text.strip_prefix("//!") else { continue };
        if let Some((id, sentence)) = opening(text) {
            let (id, sentence) = (id.to_owned(), sentence.to_owned());
            found.push(Promise { id, sentence, path: file.path.clone(), line: comment.line });
            open = true;
        } else if let Some(promise) =
            found.last_mut().filter(|_| open && text.starts_with("   ") && !text.trim().is_empty())
        {
            promise.sentence = format!("{} {}", promise.sentence, text.trim());
        } else {
            open = false;
        }
    }
    found
}

/// Reads `` - `feature/id`: A sentence.``; other lists in documentation do not look like this.
fn opening(text: &str) -> Option<(&str, &str)> {
    let (id, sentence) = text.strip_prefix(" - `")?.split_once("`: ")?;
    let sound =
        |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    (id.contains('/') && id.split('/').all(sound)).then_some((id, sentence.trim()))
}

fn misshapen(promise: &Promise) -> Option<Finding> {
    let finding = |what: String, cure| Some(Finding::new(&promise.path, promise.line, "promise", what, cure));
    if !promise.sentence.ends_with('.') {
        return finding(format!("`{}` does not end in a full stop", promise.id), "write a whole sentence");
    }
    let (feature, _) = promise.id.rsplit_once('/').expect("an id has a slash");
    let home = home(&promise.path);
    let at_home = format!("/{home}/").contains(&format!("/{feature}/"));
    let cure = "begin the id with the feature that keeps the promise";
    if at_home { None } else { finding(format!("`{}` is promised in {home}", promise.id), cure) }
}

/// The crate's own word and the module of a file, for instance `core/password` or `doorward/guard/origin`.
fn home(path: &str) -> String {
    let (krate, module) =
        path.trim_start_matches("crates/").trim_start_matches("tests/").split_once("/src/").unwrap_or(("", path));
    let module = module.trim_end_matches(".rs").trim_end_matches("/mod");
    format!("{}/{module}", krate.trim_start_matches("doorward-"))
}
