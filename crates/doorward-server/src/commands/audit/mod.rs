//! `doorward audit`: who did what, when, with which result.

mod export;
mod progress;
mod read;
mod verify;

use clap::{Args, Subcommand};
use doorward::{
    Doorward,
    core::{TenantId, Timestamp},
    operate::{Action, Filter, Format, Outcome, Recorded},
};

use super::{account, open, open_signing, tenant_named};
use crate::{cli::Global, failure::Failure, moment, output};

/// `doorward audit`
#[derive(Subcommand)]
pub(crate) enum Audit {
    /// Shows the newest events, and with --follow those to come
    Tail(read::Tail),
    /// Finds events, newest first
    Search(read::Search),
    /// Writes all events that are asked for to a file, newest first
    Export(export::Export),
    /// Looks for events that were altered, removed, added or cut off; ends with 1 when there are any
    Verify(verify::Verify),
    /// Seals all events so far and writes a signed checkpoint, to be kept elsewhere
    Checkpoint(verify::Checkpoint),
}

/// Which events are meant.
#[derive(Args)]
struct Which {
    /// Those by or about this account
    #[arg(long, value_name = "EMAIL|ID")]
    user: Option<String>,
    /// Those in this tenant; one that is gone goes by its id
    #[arg(long, value_name = "SLUG|ID")]
    tenant: Option<String>,
    /// Those of this kind, for example `login` or `password.reset`
    #[arg(long, value_parser = action)]
    action: Option<Action>,
    /// Those that ended so: `success` or `denied`
    #[arg(long, value_parser = result)]
    result: Option<Outcome>,
    /// Not before this time: 2026-01-31, 2026-01-31T12:00:00Z, or how long ago (30m, 12h, 7d)
    #[arg(long, value_name = "TIME", value_parser = moment::parse)]
    since: Option<Timestamp>,
    /// Before this time
    #[arg(long, value_name = "TIME", value_parser = moment::parse)]
    until: Option<Timestamp>,
}

impl Audit {
    /// Does it.
    pub(crate) async fn run(self, global: &Global) -> Result<(), Failure> {
        let doorward = match self {
            // What is signed, and what a signature is checked with, are the server's own keys.
            Self::Verify(_) | Self::Checkpoint(_) => open_signing(global).await?,
            _ => open(global).await?,
        };
        match self {
            Self::Tail(tail) => tail.run(&doorward).await,
            Self::Search(search) => search.run(&doorward).await,
            Self::Export(export) => export.run(&doorward).await,
            Self::Verify(verify) => verify.run(&doorward).await,
            Self::Checkpoint(checkpoint) => checkpoint.run(&doorward).await,
        }
    }
}

impl Which {
    async fn filter(&self, doorward: &Doorward) -> Result<Filter, Failure> {
        let account = match &self.user {
            Some(named) => Some(account(doorward, named).await?),
            None => None,
        };
        let tenant = match &self.tenant {
            Some(named) => Some(tenant_id(doorward, named).await?),
            None => None,
        };
        let (action, result) = (self.action, self.result);
        Ok(Filter { account, tenant, action, result, since: self.since.unwrap_or_default(), until: self.until })
    }
}

/// What an id names need not be there any more: the log keeps what happened in it.
async fn tenant_id(doorward: &Doorward, named: &str) -> Result<TenantId, Failure> {
    match named.parse() {
        Ok(id) => Ok(id),
        Err(_) => Ok(tenant_named(doorward, named).await?.id),
    }
}

fn action(text: &str) -> Result<Action, String> {
    let names = || Action::ALL.iter().map(|action| action.name()).collect::<Vec<_>>().join(", ");
    let found = Action::ALL.iter().find(|action| action.name() == text).copied();
    found.ok_or_else(|| format!("there are: {}", names()))
}

fn result(text: &str) -> Result<Outcome, String> {
    let found = Outcome::ALL.iter().find(|result| result.name() == text).copied();
    found.ok_or_else(|| "there are: success, denied".to_owned())
}

/// Shows one event as a line for people.
fn show(event: &Recorded) -> Result<(), Failure> {
    let target = event.target.as_deref().filter(|target| *target != event.actor).map(|target| format!(" on {target}"));
    let address = event.address.as_deref().map(|address| format!(" from {address}"));
    let factors = event.factors.as_deref().map(|factors| format!(" with {factors}"));
    let tenant = event.tenant.as_deref().map(|tenant| format!(" in tenant:{tenant}"));
    let detail = event.detail.as_deref().map(|detail| format!(" ({detail})"));
    let more = [target, tenant, address, factors, detail].into_iter().flatten().collect::<String>();
    let text = format!("{} {} {} by {}{more}", event.at, event.action, event.result, event.actor);
    output::line(&output::one_line(&text))
}

/// The event as one line of JSON, the same as the audit stream writes.
fn json_of(event: &Recorded) -> String {
    Format::Jsonl.line(event)
}
