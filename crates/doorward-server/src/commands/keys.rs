//! `doorward keys`: the signing keys of cookies.
//!
//! - `server/operator-acts`: A rotation of keys, a backup, an export of events and all that is done to accounts and sessions leave
//!   an event with the operator as its actor; keys are kept and a failure is told when the event cannot be written.
//! - `server/rotation-logs-nobody-out`: A rotation of the keys logs nobody out; one `--at-once` logs everybody out.

use std::time::Duration;

use clap::{Args, Subcommand};
use doorward::{
    KeyFile, KeyFileError,
    core::{Clock, SystemClock, SystemEntropy, Timestamp},
    operate::{self, Act},
};
use serde_json::json;

use super::{open, open_signing};
use crate::{cli::Global, failure::Failure, output};

/// `doorward keys`
#[derive(Subcommand)]
pub(crate) enum Keys {
    /// Adds a key that signs from now on, or makes the file; nobody is logged out
    Rotate(Rotate),
    /// Lists the keys: ids and times, never the secrets
    List(List),
}

/// `doorward keys rotate`
#[derive(Args)]
#[command(after_help = "\
Running servers read the file within ten seconds, or at once on SIGHUP. With several nodes, copy the file to all of them
within --lead: until then the new key is known and does not sign yet.

Examples:
  doorward keys rotate                  every few months; nobody notices
  doorward keys rotate --lead 3600      an hour to bring the file to all nodes
  doorward keys rotate --at-once        after a theft of the keys: logs everybody out and voids all tokens")]
pub(crate) struct Rotate {
    /// Removes all other keys: every cookie ever signed is refused and everybody has to log in again
    #[arg(long, conflicts_with = "lead")]
    at_once: bool,
    /// Seconds until the new key signs
    #[arg(long, value_name = "SECS", default_value_t = 60, value_parser = clap::value_parser!(u32).range(0..=604_800))]
    lead: u32,
}

/// `doorward keys list`
#[derive(Args)]
pub(crate) struct List {
    /// One JSON object for each key
    #[arg(long)]
    json: bool,
}

impl Keys {
    /// Does it.
    pub(crate) async fn run(self, global: &Global) -> Result<(), Failure> {
        let loaded = global.source()?.load()?;
        match self {
            Self::Rotate(rotate) => {
                let file = loaded.keys();
                let is_first = !file.path().exists();
                let at_once = rotate.at_once;
                rotate.run(&file, loaded.settings.sessions.absolute)?;
                // The first keys are made before there is a database, which asking for it would make.
                match (is_first, at_once) {
                    (true, _) => Ok(()),
                    (false, false) => note(global, Act::KeysRotated).await,
                    (false, true) => {
                        note(global, Act::KeysReplaced).await?;
                        replace_signing(global).await
                    }
                }
            }
            Self::List(list) => list.run(&loaded.keys()),
        }
    }
}

/// Writes the rotation, which has happened, into the audit log.
async fn note(global: &Global, act: Act) -> Result<(), Failure> {
    let noted = async { operate::note(&open(global).await?, act).await.map_err(Failure::from) };
    noted.await.map_err(|failure| {
        failure.after(
            "the keys are changed and in force; only the audit log could not be told. Do not rotate again for that",
        )
    })
}

/// Replaces the keys that sign tokens too, when there are any: they rest encrypted under the keys that are gone, and whoever
/// has read those may have opened them.
async fn replace_signing(global: &Global) -> Result<(), Failure> {
    let replaced = async {
        let doorward = open_signing(global).await?;
        if !operate::signing_keys(&doorward).await?.is_empty() {
            operate::replace_signing_keys(&doorward).await?;
            output::line("The keys that sign tokens were replaced too: every token is refused.")?;
        }
        Ok(())
    };
    replaced.await.map_err(|failure: Failure| {
        failure.after(
            "the keys are changed and in force; those that sign tokens are not. Run `doorward signing rotate --now`",
        )
    })
}

impl Rotate {
    fn run(self, file: &KeyFile, session_lifetime: Duration) -> Result<(), Failure> {
        let path = file.path().display();
        let now = SystemClock.now();
        if self.at_once {
            let id = file.replace_all(now, &SystemEntropy).map_err(|cause| unusable(&cause))?;
            return output::line(&format!("Key {id} is now the only one in {path}: everybody has to log in again."));
        }
        let is_first = !file.path().exists();
        let lead = Duration::from_secs(self.lead.into());
        let id = file.rotate(now, lead, session_lifetime, &SystemEntropy).map_err(|cause| unusable(&cause))?;
        if is_first {
            return output::line(&format!("Made {path} with key {id}."));
        }
        output::line(&format!(
            "Added key {id} to {path}; it signs from {}. Nobody is logged out.",
            output::time(now.after(lead))
        ))
    }
}

impl List {
    fn run(self, file: &KeyFile) -> Result<(), Failure> {
        let now = SystemClock.now();
        let mut keys = file.list().map_err(|cause| unusable(&cause))?;
        keys.sort_by_key(|(_, from)| *from);
        let signing = keys.iter().rfind(|(_, from)| *from <= now).or(keys.first()).map(|(id, _)| *id);
        let does = |id: u32, from: Timestamp| match () {
            () if Some(id) == signing => "signs",
            () if from > now => "will sign",
            () => "verifies",
        };
        if self.json {
            return keys.iter().try_for_each(|(id, from)| {
                output::json(&json!({ "id": id, "signs_from": output::time(*from), "does": does(*id, *from) }))
            });
        }
        let mut rows = vec![["ID", "SIGNS FROM", "DOES"].map(str::to_owned)];
        rows.extend(keys.iter().map(|(id, from)| [id.to_string(), output::time(*from), does(*id, *from).to_owned()]));
        output::table(&rows)
    }
}

/// Says why the file of keys cannot be used.
pub(super) fn unusable(cause: &KeyFileError) -> Failure {
    match cause {
        KeyFileError::Io(path, cause) => Failure::could_not(
            format!("cannot read or write {}: {cause}", path.display()),
            "Make its folder, run this as the server's user, or correct keys.file.",
        ),
        KeyFileError::Ring(path, _) => {
            Failure::could_not(format!("{cause}").trim_end_matches('.'), format!("The file is {}.", path.display()))
        }
        KeyFileError::Exposed(path) => Failure::could_not(
            format!("others may read {}", path.display()),
            format!("Run `chmod 600 {}`.", path.display()),
        ),
        KeyFileError::Line(path, line) => Failure::could_not(
            format!("{}, line {line} is not `ID SIGNS_FROM SECRET`", path.display()),
            "Restore the file from a backup, or remove it and run `doorward keys rotate`.",
        ),
    }
}
