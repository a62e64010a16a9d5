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
    live_and_die(Site::embedded(), 200).check_met("killed on SQLite");
}

/// Promise: `crash/acknowledged-stays`, `crash/all-or-nothing`
#[test]
fn the_same_holds_when_the_database_is_postgres() {
    live_and_die(Site::on_postgres(&fresh_database()), 120).check_met("killed on PostgreSQL");
}

/// Kills the server so many times, unless the environment says how many.
fn live_and_die(mut original: Site, rounds: usize) -> Tally {
    let mut random = Random::seeded();
    original.start();
    let rounds = env::var("DOORWARD_CRASH_ROUNDS").map_or(rounds, |text| text.parse().expect("a number of rounds"));
    let town = Town::new(&original, plan(ROUNDS_OF_A_LIFE));
    original.stop();
    let mut tally = Tally::default();
    for _ in 0..rounds / ROUNDS_OF_A_LIFE {
        let site = Site::copy_of(&original);
        tally.add(Life::new(site, town.clone(), random.fork(), &mut Killed).live(ROUNDS_OF_A_LIFE, 6));
    }
    tally
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
