//! Looking for what was altered, removed, added or cut off.
//!
//! The database is believed in nothing: every event is hashed again, every seal is chained again. What somebody with
//! full power over the database can still do is to compute all seals anew; a checkpoint that is kept elsewhere tells.

use std::cmp::Ordering;

use super::{
    checkpoint::{Checkpoint, CheckpointError, PublicKey, Signature},
    rules::rfc3339,
    seal::{origin, public_keys},
    seals::{self, Stored},
    tree::{Hash, Tree},
};
use crate::{Doorward, context::Context, error::Fault};

/// What was found in the whole log.
#[derive(Clone, Debug, Default)]
pub struct Verified {
    /// Seals that were looked at.
    pub seals: i64,
    /// Sealed events that were looked at.
    pub events: i64,
    /// Events that are gone because the settings keep none so old.
    pub purged: i64,
    /// Events without a seal, about which nothing can be said yet.
    pub unsealed: i64,
    /// What is wrong, in the order of the seals; at most a hundred.
    pub findings: Vec<Finding>,
}

/// Something that is not as it was when it was sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The number of the seal where it shows.
    pub seal: i64,
    /// What kind it is of.
    pub kind: Kind,
    /// The same in words.
    pub text: String,
}

/// What can be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A seal is not there.
    SealMissing,
    /// What a seal says was changed.
    SealAltered,
    /// Events of a seal are not there.
    EventsMissing,
    /// There are events in a seal that were not in it.
    EventsAdded,
    /// An event says something else than when it was sealed.
    EventsAltered,
    /// Events were removed before they were old enough.
    PurgedEarly,
    /// Events bear the number of a seal that is not there.
    SealUnknown,
    /// The log is not the one that the checkpoint is of.
    CheckpointDiffers,
    /// The log ends before the checkpoint.
    CutOff,
}

impl Kind {
    /// The stable name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SealMissing => "seal_missing",
            Self::SealAltered => "seal_altered",
            Self::EventsMissing => "events_missing",
            Self::EventsAdded => "events_added",
            Self::EventsAltered => "events_altered",
            Self::PurgedEarly => "purged_early",
            Self::SealUnknown => "seal_unknown",
            Self::CheckpointDiffers => "checkpoint_differs",
            Self::CutOff => "cut_off",
        }
    }
}

/// Reads a checkpoint of this server's log; with a key that was kept elsewhere, that one must have signed it.
pub fn read_checkpoint(
    doorward: &Doorward,
    note: &str,
    key: Option<&PublicKey>,
) -> Result<(Checkpoint, Signature), CheckpointError> {
    let cx = doorward.context();
    Checkpoint::open(note, &origin(cx), &public_keys(cx), key)
}

/// Walks through the whole log, and tells `progress` how many of how many sealed events are behind.
pub async fn verify(
    doorward: &Doorward,
    kept: Option<&Checkpoint>,
    mut progress: impl FnMut(i64, i64),
) -> Result<Verified, Fault> {
    let cx = doorward.context();
    let all = seals::newest(&cx.db).await?.map_or(0, |newest| newest.seal.total);
    let mut walk = Walk { cx, kept, last: 0, total: 0, chain: Hash::NOTHING, found: Verified::default() };
    walk.meet_checkpoint();
    let mut after = i64::MIN;
    loop {
        let mut page = seals::list(&cx.db, after, PAGE).await?;
        if page.is_empty() {
            let Some(stray) = seals::stray(&cx.db, walk.last).await? else { break };
            // It may be of a seal that was made this very moment.
            page = seals::list(&cx.db, after, PAGE).await?;
            if page.is_empty() {
                let text = format!("events bear the number of seal {stray}, which is not there");
                walk.note(stray, Kind::SealUnknown, text);
                break;
            }
        }
        for stored in page {
            after = stored.seal.id;
            walk.step(&stored).await?;
            progress(walk.total, all.max(walk.total));
        }
    }
    walk.end();
    walk.found.unsealed = seals::count_open(&cx.db).await?;
    Ok(walk.found)
}

/// The way through all seals, and what was believed on the way.
struct Walk<'a> {
    cx: &'a Context,
    kept: Option<&'a Checkpoint>,
    last: i64,
    total: i64,
    chain: Hash,
    found: Verified,
}

