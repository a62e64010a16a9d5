//! Looking at events.

use std::{collections::BTreeSet, time::Duration};

use clap::Args;
use doorward::{
    Doorward,
    operate::{self, Filter, Recorded},
};

use super::{Which, json_of, show};
use crate::{failure::Failure, output};

/// `doorward audit tail`
#[derive(Args)]
#[command(after_help = "\
Examples:
  doorward audit tail --follow
  doorward audit tail --limit 100 --json | jq .action")]
pub(crate) struct Tail {
    /// Goes on showing events as they happen
    #[arg(long, short)]
    follow: bool,
    /// How many to begin with
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1000))]
    limit: u32,
    /// One JSON object for each event
    #[arg(long)]
    json: bool,
}

/// `doorward audit search`
#[derive(Args)]
#[command(after_help = "\
Examples:
  doorward audit search --user ann@example.com --since 7d
  doorward audit search --action login --since 2026-01-01 --until 2026-02-01 --json")]
pub(crate) struct Search {
    #[command(flatten)]
    which: Which,
    /// At most this many
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    limit: u32,
    /// One JSON object for each event
    #[arg(long)]
    json: bool,
}

impl Tail {
    pub(super) async fn run(self, doorward: &Doorward) -> Result<(), Failure> {
        let mut seen = Seen::default();
        let newest = operate::search(doorward.database(), &Filter::default(), None, self.limit).await?;
        loop {
            let newest = if seen.0.is_empty() { &newest } else { &seen.unseen(doorward).await? };
            for event in newest.iter().rev() {
                if self.json {
                    output::line(&json_of(event))?
                } else {
                    show(event)?
                }
                seen.note(event.id);
            }
            if !self.follow {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }
}

impl Search {
    pub(super) async fn run(self, doorward: &Doorward) -> Result<(), Failure> {
        let filter = self.which.filter(doorward).await?;
        let mut pages = Pages::new(doorward, filter);
        let mut left = self.limit as usize;
        while left > 0 {
            let page = pages.next().await?;
            if page.is_empty() {
                return Ok(());
            }
            for event in page.iter().take(left) {
                if self.json { output::line(&json_of(event))? } else { show(event)? }
            }
            left = left.saturating_sub(page.len());
        }
        Ok(())
    }
}

/// Reads all events of a filter, a page at a time, newest first.
pub(super) struct Pages<'d> {
    doorward: &'d Doorward,
    filter: Filter,
    before: Option<i64>,
}

impl<'d> Pages<'d> {
    pub(super) fn new(doorward: &'d Doorward, filter: Filter) -> Self {
        Self { doorward, filter, before: None }
    }

    /// The next page; empty when there is no more.
    pub(super) async fn next(&mut self) -> Result<Vec<Recorded>, Failure> {
        let page = operate::search(self.doorward.database(), &self.filter, self.before, PAGE).await?;
        self.before = page.last().map(|event| event.id).or(self.before);
        Ok(page)
    }
}

/// The newest ids that were shown.
///
/// Two transactions may commit in another order than they took their ids in, so an id below the newest may still be new;
/// within the last [`OVERLAP`] ids that is looked for.
#[derive(Default)]
struct Seen(BTreeSet<i64>);

impl Seen {
    fn note(&mut self, id: i64) {
        self.0.insert(id);
        while self.0.len() > OVERLAP {
            self.0.pop_first();
        }
    }

    /// The events that were not shown yet, newest first.
    async fn unseen(&self, doorward: &Doorward) -> Result<Vec<Recorded>, Failure> {
        let oldest = self.0.first().copied().unwrap_or(0);
        let mut pages = Pages::new(doorward, Filter::default());
        let mut found = Vec::new();
        loop {
            let page = pages.next().await?;
            let reached = page.last().is_none_or(|event| event.id <= oldest);
            found.extend(page.into_iter().filter(|event| event.id > oldest && !self.0.contains(&event.id)));
            if reached {
                return Ok(found);
            }
        }
    }
}

const PAGE: u32 = 500;
const OVERLAP: usize = 200;
