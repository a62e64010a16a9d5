//! `doorward user`: accounts, for an operator.
//!
//! - `server/password-not-an-argument`: A password is read from standard input, never from the command line, where every user
//!   of the machine could see it; without one the person gets a link, and the operator knows none.

use std::io::{self, Read};

use clap::{Args, Subcommand};
use doorward::{
    Doorward,
    core::RoleName,
    operate::{self, Deletion},
};
use serde_json::json;
use zeroize::Zeroizing;

use super::{
    account, address, confirm, no_account, open,
    operator::{grant, known},
};
use crate::{cli::Global, failure::Failure, output};

/// `doorward user`
#[derive(Subcommand)]
pub(crate) enum User {
    /// Makes an account with a confirmed address, and sends its person a link to set the password
    Create(Create),
    /// Voids a password, ends all sessions, and sends the person a link to set a new one
    Reset(Reset),
    /// Lists accounts in the order of their addresses
    List(List),
    /// Keeps an account out and ends its sessions
    Disable(Named),
    /// Lets a disabled account log in again
    Enable(Named),
    /// Removes an account and everything that belongs to it
    Delete(Delete),
}

/// `doorward user create`
#[derive(Args)]
#[command(after_help = "\
Examples:
  doorward user create ann@example.com                               sends a link to set the password
  pwgen -s 20 1 | doorward user create ann@example.com --password-stdin
  doorward user create ann@example.com --operator                    the first operator of the console
  doorward user create eve@example.com --operator support            another one, with another role")]
pub(crate) struct Create {
    /// The mail address
    email: String,
    /// Sends no link, and reads the password from standard input, up to the end of its first line
    #[arg(long)]
    password_stdin: bool,
    /// How the person is to be addressed
    #[arg(long)]
    name: Option<String>,
    /// Makes the account an operator as well, with this role
    #[arg(long, value_name = "ROLE", num_args = 0..=1, default_missing_value = "admin")]
    operator: Option<RoleName>,
    /// Writes one JSON object
    #[arg(long)]
    json: bool,
}

/// `doorward user reset`
#[derive(Args)]
#[command(after_help = "\
Examples:
  doorward user reset ann@example.com       after a theft of the password or of a device")]
pub(crate) struct Reset {
    /// Its mail address or its id
    #[arg(value_name = "EMAIL|ID")]
    account: String,
    /// Writes one JSON object
    #[arg(long)]
    json: bool,
}

/// `doorward user list`
#[derive(Args)]
#[command(after_help = "\
Examples:
  doorward user list
  doorward user list --after mia@example.com --limit 1000
  doorward user list --json | jq -r 'select(.disabled_at != null) | .email'")]
pub(crate) struct List {
    /// Begins after this address
    #[arg(long, default_value = "", hide_default_value = true)]
    after: String,
    /// At most this many
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1000))]
    limit: u32,
    /// One JSON object for each account
    #[arg(long)]
    json: bool,
}

/// An account.
#[derive(Args)]
pub(crate) struct Named {
    /// Its mail address or its id
    #[arg(value_name = "EMAIL|ID")]
    account: String,
}

/// `doorward user delete`
#[derive(Args)]
pub(crate) struct Delete {
    /// Its mail address or its id
    #[arg(value_name = "EMAIL|ID")]
    account: String,
    /// Does not ask
    #[arg(long)]
    yes: bool,
}

impl User {
    /// Does it.
    pub(crate) async fn run(self, global: &Global) -> Result<(), Failure> {
        let doorward = open(global).await?;
        match self {
            Self::Create(create) => create.run(&doorward).await,
            Self::Reset(reset) => reset.run(&doorward).await,
            Self::List(list) => list.run(&doorward).await,
            Self::Disable(Named { account: named }) => {
                let id = account(&doorward, &named).await?;
                done(
                    operate::disable(&doorward, id).await?,
                    &named,
                    "may not log in any more; all its sessions have ended",
                )
            }
            Self::Enable(Named { account: named }) => {
                let id = account(&doorward, &named).await?;
                done(operate::enable(&doorward, id).await?, &named, "may log in again")
            }
            Self::Delete(delete) => delete.run(&doorward).await,
        }
    }
}

