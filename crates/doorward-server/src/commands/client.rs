//! `doorward client`: which programs may ask for tokens.
//!
//! - `server/clients-at-once`: What the command line does to a client holds at its next request to the running server.

mod read;
mod register;

use std::time::Duration;

use clap::{Args, Subcommand};
use doorward::{
    Doorward,
    core::{ClientId, SystemEntropy},
    operate::{self, Client as Found, ClientSecretText},
};
use serde_json::json;

use super::{confirm, open};
use crate::{cli::Global, failure::Failure, output};

/// `doorward client`
#[derive(Subcommand)]
pub(crate) enum Client {
    /// Registers a program, and shows its secret this once
    Register(Box<register::Register>),
    /// Lists clients, newest first, after those of the settings
    List(read::List),
    /// Shows one client
    Show(read::Show),
    /// Makes a new secret; the one that there is goes on working for a while
    RotateSecret(RotateSecret),
    /// Keeps a client out from its next request on
    Disable(Named),
    /// Lets a client in again
    Enable(Named),
    /// Deletes a client with everything that people have let it do
    Delete(Delete),
    /// Makes a secret for a client of the settings, and keeps it nowhere
    Secret(Secret),
}

/// A client.
#[derive(Args)]
pub(crate) struct Named {
    /// Its id
    #[arg(value_name = "ID")]
    client: ClientId,
}

/// `doorward client rotate-secret`
#[derive(Args)]
#[command(after_help = "\
Give the new secret to the program within these hours, and it is never without one that works. Two work at a time: rotating again
ends the one before the one that there is.

Examples:
  doorward client rotate-secret billing
  doorward client rotate-secret billing --hours 0        after a theft: the one that there is ends at once")]
pub(crate) struct RotateSecret {
    /// Its id
    #[arg(value_name = "ID")]
    client: ClientId,
    /// For how many hours the secret that there is goes on working
    #[arg(long, default_value_t = 24, value_parser = clap::value_parser!(u64).range(0..=720))]
    hours: u64,
    /// Writes one JSON object
    #[arg(long)]
    json: bool,
}

/// `doorward client delete`
#[derive(Args)]
#[command(after_help = "\
Examples:
  doorward client disable billing          for the time being
  doorward client delete billing           for good; asks for its id")]
pub(crate) struct Delete {
    /// Its id
    #[arg(value_name = "ID")]
    client: ClientId,
    /// Does not ask
    #[arg(long)]
    yes: bool,
}

/// `doorward client secret`
#[derive(Args)]
#[command(after_help = "\
Examples:
  doorward client secret > billing.secret        then, under [clients.billing]: secret_file = \"billing.secret\"")]
pub(crate) struct Secret {}

impl Client {
    /// Does it.
    pub(crate) async fn run(self, global: &Global) -> Result<(), Failure> {
        if let Self::Secret(Secret {}) = self {
            return output::line(&ClientSecretText::mint(&SystemEntropy).reveal());
        }
        let doorward = open(global).await?;
        match self {
            Self::Register(register) => register.run(&doorward).await,
            Self::List(list) => list.run(&doorward).await,
            Self::Show(show) => show.run(&doorward).await,
            Self::RotateSecret(rotate) => rotate.run(&doorward).await,
            Self::Disable(named) => named.disable(&doorward).await,
            Self::Enable(named) => named.enable(&doorward).await,
            Self::Delete(delete) => delete.run(&doorward).await,
            Self::Secret(_) => Ok(()),
        }
    }
}

impl RotateSecret {
    async fn run(self, doorward: &Doorward) -> Result<(), Failure> {
        let grace = Duration::from_secs(self.hours * 3600);
        let secret = operate::rotate_client_secret(doorward, &self.client, grace).await?.reveal();
        let until = found(doorward, &self.client).await?.secret_before_until.map(output::time).unwrap_or_default();
        if self.json {
            let (id, until) = (self.client.as_str(), until.as_str());
            return output::json(&json!({ "id": id, "secret": secret, "secret_before_until": until }));
        }
        output::line(&format!("The new secret of {}, shown this once:", self.client))?;
        output::line(&secret)?;
        output::line(&format!("The one before works until {until}."))
    }
}

impl Named {
    async fn disable(self, doorward: &Doorward) -> Result<(), Failure> {
        let new = operate::disable_client(doorward, &self.client).await?;
        let how = if new { "is kept out until `doorward client enable`" } else { "is kept out already" };
        output::line(&format!("{} {how}.", self.client))
    }

    async fn enable(self, doorward: &Doorward) -> Result<(), Failure> {
        let new = operate::enable_client(doorward, &self.client).await?;
        output::line(&format!("{} {}.", self.client, if new { "may ask again" } else { "was not kept out" }))
    }
}

impl Delete {
    async fn run(self, doorward: &Doorward) -> Result<(), Failure> {
        found(doorward, &self.client).await?;
        if !self.yes {
            confirm(self.client.as_str())?;
        }
        operate::delete_client(doorward, &self.client).await?;
        output::line(&format!("{} is deleted; the audit log keeps its id.", self.client))
    }
}

/// Finds the client of an id.
async fn found(doorward: &Doorward, id: &ClientId) -> Result<std::sync::Arc<Found>, Failure> {
    let none = || Failure::could_not(format!("there is no client {id}"), "`doorward client list` shows all.");
    operate::client(doorward, id).await?.ok_or_else(none)
}
