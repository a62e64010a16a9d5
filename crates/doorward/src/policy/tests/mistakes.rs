//! A policy with a mistake in it is refused, and the mistake is told.

use super::{OWNER, Settings, parsed};

/// Everything that is wrong with a policy, each as one line.
pub(super) fn told(text: &str) -> Vec<String> {
    Settings::parse(text).err().unwrap_or_default().iter().map(ToString::to_string).collect()
}

/// The one thing that is wrong with roles beside an owner who can do everything.
#[track_caller]
fn refuses(more: &str, parts: &[&str]) {
    refuses_all(&format!("{OWNER}{more}"), parts);
}

#[track_caller]
pub(super) fn refuses_all(text: &str, parts: &[&str]) {
    let told = told(text);
    assert_eq!(told.len(), 1, "{told:?} in {text}");
    assert!(told[0].starts_with(&format!("{}: ", parts[0])), "{told:?} in {text}");
    for part in parts {
        assert!(told[0].contains(part), "{part} in {told:?}");
    }
}

/// Promise: `policy/checked-at-start`
#[test]
fn a_permission_that_is_not_there_is_refused_with_the_one_that_was_meant() {
    const KEY: &str = "policy.roles.a.permissions";
    let with = |permission: &str| {
        format!(
            "[policy]\npermissions = [\"invoices:read\"]\n{OWNER}[policy.roles.a]\npermissions = [\"{permission}\"]\n"
        )
    };
    let cases = [
        ("invoice:read", "Did you mean `invoices:read`?"),
        ("Invoices:read", "Did you mean `invoices:read`?"),
        ("invoice:*", "Did you mean `invoices:*`?"),
        ("member:*", "Did you mean `members:*`?"),
        ("rockets:launch", "Add it to policy.permissions, or remove it."),
        ("rockets:*", "Add it to policy.permissions, or remove it."),
        // A `*` stands for whole words at the end, and nothing else is a pattern.
        ("invoices:r*", "`invoices:r*` is no permission"),
        ("inv*", "`inv*` is no permission"),
        ("*:read", "`*:read` is no permission"),
        ("**", "`**` is no permission"),
        (":*", "`:*` is no permission"),
        ("", "`` is no permission"),
    ];
    for (permission, cure) in cases {
        refuses_all(&with(permission), &[KEY, &format!("`{permission}` is no permission that there is"), cure]);
    }
    assert_eq!(told(&with("invoices:*")), Vec::<String>::new());
}

/// Promise: `policy/checked-at-start`
#[test]
fn a_circle_of_any_length_is_refused_once() {
    let inherits = |role: &str, from: &str| format!("[policy.roles.{role}]\ninherits = [{from}]\n");
    refuses(&inherits("a", "\"a\""), &["policy.roles.a.inherits", "through a."]);
    let two = inherits("a", "\"b\"") + &inherits("b", "\"a\"");
    refuses(&two, &["policy.roles.a.inherits", "a role inherits from itself, through a, b."]);
    let three = inherits("a", "\"b\"") + &inherits("b", "\"c\"") + &inherits("c", "\"a\"");
    refuses(&three, &["policy.roles.a.inherits", "through a, b, c."]);
    // A role that leads into a circle is not in it.
    refuses(&(inherits("z", "\"a\"") + &two), &["policy.roles.a.inherits", "through a, b."]);
    let apart = two + &inherits("c", "\"d\"") + &inherits("d", "\"c\"");
    assert_eq!(told(&format!("{OWNER}{apart}")).len(), 2, "each circle once");
    let crowd: Vec<String> = (0..60).map(|at| format!("\"r{at:02}\"")).collect();
    let all: String = (0..60).map(|at| inherits(&format!("r{at:02}"), &crowd.join(", "))).collect();
    refuses(&all, &["policy.roles.r00.inherits", "r00, r01", "r58, r59."]);
    let operators = "[policy.operators.a]\ninherits = [\"b\"]\n[policy.operators.b]\ninherits = [\"a\"]\n";
    refuses(operators, &["policy.operators.a.inherits", "through a, b."]);
}

/// Promise: `policy/checked-at-start`
#[test]
fn two_ways_to_the_same_role_are_no_circle() {
    let diamond = "[policy.roles.top]\ninherits = [\"left\", \"right\", \"base\"]\n[policy.roles.left]\ninherits = [\"base\"]\n\
        [policy.roles.right]\ninherits = [\"base\", \"base\"]\n[policy.roles.base]\npermissions = [\"members:read\"]\n";
    let policy = parsed(&format!("{OWNER}{diamond}"));
    assert_eq!(super::held(&policy, &["top"]), super::set(&["members:read", "tenant:read"]));
}

