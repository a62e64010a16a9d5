//! The ready-made policies, each role spelled out by hand.

use super::{operator_may, parsed, role, roles};
use crate::policy::{EXAMPLES, Policy, Settings};

/// A role, every permission that it holds beside `tenant:read`, and every role that it may give.
type Expected = (&'static str, &'static str, &'static str);

const SAAS: &[Expected] = &[
    (
        "admin",
        "api_keys:manage audit:read members:invite members:manage members:read projects:delete projects:read projects:write tenant:update",
        "admin billing member",
    ),
    ("billing", "invoices:read payment:update", ""),
    ("exporter", "reports:export", ""),
    ("member", "members:read projects:read projects:write", ""),
    (
        "owner",
        "api_keys:manage audit:read connections:manage domains:manage invoices:read members:invite members:manage \
            members:read payment:update projects:delete projects:read projects:write reports:export tenant:delete tenant:update",
        "admin billing exporter member owner",
    ),
];

const CONTENT: &[Expected] = &[
    (
        "admin",
        "api_keys:manage articles:publish articles:read-free articles:read-paid articles:write audit:read comments:moderate \
            comments:write connections:manage domains:manage members:invite members:manage members:read tenant:delete tenant:update",
        "admin editor member reader",
    ),
    (
        "editor",
        "articles:publish articles:read-free articles:read-paid articles:write comments:moderate comments:write",
        "",
    ),
    ("member", "articles:read-free articles:read-paid comments:write", ""),
    ("reader", "articles:read-free", ""),
];

const INTERNAL: &[Expected] = &[
    (
        "admin",
        "api_keys:manage audit:read connections:manage customers:export customers:read domains:manage members:invite \
            members:manage members:read tenant:delete tenant:update tickets:answer tickets:close tickets:read",
        "admin agent auditor lead",
    ),
    ("agent", "customers:read tickets:answer tickets:read", ""),
    ("auditor", "audit:read customers:read members:read tickets:read", ""),
    ("lead", "customers:read members:invite members:read tickets:answer tickets:close tickets:read", "agent"),
];

const BUILT_IN: &[Expected] = &[
    (
        "admin",
        "api_keys:manage audit:read members:invite members:manage members:read tenant:update",
        "admin billing member",
    ),
    ("billing", "", ""),
    ("member", "members:read", ""),
    (
        "owner",
        "api_keys:manage audit:read connections:manage domains:manage members:invite members:manage members:read \
            tenant:delete tenant:update",
        "admin billing member owner",
    ),
];

fn example(name: &str) -> Policy {
    parsed(EXAMPLES.iter().find(|(known, ..)| *known == name).unwrap().2)
}

fn same(policy: &Policy, expected: &[Expected]) {
    let shown = policy.roles();
    assert_eq!(shown.len(), expected.len());
    for (found, (name, permissions, grants)) in shown.iter().zip(expected) {
        let held: Vec<&str> =
            found.permissions.iter().map(String::as_str).filter(|held| *held != "tenant:read").collect();
        let gives: Vec<&str> = found.grants.iter().map(|role| role.as_str()).collect();
        assert_eq!(
            (found.name.as_str(), held.join(" "), gives.join(" ")),
            (*name, (*permissions).to_owned(), (*grants).to_owned())
        );
        assert!(found.permissions.iter().any(|held| held == "tenant:read") && !found.about.is_empty(), "{name}");
    }
}

/// Promise: `policy/examples`
#[test]
fn each_role_of_each_example_may_do_what_is_written_here() {
    assert_eq!(EXAMPLES.map(|(name, ..)| name), ["saas", "content", "internal"]);
    same(&example("saas"), SAAS);
    same(&example("content"), CONTENT);
    same(&example("internal"), INTERNAL);
    same(Settings::default().policy(), BUILT_IN);
    let owners = ["saas", "content", "internal"].map(|name| example(name).owner().to_string());
    assert_eq!(owners, ["owner", "admin", "admin"]);
}

/// Promise: `policy/examples`
#[test]
fn plans_give_what_the_examples_say() {
    let given = |name: &str, plan: &str| example(name).given_by(&plan.parse().unwrap()).map(ToString::to_string);
    assert_eq!(given("saas", "pro").as_deref(), Some("exporter"));
    assert_eq!(given("content", "monthly").as_deref(), Some("member"));
    assert_eq!(given("content", "yearly").as_deref(), Some("member"));
    assert_eq!(given("saas", "monthly"), None);
    assert_eq!(example("internal").plans().count() + Settings::default().policy().plans().count(), 0);
}

/// Promise: `policy/examples`
#[test]
fn operators_of_the_examples_do_what_their_sentence_says() {
    for name in ["saas", "content", "internal"] {
        let policy = example(name);
        let may = |operator: &str, permission: &str| operator_may(&policy, &roles(&[operator]), permission);
        assert_eq!(
            policy.operators().iter().map(|one| one.name.clone()).collect::<Vec<_>>(),
            [role("admin"), role("auditor"), role("support")]
        );
        for (permission, support, auditor) in [
            ("accounts:read", true, true),
            ("accounts:manage", true, false),
            ("tenants:read", true, true),
            ("tenants:manage", false, false),
            ("api_keys:read", true, true),
            ("api_keys:manage", true, false),
            ("providers:read", false, true),
            ("providers:try", false, false),
            ("entitlements:manage", false, false),
            ("sessions:manage", true, false),
            ("audit:read", false, true),
            ("system:read", false, true),
        ] {
            let found = ["admin", "support", "auditor"].map(|operator| may(operator, permission));
            assert_eq!(found, [true, support, auditor], "{name}: {permission}");
        }
    }
}
