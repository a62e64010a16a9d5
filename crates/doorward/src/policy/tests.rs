//! What policy promises.

mod examples;
mod mistakes;
mod model;
mod sentences;

use std::collections::BTreeSet;

use doorward_core::RoleName;

use self::mistakes::{refuses_all, told};
use super::{
    OwnRoles, Policy, Settings,
    rules::{OPERATORS, OWN},
};

/// Roles and what is said about them, on top of an owner who can do everything.
fn policy(more: &str) -> Policy {
    parsed(&format!("{OWNER}{more}"))
}

fn parsed(text: &str) -> Policy {
    Settings::parse(text).map_err(|errors| format!("{errors:?} in {text}")).unwrap().policy().clone()
}

fn role(name: &str) -> RoleName {
    name.parse().unwrap()
}

fn roles(names: &[&str]) -> OwnRoles {
    OwnRoles::new(names.iter().map(|name| role(name)).collect())
}

/// The names of all permissions that some roles hold together.
fn held(policy: &Policy, names: &[&str]) -> BTreeSet<String> {
    let held = policy.held(roles(names).iter());
    let all: Vec<String> = policy.permissions().map(|(name, _)| name.to_owned()).collect();
    all.into_iter().filter(|name| held.hold(policy.permission(name).unwrap())).collect()
}

/// Whether these roles of an operator hold a permission of the console, by its name.
fn operator_may(policy: &Policy, roles: &OwnRoles, name: &str) -> bool {
    Policy::of_operators(name).is_some_and(|permission| policy.held_by_operator(roles).hold(permission))
}

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

const OWNER: &str = "[policy.roles.owner]\npermissions = [\"*\"]\ngrants = [\"*\"]\n";

