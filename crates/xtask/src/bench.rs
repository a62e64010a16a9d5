//! Runs the benchmarks against release builds.

use std::process::Command;

use crate::postgres::{Commits, Postgres, programs};
use crate::{Outcome, shell};

/// Builds the server and the benchmarks for release, then runs the benchmarks with the arguments given.
///
/// What a durable write costs is measured on a PostgreSQL of our own, where there is one and no other was named.
pub(crate) fn run(args: &[String]) -> Outcome {
    let packages = ["--release", "-p", "doorward-server", "-p", "doorward-bench"];
    let binary = shell::build(&packages, "doorward-bench")?;
    let own: &[String] = if args.first().is_some_and(|arg| arg == "--") { &args[1..] } else { args };
    let mut command = Command::new(binary);
    let postgres = if needs_postgres(own) { Some(Postgres::start(Commits::Last)?) } else { None };
    if let Some(postgres) = &postgres {
        command.env(VARIABLE, postgres.url());
    }
    shell::run(command.args(own).current_dir(crate::tree::root()), "read what the benchmark says above")
}

/// Names come first: without one, everything is measured.
fn needs_postgres(args: &[String]) -> bool {
    let measures_all = args.first().is_none_or(|first| first.starts_with("--") && first != "--help");
    let is_asked_for = measures_all || args.iter().any(|arg| arg == "refresh");
    is_asked_for && std::env::var_os(VARIABLE).is_none() && programs().is_some()
}

const VARIABLE: &str = "DOORWARD_BENCH_POSTGRES";