impl Create {
    async fn run(self, doorward: &Doorward) -> Result<(), Failure> {
        let email = address(&self.email)?;
        // Before there is an account: a role that does not exist must not leave one behind that is no operator.
        self.operator.iter().try_for_each(|role| known(doorward, role))?;
        let made = if self.password_stdin {
            let password = operate::new_password(doorward, &email, &from_stdin()?);
            let password = password.map_err(|denied| Failure::could_not("this cannot be the password", denied))?;
            operate::create_account(doorward, &email, password).await?
        } else {
            operate::invite(doorward, &email).await?
        };
        let id = made.ok_or_else(|| {
            Failure::could_not(format!("{email} has an account already"), "`doorward user list` shows all.")
        })?;
        if let Some(role) = &self.operator {
            let granted = grant(doorward, (&self.email, id), vec![role.clone()]).await;
            granted.map_err(|failure| failure.after(&format!("The account {id} is there, and is no operator")))?;
        }
        if self.json {
            output::json(&json!({
                "id": id.to_string(),
                "email": email.as_str(),
                "link_sent": !self.password_stdin,
                "operator": self.operator.as_ref().map(RoleName::as_str),
            }))?;
        } else if self.password_stdin {
            output::line(&format!("Made the account {id} for {email}."))?;
        } else {
            output::line(&format!("Made the account {id} for {email}; the server sends a link to set the password."))?;
        }
        if let (Some(role), false) = (&self.operator, self.json) {
            output::line(&format!("{email} is an operator now, with the role {role}."))?;
        }
        let Some(name) = &self.name else { return Ok(()) };
        let too_long =
            || Failure::could_not("the name was not set, it is longer than 100 characters", "The account is there.");
        operate::rename(doorward, id, name).await?.ok_or_else(too_long)
    }
}

impl Reset {
    async fn run(self, doorward: &Doorward) -> Result<(), Failure> {
        let id = account(doorward, &self.account).await?;
        let email = operate::reset(doorward, id).await?.ok_or_else(|| no_account(&self.account))?;
        if self.json {
            return output::json(&json!({ "id": id.to_string(), "email": email.as_str(), "link_sent": true }));
        }
        output::line(&format!(
            "{email} has no password and no session any more; the server sends a link to set a new one."
        ))
    }
}

impl List {
    async fn run(self, doorward: &Doorward) -> Result<(), Failure> {
        let accounts = operate::list(doorward, &self.after, self.limit).await?;
        if self.json {
            return accounts.iter().try_for_each(|account| {
                output::json(&json!({
                    "id": account.id.to_string(),
                    "email": account.email.as_str(),
                    "name": account.name,
                    "created_at": output::time(account.created_at),
                    "last_login_at": account.last_login_at.map(output::time),
                    "disabled_at": account.disabled_at.map(output::time),
                }))
            });
        }
        let mut rows = vec![["EMAIL", "ID", "STATE", "LAST LOGIN"].map(str::to_owned)];
        rows.extend(accounts.iter().map(|account| {
            let state = if account.disabled_at.is_some() { "disabled" } else { "enabled" };
            let login = account.last_login_at.map_or_else(|| "never".to_owned(), output::time);
            [account.email.to_string(), account.id.to_string(), state.to_owned(), login]
        }));
        output::table(&rows)
    }
}

impl Delete {
    async fn run(self, doorward: &Doorward) -> Result<(), Failure> {
        let id = account(doorward, &self.account).await?;
        if !self.yes {
            confirm(&self.account)?;
        }
        match operate::delete(doorward, id).await? {
            Deletion::Done => output::line(&format!("{} is deleted; the audit log keeps its id.", self.account)),
            Deletion::NoSuchAccount => Err(no_account(&self.account)),
            Deletion::OwnsTenants(tenants) => {
                let mut names = Vec::new();
                for id in tenants {
                    let tenant = operate::tenant(doorward, &id.to_string()).await?;
                    names.push(tenant.map_or_else(|| id.to_string(), |tenant| tenant.slug.to_string()));
                }
                let what =
                    format!("{} is the last owner of {}, which would be nobody's", self.account, names.join(", "));
                Err(Failure::could_not(
                    what,
                    "Give each another owner with `doorward member roles`, or delete it first.",
                ))
            }
        }
    }
}

fn done(found: bool, named: &str, what: &str) -> Result<(), Failure> {
    if found { output::line(&format!("{named} {what}.")) } else { Err(no_account(named)) }
}

fn from_stdin() -> Result<Zeroizing<String>, Failure> {
    let mut text = Zeroizing::new(String::with_capacity(LONGEST));
    let read = io::stdin().lock().take(LONGEST as u64).read_to_string(&mut text);
    read.map_err(|cause| {
        Failure::could_not(format!("cannot read the password: {cause}"), "Give it as one line of UTF-8.")
    })?;
    Ok(Zeroizing::new(text.lines().next().unwrap_or_default().to_owned()))
}

/// More than any password may have.
const LONGEST: usize = 8 * 1024;
