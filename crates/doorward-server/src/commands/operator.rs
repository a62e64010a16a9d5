//! `doorward operator`: who runs the service, and what each of them may do in its console.
//!
//! Nothing but the command line makes an operator, so whoever takes over a console cannot make another with it.

use clap::{Args, Subcommand};
use doorward::{
    Doorward,
    core::{AccountId, RoleName},
    operate,
};
use serde_json::json;

use super::{account, listed, no_account, open, written};
use crate::{cli::Global, failure::Failure, output};

/// `doorward operator`
#[derive(Subcommand)]
pub(crate) enum Operator {
    /// Makes an account an operator with these roles, in the place of those that it had
    Grant(Grant),
    /// Makes an account no operator; its account stays
    Revoke(Revoke),
    /// Lists operators in the order in which they were granted their roles
    List(List),
}

/// `doorward operator grant`
#[derive(Args)]
#[command(after_help = "\
Examples:
  doorward operator grant ann@example.com admin
  doorward operator grant eve@example.com support auditor     has both roles, and no other

`doorward policy show` lists the roles; they have nothing to do with those in tenants.")]
pub(crate) struct Grant {
    /// Its mail address or its id
    #[arg(value_name = "EMAIL|ID")]
    account: String,
    /// The roles in the console
    #[arg(required = true, value_name = "ROLE")]
    roles: Vec<RoleName>,
}

/// `doorward operator revoke`
#[derive(Args)]
#[command(after_help = "\
Examples:
  doorward operator revoke eve@example.com       holds at the next request in the console")]
pub(crate) struct Revoke {
    /// Its mail address or its id
    #[arg(value_name = "EMAIL|ID")]
    account: String,
}

/// `doorward operator list`
#[derive(Args)]
#[command(after_help = "\
Examples:
  doorward operator list
  doorward operator list --json | jq -r 'select(.roles | index(\"admin\")) | .email'")]
pub(crate) struct List {
    /// One JSON object for each operator
    #[arg(long)]
    json: bool,
}

impl Operator {
    /// Does it.
    pub(crate) async fn run(self, global: &Global) -> Result<(), Failure> {
        let doorward = open(global).await?;
        match self {
            Self::Grant(Grant { account: named, mut roles }) => {
                roles.sort();
                roles.dedup();
                roles.iter().try_for_each(|role| known(&doorward, role))?;
                let text = written(&roles);
                grant(&doorward, (&named, account(&doorward, &named).await?), roles).await?;
                output::line(&format!("{named} is an operator now: {text}."))
            }
            Self::Revoke(Revoke { account: named }) => {
                if operate::revoke_operator(&doorward, account(&doorward, &named).await?).await? {
                    return output::line(&format!("{named} is no operator any more."));
                }
                Err(Failure::could_not(format!("{named} is no operator"), "`doorward operator list` shows all."))
            }
            Self::List(list) => list.run(&doorward).await,
        }
    }
}

impl List {
    async fn run(self, doorward: &Doorward) -> Result<(), Failure> {
        let mut rows = vec![["EMAIL", "ID", "ROLES", "SINCE"].map(str::to_owned)];
        let operators = operate::operators(doorward).await?;
        let ids: Vec<AccountId> = operators.iter().map(|one| one.account).collect();
        let accounts = operate::accounts(doorward, &ids).await?;
        for one in operators {
            let account = accounts.iter().find(|account| account.id == one.account);
            let email = account.map(|account| account.email.to_string());
            let (id, since) = (one.account.to_string(), output::time(one.granted_at));
            if self.json {
                let roles: Vec<&str> = one.roles.iter().map(RoleName::as_str).collect();
                output::json(&json!({ "id": id, "email": email, "roles": roles, "granted_at": since }))?;
            } else {
                rows.push([email.unwrap_or_default(), id, written(&one.roles), since]);
            }
        }
        if self.json { Ok(()) } else { output::table(&rows) }
    }
}

/// Refuses a role that operators cannot have, and says which they can.
pub(super) fn known(doorward: &Doorward, role: &RoleName) -> Result<(), Failure> {
    let all = operate::policy(doorward).operators();
    if all.iter().any(|known| known.name == *role) {
        return Ok(());
    }
    Err(Failure::usage(format!("`{role}` is no role of operators"), format!("There are: {}.", listed(&all))))
}

/// Grants roles that are known.
pub(super) async fn grant(
    doorward: &Doorward,
    (named, id): (&str, AccountId),
    roles: Vec<RoleName>,
) -> Result<(), Failure> {
    if operate::grant_operator(doorward, id, roles).await? { Ok(()) } else { Err(no_account(named)) }
}