/// Promise: `policy/checked-at-start`
#[test]
fn a_role_that_nobody_can_grant_is_refused() {
    let owner = |grants: &str| format!("[policy.roles.owner]\npermissions = [\"*\"]\ngrants = [\"owner\"{grants}]\n");
    let key = ["policy.roles.lost", "nobody can grant this role", "policy.roles.owner.grants"];
    refuses_all(&(owner("") + "[policy.roles.lost]\n"), &key);
    refuses_all(&(owner("") + "[policy.roles.lost]\ngrants = [\"lost\"]\n"), &key);
    // Through a role that nobody can have, nobody gets one either.
    let chain = "[policy.roles.a]\ngrants = [\"b\"]\n[policy.roles.b]\ngrants = [\"a\"]\n";
    assert_eq!(told(&(owner("") + chain)).len(), 2);
    assert_eq!(told(&(owner(", \"a\"") + chain)), Vec::<String>::new());
    // A plan's role gives nothing, because it is had for a time only.
    let plan = "[policy.roles.paid]\ngrants = [\"lost\"]\n[policy.plans.pro]\ngives = \"paid\"\n[policy.roles.lost]\n";
    refuses_all(&(owner("") + plan), &key);
    let plan = "[policy.roles.paid]\n[policy.plans.pro]\ngives = \"paid\"\n";
    assert_eq!(told(&(owner("") + plan)), Vec::<String>::new());
    // To inherit from a role is not to have it given.
    refuses_all(&(owner(", \"a\"") + "[policy.roles.a]\ninherits = [\"lost\"]\n[policy.roles.lost]\n"), &key);
}

/// Promise: `policy/checked-at-start`
#[test]
fn a_tenant_could_always_be_handed_over() {
    let hand = ["policy.owner", "could not hand its tenant over", "members:manage", "its own grants"];
    refuses_all("[policy.roles.owner]\npermissions = [\"*\"]\n", &hand);
    refuses_all("[policy.roles.owner]\npermissions = [\"members:read\"]\ngrants = [\"*\"]\n", &hand);
    refuses_all(
        "[policy]\nowner = \"a\"\n[policy.roles.a]\ngrants = [\"*\"]\n",
        &["policy.owner", "policy.roles.a the"],
    );
    refuses("[policy]\nowner = \"boss\"\n", &["policy.owner", "`boss` is no role that there is", "there are: owner"]);
    refuses("[policy]\nowner = 3\n", &["policy.owner", "it must be text"]);
    refuses_all(
        "[policy.roles.a]\ngrants = [\"*\"]\n",
        &["policy.owner", "`owner` is no role that there is", "there are: a"],
    );
    let inherited =
        "[policy.roles.owner]\ninherits = [\"a\"]\ngrants = [\"*\"]\n[policy.roles.a]\npermissions = [\"members:*\"]\n";
    assert_eq!(told(inherited), Vec::<String>::new());
}

/// Promise: `policy/checked-at-start`
#[test]
fn a_plan_gives_a_role_that_may_run_out() {
    let plan = |text: &str| format!("[policy.plans.pro]\n{text}\n");
    refuses(&plan("gives = \"owner\""), &["policy.plans.pro.gives", "cannot give the owner's role"]);
    refuses(
        &plan("gives = \"paid\""),
        &["policy.plans.pro.gives", "`paid` is no role that there is", "there are: owner"],
    );
    refuses(&plan("gives = [\"owner\"]"), &["policy.plans.pro.gives", "a plan gives a role"]);
    refuses(&plan(""), &["policy.plans.pro", "a plan gives a role"]);
    refuses("[policy.plans]\npro = \"paid\"\n", &["policy.plans.pro", "it must be a table"]);
    refuses("[policy]\nplans = \"pro\"\n", &["policy.plans", "it must be tables, one for each plan"]);
    refuses(
        "[policy.plans.Pro]\ngives = \"owner\"\n",
        &["policy.plans.Pro", "this is no name of a plan", "small letters"],
    );
    refuses(
        "[policy.roles.a]\n[policy.plans.pro]\ngives = \"a\"\nprice = 9\n",
        &["policy.plans.pro.price", "no such setting"],
    );
    let many: String = (0..65).map(|at| format!("[policy.plans.p{at}]\ngives = \"a\"\n")).collect();
    refuses(&format!("[policy.roles.a]\n{many}"), &["policy.plans", "at most 64 plans"]);
}

/// Promise: `policy/checked-at-start`
#[test]
fn what_an_application_asks_about_is_named_once_and_plainly() {
    const KEY: &str = "policy.permissions";
    let with = |list: &str| format!("[policy]\npermissions = {list}\n{OWNER}");
    refuses_all(&with("[\"a:read\", \"a:read\"]"), &[KEY, "`a:read` is there twice"]);
    refuses_all(&with("[\"members:read\"]"), &[KEY, "`members:read` is Doorward's own"]);
    let names =
        ["a", "a:", ":a", "A:read", "a:Read", "a:*", "*", "a read", "a:1", "1:a", "a::b", "a:b,c", "ä:read", ""];
    for name in names {
        refuses_all(&with(&format!("[\"{name}\"]")), &[KEY, &format!("`{name}` is no name of a permission")]);
    }
    let long = format!("{}:{}", "a".repeat(32), "b".repeat(32));
    refuses_all(&with(&format!("[\"{long}\"]")), &[KEY, "is no name of a permission"]);
    for list in ["\"a:read\"", "3", "[3]", "[[\"a:read\"]]", "{ a = 1 }"] {
        refuses_all(&with(list), &[KEY, "it must be a list of texts"]);
    }
    let many: Vec<String> = (0..250).map(|at| format!("\"a:a{at}\"")).collect();
    refuses_all(&with(&format!("[{}]", many.join(","))), &[KEY, "there are more than 256"]);
    assert_eq!(told(&with("[\"a:b\", \"a:b-c_d1\", \"a1:b:c\"]")), Vec::<String>::new());
}

