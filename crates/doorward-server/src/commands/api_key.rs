//! `doorward api-key`: which programs act for people and tenants without a login, and ending that.
//!
//! - `server/keys-at-once`: An API key that was taken back at the command line gets no token from the running server.

use clap::{Args, Subcommand};
use doorward::{
    Doorward,
    core::ApiKeyId,
    operate::{self, KeyInfo},
};

use super::{account, open, tenant_named};
use crate::{
    cli::Global,
    failure::{Failure, denied},
    output,
};

/// `doorward api-key`
#[derive(Subcommand)]
pub(crate) enum ApiKey {
    /// Lists API keys, newest first; the keys themselves are nowhere to be read
    List(List),
    /// Takes an API key back: it gets no token any more, and those that it got are void
    Revoke(Revoke),
}

/// `doorward api-key list`
#[derive(Args)]
#[command(after_help = "\
A key is made by a member on the page of their tenant, and acts for them (personal) or for the tenant (service).

Examples:
  doorward api-key list
  doorward api-key list --tenant acme
  doorward api-key list --user ann@example.com
  doorward api-key list --json | jq -r 'select(.last_used_at == null) | .id'      never used")]
pub(crate) struct List {
    /// Those of this tenant only
    #[arg(long, value_name = "SLUG|ID")]
    tenant: Option<String>,
    /// Those only that act for this account
    #[arg(long, value_name = "EMAIL|ID")]
    user: Option<String>,
    /// At most this many
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    limit: u32,
    /// One JSON object for each key
    #[arg(long)]
    json: bool,
}

/// `doorward api-key revoke`
#[derive(Args)]
#[command(after_help = "\
Whoever verifies tokens without asking takes one that the key got for the rest of its five minutes. Whoever has the key itself
takes it back without this: they send it to /auth/oauth/revoke.

Examples:
  doorward api-key revoke 018f3f0a-52c1-7d3e-9a60-1b2c3d4e5f60
  doorward api-key list --user ann@example.com --json | jq -r .id | xargs -n1 doorward api-key revoke")]
pub(crate) struct Revoke {
    /// The key's id, as `list` shows it
    #[arg(value_name = "ID")]
    id: ApiKeyId,
}

impl ApiKey {
    /// Does it.
    pub(crate) async fn run(self, global: &Global) -> Result<(), Failure> {
        let doorward = open(global).await?;
        match self {
            Self::List(list) => list.run(&doorward).await,
            Self::Revoke(revoke) => revoke.run(&doorward).await,
        }
    }
}

impl List {
    async fn run(self, doorward: &Doorward) -> Result<(), Failure> {
        let tenant = match &self.tenant {
            Some(named) => Some(tenant_named(doorward, named).await?.id),
            None => None,
        };
        let account = match &self.user {
            Some(named) => Some(account(doorward, named).await?),
            None => None,
        };
        let headings = ["ID", "KIND", "TENANT", "ACCOUNT", "MAY", "LAST USED", "WORKS UNTIL", "NAME"];
        let mut rows = vec![headings.map(str::to_owned)];
        let (mut after, mut left) = (None, self.limit);
        while left > 0 {
            let page = operate::api_keys(doorward, (tenant, account), after, left.min(PAGE)).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.id);
            left = left.saturating_sub(u32::try_from(page.len()).unwrap_or(u32::MAX));
            for one in &page {
                if self.json { output::json(&object(one))? } else { rows.push(row(one)) }
            }
        }
        if self.json { Ok(()) } else { output::table(&rows) }
    }
}

impl Revoke {
    async fn run(self, doorward: &Doorward) -> Result<(), Failure> {
        let revoked = operate::revoke_api_key(doorward, self.id).await;
        revoked.map_err(|error| match denied(&error) {
            Some("no_such_api_key") => Failure::could_not(
                format!("there is no API key {}", self.id),
                "It may have been taken back, or have ended a month ago; see `doorward api-key list`.",
            ),
            _ => error.into(),
        })?;
        output::line(&format!("The API key {} is taken back.", self.id))
    }
}

fn object(one: &KeyInfo) -> serde_json::Value {
    one.described(|time| output::time(time).into())
}

fn row(one: &KeyInfo) -> [String; 8] {
    let until = if one.is_over { "over".to_owned() } else { output::time(one.expires_at) };
    [
        one.id.to_string(),
        one.kind().to_owned(),
        one.tenant.to_string(),
        one.account.map(|account| account.to_string()).unwrap_or_default(),
        one.scopes.join(", "),
        one.last_used_at.map_or_else(|| "never".to_owned(), output::time),
        until,
        one.name.clone(),
    ]
}

const PAGE: u32 = 500;
