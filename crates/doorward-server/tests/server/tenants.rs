use serde_json::{Value, json};

use crate::support::{Client, Said, Site, on_every_engine};

const NOBODY: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

/// Makes the tenant `acme`, which Ann owns, and says who she is.
fn acme(site: &Site) -> Client {
    let ann = site.logged_in("ann@example.com");
    site.done(&["tenant", "create", "--slug", "acme", "Acme Ltd.", "--owner", "ann@example.com"]);
    ann
}

/// What the running server answers: 200, or the status and the code of the refusal.
fn asks(who: &mut Client, tenant: &str, permission: &str) -> String {
    let answer = who.post("/auth/check", &json!({ "tenant": tenant, "permission": permission }));
    match answer.status {
        200 => "yes".to_owned(),
        status => format!("{status} {}", answer.json()["code"].as_str().unwrap()),
    }
}

fn begin(who: &mut Client) {
    who.csrf = who.get("/auth/session").json()["csrf_token"].as_str().unwrap().to_owned();
}

fn show(site: &Site, tenant: &str) -> Value {
    site.objects(&["tenant", "show", tenant, "--json"]).remove(0)
}

fn refused(said: &Said, code: i32, text: &str) {
    assert_eq!(said.code, Some(code), "{text}: {said:?}");
    assert!(said.stderr.contains(text) && said.stdout.is_empty(), "{text}: {said:?}");
}

