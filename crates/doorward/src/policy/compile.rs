//! From tables to a policy: everything that is wrong is told at once, with the key that it stands under.

use std::collections::{BTreeMap, BTreeSet};

use doorward_core::{PlanName, RoleName};
use toml::{Table, Value};

use super::rules::{MOST_PERMISSIONS, MOST_PLANS, MOST_ROLES, OPERATORS, OWN, Permissions, Policy, Role, untold};
use crate::base::settings::{SettingsError, closest, refuse_unknown};

/// Judges a policy; `None` when there is something wrong with it, which `errors` tells.
pub(super) fn compile(table: &Table, errors: &mut Vec<SettingsError>) -> Option<Policy> {
    let before = errors.len();
    refuse_unknown("policy", table, &["permissions", "about", "owner", "roles", "plans", "operators"], errors);
    let mut judge = Judge { errors };
    let mut permissions = judge.permissions(table.get("permissions"));
    judge.sentences(table.get("about"), &mut permissions);
    let names: Vec<&str> = permissions.iter().map(|(name, _)| name.as_str()).collect();
    let built_in = built_in();
    let written = judge.drafts("policy.roles", table.get("roles").or(built_in.get("roles")), TENANT_KEYS);
    let mut roles = judge.roles("policy.roles", &written, &names);
    for role in &mut roles {
        role.held.add(names.binary_search(&"tenant:read").unwrap_or_default());
    }
    let owner = judge.owner(table.get("owner"), &roles, &names);
    let plans = judge.plans(table.get("plans"), &roles, owner.as_ref());
    if let Some(owner) = &owner {
        judge.reachable(&roles, owner, &plans);
    }
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
            } else if all.insert(name.clone(), untold(&name)).is_some() {
                self.wrong(KEY, format!("`{name}` is there twice"), "Remove one of them.");
            }
        }
        if all.len() > MOST_PERMISSIONS {
            self.wrong(
                KEY,
                format!("there are more than {MOST_PERMISSIONS}, with Doorward's own"),
                "Ask about fewer things.",
            );
        }
        all.into_iter().take(MOST_PERMISSIONS).collect()
    }

    /// What people read of the application's permissions who decide about a program.
    fn sentences(&mut self, value: Option<&Value>, permissions: &mut [(String, String)]) {
        const KEY: &str = "policy.about";
        let Some(value) = value else { return };
        let Some(table) = value.as_table() else {
            let cure = format!("Write [{KEY}] and under it lines such as \"invoices:read\" = \"See the invoices.\".");
            return self.wrong(KEY, "it must be a table", cure);
        };
        for (name, sentence) in table {
            let key = format!("{KEY}.{name}");
            let names: Vec<&str> = permissions.iter().map(|(name, _)| name.as_str()).collect();
            let Ok(at) = names.binary_search(&name.as_str()) else {
                self.wrong(key, format!("`{name}` is no permission that there is"), instead_of(KEY, name, &names));
                continue;
            };
            if OWN.iter().any(|(own, _)| own == name) {
                self.wrong(
                    key,
                    format!("`{name}` is Doorward's own"),
                    "Remove the line; Doorward says what it is for.",
                );
                continue;
            }
            match sentence.as_str().filter(|text| is_sentence(text)) {
                Some(text) => permissions[at].1 = text.to_owned(),
                None => self.wrong(
                    key,
                    format!("it must be one line of up to {MOST_LETTERS} characters"),
                    "Say in a sentence what whoever has the permission sees or does.",
                ),
            }
        }
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
        let parents: Vec<u64> = drafts
            .iter()
            .map(|draft| self.named(&format!("{key}.{}.inherits", draft.name), &draft.inherits, drafts))
            .collect();
        let ancestors = closure(&parents);
        self.cycles(key, drafts, &parents, &ancestors);
        let all = drafts.iter().zip(ancestors);
        all.map(|(draft, ancestors)| {
            let inherited = (0..drafts.len()).filter(|at| holds(ancestors, *at));
            let held = inherited.fold(Permissions::default(), |held, at| held.and(&own[at]));
            let (everything, named): (Vec<_>, Vec<_>) = draft.grants.iter().cloned().partition(|role| role == "*");
            let mut grants = self.named(&format!("{key}.{}.grants", draft.name), &named, drafts);
            if !everything.is_empty() {
                grants = (0..drafts.len()).fold(0, |all, at| all | 1 << at);
            }
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
                let problem = format!("`{pattern}` is no permission that there is");
                self.wrong(format!("{key}.{}.permissions", draft.name), problem, instead_of(key, pattern, names));
            }
            matching.into_iter().for_each(|at| held.add(at));
        }
        held
    }

    /// The roles of these names, as a set of places in the list.
    fn named(&mut self, key: &str, names: &[String], drafts: &[Draft]) -> u64 {
        let mut found = 0;
        for name in names {
            match drafts.iter().position(|draft| draft.name.as_str() == name) {
                Some(at) => found |= 1 << at,
                None => {
                    let known: Vec<&str> = drafts.iter().map(|draft| draft.name.as_str()).collect();
                    let cure = format!("There are: {}.", known.join(", "));
                    self.wrong(key, format!("`{name}` is no role that there is"), cure);
                }
            }
        }
        found
    }

    /// Refuses roles that inherit from themselves; each circle is told once.
    fn cycles(&mut self, key: &str, drafts: &[Draft], parents: &[u64], ancestors: &[u64]) {
        let mut told = 0;
        for (at, draft) in drafts.iter().enumerate() {
            let circle = (0..drafts.len()).filter(|other| holds(ancestors[at], *other) && holds(ancestors[*other], at));
            let circle: Vec<usize> = circle.collect();
            if holds(told, at) || (circle.len() == 1 && !holds(parents[at], at)) {
                continue;
            }
            told = circle.iter().fold(told, |told, at| told | 1 << at);
            let names: Vec<&str> = circle.iter().map(|at| drafts[*at].name.as_str()).collect();
            let problem = format!("a role inherits from itself, through {}", names.join(", "));
            self.wrong(format!("{key}.{}.inherits", draft.name), problem, "Decide which of them holds more.");
        }
    }

    fn owner(&mut self, value: Option<&Value>, roles: &[Role], names: &[&str]) -> Option<RoleName> {
        const KEY: &str = "policy.owner";
        let Some(name) = value.map_or(Some("owner"), Value::as_str) else {
            self.wrong(KEY, "it must be text", "Name the role of whoever makes a tenant.");
            return None;
        };
        if roles.is_empty() {
            // That there are none was told.
            return None;
        }
        let Some((at, role)) = roles.iter().enumerate().find(|(_, role)| role.name.as_str() == name) else {
            let known: Vec<&str> = roles.iter().map(|role| role.name.as_str()).collect();
            let cure = format!("Name the role of whoever makes a tenant; there are: {}.", known.join(", "));
            self.wrong(KEY, format!("`{name}` is no role that there is"), cure);
            return None;
        };
        let manages = names.iter().position(|name| *name == "members:manage");
        let manages = manages.is_some_and(|at| role.held.hold(super::Permission(at as u8)));
        if !manages || !holds(role.grants, at) {
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
        const KEY: &str = "policy.plans";
        let none = Value::Table(Table::new());
        let Some(table) = value.unwrap_or(&none).as_table() else {
            self.wrong(
                KEY,
                "it must be tables, one for each plan",
                format!("Write [{KEY}.NAME] and its keys under it."),
            );
            return BTreeMap::new();
        };
        if table.len() > MOST_PLANS {
            self.wrong(KEY, format!("there must be at most {MOST_PLANS} plans"), "Write fewer.");
        }
        let mut plans = BTreeMap::new();
        for (name, value) in table.iter().take(MOST_PLANS) {
            let key = format!("{KEY}.{name}");
            let Ok(plan) = name.parse::<PlanName>() else {
                self.wrong(key, "this is no name of a plan", format!("A name is {}.", PlanName::SHAPE));
                continue;
            };
            let Some(table) = value.as_table() else {
                self.wrong(&key, "it must be a table", format!("Write [{key}] and under it: gives = \"ROLE\"."));
                continue;
            };
            refuse_unknown(&key, table, &["gives"], self.errors);
            let Some(gives) = table.get("gives").and_then(Value::as_str) else {
                let key = if table.contains_key("gives") { format!("{key}.gives") } else { key };
                self.wrong(key, "a plan gives a role", "Write under it: gives = \"ROLE\".");
                continue;
            };
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

    /// Refuses roles that nobody can ever have: neither the owner nor anybody whom the owner can make gives them, nor a plan.
    fn reachable(&mut self, roles: &[Role], owner: &RoleName, plans: &BTreeMap<PlanName, RoleName>) {
        let grants: Vec<u64> = roles.iter().map(|role| role.grants).collect();
        let granted = closure(&grants);
        let from_owner = roles.iter().position(|role| role.name == *owner).map_or(0, |at| granted[at]);
        for (_, role) in roles.iter().enumerate().filter(|(at, _)| !holds(from_owner, *at)) {
            // A role of a plan grants nothing, so what it could grant is out of reach all the same.
            if !plans.values().any(|given| *given == role.name) {
                let cure =
                    format!("Name it in policy.roles.{owner}.grants or let a plan give it; otherwise remove it.");
                self.wrong(format!("policy.roles.{}", role.name), "nobody can grant this role", cure);
            }
        }
    }
}

/// For each place of a list, the places that it leads to in any number of steps, itself among them.
fn closure(steps: &[u64]) -> Vec<u64> {
    let mut all: Vec<u64> = steps.iter().enumerate().map(|(at, steps)| steps | 1 << at).collect();
    for through in 0..all.len() {
        let beyond = all[through];
        all.iter_mut().filter(|led| holds(**led, through)).for_each(|led| *led |= beyond);
    }
    all
}

/// Whether a set of places holds one.
fn holds(places: u64, at: usize) -> bool {
    places >> at & 1 == 1
}

/// What to write in the place of a pattern that means nothing.
fn instead_of(key: &str, pattern: &str, names: &[&str]) -> String {
    let groups: BTreeSet<String> =
        names.iter().filter_map(|name| Some(format!("{}:*", name.rsplit_once(':')?.0))).collect();
    let known: Vec<&str> = names.iter().copied().chain(groups.iter().map(String::as_str)).collect();
    match (closest(pattern, &known), key) {
        (Some(near), "policy.operators") => {
            format!("Did you mean `{near}`? Operators hold permissions of the console.")
        }
        (None, "policy.operators") => format!("Those of the console are: {}.", names.join(", ")),
        (Some(near), _) => format!("Did you mean `{near}`? Otherwise add it to policy.permissions."),
        (None, _) => "Add it to policy.permissions, or remove it.".to_owned(),
    }
}

/// Whether a name is made of two or more words with colons between.
fn is_permission(name: &str) -> bool {
    let word = |word: &str| {
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_');
        word.starts_with(|c: char| c.is_ascii_lowercase()) && word.bytes().all(plain)
    };
    name.len() <= 64 && name.contains(':') && name.split(':').all(word)
}

/// Whether a text can be shown as one line that says something.
fn is_sentence(text: &str) -> bool {
    !text.trim().is_empty() && text.chars().count() <= MOST_LETTERS && !text.chars().any(char::is_control)
}

/// A sentence is read by somebody who decides in a moment.
const MOST_LETTERS: usize = 200;

/// Whether a pattern of a role means a permission: its name, all that begin with `x:` for `x:*`, or everything for `*`.
fn matches(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some("") => true,
        Some(beginning) => beginning.ends_with(':') && name.starts_with(beginning),
        None => pattern == name,
    }
}
