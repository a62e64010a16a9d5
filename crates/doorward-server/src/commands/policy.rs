//! `doorward policy`: the roles and permissions in force, and texts to begin one's own with.

use clap::{Args, Subcommand, builder::PossibleValuesParser};
use doorward::{
    config::{POLICY_EXAMPLES, Policy as InForce, PolicySettings, RoleInfo},
    core::{PlanName, RoleName},
};
use serde_json::{Value, json};

use crate::{cli::Global, failure::Failure, output};

/// `doorward policy`
#[derive(Subcommand)]
pub(crate) enum Policy {
    /// Shows which role holds which permission; contacts nothing
    Show(Show),
    /// Tells everything that is wrong with the policy in the settings, or "fine"; contacts nothing
    ///
    /// Behind "fine" it names the permissions of which [policy.about] does not say what they are for.
    #[command(after_help = "\
Examples:
  doorward policy check --config /etc/doorward.toml && systemctl restart doorward")]
    Check,
    /// Prints a ready-made policy for the settings file
    Example(Example),
}

/// `doorward policy show`
#[derive(Args)]
#[command(after_help = "\
Examples:
  doorward policy show
  doorward policy show --json | jq -r '.roles[] | select(.permissions | index(\"members:manage\")) | .name'")]
pub(crate) struct Show {
    /// Writes one JSON object
    #[arg(long)]
    json: bool,
}

/// `doorward policy example`
#[derive(Args)]
#[command(after_help = "\
Examples:
  doorward policy example                          says which there are
  doorward policy example saas >> doorward.toml")]
pub(crate) struct Example {
    /// Which one
    #[arg(value_parser = PossibleValuesParser::new(POLICY_EXAMPLES.map(|(name, ..)| name)))]
    name: Option<String>,
}

impl Policy {
    /// Does it.
    pub(crate) async fn run(self, global: &Global) -> Result<(), Failure> {
        match self {
            Self::Show(show) => {
                let settings = global.source()?.load()?.settings;
                let policy = settings.policy.policy();
                if show.json { output::json(&object(policy)) } else { tables(policy) }
            }
            Self::Check => {
                let draft = global.source()?.draft()?;
                let settings: PolicySettings = draft.section();
                draft.finish_section("policy")?;
                output::line("fine")?;
                let untold: Vec<&str> = settings.policy().untold().collect();
                if untold.is_empty() {
                    return Ok(());
                }
                let names = untold.join(", ");
                output::line(&format!(
                    "Whoever lets a program in reads names, for want of sentences in [policy.about]: {names}"
                ))
            }
            Self::Example(example) => example.run(),
        }
    }
}

impl Example {
    fn run(self) -> Result<(), Failure> {
        match POLICY_EXAMPLES.iter().find(|(name, ..)| Some(*name) == self.name.as_deref()) {
            Some((.., text)) => output::text(text),
            None => POLICY_EXAMPLES.iter().try_for_each(|(name, about, _)| output::line(&format!("{name:10} {about}"))),
        }
    }
}

fn tables(policy: &InForce) -> Result<(), Failure> {
    output::line("Roles in tenants")?;
    let permissions: Vec<&str> = policy.permissions().map(|(name, _)| name).collect();
    output::table(&matrix(&permissions, &policy.roles()))?;
    output::line("")?;
    let sentences = policy.permissions().map(|(name, about)| [name, about].map(str::to_owned));
    output::table(
        &[vec![["PERMISSION", "WHOEVER LETS A PROGRAM IN READS"].map(str::to_owned)], sentences.collect()].concat(),
    )?;
    output::line("")?;
    let mut rows = vec![["ROLE", "MAY GIVE", "FOR"].map(str::to_owned)];
    rows.extend(policy.roles().into_iter().map(|role| {
        let grants = role.grants.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let owner = if role.name == *policy.owner() { "The owner's. " } else { "" };
        [role.name.to_string(), grants, format!("{owner}{}", role.about)]
    }));
    output::table(&rows)?;
    let plans: Vec<_> = policy.plans().map(|(plan, role)| [plan.to_string(), role.to_string()]).collect();
    if !plans.is_empty() {
        output::line("")?;
        output::table(&[vec![["PLAN", "GIVES"].map(str::to_owned)], plans].concat())?;
    }
    output::line("\nRoles of operators, in the console")?;
    let permissions: Vec<&str> = InForce::operator_permissions().map(|(name, _)| name).collect();
    output::table(&matrix(&permissions, &policy.operators()))
}

/// A row for each permission and a column for each role.
fn matrix(permissions: &[&str], roles: &[RoleInfo]) -> Vec<Vec<String>> {
    let heading = ["PERMISSION".to_owned()].into_iter().chain(roles.iter().map(|role| role.name.to_string()));
    let row = |permission: &str| {
        let held =
            roles.iter().map(|role| if role.permissions.iter().any(|held| held == permission) { "x" } else { "" });
        [permission].into_iter().chain(held).map(str::to_owned).collect()
    };
    [heading.collect()].into_iter().chain(permissions.iter().map(|permission| row(permission))).collect()
}

fn object(policy: &InForce) -> Value {
    let named = |(name, about): (&str, &str)| json!({ "name": name, "about": about });
    let plan = |(plan, role): (&PlanName, &RoleName)| json!({ "name": plan.as_str(), "gives": role.as_str() });
    json!({
        "owner": policy.owner().as_str(),
        "permissions": policy.permissions().map(named).collect::<Value>(),
        "roles": policy.roles().iter().map(role).collect::<Value>(),
        "plans": policy.plans().map(plan).collect::<Value>(),
        "operator_permissions": InForce::operator_permissions().map(named).collect::<Value>(),
        "operators": policy.operators().iter().map(role).collect::<Value>(),
    })
}

fn role(role: &RoleInfo) -> Value {
    let grants: Vec<&str> = role.grants.iter().map(|role| role.as_str()).collect();
    json!({ "name": role.name.as_str(), "about": role.about, "permissions": role.permissions, "grants": grants })
}
