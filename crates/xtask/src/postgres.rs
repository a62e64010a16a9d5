//! A PostgreSQL of our own for the time of a run: on a free port, in a temporary folder, gone afterwards.

use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::{Failure, Outcome, shell};

/// Whether a commit reaches the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Commits {
    /// It does, as in production: for measurements.
    Last,
    /// It does not: no test of ours asks that of PostgreSQL, and every test would pay for it.
    Hurry,
}

/// Holds a running server; dropping it stops the server and removes its files.
pub(crate) struct Postgres {
    port: u16,
    folder: PathBuf,
    keeper: Child,
}

impl Postgres {
    /// Makes a database cluster and starts a server on it.
    pub(crate) fn start(commits: Commits) -> Outcome<Self> {
        let programs = programs().ok_or_else(|| Failure::new("PostgreSQL is not installed", NOT_INSTALLED))?;
        let folder = make_folder(commits)?;
        let port =
            free_port().map_err(|error| Failure::new(format!("no free port: {error}"), "close some connections"))?;
        // The keeper comes first: from here on nothing can end this process and leave a server behind.
        let keeper = keeper(&programs, &folder).map_err(|error| Failure::file("sh", &error))?;
        let server = Self { port, folder, keeper };
        make_cluster(&programs, &server.folder)?;
        start_server(&programs, &server.folder, (port, commits))?;
        Ok(server)
    }

    /// Returns the URL of the maintenance database, whose user may create others.
    pub(crate) fn url(&self) -> String {
        format!("postgres://{USER}:{PASSWORD}@127.0.0.1:{}/postgres", self.port)
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        // The keeper ends by itself; there is nothing to do for it if it does not.
        let _ = self.keeper.wait();
    }
}

/// Returns the folder with `initdb` and `pg_ctl`: the newest of Debian's, or the one on PATH.
pub(crate) fn programs() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let version = |folder: &Path| folder.file_name()?.to_str()?.parse::<u32>().ok();
    let found = versions.filter_map(|entry| Some((version(&entry.path())?, entry.path().join("bin"))));
    let newest = found.filter(|(_, folder)| folder.join("initdb").is_file()).max().map(|(_, folder)| folder);
    newest.or_else(|| shell::which("initdb")?.canonicalize().ok()?.parent().map(Path::to_owned))
}

/// Makes the folder of the cluster, owned by the user who will run the server: PostgreSQL refuses to run as root.
fn make_folder(commits: Commits) -> Outcome<PathBuf> {
    let parent = match commits {
        // What outlives a restart lies on a disk, and /tmp often in memory.
        Commits::Last => PathBuf::from("/var/tmp"),
        // Another user must reach it, which a private TMPDIR of root would prevent.
        Commits::Hurry if shell::is_root() => PathBuf::from("/tmp"),
        Commits::Hurry => std::env::temp_dir(),
    };
    let made = shell::answer(Command::new("mktemp").arg("-d").arg(parent.join("doorward-postgres-XXXXXXXX")));
    let what = || format!("no folder for PostgreSQL can be made in {}", parent.display());
    let folder = PathBuf::from(made.ok_or_else(|| Failure::new(what(), "make room there, or allow writing"))?);
    let password = folder.join("password");
    std::fs::write(&password, PASSWORD).map_err(|error| Failure::file(&password, &error))?;
    if shell::is_root() {
        checked(Command::new("chown").args(["-R", "postgres:postgres"]).arg(&folder), &folder, "chown")?;
    }
    Ok(folder)
}

fn make_cluster(programs: &Path, folder: &Path) -> Outcome {
    let mut initdb = as_server(&programs.join("initdb"));
    initdb.arg("-D").arg(folder.join("data")).arg("--pwfile").arg(folder.join("password"));
    initdb.args(["-U", USER, "-A", "scram-sha-256", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]);
    checked(&mut initdb, folder, "initdb")
}

fn start_server(programs: &Path, folder: &Path, (port, commits): (u16, Commits)) -> Outcome {
    let sockets = folder.display();
    let lasting = if commits == Commits::Last { "on" } else { "off" };
    let settings = format!(
        "-c listen_addresses=127.0.0.1 -c max_connections=400 -c fsync={lasting} -c full_page_writes={lasting}"
    );
    let mut start = as_server(&programs.join("pg_ctl"));
    start.arg("-D").arg(folder.join("data")).args(["-w", "-t", "30", "-s", "-l"]).arg(folder.join("log"));
    start.args(["-o", &format!("-p {port} -k {sockets} {settings}"), "start"]);
    checked(&mut start, folder, "pg_ctl start").map_err(|failure| {
        let log = std::fs::read_to_string(folder.join("log")).unwrap_or_default();
        Failure::new(format!("{}\n{log}", failure.what), "read the server's log above")
    })
}

/// Starts the process which stops the server when this one ends, in whatever way it ends.
///
/// It waits for the end of its standard input, whose other end only this process holds, so that even SIGKILL cannot
/// leave a server behind. A process group of its own keeps Ctrl-C from it until then.
fn keeper(programs: &Path, folder: &Path) -> io::Result<Child> {
    let stop = as_server(&programs.join("pg_ctl"));
    let mut keeper = Command::new("sh");
    keeper.args(["-c", KEEPER, "keeper"]).arg(folder).arg(stop.get_program()).args(stop.get_args()).current_dir("/");
    keeper.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0).spawn()
}

const KEEPER: &str =
    r#"folder=$1; shift; cat >/dev/null; "$@" -D "$folder/data" -m immediate -w stop; rm -rf "$folder""#;

/// Prepares a program of PostgreSQL, as the user `postgres` if this process runs as root.
fn as_server(program: &Path) -> Command {
    let mut command = Command::new(if shell::is_root() { Path::new("setpriv") } else { program });
    if shell::is_root() {
        command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups", "--"]).arg(program);
    }
    // The repository may lie where that user may not go.
    command.current_dir("/").stdin(Stdio::null());
    command
}

/// Runs a command whose words matter only if it fails.
///
/// They go through a file, for the server inherits its starter's streams and would keep a pipe open for ever.
fn checked(command: &mut Command, folder: &Path, what: &str) -> Outcome {
    let path = folder.join("words");
    let words = std::fs::File::create(&path).map_err(|error| Failure::file(&path, &error))?;
    let also = words.try_clone().map_err(|error| Failure::file(&path, &error))?;
    let status = command.stdout(words).stderr(also).status().map_err(|error| Failure::file(what, &error))?;
    let said = std::fs::read_to_string(&path).unwrap_or_default();
    if status.success() { Ok(()) } else { Err(Failure::new(format!("{what} failed:\n{said}"), NOT_INSTALLED)) }
}

fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

const USER: &str = "doorward";
const PASSWORD: &str = "test";
const NOT_INSTALLED: &str = "`cargo xtask test --only provision` installs it; elsewhere install PostgreSQL 15 or newer";

#[cfg(test)]
mod tests;
