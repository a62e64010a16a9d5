//! The pages as a person meets them: the real server, and Chromium.

use std::path::PathBuf;
use std::process::Command;

use super::{Options, give_parts, provision};
use crate::{Failure, Outcome, shell, tree};

const SCRIPT: &str = "tests/browser/run.mjs";

/// Builds the server and hands it to the browser tests, which leave their screenshots among the artefacts.
pub(super) fn run(_: &Options) -> Outcome {
    let root = tree::root();
    if !root.join(SCRIPT).is_file() {
        return Err(Failure::new(format!("{SCRIPT} is missing"), "restore it: the pages are not tested without it"));
    }
    let chromium = provision::chromium().ok_or_else(|| Failure::new("Chromium is not installed", provision::CURE))?;
    let server = shell::build(&["-p", "doorward-server"], "doorward")?;
    let artefacts = root.join(std::env::var_os("ARTEFACTS").map_or_else(|| PathBuf::from("artefacts"), PathBuf::from));
    std::fs::create_dir_all(&artefacts).map_err(|error| Failure::file(&artefacts, &error))?;
    let mut node = Command::new("node");
    node.arg(SCRIPT)
        .current_dir(&root)
        .env("DOORWARD_BIN", server)
        .env("ARTEFACTS", &artefacts)
        .env("CHROMIUM", chromium);
    give_parts(&mut node, None);
    let cure = format!("mend what the script names above; its screenshots are in {}", artefacts.display());
    shell::run(&mut node, &cure)
}
