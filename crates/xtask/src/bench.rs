//! Runs the benchmarks against release builds.

use std::process::Command;

use crate::{Outcome, shell};

/// Builds the server and the benchmarks for release, then runs the benchmarks with the arguments given.
pub(crate) fn run(args: &[String]) -> Outcome {
    let packages = ["--release", "-p", "doorward-server", "-p", "doorward-bench"];
    let binary = shell::build(&packages, "doorward-bench")?;
    let own: &[String] = if args.first().is_some_and(|arg| arg == "--") { &args[1..] } else { args };
    let mut command = Command::new(binary);
    shell::run(command.args(own).current_dir(crate::tree::root()), "read what the benchmark says above")
}
