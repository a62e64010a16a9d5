//! `doorward backup`: a copy of an embedded database from which nobody comes back in.
//!
//! - `server/backup-logs-nobody-in`: A backup has no session and no unspent link, so restoring one revives neither.
//! - `server/backup-private`: A backup is readable by its owner only, and is there whole or not at all.

use std::{
    fs,
    io::{self, ErrorKind},
    path::{Path, PathBuf},
};

use clap::Args;
use doorward::{
    Fault,
    operate::{self, Act},
};
use rusqlite::Connection;

use super::open;
use crate::{cli::Global, failure::Failure, output};

/// `doorward backup`
#[derive(Args)]
#[command(after_help = "\
The server may go on running. The copy has the accounts, passwords (hashed) and the audit log. It has no sessions, no unsent
letters and no unspent links: what was revoked or spent since stays so when the copy is restored. To restore, stop the server
and put the copy in the place of the database. Signing keys are not in it; keep a copy of their file as you keep other secrets.
After restoring a copy that was made in any other way, run `doorward session revoke --all`.

Examples:
  doorward backup --output /backup/doorward-$(date +%F).db")]
pub(crate) struct Backup {
    /// The file to write; it must not exist
    #[arg(long, value_name = "FILE")]
    output: PathBuf,
}

impl Backup {
    /// Writes the copy.
    pub(crate) async fn run(self, global: &Global) -> Result<(), Failure> {
        let doorward = open(global).await?;
        let beside = Beside::new(&self.output)?;
        match doorward.database().copy_to(&beside.path) {
            None => return Err(postgres()),
            Some(copied) => copied.map_err(|fault| unwritable(&self.output, &fault))?,
        }
        empty(&beside.path).map_err(|cause| unwritable(&self.output, &cause))?;
        beside.become_output(&self.output).map_err(|cause| unwritable(&self.output, &cause))?;
        output::line(&format!("Wrote {}.", self.output.display()))?;
        let noted = operate::note(&doorward, Act::BackupMade).await;
        noted.map_err(|fault| Failure::from(fault).after("the copy is made; only the audit log could not be told"))
    }
}

/// The unfinished copy; it is removed unless it becomes the output.
struct Beside {
    path: PathBuf,
}

impl Beside {
    /// Makes the empty file, which SQLite then fills, so that nobody else can read it even for a moment.
    fn new(output: &Path) -> Result<Self, Failure> {
        if output.exists() {
            return Err(Failure::could_not(
                format!("{} exists already", output.display()),
                "Choose another name or remove it.",
            ));
        }
        let mut name = output.file_name().unwrap_or_default().to_owned();
        name.push(".unfinished");
        let path = output.with_file_name(name);
        let stale = fs::remove_file(&path);
        if let Err(cause) = stale.or_else(|cause| if cause.kind() == ErrorKind::NotFound { Ok(()) } else { Err(cause) })
        {
            return Err(unwritable(output, &cause));
        }
        let mut options = fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(&path).map_err(|cause| unwritable(output, &cause))?;
        Ok(Self { path })
    }

    /// Puts the copy in its place once it is on the disk.
    fn become_output(self, output: &Path) -> io::Result<()> {
        fs::File::open(&self.path)?.sync_all()?;
        fs::rename(&self.path, output)?;
        let folder = output.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        fs::File::open(folder)?.sync_all()
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        // After the renaming there is nothing left to remove.
        let _ = fs::remove_file(&self.path);
    }
}

/// Removes what must not come back, also from the pages that SQLite no longer uses.
fn empty(path: &Path) -> rusqlite::Result<()> {
    let copy = Connection::open(path)?;
    copy.execute_batch("PRAGMA journal_mode = DELETE; PRAGMA secure_delete = ON; BEGIN;")?;
    for table in EMPTIED {
        copy.execute(&format!("DELETE FROM {table}"), [])?;
    }
    copy.execute_batch("COMMIT; VACUUM;")?;
    copy.close().map_err(|(_, cause)| cause)
}

fn postgres() -> Failure {
    let excluded: Vec<String> = EMPTIED.iter().map(|table| format!("--exclude-table-data={table}")).collect();
    let cure = format!(
        "Run `pg_dump --format=custom {} --file=doorward.dump DATABASE`: it leaves out sessions, unspent links and signing keys, so that \
         restoring brings none of them back.",
        excluded.join(" ")
    );
    Failure::could_not("PostgreSQL makes its own backups", cure)
}

fn unwritable(output: &Path, cause: &dyn Cause) -> Failure {
    let what = format!("cannot write {}: {}", output.display(), cause);
    Failure::could_not(what, "Nothing was left behind; choose a place with enough room where you may write.")
}

/// What can go wrong while writing.
trait Cause: std::fmt::Display {}
impl Cause for io::Error {}
impl Cause for rusqlite::Error {}
impl Cause for Fault {}

/// The tables whose rows let somebody in, send a letter, or tell a client that a session is over. Keys that sign tokens are among
/// them: a copy would bring one back that was replaced because it was stolen.
const EMPTIED: [&str; 17] = [
    "sessions",
    "signups",
    "tenant_entries",
    "password_resets",
    "email_changes",
    "invitations",
    "outbox",
    "signing_keys",
    "refresh_families",
    "authorization_codes",
    "pushed_requests",
    "device_codes",
    "client_logins",
    "provider_flows",
    "provider_logouts",
    "provider_sessions",
    "provider_tokens",
];