/// Promise: `policy/no-more-than-said`
#[test]
fn a_role_holds_what_it_names_and_what_it_inherits_and_nothing_else() {
    let policy = parsed(
        "[policy]
        permissions = [\"a:read\", \"a:write\", \"a:deep:read\", \"ab:read\", \"b:read\"]
        [policy.roles.owner]
        permissions = [\"*\"]
        grants = [\"*\"]
        [policy.roles.nothing]
        [policy.roles.one]
        permissions = [\"a:read\"]
        [policy.roles.rest]
        permissions = [\"a:*\"]
        [policy.roles.deep]
        permissions = [\"a:deep:*\"]
        [policy.roles.child]
        inherits = [\"one\", \"deep\"]
        [policy.roles.grandchild]
        inherits = [\"child\"]
        permissions = [\"b:read\"]",
    );
    let expected: &[(&[&str], &[&str])] = &[
        (&["nothing"], &["tenant:read"]),
        (&["one"], &["a:read", "tenant:read"]),
        (&["rest"], &["a:read", "a:write", "a:deep:read", "tenant:read"]),
        (&["deep"], &["a:deep:read", "tenant:read"]),
        (&["child"], &["a:read", "a:deep:read", "tenant:read"]),
        (&["grandchild"], &["a:read", "a:deep:read", "b:read", "tenant:read"]),
        (&["one", "nothing"], &["a:read", "tenant:read"]),
        (&["deep", "one"], &["a:read", "a:deep:read", "tenant:read"]),
    ];
    for (names, permissions) in expected {
        assert_eq!(held(&policy, names), set(permissions), "{names:?}");
    }
    assert_eq!(held(&policy, &["owner"]).len(), 5 + OWN.len());
}

/// Promise: `policy/no-more-than-said`
#[test]
fn a_role_that_the_policy_does_not_know_holds_nothing_and_no_role_does_neither() {
    let policy = policy("[policy.roles.member]\n");
    for names in [&["stranger"][..], &[], &["owners"], &["own"], &["auditor"]] {
        assert_eq!(held(&policy, names), set(&[]), "{names:?}");
        assert!(policy.gives(&roles(names)).is_empty());
    }
    assert_eq!(held(&policy, &["member", "stranger"]), set(&["tenant:read"]));
    assert!(!policy.knows(&role("stranger")) && policy.knows(&role("member")));
}

/// Promise: `policy/no-more-than-said`
#[test]
fn a_permission_that_nobody_wrote_is_none() {
    let policy = policy("");
    for name in
        ["", "*", "members:*", "members", "members:", "Members:read", "members:read ", "accounts:read", "tenant:rea"]
    {
        assert_eq!(policy.permission(name), None, "{name:?}");
    }
    for (name, about) in OWN {
        assert!(policy.permission(name).is_some() && !about.is_empty(), "{name}");
    }
}

/// Promise: `policy/no-more-than-said`
#[test]
fn the_last_of_as_many_permissions_and_roles_as_there_may_be_is_one_like_any() {
    let names: Vec<String> = (0..256 - OWN.len()).map(|at| format!("\"z:z{at:03}\"")).collect();
    let many: String = (0..62).map(|at| format!("[policy.roles.r{at:02}]\n")).collect();
    let name = names.last().unwrap();
    let last = format!("[policy.roles.zz]\npermissions = [{name}]\ngrants = [\"r61\"]\n");
    let policy = parsed(&format!("[policy]\npermissions = [{}]\n{OWNER}{many}{last}", names.join(", ")));
    assert_eq!(policy.roles().len(), 64);
    assert_eq!(held(&policy, &["zz"]), set(&["tenant:read", name.trim_matches('"')]));
    assert_eq!(held(&policy, &["owner"]).len(), 256);
    assert_eq!(policy.gives(&roles(&["zz"])), [role("r61")]);
    assert_eq!(policy.gives(&roles(&["owner"])).len(), 64);
}

/// Promise: `policy/gives-what-it-may`
#[test]
fn a_role_gives_the_roles_that_it_names_and_no_other() {
    let policy = policy(
        "[policy.roles.admin]
        permissions = [\"*\"]
        grants = [\"admin\", \"member\"]
        [policy.roles.lead]
        inherits = [\"admin\"]
        grants = [\"member\"]
        [policy.roles.member]
        [policy.roles.billing]",
    );
    let expected: &[(&[&str], &[&str])] = &[
        (&["owner"], &["admin", "billing", "lead", "member", "owner"]),
        (&["admin"], &["admin", "member"]),
        // What a role gives is not inherited: a wider list would be one that nobody has written down.
        (&["lead"], &["member"]),
        (&["member"], &[]),
        (&["billing", "member"], &[]),
        (&["billing", "lead"], &["member"]),
        (&["stranger"], &[]),
        (&[], &[]),
    ];
    for (own, given) in expected {
        assert_eq!(policy.gives(&roles(own)), given.iter().map(|name| role(name)).collect::<Vec<_>>(), "{own:?}");
    }
    assert!(!policy.may_give(&roles(&["owner"]), &role("stranger")), "a role that is not there is nobody's to give");
}

/// Promise: `policy/operators-apart`
#[test]
fn a_role_in_a_tenant_means_nothing_to_the_console_whatever_it_is_called() {
    let policy = policy(
        "[policy.roles.auditor]
        permissions = [\"*\"]
        [policy.roles.admin]
        permissions = [\"*\"]
        [policy.operators.auditor]
        permissions = [\"audit:read\"]
        [policy.operators.boss]
        permissions = [\"*\"]",
    );
    for (name, _) in OPERATORS {
        assert!(operator_may(&policy, &roles(&["boss"]), name), "{name}");
        assert_eq!(operator_may(&policy, &roles(&["auditor"]), name), name == "audit:read", "{name}");
        for tenants in [&["owner"][..], &["admin"], &["owner", "admin"], &[]] {
            assert!(!operator_may(&policy, &roles(tenants), name), "{tenants:?}: {name}");
        }
    }
    assert!(!policy.knows_operator(&role("admin")) && policy.knows_operator(&role("boss")));
}

/// Promise: `policy/operators-apart`
#[test]
fn a_role_in_the_console_means_nothing_in_a_tenant() {
    let policy = policy("[policy.operators.boss]\npermissions = [\"*\"]\n");
    assert_eq!(held(&policy, &["boss"]), set(&[]));
    assert!(!policy.knows(&role("boss")) && policy.gives(&roles(&["boss"])).is_empty());
    let boss = &policy.operators()[0];
    assert!(boss.permissions.len() == OPERATORS.len() && boss.grants.is_empty(), "{boss:?}");
    for (name, _) in OWN.iter().filter(|(name, _)| !["audit:read", "api_keys:manage"].contains(name)) {
        assert!(!operator_may(&policy, &roles(&["boss"]), name), "{name}");
    }
}

#[test]
fn roles_have_one_spelling() {
    assert_eq!(roles(&["b", "a", "b"]).text(), "a,b");
    assert_eq!(OwnRoles::stored("b,a,,B, c,a").text(), "a,b", "what is no name gives nothing");
    let changes = roles(&["a", "b"]).changes(&roles(&["b", "c"]));
    assert_eq!(changes, [role("a"), role("c")]);
}