on_every_engine! {
    fn people_are_invited_at_the_command_line(site: Site) {
        acme(&site);
        site.done(&["tenant", "create", "--slug", "other", "Other Ltd."]);
        let role = ["--role", "member", "--json"];
        let invite = |email: &str| site.objects(&[&["invitation", "create", "acme", email], &role[..]].concat()).remove(0);
        let (ben, eve) = (invite("ben@example.com"), invite("eve@example.com"));
        let listed = site.objects(&["invitation", "list", "acme", "--json"]);
        assert_eq!(listed.iter().map(|one| &one["email"]).collect::<Vec<_>>(), ["eve@example.com", "ben@example.com"]);
        assert_eq!((&listed[1]["id"], &listed[1]["roles"], &listed[1]["invited_by"]), (&ben["id"], &json!(["member"]), &Value::Null));
        assert!(site.done(&["invitation", "list", "acme", "--limit", "1"]).contains("eve@example.com"));
        let (ben, eve) = (ben["id"].as_str().unwrap(), eve["id"].as_str().unwrap());
        assert!(site.done(&["invitation", "resend", "acme", ben]).contains("on its way"));
        assert!(site.done(&["invitation", "revoke", "acme", eve]).contains("taken back"));
        assert_eq!(site.objects(&["invitation", "list", "acme", "--json"]).len(), 1);
        for verb in ["resend", "revoke"] {
            refused(&site.run(&["invitation", verb, "acme", eve]), 1, "no invitation");
            refused(&site.run(&["invitation", verb, "other", ben]), 1, "no invitation");
        }
        let again = ["invitation", "create", "acme", "ben@example.com", "--role", "member"];
        assert_eq!(site.run(&again).code, Some(1), "one that waits is sent again, and not made twice");
        let unknown = ["invitation", "create", "acme", "kim@example.com", "--role", "boss"];
        assert_ne!(site.run(&unknown).code, Some(0), "a role that there is not");
        assert_ne!(site.run(&["invitation", "create", "acme", "kim", "--role", "member"]).code, Some(0), "no address");
    }

    fn domains_are_proved_moved_and_found_at_the_command_line(site: Site) {
        acme(&site);
        site.done(&["tenant", "create", "--slug", "other", "Other Ltd."]);
        let domain = |words: &[&str]| site.run(&[&["tenant", "domain"], words].concat());
        let done = |words: &[&str]| site.done(&[&["tenant", "domain"], words].concat());
        let added = done(&["add", "acme", "Bücher.Example."]);
        assert!(added.contains("_doorward-challenge.xn--bcher-kva.example. TXT \"doorward-domain-verification="), "{added}");
        refused(&domain(&["add", "acme", "xn--bcher-kva.example"]), 1, "already");
        for (wrong, text) in [("gmail.com", "address"), ("co.uk", "below"), ("127.0.0.1", "domain"), ("x", "domain")] {
            refused(&domain(&["add", "acme", wrong]), 1, text);
            refused(&domain(&["verify", "acme", wrong]), 1, text);
        }
        refused(&domain(&["of", "kim@acme.example"]), 1, "acme.example");
        refused(&domain(&["of", "kim"]), 1, "no address");
        refused(&domain(&["list", "nowhere"]), 1, "nowhere");
        assert!(done(&["verify", "acme", "ACME.example"]).contains("acme.example belongs to acme"));
        assert!(done(&["of", "kim@acme.example"]).starts_with("acme ("));
        refused(&domain(&["verify", "other", "acme.example"]), 1, "--move");
        done(&["verify", "other", "acme.example", "--move"]);
        assert!(done(&["of", "kim@acme.example"]).starts_with("other ("));
        let listed = site.objects(&["tenant", "domain", "list", "acme", "--json"]);
        assert_eq!(listed.iter().map(|one| &one["verified_by"]).collect::<Vec<_>>(), [&Value::Null, &Value::Null]);
        let listed = site.objects(&["tenant", "domain", "list", "other", "--json"]).remove(0);
        assert_eq!((&listed["domain"], &listed["verified_by"]), (&json!("acme.example"), &json!("operator")));
        assert!(listed["verified_at"].is_string() && listed["missing_since"].is_null());
        assert!(done(&["list", "other"]).contains("acme.example"));
        assert!(done(&["withdraw", "other", "acme.example"]).contains("any more"));
        assert!(done(&["withdraw", "other", "acme.example"]).contains("was not proved"));
        refused(&domain(&["of", "kim@acme.example"]), 1, "no open tenant");
        done(&["remove", "other", "acme.example"]);
        refused(&domain(&["remove", "other", "acme.example"]), 1, "on the list");
    }

    fn a_tenant_is_made_shown_and_listed(site: Site) {
        acme(&site);
        let made = site.objects(&["tenant", "create", "--slug", "site", "The Site", "--open", "member", "--json"]).remove(0);
        let shown = show(&site, "site");
        assert_eq!((&shown["id"], &shown["slug"], &shown["name"]), (&made["id"], &json!("site"), &json!("The Site")));
        assert_eq!((&shown["state"], &shown["open_role"]), (&json!("active"), &json!("member")));
        assert_eq!(shown["entitlements"], json!([]));
        assert!(shown["created_at"].is_string() && shown["suspended_at"].is_null() && shown["delete_at"].is_null());
        assert_eq!(show(&site, made["id"].as_str().unwrap()), shown, "an id names the same");
        let owner = site.objects(&["member", "list", "acme", "--json"]).remove(0);
        assert_eq!((&owner["email"], &owner["roles"]), (&json!("ann@example.com"), &json!(["owner"])));
        assert!(site.objects(&["member", "list", "site", "--json"]).is_empty());
        let slugs = |args: &[&str]| -> Vec<String> {
            let listed = site.objects(&[&["tenant", "list", "--json"], args].concat());
            listed.iter().map(|one| one["slug"].as_str().unwrap().to_owned()).collect()
        };
        assert_eq!(slugs(&[]), ["site", "acme"], "newest first");
        assert_eq!(slugs(&["--limit", "1"]), ["site"]);
        assert_eq!(slugs(&["--after", "site"]), ["acme"]);
        assert_eq!(slugs(&["--after", "acme"]), Vec::<String>::new());
        assert_eq!(slugs(&["--search", "THE s"]), ["site"], "the name, in any case");
        assert_eq!(slugs(&["--search", "ac"]), ["acme"], "the slug");
        assert_eq!(slugs(&["--search", "%"]), Vec::<String>::new());
        let table = site.done(&["tenant", "list"]);
        assert!(table.starts_with("SLUG") && table.lines().count() == 3 && table.contains("Acme Ltd."), "{table}");
        assert!(site.done(&["tenant", "show", "site"]).contains("open as      member"));
    }

    /// Promise: `server/tenants-at-once`
    fn what_the_command_line_changes_holds_at_the_next_request(site: Site) {
        let mut ann = acme(&site);
        let mut ben = site.logged_in("ben@example.com");
        begin(&mut ann);
        begin(&mut ben);
        assert_eq!(asks(&mut ann, "acme", "members:manage"), "yes");
        assert_eq!(asks(&mut ben, "acme", "members:read"), "404 no_such_tenant");
        let told = site.done(&["member", "add", "acme", "ben@example.com", "--role", "member,billing", "--role", "member"]);
        assert_eq!(told, "ben@example.com belongs to acme now: billing, member.\n");
        assert_eq!(asks(&mut ben, "acme", "members:read"), "yes");
        assert_eq!(asks(&mut ben, "acme", "members:manage"), "403 forbidden");
        site.done(&["member", "roles", "acme", "ben@example.com", "--role", "admin"]);
        assert_eq!(asks(&mut ben, "acme", "members:manage"), "yes");
        site.done(&["tenant", "suspend", "acme"]);
        assert_eq!(asks(&mut ben, "acme", "members:manage"), "403 tenant_suspended");
        site.done(&["tenant", "resume", "acme"]);
        site.done(&["tenant", "rename", "acme", "--slug", "acme-group"]);
        assert_eq!(asks(&mut ben, "acme", "members:manage"), "404 no_such_tenant");
        assert_eq!(asks(&mut ben, "acme-group", "members:manage"), "yes");
        site.done(&["member", "remove", "acme-group", "ben@example.com"]);
        assert_eq!(asks(&mut ben, "acme-group", "members:manage"), "404 no_such_tenant");
        site.done(&["tenant", "delete", "acme-group"]);
        assert_eq!(asks(&mut ann, "acme-group", "members:manage"), "403 tenant_closing");
        site.done(&["tenant", "restore", "acme-group"]);
        assert_eq!(asks(&mut ann, "acme-group", "members:manage"), "yes");
        site.done(&["tenant", "delete", "acme-group", "--now", "--yes"]);
        assert_eq!(asks(&mut ann, "acme-group", "members:manage"), "404 no_such_tenant");
    }

    fn an_owner_stays_whatever_is_said(site: Site) {
        acme(&site);
        site.make("ben@example.com", "a lamp beside the harbour");
        let text = "Somebody has to stay its owner";
        refused(&site.run(&["member", "remove", "acme", "ann@example.com"]), 1, text);
        refused(&site.run(&["member", "roles", "acme", "ann@example.com", "--role", "admin"]), 1, text);
        refused(&site.run(&["user", "delete", "ann@example.com", "--yes"]), 1, "is the last owner of acme");
        site.done(&["member", "add", "acme", "ben@example.com", "--role", "owner"]);
        site.done(&["member", "roles", "acme", "ann@example.com", "--role", "admin"]);
        refused(&site.run(&["member", "remove", "acme", "ben@example.com"]), 1, text);
        site.done(&["user", "delete", "ann@example.com", "--yes"]);
        let left = site.objects(&["member", "list", "acme", "--json"]);
        assert!(left.len() == 1 && left[0]["email"] == "ben@example.com", "{left:?}");
    }

    fn refusals_about_tenants_say_what_and_what_to_do(site: Site) {
        acme(&site);
        let cases: &[(&[&str], i32, &str)] = &[
            (&["tenant", "create", "--slug", "acme", "Another"], 1, "the slug `acme` is another tenant's"),
            (&["tenant", "create", "--slug", "Acme", "Another"], 2, "small letters"),
            (&["tenant", "create", "--slug", NOBODY, "Another"], 2, "small letters"),
            (&["tenant", "create", "Another"], 2, "--slug"),
            (&["tenant", "create", "--slug", "other", ""], 1, "A name has 1 to 100 characters."),
            (&["tenant", "create", "--slug", "other", "Other", "--owner", "eve@example.com"], 1, "there is no account eve@"),
            (&["tenant", "create", "--slug", "other", "Other", "--owner", NOBODY], 1, "there is no account"),
            (&["tenant", "create", "--slug", "other", "Other", "--open", "reader"], 2, "There are: admin, billing, member, owner."),
            (&["tenant", "show", "nowhere"], 1, "there is no tenant nowhere"),
            (&["tenant", "show", NOBODY], 1, "there is no tenant"),
            (&["tenant", "list", "--after", "nowhere"], 1, "there is no tenant nowhere"),
            (&["tenant", "list", "--limit", "0"], 2, "0 is not in"),
            (&["tenant", "rename", "acme"], 2, "required"),
            (&["tenant", "rename", "acme", "--name", " "], 1, "A name has 1 to 100 characters."),
            (&["tenant", "open", "acme"], 2, "required"),
            (&["tenant", "open", "acme", "--closed", "--role", "member"], 2, "cannot be used with"),
            (&["tenant", "open", "acme", "--role", "reader"], 2, "`reader` is no role in tenants"),
            (&["tenant", "open", "acme", "--role", "owner"], 1, "nobody gets by joining a role that gives others"),
            (&["tenant", "suspend", "nowhere"], 1, "there is no tenant nowhere"),
            (&["tenant", "entitle", "acme", "--plan", "pro", "--until", "+1d"], 2, "`pro` is no plan. The policy has none"),
            (&["tenant", "entitle", "acme", "--plan", "pro", "--until", "2020-01-31"], 2, "a moment to come"),
            (&["tenant", "entitle", "acme", "--plan", "pro", "--until", "7d"], 2, "+31d"),
            (&["tenant", "entitle", "acme", "--plan", "pro"], 2, "required"),
            (&["tenant", "entitle", "acme", "--plan", "pro", "--end", "--member", "eve@example.com"], 1, "there is no account eve@"),
            (&["tenant", "entitle", "acme", "--plan", "pro", "--end", "--member", NOBODY], 1, "does not belong to acme"),
            (&["member", "list", "nowhere"], 1, "there is no tenant nowhere"),
            (&["member", "add", "acme", "ann@example.com", "--role", "member"], 1, "belongs to acme already"),
            (&["member", "add", "acme", "ann@example.com"], 2, "--role"),
            (&["member", "add", "acme", "ann@example.com", "--role", "support"], 2, "`support` is no role in tenants"),
            (&["member", "add", "acme", "eve@example.com", "--role", "member"], 1, "there is no account eve@example.com"),
            (&["member", "add", "acme", NOBODY, "--role", "member"], 1, "there is no account"),
            (&["member", "roles", "acme", NOBODY, "--role", "member"], 1, "does not belong to acme"),
            (&["member", "remove", "acme", NOBODY], 1, "does not belong to acme"),
            (&["audit", "search", "--tenant", "nowhere"], 1, "there is no tenant nowhere"),
        ];
        for (args, code, text) in cases {
            refused(&site.run(args), *code, text);
        }
        assert_eq!(site.done(&["tenant", "list"]).lines().count(), 2, "nothing was left behind");
    }

    /// Promise: `server/deletes-on-purpose`
    fn a_tenant_waits_before_it_is_deleted_and_deleting_it_at_once_asks(site: Site) {
        acme(&site);
        let told = site.done(&["tenant", "delete", "acme"]);
        let waiting = show(&site, "acme");
        assert_eq!(waiting["state"], "closing");
        assert!(told.contains(waiting["delete_at"].as_str().unwrap()) && told.contains("restore"), "{told}");
        let again = site.done(&["tenant", "delete", "acme"]);
        assert!(again.contains("already"), "{again}");
        assert_eq!(show(&site, "acme")["delete_at"], waiting["delete_at"], "asking again does not prolong it");
        assert_eq!(site.done(&["tenant", "restore", "acme"]), "acme stays; nothing was deleted.\n");
        assert_eq!(site.done(&["tenant", "restore", "acme"]), "acme did not wait to be deleted.\n");
        refused(&site.run_with(&["tenant", "delete", "acme", "--now"], "acme\n"), 2, "--yes");
        refused(&site.run(&["tenant", "delete", "acme", "--yes"]), 2, "--now");
        let id = show(&site, "acme")["id"].as_str().unwrap().to_owned();
        site.done(&["tenant", "delete", &id, "--now", "--yes"]);
        assert!(site.objects(&["tenant", "list", "--json"]).is_empty());
        let events = site.objects(&["audit", "search", "--tenant", &id, "--json"]);
        let actions: Vec<&str> = events.iter().map(|event| event["action"].as_str().unwrap()).collect();
        assert_eq!(actions, ["tenant.deleted", "tenant.restored", "tenant.deletion_requested", "tenant.created"]);
    }

    fn what_happened_in_a_tenant_is_found_by_its_slug(site: Site) {
        acme(&site);
        site.done(&["tenant", "create", "--slug", "other", "Other"]);
        site.done(&["tenant", "open", "acme", "--role", "member"]);
        site.done(&["tenant", "open", "acme", "--closed"]);
        assert!(site.done(&["tenant", "suspend", "acme"]).contains("is closed to its members"));
        assert_eq!(site.done(&["tenant", "suspend", "acme"]), "acme is suspended already.\n");
        let events = site.objects(&["audit", "search", "--tenant", "acme", "--json"]);
        let id = show(&site, "acme")["id"].clone();
        assert!(events.len() == 4 && events.iter().all(|event| event["tenant"] == id), "{events:?}");
        let exported = site.done(&["audit", "export", "--tenant", "acme", "--format", "csv"]);
        assert_eq!(exported.lines().count(), 5, "{exported}");
    }
}

