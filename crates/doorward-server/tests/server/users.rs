use crate::support::{Site, on_every_engine};

const PASSWORD: &str = "a lamp beside the harbour";

on_every_engine! {
    fn an_account_that_was_made_can_log_in(site: Site) {
        site.make("ann@example.com", PASSWORD);
        let mut ann = site.visitor();
        assert_eq!(ann.log_in("ann@example.com", "another password").status, 401);
        assert_eq!(ann.log_in("ann@example.com", PASSWORD).status, 200);
        assert!(ann.is_in());
        let listed = site.objects(&["user", "list", "--json"]);
        assert_eq!(listed.len(), 1);
        assert_eq!(listed[0]["email"], "ann@example.com");
        assert!(listed[0]["last_login_at"].is_string() && listed[0]["disabled_at"].is_null());
        assert!(site.done(&["user", "list"]).contains("ann@example.com"));
        assert!(site.done(&["user", "list", "--after", "ann@example.com", "--json"]).is_empty());
    }

    fn refusals_say_what_and_what_to_do(site: Site) {
        site.make("ann@example.com", PASSWORD);
        let create = |email: &str, password: &str| site.run_with(&["user", "create", email, "--password-stdin"], password);
        let cases = [
            (create("ann@example.com", PASSWORD), 1, "has an account already"),
            (create("ben@example.com", "short"), 1, "at least 12 characters"),
            (create("ben@example.com", ""), 1, "at least 12 characters"),
            (create("no address", PASSWORD), 2, "is no mail address"),
            (site.run(&["user", "disable", "eve@example.com"]), 1, "there is no account eve@example.com"),
            (site.run(&["user", "disable", "01890a5d-ac96-774b-bcce-b302099a8057"]), 1, "there is no account"),
            (site.run(&["session", "revoke", "everything"]), 2, "is no session"),
            (site.run(&["session", "revoke"]), 2, "required"),
            (site.run(&["session", "revoke", "0123456789abcdef"]), 1, "there is no session"),
            (site.run(&["audit", "search", "--action", "made.up"]), 2, "password.reset"),
            (site.run(&["audit", "search", "--since", "lately"]), 2, "how long ago"),
        ];
        for (said, code, text) in cases {
            assert_eq!(said.code, Some(code), "{text}: {said:?}");
            assert!(said.stderr.contains(text) && said.stdout.is_empty(), "{text}: {said:?}");
        }
    }
}

/// Promise: `server/password-not-an-argument`
#[test]
fn a_password_is_never_taken_from_the_command_line() {
    let site = Site::dev(&[]);
    let as_option = site.run(&["user", "create", "ann@example.com", "--password", PASSWORD]);
    let as_second = site.run(&["user", "create", "ann@example.com", PASSWORD]);
    for said in [&as_option, &as_second] {
        assert_eq!(said.code, Some(2), "{said:?}");
    }
    assert!(site.objects(&["user", "list", "--json"]).is_empty());
}

/// Promise: `server/password-not-an-argument`
#[test]
fn a_person_sets_the_password_and_the_operator_knows_none() {
    let site = Site::dev(&[]);
    let made = site.objects(&["user", "create", "ann@example.com", "--json"]).remove(0);
    assert_eq!((&made["email"], &made["link_sent"]), (&"ann@example.com".into(), &true.into()));
    let mut ann = site.visitor();
    ann.begin();
    let mut set = |site: &Site, password: &str| {
        let token = site.token_for("ann@example.com", "/auth/password/reset");
        ann.post("/auth/password/reset", &serde_json::json!({ "token": token, "new_password": password })).status
    };
    assert_eq!(set(&site, PASSWORD), 200);
    let mut laptop = site.visitor();
    assert_eq!(laptop.log_in("ann@example.com", PASSWORD).status, 200);
    let reset = site.objects(&["user", "reset", "ann@example.com", "--json"]).remove(0);
    assert_eq!((&reset["id"], &reset["link_sent"]), (&made["id"], &true.into()));
    assert!(!laptop.is_in());
    assert_eq!(laptop.log_in("ann@example.com", PASSWORD).status, 401);
    let missing = site.run(&["user", "reset", "eve@example.com"]);
    assert_eq!(missing.code, Some(1), "{missing:?}");
}

on_every_engine! {
    fn a_disabled_account_is_out_at_once_until_it_is_enabled(site: Site) {
        let mut ann = site.logged_in("ann@example.com");
        site.done(&["user", "disable", "ann@example.com"]);
        assert!(!ann.is_in());
        site.done(&["user", "enable", "ann@example.com"]);
        let id = site.objects(&["user", "list", "--json"])[0]["id"].as_str().unwrap().to_owned();
        site.done(&["user", "disable", &id]);
        assert!(site.objects(&["user", "list", "--json"])[0]["disabled_at"].is_string());
    }

    fn deleting_asks_unless_told_not_to(site: Site) {
        site.make("ann@example.com", PASSWORD);
        let said = site.run_with(&["user", "delete", "ann@example.com"], "ann@example.com\n");
        assert_eq!(said.code, Some(2), "{said:?}");
        assert!(said.stderr.contains("--yes"), "{said:?}");
        site.done(&["user", "delete", "ann@example.com", "--yes"]);
        assert!(site.objects(&["user", "list", "--json"]).is_empty());
    }
}

#[test]
fn without_data_a_command_says_what_it_needs() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = crate::support::doorward(&["user", "list"]);
    command.current_dir(folder.path());
    let said = crate::support::finish(command, "");
    assert_eq!(said.code, Some(2), "{said:?}");
    assert!(said.stderr.contains("--config FILE or --folder DIR"), "{said:?}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "no empty database is left behind");
}
