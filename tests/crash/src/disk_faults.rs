//! A disk that is full, that fails, or whose database somebody changes under the running server.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
};

use rusqlite::Connection;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    power::watch,
    support::{Answer, Browser, Random, Site, copy_files, succeeds, tell},
    tasks::new_password,
    town::{Device, Linked, Person, Plan, Town},
    world::{SESSION_ENDED, World, is_in},
};

/// Promise: `crash/outage-says-no`, `crash/recovers`
#[test]
fn a_full_disk_refuses_what_it_cannot_keep() {
    let (original, town) = small_town();
    let Some(disk) = SmallDisk::mount() else {
        tell("skipped: only root may mount a small disk");
        return;
    };
    let mut site = Site::embedded();
    copy_files(&original.data(), &disk.folder);
    std::os::unix::fs::symlink(&disk.folder, site.data()).unwrap();
    site.start();
    let mut outage = Outage::new(site, &town);
    outage.before();
    let ballast = disk.fill();
    // Pages of the log that were used before are written again; only then is there no room.
    let full = || outage.rename().status == 503;
    assert!((0..5000).any(|_| full()), "the disk is never full");
    outage.during();
    fs::remove_file(ballast).unwrap();
    outage.after();
}

/// Promise: `crash/outage-says-no`, `crash/recovers`
#[test]
fn a_failing_disk_refuses_what_it_cannot_keep() {
    let (original, town) = small_town();
    for kinds in ["w", "s", "ws", "rws"] {
        let mut site = Site::copy_of(&original);
        let fault = site.beside("fault");
        watch(&mut site, &[("CRASH_FAULT", &fault)]);
        site.start();
        let mut outage = Outage::new(site, &town);
        outage.before();
        fs::write(&fault, kinds).unwrap();
        outage.during();
        fs::remove_file(&fault).unwrap();
        outage.after();
    }
}

/// Promise: `crash/outage-says-no`
#[test]
fn a_replaced_database_takes_no_change_that_nobody_would_find_again() {
    let (original, town) = small_town();
    let mut site = Site::copy_of(&original);
    site.start();
    let mut outage = Outage::new(site, &town);
    outage.before();
    let (place, away) = (outage.site.data().join("doorward.db"), outage.site.beside("away.db"));
    fs::rename(&place, &away).unwrap();
    fs::copy(original.data().join("doorward.db"), &place).unwrap();
    outage.during();
    assert_eq!(outage.ready(), 503);
    // A session in use is believed for a second more; after that somebody may have ended it in the other file.
    std::thread::sleep(std::time::Duration::from_millis(1100));
    let person = outage.person.clone();
    assert!(person.devices.iter().all(|device| device.browser.who(outage.site.port).status == 503));
    fs::rename(&away, &place).unwrap();
    outage.after();
}

/// Promise: `crash/outage-says-no`, `crash/recovers`
#[test]
fn a_database_without_its_tables_lets_nobody_in() {
    let (original, town) = small_town();
    let mut site = Site::copy_of(&original);
    site.start();
    let mut outage = Outage::new(site, &town);
    outage.before();
    let database = Connection::open(outage.site.data().join("doorward.db")).unwrap();
    database.execute_batch("ALTER TABLE sessions RENAME TO away").unwrap();
    let person = outage.person.clone();
    assert!(person.devices.iter().all(|device| device.browser.who(outage.site.port).status == 503));
    outage.during();
    database.execute_batch("ALTER TABLE away RENAME TO sessions").unwrap();
    outage.after();
}

/// Promise: `crash/outage-says-no`
#[test]
fn a_scribbled_database_brings_nobody_back() {
    let (original, town) = small_town();
    let mut random = Random::seeded();
    for _ in 0..12 {
        let mut site = Site::copy_of(&original);
        site.start();
        let mut outage = Outage::new(site, &town);
        outage.before();
        outage.site.stop();
        scribble(&outage.site.data().join("doorward.db"), &mut random);
        // Such a server may refuse to start; then it lets nobody in either.
        if outage.site.try_start() {
            outage.check_ended();
        }
    }
}

/// Somebody with sessions, a link, and a site in trouble.
struct Outage {
    site: Site,
    world: World,
    /// Live sessions: the first is only looked at and asked for lists, the others will be ended.
    person: Person,
    ended: Vec<Device>,
    link: Linked<Person>,
    refused: Vec<Device>,
}

impl Outage {
    fn new(site: Site, town: &Town) -> Self {
        let (person, link) = (town.walkers[0].clone(), town.forgetful[0].clone());
        Self { site, person, link, ended: Vec::new(), refused: Vec::new(), world: World::default() }
    }

    /// Ends two sessions while all is well.
    fn before(&mut self) {
        for device in self.person.devices.split_off(self.person.devices.len() - 2) {
            assert_eq!(self.log_out(&device).status, 200);
            self.is_ended(&device);
        }
    }

