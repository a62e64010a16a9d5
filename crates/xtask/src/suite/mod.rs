//! `cargo xtask test`: everything that must hold before a change is shared, in one command.

mod browser;
mod clock;
mod provision;
mod steps;

use std::process::Command;
use std::time::Duration;

use crate::postgres::Postgres;
use crate::{Failure, Outcome, tree};

/// Holds one step of the suite.
struct Step {
    name: &'static str,
    about: &'static str,
    run: fn(&Options) -> Outcome,
}

/// Holds what the command line asks for.
#[derive(Default)]
struct Options {
    list: bool,
    only: Vec<String>,
    /// What is handed to the test runner.
    runner: Vec<String>,
}

/// Runs the steps in order, stops at the first failure, and sums up either way.
pub(crate) fn run(args: &[String]) -> Outcome {
    let options = Options::read(args)?;
    if options.list {
        STEPS.iter().for_each(|step| println!("{:<10} {}", step.name, step.about));
        return Ok(());
    }
    let chosen =
        STEPS.iter().filter(|step| options.only.is_empty() || options.only.iter().any(|name| name == step.name));
    let chosen: Vec<&Step> = chosen.collect();
    let mut done = Vec::new();
    let mut outcome = Ok(());
    for (number, step) in (1..).zip(&chosen) {
        println!("\n==> {number}/{} {}: {}", chosen.len(), step.name, step.about);
        let (took, result) = clock::timed(|| (step.run)(&options));
        done.push((took, result.is_ok()));
        println!("<== {} took {}", step.name, shown(took));
        if let Err(failure) = result {
            outcome = Err(Failure::new(format!("step `{}`: {}", step.name, failure.what), failure.cure));
            break;
        }
    }
    sum_up(&chosen, &done);
    outcome
}

/// Tells a command where the real counterparts of the tests are: PostgreSQL, and the programs that run on Node.js.
pub(crate) fn give_parts(command: &mut Command, postgres: Option<&Postgres>) {
    command.env("DOORWARD_TEST_NODE_PARTS", tree::root().join("tests/parts"));
    if let Some(postgres) = postgres {
        command.env("DOORWARD_TEST_POSTGRES", postgres.url());
    }
}

fn sum_up(chosen: &[&Step], done: &[(Duration, bool)]) {
    println!("\nsummary");
    for (at, step) in chosen.iter().enumerate() {
        let (word, took) = match done.get(at) {
            Some((took, true)) => ("passed", shown(*took)),
            Some((took, false)) => ("FAILED", shown(*took)),
            None => ("not run", String::new()),
        };
        println!("  {:<10} {word:<8} {took:>8}", step.name);
    }
    let total = done.iter().map(|(took, _)| *took).sum();
    println!("  {:<10} {:<8} {:>8}", "total", "", shown(total));
}

/// A duration to the precision that matters: `0.4 s`, `41 s`, `12 min`.
fn shown(took: Duration) -> String {
    match took.as_secs() {
        0..10 => format!("{:.1} s", took.as_secs_f64()),
        seconds @ 10..120 => format!("{seconds} s"),
        seconds => format!("{}:{:02} min", seconds / 60, seconds % 60),
    }
}

impl Options {
    fn read(args: &[String]) -> Outcome<Self> {
        let mut options = Self::default();
        let mut args = args.iter();
        while let Some(arg) = args.next() {
            match arg.as_str() {
                "--list" => options.list = true,
                "--only" => options.only.push(known(args.next())?),
                "--" => options.runner.extend(args.by_ref().cloned()),
                other => return Err(Failure::usage(format!("`test` does not know `{other}`"))),
            }
        }
        Ok(options)
    }
}

fn known(name: Option<&String>) -> Outcome<String> {
    let name = name.ok_or_else(|| Failure::usage("`--only` takes the name of a step"))?;
    if STEPS.iter().any(|step| step.name == name) {
        return Ok(name.clone());
    }
    Err(Failure::new(format!("there is no step `{name}`"), "`cargo xtask test --list` shows the steps"))
}

const STEPS: [Step; 8] = [
    Step { name: "provision", about: "installs what the tests need, where it is missing", run: provision::run },
    Step { name: "format", about: "cargo fmt --check", run: steps::format },
    Step { name: "clippy", about: "clippy on everything, warnings denied", run: steps::clippy },
    Step { name: "tidy", about: "the rules of the house (cargo xtask tidy)", run: steps::tidy },
    Step { name: "promises", about: "every promise has a test and the table is current", run: steps::promises },
    Step { name: "tests", about: "all tests on SQLite and on a PostgreSQL started for them", run: steps::tests },
    Step { name: "browser", about: "the pages in Chromium, with screenshots and axe", run: browser::run },
    Step { name: "docs", about: "the documentation builds without a warning", run: steps::docs },
];
