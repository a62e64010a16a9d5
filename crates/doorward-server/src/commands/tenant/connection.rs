//! The providers that a tenant has brought.

use clap::{Args, Subcommand};
use doorward::{Doorward, operate};
use serde_json::{Value, json};

use crate::{
    commands::tenant_named,
    failure::{Failure, denied},
    output,
};

/// `doorward tenant connection`
#[derive(Subcommand)]
pub(crate) enum Connection {
    /// Lists the providers that a tenant has brought
    List(List),
    /// Says that the people of an organisation of a provider of the settings are the tenant's
    Map(Map),
    /// Lets a tenant's people in however they log in, where it has demanded its own provider
    Free(Free),
    /// Removes one, and every way into an account that led through it
    Remove(Remove),
}

/// `doorward tenant connection list`
#[derive(Args)]
pub(crate) struct List {
    /// The tenant's slug or its id
    #[arg(value_name = "SLUG|ID")]
    tenant: String,
    /// One JSON object for each provider
    #[arg(long)]
    json: bool,
}

/// `doorward tenant connection map`
#[derive(Args)]
#[command(after_help = "\
Examples:
  doorward tenant connection map acme google acme.example
  doorward tenant connection map acme entra 8e6f3a52-1c1b-4f7a-9a51-0d6a3c0b2f11")]
pub(crate) struct Map {
    /// The tenant's slug or its id
    #[arg(value_name = "SLUG|ID")]
    tenant: String,
    /// The name of a provider of the settings
    provider: String,
    /// What the provider calls the organisation: a domain (Google), or the id of a directory (Entra ID)
    organisation: String,
}

/// `doorward tenant connection free`
#[derive(Args)]
pub(crate) struct Free {
    /// The tenant's slug or its id
    #[arg(value_name = "SLUG|ID")]
    tenant: String,
}

/// `doorward tenant connection remove`
#[derive(Args)]
pub(crate) struct Remove {
    /// The tenant's slug or its id
    #[arg(value_name = "SLUG|ID")]
    tenant: String,
    /// The provider's name, such as org-0123456789abcdef
    connection: String,
}

impl Connection {
    pub(super) async fn run(self, doorward: &Doorward) -> Result<(), Failure> {
        match self {
            Self::List(list) => list.run(doorward).await,
            Self::Map(map) => map.run(doorward).await,
            Self::Free(free) => free.run(doorward).await,
            Self::Remove(remove) => remove.run(doorward).await,
        }
    }
}

impl List {
    async fn run(self, doorward: &Doorward) -> Result<(), Failure> {
        let tenant = tenant_named(doorward, &self.tenant).await?;
        let found = operate::list_connections(doorward, &tenant).await?;
        if self.json {
            return found.iter().try_for_each(|one| output::json(&object(one)));
        }
        let mut rows = vec![["NAME", "LABEL", "KIND", "ISSUER OR ORGANISATION", "SINCE"].map(str::to_owned)];
        rows.extend(found.iter().map(row));
        output::table(&rows)
    }
}

impl Map {
    async fn run(self, doorward: &Doorward) -> Result<(), Failure> {
        let tenant = tenant_named(doorward, &self.tenant).await?;
        let mapped = operate::map_organisation(doorward, tenant.id, &self.provider, &self.organisation).await;
        let name = mapped.map_err(|error| {
            let cure = match denied(&error) {
                Some("kind_unknown") => {
                    "Name a provider of the settings of the kind google, google-workspace or entra."
                }
                Some("organisation_taken") => {
                    "`doorward tenant connection list` shows whose they are; remove that first."
                }
                Some("organisation_invalid") => "Write the domain (Google) or the id of the directory (Entra ID).",
                _ => return error.into(),
            };
            Failure::could_not(error.to_string(), cure)
        })?;
        output::line(&format!("{} of {} belong to {} ({name}).", self.organisation, self.provider, tenant.slug))
    }
}

impl Free {
    async fn run(self, doorward: &Doorward) -> Result<(), Failure> {
        let tenant = tenant_named(doorward, &self.tenant).await?;
        operate::free_sign_in(doorward, tenant.id).await?;
        output::line(&format!("{} lets its people in however they log in.", tenant.slug))
    }
}

impl Remove {
    async fn run(self, doorward: &Doorward) -> Result<(), Failure> {
        let tenant = tenant_named(doorward, &self.tenant).await?;
        operate::remove_connection(doorward, tenant.id, &self.connection).await.map_err(|error| {
            match denied(&error) {
                Some("no_such_connection") => Failure::could_not(
                    error.to_string(),
                    "`doorward tenant connection list` shows what a tenant has brought.",
                ),
                _ => error.into(),
            }
        })?;
        output::line(&format!("{} is removed; nobody logs in through it any more.", self.connection))
    }
}

fn object(one: &operate::Connection) -> Value {
    json!({
        "connection": one.name.as_str(),
        "kind": one.kind,
        "label": one.label,
        "client_id": one.client_id,
        "issuer": one.issuer,
        "organisation": one.organisation,
        "ready": one.is_ready(),
        "created_at": output::time(one.created_at),
    })
}

fn row(one: &operate::Connection) -> [String; 5] {
    let place = if one.issuer.is_empty() { &one.organisation } else { &one.issuer };
    [one.name.to_string(), one.label.clone(), one.kind.clone(), place.clone(), output::time(one.created_at)]
}