impl Walk<'_> {
    async fn step(&mut self, stored: &Stored) -> Result<(), Fault> {
        // Any number may stand in the database, and none of them may stop the walk.
        let (seal, next) = (&stored.seal, self.last.saturating_add(1));
        if seal.id != next {
            let text = match seal.id.saturating_sub(next) {
                ..=0 => format!("seal {} was never made", seal.id),
                1 => format!("seal {next} is missing"),
                _ => format!("seals {next} to {} are missing", seal.id - 1),
            };
            self.note(next.min(seal.id), Kind::SealMissing, text);
        } else if seal.chain(&self.chain) != stored.chain || seal.total != self.total.saturating_add(seal.events) {
            let text = format!("{}: what it says is not what was sealed after seal {}", name(stored), self.last);
            self.note(seal.id, Kind::SealAltered, text);
        }
        (self.last, self.total, self.chain) = (seal.id, seal.total, seal.chain(&self.chain));
        self.meet_checkpoint();
        // From here on what the seal says is taken for granted, so that what is wrong further on is found as well.
        self.chain = stored.chain;
        self.found.seals += 1;
        self.look_at_events(stored).await
    }

    async fn look_at_events(&mut self, stored: &Stored) -> Result<(), Fault> {
        let (there, root) = hashed(self.cx, stored.seal.id).await?;
        let mut stored = *stored;
        if there < stored.seal.events && stored.purged_at.is_none() {
            // Perhaps they were removed since the seal was read, by the server in its own good time.
            let now = seals::find(&self.cx.db, stored.seal.id).await?;
            stored.purged_at = now.and_then(|now| now.purged_at);
        }
        let seal = &stored.seal;
        self.found.events += there;
        if stored.purged_at.is_some() {
            self.found.purged = self.found.purged.saturating_add(seal.events);
            if there > 0 {
                let text =
                    format!("{}: {there} of its events are back, which were removed for their age", name(&stored));
                self.note(seal.id, Kind::EventsAdded, text);
            }
            if seal.last_at >= self.cx.clock.now().before(self.cx.settings.audit.keep) {
                let text = format!("{}: its events were removed before audit.keep_secs allows", name(&stored));
                self.note(seal.id, Kind::PurgedEarly, text);
            }
            return Ok(());
        }
        let (differ, of) = (there.abs_diff(seal.events), seal.events);
        let (told, kind) = match there.cmp(&seal.events) {
            Ordering::Equal if root == seal.root => return Ok(()),
            Ordering::Equal => ("at least one was altered".to_owned(), Kind::EventsAltered),
            Ordering::Less => (count(differ, of, "missing"), Kind::EventsMissing),
            Ordering::Greater => (count(differ, of, "too many"), Kind::EventsAdded),
        };
        self.note(seal.id, kind, format!("{}: its events do not add up to what was sealed: {told}", name(&stored)));
        Ok(())
    }

    /// Compares with the checkpoint where the walk has got to it; the chain is the one that was just computed.
    fn meet_checkpoint(&mut self) {
        let Some(kept) = self.kept.filter(|kept| kept.seals == self.last) else { return };
        if kept.chain != self.chain || kept.events != self.total {
            let text = format!(
                "the log up to seal {} is not the one that the checkpoint of {} was made of: it was rewritten",
                kept.seals, kept.at
            );
            self.note(kept.seals, Kind::CheckpointDiffers, text);
        }
    }

    fn end(&mut self) {
        let Some(kept) = self.kept.filter(|kept| kept.seals > self.last) else { return };
        let text = format!(
            "the log ends with seal {}, and there were {} when the checkpoint of {} was made: it was cut off",
            self.last, kept.seals, kept.at
        );
        self.note(self.last + 1, Kind::CutOff, text);
    }

    fn note(&mut self, seal: i64, kind: Kind, text: String) {
        if self.found.findings.len() < MOST_FINDINGS {
            self.found.findings.push(Finding { seal, kind, text });
        }
    }
}

/// How many events bear the number of a seal, and their root; a few at a time, as somebody may have added any number.
async fn hashed(cx: &Context, seal: i64) -> Result<(i64, Hash), Fault> {
    let (mut tree, mut there, mut after) = (Tree::default(), 0, i64::MIN);
    loop {
        let page = seals::events(&cx.db, seal, after, PAGE).await?;
        let read = page.len() as i64;
        there += read;
        for (id, leaf) in page {
            after = id;
            // What cannot be read is no event that was ever sealed.
            tree.push(leaf.as_ref().map_or(&[], |leaf| &leaf.bytes));
        }
        if read < PAGE {
            return Ok((there, tree.root()));
        }
    }
}

fn name(stored: &Stored) -> String {
    let seal = &stored.seal;
    let (first, last) = (seal.first_event, seal.last_event);
    format!(
        "seal {} (events {first:016x} to {last:016x}, {} to {})",
        seal.id,
        rfc3339(seal.first_at),
        rfc3339(seal.last_at)
    )
}

fn count(some: u64, of: i64, what: &str) -> String {
    let to = if what == "missing" { "of" } else { "beside" };
    format!("{some} {to} {of} {} {what}", if some == 1 { "is" } else { "are" })
}

const PAGE: i64 = 500;
const MOST_FINDINGS: usize = 100;
