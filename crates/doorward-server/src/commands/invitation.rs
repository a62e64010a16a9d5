//! `doorward invitation`: who is asked to join a tenant, for an operator.

use clap::{Args, Subcommand};
use doorward::{
    Doorward,
    core::{InvitationId, RoleName},
    operate::{self, Invited, Tenant},
};
use serde_json::json;

use super::{address, known_role, open, tenant_named, written};
use crate::{
    cli::Global,
    failure::{Failure, denied},
    output,
};

/// `doorward invitation`
#[derive(Subcommand)]
pub(crate) enum Invitation {
    /// Invites an address to a tenant; the running server sends the letter
    #[command(after_help = CREATE)]
    Create(Create),
    /// Lists the invitations of a tenant that were not accepted, newest first
    List(List),
    /// Sends an invitation once more; the link before it stops working
    Resend(Named),
    /// Takes an invitation back: its link works no more
    Revoke(Named),
}

/// `doorward invitation create`
#[derive(Args)]
pub(crate) struct Create {
    /// The tenant's slug or its id
    #[arg(value_name = "TENANT")]
    tenant: String,
    /// The mail address; only an account with this address can accept
    #[arg(value_name = "EMAIL")]
    email: String,
    /// The roles; several with commas between, or with --role again
    #[arg(long = "role", required = true, value_name = "ROLE", value_delimiter = ',')]
    roles: Vec<RoleName>,
    /// Writes one JSON object
    #[arg(long)]
    json: bool,
}

/// `doorward invitation list`
#[derive(Args)]
#[command(after_help = "\
Examples:
  doorward invitation list acme
  doorward invitation list acme --json | jq -r .email")]
pub(crate) struct List {
    /// The tenant's slug or its id
    #[arg(value_name = "TENANT")]
    tenant: String,
    /// At most this many
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    limit: u32,
    /// One JSON object for each invitation
    #[arg(long)]
    json: bool,
}

/// An invitation.
#[derive(Args)]
pub(crate) struct Named {
    /// The tenant's slug or its id
    #[arg(value_name = "TENANT")]
    tenant: String,
    /// The invitation's id, as `list` shows it
    #[arg(value_name = "ID")]
    id: InvitationId,
}

impl Invitation {
    /// Does it.
    pub(crate) async fn run(self, global: &Global) -> Result<(), Failure> {
        let doorward = open(global).await?;
        match self {
            Self::Create(create) => create.run(&doorward).await,
            Self::List(list) => list.run(&doorward).await,
            Self::Resend(one) => {
                let tenant = tenant_named(&doorward, &one.tenant).await?;
                let sent = operate::resend_invitation(&doorward, tenant.id, one.id).await;
                sent.map_err(|error| one.unknown(&tenant, error))?;
                output::line(&format!("Invitation {} is on its way once more.", one.id))
            }
            Self::Revoke(one) => {
                let tenant = tenant_named(&doorward, &one.tenant).await?;
                let revoked = operate::revoke_invitation(&doorward, tenant.id, one.id).await;
                revoked.map_err(|error| one.unknown(&tenant, error))?;
                output::line(&format!("Invitation {} is taken back.", one.id))
            }
        }
    }
}

impl Create {
    async fn run(self, doorward: &Doorward) -> Result<(), Failure> {
        let tenant = tenant_named(doorward, &self.tenant).await?;
        self.roles.iter().try_for_each(|role| known_role(doorward, role))?;
        let id = operate::invite_member(doorward, tenant.id, &address(&self.email)?, self.roles.clone()).await?;
        if self.json {
            return output::json(&json!({ "id": id.to_string() }));
        }
        let roles = written(&self.roles);
        output::line(&format!(
            "{} is invited to {} ({roles}); a running server sends the letter.",
            self.email, tenant.slug
        ))
    }
}

impl List {
    async fn run(self, doorward: &Doorward) -> Result<(), Failure> {
        let tenant = tenant_named(doorward, &self.tenant).await?;
        let mut rows = vec![["EMAIL", "ID", "ROLES", "SENT", "WORKS UNTIL"].map(str::to_owned)];
        let (mut after, mut left) = (None, self.limit);
        while left > 0 {
            let page = operate::invitations(doorward, &tenant, after, left.min(PAGE)).await?;
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

impl Named {
    fn unknown(&self, tenant: &Tenant, error: operate::ActError) -> Failure {
        match denied(&error) {
            Some("no_such_invitation") => {
                let what = format!("{} has no invitation {} that waits", tenant.slug, self.id);
                Failure::could_not(what, format!("`doorward invitation list {}` shows them.", tenant.slug))
            }
            _ => error.into(),
        }
    }
}

fn object(one: &Invited) -> serde_json::Value {
    json!({
        "id": one.id.to_string(),
        "email": one.email.as_str(),
        "roles": one.roles.iter().map(RoleName::as_str).collect::<Vec<_>>(),
        "invited_by": one.invited_by.map(|account| account.to_string()),
        "created_at": output::time(one.created_at),
        "expires_at": output::time(one.expires_at),
    })
}

fn row(one: &Invited) -> [String; 5] {
    let (sent, until) = (output::time(one.created_at), output::time(one.expires_at));
    [one.email.to_string(), one.id.to_string(), written(&one.roles), sent, until]
}

const PAGE: u32 = 500;
const CREATE: &str = "\
Examples:
  doorward invitation create acme ben@example.com --role member
  doorward invitation create acme eve@example.com --role admin,billing --json";
