//! The email domains of a tenant.

use clap::{Args, Subcommand};
use doorward::{
    Doorward,
    core::{DomainName, EmailAddress},
    operate::{self, ActError},
};
use serde_json::{Value, json};

use crate::{
    commands::tenant_named,
    failure::{Failure, denied},
    output,
};

/// `doorward tenant domain`
#[derive(Subcommand)]
pub(crate) enum Domain {
    /// Puts a domain on the list, and says which record proves it
    Add(Named),
    /// Lists the domains of a tenant, proved or not
    List(List),
    /// Makes a domain the tenant's on your word
    Verify(Verify),
    /// Takes back that a domain is the tenant's; it stays on the list
    Withdraw(Named),
    /// Takes a domain off the list
    Remove(Named),
    /// Finds the tenant that an address belongs to by its domain
    Of(Of),
}

/// A domain of a tenant.
#[derive(Args)]
pub(crate) struct Named {
    /// The tenant's slug or its id
    #[arg(value_name = "SLUG|ID")]
    tenant: String,
    /// The domain
    domain: String,
}

/// `doorward tenant domain list`
#[derive(Args)]
pub(crate) struct List {
    /// The tenant's slug or its id
    #[arg(value_name = "SLUG|ID")]
    tenant: String,
    /// One JSON object for each domain
    #[arg(long)]
    json: bool,
}

/// `doorward tenant domain verify`
#[derive(Args)]
#[command(after_help = "\
Examples:
  doorward tenant domain verify acme example.com
  doorward tenant domain verify acme example.com --move      takes it from the tenant that has proved it")]
pub(crate) struct Verify {
    #[command(flatten)]
    named: Named,
    /// Takes it from the tenant that has proved it, and tells the owners
    #[arg(long = "move")]
    moves: bool,
}

/// `doorward tenant domain of`
#[derive(Args)]
pub(crate) struct Of {
    /// The address
    #[arg(value_name = "EMAIL")]
    address: String,
}

impl Domain {
    pub(super) async fn run(self, doorward: &Doorward) -> Result<(), Failure> {
        match self {
            Self::Add(named) => named.add(doorward).await,
            Self::List(list) => list.run(doorward).await,
            Self::Verify(verify) => verify.run(doorward).await,
            Self::Withdraw(named) => named.withdraw(doorward).await,
            Self::Remove(named) => named.remove(doorward).await,
            Self::Of(of) => of.run(doorward).await,
        }
    }
}

impl Named {
    async fn add(self, doorward: &Doorward) -> Result<(), Failure> {
        let (tenant, name) = self.claimed(doorward).await?;
        let one = operate::add_domain(doorward, tenant.id, &name).await.map_err(failure)?;
        output::line(&format!("{name} is on the list of {}. This record in its DNS proves it:", tenant.slug))?;
        output::line(&format!("{}. TXT \"{}\"", one.record_name(), one.record_value()))
    }

    async fn withdraw(self, doorward: &Doorward) -> Result<(), Failure> {
        let (tenant, name) = self.listed(doorward).await?;
        let changed = operate::withdraw_domain(doorward, tenant.id, &name).await.map_err(failure)?;
        let what = if changed { "does not belong to" } else { "was not proved for" };
        let more = if changed { " any more" } else { "" };
        output::line(&format!("{name} {what} {}{more}.", tenant.slug))
    }

    async fn remove(self, doorward: &Doorward) -> Result<(), Failure> {
        let (tenant, name) = self.listed(doorward).await?;
        operate::remove_domain(doorward, tenant.id, &name).await.map_err(failure)?;
        output::line(&format!("{name} is not on the list of {} any more.", tenant.slug))
    }

    /// The tenant, and a domain that it may have.
    async fn claimed(&self, doorward: &Doorward) -> Result<(operate::Tenant, DomainName), Failure> {
        let tenant = tenant_named(doorward, &self.tenant).await?;
        Ok((tenant, operate::domain_named(doorward, &self.domain).map_err(failure)?))
    }

    /// The tenant, and a domain that it has, whatever the settings have refused since.
    async fn listed(&self, doorward: &Doorward) -> Result<(operate::Tenant, DomainName), Failure> {
        let tenant = tenant_named(doorward, &self.tenant).await?;
        let name = DomainName::parse(&self.domain);
        let none =
            |_| Failure::could_not(format!("`{}` is no domain", self.domain), "Write a domain like example.com.");
        Ok((tenant, name.map_err(none)?))
    }
}

impl Verify {
    async fn run(self, doorward: &Doorward) -> Result<(), Failure> {
        let (tenant, name) = self.named.claimed(doorward).await?;
        let done = match self.moves {
            true => operate::move_domain(doorward, tenant.id, &name).await,
            false => operate::verify_domain(doorward, tenant.id, &name).await,
        };
        done.map_err(failure)?;
        output::line(&format!("{name} belongs to {} until you take that back.", tenant.slug))
    }
}

impl List {
    async fn run(self, doorward: &Doorward) -> Result<(), Failure> {
        let tenant = tenant_named(doorward, &self.tenant).await?;
        let found = operate::list_domains(doorward, &tenant).await?;
        if self.json {
            return found.iter().try_for_each(|one| output::json(&object(one)));
        }
        let mut rows = vec![["DOMAIN", "PROVED BY", "SINCE", "LAST LOOKED FOR", "GONE SINCE"].map(str::to_owned)];
        rows.extend(found.iter().map(row));
        output::table(&rows)
    }
}

impl Of {
    async fn run(self, doorward: &Doorward) -> Result<(), Failure> {
        let none = |denied| Failure::could_not(format!("`{}` is no address", self.address), format!("{denied}"));
        let address = EmailAddress::parse(&self.address).map_err(none)?;
        match operate::tenant_of_address(doorward, &address).await? {
            Some(tenant) => output::line(&format!("{} ({})", tenant.slug, tenant.id)),
            None => Err(Failure::could_not(
                format!("no open tenant has proved the domain `{}`", address.domain()),
                "`doorward tenant domain list` shows what a tenant has proved.",
            )),
        }
    }
}

fn object(one: &operate::Domain) -> Value {
    json!({
        "domain": one.name.as_str(),
        "record_name": one.record_name(),
        "record_value": one.record_value(),
        "added_at": output::time(one.added_at),
        "verified_by": one.verified.map(|verified| verified.by.name()),
        "verified_at": one.verified.map(|verified| output::time(verified.at)),
        "checked_at": one.checked_at.map(output::time),
        "missing_since": one.missing_since.map(output::time),
    })
}

fn row(one: &operate::Domain) -> [String; 5] {
    let time = |at: Option<_>| at.map(output::time).unwrap_or_default();
    let by = one.verified.map(|verified| verified.by.name()).unwrap_or_default().to_owned();
    let since = time(one.verified.map(|verified| verified.at));
    [one.name.to_string(), by, since, time(one.checked_at), time(one.missing_since)]
}

fn failure(error: ActError) -> Failure {
    let cure = match denied(&error) {
        Some("domain_taken") => "Another tenant has proved it; `--move` takes it from there, and tells the owners.",
        Some("no_such_domain") => "`doorward tenant domain list` shows what is on the list.",
        Some("domain_there") => "`doorward tenant domain list --json` shows its record.",
        Some("domain_invalid" | "domain_public") => "Name the domain that is theirs, such as example.com.",
        Some("too_many_domains") => "Remove one first, or raise `domains.per_tenant`.",
        _ => return error.into(),
    };
    Failure::could_not(error.to_string(), cure)
}
