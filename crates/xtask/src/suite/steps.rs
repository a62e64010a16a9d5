//! The steps that are one or two commands each.

use super::{Options, give_parts};
use crate::postgres::{Commits, Postgres};
use crate::{Outcome, shell};

/// Compares every Rust file with what rustfmt makes of it.
pub(super) fn format(_: &Options) -> Outcome {
    shell::run(shell::cargo("fmt").args(["--all", "--check"]), "run `cargo fmt --all`")
}

/// Lints every target of the workspace.
pub(super) fn clippy(_: &Options) -> Outcome {
    let mut clippy = shell::cargo("clippy");
    clippy.args(["--workspace", "--all-targets", "--", "-D", "warnings"]);
    shell::run(&mut clippy, "mend what clippy names above; `clippy.toml` says why a method is disallowed")
}

/// Checks the rules of the house.
pub(super) fn tidy(_: &Options) -> Outcome {
    crate::tidy::run()
}

/// Checks promises, tests and the table of both.
pub(super) fn promises(_: &Options) -> Outcome {
    crate::promises::run(&["--check".to_owned()])
}

/// Runs every test, those in documentation too, next to a PostgreSQL that lives as long as they do.
pub(super) fn tests(options: &Options) -> Outcome {
    let postgres = Postgres::start(Commits::Hurry)?;
    println!("PostgreSQL listens at {}", postgres.url());
    let nextest = shell::succeeds(shell::cargo("nextest").arg("--version"));
    let mut runner = shell::cargo(if nextest { "nextest" } else { "test" });
    runner.args(if nextest { ["run", "--workspace"] } else { ["--workspace", "--all-targets"] }).args(&options.runner);
    give_parts(&mut runner, Some(&postgres));
    shell::run(&mut runner, "mend the tests named above; `cargo xtask test --only tests -- NAME` runs some of them")?;
    if !options.runner.is_empty() {
        return Ok(());
    }
    let mut documentation = shell::cargo("test");
    documentation.args(["--doc", "--workspace"]);
    give_parts(&mut documentation, Some(&postgres));
    shell::run(&mut documentation, "mend the examples in the documentation named above")
}

/// Builds the documentation of the workspace.
pub(super) fn docs(_: &Options) -> Outcome {
    let mut doc = shell::cargo("doc");
    doc.args(["--no-deps", "--workspace"]).env("RUSTDOCFLAGS", "-D warnings");
    shell::run(&mut doc, "mend the documentation named above")
}
