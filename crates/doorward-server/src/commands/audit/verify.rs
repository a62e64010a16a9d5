//! Proving that nobody has touched the log, and the checkpoints that this takes.
//!
//! - `server/audit-verify`: `audit verify` ends with 1 and names the place when the log was altered or cut off, server or not.

use std::{
    fs,
    io::{IsTerminal, Write, stdout},
    path::PathBuf,
};

use clap::Args;
use doorward::{
    Doorward,
    operate::{self, Checkpoint as Kept, PublicKey, Signature, Verified},
};
use serde_json::json;

use super::{export::create, progress::Progress};
use crate::{failure::Failure, output};

/// `doorward audit verify`
#[derive(Args)]
#[command(after_help = "\
Without a checkpoint this finds whatever was altered by somebody who did not compute all later seals anew. Who can write to the
database and has this program can do that: only a checkpoint that they could not reach finds it. Its signature is checked with
the keys that the server has now; give --public-key to check one that was signed by a key from before.

Examples:
  doorward audit verify
  doorward audit verify --checkpoint /elsewhere/2026-11.checkpoint
  doorward audit verify --checkpoint old --public-key 'id.example.com/audit+33d7b496+Ae…' --json")]
pub(crate) struct Verify {
    /// A checkpoint from before, to compare the log with
    #[arg(long, value_name = "FILE")]
    checkpoint: Option<PathBuf>,
    /// The key that must have signed it, as `audit checkpoint --public-key` showed it then
    #[arg(long, value_name = "KEY", value_parser = public_key, requires = "checkpoint")]
    public_key: Option<PublicKey>,
    /// One JSON object with all that was found
    #[arg(long)]
    json: bool,
}

/// `doorward audit checkpoint`
#[derive(Args)]
#[command(after_help = "\
Keep it where nobody who can write to the database can write, for instance in the mail or on another machine. The public key
says later that it is genuine, when the server has no longer the key that signed it.

Examples:
  doorward audit checkpoint --output /elsewhere/$(date +%F).checkpoint
  doorward audit checkpoint --public-key")]
pub(crate) struct Checkpoint {
    /// The file to write; it must not exist [default: standard output]
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Shows the public key that checkpoints are checked with, and no checkpoint
    #[arg(long, conflicts_with_all = ["output", "json"])]
    public_key: bool,
    /// One JSON object with the checkpoint, what it says, and the public key
    #[arg(long, conflicts_with = "output")]
    json: bool,
}

impl Verify {
    pub(super) async fn run(self, doorward: &Doorward) -> Result<(), Failure> {
        let kept = self.kept(doorward)?;
        let mut progress = Progress::new(!self.json || !stdout().is_terminal());
        let compared = kept.as_ref().map(|(kept, _)| kept);
        let found = operate::verify(doorward, compared, |done, of| {
            let percent = i128::from(done) * 100 / i128::from(of.max(1));
            progress.show(format_args!("{percent:3} % of {of} events"));
        });
        let found = found.await?;
        progress.end(format_args!("100 % of {} events", found.events));
        if self.json {
            tell_json(&found, kept.as_ref())?
        } else {
            tell(&found, kept.as_ref())?
        }
        match found.findings.len() {
            0 => Ok(()),
            _ => Err(Failure::could_not(
                "the audit log is not what was sealed",
                "Keep the database as it is, and find out who did it.",
            )),
        }
    }

    fn kept(&self, doorward: &Doorward) -> Result<Option<(Kept, Signature)>, Failure> {
        let Some(path) = &self.checkpoint else { return Ok(None) };
        let shown = path.display();
        let note = fs::read_to_string(path).map_err(|cause| {
            Failure::could_not(format!("cannot read {shown}: {cause}"), "Correct its name or its mode.")
        })?;
        let read = operate::read_checkpoint(doorward, &note, self.public_key.as_ref()).map_err(|cause| {
            Failure::could_not(format!("{shown} is not taken: {cause}"), "Take one that nobody else could write to.")
        })?;
        Ok(Some(read))
    }
}

impl Checkpoint {
    pub(super) async fn run(self, doorward: &Doorward) -> Result<(), Failure> {
        let signed = operate::checkpoint(doorward).await?;
        if self.public_key {
            return output::line(&signed.public_key.to_string());
        }
        if self.json {
            let kept = &signed.checkpoint;
            return output::json(&json!({
                "checkpoint": signed.text, "origin": kept.origin, "seals": kept.seals, "events": kept.events, "at": kept.at,
                "public_key": signed.public_key.to_string(),
            }));
        }
        let Some(path) = &self.output else { return output::text(&signed.text) };
        let mut file = create(path)?;
        let written = file.write_all(signed.text.as_bytes()).and_then(|()| file.sync_all());
        written.map_err(|cause| Failure::output(&cause))
    }
}

fn tell(found: &Verified, kept: Option<&(Kept, Signature)>) -> Result<(), Failure> {
    for finding in &found.findings {
        output::line(&output::one_line(&finding.text))?;
    }
    output::line(&format!(
        "{} seals with {} events were looked at; {} events are gone for their age, {} are not sealed yet.",
        found.seals, found.events, found.purged, found.unsealed
    ))?;
    match kept {
        None => output::line("No checkpoint was given: who computed all seals anew is not found.")?,
        Some((kept, Signature::Genuine)) => {
            output::line(&format!("Compared with the checkpoint of {} over {} seals.", kept.at, kept.seals))?;
        }
        Some((kept, Signature::UnknownKey)) => output::line(&format!(
            "Compared with the checkpoint of {} over {} seals, which is signed by a key that this server no longer has: \
             its signature was not checked. --public-key checks it.",
            output::one_line(&kept.at),
            kept.seals
        ))?,
    }
    if found.findings.is_empty() { output::line("Nothing is wrong.") } else { Ok(()) }
}

fn tell_json(found: &Verified, kept: Option<&(Kept, Signature)>) -> Result<(), Failure> {
    let findings = found.findings.iter();
    let findings: Vec<_> = findings
        .map(|finding| json!({ "seal": finding.seal, "kind": finding.kind.name(), "text": finding.text }))
        .collect();
    let kept = kept.map(|(kept, signature)| {
        let genuine = match signature {
            Signature::Genuine => "genuine",
            Signature::UnknownKey => "unknown_key",
        };
        json!({ "seals": kept.seals, "events": kept.events, "at": kept.at, "signature": genuine })
    });
    output::json(&json!({
        "seals": found.seals, "events": found.events, "purged": found.purged, "unsealed": found.unsealed,
        "checkpoint": kept, "findings": findings,
    }))
}

fn public_key(text: &str) -> Result<PublicKey, String> {
    PublicKey::parse(text)
        .ok_or_else(|| "a key is NAME+ID+BASE64, as `audit checkpoint --public-key` shows it".to_owned())
}
