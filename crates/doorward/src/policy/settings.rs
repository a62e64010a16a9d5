//! How a policy is written down.

use std::sync::{Arc, LazyLock};

use toml::Table;

use super::{Policy, compile::compile};
use crate::base::settings::{Entry, Section, SettingsError, refuse_unknown};

/// The ready-made policies: a name, what it is for, and the text for a settings file.
pub const EXAMPLES: [(&str, &str, &str); 3] = [
    ("saas", "a dashboard that teams sign up for: owner, admin, member, billing", include_str!("saas.toml")),
    ("content", "paid content: reader, member, editor, admin, and a plan that runs out", include_str!("content.toml")),
    (
        "internal",
        "an internal tool of one company and its customers: admin, agent, auditor",
        include_str!("internal.toml"),
    ),
];

/// Roles and permissions.
#[derive(Clone, Debug)]
pub struct Settings(pub(crate) Arc<Policy>);

impl Settings {
    /// Reads the text of a settings file that has a policy and nothing else in it.
    pub fn parse(text: &str) -> Result<Self, Vec<SettingsError>> {
        let malformed = |cause: toml::de::Error| {
            let line = cause.span().map_or(1, |span| text.bytes().take(span.start).filter(|b| *b == b'\n').count() + 1);
            let problem = format!("line {line}: {}", cause.message().replace('\n', " "));
            vec![SettingsError { key: Self::NAME.to_owned(), problem, cure: "Correct the line.".to_owned() }]
        };
        let table: Table = text.parse().map_err(malformed)?;
        let mut errors = Vec::new();
        // A mistyped [policy] would otherwise mean the built-in one.
        refuse_unknown("", &table, &[Self::NAME], &mut errors);
        let settings = crate::settings::section(&table, &mut errors);
        if errors.is_empty() { Ok(settings) } else { Err(errors) }
    }

    /// The policy in force.
    pub fn policy(&self) -> &Policy {
        &self.0
    }
}

/// The policy of somebody who has not written one: that of the dashboard, without permissions of an application.
static DEFAULT: LazyLock<Settings> = LazyLock::new(|| {
    Settings(Arc::new(compile(&Table::new(), &mut Vec::new()).expect("the built-in policy is sound")))
});

impl Default for Settings {
    fn default() -> Self {
        DEFAULT.clone()
    }
}

impl Section for Settings {
    const NAME: &'static str = "policy";

    fn reference() -> Vec<Entry> {
        let entry = |key, shape, default: &str, doc: &str| Entry {
            section: Self::NAME,
            key,
            shape,
            default: default.to_owned(),
            bounds: None,
            doc: doc.to_owned(),
        };
        vec![
            entry("permissions", "a list of texts", "[]", PERMISSIONS),
            entry("about", "texts under names, `[policy.about]`", "", ABOUT),
            entry("owner", "text", "\"owner\"", OWNER),
            entry("roles", "tables such as `[policy.roles.editor]`", "", ROLES),
            entry("plans", "tables such as `[policy.plans.pro]`", "", PLANS),
            entry("operators", "tables such as `[policy.operators.support]`", "", OPERATORS),
        ]
    }

    fn read(table: &Table, errors: &mut Vec<SettingsError>) -> Self {
        compile(table, errors).map_or_else(Self::default, |policy| Self(Arc::new(policy)))
    }
}

const PERMISSIONS: &str = "What your application asks about, besides Doorward's own: names such as `invoices:read`. A permission that is \
    not here is unknown, to the roles and to whoever asks.";
const ABOUT: &str = "What each of your permissions is for, in a sentence for the person who lets a program have it: \
    `\"invoices:read\" = \"See the invoices of the organisation.\"`. It stands on the page that asks whether a program is let in, in \
    the list of programs that somebody has let in, and where API keys are made. Where there is none, people read the name.";
const OWNER: &str = "The role of whoever makes a tenant. One member always keeps it. Where it becomes another role, \
    whoever has that one is an owner from the next start on, and nobody else; Doorward does not start while that would leave a tenant \
    without an owner. Stop all nodes before you change it.";
const ROLES: &str = "The roles in tenants: `permissions` (names, `invoices:*` or `*`), `inherits` (other roles), `grants` (the roles that \
    it may give to others, or `*`), `about` (what it is for, shown to people). Without any, owner, admin, member and billing.";
const PLANS: &str =
    "What somebody may have paid for: `gives` names the role that a member holds until the entitlement ends.";
const OPERATORS: &str = "The roles in the operator's console, which have nothing to do with those in tenants: `permissions`, `inherits`, \
    `about`. Without any, admin, support and auditor.";
