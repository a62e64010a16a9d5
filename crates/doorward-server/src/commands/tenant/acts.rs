//! Changing a tenant.

use clap::{ArgGroup, Args};
use doorward::{
    Doorward,
    core::{RoleName, Slug},
    operate,
};

use super::slug_taken;
use crate::{
    commands::{known_role, tenant_named},
    failure::{Failure, denied},
    output,
};

/// A tenant.
#[derive(Args)]
pub(crate) struct Named {
    /// Its slug or its id
    #[arg(value_name = "SLUG|ID")]
    tenant: String,
}

/// `doorward tenant rename`
#[derive(Args)]
#[command(group = ArgGroup::new("what").required(true).multiple(true).args(["slug", "name"]), after_help = "\
Examples:
  doorward tenant rename acme --name \"Acme & Daughters\"
  doorward tenant rename acme --slug acme-group          links with the old slug end; the id stays")]
pub(crate) struct Rename {
    /// Its slug or its id
    #[arg(value_name = "SLUG|ID")]
    tenant: String,
    /// Its new name in addresses
    #[arg(long)]
    slug: Option<Slug>,
    /// Its new name for people
    #[arg(long)]
    name: Option<String>,
}

/// `doorward tenant open`
#[derive(Args)]
#[command(group = ArgGroup::new("how").required(true).args(["role", "closed"]), after_help = "\
Examples:
  doorward tenant open site --role reader      anybody with an account may join, as a reader
  doorward tenant open site --closed           by invitation only; who is in stays in")]
pub(crate) struct Open {
    /// Its slug or its id
    #[arg(value_name = "SLUG|ID")]
    tenant: String,
    /// The role of whoever joins; it cannot be the owner's
    #[arg(long)]
    role: Option<RoleName>,
    /// Lets nobody join by themselves
    #[arg(long)]
    closed: bool,
}

impl Named {
    pub(super) async fn suspend(self, doorward: &Doorward) -> Result<(), Failure> {
        let tenant = tenant_named(doorward, &self.tenant).await?;
        let new = operate::suspend_tenant(doorward, tenant.id).await?;
        said(
            &tenant.slug,
            if new { "is closed to its members until `doorward tenant resume`" } else { "is suspended already" },
        )
    }

    pub(super) async fn resume(self, doorward: &Doorward) -> Result<(), Failure> {
        let tenant = tenant_named(doorward, &self.tenant).await?;
        let new = operate::resume_tenant(doorward, tenant.id).await?;
        let waits = if tenant.delete_at.is_some() { ", and still waits to be deleted" } else { "" };
        said(&tenant.slug, &format!("{}{waits}", if new { "is not suspended any more" } else { "was not suspended" }))
    }

    pub(super) async fn restore(self, doorward: &Doorward) -> Result<(), Failure> {
        let tenant = tenant_named(doorward, &self.tenant).await?;
        let new = operate::restore_tenant(doorward, tenant.id).await?;
        said(&tenant.slug, if new { "stays; nothing was deleted" } else { "did not wait to be deleted" })
    }
}

impl Rename {
    pub(super) async fn run(self, doorward: &Doorward) -> Result<(), Failure> {
        let tenant = tenant_named(doorward, &self.tenant).await?;
        let slug = self.slug.unwrap_or(tenant.slug);
        let name = self.name.unwrap_or(tenant.name);
        operate::rename_tenant(doorward, tenant.id, &slug, &name).await.map_err(|error| match denied(&error) {
            Some("slug_taken") => slug_taken(&slug),
            _ => error.into(),
        })?;
        output::line(&output::one_line(&format!("It is {slug} now, and its name is `{}`.", name.trim())))
    }
}

impl Open {
    pub(super) async fn run(self, doorward: &Doorward) -> Result<(), Failure> {
        let tenant = tenant_named(doorward, &self.tenant).await?;
        self.role.iter().try_for_each(|role| known_role(doorward, role))?;
        operate::open_tenant(doorward, tenant.id, self.role.as_ref()).await.map_err(|error| match denied(&error) {
            Some("role_too_much") => {
                Failure::could_not("nobody gets by joining a role that gives others", "Name a role that grants none.")
            }
            _ => error.into(),
        })?;
        match &self.role {
            Some(role) => said(&tenant.slug, &format!("is open: whoever joins has the role {role}")),
            None => said(&tenant.slug, "is open to nobody; members are invited"),
        }
    }
}

fn said(slug: &Slug, what: &str) -> Result<(), Failure> {
    output::line(&format!("{slug} {what}."))
}
