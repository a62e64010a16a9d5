//! `doorward session`: who is logged in, and ending it.
//!
//! - `server/revoke-at-once`: A session that was ended at the command line is refused by the running server's next request.

use clap::{Args, Subcommand};
use doorward::{core::SessionId, operate};
use serde_json::json;

use super::{account, open};
use crate::{cli::Global, failure::Failure, output};

/// `doorward session`
#[derive(Subcommand)]
pub(crate) enum Session {
    /// Lists live sessions, newest first
    List(List),
    /// Ends sessions; the next request of each is refused
    Revoke(Revoke),
}

/// `doorward session list`
#[derive(Args)]
#[command(after_help = "\
Examples:
  doorward session list
  doorward session list --user ann@example.com
  doorward session list --json | jq -r .address | sort | uniq -c")]
pub(crate) struct List {
    /// Those of this account only
    #[arg(long, value_name = "EMAIL|ID")]
    user: Option<String>,
    /// At most this many
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1000))]
    limit: u32,
    /// One JSON object for each session
    #[arg(long)]
    json: bool,
}

/// `doorward session revoke`
#[derive(Args)]
#[group(required = true, multiple = false)]
#[command(after_help = "\
Examples:
  doorward session revoke 00cd5e0f3a0a1b2c
  doorward session revoke --user ann@example.com
  doorward session revoke --all                     after a theft")]
pub(crate) struct Revoke {
    /// The session, as `doorward session list` names it
    id: Option<String>,
    /// All sessions of this account
    #[arg(long, value_name = "EMAIL|ID")]
    user: Option<String>,
    /// Every session there is: everybody has to log in again
    #[arg(long)]
    all: bool,
}

impl Session {
    /// Does it.
    pub(crate) async fn run(self, global: &Global) -> Result<(), Failure> {
        match self {
            Self::List(list) => list.run(global).await,
            Self::Revoke(revoke) => revoke.run(global).await,
        }
    }
}

impl List {
    async fn run(self, global: &Global) -> Result<(), Failure> {
        let doorward = open(global).await?;
        let account = match &self.user {
            Some(named) => Some(account(&doorward, named).await?),
            None => None,
        };
        let mut sessions = operate::sessions(&doorward, account, self.limit).await?;
        sessions.truncate(self.limit as usize);
        if self.json {
            return sessions.iter().try_for_each(|session| {
                output::json(&json!({
                    "id": session.id.to_string(),
                    "account": session.account.to_string(),
                    "device": session.device,
                    "address": session.address,
                    "created_at": output::time(session.created_at),
                    "seen_at": output::time(session.seen_at),
                    "expires_at": output::time(session.expires_at),
                }))
            });
        }
        let mut rows = vec![["ID", "ACCOUNT", "DEVICE", "ADDRESS", "LAST SEEN"].map(str::to_owned)];
        rows.extend(sessions.into_iter().map(|session| {
            [
                session.id.to_string(),
                session.account.to_string(),
                session.device,
                session.address,
                output::time(session.seen_at),
            ]
        }));
        output::table(&rows)
    }
}

impl Revoke {
    async fn run(self, global: &Global) -> Result<(), Failure> {
        let doorward = open(global).await?;
        if let Some(text) = &self.id {
            let malformed = |_| {
                Failure::usage(
                    format!("`{text}` is no session"),
                    "Write its sixteen digits as `doorward session list` shows them.",
                )
            };
            let id: SessionId = text.parse().map_err(malformed)?;
            let found = operate::revoke(&doorward, id).await?;
            let none = || {
                Failure::could_not(
                    format!("there is no session {id}"),
                    "It may have ended; see `doorward session list`.",
                )
            };
            return if found { output::line(&format!("Ended the session {id}.")) } else { Err(none()) };
        }
        let ended = match &self.user {
            Some(named) => operate::revoke_all_of(&doorward, account(&doorward, named).await?).await?,
            None => operate::revoke_everything(&doorward).await?,
        };
        output::line(&format!("Ended {ended} sessions."))
    }
}
