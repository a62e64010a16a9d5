//! From tables to a policy: everything that is wrong is told at once, with the key that it stands under.

use std::collections::{BTreeMap, BTreeSet};

use doorward_core::{PlanName, RoleName};
use toml::{Table, Value};

use super::rules::{MOST_PERMISSIONS, MOST_ROLES, OPERATORS, OWN, Permissions, Policy, Role};
use crate::base::settings::{SettingsError, closest, refuse_unknown};

/// Judges a policy; `None` when there is something wrong with it, which `errors` tells.
pub(super) fn compile(table: &Table, errors: &mut Vec<SettingsError>) -> Option<Policy> {
    let before = errors.len();
    refuse_unknown("policy", table, &["permissions", "owner", "roles", "plans", "operators"], errors);
    let mut judge = Judge { errors };
    let permissions = judge.permissions(table.get("permissions"));
    let names: Vec<&str> = permissions.iter().map(|(name, _)| name.as_str()).collect();
    let built_in = built_in();
    let written = judge.drafts("policy.roles", table.get("roles").or(built_in.get("roles")), TENANT_KEYS);
    let mut roles = judge.roles("policy.roles", &written, &names);
    for role in &mut roles {
        role.held.add(names.binary_search(&"tenant:read").unwrap_or_default());
    }
    let owner = judge.owner(table.get("owner"), &roles, &names);
    let plans = judge.plans(table.get("plans"), &roles, owner.as_ref());
    judge.reachable(&written, &roles, owner.as_ref(), &plans);
    let operators =
        judge.drafts("policy.operators", table.get("operators").or(built_in.get("operators")), OPERATOR_KEYS);
    let operators = judge.roles("policy.operators", &operators, &OPERATORS.map(|(name, _)| name));
    (errors.len() == before).then_some(Policy { permissions, roles, plans, owner: owner?, operators })
}

/// What stands in for roles that nobody has written.
fn built_in() -> Table {
    let text: Table = include_str!("built_in.toml").parse().expect("the built-in policy is TOML");
    text["policy"].as_table().expect("it has one table").clone()
}

const TENANT_KEYS: &[&str] = &["about", "permissions", "inherits", "grants"];
const OPERATOR_KEYS: &[&str] = &["about", "permissions", "inherits"];

/// A role as it was written.
struct Draft {
    name: RoleName,
    about: String,
    permissions: Vec<String>,
    inherits: Vec<String>,
    grants: Vec<String>,
}

struct Judge<'e> {
    errors: &'e mut Vec<SettingsError>,
}

