use serde_json::json;

use crate::support::{Said, config, doorward, finish};

/// Runs a command in a folder whose settings have this at their end.
fn run(args: &[&str], more: &str) -> Said {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("doorward.toml");
    std::fs::write(&file, config(folder.path(), more)).unwrap();
    let said = finish(doorward(&[args, &["--config", file.to_str().unwrap()]].concat()), "");
    assert!(!folder.path().join("doorward.db").exists(), "a policy is shown without a database");
    said
}

#[test]
fn the_policy_in_force_is_shown_as_a_table_and_as_json() {
    let more = "[policy]\npermissions = [\"invoices:read\"]\n[policy.roles.owner]\npermissions = [\"*\"]\ngrants = [\"*\"]\n\
        [policy.roles.paid]\nabout = \"Paid.\"\npermissions = [\"invoices:*\"]\n[policy.plans.pro]\ngives = \"paid\"\n";
    let table = run(&["policy", "show"], more);
    assert_eq!(table.code, Some(0), "{table:?}");
    let row = |name: &str| table.stdout.lines().find(|line| line.starts_with(name)).map(str::to_owned);
    let says = |line: &str| assert!(table.stdout.lines().any(|one| one == line), "{line}: {table:?}");
    says("invoices:read       Do what is called “invoices:read” here.");
    says("members:read        See who belongs to the organisation and who is invited.");
    assert_eq!(row("PERMISSION").unwrap(), "PERMISSION          owner  paid");
    assert_eq!(row("invoices:read").unwrap(), "invoices:read       x      x");
    assert_eq!(row("members:manage").unwrap(), "members:manage      x");
    assert_eq!(row("owner").unwrap(), "owner  owner, paid  The owner's.");
    assert_eq!(row("pro").unwrap(), "pro   paid");
    assert!(table.stdout.contains("Roles of operators") && table.stdout.contains("entitlements:manage"));
    let said = run(&["policy", "show", "--json"], more);
    let policy: serde_json::Value = serde_json::from_str(&said.stdout).unwrap();
    assert_eq!(policy["owner"], "owner");
    assert_eq!(policy["plans"], json!([{ "name": "pro", "gives": "paid" }]));
    let paid =
        json!({ "name": "paid", "about": "Paid.", "permissions": ["invoices:read", "tenant:read"], "grants": [] });
    assert_eq!(policy["roles"][1], paid);
    assert_eq!(policy["permissions"].as_array().unwrap().len(), 11);
    let operators: Vec<&str> =
        policy["operators"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!(operators, ["admin", "auditor", "support"]);
}

#[test]
fn a_policy_is_checked_without_the_rest() {
    let said = run(&["policy", "check"], "[sessions]\nidle_secs = 1\n");
    assert_eq!((said.code, said.stdout.as_str()), (Some(0), "fine\n"), "{said:?}");
    let said = run(&["policy", "check"], "[sessions]\nidle_secs = 1\n[policy.roles.a]\ninherits = [\"a\"]\n");
    assert_eq!(said.code, Some(2), "{said:?}");
    assert!(said.stderr.lines().all(|line| line.contains(": policy.")), "{said:?}");
    assert!(said.stderr.contains("policy.roles.a.inherits: a role inherits from itself"), "{said:?}");
}

/// Promise: `policy/plain-words`
#[test]
fn permissions_without_a_sentence_are_named() {
    let more = "[policy]\npermissions = [\"a:read\", \"b:read\", \"c:read\"]\n[policy.about]\n\"b:read\" = \"See all b.\"\n\
        [policy.roles.owner]\npermissions = [\"*\"]\ngrants = [\"*\"]\n";
    let said = run(&["policy", "check"], more);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.stdout.starts_with("fine\n") && said.stdout.ends_with("[policy.about]: a:read, c:read\n"), "{said:?}");
    let wrong = run(&["policy", "check"], &more.replace("\"b:read\" =", "\"d:read\" ="));
    assert_eq!(wrong.code, Some(2), "{wrong:?}");
    assert!(wrong.stderr.contains("policy.about.d:read: `d:read` is no permission that there is"), "{wrong:?}");
}

#[test]
fn the_ready_made_policies_are_printed_and_taken() {
    let names = finish(doorward(&["policy", "example"]), "");
    for name in ["saas", "content", "internal"] {
        assert!(names.stdout.lines().any(|line| line.starts_with(name)), "{names:?}");
        let text = finish(doorward(&["policy", "example", name]), "");
        assert_eq!(text.code, Some(0), "{text:?}");
        let said = run(&["policy", "check"], &text.stdout);
        assert_eq!((said.code, said.stdout.as_str()), (Some(0), "fine\n"), "{name}: {said:?}");
    }
    let unknown = finish(doorward(&["policy", "example", "sas"]), "");
    assert!(unknown.code == Some(2) && unknown.stderr.contains("saas, content, internal"), "{unknown:?}");
}
