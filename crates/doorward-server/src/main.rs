//! The program `doorward`: settings, command line and wiring around the library. It decides nothing that the library
//! does not decide, apart from what a server in production must not be started with.
//!
//! A tour: `cli` is the command line, `commands` has one file for each command, `settings` turns a file, the environment
//! and files of secrets into the library's settings and refuses what is unsafe, `serve` holds the sockets, the signals and
//! the way to a quiet end, `log` keeps one event on one line. The promises stand where they are kept.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod cli;
mod commands;
mod failure;
mod log;
mod moment;
mod output;
mod serve;
mod settings;

use std::process::ExitCode;

use clap::Parser;

/// Replaces the system's allocator, which keeps more memory and takes longer under many threads with short-lived buffers.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match commands::run(cli::Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.tell(),
    }
}
