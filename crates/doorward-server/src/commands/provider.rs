//! `doorward provider`: by which providers people may come in, and what is wrong with one.
//!
//! - `server/provider-tried`: A provider is tried out before anybody needs it, and what is wrong is a sentence and an exit code.

use clap::{Args, Subcommand};
use doorward::{
    Doorward,
    operate::{self, Check, Found, Trial},
};
use serde_json::json;

use super::{open, open_signing};
use crate::{cli::Global, failure::Failure, output};

/// `doorward provider`
#[derive(Subcommand)]
pub(crate) enum Provider {
    /// Lists the providers of the settings, and what is to be registered with each
    List(List),
    /// Tries a provider out: its description, addresses, keys and clock, our redirect URI and secret
    Try(Try),
}

/// `doorward provider list`
#[derive(Args)]
#[command(after_help = "\
Examples:
  doorward provider list
  doorward provider list --json | jq -r .redirect_uri")]
pub(crate) struct List {
    /// One JSON object for each provider
    #[arg(long)]
    json: bool,
}

/// `doorward provider try`
#[derive(Args)]
#[command(after_help = "\
It calls the provider as a login does, and shows it our secret with a code that it never gave out. Nobody is logged in. The exit
code is 1 when something is wrong that keeps everybody out.

Examples:
  doorward provider try google
  doorward provider try google --json | jq -r '.checks[] | select(.found == \"bad\") | .says'")]
pub(crate) struct Try {
    /// Its name in the settings
    #[arg(value_name = "NAME")]
    name: String,
    /// One JSON object
    #[arg(long)]
    json: bool,
}

impl Provider {
    /// Does it.
    pub(crate) async fn run(self, global: &Global) -> Result<(), Failure> {
        match self {
            Self::List(list) => list.run(&open(global).await?),
            // What is asked for there is derived from the keys of the server, as at a login.
            Self::Try(trying) => trying.run(&open_signing(global).await?).await,
        }
    }
}

impl List {
    fn run(self, doorward: &Doorward) -> Result<(), Failure> {
        let all = operate::providers(doorward);
        if self.json {
            return all.iter().try_for_each(|one| {
                let (name, kind) = (one.name.as_str(), one.kind);
                output::json(
                    &json!({ "name": name, "label": one.label, "kind": kind, "redirect_uri": one.redirect_uri }),
                )
            });
        }
        let mut rows = vec![["NAME", "KIND", "LABEL", "SENDS PEOPLE BACK TO"].map(str::to_owned)];
        let row = |one: &operate::Provider| {
            [one.name.to_string(), one.kind.to_owned(), one.label.clone(), one.redirect_uri.clone()]
        };
        rows.extend(all.iter().map(row));
        output::table(&rows)
    }
}

impl Try {
    async fn run(self, doorward: &Doorward) -> Result<(), Failure> {
        let tried = operate::try_provider(doorward, &self.name).await?;
        let tried = tried.ok_or_else(|| {
            let what = format!("there is no provider {}", self.name);
            Failure::could_not(
                what,
                "`doorward provider list` shows all; each is a section [providers.NAME] of the settings.",
            )
        })?;
        if self.json {
            output::json(&object(&tried))?
        } else {
            shown(&tried)?
        }
        match tried.works() {
            true => Ok(()),
            false => Err(Failure::could_not(
                format!("nobody can come in by {}", tried.provider),
                "Mend what is marked, and try again.",
            )),
        }
    }
}

fn object(tried: &Trial) -> serde_json::Value {
    let check = |check: &Check| json!({ "check": check.name, "found": check.found.name(), "says": check.says });
    json!({
        "provider": tried.provider.as_str(),
        "works": tried.works(),
        "redirect_uri": tried.redirect_uri,
        "checks": tried.checks.iter().map(check).collect::<Vec<_>>(),
    })
}

fn shown(tried: &Trial) -> Result<(), Failure> {
    output::line(&format!("Register with it: {}", tried.redirect_uri))?;
    tried.checks.iter().try_for_each(|check| {
        let mark = match check.found {
            Found::Good => "good ",
            Found::Bad => "WRONG",
            Found::Open => "  ?  ",
        };
        output::line(&format!("{mark}  {:<12} {}", check.name, output::one_line(&check.says)))
    })
}
