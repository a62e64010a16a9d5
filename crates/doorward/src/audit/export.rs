//! Events as text for another program: a piece at a time, so that a log of any length needs no more memory than a page.

use std::sync::Arc;

use super::{
    flow::{Filter, search},
    rules::Recorded,
};
use crate::{
    base::db::Database,
    context::Context,
    error::Fault,
    guard::{Pieces, Problem},
};

/// How events are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// One JSON object for each line, the same as the audit stream writes.
    Jsonl,
    /// RFC 4180 with a line of headings.
    Csv,
}

/// All events of a filter as text, newest first. What happens after it has begun is not in it.
pub struct Export {
    filter: Filter,
    format: Format,
    seen_by: Reader,
    before: Option<i64>,
    events: u64,
    progress: Progress,
}

/// Who reads what is taken away.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reader {
    Operators,
    Members,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Progress {
    New,
    UnderWay,
    Done,
}

impl Format {
    /// Reads how somebody wants it.
    pub(crate) fn asked(text: &str) -> Result<Self, Problem> {
        match text {
            "jsonl" => Ok(Self::Jsonl),
            "csv" => Ok(Self::Csv),
            _ => Err(Problem::field("format", "format_unknown", "Choose `jsonl` or `csv`.")),
        }
    }

    /// The media type.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Jsonl => "application/jsonl",
            Self::Csv => "text/csv; charset=utf-8; header=present",
        }
    }

    /// One event as a line, without its end.
    pub fn line(self, event: &Recorded) -> String {
        match self {
            Self::Jsonl => serde_json::to_string(event).expect("an event is made of texts"),
            Self::Csv => csv(event),
        }
    }
}

/// An export that is made while it is sent.
pub(crate) struct Sent {
    cx: Arc<Context>,
    export: Export,
}

impl Pieces for Sent {
    async fn next(&mut self) -> Result<Option<Vec<u8>>, Fault> {
        Ok(self.export.next(&self.cx.db).await?.map(String::into_bytes))
    }
}

impl Export {
    /// The pieces of an answer.
    pub(crate) fn sent(self, cx: &Arc<Context>) -> Sent {
        Sent { cx: Arc::clone(cx), export: self }
    }

    /// Begins an export.
    pub fn new(filter: Filter, format: Format) -> Self {
        Self { filter, format, seen_by: Reader::Operators, before: None, events: 0, progress: Progress::New }
    }

    /// The same for the people of a tenant, who are not told which operator acted.
    pub(crate) fn for_members(filter: Filter, format: Format) -> Self {
        Self { seen_by: Reader::Members, ..Self::new(filter, format) }
    }

    /// The next piece: whole lines of up to 500 events, and the headings before the first; `None` when that was all.
    pub async fn next(&mut self, db: &Database) -> Result<Option<String>, Fault> {
        if self.progress == Progress::Done {
            return Ok(None);
        }
        let mut text = match (self.progress, self.format) {
            (Progress::New, Format::Csv) => HEADINGS.join(",") + "\n",
            _ => String::new(),
        };
        let page = search(db, &self.filter, self.before, PAGE).await?;
        self.before = page.last().map(|event| event.id);
        self.events += page.len() as u64;
        self.progress = if page.len() < PAGE as usize { Progress::Done } else { Progress::UnderWay };
        for event in page {
            let event = if self.seen_by == Reader::Members { event.for_members() } else { event };
            text.push_str(&self.format.line(&event));
            text.push('\n');
        }
        Ok(Some(text).filter(|text| !text.is_empty()))
    }

    /// How many events have been written so far.
    pub fn events(&self) -> u64 {
        self.events
    }
}

fn csv(event: &Recorded) -> String {
    let id = format!("{:016x}", event.id);
    let optional = |text: &Option<String>| text.clone().unwrap_or_default();
    let fields = [
        id,
        event.at.clone(),
        event.actor.clone(),
        event.action.clone(),
        optional(&event.target),
        optional(&event.tenant),
        event.result.clone(),
        optional(&event.address),
        optional(&event.factors),
        optional(&event.detail),
    ];
    fields.map(|field| cell(&field)).join(",")
}

/// A quoted field. One that a spreadsheet would take for a formula (OWASP: CSV injection) gets an apostrophe before it.
fn cell(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']);
    format!("\"{}{}\"", if formula { "'" } else { "" }, text.replace('"', "\"\""))
}

const HEADINGS: [&str; 10] =
    ["id", "at", "actor", "action", "target", "tenant", "result", "address", "factors", "detail"];
const PAGE: u32 = 500;

#[cfg(test)]
mod tests;
