//! Deleting a tenant: later, so that somebody may change their mind, or at once.

use clap::Args;
use doorward::{Doorward, operate};

use crate::{
    commands::{confirm, tenant_named},
    failure::Failure,
    output,
};

/// `doorward tenant delete`
#[derive(Args)]
#[command(after_help = "\
Examples:
  doorward tenant delete acme              waits for tenants.deletion_waits_secs, closed to its members
  doorward tenant restore acme             until then, this keeps it
  doorward tenant delete acme --now        at once and for good; asks for the slug")]
pub(crate) struct Delete {
    /// Its slug or its id
    #[arg(value_name = "SLUG|ID")]
    tenant: String,
    /// Does not wait: nothing brings it back
    #[arg(long)]
    now: bool,
    /// With --now: does not ask
    #[arg(long, requires = "now")]
    yes: bool,
}

impl Delete {
    pub(super) async fn run(self, doorward: &Doorward) -> Result<(), Failure> {
        let tenant = tenant_named(doorward, &self.tenant).await?;
        let slug = tenant.slug.clone();
        if self.now {
            if !self.yes {
                confirm(slug.as_str())?;
            }
            operate::delete_tenant(doorward, tenant.id).await?;
            return output::line(&format!("{slug} is deleted; the audit log keeps its id {}.", tenant.id));
        }
        let new = operate::close_tenant(doorward, tenant.id).await?;
        // By its id: its slug may be another one's by now.
        let waiting = tenant_named(doorward, &tenant.id.to_string()).await?;
        let when = waiting.delete_at.map(output::time).unwrap_or_default();
        let already = if new { "" } else { " already" };
        let how = "`doorward tenant restore` keeps it";
        output::line(&format!("{slug} is closed{already} and will be deleted on {when}; until then {how}."))
    }
}
