//! Looking at clients.

use clap::Args;
use doorward::{
    Doorward,
    core::ClientId,
    operate::{self, Client},
};
use serde_json::Value;

use super::found;
use crate::{
    failure::Failure,
    output::{self, one_line},
};

/// `doorward client list`
#[derive(Args)]
#[command(after_help = "\
Examples:
  doorward client list
  doorward client list --json | jq -r 'select(.grants | index(\"client_credentials\")) | .id'")]
pub(crate) struct List {
    /// At most this many of those that were registered
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    limit: u32,
    /// One JSON object for each client
    #[arg(long)]
    json: bool,
}

/// `doorward client show`
#[derive(Args)]
pub(crate) struct Show {
    /// Its id
    #[arg(value_name = "ID")]
    client: ClientId,
    /// Writes one JSON object
    #[arg(long)]
    json: bool,
}

impl List {
    pub(super) async fn run(self, doorward: &Doorward) -> Result<(), Failure> {
        let of_settings = operate::clients_of_settings(doorward);
        let mut rows = vec![["ID", "PROVES ITSELF WITH", "STATE", "REGISTERED", "NAME"].map(str::to_owned)];
        let mut tell = |client: &Client| {
            if self.json {
                return output::json(&object(client));
            }
            rows.push(row(client));
            Ok(())
        };
        of_settings.iter().try_for_each(|client| tell(client))?;
        let (mut left, mut after) = (self.limit, None);
        while left > 0 {
            let page = operate::list_clients(doorward, after.as_ref(), left.min(PAGE)).await?;
            if page.is_empty() {
                break;
            }
            left = left.saturating_sub(u32::try_from(page.len()).unwrap_or(u32::MAX));
            // A row of the same name as a client of the settings is worth nothing.
            let own = page.iter().filter(|client| of_settings.iter().all(|known| known.id != client.id));
            own.into_iter().try_for_each(&mut tell)?;
            after = page.into_iter().next_back();
        }
        if self.json { Ok(()) } else { output::table(&rows) }
    }
}

impl Show {
    pub(super) async fn run(self, doorward: &Doorward) -> Result<(), Failure> {
        let client = found(doorward, &self.client).await?;
        if self.json {
            return output::json(&object(&client));
        }
        let yes = |is_so: bool| if is_so { "yes".to_owned() } else { String::new() };
        let time = |at: Option<_>| at.map(output::time).unwrap_or_default();
        let lines = [
            ("id", client.id.to_string()),
            ("name", client.name.clone()),
            ("state", state(&client).to_owned()),
            ("proves itself with", client.authentication.name().to_owned()),
            ("grants", client.grant_names().join(", ")),
            ("scopes", client.scopes.join(", ")),
            ("resources", client.resources.join(", ")),
            ("redirect URIs", client.redirect_uris.join(", ")),
            ("after logging out", client.post_logout_redirect_uris.join(", ")),
            ("told of logouts at", client.backchannel_logout_uri.clone().unwrap_or_default()),
            ("tenant", client.tenant.map(|tenant| tenant.to_string()).unwrap_or_default()),
            ("our own", yes(client.trusted)),
            ("demands DPoP", yes(client.demands_dpop)),
            ("tokens signed with", client.algorithm.name().to_owned()),
            ("keys", client.keys.clone()),
            ("registered", client.created_at.map_or_else(|| "in the settings".to_owned(), output::time)),
            ("kept out since", time(client.disabled_at)),
            ("secret before until", time(client.secret_before_until)),
        ];
        let said = lines.into_iter().filter(|(_, text)| !text.is_empty());
        said.into_iter().try_for_each(|(name, text)| output::line(&format!("{name:20} {}", one_line(&text))))
    }
}

/// One client as JSON; its secret is nowhere to be read.
pub(super) fn object(client: &Client) -> Value {
    client.described(|time| output::time(time).into())
}

fn state(client: &Client) -> &'static str {
    if client.disabled_at.is_some() { "kept out" } else { "active" }
}

fn row(client: &Client) -> [String; 5] {
    let registered = client.created_at.map_or_else(|| "in the settings".to_owned(), output::time);
    let how = client.authentication.name().to_owned();
    [client.id.to_string(), how, state(client).to_owned(), registered, client.name.clone()]
}

const PAGE: u32 = 500;