/// Promise: `policy/checked-at-start`
#[test]
fn every_key_of_a_role_is_one_that_there_is_and_has_its_shape() {
    let role = |text: &str| format!("[policy.roles.a]\n{text}\n");
    refuses(&role("about = 3"), &["policy.roles.a.about", "it must be text"]);
    for key in ["permissions", "inherits", "grants"] {
        for value in ["\"*\"", "3", "[3]", "{ a = 1 }"] {
            refuses(
                &role(&format!("{key} = {value}")),
                &[&format!("policy.roles.a.{key}"), "it must be a list of texts"],
            );
        }
    }
    refuses(&role("grant = [\"a\"]"), &["policy.roles.a.grant", "no such setting", "Did you mean `grants`?"]);
    refuses(
        &role("inherits = [\"b\"]"),
        &["policy.roles.a.inherits", "`b` is no role that there is", "There are: a, owner."],
    );
    refuses(&role("inherits = [\"*\"]"), &["policy.roles.a.inherits", "`*` is no role"]);
    refuses(&role("grants = [\"b\"]"), &["policy.roles.a.grants", "`b` is no role that there is"]);
    refuses(&role("grants = [\"*\", \"b\"]"), &["policy.roles.a.grants", "`b` is no role that there is"]);
    refuses("[policy.roles]\na = 3\n", &["policy.roles.a", "it must be a table"]);
    for name in ["A", "a b", "a,b", "1a", "a-", "", "ä", "a.b", &"a".repeat(33)] {
        let key = format!("policy.roles.{name}");
        refuses(&format!("[policy.roles.\"{name}\"]\n"), &[&key, "this is no name of a role", "small letters"]);
    }
    let many: String = (0..64).map(|at| format!("[policy.roles.r{at}]\n")).collect();
    refuses(&many, &["policy.roles", "1 to 64 roles"]);
    refuses_all("[policy.roles]\n", &["policy.roles", "1 to 64 roles"]);
    refuses_all("[policy]\nroles = 3\n", &["policy.roles", "it must be tables, one for each role"]);
    refuses("[policy]\nrole = 3\n", &["policy.role", "Did you mean `roles`?"]);
    refuses_all("policy = 3\n", &["policy", "it is a section, not a value"]);
    refuses_all("[polcy.roles.a]\n", &["polcy", "Did you mean `policy`?"]);
    refuses_all("[policy\n", &["policy", "line 1: "]);
}

/// Promise: `policy/operators-apart`
#[test]
fn neither_list_takes_the_permissions_of_the_other() {
    let operator = |text: &str| format!("[policy.operators.a]\n{text}\n");
    let key = "policy.operators.a.permissions";
    refuses(&operator("permissions = [\"members:read\"]"), &[key, "`members:read` is no permission that there is"]);
    refuses(&operator("permissions = [\"tenants:manag\"]"), &[key, "Did you mean `tenants:manage`?"]);
    refuses(&operator("permissions = [\"rockets:launch\"]"), &[key, "Those of the console are: accounts:read, "]);
    refuses(&operator("grants = [\"a\"]"), &["policy.operators.a.grants", "no such setting"]);
    refuses(&operator("inherits = [\"owner\"]"), &["policy.operators.a.inherits", "`owner` is no role that there is"]);
    refuses(
        "[policy.roles.a]\npermissions = [\"accounts:read\"]\n",
        &["policy.roles.a.permissions", "`accounts:read` is no"],
    );
    refuses("[policy.operators]\n", &["policy.operators", "1 to 64 roles"]);
    refuses("[policy]\noperators = 3\n", &["policy.operators", "it must be tables"]);
}

/// Promise: `policy/checked-at-start`
#[test]
fn all_mistakes_are_told_at_once() {
    let text = "[policy]\npermissions = [\"a\"]\nowner = \"boss\"\n[policy.roles.a]\npermissions = [\"b\"]\n\
        [policy.plans.p]\ngives = \"c\"\n[policy.operators.o]\npermissions = [\"d\"]\n";
    let keys: Vec<String> = told(text).iter().map(|line| line.split(": ").next().unwrap().to_owned()).collect();
    let expected = [
        "policy.permissions",
        "policy.roles.a.permissions",
        "policy.owner",
        "policy.plans.p.gives",
        "policy.operators.o.permissions",
    ];
    assert_eq!(keys, expected);
}
