use crate::support::{Site, on_every_engine};

const SHOP: [&str; 9] = [
    "--authentication",
    "secret",
    "--grant",
    "authorization_code,refresh_token",
    "--scope",
    "openid,email",
    "--redirect-uri",
    "https://shop.example.com/callback",
    "--json",
];

on_every_engine! {
    /// Promise: `server/clients-at-once`
    fn a_client_is_registered_shown_and_deleted_beside_the_running_server(site: Site) {
        let made = site.objects(&[&["client", "register", "The shop", "--id", "shop"], &SHOP[..]].concat()).remove(0);
        let secret = made["secret"].as_str().unwrap().to_owned();
        assert!(secret.starts_with("dws_") && secret.len() == 47, "{made}");
        let shown = site.done(&["client", "show", "shop"]);
        assert!(shown.contains("https://shop.example.com/callback") && !shown.contains("dws_"), "{shown}");
        let seen = site.objects(&["client", "show", "shop", "--json"]).remove(0);
        assert_eq!((&seen["grants"], &seen["scopes"]), (&made["grants"], &made["scopes"]));
        let mut before = made.clone();
        before.as_object_mut().unwrap().remove("secret");
        assert_eq!(seen, before, "as it was told when it was registered");
        assert!(seen.get("secret").is_none(), "{seen}");
        let rotated = site.objects(&["client", "rotate-secret", "shop", "--hours", "1", "--json"]).remove(0);
        assert!(rotated["secret"].as_str().is_some_and(|newer| newer.starts_with("dws_") && newer != secret), "{rotated}");
        let told = site.done(&["client", "rotate-secret", "shop"]);
        assert!(told.starts_with("The new secret of shop, shown this once:\ndws_") && told.contains("works until"), "{told}");
        assert_eq!(site.done(&["client", "disable", "shop"]), "shop is kept out until `doorward client enable`.\n");
        assert!(site.done(&["client", "list"]).contains("kept out"));
        assert_eq!(site.done(&["client", "enable", "shop"]), "shop may ask again.\n");
        let unnamed = site.objects(&[&["client", "register", "Another"], &SHOP[..]].concat()).remove(0);
        assert!(unnamed["id"].as_str().is_some_and(|id| id.starts_with("app-") && id.len() == 16), "{unnamed}");
        let listed = site.objects(&["client", "list", "--json"]);
        assert_eq!((listed.len(), &listed[1]["id"]), (2, &"shop".into()), "newest first");
        let unasked = site.run(&["client", "delete", "shop"]);
        assert!(unasked.code == Some(2) && unasked.stderr.contains("--yes"), "{unasked:?}");
        assert_eq!(site.done(&["client", "delete", "shop", "--yes"]), "shop is deleted; the audit log keeps its id.\n");
        assert_eq!(site.objects(&["client", "list", "--json"]).len(), 1);
        let events = site.objects(&["audit", "search", "--json"]);
        let of_shop = events.iter().filter(|event| event["target"] == "client:shop");
        let of_shop = of_shop.map(|event| event["action"].as_str().unwrap());
        let acts = ["deleted", "enabled", "disabled", "secret_rotated", "secret_rotated", "registered"];
        let expected = acts.map(|act| format!("client.{act}"));
        assert_eq!(of_shop.collect::<Vec<_>>(), expected);
    }

    fn what_cannot_be_registered_is_refused_with_the_cure(site: Site) {
        let register = |more: &[&str]| site.run(&[&["client", "register", "The shop"], more].concat());
        let secret = ["--authentication", "secret", "--grant"];
        for (more, code, text) in [
            (&[][..], 2, "required"),
            (&["--authentication", "secret"], 2, "--grant"),
            (&[&secret[..], &["password"]].concat(), 1, "There are: authorization_code, refresh_token"),
            (&[&secret[..], &["authorization_code", "--redirect-uri", "http://localhost/cb"]].concat(), 1, "http://127.0.0.1"),
            (&[&secret[..], &["client_credentials", "--scope", "members:read"]].concat(), 1, "Name the tenant"),
            (&[&secret[..], &["client_credentials", "--tenant", "nowhere"]].concat(), 1, "there is no tenant nowhere"),
            (&["--authentication", "none", "--grant", "client_credentials"], 1, "public client"),
            (&["--authentication", "private_key_jwt", "--grant", "client_credentials"], 1, "JSON Web Key Set"),
            (&["--authentication", "private_key_jwt", "--grant", "device_code", "--keys-file", "/no/such"], 2, "cannot read /no/such"),
        ] {
            let said = register(more);
            assert_eq!(said.code, Some(code), "{more:?}: {said:?}");
            assert!(said.stderr.contains(text) && said.stdout.is_empty(), "{more:?}: {said:?}");
        }
        for args in [&["show", "nobody"][..], &["disable", "nobody"], &["rotate-secret", "nobody"], &["delete", "nobody", "--yes"]] {
            let said = site.run(&[&["client"], args].concat());
            assert!(said.code == Some(1) && said.stderr.to_lowercase().contains("there is no"), "{said:?}");
        }
        assert!(site.objects(&["client", "list", "--json"]).is_empty());
    }
}

/// A secret for the settings is made without a server, and is kept nowhere.
#[test]
fn a_secret_for_the_settings_is_made_anywhere() {
    let made = || {
        let said = crate::support::finish(crate::support::doorward(&["client", "secret"]), "");
        assert_eq!(said.code, Some(0), "{said:?}");
        said.stdout
    };
    let (one, other) = (made(), made());
    assert!(one.starts_with("dws_") && one.trim().len() == 47 && one != other);
}
