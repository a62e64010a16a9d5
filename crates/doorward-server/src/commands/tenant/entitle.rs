//! What a payment does, for somebody who does it by hand.

use clap::{ArgGroup, Args};
use doorward::{
    Doorward,
    core::{PlanName, Timestamp},
    operate,
};

use crate::{
    commands::{account, no_member, tenant_named},
    failure::{Failure, denied},
    moment, output,
};

/// `doorward tenant entitle`
#[derive(Args)]
#[command(group = ArgGroup::new("how_long").required(true).args(["until", "end"]), after_help = "\
Examples:
  doorward tenant entitle acme --plan pro --until 2027-01-31                          all members
  doorward tenant entitle site --member ann@example.com --plan monthly --until +31d   one of them
  doorward tenant entitle acme --plan pro --end

`doorward policy show` lists the plans. Saying it again replaces the moment of before.")]
pub(crate) struct Entitle {
    /// The tenant's slug or its id
    #[arg(value_name = "SLUG|ID")]
    tenant: String,
    /// This member only
    #[arg(long, value_name = "EMAIL|ID")]
    member: Option<String>,
    /// What they have paid for
    #[arg(long)]
    plan: PlanName,
    /// Until when: 2027-01-31 (midnight, UTC), 2027-01-31T12:00:00Z, or how long from now (+30m, +12h, +31d)
    #[arg(long, value_name = "TIME", value_parser = moment::parse_to_come)]
    until: Option<Timestamp>,
    /// From now on it gives nothing
    #[arg(long)]
    end: bool,
}

impl Entitle {
    pub(super) async fn run(self, doorward: &Doorward) -> Result<(), Failure> {
        let tenant = tenant_named(doorward, &self.tenant).await?;
        let member = match &self.member {
            Some(named) => Some((named, account(doorward, named).await?)),
            None => None,
        };
        let (plan, id) = (self.plan.clone(), member.map(|(_, id)| id));
        // A moment that has passed ends it.
        let until = self.until.unwrap_or_default();
        operate::entitle(doorward, tenant.id, id, plan, until).await.map_err(|error| {
            match (denied(&error), member) {
                (Some("unknown_plan"), _) => self.unknown_plan(doorward),
                (Some("no_such_member"), Some((named, _))) => no_member(&tenant, named),
                _ => error.into(),
            }
        })?;
        let who = member.map_or_else(|| format!("All members of {}", tenant.slug), |(named, _)| named.clone());
        let has = if member.is_some() { "has" } else { "have" };
        match self.until {
            Some(until) => output::line(&format!("{who} {has} {} until {}.", self.plan, output::time(until))),
            None => output::line(&format!("{who} {has} {} no longer.", self.plan)),
        }
    }

    fn unknown_plan(&self, doorward: &Doorward) -> Failure {
        let plans: Vec<&str> = operate::policy(doorward).plans().map(|(plan, _)| plan.as_str()).collect();
        let cure = match plans.as_slice() {
            [] => "The policy has none; write [policy.plans.NAME] in the settings.".to_owned(),
            plans => format!("There are: {}.", plans.join(", ")),
        };
        Failure::usage(format!("`{}` is no plan", self.plan), cure)
    }
}
