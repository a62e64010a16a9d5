//! Measures a Doorward from outside, over HTTP, and reports: nothing here passes or fails.
//!
//! A tour: `options` is the command line; each measurement has a file of its own name (`session_check`, `access`, `token`, `refresh`,
//! `login`, `flood`, `start`, `enumeration`); `child` runs a server as a process of its own, so that its time and memory are its own;
//! `standin` is what such a process does while the real `doorward` is not beside us, and the bare handler; `load` asks
//! over many connections at once, `wire` is the HTTP that both need; `sessions` fills a database with millions of
//! sessions, `tenants` puts their people into tenants; `people` makes accounts, `families` the refresh tokens of some; `postgres` makes
//! a database on a server; `stats` and `report` turn samples into what is printed.
//!
//! Whatever is compared is measured in the same run, in turns, because the machine is never quite the same twice.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command line speaks through its two streams")]
#![allow(clippy::disallowed_methods, reason = "a measurement takes the time")]

mod access;
mod child;
mod enumeration;
mod failure;
mod families;
mod flood;
mod load;
mod login;
mod options;
mod people;
mod postgres;
mod refresh;
mod report;
mod session_check;
mod sessions;
mod setup;
mod sink;
mod standin;
mod start;
mod stats;
mod tenants;
mod token;
mod wire;

use std::process::ExitCode;

use failure::Outcome;
use options::{Command, Measurement, Options};
use report::Report;

/// The server's allocator, for what stands in for the server.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let done = options::read(std::env::args().skip(1)).and_then(|command| match command {
        Command::Help => {
            print!("{}", options::HELP);
            Ok(())
        }
        Command::StandIn(standin) => standin.run(),
        Command::Measure(options) => measure(&options),
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn measure(options: &Options) -> Outcome {
    let mut reports = Vec::new();
    for measurement in &options.measurements {
        let report = match measurement {
            Measurement::SessionCheck => session_check::run(options)?,
            Measurement::Access => access::run(options)?,
            Measurement::Token => token::run(options)?,
            Measurement::Refresh => refresh::run(options)?,
            Measurement::Login => login::run(options)?,
            Measurement::Flood => flood::run(options)?,
            Measurement::Start => start::run(options)?,
            Measurement::Enumeration => enumeration::run(options)?,
        };
        println!("{report}");
        reports.push(report);
    }
    match &options.json {
        Some(path) => Report::write(&reports, path),
        None => Ok(()),
    }
}
