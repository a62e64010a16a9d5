//! `doorward migrate`: the schema, without starting a server.

use clap::Args;

use super::{throwaway_keys, without_schema};
use crate::{cli::Global, failure::Failure, output};

/// `doorward migrate`
#[derive(Args)]
#[command(after_help = "\
A server does this at its start too; run it on its own when the database user of the server may not change the schema.
Several may run at the same time: they wait for each other, and each step is applied once.

Examples:
  doorward migrate --config /etc/doorward.toml")]
pub(crate) struct Migrate {}

impl Migrate {
    /// Applies what is missing and names it.
    pub(crate) async fn run(self, global: &Global) -> Result<(), Failure> {
        let source = global.source()?;
        let doorward = without_schema(&source, source.load()?, throwaway_keys()).await?;
        let applied = doorward.migrate().await?;
        if applied.is_empty() {
            return output::line("Nothing to do: the database is up to date.");
        }
        applied.iter().try_for_each(|name| output::line(&format!("Applied {name}.")))
    }
}