impl Judge<'_> {
    fn wrong(&mut self, key: impl Into<String>, problem: impl Into<String>, cure: impl Into<String>) {
        self.errors.push(SettingsError { key: key.into(), problem: problem.into(), cure: cure.into() });
    }

    /// A list of texts; an absent one is empty.
    fn texts(&mut self, key: &str, value: Option<&Value>) -> Vec<String> {
        let Some(value) = value else { return Vec::new() };
        let texts =
            value.as_array().and_then(|list| list.iter().map(|text| text.as_str().map(str::to_owned)).collect());
        texts.unwrap_or_else(|| {
            self.wrong(key, "it must be a list of texts", "Write it as [\"one\", \"two\"].");
            Vec::new()
        })
    }

    /// Doorward's own permissions and those of the application, in order.
    fn permissions(&mut self, value: Option<&Value>) -> Vec<(String, String)> {
        const KEY: &str = "policy.permissions";
        let mut all: BTreeMap<String, String> =
            OWN.iter().map(|(name, about)| ((*name).to_owned(), (*about).to_owned())).collect();
        for name in self.texts(KEY, value) {
            if !is_permission(&name) {
                let cure = "Write a thing and an act in small letters, such as `invoices:read`; `*` is for roles.";
                self.wrong(KEY, format!("`{name}` is no name of a permission"), cure);
            } else if OWN.iter().any(|(own, _)| *own == name) {
                self.wrong(KEY, format!("`{name}` is Doorward's own"), "Remove it; roles may hold it all the same.");
            } else if all.insert(name.clone(), String::new()).is_some() {
                self.wrong(KEY, format!("`{name}` is there twice"), "Remove one of them.");
            }
        }
        if all.len() > MOST_PERMISSIONS {
            self.wrong(KEY, format!("there are more than {MOST_PERMISSIONS}"), "Ask about fewer things.");
        }
        all.into_iter().take(MOST_PERMISSIONS).collect()
    }

    fn drafts(&mut self, key: &str, value: Option<&Value>, known: &[&str]) -> Vec<Draft> {
        let Some(table) = value.and_then(Value::as_table) else {
            self.wrong(
                key,
                "it must be tables, one for each role",
                format!("Write [{key}.NAME] and its keys under it."),
            );
            return Vec::new();
        };
        if table.is_empty() || table.len() > MOST_ROLES {
            self.wrong(key, format!("there must be 1 to {MOST_ROLES} roles"), "Remove the line, or write fewer.");
        }
        let mut drafts = Vec::new();
        for (name, value) in table.iter().take(MOST_ROLES) {
            let key = format!("{key}.{name}");
            let Ok(name) = name.parse::<RoleName>() else {
                self.wrong(key, "this is no name of a role", format!("A name is {}.", RoleName::SHAPE));
                continue;
            };
            let Some(table) = value.as_table() else {
                self.wrong(&key, "it must be a table", format!("Write [{key}] and its keys under it."));
                continue;
            };
            refuse_unknown(&key, table, known, self.errors);
            let mut texts = |part: &str| self.texts(&format!("{key}.{part}"), table.get(part));
            let (permissions, inherits, grants) = (texts("permissions"), texts("inherits"), texts("grants"));
            let about = table.get("about").map_or(Some(""), Value::as_str).map(str::to_owned).unwrap_or_else(|| {
                self.wrong(format!("{key}.about"), "it must be text", "Say in a sentence what the role is for.");
                String::new()
            });
            drafts.push(Draft { name, about, permissions, inherits, grants });
        }
        drafts
    }

    fn roles(&mut self, key: &str, drafts: &[Draft], names: &[&str]) -> Vec<Role> {
        let own: Vec<Permissions> = drafts.iter().map(|draft| self.own(key, draft, names)).collect();
        let parents: Vec<Vec<usize>> = drafts
            .iter()
            .map(|draft| self.positions(&format!("{key}.{}.inherits", draft.name), &draft.inherits, drafts))
            .collect();
        self.cycles(key, drafts, &parents);
        let grants: Vec<u64> = drafts
            .iter()
            .map(|draft| {
                if draft.grants.iter().any(|role| role == "*") {
                    return u64::MAX >> (MOST_ROLES - drafts.len());
                }
                let given = self.positions(&format!("{key}.{}.grants", draft.name), &draft.grants, drafts);
                given.into_iter().fold(0, |all, at| all | 1 << at)
            })
            .collect();
        let all = drafts.iter().enumerate().zip(grants);
        all.map(|((at, draft), grants)| {
            let held = ancestors(at, &parents).into_iter().fold(Permissions::default(), |held, at| held.and(&own[at]));
            Role { name: draft.name.clone(), about: draft.about.clone(), held, grants }
        })
        .collect()
    }

    /// What a role holds without those that it inherits from.
    fn own(&mut self, key: &str, draft: &Draft, names: &[&str]) -> Permissions {
        let mut held = Permissions::default();
        for pattern in &draft.permissions {
            let matching: Vec<usize> =
                names.iter().enumerate().filter(|(_, name)| matches(pattern, name)).map(|(at, _)| at).collect();
            if matching.is_empty() {
                let cure = match closest(pattern, names) {
                    Some(near) => format!("Did you mean `{near}`? Otherwise add it to policy.permissions."),
                    None => "Add it to policy.permissions, or remove it.".to_owned(),
                };
                let problem = format!("`{pattern}` is no permission that there is");
                self.wrong(format!("{key}.{}.permissions", draft.name), problem, cure);
            }
            matching.into_iter().for_each(|at| held.add(at));
        }
        held
    }

    /// Where the named roles stand in the list.
    fn positions(&mut self, key: &str, names: &[String], drafts: &[Draft]) -> Vec<usize> {
        let mut found = Vec::new();
        for name in names {
            match drafts.iter().position(|draft| draft.name.as_str() == name) {
                Some(at) => found.push(at),
                None => {
                    let known: Vec<&str> = drafts.iter().map(|draft| draft.name.as_str()).collect();
                    let cure = format!("There are: {}.", known.join(", "));
                    self.wrong(key, format!("`{name}` is no role that there is"), cure);
                }
            }
        }
        found
    }

    fn cycles(&mut self, key: &str, drafts: &[Draft], parents: &[Vec<usize>]) {
        let mut told = BTreeSet::new();
        for at in 0..drafts.len() {
            let circle: BTreeSet<usize> = ancestors(at, parents)
                .into_iter()
                .filter(|other| {
                    let back = parents[*other].iter().any(|parent| ancestors(*parent, parents).contains(&at));
                    back && parents[at].iter().any(|parent| ancestors(*parent, parents).contains(other))
                })
                .collect();
            if circle.contains(&at) && told.insert(circle.clone()) {
                let names: Vec<&str> = circle.iter().map(|at| drafts[*at].name.as_str()).collect();
                let problem = format!("a role inherits from itself, through {}", names.join(", "));
                self.wrong(format!("{key}.{}.inherits", drafts[at].name), problem, "Decide which of them holds more.");
            }
        }
    }

    fn owner(&mut self, value: Option<&Value>, roles: &[Role], names: &[&str]) -> Option<RoleName> {
        const KEY: &str = "policy.owner";
        let name = value.map_or(Some("owner"), Value::as_str).unwrap_or_default();
        let Some((at, role)) = roles.iter().enumerate().find(|(_, role)| role.name.as_str() == name) else {
            let known: Vec<&str> = roles.iter().map(|role| role.name.as_str()).collect();
            let cure = format!("Name the role of whoever makes a tenant; there are: {}.", known.join(", "));
            self.wrong(KEY, format!("`{name}` is no role that there is"), cure);
            return None;
        };
        let manages = names.iter().position(|name| *name == "members:manage");
        let holds = manages.is_some_and(|at| role.held.hold(super::Permission(at as u8)));
        if !holds || role.grants >> at & 1 == 0 {
            let cure =
                format!("Give policy.roles.{name} the permission members:manage, and name it in its own grants.");
            self.wrong(KEY, format!("`{name}` could not hand its tenant over to somebody else"), cure);
        }
        Some(role.name.clone())
    }

    fn plans(
        &mut self,
        value: Option<&Value>,
        roles: &[Role],
        owner: Option<&RoleName>,
    ) -> BTreeMap<PlanName, RoleName> {
        let mut plans = BTreeMap::new();
        for (name, value) in value.and_then(Value::as_table).into_iter().flatten() {
            let key = format!("policy.plans.{name}");
            let Ok(plan) = name.parse::<PlanName>() else {
                self.wrong(key, "this is no name of a plan", format!("A name is {}.", PlanName::SHAPE));
                continue;
            };
            refuse_unknown(&key, value.as_table().unwrap_or(&Table::new()), &["gives"], self.errors);
            let gives = value.get("gives").and_then(Value::as_str).unwrap_or_default();
            match roles.iter().find(|role| role.name.as_str() == gives) {
                Some(role) if Some(&role.name) == owner => {
                    let cure = "An owner stays one; let the plan give another role.";
                    self.wrong(format!("{key}.gives"), "a plan that runs out cannot give the owner's role", cure);
                }
                Some(role) => _ = plans.insert(plan, role.name.clone()),
                None => {
                    let known: Vec<&str> = roles.iter().map(|role| role.name.as_str()).collect();
                    let cure = format!("Name the role that the plan gives; there are: {}.", known.join(", "));
                    self.wrong(format!("{key}.gives"), format!("`{gives}` is no role that there is"), cure);
                }
            }
        }
        plans
    }

    /// Refuses roles that nobody can ever have: not given by the owner, nor by anybody whom the owner can make, nor by a plan.
    fn reachable(
        &mut self,
        drafts: &[Draft],
        roles: &[Role],
        owner: Option<&RoleName>,
        plans: &BTreeMap<PlanName, RoleName>,
    ) {
        let begins = |role: &Role| Some(&role.name) == owner || plans.values().any(|given| *given == role.name);
        let mut had: u64 = (0..roles.len()).filter(|at| begins(&roles[*at])).fold(0, |all, at| all | 1 << at);
        loop {
            let given = roles.iter().enumerate().filter(|(at, _)| had >> at & 1 == 1);
            let more = given.fold(had, |all, (_, role)| all | role.grants);
            if more == had {
                break;
            }
            had = more;
        }
        if owner.is_none() || drafts.len() != roles.len() {
            return;
        }
        for (at, role) in roles.iter().enumerate().filter(|(at, _)| had >> at & 1 == 0) {
            let cure = format!(
                "Name it in the grants of a role that people have, or remove it ({} of {}).",
                at + 1,
                roles.len()
            );
            self.wrong(format!("policy.roles.{}", role.name), "nobody can grant this role", cure);
        }
    }
}

/// A role and all that it inherits from, itself among them.
fn ancestors(at: usize, parents: &[Vec<usize>]) -> BTreeSet<usize> {
    let (mut found, mut open) = (BTreeSet::new(), vec![at]);
    while let Some(next) = open.pop() {
        if found.insert(next) {
            open.extend(&parents[next]);
        }
    }
    found
}

/// Whether a name is made of two or more words with colons between.
fn is_permission(name: &str) -> bool {
    let word = |word: &str| {
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_');
        word.starts_with(|c: char| c.is_ascii_lowercase()) && word.bytes().all(plain)
    };
    name.len() <= 64 && name.contains(':') && name.split(':').all(word)
}

/// Whether a pattern of a role means a permission: its name, all that begin with `x:` for `x:*`, or everything for `*`.
fn matches(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some("") => true,
        Some(beginning) => beginning.ends_with(':') && name.starts_with(beginning),
        None => pattern == name,
    }
}
