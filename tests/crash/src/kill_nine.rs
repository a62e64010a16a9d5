//! kill -9 in the middle of logouts, resets, confirmations and rotations, again and again.

use std::env;

use crate::{
    life::{Killed, Life},
    support::{Random, Site, fresh_database},
    town::{Plan, Town},
    world::Tally,
};

/// Promise: `crash/acknowledged-stays`, `crash/all-or-nothing`
#[test]
fn what_was_acknowledged_stays_and_the_rest_is_all_or_nothing() {
    let mut random = Random::seeded();
    let mut original = Site::embedded();
    original.start();
    let rounds = env::var("DOORWARD_CRASH_ROUNDS").map_or(200, |text| text.parse().expect("a number of rounds"));
    let lives = rounds / ROUNDS_OF_A_LIFE;
    let town = Town::new(&original, plan(ROUNDS_OF_A_LIFE));
    original.stop();
    let mut tally = Tally::default();
    for _ in 0..lives {
        let site = Site::copy_of(&original);
        tally.add(Life::new(site, town.clone(), random.fork(), &mut Killed).live(ROUNDS_OF_A_LIFE, 6));
    }
    tally.check_met("killed on SQLite");
}

/// Promise: `crash/acknowledged-stays`, `crash/all-or-nothing`
#[test]
fn the_same_holds_when_the_database_is_postgres() {
    let mut random = Random::seeded();
    let mut site = Site::on_postgres(&fresh_database());
    site.start();
    let town = Town::new(&site, plan(24));
    site.stop();
    let tally = Life::new(site, town, random.fork(), &mut Killed).live(24, 4);
    tally.check_met("killed on PostgreSQL");
}

/// The people that so many rounds need.
pub(crate) fn plan(rounds: usize) -> Plan {
    let quarter = rounds.div_ceil(4);
    Plan {
        strays: rounds * 6 + quarter,
        flocks: rounds.div_ceil(3),
        forgetful: quarter,
        careful: quarter,
        newcomers: quarter,
    }
}

/// Crashes of one database in a row, before the next begins from the same people.
const ROUNDS_OF_A_LIFE: usize = 40;
