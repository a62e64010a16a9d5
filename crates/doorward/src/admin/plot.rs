//! The plot of logins over time: bars of one hour each, drawn on the server as SVG, with the numbers beside it.

use std::collections::BTreeMap;

use doorward_core::Timestamp;
use serde_json::{Value, json};

use super::rules::stamp;
use crate::{audit, context::Context, error::Fault};

/// How far back the plot goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Span {
    /// 24 hours.
    Day,
    /// Seven days.
    Week,
}

/// The logins of some hours, and where to draw them. Lengths are those of the drawing.
pub(crate) struct Plot {
    pub(crate) span: Span,
    pub(crate) bars: Vec<Bar>,
    pub(crate) lines: Vec<Mark>,
    pub(crate) ticks: Vec<Mark>,
    pub(crate) width: i64,
    pub(crate) done: i64,
    pub(crate) denied: i64,
}

/// One hour.
pub(crate) struct Bar {
    hour: i64,
    pub(crate) label: String,
    pub(crate) done: i64,
    pub(crate) denied: i64,
    pub(crate) x: i64,
    pub(crate) width: i64,
    pub(crate) done_y: i64,
    pub(crate) done_height: i64,
    pub(crate) denied_y: i64,
    pub(crate) denied_height: i64,
}

/// A text beside an axis, and where it stands on it.
pub(crate) struct Mark {
    pub(crate) at: i64,
    pub(crate) text: String,
}

impl Span {
    /// The span of this name; a day when there is none.
    pub(super) fn of(name: &str) -> Option<Self> {
        match name {
            "" | "day" => Some(Self::Day),
            "week" => Some(Self::Week),
            _ => None,
        }
    }

    /// Its name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
        }
    }

    /// The name for people.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Day => "24 hours",
            Self::Week => "7 days",
        }
    }

    const fn hours(self) -> i64 {
        match self {
            Self::Day => 24,
            Self::Week => 7 * 24,
        }
    }

    /// How wide an hour is.
    const fn step(self) -> i64 {
        match self {
            Self::Day => 26,
            Self::Week => 5,
        }
    }
}

/// Counts the logins up to now, the hour that has begun among them.
pub(super) async fn read(cx: &Context, span: Span) -> Result<Plot, Fault> {
    let this = cx.clock.now().as_secs().div_euclid(3600);
    let first = this - span.hours() + 1;
    let (since, until) = (Timestamp::from_secs(first * 3600), Timestamp::from_secs((this + 1) * 3600));
    let mut hours: BTreeMap<i64, (i64, i64)> = (first..=this).map(|hour| (hour, (0, 0))).collect();
    for found in audit::logins_by_hour(&cx.db, since, until).await? {
        let Some((done, denied)) = hours.get_mut(&found.hour) else { continue };
        *(if found.result == audit::Outcome::Success.name() { done } else { denied }) += found.count;
    }
    Ok(Plot::of(span, &hours))
}

impl Plot {
    /// Draws what was counted.
    fn of(span: Span, hours: &BTreeMap<i64, (i64, i64)>) -> Self {
        let most = top(hours.values().map(|(done, denied)| done + denied).max().unwrap_or_default());
        let (step, gap) = (span.step(), span.step() / 5);
        // What was counted is never invisible beside a large number.
        let height = |count: i64| if count == 0 { 0 } else { (count * HEIGHT / most).max(2) };
        let bar = |(at, (hour, (done, denied))): (usize, (&i64, &(i64, i64)))| {
            let (done_height, denied_height) = (height(*done), height(*denied));
            Bar {
                hour: *hour,
                label: stamp(Timestamp::from_secs(hour * 3600)),
                done: *done,
                denied: *denied,
                x: LEFT + at as i64 * step,
                width: step - gap.max(1),
                done_y: BASE - done_height,
                done_height,
                denied_y: BASE - done_height - denied_height,
                denied_height,
            }
        };
        let bars: Vec<Bar> = hours.iter().enumerate().map(bar).collect();
        let lines = [most, most / 2, 0].map(|count| Mark { at: BASE - count * HEIGHT / most, text: count.to_string() });
        let ticks = bars.iter().filter_map(|bar| bar.tick(span)).collect();
        Self {
            span,
            width: LEFT + span.hours() * step + RIGHT,
            done: bars.iter().map(|bar| bar.done).sum(),
            denied: bars.iter().map(|bar| bar.denied).sum(),
            lines: lines.into(),
            ticks,
            bars,
        }
    }

    /// The hours in which anything happened, newest first, for the table.
    pub(crate) fn busy(&self) -> Vec<&Bar> {
        self.bars.iter().rev().filter(|bar| bar.done + bar.denied > 0).collect()
    }

    /// What programs see.
    pub(super) fn json(&self) -> Value {
        let hour = |bar: &Bar| json!({ "at": bar.hour * 3600, "success": bar.done, "denied": bar.denied });
        json!({ "span": self.span.name(), "hours": self.bars.iter().map(hour).collect::<Vec<_>>() })
    }
}

impl Bar {
    /// The text under the bar: the hour, every six of them, or the day where it begins.
    fn tick(&self, span: Span) -> Option<Mark> {
        let hour = self.hour.rem_euclid(24);
        let text = match span {
            Span::Day if hour % 6 == 0 => self.label.get(11..16)?,
            Span::Week if hour == 0 => self.label.get(5..10)?,
            _ => return None,
        };
        Some(Mark { at: self.x, text: text.to_owned() })
    }
}

/// The number at the top of the axis: even, round, and not below the highest bar.
fn top(most: i64) -> i64 {
    let mut unit = 1;
    loop {
        if let Some(top) = [4, 6, 8, 10, 12, 16, 20, 30].map(|step| step * unit).into_iter().find(|top| *top >= most) {
            return top;
        }
        unit *= 10;
    }
}

/// How high the highest bar can be, and where all of them stand.
const HEIGHT: i64 = 120;
const BASE: i64 = 132;
/// The room for the numbers at the axis, and behind the last bar.
const LEFT: i64 = 40;
const RIGHT: i64 = 32;
