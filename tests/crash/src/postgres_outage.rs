//! A PostgreSQL server that stops, or hangs, while Doorward runs.

use serde_json::{Value, json};

use crate::{
    support::{Answer, Browser, Cluster, Site, tell, until},
    tasks::new_password,
    town::{Device, Plan, Town},
    world::{SESSION_ENDED, World, is_in},
};

/// Promise: `crash/outage-says-no`, `crash/recovers`
#[test]
fn while_postgres_is_away_the_answer_is_503_and_afterwards_all_is_well() {
    let Some(cluster) = Cluster::start() else {
        tell("skipped: the programs of PostgreSQL are not installed");
        return;
    };
    let mut site = Site::on_postgres(&cluster.url());
    site.start();
    let town = Town::new(&site, Plan { strays: 4, flocks: 0, forgetful: 1, careful: 0, newcomers: 0 });
    let (person, link) = (&town.walkers[0], &town.forgetful[0]);
    let mut world = World::default();
    let [kept, ended, refused, cut_off, ..] = person.devices.as_slice() else { panic!("there are five devices") };
    assert_eq!(log_out(&site, ended).status, 200);
    world.ends(ended);
    world.happened(SESSION_ENDED, &ended.subject);

    cluster.stop();
    for device in [kept, ended, refused] {
        assert_eq!(device.browser.who(site.port).status, 503);
    }
    assert_eq!(log_out(&site, refused).status, 503);
    assert_eq!(get(&site, "/readyz").status, 503);
    assert_eq!(get(&site, "/healthz").status, 200);
    let mut visitor = Browser::visiting(site.port);
    assert_eq!(visitor.log_in(site.port, &person.email, &person.password).status, 503);
    let redemption = json!({ "token": link.token, "new_password": new_password(&link.who) });
    assert_eq!(visitor.send(site.port, "POST", "/auth/password/reset", &redemption).status, 503);

    cluster.resume();
    until("it is ready again", || get(&site, "/readyz").status == 200);
    assert!(!is_in(&site, &ended.browser) && is_in(&site, &refused.browser), "a refused logout has happened");
    let listed = kept.browser.clone().send(site.port, "GET", "/auth/sessions", &Value::Null).json();
    assert!(listed["sessions"].as_array().unwrap().iter().any(|session| session["id"] == refused.id()));
    assert_eq!(log_out(&site, refused).status, 200);
    world.ends(refused);
    world.happened(SESSION_ENDED, &refused.subject);
    assert_eq!(visitor.send(site.port, "POST", "/auth/password/reset", &redemption).status, 200);
    link.who.devices.iter().for_each(|device| world.ends(device));
    world.happened("password.reset", &link.who.subject);
    world.lives(kept);
    hang(&cluster, &site, cut_off, &mut world);
    world.check_sessions(&site);
    world.check_events(&site);
}

/// A server that hangs is worse than one that is gone: nothing refuses the connection.
fn hang(cluster: &Cluster, site: &Site, device: &Device, world: &mut World) {
    cluster.signal("STOP");
    assert_eq!(device.browser.who(site.port).status, 503);
    assert_eq!(log_out(site, device).status, 503);
    assert_eq!(get(site, "/readyz").status, 503);
    cluster.signal("CONT");
    until("it is ready again", || get(site, "/readyz").status == 200);
    // What had been sent before the answer was given up may happen yet; then it happens wholly.
    if is_in(site, &device.browser) {
        assert_eq!(log_out(site, device).status, 200);
    }
    world.ends(device);
    world.happened(SESSION_ENDED, &device.subject);
}

fn log_out(site: &Site, device: &Device) -> Answer {
    device.browser.clone().send(site.port, "POST", "/auth/logout", &Value::Null)
}

fn get(site: &Site, path: &str) -> Answer {
    Browser::default().send(site.port, "GET", path, &Value::Null)
}
