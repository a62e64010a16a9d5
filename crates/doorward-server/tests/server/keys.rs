use std::{fs, os::unix::fs::PermissionsExt};

use crate::support::{Site, until};

/// Promise: `server/rotation-logs-nobody-out`, `server/keys-reload`
#[test]
fn a_rotation_logs_nobody_out_and_its_key_signs() {
    let site = Site::dev(&[]);
    let mut ann = site.logged_in("ann@example.com");
    // Keys sign from a full second on; the second key's must be a later one.
    std::thread::sleep(std::time::Duration::from_millis(1100));
    site.done(&["keys", "rotate", "--lead", "0"]);
    site.signal("HUP");
    site.logged("the signing keys were read again");
    assert!(ann.is_in());
    let does = |id: usize| site.objects(&["keys", "list", "--json"])[id]["does"].as_str().unwrap().to_owned();
    assert_eq!((does(0).as_str(), does(1).as_str()), ("verifies", "signs"));
    let mut ben = site.logged_in("ben@example.com");
    // The key's id is the first thing in a cookie: four bytes, in base64url.
    let key_of = |client: &crate::support::Client| client.cookies["dev-session"][..6].to_owned();
    assert_eq!(&key_of(&ann)[..5], "AAAAA");
    assert!(
        (key_of(&ann).as_str() < "AAAAAg") && (key_of(&ben).as_str() >= "AAAAAg"),
        "{} {}",
        key_of(&ann),
        key_of(&ben)
    );
    assert!(ben.is_in());
}

/// Promise: `server/rotation-logs-nobody-out`
#[test]
fn a_new_key_waits_for_the_other_nodes_before_it_signs() {
    let site = Site::dev(&[]);
    site.done(&["keys", "rotate"]);
    let keys = site.objects(&["keys", "list", "--json"]);
    assert_eq!((&keys[0]["does"], &keys[1]["does"]), (&"signs".into(), &"will sign".into()));
    let table = site.done(&["keys", "list"]);
    let secrets = fs::read_to_string(site.data().join("keys")).unwrap();
    let secrets = secrets.lines().filter(|line| !line.starts_with('#')).map(|line| line.split(' ').nth(2).unwrap());
    assert!(secrets.into_iter().all(|secret| !table.contains(secret)));
}

/// Promise: `server/rotation-logs-nobody-out`, `server/keys-reload`
#[test]
fn a_rotation_at_once_logs_everybody_out_without_a_signal() {
    let site = Site::dev(&[]);
    let mut ann = site.logged_in("ann@example.com");
    let said = site.done(&["keys", "rotate", "--at-once"]);
    assert!(said.contains("everybody has to log in again"), "{said}");
    until("the server notices", || !ann.is_in());
    assert_eq!(ann.log_in("ann@example.com", "seven brown kettles sing").status, 200);
}

/// Promise: `server/keys-reload`
#[test]
fn keys_that_cannot_be_used_leave_the_old_ones_in_force() {
    let site = Site::dev(&[]);
    let mut ann = site.logged_in("ann@example.com");
    let file = site.data().join("keys");
    fs::write(&file, "1 0 AAAA\n").unwrap();
    site.signal("HUP");
    site.logged("the signing keys cannot be used");
    assert!(ann.is_in());
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    let said = site.run(&["keys", "rotate"]);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.stderr.contains("chmod 600"), "{said:?}");
}
