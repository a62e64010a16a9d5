//! `doorward config`: checking and explaining settings.

use clap::Subcommand;

use crate::{
    cli::Global,
    failure::Failure,
    output,
    settings::{production, reference},
};

/// `doorward config`
#[derive(Subcommand)]
pub(crate) enum Config {
    /// Tells everything that would keep `doorward serve` from starting, or "fine"; contacts nothing
    #[command(after_help = "\
Examples:
  doorward config check --config /etc/doorward.toml && systemctl restart doorward")]
    Check,
    /// Prints the reference of all settings as Markdown
    Reference,
    /// Prints a settings file to begin with
    #[command(after_help = "\
Examples:
  doorward config example > doorward.toml")]
    Example,
}

impl Config {
    /// Does it.
    pub(crate) async fn run(self, global: &Global) -> Result<(), Failure> {
        match self {
            Self::Check => {
                production::check(&global.production()?).await?;
                output::line("fine")
            }
            Self::Reference => output::text(&reference::markdown()),
            Self::Example => output::text(reference::EXAMPLE),
        }
    }
}
