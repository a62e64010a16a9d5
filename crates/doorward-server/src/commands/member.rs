//! `doorward member`: who belongs to a tenant, and in which roles, for an operator.

use clap::{Args, Subcommand};
use doorward::{
    Doorward,
    core::{AccountId, RoleName},
    operate::{self, MemberOf, Tenant},
};
use serde_json::json;

use super::{
    account, known_role, no_account, no_member, open,
    tenant::{plans, plans_json},
    tenant_named, written,
};
use crate::{
    cli::Global,
    failure::{Failure, denied},
    output,
};

/// `doorward member`
#[derive(Subcommand)]
pub(crate) enum Member {
    /// Makes an account a member, without asking its person
    #[command(after_help = ADD)]
    Add(WithRoles),
    /// Lists the members of a tenant in the order in which they joined
    List(List),
    /// Gives a member these roles, in the place of those that they had
    #[command(after_help = ROLES)]
    Roles(WithRoles),
    /// Takes a member out
    Remove(Remove),
}

/// A member and roles.
#[derive(Args)]
pub(crate) struct WithRoles {
    /// The tenant's slug or its id
    #[arg(value_name = "TENANT")]
    tenant: String,
    /// The account's mail address or its id
    #[arg(value_name = "EMAIL|ID")]
    account: String,
    /// The roles; several with commas between, or with --role again
    #[arg(long = "role", required = true, value_name = "ROLE", value_delimiter = ',')]
    roles: Vec<RoleName>,
}

/// `doorward member list`
#[derive(Args)]
#[command(after_help = "\
Examples:
  doorward member list acme
  doorward member list acme --json | jq -r 'select(.roles | index(\"owner\")) | .email'")]
pub(crate) struct List {
    /// The tenant's slug or its id
    #[arg(value_name = "TENANT")]
    tenant: String,
    /// At most this many
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    limit: u32,
    /// One JSON object for each member
    #[arg(long)]
    json: bool,
}

/// `doorward member remove`
#[derive(Args)]
pub(crate) struct Remove {
    /// The tenant's slug or its id
    #[arg(value_name = "TENANT")]
    tenant: String,
    /// The account's mail address or its id
    #[arg(value_name = "EMAIL|ID")]
    account: String,
}

impl Member {
    /// Does it.
    pub(crate) async fn run(self, global: &Global) -> Result<(), Failure> {
        let doorward = open(global).await?;
        match self {
            Self::Add(one) => one.once().add(&doorward).await,
            Self::List(list) => list.run(&doorward).await,
            Self::Roles(one) => one.once().change(&doorward).await,
            Self::Remove(remove) => remove.run(&doorward).await,
        }
    }
}

impl WithRoles {
    async fn add(self, doorward: &Doorward) -> Result<(), Failure> {
        let (tenant, id) = self.found(doorward).await?;
        let named = &self.account;
        operate::add_member(doorward, tenant.id, id, self.roles.clone()).await.map_err(|error| {
            match denied(&error) {
                Some("no_such_member") => no_account(named),
                Some("already_member") => {
                    let what = format!("{named} belongs to {} already", tenant.slug);
                    Failure::could_not(what, "`doorward member roles` gives a member other roles.")
                }
                _ => error.into(),
            }
        })?;
        output::line(&format!("{named} belongs to {} now: {}.", tenant.slug, written(&self.roles)))
    }

    async fn change(self, doorward: &Doorward) -> Result<(), Failure> {
        let (tenant, id) = self.found(doorward).await?;
        operate::set_roles(doorward, tenant.id, id, self.roles.clone()).await.map_err(|error| {
            match denied(&error) {
                Some("no_such_member") => no_member(&tenant, &self.account),
                _ => error.into(),
            }
        })?;
        output::line(&format!("{} is now in {}: {}.", self.account, tenant.slug, written(&self.roles)))
    }

    async fn found(&self, doorward: &Doorward) -> Result<(Tenant, AccountId), Failure> {
        let tenant = tenant_named(doorward, &self.tenant).await?;
        self.roles.iter().try_for_each(|role| known_role(doorward, role))?;
        Ok((tenant, account(doorward, &self.account).await?))
    }

    /// With each role once, in the order in which they are kept.
    fn once(mut self) -> Self {
        self.roles.sort();
        self.roles.dedup();
        self
    }
}

impl List {
    async fn run(self, doorward: &Doorward) -> Result<(), Failure> {
        let tenant = tenant_named(doorward, &self.tenant).await?;
        let mut rows = vec![["EMAIL", "ID", "ROLES", "ENTITLED TO", "JOINED"].map(str::to_owned)];
        let mut after: Option<MemberOf> = None;
        let mut left = self.limit;
        while left > 0 {
            let page = operate::members(doorward, &tenant, after.as_ref(), left.min(PAGE)).await?;
            if page.is_empty() {
                break;
            }
            left = left.saturating_sub(u32::try_from(page.len()).unwrap_or(u32::MAX));
            for one in &page {
                if self.json { output::json(&object(one))? } else { rows.push(row(one)) }
            }
            after = page.into_iter().next_back();
        }
        if self.json { Ok(()) } else { output::table(&rows) }
    }
}

impl Remove {
    async fn run(self, doorward: &Doorward) -> Result<(), Failure> {
        let tenant = tenant_named(doorward, &self.tenant).await?;
        let id = account(doorward, &self.account).await?;
        operate::remove_member(doorward, tenant.id, id).await.map_err(|error| match denied(&error) {
            Some("no_such_member") => no_member(&tenant, &self.account),
            _ => error.into(),
        })?;
        output::line(&format!("{} does not belong to {} any more.", self.account, tenant.slug))
    }
}

fn object(one: &MemberOf) -> serde_json::Value {
    json!({
        "id": one.member.account.to_string(),
        "email": one.email.as_str(),
        "name": one.name,
        "roles": one.member.roles.iter().map(RoleName::as_str).collect::<Vec<_>>(),
        "entitlements": plans_json(&one.member.entitlements),
        "joined_at": output::time(one.member.joined_at),
    })
}

fn row(one: &MemberOf) -> [String; 5] {
    let roles = written(&one.member.roles);
    let (email, id) = (one.email.to_string(), one.member.account.to_string());
    [email, id, roles, plans(&one.member.entitlements), output::time(one.member.joined_at)]
}

const PAGE: u32 = 500;
const ADD: &str = "\
Examples:
  doorward member add acme ben@example.com --role member
  doorward member add acme eve@example.com --role admin,billing";
const ROLES: &str = "\
Examples:
  doorward member roles acme ben@example.com --role admin       holds at the next request
  doorward member roles acme ben@example.com --role owner       so that another owner can leave";
