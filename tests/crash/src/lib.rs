//! What is true after a crash? Tests that start the real binary, take the floor away from under it, and look again.
//!
//! - `crash/acknowledged-stays`: What was acknowledged before the process was killed is true afterwards: an ended session, a spent link,
//!   a new password and replaced signing keys never come back.
//! - `crash/all-or-nothing`: What was not acknowledged happened wholly, with its audit event, or not at all.
//! - `crash/power-loss`: A power cut that takes everything the disk was not told to keep, or a random part of it, undoes no acknowledged
//!   revocation, spent link, password or rotation.
//! - `crash/outage-says-no`: While the database cannot be read or written no answer says yes to something that is not kept, and a failed
//!   logout says that it failed.
//! - `crash/recovers`: When the database is back everything works again without a restart.
//! - `crash/backup-brings-nothing-back`: A database that was restored from a backup knows no session and no link from before.
//!
//! Against: kill -9, power cuts, full and failing disks, database servers that stop or hang, and the restore after all that.
//!
//! `life` is the engine: it starts many requests at once, ends the process at a random moment, and compares what it finds with
//! what `world` remembers of the answers. The program is taken from `DOORWARD_BIN`, or built. `DOORWARD_CRASH_SEED` repeats a
//! run's choices, `DOORWARD_CRASH_ROUNDS` makes more of them.

#![cfg(test)]
#![allow(clippy::unwrap_used)]

mod backup;
mod disk_faults;
mod kill_nine;
mod life;
mod postgres_outage;
mod power;
mod support;
mod tasks;
mod town;
mod world;
