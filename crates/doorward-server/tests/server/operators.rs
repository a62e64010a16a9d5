use crate::support::{Site, on_every_engine};

const NOBODY: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

on_every_engine! {
    fn the_first_operator_is_made_with_the_account(site: Site) {
        let made = site.objects(&["user", "create", "ann@example.com", "--operator", "--json"]).remove(0);
        assert_eq!((&made["operator"], &made["link_sent"]), (&"admin".into(), &true.into()));
        let told = site.done(&["user", "create", "eve@example.com", "--operator", "support"]);
        assert!(told.contains("eve@example.com is an operator now, with the role support."), "{told}");
        site.done(&["user", "create", "ben@example.com"]);
        let listed = site.objects(&["operator", "list", "--json"]);
        assert_eq!(listed.len(), 2, "an account is no operator unless it is said: {listed:?}");
        assert_eq!((&listed[0]["id"], &listed[0]["email"]), (&made["id"], &"ann@example.com".into()));
        assert_eq!(listed[0]["roles"], serde_json::json!(["admin"]));
        assert!(listed[0]["granted_at"].is_string());
        assert_eq!(listed[1]["roles"], serde_json::json!(["support"]));
    }

    fn roles_of_operators_are_granted_anew_and_revoked(site: Site) {
        site.done(&["user", "create", "ann@example.com", "--operator"]);
        let told = site.done(&["operator", "grant", "ann@example.com", "support", "auditor", "support"]);
        assert_eq!(told, "ann@example.com is an operator now: auditor, support.\n");
        let listed = site.objects(&["operator", "list", "--json"]);
        assert_eq!(listed[0]["roles"], serde_json::json!(["auditor", "support"]), "those of before are gone");
        let table = site.done(&["operator", "list"]);
        assert!(table.lines().next().unwrap().starts_with("EMAIL") && table.contains("auditor, support"), "{table}");
        let id = listed[0]["id"].as_str().unwrap();
        assert_eq!(site.done(&["operator", "revoke", id]), format!("{id} is no operator any more.\n"));
        assert!(site.objects(&["operator", "list", "--json"]).is_empty());
        assert_eq!(site.objects(&["user", "list", "--json"]).len(), 1, "the account stays");
        let events = site.objects(&["audit", "search", "--user", "ann@example.com", "--json"]);
        let actions: Vec<&str> = events.iter().map(|event| event["action"].as_str().unwrap()).collect();
        assert_eq!(actions, ["operator.revoked", "operator.granted", "operator.granted", "account.created"]);
    }

    fn what_cannot_be_an_operator_is_refused_with_the_reason(site: Site) {
        site.done(&["user", "create", "ann@example.com"]);
        let cases: [(&[&str], i32, &str); 9] = [
            (&["user", "create", "eve@example.com", "--operator", "owner"], 2, "There are: admin, auditor, support."),
            (&["user", "create", "eve@example.com", "--operator", "Admin"], 2, "small letters"),
            (&["user", "create", "ann@example.com", "--operator"], 1, "has an account already"),
            (&["operator", "grant", "ann@example.com", "member"], 2, "`member` is no role of operators"),
            (&["operator", "grant", "ann@example.com"], 2, "required"),
            (&["operator", "grant", "eve@example.com", "admin"], 1, "there is no account eve@example.com"),
            (&["operator", "grant", NOBODY, "admin"], 1, "there is no account"),
            (&["operator", "revoke", "ann@example.com"], 1, "ann@example.com is no operator"),
            (&["operator", "revoke", "eve@example.com"], 1, "there is no account eve@example.com"),
        ];
        for (args, code, text) in cases {
            let said = site.run(args);
            assert_eq!(said.code, Some(code), "{args:?}: {said:?}");
            assert!(said.stderr.contains(text) && said.stdout.is_empty(), "{args:?}: {said:?}");
        }
        assert!(site.objects(&["operator", "list", "--json"]).is_empty());
        assert_eq!(site.objects(&["user", "list", "--json"]).len(), 1, "a role that is not there leaves no account behind");
    }
}