    /// Tries everything: what is not refused must be kept, and at least one logout is refused.
    fn during(&mut self) {
        for device in self.person.devices.split_off(1) {
            match self.log_out(&device).status {
                200 => self.is_ended(&device),
                503 => self.refused.push(device),
                other => panic!("unexpected {other}"),
            }
            self.check_ended();
        }
        assert!(!self.refused.is_empty(), "nothing was refused");
        let redeemed = self.redeem();
        assert_eq!(redeemed.status, 503, "{redeemed:?}");
        let entered = Browser::default().who(self.site.port);
        assert!([401, 503].contains(&entered.status), "{entered:?}");
    }

    /// What was refused has not happened, and now it can: first without a restart, then everything is compared after one.
    fn after(&mut self) {
        assert_eq!(self.ready(), 200);
        let listed = self.person.devices[0].browser.clone().send(self.site.port, "GET", "/auth/sessions", &Value::Null);
        let listed = listed.json();
        let listed: Vec<&str> =
            listed["sessions"].as_array().unwrap().iter().filter_map(|one| one["id"].as_str()).collect();
        for device in std::mem::take(&mut self.refused) {
            assert!(listed.contains(&device.id()), "a logout was refused and {} has ended", device.id());
            assert!(is_in(&self.site, &device.browser));
            assert_eq!(self.log_out(&device).status, 200);
            self.is_ended(&device);
        }
        let redeemed = self.redeem();
        assert_eq!(redeemed.status, 200, "{redeemed:?}");
        self.link.who.devices.iter().for_each(|device| self.world.ends(device));
        self.world.happened("password.reset", &self.link.who.subject);
        self.world.lives(&self.person.devices[0]);
        self.compare();
        self.site.kill();
        self.site.start();
        self.compare();
    }

    fn compare(&self) {
        self.world.check_sessions(&self.site);
        self.world.check_events(&self.site);
        self.site.check_integrity();
    }

    fn is_ended(&mut self, device: &Device) {
        self.world.ends(device);
        self.world.happened(SESSION_ENDED, &device.subject);
        self.ended.push(device.clone());
        self.check_ended();
    }

    fn check_ended(&self) {
        for device in &self.ended {
            let answer = device.browser.who(self.site.port);
            assert!([401, 503].contains(&answer.status), "an ended session is let in: {answer:?}");
        }
    }

    fn log_out(&self, device: &Device) -> Answer {
        device.browser.clone().send(self.site.port, "POST", "/auth/logout", &Value::Null)
    }

    fn rename(&self) -> Answer {
        let body = json!({ "display_name": "Ann" });
        self.person.devices[0].browser.clone().send(self.site.port, "POST", "/auth/account/profile", &body)
    }

    fn redeem(&self) -> Answer {
        let body = json!({ "token": self.link.token, "new_password": new_password(&self.link.who) });
        Browser::visiting(self.site.port).send(self.site.port, "POST", "/auth/password/reset", &body)
    }

    fn ready(&self) -> u16 {
        Browser::default().send(self.site.port, "GET", "/readyz", &Value::Null).status
    }
}

/// One person with many sessions, another with a link; the server does not run.
fn small_town() -> (Site, Town) {
    let mut original = Site::embedded();
    original.start();
    let town = Town::new(&original, Plan { strays: 9, flocks: 0, forgetful: 1, careful: 0, newcomers: 0 });
    original.stop();
    (original, town)
}

/// Writes noise over some pages.
fn scribble(path: &Path, random: &mut Random) {
    let mut bytes = fs::read(path).unwrap();
    let pages = bytes.len() / PAGE;
    for _ in 0..1 + random.below(4) {
        let page = random.below(pages);
        for byte in &mut bytes[page * PAGE..(page + 1) * PAGE] {
            if random.below(4) == 0 {
                *byte = u8::try_from(random.below(256)).unwrap();
            }
        }
    }
    fs::write(path, bytes).unwrap();
}

/// A disk of a few megabytes.
struct SmallDisk {
    folder: PathBuf,
    _home: TempDir,
}

impl SmallDisk {
    fn mount() -> Option<Self> {
        let home = TempDir::new().unwrap();
        let folder = home.path().join("disk");
        fs::create_dir(&folder).unwrap();
        let mounted = succeeds("mount", &["-t", "tmpfs", "-o", "size=12m", "tmpfs", folder.to_str().unwrap()]);
        mounted.then_some(Self { folder, _home: home })
    }

    /// Fills it to the last page.
    fn fill(&self) -> PathBuf {
        let path = self.folder.join("ballast");
        let mut file = fs::File::create(&path).unwrap();
        while file.write_all(&[0; PAGE]).is_ok() {}
        path
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        succeeds("umount", &["-l", self.folder.to_str().unwrap()]);
    }
}

const PAGE: usize = 4096;
