//! Regenerates the reference files that are made from code.

use crate::postgres::{Commits, Postgres};
use crate::{Outcome, promises, shell, suite};

/// Rewrites every golden file by running the tests that compare them, then writes the table of promises.
pub(crate) fn run() -> Outcome {
    let mut command = shell::cargo("test");
    command.args(["-p", "doorward", "-p", "doorward-server", "golden"]).env("UPDATE_GOLDEN", "1");
    // A test that touches no database must not need one, so a machine without PostgreSQL can regenerate them too.
    let postgres = Postgres::start(Commits::Hurry).ok();
    suite::give_parts(&mut command, postgres.as_ref());
    shell::run(&mut command, "mend the failing test; golden files are written by the tests called golden…")?;
    promises::run(&[])
}
