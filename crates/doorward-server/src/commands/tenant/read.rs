//! Looking at tenants.

use clap::Args;
use doorward::{
    Doorward,
    core::RoleName,
    operate::{self, Entitlement, Tenant},
};
use serde_json::{Value, json};

use crate::{
    commands::tenant_named,
    failure::Failure,
    output::{self, one_line},
};

/// `doorward tenant list`
#[derive(Args)]
#[command(after_help = "\
Examples:
  doorward tenant list
  doorward tenant list --search ac --limit 1000
  doorward tenant list --after acme
  doorward tenant list --json --limit 100000 | jq -r 'select(.state == \"suspended\") | .slug'")]
pub(crate) struct List {
    /// Those whose slug or name begins like this
    #[arg(long, default_value = "", hide_default_value = true, value_name = "TEXT")]
    search: String,
    /// Begins after this tenant
    #[arg(long, value_name = "SLUG|ID")]
    after: Option<String>,
    /// At most this many
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    limit: u32,
    /// One JSON object for each tenant
    #[arg(long)]
    json: bool,
}

/// `doorward tenant show`
#[derive(Args)]
pub(crate) struct Show {
    /// Its slug or its id
    #[arg(value_name = "SLUG|ID")]
    tenant: String,
    /// Writes one JSON object
    #[arg(long)]
    json: bool,
}

impl List {
    pub(super) async fn run(self, doorward: &Doorward) -> Result<(), Failure> {
        let mut after = match &self.after {
            Some(named) => Some(tenant_named(doorward, named).await?),
            None => None,
        };
        let mut rows = vec![["SLUG", "ID", "STATE", "OPEN TO ALL AS", "MADE", "NAME"].map(str::to_owned)];
        let mut left = self.limit;
        while left > 0 {
            let page = operate::list_tenants(doorward, &self.search, after.as_ref(), left.min(PAGE)).await?;
            if page.is_empty() {
                break;
            }
            left = left.saturating_sub(u32::try_from(page.len()).unwrap_or(u32::MAX));
            for tenant in &page {
                if self.json {
                    output::json(&object(tenant))?;
                } else {
                    rows.push(row(tenant));
                }
            }
            after = page.into_iter().next_back();
        }
        if self.json { Ok(()) } else { output::table(&rows) }
    }
}

impl Show {
    pub(super) async fn run(self, doorward: &Doorward) -> Result<(), Failure> {
        let tenant = tenant_named(doorward, &self.tenant).await?;
        if self.json {
            return output::json(&object(&tenant));
        }
        let time = |at: Option<_>| at.map(output::time);
        let lines = [
            ("slug", Some(tenant.slug.to_string())),
            ("id", Some(tenant.id.to_string())),
            ("name", Some(tenant.name.clone())),
            ("state", Some(tenant.state().name().to_owned())),
            ("open as", tenant.open_role.as_ref().map(ToString::to_string)),
            ("made", Some(output::time(tenant.created_at))),
            ("suspended", time(tenant.suspended_at)),
            ("deleted on", time(tenant.delete_at)),
            ("entitled to", Some(plans(&tenant.entitlements)).filter(|text| !text.is_empty())),
        ];
        let said = lines.into_iter().filter_map(|(name, text)| Some((name, text?)));
        said.into_iter().try_for_each(|(name, text)| output::line(&format!("{name:12} {}", one_line(&text))))
    }
}

/// Entitlements as a line for people.
pub(in crate::commands) fn plans(entitlements: &[Entitlement]) -> String {
    let one = |one: &Entitlement| format!("{} until {}", one.plan, output::time(one.until));
    entitlements.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// Entitlements as JSON.
pub(in crate::commands) fn plans_json(entitlements: &[Entitlement]) -> Value {
    let one = |one: &Entitlement| json!({ "plan": one.plan.as_str(), "until": output::time(one.until) });
    entitlements.iter().map(one).collect()
}

fn object(tenant: &Tenant) -> Value {
    json!({
        "id": tenant.id.to_string(),
        "slug": tenant.slug.as_str(),
        "name": tenant.name,
        "state": tenant.state().name(),
        "open_role": tenant.open_role.as_ref().map(RoleName::as_str),
        "entitlements": plans_json(&tenant.entitlements),
        "created_at": output::time(tenant.created_at),
        "suspended_at": tenant.suspended_at.map(output::time),
        "delete_at": tenant.delete_at.map(output::time),
    })
}

fn row(tenant: &Tenant) -> [String; 6] {
    let open = tenant.open_role.as_ref().map(ToString::to_string).unwrap_or_default();
    let (slug, id, made) = (tenant.slug.to_string(), tenant.id.to_string(), output::time(tenant.created_at));
    [slug, id, tenant.state().name().to_owned(), open, made, tenant.name.clone()]
}

const PAGE: u32 = 500;
