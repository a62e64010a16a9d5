//! What the tests share: a server in a folder of its own, commands about it, and a browser of thirty lines.

mod http;
mod postgres;
mod site;

use std::{
    io::{Read, Write},
    process::{Command, Stdio},
    thread,
    time::Duration,
};

pub(crate) use http::{Answer, Client, exchange, exchange_over, form};
pub(crate) use postgres::{fresh_database, texts};
pub(crate) use site::{Site, config};

/// Runs each test on every engine: `a_test::on_sqlite` and `a_test::on_postgres`.
macro_rules! on_every_engine {
    ($($(#[$meta:meta])* fn $name:ident($site:ident: Site) $body:block)*) => {$(
        $(#[$meta])*
        mod $name {
            use super::*;

            fn test($site: Site) $body

            #[test]
            fn on_sqlite() {
                test(Site::dev(&["--audit-stream"]));
            }

            #[test]
            fn on_postgres() {
                test(Site::serve_on_postgres(&["--audit-stream"]));
            }
        }
    )*};
}

pub(crate) use on_every_engine;

/// What a command said.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// The binary, in an environment that holds nothing of ours.
pub(crate) fn doorward(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_doorward"));
    command.args(args).env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command
}

/// Runs a command to its end; one that goes on for half a minute (a server that should not have started) is a failure.
pub(crate) fn finish(mut command: Command, stdin: &str) -> Said {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // A command that refuses its arguments does not wait for its input.
    let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
    let stdout = read_all(child.stdout.take().unwrap());
    let stderr = read_all(child.stderr.take().unwrap());
    let mut code = None;
    let ended = within_half_a_minute(|| {
        code = child.try_wait().unwrap();
        code.is_some()
    });
    if !ended {
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let (stdout, stderr) = (stdout.join().unwrap(), stderr.join().unwrap());
    assert!(ended, "it went on: {stdout}{stderr}");
    Said { code: code.and_then(|code| code.code()), stdout, stderr }
}

/// Waits until something is so.
pub(crate) fn until(what: &str, so: impl FnMut() -> bool) {
    assert!(within_half_a_minute(so), "waited in vain: {what}");
}

/// Sends a signal to a process.
pub(crate) fn signal(pid: u32, name: &str) {
    assert!(Command::new("kill").args(["-s", name, &pid.to_string()]).status().unwrap().success());
}

fn within_half_a_minute(mut so: impl FnMut() -> bool) -> bool {
    for _ in 0..1500 {
        if so() {
            return true;
        }
        thread::sleep(Duration::from_millis(20));
    }
    false
}

fn read_all(mut from: impl Read + Send + 'static) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        from.read_to_end(&mut bytes).unwrap();
        String::from_utf8(bytes).unwrap()
    })
}
