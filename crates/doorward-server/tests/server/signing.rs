use crate::support::{Said, Site, on_every_engine};

/// The names of the keys that the running server publishes.
fn published(site: &Site) -> Vec<String> {
    let mut visitor = site.visitor();
    let answer = visitor.get("/auth/oauth/jwks");
    assert_eq!(answer.status, 200, "{answer:?}");
    let keys = answer.json()["keys"].as_array().unwrap().clone();
    keys.into_iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

/// What each key does, by its name.
fn does(site: &Site) -> Vec<(String, String)> {
    let text = |key: &serde_json::Value, name: &str| key[name].as_str().unwrap().to_owned();
    let keys = site.objects(&["signing", "list", "--json"]);
    keys.iter().map(|key| (text(key, "kid"), text(key, "does"))).collect()
}

on_every_engine! {
    /// Promise: `server/signing-at-once`
    fn an_emergency_rotation_holds_at_the_next_answer_of_the_running_server(site: Site) {
        let before = published(&site);
        assert_eq!(before.len(), 1);
        site.done(&["signing", "rotate"]);
        assert_eq!(published(&site).len(), 2, "published before it signs");
        let said = site.done(&["signing", "rotate", "--now"]);
        assert!(said.contains("refused"), "{said}");
        let after = published(&site);
        assert!(after.len() == 1 && after != before, "{before:?} {after:?}");
        assert_eq!(does(&site), [(after[0].clone(), "signs".to_owned())]);
    }

    fn keys_are_listed_without_their_secrets(site: Site) {
        assert!(does(&site).is_empty(), "none is made before somebody needs one");
        site.done(&["signing", "rotate", "--json"]);
        site.done(&["signing", "rotate", "--json"]);
        let keys = does(&site);
        assert_eq!(keys.iter().map(|(_, does)| does.as_str()).collect::<Vec<_>>(), ["signs", "will sign"]);
        let table = site.done(&["signing", "list"]);
        assert!(keys.iter().all(|(kid, _)| table.contains(kid)) && table.contains("EdDSA"), "{table}");
    }

    /// Row J-21: who replaces the master keys after a theft needs no second command.
    ///
    /// Promise: `server/signing-at-once`
    fn a_rotation_of_the_master_keys_at_once_replaces_these_too(site: Site) {
        let before = published(&site);
        site.done(&["keys", "rotate", "--at-once"]);
        site.signal("HUP");
        site.logged("the signing keys were read again");
        let after = published(&site);
        assert!(after.len() == 1 && after != before, "{before:?} {after:?}");
        let keys: Vec<Said> = vec![site.run(&["signing", "rotate", "--at-once"])];
        assert_eq!(keys[0].code, Some(2), "that is another command's word");
    }
}
