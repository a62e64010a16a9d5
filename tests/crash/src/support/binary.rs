//! The program under test.

use std::{env, path::Path, path::PathBuf, process::Command, sync::OnceLock};

use serde_json::Value;

/// Where the program is: `DOORWARD_BIN`, or built now. Cargo's own lock lets only one test build it.
pub(super) fn binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| env::var_os("DOORWARD_BIN").map_or_else(build, PathBuf::from))
}

fn build() -> PathBuf {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["build", "--quiet", "--package", "doorward-server", "--bin", "doorward", "--message-format", "json"]);
    // Build scripts watch these, and a test has those of its own package: with them half of the workspace would be built again.
    let of_this_package = |name: &str| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_");
    for (name, _) in env::vars_os() {
        if name.to_str().is_some_and(of_this_package) {
            command.env_remove(name);
        }
    }
    let built = command.current_dir(env!("CARGO_MANIFEST_DIR")).output().expect("cargo is there");
    assert!(built.status.success(), "the program does not build: {}", String::from_utf8_lossy(&built.stderr));
    let text = String::from_utf8(built.stdout).expect("cargo writes UTF-8");
    let executable = |line: &str| {
        let message: Value = serde_json::from_str(line).ok()?;
        Some(PathBuf::from(message["executable"].as_str()?))
    };
    text.lines().find_map(executable).expect("cargo names the executable that it built")
}
