use serde_json::{Value, json};

use crate::support::{Answer, Client, Site, on_every_engine};

const ANN: &str = "ann@example.com";

/// A key that somebody has made in acme.
fn made(by: &mut Client, name: &str, kind: &str) -> Value {
    let body = json!({ "name": name, "scopes": "tenant:read", "kind": kind });
    let answer = by.post("/auth/tenants/acme/api-keys", &body);
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

/// What the running server says to the key.
fn exchanged(site: &Site, key: &Value) -> Answer {
    let form = format!(
        "grant_type=urn:ietf:params:oauth:grant-type:token-exchange&\
            subject_token_type=urn:doorward:params:oauth:token-type:api-key&subject_token={}",
        key["key"].as_str().unwrap()
    );
    site.visitor().post_form("/auth/oauth/token", &form)
}

on_every_engine! {
    /// Promise: `server/keys-at-once`
    fn a_key_is_listed_and_taken_back_beside_the_running_server(site: Site) {
        let mut ann = site.logged_in(ANN);
        ann.csrf = ann.get("/auth/session").json()["csrf_token"].as_str().unwrap().to_owned();
        site.done(&["tenant", "create", "Acme", "--slug", "acme", "--owner", ANN]);
        site.done(&["tenant", "create", "Other", "--slug", "other", "--owner", ANN]);
        assert!(site.objects(&["api-key", "list", "--json"]).is_empty());
        let (mine, service) = (made(&mut ann, "The build", "personal"), made(&mut ann, "Billing\u{1b}[2J", "service"));
        assert_eq!(exchanged(&site, &mine).status, 200);
        let all = site.objects(&["api-key", "list", "--json"]);
        assert_eq!((all.len(), &all[0]["id"], &all[1]["id"]), (2, &service["id"], &mine["id"]), "newest first: {all:?}");
        assert_eq!((&all[0]["kind"], &all[0]["account"]), (&json!("service"), &Value::Null));
        assert!(all[1]["last_used_at"].is_string() && all[1]["scopes"] == json!(["tenant:read"]), "{all:?}");
        assert!(!format!("{all:?}").contains("dwk_"), "{all:?}");
        let count = |more: &[&str]| site.objects(&[&["api-key", "list", "--json"], more].concat()).len();
        let counts = [&["--tenant", "acme"][..], &["--tenant", "other"], &["--user", ANN], &["--limit", "1"]].map(count);
        assert_eq!(counts, [2, 0, 1, 1]);
        let table = site.done(&["api-key", "list"]);
        assert!(table.starts_with("ID ") && table.contains("The build") && !table.contains('\u{1b}'), "{table}");
        let id = mine["id"].as_str().unwrap();
        assert_eq!(site.done(&["api-key", "revoke", id]), format!("The API key {id} is taken back.\n"));
        assert_eq!(exchanged(&site, &mine).json()["error"], "invalid_grant");
        assert_eq!(exchanged(&site, &service).status, 200, "the other one goes on");
        let twice = site.run(&["api-key", "revoke", id]);
        assert!(twice.code == Some(1) && twice.stderr.contains(&format!("there is no API key {id}")), "{twice:?}");
        let revoked = site.objects(&["audit", "search", "--action", "api_key.revoked", "--json"]);
        assert_eq!((revoked.len(), &revoked[0]["actor"], &revoked[0]["target"]), (1, &json!("operator"), &json!(format!("api_key:{id}"))));
    }

    fn what_is_no_key_is_told(site: Site) {
        for (args, code, text) in [
            (&["revoke", "dwk_something"][..], 2, "dwk_something"),
            (&["revoke"], 2, "<ID>"),
            (&["list", "--tenant", "nowhere"], 1, "there is no tenant nowhere"),
            (&["list", "--user", "nobody@example.com"], 1, "there is no account nobody@example.com"),
            (&["list", "--limit", "0"], 2, "--limit"),
        ] {
            let said = site.run(&[&["api-key"], args].concat());
            assert!(said.code == Some(code) && said.stderr.contains(text) && said.stdout.is_empty(), "{args:?}: {said:?}");
        }
        let help = site.done(&["api-key", "list", "--help"]);
        assert!(help.contains("doorward api-key list --tenant acme"), "{help}");
    }
}
