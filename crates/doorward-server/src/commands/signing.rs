//! `doorward signing`: the keys that sign tokens.
//!
//! - `server/signing-at-once`: After `doorward signing rotate --now` the running server's next answer knows the new keys only.

use clap::{Args, Subcommand};
use doorward::operate::{self, SigningKey};
use serde_json::json;

use super::{open, open_signing};
use crate::{cli::Global, failure::Failure, output};

/// `doorward signing`
#[derive(Subcommand)]
pub(crate) enum Signing {
    /// Publishes new keys that sign once every service can know them, or replaces all keys at once
    Rotate(Rotate),
    /// Lists the keys that sign, will sign, or still verify: never their secrets
    List(List),
}

/// `doorward signing rotate`
#[derive(Args)]
#[command(after_help = "\
Servers rotate these keys by themselves (signing.rotate_every_secs). A new key is in the key set for signing.publish_ahead_secs
before it signs, and an old one stays there until its last token is over, so nobody notices.

With --now all keys there are leave the key set at once: every token that they have signed is refused, and programs get new
ones. A service that has fetched the key set itself takes the old ones for up to five minutes more.

These are not the master keys of `doorward keys`, under which they are encrypted. Were those stolen too, run
`doorward keys rotate --at-once`, which replaces both.

Examples:
  doorward signing rotate           before its time; nobody notices
  doorward signing rotate --now     after a theft of the keys, or when the master key that opens them is lost")]
pub(crate) struct Rotate {
    /// Replaces all keys at once and voids every token that they have signed
    #[arg(long)]
    now: bool,
    /// One JSON object for each key there is afterwards
    #[arg(long)]
    json: bool,
}

/// `doorward signing list`
#[derive(Args)]
#[command(after_help = "\
Examples:
  doorward signing list
  doorward signing list --json | jq -r 'select(.does == \"signs\") | .kid'")]
pub(crate) struct List {
    /// One JSON object for each key
    #[arg(long)]
    json: bool,
}

impl Signing {
    /// Does it.
    pub(crate) async fn run(self, global: &Global) -> Result<(), Failure> {
        match self {
            Self::Rotate(rotate) => rotate.run(global).await,
            Self::List(list) => told(&operate::signing_keys(&open(global).await?).await?, list.json),
        }
    }
}

impl Rotate {
    async fn run(self, global: &Global) -> Result<(), Failure> {
        let doorward = open_signing(global).await?;
        let keys = match self.now {
            true => operate::replace_signing_keys(&doorward).await?,
            false => operate::rotate_signing_keys(&doorward).await?,
        };
        if !self.json {
            output::line(match self.now {
                true => "All keys were replaced: whatever the old ones have signed is refused.",
                false => "Every key has a successor, which signs when everybody can know it.",
            })?;
        }
        told(&keys, self.json)
    }
}

fn told(keys: &[SigningKey], as_json: bool) -> Result<(), Failure> {
    if as_json {
        return keys.iter().try_for_each(|key| {
            output::json(&json!({
                "kid": key.kid,
                "algorithm": key.algorithm,
                "does": key.does,
                "created_at": output::time(key.created_at),
                "signs_from": output::time(key.signs_from),
                "ends_at": key.ends_at.map(output::time),
            }))
        });
    }
    let mut rows = vec![["KID", "ALGORITHM", "DOES", "SIGNS FROM", "ENDS"].map(str::to_owned)];
    rows.extend(keys.iter().map(|key| {
        let ends = key.ends_at.map(output::time).unwrap_or_default();
        let signs_from = output::time(key.signs_from);
        [key.kid.clone(), key.algorithm.to_owned(), key.does.to_owned(), signs_from, ends]
    }));
    output::table(&rows)
}
