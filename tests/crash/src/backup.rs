//! Restoring a backup from before a revocation.

use std::fs;

use serde_json::{Value, json};

use crate::{
    support::{Browser, Site},
    tasks::new_password,
    town::{Linked, Person, Plan, Town},
    world::{is_in, opens},
};

/// Promise: `crash/backup-brings-nothing-back`
#[test]
fn a_restored_backup_knows_no_session_and_no_link() {
    let mut site = Site::embedded();
    site.start();
    let town = Town::new(&site, Plan { strays: 6, flocks: 0, forgetful: 2, careful: 0, newcomers: 1 });
    let copy = site.beside("copy.db");
    site.done(&["backup", "--output", copy.to_str().unwrap()]);

    let (walker, spent, unspent) = (&town.walkers[0], &town.forgetful[0], &town.forgetful[1]);
    let send =
        |mut browser: Browser, site: &Site, path: &str, body: &Value| browser.send(site.port, "POST", path, body);
    let redemption = |link: &Linked<Person>| json!({ "token": link.token, "new_password": new_password(&link.who) });
    let logged_out = send(walker.devices[1].browser.clone(), &site, "/auth/logout", &Value::Null);
    let redeemed = send(Browser::visiting(site.port), &site, "/auth/password/reset", &redemption(spent));
    assert_eq!((logged_out.status, redeemed.status), (200, 200));

    // As the command's help says: stop the server and put the copy in the place of the database.
    site.stop();
    fs::copy(&copy, site.data().join("doorward.db")).unwrap();
    site.start();
    site.check_integrity();
    let people = town.walkers.iter().chain(town.forgetful.iter().map(|link| &link.who));
    assert!(people.flat_map(|person| &person.devices).all(|device| !is_in(&site, &device.browser)));
    for link in [spent, unspent] {
        let redeemed = send(Browser::visiting(site.port), &site, "/auth/password/reset", &redemption(link));
        assert_eq!(redeemed.status, 410, "{redeemed:?}");
    }
    let newcomer = &town.newcomers[0];
    let confirmation = json!({ "token": newcomer.token, "password": newcomer.who.password });
    assert_eq!(send(Browser::visiting(site.port), &site, "/auth/email/verify", &confirmation).status, 410);
    assert!(opens(&site, &walker.email, &walker.password), "the accounts are there");
}

/// Promise: `crash/backup-brings-nothing-back`
#[test]
fn a_log_that_a_crash_left_behind_is_not_mixed_into_a_restored_backup() {
    let mut site = Site::embedded();
    site.start();
    let town = Town::new(&site, Plan { strays: 2, flocks: 0, forgetful: 0, careful: 0, newcomers: 0 });
    let copy = site.beside("copy.db");
    site.done(&["backup", "--output", copy.to_str().unwrap()]);
    // After a kill the write-ahead log stays beside the database, with the sessions in it.
    site.kill();
    fs::copy(&copy, site.data().join("doorward.db")).unwrap();
    site.start();
    site.check_integrity();
    let devices = town.walkers.iter().flat_map(|person| &person.devices);
    assert!(devices.into_iter().all(|device| !is_in(&site, &device.browser)), "the old log brought sessions back");
}
