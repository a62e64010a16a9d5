//! Runs other programs, with their words in the order in which they were said.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::{Failure, Outcome};

/// Prepares a cargo command in the root of the repository.
///
/// Variables which `cargo run` made for xtask itself are taken away: build scripts that watch them (ring's does) would
/// otherwise run again at every change between `cargo xtask test` and `cargo test`.
pub(crate) fn cargo(subcommand: &str) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    for (name, _) in std::env::vars_os() {
        let leaks = |name: &str| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_");
        if name.to_str().is_some_and(leaks) {
            command.env_remove(name);
        }
    }
    if in_ci() {
        command.env("CARGO_INCREMENTAL", "0");
    }
    command.arg(subcommand).current_dir(crate::tree::root());
    command
}

/// Tells whether a machine is running this, with nobody to answer questions.
pub(crate) fn in_ci() -> bool {
    std::env::var_os("CI").is_some_and(|value| !value.is_empty() && value != "false")
}

/// Runs a command to its end, both its streams on standard output, and fails with `cure` unless it succeeds.
pub(crate) fn run(command: &mut Command, cure: &str) -> Outcome {
    println!("$ {}", shown(command));
    let stdout = std::io::stdout();
    let merged = stdout.as_fd().try_clone_to_owned().map_err(|error| Failure::file("standard output", &error))?;
    let status = command.stdin(Stdio::null()).stderr(merged).status().map_err(|error| not_started(command, &error))?;
    if status.success() { Ok(()) } else { Err(Failure::new(format!("`{}` failed ({status})", shown(command)), cure)) }
}

/// Tells whether a command succeeds, without showing what it says.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    let quiet = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    quiet.status().is_ok_and(|status| status.success())
}

/// Runs a command silently and returns its standard output without surrounding white space, or nothing if it fails.
pub(crate) fn answer(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Builds with `cargo build` and returns where it put the binary called `name`.
///
/// Cargo is asked, because a setting or a variable may have moved the target folder.
pub(crate) fn build(args: &[&str], name: &str) -> Outcome<PathBuf> {
    let mut command = cargo("build");
    command.args(args).arg("--message-format=json-render-diagnostics");
    println!("$ {}", shown(&command));
    let started = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn();
    let mut child = started.map_err(|error| not_started(&command, &error))?;
    let messages = BufReader::new(child.stdout.take().expect("the child's standard output is a pipe"));
    let built = messages.lines().map_while(Result::ok).filter_map(|line| executable(&line)).collect::<Vec<_>>();
    let status = child.wait().map_err(|error| not_started(&command, &error))?;
    if !status.success() {
        return Err(Failure::new(
            format!("`{}` failed ({status})", shown(&command)),
            "mend what the compiler names above",
        ));
    }
    let found = built.into_iter().find(|path| path.file_name() == Some(OsStr::new(name)));
    found.ok_or_else(|| {
        let what = format!("`{}` made no binary called `{name}`", shown(&command));
        Failure::new(what, format!("give the package a [[bin]] with name = \"{name}\""))
    })
}

/// Finds a program on PATH.
pub(crate) fn which(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|candidate| candidate.is_file())
}

/// Tells whether this process runs as root.
pub(crate) fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
}

fn not_started(command: &Command, error: &std::io::Error) -> Failure {
    let program = command.get_program().to_string_lossy().into_owned();
    Failure::new(format!("cannot start `{program}`: {error}"), format!("install `{program}` or put it on PATH"))
}

fn shown(command: &Command) -> String {
    let program = PathBuf::from(command.get_program());
    let name = program.file_name().unwrap_or(command.get_program()).to_string_lossy().into_owned();
    let args = command.get_args().map(|arg| match arg.to_string_lossy() {
        script if script.contains('\n') => "…".to_owned(),
        short => short.into_owned(),
    });
    std::iter::once(name).chain(args).collect::<Vec<_>>().join(" ")
}

fn executable(message: &str) -> Option<PathBuf> {
    let (_, rest) = message.split_once("\"executable\":\"")?;
    let (path, _) = rest.split_once('"')?;
    Some(PathBuf::from(path))
}
