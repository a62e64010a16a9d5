//! `doorward tenant`: organisations, for an operator.
//!
//! - `server/tenants-at-once`: What the command line changes about a tenant or a membership holds at the running server's next
//!   request.
//! - `server/deletes-on-purpose`: A tenant waits before it is deleted; deleting one at once needs its slug typed, or `--yes`.

mod acts;
mod connection;
mod delete;
mod domain;
mod entitle;
mod read;

pub(super) use read::{plans, plans_json};

use clap::{Args, Subcommand};
use doorward::{
    Doorward,
    core::{RoleName, Slug},
    operate,
};
use serde_json::json;

use super::{account, known_role, no_account, open};
use crate::{
    cli::Global,
    failure::{Failure, denied},
    output,
};

/// `doorward tenant`
#[derive(Subcommand)]
pub(crate) enum Tenant {
    /// Makes a tenant
    Create(Create),
    /// Lists tenants, newest first
    List(read::List),
    /// Shows one tenant
    Show(read::Show),
    /// Gives a tenant another name or slug
    Rename(acts::Rename),
    /// Lets anybody with an account join, or nobody
    Open(acts::Open),
    /// Closes a tenant to its members for the time being
    Suspend(acts::Named),
    /// Opens a suspended tenant again
    Resume(acts::Named),
    /// Lets a tenant wait, closed, and then be deleted with everything that belongs to it
    Delete(delete::Delete),
    /// Keeps a tenant that waits to be deleted
    Restore(acts::Named),
    /// Says which email domains belong to a tenant, and finds the tenant of an address
    #[command(subcommand)]
    Domain(domain::Domain),
    /// Shows and removes providers that a tenant has brought
    #[command(subcommand)]
    Connection(connection::Connection),
    /// Says what a tenant or one of its members has paid for, and until when
    Entitle(entitle::Entitle),
}

/// `doorward tenant create`
#[derive(Args)]
#[command(after_help = "\
Examples:
  doorward tenant create --slug acme \"Acme Ltd.\" --owner ann@example.com
  doorward tenant create --slug site \"The Site\" --open reader       anybody may join, as a reader")]
pub(crate) struct Create {
    /// Its name for people
    name: String,
    /// Its name in addresses
    #[arg(long)]
    slug: Slug,
    /// The account that owns it to begin with
    #[arg(long, value_name = "EMAIL|ID")]
    owner: Option<String>,
    /// Lets anybody with an account join, in this role
    #[arg(long, value_name = "ROLE")]
    open: Option<RoleName>,
    /// Writes one JSON object
    #[arg(long)]
    json: bool,
}

impl Tenant {
    /// Does it.
    pub(crate) async fn run(self, global: &Global) -> Result<(), Failure> {
        let doorward = open(global).await?;
        match self {
            Self::Create(create) => create.run(&doorward).await,
            Self::List(list) => list.run(&doorward).await,
            Self::Show(show) => show.run(&doorward).await,
            Self::Rename(rename) => rename.run(&doorward).await,
            Self::Open(open) => open.run(&doorward).await,
            Self::Suspend(named) => named.suspend(&doorward).await,
            Self::Resume(named) => named.resume(&doorward).await,
            Self::Delete(delete) => delete.run(&doorward).await,
            Self::Restore(named) => named.restore(&doorward).await,
            Self::Domain(domain) => domain.run(&doorward).await,
            Self::Connection(connection) => connection.run(&doorward).await,
            Self::Entitle(entitle) => entitle.run(&doorward).await,
        }
    }
}

impl Create {
    async fn run(self, doorward: &Doorward) -> Result<(), Failure> {
        let owner = match &self.owner {
            Some(named) => Some(account(doorward, named).await?),
            None => None,
        };
        // Before there is a tenant: one with a role that is not there would stay closed.
        self.open.iter().try_for_each(|role| known_role(doorward, role))?;
        let id =
            operate::create_tenant(doorward, self.slug.clone(), &self.name, owner).await.map_err(
                |error| match denied(&error) {
                    Some("slug_taken") => slug_taken(&self.slug),
                    Some("no_such_member") => no_account(self.owner.as_deref().unwrap_or_default()),
                    _ => error.into(),
                },
            )?;
        if self.open.is_some() {
            let opened = operate::open_tenant(doorward, id, self.open.as_ref()).await.map_err(Failure::from);
            opened.map_err(|failure| failure.after(&format!("The tenant {} is there, and is not open", self.slug)))?;
        }
        if self.json {
            return output::json(&json!({ "id": id.to_string(), "slug": self.slug.as_str() }));
        }
        let owned = match &self.owner {
            Some(named) => format!("; {named} owns it"),
            None => "; nobody belongs to it yet, `doorward member add` makes members".to_owned(),
        };
        output::line(&format!("Made the tenant {} ({id}){owned}.", self.slug))
    }
}

fn slug_taken(slug: &Slug) -> Failure {
    let what = format!("the slug `{slug}` is another tenant's");
    Failure::could_not(what, format!("Choose another; `doorward tenant show {slug}` shows whose it is."))
}
