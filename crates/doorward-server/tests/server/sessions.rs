use crate::support::{Site, on_every_engine};

on_every_engine! {
    /// Promise: `server/revoke-at-once`
    fn a_revoked_session_is_refused_by_the_next_request(site: Site) {
        let mut ann = site.logged_in("ann@example.com");
        let mut ben = site.logged_in("ben@example.com");
        let listed = site.objects(&["session", "list", "--user", "ann@example.com", "--json"]);
        assert_eq!(listed.len(), 1);
        assert!(ann.is_in());
        site.done(&["session", "revoke", listed[0]["id"].as_str().unwrap()]);
        assert!(!ann.is_in());
        assert!(ben.is_in());
        let again = site.run(&["session", "revoke", listed[0]["id"].as_str().unwrap()]);
        assert_eq!(again.code, Some(1), "{again:?}");
    }

    /// Promise: `server/revoke-at-once`
    fn all_sessions_of_one_and_of_everybody_end_at_once(site: Site) {
        let mut ann = site.logged_in("ann@example.com");
        let mut ben = site.logged_in("ben@example.com");
        let mut eve = site.logged_in("eve@example.com");
        assert_eq!(site.done(&["session", "list"]).lines().count(), 4);
        site.done(&["session", "revoke", "--user", "ann@example.com"]);
        assert_eq!((ann.is_in(), ben.is_in(), eve.is_in()), (false, true, true));
        assert_eq!(site.done(&["session", "revoke", "--all"]), "Ended 2 sessions.\n");
        assert_eq!((ann.is_in(), ben.is_in(), eve.is_in()), (false, false, false));
        assert!(site.objects(&["session", "list", "--json"]).is_empty());
    }
}
