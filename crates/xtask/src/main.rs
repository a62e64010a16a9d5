//! `cargo xtask`: what the house does to itself, namely testing, tidiness, generated documents and benchmarks.
//!
//! It depends on the standard library alone, so that it is built in seconds where nothing has been compiled yet.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command line speaks through its two streams")]
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test that cannot go on has failed"))]

mod bench;
mod docs;
mod failure;
mod finding;
mod postgres;
mod promises;
mod shell;
mod source;
mod suite;
mod tidy;
mod tree;

use std::process::ExitCode;

use failure::{Failure, Outcome};

/// Runs the command named by the arguments and turns its outcome into an exit code.
fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match dispatch(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("\nerror: {}\n cure: {}", failure.what, failure.cure);
            ExitCode::FAILURE
        }
    }
}

/// Finds the command; no command at all, and any plea for help, shows the help.
fn dispatch(args: &[String]) -> Outcome {
    let own: Vec<&str> = args.iter().map(String::as_str).take_while(|arg| *arg != "--").collect();
    if own.is_empty() || own.iter().any(|arg| ["--help", "-h", "help"].contains(arg)) {
        print!("{HELP}");
        return Ok(());
    }
    let rest = &args[1..];
    match own[0] {
        "test" => suite::run(rest),
        "tidy" => none(rest).and_then(|()| tidy::run()),
        "promises" => promises::run(rest),
        "docs" => none(rest).and_then(|()| docs::run()),
        "bench" => bench::run(rest),
        unknown => Err(Failure::usage(format!("there is no command `{unknown}`"))),
    }
}

/// Refuses arguments where a command takes none.
fn none(args: &[String]) -> Outcome {
    match args.first() {
        None => Ok(()),
        Some(arg) => Err(Failure::usage(format!("this command takes no argument, so not `{arg}`"))),
    }
}

const HELP: &str = "\
cargo xtask: what the house does to itself

usage: cargo xtask <command>

  test [--only STEP]... [--list] [-- ARGS]
                     installs what the tests need and runs every step in order, stopping at the first failure:
                     provision, format, clippy, tidy, promises, tests, browser, docs
                       --list       says what each step does and needs
                       --only STEP  runs this step alone; repeat it to run several
                       -- ARGS      are handed to the test runner, for instance a part of a test's name
  tidy               checks the rules of the house that no compiler checks; every finding names its cure
  promises [--check] writes docs/reference/promises.md from the promises in the code and the tests that keep them;
                     with --check it writes nothing and fails when the file is out of date
  docs               regenerates the golden reference files (routes, settings, OpenAPI), then the promises
  bench [ARGS]       builds the release binaries and runs the benchmarks with ARGS, for instance their names

examples
  cargo xtask test                                  before a push; CI runs the same
  cargo xtask test --only tests -- password_reset   the tests of one feature, on every engine
  cargo xtask test --only format --only clippy --only tidy
  cargo xtask docs && git diff docs/reference       after a change to a route, a setting or a promise

environment of `test`
  CI=true            no incremental compilation and no questions
  ARTEFACTS=FOLDER   where the browser tests leave screenshots (default: artefacts/)
";