/// Settings with the policy of a site that people pay for.
fn paid() -> Site {
    let example = doorward::config::POLICY_EXAMPLES.iter().find(|(name, ..)| *name == "content").unwrap().2;
    Site::serve(&[], example)
}

#[test]
fn what_was_paid_for_is_a_role_until_it_ends() {
    let site = paid();
    let mut ann = site.logged_in("ann@example.com");
    begin(&mut ann);
    site.done(&["tenant", "create", "--slug", "site", "The Site", "--open", "reader"]);
    site.done(&["member", "add", "site", "ann@example.com", "--role", "reader"]);
    assert_eq!(asks(&mut ann, "site", "articles:read-paid"), "403 forbidden");
    let entitle = ["tenant", "entitle", "site", "--plan", "monthly"];
    let told = site.done(&[&entitle[..], &["--member", "ann@example.com", "--until", "9998-01-31"]].concat());
    assert_eq!(told, "ann@example.com has monthly until 9998-01-31T00:00:00Z.\n");
    assert_eq!(asks(&mut ann, "site", "articles:read-paid"), "yes");
    let member = site.objects(&["member", "list", "site", "--json"]).remove(0);
    assert_eq!(member["entitlements"], json!([{ "plan": "monthly", "until": "9998-01-31T00:00:00Z" }]));
    assert!(site.done(&["member", "list", "site"]).contains("monthly until 9998-01-31"));
    site.done(&[&entitle[..], &["--member", "ann@example.com", "--end"]].concat());
    assert_eq!(asks(&mut ann, "site", "articles:read-paid"), "403 forbidden");
    assert!(
        site.done(&[&entitle[..], &["--until", "+31d"]].concat())
            .starts_with("All members of site have monthly until ")
    );
    assert_eq!(asks(&mut ann, "site", "articles:read-paid"), "yes");
    assert_eq!(show(&site, "site")["entitlements"][0]["plan"], "monthly");
    assert_eq!(site.done(&[&entitle[..], &["--end"]].concat()), "All members of site have monthly no longer.\n");
    assert_eq!(asks(&mut ann, "site", "articles:read-paid"), "403 forbidden");
}

#[test]
fn lists_go_on_beyond_one_page() {
    let site = Site::dev(&[]);
    site.done(&["tenant", "create", "--slug", "acme", "Acme"]);
    for name in ["ann", "ben", "eve"] {
        site.done(&["user", "create", &format!("{name}@example.com")]);
        site.done(&["member", "add", "acme", &format!("{name}@example.com"), "--role", "member"]);
    }
    let emails = |limit: &str| -> Vec<String> {
        let listed = site.objects(&["member", "list", "acme", "--limit", limit, "--json"]);
        listed.iter().map(|one| one["email"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(emails("2"), ["ann@example.com", "ben@example.com"], "in the order in which they joined");
    assert_eq!(emails("501").len(), 3);
}
